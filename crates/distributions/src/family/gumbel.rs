//! The Gumbel distribution of maxima.

use super::latent_scale::require_spread;
use super::weibull::{WeibullStatistics, WeightedLogs};
use crate::serde_parameters::serde_parameters;
use crate::simd::exp_slice;
use crate::special::{ln_1m_exp, ln_gamma_1p};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, IntervalStatistics, ParameterError,
    Reason, Sample, Scalars, Scratch, Statistics, Univariate, next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, Exp1};

/// Euler's constant γ.
const EULER: f64 = 0.577_215_664_901_532_86;

/// The z past which e^(−z) is close to underflow.
const FAR: f64 = 700.0;

/// The Gumbel distribution (of **maxima**: the long tail is on the right) with location m and scale s.
///
/// # Density
/// With z = (x − m)/s, p(x) = (1/s) exp(−z − e^(−z)) on the real line.
///
/// # Sufficient statistics
/// None while s is estimated. e^(−x) has a Weibull distribution with shape 1/s and scale e^(−m), and
/// what its M-step needs is kept ([`WeibullStatistics`]).
///
/// # M-step
/// One Newton step ([`one_step`](Component::one_step)), that of the Weibull distribution.
/// [`estimate`](Component::estimate), which sees the rows, solves the equation
/// s = mean x − Σ w x e^(−x/s) / Σ w e^(−x/s) to full precision; m = −s ln(Σ w e^(−x/s)/N). No maximum
/// exists when all observations coincide (s → 0).
///
/// # Errors
/// [`Gumbel::new`] refuses a location that is not finite, and a scale that is not positive, finite
/// and normal.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Gumbel};
/// let family = Gumbel::new(1.0, 2.0)?;
/// assert!((family.log_density(1.0) - (-(2f64.ln()) - 1.0)).abs() < 1e-15);
/// let fitted = family.estimate(&[0.0, 1.0, 3.0], &[1.0, 1.0, 1.0])?;
/// assert!(fitted.location() < 4.0 / 3.0); // below the mean
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 22.
#[derive(Clone, Debug, PartialEq)]
pub struct Gumbel {
    location: f64,
    scale: f64,
    /// ln s and 1/s, taken once.
    log_scale: f64,
    inverse_scale: f64,
}

serde_parameters!(Gumbel {
    location: f64,
    scale: f64
});

impl Gumbel {
    /// The Gumbel distribution with this location and scale.
    ///
    /// # Errors
    /// When `location` is not finite, or `scale` is not positive, finite and normal.
    pub fn new(location: f64, scale: f64) -> Result<Self, ParameterError> {
        super::require_location_scale(location, scale)?;
        Ok(Gumbel {
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
    /// The Kullback–Leibler divergence KL(self ‖ other), in nats.
    pub fn kl_divergence(&self, other: &Self) -> f64 {
        let ratio = self.scale * other.inverse_scale;
        let shift = (self.location - other.location) * other.inverse_scale;
        let tilted = (ln_gamma_1p(ratio) - shift).exp_m1();
        tilted + shift - ratio.ln() + EULER * (ratio - 1.0)
    }
    /// z = (x − m)/s.
    #[inline]
    fn standardised(&self, x: f64) -> f64 {
        (x - self.location) * self.inverse_scale
    }
    /// −z − e^(−z) − ln s, given e^(−z); where that is ∞ or 0 the other term does not matter.
    #[inline]
    fn log_density_of(&self, z: f64, power: f64) -> f64 {
        // −∞ − (−∞) at z = −∞.
        if power == f64::INFINITY {
            f64::NEG_INFINITY
        } else {
            -(z + power) - self.log_scale
        }
    }
    fn coincide(count: f64) -> EstimateError {
        EstimateError::boundary("scale", 0.0, "all its observations coincide").with_count(count)
    }
}

impl Density for Gumbel {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        let z = self.standardised(x);
        let mut power = [-z];
        exp_slice(&mut power);
        self.log_density_of(z, power[0])
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
            *value = -self.standardised(x);
        }
        exp_slice(out);
        for (value, &x) in out.iter_mut().zip(xs) {
            *value = self.log_density_of(self.standardised(x), *value);
        }
    }
}

impl Component for Gumbel {
    type Statistics = WeibullStatistics;

