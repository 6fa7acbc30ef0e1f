//! Kernels against plain loops, at every instruction set of this machine and at awkward sizes.

use super::*;
use distributions::{Density, RowsView, Statistics};
use em::stream;
use rand::RngExt;

fn gaussian(seed: u64, d: usize, diagonal: bool) -> Gaussian {
    let mut rng = stream(seed, 2);
    let mean: Vec<f64> = (0..d).map(|_| rng.random::<f64>()).collect();
    let mut lower = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..i {
            lower[i * d + j] = if diagonal {
                0.0
            } else {
                rng.random::<f64>() - 0.5
            };
        }
        lower[i * d + i] = 1.0 + rng.random::<f64>();
    }
    Gaussian::from_matrix(mean, crate::linalg::from_eigen(&lower, &vec![1.0; d], d)).unwrap()
}

fn block(seed: u64, rows: usize, d: usize) -> (Vec<f64>, Vec<f64>) {
    let mut rng = stream(seed, 3);
    let values: Vec<f64> = (0..rows * d)
        .map(|_| 4.0 * rng.random::<f64>() - 2.0)
        .collect();
    let mut columns = vec![0.0; rows * d];
    transpose(RowsView::new(&values, d), &mut columns);
    (values, columns)
}

#[test]
fn densities_and_moments_at_all_sizes() {
    for d in (1..=20).chain([31, 32, 33, 64, 130]) {
        for rows in [1, 2, 7, 8, 9, 15, 16, 17, 100, 255, 256] {
            let (values, columns) = block(d as u64, rows, d);
            for diagonal in [false, true] {
                let gaussians = [gaussian(1, d, diagonal), gaussian(2, d, diagonal)];
                let mut out = vec![0.0; 2 * rows];
                let mut scratch = Scratch::default();
                // Numbers left in scratch must not matter.
                scratch.give(vec![f64::NAN; 100_000]);
                log_densities(&gaussians, &columns, rows, &mut out, &mut scratch);
                let mut parts = vec![Scatter::new(d, !diagonal); 2];
                let mut plain = parts.clone();
                let weights: Vec<f64> = (0..2 * rows).map(|e| (e % 5) as f64 / 4.0).collect();
                accumulate(
                    &mut parts,
                    &gaussians,
                    &columns,
                    &weights,
                    rows,
                    &mut scratch,
                );
                for k in 0..2 {
                    for (i, x) in values.chunks_exact(d).enumerate() {
                        let expected = gaussians[k].log_density(x);
                        let error = (out[k * rows + i] - expected).abs();
                        assert!(error <= 1e-11 * expected.abs(), "{d} {rows} {error:e}");
                        if weights[k * rows + i] > 0.0 {
                            plain[k].add(x, weights[k * rows + i]);
                        }
                    }
                    assert!((parts[k].weight() - plain[k].weight()).abs() <= 1e-13 * rows as f64);
                    for (a, b) in parts[k].matrix().iter().zip(plain[k].matrix()) {
                        assert!((a - b).abs() <= 1e-12 * rows as f64, "{d} {rows} {a} {b}");
                    }
                }
            }
        }
    }
}

