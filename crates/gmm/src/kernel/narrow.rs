//! The E-step of rows of a few columns, tile after tile: a tile goes from densities through responsibilities to moments
//! without leaving the first-level cache, and what belongs to a row stays in registers.
//!
//! Densities are exponents of 2, with the sign of the quadratic form: e_ik = −log₂(π_k p_k(x_i)). The smallest of a row is
//! its shift, so that r_ik = 2^(shift_i − e_ik) / sum_i, and ln p(x_i) = ln sum_i − shift_i ln 2.

use super::exponentials::exp2_of_negatives;
use super::number::Number;
use super::prefetch::Ahead;
use super::quadratic::{Factors, Form};
use pulp::{Simd, WithSimd};
use std::f64::consts::LOG2_E;

/// The most columns: vectors of the moments of a component stay in registers.
pub(super) const MOST_COLUMNS: usize = 4;

/// Vectors of rows of a tile.
const WIDTH: usize = 4;

/// The same where a vector is one number or two.
const WIDE: usize = 16;

/// Vectors whose exponentials are taken together.
const TOGETHER: usize = 4;

/// The rows of the largest tile; blocks are padded to a multiple.
pub(super) const fn tile_rows<N: Number>() -> usize {
    WIDTH * N::LANES
}

/// How many numbers a component has: its exponent, mean and factor; or its weight, sums and squares.
pub(super) const fn numbers(d: usize, full: bool) -> usize {
    1 + d + if full { d * (d + 1) / 2 } else { d }
}

/// Writes −log₂ of the constant e^`log`, the mean, and the factor of deviations whose squares are exponents of 2; whether
/// no product of them and of rows of that size can overflow.
pub(super) fn pack<N: Number>(
    component: &impl Form<N>,
    log: f64,
    full: bool,
    into: &mut [N],
) -> bool {
    let mean = component.mean();
    let d = mean.len();
    let (constant, rest) = into.split_at_mut(1);
    let (own, factor) = rest.split_at_mut(d);
    constant[0] = N::of(-log * LOG2_E);
    own.copy_from_slice(mean);
    let scale = (0.5 * LOG2_E).sqrt();
    let scaled = |value: N| N::of(value.into() * scale);
    match component.factor() {
        Factors::Diagonal(inverses) if full => {
            factor.fill(N::ZERO);
            for (i, &inverse) in inverses.iter().enumerate() {
                factor[i * (i + 3) / 2] = scaled(inverse);
            }
        }
        Factors::Diagonal(values) | Factors::Lower(values) => {
            for (factor, &value) in factor.iter_mut().zip(values) {
                *factor = scaled(value);
            }
        }
    }
    let small = |value: &N| Into::<f64>::into(*value).abs() <= N::LARGEST;
    -log > -N::LARGEST && rest.iter().all(small)
}

/// The E-step of a block, or the moments of one of its components about another origin.
pub(super) struct Narrow<'a, N> {
    pub dimension: usize,
    pub full: bool,
    /// What [`pack`] writes, of K components.
    pub parameters: &'a [N],
    /// K × d numbers, about which moments are taken.
    pub origins: &'a [N],
    /// d columns of a multiple of [`tile_rows`] rows.
    pub columns: &'a [N],
    /// A weight for each row; 1 where there are none.
    pub weights: Option<&'a [N]>,
    /// For each row.
    pub shifts: &'a mut [N],
    /// For each row.
    pub sums: &'a mut [N],
    /// K × [`tile_rows`] numbers.
    pub tile: &'a mut [N],
    /// K × [`numbers`] vectors of the largest instruction set.
    pub lanes: &'a mut [N],
    /// K × [`numbers`] moments.
    pub moments: &'a mut [f64],
    /// The component whose moments alone are wanted, when shifts and sums are known.
    pub only: Option<usize>,
    /// A share for each of the largest tiles.
    pub ahead: Ahead,
}

