//! VEE: Σ_k = λ_k D A Dᵀ.

use super::bounded::{common_matrix_shape, unless_free};
use super::{Scatters, Structure, scaled, volume};
use crate::gaussian::Covariance;
use crate::linalg::from_eigen;
use crate::variance_bound::VarianceBound;
use distributions::EstimateError;

/// Covariances in proportion. C = Σ_k W_k/λ_k, scaled to determinant 1, and λ_k = tr(W_k C⁻¹)/(d N_k)
/// are each the maximiser given the other; see [`volume`].
pub(super) struct EqualShapeAndOrientation;

impl Structure for EqualShapeAndOrientation {
    fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        components + dimension - 1 + dimension * (dimension - 1) / 2
    }
    fn needs_full_scatter(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let (shape, volumes) = volume::common_matrix_shape(from)?;
        Ok((volumes.into_iter())
            .map(|volume| Covariance::Full(scaled(shape.clone(), volume)))
            .collect())
    }
    fn maximize_within(
        &self,
        from: &Scatters<'_>,
        bound: VarianceBound,
    ) -> Result<Vec<Covariance>, EstimateError> {
        unless_free(self, from, bound, || {
            let found = common_matrix_shape(from, bound)?;
            let shape = from_eigen(&found.axes, &found.shape, from.dimension());
            Ok((found.volumes.into_iter())
                .map(|volume| Covariance::Full(scaled(shape.clone(), volume)))
                .collect())
        })
    }
}
