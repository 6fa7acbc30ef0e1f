//! The normal distribution with a known variance.

use super::Normal;
use super::normal::HALF_LN_TWO_PI;
use crate::serde_parameters::serde_parameters;
use crate::{
    Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    ParameterError, Sample, Scalars, Scratch, Univariate, component_from_means, next_coordinate,
};
use rand::Rng;

/// The normal distribution with a **known** variance σ²; the mean μ is estimated.
///
/// # Density
/// p(x) = (2πσ²)^(−½) exp(−(x − μ)²/(2σ²)) on the real line.
///
/// # Sufficient statistics
/// T(x) = x, η = μ/σ², A = μ²/(2σ²), h(x) = (2πσ²)^(−½) exp(−x²/(2σ²)).
///
/// # M-step
/// Closed: μ = Σ w x / N with N = Σ w. The maximum always exists.
///
/// # Errors
/// [`NormalWithKnownVariance::new`] refuses a mean that is not finite and a variance that is not
/// positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, NormalWithKnownVariance};
/// let family = NormalWithKnownVariance::new(0.0, 5.0)?;
/// let fitted = family.estimate(&[0.0, 1.0, 4.0], &[1.0, 1.0, 2.0])?;
/// assert_eq!((fitted.mean(), fitted.variance()), (2.25, 5.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Bishop (2006), Pattern Recognition and Machine Learning, section 2.3.6.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalWithKnownVariance {
    mean: f64,
    variance: f64,
    /// The same with nothing fixed.
    normal: Normal,
}

serde_parameters!(NormalWithKnownVariance {
    mean: f64,
    variance: f64
});

impl NormalWithKnownVariance {
    /// The normal distribution with this mean and variance, of which the variance stays fixed.
    ///
    /// # Errors
    /// When `mean` is not finite, or `variance` is not positive and finite.
    pub fn new(mean: f64, variance: f64) -> Result<Self, ParameterError> {
        Ok(NormalWithKnownVariance {
            mean,
            variance,
            normal: Normal::new(mean, variance)?,
        })
    }
    /// μ.
    pub fn mean(&self) -> f64 {
        self.mean
    }
    /// σ², fixed.
    pub fn variance(&self) -> f64 {
        self.variance
    }
}

impl Density for NormalWithKnownVariance {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        self.normal.log_density(x)
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        self.normal.check_observation(x)
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

component_from_means!(NormalWithKnownVariance; bounded);

impl ExponentialFamily for NormalWithKnownVariance {
    type Vector = [f64; 1];

    fn statistic(&self, x: f64) -> [f64; 1] {
        [x]
    }
    fn log_base(&self, x: f64) -> f64 {
        -0.5 * (x * (x / self.variance) + self.variance.ln()) - HALF_LN_TWO_PI
    }
    fn natural(&self) -> [f64; 1] {
        [self.mean / self.variance]
    }
    fn log_partition(&self) -> f64 {
        0.5 * self.mean * (self.mean / self.variance)
    }
    fn expected(&self) -> [f64; 1] {
        [self.mean]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        Ok(NormalWithKnownVariance::new(mean[0], self.variance)?)
    }
    fn same_statistic(&self, other: &Self) -> bool {
        self.variance == other.variance
    }
    /// Also between two variances.
    fn kl_divergence(&self, other: &Self) -> f64 {
        self.normal.kl_divergence(&other.normal)
    }
}

impl Coordinates for NormalWithKnownVariance {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.mean);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let mean = next_coordinate(from)?;
        Ok(NormalWithKnownVariance::new(mean, self.variance)?)
    }
}

impl Sample for NormalWithKnownVariance {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        self.normal.draw(rng, into);
    }
}

impl Univariate for NormalWithKnownVariance {
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

impl Entropy for NormalWithKnownVariance {
    fn entropy(&self) -> f64 {
        self.normal.entropy()
    }
}

impl IntervalStatistics for NormalWithKnownVariance {
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let (mean, _) = self.normal.given(low, high);
        into.add(&[mean], weight);
    }
}
