//! Probabilities under a beta prior: p ~ Beta(α, β).

use super::beta_geometric::BetaGeometric;
use super::conjugate::{ConjugateFamily, require_concentration};
use distributions::special::{digamma, log_sum_exp};
use distributions::{
    Bernoulli, Beta, BetaBinomial, Binomial, EstimateError, ExponentialFamily, Geometric,
    Statistics,
};

/// The largest probability below 1: at 1 a failure, which the posterior admits, had no density.
const BELOW_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

/// E\[ln p\] and E\[ln(1 − p)\].
fn expected_logs(belief: &Beta) -> Result<[f64; 2], EstimateError> {
    require_concentration(belief.alpha())?;
    require_concentration(belief.beta())?;
    let whole = digamma(belief.alpha() + belief.beta());
    let of = |part: f64| digamma(part) - whole;
    Ok([of(belief.alpha()), of(belief.beta())])
}

/// The probability whose logit is E\[logit p\], and A(η̄) − E\[A(η)\] of one trial.
fn expected_trial(belief: &Beta) -> Result<(f64, f64), EstimateError> {
    let logs = expected_logs(belief)?;
    let offset = log_sum_exp(&logs);
    Ok(((logs[0] - offset).exp().min(BELOW_ONE), offset))
}

/// The posterior after `successes` and `failures`.
fn counted(prior: &Beta, successes: f64, failures: f64) -> Result<Beta, EstimateError> {
    // A difference of two sums may be a rounding error below 0.
    let failures = failures.max(0.0);
    Ok(Beta::new(
        prior.alpha() + successes,
        prior.beta() + failures,
    )?)
}

impl ConjugateFamily for Bernoulli {
    type Prior = Beta;
    type Predictive = Bernoulli;

    fn expectation(&self, belief: &Beta) -> Result<(Self, f64), EstimateError> {
        let (probability, offset) = expected_trial(belief)?;
        Ok((Bernoulli::new(probability)?, offset))
    }
    fn posterior(&self, prior: &Beta, from: &Self::Statistics) -> Result<Beta, EstimateError> {
        let successes = from.sum()[0];
        counted(prior, successes, from.weight() - successes)
    }
    fn divergence(&self, posterior: &Beta, prior: &Beta) -> f64 {
        posterior.kl_divergence(prior)
    }
    fn predictive(&self, belief: &Beta) -> Result<Bernoulli, EstimateError> {
        let whole = belief.alpha() + belief.beta();
        Ok(Bernoulli::new(belief.alpha() / whole)?)
    }
}

impl ConjugateFamily for Binomial {
    type Prior = Beta;
    type Predictive = BetaBinomial;

    fn expectation(&self, belief: &Beta) -> Result<(Self, f64), EstimateError> {
        let (probability, offset) = expected_trial(belief)?;
        let centre = Binomial::new(self.trials(), probability)?;
        Ok((centre, self.trials() as f64 * offset))
    }
    fn posterior(&self, prior: &Beta, from: &Self::Statistics) -> Result<Beta, EstimateError> {
        let (successes, trials) = (from.sum()[0], self.trials() as f64 * from.weight());
        counted(prior, successes, trials - successes)
    }
    fn divergence(&self, posterior: &Beta, prior: &Beta) -> f64 {
        posterior.kl_divergence(prior)
    }
    fn predictive(&self, belief: &Beta) -> Result<BetaBinomial, EstimateError> {
        let (alpha, beta) = (belief.alpha(), belief.beta());
        Ok(BetaBinomial::new(self.trials(), alpha, beta)?)
    }
}

impl ConjugateFamily for Geometric {
    type Prior = Beta;
    type Predictive = BetaGeometric;

    /// η = ln(1 − p), and A(η) = −ln p.
    fn expectation(&self, belief: &Beta) -> Result<(Self, f64), EstimateError> {
        let [success, failure] = expected_logs(belief)?;
        let probability = (-failure.exp_m1()).min(BELOW_ONE);
        let centre = Geometric::with_support(probability, self.support())?;
        Ok((centre, success - probability.ln()))
    }
    fn posterior(&self, prior: &Beta, from: &Self::Statistics) -> Result<Beta, EstimateError> {
        counted(prior, from.weight(), from.sum()[0])
    }
    fn divergence(&self, posterior: &Beta, prior: &Beta) -> f64 {
        posterior.kl_divergence(prior)
    }
    fn predictive(&self, belief: &Beta) -> Result<BetaGeometric, EstimateError> {
        Ok(BetaGeometric::new(
            belief.alpha(),
            belief.beta(),
            self.support(),
        )?)
    }
}
