//! The homes of the rows of a part of a block from a few of its columns, and bounds of their densities, in single precision.

use super::Block;
use super::columns::{Measure, Picked, Picks, SHRINK, allowance};
use crate::gaussian::Gaussian;
use crate::kernel::prefetch::Ahead;
use crate::kernel::transpose::transpose_those;
use distributions::simd::instruction_set::arch;
use distributions::{AlignedBuffer, Scratch};
use pulp::bytemuck::{cast_slice, cast_slice_mut};
use pulp::{Simd, WithSimd};

/// Rows whose bounds are made together: four vectors of the widest instruction set.
pub(super) const STRIP: usize = 64;

/// Rows of which columns are read together: so few that their lines stay in the first-level cache.
const TOGETHER: usize = 16;

/// No bound is smaller: of rows that far from everything nothing is told.
const FLOOR: f32 = -1e30;

/// The homes of the rows of a part, and bounds where its columns give some.
pub(super) struct ColumnBounds<'a> {
    picks: &'a Picks,
    /// What is known of a component before a row is read.
    constants: AlignedBuffer,
    count: usize,
    /// What every bound has besides.
    base: f64,
    /// Of the part.
    rows: usize,
    /// Picked columns of a strip, then y.
    values: AlignedBuffer,
    scaled: AlignedBuffer,
    /// Strip after strip, component after component.
    bounds: AlignedBuffer,
    homes: AlignedBuffer,
    seconds: AlignedBuffer,
}

impl<'a> ColumnBounds<'a> {
    /// Room for parts of at most so many rows, and bounds from so many columns.
    pub(super) fn new(
        picks: &'a Picks,
        gaussians: &[Gaussian],
        rows: usize,
        scratch: &mut Scratch,
    ) -> Self {
        let (count, width) = (gaussians.len(), picks.columns().len());
        let rows = rows.next_multiple_of(STRIP);
        let all = gaussians.iter().map(Gaussian::log_constant);
        let base = all.clone().fold(f64::MIN, f64::max);
        let mut singles = |count: usize| scratch.take_dirty(count.div_ceil(2));
        let mut constants = singles(count);
        let own: &mut [f32] = &mut cast_slice_mut(&mut constants)[..count];
        match &picks.measure {
            Measure::Means { halves, .. } => own.copy_from_slice(halves),
            Measure::Bounds { shifts, .. } => {
                for (own, (constant, &shift)) in own.iter_mut().zip(all.zip(shifts)) {
                    let constant = constant - base;
                    *own = (constant + allowance(shift, constant)) as f32;
                }
            }
        }
        ColumnBounds {
            picks,
            constants,
            count,
            base,
            rows: 0,
            scaled: singles(width * STRIP),
            bounds: singles(count * rows),
            homes: singles(rows),
            seconds: singles(rows),
            values: scratch.take_dirty(width * STRIP),
        }
    }
    pub(super) fn give(self, scratch: &mut Scratch) {
        let all = [self.constants, self.values, self.scaled, self.bounds];
        for buffer in all.into_iter().chain([self.homes, self.seconds]) {
            scratch.give(buffer);
        }
    }
    /// Makes those of a part, and asks for a share of what is read later for every component of a strip.
    pub(super) fn write(&mut self, part: Block<'_>, ahead: &Ahead) {
        self.rows = part.rows();
        let constants: &[f32] = cast_slice(&self.constants);
        arch().dispatch(Write {
            part,
            ahead,
            picks: self.picks,
            constants: &constants[..self.count],
            values: &mut self.values,
            scaled: cast_slice_mut(&mut self.scaled),
            bounds: cast_slice_mut(&mut self.bounds),
            homes: cast_slice_mut(&mut self.homes),
            seconds: cast_slice_mut(&mut self.seconds),
        });
    }
    /// What ln p_k(x_i) is at most.
    #[inline(always)]
    pub(super) fn get(&self, k: usize, row: u32) -> f64 {
        if !self.are_bounds() {
            return f64::INFINITY;
        }
        let (strip, i) = (row as usize / STRIP, row as usize % STRIP);
        let bounds: &[f32] = cast_slice(&self.bounds);
        let bound = bounds[(strip * self.count + k) * STRIP + i];
        f64::from(bound.max(FLOOR)) + self.base
    }
    fn are_bounds(&self) -> bool {
        matches!(self.picks.measure, Measure::Bounds { .. })
    }
    /// The component whose mean is nearest or whose bound is largest, of every row; `count` where the row is left out.
    pub(super) fn homes(&self) -> &[u32] {
        cast_slice(&self.homes)
    }
    /// Leaves rows of the part without a home.
    pub(super) fn leave_out(&mut self, which: impl Fn(usize) -> bool) {
        let homes: &mut [u32] = cast_slice_mut(&mut self.homes);
        for (row, home) in homes[..self.rows].iter_mut().enumerate() {
            *home = if which(row) { self.count as u32 } else { *home };
        }
    }
    /// The largest bounds of the other components.
    #[inline(always)]
    pub(super) fn second(&self, row: u32) -> f64 {
        if !self.are_bounds() {
            return f64::INFINITY;
        }
        let seconds: &[f32] = cast_slice(&self.seconds);
        f64::from(seconds[row as usize]) + self.base
    }
}

