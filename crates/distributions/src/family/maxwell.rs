//! The Maxwell distribution.

use super::bounded::Bounded;
use super::log_gamma::BoundedLogGamma;
use super::normal::HALF_LN_TWO_PI;
use crate::serde_parameters::serde_parameters;
use crate::special::{gamma_p, gamma_q, inverse_gamma_p, ln_gamma_p, ln_gamma_q};
use crate::{
    Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    ParameterError, Sample, Scalars, Scratch, Univariate, component_from_means, next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::FRAC_2_PI;

/// ½ ln(2/π).
const HALF_LN_TWO_OVER_PI: f64 = -0.225_791_352_644_727_432_36;

/// The Maxwell distribution with scale s: the length of a normal vector in three dimensions.
///
/// # Density
/// p(x) = √(2/π) (x²/s³) exp(−x²/(2s²)) for x > 0.
///
/// # Sufficient statistics
/// T(x) = x², η = −1/(2s²), A = 3 ln s, h(x) = √(2/π) x².
///
/// # M-step
/// Closed: s² = Σ w x² / (3N) with N = Σ w. No maximum exists when all x² are 0 (s → 0).
///
/// # Errors
/// [`Maxwell::new`] refuses a scale that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Maxwell};
/// let family = Maxwell::new(2.0)?;
/// assert!((family.log_density(1.0) - (0.5 * (2.0 / std::f64::consts::PI).ln() - 8f64.ln() - 0.125)).abs() < 1e-15);
/// let fitted = family.estimate(&[1.0, 2.0], &[1.0, 1.0])?;
/// assert!((fitted.scale() - (2.5_f64 / 3.0).sqrt()).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 17.
#[derive(Clone, Debug, PartialEq)]
pub struct Maxwell {
    scale: f64,
    /// ½ ln(2/π) − 3 ln s, taken once.
    log_constant: f64,
    /// 1/s, taken once.
    inverse_scale: f64,
}

serde_parameters!(Maxwell { scale: f64 });

impl Maxwell {
    /// The Maxwell distribution with this scale.
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
        Ok(Maxwell {
            scale,
            log_constant: HALF_LN_TWO_OVER_PI - 3.0 * scale.ln(),
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
        self.log_constant + 2.0 * log_x - 0.5 * (z * z)
    }
}

impl Density for Maxwell {
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

component_from_means!(Maxwell; bounded);

impl ExponentialFamily for Maxwell {
    type Vector = [f64; 1];

    fn statistic(&self, x: f64) -> [f64; 1] {
        [x * x]
    }
    fn log_base(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            HALF_LN_TWO_OVER_PI + 2.0 * x.ln()
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 1] {
        [-0.5 * self.inverse_scale * self.inverse_scale]
    }
    fn log_partition(&self) -> f64 {
        3.0 * self.scale.ln()
    }
    fn expected(&self) -> [f64; 1] {
        [3.0 * self.scale * self.scale]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let scale = (mean[0] / 3.0).sqrt();
        if !(scale > 0.0) {
            return Err(EstimateError::boundary(
                "scale",
                scale,
                "all its observations are 0",
            ));
        }
        Ok(Maxwell::new(scale)?)
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// As that of gamma distributions of x² with one shape, 3/2.
    fn kl_divergence(&self, other: &Self) -> f64 {
        1.5 * super::excess_of_squares(self.scale, other.scale)
    }
}

impl Coordinates for Maxwell {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.scale.ln());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(Maxwell::new(next_coordinate(from)?.exp())?)
    }
}

impl Sample for Maxwell {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let mut square = 0.0;
        for _ in 0..3 {
            let z: f64 = StandardNormal.sample(rng);
            square += z * z;
        }
        into.push(super::inside_positive(self.scale * square.sqrt()));
    }
}

impl Maxwell {
    /// x²/(2s²) for x ≥ 0: a gamma variable of shape 3/2.
    fn half_square(&self, x: f64) -> f64 {
        let z = x.max(0.0) * self.inverse_scale;
        if x.is_nan() { x } else { 0.5 * z * z }
    }
}

impl Univariate for Maxwell {
    fn cdf(&self, x: f64) -> f64 {
        gamma_p(1.5, self.half_square(x))
    }
    fn sf(&self, x: f64) -> f64 {
        gamma_q(1.5, self.half_square(x))
    }
    fn quantile(&self, p: f64) -> f64 {
        self.scale * (2.0 * inverse_gamma_p(1.5, p)).sqrt()
    }
    fn mean(&self) -> f64 {
        2.0 * self.scale * FRAC_2_PI.sqrt()
    }
    /// (3 − 8/π) s².
    fn variance(&self) -> f64 {
        (3.0 - 4.0 * FRAC_2_PI) * self.scale * self.scale
    }
    /// As that of a gamma distribution.
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        let (from, to) = (self.half_square(low), self.half_square(high));
        if !(from < to) {
            f64::NEG_INFINITY
        } else if from == 0.0 {
            ln_gamma_p(1.5, to)
        } else if to == f64::INFINITY {
            ln_gamma_q(1.5, from)
        } else {
            let bounded = BoundedLogGamma::new(1.5, 1.0, from, to);
            // In ln(x²/2), along which the density is x/2 times that of x.
            let at = self.scale * (2.0 * bounded.origin()).sqrt();
            bounded.log_total() + (self.log_density(at) + (0.5 * at).ln())
        }
    }
}

impl Entropy for Maxwell {
    /// ln s + ½ ln 2π + γ − ½.
    fn entropy(&self) -> f64 {
        self.scale.ln() + (HALF_LN_TWO_PI + super::EULER_GAMMA - 0.5)
    }
}

impl IntervalStatistics for Maxwell {
    /// That of the gamma variable x²/(2s²), of shape 3/2.
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let bounded = BoundedLogGamma::new(1.5, 1.0, self.half_square(low), self.half_square(high));
        let [mean] = bounded.means(|s| [s.exp()]);
        into.add(
            &[2.0 * self.scale * self.scale * (bounded.origin() * mean)],
            weight,
        );
    }
}
