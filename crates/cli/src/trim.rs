//! `--trim`: rows that do not count.

use crate::args::{Fit, Missing};
use crate::failure::Failure;
use clap::Args;
use em::{ComponentSet, FitReport};
use tabular::{TableComponents, TrimRecord};

/// The option.
#[derive(Args, Clone, Debug)]
pub struct Trim {
    /// The fraction of the row weight that does not count: in each iteration that of the rows of lowest
    /// log-density.
    #[arg(long, value_name = "ALPHA", value_parser = fraction, allow_hyphen_values = true)]
    pub trim: Option<f64>,
}

fn fraction(text: &str) -> Result<f64, String> {
    tabular::parse_number(text)
        .filter(|fraction| (0.0..1.0).contains(fraction))
        .ok_or_else(|| "must be a fraction of the rows, at least 0 and below 1".to_string())
}

impl Trim {
    /// The fraction, 0 where every row counts.
    pub fn fraction(&self) -> f64 {
        self.trim.unwrap_or(0.0)
    }
    /// Refuses what has log-densities that do not compare from row to row.
    pub fn check(&self, arguments: &Fit, components: &TableComponents) -> Result<(), Failure> {
        let known = &arguments.known;
        let (grouped, intervals) = (known.group.is_some(), arguments.model.interval.is_some());
        match incomparable(grouped, arguments.missing, intervals, components) {
            Some(why) if self.fraction() > 0.0 => Err(Failure::input(format!(
                "--trim cannot be combined with {why}"
            ))),
            _ => Ok(()),
        }
    }
    /// What the file says of it.
    pub fn record(&self, report: &FitReport) -> Option<TrimRecord> {
        report.trimmed.map(|trimmed| TrimRecord {
            fraction: self.fraction(),
            rows: trimmed.rows,
            cut: trimmed.cut,
        })
    }
}

/// What makes log-densities that do not compare from row to row.
pub fn incomparable(
    grouped: bool,
    missing: Missing,
    intervals: bool,
    components: &TableComponents,
) -> Option<&'static str> {
    let reasons = [
        (
            grouped,
            "--group: a group of many rows has a low density for its size alone",
        ),
        (
            missing == Missing::Em,
            "--missing em: densities of more and of fewer cells do not compare",
        ),
        (
            intervals,
            "--interval: the densities of values and the probabilities of intervals do not compare",
        ),
        (
            components.has_atoms(),
            "a point mass beside a density: densities and probabilities do not compare",
        ),
    ];
    let reason = reasons.iter().find(|(given, _)| *given);
    reason.map(|(_, why)| *why)
}
