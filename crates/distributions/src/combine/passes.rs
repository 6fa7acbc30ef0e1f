//! Passes over all rows, for estimates without an iterate.

use super::fixed_point::fixed_point;
use crate::{BLOCK_ROWS, Batch, Component, Coordinates, EstimateError, Scratch, View};

/// The statistic of all rows under `component`, block by block.
pub(crate) fn accumulated<C: Component>(
    component: &C,
    xs: Batch<'_, C::Space>,
    weights: &[f64],
) -> C::Statistics {
    let mut statistics = component.empty_statistics();
    let mut scratch = Scratch::default();
    for start in (0..xs.len()).step_by(BLOCK_ROWS) {
        let end = (start + BLOCK_ROWS).min(xs.len());
        let block = xs.block(start..end);
        let mut prepared = scratch.take(component.prepared_width() * (end - start));
        component.prepare(block, &mut prepared);
        component.accumulate_batch(
            &mut statistics,
            block,
            &prepared,
            &weights[start..end],
            &mut scratch,
        );
        scratch.give(prepared);
    }
    statistics
}

/// The weighted maximum-likelihood estimate of a component whose statistic depends on the iterate:
/// its M-steps repeated over all rows, from `start` on, to their fixed point.
pub(super) fn repeated<C: Component + Coordinates>(
    start: C,
    xs: Batch<'_, C::Space>,
    weights: &[f64],
) -> Result<C, EstimateError> {
    fixed_point(start, |current| {
        let next = current.maximize(&accumulated(current, xs, weights))?;
        Ok((next, 1.0))
    })
}
