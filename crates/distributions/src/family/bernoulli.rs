//! The Bernoulli distribution.

use super::binomial::{binary_kl, check_probability};
use super::counts::{at_count, count_quantile};
use crate::serde_parameters::serde_parameters;
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    MeanStatistics, ParameterError, Sample, Scalars, Scratch, Statistics, Univariate,
    next_coordinate,
};
use rand::{Rng, RngExt};

/// The Bernoulli distribution: 1 with probability p, else 0.
///
/// An observation is a count, `u64`, as for the other families of counts: 0 or 1, nothing else.
///
/// # Density
/// P(1) = p, P(0) = 1 − p. Both ends are valid: at p = 0 only 0 can be observed.
///
/// # Sufficient statistics
/// T(x) = x, η = ln(p/(1 − p)), A = −ln(1 − p) = ln(1 + e^η), h(x) = 1. At p = 0 or 1 the natural
/// parameter is infinite; densities and divergences do not use it.
///
/// # M-step
/// Closed: p = Σ w x / N with N = Σ w; p = 0 and p = 1 are estimates like any other.
///
/// # Errors
/// [`Bernoulli::new`] refuses a probability outside \[0, 1\].
///
/// # Example
/// ```
/// use distributions::{Bernoulli, Component, Density};
/// let coin = Bernoulli::new(0.25)?;
/// assert_eq!(coin.log_density(1), 0.25f64.ln());
/// assert_eq!(coin.log_density(2), f64::NEG_INFINITY);
/// assert_eq!(coin.estimate(&[0, 1, 1], &[1.0, 1.0, 2.0])?.probability(), 0.75);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Bishop (2006), Pattern Recognition and Machine Learning, section 2.1.
#[derive(Clone, Debug, PartialEq)]
pub struct Bernoulli {
    probability: f64,
    /// ln(1 − p) and ln p, taken once: the log-density of 0 and of 1.
    log_mass: [f64; 2],
}

serde_parameters!(Bernoulli { probability: f64 });

impl Bernoulli {
    /// The distribution with P(1) = `probability`.
    ///
    /// # Errors
    /// When `probability` is not in \[0, 1\].
    pub fn new(probability: f64) -> Result<Self, ParameterError> {
        check_probability(probability)?;
        Ok(Bernoulli {
            probability,
            log_mass: [(-probability).ln_1p(), probability.ln()],
        })
    }
    /// p = P(1).
    pub fn probability(&self) -> f64 {
        self.probability
    }
}

impl Density for Bernoulli {
    type Space = Scalars<u64>;

    fn log_density(&self, x: u64) -> f64 {
        match x {
            0 => self.log_mass[0],
            1 => self.log_mass[1],
            _ => f64::NEG_INFINITY,
        }
    }
    fn check_observation(&self, x: u64) -> Result<(), &'static str> {
        if x <= 1 {
            Ok(())
        } else {
            Err("must be 0 or 1")
        }
    }
    fn log_density_batch(
        &self,
        xs: &[u64],
        _prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        for (value, &x) in out.iter_mut().zip(xs) {
            *value = self.log_density(x);
        }
    }
}

impl Component for Bernoulli {
    type Statistics = MeanStatistics<[f64; 1]>;

    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new([0.0])
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: u64, weight: f64) {
        into.add(&[x as f64], weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        xs: &[u64],
        _prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        super::add_counts(into, xs, weights);
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
    /// A mass is at most 1.
    fn is_bounded(&self) -> bool {
        true
    }
}

impl ExponentialFamily for Bernoulli {
    type Vector = [f64; 1];

    fn statistic(&self, x: u64) -> [f64; 1] {
        [x as f64]
    }
    fn log_base(&self, x: u64) -> f64 {
        if x <= 1 { 0.0 } else { f64::NEG_INFINITY }
    }
    fn natural(&self) -> [f64; 1] {
        [self.log_mass[1] - self.log_mass[0]]
    }
    fn log_partition(&self) -> f64 {
        -self.log_mass[0]
    }
    fn expected(&self) -> [f64; 1] {
        [self.probability]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        // A quotient of sums of positive terms may pass 1 by their rounding.
        Ok(Bernoulli::new(super::round_down_to(mean[0], 1.0))?)
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// p ln(p/p′) + (1 − p) ln((1 − p)/(1 − p′)), by deviances, which do not cancel.
    fn kl_divergence(&self, other: &Self) -> f64 {
        binary_kl(self.probability, other.probability)
    }
}

impl Coordinates for Bernoulli {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend(self.natural());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(Bernoulli::new(super::logistic(next_coordinate(from)?))?)
    }
}

impl Sample for Bernoulli {
    fn empty_buffer(&self) -> Vec<u64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<u64>) {
        into.push(u64::from(rng.random_bool(self.probability)));
    }
}

impl Univariate for Bernoulli {
    fn cdf(&self, x: f64) -> f64 {
        at_count(
            x,
            |k| if k < 1.0 { 1.0 - self.probability } else { 1.0 },
            (0.0, 1.0),
        )
    }
    fn sf(&self, x: f64) -> f64 {
        at_count(
            x,
            |k| if k < 1.0 { self.probability } else { 0.0 },
            (1.0, 0.0),
        )
    }
    fn quantile(&self, p: f64) -> f64 {
        let (least, last) = super::counts::ends_of_trials(1.0, self.probability);
        count_quantile(p, 0.0, (least, last), |k| (self.cdf(k), self.sf(k)))
    }
    fn mean(&self) -> f64 {
        self.probability
    }
    fn variance(&self) -> f64 {
        self.probability * (1.0 - self.probability)
    }
}

impl Entropy for Bernoulli {
    /// −p ln p − (1 − p) ln(1 − p).
    fn entropy(&self) -> f64 {
        super::counts::entropy_of_trial(self.probability)
    }
}

impl IntervalStatistics for Bernoulli {
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let mean = if low >= 0.0 {
            1.0
        } else if high < 1.0 {
            0.0
        } else {
            self.probability
        };
        into.add(&[mean], weight);
    }
}
