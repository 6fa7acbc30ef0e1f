//! Block kernels: the rows of a block under all components.
//!
//! A block comes as columns (entry (i, j) of the n × d block at `j * n + i`), transposed once for all
//! components, so that neighbouring numbers in memory belong to neighbouring rows: the lanes of a
//! vector are rows, whatever the dimension. The instruction set is chosen when the program runs.

mod active;
mod block;
mod common_block;
#[allow(clippy::needless_range_loop)]
mod diagonal_moments;
mod expect;
mod exponentials;
// As in the loops below.
#[allow(clippy::needless_range_loop)]
mod common_factor;
// As in the loops below.
#[allow(clippy::needless_range_loop)]
mod few;
mod full_block;
mod linear_scores;
// Loops over lanes and registers run over several arrays at once, and must unroll.
#[allow(clippy::needless_range_loop)]
mod moments;
#[allow(clippy::needless_range_loop)]
mod narrow;
#[allow(clippy::needless_range_loop)]
mod narrow_block;
mod number;
#[allow(clippy::needless_range_loop)]
mod objective;
mod ordered;
#[allow(clippy::needless_range_loop)]
mod outer_products;
#[allow(clippy::needless_range_loop)]
mod parts_block;
mod parts_moments;
mod pooled;
#[cfg(target_arch = "x86_64")]
mod power_table;
mod prefetch;
#[allow(clippy::needless_range_loop)]
mod quadratic;
#[allow(clippy::needless_range_loop)]
mod responsibilities;
mod row_scatter;
mod single;
mod single_block;
mod sparse;
mod student_t;
mod transpose;

pub(crate) use common_factor::{CommonFactor, common_log_densities};
pub(crate) use expect::{Way, expect};
pub(crate) use narrow_block::serves as are_few_columns;
pub(crate) use ordered::{Discriminants, SINGLE, expect_few};
pub(crate) use pooled::accumulate_pooled;
pub(crate) use prefetch::{prefetch, prefetch_all, prefetch_all_into_second};
pub(crate) use quadratic::pack_factor;
pub(crate) use single::SingleGaussians;
pub(crate) use single_block::expect as expect_in_single_precision;
pub(crate) use student_t::{t_accumulate, t_log_densities};
pub(crate) use transpose::{
    touch, transpose, transpose_cached, transpose_picked, transpose_picked_doubles,
};

use crate::gaussian::Gaussian;
use crate::scatter::Scatter;
use distributions::simd::instruction_set::arch;
use distributions::{AlignedBuffer, BLOCK_ROWS, Scratch};
use pulp::{Simd, WithSimd};
use quadratic::Part;

/// The part of `buffer` that begins on a cache line.
fn align<N>(buffer: &mut [N]) -> &mut [N] {
    let offset = buffer.as_ptr().align_offset(64).min(buffer.len());
    &mut buffer[offset..]
}

/// The most numbers in a vector of any instruction set.
pub(crate) const LANES: usize = 8;

/// How many rows of `d` columns are worked on at a time, where their columns and their vectors are both kept: they stay in the
/// second-level cache.
fn part_rows(d: usize) -> usize {
    if d <= 128 { BLOCK_ROWS } else { BLOCK_ROWS / 2 }
}

/// Blocks whose number of rows is no multiple of eight are computed with rows of zeros after the last.
#[derive(Clone, Copy, Debug)]
struct Padding {
    from: usize,
    to: usize,
}

impl Padding {
    /// What `rows` rows need; `None` where they fill their vectors.
    fn of(rows: usize) -> Option<Self> {
        let to = rows.next_multiple_of(LANES);
        (to != rows).then_some(Padding { from: rows, to })
    }
    /// A copy of a matrix of columns with zeros after each.
    fn widen(self, matrix: &[f64], scratch: &mut Scratch) -> AlignedBuffer {
        let mut wide = scratch.take(matrix.len() / self.from * self.to);
        let columns = matrix.chunks_exact(self.from);
        for (wide, column) in wide.chunks_exact_mut(self.to).zip(columns) {
            wide[..self.from].copy_from_slice(column);
        }
        wide
    }
    /// The columns of `wide` without what stands after each.
    fn narrow(self, wide: &[f64], matrix: &mut [f64]) {
        let columns = matrix.chunks_exact_mut(self.from);
        for (column, wide) in columns.zip(wide.chunks_exact(self.to)) {
            column.copy_from_slice(&wide[..self.from]);
        }
    }
}

/// Writes the K × n matrix of ln p_k(x_i).
pub(crate) fn log_densities(
    gaussians: &[Gaussian],
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut Scratch,
) {
    if rows == 0 {
        return;
    }
    if let Some(padding) = Padding::of(rows) {
        let columns = padding.widen(columns, scratch);
        let mut wide = scratch.take_dirty(gaussians.len() * padding.to);
        log_densities(gaussians, &columns, padding.to, &mut wide, scratch);
        padding.narrow(&wide, out);
        scratch.give(wide);
        scratch.give(columns);
        return;
    }
    let d = columns.len() / rows;
    let mut z = scratch.take_dirty(quadratic::room::<f64>(d));
    arch().dispatch(LogDensities {
        gaussians,
        log_weights: None,
        part: Part {
            width: d,
            rows: 0..rows,
            stride: rows,
        },
        columns,
        rows,
        out,
        z: &mut z,
    });
    scratch.give(z);
}

