//! Rates under a gamma prior: λ ~ Gamma(a, b).

use super::compound_gamma::CompoundGamma;
use super::conjugate::{ConjugateFamily, require_concentration};
use distributions::special::{digamma, ln_minus_digamma};
use distributions::{
    EstimateError, Exponential, ExponentialFamily, Gamma, NegativeBinomial, Poisson, Statistics,
};

/// a + Σ w x and b + Σ w.
impl ConjugateFamily for Poisson {
    type Prior = Gamma;
    type Predictive = NegativeBinomial;

    /// η = ln λ: the rate is e^E\[ln λ\], and A(η) = λ.
    fn expectation(&self, belief: &Gamma) -> Result<(Self, f64), EstimateError> {
        require_concentration(belief.shape())?;
        let mean = belief.shape() / belief.rate();
        let centre = Poisson::new(digamma(belief.shape()).exp() / belief.rate())?;
        let offset = centre.rate() - mean;
        Ok((centre, offset))
    }
    fn posterior(&self, prior: &Gamma, from: &Self::Statistics) -> Result<Gamma, EstimateError> {
        let shape = prior.shape() + from.sum()[0];
        Ok(Gamma::new(shape, prior.rate() + from.weight())?)
    }
    fn divergence(&self, posterior: &Gamma, prior: &Gamma) -> f64 {
        posterior.kl_divergence(prior)
    }
    fn predictive(&self, belief: &Gamma) -> Result<NegativeBinomial, EstimateError> {
        let mean = belief.shape() / belief.rate();
        Ok(NegativeBinomial::new(mean, belief.shape())?.with_fixed_size())
    }
}

/// a + Σ w and b + Σ w x.
impl ConjugateFamily for Exponential {
    type Prior = Gamma;
    type Predictive = CompoundGamma;

    /// η = −λ: the rate is E\[λ\], and A(η) = −ln λ.
    fn expectation(&self, belief: &Gamma) -> Result<(Self, f64), EstimateError> {
        let centre = Exponential::new(belief.shape() / belief.rate())?;
        Ok((centre, -ln_minus_digamma(belief.shape())))
    }
    fn posterior(&self, prior: &Gamma, from: &Self::Statistics) -> Result<Gamma, EstimateError> {
        let rate = prior.rate() + from.sum()[0];
        Ok(Gamma::new(prior.shape() + from.weight(), rate)?)
    }
    fn divergence(&self, posterior: &Gamma, prior: &Gamma) -> f64 {
        posterior.kl_divergence(prior)
    }
    fn predictive(&self, belief: &Gamma) -> Result<CompoundGamma, EstimateError> {
        Ok(CompoundGamma::new(1.0, belief.shape(), belief.rate())?)
    }
}

/// The shape k is known, and that of the component: a + k Σ w and b + Σ w x.
impl ConjugateFamily for Gamma {
    type Prior = Gamma;
    type Predictive = CompoundGamma;

    /// η = −λ: the rate is E\[λ\], and A(η) = −k ln λ.
    fn expectation(&self, belief: &Gamma) -> Result<(Self, f64), EstimateError> {
        let centre = Gamma::new(self.shape(), belief.shape() / belief.rate())?;
        Ok((centre, -self.shape() * ln_minus_digamma(belief.shape())))
    }
    fn posterior(&self, prior: &Gamma, from: &Self::Statistics) -> Result<Gamma, EstimateError> {
        let shape = prior.shape() + self.shape() * from.weight();
        let rate = prior.rate() + from.weight() * from.mean();
        Ok(Gamma::new(shape, rate)?)
    }
    fn divergence(&self, posterior: &Gamma, prior: &Gamma) -> f64 {
        posterior.kl_divergence(prior)
    }
    fn uncertain_parameters(&self) -> usize {
        1
    }
    fn predictive(&self, belief: &Gamma) -> Result<CompoundGamma, EstimateError> {
        let compound = CompoundGamma::new(self.shape(), belief.shape(), belief.rate());
        Ok(compound?)
    }
}
