//! exp and ln of one number, without branches, for loops that the compiler vectorises.

use std::f64::consts::{LN_2, LOG2_E};
use std::ops::{Add, Div, Mul, Sub};

/// ln 2 in two parts; the first has 32 trailing zeros, so its multiples by exponents are exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// 1.5·2⁵²: adding it rounds to an integer, which then sits in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

#[inline(always)]
fn fused(a: f64, b: f64, c: f64) -> f64 {
    a.mul_add(b, c)
}

/// eˣ. `FUSED` says that the caller's instruction set has fused multiply-add; otherwise it is the
/// standard library's.
///
/// x = n ln 2 + r, |r| ≤ ½ ln 2, and a polynomial of degree 11 in r. The power of two is put on in two steps, so that a subnormal result is rounded once.
#[inline(always)]
pub(super) fn exp_one<const FUSED: bool>(x: f64) -> f64 {
    if !FUSED {
        return x.exp();
    }
    // The bounds lie beyond the arguments where the result becomes 0 and ∞.
    let clamped = x.clamp(-746.0, 710.0);
    let shifted = fused(clamped, LOG2_E, ROUNDER);
    let n = shifted - ROUNDER;
    let exponent = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()) as i64;
    let r = fused(n, -LN_2_LOW, fused(n, -LN_2_HIGH, clamped));
    let r2 = r * r;
    let value = fused(r2, exp_remainder(r), r) + 1.0;
    let half = exponent >> 1;
    let first = f64::from_bits(((half + 1023) << 52) as u64);
    let second = f64::from_bits(((exponent - half + 1023) << 52) as u64);
    let result = value * first * second;
    if x.is_nan() { x } else { result }
}

/// eˣ for x ≤ 0, with 0 below −708 and NaN for NaN: what responsibilities need. Cheaper than
/// [`exp_one`]: no result is subnormal, and log₂e is one number, wrong by 1.5e-17 of itself, for a
/// difference of logarithms is known to half an ulp at best.
#[inline(always)]
pub(super) fn exp_of_negative<const FUSED: bool>(x: f64) -> f64 {
    const LOWEST: f64 = -708.0;
    if !FUSED {
        return if x < LOWEST { 0.0 } else { x.exp() };
    }
    // With the bias of exponents in it, the low bits are the exponent of 2ⁿ; the others leave at the top.
    const BIASED: f64 = ROUNDER + 1023.0;
    let shifted = fused(x, LOG2_E, BIASED);
    let scale = f64::from_bits(shifted.to_bits() << 52);
    let f = fused(x, LOG2_E, BIASED - shifted);
    let result = exp_2_fit(f) * scale;
    // Of −∞ too, whose f is NaN.
    if x < LOWEST { 0.0 } else { result }
}

/// 2ᶠ for |f| ≤ ½.
#[inline(always)]
fn exp_2_fit(f: f64) -> f64 {
    let c = EXP_2_FIT;
    let high = fused(
        fused(fused(fused(c[10], f, c[9]), f, c[8]), f, c[7]),
        f,
        c[6],
    );
    let middle = fused(
        fused(fused(fused(high, f, c[5]), f, c[4]), f, c[3]),
        f,
        c[2],
    );
    fused(fused(fused(middle, f, c[1]), f, c[0]), f, 1.0)
}

/// The polynomial that meets (2ᶠ − 1)/f, |f| ≤ ½, at eleven Chebyshev nodes; 2ᶠ is then right to 2e-17.
const EXP_2_FIT: [f64; 11] = [
    LN_2,
    0.240_226_506_959_100_97,
    0.055_504_108_664_821_6,
    0.009_618_129_107_606_888,
    0.001_333_355_814_641_693_6,
    0.000_154_035_304_417_360_5,
    1.525_273_382_983_612e-5,
    1.321_544_258_792_169e-6,
    1.017_806_244_584_577_4e-7,
    7.072_585_949_269_223e-9,
    4.454_960_598_186_518_6e-10,
];

/// What 2ˣ for x ≤ 0 is made of where vectors go through it together, as `exp_of_negative` without the multiplication by log₂e: with
/// s = x + `BIASED`, f = x − (s − `BIASED`) and the last bits of s as the exponent of a power of two, it is that power times 1 + f p(f).
pub trait BinaryExponential: Copy + 'static {
    /// Where x is below, 2ˣ is taken for 0.
    const LOWEST: Self;
    /// Rounds to an integer, which then sits in the low bits with the bias of exponents.
    const BIASED: Self;
    /// p, the constant first.
    const COEFFICIENTS: &[Self];
    /// The power of two whose exponent is in the low bits.
    fn power_of_low_bits(self) -> Self;
    /// 2ˣ by the standard library: for instruction sets without fused multiply-adds.
    fn exp2_unfused(self) -> Self;
}

