//! The candidates: each a command `mixture fit`.

use crate::args::{Arguments, Command, Fit};
use crate::failure::Failure;
use crate::names;
use crate::read::Sheet;
use crate::select::arguments::Select;
use clap::Parser;
use std::ffi::{OsStr, OsString};

/// All structures, from the most constrained to the least.
const STRUCTURES: [&str; 14] = [
    "EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV",
    "VVV",
];
/// Those of one column.
const OF_ONE_COLUMN: [&str; 2] = ["E", "V"];

/// A model and a number of components.
pub struct Candidate {
    /// K.
    pub count: usize,
    /// The family; none where parts name theirs.
    pub family: Option<String>,
    /// The covariance structure, where there is one to choose.
    pub covariance: Option<String>,
    /// Its number among all of them.
    pub number: usize,
    /// Its fit.
    pub arguments: Fit,
    /// The words of the command, `mixture` not among them.
    words: Vec<OsString>,
}

impl Candidate {
    fn new(
        select: &Select,
        count: usize,
        family: Option<&str>,
        covariance: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut words = vec!["fit".into(), select.data.clone().into_os_string()];
        words.extend(["-k".into(), count.to_string().into()]);
        let chosen = [("--family", family), ("--covariance", covariance)];
        for (option, value) in chosen {
            words.extend(
                value
                    .into_iter()
                    .flat_map(|value| [option.into(), value.into()]),
            );
        }
        words.extend(select.passed.iter().cloned());
        let command = std::iter::once(OsString::from("mixture")).chain(words.iter().cloned());
        let parsed = Arguments::try_parse_from(command).map_err(|error| {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            Failure::input(first.trim_start_matches("error: "))
        })?;
        let Command::Fit(arguments) = parsed.command else {
            return Err(Failure::input("mixture select: no command of a fit"));
        };
        Ok(Candidate {
            count,
            family: family.map(String::from),
            covariance: covariance.map(String::from),
            number: 0,
            arguments: *arguments,
            words,
        })
    }
    /// The model in a few words.
    pub fn model(&self) -> String {
        let words = [
            self.family.as_deref().unwrap_or("parts"),
            self.covariance.as_deref().unwrap_or_default(),
        ];
        words.join(" ").trim_end().to_string()
    }
    /// The command that makes this fit, for a shell; it writes the model to `output`.
    pub fn command(&self, output: Option<&OsStr>) -> String {
        let mut words: Vec<String> = vec!["mixture".into()];
        words.extend(self.words.iter().map(|word| quoted(word)));
        words.extend(
            output
                .into_iter()
                .flat_map(|path| ["--output".into(), quoted(path)]),
        );
        words.join(" ")
    }
}

/// A word as a shell reads it.
pub fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=+%@^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Any of the fits, which says how the data are read.
pub fn any_fit(select: &Select) -> Result<Fit, Failure> {
    Ok(Candidate::new(select, select.counts.0[0], None, None)?.arguments)
}

/// Every family under every structure that it has, with every number of components: in that order.
pub fn candidates(select: &Select, sheet: &Sheet) -> Result<Vec<Candidate>, Failure> {
    let families = match &select.family {
        Some(list) => names::list("--family", list)?
            .into_iter()
            .map(Some)
            .collect(),
        None => vec![None],
    };
    let mut all = Vec::new();
    let mut structured = false;
    for (place, family) in families.iter().enumerate() {
        if let Some(name) = family {
            tabular::family(name)?;
        }
        if families[..place].contains(family) {
            return Err(Failure::input("--family: a family is named twice"));
        }
        let family = family.as_deref();
        let structures = structures(select, sheet, family)?;
        structured |= structures.iter().any(Option::is_some);
        for structure in structures {
            for &count in &select.counts.0 {
                all.push(Candidate::new(select, count, family, structure.as_deref())?);
            }
        }
    }
    check_some_model(&all, sheet)?;
    match &select.covariance {
        Some(list) if !structured => Err(Failure::input(format!(
            "--covariance {list}: no part of the model has a covariance"
        ))),
        _ => Ok(all),
    }
}

/// Where no candidate has a model, the options are wrong: that is said once, and not for each.
fn check_some_model(all: &[Candidate], sheet: &Sheet) -> Result<(), Failure> {
    let mut first = None;
    for candidate in all {
        match crate::choose::specification(&candidate.arguments, sheet) {
            Ok(_) => return Ok(()),
            Err(failure) => first = first.or(Some(failure)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// The structures under which a family is tried: `[None]` where it has none, or none is named.
fn structures(
    select: &Select,
    sheet: &Sheet,
    family: Option<&str>,
) -> Result<Vec<Option<String>>, Failure> {
    let Some(list) = &select.covariance else {
        return Ok(vec![None]);
    };
    // What a fit without a structure would be of.
    let plain = Candidate::new(select, select.counts.0[0], family, None)?;
    let specification = crate::choose::specification(&plain.arguments, sheet)?;
    let covariances = specification
        .parts
        .iter()
        .filter(|part| part.covariance.is_some());
    let Some(columns) = covariances.map(|part| part.columns.len()).max() else {
        return Ok(vec![None]);
    };
    let names = match list.as_str() {
        "all" if columns == 1 => OF_ONE_COLUMN.map(String::from).to_vec(),
        "all" => STRUCTURES.map(String::from).to_vec(),
        list => names::list("--covariance", list)?,
    };
    for (place, name) in names.iter().enumerate() {
        if names[..place].contains(name) {
            return Err(Failure::input(format!(
                "--covariance {list}: {name} is named twice"
            )));
        }
        // A name that no structure has is wrong usage, and no candidate that failed.
        let named = Candidate::new(select, select.counts.0[0], family, Some(name))?;
        crate::choose::specification(&named.arguments, sheet)?.template(1)?;
    }
    Ok(names.into_iter().map(Some).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        let quoted = |word: &str| quoted(OsStr::new(word));
        assert_eq!(quoted("data/a-b_c.csv"), "data/a-b_c.csv");
        assert_eq!(quoted("my data.csv"), "'my data.csv'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("x*z"), "'x*z'");
    }
}
