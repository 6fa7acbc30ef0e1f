//! The moments of a block for components that have one covariance, which is estimated from the sum of their scatters
//! alone: that is the scatter of all rows about a common centre less what lies between the components,
//!
//! Σ_k W_k = Σ_i w_i (x_i − c)(x_i − c)ᵀ − Σ_k N_k (x̄_k − c)(x̄_k − c)ᵀ,
//!
//! d²/2 operations a row for all components together, and d for each.

use super::block::total;
use super::common_factor::CommonFactor;
use super::moments::{self, moments};
use super::{Padding, tame};
use crate::scatter::Scatter;
use distributions::Scratch;
use distributions::simd::instruction_set::arch;
use pulp::{Simd, WithSimd};

/// What lies about the centre may be so many times what lies about the means, in any column: four digits are lost then
/// of sixteen. Beyond it a scatter is made for each component.
const MOST: f64 = 1e4;

/// Adds the block to the K statistics, row i to component k with weight `weights[k * rows + i]`. Weights and means are those
/// of [`accumulate`](super::accumulate); of the scatters only the sum is, in the first. `false` where what lies between the
/// components would cost it digits, and nothing was added.
pub(crate) fn accumulate_pooled(
    common: &CommonFactor,
    into: &mut [Scatter],
    columns: &[f64],
    weights: &[f64],
    rows: usize,
    scratch: &mut Scratch,
) -> bool {
    if rows == 0 {
        return true;
    }
    if let Some(padding) = Padding::of(rows) {
        let columns = padding.widen(columns, scratch);
        let weights = padding.widen(weights, scratch);
        let rows = padding.to;
        let done = accumulate_pooled(common, into, &columns, &weights, rows, scratch);
        scratch.give(weights);
        scratch.give(columns);
        return done;
    }
    let (d, count) = (columns.len() / rows, into.len());
    let clean = tame(columns, weights, rows, scratch);
    let mut totals = scratch.take(rows);
    let mut counts = scratch.take_dirty(count);
    let mut sums = scratch.take_dirty(count * d);
    let mut of_all = scratch.take_dirty(d);
    let mut squares = scratch.take_dirty(d * d);
    let mut strip = scratch.take_dirty(moments::room::<f64>(rows));
    let done = arch().dispatch(Pooled {
        centre: common.centre(),
        into: &mut *into,
        columns: clean.as_deref().unwrap_or(columns),
        weights,
        rows,
        totals: &mut totals,
        counts: &mut counts,
        sums: &mut sums,
        of_all: &mut of_all,
        squares: &mut squares,
        strip: &mut strip,
    });
    for buffer in [strip, squares, of_all, sums, counts, totals] {
        scratch.give(buffer);
    }
    if let Some(clean) = clean {
        scratch.give(clean);
    }
    done
}

struct Pooled<'a> {
    centre: &'a [f64],
    into: &'a mut [Scatter],
    columns: &'a [f64],
    weights: &'a [f64],
    rows: usize,
    /// Σ_k of the weights, n numbers, zeros.
    totals: &'a mut [f64],
    /// K numbers.
    counts: &'a mut [f64],
    /// K × d numbers.
    sums: &'a mut [f64],
    /// d numbers.
    of_all: &'a mut [f64],
    /// d × d numbers.
    squares: &'a mut [f64],
    strip: &'a mut [f64],
}

impl WithSimd for Pooled<'_> {
    type Output = bool;

    /// Whether the block was added.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> bool {
        for (count, weights) in self
            .counts
            .iter_mut()
            .zip(self.weights.chunks_exact(self.rows))
        {
            *count = total(simd, weights);
            let (totals, _) = S::as_mut_simd_f64s(self.totals);
            for (all, &own) in totals.iter_mut().zip(S::as_simd_f64s(weights).0) {
                *all = simd.add_f64s(*all, own);
            }
        }
        if S::F64_LANES >= 8 {
            self.weighted_sums::<S, 4>(simd);
        } else {
            self.weighted_sums::<S, 2>(simd);
        }
        let (squares, sums) = (&mut *self.squares, &mut *self.of_all);
        moments(
            simd,
            self.centre,
            self.columns,
            self.totals,
            sums,
            squares,
            self.strip,
        );
        let moments = AboutCentre {
            centre: self.centre,
            counts: self.counts,
            sums: self.sums,
            squares: self.squares,
        };
        let exact = moments.is_exact();
        if exact {
            moments.add_to(self.into, self.of_all);
        }
        exact
    }
}

