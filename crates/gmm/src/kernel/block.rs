//! The moments of a block, added to the statistics of all components.

use super::active::Active;
use super::diagonal_moments::diagonals;
use super::few::{MOST, few_moments};
use super::moments::moments;
use super::number::Number;
use crate::scatter::{Moments, Scatter};
use pulp::{Simd, WithSimd};

/// Where the mean of a block lies further than this many of its variances (squared) from the origin
/// its moments were taken about, they are taken again about the mean. Three digits of the block's own
/// scatter is what may be lost otherwise.
pub(super) const FAR: f64 = 1e3;

pub(super) struct Accumulate<'a> {
    pub into: &'a mut [Scatter],
    pub columns: &'a [f64],
    pub weights: &'a [f64],
    pub rows: usize,
    /// K × d numbers.
    pub origins: &'a mut [f64],
    /// K × d numbers.
    pub sums: &'a mut [f64],
    /// d × d numbers, or K × d where only diagonals are kept.
    pub squares: &'a mut [f64],
    pub strip: &'a mut [f64],
    /// Room for the active rows; empty where they are not looked for.
    pub gathered: &'a mut [f64],
}

impl WithSimd for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.into.first().is_some_and(Scatter::is_full) {
            self.full(simd);
        } else {
            self.diagonal(simd);
        }
    }
}

impl Accumulate<'_> {
    #[inline(always)]
    fn full<S: Simd>(self, simd: S) {
        let d = self.columns.len() / self.rows;
        let parts = self
            .into
            .iter_mut()
            .zip(self.weights.chunks_exact(self.rows))
            .zip(self.origins.chunks_exact_mut(d));
        for ((into, weights), origin) in parts {
            let weight = total(simd, weights);
            if weight == 0.0 {
                continue;
            }
            let active = Active::among(weights, weight, self.gathered);
            let few = active.as_ref().filter(|few| few.rows().len() <= MOST);
            let (columns, own) = match &active {
                Some(active) if few.is_none() => {
                    active.gather(self.columns, weights, self.gathered)
                }
                _ => (self.columns, weights),
            };
            let (all, strip) = (self.columns, &mut *self.strip);
            let (sums, squares) = (&mut self.sums[..d], &mut *self.squares);
            add_moments(
                into,
                weight,
                origin,
                sums,
                squares,
                // Outside, it would be compiled without the instruction set.
                #[inline(always)]
                |origin, sums, squares| match few {
                    Some(few) => {
                        let row = |n, row: &mut [f64]| few.row(n, all, weights, row);
                        few_moments(simd, few.rows().len(), origin, row, sums, squares, strip);
                    }
                    None => moments(simd, origin, columns, own, sums, squares, strip),
                },
            );
        }
    }
    #[inline(always)]
    fn diagonal<S: Simd>(self, simd: S) {
        let Accumulate {
            into,
            columns,
            weights,
            rows,
            origins,
            sums,
            squares,
            ..
        } = self;
        let d = columns.len() / rows;
        diagonals(simd, origins, columns, weights, rows, sums, squares);
        let moments = origins
            .chunks_exact_mut(d)
            .zip(sums.chunks_exact_mut(d))
            .zip(squares.chunks_exact_mut(d));
        let parts = into.iter_mut().zip(weights.chunks_exact(rows)).zip(moments);
        for ((into, weights), ((origin, sums), squares)) in parts {
            let weight = total(simd, weights);
            if weight == 0.0 {
                continue;
            }
            if far(weight, sums, FAR, |j| squares[j]) {
                move_to_mean(weight, origin, sums);
                diagonals(simd, origin, columns, weights, rows, sums, squares);
            }
            into.add_rows(Moments {
                weight,
                origin,
                sums,
                squares,
            });
        }
    }
}

/// Adds rows whose moments about an origin `moments` writes; about their mean where that is far from the origin.
#[inline(always)]
pub(super) fn add_moments(
    into: &mut Scatter,
    weight: f64,
    origin: &mut [f64],
    sums: &mut [f64],
    squares: &mut [f64],
    mut moments: impl FnMut(&[f64], &mut [f64], &mut [f64]),
) {
    let step = if into.is_full() { origin.len() + 1 } else { 1 };
    // A loop, so that the kernels stand here once.
    for again in [false, true] {
        moments(origin, sums, squares);
        if again || !far(weight, sums, FAR, |j| squares[j * step]) {
            break;
        }
        move_to_mean(weight, origin, sums);
    }
    into.add_rows(Moments {
        weight,
        origin,
        sums,
        squares,
    });
}

/// The sum of all weights.
#[inline(always)]
pub(super) fn total<S: Simd, N: Number>(simd: S, weights: &[N]) -> f64 {
    let (fours, rest) = N::vectors::<S>(weights).0.as_chunks::<4>();
    let mut sums = [N::splat(simd, N::ZERO); 4];
    for four in fours {
        for part in 0..4 {
            sums[part] = N::add(simd, sums[part], four[part]);
        }
    }
    for &value in rest {
        sums[0] = N::add(simd, sums[0], value);
    }
    let [a, b, c, d] = sums;
    N::sum(simd, N::add(simd, N::add(simd, a, b), N::add(simd, c, d)))
}

/// Whether the way to the mean is longer than `most` variances (squared), too far for squares about the mean to come from
/// those about the origin; of an overflowed square too.
#[inline(always)]
pub(super) fn far(weight: f64, sums: &[f64], most: f64, square: impl Fn(usize) -> f64) -> bool {
    let (inverse, share, mut near) = (1.0 / weight, 1.0 / most, 1);
    for (j, &sum) in sums.iter().enumerate() {
        let (moved, square) = (sum * inverse * sum, square(j));
        // On this side: squares of 1e305 must not overflow. Its own part of `square` is `moved`.
        let is_near = (moved * share <= (square - moved).max(0.0)) & (square < f64::INFINITY);
        near &= u64::from(is_near);
    }
    near == 0
}

#[inline(always)]
pub(super) fn move_to_mean<N: Number>(weight: f64, origin: &mut [N], sums: &[f64]) {
    for (origin, sum) in origin.iter_mut().zip(sums) {
        *origin = origin.plus(sum / weight);
    }
}
