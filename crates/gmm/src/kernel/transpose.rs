//! Rows to columns.

use crate::matrix::Real;
use distributions::RowsView;
use distributions::simd::instruction_set::arch;
use pulp::{Simd, WithSimd};

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

fn narrow_picked<N: Copy>(values: &[N], d: usize, picked: &[u32], into: &mut [N], stride: usize) {
    match d {
        1 => narrow_picked_of::<1, N>(values, picked, into, stride),
        2 => narrow_picked_of::<2, N>(values, picked, into, stride),
        3 => narrow_picked_of::<3, N>(values, picked, into, stride),
        4 => narrow_picked_of::<4, N>(values, picked, into, stride),
        5 => narrow_picked_of::<5, N>(values, picked, into, stride),
        6 => narrow_picked_of::<6, N>(values, picked, into, stride),
        _ => narrow_picked_of::<7, N>(values, picked, into, stride),
    }
}

fn narrow_picked_of<const D: usize, N: Copy>(
    values: &[N],
    picked: &[u32],
    into: &mut [N],
    stride: usize,
) {
    let (rows, _) = values.as_chunks::<D>();
    let Some(mut columns) = into
        .get_mut(..D * stride)
        .map(|all| all.chunks_exact_mut(stride))
    else {
        return;
    };
    let mut columns: [&mut [N]; D] = std::array::from_fn(|_| {
        let column = columns.next().unwrap_or_default();
        let room = picked.len().min(column.len());
        &mut column[..room]
    });
    for (n, &i) in picked.iter().enumerate() {
        for (column, &x) in columns.iter_mut().zip(&rows[i as usize]) {
            column[n] = x;
        }
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

/// Column after column: the block stays in the first-level cache.
fn narrow<T: Copy, N>(
    values: &[T],
    d: usize,
    into: &mut [N],
    stride: usize,
    change: impl Fn(T, usize) -> N + Copy,
) {
    arch().dispatch(Narrow {
        values,
        d,
        into,
        stride,
        change,
    });
}

struct Narrow<'a, T, N, F> {
    values: &'a [T],
    d: usize,
    into: &'a mut [N],
    stride: usize,
    change: F,
}

impl<T: Copy, N, F: Fn(T, usize) -> N + Copy> WithSimd for Narrow<'_, T, N, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Narrow {
            values,
            d,
            into,
            stride,
            change,
        } = self;
        narrow_in(values, d, into, stride, change);
    }
}

#[inline(always)]
fn narrow_in<T: Copy, N>(
    values: &[T],
    d: usize,
    into: &mut [N],
    stride: usize,
    change: impl Fn(T, usize) -> N + Copy,
) {
    match d {
        1 => narrow_of::<1, T, N>(values, into, stride, change),
        2 => narrow_of::<2, T, N>(values, into, stride, change),
        3 => narrow_of::<3, T, N>(values, into, stride, change),
        4 => narrow_of::<4, T, N>(values, into, stride, change),
        5 => narrow_of::<5, T, N>(values, into, stride, change),
        6 => narrow_of::<6, T, N>(values, into, stride, change),
        _ => narrow_of::<7, T, N>(values, into, stride, change),
    }
}

