//! The normal distribution.

use super::truncated_normal::{self, Truncated};
use crate::serde_parameters::serde_parameters;
use crate::simd;
use crate::special::{normal_cdf, normal_quantile, normal_sf};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    LEAST_SHARE, Moments, ParameterError, Sample, Scalars, Scratch, Statistics, Univariate,
    next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// ½ ln 2π.
pub(super) const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_741_78;

/// The normal distribution with mean μ and **variance** σ².
///
/// # Density
/// p(x) = (2πσ²)^(−½) exp(−(x − μ)²/(2σ²)) on the real line.
///
/// # Sufficient statistics
/// T(x) = (x, x²), η = (μ/σ², −1/(2σ²)), A = μ²/(2σ²) + ½ ln σ², h(x) = (2π)^(−½). The M-step keeps
/// the centred form ([`Moments`]): raw second moments would cancel.
///
/// # M-step
/// Closed: μ = Σ w x / N, σ² = Σ w (x − μ)² / N with N = Σ w. No maximum exists when all
/// observations coincide (σ² → 0, an unbounded likelihood).
///
/// # Errors
/// [`Normal::new`] refuses a mean that is not finite and a variance that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Normal};
/// let normal = Normal::new(2.0, 1.0)?;
/// assert!((normal.log_density(3.5).exp() - 0.129517595665892).abs() < 1e-15);
/// let fitted = normal.estimate(&[1.0, 2.0, 4.0], &[1.0, 1.0, 2.0])?;
/// assert_eq!((fitted.mean(), fitted.variance()), (2.75, 1.6875));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Bishop (2006), Pattern Recognition and Machine Learning, section 2.3.
#[derive(Clone, Debug, PartialEq)]
pub struct Normal {
    mean: f64,
    variance: f64,
    /// −½ ln 2πσ², taken once.
    log_constant: f64,
    /// 1/σ, taken once.
    inverse_deviation: f64,
    /// The floor under the variance; 0 where there is none.
    least_variance: f64,
}

serde_parameters!(Normal {
    mean: f64,
    variance: f64
});

impl Normal {
    /// The normal distribution with this mean and variance.
    ///
    /// # Errors
    /// When `mean` is not finite, or `variance` is not positive and finite.
    pub fn new(mean: f64, variance: f64) -> Result<Self, ParameterError> {
        ParameterError::require(mean.is_finite(), "mean", mean, "must be finite")?;
        ParameterError::require(
            variance > 0.0 && variance.is_finite(),
            "variance",
            variance,
            "must be positive and finite",
        )?;
        Ok(Normal {
            mean,
            variance,
            log_constant: -HALF_LN_TWO_PI - 0.5 * variance.ln(),
            inverse_deviation: 1.0 / variance.sqrt(),
            least_variance: 0.0,
        })
    }
    /// N(0, 1).
    pub fn standard() -> Self {
        Normal {
            mean: 0.0,
            variance: 1.0,
            log_constant: -HALF_LN_TWO_PI,
            inverse_deviation: 1.0,
            least_variance: 0.0,
        }
    }
    /// μ.
    pub fn mean(&self) -> f64 {
        self.mean
    }
    /// σ².
    pub fn variance(&self) -> f64 {
        self.variance
    }
    /// The member with this mean, and this variance or the least, above the same floor.
    fn above_floor(&self, mean: f64, variance: f64) -> Result<Self, ParameterError> {
        // Not `max`, which would hide NaN.
        let variance = if variance < self.least_variance {
            self.least_variance
        } else {
            variance
        };
        Ok(Normal {
            least_variance: self.least_variance,
            ..Normal::new(mean, variance)?
        })
    }
    /// (x − μ)/σ.
    fn standardised(&self, x: f64) -> f64 {
        (x - self.mean) * self.inverse_deviation
    }
}

/// The estimate from centred moments; shared by the families that are normal after a transformation.
/// `parameter` is what the family calls the variance.
pub(super) fn normal_from_moments(
    from: &Moments,
    parameter: &'static str,
) -> Result<(f64, f64), EstimateError> {
    if !(from.weight() > 0.0) {
        return Err(EstimateError::empty());
    }
    let (mean, variance) = (from.mean(), from.variance());
    // Below the rounding of the mean itself, a variance has no correct digit.
    let rounding = 4.0 * f64::EPSILON * mean;
    let because = if !variance.is_finite() {
        "its observations are too large to be squared"
    } else if !(variance > rounding * rounding) {
        "all its observations coincide, or differ by too little to be squared"
    } else {
        return Ok((mean, variance));
    };
    Err(EstimateError::boundary(parameter, variance, because).with_count(from.weight()))
}

