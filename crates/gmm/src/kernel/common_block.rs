//! The E-step of a block under components that have one covariance, of whose scatters the sum is wanted: see [`LinearScores`]
//! and [`AboutCentre`]. For each row and component d operations to score and d to add up, and d²/2 for the row where the
//! scatter of all rows is not known yet.

use super::block::total;
use super::expect::Block;
use super::linear_scores::{LinearScores, TILE};
use super::objective::{Objective, all_small};
use super::outer_products::{add_outer_products, panels, write_panels};
use super::pooled::AboutCentre;
use super::responsibilities::{PIECE, responsibilities};
use super::row_scatter::{RowScatter, row_scatter};
use super::transpose::transpose_padded;
use super::{LANES, align, part_rows};
use crate::gaussian::Gaussian;
use crate::scatter::Scatter;
use distributions::simd::instruction_set::arch;
use distributions::{AlignedBuffer, Scratch};
use em::{BlockCache, Tally};
use pulp::{Simd, WithSimd};
use std::f64::consts::LOG2_E;

/// The rows of a block, one after the other, and components of one covariance.
pub(super) struct CommonBlock<'a> {
    pub block: &'a Block<'a, Gaussian>,
    pub scores: &'a LinearScores,
    pub centre: &'a [f64],
    pub values: &'a [f64],
    /// Where the scatter of all rows is kept.
    pub cache: Option<BlockCache<'a>>,
}

/// What is worked on.
struct Room {
    /// Up to whole vectors.
    centre: AlignedBuffer,
    constants: AlignedBuffer,
    weights: AlignedBuffer,
    shifts: AlignedBuffer,
    row_sums: AlignedBuffer,
    columns: AlignedBuffer,
    panels: AlignedBuffer,
    exponents: AlignedBuffer,
    tile: AlignedBuffer,
    /// Of each component, in rows of whole vectors.
    sums: AlignedBuffer,
    /// Of all rows.
    squares: AlignedBuffer,
    logs: AlignedBuffer,
    /// d numbers.
    way: AlignedBuffer,
}

