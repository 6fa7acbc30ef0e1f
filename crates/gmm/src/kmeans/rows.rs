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
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Every row of a block.
pub(super) const ALL: [u32; BLOCK_ROWS] = {
    let mut all = [0; BLOCK_ROWS];
    let mut i = 0;
    while i < BLOCK_ROWS {
        all[i] = i as u32;
        i += 1;
    }
    all
};

/// As many numbers in single precision are kept for all passes, 29 MB, so that a fit holds at most 40 beside its rows; rows past these
/// are read from the data and rounded in each.
const KEPT: usize = 7 << 20;

/// Rows read as y = (x − shift) · scale.
#[derive(Clone, Copy)]
pub(super) struct CentredRows<'v, 'a, T> {
    pub(super) view: MatrixView<'v, T>,
    pub(super) weights: Option<&'a [f64]>,
    pub(super) shift: &'a [f64],
    pub(super) scale: &'a [f64],
    /// y of the first rows, or of none.
    pub(super) singles: &'a [f32],
    /// |y|² of these, where rows are [read as they stand](CentredRows::stand).
    pub(super) squares: &'a [f32],
}

/// Rows in single precision.
#[derive(Default)]
pub(super) struct Rounded {
    /// y, row after row.
    values: Vec<f32>,
    /// |y|² of each, or nothing.
    squares: Vec<f32>,
}

/// Some rows in single precision, as they stand.
pub(super) struct Standing<'s> {
    /// Row after row.
    pub(super) rows: &'s [f32],
    /// Which of these.
    pub(super) picked: &'s [u32],
    /// |y|² of each of `rows`.
    pub(super) squares: &'s [f32],
}

impl Standing<'_> {
    /// |y|² of those picked, at most a tile.
    #[inline(always)]
    pub(super) fn squares(&self) -> [f32; TILE] {
        let mut squares = [0.0; TILE];
        match consecutive(self.picked) {
            Some(all) if all.len() == TILE => squares.copy_from_slice(&self.squares[all]),
            _ => {
                for (square, &i) in squares.iter_mut().zip(self.picked) {
                    *square = self.squares[i as usize];
                }
            }
        }
        squares
    }
}

/// From as many columns on, it takes less to turn over products with centres than rows.
const STAND: usize = 16;

/// Room for the rows of a block.
pub(super) struct Room {
    pub(super) doubles: AlignedBuffer,
    singles: AlignedBuffer,
    squares: [f32; BLOCK_ROWS],
    tile: AlignedBuffer,
}

