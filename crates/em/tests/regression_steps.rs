//! Mixtures of regressions: the safeguard of scoring steps, maxima at infinity, planted parameters.

mod regression_data;

use distributions::regression::{
    BernoulliResponse, GeneralizedRegression, LinearRegression, LogisticRegression,
    PoissonRegression, PoissonResponse, Response,
};
use distributions::{Density, RowsView, Scratch};
use em::{Data, Mixture, Options, Start, StopReason, Weights, fit, fit_from};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use regression_data::near;

/// Whether the fit from `start` needs the driver's halvings; returns the largest score at the end.
fn guarded<R>(start: Vec<f64>, xs: RowsView<'_, f64>, ys: &[u64]) -> (bool, f64)
where
    R: Response<Space = distributions::Scalars<u64>>,
{
    let start = GeneralizedRegression::<R>::new(start).unwrap();
    let options = Options::default().tolerance(1e-12);
    let fitted = fit(Mixture::uniform(vec![start]), Data::new((xs, ys)), &options).unwrap();
    assert!(
        fitted.report.stop_reason.is_converged(),
        "{:?}",
        fitted.report
    );
    let model = &fitted.model.components()[0];
    let (_, _, statistics) =
        model.evaluate((xs, ys), &vec![1.0; ys.len()], &mut Scratch::default());
    let worst = statistics
        .score()
        .iter()
        .fold(0.0f64, |a, b| a.max(b.abs()));
    (fitted.report.passes > fitted.report.trace.len(), worst)
}

#[test]
fn steps_that_overshoot_are_shortened_and_starts_far_away_converge() {
    let design: Vec<f64> = [-3.0, -2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0, 3.0]
        .iter()
        .flat_map(|&x| [1.0, x])
        .collect();
    let xs = RowsView::new(&design, 2);
    let labels = [0, 0, 1, 0, 0, 1, 0, 1, 1, 1];
    let counts = [0, 1, 0, 2, 1, 3, 2, 5, 4, 9];
    // Stopping at 1e-12 nats leaves a score of about √(1e-12 × information).
    let small = 1e-4;
    // From a slope of −2.2 Newton's step diverges (crate em, tests/seams.rs).
    let (shortened, score) = guarded::<BernoulliResponse>(vec![0.0, -2.2], xs, &labels);
    assert!(shortened && score < small, "{score}");
    // Every row fitted as wrongly as doubles can say: curvatures of e^−300 and less.
    for start in [[0.0, -300.0], [0.0, 250.0], [400.0, 0.0], [-500.0, 20.0]] {
        let (_, score) = guarded::<BernoulliResponse>(start.to_vec(), xs, &labels);
        assert!(score < small, "{start:?}: {score}");
    }
    // Means of e^−8 where counts are: the step is e⁸ long. And of e⁶⁰.
    let mut any = false;
    for start in [
        [-8.0, 0.0],
        [-100.0, 0.0],
        [0.0, -12.0],
        [60.0, 0.0],
        [0.0, 20.0],
    ] {
        let (shortened, score) = guarded::<PoissonResponse>(start.to_vec(), xs, &counts);
        any |= shortened;
        assert!(score < small, "{start:?}: {score}");
    }
    assert!(any, "no step was shortened");
}

#[test]
fn separated_classes_and_zero_counts_come_to_rest() {
    let design: Vec<f64> = (0..10).flat_map(|i| [1.0, f64::from(i) - 4.5]).collect();
    let xs = RowsView::new(&design, 2);
    let ys: Vec<u64> = (0..10).map(|i| u64::from(i >= 5)).collect();
    let start = Mixture::uniform(vec![LogisticRegression::new(vec![0.0; 2]).unwrap()]);
    let fitted = fit(start, Data::new((xs, &ys[..])), &Options::default()).unwrap();
    assert!(fitted.report.stop_reason.is_converged());
    // The supremum is 0; the tolerance is 1e-7.
    assert!(fitted.report.log_likelihood > -1e-6);

    let zeros = [0u64; 10];
    let start = Mixture::uniform(vec![PoissonRegression::new(vec![0.0; 2]).unwrap()]);
    let fitted = fit(start, Data::new((xs, &zeros[..])), &Options::default()).unwrap();
    assert!(fitted.report.stop_reason.is_converged());
    assert!(fitted.report.log_likelihood > -1e-6);
}

/// Zeros of two kinds: one component becomes the one that has nothing but zeros, and the others'
/// slow convergence must not carry its coefficients away.
#[test]
fn a_component_of_zeros_beside_another_stays_finite() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let counts = PoissonRegression::new(vec![1.0, 0.5]).unwrap();
    let (mut design, mut ys) = (Vec::new(), Vec::new());
    for i in 0..600 {
        let x = [1.0, rng.random::<f64>()];
        ys.push(if i % 3 == 0 {
            0
        } else {
            counts.draw_response(&x, &mut rng)
        });
        design.extend(x);
    }
    let data = Data::new((RowsView::new(&design, 2), &ys[..]));
    let start = Mixture::new(
        Weights::new(vec![0.5, 0.5]).unwrap(),
        vec![PoissonRegression::new(vec![-2.0, 0.0]).unwrap(), counts],
    )
    .unwrap();
    let options = Options::default().tolerance(0.0).max_iterations(3000);
    let fitted = fit(start, data, &options).unwrap();
    let share = fitted.model.weights()[0];
    // A third, and a standard error of 0.02.
    near(share, 1.0 / 3.0, 0.0, 0.08);
    let slope = fitted.model.components()[1].coefficients()[1];
    near(slope, 0.5, 0.0, 0.4);
    assert!(
        fitted.model.components()[0]
            .coefficients()
            .iter()
            .all(|b| b.is_finite())
    );
}

