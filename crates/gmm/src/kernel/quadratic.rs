//! (x − μ)ᵀ Σ⁻¹ (x − μ) for the rows of a block: lanes are rows.

use super::number::Number;
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
pub(super) fn room<N: Number>(d: usize) -> usize {
    // A tile of rows and its z, four vectors wide, and alignment.
    2 * d * 4 * N::LANES + N::LANES
}

/// Which part of the forms is wanted.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The first columns alone, a multiple of eight where not all: their form is never larger than that of all.
    pub(super) width: usize,
    /// The rows, whole vectors; all of them where `width` is at most eight.
    pub(super) rows: Range<usize>,
    /// From the beginning of a column to that of the next.
    pub(super) stride: usize,
}

/// A component, as its quadratic form is computed.
pub(super) trait Form<N> {
    /// μ.
    fn mean(&self) -> &[N];
    /// The factor of Σ.
    fn factor(&self) -> Factors<'_, N>;
}

/// A factor of Σ = L Lᵀ.
pub(super) enum Factors<'a, N> {
    /// 1/√Σ_jj.
    Diagonal(&'a [N]),
    /// As [`pack_factor`] writes it.
    Lower(&'a [N]),
}

impl<N: Number> Factors<'_, N> {
    /// What of the variance of column j those before it do not explain, L_jj², of d columns.
    pub(super) fn least_variance(&self, j: usize, d: usize) -> f64 {
        let inverse: f64 = match self {
            Factors::Diagonal(inverses) => inverses[j].into(),
            Factors::Lower(packed) => {
                // Behind whole groups, and the columns before its own.
                let (first, own) = (j / GROUP * GROUP, j % GROUP);
                let rows = GROUP.min(d - first);
                let before = first * (first + 1) / 2 + first * rows;
                packed[before + own * (own + 3) / 2].into()
            }
        };
        1.0 / (inverse * inverse)
    }
}

impl Form<f64> for Gaussian {
    #[inline(always)]
    fn mean(&self) -> &[f64] {
        Gaussian::mean(self)
    }
    #[inline(always)]
    fn factor(&self) -> Factors<'_, f64> {
        match Gaussian::factor(self) {
            Factor::Diagonal(inverses) => Factors::Diagonal(inverses),
            Factor::Lower { packed, .. } => Factors::Lower(packed),
        }
    }
}

/// Writes finish(k, |z|²), L_k z = x_i − μ_k, to entry (k, i) of `out`. `rows` is a multiple of [`Number::LANES`]; there may be
/// more numbers from the beginning of a column to that of the next. `finish` is copied, as a call by reference would not be compiled
/// for the instruction set.
#[inline(always)]
pub(super) fn quadratic_forms<S: Simd, N: Number, G: Form<N>>(
    simd: S,
    gaussians: &[G],
    columns: &[N],
    rows: usize,
    out: &mut [N],
    scratch: &mut [N],
    finish: impl Fn(usize, N::Vector<S>) -> N::Vector<S> + Copy,
) {
    let part = Part {
        width: gaussians[0].mean().len(),
        rows: 0..rows,
        stride: columns.len() / gaussians[0].mean().len(),
    };
    quadratic_forms_of(simd, gaussians, part, columns, rows, out, scratch, finish);
}

/// The same of a part.
#[inline(always)]
pub(super) fn quadratic_forms_of<S: Simd, N: Number, G: Form<N>>(
    simd: S,
    gaussians: &[G],
    part: Part,
    columns: &[N],
    rows: usize,
    out: &mut [N],
    scratch: &mut [N],
    finish: impl Fn(usize, N::Vector<S>) -> N::Vector<S> + Copy,
) {
    debug_assert!(part.width > 8 || part.rows == (0..rows));
    match part.width {
        1 => small::<S, N, G, 1>(simd, gaussians, part, columns, rows, out, finish),
        2 => small::<S, N, G, 2>(simd, gaussians, part, columns, rows, out, finish),
        3 => small::<S, N, G, 3>(simd, gaussians, part, columns, rows, out, finish),
        4 => small::<S, N, G, 4>(simd, gaussians, part, columns, rows, out, finish),
        5 => small::<S, N, G, 5>(simd, gaussians, part, columns, rows, out, finish),
        6 => small::<S, N, G, 6>(simd, gaussians, part, columns, rows, out, finish),
        7 => small::<S, N, G, 7>(simd, gaussians, part, columns, rows, out, finish),
        8 => small::<S, N, G, 8>(simd, gaussians, part, columns, rows, out, finish),
        _ => any(simd, gaussians, part, columns, rows, out, scratch, finish),
    }
}

