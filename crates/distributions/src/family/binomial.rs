//! The binomial distribution.

use super::counts::{
    at_count, conditional_mean, count_quantile, ends_of_trials, entropy_of_counts,
    entropy_of_trial, quantile_start,
};
use super::normal::HALF_LN_TWO_PI;
use super::saddle_point::deviance_with_logs;
use crate::serde_parameters::serde_parameters;
use crate::special::{beta_i, beta_i_complement, deviance, ln_binomial, stirling_error};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    MeanStatistics, ParameterError, Sample, Scalars, Scratch, Statistics, Univariate,
    next_coordinate,
};
use rand::Rng;
use rand_distr::Distribution;

/// The most trials at which x ln p, (n − x) ln(1 − p) and the logarithm of the binomial coefficient
/// are small enough to be added as they are.
const PLAIN_TRIALS: u64 = 64;

/// The number of successes in n trials (fixed), each a success with probability p.
///
/// # Density
/// P(x) = C(n, x) pˣ (1 − p)^(n−x) for x = 0, …, n. p = 0 and p = 1 are valid (0·ln 0 = 0).
///
/// # Sufficient statistics
/// T(x) = x, η = ln(p/(1 − p)), A = −n ln(1 − p) = n ln(1 + e^η), h(x) = C(n, x). At p = 0 or 1 the
/// natural parameter is infinite; densities and divergences do not use it.
///
/// # M-step
/// Closed: p = Σ w x / (n N) with N = Σ w. The number of trials is fixed.
///
/// # Errors
/// [`Binomial::new`] refuses 0 trials and a probability outside \[0, 1\].
///
/// # Example
/// ```
/// use distributions::{Binomial, Component, Density};
/// let family = Binomial::new(4, 0.5)?;
/// assert!((family.log_density(2) - 0.375f64.ln()).abs() < 1e-15);
/// assert_eq!(family.estimate(&[1, 3, 4], &[2.0, 1.0, 1.0])?.probability(), 0.5625);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Binomial {
    trials: u64,
    probability: f64,
    /// n as a real number.
    n: f64,
    /// ln p and ln(1 − p), taken once.
    log_success: f64,
    log_failure: f64,
    /// ln n, taken once.
    log_n: f64,
}

serde_parameters!(Binomial {
    trials: u64,
    probability: f64
});

/// Refuses what is no probability.
pub(super) fn check_probability(probability: f64) -> Result<(), ParameterError> {
    ParameterError::require(
        (0.0..=1.0).contains(&probability),
        "probability",
        probability,
        "must lie between 0 and 1",
    )
}

/// p ln(p/q) + (1 − p) ln((1 − p)/(1 − q)): two deviances whose linear parts cancel exactly.
pub(super) fn binary_kl(p: f64, q: f64) -> f64 {
    deviance(p, q) + deviance(1.0 - p, 1.0 - q)
}

