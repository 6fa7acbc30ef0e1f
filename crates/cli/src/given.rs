//! How the options of a command were given.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// The options as they were given, without those of which only the default is known. It has to be the first
/// field of a command: what stands before it has been taken out.
#[derive(Clone, Debug, Default)]
pub struct Given(ArgMatches);

impl Given {
    /// Whether an option that has a default stands on the command line.
    pub fn is_given(&self, option: &str) -> bool {
        let known = self.0.try_contains_id(option).unwrap_or(false);
        known && self.0.value_source(option) == Some(ValueSource::CommandLine)
    }
    /// Every option.
    pub fn matches(&self) -> &ArgMatches {
        &self.0
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Given(matches.clone()))
    }
    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        command
    }
    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}
