//! VVI, "diag": Σ_k = λ_k A_k.

use super::{Scatters, Structure, scaled};
use crate::gaussian::Covariance;
use distributions::EstimateError;

/// Each component its own diagonal covariance: diag(W_k) / N_k.
pub(super) struct VariableDiagonal;

impl Structure for VariableDiagonal {
    fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        components * dimension
    }
    fn needs_full_scatter(&self) -> bool {
        false
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let variances = |k| scaled(from.diagonal(k), 1.0 / from.count(k));
        Ok((0..from.components())
            .map(|k| Covariance::Diagonal(variances(k)))
            .collect())
    }
}
