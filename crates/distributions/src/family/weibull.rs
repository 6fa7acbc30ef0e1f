//! The Weibull distribution.

use crate::serde_parameters::serde_parameters;
use crate::simd::exp_slice;
use crate::solve::newton_in_bracket;
use crate::{
    Component, Coordinates, Density, EstimateError, ParameterError, Reason, Sample, Scalars,
    Scratch, Statistics, next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, Exp1};

/// The Weibull distribution with shape k and scale λ.
///
/// # Density
/// p(x) = (k/λ) (x/λ)^(k−1) exp(−(x/λ)ᵏ) for x > 0. At x = 0 the log-density is its limit; such a row
/// cannot enter an estimate, as ln 0 is infinite.
///
/// # Sufficient statistics
/// None while k is estimated. With L = ln(x/λ) and e = (x/λ)ᵏ at the current k and λ, the sums of
/// L, e, eL and eL² are kept ([`WeibullStatistics`]).
///
/// # M-step
/// One Newton step ([`one_step`](Component::one_step)) on the profile equation
/// Σ w xᵏ ln x / Σ w xᵏ − 1/k = mean ln x, whose left side rises with k; λ follows by the second-order
/// expansion of Σ w xᵏ about the current k. [`estimate`](Component::estimate), which sees the rows,
/// solves the equation to full precision. No maximum exists when all observations coincide (k → ∞).
///
/// # Errors
/// [`Weibull::new`] refuses a shape or a scale that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Weibull};
/// let family = Weibull::new(2.0, 3.0)?;
/// assert!((family.log_density(3.0) - ((2.0f64 / 3.0).ln() - 1.0)).abs() < 1e-15);
/// let fitted = family.estimate(&[1.0, 2.0, 4.0], &[1.0, 1.0, 1.0])?;
/// assert!((fitted.shape() - 2.012_498_043_934_779).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 21.
#[derive(Clone, Debug, PartialEq)]
pub struct Weibull {
    shape: f64,
    scale: f64,
    /// ln k and ln λ, taken once.
    log_shape: f64,
    log_scale: f64,
}

serde_parameters!(Weibull {
    shape: f64,
    scale: f64
});

/// Sums for one Newton step, of observations standardised by the iterate that made them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WeibullStatistics {
    weight: f64,
    /// Σ w L.
    logs: f64,
    /// Σ w e Lʲ for j = 0, 1, 2.
    powers: [f64; 3],
}

impl WeibullStatistics {
    /// Adds an observation with L = `log_ratio` and e = `power`.
    pub(super) fn add(&mut self, log_ratio: f64, power: f64, weight: f64) {
        self.weight += weight;
        self.logs += weight * log_ratio;
        let mut term = weight * power;
        for sum in &mut self.powers {
            *sum += term;
            term *= log_ratio;
        }
    }
}

/// A Newton step on the profile equation.
pub(super) struct WeibullStep {
    /// The new shape.
    pub shape: f64,
    /// The new ln λ less the old one.
    pub log_scale_change: f64,
}

impl WeibullStatistics {
    /// The step from `shape`, under which the sums were taken; `None` where it leads to no number.
    pub(super) fn newton_step(&self, shape: f64) -> Option<WeibullStep> {
        let [power, first, second] = self.powers;
        let mean = first / power;
        let variance = (second / power - mean * mean).max(0.0);
        let gap = mean - self.logs / self.weight - 1.0 / shape;
        let slope = variance + 1.0 / (shape * shape);
        // In ln k, where the equation is closer to a straight line and k stays positive.
        let step = -gap / (slope * shape);
        if !step.is_finite() {
            return None;
        }
        let next = shape * step.clamp(-2.0, 2.0).exp();
        // K(k) = ln mean (x/λ)ᵏ, expanded about the current k; ln λ moves by K(k)/k.
        let moved = next - shape;
        let log_mean_power = (power / self.weight).ln();
        let expanded = log_mean_power + moved * (mean + 0.5 * moved * variance);
        Some(WeibullStep {
            shape: next,
            log_scale_change: expanded / next,
        })
    }
}

impl WeibullStatistics {
    /// A Newton step from `shape`, under which the sums were taken, where the scale is known: on
    /// Σ w (1 + k L − e k L) = 0 in ln k, with the curvature that it has at the root.
    pub(super) fn shape_step(&self, shape: f64) -> f64 {
        let [_, first, second] = self.powers;
        let gradient = self.weight + shape * (self.logs - first);
        let step = gradient / (self.weight + shape * shape * second);
        // Powers that overflow belong to a shape that is too large.
        let step = if step.is_nan() {
            -2.0
        } else {
            step.clamp(-2.0, 2.0)
        };
        shape * step.exp()
    }
}

/// Logarithms of observations with their weights, for an estimate to full precision.
pub(super) struct WeightedLogs {
    /// ln x and weight of the rows of positive weight.
    pub rows: Vec<(f64, f64)>,
    /// Σ w.
    pub total: f64,
    /// The largest ln x, against which no power overflows.
    top: f64,
    /// The mean of ln x, less `top`.
    mean: f64,
    /// The weighted variance of ln x.
    pub spread: f64,
}

