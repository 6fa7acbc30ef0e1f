//! EII: Σ_k = λ I.

use super::{Scatters, Structure};
use crate::gaussian::Covariance;
use distributions::EstimateError;

/// One variance for all components and columns: λ = Σ_k tr W_k / (N d).
pub(super) struct EqualSpherical;

impl Structure for EqualSpherical {
    fn parameter_count(&self, _components: usize, _dimension: usize) -> usize {
        1
    }
    fn needs_full_scatter(&self) -> bool {
        false
    }
    fn is_pooled(&self) -> bool {
        true
    }
    fn is_spherical(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let d = from.dimension();
        let trace: f64 = from.pooled_diagonal().iter().sum();
        let variance = trace / from.total() / d as f64;
        Ok(from.for_all(Covariance::Diagonal(vec![variance; d])))
    }
}
