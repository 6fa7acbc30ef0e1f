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

fn wide(xs: RowsView<'_, f64>, into: &mut [f64]) {
    touch(xs.values());
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V4::try_new() {
        return pulp::Simd::vectorize(simd, x86::Squares { simd, xs, into });
    }
    squares(xs, into, |square| {
        std::array::from_fn(|j| std::array::from_fn(|i| square[i][j]))
    });
}

/// Reads a number of each cache line, in order: from memory that is twice as fast as eight rows side by side.
#[inline(never)]
fn touch(values: &[f64]) {
    let (lines, _) = values.as_chunks::<SIDE>();
    std::hint::black_box(lines.iter().fold(0, |all, line| all | line[0].to_bits()));
}

/// Eight rows at a time, square after square: a cache line is read once and written once.
#[inline(always)]
fn squares(
    xs: RowsView<'_, f64>,
    into: &mut [f64],
    turn: impl Fn([[f64; SIDE]; SIDE]) -> [[f64; SIDE]; SIDE],
) {
    let (rows, d, values) = (xs.len(), xs.width(), xs.values());
    let whole = rows / SIDE * SIDE;
    for first in (0..whole).step_by(SIDE) {
        let strip = &values[first * d..(first + SIDE) * d];
        for left in (0..d).step_by(SIDE) {
            // The last square may begin in the one before.
            let left = left.min(d - SIDE);
            let mut square = [[0.0; SIDE]; SIDE];
            for (i, row) in square.iter_mut().enumerate() {
                row.copy_from_slice(&strip[i * d + left..i * d + left + SIDE]);
            }
            for (j, column) in turn(square).into_iter().enumerate() {
                let start = (left + j) * rows + first;
                into[start..start + SIDE].copy_from_slice(&column);
            }
        }
    }
    for i in whole..rows {
        for (j, &x) in values[i * d..(i + 1) * d].iter().enumerate() {
            into[j * rows + i] = x;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{SIDE, squares};
    use distributions::RowsView;
    use pulp::x86::V4;
    use pulp::{Simd, WithSimd, cast};
    use std::arch::x86_64::__m512d;

    /// Squares of eight registers.
    pub(super) struct Squares<'a> {
        pub(super) simd: V4,
        pub(super) xs: RowsView<'a, f64>,
        pub(super) into: &'a mut [f64],
    }

    impl WithSimd for Squares<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            let simd = self.simd.avx512f;
            squares(
                self.xs,
                self.into,
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
}
