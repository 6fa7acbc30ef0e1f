//! E-steps of rows that few components explain, against plain sums of densities.

use super::column_bounds::ColumnBounds;
use super::*;
use crate::kernel::expect::{Way, expect};
use crate::kernel::prefetch::Ahead;
use crate::kernel::sparse::GAP;
use distributions::simd::instruction_set::{InstructionSet, run_in};
use distributions::{RowsView, Statistics};
use em::stream;
use rand::RngExt;

struct Problem {
    gaussians: Vec<Gaussian>,
    log_weights: Vec<f64>,
    d: usize,
    values: Vec<f64>,
}

impl Problem {
    /// Correlated components with means `apart` deviations from each other in every column, rows around them, and one row
    /// in twenty on the way from one to the next.
    fn new(d: usize, count: usize, rows: usize, apart: f64) -> Self {
        let mut rng = stream((d + count) as u64, 12);
        let mut uniform = move || rng.random::<f64>() - 0.5;
        let mut gaussian = || {
            let mean: Vec<f64> = (0..d).map(|_| 4.0 * apart * uniform()).collect();
            let mut lower: Vec<f64> = (0..d * d).map(|_| uniform() / (d as f64).sqrt()).collect();
            (0..d).for_each(|j| lower[j * d + j] += 1.0);
            let covariance = crate::linalg::from_eigen(&lower, &vec![1.0; d], d);
            Gaussian::from_matrix(mean, covariance).unwrap()
        };
        let gaussians: Vec<Gaussian> = (0..count).map(|_| gaussian()).collect();
        let mut values = vec![0.0; rows * d];
        for (i, row) in values.chunks_exact_mut(d).enumerate() {
            let share = if i % 20 == 0 {
                0.5 + 0.1 * uniform()
            } else {
                0.0
            };
            let (from, to) = (
                gaussians[i * 7 % count].mean(),
                gaussians[(i * 7 + 1) % count].mean(),
            );
            for (value, (from, to)) in row.iter_mut().zip(from.iter().zip(to)) {
                *value = from + share * (to - from) + 3.0 * uniform();
            }
        }
        let all: f64 = (1..=count).map(|k| k as f64).sum();
        Problem {
            gaussians,
            log_weights: (1..=count).map(|k| (k as f64 / all).ln()).collect(),
            d,
            values,
        }
    }
    /// The same without correlations.
    fn diagonal(mut self) -> Self {
        for gaussian in &mut self.gaussians {
            let covariance = (0..self.d * self.d).map(|at| match at % (self.d + 1) {
                0 => gaussian.variance(at / self.d),
                _ => 0.0,
            });
            let mean = gaussian.mean().to_vec();
            *gaussian = Gaussian::from_matrix(mean, covariance.collect()).unwrap();
        }
        self
    }
    /// Everything somewhere else.
    fn shift(&mut self, offset: f64) {
        for gaussian in &mut self.gaussians {
            let mean = gaussian.mean().iter().map(|m| m + offset).collect();
            *gaussian = Gaussian::from_matrix(mean, gaussian.covariance()).unwrap();
        }
        self.values.iter_mut().for_each(|x| *x += offset);
    }
    fn rows(&self) -> Block<'_> {
        Block {
            values: &self.values,
            d: self.d,
            weights: None,
        }
    }
    /// Statistics of nothing.
    fn scatters(&self) -> Vec<Scatter> {
        let full = matches!(self.gaussians[0].factor(), Factor::Lower { .. });
        vec![Scatter::new(self.d, full); self.gaussians.len()]
    }
    fn expect(&self, row_weights: Option<&[f64]>) -> (Vec<Scatter>, Vec<f64>, Tally) {
        let count = self.gaussians.len();
        let mut into = self.scatters();
        let mut counts = vec![f64::NAN; count];
        let mut scratch = Scratch::default();
        // Numbers left in scratch must not matter.
        (0..8).for_each(|_| scratch.give(vec![f64::NAN; 300_000]));
        let xs = MatrixView::from(RowsView::new(&self.values, self.d));
        let block = self.block(xs, row_weights, &mut counts);
        let own = Discriminants::default();
        let full = into[0].is_full();
        let way = Way::of(&self.gaussians, full, None, &own).unwrap();
        assert!(matches!(way, Way::Full(_) | Way::Parts(Some(_))));
        let tally = expect(way, &self.gaussians, block, &mut into, &mut scratch);
        (into, counts, tally.unwrap())
    }
    fn block<'a, T: Real>(
        &'a self,
        xs: MatrixView<'a, T>,
        row_weights: Option<&'a [f64]>,
        counts: &'a mut [f64],
    ) -> SoftBlock<'a, MatrixView<'a, T>> {
        SoftBlock {
            log_weights: &self.log_weights,
            xs,
            row_weights,
            counts,
            cache: None,
        }
    }
    /// Whether there are few candidates for its rows.
    fn is_sparse(&self) -> bool {
        let (own, mut counts) = (Discriminants::default(), vec![0.0; self.gaussians.len()]);
        let xs = MatrixView::from(RowsView::new(&self.values, self.d));
        let mut block = self.block(xs, None, &mut counts);
        let (into, scratch) = (&mut self.scatters(), &mut Scratch::default());
        expect_few(DOUBLE, &self.gaussians, &own, &mut block, into, scratch).is_some()
    }
    /// The same, row after row.
    fn check(&self, row_weights: Option<&[f64]>) {
        let (parts, counts, tally) = self.expect(row_weights);
        let mut plain = self.scatters();
        let (mut objective, mut magnitude) = (0.0, 0.0);
        for (i, x) in self.values.chunks_exact(self.d).enumerate() {
            let weight = row_weights.map_or(1.0, |weights| weights[i]);
            let pairs = self.gaussians.iter().zip(&self.log_weights);
            let joint: Vec<f64> = pairs.map(|(g, log)| g.log_density(x) + log).collect();
            let all = distributions::special::log_sum_exp(&joint);
            objective += weight * all;
            magnitude += (weight * all).abs();
            for (into, log) in plain.iter_mut().zip(joint) {
                let share = weight * (log - all).exp();
                if share > 0.0 {
                    into.add(x, share);
                }
            }
        }
        assert_eq!(tally.unexplained, None);
        // Some roundings of each term.
        assert!((tally.objective - objective).abs() <= 1e-14 * magnitude);
        assert!((tally.magnitude - magnitude).abs() <= 1e-14 * magnitude);
        for (part, (plain, count)) in parts.iter().zip(plain.iter().zip(&counts)) {
            let weight = plain.weight();
            assert!((part.weight() - weight).abs() <= 1e-13 * (1.0 + weight));
            assert!((count - weight).abs() <= 1e-13 * (1.0 + weight));
            for (a, b) in part.mean().iter().zip(plain.mean()) {
                assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} {b}");
            }
            for (a, b) in part.matrix().iter().zip(plain.matrix()) {
                // Of squares of up to 300 deviations, a rounding of each.
                assert!((a - b).abs() <= 1e-11 * (1.0 + b.abs()), "{a} {b}");
            }
        }
    }
}

