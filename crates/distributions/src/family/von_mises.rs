//! The von Mises distribution.

use crate::serde_parameters::serde_parameters;
use crate::solve::newton_in_bracket;
use crate::special::{
    bessel_ratio, bessel_ratio_complement, bessel_ratio_derivative, inverse_bessel_ratio,
    ln_bessel_i_scaled, ln_bessel_i0,
};
use crate::{
    Component, Coordinates, Density, EstimateError, ExponentialFamily, FromMean, Moments,
    ParameterError, Reason, Sample, Scalars, Scratch, Statistics, next_coordinate,
};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{PI, TAU};

/// ln 2π.
const LN_TWO_PI: f64 = 1.837_877_066_409_345_483_56;

/// The von Mises distribution on the circle, with mean direction μ and concentration κ.
///
/// Angles are in radians; any real number is an angle, reduced modulo 2π, and the density is that
/// with respect to one turn. The mean direction is kept in (−π, π].
///
/// # Density
/// p(x) = exp(κ cos(x − μ)) / (2π I₀(κ)). At κ = 0 it is uniform, whatever μ.
///
/// # Sufficient statistics
/// T(x) = (cos x, sin x), η = κ (cos μ, sin μ), A = ln I₀(κ), h(x) = 1/2π. The M-step also keeps the
/// spread 1 − R² of the mean vector as centred moments ([`CircularMoments`]).
///
/// # M-step
/// μ is the direction of the mean vector of length R, and A(κ) = I₁(κ)/I₀(κ) = R is inverted to
/// full precision, through 1 − R where R is near 1. R = 0 gives κ = 0. No maximum exists when all
/// observations coincide (κ → ∞, an unbounded likelihood).
///
/// # Errors
/// [`VonMises::new`] refuses a mean direction that is not finite and a concentration that is
/// negative or not finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, VonMises};
/// let family = VonMises::new(0.0, 2.0)?;
/// assert!((family.log_density(1.0) + 1.581265996156022).abs() < 1e-14);
/// let fitted = family.estimate(&[0.5, 1.0, 1.5], &[1.0, 1.0, 1.0])?;
/// assert!((fitted.mean_direction() - 1.0).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Mardia & Jupp (2000), Directional Statistics, sections 3.5 and 5.3.
#[derive(Clone, Debug, PartialEq)]
pub struct VonMises {
    mean_direction: f64,
    concentration: f64,
    /// The unit vector (cos μ, sin μ), taken once.
    direction: [f64; 2],
    /// −ln 2π − ln I₀(κ) + κ: the log-density at μ, taken once.
    log_peak: f64,
}

serde_parameters!(VonMises {
    mean_direction: f64,
    concentration: f64
});

/// The concentration κ ≥ 0 whose mean vector has this length R > 0 and spread 1 − R²:
/// I_{ν+1}/I_ν(κ) = R, ν = d/2 − 1 in d dimensions.
pub(super) fn concentration_of(nu: f64, length: f64, spread: f64) -> Result<f64, EstimateError> {
    if !(spread > 16.0 * f64::EPSILON * f64::EPSILON) {
        return Err(EstimateError::boundary(
            "concentration",
            f64::INFINITY,
            "all its observations coincide",
        ));
    }
    if length < 0.5 {
        return Ok(inverse_bessel_ratio(nu, length));
    }
    let complement = spread / (1.0 + length.min(1.0));
    // (2ν + 1)/(2(1 − R)) is the leading term; Newton on 1/(1 − A(κ)), which is nearly linear.
    newton_in_bracket((nu + 0.5) / complement, (1e-3, 1e300), |kappa| {
        let here = bessel_ratio_complement(nu, kappa);
        (
            1.0 / here - 1.0 / complement,
            bessel_ratio_derivative(nu, kappa) / (here * here),
        )
    })
    .ok_or_else(|| {
        EstimateError::new(Reason::NotConverged {
            parameter: "concentration",
            iterations: 200,
        })
    })
}

