//! The negative binomial distribution.

use super::CountHistogram;
use super::count_masses::{add_between, counts_between, expectation};
use super::counts::{at_count, count_quantile, entropy_of_counts, quantile_start};
use super::exponential_excess;
use super::normal::HALF_LN_TWO_PI;
use super::overdispersion::rising_sums;
use super::saddle_point::relative_deviance;
use crate::serde_parameters::serde_parameters;
use crate::solve::newton_in_bracket;
use crate::special::{beta_i, beta_i_complement, gamma_p, gamma_q, ln_1p_minus_x, stirling_error};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, IntervalStatistics, ParameterError,
    Reason, Sample, Scalars, Scratch, Statistics, Univariate, next_coordinate,
};
use rand::Rng;
use rand_distr::Distribution;

/// The negative binomial distribution with mean m and size r (variance m + m²/r) on the counts
/// 0, 1, 2, …: a Poisson whose rate is gamma distributed with shape r and mean m.
///
/// # Density
/// P(x) = Γ(x + r)/(Γ(r) x!) (r/(r + m))ʳ (m/(r + m))ˣ. A mean of 0 is valid: then P(0) = 1. So is an
/// infinite size: the limit, a Poisson of rate m.
///
/// # Sufficient statistics
/// None of fixed size while r is estimated; the weight of each count is kept ([`CountHistogram`]).
///
/// # M-step
/// m = Σ w x / N. The size solves Σ w (ψ(x + r) − ψ(r)) = N ln(1 + m/r), by Newton in ln r within a
/// bracket, both sides less the m/r that they share. When the variance does not exceed the mean the
/// estimate is the Poisson, r = ∞. When all counts are 0 the mean is 0 and the size, which says
/// nothing then, is kept. A size can be known ([`with_fixed_size`](Self::with_fixed_size)): then only
/// the mean is estimated.
///
/// # Errors
/// [`NegativeBinomial::new`] refuses a mean that is negative or not finite, and a size that is not
/// positive.
///
/// # Example
/// ```
/// use distributions::{Component, Density, NegativeBinomial};
/// let family = NegativeBinomial::new(2.0, 1.0)?; // size 1: geometric
/// assert!((family.log_density(3) - (8.0f64 / 81.0).ln()).abs() < 1e-15);
/// let fitted = family.estimate(&[0, 1, 8, 3], &[1.0, 1.0, 1.0, 1.0])?;
/// assert_eq!(fitted.mean(), 3.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, chapter 5; Loader (2000), the
/// saddle-point form of the density.
#[derive(Clone, Debug, PartialEq)]
pub struct NegativeBinomial {
    mean: f64,
    size: f64,
    /// Whether the size is known.
    fixed_size: bool,
    /// δ(r), taken once.
    size_error: f64,
    /// ln P(0) = −r ln(1 + m/r), taken once.
    log_zero: f64,
}

serde_parameters!(NegativeBinomial {
    mean: f64,
    #[serde(with = "crate::serde_parameters::extended")]
    size: f64,
});

impl NegativeBinomial {
    /// The negative binomial distribution with this mean and size.
    ///
    /// # Errors
    /// When `mean` is negative or not finite, or `size` is not positive. A size of ∞ is valid.
    pub fn new(mean: f64, size: f64) -> Result<Self, ParameterError> {
        ParameterError::require(
            mean >= 0.0 && mean.is_finite(),
            "mean",
            mean,
            "must be non-negative and finite",
        )?;
        ParameterError::require(size > 0.0, "size", size, "must be positive")?;
        let ratio = mean / size;
        Ok(NegativeBinomial {
            mean,
            size,
            fixed_size: false,
            size_error: stirling_error(size),
            log_zero: if size == f64::INFINITY {
                -mean
            } else if ratio < f64::INFINITY {
                -size * ratio.ln_1p()
            } else {
                -size * (mean.ln() - size.ln())
            },
        })
    }
    /// The same distribution, its size known: the M-step keeps it, and it is no free parameter.
    pub fn with_fixed_size(mut self) -> Self {
        self.fixed_size = true;
        self
    }
    /// With another mean and size, the size as free as it was.
    fn moved_to(&self, mean: f64, size: f64) -> Result<Self, ParameterError> {
        let moved = NegativeBinomial::new(mean, size)?;
        Ok(NegativeBinomial {
            fixed_size: self.fixed_size,
            ..moved
        })
    }
    /// m.
    pub fn mean(&self) -> f64 {
        self.mean
    }
    /// r.
    pub fn size(&self) -> f64 {
        self.size
    }
    /// ln P(x), from x and −½ ln 2πx − δ(x).
    #[inline]
    fn log_density_of(&self, x: f64, log_saddle: f64) -> f64 {
        if x == 0.0 {
            return self.log_zero;
        }
        if self.mean == 0.0 {
            return f64::NEG_INFINITY;
        }
        let (m, r) = (self.mean, self.size);
        if r == f64::INFINITY {
            return log_saddle - relative_deviance(x, (m - x) / x, || m / x);
        }
        // n = x + r trials, each a failure with probability m/(r + m): the two deviances of the
        // binomial saddle point, with the ratios of expected to observed as 1 + u, u exact.
        let (n, total) = (x + r, m + r);
        let failures = relative_deviance(x, (r / total) * ((m - x) / x), || (n / total) * (m / x));
        let successes = relative_deviance(r, (x - m) / total, || n / total);
        log_saddle + stirling_error(n)
            - self.size_error
            - 0.5 * (x / r).ln_1p()
            - failures
            - successes
    }
}

