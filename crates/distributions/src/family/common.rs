//! What several families share: checks of the support, logarithms of a block, sums of counts.

use crate::MeanStatistics;
use crate::simd::{ln_into, ln_slice, weighted_sum};
use crate::special::{ln_1m_exp, ln_1p_minus_x};

/// Whether a value can enter the estimate of a family on the positive reals.
pub(super) fn require_positive(x: f64) -> Result<(), &'static str> {
    if x > 0.0 && x < f64::INFINITY {
        Ok(())
    } else {
        Err("must be positive and finite")
    }
}

/// Whether a value can enter the estimate of a family on the reals from 0.
pub(super) fn require_non_negative(x: f64) -> Result<(), &'static str> {
    if (0.0..f64::INFINITY).contains(&x) {
        Ok(())
    } else {
        Err("must be non-negative and finite")
    }
}

/// Prepares ln x; 0 for rows off the support, whose logarithm is never used.
pub(super) fn prepare_ln(xs: &[f64], into: &mut [f64]) {
    ln_into(xs, into);
    for log_x in into {
        if !log_x.is_finite() {
            *log_x = 0.0;
        }
    }
}

/// Whether x² can enter a sum.
pub(super) fn require_square(x: f64) -> Result<(), &'static str> {
    if (x * x).is_finite() {
        Ok(())
    } else {
        Err("must have a finite square")
    }
}

/// Prepares x², 0 where it is no statistic: off the support, or past the largest double.
pub(super) fn prepare_squares(xs: &[f64], into: &mut [f64]) {
    for (square, &x) in into.iter_mut().zip(xs) {
        let value = x * x;
        *square = if value.is_finite() { value } else { 0.0 };
    }
}

/// ln x of one value, with the same bits as in a block.
pub(super) fn ln(x: f64) -> f64 {
    let mut value = [x];
    ln_slice(&mut value);
    value[0]
}

/// A draw that rounding has moved to an end of the positive reals, moved back inside.
pub(super) fn inside_positive(x: f64) -> f64 {
    x.clamp(f64::MIN_POSITIVE, f64::MAX)
}

/// a/b − 1 − ln(a/b): twice the divergence of two normals that differ in scale only, and that of
/// two exponentials. Accurate where a and b are close.
pub(super) fn excess(a: f64, b: f64) -> f64 {
    -ln_1p_minus_x((a - b) / b)
}

/// `value`, or `limit` where a few roundings have carried it past: a quotient of sums of the same
/// non-negative terms may do so.
pub(super) fn round_down_to(value: f64, limit: f64) -> f64 {
    if value > limit && value <= limit * (1.0 + 1e-9) {
        limit
    } else {
        value
    }
}

/// Adds Σ w and Σ w x for a block of counts; a row of weight 0 adds 0, as counts are finite.
pub(super) fn add_counts(into: &mut MeanStatistics<[f64; 1]>, xs: &[u64], weights: &[f64]) {
    let (mut total, mut sum) = (0.0, 0.0);
    for (&x, &w) in xs.iter().zip(weights) {
        total += w;
        sum += w * x as f64;
    }
    into.add_sums(total, &[sum]);
}

/// Σ w (x − origin); values of weight 0 are not looked at.
pub(super) fn centred_sum(xs: &[f64], weights: &[f64], origin: f64) -> f64 {
    // A choice between two numbers, not between two ways: it stays free of branches.
    weighted_sum(xs, weights, |x, w| {
        w * ((if w > 0.0 { x } else { origin }) - origin)
    })
}

/// Euler's constant γ.
pub(super) const EULER_GAMMA: f64 = 0.577_215_664_901_532_860_61;

/// 1 − e^(−u), 0 for u below 0: the distribution function that exponential, Weibull, Rayleigh and
/// Pareto share.
pub(super) fn exponential_cdf(u: f64) -> f64 {
    if u <= 0.0 { 0.0 } else { -(-u).exp_m1() }
}

/// e^(−u), 1 for u below 0.
pub(super) fn exponential_sf(u: f64) -> f64 {
    if u <= 0.0 { 1.0 } else { (-u).exp() }
}

/// The u with 1 − e^(−u) = p: −ln(1 − p).
pub(super) fn exponential_quantile(p: f64) -> f64 {
    if (0.0..=1.0).contains(&p) {
        // No −0 at p = 0.
        0.0 - (-p).ln_1p()
    } else {
        f64::NAN
    }
}

/// ln P(from < U ≤ from + width) for a unit exponential U, `from` ≥ 0: −∞ where the width is not
/// positive.
pub(super) fn exponential_log_probability(from: f64, width: f64) -> f64 {
    if width.is_nan() || width <= 0.0 {
        f64::NEG_INFINITY
    } else {
        ln_1m_exp(-width) - from
    }
}
