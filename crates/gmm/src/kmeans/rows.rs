//! The rows of a fit about their mean.

use super::sums::ClusterSums;
use super::tile::TILE;
use crate::kernel;
use crate::matrix::{MatrixView, Real};
use distributions::simd::instruction_set::arch;
use distributions::{AlignedBuffer, BLOCK_ROWS, Scratch, View};
use em::Workspace;
use pulp::bytemuck::{self, cast_slice_mut};
use pulp::{Simd, WithSimd};
use std::sync::{Mutex, PoisonError};

/// Every row of a block.
pub(super) const ALL: [u16; BLOCK_ROWS] = {
    let mut all = [0; BLOCK_ROWS];
    let mut i = 0;
    while i < BLOCK_ROWS {
        all[i] = i as u16;
        i += 1;
    }
    all
};

/// As many numbers in single precision are kept for all passes, 32 MB; rows past these are read from the data and
/// rounded in each.
const KEPT: usize = 8 << 20;

/// Rows read as y = (x − shift) · scale.
#[derive(Clone, Copy)]
pub(super) struct CentredRows<'v, 'a, T> {
    pub(super) view: MatrixView<'v, T>,
    pub(super) weights: Option<&'a [f64]>,
    pub(super) shift: &'a [f64],
    pub(super) scale: &'a [f64],
    /// y of the first rows, or of none.
    pub(super) singles: &'a [f32],
}

/// Room for the rows of a block.
pub(super) struct Room {
    pub(super) doubles: AlignedBuffer,
    singles: AlignedBuffer,
    tiles: AlignedBuffer,
    /// Tiles are turned over as they are.
    origin: Vec<f32>,
}

impl Room {
    pub(super) fn take(dimension: usize, scratch: &mut Scratch) -> Room {
        let halves = (BLOCK_ROWS * dimension).div_ceil(2);
        Room {
            doubles: scratch.take_dirty(BLOCK_ROWS * dimension),
            singles: scratch.take_dirty(halves),
            tiles: scratch.take_dirty(halves),
            origin: vec![0.0; dimension],
        }
    }
    pub(super) fn give(self, scratch: &mut Scratch) {
        for buffer in [self.doubles, self.singles, self.tiles] {
            scratch.give(buffer);
        }
    }
}

impl<'v, 'a, T: Real> CentredRows<'v, 'a, T> {
    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.view.len()
    }
    /// The number of columns d.
    pub(super) fn dimension(&self) -> usize {
        self.shift.len()
    }
    /// w_i.
    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }
    /// Writes y of a row.
    pub(super) fn row(&self, row: usize, into: &mut [f64]) {
        self.view.with_row(row, |x| self.centre(x, into));
    }
    /// Writes y of `x`.
    #[inline(always)]
    pub(super) fn centre(&self, x: &[f64], into: &mut [f64]) {
        let measure = self.shift.iter().zip(self.scale);
        for ((y, x), (shift, scale)) in into.iter_mut().zip(x).zip(measure) {
            *y = (x - shift) * scale;
        }
    }
    /// y of as many rows as are kept, in single precision.
    pub(super) fn rounded(&self, threads: usize) -> Vec<f32> {
        let d = self.dimension();
        let rows = self.len().min(KEPT / d / BLOCK_ROWS * BLOCK_ROWS);
        let mut singles = vec![0.0; rows * d];
        // Nothing is added up.
        let mut workspace = Workspace::new(self.view, &ClusterSums::new(0, d), threads);
        let chunk_rows = workspace.chunk_rows();
        let parts: Vec<Mutex<&mut [f32]>> =
            (singles.chunks_mut(chunk_rows * d).map(Mutex::new)).collect();
        workspace.accumulate(|chunk, _, scratch| {
            let Some(part) = parts.get(chunk.start / chunk_rows) else {
                return;
            };
            let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
            let mut room = scratch.take_dirty(BLOCK_ROWS * d);
            let blocks = chunk.step_by(BLOCK_ROWS);
            for (first, into) in blocks.zip(part.chunks_mut(BLOCK_ROWS * d)) {
                let values = self.picked(first, &ALL[..into.len() / d], &mut room);
                self.round(values, into);
            }
            scratch.give(room);
        });
        drop(parts);
        singles
    }
    /// The same rows, some of which are kept in single precision.
    pub(super) fn keeping(self, singles: &'a [f32]) -> Self {
        CentredRows { singles, ..self }
    }
    /// Some rows of the block that begins at `first`, row after row as they are in the data; `room` holds a block.
    pub(super) fn picked<'s>(
        &'s self,
        first: usize,
        picked: &[u16],
        room: &'s mut [f64],
    ) -> &'s [f64] {
        let d = self.dimension();
        let block = first..self.len().min(first + BLOCK_ROWS);
        let room = &mut room[..picked.len() * d];
        if picked.len() == block.len() {
            let view = self.view.block(block);
            if let Some(rows) = view.as_rows() {
                return rows.values();
            }
            view.read(room);
        } else if let Some(rows) = self.view.as_rows() {
            copy(
                &rows.values()[block.start * d..block.end * d],
                picked,
                room,
                d,
            );
        } else {
            for (&i, into) in picked.iter().zip(room.chunks_exact_mut(d)) {
                let copy = |x: &[f64]| into.copy_from_slice(x);
                self.view.with_row(first + usize::from(i), copy);
            }
        }
        room
    }
    /// Writes y of rows in single precision.
    fn round(&self, values: &[f64], into: &mut [f32]) {
        let (shift, scale) = (self.shift, self.scale);
        arch().dispatch(Round {
            values,
            shift,
            scale,
            into,
        });
    }
    /// Some rows of the block that begins at `first`, in single precision, tile after tile: a tile holds
    /// [`TILE`] rows column after column, those past the last of any value.
    pub(super) fn tiles<'s>(&self, first: usize, picked: &[u16], room: &'s mut Room) -> &'s [f32] {
        let (d, count) = (self.dimension(), picked.len());
        let block = first..self.len().min(first + BLOCK_ROWS);
        let whole = count == block.len();
        let singles = &mut cast_slice_mut::<f64, f32>(&mut room.singles)[..count * d];
        let rows: &[f32] = match self.singles.get(block.start * d..block.end * d) {
            Some(kept) if whole => kept,
            Some(kept) => {
                copy(kept, picked, singles, d);
                singles
            }
            None => {
                self.round(self.picked(first, picked, &mut room.doubles), singles);
                singles
            }
        };
        let filled = count.next_multiple_of(TILE) * d;
        let tiles = &mut cast_slice_mut::<f64, f32>(&mut room.tiles)[..filled];
        let parts = rows.chunks(TILE * d).zip(tiles.chunks_exact_mut(TILE * d));
        for (rows, tile) in parts {
            kernel::transpose_centred(rows, &room.origin, tile, TILE);
        }
        tiles
    }
}

