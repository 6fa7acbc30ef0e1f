//! Times the parts of an E-step on one block that stays in cache.
use distributions::{RowsView, Scratch};
use em::ComponentSet;
use gmm::{CovarianceStructure, Gaussian, Gaussians};
use std::time::Instant;
fn time(mut f: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..200 {
        let b = Instant::now();
        f();
        best = best.min(b.elapsed().as_secs_f64());
    }
    best * 1e9
}
fn main() {
    for (d, k) in [
        (2usize, 5usize),
        (4, 8),
        (8, 16),
        (16, 16),
        (32, 16),
        (64, 32),
    ] {
        for structure in [CovarianceStructure::Full, CovarianceStructure::Diagonal] {
            let b = 256;
            let values: Vec<f64> = (0..b * d)
                .map(|e| ((e * 7919) % 1000) as f64 / 300.0)
                .collect();
            let xs = RowsView::new(&values, d);
            let full: Vec<f64> = (0..d * d)
                .map(|e| {
                    if e % (d + 1) == 0 {
                        1.0
                    } else if structure == CovarianceStructure::Full {
                        0.1
                    } else {
                        0.0
                    }
                })
                .collect();
            let set = Gaussians::new(
                structure,
                (0..k)
                    .map(|c| {
                        Gaussian::from_matrix(vec![c as f64 / 10.0 + 1.5; d], full.clone()).unwrap()
                    })
                    .collect(),
            )
            .unwrap();
            let mut scratch = Scratch::default();
            let mut prepared = vec![0.0; b * d];
            let per = (b * k) as f64;
            let t0 = time(|| set.prepare(xs, &mut prepared)) / per;
            let mut joint = vec![0.0; b * k];
            let t1 = time(|| set.log_density_matrix(xs, &prepared, &mut joint, &mut scratch)) / per;
            let j = joint.clone();
            let mut value = vec![0.0; b];
            let tc = time(|| joint.copy_from_slice(&j)) / per;
            let t2 = time(|| {
                joint.copy_from_slice(&j);
                distributions::simd::log_sum_exp_columns(&mut joint, b, &mut value)
            }) / per
                - tc;
            let mut statistics = set.empty_statistics();
            let t3 = time(|| {
                set.accumulate_matrix(&mut statistics, xs, &prepared, &joint, &mut scratch)
            }) / per;
            println!(
                "d={d} k={k} {structure}: transpose {t0:.2} density {t1:.2} lse {t2:.2} accumulate {t3:.2} ns per (row, component)"
            );
        }
    }
}
