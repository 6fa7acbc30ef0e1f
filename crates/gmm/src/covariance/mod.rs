//! Covariance structures: what the components' covariances share.

mod bounded;
mod decomposition;
mod eee;
mod eei;
mod eev;
mod eii;
mod eve;
mod evi;
mod evv;
mod orientation;
mod plane_rotations;
mod rounding;
mod structure;
mod vee;
mod vei;
mod vev;
mod vii;
mod volume;
mod vve;
mod vvi;
mod vvv;

#[cfg(test)]
mod tests;

pub use structure::{CovarianceStructure, UnknownStructure};

use crate::gaussian::{Covariance, Gaussian};
use crate::scatter::Scatter;
use crate::variance_bound::VarianceBound;
use distributions::{EstimateError, Statistics};

/// A covariance structure: Σ_k = λ_k D_k A_k D_kᵀ with volumes λ_k, shapes A_k (diagonal, det A_k = 1)
/// and orientations D_k (orthogonal), each equal for all components, variable, or the identity.
///
/// Its M-step maximises −½ Σ_k (N_k ln det Σ_k + tr Σ_k⁻¹ W_k) from the counts N_k and scatters W_k.
pub(crate) trait Structure: Sync {
    /// The number of free parameters in the covariances of K components of dimension d.
    fn parameter_count(&self, components: usize, dimension: usize) -> usize;
    /// Whether the off-diagonal of W_k matters.
    fn needs_full_scatter(&self) -> bool;
    /// Whether all covariances are one, estimated from all rows.
    fn is_pooled(&self) -> bool {
        false
    }
    /// Whether the covariances are multiples of the identity.
    fn is_spherical(&self) -> bool {
        false
    }
    /// The M-step. Every N_k is positive.
    ///
    /// # Errors
    /// When no maximum exists, as far as the structure sees it; whether each Σ_k is positive definite
    /// is checked after it.
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError>;
    /// The M-step within a bound. As it stands here, for eigenvalues that can be chosen one by one.
    ///
    /// # Errors
    /// As [`maximize`](Self::maximize).
    fn maximize_within(
        &self,
        from: &Scatters<'_>,
        bound: VarianceBound,
    ) -> Result<Vec<Covariance>, EstimateError> {
        let covariances = self.maximize(from)?;
        Ok(bound.bounded(covariances, &from.counts(), from.dimension()))
    }
}

/// What a structure's M-step sees: the statistics, and the current covariances.
pub(crate) struct Scatters<'a> {
    parts: &'a [Scatter],
    current: &'a [Gaussian],
}

impl Scatters<'_> {
    /// K.
    pub(crate) fn components(&self) -> usize {
        self.parts.len()
    }
    /// d.
    pub(crate) fn dimension(&self) -> usize {
        self.parts[0].dimension()
    }
    /// The current components, from which an iterative M-step may start.
    pub(crate) fn current(&self) -> &[Gaussian] {
        self.current
    }
    /// N_k.
    pub(crate) fn count(&self, k: usize) -> f64 {
        self.parts[k].weight()
    }
    /// N_k for all k.
    pub(crate) fn counts(&self) -> Vec<f64> {
        self.parts.iter().map(Scatter::weight).collect()
    }
    /// N = Σ N_k.
    pub(crate) fn total(&self) -> f64 {
        self.parts.iter().map(Scatter::weight).sum()
    }
    /// W_k, row-major.
    pub(crate) fn matrix(&self, k: usize) -> Vec<f64> {
        self.parts[k].matrix()
    }
    /// diag W_k.
    pub(crate) fn diagonal(&self, k: usize) -> Vec<f64> {
        self.parts[k].diagonal()
    }
    /// tr W_k.
    pub(crate) fn trace(&self, k: usize) -> f64 {
        self.parts[k].diagonal().iter().sum()
    }
    /// Σ_k W_k, row-major.
    pub(crate) fn pooled_matrix(&self) -> Vec<f64> {
        let kept = self.parts.iter().filter(|part| part.is_full());
        sum_of(kept.map(Scatter::matrix))
    }
    /// Σ_k diag W_k.
    pub(crate) fn pooled_diagonal(&self) -> Vec<f64> {
        sum_of((0..self.components()).map(|k| self.diagonal(k)))
    }
    /// `covariance` for every component.
    pub(crate) fn for_all(&self, covariance: Covariance) -> Vec<Covariance> {
        vec![covariance; self.components()]
    }
    /// Checks that the rows of component k vary in every column, beyond rounding.
    ///
    /// # Errors
    /// Naming the column.
    pub(crate) fn require_spread(&self, k: usize) -> Result<(), EstimateError> {
        let n = self.count(k);
        let variances = self.diagonal(k).into_iter().map(|square| square / n);
        check_variances(variances, self.parts[k].mean())
            .map_err(|e| e.in_component(k).with_count(n))
    }
}

