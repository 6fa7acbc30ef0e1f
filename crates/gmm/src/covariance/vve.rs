//! VVE: Σ_k = λ_k D A_k Dᵀ.

use super::orientation::{Criterion, common_orientation};
use super::{Scatters, Structure, decomposition, scaled};
use crate::gaussian::Covariance;
use crate::linalg::from_eigen;
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
}