#[inline(always)]
fn narrow_of<const D: usize, T: Copy, N>(
    values: &[T],
    into: &mut [N],
    stride: usize,
    change: impl Fn(T, usize) -> N,
) {
    let (rows, _) = values.as_chunks::<D>();
    if rows.is_empty() {
        return;
    }
    for (j, column) in into.chunks_exact_mut(stride).enumerate() {
        for (x, row) in column.iter_mut().zip(rows) {
            *x = change(row[j], j);
        }
    }
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

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Real, SIDE, centred, squares};
    use pulp::core_arch::x86::Avx;
    use pulp::x86::{V3, V4};
    use pulp::{Simd, WithSimd, cast};
    use std::arch::x86_64::{__m256, __m512d};

    /// Squares of eight registers of eight numbers of double precision.
    pub(super) struct Doubles<'a, F> {
        pub(super) simd: V4,
        pub(super) row: F,
        pub(super) rows: usize,
        pub(super) d: usize,
        pub(super) into: &'a mut [f64],
        pub(super) stride: usize,
    }

    impl<'r, F: Fn(usize) -> &'r [f64]> WithSimd for Doubles<'_, F> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            let simd = self.simd.avx512f;
            squares(
                self.row,
                self.rows,
                self.d,
                self.into,
                self.stride,
                #[inline(always)]
                |x, _| *x,
                #[inline(always)]
                |square| {
                    let r: [__m512d; SIDE] = square.map(cast);
                    // Pairs of columns of neighbouring rows, then of four, then of eight.
                    let two = |a, b| (simd._mm512_unpacklo_pd(a, b), simd._mm512_unpackhi_pd(a, b));
                    let four = |a, b| {
                        (
                            simd._mm512_shuffle_f64x2::<0x88>(a, b),
                            simd._mm512_shuffle_f64x2::<0xdd>(a, b),
                        )
                    };
                    let (a0, a1) = two(r[0], r[1]);
                    let (b0, b1) = two(r[2], r[3]);
                    let (c0, c1) = two(r[4], r[5]);
                    let (d0, d1) = two(r[6], r[7]);
                    let (e0, e2) = four(a0, b0);
                    let (e1, e3) = four(a1, b1);
                    let (f0, f2) = four(c0, d0);
                    let (f1, f3) = four(c1, d1);
                    let (g0, g4) = four(e0, f0);
                    let (g1, g5) = four(e1, f1);
                    let (g2, g6) = four(e2, f2);
                    let (g3, g7) = four(e3, f3);
                    [g0, g1, g2, g3, g4, g5, g6, g7].map(cast)
                },
            );
        }
    }

    /// Squares of eight registers of eight numbers of single precision.
    pub(super) struct Singles<'a, T> {
        pub(super) simd: V3,
        pub(super) values: &'a [T],
        pub(super) centre: &'a [f32],
        pub(super) into: &'a mut [f32],
        pub(super) stride: usize,
    }

    impl<T: Real> WithSimd for Singles<'_, T> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            let (simd, centre, values) = (self.simd.avx, self.centre, self.values);
            let d = centre.len();
            squares(
                #[inline(always)]
                |i| &values[i * d..][..d],
                values.len() / d,
                d,
                self.into,
                self.stride,
                #[inline(always)]
                |x, left| centred(x, centre, left),
                #[inline(always)]
                |square| turned(simd, square),
            );
        }
    }

    /// Squares of rows wherever they are.
    pub(super) struct Rows<'a, R> {
        pub(super) simd: V3,
        pub(super) row: R,
        pub(super) rows: usize,
        pub(super) d: usize,
        pub(super) into: &'a mut [f32],
        pub(super) stride: usize,
    }

    impl<'v, R: Fn(usize) -> &'v [f32]> WithSimd for Rows<'_, R> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            let simd = self.simd.avx;
            squares(
                self.row,
                self.rows,
                self.d,
                self.into,
                self.stride,
                #[inline(always)]
                |x, _| *x,
                #[inline(always)]
                |square| turned(simd, square),
            );
        }
    }

    /// The instructions for it, where loops may run in them.
    pub(super) fn avx2() -> Option<V3> {
        match distributions::simd::instruction_set::arch() {
            pulp::Arch::V3(simd) => Some(simd),
            pulp::Arch::V4(simd) => Some(*simd),
            _ => None,
        }
    }

    /// Eight registers, turned over.
    #[inline(always)]
    fn turned(simd: Avx, square: [[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
        let r: [__m256; SIDE] = square.map(cast);
        let two = |a, b| (simd._mm256_unpacklo_ps(a, b), simd._mm256_unpackhi_ps(a, b));
        let four = |a, b| {
            (
                simd._mm256_shuffle_ps::<0x44>(a, b),
                simd._mm256_shuffle_ps::<0xee>(a, b),
            )
        };
        let eight = |a, b| {
            (
                simd._mm256_permute2f128_ps::<0x20>(a, b),
                simd._mm256_permute2f128_ps::<0x31>(a, b),
            )
        };
        let (a0, a2) = two(r[0], r[1]);
        let (b0, b2) = two(r[2], r[3]);
        let (c0, c2) = two(r[4], r[5]);
        let (d0, d2) = two(r[6], r[7]);
        let (e0, e1) = four(a0, b0);
        let (e2, e3) = four(a2, b2);
        let (f0, f1) = four(c0, d0);
        let (f2, f3) = four(c2, d2);
        let (g0, g4) = eight(e0, f0);
        let (g1, g5) = eight(e1, f1);
        let (g2, g6) = eight(e2, f2);
        let (g3, g7) = eight(e3, f3);
        [g0, g1, g2, g3, g4, g5, g6, g7].map(cast)
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
