//! VII: Σ_k = λ_k I.

use super::{Scatters, Structure};
use crate::gaussian::Covariance;
use distributions::EstimateError;

/// One variance for each component: λ_k = tr W_k / (N_k d).
pub(super) struct VariableSpherical;

impl Structure for VariableSpherical {
    fn parameter_count(&self, components: usize, _dimension: usize) -> usize {
        components
    }
    fn needs_full_scatter(&self) -> bool {
        false
    }
    fn is_spherical(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let d = from.dimension();
        let variance = |k| from.trace(k) / from.count(k) / d as f64;
        Ok((0..from.components())
            .map(|k| Covariance::Diagonal(vec![variance(k); d]))
            .collect())
    }
}
