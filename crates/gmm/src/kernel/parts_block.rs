//! The E-step of a block under diagonal covariances, or full ones of some columns, part after part of its rows. Moments are added
//! lane by lane, so that sums over lanes and updates of the statistics are paid once for all parts.

use super::block::total;
use super::diagonal_moments::add_diagonals;
use super::expect::Block;
use super::moments::{self, add_moments, vectors_of_triangle};
use super::number::Number;
use super::objective::{Objective, all_small};
use super::parts_moments::Finish;
use super::prefetch::{Ahead, Memory};
use super::quadratic::{self, Form};
use super::responsibilities::{PIECE, responsibilities};
use crate::scatter::Scatter;
use distributions::Scratch;
use distributions::simd::instruction_set::arch;
use em::Tally;
use pulp::bytemuck::cast_slice_mut;
use pulp::{Simd, WithSimd};
use std::f64::consts::LOG2_E;
use std::mem::take;
use std::ops::Range;

/// The most vectors of moments of all components: they stay in the second-level cache beside a part.
const MOST_VECTORS: usize = 8192;

/// Beyond it few components have a row to themselves, and others need not be looked at.
const MOST_COLUMNS: usize = 15;

/// Whether blocks of so many columns and components are worked on so where whole scatters are wanted.
pub(super) fn serves_full(d: usize, components: usize) -> bool {
    d <= MOST_COLUMNS && components * vectors_of_triangle(d) <= MOST_VECTORS
}

/// From the beginning of a column of so many rows to that of the next: an odd number of cache lines, so that lines of neighbouring
/// columns do not push each other out.
fn stride<N: Number>(rows: usize) -> usize {
    ((rows / N::LANES) | 1) * N::LANES
}

/// A block whose rows are read by `read`: it writes the columns of some rows, each beginning so many numbers after the one
/// before, with zeros after the rows.
pub(super) struct Parts<'a, G, F> {
    pub block: &'a Block<'a, G>,
    /// Whether whole scatters are wanted.
    pub full: bool,
    /// How many rows make a part, a multiple of [`PIECE`].
    pub part_rows: usize,
    pub read: F,
    /// Where they come from.
    pub memory: Memory,
}

/// What is worked on.
struct Room<'a, N> {
    constants: &'a mut [N],
    origins: &'a mut [N],
    weights: Option<&'a [N]>,
    shifts: &'a mut [N],
    sums: &'a mut [N],
    columns: &'a mut [N],
    exponents: &'a mut [N],
    z: &'a mut [N],
    strip: &'a mut [N],
    lanes: &'a mut [N],
}

