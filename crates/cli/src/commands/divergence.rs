//! `mixture divergence`.

use super::read_model;
use crate::failure::Failure;
use crate::write::{Lines, number};
use clap::Args;
use em::kl_by_sampling;
use std::path::{Path, PathBuf};
use tabular::ModelFile;

/// `mixture divergence`.
#[derive(Args, Debug)]
pub struct Divergence {
    /// The model p from which rows are drawn.
    pub model: PathBuf,
    /// The model q.
    pub other: PathBuf,
    /// How many rows are drawn.
    #[arg(short = 'n', value_name = "N", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(2..))]
    pub count: u32,
    /// The seed.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
}

/// Runs the command.
pub fn run(arguments: &Divergence) -> Result<(), Failure> {
    let (p, q) = (density(&arguments.model)?, density(&arguments.other)?);
    let place = arguments.other.display();
    (p.specification)
        .check_observes_as(&q.specification.parts)
        .map_err(|error| Failure::input(format!("{place}: {error}")))?;
    for (mine, theirs) in p.specification.parts.iter().zip(&q.specification.parts) {
        if mine.kind()? != theirs.kind()? {
            return Err(Failure::input(format!(
                "{place}: family {} observes columns {} as another kind of numbers than {}",
                theirs.family,
                theirs.columns.join(", "),
                mine.family
            )));
        }
    }
    let found = kl_by_sampling(&p.model, &q.model, arguments.count as usize, arguments.seed)
        .map_err(|error| Failure::input(error.to_string()))?;
    let mut lines = Lines::new();
    lines.row(["divergence", "standard_error", "draws"])?;
    lines.row([
        number(found.estimate),
        number(found.standard_error),
        found.draws.to_string(),
    ])?;
    lines.end()
}

/// A model that is a density of rows, with nothing beside them.
fn density(path: &Path) -> Result<ModelFile, Failure> {
    let file = read_model(path)?;
    let what = [
        (
            file.specification.is_regression(),
            "a regression says nothing about predictors, from which rows could be drawn",
        ),
        (
            file.concomitant.is_some(),
            "its weights depend on columns about which it says nothing",
        ),
        (
            file.group.is_some(),
            "it is one of groups of rows, not of rows",
        ),
    ];
    match what.iter().find(|(is, _)| *is) {
        Some((_, what)) => Err(Failure::input(format!("{}: {what}", path.display()))),
        None => Ok(file),
    }
}
