//! Bootstraps: against closed forms, on any number of threads, with failures.

mod uncertainty_support;

use distributions::*;
use em::select::Replicates;
use em::uncertainty::*;
use em::*;
use uncertainty_support::{Normals, close, drawn, fitted, normal_parameters, two_normals};

fn bootstrapped(
    fit: &Normals,
    data: Data<'_, &[f64]>,
    count: usize,
    threads: usize,
    reweighting: Reweighting,
) -> Estimates {
    let replicates = Replicates {
        count,
        seed: 5,
        threads,
    };
    let options = Options::default();
    bootstrap(
        fit,
        data,
        reweighting,
        &options,
        replicates,
        normal_parameters,
        |_| (),
    )
    .unwrap()
}

#[test]
fn bootstraps_do_not_depend_on_threads() {
    let truth = two_normals();
    let xs = drawn(&truth, 200, 8);
    let data = Data::new(&xs[..]);
    let fit = fitted(&truth, data);
    for reweighting in [Reweighting::Multinomial, Reweighting::Dirichlet] {
        let one = bootstrapped(&fit, data, 12, 1, reweighting);
        assert_eq!(one, bootstrapped(&fit, data, 12, 3, reweighting));
        assert_eq!(one.replicates.len(), 12);
    }
    let done = std::sync::Mutex::new(Vec::new());
    let replicates = |threads| Replicates {
        count: 6,
        seed: 1,
        threads,
    };
    let parametric = |threads| {
        let note = |which| done.lock().unwrap().push(which);
        let (options, threads) = (Options::default(), replicates(threads));
        parametric_bootstrap(&fit, data, &options, threads, normal_parameters, note).unwrap()
    };
    assert_eq!(parametric(1), parametric(2));
    let mut seen = done.into_inner().unwrap();
    seen.sort_unstable();
    assert_eq!(seen, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
}

#[test]
fn bootstraps_of_a_mean_have_closed_forms() {
    let xs = [0.3, 1.7, 2.2, 4.1, 5.5, 0.9, 3.3, 2.8, 1.1];
    let data = Data::new(&xs[..]);
    let fit = fitted(
        &Mixture::uniform(vec![NormalWithKnownVariance::new(0.0, 2.0).unwrap()]),
        data,
    );
    let mean = |m: &Mixture<Vec<NormalWithKnownVariance>>| vec![m.components()[0].mean()];
    let n = xs.len() as f64;
    let square = xs.iter().map(|x| (x - mean(&fit)[0]).powi(2)).sum::<f64>() / n;
    let options = Options::default();
    let replicates = Replicates {
        count: 4000,
        seed: 3,
        threads: 0,
    };
    let errors = |drawn: Estimates| drawn.standard_errors()[0];
    let by = |reweighting| {
        errors(bootstrap(&fit, data, reweighting, &options, replicates, mean, |_| ()).unwrap())
    };
    // A standard deviation of 4000 draws has a relative error of 1/√8000 = 1.1 %; three of them, and a
    // kurtosis that is not a normal's.
    close(
        by(Reweighting::Multinomial),
        (square / n).sqrt(),
        0.04,
        "multinomial",
    );
    close(
        by(Reweighting::Dirichlet),
        (square / (n + 1.0)).sqrt(),
        0.04,
        "Dirichlet",
    );
    let parametric = parametric_bootstrap(&fit, data, &options, replicates, mean, |_| ()).unwrap();
    let [low, high] = parametric.intervals(0.95)[0];
    let error = (2.0 / n).sqrt();
    close(errors(parametric), error, 0.04, "parametric");
    // The quantiles of a normal; their own error is 4 % of a standard deviation.
    assert!((low - (mean(&fit)[0] - 1.96 * error)).abs() < 0.12 * error);
    assert!((high - (mean(&fit)[0] + 1.96 * error)).abs() < 0.12 * error);
    // Row weights are frequencies: nine rows of weight 4 are thirty-six rows.
    let four = [4.0; 9];
    for reweighting in [Reweighting::Multinomial, Reweighting::Dirichlet] {
        let data = data.weighted(&four);
        let drawn = bootstrap(&fit, data, reweighting, &options, replicates, mean, |_| ()).unwrap();
        close(
            errors(drawn),
            (square / (4.0 * n)).sqrt(),
            0.05,
            "of frequencies",
        );
    }
}

#[test]
fn a_bootstrap_counts_its_failures() {
    // A component that holds two rows loses both in about a seventh of the replicates.
    let xs = [0.0, 0.3, 0.5, 0.9, -0.4, -0.6, 0.1, 50.0, 51.0];
    let data = Data::new(&xs[..]);
    let normals = vec![
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(50.5, 1.0).unwrap(),
    ];
    let fit = fitted(&Mixture::uniform(normals), data);
    let drawn = bootstrapped(&fit, data, 60, 0, Reweighting::Dirichlet);
    assert!(drawn.failures.is_empty(), "no weight is 0");
    let options = Options::default();
    let replicates = Replicates {
        count: 60,
        seed: 5,
        threads: 0,
    };
    let drawn = bootstrap(
        &fit,
        data,
        Reweighting::Multinomial,
        &options,
        replicates,
        normal_parameters,
        |_| (),
    );
    // Drawn twice the same row is a point, too: so about half fail.
    match drawn {
        Ok(drawn) => {
            assert!(!drawn.failures.is_empty());
            assert_eq!(drawn.failures.len() + drawn.replicates.len(), 60);
        }
        Err(error) => assert!(matches!(error, FitError::Estimate { .. }), "{error}"),
    }
    let one = Replicates {
        count: 1,
        seed: 5,
        threads: 0,
    };
    let refused = bootstrap(
        &fit,
        data,
        Reweighting::Dirichlet,
        &options,
        one,
        normal_parameters,
        |_| (),
    );
    assert!(refused.is_err());
    let trimmed = Options::default().trim(0.1);
    let refused = parametric_bootstrap(&fit, data, &trimmed, replicates, normal_parameters, |_| ());
    assert!(refused.is_err());
    let halves = [0.5; 9];
    let odd = data.weighted(&halves);
    let refused = parametric_bootstrap(&fit, odd, &options, replicates, normal_parameters, |_| ());
    assert!(refused.is_err(), "4.5 rows cannot be drawn");
}
