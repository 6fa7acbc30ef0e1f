//! Bounds of the densities of a block, from a few discriminant coordinates ([`super::directions`]).

use super::directions::Directions;
use super::group::read;
use super::{Block, LANES};
use crate::gaussian::Gaussian;
use crate::kernel::quadratic::{self, Part};
use crate::kernel::sparse::GAP;
use crate::kernel::transpose::touch;
use crate::kernel::{LogDensities, log_joint};
use distributions::simd::instruction_set::arch;
use distributions::{AlignedBuffer, BLOCK_ROWS, Scratch};
use pulp::bytemuck::{cast_slice, cast_slice_mut};
use pulp::{Simd, WithSimd};

/// Rows that are looked at first, evenly spread.
pub(super) const PROBE: usize = 2 * LANES;

/// What bounds, and what they leave, may cost beside all.
const WORTH: f64 = 0.6;

/// The number of coordinates with which bounds, and the components that they leave to a row, cost least; `None` where that
/// is not clearly below `cost_of_all`, in units of all densities and moments. [`PROBE`] rows tell.
pub(super) fn width_that_pays(
    block: Block<'_>,
    directions: &Directions,
    gaussians: &[Gaussian],
    log_weights: &[f64],
    cost_of_all: f64,
    scratch: &mut Scratch,
) -> Option<usize> {
    let (d, count) = (block.d, gaussians.len());
    let probed: [u32; PROBE] = std::array::from_fn(|i| i as u32);
    let mut columns = scratch.take_dirty(d * PROBE);
    let mut joint = scratch.take_dirty(count * PROBE);
    let mut bounds = scratch.take_dirty(count * PROBE);
    read(block, &probed, &mut columns);
    log_joint(gaussians, log_weights, &columns, PROBE, &mut joint, scratch);
    let all = count as f64;
    let (mut best, mut least) = (None, WORTH * cost_of_all * all);
    for most in [LANES, 2 * LANES] {
        let width = most.min(directions.coordinates());
        let row = |i: usize| i as u32;
        write_bounds(block, directions, width, row, PROBE, &mut bounds, scratch);
        let candidates = |i: usize| {
            let own = || bounds[i..].iter().step_by(PROBE);
            let largest = own().fold(f64::NEG_INFINITY, |a, &b| b.max(a));
            let home = own().position(|&bound| bound == largest).unwrap_or(0);
            let least = joint[home * PROBE + i] - GAP;
            own().filter(|&&bound| !(bound < least)).count()
        };
        let candidates = (0..PROBE).map(candidates).sum::<usize>() as f64 / PROBE as f64;
        // In densities and moments of a row: half of these are densities, and a row is projected and read besides.
        let (share, d) = (width as f64 / d as f64, d as f64);
        let cost = 0.5 * share * (all * share + 1.0) + candidates * (1.0 + 16.0 / d);
        if cost < least {
            (best, least) = (Some(width), cost);
        }
    }
    for buffer in [bounds, joint, columns] {
        scratch.give(buffer);
    }
    best
}

/// Bounds of the densities of all rows of a block.
pub(super) struct Bounds {
    /// Of parts of [`BLOCK_ROWS`] rows, component after component.
    numbers: AlignedBuffer,
    count: usize,
    rows: usize,
    /// The component whose bound is largest for each row; `count` where the row is left out.
    homes: AlignedBuffer,
    /// The largest of the other components.
    pub seconds: AlignedBuffer,
}