/// Component after component: what a component has stays in registers.
#[inline(always)]
fn small<S: Simd, N: Number, G: Form<N>, const D: usize>(
    simd: S,
    gaussians: &[G],
    part: Part,
    columns: &[N],
    rows: usize,
    out: &mut [N],
    finish: impl Fn(usize, N::Vector<S>) -> N::Vector<S> + Copy,
) {
    let columns: [&[N::Vector<S>]; D] =
        std::array::from_fn(|j| N::vectors::<S>(&columns[j * part.stride..][..rows]).0);
    for (k, (gaussian, out)) in gaussians.iter().zip(out.chunks_exact_mut(rows)).enumerate() {
        let (out, _) = N::vectors_mut::<S>(out);
        let mean = &gaussian.mean()[..D];
        match gaussian.factor() {
            Factors::Diagonal(inverses) => {
                let inverses: [N::Vector<S>; D] =
                    std::array::from_fn(|j| N::splat(simd, inverses[j]));
                let mean: [N::Vector<S>; D] = std::array::from_fn(|j| N::splat(simd, mean[j]));
                let columns = columns.map(|column| &column[..out.len()]);
                for (n, out) in out.iter_mut().enumerate() {
                    let mut square = N::splat(simd, N::ZERO);
                    for j in 0..D {
                        let z = N::sub(simd, columns[j][n], mean[j]);
                        let z = N::mul(simd, z, inverses[j]);
                        square = N::mul_add(simd, z, z, square);
                    }
                    *out = finish(k, square);
                }
            }
            Factors::Lower(packed) => {
                let packed = &packed[..D * (D + 1) / 2];
                let columns = columns.map(|column| &column[..out.len()]);
                for (n, out) in out.iter_mut().enumerate() {
                    let mut x = [N::splat(simd, N::ZERO); D];
                    for j in 0..D {
                        x[j] = N::sub(simd, columns[j][n], N::splat(simd, mean[j]));
                    }
                    let mut square = N::splat(simd, N::ZERO);
                    let mut at = 0;
                    for i in 0..D {
                        let mut z = N::mul(simd, x[0], N::splat(simd, packed[at]));
                        for j in 1..i + 1 {
                            z = N::mul_add(simd, x[j], N::splat(simd, packed[at + j]), z);
                        }
                        at += i + 1;
                        square = N::mul_add(simd, z, z, square);
                    }
                    *out = finish(k, square);
                }
            }
        }
    }
}

#[inline(always)]
fn any<S: Simd, N: Number, G: Form<N>>(
    simd: S,
    gaussians: &[G],
    part: Part,
    columns: &[N],
    rows: usize,
    out: &mut [N],
    scratch: &mut [N],
    finish: impl Fn(usize, N::Vector<S>) -> N::Vector<S> + Copy,
) {
    let diagonal = gaussians
        .iter()
        .all(|gaussian| matches!(gaussian.factor(), Factors::Diagonal(_)));
    if diagonal && S::F64_LANES >= 8 {
        diagonal_tiles::<S, N, G, 4>(simd, gaussians, part, columns, rows, out, finish);
    } else if diagonal {
        diagonal_tiles::<S, N, G, 2>(simd, gaussians, part, columns, rows, out, finish);
    } else if S::F64_LANES >= 8 {
        tiles::<S, N, G, 2>(simd, gaussians, part, columns, rows, out, scratch, finish);
    } else {
        tiles::<S, N, G, 1>(simd, gaussians, part, columns, rows, out, scratch, finish);
    }
}

/// Columns that are taken at a time under diagonal covariances: they stay in the first-level cache with what components have of
/// them.
const TOGETHER: usize = 32;