macro_rules! binary_exponential {
    ($number:ty, $lowest:literal, $biased:expr, $mantissa:literal, $fit:ident) => {
        impl BinaryExponential for $number {
            const LOWEST: $number = $lowest;
            const BIASED: $number = $biased;
            const COEFFICIENTS: &[$number] = &$fit;
            #[inline(always)]
            fn power_of_low_bits(self) -> $number {
                <$number>::from_bits(self.to_bits() << $mantissa)
            }
            #[inline(always)]
            fn exp2_unfused(self) -> $number {
                self.exp2()
            }
        }
    };
}

binary_exponential!(f64, -1022.0, ROUNDER + 1023.0, 52, EXP_2_FIT);
binary_exponential!(f32, -126.0, 12_582_912.0 + 127.0, 23, EXP_2_FIT_F32);

/// A joint log-density and what becomes of it, in double or in single precision.
pub(super) trait Entry:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    const ZERO: Self;
    const ONE: Self;
    /// −∞.
    const LOWEST: Self;
    /// The number itself.
    fn double(self) -> f64;
    /// eˣ for x ≤ 0.
    fn exp_of_negative<const FUSED: bool>(self) -> Self;
    /// ln x for x = 0, x ≥ 1 and NaN.
    fn ln_of_sum<const FUSED: bool>(self) -> Self;
}

impl Entry for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    const LOWEST: f64 = f64::NEG_INFINITY;
    #[inline(always)]
    fn double(self) -> f64 {
        self
    }
    #[inline(always)]
    fn exp_of_negative<const FUSED: bool>(self) -> f64 {
        exp_of_negative::<FUSED>(self)
    }
    #[inline(always)]
    fn ln_of_sum<const FUSED: bool>(self) -> f64 {
        ln_of_sum::<FUSED>(self)
    }
}

impl Entry for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
    const LOWEST: f32 = f32::NEG_INFINITY;
    #[inline(always)]
    fn double(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn exp_of_negative<const FUSED: bool>(self) -> f32 {
        exp_of_negative_f32::<FUSED>(self)
    }
    #[inline(always)]
    fn ln_of_sum<const FUSED: bool>(self) -> f32 {
        ln_of_sum_f32::<FUSED>(self)
    }
}

/// As [`exp_of_negative`], right to 1e-7 and |x| ulps of log₂e, and 0 below −87.
#[inline(always)]
fn exp_of_negative_f32<const FUSED: bool>(x: f32) -> f32 {
    const LOWEST: f32 = -87.0;
    if !FUSED {
        return if x < LOWEST { 0.0 } else { x.exp() };
    }
    const BIASED: f32 = 12_582_912.0 + 127.0;
    let shifted = x.mul_add(std::f32::consts::LOG2_E, BIASED);
    let scale = f32::from_bits(shifted.to_bits() << 23);
    let f = x.mul_add(std::f32::consts::LOG2_E, BIASED - shifted);
    let result = exp_2_fit_f32(f) * scale;
    // Of −∞ too, whose f is NaN.
    if x < LOWEST { 0.0 } else { result }
}

/// 2ᶠ for |f| ≤ ½.
#[inline(always)]
fn exp_2_fit_f32(f: f32) -> f32 {
    let c = EXP_2_FIT_F32;
    let high = c[5].mul_add(f, c[4]).mul_add(f, c[3]);
    let low = high.mul_add(f, c[2]).mul_add(f, c[1]).mul_add(f, c[0]);
    low.mul_add(f, 1.0)
}

/// The polynomial that meets (2ᶠ − 1)/f, |f| ≤ ½, at six Chebyshev nodes; 2ᶠ is then right to 1e-8.
const EXP_2_FIT_F32: [f32; 6] = [
    std::f32::consts::LN_2,
    0.240_226_5,
    0.055_503_57,
    0.009_618_083,
    0.001_339_086_3,
    0.000_154_531_63,
];

/// As [`ln_of_sum`]: the form and the four coefficients are those of FreeBSD's `e_logf.c` (Sun Microsystems, 1993).
#[inline(always)]
fn ln_of_sum_f32<const FUSED: bool>(x: f32) -> f32 {
    if !FUSED {
        return x.ln();
    }
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    const ROUNDER: f32 = 12_582_912.0;
    let bits = x.to_bits();
    let k = (bits.wrapping_sub(SQRT_HALF_BITS) as i32) >> 23;
    let f = f32::from_bits(bits.wrapping_sub((k << 23) as u32)) - 1.0;
    let k = f32::from_bits(ROUNDER.to_bits().wrapping_add(k as u32)) - ROUNDER;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let odd = z * w.mul_add(0.284_987_87, 0.666_666_6);
    let rest = (w * w.mul_add(0.242_790_79, 0.400_009_72)) + odd;
    let half_square = 0.5 * f * f;
    let low = k.mul_add(9.058_000_6e-6, s * (half_square + rest));
    let result = k.mul_add(0.693_138_1, f - (half_square - low));
    let result = if x == 0.0 { f32::NEG_INFINITY } else { result };
    if x < f32::INFINITY { result } else { x }
}