impl<N: Number> WithSimd for Narrow<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (self.dimension, self.full) {
            (1, _) => self.tiles::<S, 1, 3, false>(simd),
            (2, false) => self.tiles::<S, 2, 5, false>(simd),
            (2, true) => self.tiles::<S, 2, 6, true>(simd),
            (3, false) => self.tiles::<S, 3, 7, false>(simd),
            (3, true) => self.tiles::<S, 3, 10, true>(simd),
            (_, false) => self.tiles::<S, 4, 9, false>(simd),
            (_, true) => self.tiles::<S, 4, 15, true>(simd),
        }
    }
}

impl<N: Number> Narrow<'_, N> {
    #[inline(always)]
    fn tiles<S: Simd, const D: usize, const M: usize, const FULL: bool>(self, simd: S) {
        debug_assert_eq!(M, numbers(D, FULL));
        if N::lanes::<S>() >= 4 {
            self.tiles_of::<S, D, M, FULL, WIDTH>(simd);
        } else {
            self.tiles_of::<S, D, M, FULL, WIDE>(simd);
        }
    }
    #[inline(always)]
    fn tiles_of<S: Simd, const D: usize, const M: usize, const FULL: bool, const W: usize>(
        self,
        simd: S,
    ) {
        let (parameters, _) = self.parameters.as_chunks::<M>();
        let (origins, _) = self.origins.as_chunks::<D>();
        let of = match self.only {
            Some(k) => k..k + 1,
            None => 0..parameters.len(),
        };
        let (parameters, origins) = (&parameters[of.clone()], &origins[of.clone()]);
        let (lanes, _) = N::vectors_mut::<S>(self.lanes).0.as_chunks_mut::<M>();
        let lanes = &mut lanes[of.clone()];
        lanes.fill([N::splat(simd, N::ZERO); M]);
        let rows = self.columns.len() / D;
        let columns: [&[[N::Vector<S>; W]]; D] =
            std::array::from_fn(|j| tiles(simd, &self.columns[j * rows..(j + 1) * rows]));
        let length = W * N::lanes::<S>();
        let tile = &mut self.tile[..of.len() * length];
        for n in 0..rows / length {
            self.ahead.ask();
            let x: [&[N::Vector<S>; W]; D] = std::array::from_fn(|j| &columns[j][n]);
            let at = n * length..(n + 1) * length;
            let least = exponents::<S, N, D, M, FULL, W>(simd, parameters, x, tile);
            let (shifts, _) = N::vectors_mut::<S>(&mut self.shifts[at.clone()]);
            if self.only.is_none() {
                shifts.copy_from_slice(&least);
            }
            let sum = exponentials::<S, N, W>(simd, tile, shifts);
            if self.only.is_none() {
                let (sums, _) = N::vectors_mut::<S>(&mut self.sums[at.clone()]);
                sums.copy_from_slice(&sum);
            }
            let sums = tiles::<S, N, W>(simd, &self.sums[at.clone()]);
            let mut factors = [N::splat(simd, N::of(1.0)); W];
            if let Some(weights) = self.weights {
                factors = tiles::<S, N, W>(simd, &weights[at])[0];
            }
            for w in 0..W {
                factors[w] = N::div(simd, factors[w], sums[0][w]);
            }
            let shares = tiles::<S, N, W>(simd, tile).iter();
            for ((lanes, origin), shares) in lanes.iter_mut().zip(origins).zip(shares) {
                let mut all = *lanes;
                for w in 0..W {
                    let share = N::mul(simd, shares[w], factors[w]);
                    let x = std::array::from_fn(|j| x[j][w]);
                    add_moments::<S, N, D, M, FULL>(simd, origin, x, share, &mut all);
                }
                *lanes = all;
            }
        }
        let moments = self.moments.chunks_exact_mut(M).skip(of.start);
        for (lanes, moments) in lanes.iter().zip(moments) {
            for m in 0..M {
                moments[m] = N::sum(simd, lanes[m]);
            }
        }
    }
}

