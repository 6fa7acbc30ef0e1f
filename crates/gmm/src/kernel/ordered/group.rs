//! Some rows of a block under one component.

use super::{Block, LANES};
use crate::gaussian::Gaussian;
use crate::kernel::LogDensities;
use crate::kernel::block::add_moments;
use crate::kernel::few::{self, few_diagonals, few_moments};
use crate::kernel::quadratic::{self, Part};
use crate::kernel::transpose::transpose_those;
use crate::scatter::Scatter;
use distributions::simd::instruction_set::arch;
use distributions::{AlignedBuffer, Scratch};
use pulp::bytemuck::{cast_slice, cast_slice_mut};
use pulp::{Simd, WithSimd};

/// Numbers of rows.
pub(super) struct List {
    numbers: AlignedBuffer,
    count: usize,
}

impl List {
    pub(super) fn new(most: usize, scratch: &mut Scratch) -> Self {
        List {
            // A place more, where what is not kept is written.
            numbers: scratch.take_dirty(most / 2 + 1),
            count: 0,
        }
    }
    pub(super) fn give(self, scratch: &mut Scratch) {
        scratch.give(self.numbers);
    }
    /// Adds those of `rows` that `keep` keeps, told the place and the row.
    #[inline(always)]
    pub(super) fn extend(
        &mut self,
        rows: impl IntoIterator<Item = u32>,
        keep: impl Fn(usize, u32) -> bool,
    ) {
        let to: &mut [u32] = cast_slice_mut(&mut self.numbers);
        let mut count = self.count;
        for (n, row) in rows.into_iter().enumerate() {
            // Without a branch: what is not kept is overwritten.
            to[count] = row;
            count += usize::from(keep(n, row));
        }
        self.count = count;
    }
    /// All rows home by home; writes where each home begins, and the end.
    pub(super) fn by_home(homes: &[u32], starts: &mut [u32], scratch: &mut Scratch) -> Self {
        let mut all = List::new(homes.len(), scratch);
        all.count = homes.len();
        let order: &mut [u32] = cast_slice_mut(&mut all.numbers);
        starts.fill(0);
        for &home in homes {
            starts[home as usize] += 1;
        }
        let mut end = 0;
        for start in starts.iter_mut() {
            end += *start;
            *start = end;
        }
        // From the last row on, so that each is put before those after it.
        for (i, &home) in homes.iter().enumerate().rev() {
            let start = &mut starts[home as usize];
            *start -= 1;
            order[*start as usize] = i as u32;
        }
        all
    }
    pub(super) fn rows(&self) -> &[u32] {
        &cast_slice(&self.numbers)[..self.count]
    }
}

/// Writes rows column after column, with the last row again to fill a vector.
pub(super) fn read(block: Block<'_>, rows: &[u32], columns: &mut [f64]) {
    let wide = rows.len().next_multiple_of(LANES);
    let row = |i: usize| block.row(rows[i]);
    transpose_those(row, rows.len(), block.d, columns, wide);
}

/// Rows, column after column.
pub(super) struct Group {
    columns: AlignedBuffer,
    rows: usize,
}

impl Group {
    pub(super) fn read(block: Block<'_>, rows: &[u32], scratch: &mut Scratch) -> Self {
        let wide = rows.len().next_multiple_of(LANES);
        let mut columns = scratch.take_dirty(block.d * wide);
        read(block, rows, &mut columns);
        let rows = rows.len();
        Group { columns, rows }
    }
    pub(super) fn give(self, scratch: &mut Scratch) {
        scratch.give(self.columns);
    }
    /// Writes ln π_k + ln p_k(x_i).
    pub(super) fn score(
        &self,
        gaussian: &Gaussian,
        log_weight: f64,
        values: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let wide = self.rows.next_multiple_of(LANES);
        let d = self.columns.len() / wide;
        let mut out = scratch.take_dirty(wide);
        let mut z = scratch.take_dirty(quadratic::room::<f64>(d));
        arch().dispatch(LogDensities {
            gaussians: std::slice::from_ref(gaussian),
            log_weights: Some(&[log_weight]),
            part: Part {
                width: d,
                rows: 0..wide,
                stride: wide,
            },
            columns: &self.columns,
            rows: wide,
            out: &mut out,
            z: &mut z,
        });
        values.copy_from_slice(&out[..self.rows]);
        scratch.give(z);
        scratch.give(out);
    }
}

/// Adds rows with these weights, which sum to `weight`, to a component.
pub(super) fn add(
    block: Block<'_>,
    rows: &[u32],
    weights: &[f64],
    weight: f64,
    gaussian: &Gaussian,
    into: &mut Scatter,
    scratch: &mut Scratch,
) {
    let d = block.d;
    let mut origin = scratch.take_dirty(d);
    origin.copy_from_slice(gaussian.mean());
    let mut sums = scratch.take_dirty(d);
    let mut squares = scratch.take_dirty(into.squares().len());
    let mut room = scratch.take_dirty(if into.is_full() { few::room(d) } else { 0 });
    arch().dispatch(Add {
        block,
        rows,
        weights,
        weight,
        into,
        origin: &mut origin,
        sums: &mut sums,
        squares: &mut squares,
        room: &mut room,
    });
    for buffer in [room, squares, sums, origin] {
        scratch.give(buffer);
    }
}

struct Add<'a> {
    block: Block<'a>,
    rows: &'a [u32],
    weights: &'a [f64],
    weight: f64,
    into: &'a mut Scatter,
    origin: &'a mut [f64],
    sums: &'a mut [f64],
    squares: &'a mut [f64],
    room: &'a mut [f64],
}

impl WithSimd for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let own = self.rows.iter().map(|&row| self.block.row(row));
        let own = own.zip(self.weights.iter().copied());
        let write = |n: usize, into: &mut [f64]| {
            into.copy_from_slice(self.block.row(self.rows[n]));
            self.weights[n]
        };
        let (count, room, full) = (self.rows.len(), self.room, self.into.is_full());
        add_moments(
            self.into,
            self.weight,
            self.origin,
            self.sums,
            self.squares,
            // Outside, it would be compiled without the instruction set.
            #[inline(always)]
            |origin, sums, squares| {
                if full {
                    few_moments(simd, count, origin, write, sums, squares, room);
                } else {
                    few_diagonals(simd, origin, own.clone(), sums, squares);
                }
            },
        );
    }
}
