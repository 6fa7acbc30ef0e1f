//! Fits of well separated clusters, whose E-step leaves out what weighs nothing.

use distributions::{Component, RowsView};
use em::{Data, Mixture, Options, Soft, Start, Workspace, e_step, fit_from, stream};
use gmm::{CovarianceStructure, Gaussians};
use rand::RngExt;

const D: usize = 24;
const K: usize = 8;

fn rows(count: usize, apart: f64) -> Vec<f64> {
    let mut rng = stream(11, 0);
    let means: Vec<f64> = (0..K * D).map(|_| apart * rng.random::<f64>()).collect();
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    (0..count * D)
        .map(|e| means[(e / D * 5 % K) * D + e % D] + normal())
        .collect()
}

fn template(structure: CovarianceStructure) -> Mixture<Gaussians> {
    Mixture::uniform(Gaussians::standard(structure, K, D))
}

/// Σ_i ln p(x_i) by log-densities one at a time, and the components' sums of responsibilities.
fn one_at_a_time(model: &Mixture<Gaussians>, xs: RowsView<'_, f64>) -> (f64, Vec<f64>) {
    let (mut sum, mut shares) = (0.0, vec![0.0; K]);
    for x in xs.values().chunks_exact(D) {
        sum += distributions::Density::log_density(model, x);
        for (share, r) in shares.iter_mut().zip(model.responsibilities(x)) {
            *share += r;
        }
    }
    (sum, shares)
}

#[test]
fn statistics_and_likelihood_are_those_of_all_densities() {
    // Clusters that touch, that are apart, and that nothing connects.
    for apart in [0.0, 6.0, 12.0, 60.0] {
        let values = rows(3_000, apart);
        let xs = RowsView::new(&values, D);
        for structure in [CovarianceStructure::Full, CovarianceStructure::Tied] {
            let options = Options::default().max_iterations(2);
            let labels: Vec<Option<u32>> = (0..3_000).map(|i| Some((i * 5 % K) as u32)).collect();
            let start = Start::Labels(&labels);
            let model = fit_from(&template(structure), Data::new(xs), start, &options)
                .unwrap()
                .model;
            let mut workspace = Workspace::new(xs, &model.empty_statistics(), 1);
            let tally = e_step(&model, Data::new(xs), 0, &Soft, &mut workspace);
            let (sum, shares) = one_at_a_time(&model, xs);
            // Sums of 3 000 terms in another order, and quadratic forms of 24 columns by another factor.
            assert!((tally.objective - sum).abs() <= 1e-12 * sum.abs());
            for (scatter, share) in workspace.statistics().1.parts().iter().zip(shares) {
                let weight = distributions::Statistics::weight(scatter);
                assert!((weight - share).abs() <= 1e-11 * share, "{weight} {share}");
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let values = rows(20_000, 12.0);
    let xs = RowsView::new(&values, D);
    let labels: Vec<Option<u32>> = (0..20_000).map(|i| Some((i * 3 % K) as u32)).collect();
    let fit = |threads| {
        let options = Options::default().max_iterations(6).threads(threads);
        let start = Start::Labels(&labels);
        let template = template(CovarianceStructure::Full);
        fit_from(&template, Data::new(xs), start, &options).unwrap()
    };
    let (one, three) = (fit(1), fit(3));
    assert_eq!(one.model, three.model);
}
