//! Passes over rows: a first fit, an evaluation, scoring steps to convergence.

use super::{GeneralizedRegression, Response, ScoreStatistics, Scoring, iterate_scoring};
use crate::{
    BLOCK_ROWS, Batch, Component, Density, EstimateError, Pair, Rows, Scratch, Statistics, View,
};

impl<R: Response> GeneralizedRegression<R> {
    /// The statistics that take a scoring step from coefficients of 0 to a first fit: each response
    /// alone, smoothed, gives a linear predictor, and these are fitted by weighted least squares.
    pub fn smoothed_statistics(
        &self,
        (xs, ys): Batch<'_, Pair<Rows<f64>, R::Space>>,
        weights: &[f64],
    ) -> ScoreStatistics {
        let columns = self.coefficients().len();
        let mut statistics = ScoreStatistics::new(columns);
        for (i, &weight) in weights.iter().enumerate() {
            if weight > 0.0 {
                let x = xs.at(i);
                let (eta, curvature) = R::smoothed(ys.at(i));
                let wanted = eta - x.get(columns).copied().unwrap_or(0.0);
                statistics.add(&x[..columns], curvature * wanted, curvature, weight);
            }
        }
        statistics
    }
    /// Σ w ln p and Σ w |ln p| over rows, with the statistics of the next step.
    pub fn evaluate(
        &self,
        xs: Batch<'_, Pair<Rows<f64>, R::Space>>,
        weights: &[f64],
        scratch: &mut Scratch,
    ) -> (f64, f64, ScoreStatistics) {
        let (mut objective, mut magnitude) = (0.0, 0.0);
        let mut statistics = self.empty_statistics();
        for start in (0..xs.len()).step_by(BLOCK_ROWS) {
            let end = (start + BLOCK_ROWS).min(xs.len());
            let (block, weights) = (xs.block(start..end), &weights[start..end]);
            let mut prepared = scratch.take(R::PREPARED * (end - start));
            self.prepare(block, &mut prepared);
            let mut value = scratch.take_dirty(end - start);
            self.log_density_batch(block, &prepared, &mut value, scratch);
            for (value, &weight) in value.iter().zip(weights).filter(|(_, w)| **w > 0.0) {
                objective += weight * value;
                magnitude += weight * value.abs();
            }
            self.accumulate_batch(&mut statistics, block, &prepared, weights, scratch);
            scratch.give(value);
            scratch.give(prepared);
        }
        (objective, magnitude, statistics)
    }

    /// Scoring steps to convergence, from a weighted least-squares fit to the smoothed responses.
    pub(super) fn iterated(
        &self,
        xs: Batch<'_, Pair<Rows<f64>, R::Space>>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        let zero = self.with_coefficients(vec![0.0; self.coefficients().len()])?;
        let smoothed = self.smoothed_statistics(xs, weights);
        let start = zero.maximize(&smoothed)?;
        let count = smoothed.weight();
        let mut scratch = Scratch::default();
        let mut evaluate = |model: &Self| {
            let (objective, magnitude, statistics) = model.evaluate(xs, weights, &mut scratch);
            let next = model.maximize(&statistics).map(|next| {
                let pairs = next.coefficients().iter().zip(model.coefficients());
                let step: Vec<f64> = pairs.map(|(b, a)| b - a).collect();
                let gain = statistics.gain(&step);
                (next, gain)
            });
            Scoring {
                objective,
                rounding: 64.0 * f64::EPSILON * magnitude,
                next,
            }
        };
        // Offsets may carry the fit to smoothed responses beyond what can be exponentiated.
        let start = if evaluate(&start).objective >= evaluate(&zero).objective {
            start
        } else {
            zero
        };
        iterate_scoring(start, count, evaluate, Self::toward)
            .map_err(|error| error.with_count(count))
    }
}