impl Pooled<'_> {
    /// Σ_i w_ik (x_i − c), up to `A` components at a time.
    #[inline(always)]
    fn weighted_sums<S: Simd, const A: usize>(&mut self, simd: S) {
        let components = self.sums.chunks_mut(A * self.centre.len());
        for (sums, weights) in components.zip(self.weights.chunks(A * self.rows)) {
            let part = Part {
                centre: self.centre,
                columns: self.columns,
                weights,
                rows: self.rows,
            };
            match weights.len() / self.rows {
                1 => part.sums::<S, 1>(simd, sums),
                2 => part.sums::<S, 2>(simd, sums),
                3 => part.sums::<S, 3>(simd, sums),
                _ => part.sums::<S, A>(simd, sums),
            }
        }
    }
}

/// Moments of a block about the centre: of each component N_k and the sums, of all together the squares.
pub(super) struct AboutCentre<'a> {
    pub centre: &'a [f64],
    /// K numbers.
    pub counts: &'a [f64],
    /// K × d numbers.
    pub sums: &'a [f64],
    /// d × d numbers, of which the lower triangle counts.
    pub squares: &'a mut [f64],
}

impl AboutCentre<'_> {
    /// Whether the sum of the scatters keeps its digits when what lies between the components is taken off.
    #[inline(always)]
    pub(super) fn is_exact(&self) -> bool {
        let d = self.centre.len();
        (0..d).all(|j| {
            let sums = self.sums.iter().skip(j).step_by(d).zip(self.counts);
            let between = |(sum, &count): (&f64, &f64)| match count > 0.0 {
                true => sum * (sum / count),
                false => 0.0,
            };
            let whole = self.squares[j * d + j];
            whole <= MOST * (whole - sums.map(between).sum::<f64>())
        })
    }
    /// Adds all to the statistics; `way` is room for d numbers.
    #[inline(always)]
    pub(super) fn add_to(self, into: &mut [Scatter], way: &mut [f64]) {
        let d = self.centre.len();
        let parts = into.iter_mut().zip(self.sums.chunks_exact(d));
        for ((into, sums), &count) in parts.zip(self.counts) {
            if count == 0.0 {
                continue;
            }
            let inverse = 1.0 / count;
            for ((way, sum), centre) in way.iter_mut().zip(sums).zip(self.centre) {
                *way = centre + sum * inverse;
            }
            let factor = into.move_mean(count, way);
            for (i, row) in self.squares.chunks_exact_mut(d).enumerate() {
                let (shift, scaled) = (sums[i] * inverse, factor * way[i]);
                let others = sums[..i + 1].iter().zip(&way[..i + 1]);
                for (square, (sum, way)) in row[..i + 1].iter_mut().zip(others) {
                    *square += scaled * way - shift * sum;
                }
            }
        }
        into[0].add_squares(self.squares);
    }
}

/// Some components' weights beside the block.
struct Part<'a> {
    centre: &'a [f64],
    columns: &'a [f64],
    weights: &'a [f64],
    rows: usize,
}

impl Part<'_> {
    #[inline(always)]
    fn sums<S: Simd, const A: usize>(&self, simd: S, sums: &mut [f64]) {
        let d = self.centre.len();
        for first in (0..d).step_by(4) {
            match d - first {
                1 => self.tile::<S, A, 1>(simd, first, sums),
                2 => self.tile::<S, A, 2>(simd, first, sums),
                3 => self.tile::<S, A, 3>(simd, first, sums),
                _ => self.tile::<S, A, 4>(simd, first, sums),
            }
        }
    }
    #[inline(always)]
    fn line<'m, S: Simd>(&self, matrix: &'m [f64], n: usize) -> &'m [S::f64s] {
        S::as_simd_f64s(&matrix[n * self.rows..(n + 1) * self.rows]).0
    }
    /// `A` components and `C` columns.
    #[inline(always)]
    fn tile<S: Simd, const A: usize, const C: usize>(
        &self,
        simd: S,
        first: usize,
        sums: &mut [f64],
    ) {
        let (d, length) = (self.centre.len(), self.rows / S::F64_LANES);
        let columns: [&[S::f64s]; C] =
            std::array::from_fn(|c| &self.line::<S>(self.columns, first + c)[..length]);
        let weights: [&[S::f64s]; A] =
            std::array::from_fn(|a| &self.line::<S>(self.weights, a)[..length]);
        let origins: [S::f64s; C] =
            std::array::from_fn(|c| simd.splat_f64s(self.centre[first + c]));
        let mut acc = [[simd.splat_f64s(0.0); C]; A];
        for n in 0..length {
            let mut x = origins;
            for c in 0..C {
                x[c] = simd.sub_f64s(columns[c][n], origins[c]);
            }
            for a in 0..A {
                for c in 0..C {
                    acc[a][c] = simd.mul_add_e_f64s(weights[a][n], x[c], acc[a][c]);
                }
            }
        }
        for a in 0..A {
            for c in 0..C {
                sums[a * d + first + c] = simd.reduce_sum_f64s(acc[a][c]);
            }
        }
    }
}