impl Binomial {
    /// The distribution of successes in `trials` trials of probability `probability`.
    ///
    /// # Errors
    /// When `trials` is 0, or `probability` is not in \[0, 1\].
    pub fn new(trials: u64, probability: f64) -> Result<Self, ParameterError> {
        ParameterError::require(trials > 0, "trials", 0.0, "must be at least 1")?;
        check_probability(probability)?;
        let n = trials as f64;
        let (log_success, log_failure) = (probability.ln(), (-probability).ln_1p());
        Ok(Binomial {
            trials,
            probability,
            n,
            log_success,
            log_failure,
            log_n: n.ln(),
        })
    }
    /// n, fixed.
    pub fn trials(&self) -> u64 {
        self.trials
    }
    /// p.
    pub fn probability(&self) -> f64 {
        self.probability
    }
    /// ln P(x) from what is prepared.
    #[inline]
    fn log_density_of(&self, count: &Prepared) -> f64 {
        let (x, rest) = (count.x, self.n - count.x);
        if rest < 0.0 {
            return f64::NEG_INFINITY;
        }
        // The ends first: there 0·ln 0 = 0 holds without a limit.
        if x == 0.0 {
            return self.n * self.log_failure;
        }
        if rest == 0.0 {
            return self.n * self.log_success;
        }
        if self.trials <= PLAIN_TRIALS {
            return count.log_binomial + (x * self.log_success + rest * self.log_failure);
        }
        count.log_saddle
            - deviance_with_logs(
                x,
                self.n * self.probability,
                count.log_x,
                (self.log_n, self.log_success),
            )
            - deviance_with_logs(
                rest,
                self.n * (1.0 - self.probability),
                count.log_rest,
                (self.log_n, self.log_failure),
            )
    }
    /// What depends on the count and on n alone.
    fn prepared(&self, count: u64) -> Prepared {
        let x = count as f64;
        if count == 0 || count >= self.trials {
            return Prepared {
                x,
                ..Prepared::default()
            };
        }
        if self.trials <= PLAIN_TRIALS {
            return Prepared {
                x,
                log_binomial: ln_binomial(self.trials, count),
                ..Prepared::default()
            };
        }
        let rest = (self.trials - count) as f64;
        let (log_x, log_rest) = (x.ln(), rest.ln());
        let spread = x * (rest / self.n);
        Prepared {
            x,
            log_binomial: 0.0,
            log_x,
            log_rest,
            log_saddle: stirling_error(self.n)
                - stirling_error(x)
                - stirling_error(rest)
                - HALF_LN_TWO_PI
                - 0.5 * spread.ln(),
        }
    }
}

/// What depends on the count and on the number of trials alone.
#[derive(Default)]
struct Prepared {
    x: f64,
    /// ln C(n, x), where n is small.
    log_binomial: f64,
    /// ln x and ln(n − x), where n is large and neither is 0.
    log_x: f64,
    log_rest: f64,
    /// The log-density at p = x/n, where n is large.
    log_saddle: f64,
}

impl Density for Binomial {
    type Space = Scalars<u64>;

    fn log_density(&self, x: u64) -> f64 {
        if x > self.trials {
            return f64::NEG_INFINITY;
        }
        self.log_density_of(&self.prepared(x))
    }
    fn check_observation(&self, x: u64) -> Result<(), &'static str> {
        if x <= self.trials {
            Ok(())
        } else {
            Err("must not exceed the number of trials")
        }
    }
    fn prepared_width(&self) -> usize {
        5
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.trials == other.trials
    }
    /// Columns x, ln C(n, x), ln x, ln(n − x) and the log-density at p = x/n.
    fn prepare(&self, xs: &[u64], into: &mut [f64]) {
        let rows = xs.len();
        for (i, &x) in xs.iter().enumerate() {
            let count = self.prepared(x);
            into[i] = count.x;
            into[rows + i] = count.log_binomial;
            into[2 * rows + i] = count.log_x;
            into[3 * rows + i] = count.log_rest;
            into[4 * rows + i] = count.log_saddle;
        }
    }
    fn log_density_batch(
        &self,
        xs: &[u64],
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        for (i, (value, &x)) in out.iter_mut().zip(xs).enumerate() {
            *value = if x > self.trials {
                f64::NEG_INFINITY
            } else {
                self.log_density_of(&Prepared {
                    x: prepared[i],
                    log_binomial: prepared[rows + i],
                    log_x: prepared[2 * rows + i],
                    log_rest: prepared[3 * rows + i],
                    log_saddle: prepared[4 * rows + i],
                })
            };
        }
    }
}

impl Component for Binomial {
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

impl ExponentialFamily for Binomial {
    type Vector = [f64; 1];

