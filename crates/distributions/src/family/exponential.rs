//! The exponential distribution.

use super::floor_under;
use crate::combine::Narrowest;
use crate::serde_parameters::serde_parameters;
use crate::simd::{self, weighted_sums};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    MeanStatistics, ParameterError, Sample, Scalars, Scratch, Statistics, Univariate,
    next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, Exp1};

/// The exponential distribution with rate λ (mean 1/λ).
///
/// # Density
/// p(x) = λ exp(−λx) for x ≥ 0.
///
/// # Sufficient statistics
/// T(x) = x, η = −λ, A = −ln λ, h(x) = 1.
///
/// # M-step
/// Closed: λ = N / Σ w x with N = Σ w. No maximum exists when all observations are 0 (λ → ∞).
///
/// # Errors
/// [`Exponential::new`] refuses a rate that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Exponential};
/// let family = Exponential::new(2.0)?;
/// assert_eq!(family.log_density(0.5), 2f64.ln() - 1.0);
/// assert_eq!(family.log_density(-0.5), f64::NEG_INFINITY);
/// assert_eq!(family.estimate(&[1.0, 3.0], &[1.0, 1.0])?.rate(), 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 19.
#[derive(Clone, Debug, PartialEq)]
pub struct Exponential {
    rate: f64,
    /// ln λ, taken once.
    log_rate: f64,
    /// The largest rate, where there is a floor.
    floor: Option<Narrowest>,
}

serde_parameters!(Exponential { rate: f64 });

impl Exponential {
    /// The exponential distribution with this rate.
    ///
    /// # Errors
    /// When `rate` is not positive and finite.
    pub fn new(rate: f64) -> Result<Self, ParameterError> {
        ParameterError::require(
            rate > 0.0 && rate.is_finite(),
            "rate",
            rate,
            "must be positive and finite",
        )?;
        Ok(Exponential {
            rate,
            log_rate: rate.ln(),
            floor: None,
        })
    }
    /// λ.
    pub fn rate(&self) -> f64 {
        self.rate
    }
    /// The member of this rate, or the largest above the same floor.
    fn above_floor(&self, rate: f64) -> Result<Self, ParameterError> {
        Ok(Exponential {
            floor: self.floor,
            ..Exponential::new(Narrowest::bounded(self.floor, rate))?
        })
    }
}

impl Density for Exponential {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if x >= 0.0 {
            self.log_rate - self.rate * x
        } else {
            f64::NEG_INFINITY
        }
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        super::require_non_negative(x)
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

impl Component for Exponential {
    type Statistics = MeanStatistics<[f64; 1]>;

    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new([0.0])
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: f64, weight: f64) {
        into.add(&[x], weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        xs: &[f64],
        _prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        let [total, sum] =
            weighted_sums(xs, weights, |x, w| [w, if w > 0.0 { w * x } else { 0.0 }]);
        into.add_sums(total, &[sum]);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        self.with_expected(&from.mean())
            .map_err(|error| error.with_count(from.weight()))
    }
    fn parameter_count(&self) -> usize {
        1
    }
    floor_under!(rate, -2);
}

impl ExponentialFamily for Exponential {
    type Vector = [f64; 1];

    fn statistic(&self, x: f64) -> [f64; 1] {
        [x]
    }
    fn log_base(&self, x: f64) -> f64 {
        if x >= 0.0 { 0.0 } else { f64::NEG_INFINITY }
    }
    fn natural(&self) -> [f64; 1] {
        [-self.rate]
    }
    fn log_partition(&self) -> f64 {
        -self.log_rate
    }
    fn expected(&self) -> [f64; 1] {
        [1.0 / self.rate]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let rate = 1.0 / mean[0];
        if !(rate < f64::INFINITY) && self.floor.is_none() {
            return Err(EstimateError::boundary(
                "rate",
                rate,
                "all its observations are 0",
            ));
        }
        Ok(self.above_floor(rate)?)
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// ρ − 1 − ln ρ with ρ = λ′/λ: the generic form cancels where the rates are close.
    fn kl_divergence(&self, other: &Self) -> f64 {
        super::excess(other.rate, self.rate)
    }
}

impl Coordinates for Exponential {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.log_rate);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(self.above_floor(next_coordinate(from)?.exp())?)
    }
}

impl Sample for Exponential {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = Exp1.sample(rng);
        into.push(z / self.rate);
    }
}

impl Univariate for Exponential {
    fn cdf(&self, x: f64) -> f64 {
        super::exponential_cdf(self.rate * x)
    }
    fn sf(&self, x: f64) -> f64 {
        super::exponential_sf(self.rate * x)
    }
    fn quantile(&self, p: f64) -> f64 {
        super::exponential_quantile(p) / self.rate
    }
    fn mean(&self) -> f64 {
        1.0 / self.rate
    }
    fn variance(&self) -> f64 {
        1.0 / self.rate / self.rate
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.log_probability(low, high).exp()
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        let low = low.max(0.0);
        super::exponential_log_probability(self.rate * low, self.rate * (high - low))
    }
}

impl Entropy for Exponential {
    /// 1 − ln λ.
    fn entropy(&self) -> f64 {
        1.0 - self.log_rate
    }
}

impl IntervalStatistics for Exponential {
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let (low, high) = (low.max(0.0), high.max(0.0));
        let beyond = super::truncated_exponential_mean(self.rate * (high - low));
        into.add(&[(low + beyond / self.rate).min(high)], weight);
    }
}
