//! The first M-step over rows with missing cells.

use super::has_gap;
use crate::matrix::{MatrixView, Real, RowSet};
use crate::scatter::Scatter;
use crate::set::Gaussians;
use distributions::{EstimateError, Statistics, View};
use em::{ComponentSet, Shares};

/// The estimate from the shares of a start, when there is no iterate: a missing cell has the mean and the
/// variance of what was observed of its column in the component, or in all rows where nothing was.
///
/// Without gaps it is the estimate of [`Gaussians`].
pub(super) fn estimate<T: Real>(
    gaussians: &Gaussians,
    xs: MatrixView<'_, T>,
    shares: &Shares<'_>,
) -> Result<Gaussians, EstimateError> {
    let (rows, d) = (xs.len(), xs.width());
    if !(0..rows).any(|i| xs.with_row(i, has_gap)) {
        return gaussians.estimate_matrix(xs, shares);
    }
    let weights = &*shares.to_matrix();
    let counts = |i: usize| weights[i..].iter().step_by(rows).any(|&w| w != 0.0);
    if !(0..rows).any(|i| counts(i) && xs.with_row(i, has_gap)) {
        return gaussians.estimate_matrix(xs, shares);
    }
    let observed = columns(gaussians.len(), xs, weights);
    let mut whole = vec![Scatter::new(1, false); d];
    for columns in observed.chunks_exact(d) {
        Statistics::merge(&mut whole, &columns.to_vec());
    }
    if let Some(column) = whole.iter().position(|column| !(column.weight() > 0.0)) {
        return Err(EstimateError::empty().in_column(column));
    }
    let mut statistics = gaussians.empty_statistics();
    statistics.add_to_each(|parts| {
        let mut row = vec![0.0; d];
        let lines = weights.chunks_exact(rows).enumerate();
        for ((k, weights), part) in lines.zip(parts) {
            let column = |j: usize| {
                let own = &observed[k * d + j];
                if own.weight() > 0.0 { own } else { &whole[j] }
            };
            let mut unknown = vec![0.0; d];
            for (i, &weight) in weights.iter().enumerate() {
                // Not `weight > 0.0`, so that NaN is seen.
                if weight == 0.0 {
                    continue;
                }
                xs.at(i).read(&mut row);
                if row.iter().all(|x| x.is_nan()) {
                    continue;
                }
                for (j, cell) in row.iter_mut().enumerate() {
                    if cell.is_nan() {
                        *cell = column(j).mean()[0];
                        unknown[j] += weight;
                    }
                }
                part.add(&row, weight);
            }
            for (j, weight) in unknown.into_iter().enumerate() {
                let variance = column(j).square(0) / column(j).weight();
                part.add_square(j, weight * variance);
            }
        }
    });
    gaussians.maximize(&statistics)
}

/// Moments of the observed cells, for each component and column.
fn columns<T: Real>(components: usize, xs: MatrixView<'_, T>, weights: &[f64]) -> Vec<Scatter> {
    let (rows, d) = (xs.len(), xs.width());
    let mut columns = vec![Scatter::new(1, false); components * d];
    for (weights, columns) in weights.chunks_exact(rows).zip(columns.chunks_exact_mut(d)) {
        for (i, &weight) in weights.iter().enumerate() {
            if weight == 0.0 {
                continue;
            }
            xs.with_row(i, |row| {
                for (column, x) in columns.iter_mut().zip(row) {
                    if !x.is_nan() {
                        column.add(std::slice::from_ref(x), weight);
                    }
                }
            });
        }
    }
    columns
}