impl Bounds {
    /// Those from so many coordinates.
    pub(super) fn new(
        block: Block<'_>,
        directions: &Directions,
        width: usize,
        scratch: &mut Scratch,
    ) -> Self {
        let (count, rows) = (directions.components().len(), block.rows());
        let wide = rows.next_multiple_of(BLOCK_ROWS);
        let mut all = Bounds {
            numbers: scratch.take_dirty(wide * count),
            count,
            rows,
            homes: scratch.take_dirty(wide / 2),
            seconds: scratch.take_dirty(wide),
        };
        let mut largest = scratch.take_dirty(BLOCK_ROWS);
        let parts = all.numbers.chunks_exact_mut(count * BLOCK_ROWS);
        let homes: &mut [u32] = cast_slice_mut(&mut all.homes);
        let parts = parts.zip(homes.chunks_exact_mut(BLOCK_ROWS));
        let parts = parts.zip(all.seconds.chunks_exact_mut(BLOCK_ROWS));
        for (part, ((bounds, homes), seconds)) in parts.enumerate() {
            // Past the last row, the last row again.
            let row = |i: usize| (part * BLOCK_ROWS + i).min(rows - 1) as u32;
            let values = block.d * part * BLOCK_ROWS;
            touch(&block.values[values..(values + block.d * BLOCK_ROWS).min(block.values.len())]);
            write_bounds(block, directions, width, row, BLOCK_ROWS, bounds, scratch);
            arch().dispatch(TwoLargest {
                bounds,
                homes,
                largest: &mut largest,
                seconds,
            });
        }
        scratch.give(largest);
        all
    }
    pub(super) fn give(self, scratch: &mut Scratch) {
        for buffer in [self.seconds, self.homes, self.numbers] {
            scratch.give(buffer);
        }
    }
    /// The bound of a row's density under component `k`.
    pub(super) fn get(&self, k: usize, row: u32) -> f64 {
        self.numbers[place(self.count, k, row)]
    }
    /// The component whose bound is largest for each row, its home; of a row that is left out, their number.
    pub(super) fn homes(&self) -> &[u32] {
        &cast_slice(&self.homes)[..self.rows]
    }
    /// Leaves rows without a home.
    pub(super) fn leave_out(&mut self, which: impl Fn(u32) -> bool) {
        let homes: &mut [u32] = cast_slice_mut(&mut self.homes);
        for (home, row) in homes[..self.rows].iter_mut().zip(0..) {
            *home = if which(row) { self.count as u32 } else { *home };
        }
    }
    /// The likeliest of the rows that have a home, for component `k`.
    pub(super) fn likeliest(&self, k: usize) -> Option<u32> {
        let (mut likeliest, mut largest) = (None, f64::NEG_INFINITY);
        for row in 0..self.rows as u32 {
            let bound = self.get(k, row);
            if bound > largest && self.homes()[row as usize] < self.count as u32 {
                (likeliest, largest) = (Some(row), bound);
            }
        }
        likeliest
    }
}

/// Where the bound of a row under component `k` of `count` stands.
#[inline(always)]
fn place(count: usize, k: usize, row: u32) -> usize {
    let (part, i) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
    (part * count + k) * BLOCK_ROWS + i
}

/// Writes the bounds of some rows, a multiple of [`LANES`], under all components.
fn write_bounds(
    block: Block<'_>,
    directions: &Directions,
    width: usize,
    row: impl Fn(usize) -> u32,
    rows: usize,
    bounds: &mut [f64],
    scratch: &mut Scratch,
) {
    let mut columns = scratch.take_dirty(width * rows);
    let mut z = scratch.take_dirty(quadratic::room::<f64>(width));
    directions.project(rows, |i| block.row(row(i)), &mut columns, rows);
    arch().dispatch(LogDensities {
        gaussians: directions.components(),
        log_weights: Some(directions.constants()),
        part: Part {
            width,
            rows: 0..rows,
            stride: rows,
        },
        columns: &columns,
        rows,
        out: bounds,
        z: &mut z,
    });
    scratch.give(z);
    scratch.give(columns);
}

/// Writes the largest bound of each row, whose it is, and the second largest.
struct TwoLargest<'a> {
    bounds: &'a [f64],
    homes: &'a mut [u32],
    largest: &'a mut [f64],
    seconds: &'a mut [f64],
}

impl WithSimd for TwoLargest<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.homes.len();
        let (homes, largest) = (&mut self.homes[..rows], &mut self.largest[..rows]);
        let seconds = &mut self.seconds[..rows];
        homes.fill(0);
        largest.fill(f64::NEG_INFINITY);
        seconds.fill(f64::NEG_INFINITY);
        for (k, bounds) in self.bounds.chunks_exact(rows).enumerate() {
            let k = k as u32;
            for i in 0..rows {
                let nearer = bounds[i] > largest[i];
                let lower = if nearer { largest[i] } else { bounds[i] };
                homes[i] = if nearer { k } else { homes[i] };
                largest[i] = if nearer { bounds[i] } else { largest[i] };
                seconds[i] = if lower > seconds[i] {
                    lower
                } else {
                    seconds[i]
                };
            }
        }
    }
}
