//! E-steps of blocks at once against plain sums of densities.

use super::*;
use crate::matrix::MatrixView;
use distributions::simd::instruction_set::{InstructionSet, run_in};
use distributions::{Density, RowsView, Statistics};
use em::{SoftBlock, stream};
use rand::RngExt;

const COMPONENTS: usize = 3;

struct Problem {
    gaussians: Vec<Gaussian>,
    log_weights: Vec<f64>,
    d: usize,
    values: Vec<f64>,
}

impl Problem {
    /// Components about `apart` deviations from each other, and rows around them.
    fn new(d: usize, rows: usize, diagonal: bool, apart: f64) -> Self {
        let mut rng = stream(d as u64, 11);
        let mut uniform = move || rng.random::<f64>();
        let gaussians: Vec<Gaussian> = (0..COMPONENTS)
            .map(|_| {
                let mean = (0..d).map(|_| apart * uniform()).collect();
                if diagonal {
                    let variances = (0..d).map(|_| 0.5 + uniform()).collect();
                    return Gaussian::diagonal(mean, variances).unwrap();
                }
                let mut lower: Vec<f64> = (0..d * d).map(|_| uniform() - 0.5).collect();
                (0..d).for_each(|j| lower[j * d + j] += 1.5);
                let covariance = crate::linalg::from_eigen(&lower, &vec![1.0; d], d);
                Gaussian::from_matrix(mean, covariance).unwrap()
            })
            .collect();
        let mut values = vec![0.0; rows * d];
        for (i, row) in values.chunks_exact_mut(d).enumerate() {
            for (value, mean) in row.iter_mut().zip(gaussians[i % COMPONENTS].mean()) {
                *value = mean + 4.0 * uniform() - 2.0;
            }
        }
        Problem {
            gaussians,
            log_weights: [0.2, 0.5, 0.3].iter().map(|w: &f64| w.ln()).collect(),
            d,
            values,
        }
    }
    fn expect(&self, full: bool, row_weights: Option<&[f64]>) -> Option<(Vec<Scatter>, f64)> {
        let mut into = vec![Scatter::new(self.d, full); COMPONENTS];
        let mut counts = vec![0.0; COMPONENTS];
        let mut scratch = Scratch::default();
        // Numbers left in scratch must not matter.
        (0..4).for_each(|_| scratch.give(vec![f64::NAN; 100_000]));
        assert!(serves(&self.gaussians, full));
        let block = SoftBlock {
            log_weights: &self.log_weights,
            xs: MatrixView::from(RowsView::new(&self.values, self.d)),
            row_weights,
            counts: &mut counts,
        };
        let tally = expect(&self.gaussians, block, &mut into, &mut scratch)?;
        for (part, count) in into.iter().zip(&counts) {
            assert!((part.weight() - count).abs() <= 1e-14 * count);
        }
        Some((into, tally.objective))
    }
    /// The same, row after row.
    fn plain(&self, full: bool, row_weights: Option<&[f64]>) -> (Vec<Scatter>, f64) {
        let (mut into, mut objective) = (vec![Scatter::new(self.d, full); COMPONENTS], 0.0);
        for (i, x) in self.values.chunks_exact(self.d).enumerate() {
            let weight = row_weights.map_or(1.0, |weights| weights[i]);
            let pairs = self.gaussians.iter().zip(&self.log_weights);
            let joint: Vec<f64> = pairs.map(|(g, log)| g.log_density(x) + log).collect();
            let all = distributions::special::log_sum_exp(&joint);
            objective += weight * all;
            for (into, log) in into.iter_mut().zip(joint) {
                let share = weight * (log - all).exp();
                if share > 0.0 {
                    into.add(x, share);
                }
            }
        }
        (into, objective)
    }
    fn check(&self, full: bool, row_weights: Option<&[f64]>) {
        let (parts, objective) = self.expect(full, row_weights).unwrap();
        let (plain, expected) = self.plain(full, row_weights);
        // Some roundings of each of a thousand terms of size 10 to 100.
        let rows = self.values.len() / self.d;
        let bound = 1e-13 * rows as f64;
        assert!((objective - expected).abs() <= bound * self.d as f64);
        for (part, plain) in parts.iter().zip(&plain) {
            assert!((part.weight() - plain.weight()).abs() <= bound);
            for (a, b) in part.mean().iter().zip(plain.mean()) {
                assert!((a - b).abs() <= 1e-11, "{} {rows}: {a} {b}", self.d);
            }
            for (a, b) in part.matrix().iter().zip(plain.matrix()) {
                assert!((a - b).abs() <= 1e2 * bound, "{} {rows}: {a} {b}", self.d);
            }
        }
    }
}

#[test]
fn statistics_and_likelihood_are_those_of_plain_loops() {
    for rows in [1, 7, 32, 33, 255, 256, 300, 1024] {
        let weights: Vec<f64> = (0..rows).map(|i| (i % 4) as f64 / 2.0).collect();
        for d in (1..=12).chain([31, 40]) {
            for full in [false, true] {
                for diagonal in [false, true] {
                    if (full || !diagonal) && d > 4 {
                        continue;
                    }
                    let problem = Problem::new(d, rows, diagonal, 3.0);
                    problem.check(full, None);
                    if rows > 7 {
                        problem.check(full, Some(&weights));
                    }
                }
            }
        }
    }
}

/// Rows far from the means that they are given to: moments about these means would cancel, and are taken anew or left to
/// another way.
#[test]
fn a_mean_far_from_its_rows_costs_no_digits() {
    for (d, full) in [(2, true), (3, false), (6, false)] {
        let mut problem = Problem::new(d, 300, !full, 3.0);
        problem.values.iter_mut().for_each(|x| *x += 1e5);
        let plain = problem.plain(full, None).0;
        let Some((parts, _)) = problem.expect(full, None) else {
            assert!(d > 4);
            continue;
        };
        for (part, plain) in parts.iter().zip(&plain) {
            for (a, b) in part.diagonal().iter().zip(plain.diagonal()) {
                // Rows are known to 1e-11 of a deviation.
                assert!((a - b).abs() <= 1e-8 * (1.0 + b), "{d}: {a} {b}");
            }
        }
    }
}

#[test]
fn what_is_no_number_or_too_far_is_refused() {
    for (d, full) in [(2, true), (2, false), (6, false)] {
        for strange in [f64::NAN, f64::INFINITY, 1e200] {
            let mut problem = Problem::new(d, 40, !full, 3.0);
            problem.values[d] = strange;
            assert!(problem.expect(full, None).is_none());
        }
    }
}

/// In one test, as the instruction set is that of the process.
#[test]
fn instruction_sets_agree_at_once() {
    for &set in InstructionSet::ALL {
        if run_in(set) {
            for d in [1, 2, 4] {
                Problem::new(d, 100, false, 3.0).check(true, None);
            }
            Problem::new(9, 300, true, 3.0).check(false, None);
        }
    }
    assert!(run_in(InstructionSet::Widest));
}
