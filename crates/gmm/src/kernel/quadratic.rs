//! (x − μ)ᵀ Σ⁻¹ (x − μ) for the rows of a block: lanes are rows.

use crate::gaussian::{Factor, Gaussian};
use pulp::Simd;

/// Rows of L worked on together.
const GROUP: usize = 4;
/// Vectors of rows worked on together: with [`GROUP`], enough independent sums to hide the latency of
/// a multiplication, few enough for sixteen registers.
const WIDE: usize = 2;

/// The factor L in the order in which [`solve`] reads it: for each group of four rows, −L column by
/// column up to and with its own triangle, then the four reciprocal pivots. Padded with zeros.
pub(crate) fn pack_factor(lower: &[f64], d: usize) -> Vec<f64> {
    let mut packed = Vec::new();
    for first in (0..d).step_by(GROUP) {
        let at = |row: usize, column: usize| {
            if row < d && column < row {
                -lower[row * d + column]
            } else {
                0.0
            }
        };
        for column in 0..first + GROUP {
            packed.extend((first..first + GROUP).map(|row| at(row, column)));
        }
        packed.extend((first..first + GROUP).map(|row| {
            if row < d {
                1.0 / lower[row * d + row]
            } else {
                0.0
            }
        }));
    }
    packed
}

/// The numbers that [`quadratic_forms`] needs for z.
pub(super) fn room(d: usize) -> usize {
    // A vector has at most eight lanes; eight more for alignment.
    d.next_multiple_of(GROUP) * WIDE * 8 + 8
}

/// Writes |z_i|² with L z_i = x_i − μ.
#[inline(always)]
pub(super) fn quadratic_forms<S: Simd>(
    simd: S,
    gaussian: &Gaussian,
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    z: &mut [f64],
) {
    let mean = gaussian.mean();
    match gaussian.factor() {
        Factor::Diagonal(inverses) => diagonal(simd, mean, inverses, columns, rows, out),
        Factor::Lower { packed, .. } => match mean.len() {
            2 => small::<S, 2>(simd, gaussian, columns, rows, out),
            3 => small::<S, 3>(simd, gaussian, columns, rows, out),
            4 => small::<S, 4>(simd, gaussian, columns, rows, out),
            5..=8 => solve_two_groups(simd, mean, packed, columns, rows, out),
            _ => solve(simd, mean, packed, columns, rows, out, super::align(z)),
        },
    }
}

/// The lanes of column `j` from row `start`; zeros past the last row.
#[inline(always)]
fn load<S: Simd>(simd: S, columns: &[f64], rows: usize, j: usize, start: usize) -> S::f64s {
    let end = (start + S::F64_LANES).min(rows);
    if start >= end {
        return simd.splat_f64s(0.0);
    }
    let values = &columns[j * rows + start..j * rows + end];
    match S::as_simd_f64s(values).0 {
        [whole, ..] => *whole,
        [] => simd.partial_load_f64s(values),
    }
}

#[inline(always)]
fn store<S: Simd>(simd: S, out: &mut [f64], start: usize, value: S::f64s) {
    let end = (start + S::F64_LANES).min(out.len());
    if start < end {
        simd.partial_store_f64s(&mut out[start..end], value);
    }
}

#[inline(always)]
fn diagonal<S: Simd>(
    simd: S,
    mean: &[f64],
    inverses: &[f64],
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
) {
    for start in (0..rows).step_by(WIDE * S::F64_LANES) {
        let mut squares = [simd.splat_f64s(0.0); WIDE];
        for (j, (&mean, &inverse)) in mean.iter().zip(inverses).enumerate() {
            let (mean, inverse) = (simd.splat_f64s(mean), simd.splat_f64s(inverse));
            for wide in 0..WIDE {
                let x = load(simd, columns, rows, j, start + wide * S::F64_LANES);
                let z = simd.mul_f64s(simd.sub_f64s(x, mean), inverse);
                squares[wide] = simd.mul_add_e_f64s(z, z, squares[wide]);
            }
        }
        for wide in 0..WIDE {
            store(simd, out, start + wide * S::F64_LANES, squares[wide]);
        }
    }
}

/// Forward substitution in registers.
#[inline(always)]
fn small<S: Simd, const D: usize>(
    simd: S,
    gaussian: &Gaussian,
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
) {
    let Factor::Lower {
        lower,
        inverse_diagonal,
        ..
    } = gaussian.factor()
    else {
        return;
    };
    let mut factor = [[0.0; D]; D];
    let mut pivots = [0.0; D];
    let mut mean = [0.0; D];
    for i in 0..D {
        for j in 0..i {
            factor[i][j] = -lower[i * D + j];
        }
        pivots[i] = inverse_diagonal[i];
        mean[i] = gaussian.mean()[i];
    }
    for start in (0..rows).step_by(S::F64_LANES) {
        let mut z = [simd.splat_f64s(0.0); D];
        let mut square = simd.splat_f64s(0.0);
        for i in 0..D {
            let x = load(simd, columns, rows, i, start);
            let mut value = simd.sub_f64s(x, simd.splat_f64s(mean[i]));
            for j in 0..i {
                value = simd.mul_add_e_f64s(simd.splat_f64s(factor[i][j]), z[j], value);
            }
            z[i] = simd.mul_f64s(value, simd.splat_f64s(pivots[i]));
            square = simd.mul_add_e_f64s(z[i], z[i], square);
        }
        store(simd, out, start, square);
    }
}

