//! The E-step of a block at once.

use super::common_block::CommonBlock;
use super::common_factor::CommonFactor;
use super::full_block;
use super::linear_scores::LinearScores;
use super::narrow::tile_rows;
use super::narrow_block::{self, Columns};
use super::number::Number;
use super::ordered::{self, DOUBLE, Discriminants, expect_few};
use super::parts_block::{self, Parts};
use super::prefetch::Memory;
use super::quadratic::Form;
use super::transpose::transpose_padded;
use crate::gaussian::Gaussian;
use crate::matrix::{MatrixView, Real};
use crate::scatter::Scatter;
use distributions::{BLOCK_ROWS, Scratch, View};
use em::{SoftBlock, Tally};

/// Components and what belongs to the rows of a block, of either precision.
pub(super) struct Block<'a, G> {
    pub components: &'a [G],
    /// ln π_k.
    pub log_weights: &'a [f64],
    /// ln π_k plus the constant of p_k, without `base`.
    pub logs: &'a [f64],
    /// What each ln p(x_i) has besides.
    pub base: f64,
    /// The smallest ln p(x_i), without `base`, that is precise enough.
    pub least: f64,
    pub rows: usize,
    pub row_weights: Option<&'a [f64]>,
    /// What was subtracted from every row, where something was.
    pub centre: &'a [f32],
    /// As `FAR` of [`super::block`].
    pub far: f64,
}

impl<G> Block<'_, G> {
    pub(super) fn dimension<N>(&self) -> usize
    where
        G: Form<N>,
    {
        self.components[0].mean().len()
    }
    /// The weights of the rows, with zeros after the last; `None` where all weigh 1.
    pub(super) fn write_weights<'w, N: Number>(&self, into: &'w mut [N]) -> Option<&'w [N]> {
        let (own, rest) = into.split_at_mut(self.rows);
        match self.row_weights {
            None if rest.is_empty() => return None,
            None => own.fill(N::of(1.0)),
            Some(weights) => {
                let pairs = own.iter_mut().zip(weights);
                pairs.for_each(|(own, &weight)| *own = N::of(weight));
            }
        }
        rest.fill(N::ZERO);
        Some(into)
    }
    /// An origin in the coordinates of the rows.
    pub(super) fn write_origin<N: Number>(&self, origin: &[N], into: &mut [f64]) {
        for (j, (into, &origin)) in into.iter_mut().zip(origin).enumerate() {
            let centre = self.centre.get(j).map_or(0.0, |&centre| f64::from(centre));
            *into = Into::<f64>::into(origin) + centre;
        }
    }
}

