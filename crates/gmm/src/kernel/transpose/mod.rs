//! Rows to columns.

mod narrow;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::matrix::Real;
use distributions::RowsView;
use distributions::simd::instruction_set::arch;
use narrow::{narrow, narrow_picked};

/// Rows and columns of the squares that are turned over one at a time.
const SIDE: usize = 8;

/// Writes the n × d block `xs` column after column.
pub(crate) fn transpose(xs: RowsView<'_, f64>, into: &mut [f64]) {
    let rows = xs.values().len() / xs.width();
    if xs.width() >= SIDE {
        touch(xs.values());
    }
    transpose_padded(xs.values(), xs.width(), into, rows);
}

/// Writes the rows of d numbers column after column, each `stride` numbers from the one before, with zeros after the rows.
/// They come from the caches if they were [asked for](super::prefetch), or [touched](touch).
pub(super) fn transpose_padded(values: &[f64], d: usize, into: &mut [f64], stride: usize) {
    let rows = values.len() / d;
    if rows < stride {
        for column in into.chunks_exact_mut(stride) {
            column[rows..].fill(0.0);
        }
    }
    if d < SIDE {
        return narrow(values, d, into, stride, |x, _| x);
    }
    doubles(|i| &values[i * d..][..d], rows, d, into, stride);
}

/// Writes rows of at least [`SIDE`] numbers, wherever they are, column after column, each `stride` numbers from the one
/// before, with the last row again after the rows, to a multiple of [`SIDE`].
pub(super) fn transpose_those<'a>(
    row: impl Fn(usize) -> &'a [f64],
    rows: usize,
    d: usize,
    into: &mut [f64],
    stride: usize,
) {
    let row = |i: usize| row(i.min(rows - 1));
    doubles(row, rows.next_multiple_of(SIDE), d, into, stride);
}

fn doubles<'a>(
    row: impl Fn(usize) -> &'a [f64],
    rows: usize,
    d: usize,
    into: &mut [f64],
    stride: usize,
) {
    #[cfg(target_arch = "x86_64")]
    if let pulp::Arch::V4(simd) = arch() {
        let kernel = x86::Doubles {
            simd,
            row,
            rows,
            d,
            into,
            stride,
        };
        return pulp::Simd::vectorize(simd, kernel);
    }
    squares(row, rows, d, into, stride, |x, _| *x, turn_over);
}

/// Writes the rows of d numbers, without `centre`, column after column in single precision, each column `stride` numbers
/// from the one before.
pub(super) fn transpose_centred<T: Real>(
    values: &[T],
    centre: &[f32],
    into: &mut [f32],
    stride: usize,
) {
    let d = centre.len();
    if d < SIDE {
        return narrow(values, d, into, stride, |x, j| x.minus(centre[j]));
    }
    touch(values);
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = x86::avx2() {
            let kernel = x86::Singles {
                simd,
                values,
                centre,
                into,
                stride,
            };
            return pulp::Simd::vectorize(simd, kernel);
        }
    }
    let (rows, row) = (values.len() / d, |i: usize| &values[i * d..][..d]);
    let change = |x: &[T; SIDE], left| centred(x, centre, left);
    squares(row, rows, d, into, stride, change, turn_over);
}

