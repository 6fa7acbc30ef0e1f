//! Each row to its nearest centre, where that may have changed.

use super::distances::squared_distance;
use super::rows::{CentredRows, GRAIN};
use super::screen::{Nearest, Screen};
use super::sums::ClusterSums;
use crate::kernel;
use crate::matrix::Real;
use distributions::simd::instruction_set::arch;
use distributions::{BLOCK_ROWS, Scratch};
use pulp::bytemuck::cast_slice_mut;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// What is known of the rows of a chunk: their labels, and how long these hold.
pub(super) struct Known<'a> {
    /// Of any value where no centre was seen yet.
    pub(super) labels: &'a mut [u32],
    /// A label holds while [`Assignment::lost`] of it is below.
    pub(super) until: &'a mut [f32],
}

/// Centres, and how they have moved.
///
/// A row that was nearer to its centre than to every other by a margin m stays with it until its own centre and
/// the fastest other have moved m together: |y − c'| − |y − c| falls by no more. So each row keeps one number, and
/// most rows are not even read again once centres move slowly.
///
/// Sources: Hamerly (2010), Making k-means even faster, SDM (there two numbers).
pub(super) struct Assignment<'a> {
    centres: &'a [f64],
    screen: Screen,
    /// For each cluster the sum, over all steps, of what its centre and the fastest other moved.
    lost: &'a [f64],
    /// The same, at least.
    lost_at_least: Vec<f32>,
    /// Whether labels are of any value.
    first: bool,
    /// The share of the rows of a block from which on all of them are looked at, as they stand.
    many: f64,
}

/// To look at a row among others takes about d (0.3 + 0.03 K) + 3 nanoseconds where they stand, and this much
/// longer where it is picked.
const PICKING: f64 = 12.0;

impl<'a> Assignment<'a> {
    pub(super) fn new(centres: &'a [f64], dimension: usize, lost: &'a [f64], first: bool) -> Self {
        let clusters = lost.len() as f64;
        let looking = dimension as f64 * (0.3 + 0.03 * clusters) + 3.0;
        Assignment {
            many: looking / (looking + PICKING),
            centres,
            screen: Screen::new(centres, dimension),
            lost,
            lost_at_least: lost.iter().map(|&lost| (lost as f32).next_up()).collect(),
            first,
        }
    }
    /// Labels the rows of a chunk, and tells `sums` of those that change.
    pub(super) fn label<T: Real>(
        &self,
        rows: &CentredRows<'_, '_, T>,
        chunk: Range<usize>,
        known: &mut Known<'_>,
        sums: &mut ClusterSums,
        scratch: &mut Scratch,
    ) {
        let d = rows.dimension();
        let mut room = scratch.take_dirty(BLOCK_ROWS * d);
        let mut columns = scratch.take_dirty(BLOCK_ROWS * d);
        let mut single = scratch.take_dirty((BLOCK_ROWS * d).div_ceil(2));
        let mut row = scratch.take_dirty(d);
        let parts = (known.labels.chunks_mut(BLOCK_ROWS)).zip(known.until.chunks_mut(BLOCK_ROWS));
        for (first, (labels, until)) in chunk.step_by(BLOCK_ROWS).zip(parts) {
            let mut picked = [0; BLOCK_ROWS];
            let picked = self.open(labels, until, &mut picked);
            if picked.is_empty() {
                continue;
            }
            let block = rows.picked(first, picked, &mut room);
            let count = picked.len().next_multiple_of(GRAIN);
            let columns = &mut columns[..count * d];
            kernel::transpose(block, columns);
            let single = &mut cast_slice_mut::<f64, f32>(&mut single)[..count * d];
            arch().dispatch(Block {
                assignment: self,
                rows,
                first,
                picked,
                values: block.values(),
                columns,
                single,
                row: &mut row,
                labels,
                until,
                sums,
            });
        }
        for buffer in [room, columns, single, row] {
            scratch.give(buffer);
        }
    }
    /// The rows of a block whose labels may not hold any more.
    fn open<'p>(
        &self,
        labels: &[u32],
        until: &[f32],
        picked: &'p mut [u16; BLOCK_ROWS],
    ) -> &'p [u16] {
        let mut count = 0;
        for ((i, &label), &until) in (0..).zip(labels).zip(until) {
            picked[count] = i;
            // NaN holds for nothing.
            count += usize::from(!(self.lost_at_least[label as usize] < until));
        }
        if count as f64 >= self.many * labels.len() as f64 {
            for (i, picked) in (0..).zip(&mut picked[..labels.len()]) {
                *picked = i;
            }
            count = labels.len();
        }
        &picked[..count]
    }
    /// The nearest centre of a row, ties to the first, and by how much nearer it is than the next, at least.
    #[inline(always)]
    fn nearest(&self, y: &[f64]) -> (u32, f64) {
        let (mut nearest, mut least, mut second) = (0, f64::INFINITY, f64::INFINITY);
        for (k, centre) in (0..).zip(self.centres.chunks_exact(y.len())) {
            let square = squared_distance(y, centre);
            if square < least {
                (second, least, nearest) = (least, square, k);
            } else if square < second {
                second = square;
            }
        }
        // Squares are off by d + 3 roundings at most.
        let rounding = (y.len() + 4) as f64 * f64::EPSILON;
        let (near, far) = (least * (1.0 + rounding), second * (1.0 - rounding));
        (
            nearest,
            far.sqrt() * (1.0 - f64::EPSILON) - near.sqrt() * (1.0 + f64::EPSILON),
        )
    }
}

