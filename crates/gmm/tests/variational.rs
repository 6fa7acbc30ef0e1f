//! Variational Bayes of Gaussians: against the exact evidence, and on a simulated truth.

mod variational_data;

use distributions::{Component, Density, RowsView, Sample};
use em::{
    Conjugate, Data, Mixture, Options, ParameterPosterior, Start, VariationalMixture, Weights,
    WeightsPrior, fit_variational, stream,
};
use gmm::{CovarianceStructure, Gaussian, Prior};
use variational_data::{DIAGONAL, FULL, ROWS, WEIGHTS};

fn component(structure: CovarianceStructure) -> Conjugate<Gaussian> {
    let scale = [vec![2.0, 0.5], vec![0.5, 1.0]];
    let prior = Prior::new(vec![0.25, -0.5], 0.5, 4.0, &scale).unwrap();
    let family = Gaussian::standard(2).with_structure(structure);
    Conjugate::new(family, prior).unwrap()
}

fn bound(structure: CovarianceStructure, rows: &[f64], weights: &[f64]) -> f64 {
    let prior = WeightsPrior::Dirichlet { concentration: 1.0 };
    let template = VariationalMixture::new(prior, vec![component(structure)]).unwrap();
    let data = Data::new(RowsView::new(rows, 2)).weighted(weights);
    let fitted = fit_variational(&template, data, Start::Random, &Options::default());
    fitted.unwrap().report.objective
}

#[test]
fn with_one_component_the_bound_is_the_log_evidence() {
    let cases = [
        (CovarianceStructure::Full, FULL),
        (CovarianceStructure::Diagonal, DIAGONAL),
    ];
    for (structure, exact) in cases {
        let reached = bound(structure, &ROWS, &WEIGHTS);
        // Some fifty terms of size 20.
        assert!((reached - exact).abs() < 1e-12, "{reached} {exact}");
        // p(x | data) = p(data, x)/p(data).
        let mut more = ROWS.to_vec();
        more.extend([0.75, -2.0]);
        let ratio = bound(structure, &more, &[1.0; 6]) - bound(structure, &ROWS, &[1.0; 5]);
        let posterior = component(structure).estimate(RowsView::new(&ROWS, 2), &[1.0; 5]);
        let predictive = posterior.unwrap().predictive().unwrap();
        assert!((predictive.log_density(&[0.75, -2.0]) - ratio).abs() < 1e-12);
    }
}

#[test]
fn components_that_are_not_needed_empty() {
    let mut rng = stream(7, 0);
    let truth = Mixture::new(
        Weights::new(vec![0.35, 0.65]).unwrap(),
        vec![
            Gaussian::new(vec![0.0, 0.0], &[vec![1.0, 0.6], vec![0.6, 1.0]]).unwrap(),
            Gaussian::new(vec![6.0, 3.0], &[vec![2.0, 0.0], vec![0.0, 0.5]]).unwrap(),
        ],
    );
    let rows = truth.unwrap().sample(&mut rng, 600);
    let scale = [vec![1.0, 0.0], vec![0.0, 1.0]];
    let prior = Prior::new(vec![3.0, 1.5], 0.01, 4.0, &scale).unwrap();
    let component = Conjugate::new(Gaussian::standard(2), prior).unwrap();
    let process = WeightsPrior::DirichletProcess { concentration: 1.0 };
    let template = VariationalMixture::new(process, vec![component; 10]).unwrap();
    let data = Data::new(RowsView::new(&rows.values, 2));
    let fitted = fit_variational(&template, data, Start::Spread, &Options::default()).unwrap();
    let counts = fitted.model.weights().counts();
    let needed: Vec<usize> = (0..10).filter(|&k| counts[k] > 1.0).collect();
    assert_eq!(needed, [0, 1], "{counts:?}");
    // About two standard errors of a mean of 400 rows.
    assert!((fitted.model.components()[0].belief().mean()[0] - 6.0).abs() < 0.15);
    // The midpoint rule on a smooth density, over all but the far tails of t distributions.
    let predictive = fitted.model.predictive().unwrap();
    let mut sum = 0.0;
    for i in 0..400 {
        for j in 0..400 {
            let x = [-37.0 + 0.2 * f64::from(i), -38.5 + 0.2 * f64::from(j)];
            sum += predictive.log_density(&x).exp() * 0.04;
        }
    }
    assert!((sum - 1.0).abs() < 2e-3, "{sum}");
    assert_eq!(predictive.sample(&mut rng, 10).values.len(), 20);
}

#[test]
fn rows_in_a_hyperplane_have_a_posterior() {
    let rows = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0];
    for structure in [CovarianceStructure::Full, CovarianceStructure::Diagonal] {
        let posterior = component(structure).estimate(RowsView::new(&rows, 2), &[1.0; 4]);
        assert!(posterior.unwrap().log_prior().is_finite());
    }
}

#[test]
fn what_has_no_conjugate_prior_is_refused() {
    let scale = [vec![1.0, 0.0], vec![0.0, 1.0]];
    let prior = |shrinkage: f64| Prior::new(vec![0.0, 0.0], shrinkage, 4.0, &scale).unwrap();
    let spherical = Gaussian::standard(2).with_structure(CovarianceStructure::Spherical);
    assert!(Conjugate::new(spherical, prior(1.0)).is_err());
    assert!(Conjugate::new(Gaussian::standard(2), prior(0.0)).is_err());
    assert!(Conjugate::new(Gaussian::standard(3), prior(1.0)).is_err());
}