impl Density for Normal {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        let z = (x - self.mean) * self.inverse_deviation;
        self.log_constant - 0.5 * (z * z)
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        if x.is_finite() {
            Ok(())
        } else {
            Err("must be finite")
        }
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        _prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        simd::map(xs, out, |x| self.log_density(x));
    }
}

impl Component for Normal {
    type Statistics = Moments;

    fn empty_statistics(&self) -> Moments {
        Moments::default()
    }
    fn accumulate(&self, into: &mut Moments, x: f64, weight: f64) {
        into.add(x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut Moments,
        xs: &[f64],
        _prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        into.add_slice(xs, weights);
    }
    fn maximize(&self, from: &Moments) -> Result<Self, EstimateError> {
        if self.least_variance > 0.0 && from.weight() > 0.0 {
            return Ok(self.above_floor(from.mean(), from.variance())?);
        }
        let (mean, variance) = normal_from_moments(from, "variance")?;
        Ok(Normal::new(mean, variance)?)
    }
    fn parameter_count(&self) -> usize {
        2
    }
    /// With σ² not below [`LEAST_SHARE`] of the variance of `whole`.
    fn floored(&self, whole: &Self) -> Option<Self> {
        let floored = Normal {
            least_variance: LEAST_SHARE * whole.variance,
            ..self.clone()
        };
        floored.above_floor(self.mean, self.variance).ok()
    }
    fn is_at_bound(&self) -> bool {
        self.variance <= self.least_variance
    }
    fn squared_distance(&self, a: f64, b: f64) -> Option<f64> {
        let z = (a - b) * self.inverse_deviation;
        Some(z * z)
    }
}

impl ExponentialFamily for Normal {
    type Vector = [f64; 2];

    fn statistic(&self, x: f64) -> [f64; 2] {
        [x, x * x]
    }
    fn log_base(&self, _x: f64) -> f64 {
        -HALF_LN_TWO_PI
    }
    fn natural(&self) -> [f64; 2] {
        [self.mean / self.variance, -0.5 / self.variance]
    }
    fn log_partition(&self) -> f64 {
        0.5 * (self.mean * self.mean / self.variance + self.variance.ln())
    }
    fn expected(&self) -> [f64; 2] {
        [self.mean, self.mean * self.mean + self.variance]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        Ok(Normal::new(mean[0], mean[1] - mean[0] * mean[0])?)
    }
    /// The statistic in centred form, from the parameters themselves.
    fn pseudo_statistics(&self, weight: f64) -> Moments {
        Moments::new(weight, self.mean, weight * self.variance)
    }
    /// ½ ((μ − μ′)²/σ′² + σ²/σ′² − 1 − ln(σ²/σ′²)): the generic form cancels at large means.
    fn kl_divergence(&self, other: &Self) -> f64 {
        let shift = (self.mean - other.mean) * other.inverse_deviation;
        0.5 * (shift * shift + super::excess(self.variance, other.variance))
    }
}

impl Coordinates for Normal {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend([self.mean, self.variance.ln()]);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (mean, log_variance) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(self.above_floor(mean, log_variance.exp())?)
    }
}

impl Sample for Normal {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = StandardNormal.sample(rng);
        into.push(self.mean + self.variance.sqrt() * z);
    }
}

impl Univariate for Normal {
    fn cdf(&self, x: f64) -> f64 {
        normal_cdf(self.standardised(x))
    }
    fn sf(&self, x: f64) -> f64 {
        normal_sf(self.standardised(x))
    }
    fn quantile(&self, p: f64) -> f64 {
        self.mean + self.variance.sqrt() * normal_quantile(p)
    }
    fn mean(&self) -> f64 {
        self.mean
    }
    fn variance(&self) -> f64 {
        self.variance
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        truncated_normal::probability(self.standardised(low), self.standardised(high))
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        truncated_normal::log_probability(self.standardised(low), self.standardised(high))
    }
}

impl Entropy for Normal {
    /// ½ ln 2πeσ².
    fn entropy(&self) -> f64 {
        0.5 - self.log_constant
    }
}

impl Normal {
    /// Mean and variance given low < X ≤ high.
    pub(super) fn given(&self, low: f64, high: f64) -> (f64, f64) {
        let truncated = Truncated::new(self.standardised(low), self.standardised(high));
        truncated.scaled((low, high), self.mean, self.variance.sqrt())
    }
}

impl IntervalStatistics for Normal {
    fn accumulate_interval(&self, into: &mut Moments, low: f64, high: f64, weight: f64) {
        let (mean, variance) = self.given(low, high);
        into.merge(&Moments::new(weight, mean, weight * variance));
    }
}
