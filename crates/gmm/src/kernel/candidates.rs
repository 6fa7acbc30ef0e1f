//! The E-step of a block of which each row belongs to one component or a few.
//!
//! [`Bounds`] tell which component is likeliest for a row, its home. Where the bound of no other comes within [`GAP`] of the
//! density under the home, the row belongs to its home alone: a density and a row of moments, whatever the number of
//! components. For the others, shared rows, the components whose bound comes so near are scored too. Rows are taken
//! component by component, so that those of one are worked on together.

use super::bounds::{Bounds, PROBE};
use super::discriminants::Projection;
use super::full_block::{Block, Components};
use super::group::{Group, List, add};
use super::sparse::GAP;
use distributions::simd::exp_slice;
use distributions::{AlignedBuffer, BLOCK_ROWS, Scratch};
use em::Tally;
use pulp::bytemuck::cast_slice_mut;
use std::ops::Range;

/// Blocks of fewer rows would be probed for more than they are worth.
pub(super) const LEAST: usize = 32 * PROBE;

/// e^−42, see [`GAP`].
const NEGLIGIBLE: f64 = 6e-19;

/// What the E-step knows of each row.
struct State<'a> {
    block: Block<'a>,
    bounds: Bounds,
    /// ln π_k + ln p_k(x_i) of the home.
    density: AlignedBuffer,
    /// The largest of all components.
    largest: AlignedBuffer,
    /// w_i / Σ_k exp(ln π_k + ln p_k(x_i) − largest).
    factors: AlignedBuffer,
    /// Rows that may belong to several components, home by home, and where each home begins.
    shared: List,
    starts: AlignedBuffer,
    tally: Tally,
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

/// The E-step, with bounds from so many coordinates.
pub(super) fn expect(
    block: Block<'_>,
    (projection, width): (&Projection, usize),
    into: &mut Components<'_>,
    scratch: &mut Scratch,
) -> Tally {
    let rows = block.rows();
    let mut state = State {
        block,
        bounds: Bounds::new(block, projection, width, scratch),
        density: scratch.take_dirty(rows),
        largest: scratch.take_dirty(rows),
        factors: scratch.take_dirty(rows),
        shared: List::new(rows, scratch),
        starts: scratch.take(into.gaussians.len() + 1),
        tally: Tally::default(),
    };
    state.by_home(into, scratch);
    if !state.shared.rows().is_empty() {
        let mut pairs = state.pairs(into, scratch);
        state.normalise(&mut pairs);
        state.add_shared(&pairs, into, scratch);
        for buffer in [pairs.starts, pairs.values] {
            scratch.give(buffer);
        }
        pairs.rows.give(scratch);
    }
    state.shared.give(scratch);
    for buffer in [state.starts, state.factors, state.largest, state.density] {
        scratch.give(buffer);
    }
    state.bounds.give(scratch);
    state.tally
}

