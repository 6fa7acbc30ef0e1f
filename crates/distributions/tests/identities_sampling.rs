//! Draws follow the density: chi-square tests with fixed seeds.
//!
//! Each test would fail by chance with probability 1e-6 on a fresh seed; with the seeds given it
//! passes or fails for ever.

use distributions::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

const DRAWS: usize = 100_000;

/// The value that a chi-square variable with `degrees` of freedom exceeds with probability 1e-6, by
/// the approximation of Wilson & Hilferty (1931), good to 1% there.
fn limit(degrees: f64) -> f64 {
    let z = 4.753;
    let c = 2.0 / (9.0 * degrees);
    1.01 * degrees * (1.0 - c + z * c.sqrt()).powi(3)
}

/// Σ (observed − expected)²/expected against its limit.
fn assert_counts(name: &str, observed: &[f64], expected: &[f64]) {
    let statistic: f64 = observed
        .iter()
        .zip(expected)
        .map(|(o, e)| (o - e).powi(2) / e)
        .sum();
    let limit = limit(observed.len() as f64 - 1.0);
    assert!(
        statistic <= limit,
        "{name}: chi-square {statistic:.1} above {limit:.1}"
    );
}

fn draw<D: Sample<Space = Scalars<T>>, T: Copy + Send + Sync + 'static>(
    d: &D,
    seed: u64,
) -> Vec<T> {
    d.sample(&mut Xoshiro256PlusPlus::seed_from_u64(seed), DRAWS)
}

/// Bins between the quantiles of one sample hold what the density says of another; both tails
/// together are one bin, so that no infinity is integrated.
fn continuous<D: Sample<Space = Scalars<f64>> + std::fmt::Debug>(density: D) {
    let mut pilot = draw(&density, 1);
    pilot.sort_by(f64::total_cmp);
    let edges: Vec<f64> = (1..40).map(|i| pilot[i * DRAWS / 40]).collect();
    let mut observed = vec![0.0; edges.len()];
    for x in draw(&density, 2) {
        observed[edges.partition_point(|&edge| edge < x) % edges.len()] += 1.0;
    }
    let mut expected = vec![0.0; edges.len()];
    for (i, pair) in edges.windows(2).enumerate() {
        expected[i + 1] =
            DRAWS as f64 * simpson(|x| density.log_density(x).exp(), pair[0], pair[1]);
    }
    expected[0] = DRAWS as f64 - expected.iter().sum::<f64>();
    assert_counts(&format!("{density:?}"), &observed, &expected);
}

fn simpson(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let step = (high - low) / 200.0;
    let mut sum = f(low) + f(high);
    for i in 1..200 {
        sum += f(low + step * f64::from(i)) * if i % 2 == 1 { 4.0 } else { 2.0 };
    }
    sum * step / 3.0
}

/// Counts with at least 20 expected draws each have a bin of their own; the others share one.
fn discrete<D: Sample<Space = Scalars<u64>> + std::fmt::Debug>(density: D) {
    let draws = draw(&density, 3);
    let (mut observed, mut expected) = (vec![0.0], vec![0.0]);
    let mut bins = std::collections::HashMap::new();
    for x in 0..3000 {
        let mean = DRAWS as f64 * density.log_density(x).exp();
        if mean >= 20.0 {
            bins.insert(x, expected.len());
            expected.push(mean);
            observed.push(0.0);
        }
    }
    expected[0] = (DRAWS as f64 - expected.iter().sum::<f64>()).max(0.0);
    for x in draws {
        observed[bins.get(&x).copied().unwrap_or(0)] += 1.0;
    }
    if expected[0] < 5.0 {
        // Too few for the approximation by chi-square; a handful may land there.
        assert!(
            observed[0] <= 30.0,
            "{density:?}: {} of {}",
            observed[0],
            expected[0]
        );
        observed.remove(0);
        expected.remove(0);
    }
    if expected.len() > 1 {
        assert_counts(&format!("{density:?}"), &observed, &expected);
    }
}

