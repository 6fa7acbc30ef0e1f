//! The Rayleigh distribution.

use crate::serde_parameters::serde_parameters;
use crate::{
    Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    ParameterError, Sample, Scalars, Scratch, Univariate, component_from_means, next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, Exp1};
use std::f64::consts::{FRAC_PI_2, LN_2};

/// The Rayleigh distribution with scale s: the length of a normal vector in two dimensions.
///
/// # Density
/// p(x) = (x/s²) exp(−x²/(2s²)) for x > 0.
///
/// # Sufficient statistics
/// T(x) = x², η = −1/(2s²), A = 2 ln s, h(x) = x.
///
/// # M-step
/// Closed: s² = Σ w x² / (2N) with N = Σ w. No maximum exists when all x² are 0 (s → 0).
///
/// # Errors
/// [`Rayleigh::new`] refuses a scale that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Rayleigh};
/// let family = Rayleigh::new(2.0)?;
/// assert!((family.log_density(1.0) - (-(4f64.ln()) - 0.125)).abs() < 1e-15);
/// let fitted = family.estimate(&[1.0, 2.0], &[1.0, 1.0])?;
/// assert!((fitted.scale() - 1.25_f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 18.
#[derive(Clone, Debug, PartialEq)]
pub struct Rayleigh {
    scale: f64,
    /// −2 ln s, taken once.
    log_constant: f64,
    /// 1/s, taken once.
    inverse_scale: f64,
}

serde_parameters!(Rayleigh { scale: f64 });

impl Rayleigh {
    /// The Rayleigh distribution with this scale.
    ///
    /// # Errors
    /// When `scale` is not positive and finite.
    pub fn new(scale: f64) -> Result<Self, ParameterError> {
        ParameterError::require(
            scale > 0.0 && scale.is_finite(),
            "scale",
            scale,
            "must be positive and finite",
        )?;
        Ok(Rayleigh {
            scale,
            log_constant: -2.0 * scale.ln(),
            inverse_scale: 1.0 / scale,
        })
    }
    /// s.
    pub fn scale(&self) -> f64 {
        self.scale
    }
    /// ln p(x) for x inside the support.
    #[inline]
    fn log_density_of(&self, x: f64, log_x: f64) -> f64 {
        let z = x * self.inverse_scale;
        self.log_constant + log_x - 0.5 * (z * z)
    }
}

impl Density for Rayleigh {
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
        super::require_square(x)
    }
    fn prepared_width(&self) -> usize {
        2
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    /// Columns x² and ln x.
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        let (squares, logs) = into.split_at_mut(xs.len());
        super::prepare_squares(xs, squares);
        super::prepare_ln(xs, logs);
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let logs = &prepared[xs.len()..];
        for ((value, &x), &log_x) in out.iter_mut().zip(xs).zip(logs) {
            *value = if x > 0.0 && x < f64::INFINITY {
                self.log_density_of(x, log_x)
            } else {
                f64::NEG_INFINITY
            };
        }
    }
}

component_from_means!(Rayleigh; bounded);

impl ExponentialFamily for Rayleigh {
    type Vector = [f64; 1];

    fn statistic(&self, x: f64) -> [f64; 1] {
        [x * x]
    }
    fn log_base(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            x.ln()
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 1] {
        [-0.5 * self.inverse_scale * self.inverse_scale]
    }
    fn log_partition(&self) -> f64 {
        2.0 * self.scale.ln()
    }
    fn expected(&self) -> [f64; 1] {
        [2.0 * self.scale * self.scale]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let scale = (mean[0] / 2.0).sqrt();
        if !(scale > 0.0) {
            return Err(EstimateError::boundary(
                "scale",
                scale,
                "all its observations are 0",
            ));
        }
        Ok(Rayleigh::new(scale)?)
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// That of exponential distributions of x².
    fn kl_divergence(&self, other: &Self) -> f64 {
        super::excess_of_squares(self.scale, other.scale)
    }
}

impl Coordinates for Rayleigh {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.scale.ln());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(Rayleigh::new(next_coordinate(from)?.exp())?)
    }
}

impl Sample for Rayleigh {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = Exp1.sample(rng);
        into.push(super::inside_positive(self.scale * (2.0 * z).sqrt()));
    }
}

impl Rayleigh {
    /// x²/(2s²) for x ≥ 0: the unit exponential variable.
    fn half_square(&self, x: f64) -> f64 {
        let z = x.max(0.0) * self.inverse_scale;
        if x.is_nan() { x } else { 0.5 * z * z }
    }
}

impl Univariate for Rayleigh {
    fn cdf(&self, x: f64) -> f64 {
        super::exponential_cdf(self.half_square(x))
    }
    fn sf(&self, x: f64) -> f64 {
        super::exponential_sf(self.half_square(x))
    }
    fn quantile(&self, p: f64) -> f64 {
        self.scale * (2.0 * super::exponential_quantile(p)).sqrt()
    }
    fn mean(&self) -> f64 {
        self.scale * FRAC_PI_2.sqrt()
    }
    /// (2 − π/2) s².
    fn variance(&self) -> f64 {
        (2.0 - FRAC_PI_2) * self.scale * self.scale
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.log_probability(low, high).exp()
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        let (low, high) = (low.max(0.0), high.max(0.0));
        let width = (high - low) * self.inverse_scale;
        let mean = (0.5 * high + 0.5 * low) * self.inverse_scale;
        super::exponential_log_probability(self.half_square(low), width * mean)
    }
}

impl Entropy for Rayleigh {
    /// 1 + ln(s/√2) + γ/2.
    fn entropy(&self) -> f64 {
        (1.0 - 0.5 * LN_2 + 0.5 * super::EULER_GAMMA) - 0.5 * self.log_constant
    }
}

impl IntervalStatistics for Rayleigh {
    /// That of the unit exponential variable x²/(2s²).
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let (low, high) = (low.max(0.0), high.max(0.0));
        let width =
            (high - low) * self.inverse_scale * ((0.5 * high + 0.5 * low) * self.inverse_scale);
        let beyond = super::truncated_exponential_mean(if high > low { width } else { 0.0 });
        into.add(
            &[low * low + 2.0 * self.scale * self.scale * beyond],
            weight,
        );
    }
}
