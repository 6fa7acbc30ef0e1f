//! The Laplace distribution about a known location.

use super::floor_under;
use crate::combine::Narrowest;
use crate::serde_parameters::serde_parameters;
use crate::{
    Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    ParameterError, Sample, Scalars, Univariate, component_from_means, next_coordinate,
};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Exp1};
use std::f64::consts::LN_2;

/// The Laplace (double exponential) distribution about a **fixed** location m, with scale b.
///
/// # Density
/// p(x) = exp(−|x − m|/b) / (2b) on the real line.
///
/// # Sufficient statistics
/// T(x) = |x − m|, η = −1/b, A = ln b, h(x) = ½. With a free location there would be none.
///
/// # M-step
/// Closed: b = Σ w |x − m| / N with N = Σ w. No maximum exists when all observations lie at m.
///
/// # Errors
/// [`Laplace::new`] refuses a location that is not finite and a scale that is not positive and
/// finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Laplace};
/// let family = Laplace::new(1.0, 0.5)?;
/// assert_eq!(family.log_density(2.0), -2.0);
/// assert_eq!(family.estimate(&[0.0, 2.0, 4.0], &[1.0, 1.0, 2.0])?.scale(), 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 24.
#[derive(Clone, Debug, PartialEq)]
pub struct Laplace {
    location: f64,
    scale: f64,
    /// −ln 2b, taken once.
    log_constant: f64,
    /// The least scale, where there is a floor.
    floor: Option<Narrowest>,
}

serde_parameters!(Laplace {
    location: f64,
    scale: f64
});

impl Laplace {
    /// The distribution about `location`, which stays fixed, with this scale.
    ///
    /// # Errors
    /// When `location` is not finite, or `scale` is not positive and finite.
    pub fn new(location: f64, scale: f64) -> Result<Self, ParameterError> {
        ParameterError::require(location.is_finite(), "location", location, "must be finite")?;
        ParameterError::require(
            scale > 0.0 && scale.is_finite(),
            "scale",
            scale,
            "must be positive and finite",
        )?;
        Ok(Laplace {
            location,
            scale,
            log_constant: -std::f64::consts::LN_2 - scale.ln(),
            floor: None,
        })
    }
    /// m, fixed.
    pub fn location(&self) -> f64 {
        self.location
    }
    /// b.
    pub fn scale(&self) -> f64 {
        self.scale
    }
    /// The member about the same location of this scale, or the least above the same floor.
    fn above_floor(&self, scale: f64) -> Result<Self, ParameterError> {
        Ok(Laplace {
            floor: self.floor,
            ..Laplace::new(self.location, Narrowest::bounded(self.floor, scale))?
        })
    }
}

impl Density for Laplace {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        self.log_constant - (x - self.location).abs() / self.scale
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        if x.is_finite() {
            Ok(())
        } else {
            Err("must be finite")
        }
    }
}

component_from_means!(Laplace; { floor_under!(scale, 2); });

impl ExponentialFamily for Laplace {
    type Vector = [f64; 1];

    fn statistic(&self, x: f64) -> [f64; 1] {
        [(x - self.location).abs()]
    }
    fn log_base(&self, _x: f64) -> f64 {
        -std::f64::consts::LN_2
    }
    fn natural(&self) -> [f64; 1] {
        [-1.0 / self.scale]
    }
    fn log_partition(&self) -> f64 {
        self.scale.ln()
    }
    fn expected(&self) -> [f64; 1] {
        [self.scale]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        if !(mean[0] > 0.0) && self.floor.is_none() {
            return Err(EstimateError::boundary(
                "scale",
                mean[0],
                "all its observations lie at the location",
            ));
        }
        Ok(self.above_floor(mean[0])?)
    }
    fn same_statistic(&self, other: &Self) -> bool {
        self.location == other.location
    }
    /// Also between two locations: e^(−d) + d of the distance in units of the scale.
    fn kl_divergence(&self, other: &Self) -> f64 {
        // (b e^(−δ/b) + δ)/b′ − 1 − ln(b/b′) with δ = |m − m′|.
        let distance = (self.location - other.location).abs();
        let apart = super::exponential_excess(-distance / self.scale);
        apart * (self.scale / other.scale) + super::excess(self.scale, other.scale)
    }
}

impl Coordinates for Laplace {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.scale.ln());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(self.above_floor(next_coordinate(from)?.exp())?)
    }
}

impl Sample for Laplace {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = Exp1.sample(rng);
        let distance = self.scale * z;
        into.push(if rng.random::<bool>() {
            self.location + distance
        } else {
            self.location - distance
        });
    }
}

impl Univariate for Laplace {
    fn cdf(&self, x: f64) -> f64 {
        let z = (x - self.location) / self.scale;
        if z < 0.0 {
            0.5 * z.exp()
        } else {
            1.0 - 0.5 * (-z).exp()
        }
    }
    fn sf(&self, x: f64) -> f64 {
        let z = (x - self.location) / self.scale;
        if z < 0.0 {
            1.0 - 0.5 * z.exp()
        } else {
            0.5 * (-z).exp()
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        if p <= 0.5 {
            self.location + self.scale * (2.0 * p).ln()
        } else {
            self.location - self.scale * (2.0 * (1.0 - p)).ln()
        }
    }
    fn mean(&self) -> f64 {
        self.location
    }
    fn variance(&self) -> f64 {
        2.0 * self.scale * self.scale
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.log_probability(low, high).exp()
    }
    /// Sums of what lies on each side; nothing is subtracted.
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        let [below, above] = [low, high].map(|x| (x - self.location) / self.scale);
        let width = (high - low) / self.scale;
        if !(low < high) {
            f64::NEG_INFINITY
        } else if below >= 0.0 {
            super::exponential_log_probability(below, width) - LN_2
        } else if above <= 0.0 {
            super::exponential_log_probability(-above, width) - LN_2
        } else {
            (super::exponential_cdf(-below) + super::exponential_cdf(above)).ln() - LN_2
        }
    }
}

impl Entropy for Laplace {
    /// 1 + ln 2b.
    fn entropy(&self) -> f64 {
        1.0 - self.log_constant
    }
}

impl IntervalStatistics for Laplace {
    /// Those of the exponential distances on the two sides, by their shares of the interval.
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let (below, above) = (low - self.location, high - self.location);
        // The mean distance between two distances.
        let side = |near: f64, far: f64| {
            let beyond = super::truncated_exponential_mean((far - near) / self.scale);
            (near + self.scale * beyond).min(far)
        };
        let distance = if below >= 0.0 {
            side(below, above)
        } else if above <= 0.0 {
            side(-above, -below)
        } else {
            let shares = [-below, above].map(|d| super::exponential_cdf(d / self.scale));
            (shares[0] * side(0.0, -below) + shares[1] * side(0.0, above)) / (shares[0] + shares[1])
        };
        into.add(&[distance], weight);
    }
}
