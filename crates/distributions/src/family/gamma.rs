//! The gamma distribution.

use super::LogGap;
use super::bounded::Bounded;
use super::divergence;
use super::log_gamma::BoundedLogGamma;
use super::normal::HALF_LN_TWO_PI;
use super::saddle_point::{deviance_with_logs, gamma_plain, gamma_saddle};
use crate::serde_parameters::serde_parameters;
use crate::solve::newton_in_bracket;
use crate::special::{
    deviance, digamma, gamma_p, gamma_q, inverse_gamma_p, ln_1p_minus_x, ln_gamma, ln_gamma_p,
    ln_gamma_q, ln_minus_digamma, stirling_error, trigamma_minus_reciprocal,
};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    ParameterError, Reason, Sample, Scalars, Scratch, Statistics, Univariate, next_coordinate,
};
use rand::Rng;
use rand_distr::Distribution;

/// The largest shape at which the terms of the log-density are small enough to be added as they
/// are.
const PLAIN_SHAPE: f64 = 16.0;

/// The gamma distribution with shape a and rate b (mean a/b, variance a/b²).
///
/// # Density
/// p(x) = bᵃ x^(a−1) e^(−bx) / Γ(a) for x > 0. At x = 0 the log-density is its limit: ∞ for a < 1,
/// ln b for a = 1, −∞ for a > 1; such a row cannot enter an estimate, as ln 0 is infinite.
///
/// # Sufficient statistics
/// T(x) = (x, ln x), η = (−b, a), A = ln Γ(a) − a ln b, h(x) = 1/x. The M-step keeps the mean and
/// ln(mean) − mean(ln x) in a form that does not cancel ([`LogGap`]).
///
/// # M-step
/// Newton on ln a − ψ(a) = ln(mean) − mean(ln x), between the bounds 1/(2a) and 1/a of the left
/// side, to full precision; then b = a/mean. No maximum exists when all observations coincide
/// (a → ∞, an unbounded likelihood).
///
/// # Errors
/// [`Gamma::new`] refuses a shape or a rate that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Gamma};
/// let family = Gamma::new(2.0, 3.0)?;
/// assert!((family.log_density(1.0) - (9f64.ln() - 3.0)).abs() < 1e-15);
/// let fitted = family.estimate(&[1.0, 2.0, 4.0], &[1.0, 1.0, 1.0])?;
/// assert!((fitted.shape() / fitted.rate() - 7.0 / 3.0).abs() < 1e-14); // the mean is kept
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Minka (2002), Estimating a Gamma Distribution (the equation and the start); Loader (2000), the
/// saddle-point form used for large shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Gamma {
    shape: f64,
    rate: f64,
    /// a ln b − ln Γ(a), or ½ ln(a/2π) − δ(a) for large shapes; taken once.
    log_constant: f64,
    /// ln a and ln b, taken once.
    log_shape: f64,
    log_rate: f64,
}

serde_parameters!(Gamma {
    shape: f64,
    rate: f64
});