/// A way of doing the E-step of a block at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way<'a> {
    /// Few columns.
    Narrow,
    /// One covariance, estimated from the sum of all scatters.
    Common(&'a CommonFactor, &'a LinearScores),
    /// Part after part: diagonal covariances, or full ones of some columns. Where there are many components and columns, those that may
    /// explain a row alone if that takes less.
    Parts(Option<&'a Discriminants>),
    /// Covariances with a factor each.
    Full(&'a Discriminants),
}

impl<'a> Way<'a> {
    /// That for a block under such components, `full` covariances being estimated; with `common`, of the scatters only
    /// their sum is wanted.
    pub(crate) fn of(
        gaussians: &[Gaussian],
        full: bool,
        common: Option<&'a CommonFactor>,
        discriminants: &'a Discriminants,
    ) -> Option<Self> {
        if narrow_block::serves(gaussians[0].dimension(), gaussians.len()) {
            return Some(Way::Narrow);
        }
        if let Some(common) = common {
            return common.scores().map(|scores| Way::Common(common, scores));
        }
        if !full && ordered::are_diagonal(gaussians) {
            let few = ordered::are_many(gaussians).then_some(discriminants);
            return Some(Way::Parts(few));
        }
        if full && parts_block::serves_full(gaussians[0].dimension(), gaussians.len()) {
            return Some(Way::Parts(None));
        }
        (full && full_block::serves(gaussians)).then_some(Way::Full(discriminants))
    }
    /// How many rows it takes at a time: what is done once a block and component then weighs little.
    pub(crate) fn block_rows(self) -> usize {
        match self {
            Way::Full(_) | Way::Common(..) => full_block::ROWS,
            Way::Parts(_) => 16 * BLOCK_ROWS,
            Way::Narrow => 4 * BLOCK_ROWS,
        }
    }
}

/// The E-step of the block under these components; see [`em::ComponentSet::expect_block`]. `None` for rows so far away
/// that numbers overflow; nothing was added then.
pub(crate) fn expect<T: Real>(
    way: Way<'_>,
    gaussians: &[Gaussian],
    mut block: SoftBlock<'_, MatrixView<'_, T>>,
    into: &mut [Scatter],
    scratch: &mut Scratch,
) -> Option<Tally> {
    if let Way::Full(own) | Way::Parts(Some(own)) = way {
        let few = expect_few(DOUBLE, gaussians, own, &mut block, into, scratch);
        if few.is_some() {
            return few;
        }
    }
    if let Way::Full(_) = way {
        return Some(full_block::expect(gaussians, block, into, scratch));
    }
    let SoftBlock {
        log_weights,
        xs,
        row_weights,
        counts,
        cache,
    } = block;
    let (rows, d) = (xs.len(), xs.width());
    let mut logs = scratch.take_dirty(gaussians.len());
    let constants = gaussians.iter().zip(log_weights);
    for (log, (gaussian, log_weight)) in logs.iter_mut().zip(constants) {
        *log = gaussian.log_constant() + log_weight;
    }
    let block = Block {
        components: gaussians,
        log_weights,
        logs: &logs,
        base: 0.0,
        least: f64::MIN,
        rows,
        row_weights,
        centre: &[],
        far: super::block::FAR,
    };
    let memory = Memory::of(xs.as_slice(), d);
    let tally = if let Way::Narrow = way {
        let wide = rows.next_multiple_of(tile_rows::<f64>());
        let mut columns = scratch.take_dirty(d * wide);
        read(xs, &mut columns, wide, scratch);
        let block = Columns {
            block: &block,
            columns: &columns,
            memory,
        };
        let tally = block.expect(into, counts, scratch);
        scratch.give(columns);
        tally
    } else if let Way::Common(common, scores) = way {
        let mut expect = |values: &[f64], scratch: &mut Scratch| {
            let common = CommonBlock {
                block: &block,
                scores,
                centre: common.centre(),
                values,
                cache,
            };
            common.expect(into, counts, scratch)
        };
        match xs.as_rows() {
            Some(rows) => expect(rows.values(), scratch),
            None => {
                let mut values = scratch.take_dirty(rows * d);
                xs.read(&mut values);
                let tally = expect(&values, scratch);
                scratch.give(values);
                tally
            }
        }
    } else {
        let parts = Parts {
            block: &block,
            full: into[0].is_full(),
            part_rows: BLOCK_ROWS,
            memory,
            read: |rows, columns: &mut [f64], wide, scratch: &mut Scratch| {
                read(xs.block(rows), columns, wide, scratch);
            },
        };
        parts.expect(into, counts, scratch)
    };
    scratch.give(logs);
    tally
}

/// Writes the columns of the rows, each `stride` numbers from the one before, with zeros after the rows.
fn read<T: Real>(xs: MatrixView<'_, T>, columns: &mut [f64], stride: usize, scratch: &mut Scratch) {
    match xs.as_rows() {
        Some(rows) => transpose_padded(rows.values(), xs.width(), columns, stride),
        None => {
            let mut values = scratch.take_dirty(xs.len() * xs.width());
            xs.read(&mut values);
            transpose_padded(&values, xs.width(), columns, stride);
            scratch.give(values);
        }
    }
}
