//! Block kernels: the rows of a block under all components.
//!
//! A block comes as columns (entry (i, j) of the n × d block at `j * n + i`), transposed once for all
//! components, so that neighbouring numbers in memory belong to neighbouring rows: the lanes of a
//! vector are rows, whatever the dimension. The instruction set is chosen when the program runs.

mod block;
// Loops over lanes and registers run over several arrays at once, and must unroll.
#[allow(clippy::needless_range_loop)]
mod moments;
#[allow(clippy::needless_range_loop)]
mod quadratic;
mod student_t;

pub(crate) use quadratic::pack_factor;
pub(crate) use student_t::{t_accumulate, t_log_densities};

use crate::gaussian::Gaussian;
use crate::scatter::Scatter;
use distributions::{RowsView, Scratch, View};
use pulp::{Arch, Simd, WithSimd};

/// Writes the n × d block `xs` column after column.
pub(crate) fn transpose(xs: RowsView<'_, f64>, into: &mut [f64]) {
    let (rows, d) = (xs.len(), xs.width());
    // In strips of columns, so that what is written stays in cache.
    for strip in (0..d).step_by(8) {
        let end = (strip + 8).min(d);
        for (i, row) in xs.values().chunks_exact(d).enumerate() {
            for (j, &x) in row.iter().enumerate().take(end).skip(strip) {
                into[j * rows + i] = x;
            }
        }
    }
}

/// The part of `buffer` that begins on a cache line.
fn align(buffer: &mut [f64]) -> &mut [f64] {
    let offset = buffer.as_ptr().align_offset(64).min(buffer.len());
    &mut buffer[offset..]
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
    let mut z = scratch.take_dirty(quadratic::room(columns.len() / rows));
    Arch::new().dispatch(LogDensities {
        gaussians,
        columns,
        rows,
        out,
        z: &mut z,
    });
    scratch.give(z);
}

struct LogDensities<'a> {
    gaussians: &'a [Gaussian],
    columns: &'a [f64],
    rows: usize,
    out: &'a mut [f64],
    z: &'a mut [f64],
}

impl WithSimd for LogDensities<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let rows = self.rows;
        for (gaussian, out) in self.gaussians.iter().zip(self.out.chunks_exact_mut(rows)) {
            quadratic::quadratic_forms(simd, gaussian, self.columns, rows, out, self.z);
            let constant = gaussian.log_constant();
            for value in out {
                let density = constant - 0.5 * *value;
                // Differences of infinities: the row is infinitely far away.
                *value = if density.is_nan() {
                    f64::NEG_INFINITY
                } else {
                    density
                };
            }
        }
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
    let d = columns.len() / rows;
    let clean = tame(columns, weights, rows, scratch);
    let full = into.first().is_some_and(Scatter::is_full);
    let mut origin = scratch.take_dirty(d);
    let mut sums = scratch.take_dirty(d);
    let mut squares = scratch.take_dirty(if full { d * d } else { d });
    let mut buffers = scratch.take_dirty(moments::room(d, rows));
    Arch::new().dispatch(block::Accumulate {
        into,
        gaussians,
        columns: clean.as_deref().unwrap_or(columns),
        weights,
        rows,
        origin: &mut origin,
        sums: &mut sums,
        squares: &mut squares,
        buffers: &mut buffers,
    });
    scratch.give(buffers);
    scratch.give(squares);
    scratch.give(sums);
    scratch.give(origin);
    if let Some(clean) = clean {
        scratch.give(clean);
    }
}

/// A copy of the block in which rows without any weight are zeros, where one of them would spoil a
/// sum by 0 · ∞; such rows need not even be valid observations.
fn tame(columns: &[f64], weights: &[f64], rows: usize, scratch: &mut Scratch) -> Option<Vec<f64>> {
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
mod tests;
