//! The E-step over all the data.

use crate::data::Data;
use crate::model::{LatentModel, Tally};
use crate::responsibilities::At;
use crate::workspace::Workspace;
use distributions::Batch;
use std::ops::Range;

/// The E-step: for every block of rows, scores it under all components, turns the scores into
/// responsibilities
///
/// r_ik = π_k p_k(x_i) / Σ_j π_j p_j(x_i),
///
/// and adds the rows, weighted by w_i r_ik, to the statistics; no N × K array is written. The merged
/// statistics stand in the workspace, for the M-step; the returned tally holds the log-likelihood
/// Σ w_i ln Σ_k π_k p_k(x_i) (or the objective of another rule).
pub fn e_step<M: LatentModel<R>, R: Sync + ?Sized>(
    model: &M,
    data: Data<'_, Batch<'_, M::Space>>,
    iteration: usize,
    rule: &R,
    workspace: &mut Workspace<M::Statistics>,
) -> Tally {
    let chunks = 0..workspace.chunks();
    e_step_of(model, data, iteration, rule, workspace, chunks)
}

/// The same over some chunks of the rows, whose merged statistics stand in the workspace.
pub(crate) fn e_step_of<M: LatentModel<R>, R: Sync + ?Sized>(
    model: &M,
    data: Data<'_, Batch<'_, M::Space>>,
    iteration: usize,
    rule: &R,
    workspace: &mut Workspace<M::Statistics>,
    chunks: Range<usize>,
) -> Tally {
    workspace.run_chunks(chunks, |slot| {
        let (end, chunk) = (slot.rows.end, data.block(slot.rows.clone()));
        let size = model.block_rows(chunk.xs);
        for start in slot.rows.clone().step_by(size) {
            let block = data.block(start..(start + size).min(end));
            let at = At {
                iteration,
                row: start,
            };
            let tally = model.expect(block, at, rule, &mut slot.statistics, &mut slot.scratch);
            slot.tally.merge(&tally);
        }
    })
}
