//! Squares of registers, turned over by instructions for it.

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
