//! Common axes of several scatters: EVE, VVE.
//!
//! With everything else eliminated, the orthogonal D minimises
//!
//! - VVE: F(D) = Σ_k N_k ln Π_j s_kj, the criterion of common principal components (Flury 1984);
//! - EVE: F(D) = Σ_k (Π_j s_kj)^(1/d),
//!
//! where s_kj = (DᵀW_kD)_jj. D is improved by plane rotations, one pair of axes after the other, as
//! Flury & Gautschi (1986) do. A rotation by θ in the plane (p, q) changes only the product
//!
//! P_k = s_kp s_kq = h_k − α_k cos 4θ − β_k sin 4θ,
//!
//! and F is a sum of increasing concave functions of the P_k. It therefore lies below its tangent in
//! the P_k, whose minimum over θ has a closed form, 4θ = atan2(Σ v_k β_k, Σ v_k α_k) with v_k = ∂F/∂P_k:
//! a step to it never raises F (majorisation, as in Browne & McNicholas 2014, but without their
//! bound on the eigenvalues, and with the exact surrogate of the plane). The rotations are in
//! [`plane_rotations`](super::plane_rotations).

use super::plane_rotations::Rotated;
use super::volume::common_matrix_shape;
use super::{Scatters, decomposition::decompose};
use distributions::EstimateError;

/// The largest angle of a sweep at which starts are compared; only the best goes on.
const ROUGH: f64 = 1e-4;
/// The largest angle of a sweep at which the iteration rests.
const REST: f64 = 1e-13;

/// Sweeps over all pairs of axes at most, d³ K operations each. Up to some sixteen columns they come to rest long before;
/// in many columns, where scatters have little in common, an M-step goes a part of the way, and the next one on from there.
fn most_sweeps(d: usize) -> usize {
    (4000 / d).clamp(20, 500)
}

/// Sweeps from each start at most, before only the best goes on.
fn most_rough_sweeps(d: usize) -> usize {
    (most_sweeps(d) / 6).clamp(5, 20)
}

/// What the axes minimise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Criterion {
    /// EVE.
    EqualVolume,
    /// VVE.
    VariableVolume,
}

/// Common axes, and what the scatters are along them.
pub(super) struct CommonOrientation {
    /// D, row-major, axis j in column j.
    pub axes: Vec<f64>,
    /// diag(DᵀW_kD) for each k.
    pub spreads: Vec<Vec<f64>>,
}

/// The best common axes found from several starts: the axes of the current covariances (so that an
/// iteration of EM never goes back), those of the pooled scatter, and those of the columns; for VVE
/// also the axes that VEE and EVE find. A structure thereby reaches at least what those within it do.
pub(super) fn common_orientation(
    from: &Scatters<'_>,
    criterion: Criterion,
) -> Result<CommonOrientation, EstimateError> {
    let d = from.dimension();
    let mut best = best_start(from, criterion)?;
    best.descend(REST, most_sweeps(d), false);
    let axes = best.into_axes();
    let spreads = (0..from.components())
        .map(|k| {
            let matrix = rotated(&from.matrix(k), &axes, d);
            (0..d).map(|j| matrix[j * d + j]).collect()
        })
        .collect();
    Ok(CommonOrientation { axes, spreads })
}

/// Where the start that leads lowest leads to, roughly.
fn best_start(from: &Scatters<'_>, criterion: Criterion) -> Result<Rotated, EstimateError> {
    let mut starts = axes_to_start(from)?;
    if criterion == Criterion::VariableVolume {
        let (shape, _) = common_matrix_shape(from)?;
        starts.push(decompose(&shape, from.dimension())?.vectors);
        starts.push(best_start(from, Criterion::EqualVolume)?.into_axes());
    }
    let mut best: Option<(f64, Rotated)> = None;
    for start in starts {
        let mut rotated = Rotated::new(from, criterion, &start);
        rotated.descend(ROUGH, most_rough_sweeps(from.dimension()), true);
        let value = rotated.value();
        if best.as_ref().is_none_or(|(least, _)| value < *least) {
            best = Some((value, rotated));
        }
    }
    match best {
        Some((_, rotated)) => Ok(rotated),
        None => unreachable!("there are axes to start from"),
    }
}

/// The axes of the current covariances, those of the pooled scatter, and those of the columns.
pub(super) fn axes_to_start(from: &Scatters<'_>) -> Result<Vec<Vec<f64>>, EstimateError> {
    let d = from.dimension();
    let mut identity = vec![0.0; d * d];
    identity.iter_mut().step_by(d + 1).for_each(|v| *v = 1.0);
    let pooled = decompose(&from.pooled_matrix(), d)?.vectors;
    Ok(vec![current_axes(from)?, pooled, identity])
}

/// The common axes of the current covariances, where they have some: the eigenvectors of a weighted
/// sum of them, with weights that do not depend on the order of the components (the order of the axes
/// decides which minimum is found).
fn current_axes(from: &Scatters<'_>) -> Result<Vec<f64>, EstimateError> {
    let d = from.dimension();
    let mut sum = vec![0.0; d * d];
    for (k, gaussian) in from.current().iter().enumerate() {
        let covariance = gaussian.covariance();
        let trace: f64 = (0..d).map(|j| covariance[j * d + j]).sum();
        let weight = (1.0 + from.count(k) / from.total()) / trace;
        for (total, value) in sum.iter_mut().zip(&covariance) {
            *total += weight * value;
        }
    }
    Ok(decompose(&sum, d)?.vectors)
}

/// DᵀMD for a symmetric M.
pub(crate) fn rotated(matrix: &[f64], axes: &[f64], d: usize) -> Vec<f64> {
    let mut half = vec![0.0; d * d];
    for i in 0..d {
        for l in 0..d {
            let m = matrix[i * d + l];
            for j in 0..d {
                half[i * d + j] += m * axes[l * d + j];
            }
        }
    }
    let mut product = vec![0.0; d * d];
    for l in 0..d {
        for i in 0..d {
            let a = axes[l * d + i];
            for j in 0..d {
                product[i * d + j] += a * half[l * d + j];
            }
        }
    }
    product
}

/// Turns axes p and q by `angle`, from p towards q.
pub(super) fn turn_axes(axes: &mut [f64], d: usize, p: usize, q: usize, angle: f64) {
    let (sine, cosine) = angle.sin_cos();
    for row in axes.chunks_exact_mut(d) {
        (row[p], row[q]) = (
            cosine * row[p] + sine * row[q],
            cosine * row[q] - sine * row[p],
        );
    }
}

/// DᵀMD after axes p and q have turned.
pub(super) fn turn_matrix(matrix: &mut [f64], d: usize, p: usize, q: usize, angle: f64) {
    turn_axes(matrix, d, p, q, angle);
    let (sine, cosine) = angle.sin_cos();
    for column in 0..d {
        let (x, y) = (matrix[p * d + column], matrix[q * d + column]);
        matrix[p * d + column] = cosine * x + sine * y;
        matrix[q * d + column] = cosine * y - sine * x;
    }
}
