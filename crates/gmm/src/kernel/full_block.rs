//! The E-step of a block under covariances with a factor each: by the components that may explain a row, where these are
//! few; else part after part through densities, responsibilities and moments. Where these components are few, diagonal covariances
//! and rows of single precision take the same way ([`expect_few`]).

use super::bounds::{PROBE, WORTH, width_that_pays};
use super::candidates::{self, LEAST};
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

/// What densities and moments cost in single precision beside double.
const SINGLE: f64 = 0.5;

/// How many rows are taken at a time, so that each component has some to itself.
pub(super) const ROWS: usize = 16 * BLOCK_ROWS;

/// Whether this is a way for such components.
pub(super) fn serves(gaussians: &[Gaussian]) -> bool {
    are_many(gaussians)
        && (gaussians.iter()).all(|gaussian| matches!(gaussian.factor(), Factor::Lower { .. }))
}

/// Whether there are so many components and columns that it may pay to leave some out.
pub(super) fn are_many(gaussians: &[Gaussian]) -> bool {
    gaussians.len() >= COMPONENTS && gaussians[0].dimension() >= COLUMNS
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

impl<'a> Components<'a> {
    fn new(
        gaussians: &'a [Gaussian],
        log_weights: &'a [f64],
        scatters: &'a mut [Scatter],
        counts: &'a mut [f64],
    ) -> Self {
        counts.fill(0.0);
        Components {
            gaussians,
            log_weights,
            scatters,
            counts,
        }
    }
}

/// The E-step of the block; see [`em::ComponentSet::expect_block`].
pub(super) fn expect<T: Real>(
    gaussians: &[Gaussian],
    discriminants: &Discriminants,
    block: SoftBlock<'_, MatrixView<'_, T>>,
    scatters: &mut [Scatter],
    scratch: &mut Scratch,
) -> Tally {
    let (log_weights, counts) = (block.log_weights, block.counts);
    with_rows(block.xs, block.row_weights, scratch, |block, scratch| {
        let mut into = Components::new(gaussians, log_weights, scatters, counts);
        let projection = discriminants.of(gaussians);
        let bounds = projection
            .filter(|_| block.rows() >= LEAST)
            .and_then(|own| {
                let width = width_that_pays(block, own, gaussians, log_weights, WORTH, scratch)?;
                Some((own, width))
            });
        match bounds {
            Some(bounds) => candidates::expect(block, bounds, &mut into, scratch),
            None => of_all(block, &mut into, scratch),
        }
    })
}

/// The same in place of arithmetic in single precision, where bounds leave so few components to a row that it takes less; `None`
/// where they do not, and nothing was added.
pub(crate) fn expect_few_singles<T: Real>(
    gaussians: &[Gaussian],
    discriminants: &Discriminants,
    block: &mut SoftBlock<'_, MatrixView<'_, T>>,
    scatters: &mut [Scatter],
    scratch: &mut Scratch,
) -> Option<Tally> {
    let worth = SINGLE * WORTH;
    expect_few(gaussians, discriminants, block, worth, scatters, scratch)
}

/// The same where bounds, and what they leave, cost less than this share of all.
pub(super) fn expect_few<T: Real>(
    gaussians: &[Gaussian],
    discriminants: &Discriminants,
    block: &mut SoftBlock<'_, MatrixView<'_, T>>,
    worth: f64,
    scatters: &mut [Scatter],
    scratch: &mut Scratch,
) -> Option<Tally> {
    let (rows, d, log_weights) = (block.xs.len(), block.xs.width(), block.log_weights);
    if rows < LEAST {
        return None;
    }
    let projection = discriminants.of(gaussians)?;
    let mut probed = scratch.take_dirty(d * PROBE);
    for (i, row) in probed.chunks_exact_mut(d).enumerate() {
        block
            .xs
            .with_row(i * rows / PROBE, |x| row.copy_from_slice(x));
    }
    let probe = Block {
        values: &probed,
        d,
        weights: None,
    };
    let width = width_that_pays(probe, projection, gaussians, log_weights, worth, scratch);
    scratch.give(probed);
    let bounds = (projection, width?);
    let counts = &mut *block.counts;
    let tally = with_rows(block.xs, block.row_weights, scratch, |block, scratch| {
        let mut into = Components::new(gaussians, log_weights, scatters, counts);
        candidates::expect(block, bounds, &mut into, scratch)
    });
    Some(tally)
}

/// What `of` makes of the rows, in double precision and one after the other.
fn with_rows<T: Real, R>(
    xs: MatrixView<'_, T>,
    weights: Option<&[f64]>,
    scratch: &mut Scratch,
    of: impl FnOnce(Block<'_>, &mut Scratch) -> R,
) -> R {
    let d = xs.width();
    if let Some(rows) = xs.as_rows() {
        let values = rows.values();
        return of(Block { values, d, weights }, scratch);
    }
    let mut copy = scratch.take_dirty(xs.len() * d);
    xs.read(&mut copy);
    let values = &*copy;
    let result = of(Block { values, d, weights }, scratch);
    scratch.give(copy);
    result
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
