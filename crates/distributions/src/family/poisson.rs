//! The Poisson distribution.

use super::counts::{
    at_count, conditional_mean, count_quantile, entropy_of_counts, quantile_start,
};
use super::normal::HALF_LN_TWO_PI;
use super::saddle_point::{deviance_with_logs, poisson_saddle};
use crate::serde_parameters::serde_parameters;
use crate::simd::{self, weighted_sums};
use crate::special::{deviance, gamma_p, gamma_q, ln_factorial, stirling_error};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    MeanStatistics, ParameterError, Sample, Scalars, Scratch, Statistics, Univariate,
    next_coordinate,
};
use rand::Rng;
use rand_distr::Distribution;
use std::sync::LazyLock;

/// The largest rate at which x ln λ, λ and ln x! are small enough to be subtracted as they are.
const PLAIN_RATE: f64 = 32.0;

/// The Poisson distribution with rate λ (its mean) on the counts 0, 1, 2, …
///
/// # Density
/// P(x) = λˣ e^(−λ) / x!. A rate of 0 is valid: then P(0) = 1.
///
/// # Sufficient statistics
/// T(x) = x, η = ln λ, A = e^η = λ, h(x) = 1/x!. At λ = 0 the natural parameter is −∞; densities
/// and divergences do not use it.
///
/// # M-step
/// Closed: λ = Σ w x / N with N = Σ w; 0 when all counts are 0.
///
/// # Errors
/// [`Poisson::new`] refuses a rate that is negative or not finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Poisson};
/// let family = Poisson::new(3.0)?;
/// assert!((family.log_density(2) - (4.5f64.ln() - 3.0)).abs() < 1e-15);
/// assert_eq!(family.estimate(&[0, 1, 4], &[1.0, 2.0, 1.0])?.rate(), 1.5);
/// // Far from zero nothing cancels: ln P(10⁸ | 10⁸) = −½ ln(2π·10⁸) − …
/// assert!((Poisson::new(1e8)?.log_density(100_000_000) + 10.12927890601419).abs() < 1e-13);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Poisson {
    rate: f64,
    /// ln λ, taken once.
    log_rate: f64,
}

serde_parameters!(Poisson { rate: f64 });

impl Poisson {
    /// The Poisson distribution with this rate.
    ///
    /// # Errors
    /// When `rate` is negative or not finite.
    pub fn new(rate: f64) -> Result<Self, ParameterError> {
        ParameterError::require(
            rate >= 0.0 && rate.is_finite(),
            "rate",
            rate,
            "must be non-negative and finite",
        )?;
        Ok(Poisson {
            rate,
            log_rate: rate.ln(),
        })
    }
    /// λ.
    pub fn rate(&self) -> f64 {
        self.rate
    }
    /// ln P(x) from what is prepared.
    #[inline]
    fn log_density_of(&self, count: &Prepared) -> f64 {
        if self.rate <= PLAIN_RATE {
            if count.x == 0.0 {
                // Also at λ = 0, where 0·ln 0 = 0.
                return -self.rate;
            }
            return (count.x * self.log_rate - self.rate) - count.log_factorial;
        }
        if count.x == 0.0 {
            return -self.rate;
        }
        count.log_saddle - deviance_with_logs(count.x, self.rate, count.log_x, (self.log_rate, 0.0))
    }
}

/// What depends on the count alone.
#[derive(Clone, Copy)]
struct Prepared {
    x: f64,
    /// ln x!.
    log_factorial: f64,
    /// ln x; 0 for x = 0.
    log_x: f64,
    /// −½ ln 2πx − δ(x): the log-density at λ = x; 0 for x = 0.
    log_saddle: f64,
}

/// The counts whose preparation is looked up.
const TABLED: u64 = 256;

/// [`Prepared`] of the small counts, made once.
static SMALL: LazyLock<[Prepared; TABLED as usize]> =
    LazyLock::new(|| std::array::from_fn(|count| Prepared::computed(count as u64)));

/// ln x! of the same counts, side by side.
static LOG_FACTORIALS: LazyLock<[f64; TABLED as usize]> =
    LazyLock::new(|| std::array::from_fn(|count| SMALL[count].log_factorial));

impl Prepared {
    fn new(count: u64) -> Self {
        if count < TABLED {
            SMALL[count as usize]
        } else {
            Prepared::computed(count)
        }
    }
    fn computed(count: u64) -> Self {
        Prepared::real(count as f64)
    }
    /// Of an x between the counts too, by the saddle-point form.
    fn real(x: f64) -> Self {
        if x == 0.0 {
            return Prepared {
                x,
                log_factorial: 0.0,
                log_x: 0.0,
                log_saddle: 0.0,
            };
        }
        let log_x = x.ln();
        let log_saddle = -HALF_LN_TWO_PI - 0.5 * log_x - stirling_error(x);
        let log_factorial = if x <= 20.0 && x.fract() == 0.0 {
            ln_factorial(x as u64)
        } else {
            x * log_x - x - log_saddle
        };
        Prepared {
            x,
            log_factorial,
            log_x,
            log_saddle,
        }
    }
}

impl Density for Poisson {
    type Space = Scalars<u64>;