    fn empty_statistics(&self) -> WeibullStatistics {
        WeibullStatistics::default()
    }
    fn accumulate(&self, into: &mut WeibullStatistics, x: f64, weight: f64) {
        let z = self.standardised(x);
        into.add(-z * self.scale, (-z).exp(), weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut WeibullStatistics,
        xs: &[f64],
        _prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let mut powers = scratch.take_dirty(xs.len());
        for (power, &x) in powers.iter_mut().zip(xs) {
            *power = -self.standardised(x);
        }
        exp_slice(&mut powers);
        let mut block = WeibullStatistics::default();
        for ((&power, &x), &weight) in powers.iter().zip(xs).zip(weights) {
            if weight > 0.0 {
                block.add(self.location - x, power, weight);
            }
        }
        into.merge(&block);
        scratch.give(powers);
    }
    fn maximize(&self, from: &WeibullStatistics) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        let step = from.newton_step(self.inverse_scale);
        let step = step.ok_or_else(|| Self::coincide(from.weight()))?;
        let (location, scale) = (self.location - step.log_scale_change, 1.0 / step.shape);
        require_spread(location, scale).map_err(|error| error.with_count(from.weight()))?;
        Ok(Gumbel::new(location, scale)?)
    }
    fn parameter_count(&self) -> usize {
        2
    }
    fn one_step(&self) -> bool {
        true
    }
    /// Along the location and the logarithm of the scale.
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let location = self.location + (next.location - self.location) * fraction;
        let log_scale = self.log_scale + (next.log_scale - self.log_scale) * fraction;
        Gumbel::new(location, log_scale.exp()).unwrap_or_else(|_| self.clone())
    }
    /// To full precision, whatever the iterate.
    fn estimate(&self, xs: &[f64], weights: &[f64]) -> Result<Self, EstimateError> {
        let weighty = || xs.iter().zip(weights).filter(|&(_, &weight)| weight > 0.0);
        let low = weighty().fold(f64::INFINITY, |low, (&x, _)| low.min(x));
        let high = weighty().fold(f64::NEG_INFINITY, |high, (&x, _)| high.max(x));
        // In units of the range, so that neither an offset nor a tiny scale costs digits.
        let range = high - low;
        let rows = weighty().map(|(&x, &weight)| ((low - x) / range, weight));
        let logs = WeightedLogs::new(rows.collect()).ok_or_else(EstimateError::empty)?;
        if !(range > 0.0) {
            return Err(Self::coincide(logs.total));
        }
        let (shape, log_scale) = logs.solve().ok_or_else(|| {
            EstimateError::new(Reason::NotConverged {
                parameter: "scale",
                iterations: 200,
            })
        })?;
        let (location, scale) = (low - range * log_scale, range / shape);
        require_spread(location, scale).map_err(|error| error.with_count(logs.total))?;
        Ok(Gumbel::new(location, scale)?)
    }
}

impl Coordinates for Gumbel {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend([self.location, self.log_scale]);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (location, log_scale) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(Gumbel::new(location, log_scale.exp())?)
    }
}

impl Sample for Gumbel {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = Exp1.sample(rng);
        into.push(super::inside_reals(self.location - self.scale * z.ln()));
    }
}

impl Gumbel {
    /// e^(−z) at `high`, and how far that at `low` lies above it.
    fn power_and_width(&self, low: f64, high: f64) -> (f64, f64) {
        let (near, far) = (self.standardised(high), self.standardised(low));
        let from = (-near).exp();
        let width = if near - far < 1.0 {
            from * (near - far).exp_m1()
        } else {
            (-far).exp() - from
        };
        (from, width)
    }
}

impl Univariate for Gumbel {
    fn cdf(&self, x: f64) -> f64 {
        (-(-self.standardised(x)).exp()).exp()
    }
    fn sf(&self, x: f64) -> f64 {
        -(-(-self.standardised(x)).exp()).exp_m1()
    }
    fn quantile(&self, p: f64) -> f64 {
        self.location - self.scale * (-p.ln()).ln()
    }
    /// m + γs.
    fn mean(&self) -> f64 {
        self.location + EULER * self.scale
    }
    /// π²s²/6.
    fn variance(&self) -> f64 {
        (std::f64::consts::PI * self.scale).powi(2) / 6.0
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        let (near, far) = (self.standardised(high), self.standardised(low));
        if far > FAR && far < near {
            // e^(−z) − e^(−e^(−z)) is below rounding there.
            return ln_1m_exp(far - near) - far;
        }
        let (from, width) = self.power_and_width(low, high);
        super::exponential_log_probability(from, width)
    }
}

impl Entropy for Gumbel {
    /// ln s + γ + 1.
    fn entropy(&self) -> f64 {
        self.log_scale + EULER + 1.0
    }
}

impl IntervalStatistics for Gumbel {
    /// e^(−z) is a unit exponential variable: the sums of a Weibull distribution.
    fn accumulate_interval(&self, into: &mut WeibullStatistics, low: f64, high: f64, weight: f64) {
        let (near, far) = (self.standardised(high), self.standardised(low));
        if far > FAR && far < f64::MAX {
            // So far out z is exponential, and e^(−z) as good as 0.
            let beyond = super::truncated_exponential_mean((near - far).max(0.0));
            return into.add_means(-(far + beyond) * self.scale, [0.0; 3], weight);
        }
        let (from, width) = self.power_and_width(low, high);
        into.add_interval((from, from + width), self.scale, weight);
    }
}
