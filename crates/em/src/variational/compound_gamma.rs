//! Gamma observations whose rate is itself gamma distributed.

use distributions::special::{ln_beta, xlogy};
use distributions::{Density, Gamma, ParameterError, Sample, Scalars};
use rand::Rng;

/// The compound gamma distribution: x ~ Gamma(k, λ) and λ ~ Gamma(a, b), with shapes k, a and rates λ, b.
/// With k = 1 it is the Lomax distribution.
///
/// # Density
/// p(x) = (x/b)^(k − 1) (1 + x/b)^(−k − a) / (b B(k, a)) for x > 0; at 0 its limit.
///
/// # Errors
/// [`CompoundGamma::new`] refuses a parameter that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::Density;
/// let lomax = em::CompoundGamma::new(1.0, 3.0, 2.0)?;
/// // a/b (1 + x/b)^(−a − 1)
/// assert!((lomax.log_density(2.0).exp() - 1.5 / 16.0).abs() < 1e-15);
/// # Ok::<(), distributions::ParameterError>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapters 17 and 20.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompoundGamma {
    shape: f64,
    rate_shape: f64,
    scale: f64,
    /// −ln b − ln B(k, a).
    log_constant: f64,
}

impl CompoundGamma {
    /// Shape k, shape of the rate a, and scale b, the rate of the rate.
    ///
    /// # Errors
    /// When one is not positive and finite.
    pub fn new(shape: f64, rate_shape: f64, scale: f64) -> Result<Self, ParameterError> {
        let all = [
            ("shape", shape),
            ("rate shape", rate_shape),
            ("scale", scale),
        ];
        for (name, value) in all {
            let valid = value > 0.0 && value.is_finite();
            ParameterError::require(valid, name, value, "must be positive and finite")?;
        }
        Ok(CompoundGamma {
            shape,
            rate_shape,
            scale,
            log_constant: -scale.ln() - ln_beta(shape, rate_shape),
        })
    }
    /// k.
    pub fn shape(&self) -> f64 {
        self.shape
    }
    /// a.
    pub fn rate_shape(&self) -> f64 {
        self.rate_shape
    }
    /// b, in units of x.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

impl Density for CompoundGamma {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if !(x >= 0.0) || x == f64::INFINITY {
            return f64::NEG_INFINITY;
        }
        let ratio = x / self.scale;
        let tail = (self.shape + self.rate_shape) * ratio.ln_1p();
        self.log_constant + xlogy(self.shape - 1.0, ratio) - tail
    }
}

impl Sample for CompoundGamma {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    /// The rate, then x given it; a rate that leaves the range of positive numbers is the nearest of them.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        if let Ok(rates) = Gamma::new(self.rate_shape, self.scale) {
            rates.draw(rng, into);
        }
        let rate = into.pop().unwrap_or(1.0);
        match Gamma::new(self.shape, rate.clamp(f64::MIN_POSITIVE, f64::MAX)) {
            Ok(given_rate) => given_rate.draw(rng, into),
            Err(_) => into.push(self.scale),
        }
    }
}
