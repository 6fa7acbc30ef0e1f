//! EVV: Σ_k = λ D_k A_k D_kᵀ.

use super::bounded::{equal_volume, unless_free};
use super::{Scatters, Structure, decomposition, scaled};
use crate::gaussian::Covariance;
use crate::variance_bound::VarianceBound;
use distributions::EstimateError;

/// Covariances of equal determinant: Σ_k = λ W_k / |W_k|^(1/d) with λ = Σ_k |W_k|^(1/d) / N.
pub(super) struct EqualVolume;

impl Structure for EqualVolume {
    fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        // One volume, and for each component all of a covariance but its volume.
        1 + components * (dimension * (dimension + 1) / 2 - 1)
    }
    fn needs_full_scatter(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        let components = from.components();
        let means: Vec<f64> = (0..components)
            .map(|k| decomposition::determinant_root(from, k))
            .collect::<Result<_, _>>()?;
        let volume = means.iter().map(|mean| mean / from.total()).sum::<f64>();
        Ok((0..components)
            .map(|k| Covariance::Full(scaled(scaled(from.matrix(k), 1.0 / means[k]), volume)))
            .collect())
    }
    fn maximize_within(
        &self,
        from: &Scatters<'_>,
        bound: VarianceBound,
    ) -> Result<Vec<Covariance>, EstimateError> {
        unless_free(self, from, bound, || {
            let (parts, variances) = decomposition::with_variances(from)?;
            let values = equal_volume(&variances, &from.counts(), bound);
            Ok(decomposition::covariances(&parts, values))
        })
    }
}