impl WeightedLogs {
    /// `None` when nothing was seen.
    pub(super) fn new(rows: Vec<(f64, f64)>) -> Option<Self> {
        let (mut total, mut sum, mut top) = (0.0, 0.0, f64::NEG_INFINITY);
        for &(log_x, weight) in &rows {
            total += weight;
            sum += weight * log_x;
            top = log_x.max(top);
        }
        if !(total > 0.0) {
            return None;
        }
        let mean = sum / total - top;
        let squares = rows.iter().map(|(l, w)| w * (l - top - mean).powi(2));
        let spread = squares.sum::<f64>() / total;
        Some(WeightedLogs {
            rows,
            total,
            top,
            mean,
            spread,
        })
    }
    /// The largest size of a logarithm's rounding error, as far as the largest ln x tells.
    fn rounding(&self) -> f64 {
        f64::EPSILON * self.top.abs().max(1.0)
    }
    /// Σ w e^(kl) lʲ with l = ln x − top, j = 0, 1, 2.
    fn sums(&self, k: f64) -> [f64; 3] {
        let mut sums = [0.0; 3];
        for &(log_x, weight) in &self.rows {
            let l = log_x - self.top;
            let term = weight * (k * l).exp();
            sums[0] += term;
            sums[1] += term * l;
            sums[2] += term * l * l;
        }
        sums
    }
    /// The shape and ln λ of the maximum; `None` when Newton's method does not end.
    pub(super) fn solve(&self) -> Option<(f64, f64)> {
        // The standard deviation of ln x is π/(√6 k).
        let start = std::f64::consts::PI / (6.0 * self.spread).sqrt();
        let shape = newton_in_bracket(start, (1e-6 * start, 1e6 * start), |k| {
            let [s0, s1, s2] = self.sums(k);
            let tilted = s1 / s0;
            // Times k: near a straight line.
            let gap = tilted - self.mean - 1.0 / k;
            let slope = (s2 / s0 - tilted * tilted) + 1.0 / (k * k);
            (k * gap, gap + k * slope)
        })?;
        let log_scale = self.top + (self.sums(shape)[0] / self.total).ln() / shape;
        Some((shape, log_scale))
    }
}

impl WeibullStatistics {
    /// Adds observations of total weight `weight` whose means of L and of eLʲ are known.
    pub(super) fn add_means(&mut self, logs: f64, powers: [f64; 3], weight: f64) {
        self.weight += weight;
        self.logs += weight * logs;
        for (sum, mean) in self.powers.iter_mut().zip(powers) {
            *sum += weight * mean;
        }
    }
    /// Σ w L.
    pub fn logs(&self) -> f64 {
        self.logs
    }
    /// Σ w e Lʲ for j = 0, 1, 2.
    pub fn powers(&self) -> [f64; 3] {
        self.powers
    }
}

impl Statistics for WeibullStatistics {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        *self = WeibullStatistics::default();
    }
    fn merge(&mut self, other: &Self) {
        self.weight += other.weight;
        self.logs += other.logs;
        for (mine, theirs) in self.powers.iter_mut().zip(other.powers) {
            *mine += theirs;
        }
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        self.logs *= factor;
        self.powers = self.powers.map(|sum| sum * factor);
    }
}

impl Weibull {
    /// The Weibull distribution with this shape and scale.
    ///
    /// # Errors
    /// When one of them is not positive and finite.
    pub fn new(shape: f64, scale: f64) -> Result<Self, ParameterError> {
        let valid = |x: f64| x > 0.0 && x.is_finite();
        ParameterError::require(valid(shape), "shape", shape, "must be positive and finite")?;
        ParameterError::require(valid(scale), "scale", scale, "must be positive and finite")?;
        Ok(Weibull {
            shape,
            scale,
            log_shape: shape.ln(),
            log_scale: scale.ln(),
        })
    }
    /// k.
    pub fn shape(&self) -> f64 {
        self.shape
    }
    /// λ.
    pub fn scale(&self) -> f64 {
        self.scale
    }
    /// ln k and ln λ.
    pub(super) fn logs(&self) -> (f64, f64) {
        (self.log_shape, self.log_scale)
    }
    /// k ln(x/λ), from the prepared ln x while its rounding, k times that of the logarithms, is
    /// below what is promised.
    #[inline]
    pub(super) fn log_power(&self, x: f64, log_x: f64) -> f64 {
        if self.shape * (log_x.abs() + self.log_scale.abs()) <= 64.0 {
            return self.shape * (log_x - self.log_scale);
        }
        let beyond = (x - self.scale) / self.scale;
        if beyond.abs() < 0.5 {
            return self.shape * beyond.ln_1p();
        }
        let ratio = x / self.scale;
        if ratio > 1e-300 && ratio < 1e300 {
            self.shape * ratio.ln()
        } else {
            self.shape * (log_x - self.log_scale)
        }
    }
    /// ln p(x) elsewhere than inside the support: the limit at 0, else nothing.
    fn log_density_outside(&self, x: f64) -> f64 {
        if x != 0.0 || self.shape > 1.0 {
            f64::NEG_INFINITY
        } else if self.shape == 1.0 {
            -self.log_scale
        } else {
            f64::INFINITY
        }
    }
}

