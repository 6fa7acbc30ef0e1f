//! Logistic regression.

use super::{GeneralizedRegression, Response};
use crate::Scalars;
use crate::special::logistic;
use rand::{Rng, RngExt};

/// Responses 0 or 1, with P(1) = 1 / (1 + exp(−x·β)): logit link.
///
/// # Density
/// ln P(1 | x) = −ln(1 + e^(−η)), ln P(0 | x) = −ln(1 + e^η), η = x·β: small probabilities keep their
/// digits.
///
/// # M-step
/// One scoring step; see [`GeneralizedRegression`]. Where a plane separates the classes the maximum
/// lies at infinity, and the coefficients come to rest where every row is fitted to within 10⁻¹⁰.
///
/// # Errors
/// As [`GeneralizedRegression`].
///
/// # Example
/// ```
/// use distributions::regression::LogisticRegression;
/// use distributions::{Component, RowsView};
/// let design = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0];
/// let template = LogisticRegression::new(vec![0.0; 2])?;
/// let fitted = template.estimate((RowsView::new(&design, 2), &[1, 0, 0, 1, 0]), &[1.0; 5])?;
/// // P(1) is 1/3 at x = 0 and 1/2 at x = 1.
/// assert!((fitted.mean(&[1.0, 0.0]) - 1.0 / 3.0).abs() < 1e-13);
/// assert!((fitted.coefficients()[1] - 2f64.ln()).abs() < 1e-13);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// McCullagh & Nelder (1989), Generalized Linear Models, chapter 4. Albert & Anderson (1984), On the
/// existence of maximum likelihood estimates in logistic regression models.
pub type LogisticRegression = GeneralizedRegression<BernoulliResponse>;

/// A response 0 or 1 with logit link: P(1) = 1 / (1 + e^(−η)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BernoulliResponse;

/// p and 1 − p, each relative to its own size, from η and exp(−|η|).
#[inline]
pub(super) fn probabilities(eta: f64, exponential: f64) -> (f64, f64) {
    let large = 1.0 / (1.0 + exponential);
    let small = exponential * large;
    if eta >= 0.0 {
        (large, small)
    } else {
        (small, large)
    }
}

/// ln p and ln(1 − p), each relative to its own size, from η and exp(−|η|).
#[inline]
pub(super) fn log_probabilities(eta: f64, exponential: f64) -> (f64, f64) {
    let log_large = -exponential.ln_1p();
    let log_small = log_large - eta.abs();
    if eta >= 0.0 {
        (log_large, log_small)
    } else {
        (log_small, log_large)
    }
}

impl Response for BernoulliResponse {
    type Space = Scalars<u64>;
    const PREPARED: usize = 0;

    fn check(y: u64) -> Result<(), &'static str> {
        if y <= 1 {
            Ok(())
        } else {
            Err("must have a response of 0 or 1")
        }
    }
    fn prepare(_y: u64) -> [f64; 2] {
        [0.0; 2]
    }
    fn exponent(eta: f64) -> f64 {
        -eta.abs()
    }
    fn log_mass(y: u64, _prepared: [f64; 2], eta: f64, exponential: f64) -> f64 {
        let (log_one, log_zero) = log_probabilities(eta, exponential);
        match y {
            0 => log_zero,
            1 => log_one,
            _ => f64::NEG_INFINITY,
        }
    }
    fn score(y: u64, eta: f64, exponential: f64) -> (f64, f64) {
        let (one, zero) = probabilities(eta, exponential);
        (if y == 1 { zero } else { -one }, one * zero)
    }
    /// Between half a success and one and a half, of two.
    fn smoothed(y: u64) -> (f64, f64) {
        let eta = 3f64.ln();
        (if y == 1 { eta } else { -eta }, 3.0 / 16.0)
    }
    fn mean(eta: f64) -> f64 {
        logistic(eta)
    }
}

impl LogisticRegression {
    /// Draws y given x.
    ///
    /// # Panics
    /// As [`mean`](Self::mean).
    pub fn draw_response<R: Rng + ?Sized>(&self, x: &[f64], rng: &mut R) -> u64 {
        u64::from(rng.random::<f64>() < self.mean(x))
    }
}
