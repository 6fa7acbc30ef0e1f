//! Powers of two by a table of 2^(j/16), which two registers of 512 bits hold (one, in single precision).
//!
//! With n the integer nearest to 16 x and f = x − n/16, 2ˣ = 2^(n/16) + 2^(n/16) f p(f): |f| ≤ 1/32, so that p takes half the multiply-adds
//! of one for |f| ≤ ½. The last four bits of n choose from the table, the others are added to the exponent. Entries of the table
//! stand there without their own number in the place where it is added with the others.

use super::number::Number;
use pulp::bytemuck::cast_slice_mut;
use pulp::x86::V4;
use pulp::{Simd, cast};
use std::any::Any;
use std::arch::x86_64::{__m512, __m512d, __m512i};

/// The table, and p with the constant first.
struct Table<B, N, const TERMS: usize> {
    powers: [B; 16],
    /// 3/32 of the number whose last bit is 1: rounds to sixteenths, whose number is then in the last bits.
    rounder: N,
    coefficients: [N; TERMS],
}

/// p meets (2ᶠ − 1)/f at six Chebyshev nodes of |f| ≤ 1/32; 2ᶠ is then right to 2e-17.
const DOUBLES: Table<u64, f64, 6> = Table {
    powers: {
        let mut powers = [
            0x3ff0000000000000,
            0x3ff0b5586cf9890f,
            0x3ff172b83c7d517b,
            0x3ff2387a6e756238,
            0x3ff306fe0a31b715,
            0x3ff3dea64c123422,
            0x3ff4bfdad5362a27,
            0x3ff5ab07dd485429,
            0x3ff6a09e667f3bcd,
            0x3ff7a11473eb0187,
            0x3ff8ace5422aa0db,
            0x3ff9c49182a3f090,
            0x3ffae89f995ad3ad,
            0x3ffc199bdd85529c,
            0x3ffd5818dcfba487,
            0x3ffea4afa2a490da,
        ];
        let mut j = 0;
        while j < 16 {
            powers[j] -= (j as u64) << 48;
            j += 1;
        }
        powers
    },
    rounder: 1.5 * (1u64 << 48) as f64,
    coefficients: [
        0.693_147_180_559_945_7,
        0.240_226_506_959_100_75,
        0.055_504_108_656_639_3,
        0.009_618_129_106_919_537,
        0.001_333_378_157_678_426_8,
        0.000_154_037_239_807_492_56,
    ],
};

/// p meets (2ᶠ − 1)/f at three; 2ᶠ is then right to 3e-9.
const SINGLES: Table<u32, f32, 3> = Table {
    powers: {
        let mut powers = [
            0x3f800000, 0x3f85aac3, 0x3f8b95c2, 0x3f91c3d3, 0x3f9837f0, 0x3f9ef532, 0x3fa5fed7,
            0x3fad583f, 0x3fb504f3, 0x3fbd08a4, 0x3fc5672a, 0x3fce248c, 0x3fd744fd, 0x3fe0ccdf,
            0x3feac0c7, 0x3ff5257d,
        ];
        let mut j = 0;
        while j < 16 {
            powers[j] -= (j as u32) << 19;
            j += 1;
        }
        powers
    },
    rounder: 1.5 * (1u32 << 19) as f32,
    coefficients: [std::f32::consts::LN_2, 0.240_233_56, 0.055_505_086],
};

/// 2ˣ of doubles for −1022 ≤ x ≤ 0, something for smaller x and NaN of NaN; `None` in other instruction sets.
#[inline(always)]
pub(super) fn doubles<S: Simd, const W: usize>(
    simd: S,
    mut x: [S::f64s; W],
) -> Option<[S::f64s; W]> {
    let v4 = *(&simd as &dyn Any).downcast_ref::<V4>()?;
    let [low, high]: [__m512d; 2] = cast(DOUBLES.powers);
    let (rounder, p) = (DOUBLES.rounder, &DOUBLES.coefficients);
    replace::<f64, _, W>(
        v4,
        cast_slice_mut(&mut x),
        rounder,
        p,
        #[inline(always)]
        |shifted| {
            let bits: __m512i = cast(shifted);
            let entry = cast(v4.avx512f._mm512_permutex2var_pd(low, bits, high));
            let exponent = v4.avx512f._mm512_slli_epi64::<48>(bits);
            cast(v4.avx512f._mm512_add_epi64(entry, exponent))
        },
    );
    Some(x)
}

/// The same of singles, −126 ≤ x ≤ 0.
#[inline(always)]
pub(super) fn singles<S: Simd, const W: usize>(
    simd: S,
    mut x: [S::f32s; W],
) -> Option<[S::f32s; W]> {
    let v4 = *(&simd as &dyn Any).downcast_ref::<V4>()?;
    let table: __m512 = cast(SINGLES.powers);
    let (rounder, p) = (SINGLES.rounder, &SINGLES.coefficients);
    replace::<f32, _, W>(
        v4,
        cast_slice_mut(&mut x),
        rounder,
        p,
        #[inline(always)]
        |shifted| {
            let bits: __m512i = cast(shifted);
            let entry = cast(v4.avx512f._mm512_permutexvar_ps(bits, table));
            let exponent = v4.avx512f._mm512_slli_epi32::<19>(bits);
            cast(v4.avx512f._mm512_add_epi32(entry, exponent))
        },
    );
    Some(x)
}

/// All of the `W` vectors take each step together; `power` is what the table has for a number that was rounded.
#[inline(always)]
fn replace<N: Number, F: Fn(N::Vector<V4>) -> N::Vector<V4>, const W: usize>(
    simd: V4,
    x: &mut [N::Vector<V4>],
    rounder: N,
    coefficients: &[N],
    power: F,
) {
    let rounder = N::splat(simd, rounder);
    let zero = [N::splat(simd, N::ZERO); W];
    let (mut f, mut scale, mut sum) = (zero, zero, zero);
    for w in 0..W {
        let shifted = N::add(simd, x[w], rounder);
        f[w] = N::sub(simd, x[w], N::sub(simd, shifted, rounder));
        scale[w] = power(shifted);
    }
    for (place, &coefficient) in coefficients.iter().rev().enumerate() {
        let coefficient = N::splat(simd, coefficient);
        for w in 0..W {
            sum[w] = match place {
                0 => coefficient,
                _ => N::mul_add(simd, sum[w], f[w], coefficient),
            };
        }
    }
    for w in 0..W {
        x[w] = N::mul_add(simd, scale[w], N::mul(simd, sum[w], f[w]), scale[w]);
    }
}