/// Tile after tile of `W` vectors of rows under diagonal covariances.
#[inline(always)]
fn diagonal_tiles<S: Simd, N: Number, G: Form<N>, const W: usize>(
    simd: S,
    gaussians: &[G],
    part: Part,
    columns: &[N],
    rows: usize,
    out: &mut [N],
    finish: impl Fn(usize, N::Vector<S>) -> N::Vector<S> + Copy,
) {
    let first = part.rows.start / N::lanes::<S>();
    let vectors = part.rows.end / N::lanes::<S>();
    let whole = vectors - (vectors - first) % W;
    for start in (first..whole).step_by(W) {
        diagonal_tile::<S, N, G, W>(simd, gaussians, &part, columns, rows, start, out, finish);
    }
    for start in whole..vectors {
        diagonal_tile::<S, N, G, 1>(simd, gaussians, &part, columns, rows, start, out, finish);
    }
}

/// `W` vectors of rows, some columns at a time, of all components.
#[inline(always)]
fn diagonal_tile<S: Simd, N: Number, G: Form<N>, const W: usize>(
    simd: S,
    gaussians: &[G],
    part: &Part,
    columns: &[N],
    rows: usize,
    start: usize,
    out: &mut [N],
    finish: impl Fn(usize, N::Vector<S>) -> N::Vector<S>,
) {
    let (d, stride) = (part.width, part.stride / N::lanes::<S>());
    let (columns, _) = N::vectors::<S>(columns);
    for left in (0..d).step_by(TOGETHER) {
        let some = left..(left + TOGETHER).min(d);
        let columns = &columns[left * stride + start..];
        let parts = gaussians.iter().zip(out.chunks_exact_mut(rows));
        for (k, (gaussian, out)) in parts.enumerate() {
            let out = &mut N::vectors_mut::<S>(out).0[start..start + W];
            let mut squares = [N::splat(simd, N::ZERO); W];
            if left > 0 {
                squares.copy_from_slice(out);
            }
            let parameters = match gaussian.factor() {
                Factors::Diagonal(inverses) => gaussian.mean()[some.clone()]
                    .iter()
                    .zip(&inverses[some.clone()]),
                Factors::Lower(_) => unreachable!("another structure among diagonal covariances"),
            };
            for (x, (&mean, &inverse)) in columns.chunks(stride).zip(parameters) {
                let (mean, inverse) = (N::splat(simd, mean), N::splat(simd, inverse));
                for w in 0..W {
                    let z = N::mul(simd, N::sub(simd, x[w], mean), inverse);
                    squares[w] = N::mul_add(simd, z, z, squares[w]);
                }
            }
            for w in 0..W {
                out[w] = match some.end == d {
                    true => finish(k, squares[w]),
                    false => squares[w],
                };
            }
        }
    }
}

/// Σ z² under a diagonal covariance.
#[inline(always)]
fn diagonal<S: Simd, N: Number, const W: usize>(
    simd: S,
    mean: &[N],
    inverses: &[N],
    x: &[[N::Vector<S>; W]],
) -> [N::Vector<S>; W] {
    let mut squares = [N::splat(simd, N::ZERO); W];
    for ((x, &mean), &inverse) in x.iter().zip(mean).zip(inverses) {
        let (mean, inverse) = (N::splat(simd, mean), N::splat(simd, inverse));
        for w in 0..W {
            let z = N::mul(simd, N::sub(simd, x[w], mean), inverse);
            squares[w] = N::mul_add(simd, z, z, squares[w]);
        }
    }
    squares
}

/// Tile after tile of `W` vectors of rows, which stays in cache for all components of a pass.
#[inline(always)]
fn tiles<S: Simd, N: Number, G: Form<N>, const W: usize>(
    simd: S,
    gaussians: &[G],
    part: Part,
    columns: &[N],
    rows: usize,
    out: &mut [N],
    scratch: &mut [N],
    finish: impl Fn(usize, N::Vector<S>) -> N::Vector<S>,
) {
    let (d, stride) = (part.width, part.stride);
    let (scratch, _) = N::vectors_mut::<S>(super::align(scratch));
    let (scratch, _) = scratch.as_chunks_mut::<W>();
    let (x, z) = scratch[..2 * d].split_at_mut(d);
    let first = part.rows.start / N::lanes::<S>();
    let vectors = part.rows.end / N::lanes::<S>();
    // What a pass reads of all factors stays in the second-level cache.
    let size = |gaussian: &G| match gaussian.factor() {
        Factors::Diagonal(inverses) => 2 * inverses.len(),
        Factors::Lower(packed) => packed.len(),
    };
    let largest = gaussians.iter().map(size).max().unwrap_or(1);
    let pass = (PASS / largest.max(1)).max(1);
    let passes = gaussians.chunks(pass).zip(out.chunks_mut(pass * rows));
    for (pass_number, (gaussians, out)) in passes.enumerate() {
        for start in (first..vectors).step_by(W) {
            for (x, column) in x.iter_mut().zip(columns.chunks_exact(stride)) {
                let (column, _) = N::vectors::<S>(column);
                for w in 0..W {
                    x[w] = column[(start + w).min(vectors - 1)];
                }
            }
            let parts = gaussians.iter().zip(out.chunks_exact_mut(rows));
            for (k, (gaussian, out)) in parts.enumerate() {
                let mean = &gaussian.mean()[..d];
                let squares = match gaussian.factor() {
                    Factors::Diagonal(inverses) => diagonal(simd, mean, inverses, x),
                    Factors::Lower(packed) => lower(simd, mean, packed, x, z),
                };
                let (out, _) = N::vectors_mut::<S>(out);
                for w in 0..W {
                    // Past the last row, the last vector again.
                    let at = (start + w).min(vectors - 1);
                    out[at] = finish(pass_number * pass + k, squares[w]);
                }
            }
        }
    }
}

