//! Distribution functions, quantiles and moments of mixtures: properties, and against simulation.

mod common;

use common::{Random, mixture, rng};
use distributions::combine::{AnyComponent, Fixed};
use distributions::*;
use em::{Mixture, Weights};

/// Monotone, complementary, inverse to each other, between the components; for one random mixture.
fn distribution_function<C: Random + Univariate + std::fmt::Debug>(
    seed: u64,
) -> Result<(), String> {
    let model = mixture::<C, _>(&mut rng(seed), 4);
    let mut last = (f64::NEG_INFINITY, 0.0);
    for p in [1e-9, 0.003, 0.1, 0.4, 0.5, 0.8, 0.97, 1.0 - 1e-7] {
        let x = model.quantile(p);
        let (below, above) = (model.cdf(x), model.sf(x));
        let context = format!("{model:?} at {p}: quantile {x}, F {below}, 1 - F {above}");
        // Each tail is a sum of at most four terms, rounded.
        if !((below + above - 1.0).abs() <= 8.0 * f64::EPSILON) {
            return Err(context);
        }
        if x < last.0 || below < last.1 {
            return Err(format!("not monotone: {context}"));
        }
        let (found, wanted) = if p <= 0.5 {
            (below, p)
        } else {
            (above, 1.0 - p)
        };
        let fits = if model.cdf(x + 0.5) == below && x.fract() == 0.0 {
            // A count: the least at which F has reached p.
            let before = if p <= 0.5 {
                model.cdf(x - 0.5) < p
            } else {
                model.sf(x - 0.5) > 1.0 - p
            };
            before
                && if p <= 0.5 {
                    below >= p
                } else {
                    above <= 1.0 - p
                }
        } else {
            // Within the rounding of the tails, and of x where F is steep.
            let ulp = f64::EPSILON * x.abs();
            let steep = model.probability(x - ulp, x + ulp);
            (found - wanted).abs() <= 1e-13 * wanted + 2.0 * steep
        };
        if !fits {
            return Err(format!("not the quantile: {context}"));
        }
        // P(last < X ≤ x) is the difference, up to the rounding of each.
        let difference = below - last.1;
        if !((model.probability(last.0, x) - difference).abs() <= 1e-12) {
            return Err(format!("an interval: {context}"));
        }
        let logarithm = model.log_probability(last.0, x).exp();
        if !((logarithm - difference).abs() <= 1e-12) {
            return Err(format!("the logarithm of an interval: {context}"));
        }
        last = (x, below);
    }
    simulated(&model, seed)
}

/// Mean and variance within six standard errors of 2000 draws, and the draws uniform under F by
/// Kolmogorov's statistic √n sup|F − F_n|, which exceeds 3 with probability 3e-8.
fn simulated<C: Random + Univariate + std::fmt::Debug>(
    model: &Mixture<Vec<C>>,
    seed: u64,
) -> Result<(), String> {
    const DRAWS: usize = 2000;
    let n = DRAWS as f64;
    let drawn = model.sample(&mut rng(seed ^ 0x5eed), DRAWS);
    let mut xs: Vec<f64> = (0..DRAWS).map(|i| C::real(drawn.as_slice()[i])).collect();
    xs.sort_by(f64::total_cmp);
    let mean = xs.iter().sum::<f64>() / n;
    let error = (model.variance() / n).sqrt();
    if !((mean - model.mean()).abs() <= 6.0 * error + 1e-12) {
        return Err(format!("{model:?}: mean {} of draws {mean}", model.mean()));
    }
    let squares: Vec<f64> = xs.iter().map(|x| (x - model.mean()).powi(2)).collect();
    let variance = squares.iter().sum::<f64>() / n;
    let fourth = squares.iter().map(|s| (s - variance).powi(2)).sum::<f64>() / n;
    // Heavy tails (log-normal) make the estimated error itself unsure: eight of them.
    if !((variance - model.variance()).abs() <= 8.0 * (fourth / n).sqrt() + 0.1 * variance + 1e-12)
    {
        return Err(format!(
            "{model:?}: variance {} of draws {variance}",
            model.variance()
        ));
    }
    for (i, &x) in xs.iter().enumerate() {
        // The last of equal values: the empirical F at x.
        if xs.get(i + 1) == Some(&x) {
            continue;
        }
        let gap = ((i + 1) as f64 / n - model.cdf(x)).abs() * n.sqrt();
        if !(gap <= 3.0) {
            return Err(format!("{model:?}: draws away from F by {gap} at {x}"));
        }
    }
    Ok(())
}

