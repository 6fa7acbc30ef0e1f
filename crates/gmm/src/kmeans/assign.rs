//! Each row to its nearest centre, where that may have changed.

use super::batch::{Batch, Open};
use super::distances::squared_distance;
use super::rows::{CentredRows, Room, consecutive};
use super::screen::{Nearest, Packed, Screen, Turning};
use super::sums::ClusterSums;
use super::tile::TILE;
use crate::kernel::prefetch_all;
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
    pub(super) lost_above: Vec<f32>,
    lost_below: Vec<f32>,
    /// Whether labels are of any value.
    first: bool,
    /// The share of the rows of a block from which on all of them are looked at.
    pub(super) many: f64,
}

/// To look at a row among others takes at most d (0.3 + 0.03 K) + 3 nanoseconds where they stand, and up to this much
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
    /// `standing`: of rows that are read [as they stand](CentredRows::stand).
    pub(super) fn new(
        centres: &'a [f64],
        dimension: usize,
        lost: &[f64],
        first: bool,
        standing: bool,
    ) -> Self {
        let clusters = lost.len() as f64;
        let looking = dimension as f64 * (0.3 + 0.03 * clusters) + 3.0;
        Assignment {
            many: looking / (looking + PICKING),
            centres,
            screen: Screen::new(centres, dimension, standing),
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
        let doubles = rows
            .view
            .as_rows()
            .map(|rows| &rows.values()[chunk.start * d..]);
        let mut room = Room::take(d, scratch);
        let mut row = scratch.take_dirty(d);
        let mut moved = Moved {
            rows: Batch::new(),
            from: [0; BLOCK_ROWS],
        };
        let (mut open, mut batch, mut ahead) = (Open::new(), Batch::new(), Batch::new());
        let first = chunk.start;
        open.fill(self, known, &mut batch);
        while !batch.rows().is_empty() {
            open.fill(self, known, &mut ahead);
            arch().dispatch(Looked {
                assignment: self,
                rows,
                first,
                picked: batch.rows(),
                ahead: ahead.rows(),
                doubles,
                room: &mut room,
                row: &mut row,
                known,
                moved: &mut moved,
            });
            arch().dispatch(Add {
                rows,
                first,
                values: rows.picked(first, moved.rows.rows(), &mut room.doubles),
                moved: &moved,
                known: !self.first,
                labels: known.labels,
                row: &mut row,
                sums,
            });
            moved.rows.clear();
            std::mem::swap(&mut batch, &mut ahead);
        }
        room.give(scratch);
        scratch.give(row);
    }
    /// What may be lost until a label does not hold any more, by its margin.
    #[inline(always)]
    fn until(&self, margin: f32, label: u32) -> f32 {
        // Rounded down, more than the sum and the product are rounded up.
        (margin + self.lost_below[label as usize]) * (1.0 - f32::EPSILON)
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

/// Rows that are looked at.
struct Looked<'a, 'b, 'k, 'v, T> {
    assignment: &'a Assignment<'b>,
    rows: &'a CentredRows<'v, 'b, T>,
    /// The first row of the chunk.
    first: usize,
    picked: &'a [u32],
    /// Those that are looked at next.
    ahead: &'a [u32],
    /// The rows of the chunk and those after it, where they lie in memory in double precision.
    doubles: Option<&'v [f64]>,
    room: &'a mut Room,
    /// Room for one row.
    row: &'a mut [f64],
    known: &'a mut Known<'k>,
    moved: &'a mut Moved,
}

/// Rows whose labels changed, and what these were.
struct Moved {
    rows: Batch,
    from: [u32; BLOCK_ROWS],
}

impl<T: Real> WithSimd for Looked<'_, '_, '_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (assignment, rows, first) = (self.assignment, self.rows, self.first);
        let mut turning = Turning::new();
        for (number, picked) in self.picked.chunks(TILE).enumerate() {
            let (mut nearest, mut margin) = ([0; TILE], [0.0; TILE]);
            let of = Nearest {
                screen: &assignment.screen,
                nearest: &mut nearest,
                margin: &mut margin,
            };
            match &assignment.screen.centres {
                Packed::Tiles(groups) => {
                    // Few columns are over before memory answers.
                    rows.ask_for_singles(first, self.later(number + 2));
                    let tile = rows.tile(first, picked, self.room);
                    of.of_tile(simd, groups, tile);
                }
                Packed::Lanes(groups) => {
                    let later = self.later(number + 1);
                    let later = rows.kept(first, later).map_or(&[][..], |_| later);
                    let standing = rows.standing(first, picked, self.room);
                    let squares = standing.squares();
                    of.of_rows(simd, groups, standing, later, &mut turning, &squares);
                }
            }
            if !margin[..picked.len()]
                .iter()
                .fold(true, |all, &margin| all & (margin > 0.0))
            {
                for (place, &i) in picked.iter().enumerate() {
                    if !(margin[place] > 0.0) {
                        rows.row(first + i as usize, self.row);
                        (nearest[place], margin[place]) = assignment.nearest(self.row);
                    }
                }
            }
            match consecutive(picked) {
                Some(all) if all.len() == TILE => self.settle_all(all.start, &nearest, &margin),
                _ => {
                    for ((&i, nearest), margin) in picked.iter().zip(nearest).zip(margin) {
                        self.settle(i, nearest, margin);
                    }
                }
            }
        }
    }
}

