//! EVE: Σ_k = λ D A_k Dᵀ.

use super::bounded::{common_axes, equal_volume, unless_free};
use super::orientation::{Criterion, common_orientation};
use super::{Scatters, Structure, decomposition, scaled, volume::geometric_mean};
use crate::gaussian::Covariance;
use crate::linalg::from_eigen;
use crate::variance_bound::VarianceBound;
use distributions::EstimateError;

/// Ellipsoids of one volume along common axes. Given D, A_k = diag(DᵀW_kD) scaled to determinant 1
/// and λ = Σ_k |diag(DᵀW_kD)|^(1/d) / N; D minimises that sum, see [`common_orientation`].
pub(super) struct EqualVolumeAndOrientation;

impl Structure for EqualVolumeAndOrientation {
    fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        1 + components * (dimension - 1) + dimension * (dimension - 1) / 2
    }
    fn needs_full_scatter(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        for k in 0..from.components() {
            decomposition::determinant_root(from, k)?;
        }
        let common = common_orientation(from, Criterion::EqualVolume)?;
        let means: Vec<f64> = common.spreads.iter().map(|s| geometric_mean(s)).collect();
        let volume = means.iter().map(|mean| mean / from.total()).sum::<f64>();
        Ok((common.spreads.into_iter().zip(&means))
            .map(|(spread, mean)| {
                let values = scaled(scaled(spread, 1.0 / mean), volume);
                Covariance::Full(from_eigen(&common.axes, &values, from.dimension()))
            })
            .collect())
    }
    fn maximize_within(
        &self,
        from: &Scatters<'_>,
        bound: VarianceBound,
    ) -> Result<Vec<Covariance>, EstimateError> {
        unless_free(self, from, bound, || {
            let counts = from.counts();
            let found = common_axes(from, |s| equal_volume(s, &counts, bound))?;
            Ok((found.values.iter())
                .map(|values| Covariance::Full(from_eigen(&found.axes, values, from.dimension())))
                .collect())
        })
    }
}
