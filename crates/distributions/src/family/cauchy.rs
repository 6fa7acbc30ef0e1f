//! The Cauchy distribution.

use super::{LatentScaleStatistics, StudentT};
use crate::serde_parameters::serde_parameters;
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, IntervalStatistics, ParameterError,
    Sample, Scalars, Scratch, Univariate,
};
use rand::Rng;
use std::f64::consts::PI;

/// The Cauchy distribution with location m and scale s: Student's t distribution with one degree of
/// freedom. It has no mean.
///
/// # Density
/// p(x) = 1/(πs (1 + z²)) with z = (x − m)/s on the real line.
///
/// # Sufficient statistics
/// None of fixed size: those of [`StudentT`] with ν = 1.
///
/// # M-step
/// As [`StudentT`] with ν = 1. The maximum, which [`estimate`](Component::estimate) finds, is the only
/// one unless half of the weight lies on one value; then s → 0, an error.
///
/// # Errors
/// [`Cauchy::new`] refuses a location that is not finite, and a scale that is not positive, finite and
/// normal.
///
/// # Example
/// ```
/// use distributions::{Cauchy, Component, Density};
/// let family = Cauchy::new(1.0, 2.0)?;
/// assert!((family.log_density(3.0) + (4.0 * std::f64::consts::PI).ln()).abs() < 1e-15);
/// let fitted = family.estimate(&[-2.0, 1.0, 4.0, 1.5, 0.5], &[1.0; 5])?;
/// assert!((fitted.location() - 1.0).abs() < 1e-13);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Copas (1975), On the unimodality of the likelihood for the Cauchy distribution; Chyzak & Nielsen
/// (2019), A closed-form formula for the Kullback–Leibler divergence between Cauchy distributions.
#[derive(Clone, Debug, PartialEq)]
pub struct Cauchy {
    location: f64,
    scale: f64,
    /// The same as Student's t distribution.
    student: StudentT,
}

serde_parameters!(Cauchy {
    location: f64,
    scale: f64
});

impl Cauchy {
    /// The Cauchy distribution with this location and scale.
    ///
    /// # Errors
    /// When `location` is not finite, or `scale` is not positive, finite and normal.
    pub fn new(location: f64, scale: f64) -> Result<Self, ParameterError> {
        StudentT::new(location, scale, 1.0).map(Self::of)
    }
    /// The Cauchy distribution that this t distribution is.
    fn of(student: StudentT) -> Self {
        Cauchy {
            location: student.location(),
            scale: student.scale(),
            student: student.with_fixed_df(),
        }
    }
    /// m.
    pub fn location(&self) -> f64 {
        self.location
    }
    /// s.
    pub fn scale(&self) -> f64 {
        self.scale
    }
    /// The Kullback–Leibler divergence KL(self ‖ other), in nats: the same in both directions.
    pub fn kl_divergence(&self, other: &Self) -> f64 {
        // ln(((s + s′)² + δ²)/(4 s s′)) = ln(1 + ((s − s′)² + δ²)/(4 s s′)).
        let (wide, narrow) = (self.scale.max(other.scale), self.scale.min(other.scale));
        let across = (wide - narrow) / wide;
        let shift = (self.location - other.location) / wide;
        (0.25 * (wide / narrow) * (across * across + shift * shift)).ln_1p()
    }
    fn standardised(&self, x: f64) -> f64 {
        (x - self.location) / self.scale
    }
}

impl Density for Cauchy {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        self.student.log_density(x)
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        self.student.check_observation(x)
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.student.log_density_batch(xs, prepared, out, scratch);
    }
}

impl Component for Cauchy {
    type Statistics = LatentScaleStatistics;

    fn empty_statistics(&self) -> LatentScaleStatistics {
        LatentScaleStatistics::default()
    }
    fn accumulate(&self, into: &mut LatentScaleStatistics, x: f64, weight: f64) {
        self.student.accumulate(into, x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut LatentScaleStatistics,
        xs: &[f64],
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        self.student
            .accumulate_batch(into, xs, prepared, weights, scratch);
    }
    fn maximize(&self, from: &LatentScaleStatistics) -> Result<Self, EstimateError> {
        self.student.maximize(from).map(Self::of)
    }
    fn parameter_count(&self) -> usize {
        2
    }
    fn floored(&self, whole: &Self) -> Option<Self> {
        self.student.floored(&whole.student).map(Self::of)
    }
    fn pooled(&self, xs: &[f64], weights: &[f64]) -> Result<Self, EstimateError> {
        self.student.pooled(xs, weights).map(Self::of)
    }
    fn is_at_bound(&self) -> bool {
        self.student.is_at_bound()
    }
    /// The maximum, whatever the iterate.
    fn estimate(&self, xs: &[f64], weights: &[f64]) -> Result<Self, EstimateError> {
        self.student.estimate(xs, weights).map(Self::of)
    }
}

impl Coordinates for Cauchy {
    fn pack(&self, into: &mut Vec<f64>) {
        self.student.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        self.student.unpack(from).map(Self::of)
    }
}

impl Sample for Cauchy {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        self.student.draw(rng, into);
    }
}

impl Univariate for Cauchy {
    fn cdf(&self, x: f64) -> f64 {
        // The angle to the point (−z, 1), small far to the left.
        1.0_f64.atan2(-self.standardised(x)) / PI
    }
    fn sf(&self, x: f64) -> f64 {
        1.0_f64.atan2(self.standardised(x)) / PI
    }
    fn quantile(&self, p: f64) -> f64 {
        if !(0.0..=1.0).contains(&p) {
            return f64::NAN;
        }
        // −cot πp, from the nearer end, or tan π(p − ½) in the middle.
        let tail = p.min(1.0 - p);
        let z = if tail == 0.0 {
            f64::INFINITY
        } else if tail < 0.25 {
            1.0 / (PI * tail).tan()
        } else {
            (PI * (0.5 - tail)).tan()
        };
        self.location + self.scale * if p < 0.5 { -z } else { z }
    }
    /// NaN: there is none.
    fn mean(&self) -> f64 {
        f64::NAN
    }
    /// NaN: there is none.
    fn variance(&self) -> f64 {
        f64::NAN
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        self.student.log_probability(low, high)
    }
}

impl Entropy for Cauchy {
    /// ln 4πs.
    fn entropy(&self) -> f64 {
        (4.0 * PI).ln() + self.scale.ln()
    }
}

impl IntervalStatistics for Cauchy {
    fn accumulate_interval(
        &self,
        into: &mut LatentScaleStatistics,
        low: f64,
        high: f64,
        weight: f64,
    ) {
        self.student.accumulate_interval(into, low, high, weight);
    }
}
