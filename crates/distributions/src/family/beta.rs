//! The beta distribution.

use super::BetaStatistics;
use super::divergence;
use super::normal::HALF_LN_TWO_PI;
use super::saddle_point::deviance_with_logs;
use crate::combine::Narrowest;
use crate::serde_parameters::serde_parameters;
use crate::special::{
    beta_i, beta_i_complement, deviance, digamma, inverse_beta_i, ln_beta, ln_minus_digamma,
    stirling_error,
};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, FromMean,
    ParameterError, Sample, Scalars, Scratch, Statistics, Univariate, next_coordinate,
};
use rand::Rng;
use rand_distr::Distribution;

/// The largest α + β at which the terms of the log-density are small enough to be added as they
/// are.
const PLAIN_SIZE: f64 = 16.0;

/// The beta distribution on (0, 1) with parameters α and β (mean α/(α + β)).
///
/// # Density
/// p(x) = x^(α−1) (1 − x)^(β−1) / B(α, β) for 0 < x < 1. At the ends the log-density is its limit;
/// such a row cannot enter an estimate, as ln 0 is infinite.
///
/// # Sufficient statistics
/// T(x) = (ln x, ln(1 − x)), η = (α, β), A = ln B(α, β), h(x) = 1/(x(1 − x)). The M-step keeps the
/// mean and two gaps ([`BetaStatistics`]), which carry the same and do not cancel.
///
/// # M-step
/// ψ(α) − ψ(α + β) = mean ln x and ψ(β) − ψ(α + β) = mean ln(1 − x), solved to full precision by two
/// nested bracketed Newton iterations in α/(α + β) and α + β. No maximum exists when all
/// observations coincide (an unbounded likelihood).
///
/// # Errors
/// [`Beta::new`] refuses an α or β that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Beta, Component, Density};
/// let family = Beta::new(2.0, 3.0)?;
/// assert!((family.log_density(0.5) - 1.5f64.ln()).abs() < 1e-15);
/// let fitted = family.estimate(&[0.2, 0.8, 0.5], &[1.0, 1.0, 2.0])?;
/// assert!((fitted.alpha() - fitted.beta()).abs() < 1e-13); // symmetric data
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 25; Loader
/// (2000), the saddle-point form used for large parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Beta {
    alpha: f64,
    beta: f64,
    /// −ln B(α, β), or ½ ln(αβ/(2πn)) + δ(n) − δ(α) − δ(β), n = α + β, for large n; taken once.
    log_constant: f64,
    /// ln α, ln β and ln(α + β), taken once.
    log_alpha: f64,
    log_beta: f64,
    log_size: f64,
    /// The largest α + β, where there is a floor.
    floor: Option<Narrowest>,
}

serde_parameters!(Beta {
    alpha: f64,
    beta: f64
});

