//! Any exponential family with its conjugate prior.

use super::ParameterPosterior;
use distributions::{
    Batch, Component, Coordinates, Density, EstimateError, Obs, ParameterError, Scratch, View,
};

/// A family with a conjugate prior: the posterior is of the prior's own form.
///
/// E\[ln p(x | θ)\] of an exponential family is linear in T(x), so that it is the log-density of one member
/// of the family, the one with natural parameter η̄ = E\[η\], and a constant:
///
/// E\[ln p(x | θ)\] = ln p(x | η̄) + A(η̄) − E\[A(η)\].
///
/// The constant is never positive, for A is convex.
pub trait ConjugateFamily: Component {
    /// A distribution of the parameters: the prior, or a posterior.
    type Prior: Clone + Send + Sync + PartialEq + std::fmt::Debug;
    /// The distribution of an observation, the parameters integrated out.
    type Predictive: Density<Space = Self::Space>;

    /// The member with natural parameter E\[η\], and A(η̄) − E\[A(η)\]; what is fixed comes from `self`.
    ///
    /// # Errors
    /// When `belief` is outside what the family can be given, or leaves the range of numbers.
    fn expectation(&self, belief: &Self::Prior) -> Result<(Self, f64), EstimateError>;
    /// How many draws an observation holds, each of which counts the constant of
    /// [`expectation`](ConjugateFamily::expectation) once: 1 but where every row has a total of its own.
    fn draws(&self, _x: Obs<'_, Self::Space>) -> f64 {
        1.0
    }
    /// The posterior given weighted observations; the prior where there are none.
    ///
    /// # Errors
    /// When it leaves the range of numbers.
    fn posterior(
        &self,
        prior: &Self::Prior,
        from: &Self::Statistics,
    ) -> Result<Self::Prior, EstimateError>;
    /// KL(posterior ‖ prior), in nats.
    fn divergence(&self, posterior: &Self::Prior, prior: &Self::Prior) -> f64;
    /// The number of parameters that have a posterior.
    fn uncertain_parameters(&self) -> usize {
        self.parameter_count()
    }
    /// ∫ p(x | θ) belief(θ) dθ.
    ///
    /// # Errors
    /// When a parameter of it leaves the range of numbers.
    fn predictive(&self, belief: &Self::Prior) -> Result<Self::Predictive, EstimateError>;
}

/// The least concentration, or shape, of a prior: below it e^ψ(α), the expected logarithm made a
/// parameter again, leaves the range of `f64`.
const LEAST_CONCENTRATION: f64 = 0.002;

/// Refuses concentrations whose expected logarithm is no number.
pub(super) fn require_concentration(value: f64) -> Result<(), ParameterError> {
    ParameterError::require(
        value >= LEAST_CONCENTRATION && value.is_finite(),
        "concentration",
        value,
        "must be finite, and at least 0.002",
    )
}

/// The posterior of a family's parameters under its conjugate prior; without a row seen, the prior.
///
/// | family | prior | predictive |
/// |---|---|---|
/// | `Normal` | [`NormalInverseGamma`](super::NormalInverseGamma) | Student t |
/// | `Poisson` | `Gamma` of the rate | negative binomial |
/// | `Exponential` | `Gamma` of the rate | Lomax ([`CompoundGamma`](super::CompoundGamma)) |
/// | `Gamma`, its shape known | `Gamma` of the rate | [`CompoundGamma`](super::CompoundGamma) |
/// | `Bernoulli` | `Beta` of the probability | Bernoulli |
/// | `Binomial` | `Beta` | beta-binomial |
/// | `Geometric` | `Beta` | [`BetaGeometric`](super::BetaGeometric) |
/// | `Categorical` | `Dirichlet` of the probabilities | categorical |
/// | `Multinomial` | `Dirichlet` | Dirichlet-multinomial |
///
/// The Gaussians of crate `gmm` have the normal–inverse-Wishart prior. The concentrations of a Beta and of a
/// Dirichlet, and the shape of the Gamma prior of a Poisson rate, must be at least 0.002.
///
/// ```
/// use distributions::{Beta, Bernoulli, Component};
/// use em::{Conjugate, ParameterPosterior};
///
/// let prior = Conjugate::new(Bernoulli::new(0.5)?, Beta::new(1.0, 1.0)?)?;
/// let posterior = prior.estimate(&[1, 1, 0, 1], &[1.0; 4])?;
/// assert_eq!((posterior.belief().alpha(), posterior.belief().beta()), (4.0, 2.0));
/// // Laplace's rule of succession.
/// assert_eq!(posterior.predictive()?.probability(), 4.0 / 6.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Conjugate<F: ConjugateFamily> {
    prior: F::Prior,
    belief: F::Prior,
    /// The member with natural parameter E\[η\].
    centre: F,
    /// A(η̄) − E\[A(η)\].
    offset: f64,
}