/// (eʳ − 1 − r)/r² for |r| ≤ ½ ln 2, in pairs of terms that do not wait for each other (Estrin).
#[inline(always)]
fn exp_remainder(r: f64) -> f64 {
    let c = EXP_FIT;
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = fused(fused(c[3], r, c[2]), r2, fused(c[1], r, c[0]));
    let middle = fused(fused(c[7], r, c[6]), r2, fused(c[5], r, c[4]));
    fused(fused(fused(c[9], r, c[8]), r4, middle), r4, low)
}

/// The polynomial that meets (eʳ − 1 − r)/r² at ten Chebyshev nodes; eʳ is then right to 1.6e-17.
const EXP_FIT: [f64; 10] = [
    5.000_000_000_000_000_1e-1,
    1.666_666_666_666_666_9e-1,
    4.166_666_666_662_413e-2,
    8.333_333_333_330_062e-3,
    1.388_888_891_721_371_7e-3,
    1.984_126_986_305_361_8e-4,
    2.480_152_129_595_437_6e-5,
    2.755_726_845_999_706_4e-6,
    2.762_008_844_540_974_6e-7,
    2.510_038_549_551_032e-8,
];

/// √½.
const SQRT_HALF_BITS: u64 = 0x3FE6_A09E_667F_3BCD;

/// ln x, with `FUSED` as in [`exp_one`].
///
/// x = 2ᵏ·m with √½ ≤ m < √2 and, f = m − 1, s = f/(2 + f): ln m = f − f²/2 + s(f²/2 + R(s²)), the
/// form and the seven coefficients of R being those of FreeBSD's `e_log.c` (Sun Microsystems, 1993).
#[inline(always)]
pub(super) fn ln_one<const FUSED: bool>(x: f64) -> f64 {
    if !FUSED {
        return x.ln();
    }
    const TWO_54: f64 = 18_014_398_509_481_984.0;
    let subnormal = x < f64::MIN_POSITIVE;
    let scaled = if subnormal { x * TWO_54 } else { x };
    let bits = scaled.to_bits();
    // Adding the distance from √½ to 1 carries into the exponent exactly when m ≥ √½.
    let above = bits.wrapping_sub(SQRT_HALF_BITS) as i64;
    let k = above >> 52;
    let m = f64::from_bits(bits.wrapping_sub((k << 52) as u64));
    // An integer to a float without a conversion instruction, which AVX2 lacks.
    let k = f64::from_bits(ROUNDER.to_bits().wrapping_add(k as u64)) - ROUNDER;
    let k = if subnormal { k - 54.0 } else { k };
    let f = m - 1.0;
    let result = ln_reduced(f, k);
    // NaN compares false everywhere and so falls through to itself.
    if x > 0.0 && x < f64::INFINITY {
        result
    } else if x == 0.0 {
        f64::NEG_INFINITY
    } else if x < 0.0 {
        f64::NAN
    } else {
        x
    }
}

/// ln x for x = 0, x ≥ 1 and NaN: as [`ln_one`], without what subnormal numbers need.
#[inline(always)]
pub(super) fn ln_of_sum<const FUSED: bool>(x: f64) -> f64 {
    if !FUSED {
        return x.ln();
    }
    let bits = x.to_bits();
    let k = (bits.wrapping_sub(SQRT_HALF_BITS) as i64) >> 52;
    let m = f64::from_bits(bits.wrapping_sub((k << 52) as u64));
    let k = f64::from_bits(ROUNDER.to_bits().wrapping_add(k as u64)) - ROUNDER;
    let result = ln_reduced(m - 1.0, k);
    let result = if x == 0.0 { f64::NEG_INFINITY } else { result };
    if x < f64::INFINITY { result } else { x }
}

/// ln(1 + x) for x ≥ 0, with `FUSED` as in [`exp_one`].
///
/// With u = 1 + x rounded, ln(1 + x) = ln u + (x − (u − 1))/u to first order in the rounding, whose
/// square is nothing (the correction is that of Hewlett-Packard's HP-15C handbook, 1982).
#[inline(always)]
pub(super) fn ln_1p_one<const FUSED: bool>(x: f64) -> f64 {
    if !FUSED {
        return x.ln_1p();
    }
    let u = 1.0 + x;
    let correction = (x - (u - 1.0)) / u;
    let result = ln_one::<FUSED>(u) + correction;
    if x < f64::INFINITY { result } else { x }
}

/// k ln 2 + ln(1 + f).
#[inline(always)]
fn ln_reduced(f: f64, k: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * fused(w, fused(w, LN_FIT[5], LN_FIT[3]), LN_FIT[1]);
    let odd = z * fused(
        w,
        fused(w, fused(w, LN_FIT[6], LN_FIT[4]), LN_FIT[2]),
        LN_FIT[0],
    );
    let half_square = 0.5 * f * f;
    let low = fused(k, LN_2_LOW, s * (half_square + (even + odd)));
    fused(k, LN_2_HIGH, f - (half_square - low))
}

const LN_FIT: [f64; 7] = [
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
];

const _: () = assert!(LN_2_HIGH + LN_2_LOW == LN_2);