struct Write<'a> {
    part: Block<'a>,
    ahead: &'a Ahead,
    picks: &'a Picks,
    constants: &'a [f32],
    values: &'a mut [f64],
    scaled: &'a mut [f32],
    bounds: &'a mut [f32],
    homes: &'a mut [u32],
    seconds: &'a mut [f32],
}

impl WithSimd for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many as there are registers for.
        match S::F32_LANES {
            16 => self.strips::<S, 4>(simd),
            _ => self.strips::<S, 2>(simd),
        }
    }
}

impl Write<'_> {
    #[inline(always)]
    fn strips<S: Simd, const V: usize>(mut self, simd: S) {
        let strips = self.part.rows().div_ceil(STRIP);
        for strip in 0..strips {
            self.read(strip * STRIP);
            let picks = self.picks;
            for first in (0..STRIP).step_by(V * S::F32_LANES) {
                match &picks.measure {
                    Measure::Means { means, .. } => self.nearest::<S, V>(simd, means, strip, first),
                    Measure::Bounds { coefficients, .. } => {
                        self.bounds::<S, V>(simd, coefficients, strip, first);
                    }
                }
            }
        }
    }
    /// Writes y of a strip; past the last row, of anything.
    #[inline(always)]
    fn read(&mut self, first: usize) {
        let (picked, d) = (self.picks.columns(), self.part.d);
        let end = (first + STRIP).min(self.part.rows());
        let rows = &self.part.values[first * d..end * d];
        if let Some(left) = self.picks.window() {
            let row = |i: usize| &rows[i * d + left..][..picked.len()];
            transpose_those(row, end - first, picked.len(), self.values, STRIP);
        } else {
            read_those(rows, d, picked, self.values);
        }
        let columns = self.values.chunks_exact(STRIP);
        let columns = columns.zip(self.scaled.chunks_exact_mut(STRIP));
        for ((values, scaled), own) in columns.zip(picked) {
            let (centre, scale) = (own.centre, own.scale());
            for (scaled, value) in scaled.iter_mut().zip(values) {
                *scaled = ((value - centre) * scale) as f32;
            }
        }
    }
    /// The nearest means of `V` vectors of rows of a strip, the first of which is `first`.
    #[inline(always)]
    fn nearest<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        means: &[f32],
        strip: usize,
        first: usize,
    ) {
        let (scaled, _) = S::as_simd_f32s(&self.scaled[first..]);
        let across = STRIP / S::F32_LANES;
        let mut homes = [simd.splat_u32s(0); V];
        let mut largest = [simd.splat_f32s(FLOOR); V];
        let means = means.chunks_exact(self.picks.columns().len());
        for (k, (means, &half)) in (0..).zip(means.zip(self.constants)) {
            if first == 0 {
                self.ahead.ask();
            }
            let mut scores = [simd.splat_f32s(half); V];
            for (&mean, y) in means.iter().zip(scaled.chunks(across)) {
                let (mean, y) = (simd.splat_f32s(mean), &y[..V]);
                for v in 0..V {
                    scores[v] = simd.mul_add_e_f32s(y[v], mean, scores[v]);
                }
            }
            let k = simd.splat_u32s(k);
            for v in 0..V {
                let is_nearer = simd.less_than_f32s(largest[v], scores[v]);
                homes[v] = simd.select_u32s(is_nearer, k, homes[v]);
                largest[v] = simd.max_f32s(scores[v], largest[v]);
            }
        }
        let at = strip * STRIP + first;
        S::as_mut_simd_u32s(&mut self.homes[at..]).0[..V].copy_from_slice(&homes);
    }
    /// The bounds of `V` vectors of rows of a strip, the first of which is `first`.
    #[inline(always)]
    fn bounds<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        coefficients: &[[f32; 2]],
        strip: usize,
        first: usize,
    ) {
        let (scaled, _) = S::as_simd_f32s(&self.scaled[first..]);
        let across = STRIP / S::F32_LANES;
        let half = simd.splat_f32s(-0.5 * (1.0 - SHRINK) as f32);
        let mut homes = [simd.splat_u32s(0); V];
        let mut largest = [simd.splat_f32s(FLOOR); V];
        let mut seconds = largest;
        let coefficients = coefficients.chunks_exact(self.picks.columns().len());
        let components = coefficients.zip(self.constants).enumerate();
        for (k, (coefficients, &constant)) in components {
            if first == 0 {
                self.ahead.ask();
            }
            let mut squares = [simd.splat_f32s(0.0); V];
            for (&[factor, shift], y) in coefficients.iter().zip(scaled.chunks(across)) {
                let (factor, shift) = (simd.splat_f32s(factor), simd.splat_f32s(shift));
                let y = &y[..V];
                for v in 0..V {
                    let t = simd.mul_add_e_f32s(y[v], factor, shift);
                    squares[v] = simd.mul_add_e_f32s(t, t, squares[v]);
                }
            }
            let at = (strip * self.constants.len() + k) * STRIP + first;
            let (bounds, _) = S::as_mut_simd_f32s(&mut self.bounds[at..]);
            let (constant, k) = (simd.splat_f32s(constant), simd.splat_u32s(k as u32));
            for v in 0..V {
                let bound = simd.mul_add_e_f32s(squares[v], half, constant);
                bounds[v] = bound;
                let is_nearer = simd.less_than_f32s(largest[v], bound);
                homes[v] = simd.select_u32s(is_nearer, k, homes[v]);
                // Where the bound is no number, it is the second one that counts.
                let lower = simd.min_f32s(bound, largest[v]);
                seconds[v] = simd.max_f32s(lower, seconds[v]);
                largest[v] = simd.max_f32s(bound, largest[v]);
            }
        }
        let at = strip * STRIP + first;
        S::as_mut_simd_u32s(&mut self.homes[at..]).0[..V].copy_from_slice(&homes);
        S::as_mut_simd_f32s(&mut self.seconds[at..]).0[..V].copy_from_slice(&seconds);
    }
}

/// Writes the picked columns of at most [`STRIP`] rows.
#[inline(always)]
fn read_those(rows: &[f64], d: usize, picked: &[Picked], columns: &mut [f64]) {
    for (group, rows) in rows.chunks(TOGETHER * d).enumerate() {
        for (column, own) in columns.chunks_exact_mut(STRIP).zip(picked) {
            let column = &mut column[group * TOGETHER..];
            for (value, row) in column.iter_mut().zip(rows.chunks_exact(d)) {
                *value = row[own.column];
            }
        }
    }
}
