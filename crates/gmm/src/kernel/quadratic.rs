//! (x − μ)ᵀ Σ⁻¹ (x − μ) for the rows of a block: lanes are rows.

use super::LANES;
use crate::gaussian::{Factor, Gaussian};
use crate::linalg::invert_lower;
use pulp::Simd;
use std::ops::Range;

/// Rows of L worked on together.
const GROUP: usize = 8;

/// The factor L in the order in which [`solve`] reads it: for each group of up to eight rows, −L column
/// by column up to its own triangle, then that triangle's inverse row by row.
pub(crate) fn pack_factor(lower: &[f64], d: usize) -> Vec<f64> {
    let mut packed = Vec::with_capacity(d * (d + 1) / 2);
    for first in (0..d).step_by(GROUP) {
        let rows = GROUP.min(d - first);
        for column in 0..first {
            packed.extend((first..first + rows).map(|row| -lower[row * d + column]));
        }
        let mut own = vec![0.0; rows * rows];
        for i in 0..rows {
            for j in 0..=i {
                own[i * rows + j] = lower[(first + i) * d + first + j];
            }
        }
        let inverse = invert_lower(&own, rows);
        for i in 0..rows {
            packed.extend_from_slice(&inverse[i * rows..i * rows + i + 1]);
        }
    }
    packed
}

/// What a pass over the rows reads of the factors, at most, where that is several: with a tile of rows it
/// stays in the second-level cache.
const PASS: usize = 16_384;

/// The numbers of scratch that [`quadratic_forms`] needs.
pub(super) fn room(d: usize) -> usize {
    // A tile of rows and its z, four vectors wide, and alignment.
    2 * d * 4 * LANES + LANES
}

/// Which part of the forms is wanted.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The first columns alone, a multiple of eight where not all: their form is never larger than that of all.
    pub(super) width: usize,
    /// The rows, whole groups of eight; all of them where `width` is at most eight.
    pub(super) rows: Range<usize>,
}

/// Writes finish(k, |z|²), L_k z = x_i − μ_k, to entry (k, i) of `out`. `rows` is a multiple of eight.
#[inline(always)]
pub(super) fn quadratic_forms<S: Simd>(
    simd: S,
    gaussians: &[Gaussian],
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut [f64],
    finish: impl Fn(usize, S::f64s) -> S::f64s,
) {
    let part = Part {
        width: columns.len() / rows,
        rows: 0..rows,
    };
    quadratic_forms_of(simd, gaussians, part, columns, rows, out, scratch, finish);
}

/// The same of a part.
#[inline(always)]
pub(super) fn quadratic_forms_of<S: Simd>(
    simd: S,
    gaussians: &[Gaussian],
    part: Part,
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut [f64],
    finish: impl Fn(usize, S::f64s) -> S::f64s,
) {
    debug_assert!(part.width > 8 || part.rows == (0..rows));
    match part.width {
        1 => small::<S, 1>(simd, gaussians, columns, rows, out, finish),
        2 => small::<S, 2>(simd, gaussians, columns, rows, out, finish),
        3 => small::<S, 3>(simd, gaussians, columns, rows, out, finish),
        4 => small::<S, 4>(simd, gaussians, columns, rows, out, finish),
        5 => small::<S, 5>(simd, gaussians, columns, rows, out, finish),
        6 => small::<S, 6>(simd, gaussians, columns, rows, out, finish),
        7 => small::<S, 7>(simd, gaussians, columns, rows, out, finish),
        8 => small::<S, 8>(simd, gaussians, columns, rows, out, finish),
        _ => any(simd, gaussians, part, columns, rows, out, scratch, finish),
    }
}