impl Density for Weibull {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if !(x > 0.0 && x < f64::INFINITY) {
            return self.log_density_outside(x);
        }
        let log_x = super::ln(x);
        let log_power = self.log_power(x, log_x);
        let mut power = [log_power];
        exp_slice(&mut power);
        (self.log_shape - log_x) + (log_power - power[0])
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        super::require_positive(x)
    }
    fn prepared_width(&self) -> usize {
        1
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        super::prepare_ln(xs, into);
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let mut powers = scratch.take(xs.len());
        for (i, &x) in xs.iter().enumerate() {
            let inside = x > 0.0 && x < f64::INFINITY;
            let log_power = if inside {
                self.log_power(x, prepared[i])
            } else {
                0.0
            };
            powers[i] = log_power;
            out[i] = log_power;
        }
        exp_slice(&mut powers);
        for (i, &x) in xs.iter().enumerate() {
            out[i] = if x > 0.0 && x < f64::INFINITY {
                (self.log_shape - prepared[i]) + (out[i] - powers[i])
            } else {
                self.log_density_outside(x)
            };
        }
        scratch.give(powers);
    }
}

impl Component for Weibull {
    type Statistics = WeibullStatistics;

    fn empty_statistics(&self) -> WeibullStatistics {
        WeibullStatistics::default()
    }
    fn accumulate(&self, into: &mut WeibullStatistics, x: f64, weight: f64) {
        let log_power = self.log_power(x, super::ln(x));
        into.add(log_power / self.shape, log_power.exp(), weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut WeibullStatistics,
        xs: &[f64],
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let (mut logs, mut powers) = (scratch.take(xs.len()), scratch.take(xs.len()));
        for (i, &x) in xs.iter().enumerate() {
            if weights[i] > 0.0 {
                powers[i] = self.log_power(x, prepared[i]);
                logs[i] = powers[i] / self.shape;
            }
        }
        exp_slice(&mut powers);
        let mut block = WeibullStatistics::default();
        for (i, &weight) in weights.iter().enumerate() {
            if weight > 0.0 {
                block.add(logs[i], powers[i], weight);
            }
        }
        into.merge(&block);
        scratch.give(logs);
        scratch.give(powers);
    }
    fn maximize(&self, from: &WeibullStatistics) -> Result<Self, EstimateError> {
        if !(from.weight > 0.0) {
            return Err(EstimateError::empty());
        }
        let step = from.newton_step(self.shape);
        let step = step.filter(|step| step.shape < 1e15).ok_or_else(|| {
            EstimateError::boundary("shape", f64::INFINITY, "all its observations coincide")
                .with_count(from.weight)
        })?;
        let scale = self.scale * step.log_scale_change.exp();
        Ok(Weibull::new(step.shape, scale)?)
    }
    fn parameter_count(&self) -> usize {
        2
    }
    fn one_step(&self) -> bool {
        true
    }
    /// Along ln k and ln λ.
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let between = |a: f64, b: f64| a * ((b / a).ln() * fraction).exp();
        let (shape, scale) = (
            between(self.shape, next.shape),
            between(self.scale, next.scale),
        );
        Weibull::new(shape, scale).unwrap_or_else(|_| self.clone())
    }
    /// To full precision, whatever the iterate.
    fn estimate(&self, xs: &[f64], weights: &[f64]) -> Result<Self, EstimateError> {
        let weighty = xs.iter().zip(weights).filter(|&(_, &weight)| weight > 0.0);
        let rows = weighty.map(|(&x, &weight)| (super::ln(x), weight));
        let logs = WeightedLogs::new(rows.collect()).ok_or_else(EstimateError::empty)?;
        if !(logs.spread > 16.0 * logs.rounding().powi(2)) {
            return Err(EstimateError::boundary(
                "shape",
                f64::INFINITY,
                "all its observations coincide",
            )
            .with_count(logs.total));
        }
        let (shape, log_scale) = logs.solve().ok_or_else(|| {
            EstimateError::new(Reason::NotConverged {
                parameter: "shape",
                iterations: 200,
            })
        })?;
        Ok(Weibull::new(shape, log_scale.exp())?)
    }
}

impl Coordinates for Weibull {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend([self.log_shape, self.log_scale]);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (log_shape, log_scale) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(Weibull::new(log_shape.exp(), log_scale.exp())?)
    }
}

impl Sample for Weibull {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = Exp1.sample(rng);
        into.push(super::inside_positive(
            self.scale * (z.ln() / self.shape).exp(),
        ));
    }
}