/// The parameters that made the data are found again, wherever the predictor's origin lies.
#[test]
fn planted_regressions_are_found() {
    let truth = [
        LinearRegression::new(vec![1.0, 2.0], 0.25).unwrap(),
        LinearRegression::new(vec![8.0, -1.0], 1.0).unwrap(),
    ];
    let labels: Vec<Option<u32>> = (0..4000).map(|i| Some(u32::from(i % 4 == 0))).collect();
    let template = Mixture::uniform(truth.to_vec());
    for origin in [0.0, 1e5, 1e8] {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let (mut design, mut ys) = (Vec::new(), Vec::new());
        for i in 0..4000 {
            let x = [1.0, origin + 4.0 * rng.random::<f64>()];
            let k = usize::from(i % 4 == 0);
            ys.push(truth[k].draw_response(&[1.0, x[1] - origin], &mut rng));
            design.extend(x);
        }
        let data = Data::new((RowsView::new(&design, 2), &ys[..]));
        let start = Start::Labels(&labels);
        let fitted = fit_from(&template, data, start, &Options::default()).unwrap();
        // At an origin of 1e8 the terms of x·β round at 3e-8 each, and the objective by more than
        // the tolerance of 1e-7: the fit ends there, and may say so.
        let reason = fitted.report.stop_reason;
        let spent = origin == 1e8 && reason == StopReason::ObjectiveFell;
        assert!(reason.is_converged() || spent, "{origin}: {reason}");
        // Four standard errors of the worst: about σ/√(n var x) = 1/√(1000 × 1.33).
        for (component, truth) in fitted.model.components().iter().zip(&truth) {
            let slope = component.coefficients()[1];
            near(slope, truth.coefficients()[1], 0.0, 0.12);
            let middle = component.mean(&[1.0, origin + 2.0]);
            near(middle, truth.mean(&[1.0, 2.0]), 0.0, 0.15);
            near(component.variance(), truth.variance(), 0.2, 0.0);
        }
        let x: &[f64] = &[1.0, origin + 1.0];
        assert!(fitted.model.log_density((x, 3.0)).is_finite());
    }
}
