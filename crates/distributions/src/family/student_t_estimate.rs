//! The maximum of a Student t likelihood, from rows: Newton steps, safeguarded by M-steps.

use super::StudentT;
use crate::special::{ln_1p_minus_x, ln_minus_digamma, trigamma_minus_reciprocal};
use crate::{Component, Density, EstimateError, Moments, Reason, Scratch, Statistics};

/// Passes over the rows; Newton's method needs about ten, M-steps alone would need hundreds.
const PASSES: usize = 500;
/// The longest step in units of the scale, in ln s and in ln ν.
const LONGEST: f64 = 2.0;
/// Steps shorter than this, beside the rounding of the location, are rounding.
const SHORTEST: f64 = 1e-13;
/// A last step that gains less than this share of Σ w |ln p| moves no parameter by 1e-12 of its
/// standard deviation a row, and what it leaves is the square of that.
const NOTHING: f64 = 1e-26;

/// The estimate of `template` (what is fixed in it stays) from weighted rows.
pub(super) fn estimate(
    template: &StudentT,
    xs: &[f64],
    weights: &[f64],
) -> Result<StudentT, EstimateError> {
    let mut moments = Moments::default();
    for (xs, weights) in super::blocks(xs, weights) {
        moments.add_slice(xs, weights);
    }
    let (mean, variance) = match super::normal::normal_from_moments(&moments, "scale") {
        Err(error) if error.is_boundary() && template.has_floor() => (moments.mean(), 0.0),
        found => found?,
    };
    // A wide start: the normal estimate, with tails in the middle of the range.
    let df = if template.has_fixed_df() {
        template.df()
    } else {
        4.0
    };
    let mut current = template.moved(mean, variance.sqrt(), df)?;
    let mut rows = Rows::new(xs, weights, moments.weight());
    let mut likelihood = rows.likelihood(&current);
    for _ in 0..PASSES {
        let step = rows.slopes(&current).newton_step(&current);
        if let Some(step) = step {
            let next = step.taken_from(&current)?;
            let reached = rows.likelihood(&next);
            // A fall within rounding is none: near the maximum all differences are.
            if reached.0 >= likelihood.0 - 64.0 * f64::EPSILON * likelihood.1 {
                (current, likelihood) = (next, reached);
                if step.gain <= NOTHING * likelihood.1 || step.is_rounding(&current) {
                    return Ok(current);
                }
                continue;
            }
        }
        current = rows.m_step(&current)?;
        likelihood = rows.likelihood(&current);
    }
    Err(EstimateError::new(Reason::NotConverged {
        parameter: "scale",
        iterations: PASSES,
    })
    .with_count(moments.weight()))
}

/// The rows, and a buffer.
struct Rows<'a> {
    xs: &'a [f64],
    weights: &'a [f64],
    total: f64,
    scratch: Scratch,
}

impl<'a> Rows<'a> {
    fn new(xs: &'a [f64], weights: &'a [f64], total: f64) -> Self {
        Rows {
            xs,
            weights,
            total,
            scratch: Scratch::default(),
        }
    }
    /// Σ w ln p, and Σ w |ln p|: the scale of its rounding.
    fn likelihood(&mut self, at: &StudentT) -> (f64, f64) {
        let (mut sum, mut magnitude) = (0.0, 0.0);
        for (xs, weights) in super::blocks(self.xs, self.weights) {
            let mut values = self.scratch.take_dirty(xs.len());
            at.log_density_batch(xs, &[], &mut values, &mut self.scratch);
            for (&value, &w) in values.iter().zip(weights) {
                if w > 0.0 {
                    sum += w * value;
                    magnitude += w * value.abs();
                }
            }
            self.scratch.give(values);
        }
        (sum, magnitude)
    }
    fn m_step(&mut self, at: &StudentT) -> Result<StudentT, EstimateError> {
        let mut statistics = at.empty_statistics();
        for (xs, weights) in super::blocks(self.xs, self.weights) {
            at.accumulate_batch(&mut statistics, xs, &[], weights, &mut self.scratch);
        }
        at.maximize(&statistics)
    }
    /// First and second derivatives of the likelihood.
    fn slopes(&self, at: &StudentT) -> Slopes {
        let df = at.df();
        let mut slopes = Slopes::of_constant(df, self.total);
        for (&x, &w) in self.xs.iter().zip(self.weights) {
            if w > 0.0 {
                slopes.add((x - at.location()) / at.scale(), df, w);
            }
        }
        slopes
    }
}

/// The gradient and the Hessian of Σ w ln p in (m/s at fixed s, ln s, ln ν).
struct Slopes {
    gradient: [f64; 3],
    hessian: [[f64; 3]; 3],
}

