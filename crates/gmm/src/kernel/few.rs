//! Weighted moments of a few rows of a block about an origin: lanes are columns, so that no sum runs over lanes.

use super::LANES;
use super::active::Active;
use pulp::Simd;

/// The most rows for which this is cheaper.
pub(super) const MOST: usize = 64;

/// Rows of the matrix worked on together.
const GROUP: usize = 8;

/// The numbers of scratch that [`few_moments`] needs.
pub(super) fn room(d: usize) -> usize {
    2 * MOST * d.next_multiple_of(LANES) + LANES
}

/// Writes Σ w (x − o) to `sums` and the lower triangle of Σ w (x − o)(x − o)ᵀ to `squares`, over the rows of
/// `active`; what stands above the triangle is overwritten.
#[inline(always)]
pub(super) fn few_moments<S: Simd>(
    simd: S,
    active: &Active,
    origin: &[f64],
    columns: &[f64],
    weights: &[f64],
    sums: &mut [f64],
    squares: &mut [f64],
    scratch: &mut [f64],
) {
    let (d, rows) = (origin.len(), active.rows());
    let wide = d.next_multiple_of(LANES);
    let scratch = super::align(scratch);
    let (centred, scratch) = scratch.split_at_mut(rows.len() * wide);
    let weighted = &mut scratch[..rows.len() * wide];
    for (n, (centred, weighted)) in centred
        .chunks_exact_mut(wide)
        .zip(weighted.chunks_exact_mut(wide))
        .enumerate()
    {
        let (row, _) = (usize::from(rows[n]), centred[d..].fill(0.0));
        let weight = weights[row];
        for (j, (centred, &origin)) in centred.iter_mut().zip(origin).enumerate() {
            *centred = columns[j * weights.len() + row] - origin;
        }
        for (weighted, centred) in weighted.iter_mut().zip(&*centred) {
            *weighted = weight * centred;
        }
    }
    sums.fill(0.0);
    for weighted in weighted.chunks_exact(wide) {
        for (sum, value) in sums.iter_mut().zip(weighted) {
            *sum += value;
        }
    }
    let (vectors, _) = S::as_simd_f64s(centred);
    let across = wide / S::F64_LANES;
    for (place, left) in (0..d).step_by(S::F64_LANES).enumerate() {
        for first in (left / GROUP * GROUP..d).step_by(GROUP) {
            let mut sums = [simd.splat_f64s(0.0); GROUP];
            let weighted = weighted.chunks_exact(wide);
            for (weighted, &x) in weighted.zip(vectors[place..].iter().step_by(across)) {
                let weighted = &weighted[first..first + GROUP];
                for r in 0..GROUP {
                    let factor = simd.splat_f64s(weighted[r]);
                    sums[r] = simd.mul_add_e_f64s(factor, x, sums[r]);
                }
            }
            let (end, bottom) = ((left + S::F64_LANES).min(d), (first + GROUP).min(d));
            for (i, &sum) in (first..bottom).zip(&sums) {
                simd.partial_store_f64s(&mut squares[i * d + left..i * d + end], sum);
            }
        }
    }
}
