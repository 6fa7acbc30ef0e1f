//! Rows that several components may explain: scored under all that their bounds leave.

use super::group::{List, add};
use super::{Block, Components};
use crate::kernel::sparse::GAP;
use distributions::simd::exp_slice;
use distributions::{AlignedBuffer, BLOCK_ROWS, Scratch};
use em::Tally;
use std::ops::Range;

/// e^−42, see [`GAP`].
const NEGLIGIBLE: f64 = 6e-19;

/// What is known of the rows of a block.
pub(super) trait Candidates {
    /// The component under which the row was scored first.
    fn home(&self, row: u32) -> usize;
    /// What ln p_k(x_i) is at most.
    fn bound(&self, k: usize, row: u32) -> f64;
    /// Writes ln π_k + ln p_k(x_i) of at most [`BLOCK_ROWS`] rows.
    fn score(&self, k: usize, rows: &[u32], values: &mut [f64], scratch: &mut Scratch);
}

/// Shared rows that may belong to a component, component after component.
struct Pairs {
    rows: List,
    /// ln π_k + ln p_k(x_i), then its exponential beside the largest of the row.
    values: AlignedBuffer,
    /// Where the rows of each component begin, and the end.
    starts: AlignedBuffer,
}

impl Pairs {
    fn of(&self, k: usize) -> Range<usize> {
        self.starts[k] as usize..self.starts[k + 1] as usize
    }
}

/// The E-step of these rows of a block. `densities` are those under the homes; afterwards ln p(x_i) of these rows.
pub(super) fn expect(
    block: Block<'_>,
    shared: &[u32],
    candidates: &impl Candidates,
    densities: &mut [f64],
    into: &mut Components<'_>,
    scratch: &mut Scratch,
) -> Tally {
    if shared.is_empty() {
        return Tally::default();
    }
    let count = into.gaussians.len();
    let mut pairs = pairs(shared, candidates, densities, count, scratch);
    let mut factors = scratch.take_dirty(block.rows());
    let tally = normalise(block, shared, &mut pairs, densities, &mut factors, scratch);
    add_shares(block, &pairs, &factors, into, scratch);
    for buffer in [factors, pairs.starts, pairs.values] {
        scratch.give(buffer);
    }
    pairs.rows.give(scratch);
    tally
}

/// The rows with the components that their bounds leave.
fn pairs(
    shared: &[u32],
    candidates: &impl Candidates,
    densities: &[f64],
    count: usize,
    scratch: &mut Scratch,
) -> Pairs {
    let mut pairs = Pairs {
        rows: List::new(count * shared.len(), scratch),
        values: scratch.take_dirty(count * shared.len()),
        starts: scratch.take(count + 1),
    };
    for k in 0..count {
        let home = pairs.rows.rows().len();
        let all = shared.iter().copied();
        let at_home = |_, row: u32| candidates.home(row) == k;
        pairs.rows.extend(all.clone(), at_home);
        let others = pairs.rows.rows().len();
        let near = |_, row: u32| {
            let least = densities[row as usize] - GAP;
            (candidates.home(row) != k) & !(candidates.bound(k, row) < least)
        };
        pairs.rows.extend(all, near);
        let rows = pairs.rows.rows();
        pairs.starts[k + 1] = rows.len() as f64;
        for (value, &row) in pairs.values[home..others].iter_mut().zip(&rows[home..]) {
            *value = densities[row as usize];
        }
        let values = pairs.values[others..rows.len()].chunks_mut(BLOCK_ROWS);
        for (rows, values) in rows[others..].chunks(BLOCK_ROWS).zip(values) {
            candidates.score(k, rows, values, scratch);
        }
    }
    pairs
}

/// Replaces joint densities by their exponentials beside the largest of the row, and writes w_i / Σ_k of these to `factors` and
/// ln p(x_i) to `densities`. The log-likelihood of the rows.
fn normalise(
    block: Block<'_>,
    shared: &[u32],
    pairs: &mut Pairs,
    densities: &mut [f64],
    factors: &mut [f64],
    scratch: &mut Scratch,
) -> Tally {
    let rows = pairs.rows.rows();
    let values = &mut pairs.values[..rows.len()];
    let mut largest = scratch.take_dirty(block.rows());
    for &row in shared {
        // Where nothing explains the row, all exponentials are 0.
        largest[row as usize] = f64::MIN;
        factors[row as usize] = 0.0;
    }
    for (&value, &row) in values.iter().zip(rows) {
        let largest = &mut largest[row as usize];
        *largest = value.max(*largest);
    }
    for (value, &row) in values.iter_mut().zip(rows) {
        *value -= largest[row as usize];
    }
    exp_slice(values);
    for (&value, &row) in values.iter().zip(rows) {
        factors[row as usize] += value;
    }
    let mut tally = Tally::default();
    for &row in shared {
        let (at, weight) = (row as usize, block.weight(row));
        let sum = factors[at];
        let density = largest[at] + if sum == 1.0 { 0.0 } else { sum.ln() };
        densities[at] = density;
        factors[at] = if sum > 0.0 { weight / sum } else { 0.0 };
        let term = weight * density;
        tally.objective += term;
        tally.magnitude += term.abs();
        if !term.is_finite() {
            let first = tally.unexplained.unwrap_or(at);
            tally.unexplained = Some(first.min(at));
        }
    }
    scratch.give(largest);
    tally
}

/// Adds the rows to every component of which they have a share that changes anything.
fn add_shares(
    block: Block<'_>,
    pairs: &Pairs,
    factors: &[f64],
    into: &mut Components<'_>,
    scratch: &mut Scratch,
) {
    for (k, gaussian) in into.gaussians.iter().enumerate() {
        let (rows, values) = (&pairs.rows.rows()[pairs.of(k)], &pairs.values[pairs.of(k)]);
        let mut kept = List::new(rows.len(), scratch);
        let least = NEGLIGIBLE * into.log_weights[k].exp();
        kept.extend(rows.iter().copied(), |n, _| values[n] >= least);
        let mut weights = scratch.take_dirty(kept.rows().len());
        let own = rows.iter().zip(values);
        let own = own.filter(|(_, value)| **value >= least);
        for (weight, (&row, &value)) in weights.iter_mut().zip(own) {
            *weight = value * factors[row as usize];
        }
        let weights_of = weights.chunks(BLOCK_ROWS);
        for (rows, weights) in kept.rows().chunks(BLOCK_ROWS).zip(weights_of) {
            let sum = weights.iter().sum::<f64>();
            if sum > 0.0 {
                into.counts[k] += sum;
                let scatter = &mut into.scatters[k];
                add(block, rows, weights, sum, gaussian, scatter, scratch);
            }
        }
        scratch.give(weights);
        kept.give(scratch);
    }
}
