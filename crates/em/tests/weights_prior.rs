//! A Dirichlet prior on mixing weights, and priors of components, in a fit.

use distributions::combine::WithPrior;
use distributions::{Component, Coordinates, Normal, Poisson};
use em::{
    Acceleration, Counts, Data, Driver, Mixture, Options, Start, WeightModel, Weights, fit_from,
    fit_from_with,
};

const COUNTS: [u64; 14] = [0, 1, 1, 2, 0, 9, 11, 8, 10, 1, 2, 1, 0, 3];

fn template(concentration: f64, k: usize) -> Mixture<Vec<Poisson>> {
    let weights = Weights::uniform(k)
        .with_prior(vec![concentration; k])
        .unwrap();
    Mixture::new(weights, vec![Poisson::new(1.0).unwrap(); k]).unwrap()
}

/// Σ N_k ln π_k + ln prior on a fine grid of the simplex is nowhere above its value at the M-step.
#[test]
fn the_mode_is_the_maximum() {
    let concentrations = [1.0, 3.0, 1.5];
    let counts = [4.0, 0.5, 0.0];
    let weights = Weights::uniform(3)
        .with_prior(concentrations.to_vec())
        .unwrap();
    let value = |weights: &Weights| {
        let sum: f64 = (counts.iter().zip(weights.logs()))
            .filter(|(count, _)| **count > 0.0)
            .map(|(count, log)| count * log)
            .sum();
        sum + weights.log_prior()
    };
    let mode = weights.maximize(&Counts(counts.to_vec())).unwrap();
    // π ∝ N + α − 1 = (4, 2.5, 0.5).
    for (weight, expected) in mode.iter().zip([4.0, 2.5, 0.5]) {
        assert!((weight - expected / 7.0).abs() < 1e-15);
    }
    let most = value(&mode);
    for a in 1..100 {
        for b in 1..100 - a {
            let (a, b) = (f64::from(a) / 100.0, f64::from(b) / 100.0);
            let other = Weights::new(vec![a, b, 1.0 - a - b]).unwrap();
            let other = other.with_prior(concentrations.to_vec()).unwrap();
            assert!(value(&other) <= most + 1e-12);
        }
    }
}

#[test]
fn concentrations_below_one_are_refused() {
    for wrong in [0.5, 0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Weights::uniform(2).with_prior(vec![1.0, wrong]).is_err());
    }
    assert!(Weights::uniform(2).with_prior(vec![1.0]).is_err());
}

/// α = 1 is no prior: the same bits. α large: equal weights.
#[test]
fn the_limits() {
    let options = Options::default();
    let data = Data::new(&COUNTS[..]);
    let plain = Mixture::uniform(vec![Poisson::new(1.0).unwrap(); 2]);
    let plain = fit_from(&plain, data, Start::Spread, &options).unwrap();
    let flat = fit_from(&template(1.0, 2), data, Start::Spread, &options).unwrap();
    assert_eq!(plain.model.weights()[..], flat.model.weights()[..]);
    assert_eq!(plain.report.trace, flat.report.trace);
    let equal = fit_from(&template(1e9, 2), data, Start::Spread, &options).unwrap();
    assert!((equal.model.weights()[0] - 0.5).abs() < 1e-6);
}

/// Plain or accelerated: the objective rises, is log-likelihood + ln prior, and its maximum is a fixed
/// point that both find. The prior survives coordinates and subsets.
#[test]
fn the_objective_is_penalised_and_never_falls() {
    let data = Data::new(&COUNTS[..]);
    let mut reached = Vec::new();
    for acceleration in [
        Acceleration::None,
        Acceleration::Squarem,
        Acceleration::Daarem,
    ] {
        let options = Options::default().restarts(3);
        let mut driver = Driver::new(&options).accelerate(acceleration);
        let fitted = fit_from_with(&template(2.5, 3), data, Start::Spread, &mut driver).unwrap();
        let (report, weights) = (&fitted.report, fitted.model.weights());
        for pair in report.trace.windows(2) {
            // Fourteen rows of a few nats each: rounding is far below 1e-12.
            assert!(pair[1] >= pair[0] - 1e-12, "{pair:?}");
        }
        let penalty: f64 = weights.iter().map(|weight| 1.5 * weight.ln()).sum();
        assert!((report.objective - report.log_likelihood - penalty).abs() < 1e-12);
        let mut x = Vec::new();
        fitted.model.pack(&mut x);
        let back = fitted.model.unpack(&mut &x[..]).unwrap();
        assert!((back.log_prior() - penalty).abs() < 1e-12);
        let two: f64 = weights.subset(&[0, 2]).log_prior();
        let sum = weights[0] + weights[2];
        let expected = 1.5 * (weights[0] / sum).ln() + 1.5 * (weights[2] / sum).ln();
        assert!((two - expected).abs() < 1e-12);
        reached.push(report.objective);
    }
    let worst = reached.iter().fold(f64::INFINITY, |a, &b| a.min(b));
    let best = reached.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    // The estimated remaining gain of each is below 1e-7.
    assert!(best - worst < 1e-6, "{reached:?}");
}

/// A prior of the components and one of the weights at once: two normals on two points, whose likelihood
/// is unbounded.
#[test]
fn priors_of_components_and_weights_together() {
    let xs = [1.0, 1.0, 1.0, 4.0, 4.0];
    let centre = Normal::new(2.0, 4.0).unwrap();
    let component = WithPrior::new(Normal::standard(), centre, 0.5).unwrap();
    let weights = Weights::uniform(2).with_prior(vec![2.0; 2]).unwrap();
    let template = Mixture::new(weights, vec![component; 2]).unwrap();
    let options = Options::default();
    let fitted = fit_from(&template, Data::new(&xs[..]), Start::Spread, &options).unwrap();
    let report = fitted.report;
    assert!(report.stop_reason.is_converged());
    assert!((report.objective - report.log_likelihood - fitted.model.log_prior()).abs() < 1e-12);
    for pair in report.trace.windows(2) {
        assert!(pair[1] >= pair[0] - 1e-12);
    }
}
