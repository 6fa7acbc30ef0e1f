//! The logistic distribution.

use super::bounded::Bounded;
use super::bounded_sech::BoundedSech;
use super::divergence;
use super::latent_scale::LatentScaleStatistics;
use crate::serde_parameters::serde_parameters;
use crate::simd::{exp_slice, ln_1p_slice, sum};
use crate::special::{logistic, logit};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, IntervalStatistics, Moments,
    ParameterError, Sample, Scalars, Scratch, Statistics, Univariate, next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, Exp1};

/// Passes over the rows in an estimate. The steps of the M-step shrink by about 0.3 each, so forty
/// reach rounding; a larger share is seen only for data far from any logistic distribution.
const PASSES: usize = 500;

/// The logistic distribution with location m and scale s.
///
/// # Density
/// With z = (x − m)/s, p(x) = e^(−z) / (s (1 + e^(−z))²) on the real line.
///
/// # Sufficient statistics
/// None of fixed size. The logistic distribution is a scale mixture of normals: given the current m
/// and s, each observation has a latent precision u = tanh(z/2)/z in units of 1/s², and the moments of
/// x weighted by w u are kept ([`LatentScaleStatistics`]).
///
/// # M-step
/// m = Σ w u x / Σ w u and s² = Σ w u (x − m)² / N with N = Σ w: the maximum of the quadratic bound
/// ln p(x) ≥ −ln s − u z²/2 + constant, which touches at the iterate. It never lowers the likelihood,
/// and closes about 0.7 of what is left each time. [`estimate`](Component::estimate), which sees the
/// rows, repeats it to full precision. No maximum exists when all observations coincide (s → 0).
///
/// # Errors
/// [`Logistic::new`] refuses a location that is not finite, and a scale that is not positive, finite
/// and normal.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Logistic};
/// let family = Logistic::new(1.0, 2.0)?;
/// assert!((family.log_density(1.0) + 8f64.ln()).abs() < 1e-15);
/// let fitted = family.estimate(&[-1.0, 0.0, 1.0], &[1.0, 1.0, 1.0])?;
/// assert!(fitted.location().abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Jaakkola & Jordan (2000), Bayesian parameter estimation via variational methods (the bound);
/// Polson, Scott & Windle (2013), Bayesian inference for logistic models (the latent precisions).
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    location: f64,
    scale: f64,
    /// ln s and 1/s, taken once.
    log_scale: f64,
    inverse_scale: f64,
}

serde_parameters!(Logistic {
    location: f64,
    scale: f64
});

impl Logistic {
    /// The logistic distribution with this location and scale.
    ///
    /// # Errors
    /// When `location` is not finite, or `scale` is not positive, finite and normal.
    pub fn new(location: f64, scale: f64) -> Result<Self, ParameterError> {
        super::require_location_scale(location, scale)?;
        Ok(Logistic {
            location,
            scale,
            log_scale: scale.ln(),
            inverse_scale: 1.0 / scale,
        })
    }
    /// m.
    pub fn location(&self) -> f64 {
        self.location
    }
    /// s.
    pub fn scale(&self) -> f64 {
        self.scale
    }
    /// z = (x − m)/s.
    #[inline]
    fn standardised(&self, x: f64) -> f64 {
        (x - self.location) * self.inverse_scale
    }
}

/// tanh(z/2)/z from |z| and e^(−|z|): ½ at 0.
#[inline]
fn precision(size: f64, exponential: f64) -> f64 {
    // Below, where (1 − e)/z would lose digits, the series ½ − z²/24 + z⁴/240 − …
    if size < 1e-2 {
        let square = size * size;
        0.5 - square * (1.0 / 24.0 - square * (1.0 / 240.0))
    } else {
        (1.0 - exponential) / ((1.0 + exponential) * size)
    }
}

impl Density for Logistic {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        let mut value = [0.0];
        self.log_density_batch(&[x], &[], &mut value, &mut Scratch::default());
        value[0]
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        super::require_finite(x)
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        _prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        for (value, &x) in out.iter_mut().zip(xs) {
            *value = -self.standardised(x).abs();
        }
        exp_slice(out);
        ln_1p_slice(out);
        for (value, &x) in out.iter_mut().zip(xs) {
            *value = -self.standardised(x).abs() - 2.0 * *value - self.log_scale;
        }
    }
}

impl Component for Logistic {
    type Statistics = LatentScaleStatistics;