impl Room {
    pub(super) fn take(dimension: usize, scratch: &mut Scratch) -> Room {
        Room {
            doubles: scratch.take_dirty(BLOCK_ROWS * dimension),
            singles: scratch.take_dirty((BLOCK_ROWS * dimension).div_ceil(2)),
            squares: [0.0; BLOCK_ROWS],
            tile: scratch.take_dirty((TILE * dimension).div_ceil(2)),
        }
    }
    pub(super) fn give(self, scratch: &mut Scratch) {
        for buffer in [self.doubles, self.singles, self.tile] {
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
    /// y of some rows, one after the other.
    pub(super) fn those(&self, rows: &[usize]) -> Vec<f64> {
        let d = self.dimension();
        let mut values = vec![0.0; rows.len() * d];
        for (&row, into) in rows.iter().zip(values.chunks_exact_mut(d)) {
            self.row(row, into);
        }
        values
    }
    /// Writes y of `x`.
    #[inline(always)]
    pub(super) fn centre(&self, x: &[f64], into: &mut [f64]) {
        let measure = self.shift.iter().zip(self.scale);
        for ((y, x), (shift, scale)) in into.iter_mut().zip(x).zip(measure) {
            *y = (x - shift) * scale;
        }
    }
    /// Whether rows are compared with centres as they stand, and not in tiles.
    pub(super) fn stand(&self) -> bool {
        self.dimension() >= STAND
    }
    /// y of as many rows as are kept, in single precision.
    pub(super) fn rounded(&self, threads: usize) -> Rounded {
        let d = self.dimension();
        let rows = self.len().min(KEPT / d / BLOCK_ROWS * BLOCK_ROWS);
        let mut rounded = Rounded {
            values: vec![0.0; rows * d],
            squares: vec![0.0; if self.stand() { rows } else { 0 }],
        };
        // Nothing is added up.
        let mut workspace = Workspace::new(self.view, &ClusterSums::new(0, d), threads);
        let chunk_rows = workspace.chunk_rows();
        let mut squares = rounded.squares.chunks_mut(chunk_rows);
        let parts: Vec<Mutex<(&mut [f32], &mut [f32])>> = (rounded.values)
            .chunks_mut(chunk_rows * d)
            .map(|values| Mutex::new((values, squares.next().unwrap_or_default())))
            .collect();
        workspace.accumulate(|chunk, _, scratch| {
            let Some(part) = parts.get(chunk.start / chunk_rows) else {
                return;
            };
            let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
            let mut room = scratch.take_dirty(BLOCK_ROWS * d);
            let (values, squares) = &mut *part;
            let mut squares = squares.chunks_mut(BLOCK_ROWS);
            let blocks = chunk.step_by(BLOCK_ROWS);
            for (first, into) in blocks.zip(values.chunks_mut(BLOCK_ROWS * d)) {
                let values = self.picked(first, &ALL[..into.len() / d], &mut room);
                self.round(values, into, squares.next().unwrap_or_default());
            }
            scratch.give(room);
        });
        drop(parts);
        rounded
    }
    /// The same rows, some of which are kept in single precision.
    pub(super) fn keeping(self, rounded: &'a Rounded) -> Self {
        CentredRows {
            singles: &rounded.values,
            squares: &rounded.squares,
            ..self
        }
    }
    /// Some rows, in rising order as numbers from `first`, row after row as they are in the data; `room` holds a block.
    pub(super) fn picked<'s>(
        &'s self,
        first: usize,
        picked: &[u32],
        room: &'s mut [f64],
    ) -> &'s [f64] {
        let d = self.dimension();
        let room = &mut room[..picked.len() * d];
        if let Some(side_by_side) = consecutive(picked) {
            let view = (self.view).block(first + side_by_side.start..first + side_by_side.end);
            if let Some(rows) = view.as_rows() {
                return rows.values();
            }
            view.read(room);
        } else if let Some(rows) = self.view.as_rows() {
            let values = &rows.values()[first * d..];
            touch(values, picked, d);
            copy(values, picked, room, d);
        } else {
            for (&i, into) in picked.iter().zip(room.chunks_exact_mut(d)) {
                let copy = |x: &[f64]| into.copy_from_slice(x);
                self.view.with_row(first + i as usize, copy);
            }
        }
        room
    }
    /// Writes y of rows in single precision, and |y|² of as many as there is room for.
    fn round(&self, values: &[f64], into: &mut [f32], squares: &mut [f32]) {
        let (shift, scale) = (self.shift, self.scale);
        arch().dispatch(Round {
            values,
            shift,
            scale,
            into,
            squares,
        });
    }
    /// The rows from `first` on, in single precision, if those picked are all kept.
    pub(super) fn kept(&self, first: usize, picked: &[u32]) -> Option<&'a [f32]> {
        let d = self.dimension();
        let last = first + *picked.last()? as usize;
        ((last + 1) * d <= self.singles.len()).then(|| &self.singles[first * d..])
    }
    /// Some rows, as numbers from `first`, in single precision, as they stand.
    pub(super) fn standing<'s>(
        &'s self,
        first: usize,
        picked: &'s [u32],
        room: &'s mut Room,
    ) -> Standing<'s> {
        let (d, count) = (self.dimension(), picked.len());
        if let Some(rows) = self.kept(first, picked) {
            return Standing {
                rows,
                picked,
                squares: &self.squares[first..],
            };
        }
        let rows = &mut cast_slice_mut::<f64, f32>(&mut room.singles)[..count * d];
        let values = self.picked(first, picked, &mut room.doubles);
        self.round(values, rows, &mut room.squares);
        Standing {
            rows,
            picked: &ALL[..count],
            squares: &room.squares,
        }
    }
    /// At most [`TILE`] rows, as numbers from `first`, in single precision, column after column; those past the last are
    /// of any value.
    pub(super) fn tile<'s>(&self, first: usize, picked: &[u32], room: &'s mut Room) -> &'s [f32] {
        let d = self.dimension();
        let singles = &mut cast_slice_mut::<f64, f32>(&mut room.singles)[..picked.len() * d];
        let tile = &mut cast_slice_mut::<f64, f32>(&mut room.tile)[..TILE * d];
        let rows: &[f32] = match (self.kept(first, picked), consecutive(picked)) {
            (Some(rows), Some(side_by_side)) => &rows[side_by_side.start * d..side_by_side.end * d],
            (Some(rows), None) => {
                kernel::transpose_picked(rows, d, picked, tile, TILE);
                return tile;
            }
            (None, _) => {
                self.round(
                    self.picked(first, picked, &mut room.doubles),
                    singles,
                    &mut [],
                );
                singles
            }
        };
        kernel::transpose_cached(rows, d, tile, TILE);
        tile
    }
    /// Asks memory for some rows, as numbers from `first`, in single precision.
    #[inline(always)]
    pub(super) fn ask_for_singles(&self, first: usize, picked: &[u32]) {
        let (d, Some(rows)) = (self.dimension(), self.kept(first, picked)) else {
            return;
        };
        if let Some(side_by_side) = consecutive(picked) {
            let rows = &rows[side_by_side.start * d..side_by_side.end * d];
            // Tiles of many columns fill the first-level cache by themselves.
            return if d < STAND {
                kernel::prefetch_all(rows)
            } else {
                kernel::prefetch_all_into_second(rows)
            };
        }
        for &i in picked {
            kernel::prefetch_all(&rows[i as usize * d..][..d]);
        }
    }
}