/// −½ ln 2πx − δ(x); 0 for x = 0, where it is not used.
fn log_saddle(x: f64) -> f64 {
    if x == 0.0 {
        0.0
    } else {
        -HALF_LN_TWO_PI - 0.5 * x.ln() - stirling_error(x)
    }
}

impl Density for NegativeBinomial {
    type Space = Scalars<u64>;

    fn log_density(&self, x: u64) -> f64 {
        let x = x as f64;
        self.log_density_of(x, log_saddle(x))
    }
    fn prepared_width(&self) -> usize {
        2
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    /// Columns x and −½ ln 2πx − δ(x).
    fn prepare(&self, xs: &[u64], into: &mut [f64]) {
        let (counts, saddles) = into.split_at_mut(xs.len());
        for ((count, saddle), &x) in counts.iter_mut().zip(saddles).zip(xs) {
            *count = x as f64;
            *saddle = log_saddle(*count);
        }
    }
    fn log_density_batch(
        &self,
        xs: &[u64],
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let (counts, saddles) = prepared.split_at(xs.len());
        for ((value, &x), &saddle) in out.iter_mut().zip(counts).zip(saddles) {
            *value = self.log_density_of(x, saddle);
        }
    }
}

impl Component for NegativeBinomial {
    type Statistics = CountHistogram;

    fn empty_statistics(&self) -> CountHistogram {
        CountHistogram::default()
    }
    fn accumulate(&self, into: &mut CountHistogram, x: u64, weight: f64) {
        into.add(x, weight);
    }
    fn maximize(&self, from: &CountHistogram) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        let mean = from.mean();
        if mean == 0.0 || self.fixed_size {
            return Ok(self.moved_to(mean, self.size)?);
        }
        let excess = from.variance() - mean;
        // The likelihood has a maximum at a finite size exactly when the variance exceeds the mean.
        if !(excess > 1e-12 * mean) {
            return Ok(self.moved_to(mean, f64::INFINITY)?);
        }
        let start = mean * (mean / excess);
        let size = newton_in_bracket(
            start,
            (1e-12 * start.min(1.0), 1e12 * start.max(1.0)),
            |r| size_score(from, mean, r),
        )
        .ok_or_else(|| {
            EstimateError::new(Reason::NotConverged {
                parameter: "size",
                iterations: 200,
            })
        })?;
        Ok(self.moved_to(mean, size)?)
    }
    fn parameter_count(&self) -> usize {
        if self.fixed_size { 1 } else { 2 }
    }
    /// A mass is at most 1.
    fn is_bounded(&self) -> bool {
        true
    }
}

/// The derivative of the log-likelihood in ln r over the total weight, Σ w (ψ(x + r) − ψ(r))/N − ln(1 +
/// m/r) times r, both less their m/r; and its derivative in r.
fn size_score(from: &CountHistogram, mean: f64, r: f64) -> (f64, f64) {
    let (sums, weight) = (rising_sums(from, r), from.weight());
    let score = -r * ln_1p_minus_x(mean / r) - sums.shortfall / weight;
    let gap_slope = mean / (r * (r + mean)) - sums.curvature / weight;
    (score, score / r + r * gap_slope)
}

/// ln m, and ln r where the size is free.
impl Coordinates for NegativeBinomial {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.mean.ln());
        if !self.fixed_size {
            into.push(self.size.ln());
        }
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let mean = next_coordinate(from)?.exp();
        let size = if self.fixed_size {
            self.size
        } else if let Some((&f64::INFINITY, rest)) = from.split_first() {
            // The Poisson has no finite coordinate, and is a member.
            *from = rest;
            f64::INFINITY
        } else {
            next_coordinate(from)?.exp()
        };
        Ok(self.moved_to(mean, size)?)
    }
}

