//! EVI: Σ_k = λ A_k.

use super::bounded::{equal_volume, unless_free, variances_along};
use super::{Scatters, Structure, scaled, volume::geometric_mean};
use crate::gaussian::Covariance;
use crate::variance_bound::VarianceBound;
use distributions::EstimateError;

/// Diagonal covariances of equal determinant: A_k = diag(W_k) / |diag(W_k)|^(1/d) and
/// λ = Σ_k |diag(W_k)|^(1/d) / N.
pub(super) struct EqualVolumeDiagonal;

impl Structure for EqualVolumeDiagonal {
    fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        1 + components * (dimension - 1)
    }
    fn needs_full_scatter(&self) -> bool {
        false
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let components = from.components();
        let mut shapes = Vec::with_capacity(components);
        let mut volume = 0.0;
        for k in 0..components {
            from.require_spread(k)?;
            let diagonal = from.diagonal(k);
            let mean = geometric_mean(&diagonal);
            volume += mean / from.total();
            shapes.push(scaled(diagonal, 1.0 / mean));
        }
        Ok((shapes.into_iter())
            .map(|shape| Covariance::Diagonal(scaled(shape, volume)))
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
            let values = equal_volume(&variances, &from.counts(), bound);
            Ok(values.into_iter().map(Covariance::Diagonal).collect())
        })
    }
}
