//! Geometric counts whose probability of success is beta distributed.

use distributions::special::ln_beta;
use distributions::{Beta, Density, Geometric, GeometricSupport, ParameterError, Sample, Scalars};
use rand::Rng;

/// The beta-geometric distribution: x ~ Geometric(p) and p ~ Beta(α, β).
///
/// # Density
/// With y failures before the first success, P(y) = B(α + 1, β + y) / B(α, β); x is y, or the number of
/// trials y + 1, as the support says.
///
/// # Errors
/// [`BetaGeometric::new`] refuses a parameter that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Density, GeometricSupport};
/// let counts = em::BetaGeometric::new(1.0, 1.0, GeometricSupport::Failures)?;
/// // 1/((y + 1)(y + 2))
/// assert!((counts.log_density(2).exp() - 1.0 / 12.0).abs() < 1e-15);
/// # Ok::<(), distributions::ParameterError>(())
/// ```
///
/// # References
/// Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, section 6.2.3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaGeometric {
    alpha: f64,
    beta: f64,
    support: GeometricSupport,
    /// ln B(α, β).
    log_beta: f64,
}

impl BetaGeometric {
    /// Parameters α, β of the probability of success, and what is counted.
    ///
    /// # Errors
    /// When one is not positive and finite.
    pub fn new(alpha: f64, beta: f64, support: GeometricSupport) -> Result<Self, ParameterError> {
        for (name, value) in [("alpha", alpha), ("beta", beta)] {
            let valid = value > 0.0 && value.is_finite();
            ParameterError::require(valid, name, value, "must be positive and finite")?;
        }
        Ok(BetaGeometric {
            alpha,
            beta,
            support,
            log_beta: ln_beta(alpha, beta),
        })
    }
    /// α.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }
    /// β.
    pub fn beta(&self) -> f64 {
        self.beta
    }
    /// What is counted.
    pub fn support(&self) -> GeometricSupport {
        self.support
    }
    /// The least count.
    fn least(&self) -> u64 {
        match self.support {
            GeometricSupport::Failures => 0,
            GeometricSupport::Trials => 1,
        }
    }
}

impl Density for BetaGeometric {
    type Space = Scalars<u64>;

    fn log_density(&self, x: u64) -> f64 {
        match x.checked_sub(self.least()) {
            Some(failures) => {
                ln_beta(self.alpha + 1.0, self.beta + failures as f64) - self.log_beta
            }
            None => f64::NEG_INFINITY,
        }
    }
}

impl Sample for BetaGeometric {
    fn empty_buffer(&self) -> Vec<u64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<u64>) {
        let beta = Beta::new(self.alpha, self.beta);
        let success = beta.map_or(0.5, |beta| beta.sample(rng, 1)[0]);
        // A draw that underflows is the least positive probability.
        let success = success.clamp(f64::MIN_POSITIVE, 1.0);
        match Geometric::with_support(success, self.support) {
            Ok(geometric) => geometric.draw(rng, into),
            Err(_) => into.push(self.least()),
        }
    }
}