impl<F: ConjugateFamily> Conjugate<F> {
    /// The prior of a family's parameters. `family` gives what is fixed, such as the number of trials; its
    /// other parameters have no part.
    ///
    /// # Errors
    /// When the prior is outside what the family can be given.
    pub fn new(family: F, prior: F::Prior) -> Result<Self, EstimateError> {
        let belief = prior.clone();
        Self::believing(&family, prior, belief)
    }
    /// The prior of a family's parameters, and a posterior that was found before.
    ///
    /// # Errors
    /// When one of the two is outside what the family can be given.
    pub fn with_belief(
        family: F,
        prior: F::Prior,
        belief: F::Prior,
    ) -> Result<Self, EstimateError> {
        family.expectation(&prior)?;
        Self::believing(&family, prior, belief)
    }
    fn believing(family: &F, prior: F::Prior, belief: F::Prior) -> Result<Self, EstimateError> {
        let (centre, offset) = family.expectation(&belief)?;
        Ok(Conjugate {
            prior,
            belief,
            centre,
            offset,
        })
    }
    /// p(θ).
    pub fn prior(&self) -> &F::Prior {
        &self.prior
    }
    /// q(θ): the posterior, or the prior where no row was seen.
    pub fn belief(&self) -> &F::Prior {
        &self.belief
    }
    /// The member of the family whose natural parameter is E_q\[η\]: a point that stands for the posterior.
    pub fn centre(&self) -> &F {
        &self.centre
    }
}

impl<F: ConjugateFamily> ParameterPosterior for Conjugate<F> {
    type Predictive = F::Predictive;
    fn predictive(&self) -> Result<F::Predictive, EstimateError> {
        self.centre.predictive(&self.belief)
    }
}

/// E_q\[ln p(x | θ)\].
impl<F: ConjugateFamily> Density for Conjugate<F> {
    type Space = F::Space;

    fn log_density(&self, x: Obs<'_, F::Space>) -> f64 {
        self.centre.log_density(x) + self.offset * self.centre.draws(x)
    }
    fn check_observation(&self, x: Obs<'_, F::Space>) -> Result<(), &'static str> {
        self.centre.check_observation(x)
    }
    fn prepared_width(&self) -> usize {
        self.centre.prepared_width()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.centre.shares_preparation(&other.centre)
    }
    fn prepare(&self, xs: Batch<'_, F::Space>, into: &mut [f64]) {
        self.centre.prepare(xs, into);
    }
    fn log_density_batch(
        &self,
        xs: Batch<'_, F::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.centre.log_density_batch(xs, prepared, out, scratch);
        for (i, value) in out.iter_mut().enumerate() {
            *value += self.offset * self.centre.draws(xs.at(i));
        }
    }
}

impl<F: ConjugateFamily> Component for Conjugate<F> {
    distributions::forward_statistics!(F; centre);

    /// The posterior: prior and observations together.
    fn maximize(&self, from: &F::Statistics) -> Result<Self, EstimateError> {
        let belief = self.centre.posterior(&self.prior, from)?;
        Self::believing(&self.centre, self.prior.clone(), belief)
    }
    fn parameter_count(&self) -> usize {
        self.centre.uncertain_parameters()
    }
    /// −KL(q ‖ p).
    fn log_prior(&self) -> f64 {
        -self.centre.divergence(&self.belief, &self.prior)
    }
    /// No bound of the evidence exceeds it.
    fn is_bounded(&self) -> bool {
        true
    }
    fn squared_distance(&self, a: Obs<'_, F::Space>, b: Obs<'_, F::Space>) -> Option<f64> {
        self.centre.squared_distance(a, b)
    }
}

/// Those of the posterior: the lower bound holds for any, so that it may be extrapolated.
impl<F: ConjugateFamily<Prior: Coordinates>> Coordinates for Conjugate<F> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.belief.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let belief = self.belief.unpack(from)?;
        let extrapolated = Self::believing(&self.centre, self.prior.clone(), belief)?;
        // Far out, rounding leaves no digit of a divergence, and a negative one would raise the bound.
        let divergence = -extrapolated.log_prior();
        if !(divergence >= -1e-6) {
            let because = "a divergence is negative by rounding only";
            return Err(EstimateError::boundary("divergence", divergence, because));
        }
        Ok(extrapolated)
    }
}
