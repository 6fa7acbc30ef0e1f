//! The complete-data log-densities ln π_k + ln p_k(x_i) of a fit and of its neighbours, block by block.

use crate::init::MixtureData;
use crate::mixture::Mixture;
use crate::responsibilities::{At, Responsibilities, Soft};
use crate::set::ComponentSet;
use crate::weights::WeightModel;
use distributions::{BLOCK_ROWS, Batch, Density, Scratch, View};
use std::ops::Range;

/// One block under the fit; matrices are K × rows.
pub struct Block<'a, 's, S: ComponentSet, W: WeightModel> {
    xs: Batch<'a, <Mixture<S, W> as Density>::Space>,
    model: &'s Mixture<S, W>,
    prepared: &'s [f64],
    /// ln π_k + ln p_k(x_i) of the fit.
    pub log_joint: &'s [f64],
    /// w_i r_ik; 0 in rows of weight 0.
    pub shares: &'s [f64],
    /// w_i.
    pub weights: &'s [f64],
}

impl<S: ComponentSet, W: WeightModel> Block<'_, '_, S, W> {
    /// ln π_k + ln p_k(x_i) of a neighbour.
    pub fn log_joint_of(&self, model: &Mixture<S, W>, into: &mut [f64], scratch: &mut Scratch) {
        if model.shares_preparation(self.model) {
            return model.log_joint_matrix(self.xs, self.prepared, into, scratch);
        }
        let mut prepared = scratch.take(model.prepared_width() * self.weights.len());
        model.prepare(self.xs, &mut prepared);
        model.log_joint_matrix(self.xs, &prepared, into, scratch);
        scratch.give(prepared);
    }
}

/// Calls `use_block` with the blocks of `rows`, in order.
pub fn for_each_block<S: ComponentSet, W: WeightModel>(
    model: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    rows: Range<usize>,
    mut use_block: impl FnMut(&Block<'_, '_, S, W>, &mut Scratch),
) {
    let mut scratch = Scratch::default();
    for start in rows.clone().step_by(BLOCK_ROWS) {
        let end = (start + BLOCK_ROWS).min(rows.end);
        let (block, size) = (data.block(start..end), end - start);
        let mut prepared = scratch.take(model.prepared_width() * size);
        model.prepare(block.xs, &mut prepared);
        let mut log_joint = scratch.take_dirty(model.len() * size);
        let mut shares = scratch.take_dirty(model.len() * size);
        let mut weights = scratch.take_dirty(size);
        model.log_joint_matrix(block.xs, &prepared, &mut log_joint, &mut scratch);
        shares.copy_from_slice(&log_joint);
        block.restrict(&mut shares);
        Soft.assign(At::default(), &mut shares, &mut weights);
        for (i, weight) in weights.iter_mut().enumerate() {
            *weight = block.row_weight(i);
        }
        for row in shares.chunks_exact_mut(size) {
            for (share, &weight) in row.iter_mut().zip(&weights[..]) {
                *share = if weight > 0.0 { *share * weight } else { 0.0 };
            }
        }
        let seen = Block {
            xs: block.xs,
            model,
            prepared: &prepared,
            log_joint: &log_joint,
            shares: &shares,
            weights: &weights,
        };
        use_block(&seen, &mut scratch);
        scratch.give(weights);
        scratch.give(shares);
        scratch.give(log_joint);
        scratch.give(prepared);
    }
}

/// The number of rows of data, and whether there are none.
pub fn all_rows<V: View>(xs: V) -> Range<usize> {
    0..xs.len()
}
