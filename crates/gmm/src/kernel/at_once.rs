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
    /// The same with one covariance for all, of a condition that does not grow with d.
    fn tied(d: usize, rows: usize, apart: f64) -> Self {
        let mut problem = Problem::new(d, rows, true, apart);
        let mut rng = stream(d as u64, 12);
        let mut lower: Vec<f64> = (0..d * d)
            .map(|_| (rng.random::<f64>() - 0.5) / (d as f64).sqrt())
            .collect();
        (0..d).for_each(|j| lower[j * d + j] = 1.0);
        let covariance = crate::linalg::from_eigen(&lower, &vec![1.0; d], d);
        let first = Gaussian::from_matrix(vec![0.0; d], covariance).unwrap();
        for gaussian in &mut problem.gaussians {
            *gaussian = first.clone().at_mean(gaussian.mean().to_vec());
        }
        problem
    }
    fn expect(&self, full: bool, row_weights: Option<&[f64]>) -> Option<(Vec<Scatter>, f64)> {
        self.expect_of(None, full, row_weights)
    }
    /// With the sum of the scatters in place of each, where they have one covariance.
    fn expect_pooled(&self, row_weights: Option<&[f64]>) -> Option<(Vec<Scatter>, f64)> {
        let common = CommonFactor::of(&self.gaussians).unwrap();
        assert!(common.scores().is_some());
        self.expect_of(Some(&common), true, row_weights)
    }
    fn expect_of(
        &self,
        common: Option<&CommonFactor>,
        full: bool,
        row_weights: Option<&[f64]>,
    ) -> Option<(Vec<Scatter>, f64)> {
        let mut into = vec![Scatter::new(self.d, full); COMPONENTS];
        let mut counts = vec![0.0; COMPONENTS];
        let mut scratch = Scratch::default();
        // Numbers left in scratch must not matter.
        (0..4).for_each(|_| scratch.give(vec![f64::NAN; 100_000]));
        let own = Discriminants::default();
        let way = Way::of(&self.gaussians, full, common, &own).unwrap();
        let block = SoftBlock {
            log_weights: &self.log_weights,
            xs: MatrixView::from(RowsView::new(&self.values, self.d)),
            row_weights,
            counts: &mut counts,
            cache: None,
        };
        let tally = expect(way, &self.gaussians, block, &mut into, &mut scratch)?;
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
        self.compare(&parts, &plain, objective, expected);
    }
    fn check_pooled(&self, row_weights: Option<&[f64]>) {
        let (mut parts, objective) = self.expect_pooled(row_weights).unwrap();
        let (mut plain, expected) = self.plain(true, row_weights);
        for parts in [&mut parts, &mut plain] {
            let all: Vec<Vec<f64>> = parts.iter().map(Scatter::matrix).collect();
            for (k, part) in parts.iter_mut().enumerate() {
                let (mean, weight) = (part.mean().to_vec(), part.weight());
                part.clear();
                part.add(&mean, weight);
                if k == 0 {
                    all.iter().for_each(|squares| part.add_squares(squares));
                }
            }
        }
        self.compare(&parts, &plain, objective, expected);
    }
    fn compare(&self, parts: &[Scatter], plain: &[Scatter], objective: f64, expected: f64) {
        // Some roundings of each of a thousand terms of size 10 to 100.
        let rows = self.values.len() / self.d;
        let bound = 1e-13 * rows as f64;
        assert!((objective - expected).abs() <= bound * self.d as f64);
        for (part, plain) in parts.iter().zip(plain) {
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
        for d in (1..=12).chain([15, 31, 40]) {
            for full in [false, true] {
                for diagonal in [false, true] {
                    if if full { d > 15 } else { !diagonal && d > 4 } {
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

#[test]
fn of_one_covariance_the_sum_of_the_scatters_is_that_of_plain_loops() {
    for rows in [7, 33, 256, 300, 1024] {
        let weights: Vec<f64> = (0..rows).map(|i| (i % 4) as f64 / 2.0).collect();
        for d in (5..=12).chain([31, 33, 40, 130]) {
            let problem = Problem::tied(d, rows, 3.0 / (d as f64).sqrt());
            problem.check_pooled(None);
            if rows > 7 {
                problem.check_pooled(Some(&weights));
            }
        }
    }
}

/// Rows of `f32`, and of every second column of a table, are those of the same numbers.
#[test]
fn rows_in_any_layout_are_the_same_to_one_covariance() {
    let mut problem = Problem::tied(9, 300, 1.0);
    let floats: Vec<f32> = problem.values.iter().map(|&x| x as f32).collect();
    problem.values = floats.iter().map(|&x| f64::from(x)).collect();
    let common = CommonFactor::of(&problem.gaussians).unwrap();
    let expected = problem.expect_pooled(None).unwrap();
    let mut into = vec![Scatter::new(9, true); COMPONENTS];
    let block = SoftBlock {
        log_weights: &problem.log_weights,
        xs: MatrixView::strided(&floats, 300, 9, 9, 1).unwrap(),
        row_weights: None,
        counts: &mut [0.0; COMPONENTS],
        cache: None,
    };
    let scratch = &mut Scratch::default();
    let own = Discriminants::default();
    let way = Way::of(&problem.gaussians, true, Some(&common), &own).unwrap();
    let tally = expect(way, &problem.gaussians, block, &mut into, scratch).unwrap();
    assert_eq!((into, tally.objective), expected);
}

/// Rows far from the means that they are given to: moments about these means would cancel, and are taken anew or left to
/// another way.
#[test]
fn a_mean_far_from_its_rows_costs_no_digits() {
    for (d, full) in [(2, true), (3, false), (6, false), (6, true)] {
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
    for (d, full) in [(2, true), (2, false), (6, false), (6, true)] {
        for strange in [f64::NAN, f64::INFINITY, 1e200] {
            let mut problem = Problem::new(d, 40, !full, 3.0);
            problem.values[d] = strange;
            assert!(problem.expect(full, None).is_none());
        }
    }
    for strange in [f64::NAN, f64::INFINITY, 1e200] {
        let mut problem = Problem::tied(6, 40, 3.0);
        problem.values[7] = strange;
        assert!(problem.expect_pooled(None).is_none());
    }
    // One row has no scatter.
    assert!(Problem::tied(6, 1, 3.0).expect_pooled(None).is_none());
    // All rows a long way from components that differ: what lies between these is most of the scatter.
    let mut problem = Problem::tied(6, 40, 3.0);
    for (i, x) in problem.values.iter_mut().enumerate() {
        *x = if i / 6 < 20 { 1e4 } else { -1e4 } + 1e-3 * (i % 5) as f64;
    }
    assert!(problem.expect_pooled(None).is_none());
}

#[test]
fn instruction_sets_agree_at_once() {
    for &set in InstructionSet::ALL {
        if run_in(set) {
            for d in [1, 2, 4, 7, 8, 13] {
                Problem::new(d, 100, false, 3.0).check(true, None);
            }
            Problem::new(9, 300, true, 3.0).check(false, None);
            for d in [5, 9, 24, 35] {
                Problem::tied(d, 300, 1.0).check_pooled(None);
            }
        }
    }
    assert!(run_in(InstructionSet::Widest));
}