impl Gamma {
    /// The gamma distribution with this shape and rate.
    ///
    /// # Errors
    /// When one of them is not positive and finite.
    pub fn new(shape: f64, rate: f64) -> Result<Self, ParameterError> {
        let valid = |x: f64| x > 0.0 && x.is_finite();
        ParameterError::require(valid(shape), "shape", shape, "must be positive and finite")?;
        ParameterError::require(valid(rate), "rate", rate, "must be positive and finite")?;
        let (log_shape, log_rate) = (shape.ln(), rate.ln());
        Ok(Gamma {
            shape,
            rate,
            log_constant: if shape <= PLAIN_SHAPE {
                shape * log_rate - ln_gamma(shape)
            } else {
                0.5 * log_shape - HALF_LN_TWO_PI - stirling_error(shape)
            },
            log_shape,
            log_rate,
        })
    }
    /// a.
    pub fn shape(&self) -> f64 {
        self.shape
    }
    /// b.
    pub fn rate(&self) -> f64 {
        self.rate
    }
    /// Whether the log-density is the plain sum of its terms.
    pub(super) fn is_plain(&self) -> bool {
        self.shape <= PLAIN_SHAPE
    }
    /// The part of the log-density without x, in the form that [`Gamma::is_plain`] says.
    pub(super) fn log_constant(&self) -> f64 {
        self.log_constant
    }
    /// ln a and ln b.
    pub(super) fn logs(&self) -> (f64, f64) {
        (self.log_shape, self.log_rate)
    }
    /// ln p(x) for x inside the support.
    #[inline]
    fn log_density_of(&self, x: f64, log_x: f64) -> f64 {
        if self.shape <= PLAIN_SHAPE {
            return self.log_constant + (self.shape - 1.0) * log_x - self.rate * x;
        }
        let deviance = deviance_with_logs(
            self.shape,
            self.rate * x,
            self.log_shape,
            (self.log_rate, log_x),
        );
        self.log_constant - log_x - deviance
    }
    /// ln p(x) elsewhere: 0 at the limit, else nothing.
    fn log_density_outside(&self, x: f64) -> f64 {
        if x != 0.0 || self.shape > 1.0 {
            f64::NEG_INFINITY
        } else if self.shape == 1.0 {
            self.log_rate
        } else {
            f64::INFINITY
        }
    }
    /// The maximum-likelihood estimate from the mean and the gap ln(mean) − mean(ln x).
    fn from_gap(mean: f64, gap: f64) -> Result<Self, EstimateError> {
        // Half the squared coefficient of variation, below the rounding of the mean itself.
        if !(gap > 8.0 * f64::EPSILON * f64::EPSILON) {
            return Err(EstimateError::boundary(
                "shape",
                f64::INFINITY,
                "all its observations coincide",
            ));
        }
        let start = (3.0 - gap + ((gap - 3.0) * (gap - 3.0) + 24.0 * gap).sqrt()) / (12.0 * gap);
        let shape = newton_in_bracket(start, (0.5 / gap, 1.0 / gap), |a| {
            (ln_minus_digamma(a) - gap, -trigamma_minus_reciprocal(a))
        })
        .ok_or_else(|| {
            EstimateError::new(Reason::NotConverged {
                parameter: "shape",
                iterations: 200,
            })
        })?;
        Ok(Gamma::new(shape, shape / mean)?)
    }
}

impl Density for Gamma {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            self.log_density_of(x, super::ln(x))
        } else {
            self.log_density_outside(x)
        }
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        super::require_positive(x)
    }
    fn prepared_width(&self) -> usize {
        1
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        super::prepare_ln(xs, into);
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let ordinary = if self.is_plain() {
            let coefficients = [self.log_constant, self.shape - 1.0, self.rate];
            gamma_plain(coefficients, [xs, prepared], out)
        } else {
            let parameters = [self.shape, self.rate];
            gamma_saddle(
                parameters,
                self.logs(),
                self.log_constant,
                [xs, prepared],
                out,
            )
        };
        if ordinary {
            return;
        }
        for ((value, &x), &log_x) in out.iter_mut().zip(xs).zip(prepared) {
            *value = if x > 0.0 && x < f64::INFINITY {
                self.log_density_of(x, log_x)
            } else {
                self.log_density_outside(x)
            };
        }
    }
}

impl Component for Gamma {
    type Statistics = LogGap;

    fn empty_statistics(&self) -> LogGap {
        LogGap::default()
    }
    fn accumulate(&self, into: &mut LogGap, x: f64, weight: f64) {
        into.add(x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut LogGap,
        xs: &[f64],
        prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        into.add_slice(xs, prepared, weights);
    }
    fn maximize(&self, from: &LogGap) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        Gamma::from_gap(from.mean(), from.gap()).map_err(|error| error.with_count(from.weight()))
    }
    fn parameter_count(&self) -> usize {
        2
    }
}

