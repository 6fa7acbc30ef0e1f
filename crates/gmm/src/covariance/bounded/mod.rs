//! M-steps under bounds of the eigenvalues, where volumes or shapes tie these to each other.
//!
//! With the axes given, Q is −½ Σ_k N_k Σ_j (ln λ_kj + s_kj/λ_kj) with s_kj = (D_kᵀW_kD_k)_jj / N_k, which is
//! concave in ln λ_kj; what ties the eigenvalues (a common shape, a common volume) and what bounds them (a
//! floor, a ratio) are linear in ln λ_kj. So there is one maximum, and the maximiser without bounds is it
//! where that lies within.

mod common_axes;
mod equal_volume;
mod root;
mod shared_shape;

pub(super) use common_axes::common_axes;
pub(super) use equal_volume::equal_volume;
pub(super) use shared_shape::{common_matrix_shape, common_shape};

use super::{Scatters, Structure};
use crate::gaussian::Covariance;
use crate::variance_bound::VarianceBound;
use distributions::EstimateError;

/// The structure's own estimate where there is one within the bounds, else what `search` finds.
pub(super) fn unless_free(
    structure: &dyn Structure,
    from: &Scatters<'_>,
    bound: VarianceBound,
    search: impl FnOnce() -> Result<Vec<Covariance>, EstimateError>,
) -> Result<Vec<Covariance>, EstimateError> {
    match structure.maximize(from) {
        Ok(free) if bound.admits(&free, from.dimension()) => Ok(free),
        // Rows that are no numbers, or all the same: no bound helps.
        Err(error) if !(bound.has_scale() && has_extent(from)) => Err(error),
        _ => search(),
    }
}

/// Whether all scatters are finite, and one is not 0.
fn has_extent(from: &Scatters<'_>) -> bool {
    let total: f64 = (0..from.components()).map(|k| from.trace(k)).sum();
    total > 0.0 && total.is_finite()
}

/// s_kj = (D_kᵀW_kD_k)_jj / N_k, not below 0, from the diagonals of DᵀWD.
pub(super) fn variances_along(from: &Scatters<'_>, diagonals: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let of = |(k, diagonal): (usize, Vec<f64>)| {
        let count = from.count(k);
        diagonal
            .iter()
            .map(|square| square.max(0.0) / count)
            .collect()
    };
    diagonals.into_iter().enumerate().map(of).collect()
}