fn sum_of(vectors: impl Iterator<Item = Vec<f64>>) -> Vec<f64> {
    vectors
        .reduce(|mut sum, vector| {
            sum.iter_mut().zip(&vector).for_each(|(s, v)| *s += v);
            sum
        })
        .unwrap_or_default()
}

/// Every number of `values` times `factor`.
pub(crate) fn scaled(mut values: Vec<f64>, factor: f64) -> Vec<f64> {
    values.iter_mut().for_each(|v| *v *= factor);
    values
}

/// The variance below which a column of mean `mean` has no correct digit.
fn rounding_variance(mean: f64) -> f64 {
    let deviation = 4.0 * f64::EPSILON * mean;
    deviation * deviation
}

/// The error for a variance that is none.
fn coincide(variance: f64) -> EstimateError {
    let because = if variance.is_finite() {
        "all its observations coincide, or differ by too little to be squared"
    } else {
        "its observations are too large to be squared"
    };
    EstimateError::boundary("variance", variance, because)
}

/// Checks that no variance is zero, below rounding, or NaN.
pub(crate) fn check_variances(
    variances: impl Iterator<Item = f64>,
    mean: &[f64],
) -> Result<(), EstimateError> {
    for (column, (variance, &mean)) in variances.zip(mean).enumerate() {
        if !(variance > rounding_variance(mean) && variance.is_finite()) {
            return Err(coincide(variance).in_column(column));
        }
    }
    Ok(())
}

/// As [`check_variances`], for a variance that all columns share.
fn check_common_variance(variance: f64, mean: &[f64]) -> Result<(), EstimateError> {
    let bound = mean.iter().map(|&m| rounding_variance(m)).sum::<f64>() / mean.len() as f64;
    if variance > bound && variance.is_finite() {
        Ok(())
    } else {
        Err(coincide(variance))
    }
}

impl CovarianceStructure {
    /// The M-step of a mixture: means and covariances from the statistics. `current` are the current
    /// components, of which only the covariances matter, and only to iterative M-steps.
    pub(crate) fn estimate(
        self,
        parts: &[Scatter],
        current: &[Gaussian],
    ) -> Result<Vec<Gaussian>, EstimateError> {
        self.estimate_within(parts, current, None)
    }
    /// The same with the eigenvalues of covariances in bounds.
    pub(crate) fn estimate_within(
        self,
        parts: &[Scatter],
        current: &[Gaussian],
        bound: Option<VarianceBound>,
    ) -> Result<Vec<Gaussian>, EstimateError> {
        for (k, part) in parts.iter().enumerate() {
            if !(part.weight() > 0.0) {
                return Err(EstimateError::empty()
                    .in_component(k)
                    .with_count(part.weight()));
            }
        }
        let from = Scatters { parts, current };
        let structure = self.structure();
        let covariances = match bound {
            None => structure.maximize(&from)?,
            Some(bound) => structure.maximize_within(&from, bound)?,
        };
        let mut estimates: Vec<Gaussian> = Vec::with_capacity(parts.len());
        for (k, covariance) in covariances.into_iter().enumerate() {
            let count = if structure.is_pooled() {
                from.total()
            } else {
                from.count(k)
            };
            // A covariance that all share is factorised once.
            let first = estimates.first().filter(|_| structure.is_pooled());
            let estimate = self
                .component(parts[k].mean(), covariance, first)
                .map_err(|error| error.in_component(k).with_count(count))?;
            estimates.push(estimate);
        }
        Ok(if self.ties_full_covariances() {
            rounding::not_below(current, estimates, parts)
        } else {
            estimates
        })
    }
    /// The Gaussian with this mean and covariance, which is that of `same` where there is one.
    fn component(
        self,
        mean: &[f64],
        covariance: Covariance,
        same: Option<&Gaussian>,
    ) -> Result<Gaussian, EstimateError> {
        let d = mean.len();
        if self.is_spherical() {
            check_common_variance(covariance.at(0, 0, d), mean)?;
        } else {
            check_variances((0..d).map(|j| covariance.at(j, j, d)), mean)?;
        }
        match same {
            Some(same) => Ok(same.clone().at_mean(mean.to_vec())),
            None => Gaussian::estimated(mean.to_vec(), covariance, self),
        }
    }
}
