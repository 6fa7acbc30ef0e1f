//! The normal distribution with a known mean.

use super::Normal;
use super::floor_under;
use super::normal::HALF_LN_TWO_PI;
use crate::combine::Narrowest;
use crate::serde_parameters::serde_parameters;
use crate::{
    Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    ParameterError, Sample, Scalars, Scratch, Univariate, component_from_means, next_coordinate,
};
use rand::Rng;

/// The normal distribution with a **known** mean μ; the variance σ² is estimated.
///
/// # Density
/// p(x) = (2πσ²)^(−½) exp(−(x − μ)²/(2σ²)) on the real line.
///
/// # Sufficient statistics
/// T(x) = (x − μ)², η = −1/(2σ²), A = ½ ln σ², h(x) = (2π)^(−½).
///
/// # M-step
/// Closed: σ² = Σ w (x − μ)² / N with N = Σ w. No maximum exists when all observations lie at μ.
///
/// # Errors
/// [`NormalWithKnownMean::new`] refuses a mean that is not finite and a variance that is not positive
/// and finite.
///
/// # Example
/// ```
/// use distributions::{Component, NormalWithKnownMean};
/// let family = NormalWithKnownMean::new(1.0, 5.0)?;
/// let fitted = family.estimate(&[0.0, 1.0, 4.0], &[1.0, 1.0, 2.0])?;
/// assert_eq!((fitted.mean(), fitted.variance()), (1.0, 4.75));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Bishop (2006), Pattern Recognition and Machine Learning, section 2.3.6.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalWithKnownMean {
    mean: f64,
    variance: f64,
    /// The same with nothing fixed.
    normal: Normal,
    /// The least variance, where there is a floor.
    floor: Option<Narrowest>,
}

serde_parameters!(NormalWithKnownMean {
    mean: f64,
    variance: f64
});

impl NormalWithKnownMean {
    /// The normal distribution with this mean and variance, of which the mean stays fixed.
    ///
    /// # Errors
    /// When `mean` is not finite, or `variance` is not positive and finite.
    pub fn new(mean: f64, variance: f64) -> Result<Self, ParameterError> {
        Ok(NormalWithKnownMean {
            mean,
            variance,
            normal: Normal::new(mean, variance)?,
            floor: None,
        })
    }
    /// μ, fixed.
    pub fn mean(&self) -> f64 {
        self.mean
    }
    /// σ².
    pub fn variance(&self) -> f64 {
        self.variance
    }
    /// The member about the same mean of this variance, or the least above the same floor.
    fn above_floor(&self, variance: f64) -> Result<Self, ParameterError> {
        Ok(NormalWithKnownMean {
            floor: self.floor,
            ..NormalWithKnownMean::new(self.mean, Narrowest::bounded(self.floor, variance))?
        })
    }
}

impl Density for NormalWithKnownMean {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        self.normal.log_density(x)
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        super::require_square(x - self.mean)
    }
    fn prepared_width(&self) -> usize {
        1
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.mean == other.mean
    }
    /// Column (x − μ)², 0 where it is no statistic.
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        for (square, &x) in into.iter_mut().zip(xs) {
            let [value] = self.statistic(x);
            *square = if value.is_finite() { value } else { 0.0 };
        }
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.normal.log_density_batch(xs, prepared, out, scratch);
    }
}

component_from_means!(NormalWithKnownMean; { floor_under!(variance, 1); });

impl ExponentialFamily for NormalWithKnownMean {
    type Vector = [f64; 1];

    fn statistic(&self, x: f64) -> [f64; 1] {
        let distance = x - self.mean;
        [distance * distance]
    }
    fn log_base(&self, _x: f64) -> f64 {
        -HALF_LN_TWO_PI
    }
    fn natural(&self) -> [f64; 1] {
        [-0.5 / self.variance]
    }
    fn log_partition(&self) -> f64 {
        0.5 * self.variance.ln()
    }
    fn expected(&self) -> [f64; 1] {
        [self.variance]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        if !(mean[0] > 0.0) && self.floor.is_none() {
            return Err(EstimateError::boundary(
                "variance",
                mean[0],
                "all its observations lie at the mean",
            ));
        }
        Ok(self.above_floor(mean[0])?)
    }
    fn same_statistic(&self, other: &Self) -> bool {
        self.mean == other.mean
    }
    /// Also between two means.
    fn kl_divergence(&self, other: &Self) -> f64 {
        self.normal.kl_divergence(&other.normal)
    }
}

impl Coordinates for NormalWithKnownMean {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.variance.ln());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let variance = next_coordinate(from)?.exp();
        Ok(self.above_floor(variance)?)
    }
}

impl Sample for NormalWithKnownMean {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        self.normal.draw(rng, into);
    }
}

impl Univariate for NormalWithKnownMean {
    fn cdf(&self, x: f64) -> f64 {
        self.normal.cdf(x)
    }
    fn sf(&self, x: f64) -> f64 {
        self.normal.sf(x)
    }
    fn quantile(&self, p: f64) -> f64 {
        self.normal.quantile(p)
    }
    fn mean(&self) -> f64 {
        self.mean
    }
    fn variance(&self) -> f64 {
        self.variance
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.normal.probability(low, high)
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        self.normal.log_probability(low, high)
    }
}

impl Entropy for NormalWithKnownMean {
    fn entropy(&self) -> f64 {
        self.normal.entropy()
    }
}

impl IntervalStatistics for NormalWithKnownMean {
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let (mean, variance) = self.normal.given(low, high);
        let distance = mean - self.mean;
        into.add(&[variance + distance * distance], weight);
    }
}
