//! Binomial regression.

use super::logistic::{log_probabilities, probabilities};
use super::response::HALF_LN_TWO_PI;
use super::{GeneralizedRegression, Response};
use crate::special::{deviance, ln_binomial, logistic, logit, stirling_error};
use crate::{Binomial, Pair, Sample, Scalars};
use rand::Rng;

/// Successes in a known number of trials each row, of probability 1 / (1 + exp(−x·β)): logit link.
///
/// A response is a pair (successes, trials); a batch of them is a pair of slices. A row of no trials
/// says nothing. With one trial each this is [`LogisticRegression`](super::LogisticRegression).
///
/// # Density
/// P(s | x, n) = C(n, s) p^s (1 − p)^(n−s), p = 1 / (1 + e^(−η)), η = x·β.
///
/// # M-step
/// One scoring step; see [`GeneralizedRegression`].
///
/// # Errors
/// As [`GeneralizedRegression`].
///
/// # Example
/// ```
/// use distributions::regression::BinomialRegression;
/// use distributions::{Component, RowsView};
/// let design = RowsView::new(&[1.0, 1.0, 1.0], 1);
/// let (successes, trials) = ([2, 0, 4], [4, 2, 6]);
/// let template = BinomialRegression::new(vec![0.0])?;
/// let fitted = template.estimate((design, (&successes, &trials)), &[1.0; 3])?;
/// // Half of all 12 trials.
/// assert!((fitted.mean(&[1.0]) - 0.5).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// McCullagh & Nelder (1989), Generalized Linear Models, chapter 4. Loader (2000), Fast and Accurate
/// Computation of Binomial Probabilities.
pub type BinomialRegression = GeneralizedRegression<BinomialResponse>;

/// Successes in trials, with logit link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinomialResponse;

/// The most trials at which the logarithms of the binomial coefficient and of the probabilities are
/// small enough to be added as they are.
const PLAIN_TRIALS: u64 = 64;
/// Beyond this linear predictor a probability may underflow; its logarithm does not.
const LOGARITHMS_ONLY: f64 = 700.0;

impl Response for BinomialResponse {
    type Space = Pair<Scalars<u64>, Scalars<u64>>;
    const PREPARED: usize = 1;

    fn check((successes, trials): (u64, u64)) -> Result<(), &'static str> {
        if successes <= trials {
            Ok(())
        } else {
            Err("must have no more successes than trials")
        }
    }
    /// ln C(n, s) of few trials; of many, the log-density at p = s/n. 0 at s = 0 and s = n.
    fn prepare((successes, trials): (u64, u64)) -> [f64; 2] {
        if successes == 0 || successes >= trials {
            return [0.0; 2];
        }
        if trials <= PLAIN_TRIALS {
            return [ln_binomial(trials, successes), 0.0];
        }
        let (n, s, f) = (trials as f64, successes as f64, (trials - successes) as f64);
        let saddle = stirling_error(n)
            - stirling_error(s)
            - stirling_error(f)
            - HALF_LN_TWO_PI
            - 0.5 * (s * (f / n)).ln();
        [saddle, 0.0]
    }
    fn exponent(eta: f64) -> f64 {
        -eta.abs()
    }
    fn log_mass(
        (successes, trials): (u64, u64),
        prepared: [f64; 2],
        eta: f64,
        exponential: f64,
    ) -> f64 {
        if successes > trials {
            return f64::NEG_INFINITY;
        }
        let (s, f) = (successes as f64, (trials - successes) as f64);
        let (log_success, log_failure) = log_probabilities(eta, exponential);
        // The ends first: there one term alone is left.
        if successes == 0 {
            return f * log_failure;
        }
        if successes == trials {
            return s * log_success;
        }
        if trials <= PLAIN_TRIALS {
            return prepared[0] + (s * log_success + f * log_failure);
        }
        if eta.abs() > LOGARITHMS_ONLY {
            return ln_binomial(trials, successes) + (s * log_success + f * log_failure);
        }
        let (n, (success, failure)) = (trials as f64, probabilities(eta, exponential));
        prepared[0] - deviance(s, n * success) - deviance(f, n * failure)
    }
    fn score((successes, trials): (u64, u64), eta: f64, exponential: f64) -> (f64, f64) {
        let (s, f) = (successes as f64, trials.saturating_sub(successes) as f64);
        let (success, failure) = probabilities(eta, exponential);
        (s * failure - f * success, (s + f) * (success * failure))
    }
    fn smoothed((successes, trials): (u64, u64)) -> (f64, f64) {
        let n = trials as f64;
        let probability = (successes as f64 + 0.5) / (n + 1.0);
        (logit(probability), n * (probability * (1.0 - probability)))
    }
    fn mean(eta: f64) -> f64 {
        logistic(eta)
    }
}

impl BinomialRegression {
    /// Draws the number of successes in `trials` trials given x.
    ///
    /// # Panics
    /// As [`mean`](Self::mean).
    pub fn draw_response<R: Rng + ?Sized>(&self, x: &[f64], trials: u64, rng: &mut R) -> u64 {
        let mut drawn = Vec::new();
        if let Ok(binomial) = Binomial::new(trials, self.mean(x)) {
            binomial.draw(rng, &mut drawn);
        }
        drawn.first().copied().unwrap_or(0)
    }
}
