//! How a command can fail: one sentence, and an exit code.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use tabular::ModelError;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// Usage or input is wrong: exit 2.
    Input(String),
    /// The fit failed: exit 1.
    Fit(String),
    /// The fit did not converge, and that was required: exit 3.
    NotConverged(String),
    /// The reader of stdout has gone: there is nobody to tell.
    Gone,
}

impl Failure {
    /// Input that `sentence` describes.
    pub fn input(sentence: impl Display) -> Self {
        Failure::Input(sentence.to_string())
    }
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Gone => 0,
            Failure::Fit(_) => 1,
            Failure::Input(_) => 2,
            Failure::NotConverged(_) => 3,
        }
    }
    /// Why, as one sentence.
    pub fn sentence(&self) -> &str {
        match self {
            Failure::Input(sentence) | Failure::Fit(sentence) | Failure::NotConverged(sentence) => {
                sentence
            }
            Failure::Gone => "",
        }
    }
    /// Says it on stderr.
    pub fn report(&self) {
        match self {
            Failure::Gone => {}
            failure => say(&format!("error: {}", failure.sentence())),
        }
    }
}

/// A wrong specification is wrong usage.
impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Failure::Input(error.0)
    }
}

/// Writes a line to stderr; where stderr is closed there is nobody to tell.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Says a line once, however many fits of this run find reason to.
pub fn say_once(line: &str) {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if !said.iter().any(|earlier| earlier == line) {
        said.push(line.to_string());
        say(line);
    }
}
