//! The geometric distribution.

use super::binomial::binary_kl;
use super::counts::count_quantile;
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    MeanStatistics, ParameterError, Sample, Scalars, Scratch, Statistics, Univariate,
    next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, Exp1};

/// What a [`Geometric`] distribution counts: fixed, not estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum GeometricSupport {
    /// The failures before the first success: 0, 1, 2, …
    #[default]
    Failures,
    /// The trials up to and with the first success: 1, 2, 3, …
    Trials,
}

/// The geometric distribution with probability of success p: the number of failures before the
/// first success or, on request, of trials up to it.
///
/// # Density
/// P(x) = p (1 − p)ᶠ with f = x failures, x = 0, 1, 2, … ([`GeometricSupport::Failures`]), or
/// f = x − 1 failures, x = 1, 2, … ([`GeometricSupport::Trials`]).
///
/// # Sufficient statistics
/// T(x) = f, η = ln(1 − p), A = −ln p = −ln(1 − e^η), h(x) = 1. At p = 1 the natural parameter is −∞; densities
/// and divergences do not use it.
///
/// # M-step
/// Closed: p = N / (N + Σ w f) with N = Σ w; p = 1 when nothing ever failed.
///
/// # Errors
/// [`Geometric::new`] refuses a probability outside (0, 1]: at 0 no success ever comes.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Geometric};
/// let failures = Geometric::new(0.25)?;
/// assert!((failures.log_density(2).exp() - 0.140625).abs() < 1e-16);
/// assert_eq!(failures.estimate(&[0, 2, 4], &[1.0, 1.0, 1.0])?.probability(), 1.0 / 3.0);
/// let trials = Geometric::trials(0.25)?;
/// assert_eq!(trials.log_density(3), failures.log_density(2));
/// assert_eq!(trials.log_density(0), f64::NEG_INFINITY);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, section 5.2.
#[derive(Clone, Debug, PartialEq)]
pub struct Geometric {
    probability: f64,
    support: GeometricSupport,
    /// ln p and ln(1 − p), taken once.
    log_success: f64,
    log_failure: f64,
}

impl Geometric {
    /// The number of failures before the first success.
    ///
    /// # Errors
    /// When `probability` is not in (0, 1].
    pub fn new(probability: f64) -> Result<Self, ParameterError> {
        Self::with_support(probability, GeometricSupport::Failures)
    }
    /// The number of trials up to and with the first success.
    ///
    /// # Errors
    /// When `probability` is not in (0, 1].
    pub fn trials(probability: f64) -> Result<Self, ParameterError> {
        Self::with_support(probability, GeometricSupport::Trials)
    }
    /// The distribution on the given support.
    ///
    /// # Errors
    /// When `probability` is not in (0, 1].
    pub fn with_support(
        probability: f64,
        support: GeometricSupport,
    ) -> Result<Self, ParameterError> {
        ParameterError::require(
            probability > 0.0 && probability <= 1.0,
            "probability",
            probability,
            "must be positive and at most 1",
        )?;
        Ok(Geometric {
            probability,
            support,
            log_success: probability.ln(),
            log_failure: (-probability).ln_1p(),
        })
    }
    /// p.
    pub fn probability(&self) -> f64 {
        self.probability
    }
    /// What is counted, fixed.
    pub fn support(&self) -> GeometricSupport {
        self.support
    }
    /// The smallest possible observation.
    fn least(&self) -> u64 {
        u64::from(self.support == GeometricSupport::Trials)
    }
}

#[cfg(feature = "serde")]
const _: () = {
    /// `support` may be left out and is then not written: failures.
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Parameters {
        probability: f64,
        #[serde(default, skip_serializing_if = "is_default")]
        support: GeometricSupport,
    }
    fn is_default(support: &GeometricSupport) -> bool {
        *support == GeometricSupport::default()
    }
    impl serde::Serialize for Geometric {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            Parameters {
                probability: self.probability,
                support: self.support,
            }
            .serialize(to)
        }
    }
    impl<'de> serde::Deserialize<'de> for Geometric {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let read = Parameters::deserialize(from)?;
            Geometric::with_support(read.probability, read.support)
                .map_err(serde::de::Error::custom)
        }
    }
};

impl Density for Geometric {
    type Space = Scalars<u64>;

