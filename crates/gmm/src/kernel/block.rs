//! The moments of a block, added to the statistics of all components.

use super::moments::moments;
use crate::gaussian::Gaussian;
use crate::scatter::Scatter;
use pulp::{Simd, WithSimd};

/// Where the mean of a block lies further than this many of its variances (squared) from the origin
/// its moments were taken about, they are taken again about the mean. Three digits of the block's own
/// scatter is what may be lost otherwise.
const FAR: f64 = 1e3;

pub(super) struct Accumulate<'a> {
    pub into: &'a mut [Scatter],
    pub gaussians: &'a [Gaussian],
    pub columns: &'a [f64],
    pub weights: &'a [f64],
    pub rows: usize,
    pub origin: &'a mut [f64],
    pub sums: &'a mut [f64],
    pub squares: &'a mut [f64],
    pub buffers: &'a mut [f64],
}

impl WithSimd for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Accumulate {
            into,
            gaussians,
            columns,
            weights,
            rows,
            origin,
            sums,
            squares,
            buffers,
        } = self;
        let parts = into
            .iter_mut()
            .zip(gaussians)
            .zip(weights.chunks_exact(rows));
        for ((into, gaussian), weights) in parts {
            // The current mean is where the block's own is expected: about it nothing cancels.
            origin.copy_from_slice(gaussian.mean());
            // The second time the origin is the mean but for rounding.
            let mut weight = 0.0;
            for _ in 0..2 {
                weight = moments(simd, origin, columns, weights, sums, squares, buffers);
                if weight == 0.0 || !centre(weight, origin, sums, squares) {
                    break;
                }
            }
            // Nothing is added where the weight is 0.
            into.add_moments(weight, origin, squares);
        }
    }
}

/// Moves the origin to the mean, and the squares with it. Whether the way was too far for them to be
/// accurate.
#[inline(always)]
fn centre(weight: f64, origin: &mut [f64], sums: &[f64], squares: &mut [f64]) -> bool {
    let d = origin.len();
    let full = squares.len() != d;
    let mut far = false;
    for i in 0..d {
        let shift = sums[i] / weight;
        if full {
            for j in 0..i {
                squares[i * d + j] -= shift * sums[j];
            }
        }
        let square = &mut squares[if full { i * d + i } else { i }];
        let moved = shift * sums[i];
        *square = (*square - moved).max(0.0);
        // Divided, not multiplied: squares of 1e305 must not overflow.
        far |= !(moved / FAR <= *square);
        origin[i] += shift;
    }
    far
}