#[test]
fn statistics_and_likelihood_are_those_of_plain_loops() {
    for (d, count) in [(16, 10), (17, 12), (40, 20)] {
        for rows in [512, 777, 1500] {
            for (apart, sparse) in [(0.1, false), (3.0, true), (20.0, true)] {
                let problem = Problem::new(d, count, rows, apart);
                assert_eq!(problem.is_sparse(), sparse, "{d} {count} {apart}");
                problem.check(None);
                // Every component keeps some of its rows.
                let weights: Vec<f64> = (0..rows).map(|i| (i % 7) as f64 / 4.0).collect();
                problem.check(Some(&weights));
            }
        }
    }
}

/// Under diagonal covariances bounds are of columns as they are.
#[test]
fn diagonal_statistics_and_likelihood_are_those_of_plain_loops() {
    for (d, count) in [(70, 30), (129, 12)] {
        for rows in [777, 1500] {
            // Others are not worked on so.
            assert!(!Problem::new(d, count, rows, 0.1).diagonal().is_sparse());
            for apart in [20.0, 40.0] {
                let problem = Problem::new(d, count, rows, apart).diagonal();
                assert!(problem.is_sparse(), "{d} {count} {apart}");
                problem.check(None);
                let weights: Vec<f64> = (0..rows).map(|i| (i % 7) as f64 / 4.0).collect();
                problem.check(Some(&weights));
            }
        }
    }
}