#[test]
fn real_families() {
    continuous(Normal::new(-3.0, 2.0).unwrap());
    continuous(LogNormal::new(0.5, 0.3).unwrap());
    continuous(Exponential::new(0.2).unwrap());
    for (shape, rate) in [(0.1, 1.0), (0.7, 3.0), (1.0, 0.5), (30.0, 2.0), (1e4, 1.0)] {
        continuous(Gamma::new(shape, rate).unwrap());
    }
    continuous(InverseGamma::new(3.0, 2.0).unwrap());
    continuous(Rayleigh::new(2.0).unwrap());
    continuous(Maxwell::new(0.3).unwrap());
    continuous(HalfNormal::new(5.0).unwrap());
    continuous(Laplace::new(-1.0, 0.4).unwrap());
    continuous(Pareto::new(2.0, 1.5).unwrap());
    continuous(Weibull::new(0.6, 3.0).unwrap());
    continuous(Weibull::new(5.0, 0.2).unwrap());
    continuous(Uniform::new(-2.0, 5.0).unwrap());
    for df in [0.7, 3.0, 50.0, 1e8] {
        continuous(StudentT::new(1.0, 2.0, df).unwrap());
    }
    continuous(Cauchy::new(-1.0, 0.5).unwrap());
    continuous(Logistic::new(3.0, 0.2).unwrap());
    continuous(Gumbel::new(-2.0, 1.5).unwrap());
    for (mean, shape) in [(1.0, 0.2), (2.0, 3.0), (0.5, 400.0)] {
        continuous(InverseGaussian::new(mean, shape).unwrap());
    }
    continuous(ChiSquared::new(3.5).unwrap());
    for (alpha, beta) in [(0.6, 0.7), (1.0, 1.0), (2.0, 5.0), (300.0, 20.0)] {
        continuous(Beta::new(alpha, beta).unwrap());
    }
}

#[test]
fn angles() {
    for concentration in [0.0, 1e-6, 1e-3, 0.5, 3.0, 100.0, 1e6, 1e9] {
        continuous(VonMises::new(0.4, concentration).unwrap());
    }
    // Draws stay in (−π, π], also about a mean direction at the cut.
    let pi = std::f64::consts::PI;
    let draws = draw(&VonMises::new(pi, 2.0).unwrap(), 4);
    assert!(draws.iter().all(|&x| x > -pi && x <= pi));
}

#[test]
fn counts() {
    for rate in [0.0, 0.01, 0.9, 8.0, 60.0, 900.0] {
        discrete(Poisson::new(rate).unwrap());
    }
    for probability in [0.0, 0.2, 1.0] {
        discrete(Bernoulli::new(probability).unwrap());
        discrete(Binomial::new(7, probability).unwrap());
        discrete(Binomial::new(2000, probability).unwrap());
    }
    for (mean, size) in [(0.0, 1.0), (3.0, 0.5), (10.0, 40.0), (400.0, 8.0)] {
        discrete(NegativeBinomial::new(mean, size).unwrap());
    }
    for probability in [0.01, 0.4, 1.0] {
        discrete(Geometric::new(probability).unwrap());
        discrete(Geometric::trials(probability).unwrap());
    }
}

#[test]
fn labels() {
    let probabilities = [0.1, 0.0, 0.5, 0.4];
    let family = Categorical::new(probabilities.to_vec()).unwrap();
    let mut observed = [0.0; 4];
    for x in draw(&family, 5) {
        observed[x as usize] += 1.0;
    }
    assert_eq!(observed[1], 0.0);
    let expected = probabilities.map(|p| p * DRAWS as f64);
    let positive = |counts: [f64; 4]| [counts[0], counts[2], counts[3]];
    assert_counts("categorical", &positive(observed), &positive(expected));
}

#[test]
fn extreme_parameters_stay_on_the_support() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
    let tiny = Gamma::new(1e-5, 1.0).unwrap();
    for x in tiny.sample(&mut rng, 1000) {
        assert!(tiny.check_observation(x).is_ok(), "{x}");
    }
    let ends = Beta::new(1e-4, 1e-4).unwrap();
    for x in ends.sample(&mut rng, 1000) {
        assert!(ends.check_observation(x).is_ok(), "{x}");
    }
    Poisson::new(1e300).unwrap().sample(&mut rng, 10);
    Geometric::new(1e-300).unwrap().sample(&mut rng, 10);
    Binomial::new(u64::MAX, 0.5).unwrap().sample(&mut rng, 10);
}
