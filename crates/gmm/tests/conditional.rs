//! Marginal and conditional mixtures: identities, and a hand-computed case.

use distributions::{Density, RowsView, Sample};
use em::stream;
use gmm::{CovarianceStructure, Gaussian, GaussianMixture};

/// A fitted mixture of two components in three columns.
fn fitted() -> GaussianMixture {
    let first = Gaussian::new(
        vec![0.0, 1.0, -1.0],
        &[
            vec![1.0, 0.6, 0.2],
            vec![0.6, 2.0, -0.3],
            vec![0.2, -0.3, 0.5],
        ],
    );
    let second = Gaussian::diagonal(vec![4.0, -2.0, 3.0], vec![0.5, 1.5, 2.0]);
    let mut rng = stream(2, 0);
    let mut rows = first.unwrap().sample(&mut rng, 300).values;
    rows.extend(second.unwrap().sample(&mut rng, 200).values);
    let builder = GaussianMixture::builder(2).covariance(CovarianceStructure::Full);
    builder.fit(RowsView::new(&rows, 3)).unwrap()
}

#[test]
fn a_joint_density_is_marginal_times_conditional() {
    let mixture = fitted();
    for given in [vec![0], vec![2, 0], vec![1, 2]] {
        let others: Vec<usize> = (0..3).filter(|j| !given.contains(j)).collect();
        let (marginal, conditional) = (
            mixture.marginal(&given).unwrap(),
            mixture.conditional(&given).unwrap(),
        );
        for x in [
            [0.1, 0.5, -0.7],
            [3.0, -1.0, 2.0],
            [1.5, 0.0, 0.5],
            [-9.0, 30.0, 4.0],
        ] {
            let at: Vec<f64> = given.iter().map(|&j| x[j]).collect();
            let rest: Vec<f64> = others.iter().map(|&j| x[j]).collect();
            let joint = mixture.mixture().log_density(&x);
            let product =
                marginal.log_density(&at) + conditional.at(&at).unwrap().log_density(&rest);
            assert!(
                (joint - product).abs() <= 1e-11 * joint.abs().max(1.0),
                "{joint} not {product}"
            );
        }
    }
}

#[test]
fn moments_of_the_prediction_are_those_of_the_conditional_mixture() {
    let mixture = fitted();
    let conditional = mixture.conditional(&[0]).unwrap();
    let (mean, covariance) = (
        conditional.mean(&[1.8]).unwrap(),
        conditional.covariance(&[1.8]).unwrap(),
    );
    let drawn = conditional
        .at(&[1.8])
        .unwrap()
        .sample(&mut stream(3, 0), 200_000);
    let count = drawn.values.len() as f64 / 2.0;
    for j in 0..2 {
        let values = drawn.values.iter().skip(j).step_by(2);
        let average = values.clone().sum::<f64>() / count;
        let variance = values.map(|v| (v - average).powi(2)).sum::<f64>() / count;
        // Six standard errors; of the variance, of a density with tails no longer than normal ones.
        assert!((average - mean[j]).abs() < 6.0 * (variance / count).sqrt());
        assert!((variance - covariance[3 * j]).abs() < 6.0 * variance * (2.0 / count).sqrt());
    }
    // The law of total expectation: E[y] = E[E[y | x]].
    let marginal = mixture
        .marginal(&[0])
        .unwrap()
        .sample(&mut stream(4, 0), 20_000);
    let total: f64 = marginal
        .values
        .iter()
        .map(|&x| conditional.mean(&[x]).unwrap()[0])
        .sum();
    assert!((total / 20_000.0 - mixture.mean()[1]).abs() < 0.06);
}

#[test]
fn one_component_is_a_linear_regression() {
    let rows = [0.0, 1.0, 1.0, 3.5, 2.0, 4.5, 3.0, 7.0, 4.0, 9.5];
    let mixture = GaussianMixture::builder(1)
        .fit(RowsView::new(&rows, 2))
        .unwrap();
    let conditional = mixture.conditional(&[0]).unwrap();
    // Least squares by hand: x̄ = 2, ȳ = 5.1, Sxx = 10, Sxy = 20.5, Syy = 42.7.
    let prediction = conditional.mean(&[6.0]).unwrap()[0];
    assert!((prediction - (5.1 + 2.05 * 4.0)).abs() < 1e-12);
    let residual = (42.7 - 20.5 * 2.05) / 5.0;
    assert!((conditional.covariance(&[6.0]).unwrap()[0] - residual).abs() < 1e-12);
}

#[test]
fn wrong_columns_and_values_are_refused() {
    let mixture = fitted();
    assert!(mixture.marginal(&[]).is_err());
    assert!(mixture.marginal(&[3]).is_err());
    assert!(mixture.conditional(&[0, 0]).is_err());
    assert!(mixture.conditional(&[0, 1, 2]).is_err());
    let conditional = mixture.conditional(&[0]).unwrap();
    assert!(conditional.mean(&[f64::NAN]).is_err());
    assert!(conditional.mean(&[1.0, 2.0]).is_err());
    // So far away that every density is 0.
    assert!(conditional.mean(&[1e200]).is_err());
}
