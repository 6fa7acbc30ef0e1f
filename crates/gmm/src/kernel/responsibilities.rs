//! Responsibilities of the rows of a block from exponents of 2: e_ik = −log₂(π_k p_k(x_i)).

use super::number::Number;

/// Rows whose exponentials are taken together.
pub(super) const PIECE: usize = 16;

/// Replaces every e_ik by 2^(shift_i − e_ik) w_i / sum_i, piece after piece of [`PIECE`] rows, which stays in the
/// first-level cache meanwhile; writes the least exponent and the sum of each row.
#[inline(always)]
pub(super) fn responsibilities<N: Number, const FUSED: bool>(
    exponents: &mut [N],
    weights: Option<&[N]>,
    shifts: &mut [N],
    sums: &mut [N],
) {
    let rows = shifts.len();
    let pieces = shifts.as_chunks_mut::<PIECE>().0.iter_mut();
    let pieces = pieces.zip(sums.as_chunks_mut::<PIECE>().0).enumerate();
    for (piece, (shifts, sums)) in pieces {
        let at = piece * PIECE..(piece + 1) * PIECE;
        let mut shift = [N::of(f64::INFINITY); PIECE];
        for exponents in exponents.chunks_exact(rows) {
            let values = &exponents[at.clone()];
            for l in 0..PIECE {
                shift[l] = if values[l] < shift[l] {
                    values[l]
                } else {
                    shift[l]
                };
            }
        }
        let mut sum = [N::ZERO; PIECE];
        for exponents in exponents.chunks_exact_mut(rows) {
            let values = &mut exponents[at.clone()];
            for l in 0..PIECE {
                let value = shift[l].minus(values[l]).exp2_of_negative::<FUSED>();
                values[l] = value;
                sum[l] = sum[l].and(value);
            }
        }
        let mut factor = [N::of(1.0); PIECE];
        if let Some(weights) = weights {
            factor.copy_from_slice(&weights[at.clone()]);
        }
        for l in 0..PIECE {
            factor[l] = factor[l].over(sum[l]);
        }
        for exponents in exponents.chunks_exact_mut(rows) {
            let values = &mut exponents[at.clone()];
            for l in 0..PIECE {
                values[l] = values[l].times(factor[l]);
            }
        }
        (*shifts, *sums) = (shift, sum);
    }
}