// Without labels, and angles, whose mean is no mean of a line.
for_every_family!(distribution_function: normal Normal, log_normal LogNormal,
    exponential Exponential, gamma Gamma, beta Beta, poisson Poisson, bernoulli Bernoulli,
    binomial Binomial, geometric Geometric);

#[test]
fn different_families_in_one_mixture() {
    let exponential = Exponential::new(0.5).unwrap();
    let gamma = Gamma::new(3.0, 1.0).unwrap();
    let model = Mixture::new(
        Weights::new(vec![0.25, 0.75]).unwrap(),
        vec![
            AnyComponent::univariate(exponential.clone()),
            AnyComponent::univariate(gamma.clone()),
        ],
    )
    .unwrap();
    assert_eq!(
        model.cdf(2.0),
        0.25 * exponential.cdf(2.0) + 0.75 * gamma.cdf(2.0)
    );
    assert_eq!(model.mean(), 2.75);
    // 0.25·4 + 0.75·3 + 0.25·0.75·1.
    assert!((model.variance() - 3.4375).abs() < 1e-15);
    let x = model.quantile(0.3);
    assert!((model.cdf(x) - 0.3).abs() < 1e-15);
    // An M-step keeps the way back.
    let fitted = model.components()[0]
        .estimate(&[1.0, 3.0], &[1.0, 1.0])
        .unwrap();
    assert_eq!(fitted.mean(), 2.0);
    let forgotten = AnyComponent::new(gamma);
    assert!(forgotten.cdf(1.0).is_nan() && forgotten.as_univariate().is_none());
}

#[test]
fn atoms_and_weights_of_zero() {
    // A zero-inflated Poisson.
    let counts = Mixture::new(
        Weights::new(vec![0.3, 0.7]).unwrap(),
        vec![
            AnyComponent::univariate(PointMass::new(0_u64).unwrap()),
            AnyComponent::univariate(Poisson::new(2.0).unwrap()),
        ],
    )
    .unwrap();
    // The published table of zero-inflated Poissons.
    assert!((counts.cdf(0.0) - 0.39473469826562887473).abs() < 1e-15);
    assert!((counts.sf(6.0) / 0.0031736638683742064539 - 1.0).abs() < 1e-14);
    assert!((counts.mean() - 1.4).abs() < 1e-15 && (counts.variance() - 2.24).abs() < 1e-15);
    assert_eq!((counts.quantile(0.39), counts.quantile(0.4)), (0.0, 1.0));
    assert_eq!(
        (counts.quantile(0.0), counts.quantile(1.0)),
        (0.0, f64::INFINITY)
    );
    // A component of weight 0, without a mean, says nothing.
    let model = Mixture::new(
        Weights::new(vec![1.0, 0.0]).unwrap(),
        vec![
            AnyComponent::univariate(Fixed(Normal::new(1e9, 1e-4).unwrap())),
            AnyComponent::univariate(Pareto::new(1.0, 0.5).unwrap()),
        ],
    )
    .unwrap();
    assert_eq!((model.mean(), model.variance()), (1e9, 1e-4));
    assert_eq!(model.quantile(0.5), 1e9);
    assert!(model.quantile(1.5).is_nan());
}

#[test]
fn the_variance_does_not_cancel() {
    // Far from zero, close together: 0.01 + 0.25·(2e-3)²·… = σ² + π₁π₂ δ².
    let normal = |mean| Normal::new(mean, 1e-8).unwrap();
    let model = Mixture::new(Weights::uniform(2), vec![normal(1e6), normal(1e6 + 0.5)]).unwrap();
    assert!((model.variance() / (1e-8 + 0.0625) - 1.0).abs() < 1e-15);
}
