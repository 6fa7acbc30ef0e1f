//! The scatter of all rows of a block: of the rows and their weights alone, so that it is the same in every iteration.

use super::outer_products::{add_outer_products, panels, write_panels};
use super::responsibilities::PIECE;
use super::transpose::{touch, transpose_padded};
use super::{LANES, part_rows};
use distributions::Scratch;
use distributions::simd::instruction_set::arch;
use pulp::{Simd, WithSimd};

/// Moments of weighted rows about their mean as it was rounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowScatter<'a> {
    /// N = Σ w.
    weight: f64,
    /// m, to rounding.
    mean: &'a [f64],
    /// Σ w (x − m), which would be 0 for the exact mean.
    sums: &'a [f64],
    /// The lower triangle of Σ w (x − m)(x − m)ᵀ.
    squares: &'a [f64],
}

impl<'a> RowScatter<'a> {
    /// Those in the numbers that [`row_scatter`] gave for rows of `d` columns.
    pub(super) fn of(numbers: &'a [f64], d: usize) -> Self {
        let (weight, rest) = numbers.split_at(1);
        let (mean, rest) = rest.split_at(d);
        let (sums, squares) = rest.split_at(d);
        RowScatter {
            weight: weight[0],
            mean,
            sums,
            squares,
        }
    }
    /// Writes the lower triangle of Σ w (x − c)(x − c)ᵀ; `way` is room for d numbers. Inlined, to be compiled for the
    /// instruction set of a kernel.
    #[inline(always)]
    pub(super) fn write_about(&self, centre: &[f64], way: &mut [f64], into: &mut [f64]) {
        for ((way, mean), centre) in way.iter_mut().zip(self.mean).zip(centre) {
            *way = mean - centre;
        }
        let d = self.mean.len();
        let rows = into.chunks_exact_mut(d).zip(self.squares.chunks_exact(d));
        for (i, (into, squares)) in rows.enumerate() {
            let (scaled, sum) = (self.weight * way[i] + self.sums[i], way[i]);
            let others = self.sums[..i + 1].iter().zip(&way[..i + 1]);
            let entries = into[..i + 1].iter_mut().zip(&squares[..i + 1]);
            for ((into, square), (other, way)) in entries.zip(others) {
                *into = square + (scaled * way + sum * other);
            }
        }
    }
}

/// The numbers of a [`RowScatter`] of the rows of `values`, one after the other, with these weights, or 1 each. `None` where
/// no row has any.
pub(super) fn row_scatter(
    values: &[f64],
    d: usize,
    weights: Option<&[f64]>,
    scratch: &mut Scratch,
) -> Option<Vec<f64>> {
    let rows = values.len() / d;
    let weight = weights.map_or(rows as f64, |weights| weights.iter().sum());
    if !(weight > 0.0) {
        return None;
    }
    let mut numbers = vec![0.0; 1 + d * (d + 2)];
    let (head, squares) = numbers.split_at_mut(1 + 2 * d);
    let (mean, sums) = head[1..].split_at_mut(d);
    for (n, row) in values.chunks_exact(d).enumerate() {
        let share = weights.map_or(1.0, |weights| weights[n]);
        let terms = mean.iter_mut().zip(row);
        terms.for_each(|(mean, x)| *mean += share * x);
    }
    mean.iter_mut().for_each(|mean| *mean /= weight);
    let most = part_rows(d).min(rows.next_multiple_of(PIECE));
    let whole = d.next_multiple_of(LANES);
    let mut centre = scratch.take(whole);
    centre[..d].copy_from_slice(mean);
    let mut columns = scratch.take_dirty(most * d);
    let mut panels = scratch.take_dirty(most * whole);
    let mut into = scratch.take(d * whole);
    for first in (0..rows).step_by(part_rows(d)) {
        let rows = first..(first + part_rows(d)).min(rows);
        let wide = rows.len().next_multiple_of(PIECE);
        let values = &values[rows.start * d..rows.end * d];
        let columns = &mut columns[..d * wide];
        touch(values);
        transpose_padded(values, d, columns, wide);
        arch().dispatch(Part {
            values,
            centre: &centre,
            weights: weights.map(|weights| &weights[rows.clone()]),
            rows: rows.len(),
            columns,
            panels: &mut panels,
            sums,
            squares: &mut into,
        });
    }
    let stride = arch().dispatch(Stride(d));
    for (row, into) in squares.chunks_exact_mut(d).zip(into.chunks_exact(stride)) {
        row.copy_from_slice(&into[..d]);
    }
    numbers[0] = weight;
    for buffer in [into, panels, columns, centre] {
        scratch.give(buffer);
    }
    Some(numbers)
}

/// Some of the rows.
struct Part<'a> {
    values: &'a [f64],
    /// Up to whole vectors.
    centre: &'a [f64],
    weights: Option<&'a [f64]>,
    rows: usize,
    /// Replaced by what they are away from the centre, times the weights of the rows.
    columns: &'a mut [f64],
    panels: &'a mut [f64],
    sums: &'a mut [f64],
    squares: &'a mut [f64],
}

impl WithSimd for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let d = self.sums.len();
        let wide = self.columns.len() / d;
        let columns = self.columns.chunks_exact_mut(wide).zip(self.centre);
        for ((column, &centre), into) in columns.zip(self.sums) {
            // What stands after the last row stays 0.
            let column = &mut column[..self.rows];
            column.iter_mut().for_each(|x| *x -= centre);
            if let Some(weights) = self.weights {
                let pairs = column.iter_mut().zip(weights);
                pairs.for_each(|(x, weight)| *x *= weight);
            }
            *into += column.iter().sum::<f64>();
        }
        let own = write_panels(simd, self.values, d, self.centre, wide, self.panels);
        let stride = panels::<S>(d) * S::F64_LANES;
        let squares = &mut self.squares[..d * stride];
        add_outer_products(simd, self.columns, &own, true, squares);
    }
}

/// How long a row of the squares is.
struct Stride(usize);

impl WithSimd for Stride {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        panels::<S>(self.0) * S::F64_LANES
    }
}
