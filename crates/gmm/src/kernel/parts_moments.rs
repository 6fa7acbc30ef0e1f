//! What the parts of a block added up lane by lane goes into the statistics.

use super::block::far;
use super::diagonal_moments::sum_lanes;
use super::expect::Block;
use super::moments::{sum_triangle, vectors_of_triangle};
use super::number::Number;
use super::prefetch::prefetch_all_into_second;
use super::quadratic::{Factors, Form};
use crate::scatter::{Moments, Scatter};
use pulp::{Simd, WithSimd};

/// Adds a block; `false` where the moments about the current means are too large, or lose digits, and nothing was added.
pub(super) struct Finish<'a, N, G> {
    pub block: &'a Block<'a, G>,
    /// Whether the lanes are of whole scatters.
    pub full: bool,
    pub lanes: &'a [N],
    /// K × d numbers.
    pub origins: &'a [N],
    pub counts: &'a [f64],
    /// K × d numbers.
    pub sums: &'a mut [f64],
    /// K × d × d numbers, or K × d where only diagonals are kept.
    pub squares: &'a mut [f64],
    /// d numbers.
    pub origin: &'a mut [f64],
    pub into: &'a mut [Scatter],
}

impl<N: Number, G: Form<N>> WithSimd for Finish<'_, N, G> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> bool {
        // A block has been read since they were touched.
        for scatter in &*self.into {
            prefetch_all_into_second(scatter.mean());
            prefetch_all_into_second(scatter.squares());
        }
        self.sum_lanes(simd);
        let near = self.is_near();
        if near {
            self.add();
        }
        near
    }
}

impl<N: Number, G: Form<N>> Finish<'_, N, G> {
    #[inline(always)]
    fn sum_lanes<S: Simd>(&mut self, simd: S) {
        let d = self.origin.len();
        if !self.full {
            return sum_lanes(simd, d, self.lanes, self.sums, self.squares);
        }
        let lanes = self.lanes.chunks_exact(vectors_of_triangle(d) * N::LANES);
        let moments = self
            .sums
            .chunks_exact_mut(d)
            .zip(self.squares.chunks_exact_mut(d * d));
        for (lanes, (sums, squares)) in lanes.zip(moments) {
            sum_triangle(simd, lanes, sums, squares);
        }
    }
    /// Whether the moments lose nothing, in units of the scatter of the rows, or of that which the component expects of
    /// a block; and none overflowed.
    #[inline(always)]
    fn is_near(&self) -> bool {
        let d = self.origin.len();
        let all = self.counts.iter().sum::<f64>();
        let size = self.squares.len() / self.counts.len();
        let moments = self
            .sums
            .chunks_exact(d)
            .zip(self.squares.chunks_exact(size));
        for ((k, &count), (sums, squares)) in self.counts.iter().enumerate().zip(moments) {
            if count == 0.0 {
                continue;
            }
            let expected = all * self.block.log_weights[k].exp();
            // Of equal lengths, which spares a look at each index.
            let (sums, most) = (&sums[..d], self.block.far);
            let is_far = match self.block.components[k].factor() {
                Factors::Diagonal(inverses) if !self.full => {
                    let (squares, inverses) = (&squares[..d], &inverses[..d]);
                    let variance = |j: usize| {
                        let inverse: f64 = inverses[j].into();
                        1.0 / (inverse * inverse)
                    };
                    far(count, sums, most, |j| squares[j] + expected * variance(j))
                }
                factor => {
                    let step = if self.full { d + 1 } else { 1 };
                    far(count, sums, most, |j| {
                        squares[j * step] + expected * factor.least_variance(j, d)
                    })
                }
            };
            if is_far {
                return false;
            }
        }
        true
    }
    #[inline(always)]
    fn add(self) {
        let Finish {
            block,
            origins,
            counts,
            sums,
            squares,
            origin,
            into,
            ..
        } = self;
        let d = origin.len();
        let size = squares.len() / counts.len();
        let moments = sums.chunks_exact(d).zip(squares.chunks_exact(size));
        let parts = into.iter_mut().zip(counts).zip(origins.chunks_exact(d));
        for (((into, &weight), own), (sums, squares)) in parts.zip(moments) {
            if weight == 0.0 {
                continue;
            }
            block.write_origin(own, origin);
            into.add_rows(Moments {
                weight,
                origin,
                sums,
                squares,
            });
        }
    }
}
