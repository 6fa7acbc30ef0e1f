//! The log-normal distribution.

use super::normal::{HALF_LN_TWO_PI, normal_from_moments};
use super::truncated_normal::Truncated;
use crate::serde_parameters::serde_parameters;
use crate::special::{ln_1m_exp, normal_cdf, normal_quantile, normal_sf};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    Moments, ParameterError, Sample, Scalars, Scratch, Statistics, Univariate, next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// The log-normal distribution: ln x is normal with mean m and **variance** v.
///
/// # Density
/// p(x) = (2πv)^(−½) x⁻¹ exp(−(ln x − m)²/(2v)) for x > 0.
///
/// # Sufficient statistics
/// T(x) = (ln x, ln² x), η = (m/v, −1/(2v)), A = m²/(2v) + ½ ln v, h(x) = (2π)^(−½)/x. The M-step
/// keeps the centred form ([`Moments`] of ln x).
///
/// # M-step
/// Closed: m and v are the weighted mean and variance of ln x. No maximum exists when all
/// observations coincide (v → 0, an unbounded likelihood).
///
/// # Errors
/// [`LogNormal::new`] refuses a `log_mean` that is not finite and a `log_variance` that is not
/// positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, LogNormal};
/// let family = LogNormal::new(0.0, 1.0)?;
/// assert!((family.log_density(10.0) + 5.8724726814379174).abs() < 1e-14);
/// let e = std::f64::consts::E;
/// let fitted = family.estimate(&[1.0, e * e], &[1.0, 1.0])?;
/// assert_eq!((fitted.log_mean(), fitted.log_variance()), (1.0, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 14.
#[derive(Clone, Debug, PartialEq)]
pub struct LogNormal {
    log_mean: f64,
    log_variance: f64,
    /// −½ ln 2πv, taken once.
    log_constant: f64,
    /// v^(−½), taken once.
    inverse_deviation: f64,
}

serde_parameters!(LogNormal {
    log_mean: f64,
    log_variance: f64
});

impl LogNormal {
    /// The distribution of exp(z) for z normal with this mean and variance.
    ///
    /// # Errors
    /// When `log_mean` is not finite, or `log_variance` is not positive and finite.
    pub fn new(log_mean: f64, log_variance: f64) -> Result<Self, ParameterError> {
        ParameterError::require(log_mean.is_finite(), "log_mean", log_mean, "must be finite")?;
        ParameterError::require(
            log_variance > 0.0 && log_variance.is_finite(),
            "log_variance",
            log_variance,
            "must be positive and finite",
        )?;
        Ok(LogNormal {
            log_mean,
            log_variance,
            log_constant: -HALF_LN_TWO_PI - 0.5 * log_variance.ln(),
            inverse_deviation: 1.0 / log_variance.sqrt(),
        })
    }
    /// The mean m of ln x.
    pub fn log_mean(&self) -> f64 {
        self.log_mean
    }
    /// The variance v of ln x.
    pub fn log_variance(&self) -> f64 {
        self.log_variance
    }
    /// (ln x − m)/√v for x > 0.
    fn standardised(&self, x: f64) -> f64 {
        (super::ln(x) - self.log_mean) * self.inverse_deviation
    }
    /// ln p(x) from ln x, for x inside the support.
    fn log_density_of(&self, log_x: f64) -> f64 {
        let z = (log_x - self.log_mean) * self.inverse_deviation;
        self.log_constant - log_x - 0.5 * (z * z)
    }
}

impl Density for LogNormal {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            self.log_density_of(super::ln(x))
        } else {
            f64::NEG_INFINITY
        }
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
        _scratch: &mut Scratch,
    ) {
        for ((value, &x), &log_x) in out.iter_mut().zip(xs).zip(prepared) {
            *value = if x > 0.0 && x < f64::INFINITY {
                self.log_density_of(log_x)
            } else {
                f64::NEG_INFINITY
            };
        }
    }
}

impl Component for LogNormal {
    type Statistics = Moments;

