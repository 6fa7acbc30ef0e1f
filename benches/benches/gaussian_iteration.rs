//! Times one EM iteration (E-step and M-step), one thread, best of several: `cargo bench -p mixture-benches --bench gaussian_iteration`.

use distributions::{Component, RowsView};
use em::{Data, Mixture, Options, Start, Workspace, e_step, fit_from, stream};
use gmm::{CovarianceStructure, Gaussians};
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

fn main() {
    let since = Instant::now();
    let grid = [
        (1_000_000, 2, 5),
        (1_000_000, 8, 16),
        (200_000, 32, 16),
        (100_000, 64, 32),
        (50_000, 128, 16),
    ];
    for (n, d, k) in grid {
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
            let template = Mixture::uniform(Gaussians::standard(structure, k, d));
            let options = Options::default().max_iterations(0).threads(1);
            let start = Start::Labels(&labels);
            let mut model = fit_from(&template, Data::new(rows), start, &options)
                .unwrap()
                .model;
            let mut workspace = Workspace::new(rows, &model.empty_statistics(), 1);
            let mut best = f64::INFINITY;
            for _ in 0..9 {
                let begin = seconds(since);
                e_step(&model, Data::new(rows), 0, &em::Soft, &mut workspace);
                model = model.maximize(workspace.statistics()).unwrap();
                best = best.min(seconds(since) - begin);
            }
            let flops = (n * k * (2 * d * (d + 1) + 6 * d)) as f64;
            println!(
                "{n} x {d}, K = {k}, {structure}: {:.1} ms, {:.1} GFLOP/s (of full)",
                1e3 * best,
                flops / best * 1e-9
            );
        }
    }
}