/// Writes rows of d numbers column after column, each column `stride` numbers from the one before. They come from the caches.
pub(crate) fn transpose_cached(values: &[f32], d: usize, into: &mut [f32], stride: usize) {
    if d < SIDE {
        return narrow(values, d, into, stride, |x, _| x);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = x86::avx2() {
        let kernel = x86::Rows {
            simd,
            row: |i: usize| &values[i * d..][..d],
            rows: values.len() / d,
            d,
            into,
            stride,
        };
        return pulp::Simd::vectorize(simd, kernel);
    }
    let row = |i: usize| &values[i * d..][..d];
    squares(row, values.len() / d, d, into, stride, |x, _| *x, turn_over);
}

/// Writes those rows of d numbers that are picked column after column, each column `stride` numbers from the one before.
/// They come from the caches if they were [asked for](super::prefetch).
pub(crate) fn transpose_picked(
    values: &[f32],
    d: usize,
    picked: &[u32],
    into: &mut [f32],
    stride: usize,
) {
    if d < SIDE {
        return narrow_picked(values, d, picked, into, stride);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = x86::avx2() {
        let kernel = x86::Rows {
            simd,
            row: |i: usize| &values[picked[i] as usize * d..][..d],
            rows: picked.len(),
            d,
            into,
            stride,
        };
        return pulp::Simd::vectorize(simd, kernel);
    }
    let row = |i: usize| &values[picked[i] as usize * d..][..d];
    squares(row, picked.len(), d, into, stride, |x, _| *x, turn_over);
}

/// The same in double precision, with numbers that stand for nothing after the rows, to a multiple of [`SIDE`].
pub(crate) fn transpose_picked_doubles(
    values: &[f64],
    d: usize,
    picked: &[u32],
    into: &mut [f64],
    stride: usize,
) {
    if d >= SIDE {
        let row = |i: usize| &values[picked[i] as usize * d..][..d];
        return transpose_those(row, picked.len(), d, into, stride);
    }
    narrow_picked(values, d, picked, into, stride);
    for column in into[..d * stride].chunks_exact_mut(stride) {
        column[picked.len()..].fill(0.0);
    }
}

/// Part of a row from column `left` on, without `centre`.
#[inline(always)]
fn centred<T: Real>(x: &[T; SIDE], centre: &[f32], left: usize) -> [f32; SIDE] {
    let mut way = [0.0; SIDE];
    for ((way, x), centre) in way.iter_mut().zip(x).zip(&centre[left..left + SIDE]) {
        *way = x.minus(*centre);
    }
    way
}

#[inline(always)]
fn turn_over<N: Copy>(square: [[N; SIDE]; SIDE]) -> [[N; SIDE]; SIDE] {
    std::array::from_fn(|j| std::array::from_fn(|i| square[i][j]))
}

/// Reads a number of each cache line, in order: from memory that is twice as fast as eight rows side by side.
#[inline(never)]
pub(crate) fn touch<T: Real>(values: &[T]) {
    let lines = values.iter().step_by(64 / size_of::<T>());
    std::hint::black_box(lines.fold(0, |all, x| all ^ x.to_f64().to_bits()));
}

/// Eight rows at a time, square after square: a cache line is read once and written once.
#[inline(always)]
fn squares<'a, T: Copy + 'a, N: Copy + Default>(
    row: impl Fn(usize) -> &'a [T],
    rows: usize,
    d: usize,
    into: &mut [N],
    stride: usize,
    change: impl Fn(&[T; SIDE], usize) -> [N; SIDE],
    turn: impl Fn([[N; SIDE]; SIDE]) -> [[N; SIDE]; SIDE],
) {
    let part = |row: &'a [T], left: usize| &row[left..left + SIDE].as_chunks().0[0];
    let whole = rows / SIDE * SIDE;
    for first in (0..whole).step_by(SIDE) {
        let mut strip = [row(first); SIDE];
        for (i, one) in strip.iter_mut().enumerate() {
            *one = row(first + i);
        }
        for left in (0..d).step_by(SIDE) {
            // The last square may begin in the one before.
            let left = left.min(d - SIDE);
            let mut square = [[N::default(); SIDE]; SIDE];
            for (row, from) in square.iter_mut().zip(strip) {
                *row = change(part(from, left), left);
            }
            for (j, column) in turn(square).into_iter().enumerate() {
                let start = (left + j) * stride + first;
                into[start..start + SIDE].copy_from_slice(&column);
            }
        }
    }
    for i in whole..rows {
        for left in (0..d).step_by(SIDE) {
            let left = left.min(d - SIDE);
            for (j, x) in (left..).zip(change(part(row(i), left), left)) {
                into[j * stride + i] = x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use distributions::simd::instruction_set::{InstructionSet, run_in};

    #[test]
    fn every_number_is_where_its_column_has_it() {
        for &set in InstructionSet::ALL {
            if !run_in(set) {
                continue;
            }
            for d in 1..20 {
                for rows in (1..40).chain([256]) {
                    let values: Vec<f64> = (0..rows * d).map(|n| 1.0 + n as f64).collect();
                    let stride = rows + 3;
                    let mut columns = vec![f64::NAN; d * stride];
                    transpose_padded(&values, d, &mut columns, stride);
                    for (j, column) in columns.chunks_exact(stride).enumerate() {
                        for (i, &x) in column.iter().enumerate() {
                            let expected = if i < rows { values[i * d + j] } else { 0.0 };
                            assert_eq!(x, expected, "{set:?}: {rows} rows of {d}: {i}, {j}");
                        }
                    }
                }
            }
        }
        assert!(run_in(InstructionSet::Widest));
    }
}
