//! The half-normal distribution.

use super::floor_under;
use super::truncated_normal::Truncated;
use crate::combine::Narrowest;
use crate::serde_parameters::serde_parameters;
use crate::special::{erf, inverse_gamma_p, normal_quantile, normal_sf};
use crate::{
    Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    ParameterError, Sample, Scalars, Scratch, Univariate, component_from_means, next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI, LN_2};

/// ½ ln(2/π).
const HALF_LN_TWO_OVER_PI: f64 = -0.225_791_352_644_727_432_36;

/// The half-normal distribution with scale s: the absolute value of a normal
/// variable of mean 0.
///
/// # Density
/// p(x) = √(2/π) s⁻¹ exp(−x²/(2s²)) for x ≥ 0.
///
/// # Sufficient statistics
/// T(x) = x², η = −1/(2s²), A = ln s, h(x) = √(2/π).
///
/// # M-step
/// Closed: s² = Σ w x² / N with N = Σ w. No maximum exists when all x² are 0 (s → 0).
///
/// # Errors
/// [`HalfNormal::new`] refuses a scale that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, HalfNormal};
/// let family = HalfNormal::new(2.0)?;
/// assert!((family.log_density(1.0) - (0.5 * (2.0 / std::f64::consts::PI).ln() - 2f64.ln() - 0.125)).abs() < 1e-15);
/// let fitted = family.estimate(&[1.0, 2.0], &[1.0, 1.0])?;
/// assert!((fitted.scale() - 2.5_f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 13.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfNormal {
    scale: f64,
    /// ½ ln(2/π) − ln s, taken once.
    log_constant: f64,
    /// 1/s, taken once.
    inverse_scale: f64,
    /// The least scale, where there is a floor.
    floor: Option<Narrowest>,
}

serde_parameters!(HalfNormal { scale: f64 });

impl HalfNormal {
    /// The half-normal distribution with this scale.
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
        Ok(HalfNormal {
            scale,
            log_constant: HALF_LN_TWO_OVER_PI - scale.ln(),
            inverse_scale: 1.0 / scale,
            floor: None,
        })
    }
    /// s.
    pub fn scale(&self) -> f64 {
        self.scale
    }
    /// The member of this scale, or the least above the same floor.
    fn above_floor(&self, scale: f64) -> Result<Self, ParameterError> {
        Ok(HalfNormal {
            floor: self.floor,
            ..HalfNormal::new(Narrowest::bounded(self.floor, scale))?
        })
    }
}

impl Density for HalfNormal {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if x >= 0.0 {
            let z = x * self.inverse_scale;
            self.log_constant - 0.5 * (z * z)
        } else {
            f64::NEG_INFINITY
        }
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        super::require_non_negative(x)?;
        super::require_square(x)
    }
    fn prepared_width(&self) -> usize {
        1
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    /// Column x².
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        super::prepare_squares(xs, into);
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        _prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        for (value, &x) in out.iter_mut().zip(xs) {
            *value = self.log_density(x);
        }
    }
}

component_from_means!(HalfNormal; { floor_under!(scale, 2); });

impl ExponentialFamily for HalfNormal {
    type Vector = [f64; 1];

    fn statistic(&self, x: f64) -> [f64; 1] {
        [x * x]
    }
    fn log_base(&self, x: f64) -> f64 {
        if x >= 0.0 {
            HALF_LN_TWO_OVER_PI
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 1] {
        [-0.5 * self.inverse_scale * self.inverse_scale]
    }
    fn log_partition(&self) -> f64 {
        self.scale.ln()
    }
    fn expected(&self) -> [f64; 1] {
        [self.scale * self.scale]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let scale = mean[0].sqrt();
        if !(scale > 0.0) && self.floor.is_none() {
            return Err(EstimateError::boundary(
                "scale",
                scale,
                "all its observations are 0",
            ));
        }
        Ok(self.above_floor(scale)?)
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// As that of gamma distributions of x² with one shape, 1/2.
    fn kl_divergence(&self, other: &Self) -> f64 {
        0.5 * super::excess_of_squares(self.scale, other.scale)
    }
}

impl Coordinates for HalfNormal {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.scale.ln());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(self.above_floor(next_coordinate(from)?.exp())?)
    }
}

impl Sample for HalfNormal {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = StandardNormal.sample(rng);
        into.push(self.scale * z.abs());
    }
}

impl Univariate for HalfNormal {
    fn cdf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            0.0
        } else {
            erf(x * self.inverse_scale * FRAC_1_SQRT_2)
        }
    }
    fn sf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            1.0
        } else {
            2.0 * normal_sf(x * self.inverse_scale)
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        if p <= 0.5 {
            // x²/(2s²) is a gamma variable of shape ½.
            self.scale * (2.0 * inverse_gamma_p(0.5, p)).sqrt()
        } else {
            -self.scale * normal_quantile(0.5 * (1.0 - p))
        }
    }
    fn mean(&self) -> f64 {
        self.scale * FRAC_2_PI.sqrt()
    }
    /// (1 − 2/π) s².
    fn variance(&self) -> f64 {
        (1.0 - FRAC_2_PI) * self.scale * self.scale
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        let standardised = [low, high].map(|x| x.max(0.0) * self.inverse_scale);
        2.0 * super::truncated_normal::probability(standardised[0], standardised[1])
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        let standardised = [low, high].map(|x| x.max(0.0) * self.inverse_scale);
        LN_2 + super::truncated_normal::log_probability(standardised[0], standardised[1])
    }
}

impl Entropy for HalfNormal {
    /// ½ ln(πes²/2).
    fn entropy(&self) -> f64 {
        0.5 - self.log_constant
    }
}

impl IntervalStatistics for HalfNormal {
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let (low, high) = (low.max(0.0), high.max(0.0));
        let standardised = |x: f64| x * self.inverse_scale;
        let truncated = Truncated::new(standardised(low), standardised(high));
        let (mean, variance) = truncated.scaled((low, high), 0.0, self.scale);
        into.add(&[mean * mean + variance], weight);
    }
}