    fn empty_statistics(&self) -> Moments {
        Moments::default()
    }
    fn accumulate(&self, into: &mut Moments, x: f64, weight: f64) {
        into.add(super::ln(x), weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut Moments,
        _xs: &[f64],
        prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        into.add_slice(prepared, weights);
    }
    fn maximize(&self, from: &Moments) -> Result<Self, EstimateError> {
        let (log_mean, log_variance) = normal_from_moments(from, "log_variance")?;
        Ok(LogNormal::new(log_mean, log_variance)?)
    }
    fn parameter_count(&self) -> usize {
        2
    }
}

impl ExponentialFamily for LogNormal {
    type Vector = [f64; 2];

    fn statistic(&self, x: f64) -> [f64; 2] {
        let log_x = x.ln();
        [log_x, log_x * log_x]
    }
    fn log_base(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            -HALF_LN_TWO_PI - x.ln()
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 2] {
        [self.log_mean / self.log_variance, -0.5 / self.log_variance]
    }
    fn log_partition(&self) -> f64 {
        0.5 * (self.log_mean * self.log_mean / self.log_variance + self.log_variance.ln())
    }
    fn expected(&self) -> [f64; 2] {
        [
            self.log_mean,
            self.log_mean * self.log_mean + self.log_variance,
        ]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        Ok(LogNormal::new(mean[0], mean[1] - mean[0] * mean[0])?)
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// The statistic in centred form, from the parameters themselves.
    fn pseudo_statistics(&self, weight: f64) -> Moments {
        Moments::new(weight, self.log_mean, weight * self.log_variance)
    }
    /// As for the normal distributions of ln x.
    fn kl_divergence(&self, other: &Self) -> f64 {
        let shift = (self.log_mean - other.log_mean) * other.inverse_deviation;
        0.5 * (shift * shift + super::excess(self.log_variance, other.log_variance))
    }
}

impl Coordinates for LogNormal {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend([self.log_mean, self.log_variance.ln()]);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (log_mean, log_log_variance) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(LogNormal::new(log_mean, log_log_variance.exp())?)
    }
}

impl Sample for LogNormal {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = StandardNormal.sample(rng);
        let log_x = self.log_mean + self.log_variance.sqrt() * z;
        into.push(super::inside_positive(log_x.exp()));
    }
}

impl Univariate for LogNormal {
    fn cdf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            0.0
        } else {
            normal_cdf(self.standardised(x))
        }
    }
    fn sf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            1.0
        } else {
            normal_sf(self.standardised(x))
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        (self.log_mean + self.log_variance.sqrt() * normal_quantile(p)).exp()
    }
    /// e^(m + v/2).
    fn mean(&self) -> f64 {
        (self.log_mean + 0.5 * self.log_variance).exp()
    }
    /// (e^v − 1) e^(2m + v).
    fn variance(&self) -> f64 {
        let (m, v) = (self.log_mean, self.log_variance);
        let value = v.exp_m1() * (2.0 * m + v).exp();
        if value > 0.0 && value < f64::INFINITY {
            value
        } else {
            // One factor may leave the range of doubles where the product does not.
            (2.0 * (m + v) + ln_1m_exp(-v)).exp()
        }
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        let standardised = |x: f64| {
            if x <= 0.0 {
                f64::NEG_INFINITY
            } else {
                self.standardised(x)
            }
        };
        super::truncated_normal::log_probability(standardised(low), standardised(high))
    }
}

impl Entropy for LogNormal {
    /// m + ½ ln 2πev.
    fn entropy(&self) -> f64 {
        self.log_mean + (0.5 - self.log_constant)
    }
}

impl IntervalStatistics for LogNormal {
    /// That of the normal distribution of ln x between the logarithms of the bounds.
    fn accumulate_interval(&self, into: &mut Moments, low: f64, high: f64, weight: f64) {
        let log = |x: f64| if x > 0.0 { x.ln() } else { f64::NEG_INFINITY };
        // No logarithm of the support is infinite.
        let (low, high) = (log(low), log(high.max(f64::MIN_POSITIVE)));
        let standardised = |log_x: f64| (log_x - self.log_mean) * self.inverse_deviation;
        let truncated = Truncated::new(standardised(low), standardised(high));
        let (mean, variance) =
            truncated.scaled((low, high), self.log_mean, self.log_variance.sqrt());
        into.merge(&Moments::new(weight, mean, weight * variance));
    }
}
