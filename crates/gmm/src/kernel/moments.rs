//! Weighted moments of a block about an origin: lanes are rows.

use super::LANES;
use pulp::Simd;

/// The numbers of scratch that [`moments`] needs.
pub(super) fn room(rows: usize) -> usize {
    // A strip of weighted columns, and alignment.
    4 * rows + LANES
}

/// Writes Σ w (x − o) to `sums` and the lower triangle of Σ w (x − o)(x − o)ᵀ to `squares`. `rows` is a multiple of eight.
#[inline(always)]
pub(super) fn moments<S: Simd>(
    simd: S,
    origin: &[f64],
    columns: &[f64],
    weights: &[f64],
    sums: &mut [f64],
    squares: &mut [f64],
    scratch: &mut [f64],
) {
    if S::F64_LANES >= 8 {
        strips::<S, 4>(simd, origin, columns, weights, sums, squares, scratch);
    } else {
        strips::<S, 3>(simd, origin, columns, weights, sums, squares, scratch);
    }
}

#[inline(always)]
fn strips<S: Simd, const T: usize>(
    simd: S,
    origin: &[f64],
    columns: &[f64],
    weights: &[f64],
    sums: &mut [f64],
    squares: &mut [f64],
    scratch: &mut [f64],
) {
    let (d, rows) = (origin.len(), weights.len());
    let (weights, _) = S::as_simd_f64s(weights);
    let block = Block {
        origin,
        columns,
        rows,
        weights,
    };
    let (scratch, _) = S::as_mut_simd_f64s(super::align(scratch));
    for first in (0..d).step_by(T) {
        match (d - first).min(T) {
            1 => strip::<S, T, 1>(simd, block, first, sums, squares, scratch),
            2 => strip::<S, T, 2>(simd, block, first, sums, squares, scratch),
            3 => strip::<S, T, 3>(simd, block, first, sums, squares, scratch),
            _ => strip::<S, T, T>(simd, block, first, sums, squares, scratch),
        }
    }
}

#[derive(Clone, Copy)]
struct Block<'a, V> {
    origin: &'a [f64],
    columns: &'a [f64],
    rows: usize,
    weights: &'a [V],
}

impl<'a, V: Copy> Block<'a, V> {
    #[inline(always)]
    fn columns<S: Simd<f64s = V>, const N: usize>(&self, first: usize) -> [&'a [V]; N] {
        let length = self.weights.len();
        std::array::from_fn(|c| {
            let column = &self.columns[(first + c) * self.rows..(first + c + 1) * self.rows];
            &S::as_simd_f64s(column).0[..length]
        })
    }
    #[inline(always)]
    fn origins<S: Simd<f64s = V>, const N: usize>(&self, simd: S, first: usize) -> [V; N] {
        std::array::from_fn(|c| simd.splat_f64s(self.origin[first + c]))
    }
}

