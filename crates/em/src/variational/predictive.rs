//! Mixtures of densities that need no estimate.

use crate::sample::draw_class;
use distributions::special::log_sum_exp;
use distributions::{Buffer, Density, Obs, Sample};
use rand::Rng;

/// The distribution of a new observation under the posterior of a mixture: p(x) = Σ_k w_k p_k(x) with
/// w_k = E\[π_k\] and the predictive densities p_k of the components.
///
/// It is exact for the posterior q that was found, and integrates to 1. Draws are independent only as
/// draws from this mixture are: the parameters are integrated out in each.
///
/// ```
/// use distributions::{Density, Gamma, Poisson};
/// use em::{Conjugate, VariationalMixture, WeightsPrior};
///
/// let component = Conjugate::new(Poisson::new(1.0)?, Gamma::new(1.0, 1.0)?)?;
/// let prior = WeightsPrior::Dirichlet { concentration: 1.0 };
/// let predictive = VariationalMixture::new(prior, vec![component; 2])?.predictive()?;
/// let total: f64 = (0..60).map(|x| predictive.log_density(x).exp()).sum();
/// assert!((total - 1.0).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PredictiveMixture<D> {
    weights: Vec<f64>,
    /// ln w_k, taken once.
    logs: Vec<f64>,
    densities: Vec<D>,
}

impl<D: Density> PredictiveMixture<D> {
    pub(super) fn new(weights: &[f64], densities: Vec<D>) -> Self {
        PredictiveMixture {
            weights: weights.to_vec(),
            logs: weights.iter().map(|weight| weight.ln()).collect(),
            densities,
        }
    }
    /// E\[π_k\].
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
    /// The predictive densities of the components.
    pub fn densities(&self) -> &[D] {
        &self.densities
    }
    /// The probability of each component given a new observation. All 0 where its density is 0.
    pub fn responsibilities(&self, x: Obs<'_, D::Space>) -> Vec<f64> {
        let mut joint = self.log_joint(x);
        let whole = log_sum_exp(&joint);
        for value in &mut joint {
            *value = if whole == f64::NEG_INFINITY {
                0.0
            } else {
                (*value - whole).exp()
            };
        }
        joint
    }
    fn log_joint(&self, x: Obs<'_, D::Space>) -> Vec<f64> {
        let pairs = self.logs.iter().zip(&self.densities);
        pairs
            .map(|(log, density)| log + density.log_density(x))
            .collect()
    }
}

impl<D: Density> Density for PredictiveMixture<D> {
    type Space = D::Space;

    fn log_density(&self, x: Obs<'_, D::Space>) -> f64 {
        log_sum_exp(&self.log_joint(x))
    }
    fn check_observation(&self, x: Obs<'_, D::Space>) -> Result<(), &'static str> {
        self.densities[0].check_observation(x)
    }
}

impl<D: Sample> Sample for PredictiveMixture<D> {
    fn empty_buffer(&self) -> Buffer<D::Space> {
        self.densities[0].empty_buffer()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Buffer<D::Space>) {
        self.densities[draw_class(&self.weights, rng)].draw(rng, into);
    }
}