impl Sample for NegativeBinomial {
    fn empty_buffer(&self) -> Vec<u64> {
        Vec::new()
    }
    /// A Poisson count whose rate is gamma distributed.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<u64>) {
        let rate = if self.size == f64::INFINITY {
            self.mean
        } else {
            rand_distr::Gamma::new(self.size, 1.0)
                .map_or(0.0, |gamma| gamma.sample(rng) * (self.mean / self.size))
        };
        match super::Poisson::new(rate.min(f64::MAX)) {
            Ok(poisson) => poisson.draw(rng, into),
            Err(_) => into.push(0),
        }
    }
}

impl NegativeBinomial {
    /// F(k) and 1 − F(k): an incomplete beta function of the smaller of r/(r + m) and m/(r + m).
    fn tails(&self, k: f64) -> (f64, f64) {
        let (m, r) = (self.mean, self.size);
        if r == f64::INFINITY {
            // The Poisson.
            return (gamma_q(k + 1.0, m), gamma_p(k + 1.0, m));
        }
        if m / r == f64::INFINITY {
            // r is so small that what lies between 0 and this m has no mass.
            return (self.log_zero.exp(), -self.log_zero.exp_m1());
        }
        if m < r {
            let failure = 1.0 / (1.0 + r / m);
            (
                beta_i_complement(k + 1.0, r, failure),
                beta_i(k + 1.0, r, failure),
            )
        } else {
            let success = 1.0 / (1.0 + m / r);
            (
                beta_i(r, k + 1.0, success),
                beta_i_complement(r, k + 1.0, success),
            )
        }
    }
}

impl Univariate for NegativeBinomial {
    fn cdf(&self, x: f64) -> f64 {
        at_count(x, |k| self.tails(k).0, (0.0, 1.0))
    }
    fn sf(&self, x: f64) -> f64 {
        at_count(x, |k| self.tails(k).1, (1.0, 0.0))
    }
    /// A mean of 0 has all its mass at 0: both ends.
    fn quantile(&self, p: f64) -> f64 {
        let last = if self.mean > 0.0 { f64::INFINITY } else { 0.0 };
        let variance = Univariate::variance(self);
        let skewness = (1.0 + 2.0 * self.mean / self.size) / variance.sqrt();
        let start = quantile_start(p, self.mean, variance, skewness);
        count_quantile(p, start, (0.0, last), |k| self.tails(k))
    }
    fn mean(&self) -> f64 {
        self.mean
    }
    /// m + m²/r.
    fn variance(&self) -> f64 {
        self.mean * (1.0 + self.mean / self.size)
    }
}

impl Entropy for NegativeBinomial {
    /// Summed over the counts: no closed form is known.
    fn entropy(&self) -> f64 {
        if self.mean == 0.0 {
            return 0.0;
        }
        let log_mass = |k: f64| self.log_density_of(k, log_saddle(k));
        // The variance itself may be past the largest double.
        let deviation = self.mean.sqrt() * (1.0 + self.mean / self.size).sqrt();
        let moments = (self.mean, deviation);
        entropy_of_counts(moments, (0.0, f64::INFINITY), log_mass)
    }
}

impl NegativeBinomial {
    /// The Kullback–Leibler divergence KL(self ‖ other), in nats: ∞ where only `other` has all its mass
    /// at 0.
    ///
    /// Summed over the counts: of distributions that are close, to about 1e-13 of it and rounding of its
    /// root; of others to rounding of the mean of ln p and ln q.
    pub fn kl_divergence(&self, other: &Self) -> f64 {
        if self.mean == 0.0 {
            return -other.log_zero;
        }
        if other.mean == 0.0 {
            return f64::INFINITY;
        }
        let log_mass = |k: f64| self.log_density_of(k, log_saddle(k));
        let mut farthest = 0.0_f64;
        let ends = counts_between(-1.0, f64::INFINITY, f64::INFINITY);
        let step = |k: f64| other.log_density_of(k, log_saddle(k)) - log_mass(k);
        let mut last = 0.0_f64;
        let plain = expectation(ends, self.mode(), log_mass, |k| {
            let step = step(k);
            (farthest, last) = (farthest.max(step.abs()), last.max(k));
            -step
        });
        if farthest > 0.5 {
            return plain.max(0.0);
        }
        let excess = expectation(ends, self.mode(), log_mass, |k| exponential_excess(step(k)));
        excess + (other.sf(last) - self.sf(last))
    }
    /// The largest of the most probable counts.
    fn mode(&self) -> f64 {
        (self.mean * (1.0 - 1.0 / self.size)).max(0.0).floor()
    }
}

impl IntervalStatistics for NegativeBinomial {
    /// The expected weight of each count, so that the M-step stays exact.
    fn accumulate_interval(&self, into: &mut CountHistogram, low: f64, high: f64, weight: f64) {
        let last = if self.mean > 0.0 { f64::INFINITY } else { 0.0 };
        let ends = counts_between(low, high, last);
        add_between(into, weight, ends, self.mode(), |k| {
            self.log_density_of(k, log_saddle(k))
        });
    }
}
