//! EEI: Σ_k = λ A.

use super::{Scatters, Structure, scaled};
use crate::gaussian::Covariance;
use distributions::EstimateError;

/// One diagonal covariance for all components: diag(W) / N.
pub(super) struct EqualDiagonal;

impl Structure for EqualDiagonal {
    fn parameter_count(&self, _components: usize, dimension: usize) -> usize {
        dimension
    }
    fn needs_full_scatter(&self) -> bool {
        false
    }
    fn is_pooled(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let variances = scaled(from.pooled_diagonal(), 1.0 / from.total());
        Ok(from.for_all(Covariance::Diagonal(variances)))
    }
}
