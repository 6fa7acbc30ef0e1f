//! VEV: Σ_k = λ_k D_k A D_kᵀ.

use super::bounded::{common_shape, unless_free, variances_along};
use super::{Scatters, Structure, decomposition, scaled, volume};
use crate::gaussian::Covariance;
use crate::linalg::from_eigen;
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
        Ok((parts.iter().zip(volumes))
            .map(|(part, volume)| {
                let values = scaled(shape.clone(), volume);
                Covariance::Full(from_eigen(&part.vectors, &values, from.dimension()))
            })
            .collect())
    }
    fn maximize_within(
        &self,
        from: &Scatters<'_>,
        bound: VarianceBound,
    ) -> Result<Vec<Covariance>, EstimateError> {
        unless_free(self, from, bound, || {
            let parts = decomposition::of_scatters(from)?;
            let values = parts.iter().map(|part| part.values.clone());
            let variances = variances_along(from, values.collect());
            let found = common_shape(&variances, &from.counts(), bound)?;
            Ok((parts.iter().zip(found.volumes))
                .map(|(part, volume)| {
                    let values = scaled(found.shape.clone(), volume);
                    Covariance::Full(from_eigen(&part.vectors, &values, from.dimension()))
                })
                .collect())
        })
    }
}
