//! Families of which one parameter is known: the estimate of the other against a search of the likelihood.

use distributions::combine::{ConditionalEstimate, WithKnown};
use distributions::{
    Beta, Cauchy, Component, Coordinates, Gamma, Gumbel, InverseGamma, InverseGaussian, LogNormal,
    Logistic, Sample, Scalars, VonMises, Weibull, score,
};
use rand::SeedableRng;
use rand::rngs::SmallRng;

trait Tested: ConditionalEstimate<Space = Scalars<f64>> + Coordinates + Sample {}
impl<F: ConditionalEstimate<Space = Scalars<f64>> + Coordinates + Sample> Tested for F {}

fn log_likelihood<F: Tested>(family: &F, xs: &[f64], weights: &[f64]) -> f64 {
    (xs.iter().zip(weights))
        .map(|(&x, &w)| w * family.log_density(x))
        .sum()
}

/// The maximum of a unimodal function between two points, by golden section.
fn golden_section(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let share = 0.5 * (5f64.sqrt() - 1.0);
    for _ in 0..200 {
        let (a, b) = (high - share * (high - low), low + share * (high - low));
        if f(a) < f(b) { low = a } else { high = b }
    }
    0.5 * (low + high)
}

/// Draws from `truth`; in turn each parameter is known, at another value than the true one.
fn check<F: Tested>(truth: &F, other: [f64; 2]) {
    let mut rng = SmallRng::seed_from_u64(7);
    let mut xs = truth.empty_buffer();
    for _ in 0..300 {
        truth.draw(&mut rng, &mut xs);
    }
    let xs: Vec<f64> = xs.into_iter().collect();
    let weights: Vec<f64> = (0..xs.len()).map(|i| [1.0, 0.5, 0.0, 2.0][i % 4]).collect();
    for held in 0..2 {
        let (name, free) = (F::PARAMETERS[held], 1 - held);
        let mut parameters = truth.parameters();
        parameters[held] = other[held];
        let family = F::from_parameters(parameters).unwrap();
        let known = WithKnown::new(family, &[name]).unwrap();
        let fitted = known.estimate(&xs[..], &weights).unwrap();
        let estimate = fitted.family().parameters();
        assert_eq!(estimate[held], other[held], "{name}: what is known stays");

        let at = |coordinate: f64| {
            let mut parameters = estimate;
            parameters[free] = if F::POSITIVE[free] {
                coordinate.exp()
            } else {
                coordinate
            };
            log_likelihood(&F::from_parameters(parameters).unwrap(), &xs, &weights)
        };
        let here = if F::POSITIVE[free] {
            estimate[free].ln()
        } else {
            estimate[free]
        };
        let best = golden_section(here - 1.0, here + 1.0, at);
        // A maximum is known to the root of the rounding of the function, 300 · 1e-16.
        assert!(
            (best - here).abs() < 3e-7,
            "{name} known: {here}, search {best}"
        );
        // The score is 0 there, within the differences of order six (1e-10 an observation).
        let scores = xs.iter().map(|&x| score(&fitted, x)[0]);
        let total: f64 = scores.zip(&weights).map(|(s, w)| s * w).sum();
        assert!(total.abs() < 1e-6, "{name} known: score {total:e}");

        // EM's own M-steps come to rest at the same place from afar.
        let mut current = known;
        for _ in 0..400 {
            let mut statistics = current.empty_statistics();
            current.accumulate_batch(
                &mut statistics,
                &xs,
                &prepared(&current, &xs),
                &weights,
                &mut Default::default(),
            );
            let whole = current.maximize(&statistics).unwrap();
            let floor = log_likelihood(current.family(), &xs, &weights);
            let mut halvings = (0..40).map(|h| current.toward(&whole, 0.5f64.powi(h)));
            let risen = |next: &WithKnown<F>| log_likelihood(next.family(), &xs, &weights) >= floor;
            let next = if current.one_step() {
                halvings.find(risen)
            } else {
                Some(whole)
            };
            let Some(next) = next else { break };
            current = next;
        }
        let reached = current.family().parameters()[free];
        assert!(
            (reached - estimate[free]).abs() < 1e-9 * estimate[free].abs().max(1.0),
            "{name} known: {reached}, {}",
            estimate[free]
        );
        assert_eq!(current.parameter_count(), 1);

        // The only coordinate leads back, the known parameter to the bit.
        let mut packed = Vec::new();
        fitted.pack(&mut packed);
        assert_eq!(packed.len(), 1);
        let back = fitted.unpack(&mut &packed[..]).unwrap();
        assert_eq!(back.family().parameters()[held], other[held]);
    }
}

fn prepared<F: Tested>(family: &WithKnown<F>, xs: &[f64]) -> Vec<f64> {
    use distributions::Density;
    let mut prepared = vec![0.0; family.prepared_width() * xs.len()];
    family.prepare(xs, &mut prepared);
    prepared
}