impl<'a, T: Real> Looked<'a, '_, '_, '_, T> {
    /// A tile of these rows, and after the last of those ahead.
    #[inline(always)]
    fn later(&self, tile: usize) -> &'a [u32] {
        let tiles = self.picked.len().div_ceil(TILE);
        let (rows, tile) = if tile < tiles {
            (self.picked, tile)
        } else {
            (self.ahead, tile - tiles)
        };
        rows.chunks(TILE).nth(tile).unwrap_or_default()
    }
    /// Asks memory for a row in double precision, where it lies there as one.
    #[inline(always)]
    fn ask_for(&self, row: usize) {
        if let Some(values) = self.doubles {
            let d = self.row.len();
            prefetch_all(&values[row * d..][..d]);
        }
    }
    /// Writes down the labels of rows that follow each other.
    #[inline(always)]
    fn settle_all(&mut self, start: usize, labels: &[u32; TILE], margin: &[f32; TILE]) {
        let (assignment, all) = (self.assignment, start..start + TILE);
        let (before, _) = self.known.labels[all.clone()].as_chunks_mut::<TILE>();
        let (until, _) = self.known.until[all].as_chunks_mut::<TILE>();
        let (before, until) = (&mut before[0], &mut until[0]);
        for place in 0..TILE {
            until[place] = assignment.until(margin[place], labels[place]);
        }
        let mut changed = 0_u32;
        for place in 0..TILE {
            changed |= u32::from(before[place] != labels[place]) << place;
        }
        if assignment.first {
            changed = u32::MAX;
        }
        let from = std::mem::replace(before, *labels);
        while changed != 0 {
            let place = changed.trailing_zeros() as usize;
            self.move_from(start + place, from[place]);
            changed &= changed - 1;
        }
    }
    /// Writes down the label of a row.
    #[inline(always)]
    fn settle(&mut self, row: u32, label: u32, margin: f32) {
        let (assignment, i) = (self.assignment, row as usize);
        self.known.until[i] = assignment.until(margin, label);
        let before = std::mem::replace(&mut self.known.labels[i], label);
        if assignment.first || label != before {
            self.move_from(i, before);
        }
    }
    /// A row whose label changed.
    #[inline(always)]
    fn move_from(&mut self, row: usize, before: u32) {
        self.moved.from[self.moved.rows.rows().len()] = before;
        self.moved.rows.push(row as u32);
        // All of a block, one after the other, come without being asked for.
        if !self.assignment.first {
            self.ask_for(row);
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
        let moved = self.moved.rows.rows().iter().zip(&self.moved.from);
        for ((&i, &from), x) in moved.zip(self.values.chunks_exact(self.row.len())) {
            let i = i as usize;
            self.rows.centre(x, self.row);
            let weight = self.rows.weight(self.first + i);
            let from = self.known.then_some(from);
            self.sums.change(self.row, weight, from, self.labels[i]);
        }
    }
}