    fn empty_statistics(&self) -> LatentScaleStatistics {
        LatentScaleStatistics::default()
    }
    fn accumulate(&self, into: &mut LatentScaleStatistics, x: f64, weight: f64) {
        let size = self.standardised(x).abs();
        into.add(x, precision(size, (-size).exp()), 0.0, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut LatentScaleStatistics,
        xs: &[f64],
        _prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let mut products = scratch.take_dirty(xs.len());
        for (value, &x) in products.iter_mut().zip(xs) {
            *value = -self.standardised(x).abs();
        }
        exp_slice(&mut products);
        for ((value, &x), &weight) in products.iter_mut().zip(xs).zip(weights) {
            let precision = precision(self.standardised(x).abs(), *value);
            *value = if weight > 0.0 {
                weight * precision
            } else {
                0.0
            };
        }
        into.add_slice(xs, &products, self.location, sum(weights), 0.0);
        scratch.give(products);
    }
    fn maximize(&self, from: &LatentScaleStatistics) -> Result<Self, EstimateError> {
        let (location, scale) = from.location_scale(from.weight())?;
        Ok(Logistic::new(location, scale)?)
    }
    fn parameter_count(&self) -> usize {
        2
    }
    /// To full precision, whatever the iterate.
    fn estimate(&self, xs: &[f64], weights: &[f64]) -> Result<Self, EstimateError> {
        let mut moments = Moments::default();
        for (xs, weights) in super::blocks(xs, weights) {
            moments.add_slice(xs, weights);
        }
        let (mean, variance) = super::normal::normal_from_moments(&moments, "scale")?;
        // The standard deviation is πs/√3.
        let mut current = Logistic::new(mean, variance.sqrt() * 0.55)?;
        let mut scratch = Scratch::default();
        for _ in 0..PASSES {
            let mut statistics = LatentScaleStatistics::default();
            for (xs, weights) in super::blocks(xs, weights) {
                current.accumulate_batch(&mut statistics, xs, &[], weights, &mut scratch);
            }
            let next = current.maximize(&statistics)?;
            let moved = (next.location - current.location).abs();
            let scaled = (next.scale - current.scale).abs();
            current = next;
            // A few roundings: the location cannot settle below its own.
            let least = 1e-14 * current.scale;
            if scaled <= least && moved <= least + f64::EPSILON * current.location.abs() {
                break;
            }
        }
        Ok(current)
    }
}

impl Coordinates for Logistic {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend([self.location, self.log_scale]);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (location, log_scale) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(Logistic::new(location, log_scale.exp())?)
    }
}

impl Sample for Logistic {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        // The logarithm of a ratio of two exponential draws; that of u/(1 − u) would end at 36.
        let (up, down): (f64, f64) = (Exp1.sample(rng), Exp1.sample(rng));
        let x = self.location + self.scale * (up / down).ln();
        into.push(super::inside_reals(x));
    }
}

impl Logistic {
    /// The Kullback–Leibler divergence KL(self ‖ other), in nats. By quadrature, to about 1e-13 of it
    /// and rounding of its root.
    pub fn kl_divergence(&self, other: &Self) -> f64 {
        divergence::by_quadrature((self, self.extent()), (other, other.extent()))
    }
    /// Where the density changes.
    fn extent(&self) -> divergence::Scale {
        divergence::Scale {
            centre: self.location,
            unit: self.scale,
        }
    }
}

impl Univariate for Logistic {
    fn cdf(&self, x: f64) -> f64 {
        logistic(self.standardised(x))
    }
    fn sf(&self, x: f64) -> f64 {
        logistic(-self.standardised(x))
    }
    fn quantile(&self, p: f64) -> f64 {
        self.location + self.scale * logit(p)
    }
    fn mean(&self) -> f64 {
        self.location
    }
    /// π²s²/3.
    fn variance(&self) -> f64 {
        (std::f64::consts::PI * self.scale).powi(2) / 3.0
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        super::log_probability_or(self, (low, high), || {
            let bounded = self.bounded(low, high);
            let x = self.location + 2.0 * self.scale * bounded.origin();
            bounded.log_total() + (2.0 * self.scale).ln() + self.log_density(x)
        })
    }
}

impl Entropy for Logistic {
    /// ln s + 2.
    fn entropy(&self) -> f64 {
        self.log_scale + 2.0
    }
}

impl Logistic {
    /// Half of z between the bounds.
    fn bounded(&self, low: f64, high: f64) -> BoundedSech {
        let half = |x: f64| 0.5 * self.standardised(x);
        BoundedSech::new(
            2.0,
            (half(low), half(high)),
            0.5 * (high - low) * self.inverse_scale,
        )
    }
}

impl IntervalStatistics for Logistic {
    /// By quadrature of the latent precisions under the iterate.
    fn accumulate_interval(
        &self,
        into: &mut LatentScaleStatistics,
        low: f64,
        high: f64,
        weight: f64,
    ) {
        let bounded = self.bounded(low, high);
        let z = 2.0 * bounded.origin();
        bounded.add(into, self.location + self.scale * z, weight, |s| {
            let size = (z + 2.0 * s).abs();
            (2.0 * self.scale * s, precision(size, (-size).exp()), 0.0)
        });
    }
}
