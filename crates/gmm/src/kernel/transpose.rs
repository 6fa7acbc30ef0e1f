//! Rows to columns.

use distributions::{RowsView, View};

/// Rows and columns of the squares that are turned over one at a time.
const SIDE: usize = 8;

/// Writes the n × d block `xs` column after column.
pub(crate) fn transpose(xs: RowsView<'_, f64>, into: &mut [f64]) {
    let values = xs.values();
    match xs.width() {
        1 => narrow::<1>(values, into),
        2 => narrow::<2>(values, into),
        3 => narrow::<3>(values, into),
        4 => narrow::<4>(values, into),
        5 => narrow::<5>(values, into),
        6 => narrow::<6>(values, into),
        7 => narrow::<7>(values, into),
        8 => narrow::<8>(values, into),
        _ => wide(xs, into),
    }
}

/// Column after column: the block stays in the first-level cache.
fn narrow<const D: usize>(values: &[f64], into: &mut [f64]) {
    let (rows, _) = values.as_chunks::<D>();
    if rows.is_empty() {
        return;
    }
    for (j, column) in into.chunks_exact_mut(rows.len()).enumerate() {
        for (x, row) in column.iter_mut().zip(rows) {
            *x = row[j];
        }
    }
}

/// Eight rows at a time, square after square: a cache line is read once and written once.
fn wide(xs: RowsView<'_, f64>, into: &mut [f64]) {
    let (rows, d, values) = (xs.len(), xs.width(), xs.values());
    let (whole_rows, whole) = (rows / SIDE * SIDE, d / SIDE * SIDE);
    for first in (0..whole_rows).step_by(SIDE) {
        let strip = &values[first * d..(first + SIDE) * d];
        for left in (0..whole).step_by(SIDE) {
            let mut square = [[0.0; SIDE]; SIDE];
            for (i, row) in square.iter_mut().enumerate() {
                row.copy_from_slice(&strip[i * d + left..i * d + left + SIDE]);
            }
            // By index, so that the square stays in registers.
            #[allow(clippy::needless_range_loop)]
            for j in 0..SIDE {
                let start = (left + j) * rows + first;
                let column: [f64; SIDE] = std::array::from_fn(|i| square[i][j]);
                into[start..start + SIDE].copy_from_slice(&column);
            }
        }
        for j in whole..d {
            let column = &mut into[j * rows + first..j * rows + first + SIDE];
            for (x, row) in column.iter_mut().zip(strip.chunks_exact(d)) {
                *x = row[j];
            }
        }
    }
    for i in whole_rows..rows {
        for (j, &x) in values[i * d..(i + 1) * d].iter().enumerate() {
            into[j * rows + i] = x;
        }
    }
}
