//! What a Dirichlet distribution needs to know about the data, and its maximum-likelihood estimate.

use super::LogGap;
use crate::solve::newton_in_bracket;
use crate::special::{
    digamma, inverse_digamma, ln_minus_digamma, trigamma, trigamma_minus_reciprocal,
};
use crate::{EstimateError, FromMean, Reason, Statistics};

/// Mean and gap ln ȳ − mean(ln y) of each share: [`LogGap`] for every column.
///
/// The gaps of concentrated rows would have no correct digit as differences of sums.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DirichletStatistics {
    columns: Vec<LogGap>,
}

impl DirichletStatistics {
    /// The statistic with these means and gaps, a column each.
    pub fn new(columns: Vec<LogGap>) -> Self {
        DirichletStatistics { columns }
    }
    /// Mean and gap of each share.
    pub fn columns(&self) -> &[LogGap] {
        &self.columns
    }
    pub(super) fn columns_mut(&mut self) -> &mut [LogGap] {
        &mut self.columns
    }

    /// The concentrations a_j of maximum likelihood: ψ(a_j) = ψ(n) + mean ln y_j with n = Σ a_j.
    ///
    /// Given n each a_j follows, and their sum must be n: one equation in n. With
    /// g(a) = ln a − ψ(a) and a_j = n (ȳ_j + shift_j) it says Σ shift_j = 0, where
    /// ln(1 + shift_j/ȳ_j) = g(a_j) − g(n) − gap_j: nothing large cancels at large n.
    pub(super) fn estimate(&self) -> Result<Vec<f64>, EstimateError> {
        let least = 8.0 * f64::EPSILON * f64::EPSILON;
        if !self.columns.iter().any(|column| column.gap() > least) {
            return Err(EstimateError::boundary(
                "concentrations",
                f64::INFINITY,
                "all its observations coincide",
            ));
        }
        let needed: f64 = self.columns.iter().map(|c| c.mean() * c.gap()).sum();
        let mut concentrations = vec![0.0; self.columns.len()];
        // To first order in 1/n both sides are (d − 1)/2n.
        let start = 0.5 * (self.columns.len() as f64 - 1.0) / needed;
        let size = newton_in_bracket(start, (1e-300, 1e300), |n| {
            let (spread, slope) = self.solve(n, &mut concentrations);
            if spread > 0.0 {
                // Falling in n: a derivative that rounding has turned would mislead.
                let derivative = (slope / spread / n).min(-f64::MIN_POSITIVE);
                ((spread / needed).ln(), derivative)
            } else {
                (f64::MIN, -f64::MIN_POSITIVE)
            }
        });
        let size = size.ok_or_else(not_converged)?;
        self.solve(size, &mut concentrations);
        Ok(concentrations)
    }
    /// The concentrations of maximum likelihood among those of sum n, where it is not lower than for any smaller sum:
    /// ψ(a_j) = mean ln y_j + t with t such that their sum is n, and ψ(n) − t, by which the likelihood rises with n,
    /// not negative.
    pub(super) fn rising_at(&self, n: f64) -> Result<Option<Vec<f64>>, EstimateError> {
        let logs: Vec<f64> = (self.columns.iter())
            .map(|column| column.mean().ln() - column.gap())
            .collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // The largest share is between 1/d and 1.
        let bracket = (
            digamma(n / logs.len() as f64) - largest,
            digamma(n) - largest,
        );
        let at = |t: f64| logs.iter().map(move |log| inverse_digamma(log + t));
        let level = newton_in_bracket(bracket.1, bracket, |t| {
            let slope: f64 = at(t).map(|a| 1.0 / trigamma(a)).sum();
            (at(t).sum::<f64>() - n, slope)
        });
        let level = level.ok_or_else(not_converged)?;
        Ok((digamma(n) >= level).then(|| at(level).collect()))
    }
    /// The concentrations for a given n; Σ (shift_j + ȳ_j gap_j), which is never negative near the
    /// solution, and its derivative in ln n.
    fn solve(&self, n: f64, concentrations: &mut [f64]) -> (f64, f64) {
        let (base, base_gap) = (digamma(n), ln_minus_digamma(n));
        let base_excess = n * trigamma_minus_reciprocal(n);
        let (mut spread, mut slope) = (0.0, 0.0);
        for (column, a) in self.columns.iter().zip(concentrations) {
            let (mean, gap) = (column.mean(), column.gap());
            *a = inverse_digamma(base + (mean.ln() - gap));
            let mut shift = *a / n - mean;
            if shift > -0.5 * mean {
                // From the rounded inverse to the root of the form that does not cancel.
                for _ in 0..3 {
                    let off = (shift / mean).ln_1p() - ln_minus_digamma(*a) + base_gap + gap;
                    shift -= off / (n * trigamma(*a));
                    *a = n * (mean + shift);
                }
            }
            let excess = *a * trigamma_minus_reciprocal(*a);
            spread += shift + mean * gap;
            slope += (*a / n) * (base_excess - excess) / (1.0 + excess);
        }
        (spread, slope)
    }
}

fn not_converged() -> EstimateError {
    EstimateError::new(Reason::NotConverged {
        parameter: "concentrations",
        iterations: 200,
    })
}

impl Statistics for DirichletStatistics {
    fn weight(&self) -> f64 {
        self.columns.first().map_or(0.0, LogGap::weight)
    }
    fn clear(&mut self) {
        self.columns.iter_mut().for_each(Statistics::clear);
    }
    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            mine.merge(theirs);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.columns
            .iter_mut()
            .for_each(|column| column.scale(factor));
    }
}

/// From the means of ln y_j: the means of y_j are not known, and not needed. Any centre will do; the
/// one taken makes all gaps equal.
impl FromMean for DirichletStatistics {
    fn from_mean(mean: &[f64], weight: f64) -> Self {
        let top = mean.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = mean.iter().map(|log| (log - top).exp()).sum();
        let gap = (-(top + sum.ln())).max(0.0);
        let share = |log: &f64| LogGap::new(weight, (log - top).exp() / sum, gap);
        DirichletStatistics {
            columns: mean.iter().map(share).collect(),
        }
    }
}