#[inline(always)]
fn strip<S: Simd, const T: usize, const I: usize>(
    simd: S,
    block: Block<'_, S::f64s>,
    first: usize,
    sums: &mut [f64],
    squares: &mut [f64],
    scratch: &mut [S::f64s],
) {
    let d = block.origin.len();
    let length = block.weights.len();
    let (weighted, _) = scratch.as_chunks_mut::<I>();
    let weighted = &mut weighted[..length];
    let columns = block.columns::<S, I>(first);
    let origins = block.origins::<S, I>(simd, first);
    let mut one = [simd.splat_f64s(0.0); I];
    let mut two = [[simd.splat_f64s(0.0); I]; I];
    for n in 0..length {
        let weight = block.weights[n];
        let mut centred = [simd.splat_f64s(0.0); I];
        for i in 0..I {
            centred[i] = simd.sub_f64s(columns[i][n], origins[i]);
            let value = simd.mul_f64s(weight, centred[i]);
            if first > 0 {
                weighted[n][i] = value;
            }
            one[i] = simd.add_f64s(one[i], value);
            for j in 0..i + 1 {
                two[i][j] = simd.mul_add_e_f64s(value, centred[j], two[i][j]);
            }
        }
    }
    for i in 0..I {
        sums[first + i] = simd.reduce_sum_f64s(one[i]);
        for j in 0..i + 1 {
            squares[(first + i) * d + first + j] = simd.reduce_sum_f64s(two[i][j]);
        }
    }
    for before in (0..first).step_by(T) {
        let columns = block.columns::<S, T>(before);
        let origins = block.origins::<S, T>(simd, before);
        let mut two = [[simd.splat_f64s(0.0); T]; I];
        for n in 0..length {
            let mut centred = [simd.splat_f64s(0.0); T];
            for j in 0..T {
                centred[j] = simd.sub_f64s(columns[j][n], origins[j]);
            }
            for i in 0..I {
                for j in 0..T {
                    two[i][j] = simd.mul_add_e_f64s(weighted[n][i], centred[j], two[i][j]);
                }
            }
        }
        for i in 0..I {
            for j in 0..T {
                squares[(first + i) * d + before + j] = simd.reduce_sum_f64s(two[i][j]);
            }
        }
    }
}

/// The sums and the diagonal of the squares, of all components: entry (k, j) at `k * d + j`.
#[inline(always)]
pub(super) fn diagonals<S: Simd>(
    simd: S,
    origins: &[f64],
    columns: &[f64],
    weights: &[f64],
    rows: usize,
    sums: &mut [f64],
    squares: &mut [f64],
) {
    let d = columns.len() / rows;
    for first in (0..d).step_by(8) {
        match (d - first).min(8) {
            1 => diagonal::<S, 1>(simd, origins, columns, weights, rows, first, sums, squares),
            2 => diagonal::<S, 2>(simd, origins, columns, weights, rows, first, sums, squares),
            3 => diagonal::<S, 3>(simd, origins, columns, weights, rows, first, sums, squares),
            4 => diagonal::<S, 4>(simd, origins, columns, weights, rows, first, sums, squares),
            5 => diagonal::<S, 5>(simd, origins, columns, weights, rows, first, sums, squares),
            6 => diagonal::<S, 6>(simd, origins, columns, weights, rows, first, sums, squares),
            7 => diagonal::<S, 7>(simd, origins, columns, weights, rows, first, sums, squares),
            _ => diagonal::<S, 8>(simd, origins, columns, weights, rows, first, sums, squares),
        }
    }
}

#[inline(always)]
fn diagonal<S: Simd, const C: usize>(
    simd: S,
    origins: &[f64],
    columns: &[f64],
    weights: &[f64],
    rows: usize,
    first: usize,
    sums: &mut [f64],
    squares: &mut [f64],
) {
    let d = columns.len() / rows;
    for (k, weights) in weights.chunks_exact(rows).enumerate() {
        let (weights, _) = S::as_simd_f64s(weights);
        let origin = &origins[k * d..(k + 1) * d];
        let block = Block {
            origin,
            columns,
            rows,
            weights,
        };
        let columns = block.columns::<S, C>(first);
        let origins = block.origins::<S, C>(simd, first);
        let mut one = [simd.splat_f64s(0.0); C];
        let mut two = [simd.splat_f64s(0.0); C];
        for (n, &weight) in weights.iter().enumerate() {
            for c in 0..C {
                let centred = simd.sub_f64s(columns[c][n], origins[c]);
                let weighted = simd.mul_f64s(weight, centred);
                one[c] = simd.add_f64s(one[c], weighted);
                two[c] = simd.mul_add_e_f64s(weighted, centred, two[c]);
            }
        }
        for c in 0..C {
            sums[k * d + first + c] = simd.reduce_sum_f64s(one[c]);
            squares[k * d + first + c] = simd.reduce_sum_f64s(two[c]);
        }
    }
}
