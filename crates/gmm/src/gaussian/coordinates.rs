//! Unconstrained coordinates: the mean, and the logarithm-Cholesky factor of the covariance.

use super::{Covariance, Gaussian};
use distributions::{Coordinates, EstimateError, next_coordinate};

/// The coordinates of the covariance: ln L_jj, and L_ij (i > j) / L_ii, row after row, under a full
/// structure; ½ ln Σ_jj under a diagonal one; half the mean of these under a spherical one.
///
/// Below the diagonal the factor is taken relative to its row's pivot, so that the coordinates do not
/// depend on the unit of the columns but for the logarithms.
impl Coordinates for Gaussian {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend_from_slice(&self.mean);
        pack_covariance(self, into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let mut mean = Vec::with_capacity(self.dimension());
        for _ in 0..self.dimension() {
            mean.push(next_coordinate(from)?);
        }
        let covariance = unpack_covariance(self, from)?;
        Gaussian::estimated(mean, covariance, self.structure)
    }
}

/// Appends the coordinates of the covariance.
pub(crate) fn pack_covariance(gaussian: &Gaussian, into: &mut Vec<f64>) {
    let (d, structure) = (gaussian.dimension(), gaussian.structure);
    if structure.is_spherical() {
        into.push(gaussian.factor.half_log_determinant() / d as f64);
    } else if !structure.needs_full_scatter() {
        into.extend((0..d).map(|j| 0.5 * gaussian.variance(j).ln()));
    } else {
        for i in 0..d {
            let pivot = gaussian.factor.at(i, i);
            into.extend((0..i).map(|j| gaussian.factor.at(i, j) / pivot));
            into.push(pivot.ln());
        }
    }
}

/// The covariance whose coordinates stand at the front of `from`, under the structure of `gaussian`.
pub(crate) fn unpack_covariance(
    gaussian: &Gaussian,
    from: &mut &[f64],
) -> Result<Covariance, EstimateError> {
    let (d, structure) = (gaussian.dimension(), gaussian.structure);
    if structure.is_spherical() {
        let variance = (2.0 * next_coordinate(from)?).exp();
        return Ok(Covariance::Diagonal(vec![variance; d]));
    }
    if !structure.needs_full_scatter() {
        let variances: Result<_, _> = (0..d)
            .map(|_| Ok((2.0 * next_coordinate(from)?).exp()))
            .collect();
        return variances.map(Covariance::Diagonal);
    }
    let mut lower = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..i {
            lower[i * d + j] = next_coordinate(from)?;
        }
        let pivot = next_coordinate(from)?.exp();
        lower[i * d..i * d + i].iter_mut().for_each(|l| *l *= pivot);
        lower[i * d + i] = pivot;
    }
    let ones = vec![1.0; d];
    Ok(Covariance::Full(crate::linalg::from_eigen(
        &lower, &ones, d,
    )))
}
