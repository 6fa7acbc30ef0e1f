//! Means and centred squares of the columns of rows as they stand: lanes are columns.

use crate::scatter::Scatter;
use distributions::simd::instruction_set::arch;
use distributions::{AlignedBuffer, Scratch, Statistics};
use pulp::{Simd, WithSimd};

/// Rows whose numbers are added to each other before they are to the sums.
const MANY: usize = 4;

/// Room for sums over a block.
pub(super) struct ColumnMoments {
    /// Numbers near the rows, with zeros until vectors are full, as after all that follows.
    origin: AlignedBuffer,
    /// Σ w (x − origin) and Σ w (x − origin)².
    ways: AlignedBuffer,
    squares: AlignedBuffer,
    mean: AlignedBuffer,
    dimension: usize,
}

impl ColumnMoments {
    pub(super) fn new(dimension: usize, scratch: &mut Scratch) -> Self {
        let wide = dimension.next_multiple_of(16);
        ColumnMoments {
            origin: scratch.take(wide),
            ways: scratch.take(wide),
            squares: scratch.take(wide),
            mean: scratch.take(wide),
            dimension,
        }
    }
    pub(super) fn give(self, scratch: &mut Scratch) {
        for buffer in [self.origin, self.ways, self.squares, self.mean] {
            scratch.give(buffer);
        }
    }
    /// Adds rows of a block, one after the other, to the moments; `near` is a row near them, until there are others.
    pub(super) fn add(
        &mut self,
        values: &[f64],
        weights: Option<&[f64]>,
        near: &[f64],
        moments: &mut Scatter,
    ) {
        let d = self.dimension;
        let origin = if moments.weight() > 0.0 {
            moments.mean()
        } else {
            near
        };
        self.origin[..d].copy_from_slice(origin);
        self.ways.fill(0.0);
        self.squares.fill(0.0);
        let weight = arch().dispatch(Add {
            values,
            weights,
            dimension: d,
            origin: &self.origin,
            ways: &mut self.ways,
            squares: &mut self.squares,
        });
        if weight == 0.0 {
            return;
        }
        for j in 0..d {
            let way = self.ways[j] / weight;
            self.mean[j] = self.origin[j] + way;
            self.squares[j] -= self.ways[j] * way;
        }
        moments.add_moments(weight, &self.mean[..d], &self.squares[..d]);
    }
}

struct Add<'a> {
    values: &'a [f64],
    weights: Option<&'a [f64]>,
    dimension: usize,
    origin: &'a [f64],
    ways: &'a mut [f64],
    squares: &'a mut [f64],
}

impl WithSimd for Add<'_> {
    /// Σ w.
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> f64 {
        let d = self.dimension;
        let Some(weights) = self.weights else {
            let many = self.values.chunks_exact(MANY * d);
            let rest = many.remainder().chunks_exact(d);
            for rows in many {
                let mut each = [rows; MANY];
                for (n, row) in each.iter_mut().enumerate() {
                    *row = &rows[n * d..][..d];
                }
                self.rows::<S, MANY, false>(simd, each, 1.0);
            }
            for row in rest {
                self.rows::<S, 1, false>(simd, [row], 1.0);
            }
            return (self.values.len() / d) as f64;
        };
        let mut sum = 0.0;
        for (row, &weight) in self.values.chunks_exact(d).zip(weights) {
            // Rows without weight need not be finite.
            if weight > 0.0 {
                sum += weight;
                self.rows::<S, 1, true>(simd, [row], weight);
            }
        }
        sum
    }
}

