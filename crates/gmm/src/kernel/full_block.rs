//! The E-step of a block under covariances with a factor each, part after part: densities, responsibilities and moments.

use super::ordered::{Block, Components, are_many, with_rows};
use super::transpose::transpose;
use super::{accumulate, log_joint};
use crate::gaussian::{Factor, Gaussian};
use crate::matrix::{MatrixView, Real};
use crate::scatter::Scatter;
use distributions::simd::sum;
use distributions::{BLOCK_ROWS, RowsView, Scratch};
use em::{At, Responsibilities, Soft, SoftBlock, Tally, weigh};

/// How many rows are taken at a time, so that each component has some to itself.
pub(super) const ROWS: usize = 16 * BLOCK_ROWS;

/// Whether this is a way for such components.
pub(super) fn serves(gaussians: &[Gaussian]) -> bool {
    are_many(gaussians)
        && (gaussians.iter()).all(|gaussian| matches!(gaussian.factor(), Factor::Lower { .. }))
}

/// The E-step of the block; see [`em::ComponentSet::expect_block`].
pub(super) fn expect<T: Real>(
    gaussians: &[Gaussian],
    block: SoftBlock<'_, MatrixView<'_, T>>,
    scatters: &mut [Scatter],
    scratch: &mut Scratch,
) -> Tally {
    let (log_weights, counts) = (block.log_weights, block.counts);
    with_rows(block.xs, block.row_weights, scratch, |block, scratch| {
        let mut into = Components::new(gaussians, log_weights, scatters, counts);
        of_all(block, &mut into, scratch)
    })
}

/// The E-step of all rows, part after part.
fn of_all(block: Block<'_>, into: &mut Components<'_>, scratch: &mut Scratch) -> Tally {
    let mut all = Tally::default();
    for first in (0..block.rows()).step_by(BLOCK_ROWS) {
        let rows = first..(first + BLOCK_ROWS).min(block.rows());
        let part = Block {
            values: &block.values[rows.start * block.d..rows.end * block.d],
            weights: block.weights.map(|weights| &weights[rows]),
            ..block
        };
        all.merge(&of_part(part, first, into, scratch));
    }
    all
}

/// The E-step of at most [`BLOCK_ROWS`] rows, the first of which is `first` of the block.
fn of_part(
    part: Block<'_>,
    first: usize,
    into: &mut Components<'_>,
    scratch: &mut Scratch,
) -> Tally {
    let (rows, count) = (part.rows(), into.gaussians.len());
    let mut columns = scratch.take_dirty(part.values.len());
    transpose(RowsView::new(part.values, part.d), &mut columns);
    let mut joint = scratch.take_dirty(count * rows);
    let mut value = scratch.take_dirty(rows);
    let (gaussians, logs) = (into.gaussians, into.log_weights);
    log_joint(gaussians, logs, &columns, rows, &mut joint, scratch);
    Soft.assign(At::default(), &mut joint, &mut value);
    let at = At {
        iteration: 0,
        row: first,
    };
    let tally = weigh(part.weights, at, &mut joint, &mut value);
    for (count, weights) in into.counts.iter_mut().zip(joint.chunks_exact(rows)) {
        *count += sum(weights);
    }
    accumulate(into.scatters, gaussians, &columns, &joint, rows, scratch);
    for buffer in [value, joint, columns] {
        scratch.give(buffer);
    }
    tally
}