#[test]
fn one_parameter_given_the_other_is_the_maximum() {
    check(&Gamma::new(3.0, 2.0).unwrap(), [2.0, 1.5]);
    check(&Gamma::new(0.3, 200.0).unwrap(), [0.5, 100.0]);
    check(&InverseGamma::new(3.0, 2.0).unwrap(), [4.0, 1.5]);
    check(&LogNormal::new(1.0, 0.5).unwrap(), [0.0, 0.3]);
    check(&InverseGaussian::new(2.0, 3.0).unwrap(), [2.5, 1.0]);
    check(&Beta::new(2.0, 3.0).unwrap(), [0.7, 5.0]);
    check(&Beta::new(0.2, 40.0).unwrap(), [0.5, 10.0]);
    check(&VonMises::new(1.0, 2.0).unwrap(), [1.5, 5.0]);
    check(&Weibull::new(1.7, 3.0).unwrap(), [1.0, 4.0]);
    check(&Gumbel::new(5.0, 2.0).unwrap(), [4.0, 3.0]);
    check(&Logistic::new(-3.0, 0.5).unwrap(), [-2.5, 1.0]);
    check(&Cauchy::new(2.0, 0.7).unwrap(), [1.5, 1.0]);
}

/// Values far below the mean count by their own logarithm, beside others that lie near 0 too.
#[test]
fn tiny_shares_keep_their_logarithms() {
    let xs: Vec<f64> = (0..40).map(|i| 0.01 * 0.3f64.powi(i)).collect();
    let mean_log = xs.iter().map(|x| x.ln()).sum::<f64>() / 40.0;
    let weights = vec![1.0; 40];
    let beta = Beta::new(1.0, 10.0).unwrap();
    let mut one_by_one = beta.empty_statistics();
    xs.iter().for_each(|&x| one_by_one.add(x, 1.0));
    let mut block = beta.empty_statistics();
    let logs: Vec<f64> = xs.iter().map(|x| x.ln()).collect();
    let co_logs: Vec<f64> = xs.iter().map(|x| (-x).ln_1p()).collect();
    block.add_slice(&xs, &logs, &co_logs, &weights);
    let mut gamma = distributions::LogGap::default();
    xs.iter().for_each(|&x| gamma.add(x, 1.0));
    for (mean, gap) in [
        (one_by_one.values()[0], one_by_one.values()[2]),
        (block.values()[0], block.values()[2]),
        (gamma.mean(), gamma.gap()),
    ] {
        // Forty roundings of logarithms of 50.
        assert!((mean.ln() - gap - mean_log).abs() < 40.0 * 50.0 * f64::EPSILON);
    }
}

#[test]
fn nothing_known_is_the_family_and_all_known_is_no_estimate() {
    let (xs, weights) = ([1.0, 2.0, 5.0, 0.3], [1.0; 4]);
    let gamma = Gamma::new(1.0, 1.0).unwrap();
    let free = WithKnown::new(gamma.clone(), &[]).unwrap();
    let fitted = free.estimate(&xs[..], &weights).unwrap();
    assert_eq!(*fitted.family(), gamma.estimate(&xs[..], &weights).unwrap());
    assert_eq!(fitted.parameter_count(), 2);
    let all = WithKnown::new(gamma, &["rate", "shape"]).unwrap();
    assert_eq!(all.estimate(&xs[..], &weights).unwrap(), all);
    assert_eq!(all.parameter_count(), 0);
    assert!(WithKnown::new(Weibull::new(1.0, 1.0).unwrap(), &["rate"]).is_err());
}

/// Where all observations coincide a family of two parameters has no maximum; with one known it has, unless
/// they lie at the known location itself.
#[test]
fn observations_that_coincide() {
    let (xs, weights) = ([2.0, 2.0], [1.0, 3.0]);
    let gamma = WithKnown::new(Gamma::new(4.0, 1.0).unwrap(), &["shape"]).unwrap();
    assert_eq!(
        gamma.estimate(&xs[..], &weights).unwrap().family().rate(),
        2.0
    );
    let logistic = WithKnown::new(Logistic::new(0.0, 1.0).unwrap(), &["scale"]).unwrap();
    assert_eq!(
        logistic
            .estimate(&xs[..], &weights)
            .unwrap()
            .family()
            .location(),
        2.0
    );
    let named = |error: distributions::EstimateError, name: &str| {
        assert!(error.to_string().contains(name), "{error}");
    };
    let weibull = WithKnown::new(Weibull::new(1.0, 2.0).unwrap(), &["scale"]).unwrap();
    named(weibull.estimate(&xs[..], &weights).unwrap_err(), "shape");
    let gumbel = WithKnown::new(Gumbel::new(2.0, 1.0).unwrap(), &["location"]).unwrap();
    named(gumbel.estimate(&xs[..], &weights).unwrap_err(), "scale");
    let inverse = WithKnown::new(InverseGaussian::new(2.0, 1.0).unwrap(), &["mean"]).unwrap();
    named(inverse.estimate(&xs[..], &weights).unwrap_err(), "shape");
    let log_normal = LogNormal::new(2f64.ln(), 1.0).unwrap();
    let log_normal = WithKnown::new(log_normal, &["log_mean"]).unwrap();
    named(
        log_normal.estimate(&xs[..], &weights).unwrap_err(),
        "log_variance",
    );
    // No mean vector along the known direction: uniform.
    let angles = [std::f64::consts::PI, std::f64::consts::FRAC_PI_2 * 2.0];
    let von_mises = WithKnown::new(VonMises::new(0.0, 1.0).unwrap(), &["mean_direction"]).unwrap();
    assert_eq!(
        von_mises
            .estimate(&angles[..], &weights)
            .unwrap()
            .family()
            .concentration(),
        0.0
    );
}
