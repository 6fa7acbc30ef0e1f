//! EEV: Σ_k = λ D_k A D_kᵀ.

use super::{Scatters, Structure, decomposition, scaled};
use crate::gaussian::Covariance;
use distributions::EstimateError;

/// Ellipsoids of one size and shape, each in its own direction. With W_k = L_k Ω_k L_kᵀ (eigenvalues
/// falling), D_k = L_k and λ A = Σ_k Ω_k / N.
pub(super) struct EqualVolumeAndShape;

impl Structure for EqualVolumeAndShape {
    fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        dimension + components * dimension * (dimension - 1) / 2
    }
    fn needs_full_scatter(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let parts = decomposition::of_scatters(from)?;
        let pooled = super::sum_of(parts.iter().map(|part| part.values.clone()));
        let values = scaled(pooled, 1.0 / from.total());
        let values = std::iter::repeat(values);
        Ok(decomposition::covariances(&parts, values))
    }
}
