//! A family with its conjugate prior.

use crate::{
    Buffer, Component, Coordinates, Density, EstimateError, ExponentialFamily, Obs, ParameterError,
    Sample, Statistics,
};
use rand::Rng;

/// An exponential family with its conjugate prior, as pseudo-observations: as if `strength` more had
/// been observed, distributed as the `centre`.
///
/// # Density
/// That of the family.
///
/// # Prior
/// ln p(η) = strength·(⟨η, ∇A(η₀)⟩ − A(η)) + constant, η₀ being the centre: up to a constant,
/// −strength·KL(centre ‖ family), which is what [`log_prior`](Component::log_prior) gives, 0 at the
/// centre. Its mode in the natural coordinates is the centre. (The mode of a density depends on its
/// coordinates; that of the same prior for (mean, variance), say, is another.)
///
/// # M-step
/// The maximum of Q + ln p(η), in natural coordinates: that of the family from the statistic of the data
/// and of the pseudo-observations together. It exists for any data, also for none, and never lies on
/// the boundary.
///
/// # Errors
/// [`WithPrior::new`] refuses a strength that is negative or not finite, and a centre on the boundary.
///
/// # Example
/// ```
/// use distributions::combine::WithPrior;
/// use distributions::{Component, Poisson};
/// let family = WithPrior::new(Poisson::new(1.0)?, Poisson::new(3.0)?, 2.0)?;
/// // (0 + 1 + 2·3)/(2 + 2)
/// assert_eq!(family.estimate(&[0, 1], &[1.0, 1.0])?.family().rate(), 1.75);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Diaconis & Ylvisaker (1979), Conjugate Priors for Exponential Families.
#[derive(Clone, Debug, PartialEq)]
pub struct WithPrior<F> {
    family: F,
    centre: F,
    strength: f64,
}

impl<F: ExponentialFamily> WithPrior<F> {
    /// The family with a prior of this centre, worth `strength` observations.
    ///
    /// # Errors
    /// When `strength` is negative or not finite, or `centre` lies on the boundary.
    pub fn new(family: F, centre: F, strength: f64) -> Result<Self, ParameterError> {
        ParameterError::require(
            strength >= 0.0 && strength.is_finite(),
            "strength",
            strength,
            "must be non-negative and finite",
        )?;
        let (natural, expected) = (centre.natural(), centre.expected());
        let mut all = natural.as_ref().iter().chain(expected.as_ref());
        if let Some(&value) = all.find(|value| !value.is_finite()) {
            return Err(ParameterError::new(
                "centre",
                value,
                "must lie inside the family, not on its boundary",
            ));
        }
        Ok(WithPrior {
            family,
            centre,
            strength,
        })
    }
    fn with_family(&self, family: F) -> Self {
        WithPrior {
            family,
            centre: self.centre.clone(),
            strength: self.strength,
        }
    }
}

impl<F> WithPrior<F> {
    /// The family, without its prior.
    pub fn family(&self) -> &F {
        &self.family
    }
    /// The mode of the prior in natural coordinates.
    pub fn centre(&self) -> &F {
        &self.centre
    }
    /// How many observations the prior is worth.
    pub fn strength(&self) -> f64 {
        self.strength
    }
}

impl<F: ExponentialFamily> Density for WithPrior<F> {
    crate::forward_density!(F; family);
}

impl<F: ExponentialFamily> Component for WithPrior<F> {
    crate::forward_statistics!(F; family);

    fn maximize(&self, from: &F::Statistics) -> Result<Self, EstimateError> {
        if self.strength == 0.0 {
            return Ok(self.with_family(self.family.maximize(from)?));
        }
        let mut all = self.centre.pseudo_statistics(self.strength);
        all.merge(from);
        Ok(self.with_family(self.family.maximize(&all)?))
    }
    fn parameter_count(&self) -> usize {
        self.family.parameter_count()
    }
    /// −strength·KL(centre ‖ family): 0 at the centre, −∞ on the boundary.
    fn log_prior(&self) -> f64 {
        if self.strength == 0.0 {
            return self.family.log_prior();
        }
        let divergence = self.centre.kl_divergence(&self.family);
        // At boundary parameters the general form is ∞ − ∞.
        let penalty = if divergence.is_nan() {
            f64::NEG_INFINITY
        } else {
            -self.strength * divergence.max(0.0)
        };
        penalty + self.family.log_prior()
    }
    /// A prior counts as observations that do not coincide.
    fn is_bounded(&self) -> bool {
        self.strength > 0.0 || self.family.is_bounded()
    }
    fn squared_distance(&self, a: Obs<'_, F::Space>, b: Obs<'_, F::Space>) -> Option<f64> {
        self.family.squared_distance(a, b)
    }
}

impl<F: ExponentialFamily + Coordinates> Coordinates for WithPrior<F> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.family.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(self.with_family(self.family.unpack(from)?))
    }
}

/// Draws of the family, as it is.
impl<F: ExponentialFamily + Sample> Sample for WithPrior<F> {
    fn empty_buffer(&self) -> Buffer<F::Space> {
        self.family.empty_buffer()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Buffer<F::Space>) {
        self.family.draw(rng, into);
    }
}
