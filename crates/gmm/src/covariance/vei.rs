//! VEI: Σ_k = λ_k A.

use super::bounded::{common_shape, unless_free, variances_along};
use super::{Scatters, Structure, scaled, volume};
use crate::gaussian::Covariance;
use crate::variance_bound::VarianceBound;
use distributions::EstimateError;

/// Diagonal covariances of equal shape. A = Σ_k diag(W_k)/λ_k, scaled to determinant 1, and
/// λ_k = tr(W_k A⁻¹)/(d N_k) are each the maximiser given the other; see [`volume`].
pub(super) struct EqualShapeDiagonal;

impl Structure for EqualShapeDiagonal {
    fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        components + dimension - 1
    }
    fn needs_full_scatter(&self) -> bool {
        false
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let diagonals: Vec<Vec<f64>> = (0..from.components()).map(|k| from.diagonal(k)).collect();
        let (shape, volumes) = volume::common_diagonal_shape(from, &diagonals, |column| {
            super::coincide(0.0).in_column(column)
        })?;
        Ok((volumes.into_iter())
            .map(|volume| Covariance::Diagonal(scaled(shape.clone(), volume)))
            .collect())
    }
    fn maximize_within(
        &self,
        from: &Scatters<'_>,
        bound: VarianceBound,
    ) -> Result<Vec<Covariance>, EstimateError> {
        unless_free(self, from, bound, || {
            let diagonals = (0..from.components()).map(|k| from.diagonal(k));
            let variances = variances_along(from, diagonals.collect());
            let found = common_shape(&variances, &from.counts(), bound)?;
            Ok((found.volumes.into_iter())
                .map(|volume| Covariance::Diagonal(scaled(found.shape.clone(), volume)))
                .collect())
        })
    }
}