impl VonMises {
    /// The von Mises distribution with this mean direction (reduced to (−π, π]) and concentration.
    ///
    /// # Errors
    /// When `mean_direction` is not finite, or `concentration` is negative or not finite.
    pub fn new(mean_direction: f64, concentration: f64) -> Result<Self, ParameterError> {
        ParameterError::require(
            mean_direction.is_finite(),
            "mean_direction",
            mean_direction,
            "must be finite",
        )?;
        ParameterError::require(
            concentration >= 0.0 && concentration.is_finite(),
            "concentration",
            concentration,
            "must be non-negative and finite",
        )?;
        let reduced = if mean_direction > -PI && mean_direction <= PI {
            mean_direction
        } else {
            let (sine, cosine) = mean_direction.sin_cos();
            sine.atan2(cosine)
        };
        // Of the angle that stands in files, so that an instance read from one has the same bits.
        let (sine, cosine) = reduced.sin_cos();
        Ok(VonMises {
            mean_direction: if reduced == -PI { PI } else { reduced },
            concentration,
            direction: [cosine, sine],
            log_peak: -LN_TWO_PI - ln_bessel_i_scaled(0.0, concentration),
        })
    }
    /// μ in (−π, π].
    pub fn mean_direction(&self) -> f64 {
        self.mean_direction
    }
    /// κ.
    pub fn concentration(&self) -> f64 {
        self.concentration
    }
    /// The log-density at μ.
    pub(super) fn log_peak(&self) -> f64 {
        self.log_peak
    }
    /// ln p from the unit vector of the angle: κ(cos(x − μ) − 1) is −κ/2 times the squared chord,
    /// which does not cancel near μ.
    #[inline]
    fn log_density_of(&self, cosine: f64, sine: f64) -> f64 {
        let (along, across) = (cosine - self.direction[0], sine - self.direction[1]);
        self.log_peak - 0.5 * self.concentration * (along * along + across * across)
    }
    /// The member whose mean vector has this direction, length R and spread 1 − R².
    fn with_vector(&self, [c, s]: [f64; 2], spread: f64) -> Result<Self, EstimateError> {
        let length = c.hypot(s);
        if length == 0.0 {
            // Uniform; the direction says nothing and is kept.
            return Ok(VonMises::new(self.mean_direction, 0.0)?);
        }
        let concentration = concentration_of(0.0, length, spread)?;
        Ok(VonMises::new(s.atan2(c), concentration)?)
    }
}

/// Centred moments of cos x and sin x.
///
/// 1 − R² = var(cos x) + var(sin x), where R is the length of the mean vector: the concentration of
/// angles that lie close together is known to full precision, not as a difference from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CircularMoments {
    /// Moments of cos x.
    pub cosine: Moments,
    /// Moments of sin x.
    pub sine: Moments,
}

impl CircularMoments {
    /// 1 − R², the squared length that the mean vector falls short of.
    pub fn spread(&self) -> f64 {
        self.cosine.variance() + self.sine.variance()
    }
}

impl Statistics for CircularMoments {
    fn weight(&self) -> f64 {
        self.cosine.weight()
    }
    fn clear(&mut self) {
        *self = CircularMoments::default();
    }
    fn merge(&mut self, other: &Self) {
        self.cosine.merge(&other.cosine);
        self.sine.merge(&other.sine);
    }
    fn scale(&mut self, factor: f64) {
        self.cosine.scale(factor);
        self.sine.scale(factor);
    }
}

/// From the means of (cos x, sin x). Only the sum of the two variances is known, and only it is
/// used: each gets half.
impl FromMean for CircularMoments {
    fn from_mean(mean: &[f64], weight: f64) -> Self {
        let spread = (1.0 - mean[0] * mean[0] - mean[1] * mean[1]).max(0.0);
        CircularMoments {
            cosine: Moments::new(weight, mean[0], 0.5 * weight * spread),
            sine: Moments::new(weight, mean[1], 0.5 * weight * spread),
        }
    }
}