/// Component after component: what a component has stays in registers.
#[inline(always)]
fn small<S: Simd, const D: usize>(
    simd: S,
    gaussians: &[Gaussian],
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    finish: impl Fn(usize, S::f64s) -> S::f64s,
) {
    let columns: [&[S::f64s]; D] =
        std::array::from_fn(|j| S::as_simd_f64s(&columns[j * rows..(j + 1) * rows]).0);
    for (k, (gaussian, out)) in gaussians.iter().zip(out.chunks_exact_mut(rows)).enumerate() {
        let (out, _) = S::as_mut_simd_f64s(out);
        let mean = &gaussian.mean()[..D];
        match gaussian.factor() {
            Factor::Diagonal(inverses) => {
                let inverses: [S::f64s; D] = std::array::from_fn(|j| simd.splat_f64s(inverses[j]));
                let mean: [S::f64s; D] = std::array::from_fn(|j| simd.splat_f64s(mean[j]));
                let columns = columns.map(|column| &column[..out.len()]);
                for (n, out) in out.iter_mut().enumerate() {
                    let mut square = simd.splat_f64s(0.0);
                    for j in 0..D {
                        let z = simd.sub_f64s(columns[j][n], mean[j]);
                        let z = simd.mul_f64s(z, inverses[j]);
                        square = simd.mul_add_e_f64s(z, z, square);
                    }
                    *out = finish(k, square);
                }
            }
            Factor::Lower { packed, .. } => {
                let packed = &packed[..D * (D + 1) / 2];
                let columns = columns.map(|column| &column[..out.len()]);
                for (n, out) in out.iter_mut().enumerate() {
                    let mut x = [simd.splat_f64s(0.0); D];
                    for j in 0..D {
                        x[j] = simd.sub_f64s(columns[j][n], simd.splat_f64s(mean[j]));
                    }
                    let mut square = simd.splat_f64s(0.0);
                    let mut at = 0;
                    for i in 0..D {
                        let mut z = simd.mul_f64s(x[0], simd.splat_f64s(packed[at]));
                        for j in 1..i + 1 {
                            z = simd.mul_add_e_f64s(x[j], simd.splat_f64s(packed[at + j]), z);
                        }
                        at += i + 1;
                        square = simd.mul_add_e_f64s(z, z, square);
                    }
                    *out = finish(k, square);
                }
            }
        }
    }
}

#[inline(always)]
fn any<S: Simd>(
    simd: S,
    gaussians: &[Gaussian],
    part: Part,
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut [f64],
    finish: impl Fn(usize, S::f64s) -> S::f64s,
) {
    let diagonal = gaussians
        .iter()
        .all(|gaussian| matches!(gaussian.factor(), Factor::Diagonal(_)));
    if diagonal && S::F64_LANES >= 8 {
        tiles::<S, 4, false>(simd, gaussians, part, columns, rows, out, scratch, finish);
    } else if diagonal {
        tiles::<S, 2, false>(simd, gaussians, part, columns, rows, out, scratch, finish);
    } else if S::F64_LANES >= 8 {
        tiles::<S, 2, true>(simd, gaussians, part, columns, rows, out, scratch, finish);
    } else {
        tiles::<S, 1, true>(simd, gaussians, part, columns, rows, out, scratch, finish);
    }
}

/// Tile after tile of `W` vectors of rows, which stays in cache for all components of a pass. Without
/// `LOWER` all factors are diagonal.
#[inline(always)]
fn tiles<S: Simd, const W: usize, const LOWER: bool>(
    simd: S,
    gaussians: &[Gaussian],
    part: Part,
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut [f64],
    finish: impl Fn(usize, S::f64s) -> S::f64s,
) {
    let d = part.width;
    let (scratch, _) = S::as_mut_simd_f64s(super::align(scratch));
    let (scratch, _) = scratch.as_chunks_mut::<W>();
    let (x, z) = scratch[..2 * d].split_at_mut(d);
    let first = part.rows.start / S::F64_LANES;
    let vectors = part.rows.end / S::F64_LANES;
    // What a pass reads of all factors stays in the second-level cache.
    let size = |gaussian: &Gaussian| match gaussian.factor() {
        Factor::Diagonal(inverses) => 2 * inverses.len(),
        Factor::Lower { packed, .. } => packed.len(),
    };
    let largest = gaussians.iter().map(size).max().unwrap_or(1);
    let pass = (PASS / largest.max(1)).max(1);
    let passes = gaussians.chunks(pass).zip(out.chunks_mut(pass * rows));
    for (pass_number, (gaussians, out)) in passes.enumerate() {
        for start in (first..vectors).step_by(W) {
            for (x, column) in x.iter_mut().zip(columns.chunks_exact(rows)) {
                let (column, _) = S::as_simd_f64s(column);
                for w in 0..W {
                    x[w] = column[(start + w).min(vectors - 1)];
                }
            }
            let parts = gaussians.iter().zip(out.chunks_exact_mut(rows));
            for (k, (gaussian, out)) in parts.enumerate() {
                let mean = &gaussian.mean()[..d];
                let squares = match gaussian.factor() {
                    Factor::Diagonal(inverses) => diagonal(simd, mean, inverses, x),
                    Factor::Lower { packed, .. } if LOWER => lower(simd, mean, packed, x, z),
                    Factor::Lower { .. } => [simd.splat_f64s(f64::NAN); W],
                };
                let (out, _) = S::as_mut_simd_f64s(out);
                for w in 0..W {
                    // Past the last row, the last vector again.
                    let at = (start + w).min(vectors - 1);
                    out[at] = finish(pass_number * pass + k, squares[w]);
                }
            }
        }
    }
}

