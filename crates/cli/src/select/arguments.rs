//! The options of `mixture select`: its own, and those of `mixture fit`, which it passes on.

use crate::args::{Fit, Format};
use crate::select::counts::{Counts, counts};
use crate::select::criterion::Method;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use std::ffi::OsString;
use std::path::PathBuf;

/// Options of a fit that belong to one fit, or to one number of components.
const OF_ONE_FIT: [&str; 14] = [
    "components",
    "known_labels",
    "fixed",
    "init_labels",
    "init_labels_file",
    "init_responsibilities",
    "init_model",
    "checkpoint",
    "checkpoint_every",
    "resume",
    "trace",
    "standard_errors",
    "bootstrap",
    "bootstrap_replicates",
];
/// Options of a fit that have a meaning of their own here, and are not passed on.
const OWN_MEANING: [&str; 8] = [
    "data",
    "count",
    "family",
    "covariance",
    "threads",
    "output",
    "format",
    "require_convergence",
];

/// What is asked of `mixture select` besides how to fit.
#[derive(Args, Clone, Debug)]
pub struct Own {
    /// How models are compared.
    #[command(flatten)]
    pub method: Method,
    /// Write every candidate to this CSV file, a line each.
    #[arg(long, value_name = "FILE.csv")]
    pub table: Option<PathBuf>,
}

/// `mixture select`.
#[derive(Clone, Debug)]
pub struct Select {
    /// The data.
    pub data: PathBuf,
    /// The numbers of components.
    pub counts: Counts,
    /// A list of families.
    pub family: Option<String>,
    /// A list of covariance structures, or all.
    pub covariance: Option<String>,
    /// What is its own.
    pub own: Own,
    /// Threads.
    pub threads: Option<u16>,
    /// Where the best model goes.
    pub output: Option<PathBuf>,
    /// What is printed.
    pub format: Format,
    /// Whether the best fit must have converged.
    pub require_convergence: bool,
    /// The other options of a fit, as they were given.
    pub passed: Vec<OsString>,
}

impl Args for Select {
    fn augment_args(command: Command) -> Command {
        let mut command = Own::augment_args(Fit::augment_args(command));
        for id in OF_ONE_FIT {
            command = command.mut_arg(id, |arg| arg.hide(true));
        }
        command
            .mut_arg("count", |arg| {
                arg.value_name("LOW..HIGH")
                    .help("The numbers of components K: 1..9, 3, or 2,4,6")
                    .value_parser(counts)
                    .required(true)
            })
            .mut_arg("family", |arg| {
                arg.value_name("NAME,NAME…")
                    .help("The family of all columns, or several to choose from")
            })
            .mut_arg("covariance", |arg| {
                arg.value_name("STRUCTURE,STRUCTURE…")
                    .help("The covariance structures to choose from, or all")
            })
            .mut_arg("output", |arg| arg.help("Where to write the best model"))
            .mut_arg("format", |arg| {
                arg.help("What to print: a table of all candidates, or all of them as JSON")
                    .hide_possible_values(true)
            })
    }
    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Select {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let missing = |what: &str| Error::raw(ErrorKind::MissingRequiredArgument, what);
        let text = |id: &str| matches.get_one::<String>(id).cloned();
        Ok(Select {
            data: (matches.get_one("data").cloned()).ok_or_else(|| missing("the data\n"))?,
            counts: (matches.get_one("count").cloned()).ok_or_else(|| missing("-k\n"))?,
            family: text("family"),
            covariance: text("covariance"),
            own: Own::from_arg_matches(matches)?,
            threads: matches.get_one("threads").copied(),
            output: matches.get_one("output").cloned(),
            format: matches.get_one("format").copied().unwrap_or(Format::Text),
            require_convergence: matches.get_flag("require_convergence"),
            passed: passed(matches)?,
        })
    }
    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The options of a fit that were given and are passed on, as words of a command.
fn passed(matches: &ArgMatches) -> Result<Vec<OsString>, Error> {
    let mut words = Vec::new();
    for option in Fit::augment_args(Command::new("fit")).get_arguments() {
        let id = option.get_id().as_str();
        let given = matches.value_source(id) == Some(ValueSource::CommandLine);
        if !given || OWN_MEANING.contains(&id) {
            continue;
        }
        let Some(long) = option.get_long().map(|long| format!("--{long}")) else {
            continue;
        };
        if OF_ONE_FIT.contains(&id) {
            return Err(Error::raw(
                ErrorKind::ArgumentConflict,
                format!("{long} belongs to a single fit: mixture select has none\n"),
            ));
        }
        if matches!(option.get_action(), ArgAction::SetTrue) {
            words.push(long.into());
            continue;
        }
        for value in matches.get_raw(id).into_iter().flatten() {
            if value.as_encoded_bytes().starts_with(b"-") || value.is_empty() {
                let mut word = OsString::from(format!("{long}="));
                word.push(value);
                words.push(word);
            } else {
                words.extend([OsString::from(&long), value.to_os_string()]);
            }
        }
    }
    Ok(words)
}
