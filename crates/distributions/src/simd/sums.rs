//! Sums in a fixed order, and arithmetic on every element, over slices.

use super::dispatch;

/// How many partial sums there are: they do not wait for each other, and their order is fixed, so
/// that the bits do not depend on the instruction set.
const LANES: usize = 8;

/// The sum of all values, in eight partial sums.
///
/// ```
/// assert_eq!(distributions::simd::sum(&[1.0; 20]), 20.0);
/// ```
pub fn sum(values: &[f64]) -> f64 {
    dispatch!(plain(values))
}

#[inline(always)]
fn plain<const FUSED: bool>(values: &[f64]) -> f64 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().sum::<f64>()
}

/// Adds `terms[k]` to every entry of row k of a matrix whose rows hold `columns` numbers.
///
/// # Panics
/// When `columns` is 0.
///
/// ```
/// let mut matrix = [0.0, 1.0, 2.0, 3.0];
/// distributions::simd::add_to_rows(&mut matrix, 2, &[10.0, 20.0]);
/// assert_eq!(matrix, [10.0, 11.0, 22.0, 23.0]);
/// ```
pub fn add_to_rows(matrix: &mut [f64], columns: usize, terms: &[f64]) {
    dispatch!(add_terms(matrix, columns, terms));
}

#[inline(always)]
fn add_terms<const FUSED: bool>(matrix: &mut [f64], columns: usize, terms: &[f64]) {
    for (row, term) in matrix.chunks_exact_mut(columns).zip(terms) {
        for entry in row {
            *entry += term;
        }
    }
}

/// Σ f(x, w) over two slices of one length, in the partial sums of [`sum`].
#[inline]
pub(crate) fn weighted_sum(xs: &[f64], weights: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let [sum] = weighted_sums(xs, weights, |x, w| [term(x, w)]);
    sum
}

/// Several such sums in one pass.
#[inline]
pub(crate) fn weighted_sums<const N: usize>(
    xs: &[f64],
    weights: &[f64],
    terms: impl Fn(f64, f64) -> [f64; N],
) -> [f64; N] {
    dispatch!(weighted[N](xs, weights, terms))
}

// Indices, so that the lanes stay apart.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
fn weighted<const FUSED: bool, const N: usize>(
    xs: &[f64],
    weights: &[f64],
    terms: impl Fn(f64, f64) -> [f64; N],
) -> [f64; N] {
    let (x_chunks, x_rest) = xs.as_chunks::<LANES>();
    let (w_chunks, w_rest) = weights.as_chunks::<LANES>();
    let mut lanes = [[0.0; LANES]; N];
    for (xs, ws) in x_chunks.iter().zip(w_chunks) {
        for l in 0..LANES {
            let terms = terms(xs[l], ws[l]);
            for n in 0..N {
                lanes[n][l] += terms[n];
            }
        }
    }
    let mut sums = lanes.map(|lanes| lanes.iter().sum::<f64>());
    let mut rest = [0.0; N];
    for (&x, &w) in x_rest.iter().zip(w_rest) {
        for (sum, term) in rest.iter_mut().zip(terms(x, w)) {
            *sum += term;
        }
    }
    for (sum, rest) in sums.iter_mut().zip(rest) {
        *sum += rest;
    }
    sums
}

/// Writes f(x) of every value.
#[inline]
pub(crate) fn map(xs: &[f64], out: &mut [f64], f: impl Fn(f64) -> f64) {
    dispatch!(map_one(xs, out, f));
}

#[inline(always)]
fn map_one<const FUSED: bool>(xs: &[f64], out: &mut [f64], f: impl Fn(f64) -> f64) {
    for (value, &x) in out.iter_mut().zip(xs) {
        *value = f(x);
    }
}

/// Writes counts as real numbers.
pub(crate) fn convert(counts: &[u64], out: &mut [f64]) {
    dispatch!(convert_all(counts, out));
}

#[inline(always)]
fn convert_all<const FUSED: bool>(counts: &[u64], out: &mut [f64]) {
    for (value, &count) in out.iter_mut().zip(counts) {
        *value = count as f64;
    }
}

/// Replaces every value v by f(v); whether one of the results is not finite.
#[inline]
pub(crate) fn update(values: &mut [f64], f: impl Fn(f64) -> f64) -> bool {
    dispatch!(update_all(values, f))
}

#[inline(always)]
fn update_all<const FUSED: bool>(values: &mut [f64], f: impl Fn(f64) -> f64) -> bool {
    let mut strange = 0_u64;
    for value in values {
        *value = f(*value);
        strange |= u64::from(!(value.abs() < f64::INFINITY));
    }
    strange != 0
}

/// Writes f(x, y) of every pair.
#[inline]
pub(crate) fn map_pairs(xs: &[f64], ys: &[f64], out: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    dispatch!(map_all(xs, ys, out, f));
}

#[inline(always)]
fn map_all<const FUSED: bool>(
    xs: &[f64],
    ys: &[f64],
    out: &mut [f64],
    f: impl Fn(f64, f64) -> f64,
) {
    for ((value, &x), &y) in out.iter_mut().zip(xs).zip(ys) {
        *value = f(x, y);
    }
}