/// Rows of single precision are worked on as those of double precision are, where few components explain them.
#[test]
fn rows_of_single_precision_have_the_same_statistics() {
    let full = [0.1, 3.0].map(|apart| Problem::new(40, 20, 777, apart));
    let diagonal = [0.1, 20.0].map(|apart| Problem::new(67, 30, 777, apart).diagonal());
    let sparse = [false, true].into_iter().cycle();
    for (mut problem, sparse) in full.into_iter().chain(diagonal).zip(sparse) {
        // Where rows on the way from one component to another are few.
        let d = problem.d;
        (200..777)
            .step_by(20)
            .for_each(|i| problem.values.copy_within((i - 1) * d..i * d, i * d));
        let singles: Vec<f32> = problem.values.iter().map(|&x| x as f32).collect();
        problem.values = singles.iter().map(|&x| f64::from(x)).collect();
        let weights: Vec<f64> = (0..777).map(|i| (i % 7) as f64 / 4.0).collect();
        for row_weights in [None, Some(&weights[..])] {
            let mut into = problem.scatters();
            let mut counts = vec![f64::NAN; into.len()];
            let own = Discriminants::default();
            let xs = MatrixView::from(RowsView::new(&singles, problem.d));
            let mut block = problem.block(xs, row_weights, &mut counts);
            let scratch = &mut Scratch::default();
            let few = expect_few(
                SINGLE,
                &problem.gaussians,
                &own,
                &mut block,
                &mut into,
                scratch,
            );
            assert_eq!(few.is_some(), sparse);
            if let Some(few) = few {
                assert_eq!((into, counts, few), problem.expect(row_weights));
            } else {
                assert!(into.iter().all(|scatter| scatter.weight() == 0.0));
            }
        }
    }
}

/// Bounds are never below what they bound, but for rounding.
#[test]
fn projections_bound_densities() {
    for problem in [(16, 4), (30, 9), (40, 20)].map(|(d, k)| Problem::new(d, k, 600, 3.0)) {
        let (d, count) = (problem.d, problem.gaussians.len());
        let directions = Directions::of(&problem.gaussians).unwrap();
        let width = directions.coordinates();
        assert_eq!(width, (count - 1).min(16));
        let mut columns = vec![0.0; width * 600];
        let row = |i: usize| &problem.values[i * d..(i + 1) * d];
        directions.project(600, row, &mut columns, 600);
        let mut least = f64::INFINITY;
        for i in 0..600 {
            let z: Vec<f64> = (0..width).map(|l| columns[l * 600 + i]).collect();
            for (k, gaussian) in problem.gaussians.iter().enumerate() {
                let own = &directions.components()[k];
                let bound = own.log_density(&z) + directions.constants()[k];
                let density = gaussian.log_density(row(i));
                assert!(bound >= density - 1e-12 * density.abs());
                least = (bound - density).min(least);
            }
        }
        // They are not trivial either: the columns that are left out hold some squares each.
        assert!(least < d as f64);
    }
}

