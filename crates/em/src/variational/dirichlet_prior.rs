//! Probabilities of several outcomes under a Dirichlet prior: p ~ Dirichlet(α).

use super::conjugate::{ConjugateFamily, require_concentration};
use distributions::special::{digamma, log_sum_exp};
use distributions::{
    Categorical, Dirichlet, DirichletMultinomial, EstimateError, ExponentialFamily, Multinomial,
};

/// Probabilities in proportion to e^E\[ln p_j\], and the logarithm of what these sum to: A(η̄) − E\[A(η)\]
/// of one draw.
fn expected_draw(belief: &Dirichlet) -> Result<(Vec<f64>, f64), EstimateError> {
    let concentrations = belief.concentrations();
    let whole = digamma(concentrations.iter().sum());
    let mut logs = Vec::with_capacity(concentrations.len());
    for &concentration in concentrations {
        require_concentration(concentration)?;
        logs.push(digamma(concentration) - whole);
    }
    let offset = log_sum_exp(&logs);
    let probabilities = logs.iter().map(|log| (log - offset).exp()).collect();
    Ok((probabilities, offset))
}

/// The posterior after so many of each outcome.
fn counted(prior: &Dirichlet, counts: &[f64]) -> Result<Dirichlet, EstimateError> {
    let pairs = prior.concentrations().iter().zip(counts);
    Ok(Dirichlet::new(pairs.map(|(a, n)| a + n).collect())?)
}

/// The number of outcomes must be that of the family.
fn require_outcomes(belief: &Dirichlet, outcomes: usize) -> Result<(), EstimateError> {
    Ok(distributions::ParameterError::require(
        belief.concentrations().len() == outcomes,
        "number of concentrations",
        belief.concentrations().len() as f64,
        "must be the number of outcomes",
    )?)
}

impl ConjugateFamily for Categorical {
    type Prior = Dirichlet;
    type Predictive = Categorical;

    fn expectation(&self, belief: &Dirichlet) -> Result<(Self, f64), EstimateError> {
        require_outcomes(belief, self.categories())?;
        let (probabilities, offset) = expected_draw(belief)?;
        Ok((Categorical::new(probabilities)?, offset))
    }
    fn posterior(
        &self,
        prior: &Dirichlet,
        from: &Self::Statistics,
    ) -> Result<Dirichlet, EstimateError> {
        counted(prior, from.sum())
    }
    fn divergence(&self, posterior: &Dirichlet, prior: &Dirichlet) -> f64 {
        posterior.kl_divergence(prior)
    }
    fn predictive(&self, belief: &Dirichlet) -> Result<Categorical, EstimateError> {
        let whole: f64 = belief.concentrations().iter().sum();
        let means = belief.concentrations().iter().map(|a| a / whole);
        Ok(Categorical::new(means.collect())?)
    }
}

impl ConjugateFamily for Multinomial {
    type Prior = Dirichlet;
    type Predictive = DirichletMultinomial;

    fn expectation(&self, belief: &Dirichlet) -> Result<(Self, f64), EstimateError> {
        require_outcomes(belief, self.outcomes())?;
        let (probabilities, offset) = expected_draw(belief)?;
        let centre = Multinomial::new(probabilities)?.with_trials(self.trials());
        Ok((centre, offset))
    }
    fn draws(&self, x: &[u64]) -> f64 {
        x.iter().map(|&count| count as f64).sum()
    }
    fn posterior(
        &self,
        prior: &Dirichlet,
        from: &Self::Statistics,
    ) -> Result<Dirichlet, EstimateError> {
        counted(prior, from.sum())
    }
    fn divergence(&self, posterior: &Dirichlet, prior: &Dirichlet) -> f64 {
        posterior.kl_divergence(prior)
    }
    fn predictive(&self, belief: &Dirichlet) -> Result<DirichletMultinomial, EstimateError> {
        let concentrations = belief.concentrations().to_vec();
        Ok(DirichletMultinomial::new(concentrations)?.with_trials(self.trials()))
    }
}
