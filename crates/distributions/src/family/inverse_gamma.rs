//! The inverse gamma distribution.

use super::normal::HALF_LN_TWO_PI;
use super::saddle_point::deviance_with_logs;
use super::{Gamma, LogGap};
use crate::serde_parameters::serde_parameters;
use crate::special::{gamma_p, gamma_q, inverse_gamma_q, ln_minus_digamma, stirling_error};
use crate::{
    Buffer, Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily,
    IntervalStatistics, ParameterError, Sample, Scalars, Scratch, Univariate,
};
use rand::Rng;

/// The inverse gamma distribution with shape a and scale b: 1/x is [`Gamma`] with shape a and rate
/// b.
///
/// # Density
/// p(x) = bᵃ x^(−a−1) e^(−b/x) / Γ(a) for x > 0.
///
/// # Sufficient statistics
/// T(x) = (1/x, −ln x), η = (−b, a), A = ln Γ(a) − a ln b, h(x) = 1/x. The M-step keeps the mean and
/// the gap of 1/x ([`LogGap`]).
///
/// # M-step
/// As for [`Gamma`], of 1/x. No maximum exists when all observations coincide.
///
/// # Errors
/// [`InverseGamma::new`] refuses a shape or a scale that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, InverseGamma};
/// let family = InverseGamma::new(2.0, 3.0)?;
/// assert!((family.log_density(1.0) - (9f64.ln() - 3.0)).abs() < 1e-15);
/// let fitted = family.estimate(&[1.0, 0.5, 0.25], &[1.0, 1.0, 1.0])?;
/// assert!((fitted.shape() / fitted.scale() - 7.0 / 3.0).abs() < 1e-14); // the mean of 1/x
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, section 17.7.
#[derive(Clone, Debug, PartialEq)]
pub struct InverseGamma {
    shape: f64,
    scale: f64,
    /// The distribution of 1/x.
    inverse: Gamma,
}

serde_parameters!(InverseGamma {
    shape: f64,
    scale: f64
});

impl InverseGamma {
    /// The inverse gamma distribution with this shape and scale.
    ///
    /// # Errors
    /// When one of them is not positive and finite.
    pub fn new(shape: f64, scale: f64) -> Result<Self, ParameterError> {
        let valid = scale > 0.0 && scale.is_finite();
        ParameterError::require(valid, "scale", scale, "must be positive and finite")?;
        Ok(InverseGamma::of(Gamma::new(shape, scale)?))
    }
    /// The distribution of 1/y.
    fn of(inverse: Gamma) -> Self {
        InverseGamma {
            shape: inverse.shape(),
            scale: inverse.rate(),
            inverse,
        }
    }
    /// a.
    pub fn shape(&self) -> f64 {
        self.shape
    }
    /// b.
    pub fn scale(&self) -> f64 {
        self.scale
    }
    /// ln p(x) for x inside the support: as [`Gamma`]'s, with b/x in the place of b·x.
    #[inline]
    fn log_density_of(&self, x: f64, log_x: f64) -> f64 {
        let gamma = &self.inverse;
        if gamma.is_plain() {
            return gamma.log_constant() - (self.shape + 1.0) * log_x - self.scale / x;
        }
        let (log_shape, log_scale) = gamma.logs();
        let deviance =
            deviance_with_logs(self.shape, self.scale / x, log_shape, (log_scale, -log_x));
        gamma.log_constant() - log_x - deviance
    }
}

impl Density for InverseGamma {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            self.log_density_of(x, super::ln(x))
        } else {
            f64::NEG_INFINITY
        }
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        super::require_positive(x)?;
        super::require_positive(1.0 / x)
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
        for ((value, &x), &log_x) in out.iter_mut().zip(xs).zip(prepared) {
            *value = if x > 0.0 && x < f64::INFINITY {
                self.log_density_of(x, log_x)
            } else {
                f64::NEG_INFINITY
            };
        }
    }
}

impl Component for InverseGamma {
    type Statistics = LogGap;