impl Density for VonMises {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if !x.is_finite() {
            return f64::NEG_INFINITY;
        }
        let (sine, cosine) = x.sin_cos();
        self.log_density_of(cosine, sine)
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        if x.is_finite() {
            Ok(())
        } else {
            Err("must be a finite angle in radians")
        }
    }
    fn prepared_width(&self) -> usize {
        2
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    /// Columns cos x and sin x.
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        let (cosines, sines) = into.split_at_mut(xs.len());
        for ((cosine, sine), &x) in cosines.iter_mut().zip(sines).zip(xs) {
            if x.is_finite() {
                (*sine, *cosine) = x.sin_cos();
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
        let (cosines, sines) = prepared.split_at(xs.len());
        for (((value, &x), &cosine), &sine) in out.iter_mut().zip(xs).zip(cosines).zip(sines) {
            *value = if x.is_finite() {
                self.log_density_of(cosine, sine)
            } else {
                f64::NEG_INFINITY
            };
        }
    }
}

impl Component for VonMises {
    type Statistics = CircularMoments;

    fn empty_statistics(&self) -> CircularMoments {
        CircularMoments::default()
    }
    fn accumulate(&self, into: &mut CircularMoments, x: f64, weight: f64) {
        let (sine, cosine) = x.sin_cos();
        into.cosine.add(cosine, weight);
        into.sine.add(sine, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut CircularMoments,
        xs: &[f64],
        prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        let (cosines, sines) = prepared.split_at(xs.len());
        into.cosine.add_slice(cosines, weights);
        into.sine.add_slice(sines, weights);
    }
    fn maximize(&self, from: &CircularMoments) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        self.with_vector([from.cosine.mean(), from.sine.mean()], from.spread())
            .map_err(|error| error.with_count(from.weight()))
    }
    fn parameter_count(&self) -> usize {
        2
    }
}

impl ExponentialFamily for VonMises {
    type Vector = [f64; 2];

    fn statistic(&self, x: f64) -> [f64; 2] {
        let (sine, cosine) = x.sin_cos();
        [cosine, sine]
    }
    fn log_base(&self, _x: f64) -> f64 {
        -LN_TWO_PI
    }
    fn natural(&self) -> [f64; 2] {
        self.direction.map(|entry| self.concentration * entry)
    }
    fn log_partition(&self) -> f64 {
        ln_bessel_i0(self.concentration)
    }
    fn expected(&self) -> [f64; 2] {
        let length = bessel_ratio(0.0, self.concentration);
        self.direction.map(|entry| length * entry)
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let length = mean[0].hypot(mean[1]);
        self.with_vector([mean[0], mean[1]], (1.0 - length) * (1.0 + length))
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// The statistic from the parameters themselves: 1 − R from 1 − A(κ).
    fn pseudo_statistics(&self, weight: f64) -> CircularMoments {
        let [c, s] = self.expected();
        let complement = bessel_ratio_complement(0.0, self.concentration);
        let half = 0.5 * weight * complement * (2.0 - complement);
        CircularMoments {
            cosine: Moments::new(weight, c, half),
            sine: Moments::new(weight, s, half),
        }
    }
    /// (κ′ − κ)(1 − A) + κ′A(1 − cos(μ − μ′)) + the difference of the scaled normalisers: no term is
    /// of the size of κ where the two are close.
    fn kl_divergence(&self, other: &Self) -> f64 {
        let complement = bessel_ratio_complement(0.0, self.concentration);
        let chord =
            (self.direction[0] - other.direction[0]).hypot(self.direction[1] - other.direction[1]);
        let directions = 0.5 * other.concentration * (1.0 - complement) * chord * chord;
        let concentrations =
            super::divergence::of_ln_bessel(self.concentration, other.concentration);
        directions
            + concentrations.unwrap_or(
                (other.concentration - self.concentration) * complement
                    + (self.log_peak - other.log_peak),
            )
    }
}

/// κ (cos μ, sin μ): the whole plane, and smooth at κ = 0.
impl Coordinates for VonMises {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend(self.natural());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (c, s) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(VonMises::new(s.atan2(c), c.hypot(s))?)
    }
}

impl Sample for VonMises {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    /// Best & Fisher (1979): rejection from a wrapped Cauchy. Uniform below κ = 1e-8, where the two
    /// differ by less than 1e-8; normal above 1e8, where they differ by as little.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let kappa = self.concentration;
        let deviation = if kappa < 1e-8 {
            TAU * (rng.random::<f64>() - 0.5)
        } else if kappa > 1e8 {
            let z: f64 = StandardNormal.sample(rng);
            z / kappa.sqrt()
        } else {
            // Any r > 1 is right; this one accepts most. Its small-κ limit avoids a cancellation.
            let r = if kappa < 1e-4 {
                1.0 / kappa + kappa
            } else {
                let tau = 1.0 + (1.0 + 4.0 * kappa * kappa).sqrt();
                let rho = (tau - (2.0 * tau).sqrt()) / (2.0 * kappa);
                (1.0 + rho * rho) / (2.0 * rho)
            };
            loop {
                let z = (PI * rng.random::<f64>()).cos();
                let f = (1.0 + r * z) / (r + z);
                let c = kappa * (r - f);
                let u: f64 = 1.0 - rng.random::<f64>();
                if c * (2.0 - c) > u || (c / u).ln() + 1.0 >= c {
                    let angle = f.clamp(-1.0, 1.0).acos();
                    break if rng.random::<bool>() { angle } else { -angle };
                }
            }
        };
        let angle = self.mean_direction + deviation;
        into.push(if angle > PI {
            angle - TAU
        } else if angle <= -PI {
            angle + TAU
        } else {
            angle
        });
    }
}
