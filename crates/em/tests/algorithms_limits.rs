//! What the algorithms beside EM refuse, and how they end.

mod algorithms_support;

use algorithms_support::{by, drawn, gammas, mixture, options, poissons};
use distributions::regression::PoissonRegression;
use distributions::{Normal, Poisson, Sample, Weibull};
use em::{
    AnnealedEm, Data, FitError, IncrementalEm, Mixture, NamedAlgorithm, OnDegenerate, OnlineEm,
    StochasticEm, StopReason, fit, stream,
};

/// Statistics of several iterates mean nothing for one Newton step from a single one.
#[test]
fn one_step_m_steps_are_refused_where_they_cannot_work() {
    let weibulls = mixture(
        &[0.5, 0.5],
        vec![
            Weibull::new(1.0, 1.0).unwrap(),
            Weibull::new(3.0, 6.0).unwrap(),
        ],
    );
    let xs = drawn(&weibulls, 3000);
    let data = Data::of(&xs);
    let refused = by(&IncrementalEm::default(), &weibulls, data, &options()).unwrap_err();
    assert_eq!(
        refused,
        FitError::OneStep {
            algorithm: "incremental"
        }
    );
    assert!(refused.is_input());
    let refused = by(&OnlineEm::default(), &weibulls, data, &options()).unwrap_err();
    assert_eq!(
        refused,
        FitError::OneStep {
            algorithm: "online"
        }
    );
    // The others see one iterate at a time.
    let best = fit(weibulls.clone(), data, &options()).unwrap();
    let annealed = by(&AnnealedEm::default(), &weibulls, data, &options()).unwrap();
    assert!((annealed.report.objective - best.report.objective).abs() < 1e-5);
    let stochastic = by(&StochasticEm::default(), &weibulls, data, &options()).unwrap();
    // The mean of a chain of 400 is within a nat or so of the maximum.
    assert!(best.report.objective - stochastic.report.objective < 3.0);
}

/// A component that no row supports: each algorithm fails with a typed error, or goes on as the policy says.
#[test]
fn components_that_empty_end_in_a_policy_and_not_in_a_panic() {
    let xs: Vec<f64> = (0..600).map(|i| f64::from(i * 377 % 610) / 610.0).collect();
    let normal = |mean| Normal::new(mean, 0.1).unwrap();
    let start = mixture(
        &[0.4, 0.3, 0.3],
        vec![normal(0.2), normal(0.7), normal(1e9)],
    );
    let algorithms = [
        NamedAlgorithm::Stochastic(StochasticEm {
            burn_in: 5,
            draws: 20,
        }),
        NamedAlgorithm::Annealed(AnnealedEm {
            first: 0.9,
            ..AnnealedEm::default()
        }),
        NamedAlgorithm::Incremental(IncrementalEm::default()),
        NamedAlgorithm::Online(OnlineEm {
            batch_rows: 100,
            ..OnlineEm::default()
        }),
    ];
    for algorithm in &algorithms {
        let run = |policy| {
            let options = options().on_degenerate(policy);
            by(algorithm, &start, Data::of(&xs), &options)
        };
        let failed = run(OnDegenerate::Fail).unwrap_err();
        assert!(matches!(failed, FitError::Estimate { .. }), "{failed}");
        let dropped = run(OnDegenerate::Drop).unwrap_or_else(|e| panic!("{algorithm:?}: {e}"));
        assert_eq!(dropped.model.len(), 2, "{algorithm:?}");
        assert_eq!(dropped.report.degeneracies[0].component, 2);
        assert!(dropped.report.log_likelihood.is_finite());
        let reset = run(OnDegenerate::Reset).unwrap_or_else(|e| panic!("{algorithm:?}: {e}"));
        assert_eq!(reset.model.len(), 3, "{algorithm:?}");
    }
}

#[test]
fn schedules_that_make_no_sense_are_refused() {
    let start = poissons(&[1.0], &[1.0]);
    let xs: Vec<u64> = vec![1, 2, 3];
    for schedule in [
        OnlineEm {
            exponent: f64::NAN,
            ..OnlineEm::default()
        },
        OnlineEm {
            least_step: 2.0,
            ..OnlineEm::default()
        },
        OnlineEm {
            batch_rows: 0,
            ..OnlineEm::default()
        },
    ] {
        let refused = by(&schedule, &start, Data::of(&xs), &options());
        assert!(matches!(refused, Err(FitError::Shape(_))));
    }
    for annealed in [
        AnnealedEm {
            first: 0.0,
            ..AnnealedEm::default()
        },
        AnnealedEm {
            factor: 1.0,
            ..AnnealedEm::default()
        },
        AnnealedEm {
            jitter: f64::NAN,
            ..AnnealedEm::default()
        },
    ] {
        let refused = by(&annealed, &start, Data::of(&xs), &options());
        assert!(matches!(refused, Err(FitError::Shape(_))));
    }
}

/// The limit of iterations holds for each, and none at all is the start.
#[test]
fn limits_hold() {
    let truth = gammas();
    let xs = drawn(&truth, 5000);
    for algorithm in [
        NamedAlgorithm::Stochastic(StochasticEm::default()),
        NamedAlgorithm::Annealed(AnnealedEm::default()),
        NamedAlgorithm::Incremental(IncrementalEm::default()),
    ] {
        for most in [0, 1, 2, 5] {
            let options = options().max_iterations(most).tolerance(0.0);
            let report = by(&algorithm, &truth, Data::of(&xs), &options)
                .unwrap()
                .report;
            assert_eq!(report.iterations(), most, "{algorithm:?}");
            assert_eq!(report.stop_reason, StopReason::MaxIterations);
        }
        let none = options().max_iterations(0);
        let same = by(&algorithm, &truth, Data::of(&xs), &none).unwrap();
        assert_eq!(same.model, truth);
    }
}

/// Regressions, whose M-steps are steps of scoring, under the algorithms that see one iterate.
#[test]
fn stochastic_em_shortens_steps_that_overshoot() {
    let regression = |a: f64, b: f64| PoissonRegression::new(vec![a, b]).unwrap();
    let truth = [regression(0.0, 1.0), regression(3.0, -0.5)];
    let mut rng = stream(2, 2);
    let mut xs = Vec::new();
    let mut ys = Vec::new();
    for i in 0..1500usize {
        let x = f64::from(i as u32 % 50) / 25.0;
        let rate = [x, 3.0 - 0.5 * x][i % 2].exp();
        xs.extend([1.0, x]);
        ys.push(Poisson::new(rate).unwrap().sample(&mut rng, 1)[0]);
    }
    let data = Data::new((distributions::RowsView::new(&xs, 2), &ys[..]));
    let best = fit(Mixture::uniform(truth.to_vec()), data, &options()).unwrap();
    // From far off, where a whole step of scoring overshoots.
    let start = Mixture::uniform(vec![regression(-3.0, 0.0), regression(2.0, 0.0)]);
    let fitted = by(&StochasticEm::default(), &start, data, &options()).unwrap();
    let loss = best.report.objective - fitted.report.objective;
    assert!(loss < 3.0, "{loss}");
}
