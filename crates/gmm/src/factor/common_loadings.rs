//! Loadings that several factor analysers with noise of their own have in common.

use super::FactorAnalyzer;
use crate::linalg::{self, inner};
use distributions::{EstimateError, Reason};

/// Steps at most: a few are enough but for the first M-steps.
const STEPS: usize = 40;
/// They end when the next is not to be expected to raise the objective by as many nats a row.
const GAIN: f64 = 1e-13;

/// Loadings, what the likelihood is there, and where it rises.
struct Point {
    analyzers: Vec<FactorAnalyzer>,
    objective: f64,
    /// ∂ objective / ∂ Λ, d × q.
    gradient: Vec<f64>,
    /// The step of scoring from here: I_j⁻¹ times the gradient in each row j.
    step: Vec<f64>,
}

/// Λ given all Ψ_k. There is no closed form. With β_k = Λᵀ Σ_k⁻¹ and Θ_k = I − β_k Λ + β_k S_k β_kᵀ the gradient of the
/// likelihood in row j of Λ is Σ_k (N_k / ψ_kj) (S_k β_kᵀ − Λ Θ_k)_j, and the information in that row
///
/// I_j = Σ_k N_k {(Σ_k⁻¹)_jj β_k Λ + b bᵀ}, b being column j of β_k.
///
/// With steps of scoring, I_j⁻¹ times the gradient, as their metric conjugate gradients reach the maximum. (Steps of EM for
/// the factors are a metric too, but where a noise variance is small they are as short as it, and so is the gain that they
/// promise.) No step is taken that does not climb.
pub(super) fn common_loadings(
    start: Vec<FactorAnalyzer>,
    covariances: &[Vec<f64>],
    counts: &[f64],
) -> Result<Vec<FactorAnalyzer>, EstimateError> {
    let total: f64 = counts.iter().sum();
    let at = |analyzers| Point::new(analyzers, covariances, counts);
    let mut here = at(start)?;
    let mut direction = here.step.clone();
    for _ in 0..STEPS {
        let mut slope = inner(&here.gradient, &direction);
        if !(slope > 0.0) {
            direction.copy_from_slice(&here.step);
            slope = inner(&here.gradient, &direction);
        }
        if !(slope > GAIN * total) {
            break;
        }
        let Some(next) = climb(&here, &direction, slope, at) else {
            break;
        };
        // Polak & Ribière's.
        let turned: f64 = (next.gradient.iter().zip(next.step.iter().zip(&here.step)))
            .map(|(gradient, (new, old))| gradient * (new - old))
            .sum();
        let kept = (turned / inner(&here.gradient, &here.step)).max(0.0);
        for (direction, step) in direction.iter_mut().zip(&next.step) {
            *direction = step + kept * *direction;
        }
        here = next;
    }
    Ok(here.analyzers)
}

/// A higher point along a direction, near the highest; `None` where rounding hides it.
fn climb(
    here: &Point,
    direction: &[f64],
    slope: f64,
    at: impl Fn(Vec<FactorAnalyzer>) -> Result<Point, EstimateError>,
) -> Option<Point> {
    let along = |length: f64| {
        let loadings = here.analyzers[0].loadings.iter().zip(direction);
        let loadings: Vec<f64> = loadings.map(|(l, step)| l + length * step).collect();
        let moved = here.analyzers.iter().map(|one| {
            FactorAnalyzer::build(one.noise.clone(), loadings.clone(), one.factors).ok()
        });
        at(moved.collect::<Option<_>>()?).ok()
    };
    let higher = |point: &Point| point.objective > here.objective;
    let mut length = 1.0;
    for _ in 0..8 {
        let first = along(length);
        // Where the slope is 0 if it changes evenly.
        let bend = first
            .as_ref()
            .map(|first| slope - inner(&first.gradient, direction));
        let level = bend
            .filter(|bend| *bend > 0.0)
            .map(|bend| length * slope / bend);
        let level = level
            .unwrap_or(2.0 * length)
            .clamp(0.1 * length, 8.0 * length);
        let second = along(level).filter(higher);
        let first = first.filter(higher);
        match (first, second) {
            (Some(a), Some(b)) => return Some(if a.objective > b.objective { a } else { b }),
            (Some(one), None) | (None, Some(one)) => return Some(one),
            (None, None) => length *= 0.25,
        }
    }
    None
}

