//! `mixture score`.

use super::read_model;
use crate::args::Score;
use crate::cells::Impossible;
use crate::columns::{Typed, row_weights, typed, unobserved, without_weight_0};
use crate::failure::Failure;
use crate::groups::group_weights;
use crate::known::{Beside, posterior};
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
    let beside = Beside::of_file(&file);
    let typed = typed(
        &sheet,
        &file.specification,
        &beside,
        arguments.missing,
        Impossible::Mark,
    )?;
    let scores = scores(&file, &sheet, &typed)?;
    if arguments.total {
        let offsets = beside.read(&sheet, &typed)?.offsets;
        return total(arguments, &sheet, &typed, &scores, offsets.as_deref());
    }
    let mut lines = Lines::new();
    lines.row(["log_density"])?;
    // Rows of a group follow each other in the table, wherever they stand in the file.
    let mut of_row = vec![None; sheet.rows.len()];
    for (&row, &score) in typed.rows.iter().zip(&scores) {
        of_row[row] = Some(score);
    }
    for score in of_row {
        lines.row([score.map_or(String::new(), number)])?;
    }
    lines.end()
}

/// The log-density of each row of the table.
fn scores(file: &ModelFile, sheet: &Sheet, typed: &Typed) -> Result<Vec<f64>, Failure> {
    if file.group.is_some() || file.concomitant.is_some() {
        return Ok(posterior(file, sheet, typed)?.log_density);
    }
    let mut scores = file.model.score_rows(typed.table.view());
    for (score, &impossible) in scores.iter_mut().zip(&typed.impossible) {
        if impossible {
            *score = f64::NEG_INFINITY;
        }
    }
    Ok(scores)
}

/// Σ w log p, the mean, and Σ w, over rows or over groups.
fn total(
    arguments: &Score,
    sheet: &Sheet,
    typed: &Typed,
    scores: &[f64],
    offsets: Option<&[usize]>,
) -> Result<(), Failure> {
    let mut weights = match &arguments.row_weights {
        Some(column) => row_weights(sheet, column, &typed.rows)?,
        None => vec![1.0; scores.len()],
    };
    let none = unobserved(typed.table.fields(), scores.len());
    for (weight, none) in weights.iter_mut().zip(none) {
        *weight = if none { 0.0 } else { *weight };
    }
    let mut scores = scores.to_vec();
    if let Some(offsets) = offsets {
        // A group counts once.
        weights = group_weights(&weights, offsets, sheet, typed)?;
        let firsts = offsets[..offsets.len() - 1].iter();
        scores = firsts.map(|&first| scores[first]).collect();
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
        .zip(&scores)
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