impl Add<'_> {
    /// Adds some rows of one weight, which is 1 without `W`.
    #[inline(always)]
    fn rows<S: Simd, const G: usize, const W: bool>(
        &mut self,
        simd: S,
        rows: [&[f64]; G],
        weight: f64,
    ) {
        let lanes = S::F64_LANES;
        let (whole, weight) = (self.dimension / lanes, simd.splat_f64s(weight));
        let (origins, _) = S::as_simd_f64s(self.origin);
        let (ways, _) = S::as_mut_simd_f64s(self.ways);
        let (squares, _) = S::as_mut_simd_f64s(self.squares);
        let vectors = self.dimension.div_ceil(lanes);
        let sums = ways.iter_mut().zip(squares).zip(origins).take(vectors);
        for (v, ((to_way, to_square), &origin)) in sums.enumerate() {
            let mut way_sum = simd.splat_f64s(0.0);
            let mut square_sum = way_sum;
            for row in rows {
                let (own, end) = S::as_simd_f64s(row);
                let x = if v < whole {
                    own[v]
                } else {
                    simd.partial_load_f64s(end)
                };
                let way = simd.sub_f64s(x, origin);
                way_sum = simd.add_f64s(way_sum, way);
                square_sum = simd.mul_add_e_f64s(way, way, square_sum);
            }
            if W {
                *to_way = simd.mul_add_e_f64s(weight, way_sum, *to_way);
                *to_square = simd.mul_add_e_f64s(weight, square_sum, *to_square);
            } else {
                *to_way = simd.add_f64s(*to_way, way_sum);
                *to_square = simd.add_f64s(*to_square, square_sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means and centred squares in two passes.
    fn plain(values: &[f64], d: usize, weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let rows = || {
            values
                .chunks_exact(d)
                .zip(weights)
                .filter(|own| *own.1 > 0.0)
        };
        let total: f64 = weights.iter().sum();
        let (mut mean, mut squares) = (vec![0.0; d], vec![0.0; d]);
        for (row, weight) in rows() {
            (mean.iter_mut().zip(row)).for_each(|(mean, x)| *mean += weight * x / total);
        }
        for (row, weight) in rows() {
            for (j, square) in squares.iter_mut().enumerate() {
                *square += weight * (row[j] - mean[j]) * (row[j] - mean[j]);
            }
        }
        (mean, squares)
    }

    #[test]
    fn moments_are_those_of_two_passes() {
        // Widths with and without a last part of a vector, numbers of rows with and without a last few.
        for d in [1, 2, 3, 7, 8, 16, 17, 40] {
            for rows in [1, 3, 4, 5, 130] {
                let x = |i: usize| 1e3 + (i as f64 * 0.37).sin() * (1.0 + (i % d) as f64);
                let mut values: Vec<f64> = (0..rows * d).map(x).collect();
                let some: Vec<f64> = (0..rows).map(|i| (i % 3) as f64 * 0.5).collect();
                for weights in [None, Some(&some[..])] {
                    let ones = vec![1.0; rows];
                    let by = weights.unwrap_or(&ones);
                    if weights.is_some() {
                        values[..d].fill(f64::NAN);
                    }
                    let (mean, squares) = plain(&values, d, by);
                    let (mut moments, scratch) = (Scatter::new(d, false), &mut Scratch::default());
                    let mut sums = ColumnMoments::new(d, scratch);
                    // In two blocks, so that the second is about the mean of the first.
                    let half = rows / 2;
                    let (first, second) =
                        (weights.map(|w| &w[..half]), weights.map(|w| &w[half..]));
                    let near = vec![999.0; d];
                    sums.add(&values[..half * d], first, &near, &mut moments);
                    sums.add(&values[half * d..], second, &near, &mut moments);
                    sums.give(scratch);
                    let total: f64 = by.iter().sum();
                    assert!((moments.weight() - total).abs() <= 1e-12 * total);
                    if total == 0.0 {
                        continue;
                    }
                    for j in 0..d {
                        // Numbers of 1000 are given to 1e-13, of which squares about them lose as much again.
                        assert!((moments.mean()[j] - mean[j]).abs() < 1e-10);
                        let (square, expected) = (moments.square(j), squares[j]);
                        assert!(
                            (square - expected).abs() < 1e-9 * (1.0 + expected),
                            "{d} {rows}"
                        );
                    }
                }
            }
        }
    }
}
