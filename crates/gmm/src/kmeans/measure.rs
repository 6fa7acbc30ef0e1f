//! What distances are measured about and by.

use super::column_moments::ColumnMoments;
use super::rows::CentredRows;
use crate::init::check;
use crate::matrix::{MatrixView, Real};
use crate::scatter::Scatter;
use distributions::{BLOCK_ROWS, Statistics, View};
use em::{FitError, Workspace};

/// Rows are measured as (x − shift) · scale: about their mean, and in units in which distances neither overflow nor
/// vanish.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    pub(super) shift: Vec<f64>,
    /// The reciprocals of the columns' standard deviations, or a power of two for all.
    pub(super) scale: Vec<f64>,
    /// The mean of the columns' variances in these units.
    pub(super) mean_variance: f64,
}

impl Measure {
    pub(super) fn new<T: Real>(
        rows: MatrixView<'_, T>,
        row_weights: Option<&[f64]>,
        standardized: bool,
        threads: usize,
    ) -> Result<Self, FitError> {
        let moments = match moments(rows, row_weights, threads) {
            Some(moments) => moments,
            None => {
                check(rows, row_weights)?;
                return Err(FitError::NoRows);
            }
        };
        let variances: Vec<f64> = (moments.diagonal().iter())
            .map(|square| square / moments.weight())
            .collect();
        let shift: Vec<f64> = (moments.mean().iter().zip(&variances))
            .map(|(&mean, &variance)| short(mean, variance.sqrt()))
            .collect();
        let mean = variances.iter().sum::<f64>() / variances.len() as f64;
        if !(mean.is_finite() && shift.iter().all(|shift| shift.is_finite())) {
            check(rows, row_weights)?;
            return Err(FitError::Shape(
                "the squares of these numbers overflow: divide them by a common factor".into(),
            ));
        }
        // Positive and finite, and so is its reciprocal.
        let unit = |variance: f64| {
            if variance.sqrt().is_normal() {
                variance.sqrt()
            } else {
                1.0
            }
        };
        let scale: Vec<f64> = if standardized {
            variances
                .iter()
                .map(|&variance| 1.0 / unit(variance))
                .collect()
        } else {
            vec![(-unit(mean).log2().round()).exp2(); shift.len()]
        };
        let scaled = variances
            .iter()
            .zip(&scale)
            .map(|(v, scale)| v * scale * scale);
        Ok(Measure {
            mean_variance: scaled.sum::<f64>() / shift.len() as f64,
            shift,
            scale,
        })
    }
    /// These rows, measured.
    pub(super) fn rows<'v, 'a, T: Real>(
        &'a self,
        view: MatrixView<'v, T>,
        weights: Option<&'a [f64]>,
    ) -> CentredRows<'v, 'a, T> {
        CentredRows {
            view,
            weights,
            shift: &self.shift,
            scale: &self.scale,
            singles: &[],
            squares: &[],
        }
    }
}

/// A number near the mean, with few digits: differences of short numbers from it are exact, so that ties among them
/// stay ties, and it hardly depends on how the mean was rounded.
fn short(mean: f64, deviation: f64) -> f64 {
    let digit = (deviation.log2().floor() - 8.0).exp2();
    let short = (mean / digit).round() * digit;
    if short.is_finite() { short } else { mean }
}

/// The weighted means and centred squares of the columns; `None` where there is no row of positive weight, or
/// weights are none.
fn moments<T: Real>(
    rows: MatrixView<'_, T>,
    row_weights: Option<&[f64]>,
    threads: usize,
) -> Option<Scatter> {
    let d = rows.width();
    if row_weights.is_some_and(|weights| {
        weights.len() != rows.len() || !weights.iter().all(|&w| w >= 0.0 && w.is_finite())
    }) {
        return None;
    }
    let first = match row_weights {
        Some(weights) => weights.iter().position(|&weight| weight > 0.0)?,
        None => (!rows.is_empty()).then_some(0)?,
    };
    let near = rows.with_row(first, <[f64]>::to_vec);
    let mut workspace = Workspace::new(rows, &Scatter::new(d, false), threads);
    let moments = workspace.accumulate(|chunk, moments, scratch| {
        let mut room = scratch.take_dirty(BLOCK_ROWS * d);
        let mut sums = ColumnMoments::new(d, scratch);
        for first in chunk.clone().step_by(BLOCK_ROWS) {
            let block = first..chunk.end.min(first + BLOCK_ROWS);
            let weights = row_weights.map(|weights| &weights[block.clone()]);
            let (view, room) = (rows.block(block.clone()), &mut room[..block.len() * d]);
            let values = if let Some(rows) = view.as_rows() {
                rows.values()
            } else {
                view.read(room);
                room
            };
            sums.add(values, weights, &near, moments);
        }
        scratch.give(room);
        sums.give(scratch);
    });
    Some(moments.clone())
}
