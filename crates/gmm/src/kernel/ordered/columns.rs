//! The columns that tell components of diagonal covariances apart best, and the components in them.
//!
//! The quadratic form of some columns is at most that of all: it bounds every density from above. Bounds need few digits, and are
//! made in single precision; what its rounding may hide is added to them ([`Picks::allowance`]).

use super::LANES;
use crate::gaussian::Gaussian;
use crate::kernel::sparse::GAP;
use distributions::simd::instruction_set::arch;
use distributions::{AlignedBuffer, Scratch};
use pulp::{Simd, WithSimd};

/// Columns of which bounds are made.
const FEW: usize = LANES;
const MANY: usize = 2 * LANES;

/// No number of single precision that bounds are made of may be larger: squares must not overflow.
const LARGEST: f64 = 1e15;

/// 2^−24: what a number of single precision may be wrong by, beside itself.
const ROUNDING: f64 = 1.0 / (1 << 24) as f64;

/// Components of diagonal covariances, and what tells them apart.
#[derive(Debug)]
pub(super) struct Columns {
    /// Neighbouring columns, and the best ones wherever they are.
    few: Picks,
    many: Picks,
    /// Of all components and columns, with zeros until vectors are full: μ_kj, and 1/σ²_kj.
    means: Vec<f64>,
    precisions: Vec<f64>,
    ways: Ways,
}

/// Components in a few columns as they are.
#[derive(Debug)]
pub(super) struct Picks {
    columns: Vec<Picked>,
    /// Of component k and picked column l at (k, l): s_l/σ_kl and −(μ_kl − c_l)/σ_kl, by which y_l = (x_l − c_l)/s_l becomes
    /// (x_l − μ_kl)/σ_kl.
    coefficients: Vec<[f32; 2]>,
    /// See [`Picks::allowance`].
    shifts: Vec<f64>,
}

/// From each component h to each, k.
#[derive(Debug)]
struct Ways {
    lines: Vec<WayLine>,
    /// Lines of a component; those after the last other one lead nowhere.
    across: usize,
}

/// Ways to [`LANES`] components.
#[derive(Clone, Copy, Debug)]
struct WayLine {
    /// √Σ_j (μ_hj − μ_kj)²/σ²_kj.
    lengths: [f64; LANES],
    /// The largest σ_hj/σ_kj.
    stretches: [f64; LANES],
    /// The constant of ln p_k without that of ln p_h.
    constants: [f64; LANES],
}

impl WayLine {
    /// So long that none counts.
    const NOWHERE: Self = WayLine {
        lengths: [1e150; LANES],
        stretches: [1.0; LANES],
        constants: [0.0; LANES],
    };
}

impl Ways {
    fn of(gaussians: &[Gaussian]) -> Self {
        let across = gaussians.len().div_ceil(LANES);
        let mut lines = vec![WayLine::NOWHERE; gaussians.len() * across];
        for (h, from) in gaussians.iter().enumerate() {
            for (k, to) in gaussians.iter().enumerate().filter(|&(k, _)| k != h) {
                let line = &mut lines[h * across + k / LANES];
                let (length, stretch) = length_and_stretch(from, to);
                line.lengths[k % LANES] = length;
                line.stretches[k % LANES] = stretch;
                line.constants[k % LANES] = to.log_constant() - from.log_constant();
            }
        }
        Ways { lines, across }
    }
    /// How far (in deviations of h, q_h = s²) a row may be from h, of weight e^`log_weight`, for every p_k to be below
    /// e^−[`GAP`] π_h p_h; not above 0 where there is no such distance, or it is not known.
    ///
    /// By the triangle inequality, k is length − stretch s deviations of its own away or more. That is enough where
    /// (length − stretch s)² ≥ s² + 2 (GAP + constant − ln π_h), up to the smaller root.
    ///
    /// Source of the idea, for distances from centres: Elkan (2003), Using the triangle inequality to accelerate k-means, ICML.
    #[inline(always)]
    fn reach(&self, h: usize, log_weight: f64) -> f64 {
        let mut least = [f64::INFINITY; LANES];
        for line in &self.lines[h * self.across..(h + 1) * self.across] {
            for n in 0..LANES {
                let (length, stretch) = (line.lengths[n], line.stretches[n]);
                let gap = 2.0 * (GAP + line.constants[n] - log_weight);
                let square = length * length;
                let root = (square + (stretch * stretch - 1.0) * gap).max(0.0).sqrt();
                let reach = (square - gap) / (stretch * length + root);
                let farthest = length / stretch;
                let reach = if reach < farthest { reach } else { farthest };
                let reach = if reach > 0.0 { reach } else { 0.0 };
                least[n] = if reach < least[n] { reach } else { least[n] };
            }
        }
        least.into_iter().fold(f64::INFINITY, f64::min)
    }
}

