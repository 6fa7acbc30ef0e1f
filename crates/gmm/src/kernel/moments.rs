//! Weighted moments of a block about an origin: lanes are rows.

use pulp::Simd;

/// Rows and columns of a tile of sums; sixteen sums where there are 32 registers.
const TILE: usize = 4;

/// The numbers of scratch that [`moments`] needs.
pub(super) fn room(d: usize, rows: usize) -> usize {
    // Two buffers of padded columns, the weights, and alignment.
    (2 * d.next_multiple_of(TILE) + 1) * rows.next_multiple_of(8) + 8
}

/// Writes Σ w (x − o) to `sums`, and Σ w (x − o)(x − o)ᵀ to `squares`: its lower triangle, or the
/// diagonal where `squares` is as short as `sums`. Returns Σ w; writes nothing where that is 0.
#[inline(always)]
pub(super) fn moments<S: Simd>(
    simd: S,
    origin: &[f64],
    columns: &[f64],
    weights: &[f64],
    sums: &mut [f64],
    squares: &mut [f64],
    scratch: &mut [f64],
) -> f64 {
    let (d, rows) = (origin.len(), weights.len());
    let scratch = super::align(scratch);
    let padded = rows.next_multiple_of(S::F64_LANES);
    let (padded_weights, buffers) = scratch.split_at_mut(padded);
    padded_weights[..rows].copy_from_slice(weights);
    padded_weights[rows..].fill(0.0);
    let weights = S::as_simd_f64s(padded_weights).0;
    let total = total(simd, weights);
    if total == 0.0 {
        return total;
    }
    let block = Block {
        origin,
        columns,
        rows,
        weights,
    };
    match d {
        _ if squares.len() == d => diagonal(simd, block, sums, squares),
        2 => small::<S, 2>(simd, block, sums, squares),
        3 => small::<S, 3>(simd, block, sums, squares),
        4 => small::<S, 4>(simd, block, sums, squares),
        _ => tiled(simd, block, padded, sums, squares, buffers),
    }
    total
}

/// The sum of all lanes.
#[inline(always)]
fn total<S: Simd>(simd: S, values: &[S::f64s]) -> f64 {
    let (fours, rest) = values.as_chunks::<4>();
    let mut sums = [simd.splat_f64s(0.0); 4];
    for four in fours {
        for part in 0..4 {
            sums[part] = simd.add_f64s(sums[part], four[part]);
        }
    }
    for &value in rest {
        sums[0] = simd.add_f64s(sums[0], value);
    }
    let [a, b, c, d] = sums;
    simd.reduce_sum_f64s(simd.add_f64s(simd.add_f64s(a, b), simd.add_f64s(c, d)))
}

#[derive(Clone, Copy)]
struct Block<'a, V> {
    origin: &'a [f64],
    columns: &'a [f64],
    rows: usize,
    weights: &'a [V],
}

impl<V: Copy> Block<'_, V> {
    /// The lanes `n` of column `j` less the origin; what stands past the last row has weight 0.
    #[inline(always)]
    fn centred<S: Simd<f64s = V>>(&self, simd: S, j: usize, n: usize) -> S::f64s {
        let start = n * S::F64_LANES;
        let end = (start + S::F64_LANES).min(self.rows);
        let values = &self.columns[j * self.rows + start..j * self.rows + end];
        let x = match S::as_simd_f64s(values).0 {
            [whole, ..] => *whole,
            [] => simd.partial_load_f64s(values),
        };
        simd.sub_f64s(x, simd.splat_f64s(self.origin[j]))
    }
}

/// Four columns at a time, so that one sum need not wait for the last.
#[inline(always)]
fn diagonal<S: Simd>(simd: S, block: Block<'_, S::f64s>, sums: &mut [f64], squares: &mut [f64]) {
    let d = sums.len();
    for first in (0..d).step_by(TILE) {
        let mut one = [simd.splat_f64s(0.0); TILE];
        let mut two = [simd.splat_f64s(0.0); TILE];
        // Past the last column, the last one again.
        let columns: [usize; TILE] = std::array::from_fn(|c| (first + c).min(d - 1));
        for (n, &weight) in block.weights.iter().enumerate() {
            for c in 0..TILE {
                let centred = block.centred(simd, columns[c], n);
                let weighted = simd.mul_f64s(weight, centred);
                one[c] = simd.add_f64s(one[c], weighted);
                two[c] = simd.mul_add_e_f64s(weighted, centred, two[c]);
            }
        }
        for c in 0..TILE {
            sums[columns[c]] = simd.reduce_sum_f64s(one[c]);
            squares[columns[c]] = simd.reduce_sum_f64s(two[c]);
        }
    }
}

