//! `mixture score`.

use super::read_model;
use crate::args::Score;
use crate::cells::Impossible;
use crate::columns::{Typed, row_weights, typed, unobserved, without_weight_0};
use crate::failure::Failure;
use crate::read::Sheet;
use crate::write::{Lines, number};
use tabular::ModelFile;

/// Runs the command.
pub fn run(arguments: &Score) -> Result<(), Failure> {
    let file = read_model(&arguments.model)?;
    let mut sheet = Sheet::read(&arguments.data)?;
    if let Some(column) = &arguments.row_weights {
        without_weight_0(&mut sheet, column)?;
    }
    let typed = typed(
        &sheet,
        &file.specification,
        arguments.missing,
        Impossible::Mark,
    )?;
    let scores = scores(&file, &typed);
    if arguments.total {
        return total(arguments, &sheet, &typed, &scores);
    }
    let mut lines = Lines::new();
    lines.row(["log_density"])?;
    let mut used = typed.rows.iter().zip(&scores).peekable();
    for row in 0..sheet.rows.len() {
        match used.next_if(|(used, _)| **used == row) {
            Some((_, &score)) => lines.row([number(score)])?,
            None => lines.row([""])?,
        }
    }
    lines.end()
}

/// The log-density of each row of the table.
pub fn scores(file: &ModelFile, typed: &Typed) -> Vec<f64> {
    let mut scores = file.model.score_rows(typed.table.view());
    for (score, &impossible) in scores.iter_mut().zip(&typed.impossible) {
        if impossible {
            *score = f64::NEG_INFINITY;
        }
    }
    scores
}

/// Σ w log p, the mean, and Σ w.
fn total(arguments: &Score, sheet: &Sheet, typed: &Typed, scores: &[f64]) -> Result<(), Failure> {
    let mut weights = match &arguments.row_weights {
        Some(column) => row_weights(sheet, column, &typed.rows)?,
        None => vec![1.0; scores.len()],
    };
    let none = unobserved(typed.table.fields(), scores.len());
    for (weight, none) in weights.iter_mut().zip(none) {
        *weight = if none { 0.0 } else { *weight };
    }
    let observations: f64 = weights.iter().sum();
    if !(observations > 0.0) {
        return Err(Failure::input(format!(
            "{}: no row has a positive weight",
            sheet.file
        )));
    }
    let weighted = weights
        .iter()
        .zip(scores)
        .filter(|(weight, _)| **weight > 0.0);
    let sum: f64 = weighted.map(|(weight, score)| weight * score).sum();
    let mut lines = Lines::new();
    lines.row(["log_likelihood", "mean", "observations"])?;
    lines.row([
        number(sum),
        number(sum / observations),
        number(observations),
    ])?;
    lines.end()
}