fn length_and_stretch(from: &Gaussian, to: &Gaussian) -> (f64, f64) {
    let (mut length, mut stretch) = (0.0, 0.0);
    for j in 0..from.dimension() {
        let (way, precision) = (from.mean()[j] - to.mean()[j], 1.0 / to.variance(j));
        length += way * way * precision;
        stretch = f64::max(stretch, from.variance(j) * precision);
    }
    (length.sqrt(), stretch.sqrt())
}

/// A column, and how components differ in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picked {
    pub column: usize,
    /// c_l, the mean of the means.
    pub centre: f64,
    /// 1/s_l², s_l² being the mean of the variances.
    precision: f64,
    /// The variance of the means, in units of the mean of the variances.
    between: f64,
}

impl Picked {
    fn of(gaussians: &[Gaussian], column: usize) -> Self {
        let share = 1.0 / gaussians.len() as f64;
        let (mut centre, mut within, mut between) = (0.0, 0.0, 0.0);
        for gaussian in gaussians {
            centre += share * gaussian.mean()[column];
            within += share * gaussian.variance(column);
        }
        for gaussian in gaussians {
            between += share * (gaussian.mean()[column] - centre).powi(2);
        }
        Picked {
            column,
            centre,
            precision: 1.0 / within,
            between: between / within,
        }
    }
    /// 1/s_l.
    pub(super) fn scale(&self) -> f64 {
        self.precision.sqrt()
    }
}

impl Columns {
    /// Those of at least [`MANY`] columns; `None` where most means lie too near to another even in the columns of the largest
    /// variance of the means, in units of the mean of the variances.
    pub(super) fn of(gaussians: &[Gaussian]) -> Option<Self> {
        let d = gaussians[0].dimension();
        let all: Vec<Picked> = (0..d).map(|j| Picked::of(gaussians, j)).collect();
        let mut best = all.clone();
        best.sort_by(|a, b| b.between.total_cmp(&a.between));
        best.truncate(MANY);
        if !most_are_apart(gaussians, &best, 2.0 * GAP) {
            return None;
        }
        let between = |window: &&[Picked]| window.iter().map(|own| own.between).sum::<f64>();
        let windows = all.windows(FEW).step_by(FEW);
        let window = windows.max_by(|a, b| between(a).total_cmp(&between(b)))?;
        let wide = d.next_multiple_of(LANES);
        let mut own = Columns {
            few: Picks::of(gaussians, window.to_vec())?,
            many: Picks::of(gaussians, best)?,
            means: Vec::with_capacity(wide * gaussians.len()),
            precisions: Vec::with_capacity(wide * gaussians.len()),
            ways: Ways::of(gaussians),
        };
        for (k, gaussian) in gaussians.iter().enumerate() {
            own.means.extend_from_slice(gaussian.mean());
            let precisions = (0..d).map(|j| 1.0 / gaussian.variance(j));
            own.precisions.extend(precisions);
            for numbers in [&mut own.means, &mut own.precisions] {
                numbers.resize((k + 1) * wide, 0.0);
            }
        }
        Some(own)
    }
    /// Columns of which bounds may be made, the cheapest first.
    pub(super) fn picks(&self) -> [&Picks; 2] {
        [&self.few, &self.many]
    }
    /// Of each component k, the sum of squares (x − μ_k)²/σ²_k up to which nothing else explains a row; below 0 where there is none.
    pub(super) fn reaches(&self, log_weights: &[f64], scratch: &mut Scratch) -> AlignedBuffer {
        let mut reaches = scratch.take_dirty(log_weights.len());
        arch().dispatch(Reaches {
            ways: &self.ways,
            log_weights,
            reaches: &mut reaches,
        });
        reaches
    }
    /// μ_k, with zeros until vectors are full.
    pub(super) fn mean(&self, k: usize) -> &[f64] {
        let wide = self.means.len() / self.few.shifts.len();
        &self.means[k * wide..][..wide]
    }
    /// 1/σ²_k, with zeros until vectors are full.
    pub(super) fn precision(&self, k: usize) -> &[f64] {
        let wide = self.means.len() / self.few.shifts.len();
        &self.precisions[k * wide..][..wide]
    }
}