/// All sums in registers.
#[inline(always)]
fn small<S: Simd, const D: usize>(
    simd: S,
    block: Block<'_, S::f64s>,
    sums: &mut [f64],
    squares: &mut [f64],
) {
    let mut first = [simd.splat_f64s(0.0); D];
    let mut second = [[simd.splat_f64s(0.0); D]; D];
    for (n, &weight) in block.weights.iter().enumerate() {
        let mut centred = [simd.splat_f64s(0.0); D];
        for i in 0..D {
            centred[i] = block.centred(simd, i, n);
            let weighted = simd.mul_f64s(weight, centred[i]);
            first[i] = simd.add_f64s(first[i], weighted);
            for j in 0..i + 1 {
                second[i][j] = simd.mul_add_e_f64s(weighted, centred[j], second[i][j]);
            }
        }
    }
    for i in 0..D {
        sums[i] = simd.reduce_sum_f64s(first[i]);
        for j in 0..i + 1 {
            squares[i * D + j] = simd.reduce_sum_f64s(second[i][j]);
        }
    }
}

/// Columns of w (x − o) and of x − o in memory, multiplied tile by tile.
#[inline(always)]
fn tiled<S: Simd>(
    simd: S,
    block: Block<'_, S::f64s>,
    padded: usize,
    sums: &mut [f64],
    squares: &mut [f64],
    buffers: &mut [f64],
) {
    let d = sums.len();
    let half = d.next_multiple_of(TILE) * padded;
    let (left, right) = buffers[..2 * half].split_at_mut(half);
    for (j, total) in sums.iter_mut().enumerate() {
        let range = j * padded..(j + 1) * padded;
        let (left, _) = S::as_mut_simd_f64s(&mut left[range.clone()]);
        let (right, _) = S::as_mut_simd_f64s(&mut right[range]);
        let mut sum = simd.splat_f64s(0.0);
        for (n, ((left, right), &weight)) in
            left.iter_mut().zip(right).zip(block.weights).enumerate()
        {
            let centred = block.centred(simd, j, n);
            *right = centred;
            *left = simd.mul_f64s(weight, centred);
            sum = simd.add_f64s(sum, *left);
        }
        *total = simd.reduce_sum_f64s(sum);
    }
    left[d * padded..].fill(0.0);
    right[d * padded..].fill(0.0);
    for i in (0..d).step_by(TILE) {
        let left = columns::<S, TILE>(left, padded, i);
        if S::F64_LANES >= 8 {
            for j in (0..i).step_by(TILE) {
                let right = columns::<S, TILE>(right, padded, j);
                write(
                    d,
                    i,
                    j,
                    tile::<S, TILE, TILE, false>(simd, left, right),
                    squares,
                );
            }
            let right = columns::<S, TILE>(right, padded, i);
            write(
                d,
                i,
                i,
                tile::<S, TILE, TILE, true>(simd, left, right),
                squares,
            );
        } else {
            for j in (0..i + TILE).step_by(TILE / 2) {
                let right = columns::<S, { TILE / 2 }>(right, padded, j);
                let totals = tile::<S, TILE, { TILE / 2 }, false>(simd, left, right);
                write(d, i, j, totals, squares);
            }
        }
    }
}

/// `COUNT` neighbouring columns from `first`.
#[inline(always)]
fn columns<S: Simd, const COUNT: usize>(
    buffer: &[f64],
    padded: usize,
    first: usize,
) -> [&[S::f64s]; COUNT] {
    std::array::from_fn(|c| {
        let start = (first + c) * padded;
        S::as_simd_f64s(&buffer[start..start + padded]).0
    })
}

/// Σ_n a_i[n] b_j[n] for every pair of columns; where `LOWER`, for j ≤ i.
#[inline(always)]
fn tile<S: Simd, const I: usize, const J: usize, const LOWER: bool>(
    simd: S,
    left: [&[S::f64s]; I],
    right: [&[S::f64s]; J],
) -> [[f64; J]; I] {
    let length = left[0].len();
    // Equal lengths, said so that the loop needs no checks.
    let left = left.map(|column| &column[..length]);
    let right = right.map(|column| &column[..length]);
    let mut sums = [[simd.splat_f64s(0.0); J]; I];
    for n in 0..length {
        for i in 0..I {
            for j in 0..if LOWER { i + 1 } else { J } {
                sums[i][j] = simd.mul_add_e_f64s(left[i][n], right[j][n], sums[i][j]);
            }
        }
    }
    let mut totals = [[0.0; J]; I];
    for i in 0..I {
        for j in 0..if LOWER { i + 1 } else { J } {
            totals[i][j] = simd.reduce_sum_f64s(sums[i][j]);
        }
    }
    totals
}

#[inline(always)]
fn write<const I: usize, const J: usize>(
    d: usize,
    first_row: usize,
    first_column: usize,
    totals: [[f64; J]; I],
    squares: &mut [f64],
) {
    for (i, totals) in totals.iter().enumerate() {
        for (j, total) in totals.iter().enumerate() {
            let (row, column) = (first_row + i, first_column + j);
            if row < d && column <= row {
                squares[row * d + column] = *total;
            }
        }
    }
}
