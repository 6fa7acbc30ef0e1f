//! How far a row may be from a component of diagonal covariance without any other explaining it.

use super::LANES;
use crate::gaussian::Gaussian;
use crate::kernel::sparse::GAP;
use distributions::simd::instruction_set::arch;
use distributions::{AlignedBuffer, Scratch};
use pulp::{Simd, WithSimd};

/// From each component h to each, k.
#[derive(Debug)]
pub(super) struct Ways {
    lines: Vec<WayLine>,
    /// Lines of a component; those after the last other one lead nowhere. 0 where nothing is known.
    across: usize,
}

/// The c of the bounds q_k ≥ H(c) − c q_h: the best one is 1 where means lie far apart, more where they are nearer.
const SHARES: [f64; 2] = [1.0, 2.0];

/// Between more components ways are too many to be looked at in each iteration.
const MOST: usize = 512;

/// Ways to [`LANES`] components.
#[derive(Clone, Copy, Debug)]
struct WayLine {
    /// H(c) = Σ_j (μ_hj − μ_kj)² c/(σ²_hj + c σ²_kj), for each of [`SHARES`].
    squares: [[f64; LANES]; SHARES.len()],
    /// The constant of ln p_k without that of ln p_h.
    constants: [f64; LANES],
}

impl WayLine {
    /// So far that none counts.
    const NOWHERE: Self = WayLine {
        squares: [[1e300; LANES]; SHARES.len()],
        constants: [0.0; LANES],
    };
}

impl Ways {
    pub(super) fn of(gaussians: &[Gaussian], variances: &[f64]) -> Self {
        let (count, wide) = (gaussians.len(), variances.len() / gaussians.len());
        let across = if count > MOST {
            0
        } else {
            count.div_ceil(LANES)
        };
        let mut lines = vec![WayLine::NOWHERE; count * across];
        let own = |k: usize| (gaussians[k].mean(), &variances[k * wide..]);
        let known = lines.len() / across.max(1);
        for h in 0..known {
            for k in (0..known).filter(|&k| k != h) {
                let line = &mut lines[h * across + k / LANES];
                let squares = squares(own(h), own(k));
                for (into, square) in line.squares.iter_mut().zip(squares) {
                    into[k % LANES] = square;
                }
                line.constants[k % LANES] =
                    gaussians[k].log_constant() - gaussians[h].log_constant();
            }
        }
        Ways { lines, across }
    }
    /// Of each component k, the sum of squares (x − μ_k)²/σ²_k up to which nothing else explains a row; below 0 where there is none.
    pub(super) fn reaches(&self, log_weights: &[f64], scratch: &mut Scratch) -> AlignedBuffer {
        let mut reaches = scratch.take_dirty(log_weights.len());
        arch().dispatch(Reaches {
            ways: self,
            log_weights,
            reaches: &mut reaches,
        });
        reaches
    }
    /// The sum of squares q_h up to which p_k is below e^−[`GAP`] π_h p_h for every k, h having the weight e^`log_weight`; not above 0
    /// where there is none, or it is not known.
    ///
    /// In a column, with u = x − μ_h and w = μ_h − μ_k, the least of (u + w)²/σ²_k + c u²/σ²_h over u is w² c/(σ²_h + c σ²_k); summed
    /// over the columns, q_k ≥ H(c) − c q_h. So q_k ≥ q_h + 2 (GAP + constant − ln π_h) up to q_h = (H(c) − 2 (GAP + …))/(1 + c).
    ///
    /// With c = 1 and one variance it is the triangle inequality, by which Elkan (2003, Using the triangle inequality to accelerate
    /// k-means, ICML) leaves out centres: up to half the distance to the next one.
    #[inline(always)]
    fn reach(&self, h: usize, log_weight: f64) -> f64 {
        if self.across == 0 {
            return 0.0;
        }
        // Finite, so that infinite squares are beyond it.
        let mut least = [f64::MAX; LANES];
        for line in &self.lines[h * self.across..(h + 1) * self.across] {
            for n in 0..LANES {
                let gap = 2.0 * (GAP + line.constants[n] - log_weight);
                let mut reach = 0.0;
                for (squares, share) in line.squares.iter().zip(SHARES) {
                    let own = (squares[n] - gap) * (1.0 / (1.0 + share));
                    reach = if own > reach { own } else { reach };
                }
                least[n] = if reach < least[n] { reach } else { least[n] };
            }
        }
        least.into_iter().fold(f64::MAX, f64::min)
    }
}

/// H(c) for each of [`SHARES`], from means and variances.
fn squares(from: (&[f64], &[f64]), to: (&[f64], &[f64])) -> [f64; SHARES.len()] {
    let mut sums = [0.0; SHARES.len()];
    let columns = from.0.iter().zip(from.1).zip(to.0.iter().zip(to.1));
    for ((here, within), (there, beyond)) in columns {
        let way = here - there;
        for (sum, share) in sums.iter_mut().zip(SHARES) {
            *sum += way * way * share / (within + share * beyond);
        }
    }
    sums
}

struct Reaches<'a> {
    ways: &'a Ways,
    log_weights: &'a [f64],
    reaches: &'a mut [f64],
}

impl WithSimd for Reaches<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let each = self.reaches.iter_mut().zip(self.log_weights);
        for (k, (reach, &log_weight)) in each.enumerate() {
            let least = self.ways.reach(k, log_weight);
            // Rounding is some 1e-15 of it.
            *reach = if least > 0.0 {
                (1.0 - 1e-12) * least
            } else {
                -1.0
            };
        }
    }
}