impl CommonBlock<'_> {
    /// Adds the block to the statistics, and writes the weight of each component; of the scatters most of the sum stands in
    /// the first. `None` where a number is too large, or components so far apart that the sum would lose digits, and nothing
    /// was added.
    pub(super) fn expect(
        &self,
        into: &mut [Scatter],
        counts: &mut [f64],
        scratch: &mut Scratch,
    ) -> Option<Tally> {
        let mut room = self.room(scratch);
        let tally = self.work(&mut room, counts).and_then(|()| {
            let d = self.centre.len();
            let made;
            let rows = match self.cache.and_then(BlockCache::get) {
                Some(kept) => kept,
                None => {
                    made = row_scatter(self.values, d, self.block.row_weights, scratch)?;
                    if let Some(cache) = self.cache {
                        cache.keep(made.clone());
                    }
                    &made
                }
            };
            arch().dispatch(Finish {
                common: self,
                rows: RowScatter::of(rows, d),
                room: &mut room,
                into,
                counts,
            })
        });
        let Room {
            centre,
            constants,
            weights,
            shifts,
            row_sums,
            columns,
            panels,
            exponents,
            tile,
            sums,
            squares,
            logs,
            way,
        } = room;
        let buffers = [
            way, logs, squares, sums, tile, exponents, panels, columns, row_sums, shifts, weights,
            constants, centre,
        ];
        buffers.into_iter().for_each(|buffer| scratch.give(buffer));
        tally
    }
    fn room(&self, scratch: &mut Scratch) -> Room {
        let (count, d) = (self.block.components.len(), self.centre.len());
        let wide = self.block.rows.next_multiple_of(PIECE);
        let (part, whole) = (part_rows(d).min(wide), d.next_multiple_of(LANES));
        let mut room = Room {
            centre: scratch.take(whole),
            constants: scratch.take_dirty(count),
            weights: scratch.take_dirty(wide),
            shifts: scratch.take_dirty(wide),
            row_sums: scratch.take_dirty(wide),
            columns: scratch.take_dirty(part * d),
            panels: scratch.take_dirty(part * whole),
            exponents: scratch.take_dirty(part * count),
            tile: scratch.take_dirty(2 * LANES * d + LANES),
            sums: scratch.take(count * whole),
            squares: scratch.take_dirty(d * d),
            logs: scratch.take_dirty(wide),
            way: scratch.take_dirty(d),
        };
        room.centre[..d].copy_from_slice(self.centre);
        let logs = self.scores.offsets().iter().zip(self.block.log_weights);
        for (constant, (offset, log)) in room.constants.iter_mut().zip(logs) {
            *constant = offset - log * LOG2_E;
        }
        room
    }
    /// Responsibilities and moments of all parts.
    fn work(&self, room: &mut Room, counts: &mut [f64]) -> Option<()> {
        let (count, d) = (self.block.components.len(), self.centre.len());
        let weights = self.block.write_weights(&mut room.weights[..]);
        counts.fill(0.0);
        for first in (0..self.block.rows).step_by(part_rows(d)) {
            let rows = (self.block.rows - first).min(part_rows(d));
            let wide = rows.next_multiple_of(PIECE);
            let values = &self.values[first * d..(first + rows) * d];
            let columns = &mut room.columns[..d * wide];
            transpose_padded(values, d, columns, wide);
            if !all_small(columns) {
                return None;
            }
            let at = first..first + wide;
            arch().dispatch(Part {
                scores: self.scores,
                values,
                centre: &room.centre,
                constants: &room.constants,
                weights: weights.map(|weights| &weights[at.clone()]),
                columns,
                panels: &mut room.panels,
                shifts: &mut room.shifts[at.clone()],
                row_sums: &mut room.row_sums[at],
                exponents: &mut room.exponents[..count * wide],
                tile: &mut room.tile,
                sums: &mut room.sums,
                counts,
            });
        }
        Some(())
    }
}

/// The E-step of a part.
struct Part<'a> {
    scores: &'a LinearScores,
    values: &'a [f64],
    centre: &'a [f64],
    constants: &'a [f64],
    /// Weights with zeros after the last row, where there are any.
    weights: Option<&'a [f64]>,
    columns: &'a [f64],
    panels: &'a mut [f64],
    shifts: &'a mut [f64],
    row_sums: &'a mut [f64],
    exponents: &'a mut [f64],
    tile: &'a mut [f64],
    sums: &'a mut [f64],
    counts: &'a mut [f64],
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if S::F64_LANES >= 8 {
            self.score::<S, 2>(simd);
        } else {
            self.score::<S, 1>(simd);
        }
        let wide = self.shifts.len();
        let (exponents, weights) = (&mut *self.exponents, self.weights);
        responsibilities::<S, f64>(simd, exponents, weights, self.shifts, self.row_sums);
        for (count, weights) in self.counts.iter_mut().zip(exponents.chunks_exact(wide)) {
            *count += total(simd, weights);
        }
        let d = self.columns.len() / wide;
        let own = write_panels(simd, self.values, d, self.centre, wide, self.panels);
        let stride = panels::<S>(d) * S::F64_LANES;
        let count = self.counts.len();
        add_outer_products(
            simd,
            exponents,
            &own,
            false,
            &mut self.sums[..count * stride],
        );
    }
}

