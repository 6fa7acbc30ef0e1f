//! The E-step of a block of a few columns: what [`narrow`](super::narrow) makes of the rows, added to the statistics.

use super::block::{far, move_to_mean};
use super::expect::Block;
use super::narrow::{MOST_COLUMNS, Narrow, numbers, pack, tile_rows};
use super::number::Number;
use super::objective::{Objective, all_small};
use super::prefetch::Memory;
use super::quadratic::{Factors, Form};
use crate::scatter::{Moments, Scatter};
use distributions::Scratch;
use distributions::simd::instruction_set::arch;
use em::Tally;
use pulp::bytemuck::cast_slice_mut;
use std::mem::take;
use std::ops::Range;

/// Whether blocks of so many columns and components are worked on so.
pub(crate) fn serves(d: usize, components: usize) -> bool {
    // Tiles of more would leave the second-level cache.
    d <= MOST_COLUMNS && components <= 1024
}

/// A block and its columns, with zeros up to a multiple of [`tile_rows`].
pub(super) struct Columns<'a, N, G> {
    pub block: &'a Block<'a, G>,
    pub columns: &'a [N],
    /// Where the rows come from.
    pub memory: Memory,
}

/// What is worked on.
struct Room<'a, N> {
    dimension: usize,
    full: bool,
    parameters: &'a mut [N],
    origins: &'a mut [N],
    weights: Option<&'a [N]>,
    shifts: &'a mut [N],
    sums: &'a mut [N],
    tile: &'a mut [N],
    lanes: &'a mut [N],
    moments: &'a mut [f64],
}

impl<N: Number, G: Form<N>> Columns<'_, N, G> {
    /// Adds the block to the statistics, and writes the weight of each component. `None` where a number is too large or
    /// a row too far away, and nothing was added.
    pub(super) fn expect(
        &self,
        into: &mut [Scatter],
        counts: &mut [f64],
        scratch: &mut Scratch,
    ) -> Option<Tally> {
        let (count, d) = (self.block.components.len(), self.block.dimension());
        let wide = self.columns.len() / d;
        let is_lower = |component: &G| matches!(component.factor(), Factors::Lower(_));
        let full = into[0].is_full() || self.block.components.iter().any(is_lower);
        let size = count * numbers(d, full);
        let tile = count * tile_rows::<N>();
        let lengths = [size, count * d, wide, wide, wide, tile, size * N::LANES];
        // Each begins on a cache line.
        let begins = |length: usize| length.next_multiple_of(N::LANES);
        let all = lengths.iter().map(|&length| begins(length)).sum::<usize>();
        let mut buffer = scratch.take_dirty(all * size_of::<N>() / size_of::<f64>());
        let mut moments = scratch.take_dirty(size);
        let mut logs = scratch.take_dirty(wide);
        let mut rest: &mut [N] = cast_slice_mut(&mut buffer);
        let [parameters, origins, weights, shifts, sums, tile, lanes] = lengths.map(|length| {
            let (part, after) = take(&mut rest).split_at_mut(begins(length));
            rest = after;
            &mut part[..length]
        });
        let mut room = Room {
            dimension: d,
            full,
            parameters,
            origins,
            weights: self.block.write_weights(weights),
            shifts,
            sums,
            tile,
            lanes,
            moments: &mut moments,
        };
        let tally = self.responsibilities(&mut room, &mut logs);
        if tally.is_some() {
            self.add(&mut room, into, counts);
        }
        for buffer in [logs, moments, buffer] {
            scratch.give(buffer);
        }
        tally
    }
    fn responsibilities(&self, room: &mut Room<'_, N>, logs: &mut [f64]) -> Option<Tally> {
        let mut small = true;
        let (size, d) = (numbers(room.dimension, room.full), room.dimension);
        for (k, component) in self.block.components.iter().enumerate() {
            let parameters = &mut room.parameters[k * size..(k + 1) * size];
            small &= pack(component, self.block.logs[k], room.full, parameters);
            room.origins[k * d..(k + 1) * d].copy_from_slice(component.mean());
        }
        if !small || !all_small(self.columns) {
            return None;
        }
        self.run(room, None);
        let objective = Objective {
            shifts: &room.shifts[..self.block.rows],
            sums: &room.sums[..self.block.rows],
            weights: self.block.row_weights,
            base: self.block.base,
            least: self.block.least,
            logs,
        };
        objective.tally()
    }
    /// The rows of the next block.
    fn next(&self, only: Option<usize>) -> Range<usize> {
        let rows = self.block.rows;
        rows..if only.is_none() { 2 * rows } else { rows }
    }
    fn run(&self, room: &mut Room<'_, N>, only: Option<usize>) {
        let turns = room.shifts.len() / tile_rows::<N>();
        let ahead = self.memory.ahead(self.next(only), turns);
        arch().dispatch(Narrow {
            dimension: room.dimension,
            full: room.full,
            parameters: room.parameters,
            origins: room.origins,
            columns: self.columns,
            weights: room.weights,
            shifts: room.shifts,
            sums: room.sums,
            tile: room.tile,
            lanes: room.lanes,
            moments: room.moments,
            only,
            ahead,
        });
    }
    fn add(&self, room: &mut Room<'_, N>, into: &mut [Scatter], counts: &mut [f64]) {
        let (d, size) = (room.dimension, numbers(room.dimension, room.full));
        let (mut origin, mut squares) = ([0.0; MOST_COLUMNS], [0.0; MOST_COLUMNS * MOST_COLUMNS]);
        for (k, (into, count)) in into.iter_mut().zip(counts).enumerate() {
            let own = k * size..(k + 1) * size;
            let weight = room.moments[own.start];
            *count = weight;
            if weight == 0.0 {
                continue;
            }
            let sums = &room.moments[own.clone()][1..=d];
            let products = &room.moments[own.clone()][1 + d..];
            let square = |j: usize| products[if room.full { j * (j + 3) / 2 } else { j }];
            if far(weight, sums, self.block.far, square) {
                move_to_mean(weight, &mut room.origins[k * d..(k + 1) * d], sums);
                self.run(room, Some(k));
            }
            let (sums, products) = room.moments[own][1..].split_at(d);
            let own = &room.origins[k * d..(k + 1) * d];
            self.block.write_origin(own, &mut origin[..d]);
            for i in 0..d {
                match (room.full, into.is_full()) {
                    (false, _) => squares[i] = products[i],
                    (true, false) => squares[i] = products[i * (i + 3) / 2],
                    (true, true) => {
                        let before = i * (i + 1) / 2;
                        squares[i * d..i * d + i + 1]
                            .copy_from_slice(&products[before..before + i + 1]);
                    }
                }
            }
            into.add_rows(Moments {
                weight,
                origin: &mut origin[..d],
                sums,
                squares: &squares,
            });
        }
    }
}
