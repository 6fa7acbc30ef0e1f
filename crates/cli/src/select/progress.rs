//! A bar over all fits, on a terminal only, and Ctrl-C.

use crate::failure::{Failure, say};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// The exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// A bar over all fits.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar for so many fits; Ctrl-C then ends the program with a word, and nothing written.
    pub fn new(fits: usize) -> Result<Self, Failure> {
        let bar = match std::io::stderr().is_terminal() {
            true => ProgressBar::new(fits as u64),
            false => ProgressBar::hidden(),
        };
        let template = "{bar:40} {pos} of {len} fits, {elapsed} and about {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let shown = bar.clone();
        ctrlc::set_handler(move || {
            shown.finish_and_clear();
            say("interrupted: nothing is written");
            std::process::exit(INTERRUPTED);
        })
        .map_err(|error| Failure::input(format!("Ctrl-C cannot be caught: {error}")))?;
        Ok(Bar(bar))
    }
    /// So many fits are done.
    pub fn advance(&self, fits: usize) {
        self.0.inc(fits as u64);
    }
    /// Removes the bar.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
