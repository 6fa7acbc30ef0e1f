//! The rows of a fit about their mean.

use crate::matrix::{MatrixView, Real};
use distributions::{BLOCK_ROWS, RowsView, View};

/// Blocks of rows are filled up to a multiple of this, so that kernels see whole vectors only.
pub(super) const GRAIN: usize = 32;

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

/// Rows read as y = (x − shift) · scale, block after block; no copy of all is made.
#[derive(Clone, Copy)]
pub(super) struct CentredRows<'v, 'a, T> {
    pub(super) view: MatrixView<'v, T>,
    pub(super) weights: Option<&'a [f64]>,
    pub(super) shift: &'a [f64],
    pub(super) scale: &'a [f64],
}

impl<'v, T: Real> CentredRows<'v, '_, T> {
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
    /// Writes a row of the data as it is measured here.
    pub(super) fn row(&self, row: usize, into: &mut [f64]) {
        self.view.with_row(row, |x| self.centre(x, into));
    }
    /// Writes what `x` is, measured as here.
    #[inline(always)]
    pub(super) fn centre(&self, x: &[f64], into: &mut [f64]) {
        let measure = self.shift.iter().zip(self.scale);
        for ((y, x), (shift, scale)) in into.iter_mut().zip(x).zip(measure) {
            *y = (x - shift) * scale;
        }
    }
    /// Some rows of the block that begins at `first`, as they are in the data, and after them some of any
    /// value up to a multiple of [`GRAIN`]. `room` holds a block.
    pub(super) fn picked<'s>(
        &'s self,
        first: usize,
        picked: &[u16],
        room: &'s mut [f64],
    ) -> RowsView<'s, f64> {
        let (d, count) = (self.dimension(), picked.len());
        let block = first..self.len().min(first + BLOCK_ROWS);
        let whole = count == block.len();
        if whole
            && count.is_multiple_of(GRAIN)
            && let Some(rows) = self.view.block(block.clone()).as_rows()
        {
            return rows;
        }
        let padded = &mut room[..count.next_multiple_of(GRAIN) * d];
        if whole {
            self.view.block(block).read(&mut padded[..count * d]);
        } else if let Some(rows) = self.view.as_rows() {
            let block = &rows.values()[block.start * d..block.end * d];
            touch(block, picked, d);
            for (&i, into) in picked.iter().zip(padded.chunks_exact_mut(d)) {
                let start = usize::from(i) * d;
                into.copy_from_slice(&block[start..start + d]);
            }
        } else {
            for (&i, into) in picked.iter().zip(padded.chunks_exact_mut(d)) {
                let copy = |x: &[f64]| into.copy_from_slice(x);
                self.view.with_row(first + usize::from(i), copy);
            }
        }
        RowsView::new(padded, d)
    }
}

/// Reads a number of each cache line of some rows: from memory, many are on their way at once.
#[inline(never)]
fn touch(block: &[f64], picked: &[u16], d: usize) {
    let mut bits = 0;
    for &i in picked {
        let row = &block[usize::from(i) * d..][..d];
        bits |= row.iter().step_by(8).fold(0, |bits, x| bits | x.to_bits());
    }
    std::hint::black_box(bits);
}
