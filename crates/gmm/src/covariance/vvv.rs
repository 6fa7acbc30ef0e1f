//! VVV, "full": Σ_k = λ_k D_k A_k D_kᵀ.

use super::{Scatters, Structure, scaled};
use crate::gaussian::Covariance;
use distributions::EstimateError;

/// Each component its own covariance: W_k / N_k.
pub(super) struct Variable;

impl Structure for Variable {
    fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        components * dimension * (dimension + 1) / 2
    }
    fn needs_full_scatter(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let covariance = |k| scaled(from.matrix(k), 1.0 / from.count(k));
        Ok((0..from.components())
            .map(|k| Covariance::Full(covariance(k)))
            .collect())
    }
}