impl Picks {
    /// `None` where deviations are too large for numbers of single precision.
    fn of(gaussians: &[Gaussian], columns: Vec<Picked>) -> Option<Self> {
        let mut coefficients = Vec::with_capacity(gaussians.len() * columns.len());
        let mut shifts = Vec::with_capacity(gaussians.len());
        for gaussian in gaussians {
            let mut shift = 0.0;
            for own in &columns {
                let inverse = 1.0 / gaussian.variance(own.column).sqrt();
                let factor = inverse / own.scale();
                let start = (own.centre - gaussian.mean()[own.column]) * inverse;
                if !(factor <= LARGEST && start.abs() <= LARGEST) {
                    return None;
                }
                shift += start * start;
                coefficients.push([factor as f32, start as f32]);
            }
            shifts.push(shift);
        }
        Some(Picks {
            columns,
            coefficients,
            shifts,
        })
    }
    pub(super) fn columns(&self) -> &[Picked] {
        &self.columns
    }
    /// The first column, where the others follow it.
    pub(super) fn window(&self) -> Option<usize> {
        let first = self.columns[0].column;
        let follows = |(l, own): (usize, &Picked)| own.column == first + l;
        (self.columns.iter().enumerate().all(follows)).then_some(first)
    }
    /// The coefficients of the picked columns for component `k`.
    #[inline(always)]
    pub(super) fn coefficients(&self, k: usize) -> &[[f32; 2]] {
        &self.coefficients[k * self.columns.len()..][..self.columns.len()]
    }
    /// What is added to a constant c of component `k`, so that c − q/2 (1 − [`Picks::SHRINK`]) is never below the true one,
    /// whatever single precision made of the squares q, and of c.
    ///
    /// With u = 2^−24, a deviation t = a y + b is wrong by at most 3 u (|t| + |b|), as y, a and b are by u of themselves each, and the
    /// sum by u |t|. So t² is wrong by 9 u t² + 3 u b², and the sum of at most 16 by 16 u more: below 64 u q + 4 u Σ b².
    pub(super) fn allowance(&self, k: usize, constant: f64) -> f64 {
        // The sum that is rounded last is of the size of c and q.
        2.0 * ROUNDING * self.shifts[k] + 4.0 * ROUNDING * constant.abs() + 1e-6
    }
    /// See [`Picks::allowance`].
    pub(super) const SHRINK: f64 = 64.0 * ROUNDING;
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
            let square = (1.0 - 1e-12) * least * least;
            *reach = if least > 0.0 { square } else { -1.0 };
        }
    }
}

/// Whether half of the means or more lie at least so far (squared, in units of the mean variances) from every other in these columns.
fn most_are_apart(gaussians: &[Gaussian], columns: &[Picked], distance: f64) -> bool {
    let apart = |a: &Gaussian, b: &Gaussian| {
        let squares = columns.iter().map(|own| {
            let way = a.mean()[own.column] - b.mean()[own.column];
            way * way * own.precision
        });
        squares.sum::<f64>() >= distance
    };
    let alone = (gaussians.iter().enumerate()).filter(|&(k, gaussian)| {
        let mut others = gaussians.iter().enumerate();
        others.all(|(other, of)| other == k || apart(gaussian, of))
    });
    2 * alone.count() >= gaussians.len()
}
