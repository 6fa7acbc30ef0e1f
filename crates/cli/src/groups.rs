//! From rows to groups of rows: weights, labels, starts, and errors back.

use crate::columns::Typed;
use crate::failure::Failure;
use crate::read::Sheet;
use crate::start::Chosen;
use distributions::View;
use em::FitError;
use tabular::TableComponents;

/// The row weights of groups, whose rows must agree; rows without an observed cell, of weight 0, do not
/// count.
pub fn group_weights(
    weights: &[f64],
    offsets: &[usize],
    sheet: &Sheet,
    typed: &Typed,
) -> Result<Vec<f64>, Failure> {
    let of_group = |group: &[usize]| {
        let mut weight = 0.0;
        for (i, &given) in weights.iter().enumerate().take(group[1]).skip(group[0]) {
            if weight > 0.0 && given > 0.0 && given != weight {
                return Err(differs("the row weight", sheet, typed, i));
            }
            weight = given.max(weight);
        }
        Ok(weight)
    };
    offsets.windows(2).map(of_group).collect()
}

fn differs(what: &str, sheet: &Sheet, typed: &Typed, row: usize) -> Failure {
    Failure::input(format!(
        "{}: {what} differs within the row's group",
        sheet.place_of_row(typed.rows[row])
    ))
}

/// The labels of groups: that of any of their rows, which must agree.
pub fn group_labels(
    labels: &[Option<u32>],
    offsets: &[usize],
    sheet: &Sheet,
    typed: &Typed,
) -> Result<Vec<Option<u32>>, Failure> {
    let of_group = |group: &[usize]| {
        let mut label = None;
        for (i, &given) in labels.iter().enumerate().take(group[1]).skip(group[0]) {
            if label.is_some() && given.is_some() && given != label {
                return Err(differs("the label", sheet, typed, i));
            }
            label = label.or(given);
        }
        Ok(label)
    };
    offsets.windows(2).map(of_group).collect()
}

/// A start by rows as one by groups: their labels, the mean of their responsibilities.
pub fn group_start(
    start: Chosen,
    offsets: &[usize],
    count: usize,
    sheet: &Sheet,
    typed: &Typed,
) -> Result<Chosen, Failure> {
    Ok(match start {
        Chosen::Labels { labels, names } => Chosen::Labels {
            labels: group_labels(&labels, offsets, sheet, typed)?,
            names,
        },
        Chosen::Responsibilities(given) => {
            let mut means = Vec::with_capacity((offsets.len() - 1) * count);
            for group in offsets.windows(2) {
                let size = (group[1] - group[0]) as f64;
                for k in 0..count {
                    let rows = group[0]..group[1];
                    means.push(rows.map(|i| given[i * count + k]).sum::<f64>() / size);
                }
            }
            Chosen::Responsibilities(means)
        }
        other => other,
    })
}

/// An error that names groups by number as one that names rows.
pub fn error_of_rows(
    error: FitError,
    offsets: &[usize],
    typed: &Typed,
    components: &TableComponents,
) -> FitError {
    match error {
        FitError::Observation { row, requirement } => {
            let mut rows = offsets[row]..offsets[row + 1];
            let refused = rows.find(|&i| components.refusal(typed.table.view().at(i)).is_some());
            FitError::Observation {
                row: refused.unwrap_or(offsets[row]),
                requirement,
            }
        }
        FitError::OffSupport { row, iteration } => FitError::OffSupport {
            row: offsets[row],
            iteration,
        },
        FitError::Growing {
            components: count,
            source,
        } => FitError::Growing {
            components: count,
            source: Box::new(error_of_rows(*source, offsets, typed, components)),
        },
        FitError::RowWeight { row, weight } => FitError::RowWeight {
            row: offsets[row],
            weight,
        },
        FitError::TooFewRows { rows, components } => FitError::Shape(format!(
            "k = {components} is more than the number of groups of positive weight, {rows}"
        )),
        FitError::TooFewDistinctRows {
            distinct,
            components,
        } => FitError::Shape(format!(
            "k = {components} is more than the number of distinct groups, {distinct}"
        )),
        other => other,
    }
}
