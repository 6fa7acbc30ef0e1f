//! Vectorised exp and ln over slices, and the normalisation of an E-step.
//!
//! With the feature `simd` (default) the loops are compiled for AVX-512, AVX2 with FMA and the
//! baseline, and chosen when they run; the scalar bodies are branch-free, so the compiler
//! vectorises them. Without the feature, and on a machine without fused multiply-add, the
//! same functions run the standard library's exp and ln. The last bit may differ between
//! the two.

mod columns;
#[cfg(feature = "simd")]
#[doc(hidden)]
pub mod instruction_set;
pub mod lookup;
mod scalar;
mod sums;

pub use columns::{log_sum_exp_columns, log_sum_exp_columns_f32};
#[doc(hidden)]
pub use scalar::BinaryExponential;
use scalar::{exp_one, ln_1p_one, ln_one};
pub use sums::{add_to_rows, sum};
pub(crate) use sums::{convert, map, map_pairs, update, weighted_sum, weighted_sums};

/// Runs `$body` with `$fused` = true inside the widest instruction set of this machine that has
/// fused multiply-add, otherwise with `$fused` = false.
macro_rules! dispatch {
    ($kernel:ident $([$generic:ident])? ($($argument:expr),*)) => {{
        #[cfg(feature = "simd")]
        {
            let arch = $crate::simd::instruction_set::arch();
            if matches!(arch, pulp::Arch::Scalar) {
                $kernel::<false $(, $generic)?>($($argument),*)
            } else {
                let once = $crate::simd::Once;
                arch.dispatch(
                    #[inline(always)]
                    move || {
                        let _consumed = once;
                        $kernel::<true $(, $generic)?>($($argument),*)
                    },
                )
            }
        }
        #[cfg(not(feature = "simd"))]
        $kernel::<false $(, $generic)?>($($argument),*)
    }};
}
pub(crate) use dispatch;

/// Consumed by a dispatched closure, which thereby can be called once only. A closure that could be
/// called again gets a shim around it; the compiler may leave the shim, without the instruction set,
/// uninlined, and every fused multiply-add in it becomes a library call (25 times slower).
#[cfg(feature = "simd")]
pub(crate) struct Once;

/// Replaces every x by eˣ.
///
/// Within 1 ulp of the correctly rounded value over the whole range, gradual underflow included;
/// 0 at −∞, ∞ above 709.78…, NaN for NaN.
///
/// ```
/// let mut values = [0.0, -1.0, f64::NEG_INFINITY];
/// distributions::simd::exp_slice(&mut values);
/// assert_eq!(values[0], 1.0);
/// assert_eq!(values[2], 0.0);
/// ```
pub fn exp_slice(values: &mut [f64]) {
    dispatch!(exp_in_place(values));
}

/// Writes eˣ of every value of `source` into `target`; see [`exp_slice`].
///
/// # Panics
/// When the lengths differ.
pub fn exp_into(source: &[f64], target: &mut [f64]) {
    assert_eq!(
        source.len(),
        target.len(),
        "source and target differ in length"
    );
    dispatch!(exp_copy(source, target));
}

/// Replaces every x by ln x.
///
/// Within 1 ulp of the correctly rounded value for every positive x, subnormal ones included;
/// −∞ at ±0, NaN for negative x and NaN, ∞ at ∞.
///
/// ```
/// let mut values = [1.0, 0.0, -1.0];
/// distributions::simd::ln_slice(&mut values);
/// assert_eq!(values[0], 0.0);
/// assert_eq!(values[1], f64::NEG_INFINITY);
/// assert!(values[2].is_nan());
/// ```
pub fn ln_slice(values: &mut [f64]) {
    dispatch!(ln_in_place(values));
}

/// Replaces every x ≥ 0 by ln(1 + x).
///
/// Within 2 ulp of the correctly rounded value for every x ≥ 0; ∞ at ∞, NaN for NaN.
///
/// ```
/// let mut values = [0.0, 1e-20, f64::INFINITY];
/// distributions::simd::ln_1p_slice(&mut values);
/// assert_eq!(values, [0.0, 1e-20, f64::INFINITY]);
/// ```
pub fn ln_1p_slice(values: &mut [f64]) {
    dispatch!(ln_1p_in_place(values));
}

/// Writes ln x of every value of `source` into `target`; see [`ln_slice`].
///
/// # Panics
/// When the lengths differ.
pub fn ln_into(source: &[f64], target: &mut [f64]) {
    assert_eq!(
        source.len(),
        target.len(),
        "source and target differ in length"
    );
    dispatch!(ln_copy(source, target));
}

#[inline(always)]
fn exp_in_place<const FUSED: bool>(values: &mut [f64]) {
    for value in values {
        *value = exp_one::<FUSED>(*value);
    }
}

#[inline(always)]
fn exp_copy<const FUSED: bool>(source: &[f64], target: &mut [f64]) {
    for (to, &from) in target.iter_mut().zip(source) {
        *to = exp_one::<FUSED>(from);
    }
}

#[inline(always)]
fn ln_in_place<const FUSED: bool>(values: &mut [f64]) {
    for value in values {
        *value = ln_one::<FUSED>(*value);
    }
}

#[inline(always)]
fn ln_1p_in_place<const FUSED: bool>(values: &mut [f64]) {
    for value in values {
        *value = ln_1p_one::<FUSED>(*value);
    }
}

#[inline(always)]
fn ln_copy<const FUSED: bool>(source: &[f64], target: &mut [f64]) {
    for (to, &from) in target.iter_mut().zip(source) {
        *to = ln_one::<FUSED>(from);
    }
}
