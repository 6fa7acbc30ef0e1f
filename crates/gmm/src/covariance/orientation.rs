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
use crate::gaussian::Gaussian;
use crate::linalg::rotated_diagonal;
use distributions::EstimateError;
use distributions::special::log_sum_exp;

/// The largest angle of a sweep at which starts are compared; only the best goes on.
const ROUGH: f64 = 1e-4;
/// The largest angle of a sweep at which the iteration rests.
const REST: f64 = 1e-13;

/// Up to so many columns an M-step has time for several starts.
const SETTLED: usize = 24;

/// Sweeps over all pairs of axes at most, d³ K operations each. Up to some sixteen columns they come to rest long before;
/// in many columns, where scatters have little in common, an M-step goes a part of the way, and the next one on from there.
fn most_sweeps(d: usize) -> usize {
    (4000 / d).clamp(20, 500)
}

/// Sweeps at most where an M-step goes on from the one before: a tenth of an iteration of 1e5 rows of 64 columns, a sixth of
/// one of 5e4 rows of 128.
fn most_warm_sweeps(d: usize) -> usize {
    (190_000 / (d * d)).clamp(5, most_sweeps(d))
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

impl Criterion {
    /// F of these spreads, or its logarithm.
    fn value(self, from: &Scatters<'_>, spreads: &[Vec<f64>]) -> f64 {
        let mean = |spread: &Vec<f64>| {
            let logs = spread.iter().map(|s| s.ln());
            logs.sum::<f64>() / spread.len() as f64
        };
        let means: Vec<f64> = spreads.iter().map(mean).collect();
        match self {
            Criterion::VariableVolume => {
                let terms = means.iter().enumerate();
                terms.map(|(k, mean)| from.count(k) * mean).sum()
            }
            Criterion::EqualVolume => log_sum_exp(&means),
        }
    }
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
/// also the axes that VEE and EVE find. A structure thereby reaches at least what those within it do. In many columns
/// only the first M-step searches so; those after it take [one start](good_start), so that none goes back.
pub(super) fn common_orientation(
    from: &Scatters<'_>,
    criterion: Criterion,
) -> Result<CommonOrientation, EstimateError> {
    let d = from.dimension();
    let best = match good_start(from, criterion)? {
        Some(mut start) => {
            start.descend(REST, most_warm_sweeps(d), false);
            start
        }
        None => {
            let mut best = best_start(from, criterion)?;
            best.descend(REST, most_sweeps(d), false);
            best
        }
    };
    let axes = best.into_axes();
    let spreads = spreads(from, &axes);
    Ok(CommonOrientation { axes, spreads })
}

/// diag(DᵀW_kD) for each k.
fn spreads(from: &Scatters<'_>, axes: &[f64]) -> Vec<Vec<f64>> {
    let matrices = (0..from.components()).map(|k| from.matrix(k));
    matrices
        .map(|matrix| rotated_diagonal(&matrix, axes, from.dimension()))
        .collect()
}

/// The axes to start from that are best as they stand, where there are too many columns for an M-step to come to rest each
/// time, and an M-step before has found common axes.
fn good_start(from: &Scatters<'_>, criterion: Criterion) -> Result<Option<Rotated>, EstimateError> {
    if from.dimension() <= SETTLED {
        return Ok(None);
    }
    let starts = axes_to_start(from)?;
    if !have_common_axes(from.current(), &starts[0]) {
        return Ok(None);
    }
    let values = starts
        .iter()
        .map(|axes| criterion.value(from, &spreads(from, axes)));
    let best = values.zip(&starts).min_by(|(a, _), (b, _)| a.total_cmp(b));
    Ok(best.map(|(_, axes)| Rotated::new(from, criterion, axes)))
}

/// Whether these are axes of all covariances, and of some no others are.
fn have_common_axes(current: &[Gaussian], axes: &[f64]) -> bool {
    let (mut common, mut round) = (true, true);
    for gaussian in current {
        let (d, covariance) = (gaussian.dimension(), gaussian.covariance());
        let along = rotated_diagonal(&covariance, axes, d);
        let mean = along.iter().sum::<f64>() / d as f64;
        let square = |values: &[f64]| values.iter().map(|v| (v / mean).powi(2)).sum::<f64>();
        let (all, own) = (square(&covariance), square(&along));
        // The squares of what stands off the diagonal, in the axes: to 1e-6 of all for each.
        common &= all - own <= 1e-12 * all;
        round &= all <= (1.0 + 1e-12) * d as f64;
    }
    common && !round
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