/// Σ z² and z of L z = x − μ.
#[inline(always)]
pub(super) fn lower<S: Simd, N: Number, const W: usize>(
    simd: S,
    mean: &[N],
    packed: &[N],
    x: &[[N::Vector<S>; W]],
    z: &mut [[N::Vector<S>; W]],
) -> [N::Vector<S>; W] {
    let d = mean.len();
    let mut squares = [N::splat(simd, N::ZERO); W];
    let mut rest = packed;
    let mut first = 0;
    while first + GROUP <= d {
        rest = group::<S, N, GROUP, W>(
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
        1 => group::<S, N, 1, W>(simd, mean, rest, x, z, first, &mut squares),
        2 => group::<S, N, 2, W>(simd, mean, rest, x, z, first, &mut squares),
        3 => group::<S, N, 3, W>(simd, mean, rest, x, z, first, &mut squares),
        4 => group::<S, N, 4, W>(simd, mean, rest, x, z, first, &mut squares),
        5 => group::<S, N, 5, W>(simd, mean, rest, x, z, first, &mut squares),
        6 => group::<S, N, 6, W>(simd, mean, rest, x, z, first, &mut squares),
        7 => group::<S, N, 7, W>(simd, mean, rest, x, z, first, &mut squares),
        _ => rest,
    };
    squares
}

/// The rows `first` to `first + R` of z; what stands after them in the packed factor.
#[inline(always)]
fn group<'a, S: Simd, N: Number, const R: usize, const W: usize>(
    simd: S,
    mean: &[N],
    packed: &'a [N],
    x: &[[N::Vector<S>; W]],
    z: &mut [[N::Vector<S>; W]],
    first: usize,
    squares: &mut [N::Vector<S>; W],
) -> &'a [N] {
    let mut sums = [[N::splat(simd, N::ZERO); W]; R];
    let (x, mean) = (&x[..R], &mean[..R]);
    for r in 0..R {
        let mean = N::splat(simd, mean[r]);
        for w in 0..W {
            sums[r][w] = N::sub(simd, x[r][w], mean);
        }
    }
    let (before, packed) = packed.split_at(first * R);
    let (own, packed) = packed.split_at(R * (R + 1) / 2);
    let (before, _) = before.as_chunks::<R>();
    let (solved, z) = z.split_at_mut(first);
    for (factors, z) in before.iter().zip(solved) {
        for r in 0..R {
            let factor = N::splat(simd, factors[r]);
            for w in 0..W {
                sums[r][w] = N::mul_add(simd, factor, z[w], sums[r][w]);
            }
        }
    }
    let z = &mut z[..R];
    let mut n = 0;
    for r in 0..R {
        let factor = N::splat(simd, own[n]);
        let mut value = sums[0].map(|sum| N::mul(simd, factor, sum));
        for c in 1..r + 1 {
            let factor = N::splat(simd, own[n + c]);
            for w in 0..W {
                value[w] = N::mul_add(simd, factor, sums[c][w], value[w]);
            }
        }
        n += r + 1;
        for w in 0..W {
            squares[w] = N::mul_add(simd, value[w], value[w], squares[w]);
        }
        z[r] = value;
    }
    packed
}