impl State<'_> {
    /// Scores all rows under their homes, and adds those that belong there alone.
    fn by_home(&mut self, into: &mut Components<'_>, scratch: &mut Scratch) {
        let (rows, count) = (self.block.rows(), into.gaussians.len());
        let mut starts = scratch.take(count + 2);
        let mut order = scratch.take_dirty(rows.div_ceil(2));
        let order_of_rows: &mut [u32] = &mut cast_slice_mut(&mut order)[..rows];
        self.bounds.leave_out(|row| self.block.weight(row) == 0.0);
        sort(self.bounds.homes(), &mut starts, order_of_rows);
        for k in 0..count {
            // None is ever left without any weight because it explains little.
            if starts[k] == starts[k + 1] {
                self.bounds.keep_one(k);
            }
        }
        for k in 0..count {
            let own = &order_of_rows[starts[k] as usize..starts[k + 1] as usize];
            for rows in own.chunks(BLOCK_ROWS) {
                self.add_alone(k, rows, into, scratch);
            }
            self.starts[k + 1] = self.shared.rows().len() as f64;
        }
        scratch.give(order);
        scratch.give(starts);
    }
    /// The same for at most [`BLOCK_ROWS`] rows of one home.
    fn add_alone(
        &mut self,
        k: usize,
        rows: &[u32],
        into: &mut Components<'_>,
        scratch: &mut Scratch,
    ) {
        let gaussian = &into.gaussians[k];
        let mut values = scratch.take_dirty(rows.len());
        let group = Group::read(self.block, rows, scratch);
        let log_weight = into.log_weights[k];
        group.score(gaussian, log_weight, &mut values, scratch);
        group.give(scratch);
        for (&density, &row) in values.iter().zip(rows) {
            self.density[row as usize] = density;
            self.largest[row as usize] = density;
        }
        let (seconds, densities): (&[f64], &[f64]) = (&self.bounds.seconds, &values);
        let is_alone = |n: usize, row: u32| seconds[row as usize] < densities[n] - GAP;
        let mut alone = List::new(rows.len(), scratch);
        alone.extend(rows, is_alone);
        self.shared.extend(rows, |n, row| !is_alone(n, row));
        let mut weights = scratch.take_dirty(alone.rows().len());
        let (mut sum, mut tally) = (0.0, Tally::default());
        for (own, &row) in weights.iter_mut().zip(alone.rows()) {
            let weight = self.block.weight(row);
            *own = weight;
            sum += weight;
            let term = weight * self.density[row as usize];
            tally.objective += term;
            tally.magnitude += term.abs();
        }
        self.tally.merge(&tally);
        if sum > 0.0 {
            into.counts[k] += sum;
            let scatter = &mut into.scatters[k];
            add(
                self.block,
                alone.rows(),
                &weights,
                sum,
                gaussian,
                scatter,
                scratch,
            );
        }
        for buffer in [weights, values] {
            scratch.give(buffer);
        }
        alone.give(scratch);
    }
    /// Scores the shared rows under all components that their bounds leave.
    fn pairs(&mut self, into: &Components<'_>, scratch: &mut Scratch) -> Pairs {
        let (count, shared) = (into.gaussians.len(), self.shared.rows());
        let mut pairs = Pairs {
            rows: List::new(count * shared.len(), scratch),
            values: scratch.take_dirty(count * shared.len()),
            starts: scratch.take(count + 1),
        };
        for (k, gaussian) in into.gaussians.iter().enumerate() {
            let own = self.starts[k] as usize..self.starts[k + 1] as usize;
            let home = pairs.rows.rows().len();
            pairs.rows.extend(&shared[own.clone()], |_, _| true);
            let others = pairs.rows.rows().len();
            let (bounds, density) = (&self.bounds, &*self.density);
            let near = |_, row: u32| !(bounds.get(k, row) < density[row as usize] - GAP);
            pairs.rows.extend(&shared[..own.start], near);
            pairs.rows.extend(&shared[own.end..], near);
            let rows = pairs.rows.rows();
            pairs.starts[k + 1] = rows.len() as f64;
            for (value, &row) in pairs.values[home..others].iter_mut().zip(&rows[home..]) {
                *value = density[row as usize];
            }
            let log_weight = into.log_weights[k];
            let values = pairs.values[others..rows.len()].chunks_mut(BLOCK_ROWS);
            for (rows, values) in rows[others..].chunks(BLOCK_ROWS).zip(values) {
                let group = Group::read(self.block, rows, scratch);
                group.score(gaussian, log_weight, values, scratch);
                group.give(scratch);
                for (&value, &row) in values.iter().zip(rows) {
                    let largest = &mut self.largest[row as usize];
                    *largest = value.max(*largest);
                }
            }
        }
        pairs
    }
    /// Replaces densities by their exponentials beside the largest of the row, and adds the log-likelihood of the shared
    /// rows.
    fn normalise(&mut self, pairs: &mut Pairs) {
        for &row in self.shared.rows() {
            let largest = &mut self.largest[row as usize];
            // Where nothing explains the row, all exponentials are 0.
            *largest = largest.max(f64::MIN);
            self.factors[row as usize] = 0.0;
        }
        let rows = pairs.rows.rows();
        let values = &mut pairs.values[..rows.len()];
        for (value, &row) in values.iter_mut().zip(rows) {
            *value -= self.largest[row as usize];
        }
        exp_slice(values);
        for (&value, &row) in values.iter().zip(rows) {
            self.factors[row as usize] += value;
        }
        for &row in self.shared.rows() {
            let (at, weight) = (row as usize, self.block.weight(row));
            let sum = self.factors[at];
            let density = self.largest[at] + if sum == 1.0 { 0.0 } else { sum.ln() };
            self.factors[at] = if sum > 0.0 { weight / sum } else { 0.0 };
            let term = weight * density;
            self.tally.objective += term;
            self.tally.magnitude += term.abs();
            if !term.is_finite() {
                let first = self.tally.unexplained.unwrap_or(at);
                self.tally.unexplained = Some(first.min(at));
            }
        }
    }
    /// Adds the shared rows to every component of which they have a share that changes anything.
    fn add_shared(&self, pairs: &Pairs, into: &mut Components<'_>, scratch: &mut Scratch) {
        for (k, gaussian) in into.gaussians.iter().enumerate() {
            let (rows, values) = (&pairs.rows.rows()[pairs.of(k)], &pairs.values[pairs.of(k)]);
            let mut kept = List::new(rows.len(), scratch);
            let mut least = NEGLIGIBLE * into.log_weights[k].exp();
            kept.extend(rows, |n, _| values[n] >= least);
            if kept.rows().is_empty() && into.counts[k] == 0.0 {
                least = values.iter().fold(0.0, |a, &b| b.max(a));
                kept.extend(rows, |n, _| values[n] >= least);
            }
            let mut weights = scratch.take_dirty(kept.rows().len());
            let own = rows
                .iter()
                .zip(values)
                .filter(|(_, value)| **value >= least);
            for (weight, (&row, &value)) in weights.iter_mut().zip(own) {
                *weight = value * self.factors[row as usize];
            }
            let weights_of = weights.chunks(BLOCK_ROWS);
            for (rows, weights) in kept.rows().chunks(BLOCK_ROWS).zip(weights_of) {
                let sum = weights.iter().sum::<f64>();
                if sum > 0.0 {
                    into.counts[k] += sum;
                    let scatter = &mut into.scatters[k];
                    add(self.block, rows, weights, sum, gaussian, scatter, scratch);
                }
            }
            scratch.give(weights);
            kept.give(scratch);
        }
    }
}

/// Writes the rows home by home, and where each home begins, and the end.
fn sort(homes: &[f64], starts: &mut [f64], order: &mut [u32]) {
    for &home in homes {
        starts[home as usize] += 1.0;
    }
    let mut end = 0.0;
    for start in starts.iter_mut() {
        end += *start;
        *start = end;
    }
    // From the last row on, so that each is put before those after it.
    for (i, &home) in homes.iter().enumerate().rev() {
        let start = &mut starts[home as usize];
        *start -= 1.0;
        order[*start as usize] = i as u32;
    }
}
