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
//! bound on the eigenvalues, and with the exact surrogate of the plane). Each step is besides
//! checked: F never rises.

use super::volume::{common_matrix_shape, geometric_mean};
use super::{Scatters, decomposition::decompose};
use crate::linalg::power_of_two;
use distributions::EstimateError;

/// Sweeps over all pairs of axes: far more than are ever needed.
const SWEEPS: usize = 500;
/// The largest angle of a sweep at which starts are compared; only the best goes on.
const ROUGH: f64 = 1e-4;
/// The largest angle of a sweep at which the iteration rests.
const REST: f64 = 1e-13;
/// The angle below which F, being flat to its last bit, cannot tell better from worse: the tangent
/// alone guides smaller steps.
const FLAT: f64 = 1e-6;
/// The angle below which steps that no longer shrink are rounding.
const NOISE: f64 = 1e-10;
/// Angles tried in the first sweeps, so that a plane's best minimum is found, not only the next.
const TRIALS: usize = 8;
/// Tangent steps in one plane before the next plane has its turn.
const STEPS: usize = 10;

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
    let mut starts = axes_to_start(from)?;
    if criterion == Criterion::VariableVolume {
        let (shape, _) = common_matrix_shape(from)?;
        starts.push(decompose(&shape, d)?.vectors);
        starts.push(common_orientation(from, Criterion::EqualVolume)?.axes);
    }
    let mut best: Option<(f64, Rotated)> = None;
    for start in starts {
        let mut rotated = Rotated::new(from, criterion, start);
        rotated.descend(ROUGH);
        let value = rotated.value();
        if best.as_ref().is_none_or(|(least, _)| value < *least) {
            best = Some((value, rotated));
        }
    }
    let axes = best.map_or_else(Vec::new, |(_, mut rotated)| {
        rotated.descend(REST);
        rotated.axes
    });
    let spreads = (0..from.components())
        .map(|k| {
            let matrix = rotated(&from.matrix(k), &axes, d);
            (0..d).map(|j| matrix[j * d + j]).collect()
        })
        .collect();
    Ok(CommonOrientation { axes, spreads })
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

/// The scatters in the axes of the moment.
struct Rotated {
    d: usize,
    criterion: Criterion,
    axes: Vec<f64>,
    /// DᵀW_kD divided by `scales[k]`, a power of two.
    matrices: Vec<Vec<f64>>,
    scales: Vec<f64>,
    counts: Vec<f64>,
    /// (Π_j s_kj)^(1/d) of the scaled scatters.
    means: Vec<f64>,
}

/// What a plane shows of one component: the 2 × 2 block ((a, b), (b, c)), and its factor in F.
#[derive(Clone, Copy)]
struct Plane {
    a: f64,
    b: f64,
    c: f64,
    /// N_k, or (Π_j s_kj)^(1/d).
    importance: f64,
}