/// Some rows of a block.
struct Block<'a, 'b, 'v, T> {
    assignment: &'a Assignment<'b>,
    rows: &'a CentredRows<'v, 'b, T>,
    first: usize,
    picked: &'a [u16],
    /// Row after row, those picked and some of any value.
    values: &'a [f64],
    /// The same, column after column.
    columns: &'a [f64],
    single: &'a mut [f32],
    /// Room for one row.
    row: &'a mut [f64],
    labels: &'a mut [u32],
    until: &'a mut [f32],
    sums: &'a mut ClusterSums,
}

impl<T: Real> WithSimd for Block<'_, '_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let d = self.rows.dimension();
        let count = self.columns.len() / d;
        let measure = self.rows.shift.iter().zip(self.rows.scale);
        let columns = (self.single.chunks_exact_mut(count)).zip(self.columns.chunks_exact(count));
        for ((single, column), (shift, scale)) in columns.zip(measure) {
            for (single, x) in single.iter_mut().zip(column) {
                *single = ((x - shift) * scale) as f32;
            }
        }
        let (mut nearest, mut margin) = ([0.0; BLOCK_ROWS], [0.0; BLOCK_ROWS]);
        let nearest_of = Nearest {
            columns: self.single,
            rows: count,
            screen: &self.assignment.screen,
            nearest: &mut nearest[..count],
            margin: &mut margin[..count],
        };
        nearest_of.with_simd(simd);
        let found = nearest.iter().zip(&margin).zip(self.values.chunks_exact(d));
        for (&i, ((&nearest, &margin), x)) in self.picked.iter().zip(found) {
            let i = usize::from(i);
            let (mut label, mut margin) = (nearest as u32, f64::from(margin));
            if !(margin > 0.0) {
                self.rows.centre(x, self.row);
                (label, margin) = self.assignment.nearest(self.row);
            }
            let until = margin + self.assignment.lost[label as usize];
            // Rounded down.
            self.until[i] = (until * (1.0 - f64::from(f32::EPSILON))) as f32;
            let before = self.labels[i];
            if self.assignment.first || label != before {
                self.labels[i] = label;
                self.rows.centre(x, self.row);
                let (weight, from) = (
                    self.rows.weight(self.first + i),
                    (!self.assignment.first).then_some(before),
                );
                self.sums.change(self.row, weight, from, label);
            }
        }
    }
}