impl ExponentialFamily for Gamma {
    type Vector = [f64; 2];

    fn statistic(&self, x: f64) -> [f64; 2] {
        [x, x.ln()]
    }
    fn log_base(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            -x.ln()
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 2] {
        [-self.rate, self.shape]
    }
    fn log_partition(&self) -> f64 {
        ln_gamma(self.shape) - self.shape * self.log_rate
    }
    fn expected(&self) -> [f64; 2] {
        [self.shape / self.rate, digamma(self.shape) - self.log_rate]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        Gamma::from_gap(mean[0], mean[0].ln() - mean[1])
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// The statistic from the parameters themselves: its gap is ln a − ψ(a).
    fn pseudo_statistics(&self, weight: f64) -> LogGap {
        LogGap::new(weight, self.shape / self.rate, ln_minus_digamma(self.shape))
    }
    /// The deviance of a′ about ab′/b, and the divergence of the shapes, which is small for large
    /// ones: the generic form subtracts terms of the size of a ln a.
    fn kl_divergence(&self, other: &Self) -> f64 {
        let expected = self.shape * (other.rate / self.rate);
        deviance(other.shape, expected) + divergence::of_shapes(self.shape, other.shape)
    }
}

impl Coordinates for Gamma {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend([self.log_shape, self.log_rate]);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (log_shape, log_rate) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(Gamma::new(log_shape.exp(), log_rate.exp())?)
    }
}

impl Sample for Gamma {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    /// A draw that underflows (tiny shapes) is the least positive normal double.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let x = rand_distr::Gamma::new(self.shape, 1.0)
            .map_or(0.0, |gamma| gamma.sample(rng) / self.rate);
        into.push(super::inside_positive(x));
    }
}

impl Univariate for Gamma {
    fn cdf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            0.0
        } else {
            gamma_p(self.shape, self.rate * x)
        }
    }
    fn sf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            1.0
        } else {
            gamma_q(self.shape, self.rate * x)
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        inverse_gamma_p(self.shape, p) / self.rate
    }
    fn mean(&self) -> f64 {
        self.shape / self.rate
    }
    fn variance(&self) -> f64 {
        self.shape / self.rate / self.rate
    }
    /// Between two bounds by quadrature: a difference of tails has no digits where they are close.
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        if !(low < high && high > 0.0) {
            f64::NEG_INFINITY
        } else if low <= 0.0 {
            ln_gamma_p(self.shape, self.rate * high)
        } else if high == f64::INFINITY {
            ln_gamma_q(self.shape, self.rate * low)
        } else {
            let bounded = BoundedLogGamma::new(self.shape, self.rate, low, high);
            let origin = bounded.origin();
            bounded.log_total() + (self.log_density(origin) + origin.ln())
        }
    }
}

impl Entropy for Gamma {
    /// a − ln b + ln Γ(a) + (1 − a) ψ(a), by Stirling's form: no term is of the size of a ln a.
    fn entropy(&self) -> f64 {
        let a = self.shape;
        (HALF_LN_TWO_PI + 0.5 * self.log_shape - self.log_rate)
            + stirling_error(a)
            + (a - 1.0) * ln_minus_digamma(a)
    }
}

impl IntervalStatistics for Gamma {
    /// The conditional mean, and the gap about it: two passes of quadrature in ln x.
    fn accumulate_interval(&self, into: &mut LogGap, low: f64, high: f64, weight: f64) {
        let bounded = BoundedLogGamma::new(self.shape, self.rate, low, high);
        let [step] = bounded.means(|s| [s.exp_m1()]);
        // t − ln(1 + t) of t = x/mean − 1.
        let [gap] = bounded.means(|s| {
            let t = (s.exp_m1() - step) / (1.0 + step);
            [if t > -0.5 {
                -ln_1p_minus_x(t)
            } else {
                t - (s - step.ln_1p())
            }]
        });
        into.merge(&LogGap::new(weight, bounded.origin() * (1.0 + step), gap));
    }
}
