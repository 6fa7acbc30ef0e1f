//! Each row to its nearest centre, where that may have changed.

use super::distances::squared_distance;
use super::rows::{CentredRows, Room};
use super::screen::{Nearest, Screen};
use super::sums::ClusterSums;
use super::tile::TILE;
use crate::matrix::Real;
use distributions::simd::instruction_set::arch;
use distributions::{BLOCK_ROWS, Scratch};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// What is known of the rows of a chunk: their labels, and how long these hold.
pub(super) struct Known<'a> {
    /// Of any value where no centre was seen yet.
    pub(super) labels: &'a mut [u32],
    /// A label holds while what its margin lost is below.
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
    /// For each cluster the sum, over all steps, of what its centre and the fastest other moved, rounded up, and
    /// rounded down.
    lost_above: Vec<f32>,
    lost_below: Vec<f32>,
    /// Whether labels are of any value.
    first: bool,
    /// The share of the rows of a block from which on all of them are looked at, as they stand.
    many: f64,
}

/// To look at a row among others takes about d (0.3 + 0.03 K) + 3 nanoseconds where they stand, and this much
/// longer where it is picked.
const PICKING: f64 = 12.0;

/// At least this, in single precision. What is next to 0 is a normal number: others are slow.
fn above(lost: f64) -> f32 {
    (lost * (1.0 + f64::from(f32::EPSILON))) as f32 + f32::MIN_POSITIVE
}

/// At most this, in single precision.
fn below(lost: f64) -> f32 {
    ((lost * (1.0 - f64::from(f32::EPSILON))) as f32 - f32::MIN_POSITIVE).max(0.0)
}

impl<'a> Assignment<'a> {
    pub(super) fn new(centres: &'a [f64], dimension: usize, lost: &[f64], first: bool) -> Self {
        let clusters = lost.len() as f64;
        let looking = dimension as f64 * (0.3 + 0.03 * clusters) + 3.0;
        Assignment {
            many: looking / (looking + PICKING),
            centres,
            screen: Screen::new(centres, dimension),
            lost_above: lost.iter().map(|&lost| above(lost)).collect(),
            lost_below: lost.iter().map(|&lost| below(lost)).collect(),
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
        let mut room = Room::take(d, scratch);
        let mut row = scratch.take_dirty(d);
        let mut moved = Moved {
            rows: [0; BLOCK_ROWS],
            from: [0; BLOCK_ROWS],
            count: 0,
        };
        let parts = (known.labels.chunks_mut(BLOCK_ROWS)).zip(known.until.chunks_mut(BLOCK_ROWS));
        for (first, (labels, until)) in chunk.step_by(BLOCK_ROWS).zip(parts) {
            let mut picked = [0; BLOCK_ROWS];
            let picked = self.open(labels, until, &mut picked);
            if picked.is_empty() {
                continue;
            }
            arch().dispatch(Block {
                assignment: self,
                tiles: rows.tiles(first, picked, &mut room),
                rows,
                first,
                picked,
                row: &mut row,
                labels,
                until,
                moved: &mut moved,
            });
            arch().dispatch(Add {
                rows,
                first,
                values: rows.picked(first, &moved.rows[..moved.count], &mut room.doubles),
                moved: &moved,
                known: !self.first,
                labels,
                row: &mut row,
                sums,
            });
            moved.count = 0;
        }
        room.give(scratch);
        scratch.give(row);
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
            count += usize::from(!(self.lost_above[label as usize] < until));
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
    fn nearest(&self, y: &[f64]) -> (u32, f32) {
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
        let margin = far.sqrt() * (1.0 - f64::EPSILON) - near.sqrt() * (1.0 + f64::EPSILON);
        // Rounding to single precision raises it by less, and a bound below 0 holds for nothing.
        (nearest, (margin * (1.0 - f64::from(f32::EPSILON))) as f32)
    }
}

/// Some rows of a block.
struct Block<'a, 'b, 'v, T> {
    assignment: &'a Assignment<'b>,
    rows: &'a CentredRows<'v, 'b, T>,
    first: usize,
    picked: &'a [u16],
    /// [`CentredRows::tiles`] of them.
    tiles: &'a [f32],
    /// Room for one row.
    row: &'a mut [f64],
    labels: &'a mut [u32],
    until: &'a mut [f32],
    moved: &'a mut Moved,
}

/// Rows of a block whose labels changed, and what these were.
struct Moved {
    rows: [u16; BLOCK_ROWS],
    from: [u32; BLOCK_ROWS],
    count: usize,
}

impl<T: Real> WithSimd for Block<'_, '_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let tiles = self.tiles.chunks_exact(TILE * self.rows.dimension());
        for (tile, picked) in tiles.zip(self.picked.chunks(TILE)) {
            let (mut nearest, mut margin) = ([0; TILE], [0.0; TILE]);
            let nearest_of = Nearest {
                tile,
                screen: &self.assignment.screen,
                nearest: &mut nearest,
                margin: &mut margin,
            };
            nearest_of.with_simd(simd);
            for ((&i, nearest), margin) in picked.iter().zip(nearest).zip(margin) {
                self.settle(usize::from(i), nearest, margin);
            }
        }
    }
}

impl<T: Real> Block<'_, '_, '_, T> {
    /// Writes down the label of a row, where the margin proves it, or that of all its digits.
    #[inline(always)]
    fn settle(&mut self, i: usize, mut label: u32, mut margin: f32) {
        let assignment = self.assignment;
        if !(margin > 0.0) {
            self.rows.row(self.first + i, self.row);
            (label, margin) = assignment.nearest(self.row);
        }
        // Rounded down, more than the sum and the product are rounded up.
        let until = margin + assignment.lost_below[label as usize];
        self.until[i] = until * (1.0 - f32::EPSILON);
        let before = self.labels[i];
        if assignment.first || label != before {
            self.labels[i] = label;
            self.moved.rows[self.moved.count] = i as u16;
            self.moved.from[self.moved.count] = before;
            self.moved.count += 1;
        }
    }
}

/// Tells sums of the rows that moved.
struct Add<'a, 'b, 'v, T> {
    rows: &'a CentredRows<'v, 'b, T>,
    first: usize,
    /// Row after row.
    values: &'a [f64],
    moved: &'a Moved,
    /// Whether they had labels of any value before.
    known: bool,
    labels: &'a [u32],
    /// Room for one row.
    row: &'a mut [f64],
    sums: &'a mut ClusterSums,
}

impl<T: Real> WithSimd for Add<'_, '_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let moved = self.moved.rows.iter().zip(&self.moved.from);
        for ((&i, &from), x) in moved.zip(self.values.chunks_exact(self.row.len())) {
            let i = usize::from(i);
            self.rows.centre(x, self.row);
            let weight = self.rows.weight(self.first + i);
            let from = self.known.then_some(from);
            self.sums.change(self.row, weight, from, self.labels[i]);
        }
    }
}
