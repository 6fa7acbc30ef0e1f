//! Poisson regression.

use super::response::HALF_LN_TWO_PI;
use super::{GeneralizedRegression, Response};
use crate::special::{ln_factorial, stirling_error};
use crate::{Poisson, Sample, Scalars};
use rand::Rng;

/// Counts with mean exp(x·β): log link.
///
/// # Density
/// P(y | x) = μ^y e^(−μ) / y! with μ = exp(η), η = x·β.
///
/// # M-step
/// One scoring step; see [`GeneralizedRegression`]. When all counts are 0 the maximum lies at
/// μ = 0, and the coefficients come to rest at a mean below 10⁻¹⁰.
///
/// # Errors
/// As [`GeneralizedRegression`].
///
/// # Example
/// ```
/// use distributions::regression::PoissonRegression;
/// use distributions::{Component, RowsView};
/// // One indicator for each of two groups: the estimates are logarithms of their mean counts.
/// let design = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
/// let template = PoissonRegression::new(vec![0.0; 2])?;
/// let fitted = template.estimate((RowsView::new(&design, 2), &[1, 3, 0, 10]), &[1.0; 4])?;
/// assert!((fitted.coefficients()[0] - 2f64.ln()).abs() < 1e-13);
/// assert!((fitted.mean(&[0.0, 1.0]) - 5.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// McCullagh & Nelder (1989), Generalized Linear Models, chapter 6. Loader (2000), Fast and Accurate
/// Computation of Binomial Probabilities.
pub type PoissonRegression = GeneralizedRegression<PoissonResponse>;

/// A count with logarithmic link: E\[y\] = e^η.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoissonResponse;

/// The largest count at which y η, e^η and ln y! are small enough to be subtracted as they are.
const PLAIN_COUNT: u64 = 64;

impl Response for PoissonResponse {
    type Space = Scalars<u64>;
    const PREPARED: usize = 2;

    fn check(_y: u64) -> Result<(), &'static str> {
        Ok(())
    }
    /// −ln y! and nothing of a small count; the log-density at μ = y, and ln y, of a large one.
    fn prepare(y: u64) -> [f64; 2] {
        if y <= PLAIN_COUNT {
            return [-ln_factorial(y), 0.0];
        }
        let count = y as f64;
        let ln_count = count.ln();
        let saddle = -HALF_LN_TWO_PI - 0.5 * ln_count - stirling_error(count);
        [saddle, ln_count]
    }
    fn exponent(eta: f64) -> f64 {
        eta
    }
    /// A large count has the deviance y (e^t − 1 − t), t = η − ln y, in which nothing large cancels.
    fn log_mass(y: u64, prepared: [f64; 2], eta: f64, exponential: f64) -> f64 {
        let count = y as f64;
        if y <= PLAIN_COUNT {
            return (count * eta - exponential) + prepared[0];
        }
        let t = eta - prepared[1];
        prepared[0] - count * (t.exp_m1() - t)
    }
    fn score(y: u64, _eta: f64, exponential: f64) -> (f64, f64) {
        (y as f64 - exponential, exponential)
    }
    fn smoothed(y: u64) -> (f64, f64) {
        let mean = y as f64 + 0.5;
        (mean.ln(), mean)
    }
    fn mean(eta: f64) -> f64 {
        eta.exp()
    }
}

impl PoissonRegression {
    /// Draws y given x. A mean that is not finite draws as the largest mean of [`Poisson`].
    ///
    /// # Panics
    /// As [`mean`](Self::mean).
    pub fn draw_response<R: Rng + ?Sized>(&self, x: &[f64], rng: &mut R) -> u64 {
        let mut drawn = Vec::new();
        if let Ok(poisson) = Poisson::new(self.mean(x).min(f64::MAX)) {
            poisson.draw(rng, &mut drawn);
        }
        drawn.first().copied().unwrap_or(0)
    }
}