    fn log_density(&self, x: u64) -> f64 {
        if x < self.least() {
            return f64::NEG_INFINITY;
        }
        let failures = x - self.least();
        // Without failures (1 − p)⁰ = 1 also at p = 1.
        if failures == 0 {
            return self.log_success;
        }
        self.log_success + failures as f64 * self.log_failure
    }
    fn check_observation(&self, x: u64) -> Result<(), &'static str> {
        if x >= self.least() {
            Ok(())
        } else {
            Err("must be at least 1")
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

impl Component for Geometric {
    type Statistics = MeanStatistics<[f64; 1]>;

    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new([0.0])
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: u64, weight: f64) {
        into.add(&self.statistic(x), weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        xs: &[u64],
        _prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        let least = self.least();
        let (mut total, mut sum) = (0.0, 0.0);
        for (&x, &w) in xs.iter().zip(weights) {
            total += w;
            sum += w * x.saturating_sub(least) as f64;
        }
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
    /// A mass is at most 1.
    fn is_bounded(&self) -> bool {
        true
    }
}

impl ExponentialFamily for Geometric {
    type Vector = [f64; 1];

    fn statistic(&self, x: u64) -> [f64; 1] {
        [x.saturating_sub(self.least()) as f64]
    }
    fn log_base(&self, x: u64) -> f64 {
        if x >= self.least() {
            0.0
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 1] {
        [self.log_failure]
    }
    fn log_partition(&self) -> f64 {
        -self.log_success
    }
    fn expected(&self) -> [f64; 1] {
        [(1.0 - self.probability) / self.probability]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let mut probability = 1.0 / (1.0 + mean[0]);
        if mean[0] > 0.0 {
            // A failure was seen: rounding to 1 would forbid it.
            probability = probability.min(1.0 - f64::EPSILON / 2.0);
        }
        Ok(Geometric::with_support(probability, self.support)?)
    }
    fn same_statistic(&self, other: &Self) -> bool {
        self.support == other.support
    }
    /// That of one trial, times the 1/p trials to be expected.
    fn kl_divergence(&self, other: &Self) -> f64 {
        if self.support != other.support {
            // Of p = 1 nothing but the one point is left, which the other support may hold.
            let least = self.least();
            return if self.probability == 1.0 {
                -other.log_density(least)
            } else if least < other.least() {
                f64::INFINITY
            } else {
                // Trials against failures: one failure more under `other`.
                binary_kl(self.probability, other.probability) / self.probability
                    - other.log_failure
            };
        }
        binary_kl(self.probability, other.probability) / self.probability
    }
}

impl Coordinates for Geometric {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.log_success - self.log_failure);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let probability = super::logistic(next_coordinate(from)?);
        Ok(Geometric::with_support(probability, self.support)?)
    }
}

impl Sample for Geometric {
    fn empty_buffer(&self) -> Vec<u64> {
        Vec::new()
    }
    /// By inversion: the integer part of a unit exponential over −ln(1 − p).
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<u64>) {
        let z: f64 = Exp1.sample(rng);
        // At p = 1 the divisor is infinite, and the quotient 0; a huge quotient saturates.
        let failures = (z / -self.log_failure).floor() as u64;
        into.push(failures.saturating_add(self.least()));
    }
}

impl Geometric {
    /// (x + 1 failures) ln(1 − p) of the logarithm of P(X > x); 0 below the support.
    fn log_beyond(&self, x: f64) -> f64 {
        let failures = x.floor() - self.least() as f64 + 1.0;
        if failures <= 0.0 {
            0.0
        } else {
            failures * self.log_failure
        }
    }
}

impl Univariate for Geometric {
    fn cdf(&self, x: f64) -> f64 {
        super::exponential_cdf(-self.log_beyond(x))
    }
    fn sf(&self, x: f64) -> f64 {
        super::exponential_sf(-self.log_beyond(x))
    }
    fn quantile(&self, p: f64) -> f64 {
        let least = self.least() as f64;
        let last = if self.probability < 1.0 {
            f64::INFINITY
        } else {
            least
        };
        let start = least + super::exponential_quantile(p) / -self.log_failure - 1.0;
        count_quantile(p, start, (least, last), |k| (self.cdf(k), self.sf(k)))
    }
    fn mean(&self) -> f64 {
        (1.0 - self.probability) / self.probability + self.least() as f64
    }
    fn variance(&self) -> f64 {
        (1.0 - self.probability) / self.probability / self.probability
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.log_probability(low, high).exp()
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        let (from, to) = (-self.log_beyond(low), -self.log_beyond(high));
        super::exponential_log_probability(from, to - from)
    }
}

impl Entropy for Geometric {
    /// That of one trial, times the 1/p trials to be expected.
    fn entropy(&self) -> f64 {
        super::counts::entropy_of_trial(self.probability) / self.probability
    }
}

impl IntervalStatistics for Geometric {
    /// Failures have no memory: those beyond the first count of the interval are a geometric
    /// variable below the number of counts in it.
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let least = self.least() as f64;
        let first = (low.floor() + 1.0 - least).max(0.0);
        let counts = (high.floor() - least - first + 1.0).max(1.0);
        let beyond = super::counts::bounded_geometric_mean(-self.log_failure, counts);
        into.add(&[first + beyond], weight);
    }
}
