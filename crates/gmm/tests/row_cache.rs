//! What is kept of the rows of a fit: a tied E-step takes the scatter of all rows once.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::{Component, RowsView};
use em::{Data, Mixture, RowCache, Soft, Tally, Workspace, e_step};
use gmm::{CovarianceStructure, Gaussian, Gaussians};
use synthetic::Problem;

type Model = Mixture<Gaussians>;

/// Components of one covariance, in as many columns as linear scores serve.
fn start(p: &Problem, k: usize, d: usize) -> Model {
    let covariance: Vec<f64> = (0..d * d)
        .map(|e| if e % (d + 1) == 0 { 1.5 } else { 0.1 })
        .collect();
    let gaussian = |k: usize| Gaussian::from_matrix(p.row(7 * k).to_vec(), covariance.clone());
    let gaussians = (0..k).map(gaussian).collect::<Result<_, _>>().unwrap();
    Mixture::uniform(Gaussians::new(CovarianceStructure::Tied, gaussians).unwrap())
}

fn step(
    model: &Model,
    data: Data<'_, RowsView<'_, f64>>,
    threads: usize,
) -> (Tally, <Model as Component>::Statistics) {
    let mut workspace = Workspace::new(data.xs, &model.empty_statistics(), threads);
    let tally = e_step(model, data, 0, &Soft, &mut workspace);
    (tally, workspace.statistics().clone())
}

#[test]
fn what_is_kept_changes_no_bit() {
    for (n, k, d) in [(3000, 3, 6), (40_000, 4, 5), (900, 2, 40)] {
        let p = Problem::new(5, n, k, d, 3.0);
        let weights: Vec<f64> = (0..n).map(|i| (i % 5) as f64 / 2.0).collect();
        for data in [Data::new(p.rows()), Data::new(p.rows()).weighted(&weights)] {
            let cached = RowCache::new(data);
            let mut model = start(&p, k, d);
            for iteration in 0..4 {
                let once = step(&model, data, 1);
                assert!(once.1.1.is_pooled());
                assert_eq!(once, step(&model, cached.data(), 1 + iteration % 2));
                model = model.maximize(&once.1).unwrap();
            }
        }
    }
}

/// Rows that count otherwise are not those that were kept.
#[test]
fn other_weights_are_not_those_kept() {
    let (n, k, d) = (2000, 3, 6);
    let p = Problem::new(6, n, k, d, 3.0);
    let model = start(&p, k, d);
    let cached = RowCache::new(Data::new(p.rows()));
    let all = step(&model, cached.data(), 1);
    let weights: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i % 3 > 0))).collect();
    let some = step(&model, cached.data().weighted(&weights), 1);
    assert_eq!(
        some,
        step(&model, Data::new(p.rows()).weighted(&weights), 1)
    );
    assert_ne!(all, some);
    // Nor do weights that are put in their place from outside fit.
    let mut data = cached.data();
    data.row_weights = Some(&weights);
    assert_eq!(some, step(&model, data, 1));
}
