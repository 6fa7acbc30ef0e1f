//! EEE, "tied": Σ_k = λ D A Dᵀ.

use super::{Scatters, Structure, scaled};
use crate::gaussian::Covariance;
use distributions::EstimateError;

/// One covariance for all components: W / N.
pub(super) struct Equal;

impl Structure for Equal {
    fn parameter_count(&self, _components: usize, dimension: usize) -> usize {
        dimension * (dimension + 1) / 2
    }
    fn needs_full_scatter(&self) -> bool {
        true
    }
    fn is_pooled(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let covariance = scaled(from.pooled_matrix(), 1.0 / from.total());
        Ok(from.for_all(Covariance::Full(covariance)))
    }
}
