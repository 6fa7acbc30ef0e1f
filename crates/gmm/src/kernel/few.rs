//! Weighted moments of rows that stand one after another, or of a few of a block, about an origin: lanes are columns, so
//! that no sum runs over lanes.

use super::LANES;
use pulp::Simd;

/// The most rows of a block for which this is cheaper, and how many are taken at a time.
pub(super) const MOST: usize = 64;

/// Rows of the matrix worked on together.
const GROUP: usize = 8;

/// The numbers of scratch that [`few_moments`] needs.
pub(super) fn room(d: usize) -> usize {
    2 * MOST * d.next_multiple_of(LANES) + LANES
}

/// Writes Σ w (x − o) to `sums` and the lower triangle of Σ w (x − o)(x − o)ᵀ to `squares`, over `rows` rows; what stands
/// above the triangle is overwritten. `row` writes one, and returns its weight.
#[inline(always)]
pub(super) fn few_moments<S: Simd>(
    simd: S,
    rows: usize,
    origin: &[f64],
    row: impl Fn(usize, &mut [f64]) -> f64,
    sums: &mut [f64],
    squares: &mut [f64],
    scratch: &mut [f64],
) {
    let d = origin.len();
    let wide = d.next_multiple_of(LANES);
    let scratch = super::align(scratch);
    sums.fill(0.0);
    for first in (0..rows).step_by(MOST) {
        let count = MOST.min(rows - first);
        let (centred, scratch) = scratch.split_at_mut(count * wide);
        let weighted = &mut scratch[..count * wide];
        let pairs = centred.chunks_exact_mut(wide);
        let pairs = pairs.zip(weighted.chunks_exact_mut(wide));
        for (n, (centred, weighted)) in pairs.enumerate() {
            let (own, beyond) = centred.split_at_mut(d);
            beyond.fill(0.0);
            let weight = row(first + n, own);
            for (centred, &origin) in own.iter_mut().zip(origin) {
                *centred -= origin;
            }
            for (weighted, centred) in weighted.iter_mut().zip(&*centred) {
                *weighted = weight * centred;
            }
            for (sum, value) in sums.iter_mut().zip(&*weighted) {
                *sum += value;
            }
        }
        products(simd, d, centred, weighted, first > 0, squares);
    }
}

/// Vectors of columns whose moments are taken together.
const SOME: usize = 4;

/// Writes Σ w (x − o) to `sums` and the diagonal of Σ w (x − o)(x − o)ᵀ to `squares`, over some rows and their weights.
#[inline(always)]
pub(super) fn few_diagonals<'a, S: Simd>(
    simd: S,
    origin: &[f64],
    rows: impl Iterator<Item = (&'a [f64], f64)> + Clone,
    sums: &mut [f64],
    squares: &mut [f64],
) {
    let (origins, _) = S::as_simd_f64s(origin);
    let (fours, _) = origins.as_chunks::<SOME>();
    for (n, origins) in fours.iter().enumerate() {
        let at = n * SOME * S::F64_LANES;
        vectors::<S, SOME>(simd, origins, at, rows.clone(), sums, squares);
    }
    for (n, origin) in origins.iter().enumerate().skip(fours.len() * SOME) {
        vectors::<S, 1>(
            simd,
            &[*origin],
            n * S::F64_LANES,
            rows.clone(),
            sums,
            squares,
        );
    }
    let done = origins.len() * S::F64_LANES;
    sums[done..].fill(0.0);
    squares[done..].fill(0.0);
    for (row, weight) in rows {
        for j in done..origin.len() {
            let centred = row[j] - origin[j];
            sums[j] += weight * centred;
            squares[j] += weight * centred * centred;
        }
    }
}

/// Of `V` vectors of columns, the first of which is `first`.
#[inline(always)]
fn vectors<'a, S: Simd, const V: usize>(
    simd: S,
    origins: &[S::f64s; V],
    first: usize,
    rows: impl Iterator<Item = (&'a [f64], f64)>,
    sums: &mut [f64],
    squares: &mut [f64],
) {
    let zero = simd.splat_f64s(0.0);
    let (mut one, mut two) = ([zero; V], [zero; V]);
    for (row, weight) in rows {
        let (x, _) = S::as_simd_f64s(&row[first..]);
        let (x, weight) = (&x[..V], simd.splat_f64s(weight));
        for v in 0..V {
            let centred = simd.sub_f64s(x[v], origins[v]);
            let weighted = simd.mul_f64s(weight, centred);
            one[v] = simd.add_f64s(one[v], weighted);
            two[v] = simd.mul_add_e_f64s(weighted, centred, two[v]);
        }
    }
    S::as_mut_simd_f64s(&mut sums[first..]).0[..V].copy_from_slice(&one);
    S::as_mut_simd_f64s(&mut squares[first..]).0[..V].copy_from_slice(&two);
}

/// Writes the lower triangle of Σ (w y) yᵀ, or adds it to what stands there.
#[inline(always)]
fn products<S: Simd>(
    simd: S,
    d: usize,
    centred: &[f64],
    weighted: &[f64],
    add: bool,
    squares: &mut [f64],
) {
    let wide = d.next_multiple_of(LANES);
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
                let to = &mut squares[i * d + left..i * d + end];
                let before = match add {
                    true => simd.partial_load_f64s(to),
                    false => simd.splat_f64s(0.0),
                };
                simd.partial_store_f64s(to, simd.add_f64s(before, sum));
            }
        }
    }
}