/// Writes the K × n matrix of ln π_k + ln p_k(x_i); what weighs nothing may be −∞, see [`sparse`].
pub(crate) fn log_joint(
    gaussians: &[Gaussian],
    log_weights: &[f64],
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut Scratch,
) {
    if rows == 0 {
        return;
    }
    if let Some(padding) = Padding::of(rows) {
        let columns = padding.widen(columns, scratch);
        let mut wide = scratch.take_dirty(gaussians.len() * padding.to);
        log_joint(
            gaussians,
            log_weights,
            &columns,
            padding.to,
            &mut wide,
            scratch,
        );
        padding.narrow(&wide, out);
        scratch.give(wide);
        scratch.give(columns);
        return;
    }
    let mut room = scratch.take_dirty(sparse::room(gaussians, columns.len() / rows, rows));
    let mut z = scratch.take_dirty(quadratic::room::<f64>(columns.len() / rows));
    arch().dispatch(sparse::LogJoint {
        gaussians,
        log_weights,
        columns,
        rows,
        out,
        room: &mut room,
        z: &mut z,
    });
    scratch.give(z);
    scratch.give(room);
}

struct LogDensities<'a> {
    gaussians: &'a [Gaussian],
    /// ln π_k, added where they are given.
    log_weights: Option<&'a [f64]>,
    part: Part,
    columns: &'a [f64],
    rows: usize,
    out: &'a mut [f64],
    z: &'a mut [f64],
}

impl WithSimd for LogDensities<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (gaussians, log_weights) = (self.gaussians, self.log_weights);
        quadratic::quadratic_forms_of(
            simd,
            gaussians,
            self.part,
            self.columns,
            self.rows,
            self.out,
            self.z,
            // Outside, it would be compiled without the instruction set.
            #[inline(always)]
            |k, form| density(simd, &gaussians[k], form, log_weights.map(|logs| logs[k])),
        );
    }
}

/// ln p_k(x) from the quadratic form; with ln π_k where that is given.
#[inline(always)]
fn density<S: Simd>(
    simd: S,
    gaussian: &Gaussian,
    form: S::f64s,
    log_weight: Option<f64>,
) -> S::f64s {
    let constant = simd.splat_f64s(gaussian.log_constant());
    let density = simd.mul_add_e_f64s(simd.splat_f64s(-0.5), form, constant);
    // Differences of infinities: the row is infinitely far away.
    let nowhere = simd.splat_f64s(f64::NEG_INFINITY);
    let density = simd.select_f64s(simd.equal_f64s(density, density), density, nowhere);
    match log_weight {
        Some(log) => simd.add_f64s(density, simd.splat_f64s(log)),
        None => density,
    }
}

/// Adds the block to the K statistics, row i to component k with weight `weights[k * rows + i]`.
pub(crate) fn accumulate(
    into: &mut [Scatter],
    gaussians: &[Gaussian],
    columns: &[f64],
    weights: &[f64],
    rows: usize,
    scratch: &mut Scratch,
) {
    if rows == 0 {
        return;
    }
    if let Some(padding) = Padding::of(rows) {
        let columns = padding.widen(columns, scratch);
        let weights = padding.widen(weights, scratch);
        accumulate(into, gaussians, &columns, &weights, padding.to, scratch);
        scratch.give(weights);
        scratch.give(columns);
        return;
    }
    let (d, count) = (columns.len() / rows, into.len());
    let clean = tame(columns, weights, rows, scratch);
    let full = into.first().is_some_and(Scatter::is_full);
    let mut origins = scratch.take_dirty(count * d);
    for (origin, gaussian) in origins.chunks_exact_mut(d).zip(gaussians) {
        // The current mean is where the block's own is expected: about it nothing cancels.
        origin.copy_from_slice(gaussian.mean());
    }
    let mut sums = scratch.take_dirty(count * d);
    let mut squares = scratch.take_dirty(d * if full { d } else { count });
    let gathered = if full { active::room(d, rows) } else { 0 };
    let few = if gathered > 0 { few::room(d) } else { 0 };
    let mut strip = scratch.take_dirty(moments::room::<f64>(rows).max(few));
    let mut gathered = scratch.take_dirty(gathered);
    arch().dispatch(block::Accumulate {
        into,
        columns: clean.as_deref().unwrap_or(columns),
        weights,
        rows,
        origins: &mut origins,
        sums: &mut sums,
        squares: &mut squares,
        strip: &mut strip,
        gathered: &mut gathered,
    });
    scratch.give(gathered);
    scratch.give(strip);
    scratch.give(squares);
    scratch.give(sums);
    scratch.give(origins);
    if let Some(clean) = clean {
        scratch.give(clean);
    }
}

/// A copy of the block in which rows without any weight are zeros, where one of them would spoil a
/// sum by 0 · ∞; such rows need not even be valid observations.
fn tame(
    columns: &[f64],
    weights: &[f64],
    rows: usize,
    scratch: &mut Scratch,
) -> Option<AlignedBuffer> {
    // NaN is wild too; 1e300 leaves room for the difference from a mean.
    if columns
        .iter()
        .fold(true, |tame, x| tame & (x.abs() < 1e300))
    {
        return None;
    }
    let mut clean = scratch.take_dirty(columns.len());
    clean.copy_from_slice(columns);
    for i in 0..rows {
        if weights.iter().skip(i).step_by(rows).all(|&w| w == 0.0) {
            clean
                .iter_mut()
                .skip(i)
                .step_by(rows)
                .for_each(|x| *x = 0.0);
        }
    }
    Some(clean)
}

#[cfg(test)]
mod accuracy;
#[cfg(test)]
mod at_once;
#[cfg(test)]
mod tests;
