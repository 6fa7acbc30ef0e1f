//! The uniform distribution on a known interval.

use super::nothing_to_estimate::nothing_to_estimate;
use crate::serde_parameters::serde_parameters;
use crate::{Density, Entropy, ParameterError, Sample, Scalars, Univariate};
use rand::{Rng, RngExt};

/// The uniform distribution on a **fixed** interval \[low, high\].
///
/// In a mixture the likelihood has no useful maximum in the bounds, so they are given: a uniform
/// component is a background.
///
/// # Density
/// p(x) = 1/(high − low) for low ≤ x ≤ high.
///
/// # M-step
/// Nothing is estimated: no parameter.
///
/// # Errors
/// [`Uniform::new`] refuses bounds that are not finite, or not in order.
///
/// # Example
/// ```
/// use distributions::{Density, Uniform};
/// let family = Uniform::new(1.0, 3.0)?;
/// assert_eq!(family.log_density(1.0), -(2f64.ln()));
/// assert_eq!(family.log_density(4.0), f64::NEG_INFINITY);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 26.
#[derive(Clone, Debug, PartialEq)]
pub struct Uniform {
    low: f64,
    high: f64,
    /// −ln(high − low), taken once.
    log_height: f64,
}

serde_parameters!(Uniform {
    low: f64,
    high: f64
});

impl Uniform {
    /// The uniform distribution on \[low, high\].
    ///
    /// # Errors
    /// When a bound is not finite, or `low` is not below `high`.
    pub fn new(low: f64, high: f64) -> Result<Self, ParameterError> {
        ParameterError::require(low.is_finite(), "low", low, "must be finite")?;
        ParameterError::require(high.is_finite(), "high", high, "must be finite")?;
        ParameterError::require(low < high, "high", high, "must be above low")?;
        // Halves, so that a width past the largest double has a logarithm too.
        let half_width = 0.5 * high - 0.5 * low;
        Ok(Uniform {
            low,
            high,
            log_height: if half_width < 0.25 * f64::MAX {
                -(high - low).ln()
            } else {
                -half_width.ln() - std::f64::consts::LN_2
            },
        })
    }
    /// The lower bound, fixed.
    pub fn low(&self) -> f64 {
        self.low
    }
    /// The upper bound, fixed.
    pub fn high(&self) -> f64 {
        self.high
    }
    /// The Kullback–Leibler divergence KL(self ‖ other) in nats: the logarithm of how much wider
    /// `other` is; infinite where it does not cover `self`.
    pub fn kl_divergence(&self, other: &Self) -> f64 {
        if other.low > self.low || other.high < self.high {
            return f64::INFINITY;
        }
        let more = (0.5 * self.low - 0.5 * other.low) + (0.5 * other.high - 0.5 * self.high);
        (more / (0.5 * self.high - 0.5 * self.low)).ln_1p()
    }
}

impl Density for Uniform {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if x >= self.low && x <= self.high {
            self.log_height
        } else {
            f64::NEG_INFINITY
        }
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        if x >= self.low && x <= self.high {
            Ok(())
        } else {
            Err("must lie between low and high")
        }
    }
}

nothing_to_estimate!(Uniform, f64);

impl Sample for Uniform {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let u: f64 = rng.random();
        into.push((self.low * (1.0 - u) + self.high * u).clamp(self.low, self.high));
    }
}

impl Uniform {
    /// (to − from)/(high − low), by halves: the width may be past the largest double.
    fn share(&self, from: f64, to: f64) -> f64 {
        (0.5 * to - 0.5 * from) / (0.5 * self.high - 0.5 * self.low)
    }
}

impl Univariate for Uniform {
    fn cdf(&self, x: f64) -> f64 {
        if x < self.low {
            0.0
        } else if x >= self.high {
            1.0
        } else {
            self.share(self.low, x)
        }
    }
    fn sf(&self, x: f64) -> f64 {
        if x < self.low {
            1.0
        } else if x >= self.high {
            0.0
        } else {
            self.share(x, self.high)
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        if !(0.0..=1.0).contains(&p) {
            return f64::NAN;
        }
        // Each end exactly, and no width that overflows.
        (self.low * (1.0 - p) + self.high * p).clamp(self.low, self.high)
    }
    fn mean(&self) -> f64 {
        0.5 * self.low + 0.5 * self.high
    }
    fn variance(&self) -> f64 {
        let half = 0.5 * self.high - 0.5 * self.low;
        half * half / 3.0
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        let (low, high) = (low.max(self.low), high.min(self.high));
        if low < high {
            self.share(low, high)
        } else {
            0.0
        }
    }
}

impl Entropy for Uniform {
    /// ln(high − low).
    fn entropy(&self) -> f64 {
        -self.log_height
    }
}
