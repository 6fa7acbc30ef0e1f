//! Times one EM iteration of multivariate t distributions beside Gaussians, one thread, best of several:
//! `cargo bench -p mixture-benches --bench student_t_iteration`.

use distributions::RowsView;
use em::{FitError, stream};
use gmm::{CovarianceStructure, Gaussians, MultivariateTs};
use mixture_benches::iteration;
use rand::RngExt;

fn main() -> Result<(), FitError> {
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
            let gaussian = iteration(Gaussians::standard(structure, k, d), rows, &labels)?;
            let free = MultivariateTs::standard(structure, k, d);
            let fixed = free.clone().with_fixed_df(5.0).unwrap();
            let (fixed, free) = (
                iteration(fixed, rows, &labels)?,
                iteration(free, rows, &labels)?,
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
    Ok(())
}