impl Part<'_> {
    /// Writes the exponents, tile after tile of `W` vectors of rows.
    #[inline(always)]
    fn score<S: Simd, const W: usize>(&mut self, simd: S) {
        let (wide, d) = (self.shifts.len(), self.columns.len() / self.shifts.len());
        let (tile, _) = S::as_mut_simd_f64s(align(self.tile));
        let (tile, _) = tile.as_chunks_mut::<W>();
        let tile = &mut tile[..d];
        let vectors = wide / S::F64_LANES;
        for start in (0..vectors).step_by(W) {
            let columns = self.columns.chunks_exact(wide).zip(self.centre);
            for (tile, (column, &centre)) in tile.iter_mut().zip(columns) {
                let (column, _) = S::as_simd_f64s(column);
                let column = &column[start..start + W];
                let centre = simd.splat_f64s(centre);
                for w in 0..W {
                    tile[w] = simd.sub_f64s(column[w], centre);
                }
            }
            let components = self.scores.slopes().chunks(TILE * d);
            let components = components.zip(self.exponents.chunks_mut(TILE * wide));
            for ((slopes, out), constants) in components.zip(self.constants.chunks(TILE)) {
                let row = Row {
                    tile: &*tile,
                    slopes,
                    constants,
                    start,
                };
                match constants.len() {
                    1 => row.score::<S, 1>(simd, out),
                    2 => row.score::<S, 2>(simd, out),
                    3 => row.score::<S, 3>(simd, out),
                    4 => row.score::<S, 4>(simd, out),
                    5 => row.score::<S, 5>(simd, out),
                    6 => row.score::<S, 6>(simd, out),
                    7 => row.score::<S, 7>(simd, out),
                    _ => row.score::<S, TILE>(simd, out),
                }
            }
        }
    }
}

/// Some rows beside some components.
struct Row<'a, V, const W: usize> {
    tile: &'a [[V; W]],
    slopes: &'a [f64],
    constants: &'a [f64],
    start: usize,
}

impl<V: Copy, const W: usize> Row<'_, V, W> {
    #[inline(always)]
    fn score<S: Simd<f64s = V>, const R: usize>(&self, simd: S, out: &mut [f64]) {
        let (slopes, _) = self.slopes.as_chunks::<R>();
        let mut sums = [[simd.splat_f64s(0.0); W]; R];
        for (y, slopes) in self.tile.iter().zip(slopes) {
            for r in 0..R {
                let slope = simd.splat_f64s(slopes[r]);
                for w in 0..W {
                    sums[r][w] = simd.mul_add_e_f64s(slope, y[w], sums[r][w]);
                }
            }
        }
        let wide = out.len() / R;
        for (r, out) in out.chunks_exact_mut(wide).enumerate() {
            let constant = simd.splat_f64s(self.constants[r]);
            let out = &mut S::as_mut_simd_f64s(out).0[self.start..self.start + W];
            for w in 0..W {
                out[w] = simd.add_f64s(sums[r][w], constant);
            }
        }
    }
}

/// What is done once for all parts.
struct Finish<'a> {
    common: &'a CommonBlock<'a>,
    rows: RowScatter<'a>,
    room: &'a mut Room,
    into: &'a mut [Scatter],
    counts: &'a [f64],
}

impl WithSimd for Finish<'_> {
    type Output = Option<Tally>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Option<Tally> {
        let Finish {
            common,
            rows,
            room,
            into,
            counts,
        } = self;
        let (block, d) = (common.block, common.centre.len());
        let stride = panels::<S>(d) * S::F64_LANES;
        for row in 1..counts.len() {
            (room.sums).copy_within(row * stride..row * stride + d, row * d);
        }
        rows.write_about(common.centre, &mut room.way, &mut room.squares);
        let moments = AboutCentre {
            centre: common.centre,
            counts,
            sums: &room.sums[..counts.len() * d],
            squares: &mut room.squares,
        };
        if !moments.is_exact() {
            return None;
        }
        let scores = Objective {
            shifts: &room.shifts[..block.rows],
            sums: &room.row_sums[..block.rows],
            weights: block.row_weights,
            base: block.base,
            least: block.least,
            logs: &mut room.logs,
        };
        let mut tally = scores.tally()?;
        let constant = counts.iter().sum::<f64>() * common.scores.log_constant();
        let forms = 0.5 * common.scores.trace(moments.squares);
        tally.objective += constant - forms;
        tally.magnitude += constant.abs() + forms.abs();
        if !tally.objective.is_finite() {
            return None;
        }
        moments.add_to(into, &mut room.way);
        Some(tally)
    }
}