/// Bounds from columns are rounded to single precision, and are bounds all the same, wherever rows and means are; homes without
/// bounds are of the nearest mean.
#[test]
fn columns_bound_densities() {
    let cases = [
        (16, 5.0, 0.0),
        // Of all columns, so that they are nearly what they bound, with coordinates of which single precision leaves little.
        (16, 1e3, 0.0),
        (40, 20.0, 1e3),
        (67, 40.0, 1e8),
    ];
    for (d, apart, offset) in cases {
        let mut problem = Problem::new(d, 9, 600, apart).diagonal();
        problem.shift(offset);
        // Rows far from everything, and where squares of single precision overflow.
        problem.values[5] += 1e6;
        problem.values[7 * d + 3] = 1e25;
        let columns = Columns::of(&problem.gaussians).unwrap();
        let [few, many] = columns.picks();
        let scratch = &mut Scratch::default();
        let mut bounds = ColumnBounds::new(many, &problem.gaussians, 600, scratch);
        bounds.write(problem.rows(), &Ahead::nothing());
        let mut guesses = ColumnBounds::new(few, &problem.gaussians, 600, scratch);
        guesses.write(problem.rows(), &Ahead::nothing());
        let mut least = f64::INFINITY;
        for (i, row) in problem.values.chunks_exact(d).enumerate() {
            let home = bounds.homes()[i] as usize;
            for (k, gaussian) in problem.gaussians.iter().enumerate() {
                let density = gaussian.log_density(row);
                let bound = bounds.get(k, i as u32);
                assert!(
                    bound >= density.max(-1.1e30),
                    "{d} {i} {k} {bound} {density}"
                );
                assert!(k == home || bounds.second(i as u32) >= bound.max(-1.1e30));
                least = (bound - density).min(least);
            }
            let square = |gaussian: &Gaussian| {
                let ways = few.columns().iter().map(|own| {
                    let way = row[own.column] - gaussian.mean()[own.column];
                    (way * own.scale()).powi(2)
                });
                ways.sum::<f64>()
            };
            let all: Vec<f64> = problem.gaussians.iter().map(square).collect();
            let nearest = all.iter().copied().fold(f64::INFINITY, f64::min);
            let home = all[guesses.homes()[i] as usize];
            // Some roundings of the squares of coordinates; rows far from everything are not told apart.
            assert!(
                home <= nearest + 1e-6 * apart * apart || nearest > 1e20,
                "{home} {nearest}"
            );
            assert_eq!(guesses.second(i as u32), f64::INFINITY);
        }
        assert!(least < d as f64, "{least}");
    }
}

/// Up to its reach, nothing but a component explains a row; a little further, something may.
#[test]
fn nothing_else_is_within_reach() {
    let mut rng = stream(5, 12);
    for (d, apart) in [(16, 8.0), (40, 20.0)] {
        let problem = Problem::new(d, 7, 8, apart).diagonal();
        let columns = Columns::of(&problem.gaussians).unwrap();
        let reaches = columns.reaches(&problem.log_weights, &mut Scratch::default());
        assert!(reaches.iter().filter(|&&reach| reach > 0.0).count() > 3);
        for (k, gaussian) in problem.gaussians.iter().enumerate() {
            let reach = reaches[k].max(0.0).sqrt();
            let mut nearest = f64::INFINITY;
            for n in 0..2000 {
                // Every second towards another mean, where it is nearest.
                let other = problem.gaussians[(k + 1 + n % 6) % 7].mean();
                let mut way: Vec<f64> = (0..d)
                    .map(|j| match n % 2 {
                        0 => rng.random::<f64>() - 0.5,
                        _ => other[j] - gaussian.mean()[j] + 0.1 * (rng.random::<f64>() - 0.5),
                    })
                    .collect();
                let squares = way.iter().enumerate();
                let length: f64 = squares.map(|(j, w)| w * w / gaussian.variance(j)).sum();
                for (j, w) in way.iter_mut().enumerate() {
                    *w = gaussian.mean()[j] + *w * reach * (1.0 - 1e-9) / length.sqrt();
                }
                let density = gaussian.log_density(&way) + problem.log_weights[k];
                let others = problem.gaussians.iter().enumerate();
                for (_, other) in others.filter(|&(other, _)| other != k) {
                    nearest = nearest.min(density - other.log_density(&way));
                }
            }
            if reach > 0.0 {
                assert!(nearest >= GAP - 1e-6, "{d} {k}: {nearest}");
            }
        }
    }
}

/// Of very many components nothing is known but bounds.
#[test]
fn very_many_components_have_no_reach() {
    // Each has a row of its own.
    let problem = Problem::new(32, 590, 1180, 20.0).diagonal();
    let columns = Columns::of(&problem.gaussians).unwrap();
    let reaches = columns.reaches(&problem.log_weights, &mut Scratch::default());
    assert!(reaches.iter().all(|&reach| reach < 0.0));
    assert!(problem.is_sparse());
    problem.check(None);
}

