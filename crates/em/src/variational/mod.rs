//! Variational Bayes: a posterior over the parameters instead of a point.

mod beta_geometric;
mod beta_prior;
mod compound_gamma;
mod conjugate;
mod dirichlet_prior;
mod gamma_prior;
mod normal;
mod point_mass;
mod predictive;
mod products;
mod weights;

pub use beta_geometric::BetaGeometric;
pub use compound_gamma::CompoundGamma;
pub use conjugate::{Conjugate, ConjugateFamily};
pub use normal::NormalInverseGamma;
pub use point_mass::PointMassPosterior;
pub use predictive::PredictiveMixture;
pub use weights::{WeightsPosterior, WeightsPrior};

use crate::error::FitError;
use crate::init::{MixtureData, Start};
use crate::mixture::Mixture;
use crate::options::Options;
use crate::report::Fit;
use crate::restart::fit_from;
use distributions::{Component, Density, EstimateError, ParameterError};

/// The posterior q(θ) of one component's parameters, next to its prior p(θ).
///
/// It is a [`Component`] whose log-density is E_q\[ln p(x | θ)\], whose M-step is the posterior given a
/// statistic, and whose log-prior is −KL(q ‖ p). With that, the objective of the EM loop is the
/// variational lower bound. exp E_q\[ln p(x | θ)\] integrates to less than 1 and is no density of x:
/// that is [`predictive`](ParameterPosterior::predictive).
pub trait ParameterPosterior: Component {
    /// The distribution of a new observation.
    type Predictive: Density<Space = Self::Space>;
    /// ∫ p(x | θ) q(θ) dθ.
    ///
    /// # Errors
    /// When a parameter of it leaves the range of numbers.
    fn predictive(&self) -> Result<Self::Predictive, EstimateError>;
}

/// A mixture whose weights and components have posteriors, or, before a fit, priors.
///
/// q(z, π, θ) = Π_i q(z_i) · q(π) · Π_k q(θ_k) maximises the lower bound of the log evidence
///
/// F = Σ_i w_i ln Σ_k exp(E\[ln π_k\] + E\[ln p(x_i | θ_k)\]) − KL(q(π) ‖ p(π)) − Σ_k KL(q(θ_k) ‖ p(θ_k)).
///
/// It is what the fit's `objective` and `trace` hold, and no iteration lowers it. The `log_likelihood` of
/// the report is the first term.
///
/// ```
/// use distributions::{Gamma, Poisson};
/// use em::{Conjugate, Data, Options, Start, VariationalMixture, WeightsPrior, fit_variational};
///
/// let counts: Vec<u64> = vec![0, 1, 1, 2, 0, 9, 11, 8, 10, 1];
/// let component = Conjugate::new(Poisson::new(1.0)?, Gamma::new(1.0, 0.2)?)?;
/// let prior = WeightsPrior::Dirichlet { concentration: 0.1 };
/// let template = VariationalMixture::new(prior, vec![component; 4])?;
/// let fitted = fit_variational(&template, Data::of(&counts), Start::Spread, &Options::default())?;
/// // Of four components two are needed.
/// let needed = fitted.model.weights().counts().iter().filter(|&&count| count > 0.5);
/// assert_eq!(needed.count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Bishop (2006), Pattern Recognition and Machine Learning, chapter 10. Blei & Jordan (2006),
/// Variational inference for Dirichlet process mixtures, Bayesian Analysis 1, 121–143.
#[derive(Clone, Debug, PartialEq)]
pub struct VariationalMixture<P> {
    mixture: Mixture<Vec<P>, WeightsPosterior>,
}

impl<P: ParameterPosterior> VariationalMixture<P> {
    /// No row seen yet: weights and components as their priors have them.
    ///
    /// # Errors
    /// When there is no component, or the concentration is not positive and finite.
    pub fn new(weights: WeightsPrior, components: Vec<P>) -> Result<Self, ParameterError> {
        let weights = WeightsPosterior::new(weights, components.len())?;
        let mixture = Mixture::new(weights, components)?;
        Ok(VariationalMixture { mixture })
    }
    /// q(π).
    pub fn weights(&self) -> &WeightsPosterior {
        self.mixture.weights()
    }
    /// q(θ_k).
    pub fn components(&self) -> &[P] {
        self.mixture.components()
    }
    /// The number of components K.
    pub fn len(&self) -> usize {
        self.mixture.len()
    }
    /// Never: a mixture has at least one component.
    pub fn is_empty(&self) -> bool {
        false
    }
    /// The mixture of the components `keep`, in that order, such as those that are needed. The weights of
    /// the others are given to no one: their prior remains that of K components where it is a Dirichlet.
    ///
    /// # Panics
    /// When `keep` is empty.
    pub fn subset(&self, keep: &[usize]) -> Self {
        let mixture = self.mixture.subset(keep);
        VariationalMixture { mixture }
    }
    /// The model whose joint density of a row and its class is exp(E\[ln π_k\] + E\[ln p(x | θ_k)\]): what
    /// [`e_step`](crate::e_step) and [`Driver`](crate::Driver) take.
    pub fn expected(&self) -> &Mixture<Vec<P>, WeightsPosterior> {
        &self.mixture
    }
    /// The distribution of a new observation, Σ_k E\[π_k\] ∫ p(x | θ_k) q(θ_k) dθ_k: a density that
    /// integrates to 1.
    ///
    /// # Errors
    /// When a parameter of it leaves the range of numbers.
    pub fn predictive(&self) -> Result<PredictiveMixture<P::Predictive>, EstimateError> {
        let components = self.components().iter().enumerate();
        let densities = components
            .map(|(k, component)| (component.predictive()).map_err(|error| error.in_component(k)));
        let densities: Result<Vec<_>, EstimateError> = densities.collect();
        Ok(PredictiveMixture::new(self.weights().means(), densities?))
    }
}

impl<P> From<Mixture<Vec<P>, WeightsPosterior>> for VariationalMixture<P> {
    fn from(mixture: Mixture<Vec<P>, WeightsPosterior>) -> Self {
        VariationalMixture { mixture }
    }
}

/// Fits the posterior by coordinate ascent: the loop of EM over expected log-densities, from a start of
/// any kind; see [`fit_from`]. Several starts keep the highest lower bound.
///
/// # Errors
/// See [`FitError`]. No component is degenerate, whatever the rows: its prior always has an estimate.
pub fn fit_variational<P: ParameterPosterior>(
    template: &VariationalMixture<P>,
    data: MixtureData<'_, '_, Vec<P>, WeightsPosterior>,
    start: Start<'_>,
    options: &Options,
) -> Result<Fit<VariationalMixture<P>>, FitError> {
    let Fit { model, report } = fit_from(&template.mixture, data, start, options)?;
    let model = VariationalMixture::from(model);
    Ok(Fit { model, report })
}