impl Slopes {
    /// Those of the part without x, `weight` times: −ln s and the gamma functions.
    fn of_constant(df: f64, weight: f64) -> Self {
        let half = 0.5 * df;
        // d/dν and d²/dν² of ln Γ((ν+1)/2) − ln Γ(ν/2) − ½ ln ν.
        let first = 0.5
            * (ln_1p_minus_x(0.5 / half) + ln_minus_digamma(half) - ln_minus_digamma(half + 0.5));
        let second = 0.25
            * (trigamma_minus_reciprocal(half + 0.5) - trigamma_minus_reciprocal(half))
            + 1.0 / (16.0 * half * half * (half + 0.5));
        let mut slopes = Slopes {
            gradient: [0.0; 3],
            hessian: [[0.0; 3]; 3],
        };
        slopes.gradient[1] = -weight;
        slopes.gradient[2] = weight * df * first;
        slopes.hessian[2][2] = weight * df * (df * second + first);
        slopes
    }
    /// Adds those of −(ν+1)/2 ln(1 + z²/ν).
    fn add(&mut self, z: f64, df: f64, weight: f64) {
        let ratio = (z * z / df).min(1e300);
        let total = df * (1.0 + ratio);
        let u = (df + 1.0) / total;
        let square = df * ratio;
        // d(uz)/dz = u − 2z²u²/(ν+1).
        let bend = u - 2.0 * (square / total) * u;
        // du/dν = (z² − 1)/(ν + z²)².
        let tilt = (square - 1.0) / total / total;
        // d/dν: −½ (ln(1+t) − t/(1+t)) + t/(2ν(1+t)) with t = z²/ν.
        let share = ratio / (1.0 + ratio);
        let log = if ratio < 1.0 {
            ln_1p_minus_x(ratio) + ratio * share
        } else {
            ratio.ln_1p() - share
        };
        let first = -0.5 * (log - share / df);
        let second = 0.5 * (square / df) * (1.0 / total + tilt - u / df);
        let gradient = [u * z, u * square, df * first];
        for (sum, value) in self.gradient.iter_mut().zip(gradient) {
            *sum += weight * value;
        }
        let hessian = &mut self.hessian;
        hessian[0][0] -= weight * bend;
        hessian[0][1] -= weight * z * (bend + u);
        hessian[1][1] -= weight * square * (bend + u);
        hessian[0][2] += weight * df * z * tilt;
        hessian[1][2] += weight * df * square * tilt;
        hessian[2][2] += weight * df * (df * second + first);
    }
    /// Leaves coordinate j where it is.
    fn hold(&mut self, j: usize) {
        self.gradient[j] = 0.0;
        (0..3).for_each(|i| self.hessian[i.min(j)][i.max(j)] = 0.0);
        self.hessian[j][j] = -1.0;
    }
    /// Newton's step, where it leads uphill.
    fn newton_step(mut self, at: &StudentT) -> Option<Step> {
        // At the cap ν is held while the likelihood would have it grow, at the floor s while it would have it shrink.
        if at.has_fixed_df() || (at.df() >= at.largest_df() && self.gradient[2] >= 0.0) {
            self.hold(2);
        }
        if at.is_at_bound() && self.gradient[1] <= 0.0 {
            self.hold(1);
        }
        let step = solve_negative_definite(&self.hessian, &self.gradient)?;
        let longest = step.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let shorter = if longest > LONGEST {
            LONGEST / longest
        } else {
            1.0
        };
        let gain = 0.5 * (0..3).map(|j| step[j] * self.gradient[j]).sum::<f64>();
        longest.is_finite().then(|| Step {
            by: step.map(|value| value * shorter),
            gain,
        })
    }
}

/// A step in (m/s, ln s, ln ν), and what the whole step would gain by the quadratic expansion.
struct Step {
    by: [f64; 3],
    gain: f64,
}

impl Step {
    fn is_rounding(&self, at: &StudentT) -> bool {
        let location = 4.0 * f64::EPSILON * at.location().abs() / at.scale();
        self.by[0].abs() <= SHORTEST + location
            && self.by[1].abs() <= SHORTEST
            && self.by[2].abs() <= SHORTEST
    }
    fn taken_from(&self, at: &StudentT) -> Result<StudentT, EstimateError> {
        let location = at.location() + self.by[0] * at.scale();
        let scale = at.scale() * self.by[1].exp();
        let df = (at.df() * self.by[2].exp()).min(at.largest_df());
        if !at.has_floor() {
            super::latent_scale::require_spread(location, scale)?;
        }
        Ok(at.moved(location, scale, df)?)
    }
}

/// x with −H x = g by Cholesky's method; `None` unless −H is positive definite. The upper triangle
/// of H is read.
fn solve_negative_definite(h: &[[f64; 3]; 3], g: &[f64; 3]) -> Option<[f64; 3]> {
    let mut l = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..=i {
            let inner: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            let rest = -h[j][i] - inner;
            if i != j {
                l[i][j] = rest / l[j][j];
            } else if rest > 0.0 {
                l[i][i] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    let mut x = *g;
    for i in 0..3 {
        let inner: f64 = (0..i).map(|k| l[i][k] * x[k]).sum();
        x[i] = (x[i] - inner) / l[i][i];
    }
    for i in (0..3).rev() {
        let inner: f64 = (i + 1..3).map(|k| l[k][i] * x[k]).sum();
        x[i] = (x[i] - inner) / l[i][i];
    }
    Some(x)
}