/// Every instruction set that pulp may choose gives the same numbers to rounding, and columns with something between them the
/// same bits.
#[test]
fn instruction_sets_agree() {
    let cases = [1, 2, 5, 8, 13].map(|d| (d, false));
    let diagonal = [5, 9, 64, 65, 130].map(|d| (d, true));
    for (d, diagonal) in cases.into_iter().chain(diagonal) {
        let rows = 80;
        let (_, columns) = block(9, rows, d);
        let gaussians = [gaussian(1, d, diagonal)];
        let apart = Padding {
            from: rows,
            to: rows + LANES,
        };
        let (mut out, mut z) = (vec![0.0; rows], vec![0.0; quadratic::room::<f64>(d)]);
        arch().dispatch(LogDensities {
            gaussians: &gaussians,
            log_weights: None,
            part: Part {
                width: d,
                rows: 0..rows,
                stride: apart.to,
            },
            columns: &apart.widen(&columns, &mut Scratch::default()),
            rows,
            out: &mut out,
            z: &mut z,
        });
        let with_gaps = out;
        let run = |op: &dyn Fn(LogDensities<'_>)| {
            let (mut out, mut z) = (vec![0.0; rows], vec![0.0; quadratic::room::<f64>(d)]);
            op(LogDensities {
                gaussians: &gaussians,
                log_weights: None,
                part: Part {
                    width: d,
                    rows: 0..rows,
                    stride: rows,
                },
                columns: &columns,
                rows,
                out: &mut out,
                z: &mut z,
            });
            out
        };
        let plain = run(&|op| op.with_simd(pulp::Scalar));
        let best = run(&|op| arch().dispatch(op));
        assert_eq!(with_gaps, best);
        let mut all = vec![best];
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            all.push(run(&|op| pulp::Simd::vectorize(simd, op)));
        }
        for out in all {
            for (a, b) in out.iter().zip(&plain) {
                assert!((a - b).abs() <= 1e-12 * b.abs());
            }
        }
        moments_agree(d, rows, &columns);
    }
}

fn moments_agree(d: usize, rows: usize, columns: &[f64]) {
    let weights: Vec<f64> = (0..rows).map(|i| (i % 3) as f64).collect();
    let gaussians = [gaussian(1, d, false)];
    let run = |op: &dyn Fn(block::Accumulate<'_>)| {
        let mut into = vec![Scatter::new(d, true)];
        op(block::Accumulate {
            into: &mut into,
            columns,
            weights: &weights,
            rows,
            origins: &mut gaussians[0].mean().to_vec(),
            sums: &mut vec![0.0; d],
            squares: &mut vec![0.0; d * d],
            strip: &mut vec![0.0; moments::room::<f64>(rows)],
            gathered: &mut [],
        });
        into.remove(0).matrix()
    };
    let plain = run(&|op| op.with_simd(pulp::Scalar));
    let mut all = vec![run(&|op| arch().dispatch(op))];
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        all.push(run(&|op| pulp::Simd::vectorize(simd, op)));
    }
    for matrix in all {
        for (a, b) in matrix.iter().zip(&plain) {
            assert!((a - b).abs() <= 1e-12 * rows as f64);
        }
    }
}

#[test]
fn rows_without_weight_may_be_anything() {
    let (_, clean) = block(5, 32, 3);
    let gaussians = [gaussian(1, 3, false)];
    for wild in [f64::NAN, f64::INFINITY, -1e308] {
        let mut columns = clean.clone();
        (0..3).for_each(|j| columns[j * 32 + 7] = wild);
        let mut weights = vec![1.0; 32];
        weights[7] = 0.0;
        let (mut a, mut b) = (vec![Scatter::new(3, true)], vec![Scatter::new(3, true)]);
        let mut scratch = Scratch::default();
        accumulate(&mut a, &gaussians, &columns, &weights, 32, &mut scratch);
        accumulate(&mut b, &gaussians, &clean, &weights, 32, &mut scratch);
        assert_eq!(a, b);
    }
}

#[test]
fn rows_of_negligible_weight_change_no_moment() {
    for d in [15, 16, 33] {
        let rows = 200;
        let (values, columns) = block(3, rows, d);
        let gaussians = [gaussian(1, d, false)];
        for (every, small) in [
            (2, 0.0),
            (3, 1e-60),
            (50, 1e-60),
            (50, 1e-20),
            (1000, 1e-300),
        ] {
            let weight = |i: usize| if i.is_multiple_of(every) { 0.7 } else { small };
            let weights: Vec<f64> = (0..rows).map(weight).collect();
            let mut parts = [Scatter::new(d, true)];
            let mut scratch = Scratch::default();
            scratch.give(vec![f64::NAN; 100_000]);
            accumulate(
                &mut parts,
                &gaussians,
                &columns,
                &weights,
                rows,
                &mut scratch,
            );
            let mut plain = Scatter::new(d, true);
            for (x, &weight) in values.chunks_exact(d).zip(&weights) {
                if weight > 0.0 {
                    plain.add(x, weight);
                }
            }
            assert!((parts[0].weight() - plain.weight()).abs() <= 1e-14 * plain.weight());
            for (a, b) in parts[0].matrix().iter().zip(plain.matrix()) {
                // Sums of at most 200 squares of at most 16, in different orders.
                assert!((a - b).abs() <= 1e-12, "{d} {every} {small} {a} {b}");
            }
        }
    }
}

