//! The E-step of a block under covariances with a factor each: by the components that may explain a row, where these are
//! few; else part after part through densities, responsibilities and moments.

use super::candidates;
use super::discriminants::Discriminants;
use super::transpose::transpose;
use super::{accumulate, log_joint};
use crate::gaussian::{Factor, Gaussian};
use crate::matrix::{MatrixView, Real};
use crate::scatter::Scatter;
use distributions::simd::sum;
use distributions::{BLOCK_ROWS, RowsView, Scratch, View};
use em::{At, Responsibilities, Soft, SoftBlock, Tally, weigh};

/// From this number of columns on bounds are cheap beside densities.
const COLUMNS: usize = 16;

/// With fewer components most of the work is not beside the one that explains a row.
const COMPONENTS: usize = 4;

/// How many rows are taken at a time, so that each component has some to itself.
pub(super) const ROWS: usize = 16 * BLOCK_ROWS;

/// Whether this is a way for such components.
pub(super) fn serves(gaussians: &[Gaussian]) -> bool {
    gaussians.len() >= COMPONENTS
        && gaussians[0].dimension() >= COLUMNS
        && (gaussians.iter()).all(|gaussian| matches!(gaussian.factor(), Factor::Lower { .. }))
}

/// The rows of a block, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub values: &'a [f64],
    pub d: usize,
    pub weights: Option<&'a [f64]>,
}

impl<'a> Block<'a> {
    pub(super) fn rows(&self) -> usize {
        self.values.len() / self.d
    }
    pub(super) fn row(&self, row: u32) -> &'a [f64] {
        &self.values[row as usize * self.d..][..self.d]
    }
    pub(super) fn weight(&self, row: u32) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row as usize])
    }
}

/// What a block is scored under and added to.
pub(super) struct Components<'a> {
    pub gaussians: &'a [Gaussian],
    /// ln π_k.
    pub log_weights: &'a [f64],
    pub scatters: &'a mut [Scatter],
    /// N_k, zeros at first.
    pub counts: &'a mut [f64],
}

/// The E-step of the block; see [`em::ComponentSet::expect_block`].
pub(super) fn expect<T: Real>(
    gaussians: &[Gaussian],
    discriminants: &Discriminants,
    block: SoftBlock<'_, MatrixView<'_, T>>,
    scatters: &mut [Scatter],
    scratch: &mut Scratch,
) -> Tally {
    let SoftBlock {
        log_weights,
        xs,
        row_weights,
        counts,
        ..
    } = block;
    let mut copy = None;
    let values = match xs.as_rows() {
        Some(rows) => rows.values(),
        None => {
            let mut values = scratch.take_dirty(xs.len() * xs.width());
            xs.read(&mut values);
            &**copy.insert(values)
        }
    };
    counts.fill(0.0);
    let block = Block {
        values,
        d: xs.width(),
        weights: row_weights,
    };
    let mut into = Components {
        gaussians,
        log_weights,
        scatters,
        counts,
    };
    let few = candidates::expect(block, discriminants, &mut into, scratch);
    let tally = few.unwrap_or_else(|| of_all(block, &mut into, scratch));
    if let Some(copy) = copy {
        scratch.give(copy);
    }
    tally
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