/// Sums that do not wait for each other.
const SUMS: usize = 16;

/// y in single precision, row after row, then |y|² of some.
struct Round<'a> {
    values: &'a [f64],
    shift: &'a [f64],
    scale: &'a [f64],
    into: &'a mut [f32],
    squares: &'a mut [f32],
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
        let rows = self.into.chunks_exact(d);
        for (square, row) in self.squares.iter_mut().zip(rows) {
            let (parts, rest) = row.as_chunks::<SUMS>();
            let mut sums = [0.0; SUMS];
            for part in parts {
                (sums.iter_mut().zip(part)).for_each(|(sum, y)| *sum += y * y);
            }
            *square = sums.iter().sum::<f32>() + rest.iter().map(|y| y * y).sum::<f32>();
        }
    }
}

/// These numbers, which rise, if they follow each other.
#[inline(always)]
pub(super) fn consecutive(picked: &[u32]) -> Option<Range<usize>> {
    let (&first, &last) = (picked.first()?, picked.last()?);
    ((last - first) as usize + 1 == picked.len()).then_some(first as usize..last as usize + 1)
}

/// Copies some rows, row after row.
fn copy<N: bytemuck::Pod>(rows: &[N], picked: &[u32], into: &mut [N], d: usize) {
    for (&i, into) in picked.iter().zip(into.chunks_exact_mut(d)) {
        into.copy_from_slice(&rows[i as usize * d..][..d]);
    }
}

/// Reads a number of each cache line of some rows: from memory, many are on their way at once.
#[inline(never)]
fn touch<N: bytemuck::Pod>(rows: &[N], picked: &[u32], d: usize) {
    let mut bits = 0;
    for &i in picked {
        let row = &rows[i as usize * d..][..d];
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
        for d in [1, 2, 3, 5, 7, 8, 13, 40] {
            let n = 2 * BLOCK_ROWS + 77;
            let values: Vec<f64> = (0..n * d).map(|i| (i as f64 * 0.7).sin()).collect();
            let (shift, scale) = (vec![0.25; d], vec![0.5; d]);
            let rows = CentredRows {
                view: MatrixView::from(RowsView::new(&values, d)),
                weights: None,
                shift: &shift,
                scale: &scale,
                singles: &[],
                squares: &[],
            };
            let all = rows.rounded(2).values;
            assert_eq!(all.len(), n * d);
            let mut room = Room::take(d, &mut Scratch::default());
            // All rows kept, some of them, none.
            for kept in [&all[..], &all[..BLOCK_ROWS * d], &[]] {
                let rows = CentredRows {
                    singles: kept,
                    ..rows
                };
                for first in (0..n).step_by(BLOCK_ROWS) {
                    let size = BLOCK_ROWS.min(n - first);
                    let some: Vec<u32> = (0..size as u32).filter(|i| i % 3 == 1).collect();
                    for picked in [&ALL[..size], &some] {
                        for picked in picked.chunks(TILE) {
                            let tile = rows.tile(first, picked, &mut room);
                            for (place, &i) in picked.iter().enumerate() {
                                for j in 0..d {
                                    let x = values[(first + i as usize) * d + j];
                                    let y = ((x - 0.25) * 0.5) as f32;
                                    assert_eq!(tile[j * TILE + place], y);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
