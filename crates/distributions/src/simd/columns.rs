//! The E-step's normalisation: responsibilities and log-densities from joint log-densities.

use super::dispatch;
use super::scalar::Entry;

/// Turns joint log-densities into responsibilities.
///
/// `joint` holds K components one after the other, entry (k, i) at `k * rows + i`; K is
/// `joint.len() / rows`. On return entry (k, i) is r_ik = exp(joint_ik − lse_i), normalised so that
/// Σ_k r_ik = 1 to a few ulp, and `out[i]` is lse_i = ln Σ_k exp(joint_ik).
///
/// A sample whose entries are all −∞ gets `out` = −∞ and r = 0; one with a NaN or a +∞ gets `out` =
/// NaN and r = NaN in every component. A component more than 708 below the largest gets r = 0.
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
    dispatch!(normalise[f64](joint, rows, out));
}

/// [`log_sum_exp_columns`] in single precision: responsibilities are right to some 1e-7 and the rounding of differences
/// of `joint`, those below e^−87 are 0; so are the logarithms.
///
/// # Panics
/// As there.
///
/// ```
/// let mut joint = [0.0_f32, -1e6, 0.0, 3.0];
/// let mut out = [0.0; 2];
/// distributions::simd::log_sum_exp_columns_f32(&mut joint, 2, &mut out);
/// assert_eq!(joint, [0.5, 0.0, 0.5, 1.0]);
/// assert!((out[0] - 2.0_f64.ln()).abs() < 1e-7 && out[1] == 3.0);
/// ```
pub fn log_sum_exp_columns_f32(joint: &mut [f32], rows: usize, out: &mut [f64]) {
    dispatch!(normalise[f32](joint, rows, out));
}

/// Rows worked on together: two vectors of AVX-512, so that one's latency hides the other's. Not more of single
/// precision: compilers do not keep more in registers.
const WIDTH: usize = 16;

/// Rows worked on together: logarithms of their sums wait for nothing but each other.
const STRIP: usize = 256;

#[inline(always)]
fn normalise<const FUSED: bool, T: Entry>(joint: &mut [T], rows: usize, out: &mut [f64]) {
    assert_eq!(out.len(), rows, "out must have one entry per row");
    if rows == 0 {
        assert!(
            joint.is_empty(),
            "joint must be empty when there are no rows"
        );
        return;
    }
    assert_eq!(joint.len() % rows, 0, "joint must hold whole components");
    let (mut shifts, mut sums) = ([T::ZERO; STRIP], [T::ZERO; STRIP]);
    for first in (0..rows).step_by(STRIP) {
        let length = STRIP.min(rows - first);
        let (shifts, sums) = (&mut shifts[..length], &mut sums[..length]);
        let whole = length / WIDTH * WIDTH;
        for start in (0..whole).step_by(WIDTH) {
            exponentials::<FUSED, T, WIDTH>(joint, rows, first, start, shifts, sums);
        }
        for start in whole..length {
            exponentials::<FUSED, T, 1>(joint, rows, first, start, shifts, sums);
        }
        let out = &mut out[first..first + length];
        for ((lse, &shift), sum) in out.iter_mut().zip(&*shifts).zip(&mut *sums) {
            *lse = (shift + sum.ln_of_sum::<FUSED>()).double();
            *sum = if *sum == T::ZERO {
                T::ZERO
            } else {
                T::ONE / *sum
            };
        }
        for component in joint.chunks_exact_mut(rows) {
            for (value, factor) in component[first..first + length].iter_mut().zip(&*sums) {
                *value = *value * *factor;
            }
        }
    }
}

/// Of the W rows from `first + start`: exp(joint − max) in place, the maximum in `shifts`, the sums in `sums`.
// Indices, so that what belongs to the rows stays in registers.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
fn exponentials<const FUSED: bool, T: Entry, const W: usize>(
    joint: &mut [T],
    rows: usize,
    first: usize,
    start: usize,
    shifts: &mut [T],
    sums: &mut [T],
) {
    let at = first + start..first + start + W;
    let mut shift = [T::LOWEST; W];
    for component in joint.chunks_exact(rows) {
        let values = &component[at.clone()];
        for l in 0..W {
            shift[l] = if values[l] > shift[l] {
                values[l]
            } else {
                shift[l]
            };
        }
    }
    for l in 0..W {
        // With −∞ as the shift the differences would be NaN instead of −∞.
        shift[l] = if shift[l] == T::LOWEST {
            T::ZERO
        } else {
            shift[l]
        };
    }
    let mut sum = [T::ZERO; W];
    for component in joint.chunks_exact_mut(rows) {
        let values = &mut component[at.clone()];
        for l in 0..W {
            let value = T::exp_of_negative::<FUSED>(values[l] - shift[l]);
            values[l] = value;
            sum[l] = sum[l] + value;
        }
    }
    shifts[start..start + W].copy_from_slice(&shift);
    sums[start..start + W].copy_from_slice(&sum);
}
