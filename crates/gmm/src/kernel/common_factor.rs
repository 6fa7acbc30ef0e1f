//! Densities of components that have one covariance: a row is whitened once for all of them.
//!
//! With Σ = L Lᵀ, a centre c, z = L⁻¹(x − c) and m_k = L⁻¹(μ_k − c), the quadratic form of component k is |z − m_k|²: d
//! operations for a row and component where a factor of its own needs d²/2. z and m_k are rounded to what they are
//! long, so that this loses digits as means move away from c: where those would be too many there is no
//! [`CommonFactor`], and rows are whitened about each mean.

use super::linear_scores::LinearScores;
use super::quadratic::{self, lower};
use super::{Padding, density, single};
use crate::gaussian::{Factor, Gaussian};
use distributions::Scratch;
use distributions::simd::instruction_set::arch;
use pulp::{Simd, WithSimd};

/// The most by which a rounding error of the rows may be amplified in a whitened coordinate: coordinates are then right
/// to 1e-14 deviations or so, and squares about the centre, in which that enters twice, to 1e-12.
const AMPLIFIED: f64 = 100.0;

/// Components worked on together.
const TILE: usize = 8;

/// Components of one covariance, not diagonal, as the kernels read them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CommonFactor {
    /// c, the mean of the means.
    centre: Vec<f64>,
    /// m_k: of [`TILE`] components at a time coordinate after coordinate.
    means: Vec<f64>,
    /// How rows are scored without being whitened, where that is as precise.
    scores: Option<LinearScores>,
}

impl CommonFactor {
    /// That of these components, where they have one covariance and means so near to each other that nothing is lost.
    pub(crate) fn of(gaussians: &[Gaussian]) -> Option<Self> {
        let (first, others) = gaussians.split_first()?;
        let one = !others.is_empty() && others.iter().all(|other| other.has_covariance_of(first));
        if !one || matches!(first.factor(), Factor::Diagonal(_)) {
            return None;
        }
        let (d, share) = (first.dimension(), 1.0 / gaussians.len() as f64);
        let average = |j: usize| gaussians.iter().map(|g| share * g.mean()[j]).sum();
        let centre: Vec<f64> = (0..d).map(average).collect();
        let reach = |j: usize| {
            let ways = gaussians.iter().map(|g| (g.mean()[j] - centre[j]).abs());
            ways.fold(0.0, f64::max) + first.variance(j).sqrt()
        };
        let reaches: Vec<f64> = (0..d).map(reach).collect();
        if !(single::amplification(first, &reaches) <= AMPLIFIED) {
            return None;
        }
        let whitened: Vec<Vec<f64>> = (gaussians.iter())
            .map(|gaussian| {
                let pairs = gaussian.mean().iter().zip(&centre);
                let mut mean = pairs
                    .map(|(mean, centre)| mean - centre)
                    .collect::<Vec<_>>();
                first.factor().solve(&mut mean);
                mean
            })
            .collect();
        let mut means = Vec::with_capacity(gaussians.len() * d);
        for tile in whitened.chunks(TILE) {
            (0..d).for_each(|j| means.extend(tile.iter().map(|mean| mean[j])));
        }
        Some(CommonFactor {
            scores: LinearScores::of(first, &whitened, &reaches),
            centre,
            means,
        })
    }
    pub(super) fn centre(&self) -> &[f64] {
        &self.centre
    }
    pub(super) fn scores(&self) -> Option<&LinearScores> {
        self.scores.as_ref()
    }
}

/// Writes the K × n matrix of ln p_k(x_i), or of ln π_k + ln p_k(x_i).
pub(crate) fn common_log_densities(
    common: &CommonFactor,
    gaussians: &[Gaussian],
    log_weights: Option<&[f64]>,
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut Scratch,
) {
    if rows == 0 {
        return;
    }
    if let Some(padding) = Padding::of(rows) {
        let columns = padding.widen(columns, scratch);
        let mut wide = scratch.take_dirty(gaussians.len() * padding.to);
        let rows = padding.to;
        common_log_densities(
            common,
            gaussians,
            log_weights,
            &columns,
            rows,
            &mut wide,
            scratch,
        );
        padding.narrow(&wide, out);
        scratch.give(wide);
        scratch.give(columns);
        return;
    }
    let mut z = scratch.take_dirty(quadratic::room::<f64>(common.centre.len()));
    arch().dispatch(CommonDensities {
        common,
        gaussians,
        log_weights,
        columns,
        rows,
        out,
        z: &mut z,
    });
    scratch.give(z);
}