    fn statistic(&self, x: u64) -> [f64; 1] {
        [x as f64]
    }
    fn log_base(&self, x: u64) -> f64 {
        ln_binomial(self.trials, x)
    }
    fn natural(&self) -> [f64; 1] {
        [self.log_success - self.log_failure]
    }
    fn log_partition(&self) -> f64 {
        -self.n * self.log_failure
    }
    fn expected(&self) -> [f64; 1] {
        [self.n * self.probability]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let probability = super::round_down_to(mean[0] / self.n, 1.0);
        Ok(Binomial::new(self.trials, probability)?)
    }
    fn same_statistic(&self, other: &Self) -> bool {
        self.trials == other.trials
    }
    /// n times that of one trial. With different numbers of trials it is summed over the counts.
    fn kl_divergence(&self, other: &Self) -> f64 {
        if self.trials == other.trials {
            return self.n * binary_kl(self.probability, other.probability);
        }
        let mut sum = 0.0;
        for x in 0..=self.trials {
            let log_mass = self.log_density(x);
            if log_mass > f64::NEG_INFINITY {
                sum += log_mass.exp() * (log_mass - other.log_density(x));
            }
        }
        sum
    }
}

impl Coordinates for Binomial {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend(self.natural());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let probability = super::logistic(next_coordinate(from)?);
        Ok(Binomial::new(self.trials, probability)?)
    }
}

impl Sample for Binomial {
    fn empty_buffer(&self) -> Vec<u64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<u64>) {
        into.push(
            rand_distr::Binomial::new(self.trials, self.probability)
                .map_or(0, |binomial| binomial.sample(rng)),
        );
    }
}

impl Univariate for Binomial {
    fn cdf(&self, x: f64) -> f64 {
        let at = |k: f64| {
            if k >= self.n {
                1.0
            } else {
                beta_i_complement(k + 1.0, self.n - k, self.probability)
            }
        };
        at_count(x, at, (0.0, 1.0))
    }
    fn sf(&self, x: f64) -> f64 {
        let at = |k: f64| {
            if k >= self.n {
                0.0
            } else {
                beta_i(k + 1.0, self.n - k, self.probability)
            }
        };
        at_count(x, at, (1.0, 0.0))
    }
    fn quantile(&self, p: f64) -> f64 {
        let variance = Univariate::variance(self);
        let skewness = (1.0 - 2.0 * self.probability) / variance.sqrt();
        let start = quantile_start(p, self.n * self.probability, variance, skewness);
        let ends = ends_of_trials(self.n, self.probability);
        count_quantile(p, start, ends, |k| (self.cdf(k), self.sf(k)))
    }
    fn mean(&self) -> f64 {
        self.n * self.probability
    }
    fn variance(&self) -> f64 {
        self.n * self.probability * (1.0 - self.probability)
    }
}

impl Entropy for Binomial {
    /// Summed over the counts: no closed form is known.
    fn entropy(&self) -> f64 {
        if self.trials == 1 || self.probability == 0.0 || self.probability == 1.0 {
            return self.n * entropy_of_trial(self.probability);
        }
        let moments = (Univariate::mean(self), Univariate::variance(self).sqrt());
        entropy_of_counts(moments, (0.0, self.n), |k| self.log_density(k as u64))
    }
}

impl IntervalStatistics for Binomial {
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let ends = (low.floor() + 1.0, high.floor());
        let odds = self.probability / (1.0 - self.probability);
        let ratio = |k: f64| (self.n - k) / (k + 1.0) * odds;
        let mode = ((self.n + 1.0) * self.probability).floor().min(self.n);
        // k P(k) = n p P(k − 1) with one trial less.
        let closed = |first: f64, last: f64| {
            let Ok(fewer) = Binomial::new(self.trials - 1, self.probability) else {
                return f64::NAN;
            };
            let shifted = Univariate::probability(&fewer, first - 2.0, last - 1.0);
            self.n * self.probability * (shifted / Univariate::probability(self, first - 1.0, last))
        };
        let shape = (mode, Univariate::variance(self));
        let mean = conditional_mean(ends, (0.0, self.n), shape, ratio, closed);
        into.add(&[mean], weight);
    }
}
