//! What several families share: checks of the support, logarithms of a block, sums of counts.

use crate::simd::{ln_into, ln_slice, weighted_sum};
use crate::special::{ln_1m_exp, ln_1p_minus_x};
use crate::{BLOCK_ROWS, MeanStatistics, ParameterError, Univariate};

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

/// Whether a value can enter the estimate of a family on the real line.
pub(super) fn require_finite(x: f64) -> Result<(), &'static str> {
    if x.is_finite() {
        Ok(())
    } else {
        Err("must be finite")
    }
}

/// Checks a location and a scale. The scale may not be subnormal: one over it must be finite.
pub(super) fn require_location_scale(location: f64, scale: f64) -> Result<(), ParameterError> {
    ParameterError::require(location.is_finite(), "location", location, "must be finite")?;
    ParameterError::require(
        scale >= f64::MIN_POSITIVE && scale.is_finite(),
        "scale",
        scale,
        "must be positive, finite and not subnormal",
    )
}

/// Rows and weights block by block.
pub(super) fn blocks<'a>(
    xs: &'a [f64],
    weights: &'a [f64],
) -> impl Iterator<Item = (&'a [f64], &'a [f64])> {
    xs.chunks(BLOCK_ROWS).zip(weights.chunks(BLOCK_ROWS))
}

/// A draw that has overflowed, moved back to the largest double.
pub(super) fn inside_reals(x: f64) -> f64 {
    x.clamp(f64::MIN, f64::MAX)
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
    let step = (a - b) / b;
    if step > -0.5 {
        return -ln_1p_minus_x(step);
    }
    let ratio = a / b;
    let log_ratio = if ratio > 0.0 {
        ratio.ln()
    } else {
        a.ln() - b.ln()
    };
    (ratio - 1.0) - log_ratio
}

/// [`excess`] of a² and b², which may not be doubles.
pub(super) fn excess_of_squares(a: f64, b: f64) -> f64 {
    let step = (a - b) / b;
    if step.abs() < 0.25 {
        return -ln_1p_minus_x(step * (2.0 + step));
    }
    let ratio = a / b;
    (ratio * ratio - 1.0) - 2.0 * (a.ln() - b.ln())
}

/// e^w − 1 − w ≥ 0.
pub(super) fn exponential_excess(w: f64) -> f64 {
    if w.abs() < 0.5 {
        -ln_1p_minus_x(w.exp_m1())
    } else {
        w.exp_m1() - w
    }
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

/// 1/(eˣ − 1) − 1/x + ½ for 0 ≤ x ≤ 1: x/12 − x³/720 + …, its series of Bernoulli numbers.
pub(super) fn reciprocal_rest(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 9] = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30_240.0,
        -1.0 / 1_209_600.0,
        1.0 / 47_900_160.0,
        -691.0 / 1_307_674_368_000.0,
        1.0 / 74_724_249_600.0,
        -3_617.0 / 10_670_622_842_880_000.0,
        43_867.0 / 5_109_094_217_170_944_000.0,
    ];
    let square = x * x;
    x * COEFFICIENTS
        .iter()
        .rev()
        .fold(0.0, |sum, c| sum * square + c)
}

/// E[U | U ≤ width] of a unit exponential U: 1 − w/(eʷ − 1); 0 at width 0, 1 at ∞.
pub(super) fn truncated_exponential_mean(width: f64) -> f64 {
    if width <= 1.0 {
        width * (0.5 - reciprocal_rest(width))
    } else if width < 745.0 {
        1.0 - width / width.exp_m1()
    } else {
        1.0
    }
}

/// ln P(low < X ≤ high): through what the tails leave out where that is little, else by `between`, which
/// keeps its digits for narrow and for improbable intervals.
pub(super) fn log_probability_or(
    family: &impl Univariate,
    (low, high): (f64, f64),
    between: impl FnOnce() -> f64,
) -> f64 {
    let left_out = family.cdf(low) + family.sf(high);
    if !(low < high) {
        f64::NEG_INFINITY
    } else if left_out < 0.5 {
        (-left_out).ln_1p()
    } else {
        between()
    }
}