struct CommonDensities<'a> {
    common: &'a CommonFactor,
    gaussians: &'a [Gaussian],
    /// ln π_k, added where they are given.
    log_weights: Option<&'a [f64]>,
    columns: &'a [f64],
    rows: usize,
    out: &'a mut [f64],
    z: &'a mut [f64],
}

impl WithSimd for CommonDensities<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::F64_LANES >= 8 {
            self.tiles::<S, 2>(simd);
        } else {
            self.tiles::<S, 1>(simd);
        }
    }
}

impl CommonDensities<'_> {
    /// Tile after tile of `W` vectors of rows.
    #[inline(always)]
    fn tiles<S: Simd, const W: usize>(self, simd: S) {
        let Factor::Lower { packed, .. } = self.gaussians[0].factor() else {
            return;
        };
        let d = self.common.centre.len();
        let (scratch, _) = S::as_mut_simd_f64s(super::align(self.z));
        let (scratch, _) = scratch.as_chunks_mut::<W>();
        let (x, z) = scratch[..2 * d].split_at_mut(d);
        let vectors = self.rows / S::F64_LANES;
        for start in (0..vectors).step_by(W) {
            for (x, column) in x.iter_mut().zip(self.columns.chunks_exact(self.rows)) {
                let (column, _) = S::as_simd_f64s(column);
                for w in 0..W {
                    x[w] = column[(start + w).min(vectors - 1)];
                }
            }
            lower::<S, f64, W>(simd, &self.common.centre, packed, x, z);
            let tiles = self.common.means.chunks(TILE * d);
            let tiles = tiles.zip(self.out.chunks_mut(TILE * self.rows));
            for ((means, out), first) in tiles.zip((0..).step_by(TILE)) {
                let tile = Tile {
                    z,
                    means,
                    gaussians: &self.gaussians[first..],
                    log_weights: self.log_weights.map(|logs| &logs[first..]),
                    start,
                    rows: self.rows,
                };
                match means.len() / d {
                    1 => tile.densities::<1>(simd, out),
                    2 => tile.densities::<2>(simd, out),
                    3 => tile.densities::<3>(simd, out),
                    4 => tile.densities::<4>(simd, out),
                    5 => tile.densities::<5>(simd, out),
                    6 => tile.densities::<6>(simd, out),
                    7 => tile.densities::<7>(simd, out),
                    _ => tile.densities::<TILE>(simd, out),
                }
            }
        }
    }
}

/// Whitened rows beside some components.
struct Tile<'a, V, const W: usize> {
    z: &'a [[V; W]],
    means: &'a [f64],
    gaussians: &'a [Gaussian],
    log_weights: Option<&'a [f64]>,
    /// The first vector of rows.
    start: usize,
    rows: usize,
}

impl<V: Copy, const W: usize> Tile<'_, V, W> {
    #[inline(always)]
    fn densities<const R: usize>(&self, simd: impl Simd<f64s = V>, out: &mut [f64]) {
        let (means, _) = self.means.as_chunks::<R>();
        let mut squares = [[simd.splat_f64s(0.0); W]; R];
        for (z, means) in self.z.iter().zip(means) {
            for r in 0..R {
                let mean = simd.splat_f64s(means[r]);
                for w in 0..W {
                    let way = simd.sub_f64s(z[w], mean);
                    squares[r][w] = simd.mul_add_e_f64s(way, way, squares[r][w]);
                }
            }
        }
        for (r, out) in out.chunks_exact_mut(self.rows).enumerate() {
            let out = vectors_mut(simd, out);
            let log_weight = self.log_weights.map(|logs| logs[r]);
            for w in 0..W {
                // Past the last row, the last vector again.
                let at = (self.start + w).min(out.len() - 1);
                out[at] = density(simd, &self.gaussians[r], squares[r][w], log_weight);
            }
        }
    }
}

#[inline(always)]
fn vectors_mut<S: Simd>(_simd: S, numbers: &mut [f64]) -> &mut [S::f64s] {
    S::as_mut_simd_f64s(numbers).0
}
