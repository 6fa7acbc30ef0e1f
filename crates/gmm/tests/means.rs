//! Means that are fixed, or shared by all components.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{Component, Coordinates};
use em::{
    Acceleration, ComponentSet, Data, Driver, FitError, Mixture, Options, Start, Weights,
    fit_from_with,
};
use gmm::{CovarianceStructure, Gaussian, GaussianMixture, Gaussians, Means, Prior};
use synthetic::Problem;

use CovarianceStructure as S;

/// The K × n matrix of w_i r_ik, from the labels with a tenth of each row shared by all.
fn shares(p: &Problem, k: usize) -> Vec<f64> {
    let entry = |c: usize, i: usize| {
        let own = if p.labels[i] == Some(c as u32) {
            0.9
        } else {
            0.0
        };
        p.weights[i] * (own + 0.1 / k as f64)
    };
    (0..k * p.len())
        .map(|e| entry(e / p.len(), e % p.len()))
        .collect()
}

/// What the M-step maximises.
fn objective(set: &Gaussians, p: &Problem, shares: &[f64]) -> f64 {
    let n = p.len();
    (0..set.len() * n)
        .map(|e| shares[e] * set.log_density(e / n, p.row(e % n)))
        .sum()
}

/// Components at different places, under a structure.
fn start(structure: S, d: usize) -> Gaussians {
    let at = |k: usize| (0..d).map(|j| 0.5 * k as f64 - j as f64).collect();
    let gaussian = |k| Gaussian::spherical(at(k), 1.0 + k as f64).unwrap();
    Gaussians::new(structure, (0..3).map(gaussian).collect()).unwrap()
}

/// The numerical gradient of the objective vanishes at the M-step, in coordinates that hold what is free.
#[test]
fn the_m_step_is_a_maximum() {
    for structure in S::ALL {
        for (means, d) in [(Means::Fixed, 2), (Means::Shared, 1), (Means::Shared, 3)] {
            let Ok(set) = start(structure, d).with_means(means) else {
                assert!(means == Means::Shared);
                assert!([S::EII, S::EEI, S::EEE].contains(&structure));
                continue;
            };
            let p = Problem::new(17, 80, 3, d, 0.7);
            let shares = shares(&p, 3);
            let best = set.estimate(p.rows(), &shares).unwrap();
            let mut x = Vec::new();
            best.pack(&mut x);
            let free = best.parameter_count();
            assert_eq!(x.len(), free, "{structure} {means:?}");
            let own = if means == Means::Fixed { 0 } else { d };
            assert_eq!(free, own + structure.parameter_count(3, d));
            for k in 0..3 {
                let expected = match means {
                    Means::Fixed => set[k].mean(),
                    _ => best[0].mean(),
                };
                assert_eq!(best[k].mean(), expected);
            }
            let total: f64 = shares.iter().sum();
            for j in 0..x.len() {
                let value = |by: f64| {
                    let mut moved = x.clone();
                    moved[j] += by;
                    objective(&best.unpack(&mut &moved[..]).unwrap(), &p, &shares)
                };
                // Central differences with h = 1e-4: h² times a third derivative of the order of the total
                // weight, and the rounding of the objective, 1e-13 total / h.
                let gradient = (value(1e-4) - value(-1e-4)) / 2e-4;
                assert!(
                    gradient.abs() <= 1e-6 * total,
                    "{structure} {means:?}: coordinate {j} has gradient {gradient:e}"
                );
            }
        }
    }
}

/// Plain and accelerated fits of a scale mixture: the objective never falls, both reach the same maximum.
#[test]
fn scale_mixtures_converge() {
    let p = Problem::new(2, 300, 1, 2, 0.0);
    // Every third row five times as far out.
    let far = |i: usize| if i.is_multiple_of(3) { 5.0 } else { 1.0 };
    let values: Vec<f64> = (0..2 * p.len()).map(|e| p.values[e] * far(e / 2)).collect();
    let rows = distributions::RowsView::new(&values, 2);
    let labels: Vec<Option<u32>> = (0..p.len()).map(|i| Some(u32::from(i % 3 == 0))).collect();
    let mut reached = Vec::new();
    for acceleration in [Acceleration::None, Acceleration::Daarem] {
        let set = Gaussians::standard(S::VVV, 2, 2)
            .with_means(Means::Shared)
            .unwrap();
        let options = Options::default();
        let mut driver = Driver::new(&options).accelerate(acceleration);
        let template = Mixture::uniform(set);
        let fitted = fit_from_with(
            &template,
            Data::new(rows),
            Start::Labels(&labels),
            &mut driver,
        )
        .unwrap();
        for pair in fitted.report.trace.windows(2) {
            assert!(pair[1] >= pair[0] - 1e-10, "{pair:?}");
        }
        let model = &fitted.model;
        assert_eq!(model.components()[0].mean(), model.components()[1].mean());
        assert_eq!(model.parameter_count(), 1 + 2 + 6);
        assert!(model.components()[1].variance(0) > 10.0 * model.components()[0].variance(0));
        reached.push(fitted.report.objective);
    }
    assert!((reached[0] - reached[1]).abs() < 1e-6, "{reached:?}");
}

/// A common offset costs no digits.
#[test]
fn far_from_the_origin() {
    let p = Problem::new(6, 60, 2, 2, 0.5);
    let shares = shares(&p, 2);
    let fit = |offset: f64| {
        let values: Vec<f64> = p.values.iter().map(|x| x + offset).collect();
        let rows = distributions::RowsView::new(&values, 2);
        let set = Gaussians::standard(S::VVV, 2, 2)
            .with_means(Means::Shared)
            .unwrap();
        set.estimate(rows, &shares).unwrap()
    };
    let (near, far) = (fit(0.0), fit(1e8));
    for j in 0..2 {
        // The data themselves are known to 1e8 ε = 2e-8.
        assert!((far[0].mean()[j] - 1e8 - near[0].mean()[j]).abs() < 1e-6);
        assert!((far[1].variance(j) / near[1].variance(j) - 1.0).abs() < 1e-6);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let p = Problem::new(6, 60, 2, 2, 3.0);
    let prior = Prior::fraley_raftery(p.rows(), None, 2, S::VVV).unwrap();
    let set = Gaussians::standard(S::VVV, 2, 2);
    assert!(
        set.clone()
            .with_prior(prior.clone())
            .unwrap()
            .with_means(Means::Fixed)
            .is_err()
    );
    assert!(
        set.clone()
            .with_means(Means::Shared)
            .unwrap()
            .with_prior(prior)
            .is_err()
    );
    let fixed = GaussianMixture::builder(2)
        .means(Means::Fixed)
        .fit(p.rows());
    assert!(matches!(fixed, Err(FitError::Shape(_))));
    // With a model to start from, its means are kept to the bit.
    let centre = |x: f64| Gaussian::spherical(vec![x, -x], 1.0).unwrap();
    let components = Gaussians::new(S::VVV, vec![centre(0.3), centre(4.0)]).unwrap();
    let model = Mixture::new(Weights::uniform(2), components).unwrap();
    let fitted = GaussianMixture::builder(2)
        .means(Means::Fixed)
        .start_model(&model)
        .fit(p.rows())
        .unwrap();
    assert_eq!(fitted.means(), [[0.3, -0.3], [4.0, -4.0]]);
    assert!(fitted.report().stop_reason.is_converged());
}