impl Rotated {
    fn new(from: &Scatters<'_>, criterion: Criterion, axes: Vec<f64>) -> Self {
        let (d, components) = (from.dimension(), from.components());
        let scales: Vec<f64> = (0..components)
            .map(|k| power_of_two(from.trace(k)))
            .collect();
        let matrices = (0..components)
            .map(|k| {
                let scaled = super::scaled(from.matrix(k), 1.0 / scales[k]);
                rotated(&scaled, &axes, d)
            })
            .collect();
        Rotated {
            d,
            criterion,
            axes,
            matrices,
            scales,
            counts: from.counts(),
            means: vec![],
        }
    }
    fn spread(&self, k: usize) -> Vec<f64> {
        crate::linalg::diagonal(&self.matrices[k], self.d)
    }
    /// F, up to a factor and a term that do not depend on D.
    fn value(&self) -> f64 {
        let logs = (0..self.counts.len()).map(|k| geometric_mean(&self.spread(k)).ln());
        match self.criterion {
            Criterion::VariableVolume => logs.zip(&self.counts).map(|(log, n)| n * log).sum(),
            Criterion::EqualVolume => {
                let logs: Vec<f64> = logs.zip(&self.scales).map(|(l, s)| l + s.ln()).collect();
                let largest = self.scales.iter().fold(0.0f64, |a, &b| a.max(b)).ln();
                logs.iter().map(|log| (log - largest).exp()).sum()
            }
        }
    }
    /// Rotates until no angle of a sweep is above `rest`.
    fn descend(&mut self, rest: f64) {
        let mut before = f64::INFINITY;
        for sweep in 0..SWEEPS {
            self.means = (0..self.counts.len())
                .map(|k| geometric_mean(&self.spread(k)))
                .collect();
            let mut largest = 0.0f64;
            for p in 0..self.d {
                for q in p + 1..self.d {
                    let planes = self.planes(p, q);
                    let angle = best_angle(&planes, self.criterion, self.d, sweep < 2);
                    if angle != 0.0 {
                        self.turn(p, q, angle);
                        largest = largest.max(angle.abs());
                    }
                }
            }
            if largest <= rest || (largest <= NOISE && largest >= before) {
                break;
            }
            before = largest;
        }
    }
    fn planes(&self, p: usize, q: usize) -> Vec<Plane> {
        let (d, common) = (
            self.d,
            power_of_two(self.scales.iter().fold(0.0f64, |a, &b| a.max(b))),
        );
        (0..self.counts.len())
            .map(|k| Plane {
                a: self.matrices[k][p * d + p],
                b: self.matrices[k][p * d + q],
                c: self.matrices[k][q * d + q],
                importance: match self.criterion {
                    Criterion::VariableVolume => self.counts[k],
                    Criterion::EqualVolume => self.means[k] * (self.scales[k] / common),
                },
            })
            .collect()
    }
    /// Turns axes p and q by `angle`, from p towards q.
    fn turn(&mut self, p: usize, q: usize, angle: f64) {
        let d = self.d;
        turn_axes(&mut self.axes, d, p, q, angle);
        for (matrix, mean) in self.matrices.iter_mut().zip(&mut self.means) {
            let before = (matrix[p * d + p], matrix[q * d + q]);
            turn_matrix(matrix, d, p, q, angle);
            let after = (matrix[p * d + p], matrix[q * d + q]);
            let ratio = (after.0 / before.0) * (after.1 / before.1);
            *mean *= ratio.powf(1.0 / d as f64);
        }
    }
}

impl Plane {
    /// s_p s_q after a rotation, relative to before it.
    fn ratio(&self, sine: f64, cosine: f64) -> f64 {
        let (ss, cc, mixed) = (sine * sine, cosine * cosine, 2.0 * self.b * sine * cosine);
        let first = self.a * cc + mixed + self.c * ss;
        let second = self.a * ss - mixed + self.c * cc;
        (first / self.a) * (second / self.c)
    }
}

/// F after a rotation in the plane, less a constant.
fn criterion_after(planes: &[Plane], criterion: Criterion, d: usize, angle: f64) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let terms = planes.iter().map(|plane| {
        let ratio = plane.ratio(sine, cosine);
        match criterion {
            Criterion::VariableVolume => plane.importance * ratio.ln(),
            Criterion::EqualVolume => plane.importance * ((ratio.ln() / d as f64).exp_m1()),
        }
    });
    terms.sum()
}

/// The angle of the tangent's minimum, the tangent being taken at `angle`.
fn tangent_step(planes: &[Plane], criterion: Criterion, d: usize, angle: f64) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let (mut along, mut across) = (0.0, 0.0);
    for plane in planes {
        let ratio = plane.ratio(sine, cosine);
        let power = match criterion {
            Criterion::VariableVolume => 1.0,
            Criterion::EqualVolume => (ratio.ln() / d as f64).exp(),
        };
        let slope = plane.importance * power / ratio / (plane.a * plane.c);
        let half = 0.5 * (plane.a - plane.c);
        along += slope * 0.5 * (half - plane.b) * (half + plane.b);
        across += slope * half * plane.b;
    }
    0.25 * across.atan2(along)
}

/// An angle at which F is not above where it stands; 0 where none better is found.
fn best_angle(planes: &[Plane], criterion: Criterion, d: usize, search: bool) -> f64 {
    let value = |angle: f64| criterion_after(planes, criterion, d, angle);
    let (mut angle, mut least) = (0.0, 0.0);
    if search {
        for trial in 1..TRIALS {
            let candidate = (trial as f64 / TRIALS as f64 - 0.5) * std::f64::consts::FRAC_PI_2;
            let reached = value(candidate);
            if reached < least {
                (angle, least) = (candidate, reached);
            }
        }
    }
    for _ in 0..STEPS {
        let candidate = tangent_step(planes, criterion, d, angle);
        let (reached, moved) = (value(candidate), (candidate - angle).abs());
        if !(reached < least || moved <= FLAT) {
            break;
        }
        (angle, least) = (candidate, reached);
        if moved <= REST {
            break;
        }
    }
    angle
}