/// y in single precision, row after row.
struct Round<'a> {
    values: &'a [f64],
    shift: &'a [f64],
    scale: &'a [f64],
    into: &'a mut [f32],
}

impl WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let d = self.shift.len();
        for (row, into) in self
            .values
            .chunks_exact(d)
            .zip(self.into.chunks_exact_mut(d))
        {
            let measure = self.shift.iter().zip(self.scale);
            for ((y, x), (shift, scale)) in into.iter_mut().zip(row).zip(measure) {
                *y = ((x - shift) * scale) as f32;
            }
        }
    }
}

/// Copies some rows of a block, row after row.
fn copy<N: bytemuck::Pod>(block: &[N], picked: &[u16], into: &mut [N], d: usize) {
    touch(block, picked, d);
    for (&i, into) in picked.iter().zip(into.chunks_exact_mut(d)) {
        into.copy_from_slice(&block[usize::from(i) * d..][..d]);
    }
}

/// Reads a number of each cache line of some rows: from memory, many are on their way at once.
#[inline(never)]
fn touch<N: bytemuck::Pod>(block: &[N], picked: &[u16], d: usize) {
    let mut bits = 0;
    for &i in picked {
        let row = &block[usize::from(i) * d..][..d];
        let lines = row.iter().step_by(64 / size_of::<N>());
        bits |= lines.fold(0, |bits, x| bits | bytemuck::bytes_of(x)[0]);
    }
    std::hint::black_box(bits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use distributions::RowsView;

    #[test]
    fn tiles_hold_the_rows_picked_wherever_these_are_read() {
        for d in [1, 3, 8, 13] {
            let n = 2 * BLOCK_ROWS + 77;
            let values: Vec<f64> = (0..n * d).map(|i| (i as f64 * 0.7).sin()).collect();
            let (shift, scale) = (vec![0.25; d], vec![0.5; d]);
            let rows = CentredRows {
                view: MatrixView::from(RowsView::new(&values, d)),
                weights: None,
                shift: &shift,
                scale: &scale,
                singles: &[],
            };
            let all = rows.rounded(2);
            assert_eq!(all.len(), n * d);
            let mut room = Room::take(d, &mut Scratch::default());
            // All rows kept, some of them, none.
            for kept in [&all[..], &all[..BLOCK_ROWS * d], &[]] {
                let rows = rows.keeping(kept);
                for first in (0..n).step_by(BLOCK_ROWS) {
                    let size = BLOCK_ROWS.min(n - first);
                    let some: Vec<u16> = (0..size as u16).filter(|i| i % 3 == 1).collect();
                    for picked in [&ALL[..size], &some] {
                        let tiles = rows.tiles(first, picked, &mut room).to_vec();
                        for (place, &i) in picked.iter().enumerate() {
                            for j in 0..d {
                                let x = values[(first + usize::from(i)) * d + j];
                                let tile = &tiles[place / TILE * TILE * d..];
                                let y = ((x - 0.25) * 0.5) as f32;
                                assert_eq!(tile[j * TILE + place % TILE], y);
                            }
                        }
                    }
                }
            }
        }
    }
}