#[inline(always)]
fn diagonal<S: Simd, const W: usize>(
    simd: S,
    mean: &[f64],
    inverses: &[f64],
    x: &[[S::f64s; W]],
) -> [S::f64s; W] {
    let mut squares = [simd.splat_f64s(0.0); W];
    for ((x, &mean), &inverse) in x.iter().zip(mean).zip(inverses) {
        let (mean, inverse) = (simd.splat_f64s(mean), simd.splat_f64s(inverse));
        for w in 0..W {
            let z = simd.mul_f64s(simd.sub_f64s(x[w], mean), inverse);
            squares[w] = simd.mul_add_e_f64s(z, z, squares[w]);
        }
    }
    squares
}

#[inline(always)]
fn lower<S: Simd, const W: usize>(
    simd: S,
    mean: &[f64],
    packed: &[f64],
    x: &[[S::f64s; W]],
    z: &mut [[S::f64s; W]],
) -> [S::f64s; W] {
    let d = mean.len();
    let mut squares = [simd.splat_f64s(0.0); W];
    let mut rest = packed;
    let mut first = 0;
    while first + GROUP <= d {
        rest = group::<S, GROUP, W>(
            simd,
            &mean[first..],
            rest,
            &x[first..],
            z,
            first,
            &mut squares,
        );
        first += GROUP;
    }
    let (mean, x) = (&mean[first..], &x[first..]);
    match d - first {
        1 => group::<S, 1, W>(simd, mean, rest, x, z, first, &mut squares),
        2 => group::<S, 2, W>(simd, mean, rest, x, z, first, &mut squares),
        3 => group::<S, 3, W>(simd, mean, rest, x, z, first, &mut squares),
        4 => group::<S, 4, W>(simd, mean, rest, x, z, first, &mut squares),
        5 => group::<S, 5, W>(simd, mean, rest, x, z, first, &mut squares),
        6 => group::<S, 6, W>(simd, mean, rest, x, z, first, &mut squares),
        7 => group::<S, 7, W>(simd, mean, rest, x, z, first, &mut squares),
        _ => rest,
    };
    squares
}

/// The rows `first` to `first + R` of z; what stands after them in the packed factor.
#[inline(always)]
fn group<'a, S: Simd, const R: usize, const W: usize>(
    simd: S,
    mean: &[f64],
    packed: &'a [f64],
    x: &[[S::f64s; W]],
    z: &mut [[S::f64s; W]],
    first: usize,
    squares: &mut [S::f64s; W],
) -> &'a [f64] {
    let mut sums = [[simd.splat_f64s(0.0); W]; R];
    let (x, mean) = (&x[..R], &mean[..R]);
    for r in 0..R {
        let mean = simd.splat_f64s(mean[r]);
        for w in 0..W {
            sums[r][w] = simd.sub_f64s(x[r][w], mean);
        }
    }
    let (before, packed) = packed.split_at(first * R);
    let (own, packed) = packed.split_at(R * (R + 1) / 2);
    let (before, _) = before.as_chunks::<R>();
    let (solved, z) = z.split_at_mut(first);
    for (factors, z) in before.iter().zip(solved) {
        for r in 0..R {
            let factor = simd.splat_f64s(factors[r]);
            for w in 0..W {
                sums[r][w] = simd.mul_add_e_f64s(factor, z[w], sums[r][w]);
            }
        }
    }
    let z = &mut z[..R];
    let mut n = 0;
    for r in 0..R {
        let factor = simd.splat_f64s(own[n]);
        let mut value = sums[0].map(|sum| simd.mul_f64s(factor, sum));
        for c in 1..r + 1 {
            let factor = simd.splat_f64s(own[n + c]);
            for w in 0..W {
                value[w] = simd.mul_add_e_f64s(factor, sums[c][w], value[w]);
            }
        }
        n += r + 1;
        for w in 0..W {
            squares[w] = simd.mul_add_e_f64s(value[w], value[w], squares[w]);
        }
        z[r] = value;
    }
    packed
}
