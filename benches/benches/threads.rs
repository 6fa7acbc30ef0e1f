//! What a second thread gives, one EM iteration at a time: `cargo bench -p mixture-benches --bench threads`
//!
//! No criterion: the two numbers of threads take turns, so that a busy machine hurts both alike, and
//! the least of the repetitions counts. The two ratios are of wall time; that of the same program run
//! twice at once says how much two cores of this machine can give at all.

use distributions::{Batch, RowsView};
use em::{Data, LatentModel, Mixture, Soft, TabledColumns, Workspace, e_step, stream};
use gmm::{CovarianceStructure, Gaussians};
use mixture_benches::{latent_classes, poissons};
use rand::RngExt;
use std::hint::black_box;
use std::time::Instant;

const REPETITIONS: usize = 40;

fn measure<M: LatentModel>(name: &str, model: &M, xs: Batch<'_, M::Space>) {
    let mut workspaces =
        [1, 2].map(|threads| Workspace::new(xs, &model.empty_statistics(), threads));
    let mut least = [f64::INFINITY; 2];
    for _ in 0..REPETITIONS {
        for (workspace, least) in workspaces.iter_mut().zip(&mut least) {
            let begin = Instant::now();
            black_box(e_step(model, Data::new(xs), 0, &Soft, workspace));
            let _ = black_box(model.maximize(workspace.statistics()));
            *least = least.min(begin.elapsed().as_secs_f64());
        }
    }
    let [one, two] = least.map(|seconds| 1e3 * seconds);
    println!("{name:<28} {one:8.2} ms   {two:8.2} ms   {:5.2}", one / two);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "{:<28} {:>8}      {:>8}      ratio",
        "one iteration", "1 thread", "2"
    );
    let counts = poissons(2_000_000)?;
    measure("3 Poissons, 2e6 rows", &counts.mixture, &counts.rows[..]);
    let (classes, answers) = latent_classes(200_000, 64, 10)?;
    let bytes: Vec<u8> = answers.values.iter().map(|&x| x as u8).collect();
    let bytes = RowsView::new(&bytes, 64);
    let set = TabledColumns::new(classes, bytes)?;
    measure("10 latent classes, 2e5 × 64", &Mixture::uniform(set), bytes);
    let rng = &mut stream(0, 0);
    let values: Vec<f64> = (0..4_000_000)
        .map(|i| rng.random::<f64>() + f64::from(i % 80 / 8))
        .collect();
    let set = Gaussians::standard(CovarianceStructure::Full, 5, 8);
    measure(
        "5 Gaussians, 5e5 × 8",
        &Mixture::uniform(set),
        RowsView::new(&values, 8),
    );
    Ok(())
}
