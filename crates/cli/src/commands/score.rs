//! `mixture score`.

use super::{columns_of, read_model};
use crate::anomalies::flags;
use crate::args::Score;
use crate::cells::Impossible;
use crate::columns::{Access, Typed, row_weights, typed, unobserved, without_weight_0};
use crate::failure::Failure;
use crate::groups::group_weights;
use crate::known::{Beside, posterior};
use crate::read::Sheet;
use crate::write::{Lines, number};
use tabular::ModelFile;

/// Runs the command.
pub fn run(arguments: &Score) -> Result<(), Failure> {
    let file = read_model(&arguments.model)?;
    let mut wanted = columns_of(&file)?;
    wanted.extend(arguments.row_weights.clone());
    let mut sheet = Sheet::read_columns(&arguments.data, &arguments.dialect, Some(&wanted))?;
    let flag_below = arguments.anomalies.flag_below;
    if arguments.row_weights.is_some() && !arguments.total && flag_below.is_none() {
        return Err(Failure::input(
            "--row-weights needs --total or --flag-below",
        ));
    }
    arguments.anomalies.check(&file, arguments.missing)?;
    if let Some(column) = arguments.row_weights.as_ref().filter(|_| arguments.total) {
        without_weight_0(&mut sheet, column)?;
    }
    let beside = Beside::of_file(&file);
    let typed = typed(
        &mut Access::Own(&mut sheet),
        &file.specification,
        &beside,
        arguments.missing,
        Impossible::Mark,
    )?;
    let scores = scores(&file, &sheet, &typed)?;
    let weights = || observation_weights(arguments, &beside, &sheet, &typed);
    if arguments.total {
        return total(&sheet, &scores, &weights()?);
    }
    let flagged = match flag_below {
        Some(quantile) => Some(flags(&scores, &weights()?, quantile)),
        None => None,
    };
    let mut lines = Lines::new();
    let flag_header = flagged.as_ref().map(|_| "flagged");
    lines.row(std::iter::once("log_density").chain(flag_header))?;
    // Rows of a group follow each other in the table, wherever they stand in the file.
    let mut of_row = vec![None; sheet.rows.len()];
    for (index, &row) in typed.rows.iter().enumerate() {
        of_row[row] = Some(index);
    }
    for index in of_row {
        let score = index.map_or(String::new(), |index| number(scores[index]));
        let flag = flagged.as_ref().map(|flagged| {
            index.map_or(String::new(), |index| u8::from(flagged[index]).to_string())
        });
        lines.row(std::iter::once(score).chain(flag))?;
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

/// The weight of each row of the table as an observation: 0 where nothing of it is observed; a group counts
/// once, by its first row.
fn observation_weights(
    arguments: &Score,
    beside: &Beside,
    sheet: &Sheet,
    typed: &Typed,
) -> Result<Vec<f64>, Failure> {
    let rows = typed.rows.len();
    let mut weights = match &arguments.row_weights {
        Some(column) => row_weights(sheet, column, &typed.rows)?,
        None => vec![1.0; rows],
    };
    for (weight, none) in weights
        .iter_mut()
        .zip(unobserved(typed.table.fields(), rows))
    {
        *weight = if none { 0.0 } else { *weight };
    }
    let Some(offsets) = beside.read(sheet, typed)?.offsets else {
        return Ok(weights);
    };
    let of_groups = group_weights(&weights, &offsets, sheet, typed)?;
    let mut weights = vec![0.0; rows];
    for (&first, weight) in offsets.iter().zip(of_groups) {
        weights[first] = weight;
    }
    Ok(weights)
}

/// Σ w log p, the mean, and Σ w.
fn total(sheet: &Sheet, scores: &[f64], weights: &[f64]) -> Result<(), Failure> {
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
