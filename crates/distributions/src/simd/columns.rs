//! The E-step's normalisation: responsibilities and log-densities from joint log-densities.

use super::dispatch;
use super::scalar::{exp_one, ln_one};

/// Samples handled at a time: two buffers of this length stay in registers and first-level cache.
const BLOCK: usize = 64;

/// Turns joint log-densities into responsibilities.
///
/// `joint` holds K components one after the other, entry (k, i) at `k * rows + i`; K is
/// `joint.len() / rows`. On return entry (k, i) is r_ik = exp(joint_ik − lse_i), normalised so that
/// Σ_k r_ik = 1 to a few ulp, and `out[i]` is lse_i = ln Σ_k exp(joint_ik).
///
/// A sample whose entries are all −∞ gets `out` = −∞ and r = 0; one with a NaN or a +∞ gets `out` =
/// NaN and r = NaN in every component. A component more than 745 below the largest gets r = 0.
///
/// # Panics
/// When `out.len() != rows` or `joint.len()` is not a multiple of `rows`.
///
/// ```
/// let mut joint = [0.0, -1e6, 0.0, 3.0]; // two components, two samples
/// let mut out = [0.0; 2];
/// distributions::simd::log_sum_exp_columns(&mut joint, 2, &mut out);
/// assert_eq!(joint, [0.5, 0.0, 0.5, 1.0]);
/// assert_eq!(out[1], 3.0);
/// ```
pub fn log_sum_exp_columns(joint: &mut [f64], rows: usize, out: &mut [f64]) {
    assert_eq!(out.len(), rows, "out must have one entry per row");
    if rows == 0 {
        assert!(
            joint.is_empty(),
            "joint must be empty when there are no rows"
        );
        return;
    }
    assert_eq!(joint.len() % rows, 0, "joint must hold whole components");
    dispatch!(normalise(joint, rows, out));
}

#[inline(always)]
fn normalise<const FUSED: bool>(joint: &mut [f64], rows: usize, out: &mut [f64]) {
    let mut start = 0;
    while start + BLOCK <= rows {
        normalise_block::<FUSED>(joint, rows, start, BLOCK, out);
        start += BLOCK;
    }
    if start < rows {
        normalise_block::<FUSED>(joint, rows, start, rows - start, out);
    }
}

#[inline(always)]
fn normalise_block<const FUSED: bool>(
    joint: &mut [f64],
    rows: usize,
    start: usize,
    width: usize,
    out: &mut [f64],
) {
    let mut shift = [f64::NEG_INFINITY; BLOCK];
    let mut sum = [0.0; BLOCK];
    let (shift, sum) = (&mut shift[..width], &mut sum[..width]);
    for component in joint.chunks_exact(rows) {
        for (largest, &value) in shift.iter_mut().zip(&component[start..start + width]) {
            *largest = if value > *largest { value } else { *largest };
        }
    }
    for largest in shift.iter_mut() {
        // With −∞ as the shift the differences would be NaN instead of −∞.
        *largest = if *largest == f64::NEG_INFINITY {
            0.0
        } else {
            *largest
        };
    }
    for component in joint.chunks_exact_mut(rows) {
        let values = &mut component[start..start + width];
        for ((value, &largest), total) in values.iter_mut().zip(&*shift).zip(sum.iter_mut()) {
            *value = exp_one::<FUSED>(*value - largest);
            *total += *value;
        }
    }
    for ((lse, &largest), total) in out[start..start + width]
        .iter_mut()
        .zip(&*shift)
        .zip(sum.iter_mut())
    {
        *lse = largest + ln_one::<FUSED>(*total);
        *total = if *total == 0.0 { 0.0 } else { 1.0 / *total };
    }
    for component in joint.chunks_exact_mut(rows) {
        let values = &mut component[start..start + width];
        for (value, &inverse) in values.iter_mut().zip(&*sum) {
            *value *= inverse;
        }
    }
}
