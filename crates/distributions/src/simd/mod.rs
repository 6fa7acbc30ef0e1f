//! Vectorised exp and ln over slices, and the normalisation of an E-step.
//!
//! With the feature `simd` (default) the loops are compiled for AVX-512, AVX2 with FMA and the
//! baseline, and chosen when they run; the scalar bodies are branch-free, so the compiler
//! vectorises them. Without the feature, and on a machine without fused multiply-add, the
//! same functions run the standard library's exp and ln. The last bit may differ between
//! the two.

mod columns;
mod scalar;

pub use columns::log_sum_exp_columns;
use scalar::{exp_one, ln_1p_one, ln_one};

/// Runs `$body` with `$fused` = true inside the widest instruction set of this machine that has
/// fused multiply-add, otherwise with `$fused` = false.
macro_rules! dispatch {
    ($kernel:ident($($argument:expr),*)) => {{
        #[cfg(feature = "simd")]
        {
            let arch = pulp::Arch::new();
            if matches!(arch, pulp::Arch::Scalar) {
                $kernel::<false>($($argument),*)
            } else {
                let once = $crate::simd::Once;
                arch.dispatch(
                    #[inline(always)]
                    move || {
                        let _consumed = once;
                        $kernel::<true>($($argument),*)
                    },
                )
            }
        }
        #[cfg(not(feature = "simd"))]
        $kernel::<false>($($argument),*)
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

/// The sum of all values, in eight partial sums that do not wait for each other: the order is fixed,
/// so that the bits do not depend on the instruction set.
///
/// ```
/// assert_eq!(distributions::simd::sum(&[1.0; 20]), 20.0);
/// ```
pub fn sum(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().sum::<f64>()
}

/// Σ f(x, w) over two slices, in the eight partial sums of [`sum`].
#[inline]
pub(crate) fn weighted_sum(xs: &[f64], weights: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let (x_chunks, x_rest) = xs.as_chunks::<8>();
    let (w_chunks, w_rest) = weights.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (xs, ws) in x_chunks.iter().zip(w_chunks) {
        for ((lane, &x), &w) in lanes.iter_mut().zip(xs).zip(ws) {
            *lane += term(x, w);
        }
    }
    let rest = x_rest.iter().zip(w_rest);
    lanes.iter().sum::<f64>() + rest.map(|(&x, &w)| term(x, w)).sum::<f64>()
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