/// Forward substitution in registers for at most eight columns, four rows of L at a time.
#[inline(always)]
fn solve_two_groups<S: Simd>(
    simd: S,
    mean: &[f64],
    packed: &[f64],
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
) {
    const TRIANGLE: usize = GROUP * (GROUP + 1);
    let d = mean.len();
    let (Some(first), Some(second), Some(between)) = (
        packed.first_chunk::<TRIANGLE>(),
        packed.last_chunk::<TRIANGLE>(),
        packed[TRIANGLE..].first_chunk::<{ GROUP * GROUP }>(),
    ) else {
        return;
    };
    for start in (0..rows).step_by(WIDE * S::F64_LANES) {
        let mut squares = [simd.splat_f64s(0.0); WIDE];
        for wide in 0..WIDE {
            let from = start + wide * S::F64_LANES;
            let centred = |i: usize| {
                if i < d {
                    let x = load(simd, columns, rows, i, from);
                    simd.sub_f64s(x, simd.splat_f64s(mean[i]))
                } else {
                    simd.splat_f64s(0.0)
                }
            };
            let upper = [centred(0), centred(1), centred(2), centred(3)];
            let mut lower = [centred(4), centred(5), centred(6), centred(7)];
            let (upper, square) = triangle(simd, first, upper);
            for column in 0..GROUP {
                for row in 0..GROUP {
                    let factor = simd.splat_f64s(between[column * GROUP + row]);
                    lower[row] = simd.mul_add_e_f64s(factor, upper[column], lower[row]);
                }
            }
            let (_, other) = triangle(simd, second, lower);
            squares[wide] = simd.add_f64s(square, other);
        }
        for wide in 0..WIDE {
            store(simd, out, start + wide * S::F64_LANES, squares[wide]);
        }
    }
}

/// Forward substitution within a group of four rows; z and the sum of its squares.
#[inline(always)]
fn triangle<S: Simd>(
    simd: S,
    own: &[f64; GROUP * (GROUP + 1)],
    mut z: [S::f64s; GROUP],
) -> ([S::f64s; GROUP], S::f64s) {
    let mut square = simd.splat_f64s(0.0);
    for row in 0..GROUP {
        z[row] = simd.mul_f64s(z[row], simd.splat_f64s(own[GROUP * GROUP + row]));
        square = simd.mul_add_e_f64s(z[row], z[row], square);
        for below in row + 1..GROUP {
            let factor = simd.splat_f64s(own[row * GROUP + below]);
            z[below] = simd.mul_add_e_f64s(factor, z[row], z[below]);
        }
    }
    (z, square)
}

/// Forward substitution, four rows of L at a time.
#[inline(always)]
fn solve<S: Simd>(
    simd: S,
    mean: &[f64],
    packed: &[f64],
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    z: &mut [f64],
) {
    let d = mean.len();
    let (z, _) = S::as_mut_simd_f64s(z);
    let (z, _) = z.as_chunks_mut::<WIDE>();
    for start in (0..rows).step_by(WIDE * S::F64_LANES) {
        let mut squares = [simd.splat_f64s(0.0); WIDE];
        let mut rest = packed;
        for first in (0..d).step_by(GROUP) {
            let mut sums = [[simd.splat_f64s(0.0); WIDE]; GROUP];
            for (row, sum) in sums.iter_mut().enumerate() {
                let i = first + row;
                if i < d {
                    let mean = simd.splat_f64s(mean[i]);
                    for wide in 0..WIDE {
                        let x = load(simd, columns, rows, i, start + wide * S::F64_LANES);
                        sum[wide] = simd.sub_f64s(x, mean);
                    }
                }
            }
            let (before, after) = rest.split_at(first * GROUP);
            let (own, after) = after.split_at(GROUP * (GROUP + 1));
            rest = after;
            let (before, _) = before.as_chunks::<GROUP>();
            for (factors, z) in before.iter().zip(z.iter()) {
                for row in 0..GROUP {
                    let factor = simd.splat_f64s(factors[row]);
                    for wide in 0..WIDE {
                        sums[row][wide] = simd.mul_add_e_f64s(factor, z[wide], sums[row][wide]);
                    }
                }
            }
            for row in 0..GROUP {
                let pivot = simd.splat_f64s(own[GROUP * GROUP + row]);
                for wide in 0..WIDE {
                    let solved = simd.mul_f64s(sums[row][wide], pivot);
                    squares[wide] = simd.mul_add_e_f64s(solved, solved, squares[wide]);
                    z[first + row][wide] = solved;
                    for below in row + 1..GROUP {
                        let factor = simd.splat_f64s(own[row * GROUP + below]);
                        sums[below][wide] = simd.mul_add_e_f64s(factor, solved, sums[below][wide]);
                    }
                }
            }
        }
        for wide in 0..WIDE {
            store(simd, out, start + wide * S::F64_LANES, squares[wide]);
        }
    }
}
