//! VEV: Σ_k = λ_k D_k A D_kᵀ.

use super::bounded::{common_shape, unless_free};
use super::{Scatters, Structure, decomposition, scaled, volume};
use crate::gaussian::Covariance;
use crate::variance_bound::VarianceBound;
use distributions::EstimateError;

/// Ellipsoids of one shape, each of its own size and direction. With W_k = L_k Ω_k L_kᵀ (eigenvalues
/// falling), D_k = L_k whatever λ and A; these are found from the Ω_k as in VEI.
pub(super) struct EqualShape;

impl Structure for EqualShape {
    fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        components + dimension - 1 + components * dimension * (dimension - 1) / 2
    }
    fn needs_full_scatter(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let parts = decomposition::of_scatters(from)?;
        let values: Vec<Vec<f64>> = parts.iter().map(|part| part.values.clone()).collect();
        let (shape, volumes) =
            volume::common_diagonal_shape(from, &values, |axis| decomposition::flat(&parts, axis))?;
        let values = volumes
            .into_iter()
            .map(|volume| scaled(shape.clone(), volume));
        Ok(decomposition::covariances(&parts, values))
    }
    fn maximize_within(
        &self,
        from: &Scatters<'_>,
        bound: VarianceBound,
    ) -> Result<Vec<Covariance>, EstimateError> {
        unless_free(self, from, bound, || {
            let (parts, variances) = decomposition::with_variances(from)?;
            let found = common_shape(&variances, &from.counts(), bound)?;
            let sizes = found.volumes.into_iter();
            let values = sizes.map(|volume| scaled(found.shape.clone(), volume));
            Ok(decomposition::covariances(&parts, values))
        })
    }
}
