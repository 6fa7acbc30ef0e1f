//! The uniform distribution on whole numbers between known bounds.

use super::counts::count_quantile;
use super::nothing_to_estimate::nothing_to_estimate;
use crate::serde_parameters::serde_parameters;
use crate::{Density, Entropy, ParameterError, Sample, Scalars, Univariate};
use rand::{Rng, RngExt};

/// The uniform distribution on the counts low, low + 1, …, high, both **fixed**.
///
/// In a mixture the likelihood has no useful maximum in the bounds, so they are given: a uniform
/// component is a background.
///
/// # Density
/// P(x) = 1/(high − low + 1) for low ≤ x ≤ high.
///
/// # M-step
/// Nothing is estimated: no parameter.
///
/// # Errors
/// [`DiscreteUniform::new`] refuses a `high` below `low`.
///
/// # Example
/// ```
/// use distributions::{Density, DiscreteUniform};
/// let family = DiscreteUniform::new(1, 6)?;
/// assert_eq!(family.log_density(6), -(6f64.ln()));
/// assert_eq!(family.log_density(7), f64::NEG_INFINITY);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, section 6.10 (the discrete rectangular
/// distribution).
#[derive(Clone, Debug, PartialEq)]
pub struct DiscreteUniform {
    low: u64,
    high: u64,
    /// −ln(high − low + 1), taken once.
    log_height: f64,
}

serde_parameters!(DiscreteUniform {
    low: u64,
    high: u64
});

impl DiscreteUniform {
    /// The uniform distribution on the counts from `low` to `high`.
    ///
    /// # Errors
    /// When `high` is below `low`.
    pub fn new(low: u64, high: u64) -> Result<Self, ParameterError> {
        ParameterError::require(low <= high, "high", high as f64, "must not be below low")?;
        Ok(DiscreteUniform {
            low,
            high,
            log_height: -((high - low) as f64).ln_1p(),
        })
    }
    /// The least count, fixed.
    pub fn low(&self) -> u64 {
        self.low
    }
    /// The largest count, fixed.
    pub fn high(&self) -> u64 {
        self.high
    }
    /// The Kullback–Leibler divergence KL(self ‖ other), in nats: ∞ where `other` leaves counts out.
    pub fn kl_divergence(&self, other: &Self) -> f64 {
        if self.low >= other.low && self.high <= other.high {
            self.log_height - other.log_height
        } else {
            f64::INFINITY
        }
    }
    /// The number of counts high − low + 1.
    fn counts(&self) -> f64 {
        (self.high - self.low) as f64 + 1.0
    }
    /// How many of the counts are at most x, for x that is no NaN.
    fn counts_to(&self, x: f64) -> f64 {
        (x.floor() - self.low as f64 + 1.0).clamp(0.0, self.counts())
    }
}

impl Density for DiscreteUniform {
    type Space = Scalars<u64>;

    fn log_density(&self, x: u64) -> f64 {
        if x >= self.low && x <= self.high {
            self.log_height
        } else {
            f64::NEG_INFINITY
        }
    }
    fn check_observation(&self, x: u64) -> Result<(), &'static str> {
        if x >= self.low && x <= self.high {
            Ok(())
        } else {
            Err("must lie between low and high")
        }
    }
}

nothing_to_estimate!(DiscreteUniform, u64);

impl Sample for DiscreteUniform {
    fn empty_buffer(&self) -> Vec<u64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<u64>) {
        into.push(rng.random_range(self.low..=self.high));
    }
}

impl Univariate for DiscreteUniform {
    fn cdf(&self, x: f64) -> f64 {
        self.counts_to(x) / self.counts()
    }
    fn sf(&self, x: f64) -> f64 {
        (self.counts() - self.counts_to(x)) / self.counts()
    }
    fn quantile(&self, p: f64) -> f64 {
        let (low, high) = (self.low as f64, self.high as f64);
        let start = low + p * self.counts() - 1.0;
        count_quantile(p, start, (low, high), |k| (self.cdf(k), self.sf(k)))
    }
    fn mean(&self) -> f64 {
        0.5 * self.low as f64 + 0.5 * self.high as f64
    }
    fn variance(&self) -> f64 {
        let n = self.counts();
        (n - 1.0) * (n + 1.0) / 12.0
    }
}

impl Entropy for DiscreteUniform {
    fn entropy(&self) -> f64 {
        -self.log_height
    }
}