    fn log_density(&self, x: u64) -> f64 {
        self.log_density_of(&Prepared::new(x))
    }
    /// Small rates need less of a count than large ones.
    fn prepared_width(&self) -> usize {
        if self.rate <= PLAIN_RATE { 2 } else { 4 }
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.prepared_width() == other.prepared_width()
    }
    /// Columns x and ln x!, and for large rates ln x and the log-density at λ = x.
    fn prepare(&self, xs: &[u64], into: &mut [f64]) {
        let log_factorial_of: &[f64; TABLED as usize] = &LOG_FACTORIALS;
        let (counts, rest) = into.split_at_mut(xs.len());
        let (log_factorials, rest) = rest.split_at_mut(xs.len());
        simd::convert(xs, counts);
        let mut bits = 0;
        for (log_factorial, &x) in log_factorials.iter_mut().zip(xs) {
            bits |= x;
            *log_factorial = log_factorial_of[(x % TABLED) as usize];
        }
        if bits >= TABLED {
            let large = log_factorials.iter_mut().zip(xs);
            for (log_factorial, &x) in large.filter(|(_, x)| **x >= TABLED) {
                *log_factorial = Prepared::computed(x).log_factorial;
            }
        }
        if rest.is_empty() {
            return;
        }
        let (log_xs, log_saddles) = rest.split_at_mut(xs.len());
        for ((log_x, log_saddle), &x) in log_xs.iter_mut().zip(log_saddles).zip(xs) {
            let prepared = Prepared::new(x);
            (*log_x, *log_saddle) = (prepared.log_x, prepared.log_saddle);
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
        let (x, rest) = prepared.split_at(rows);
        let (log_factorial, rest) = rest.split_at(rows);
        if self.rate > 0.0 && self.rate <= PLAIN_RATE {
            // As in `log_density_of`; x = 0 needs no branch while ln λ is finite.
            let (rate, log_rate) = (self.rate, self.log_rate);
            return simd::map_pairs(x, log_factorial, out, |x, log_factorial| {
                (x * log_rate - rate) - log_factorial
            });
        }
        if self.rate <= PLAIN_RATE {
            // Rate 0.
            for (value, &x) in out.iter_mut().zip(x) {
                *value = if x == 0.0 { 0.0 } else { f64::NEG_INFINITY };
            }
            return;
        }
        let (log_x, log_saddle) = rest.split_at(rows);
        if poisson_saddle(self.rate, self.log_rate, [x, log_x, log_saddle], out) {
            return;
        }
        for (i, value) in out.iter_mut().enumerate() {
            *value = self.log_density_of(&Prepared {
                x: x[i],
                log_factorial: log_factorial[i],
                log_x: log_x[i],
                log_saddle: log_saddle[i],
            });
        }
    }
}

impl Component for Poisson {
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
        prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        let sums = weighted_sums(&prepared[..xs.len()], weights, |x, w| [w, w * x]);
        into.add_sums(sums[0], &sums[1..]);
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

impl ExponentialFamily for Poisson {
    type Vector = [f64; 1];

    fn statistic(&self, x: u64) -> [f64; 1] {
        [x as f64]
    }
    fn log_base(&self, x: u64) -> f64 {
        -ln_factorial(x)
    }
    fn natural(&self) -> [f64; 1] {
        [self.log_rate]
    }
    fn log_partition(&self) -> f64 {
        self.rate
    }
    fn expected(&self) -> [f64; 1] {
        [self.rate]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        Ok(Poisson::new(mean[0])?)
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// λ ln(λ/λ′) + λ′ − λ as a deviance, which does not cancel where the rates are close.
    fn kl_divergence(&self, other: &Self) -> f64 {
        deviance(self.rate, other.rate)
    }
}

impl Coordinates for Poisson {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.log_rate);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(Poisson::new(next_coordinate(from)?.exp())?)
    }
}

impl Sample for Poisson {
    fn empty_buffer(&self) -> Vec<u64> {
        Vec::new()
    }
    /// Rates beyond 2⁶³ are drawn as 2⁶³, the largest at which counts still fit `u64`.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<u64>) {
        let rate = self.rate.min(9.223_372_036_854_775_8e18);
        into.push(match rand_distr::Poisson::new(rate) {
            Ok(poisson) => {
                let count: f64 = poisson.sample(rng);
                count as u64
            }
            Err(_) => 0,
        });
    }
}

impl Univariate for Poisson {
    fn cdf(&self, x: f64) -> f64 {
        at_count(x, |k| gamma_q(k + 1.0, self.rate), (0.0, 1.0))
    }
    fn sf(&self, x: f64) -> f64 {
        at_count(x, |k| gamma_p(k + 1.0, self.rate), (1.0, 0.0))
    }
    /// A rate of 0 has all its mass at 0: both ends.
    fn quantile(&self, p: f64) -> f64 {
        let last = if self.rate > 0.0 { f64::INFINITY } else { 0.0 };
        let skewness = 1.0 / self.rate.sqrt();
        let start = quantile_start(p, self.rate, self.rate, skewness);
        count_quantile(p, start, (0.0, last), |k| (self.cdf(k), self.sf(k)))
    }
    fn mean(&self) -> f64 {
        self.rate
    }
    fn variance(&self) -> f64 {
        self.rate
    }
}

impl Entropy for Poisson {
    /// Summed over the counts: no closed form is known.
    fn entropy(&self) -> f64 {
        if self.rate == 0.0 {
            return 0.0;
        }
        let log_mass = |k: f64| self.log_density_of(&Prepared::real(k));
        entropy_of_counts(
            (self.rate, self.rate.sqrt()),
            (0.0, f64::INFINITY),
            log_mass,
        )
    }
}

impl IntervalStatistics for Poisson {
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let ends = (low.floor() + 1.0, high.floor());
        let ratio = |k: f64| self.rate / (k + 1.0);
        // k P(k) = λ P(k − 1).
        let closed = |first: f64, last: f64| {
            let shifted = self.probability(first - 2.0, last - 1.0);
            self.rate * (shifted / self.probability(first - 1.0, last))
        };
        let shape = (self.rate.floor(), self.rate);
        let mean = conditional_mean(ends, (0.0, f64::INFINITY), shape, ratio, closed);
        into.add(&[mean], weight);
    }
}