    fn empty_statistics(&self) -> LogGap {
        LogGap::default()
    }
    fn accumulate(&self, into: &mut LogGap, x: f64, weight: f64) {
        into.add(1.0 / x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut LogGap,
        xs: &[f64],
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let (mut inverses, mut logs) = (scratch.take(xs.len()), scratch.take(xs.len()));
        for (i, &x) in xs.iter().enumerate() {
            (inverses[i], logs[i]) = (1.0 / x, -prepared[i]);
        }
        into.add_slice(&inverses, &logs, weights);
        scratch.give(inverses);
        scratch.give(logs);
    }
    fn maximize(&self, from: &LogGap) -> Result<Self, EstimateError> {
        self.inverse.maximize(from).map(InverseGamma::of)
    }
    fn parameter_count(&self) -> usize {
        2
    }
}

impl ExponentialFamily for InverseGamma {
    type Vector = [f64; 2];

    fn statistic(&self, x: f64) -> [f64; 2] {
        [1.0 / x, -x.ln()]
    }
    fn log_base(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            -x.ln()
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 2] {
        self.inverse.natural()
    }
    fn log_partition(&self) -> f64 {
        self.inverse.log_partition()
    }
    fn expected(&self) -> [f64; 2] {
        self.inverse.expected()
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        self.inverse.with_expected(mean).map(InverseGamma::of)
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    fn pseudo_statistics(&self, weight: f64) -> LogGap {
        self.inverse.pseudo_statistics(weight)
    }
    fn kl_divergence(&self, other: &Self) -> f64 {
        self.inverse.kl_divergence(&other.inverse)
    }
}

impl Coordinates for InverseGamma {
    fn pack(&self, into: &mut Vec<f64>) {
        self.inverse.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        self.inverse.unpack(from).map(InverseGamma::of)
    }
}

impl Sample for InverseGamma {
    fn empty_buffer(&self) -> Buffer<Self::Space> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        self.inverse.draw(rng, into);
        if let Some(x) = into.last_mut() {
            *x = super::inside_positive(1.0 / *x);
        }
    }
}

impl Univariate for InverseGamma {
    fn cdf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            0.0
        } else {
            gamma_q(self.shape, self.scale / x)
        }
    }
    fn sf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            1.0
        } else {
            gamma_p(self.shape, self.scale / x)
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        self.scale / inverse_gamma_q(self.shape, p)
    }
    /// b/(a − 1), infinite up to a = 1.
    fn mean(&self) -> f64 {
        if self.shape > 1.0 {
            self.scale / (self.shape - 1.0)
        } else {
            f64::INFINITY
        }
    }
    /// b²/((a − 1)² (a − 2)), infinite up to a = 2.
    fn variance(&self) -> f64 {
        if self.shape > 2.0 {
            let mean = self.scale / (self.shape - 1.0);
            mean * (mean / (self.shape - 2.0))
        } else {
            f64::INFINITY
        }
    }
    /// That of 1/x between the reciprocals of the bounds.
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        if low < high && high > 0.0 {
            self.inverse.log_probability(1.0 / high, 1.0 / low.max(0.0))
        } else {
            f64::NEG_INFINITY
        }
    }
}

impl Entropy for InverseGamma {
    /// a + ln b + ln Γ(a) − (1 + a) ψ(a), in the form of [`Gamma`]'s.
    fn entropy(&self) -> f64 {
        let a = self.shape;
        let (log_shape, log_scale) = self.inverse.logs();
        (HALF_LN_TWO_PI + log_scale - 1.5 * log_shape)
            + stirling_error(a)
            + (a + 1.0) * ln_minus_digamma(a)
    }
}

impl IntervalStatistics for InverseGamma {
    /// That of 1/x between the reciprocals of the bounds.
    fn accumulate_interval(&self, into: &mut LogGap, low: f64, high: f64, weight: f64) {
        let (low, high) = (low.max(0.0), high.max(0.0));
        self.inverse
            .accumulate_interval(into, 1.0 / high, 1.0 / low, weight);
    }
}
