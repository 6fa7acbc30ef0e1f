//! Too many zeros: articles that 915 biochemists published in their last three years as students. One Poisson
//! is too narrow, a share of certain zeros explains the zeros only, two Poissons or a negative binomial the
//! long tail too.
//!
//! Prints:
//! model                     log-likelihood       BIC   zeros
//! Poisson                        -1742.573   3491.97   168.3
//! zero-inflated Poisson          -1679.391   3372.42   275.0
//! 2 Poissons                     -1624.722   3269.90   254.8
//! 2 zero-inflated Poissons       -1617.140   3268.38   275.0
//! negative binomial              -1609.937   3233.51   282.3
//! observed zeros: 275

use distributions::combine::ZeroInflated;
use distributions::{Component, Density, NegativeBinomial, Poisson, Scalars};
use em::{Data, Mixture, Options, Start, fit_from};
use mixture_examples::numbers;

type Counts<'a> = Data<'a, &'a [u64]>;

/// Fits `components`, and prints how well they explain the counts and how many zeros they expect.
fn compare<C>(name: &str, components: Vec<C>, data: Counts<'_>) -> Result<(), em::FitError>
where
    C: Component<Space = Scalars<u64>> + Clone,
{
    let options = Options::default().threads(1).restarts(3);
    let fitted = fit_from(&Mixture::uniform(components), data, Start::Spread, &options)?;
    let evaluation = fitted.model.evaluate(data)?;
    let zeros = evaluation.observations * fitted.model.log_density(0).exp();
    let log_likelihood = evaluation.log_likelihood;
    println!(
        "{name:24}  {log_likelihood:14.3}  {:8.2}  {zeros:6.1}",
        evaluation.bic
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let articles: Vec<u64> = numbers("biochemists.csv", "articles")?;
    let people: Vec<f64> = numbers("biochemists.csv", "people")?;
    let data = Data::new(&articles[..]).weighted(&people);
    println!("model                     log-likelihood       BIC   zeros");
    let poisson = Poisson::new(1.0)?;
    let inflated = ZeroInflated::new(0.2, poisson.clone())?;
    compare("Poisson", vec![poisson.clone()], data)?;
    compare("zero-inflated Poisson", vec![inflated.clone()], data)?;
    compare("2 Poissons", vec![poisson; 2], data)?;
    compare("2 zero-inflated Poissons", vec![inflated; 2], data)?;
    compare(
        "negative binomial",
        vec![NegativeBinomial::new(1.0, 1.0)?],
        data,
    )?;
    println!("observed zeros: {}", people[0]);
    Ok(())
}