#[inline(always)]
fn tiles<S: Simd, N: Number, const W: usize>(_: S, numbers: &[N]) -> &[[N::Vector<S>; W]] {
    N::vectors::<S>(numbers).0.as_chunks().0
}

/// Writes e of every component and row of a tile; the least of each row.
#[inline(always)]
fn exponents<
    S: Simd,
    N: Number,
    const D: usize,
    const M: usize,
    const FULL: bool,
    const W: usize,
>(
    simd: S,
    parameters: &[[N; M]],
    x: [&[N::Vector<S>; W]; D],
    tile: &mut [N],
) -> [N::Vector<S>; W] {
    let mut least = [N::splat(simd, N::of(f64::INFINITY)); W];
    let (tile, _) = N::vectors_mut::<S>(tile).0.as_chunks_mut::<W>();
    for (tile, parameters) in tile.iter_mut().zip(parameters) {
        for w in 0..W {
            let x = std::array::from_fn(|j| x[j][w]);
            tile[w] = exponent::<S, N, D, M, FULL>(simd, parameters, x);
            least[w] = N::min(simd, tile[w], least[w]);
        }
    }
    least
}

#[inline(always)]
fn exponent<S: Simd, N: Number, const D: usize, const M: usize, const FULL: bool>(
    simd: S,
    parameters: &[N; M],
    x: [N::Vector<S>; D],
) -> N::Vector<S> {
    let mut centred = x;
    for j in 0..D {
        centred[j] = N::sub(simd, x[j], N::splat(simd, parameters[1 + j]));
    }
    let mut sum = N::splat(simd, parameters[0]);
    let mut at = 1 + D;
    for i in 0..D {
        let first = if FULL { 0 } else { i };
        let mut z = N::mul(simd, centred[first], N::splat(simd, parameters[at]));
        for j in first + 1..i + 1 {
            let factor = N::splat(simd, parameters[at + j - first]);
            z = N::mul_add(simd, centred[j], factor, z);
        }
        at += i + 1 - first;
        sum = N::mul_add(simd, z, z, sum);
    }
    sum
}

/// Replaces every e by 2^(shift − e); the sum of each row.
#[inline(always)]
fn exponentials<S: Simd, N: Number, const W: usize>(
    simd: S,
    tile: &mut [N],
    shifts: &[N::Vector<S>],
) -> [N::Vector<S>; W] {
    let mut sum = [N::splat(simd, N::ZERO); W];
    let (tile, _) = N::vectors_mut::<S>(tile).0.as_chunks_mut::<W>();
    for values in tile {
        let (values, _) = values.as_chunks_mut::<TOGETHER>();
        for (part, values) in values.iter_mut().enumerate() {
            let mut x = *values;
            for w in 0..TOGETHER {
                x[w] = N::sub(simd, shifts[part * TOGETHER + w], values[w]);
            }
            *values = exp2_of_negatives::<S, N, TOGETHER>(simd, x);
            for w in 0..TOGETHER {
                let sum = &mut sum[part * TOGETHER + w];
                *sum = N::add(simd, *sum, values[w]);
            }
        }
    }
    sum
}

/// Adds w, w (x − o) and w (x − o)(x − o)ᵀ.
#[inline(always)]
fn add_moments<S: Simd, N: Number, const D: usize, const M: usize, const FULL: bool>(
    simd: S,
    origin: &[N; D],
    x: [N::Vector<S>; D],
    weight: N::Vector<S>,
    into: &mut [N::Vector<S>; M],
) {
    let mut centred = x;
    for j in 0..D {
        centred[j] = N::sub(simd, x[j], N::splat(simd, origin[j]));
    }
    into[0] = N::add(simd, into[0], weight);
    let mut at = 1 + D;
    for i in 0..D {
        let weighted = N::mul(simd, weight, centred[i]);
        into[1 + i] = N::add(simd, into[1 + i], weighted);
        let first = if FULL { 0 } else { i };
        for j in first..i + 1 {
            into[at] = N::mul_add(simd, weighted, centred[j], into[at]);
            at += 1;
        }
    }
}
