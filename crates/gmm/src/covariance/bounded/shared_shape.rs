//! Volumes and a common shape within bounds: VEI, VEV, VEE.
//!
//! λ_kj = λ_k a_j. Above a floor ε: min_k λ_k · min_j a_j ≥ ε, and as a factor may go from λ to a, this is λ_k ≥ 1 and
//! a_j ≥ ε. Within a ratio c: (max λ_k / min λ_k)(max a_j / min a_j) ≤ c, that is max λ_k / min λ_k ≤ c^t and
//! max a_j / min a_j ≤ c^(1−t) for some t in \[0, 1\]. Given t, volumes and shape have bounds of their own, and
//! maximising in one and in the other, each exact, leads to the maximum: the objective is smooth, and convex
//! along geodesics. Its least value in t is convex in t; t is where a wider range is worth the same to
//! both.

use super::root::root;
use crate::covariance::{Scatters, decomposition::decompose, scaled, sum_of};
use crate::linalg::rotated_diagonal;
use crate::variance_bound::VarianceBound;
use distributions::EstimateError;

/// Half steps, in pairs, before the iteration is left where it is: it has descended all the way.
const STEPS: usize = 10_000;
/// The relative change of volumes and shape at which the iteration rests.
const REST: f64 = 1e-14;

/// Volumes and shape: λ_k a_j, along `axes` where the axes are sought too.
pub(in crate::covariance) struct SharedShape {
    pub volumes: Vec<f64>,
    pub shape: Vec<f64>,
    pub axes: Vec<f64>,
}

/// What is bounded by what, for one t.
#[derive(Clone, Copy)]
struct Bounds {
    volumes: VarianceBound,
    shape: VarianceBound,
}

/// The variances s_kj along the axes that the volumes ask for, and these axes.
type Along<'a> = dyn Fn(&[f64]) -> Result<(Vec<Vec<f64>>, Vec<f64>), EstimateError> + 'a;

/// The maximiser for variances along axes that are known.
pub(in crate::covariance) fn common_shape(
    variances: &[Vec<f64>],
    counts: &[f64],
    bound: VarianceBound,
) -> Result<SharedShape, EstimateError> {
    best_split(&|_| Ok((variances.to_vec(), Vec::new())), counts, bound)
}

/// The maximiser with the axes: those of Σ_k W_k/λ_k whatever the shape, in the order of its eigenvalues.
pub(in crate::covariance) fn common_matrix_shape(
    from: &Scatters<'_>,
    bound: VarianceBound,
) -> Result<SharedShape, EstimateError> {
    let d = from.dimension();
    let matrices: Vec<Vec<f64>> = (0..from.components())
        .map(|k| scaled(from.matrix(k), 1.0 / from.count(k)))
        .collect();
    let counts = from.counts();
    let along = |volumes: &[f64]| {
        let parts = matrices.iter().zip(&counts).zip(volumes);
        let sum = sum_of(parts.map(|((matrix, n), volume)| scaled(matrix.clone(), n / volume)));
        let axes = decompose(&sum, d)?.vectors;
        let variance = |matrix: &Vec<f64>| {
            let mut along = rotated_diagonal(matrix, &axes, d);
            along.iter_mut().for_each(|s| *s = s.max(0.0));
            along
        };
        Ok((matrices.iter().map(variance).collect(), axes))
    };
    best_split(&along, &counts, bound)
}

fn best_split(
    along: &Along<'_>,
    counts: &[f64],
    bound: VarianceBound,
) -> Result<SharedShape, EstimateError> {
    let ratio = match bound {
        VarianceBound::Floor(least) => {
            let bounds = Bounds {
                volumes: VarianceBound::Floor(1.0),
                shape: VarianceBound::Floor(least),
            };
            return Ok(alternate(along, counts, bounds)?.0);
        }
        VarianceBound::Ratio(ratio) => ratio,
    };
    let bounds = |share: f64| Bounds {
        volumes: VarianceBound::Ratio(ratio.powf(share)),
        shape: VarianceBound::Ratio(ratio.powf(1.0 - share)),
    };
    let mut failed = None;
    let share = root(
        |share| match alternate(along, counts, bounds(share)) {
            Ok((_, worth)) => worth,
            Err(error) => {
                failed = Some(error);
                0.0
            }
        },
        0.0,
        1.0,
    );
    match failed {
        Some(error) => Err(error),
        None => Ok(alternate(along, counts, bounds(share))?.0),
    }
}

/// Volumes and shape in turn, and what a wider range is worth to the shape less what it is to the volumes.
fn alternate(
    along: &Along<'_>,
    counts: &[f64],
    bounds: Bounds,
) -> Result<(SharedShape, f64), EstimateError> {
    let mut volumes = vec![1.0; counts.len()];
    let mut shape: Vec<f64> = Vec::new();
    let (mut axes, mut worth) = (Vec::new(), 0.0);
    for _ in 0..STEPS {
        let (variances, turned) = along(&volumes)?;
        let d = variances[0].len();
        let pooled = |j: usize| {
            let parts = variances.iter().zip(counts).zip(&volumes);
            let sum: f64 = parts.map(|((s, n), volume)| n * s[j] / volume).sum();
            sum / counts.iter().sum::<f64>()
        };
        let wanted: Vec<f64> = (0..d).map(pooled).collect();
        let total = [counts.iter().sum::<f64>()];
        let (low, high) = bounds.shape.interval(&[&wanted], &total);
        let next: Vec<f64> = wanted.iter().map(|a| a.clamp(low, high)).collect();
        let mut change = largest_change(&shape, &next);
        (shape, axes) = (next, turned);
        let ratio = |s: &f64, a: &f64| s / a / d as f64;
        let wide: Vec<f64> = (variances.iter())
            .map(|part| part.iter().zip(&shape).map(|(s, a)| ratio(s, a)).sum())
            .collect();
        let each: Vec<&[f64]> = wide.chunks(1).collect();
        let (least, greatest) = bounds.volumes.interval(&each, counts);
        let next: Vec<f64> = wide.iter().map(|v| v.clamp(least, greatest)).collect();
        change = change.max(largest_change(&volumes, &next));
        volumes = next;
        worth = gain_above(&wanted, &[total[0]].repeat(d), high)
            - d as f64 * gain_above(&wide, counts, greatest);
        if change <= REST {
            break;
        }
    }
    let found = SharedShape {
        volumes,
        shape,
        axes,
    };
    Ok((found, worth))
}

/// Σ N (w/h − 1) over what is cut at h: what an upper bound costs, per its logarithm.
fn gain_above(wanted: &[f64], counts: &[f64], high: f64) -> f64 {
    let parts = wanted.iter().zip(counts);
    parts.map(|(w, n)| n * (w / high - 1.0).max(0.0)).sum()
}

fn largest_change(before: &[f64], after: &[f64]) -> f64 {
    if before.len() != after.len() {
        return f64::INFINITY;
    }
    let pairs = before.iter().zip(after);
    pairs.fold(0.0, |largest: f64, (x, y)| largest.max((x / y - 1.0).abs()))
}