impl Beta {
    /// The beta distribution with these parameters.
    ///
    /// # Errors
    /// When one of them is not positive and finite.
    pub fn new(alpha: f64, beta: f64) -> Result<Self, ParameterError> {
        let valid = |x: f64| x > 0.0 && x.is_finite();
        ParameterError::require(valid(alpha), "alpha", alpha, "must be positive and finite")?;
        ParameterError::require(valid(beta), "beta", beta, "must be positive and finite")?;
        let size = alpha + beta;
        ParameterError::require(
            size.is_finite(),
            "beta",
            beta,
            "must have a finite sum with alpha",
        )?;
        let (log_alpha, log_beta, log_size) = (alpha.ln(), beta.ln(), size.ln());
        Ok(Beta {
            alpha,
            beta,
            log_constant: if size <= PLAIN_SIZE {
                -ln_beta(alpha, beta)
            } else {
                0.5 * (log_alpha + log_beta - log_size) - HALF_LN_TWO_PI
                    + (stirling_error(size) - stirling_error(alpha) - stirling_error(beta))
            },
            log_alpha,
            log_beta,
            log_size,
            floor: None,
        })
    }
    /// The member with these parameters under the same floor: past it, that of the same mean at the floor.
    fn above_floor(&self, alpha: f64, beta: f64) -> Result<Self, ParameterError> {
        let size = alpha + beta;
        let part = Narrowest::bounded(self.floor, size) / size;
        let family = if part < 1.0 {
            Beta::new(alpha * part, beta * part)?
        } else {
            Beta::new(alpha, beta)?
        };
        Ok(Beta {
            floor: self.floor,
            ..family
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
    /// ln p(x) for x inside the support, from ln x and ln(1 − x).
    #[inline]
    fn log_density_of(&self, x: f64, log_x: f64, co_log_x: f64) -> f64 {
        let size = self.alpha + self.beta;
        if size <= PLAIN_SIZE {
            return self.log_constant + (self.alpha - 1.0) * log_x + (self.beta - 1.0) * co_log_x;
        }
        let below =
            deviance_with_logs(self.alpha, size * x, self.log_alpha, (self.log_size, log_x));
        let above = deviance_with_logs(
            self.beta,
            size * (1.0 - x),
            self.log_beta,
            (self.log_size, co_log_x),
        );
        (self.log_constant - log_x - co_log_x) - below - above
    }
    /// ln p(x) elsewhere: the limit at an end, else nothing.
    fn log_density_outside(&self, x: f64) -> f64 {
        let (exponent, other) = if x == 0.0 {
            (self.alpha, self.beta)
        } else if x == 1.0 {
            (self.beta, self.alpha)
        } else {
            return f64::NEG_INFINITY;
        };
        if exponent > 1.0 {
            f64::NEG_INFINITY
        } else if exponent == 1.0 {
            // B(1, b) = 1/b.
            other.ln()
        } else {
            f64::INFINITY
        }
    }
}

impl Density for Beta {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if x > 0.0 && x < 1.0 {
            self.log_density_of(x, super::ln(x), (-x).ln_1p())
        } else {
            self.log_density_outside(x)
        }
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        if x > 0.0 && x < 1.0 {
            Ok(())
        } else {
            Err("must lie strictly between 0 and 1")
        }
    }
    fn prepared_width(&self) -> usize {
        2
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    /// Columns ln x and ln(1 − x).
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        let (logs, co_logs) = into.split_at_mut(xs.len());
        super::prepare_ln(xs, logs);
        for (co_log_x, &x) in co_logs.iter_mut().zip(xs) {
            if x > 0.0 && x < 1.0 {
                *co_log_x = (-x).ln_1p();
            }
        }
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let (logs, co_logs) = prepared.split_at(xs.len());
        for (((value, &x), &log_x), &co_log_x) in out.iter_mut().zip(xs).zip(logs).zip(co_logs) {
            *value = if x > 0.0 && x < 1.0 {
                self.log_density_of(x, log_x, co_log_x)
            } else {
                self.log_density_outside(x)
            };
        }
    }
}

impl Component for Beta {
    type Statistics = BetaStatistics;

    fn empty_statistics(&self) -> BetaStatistics {
        BetaStatistics::default()
    }
    fn accumulate(&self, into: &mut BetaStatistics, x: f64, weight: f64) {
        into.add(x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut BetaStatistics,
        xs: &[f64],
        prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        let (logs, co_logs) = prepared.split_at(xs.len());
        into.add_slice(xs, logs, co_logs, weights);
    }
    fn maximize(&self, from: &BetaStatistics) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        let held = self.floor.map(|floor| from.rising_at(floor.value));
        let found = match held.transpose() {
            Ok(held) => held.flatten().map_or_else(|| from.estimate(), Ok),
            Err(error) => Err(error),
        };
        let (alpha, beta) = found.map_err(|error| error.with_count(from.weight()))?;
        Ok(self.above_floor(alpha, beta)?)
    }
    fn parameter_count(&self) -> usize {
        2
    }
    /// The variance is m(1 − m)/(α + β + 1): a largest α + β. The log-likelihood is concave in (α, β), so that where its
    /// maximum lies beyond, that under the floor is on it, at a mean of its own.
    fn floored(&self, whole: &Self) -> Option<Self> {
        let floored = Beta {
            floor: Some(Narrowest::largest_size(whole.alpha + whole.beta)),
            ..self.clone()
        };
        floored.above_floor(self.alpha, self.beta).ok()
    }
    fn is_at_bound(&self) -> bool {
        let size = self.alpha + self.beta;
        self.floor
            .is_some_and(|floor| floor.is_reached_by_sum(size))
    }
}

impl ExponentialFamily for Beta {
    type Vector = [f64; 2];

    fn statistic(&self, x: f64) -> [f64; 2] {
        [x.ln(), (-x).ln_1p()]
    }
    fn log_base(&self, x: f64) -> f64 {
        if x > 0.0 && x < 1.0 {
            -x.ln() - (-x).ln_1p()
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 2] {
        [self.alpha, self.beta]
    }
    fn log_partition(&self) -> f64 {
        ln_beta(self.alpha, self.beta)
    }
    fn expected(&self) -> [f64; 2] {
        let total = digamma(self.alpha + self.beta);
        [digamma(self.alpha) - total, digamma(self.beta) - total]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let (alpha, beta) = BetaStatistics::from_mean(mean, 1.0).estimate()?;
        Ok(Beta::new(alpha, beta)?)
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// The statistic from the parameters themselves: with g(a) = ln a − ψ(a), its gaps are
    /// g(α) − g(α + β) and g(β) − g(α + β).
    fn pseudo_statistics(&self, weight: f64) -> BetaStatistics {
        let size = self.alpha + self.beta;
        let total = ln_minus_digamma(size);
        BetaStatistics {
            weight,
            mean: self.alpha / size,
            complement: self.beta / size,
            gap: ln_minus_digamma(self.alpha) - total,
            complement_gap: ln_minus_digamma(self.beta) - total,
        }
    }
    /// As of three gamma distributions: that of the binomial probabilities α/n, of weight n′, and
    /// the divergences of the shapes.
    fn kl_divergence(&self, other: &Self) -> f64 {
        let (size, other_size) = (self.alpha + self.beta, other.alpha + other.beta);
        let scale = other_size / size;
        let shapes = divergence::of_shapes(self.alpha, other.alpha)
            + divergence::of_shapes(self.beta, other.beta)
            - divergence::of_shapes(size, other_size);
        deviance(other.alpha, scale * self.alpha) + deviance(other.beta, scale * self.beta) + shapes
    }
}

impl Coordinates for Beta {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend([self.log_alpha, self.log_beta]);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (log_alpha, log_beta) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(self.above_floor(log_alpha.exp(), log_beta.exp())?)
    }
}

impl Sample for Beta {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    /// A draw that rounding moves to an end is moved back to the nearest double inside.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let x: f64 =
            rand_distr::Beta::new(self.alpha, self.beta).map_or(0.5, |beta| beta.sample(rng));
        into.push(x.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0));
    }
}

impl Univariate for Beta {
    fn cdf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            0.0
        } else if x >= 1.0 {
            1.0
        } else {
            beta_i(self.alpha, self.beta, x)
        }
    }
    fn sf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            1.0
        } else if x >= 1.0 {
            0.0
        } else {
            beta_i_complement(self.alpha, self.beta, x)
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        inverse_beta_i(self.alpha, self.beta, p)
    }
    fn mean(&self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }
    fn variance(&self) -> f64 {
        let size = self.alpha + self.beta;
        (self.alpha / size) * (self.beta / size) / (size + 1.0)
    }
    /// By quadrature but where one tail, or what two of them leave, is known to its digits.
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        if !(low < high && high > 0.0 && low < 1.0) {
            return f64::NEG_INFINITY;
        }
        super::log_probability_or(self, (low, high), || {
            self.log_probability_between(low, high)
        })
    }
}

impl Entropy for Beta {
    /// ln B − (α − 1) ψ(α) − (β − 1) ψ(β) + (n − 2) ψ(n), n = α + β, by Stirling's form of each
    /// part: no term is of the size of n ln n.
    fn entropy(&self) -> f64 {
        let part = |a: f64| stirling_error(a) + (a - 1.0) * ln_minus_digamma(a);
        let size = self.alpha + self.beta;
        let whole = stirling_error(size) + (size - 2.0) * ln_minus_digamma(size);
        HALF_LN_TWO_PI
            + 0.5 * (self.log_alpha + self.log_beta - 3.0 * self.log_size)
            + (part(self.alpha) + part(self.beta) - whole)
    }
}