impl<G, F> Parts<'_, G, F> {
    /// Adds the block to the statistics, and writes the weight of each component. `None` where a number is too large, a row
    /// too far away, or a mean too far from that of its rows, and nothing was added.
    pub(super) fn expect<N: Number>(
        &self,
        into: &mut [Scatter],
        counts: &mut [f64],
        scratch: &mut Scratch,
    ) -> Option<Tally>
    where
        G: Form<N>,
        F: Fn(Range<usize>, &mut [N], usize, &mut Scratch),
    {
        let (count, d) = (self.block.components.len(), self.block.dimension());
        let wide = self.block.rows.next_multiple_of(PIECE);
        let part = self.part_rows.min(wide);
        let (vectors, strip, size) = match self.full {
            true => (vectors_of_triangle(d), moments::room::<N>(part), d * d),
            false => (2 * d, 0, d),
        };
        let (lanes, z) = (count * vectors * N::LANES, quadratic::room::<N>(d));
        let lengths = [
            count,
            count * d,
            wide,
            wide,
            wide,
            stride::<N>(part) * d,
            part * count,
            z,
            strip,
            lanes,
        ];
        // Each begins on a cache line.
        let begins = |length: usize| length.next_multiple_of(N::LANES);
        let all = lengths.iter().map(|&length| begins(length)).sum::<usize>();
        let mut buffer = scratch.take_dirty(all * size_of::<N>() / size_of::<f64>());
        let mut moments = scratch.take_dirty(count * (d + size));
        let mut logs = scratch.take_dirty(wide);
        let mut origin = scratch.take_dirty(d);
        let mut rest: &mut [N] = cast_slice_mut(&mut buffer);
        let [
            constants,
            origins,
            weights,
            shifts,
            sums,
            columns,
            exponents,
            z,
            strip,
            lanes,
        ] = lengths.map(|length| {
            let (part, after) = take(&mut rest).split_at_mut(begins(length));
            rest = after;
            &mut part[..length]
        });
        let mut room = Room {
            constants,
            origins,
            weights: self.block.write_weights(weights),
            shifts,
            sums,
            columns,
            exponents,
            z,
            strip,
            lanes,
        };
        let tally = self
            .work(&mut room, counts, scratch)
            .and_then(|()| self.tally(&room, &mut logs));
        let (sums, squares) = moments.split_at_mut(count * d);
        let tally = tally.filter(|_| {
            arch().dispatch(Finish {
                block: self.block,
                full: self.full,
                lanes: room.lanes,
                origins: room.origins,
                counts,
                sums,
                squares,
                origin: &mut origin,
                into,
            })
        });
        for buffer in [origin, logs, moments, buffer] {
            scratch.give(buffer);
        }
        tally
    }
    /// Responsibilities and moments of all parts.
    fn work<N: Number>(
        &self,
        room: &mut Room<'_, N>,
        counts: &mut [f64],
        scratch: &mut Scratch,
    ) -> Option<()>
    where
        G: Form<N>,
        F: Fn(Range<usize>, &mut [N], usize, &mut Scratch),
    {
        let Block {
            components, logs, ..
        } = *self.block;
        let d = self.block.dimension();
        for (k, component) in components.iter().enumerate() {
            room.constants[k] = N::of(-logs[k] * LOG2_E);
            room.origins[k * d..(k + 1) * d].copy_from_slice(component.mean());
        }
        room.lanes.fill(N::ZERO);
        counts.fill(0.0);
        if !all_small(room.origins) {
            return None;
        }
        for first in (0..self.block.rows).step_by(self.part_rows) {
            let rows = first..(first + self.part_rows).min(self.block.rows);
            let rows_of_part = rows.len();
            let wide = rows.len().next_multiple_of(PIECE);
            let stride = stride::<N>(wide);
            let columns = &mut room.columns[..d * stride];
            (self.read)(rows, columns, stride, scratch);
            let at = first..first + wide;
            let next = first + rows_of_part..first + 2 * rows_of_part;
            arch().dispatch(Part {
                ahead: (self.memory).ahead(next, components.len() * wide / N::LANES),
                components,
                constants: room.constants,
                origins: room.origins,
                columns,
                weights: room.weights.map(|weights| &weights[at.clone()]),
                shifts: &mut room.shifts[at.clone()],
                sums: &mut room.sums[at],
                exponents: &mut room.exponents[..components.len() * wide],
                z: room.z,
                full: self.full,
                strip: room.strip,
                lanes: room.lanes,
                counts,
            });
        }
        Some(())
    }
    fn tally<N: Number>(&self, room: &Room<'_, N>, logs: &mut [f64]) -> Option<Tally> {
        let rows = self.block.rows;
        let objective = Objective {
            shifts: &room.shifts[..rows],
            sums: &room.sums[..rows],
            weights: self.block.row_weights,
            base: self.block.base,
            least: self.block.least,
            logs,
        };
        objective.tally()
    }
}

/// The E-step of a part.
struct Part<'a, N, G> {
    components: &'a [G],
    /// −log₂ of the constants.
    constants: &'a [N],
    origins: &'a [N],
    columns: &'a [N],
    weights: Option<&'a [N]>,
    shifts: &'a mut [N],
    sums: &'a mut [N],
    exponents: &'a mut [N],
    z: &'a mut [N],
    full: bool,
    strip: &'a mut [N],
    lanes: &'a mut [N],
    counts: &'a mut [f64],
    /// A share for each vector of the exponents.
    ahead: Ahead,
}

impl<N: Number, G: Form<N>> WithSimd for Part<'_, N, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (rows, constants) = (self.shifts.len(), self.constants);
        let half = N::splat(simd, N::of(0.5 * LOG2_E));
        let ahead = &self.ahead;
        quadratic::quadratic_forms(
            simd,
            self.components,
            self.columns,
            rows,
            self.exponents,
            self.z,
            // Outside, it would be compiled without the instruction set.
            #[inline(always)]
            |k, form| {
                ahead.ask();
                N::mul_add(simd, half, form, N::splat(simd, constants[k]))
            },
        );
        let (exponents, weights) = (&mut *self.exponents, self.weights);
        responsibilities::<S, N>(simd, exponents, weights, self.shifts, self.sums);
        for (count, weights) in self.counts.iter_mut().zip(exponents.chunks_exact(rows)) {
            *count += total(simd, weights);
        }
        if !self.full {
            let (origins, columns) = (self.origins, self.columns);
            return add_diagonals(simd, origins, columns, exponents, rows, self.lanes);
        }
        let d = self.origins.len() / self.counts.len();
        let components = exponents
            .chunks_exact(rows)
            .zip(self.origins.chunks_exact(d));
        let lanes = self
            .lanes
            .chunks_exact_mut(vectors_of_triangle(d) * N::LANES);
        for ((weights, origin), lanes) in components.zip(lanes) {
            add_moments(simd, origin, self.columns, weights, lanes, self.strip);
        }
    }
}
