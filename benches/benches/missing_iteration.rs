//! Times one EM iteration of rows with missing cells beside complete ones, one thread, best of several:
//! `cargo bench -p mixture-benches --bench missing_iteration`.

use distributions::RowsView;
use em::{FitError, stream};
use gmm::{CovarianceStructure, Gaussians, IncompleteGaussians};
use mixture_benches::iteration;
use rand::RngExt;

fn main() -> Result<(), FitError> {
    for (n, d, k, patterns) in [
        (100_000, 8, 8, 10),
        (100_000, 8, 8, 200),
        (20_000, 32, 8, 10),
    ] {
        let mut rng = stream(1, 0);
        let mut normal = || (0..4).map(|_| rng.random::<f64>()).sum::<f64>() * 1.732 - 3.464;
        let values: Vec<f64> = (0..n * d)
            .map(|e| ((e / d) % k * (e % d)) as f64 * 0.3 + normal())
            .collect();
        let labels: Vec<Option<u32>> = (0..n).map(|i| Some((i % k) as u32)).collect();
        // The first pattern is that of complete rows; the others lack up to half of the columns.
        let mut rng = stream(2, 0);
        let gaps: Vec<Vec<usize>> = (0..patterns)
            .map(|p: usize| {
                (0..p.min(1 + p % (d / 2)))
                    .map(|_| rng.random_range(0..d))
                    .collect()
            })
            .collect();
        let mut incomplete = values.clone();
        for i in 0..n {
            let pattern = &gaps[rng.random_range(0..patterns)];
            pattern
                .iter()
                .for_each(|j| incomplete[i * d + j] = f64::NAN);
        }
        let missing = incomplete.iter().filter(|x| x.is_nan()).count() as f64 / (n * d) as f64;
        let (complete, incomplete) = (RowsView::new(&values, d), RowsView::new(&incomplete, d));
        for structure in [CovarianceStructure::Full, CovarianceStructure::Diagonal] {
            let set = Gaussians::standard(structure, k, d);
            let plain = iteration(set.clone(), complete, &labels)?;
            let unused = iteration(IncompleteGaussians::new(set.clone()), complete, &labels)?;
            let gaps = iteration(IncompleteGaussians::new(set), incomplete, &labels)?;
            println!(
                "{n} x {d}, K = {k}, {structure}: complete {:.1} ms; gaps allowed, but none {:.1} ms; \
                 {patterns} patterns, {:.0} % missing {:.1} ms",
                1e3 * plain,
                1e3 * unused,
                1e2 * missing,
                1e3 * gaps
            );
        }
    }
    Ok(())
}
