//! Speed of an E-step of full covariances at 60 seeded points, D = 1…130 and K = 1…64, one thread: whether there is a cliff.
//! Prints, by rising D, nanoseconds for each row and component, and GFLOP/s, counting 2 D (D + 1) + 8 D for the quadratic form and the
//! moments and 22 for the responsibility of an entry: six multiply-adds and ten operations more.
//!
//!     cargo run --release -p mixture-benches --bin gaussian_points [FIRST]
//!
//! With a number, only so many of the points.

use distributions::{Component, RowsView};
use em::{Data, Mixture, Soft, Workspace, e_step, stream};
use gmm::{CovarianceStructure, Gaussian, Gaussians};
use mixture_benches::{cpu_seconds, fma_peak};
use rand::RngExt;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = stream(6, 0);
    let mut points: Vec<(usize, usize)> = (0..60)
        .map(|_| (rng.random_range(1..=130), rng.random_range(1..=64)))
        .collect();
    points.sort_unstable();
    if let Some(first) = std::env::args().nth(1) {
        points.truncate(first.parse()?);
    }
    println!("| D | K | ns | GFLOP/s | to the last |\n|---|---|---|---|---|");
    let mut last = None;
    for (d, k) in points {
        let operations = 2 * d * (d + 1) + 8 * d + 22;
        let rows = (150_000_000 / (k * operations)).clamp(2_000, 50_000);
        let values: Vec<f64> = (0..rows * d).map(|_| 4.0 * rng.random::<f64>()).collect();
        let covariance: Vec<f64> = (0..d * d)
            .map(|e| if e % (d + 1) == 0 { 1.0 } else { 0.1 })
            .collect();
        let gaussians = (0..k).map(|c| {
            let mean = (0..d).map(|_| 1.5 + rng.random::<f64>()).collect();
            // No two are the same: for components of one covariance there is less to do.
            let scale = 1.0 + 0.1 * c as f64 / k as f64;
            let covariance = covariance.iter().map(|entry| scale * entry).collect();
            Gaussian::from_matrix(mean, covariance)
        });
        let gaussians = gaussians.collect::<Result<_, _>>()?;
        let model = Mixture::uniform(Gaussians::new(CovarianceStructure::Full, gaussians)?);
        let data = Data::new(RowsView::new(&values, d));
        let mut workspace = Workspace::new(data.xs, &model.empty_statistics(), 1);
        let mut least = f64::INFINITY;
        for _ in 0..21 {
            let begin = cpu_seconds();
            e_step(&model, data, 0, &Soft, &mut workspace);
            least = least.min(cpu_seconds() - begin);
        }
        let entry = 1e9 * least / (rows * k) as f64;
        let speed = operations as f64 / entry;
        let ratio = last.map_or(1.0, |last: f64| (last / speed).max(speed / last));
        println!("| {d} | {k} | {entry:.2} | {speed:.1} | {ratio:.2} |");
        last = Some(speed);
    }
    println!("peak of fused multiply-adds: {:.1} GFLOP/s", fma_peak());
    Ok(())
}
