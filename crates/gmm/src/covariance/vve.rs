//! VVE: Σ_k = λ_k D A_k Dᵀ.

use super::bounded::{common_axes, unless_free};
use super::orientation::{Criterion, common_orientation};
use super::{Scatters, Structure, decomposition, scaled};
use crate::gaussian::Covariance;
use crate::linalg::from_eigen;
use crate::variance_bound::VarianceBound;
use distributions::EstimateError;

/// Ellipsoids along common axes (common principal components). Given D, λ_k A_k = diag(DᵀW_kD)/N_k; D
/// minimises Σ_k N_k ln |diag(DᵀW_kD)|, see [`common_orientation`].
pub(super) struct EqualOrientation;

impl Structure for EqualOrientation {
    fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        components * dimension + dimension * (dimension - 1) / 2
    }
    fn needs_full_scatter(&self) -> bool {
        true
    }
    fn maximize(&self, from: &Scatters<'_>) -> Result<Vec<Covariance>, EstimateError> {
        for k in 0..from.components() {
            decomposition::determinant_root(from, k)?;
        }
        let common = common_orientation(from, Criterion::VariableVolume)?;
        Ok((common.spreads.into_iter().enumerate())
            .map(|(k, spread)| {
                let values = scaled(spread, 1.0 / from.count(k));
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
            let found = common_axes(from, |s| {
                let spectra: Vec<&[f64]> = s.iter().map(|part| &part[..]).collect();
                let (low, high) = bound.interval(&spectra, &counts);
                let cut = |part: &Vec<f64>| part.iter().map(|s| s.clamp(low, high)).collect();
                s.iter().map(cut).collect()
            })?;
            Ok((found.values.iter())
                .map(|values| Covariance::Full(from_eigen(&found.axes, values, from.dimension())))
                .collect())
        })
    }
}
