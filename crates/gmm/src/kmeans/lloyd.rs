//! Lloyd's steps.

use super::assign::{Assignment, Known};
use super::distances::{squared_distance, squared_distance_of};
use super::rows::{ALL, CentredRows};
use super::sums::ClusterSums;
use crate::matrix::Real;
use distributions::BLOCK_ROWS;
use distributions::simd::instruction_set::arch;
use em::Workspace;
use pulp::{Simd, WithSimd};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where Lloyd's steps ended.
pub(super) struct Run {
    /// K × d.
    pub(super) centres: Vec<f64>,
    pub(super) labels: Vec<u32>,
    pub(super) inertia: f64,
    pub(super) iterations: usize,
    pub(super) converged: bool,
}

/// When steps end.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) most: usize,
    /// The sum of the squares of the centres' moves.
    pub(super) tolerance: f64,
}

/// Steps from these centres, until no label changes or centres hardly move.
pub(super) fn run<T: Real>(
    rows: &CentredRows<'_, '_, T>,
    mut centres: Vec<f64>,
    end: End,
    threads: usize,
) -> Run {
    let d = rows.dimension();
    let clusters = centres.len() / d;
    let mut labels = vec![0; rows.len()];
    let mut until = vec![f32::NEG_INFINITY; rows.len()];
    let mut lost = vec![0.0; clusters];
    let mut sums = ClusterSums::new(clusters, d);
    let mut workspace = Workspace::new(rows.view, &sums, threads);
    let (mut iterations, mut converged) = (0, false);
    loop {
        let assignment = Assignment::new(&centres, d, &lost, iterations == 0, rows.stand());
        let changed = assign(rows, &assignment, &mut labels, &mut until, &mut workspace);
        // What no label left is where the step before it stays.
        converged |= iterations > 0 && !changed.changed();
        if converged || iterations == end.most {
            break;
        }
        distributions::Statistics::merge(&mut sums, changed);
        sums.tidy();
        if sums.is_stale() {
            sums = sums_of(rows, &labels, &mut workspace);
        }
        let next = means(rows, &sums, &labels, &centres, &mut workspace);
        let moves: Vec<f64> = (next.chunks_exact(d).zip(centres.chunks_exact(d)))
            .map(|(new, old)| squared_distance(new, old))
            .collect();
        centres = next;
        iterations += 1;
        converged = moves.iter().sum::<f64>() <= end.tolerance;
        lose(&mut lost, &moves);
    }
    Run {
        inertia: inertia(rows, &labels, &centres, &mut workspace),
        centres,
        labels,
        iterations,
        converged,
    }
}

/// Adds to each cluster what margins of its rows lose at most when the squares of the centres' moves are these.
fn lose(lost: &mut [f64], squares: &[f64]) {
    // The fastest, and the fastest but for it.
    let (mut fastest, mut first, mut second) = (0, 0.0, 0.0);
    for (k, &square) in squares.iter().enumerate() {
        if square > first {
            (second, first, fastest) = (first, square, k);
        } else if square > second {
            second = square;
        }
    }
    for (k, (lost, &own)) in lost.iter_mut().zip(squares).enumerate() {
        let other = if k == fastest { second } else { first };
        // More than all roundings here and in the squares.
        *lost += (own.sqrt() + other.sqrt()) * (1.0 + 1e-12) + f64::MIN_POSITIVE.sqrt();
    }
}

/// The chunk that begins with a row, of what is kept for each.
fn chunk_of<'a, C>(
    chunks: &'a [Mutex<C>],
    rows: &Range<usize>,
    chunk_rows: usize,
) -> MutexGuard<'a, C> {
    let chunk = &chunks[rows.start / chunk_rows];
    chunk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The nearest centre of each row.
pub(super) fn labels<T: Real>(
    rows: &CentredRows<'_, '_, T>,
    centres: &[f64],
    threads: usize,
) -> Vec<u32> {
    let d = rows.dimension();
    let lost = vec![0.0; centres.len() / d];
    let mut labels = vec![0; rows.len()];
    let mut until = vec![f32::NEG_INFINITY; rows.len()];
    let mut workspace = Workspace::new(rows.view, &ClusterSums::new(lost.len(), d), threads);
    let assignment = Assignment::new(centres, d, &lost, true, rows.stand());
    assign(rows, &assignment, &mut labels, &mut until, &mut workspace);
    labels
}

/// Gives each row the number of its nearest centre; what changed.
fn assign<'w, T: Real>(
    rows: &CentredRows<'_, '_, T>,
    assignment: &Assignment<'_>,
    labels: &mut [u32],
    until: &mut [f32],
    workspace: &'w mut Workspace<ClusterSums>,
) -> &'w ClusterSums {
    let chunk_rows = workspace.chunk_rows();
    let parts = labels
        .chunks_mut(chunk_rows)
        .zip(until.chunks_mut(chunk_rows));
    let chunks: Vec<Mutex<Known<'_>>> = parts
        .map(|(labels, until)| Mutex::new(Known { labels, until }))
        .collect();
    workspace.accumulate(|chunk, changed, scratch| {
        let mut known = chunk_of(&chunks, &chunk, chunk_rows);
        assignment.label(rows, chunk, &mut known, changed, scratch);
    })
}

