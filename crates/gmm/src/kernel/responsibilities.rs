//! Responsibilities of the rows of a block from exponents of 2: e_ik = −log₂(π_k p_k(x_i)).

use super::exponentials::exp2_of_negatives;
use super::number::Number;
use pulp::Simd;

/// Rows whose responsibilities are taken together: whole vectors of every instruction set.
pub(super) const PIECE: usize = 32;

/// Replaces every e_ik by 2^(shift_i − e_ik) w_i / sum_i, piece after piece of [`PIECE`] rows, which stays in the
/// first-level cache meanwhile; writes the least exponent and the sum of each row.
#[inline(always)]
pub(super) fn responsibilities<S: Simd, N: Number>(
    simd: S,
    exponents: &mut [N],
    weights: Option<&[N]>,
    shifts: &mut [N],
    sums: &mut [N],
) {
    match N::lanes::<S>() {
        16 => pieces::<S, N, 2, 2>(simd, exponents, weights, shifts, sums),
        8 => pieces::<S, N, 4, 4>(simd, exponents, weights, shifts, sums),
        4 => pieces::<S, N, 8, 4>(simd, exponents, weights, shifts, sums),
        2 => pieces::<S, N, 16, 4>(simd, exponents, weights, shifts, sums),
        _ => pieces::<S, N, 32, 4>(simd, exponents, weights, shifts, sums),
    }
}

/// A piece has `W` vectors, and the exponentials of `T` of them are taken together.
#[inline(always)]
fn pieces<S: Simd, N: Number, const W: usize, const T: usize>(
    simd: S,
    exponents: &mut [N],
    weights: Option<&[N]>,
    shifts: &mut [N],
    sums: &mut [N],
) {
    let rows = shifts.len();
    let shifts = N::vectors_mut::<S>(shifts).0.as_chunks_mut::<W>().0;
    let sums = N::vectors_mut::<S>(sums).0.as_chunks_mut::<W>().0;
    let weights = weights.map(|weights| N::vectors::<S>(weights).0.as_chunks::<W>().0);
    for (piece, (shifts, sums)) in shifts.iter_mut().zip(sums).enumerate() {
        let mut shift = [N::splat(simd, N::of(f64::INFINITY)); W];
        for exponents in exponents.chunks_exact(rows) {
            let values = &N::vectors::<S>(exponents).0.as_chunks::<W>().0[piece];
            for w in 0..W {
                shift[w] = N::min(simd, values[w], shift[w]);
            }
        }
        let mut sum = [N::splat(simd, N::ZERO); W];
        for exponents in exponents.chunks_exact_mut(rows) {
            let values = &mut N::vectors_mut::<S>(exponents).0.as_chunks_mut::<W>().0[piece];
            for first in (0..W).step_by(T) {
                let mut x = [sum[0]; T];
                for t in 0..T {
                    x[t] = N::sub(simd, shift[first + t], values[first + t]);
                }
                let powers = exp2_of_negatives::<S, N, T>(simd, x);
                for t in 0..T {
                    values[first + t] = powers[t];
                    sum[first + t] = N::add(simd, sum[first + t], powers[t]);
                }
            }
        }
        let mut factor = [N::splat(simd, N::of(1.0)); W];
        if let Some(weights) = weights {
            factor = weights[piece];
        }
        for w in 0..W {
            factor[w] = N::div(simd, factor[w], sum[w]);
        }
        for exponents in exponents.chunks_exact_mut(rows) {
            let values = &mut N::vectors_mut::<S>(exponents).0.as_chunks_mut::<W>().0[piece];
            for w in 0..W {
                values[w] = N::mul(simd, values[w], factor[w]);
            }
        }
        (*shifts, *sums) = (shift, sum);
    }
}
