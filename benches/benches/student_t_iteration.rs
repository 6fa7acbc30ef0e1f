//! Times one EM iteration of multivariate t distributions beside Gaussians, one thread, best of several:
//! `cargo bench -p mixture-benches --bench student_t_iteration`.

use distributions::{Component, RowsView};
use em::{ComponentSet, Data, Mixture, Options, Start, Workspace, e_step, fit_from, stream};
use gmm::{CovarianceStructure, Gaussians, MultivariateTs};
use rand::RngExt;
use std::time::Instant;

/// Seconds this thread has run; on a busy machine it is less than what the clock says.
fn seconds(since: Instant) -> f64 {
    let running = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let running = running.as_deref().and_then(|text| text.split(' ').next());
    match running.and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()) {
        Some(nanoseconds) => 1e-9 * nanoseconds,
        None => since.elapsed().as_secs_f64(),
    }
}

/// The best time of an E- and an M-step, from the first M-step from labels.
fn iteration<S>(set: S, rows: RowsView<'_, f64>, labels: &[Option<u32>]) -> f64
where
    S: ComponentSet<Space = distributions::Rows<f64>>,
{
    let since = Instant::now();
    let options = Options::default().max_iterations(0).threads(1);
    let template = Mixture::uniform(set);
    let first = fit_from(&template, Data::new(rows), Start::Labels(labels), &options);
    let mut model = first.unwrap().model;
    let mut workspace = Workspace::new(rows, &model.empty_statistics(), 1);
    let mut best = f64::INFINITY;
    for _ in 0..9 {
        let begin = seconds(since);
        e_step(&model, Data::new(rows), 0, &em::Soft, &mut workspace);
        model = model.maximize(workspace.statistics()).unwrap();
        best = best.min(seconds(since) - begin);
    }
    best
}

fn main() {
    for (n, d, k) in [
        (200_000, 2, 5),
        (100_000, 8, 16),
        (50_000, 32, 16),
        (20_000, 128, 16),
    ] {
        let mut rng = stream(1, 0);
        let mut normal = || (0..4).map(|_| rng.random::<f64>()).sum::<f64>() * 1.732 - 3.464;
        let centres: Vec<f64> = (0..k * d)
            .map(|_| 3.0 * normal() / (2.0 * d as f64).sqrt())
            .collect();
        let values: Vec<f64> = (0..n * d)
            .map(|e| centres[(e / d) % k * d + e % d] + normal())
            .collect();
        let labels: Vec<Option<u32>> = (0..n).map(|i| Some((i % k) as u32)).collect();
        let rows = RowsView::new(&values, d);
        for structure in [CovarianceStructure::Full, CovarianceStructure::Diagonal] {
            let gaussian = iteration(Gaussians::standard(structure, k, d), rows, &labels);
            let free = MultivariateTs::standard(structure, k, d);
            let fixed = free.clone().with_fixed_df(5.0).unwrap();
            let (fixed, free) = (
                iteration(fixed, rows, &labels),
                iteration(free, rows, &labels),
            );
            let each = 1e9 / (n * k) as f64;
            println!(
                "{n} x {d}, K = {k}, {structure}: Gaussian {:.2} ns a row and component; t, fixed df {:.2} \
                 ({:.2} times), free df {:.2} ({:.2} times)",
                gaussian * each,
                fixed * each,
                fixed / gaussian,
                free * each,
                free / gaussian,
            );
        }
    }
}
