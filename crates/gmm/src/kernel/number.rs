//! Numbers of double and of single precision, of which vectors are made: the loops over blocks are written once for both.

use distributions::simd::BinaryExponential;
use pulp::Simd;
use pulp::bytemuck::Pod;

/// `f64` or `f32`, and vectors of it.
pub(crate) trait Number: Pod + Into<f64> + PartialOrd + BinaryExponential {
    type Vector<S: Simd>: Pod;
    /// The most numbers in a vector of any instruction set.
    const LANES: usize;
    const ZERO: Self;
    /// The largest whose square leaves room for products, and the square of a factor too.
    const LARGEST: f64;
    /// The numbers in a vector of this instruction set.
    fn lanes<S: Simd>() -> usize;
    /// The nearest number.
    fn of(value: f64) -> Self;
    /// The nearest number to self + value.
    fn plus(self, value: f64) -> Self;
    /// All lanes the same.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// a + b.
    fn add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a − b.
    fn sub<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a · b.
    fn mul<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a / b.
    fn div<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// The smaller of the two; any where one is NaN.
    fn min<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `value`, or 0 where `x` < `least`.
    fn zero_below<S: Simd>(
        simd: S,
        x: Self::Vector<S>,
        least: Self::Vector<S>,
        value: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// 2ˣ by a table, where the instruction set has room for one: of x from [`BinaryExponential::LOWEST`] to 0, something for smaller ones
    /// and NaN of NaN.
    fn powers_by_table<S: Simd, const W: usize>(
        simd: S,
        x: [Self::Vector<S>; W],
    ) -> Option<[Self::Vector<S>; W]>;
    /// a · b + c, rounded once where the instruction set can.
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// The sum over the lanes.
    fn sum<S: Simd>(simd: S, a: Self::Vector<S>) -> f64;
    /// Whole vectors, and the rest.
    fn vectors<S: Simd>(numbers: &[Self]) -> (&[Self::Vector<S>], &[Self]);
    /// Whole vectors, and the rest.
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);
}

macro_rules! number {
    ($number:ty, $vector:ident, $lanes:ident, $most:literal, $largest:literal, $div:ident, $min:ident,
     $splat:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident, $less:ident, $select:ident, $sum:ident, $of:ident, $of_mut:ident, $table:ident) => {
        impl Number for $number {
            type Vector<S: Simd> = S::$vector;
            const LANES: usize = $most;
            const ZERO: Self = 0.0;
            const LARGEST: f64 = $largest;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }
            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $number
            }
            #[inline(always)]
            fn plus(self, value: f64) -> Self {
                (f64::from(self) + value) as $number
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn add<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn sub<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$sub(a, b)
            }
            #[inline(always)]
            fn mul<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn div<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$div(a, b)
            }
            #[inline(always)]
            fn min<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$min(a, b)
            }
            #[inline(always)]
            fn zero_below<S: Simd>(
                simd: S,
                x: S::$vector,
                least: S::$vector,
                value: S::$vector,
            ) -> S::$vector {
                simd.$select(simd.$less(x, least), simd.$splat(0.0), value)
            }
            #[inline(always)]
            fn powers_by_table<S: Simd, const W: usize>(
                simd: S,
                x: [S::$vector; W],
            ) -> Option<[S::$vector; W]> {
                #[cfg(target_arch = "x86_64")]
                return super::power_table::$table(simd, x);
                #[cfg(not(target_arch = "x86_64"))]
                {
                    let _ = (simd, x);
                    None
                }
            }
            #[inline(always)]
            fn mul_add<S: Simd>(
                simd: S,
                a: S::$vector,
                b: S::$vector,
                c: S::$vector,
            ) -> S::$vector {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: S::$vector) -> f64 {
                f64::from(simd.$sum(a))
            }
            #[inline(always)]
            fn vectors<S: Simd>(numbers: &[Self]) -> (&[S::$vector], &[Self]) {
                S::$of(numbers)
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> (&mut [S::$vector], &mut [Self]) {
                S::$of_mut(numbers)
            }
        }
    };
}

number!(
    f64,
    f64s,
    F64_LANES,
    8,
    1e70,
    div_f64s,
    min_f64s,
    splat_f64s,
    add_f64s,
    sub_f64s,
    mul_f64s,
    mul_add_e_f64s,
    less_than_f64s,
    select_f64s,
    reduce_sum_f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    doubles
);
number!(
    f32,
    f32s,
    F32_LANES,
    16,
    1e10,
    div_f32s,
    min_f32s,
    splat_f32s,
    add_f32s,
    sub_f32s,
    mul_f32s,
    mul_add_e_f32s,
    less_than_f32s,
    select_f32s,
    reduce_sum_f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    singles
);