/// The sums of all rows, from nothing.
fn sums_of<T: Real>(
    rows: &CentredRows<'_, '_, T>,
    labels: &[u32],
    workspace: &mut Workspace<ClusterSums>,
) -> ClusterSums {
    let sums = workspace.accumulate(|chunk, sums, scratch| {
        let mut y = scratch.take_dirty(rows.dimension());
        for row in chunk {
            rows.row(row, &mut y);
            sums.change(&y, rows.weight(row), None, labels[row]);
        }
        scratch.give(y);
    });
    sums.clone()
}

/// The means of the clusters. A centre without rows goes to the row that is furthest from its own centre, the
/// next such centre to the next row.
fn means<T: Real>(
    rows: &CentredRows<'_, '_, T>,
    sums: &ClusterSums,
    labels: &[u32],
    centres: &[f64],
    workspace: &mut Workspace<ClusterSums>,
) -> Vec<f64> {
    let mut means = sums.means();
    let empty = sums.empty();
    if empty.is_empty() {
        return means;
    }
    let d = rows.dimension();
    let far: Vec<(f64, usize)> = each_chunk(rows, workspace, |chunk| {
        let mut far = Vec::new();
        squares(rows, chunk, labels, centres, |row, square| {
            if rows.weight(row) > 0.0 {
                far.push((square, row));
            }
        });
        furthest(far, empty.len())
    })
    .concat();
    for (&k, (_, row)) in empty.iter().zip(furthest(far, empty.len())) {
        rows.row(row, &mut means[k * d..(k + 1) * d]);
    }
    means
}

/// The first of these rows by falling distance, then by number.
fn furthest(mut rows: Vec<(f64, usize)>, most: usize) -> Vec<(f64, usize)> {
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    rows.truncate(most);
    rows
}

fn inertia<T: Real>(
    rows: &CentredRows<'_, '_, T>,
    labels: &[u32],
    centres: &[f64],
    workspace: &mut Workspace<ClusterSums>,
) -> f64 {
    let parts = each_chunk(rows, workspace, |chunk| {
        let mut sum = 0.0;
        squares(rows, chunk, labels, centres, |row, square| {
            let weight = rows.weight(row);
            if weight > 0.0 {
                sum += weight * square;
            }
        });
        sum
    });
    parts.iter().sum()
}

/// What `of` makes of each chunk, in their order.
fn each_chunk<T: Real, R: Clone + Default + Send>(
    rows: &CentredRows<'_, '_, T>,
    workspace: &mut Workspace<ClusterSums>,
    of: impl Fn(Range<usize>) -> R + Sync,
) -> Vec<R> {
    let chunk_rows = workspace.chunk_rows();
    let count = rows.len().div_ceil(chunk_rows);
    let results: Vec<Mutex<R>> = (0..count).map(|_| Mutex::default()).collect();
    workspace.accumulate(|chunk, _, _| {
        let mut result = chunk_of(&results, &chunk, chunk_rows);
        *result = of(chunk);
    });
    let inner = |result: Mutex<R>| result.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().map(inner).collect()
}

/// Calls `each` with every row of a chunk and its squared distance from its centre.
fn squares<T: Real>(
    rows: &CentredRows<'_, '_, T>,
    chunk: Range<usize>,
    labels: &[u32],
    centres: &[f64],
    mut each: impl FnMut(usize, f64),
) {
    let mut room = vec![0.0; BLOCK_ROWS * rows.dimension()];
    let mut squares = [0.0; BLOCK_ROWS];
    for first in chunk.clone().step_by(BLOCK_ROWS) {
        let block = first..chunk.end.min(first + BLOCK_ROWS);
        arch().dispatch(Squares {
            values: rows.picked(first, &ALL[..block.len()], &mut room),
            shift: rows.shift,
            scale: rows.scale,
            labels: &labels[block.clone()],
            centres,
            squares: &mut squares,
        });
        for (row, &square) in block.zip(&squares) {
            each(row, square);
        }
    }
}

/// Squared distances of the rows of a block from their own centres.
struct Squares<'a> {
    values: &'a [f64],
    shift: &'a [f64],
    scale: &'a [f64],
    labels: &'a [u32],
    centres: &'a [f64],
    squares: &'a mut [f64],
}

impl WithSimd for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let d = self.shift.len();
        let rows = self.values.chunks_exact(d).zip(self.labels);
        for ((x, &label), square) in rows.zip(self.squares) {
            let centre = &self.centres[label as usize * d..][..d];
            *square = squared_distance_of(x, self.shift, self.scale, centre);
        }
    }
}