impl Point {
    fn new(
        analyzers: Vec<FactorAnalyzer>,
        covariances: &[Vec<f64>],
        counts: &[f64],
    ) -> Result<Point, EstimateError> {
        let (d, q) = (analyzers[0].dimension(), analyzers[0].factors);
        let moments: Vec<Moments> = (analyzers.iter().zip(covariances))
            .map(|(one, covariance)| Moments::new(one, covariance))
            .collect();
        let mut objective = 0.0;
        for (((one, covariance), moments), count) in
            analyzers.iter().zip(covariances).zip(&moments).zip(counts)
        {
            // tr Σ⁻¹ S = tr Ψ⁻¹ (S − Λ β S).
            let left = (0..d).map(|j| {
                let explained = inner(moments.cross_of(j), &one.loadings[j * q..(j + 1) * q]);
                (covariance[j * d + j] - explained) / one.noise.variance(j)
            });
            objective += count * (one.log_constant - 0.5 * left.sum::<f64>());
        }
        let (mut gradient, mut step) = (vec![0.0; d * q], vec![0.0; d * q]);
        let (mut second, mut information) = (vec![0.0; q * q], vec![0.0; q * q]);
        for j in 0..d {
            let place = j * q..(j + 1) * q;
            second.fill(0.0);
            information.fill(0.0);
            // In units of the first component's, so that nothing overflows.
            let unit = analyzers[0].noise.variance(j);
            for ((one, moments), count) in analyzers.iter().zip(&moments).zip(counts) {
                let weight = count * (unit / one.noise.variance(j));
                let own = &one.loadings[place.clone()];
                for (f, sum) in step[place.clone()].iter_mut().enumerate() {
                    let second = &moments.second[f * q..(f + 1) * q];
                    *sum += weight * (moments.cross_of(j)[f] - inner(second, own));
                }
                (second.iter_mut().zip(&moments.second))
                    .for_each(|(sum, value)| *sum += weight * value);
                one.add_information(j, count * unit, &mut information);
            }
            for (gradient, step) in gradient[place.clone()].iter_mut().zip(&step[place.clone()]) {
                *gradient = step / unit;
            }
            // Factors without loadings have no information; the step of EM has one for them.
            let lower = factor(&information, q).or_else(|_| factor(&second, q))?;
            solve(&lower, &mut step[place]);
        }
        Ok(Point {
            analyzers,
            objective,
            gradient,
            step,
        })
    }
}

impl FactorAnalyzer {
    /// Adds `weight` times the information of a row about row j of the loadings.
    fn add_information(&self, j: usize, weight: f64, into: &mut [f64]) {
        let (d, q) = (self.dimension(), self.factors);
        let column = |f: usize| self.projection[f * d + j];
        let own = &self.loadings[j * q..(j + 1) * q];
        let explained: f64 = own.iter().enumerate().map(|(f, l)| l * column(f)).sum();
        let precision = (1.0 - explained) / self.noise.variance(j);
        for f in 0..q {
            for g in 0..q {
                let whole = f64::from(u8::from(f == g)) - self.remainder[f * q + g];
                into[f * q + g] += weight * (precision * whole + column(f) * column(g));
            }
        }
    }
}

/// E\[x zᵀ\] and E\[z zᵀ\] of a component, about its mean.
struct Moments {
    /// S βᵀ, d × q.
    cross: Vec<f64>,
    /// Θ, q × q.
    second: Vec<f64>,
}

impl Moments {
    fn new(one: &FactorAnalyzer, covariance: &[f64]) -> Moments {
        let (d, q) = (one.dimension(), one.factors);
        let mut cross = vec![0.0; d * q];
        for i in 0..d {
            for f in 0..q {
                let projection = &one.projection[f * d..(f + 1) * d];
                cross[i * q + f] = inner(&covariance[i * d..(i + 1) * d], projection);
            }
        }
        let mut second = one.remainder.clone();
        for f in 0..q {
            for g in 0..=f {
                let products = (0..d).map(|j| one.projection[f * d + j] * cross[j * q + g]);
                second[f * q + g] += products.sum::<f64>();
                second[g * q + f] = second[f * q + g];
            }
        }
        Moments { cross, second }
    }
    fn cross_of(&self, j: usize) -> &[f64] {
        let q = (self.second.len() as f64).sqrt().round() as usize;
        &self.cross[j * q..(j + 1) * q]
    }
}

fn factor(matrix: &[f64], q: usize) -> Result<Vec<f64>, EstimateError> {
    linalg::cholesky(matrix, q).map_err(|_| {
        EstimateError::new(Reason::Singular {
            because: "the factors are linear combinations of each other",
        })
        .in_component(0)
    })
}

/// Solves L Lᵀ x = `rhs` in place.
fn solve(lower: &[f64], rhs: &mut [f64]) {
    let q = rhs.len();
    linalg::solve_lower(lower, rhs);
    for f in (0..q).rev() {
        let later: f64 = (f + 1..q).map(|g| lower[g * q + f] * rhs[g]).sum();
        rhs[f] = (rhs[f] - later) / lower[f * q + f];
    }
}