/// Rows about the means of some components, and the same with the components close together.
fn clustered(d: usize, rows: usize, count: usize, apart: f64) -> (Vec<f64>, Vec<Gaussian>) {
    let mut rng = stream(d as u64, 7);
    let means: Vec<f64> = (0..count * d)
        .map(|_| apart * (rng.random::<f64>() - 0.5))
        .collect();
    let gaussians = means.chunks_exact(d).enumerate().map(|(k, mean)| {
        let shape = gaussian(k as u64, d, false);
        Gaussian::from_matrix(mean.to_vec(), shape.covariance()).unwrap()
    });
    let values: Vec<f64> = (0..rows * d)
        .map(|e| means[(e / d * 7 % count) * d + e % d] + 2.0 * rng.random::<f64>() - 1.0)
        .collect();
    let mut columns = vec![0.0; rows * d];
    transpose(RowsView::new(&values, d), &mut columns);
    (columns, gaussians.collect())
}

#[test]
fn joint_densities_lack_what_weighs_nothing_and_no_more() {
    let count = 6;
    let logs: Vec<f64> = (0..count).map(|k| -1.0 - k as f64).collect();
    for d in [15, 16, 17, 40, 65] {
        for rows in [17, 32, 100, 256] {
            for (apart, sparse) in [(1.0, false), (300.0, true)] {
                let (columns, gaussians) = clustered(d, rows, count, apart);
                let mut scratch = Scratch::default();
                scratch.give(vec![f64::NAN; 100_000]);
                let mut all = vec![0.0; count * rows];
                log_densities(&gaussians, &columns, rows, &mut all, &mut scratch);
                for (row, log) in all.chunks_exact_mut(rows).zip(&logs) {
                    row.iter_mut().for_each(|value| *value += log);
                }
                let mut some = vec![f64::NAN; count * rows];
                log_joint(&gaussians, &logs, &columns, rows, &mut some, &mut scratch);
                let mut left_out = 0;
                for i in 0..rows {
                    let column = all[i..].iter().step_by(rows);
                    let largest = column.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
                    for (k, log) in logs.iter().enumerate() {
                        let (value, whole) = (some[k * rows + i], all[k * rows + i]);
                        if value == f64::NEG_INFINITY {
                            left_out += 1;
                            assert!(whole < largest - 42.0 + log);
                        } else {
                            assert_eq!(value, whole);
                        }
                    }
                }
                // Five of six components are far from every row.
                let most = d >= 16 && rows >= 32 && sparse;
                assert_eq!(left_out > count * rows / 2, most, "{d} {rows} {left_out}");
                for component in some.chunks_exact(rows) {
                    assert!(component.iter().any(|value| value.is_finite()));
                }
            }
        }
    }
}

/// A component far from all rows keeps the likeliest, and rows that are no numbers stay without density.
#[test]
fn joint_densities_of_strange_rows_and_components() {
    let (d, rows, count) = (16, 64, 6);
    let (mut columns, mut gaussians) = clustered(d, rows, count, 300.0);
    gaussians[5] = Gaussian::from_matrix(vec![1e4; d], gaussians[5].covariance()).unwrap();
    columns[40] = f64::NAN;
    columns[3 * rows + 41] = f64::INFINITY;
    let mut out = vec![0.0; count * rows];
    let logs = vec![0.0; count];
    let mut scratch = Scratch::default();
    log_joint(&gaussians, &logs, &columns, rows, &mut out, &mut scratch);
    let finite = |k: usize| {
        out[k * rows..(k + 1) * rows]
            .iter()
            .filter(|v| v.is_finite())
    };
    assert_eq!(finite(5).count(), 1);
    for k in 0..count {
        assert_eq!(out[k * rows + 40], f64::NEG_INFINITY);
        assert_eq!(out[k * rows + 41], f64::NEG_INFINITY);
    }
}