/// Where rows lie so far from the mean of the component that they belong to that squares about it lose digits, they are taken
/// about their own mean.
#[test]
fn rows_far_from_the_mean_keep_their_digits() {
    let mut problem = Problem::new(32, 6, 900, 1e3).diagonal();
    let mut rng = stream(6, 12);
    // Thirty deviations away, where the means are a thousand from each other.
    for (i, row) in problem.values.chunks_exact_mut(32).enumerate() {
        for (x, mean) in row.iter_mut().zip(problem.gaussians[i % 6].mean()) {
            *x = mean + 30.0 + 1e-3 * rng.random::<f64>();
        }
    }
    let (parts, ..) = problem.expect(None);
    let mut plain = problem.scatters();
    for (i, row) in problem.values.chunks_exact(32).enumerate() {
        plain[i % 6].add(row, 1.0);
    }
    for (part, plain) in parts.iter().zip(&plain) {
        assert_eq!(part.weight(), plain.weight());
        for j in 0..32 {
            let (a, b) = (part.square(j), plain.square(j));
            // Rows of a thousand are known to 1e-13, a ten thousandth of 1e-9 of their deviations; squares about the mean of the
            // component would have left 1e-6.
            assert!((a - b).abs() <= 1e-8 * b, "{a} {b}");
        }
    }
}

/// Components of one mean have no direction in which their means differ.
#[test]
fn components_about_one_mean_are_no_candidates() {
    let mut problem = Problem::new(16, 5, 600, 3.0);
    let mean = problem.gaussians[0].mean().to_vec();
    for gaussian in &mut problem.gaussians {
        *gaussian = Gaussian::from_matrix(mean.clone(), gaussian.covariance()).unwrap();
    }
    assert!(Discriminants::default().of(&problem.gaussians).is_none());
    problem.check(None);
}

/// A component far from all rows keeps the likeliest, with the share that it has.
#[test]
fn no_component_is_left_without_a_row() {
    let full = Problem::new(16, 5, 700, 3.0);
    let diagonal = Problem::new(64, 5, 700, 20.0).diagonal();
    // Twenty deviations from the first, and further from the others: a share of some e^−200.
    for (mut problem, way) in [(full, 5.0), (diagonal, 2.5)] {
        let first = &problem.gaussians[0];
        let mean = first.mean().iter().map(|m| m + way).collect();
        let far = Gaussian::from_matrix(mean, first.covariance()).unwrap();
        problem.gaussians.push(far);
        problem.log_weights.push(problem.log_weights[0]);
        assert!(problem.is_sparse());
        let (parts, counts, _) = problem.expect(None);
        assert!(counts[5] > 0.0 && counts[5] < 1e-30, "{}", counts[5]);
        assert_eq!(parts[5].weight(), counts[5]);
    }
}

/// Rows that are no numbers, or too far away, are told of; without weight they change nothing.
#[test]
fn strange_rows() {
    let full = || Problem::new(16, 5, 700, 3.0);
    let diagonal = || Problem::new(64, 20, 700, 20.0).diagonal();
    let problems = [f64::NAN, f64::INFINITY, 1e200]
        .into_iter()
        .flat_map(|strange| [(full(), strange), (diagonal(), strange)]);
    for (mut problem, strange) in problems {
        let d = problem.d;
        let weights: Vec<f64> = (0..700).map(|i| f64::from(u8::from(i != 321))).collect();
        let (parts, ..) = problem.expect(Some(&weights));
        problem.values[321 * d + 3] = strange;
        assert!(problem.is_sparse());
        let (_, _, tally) = problem.expect(None);
        assert_eq!(tally.unexplained, Some(321));
        let (others, _, tally) = problem.expect(Some(&weights));
        assert_eq!(tally.unexplained, None);
        for (a, b) in parts.iter().zip(&others) {
            assert!((a.weight() - b.weight()).abs() < 1e-10);
            for (a, b) in a.matrix().iter().zip(b.matrix()) {
                assert!((a - b).abs() <= 1e-10 * (1.0 + b.abs()), "{a} {b}");
            }
        }
    }
}

#[test]
fn instruction_sets_agree_about_candidates() {
    let full = Problem::new(19, 10, 600, 3.0);
    let diagonal = Problem::new(67, 20, 600, 20.0).diagonal();
    let weights: Vec<f64> = (0..600).map(|i| (i % 7) as f64 / 4.0).collect();
    for &set in InstructionSet::ALL {
        if run_in(set) {
            for problem in [&full, &diagonal] {
                assert!(problem.is_sparse());
                problem.check(None);
                problem.check(Some(&weights));
            }
        }
    }
    assert!(run_in(InstructionSet::Widest));
}
