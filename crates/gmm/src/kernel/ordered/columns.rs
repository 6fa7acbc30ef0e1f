//! The columns that tell components of diagonal covariances apart best, and the components in them.
//!
//! The quadratic form of some columns is at most that of all: it bounds every density from above. Bounds need few digits, and are
//! made in single precision; what its rounding may hide is added to them ([`allowance`]).

use super::LANES;
use super::reaches::Ways;
use crate::gaussian::Gaussian;
use crate::kernel::sparse::GAP;
use distributions::{AlignedBuffer, Scratch};

/// Columns by which homes are found.
const FEW: usize = LANES;
const MANY: usize = 2 * LANES;

/// No number of single precision that bounds are made of may be larger: squares must not overflow.
const LARGEST: f64 = 1e15;

/// 2^−24: what a number of single precision may be wrong by, beside itself.
const ROUNDING: f64 = 1.0 / (1 << 24) as f64;

/// Components of diagonal covariances, and what tells them apart.
#[derive(Debug)]
pub(super) struct Columns {
    /// Neighbouring columns, of which homes are made.
    few: Picks,
    /// The best ones, wherever they are, of which bounds are made.
    many: Picks,
    count: usize,
    /// Of all components and columns, with zeros until vectors are full: μ_kj, and 1/σ²_kj.
    means: Vec<f64>,
    precisions: Vec<f64>,
    ways: Ways,
}

/// Some columns, and components in them.
#[derive(Debug)]
pub(super) struct Picks {
    columns: Vec<Picked>,
    pub(super) measure: Measure,
}

/// By what the home of a row is found, from its y_l = (x_l − c_l)/s_l. Of component k and picked column l at (k, l).
#[derive(Debug)]
pub(super) enum Measure {
    /// Whose mean is nearest, in deviations s: the largest of Σ_l y_l m_kl − ½ Σ_l m_kl², with m_kl = (μ_kl − c_l)/s_l. Of other components
    /// it tells nothing.
    Means { means: Vec<f32>, halves: Vec<f32> },
    /// Bounds of densities: s_l/σ_kl and −(μ_kl − c_l)/σ_kl, by which y_l becomes (x_l − μ_kl)/σ_kl.
    Bounds {
        coefficients: Vec<[f32; 2]>,
        /// See [`allowance`].
        shifts: Vec<f64>,
    },
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
    /// Those of at least [`MANY`] columns, the best being those of the largest variance of the means, in units of the mean of the
    /// variances; `None` where most means lie too near to another.
    pub(super) fn of(gaussians: &[Gaussian]) -> Option<Self> {
        let d = gaussians[0].dimension();
        let all: Vec<Picked> = (0..d).map(|j| Picked::of(gaussians, j)).collect();
        let mut best = all.clone();
        best.sort_by(|a, b| b.between.total_cmp(&a.between));
        if !most_are_apart(gaussians, &best) {
            return None;
        }
        best.truncate(MANY);
        let between = |window: &&[Picked]| window.iter().map(|own| own.between).sum::<f64>();
        let windows = all.windows(FEW).step_by(FEW);
        let window = windows.max_by(|a, b| between(a).total_cmp(&between(b)))?;
        let wide = d.next_multiple_of(LANES);
        let (mut means, mut variances) = (Vec::new(), Vec::new());
        for (k, gaussian) in gaussians.iter().enumerate() {
            means.extend_from_slice(gaussian.mean());
            means.resize((k + 1) * wide, 0.0);
            variances.extend((0..d).map(|j| gaussian.variance(j)));
            variances.resize((k + 1) * wide, f64::INFINITY);
        }
        Some(Columns {
            few: Picks::new(window.to_vec(), Measure::means(gaussians, window)?),
            many: Picks::new(best.clone(), Measure::bounds(gaussians, &best)?),
            count: gaussians.len(),
            ways: Ways::of(gaussians, &variances),
            means,
            precisions: variances.into_iter().map(f64::recip).collect(),
        })
    }
    /// Columns by which homes may be found, the cheapest first; the last with bounds.
    pub(super) fn picks(&self) -> [&Picks; 2] {
        [&self.few, &self.many]
    }
    /// See [`Ways::reaches`].
    pub(super) fn reaches(&self, log_weights: &[f64], scratch: &mut Scratch) -> AlignedBuffer {
        self.ways.reaches(log_weights, scratch)
    }
    /// μ_k, with zeros until vectors are full.
    pub(super) fn mean(&self, k: usize) -> &[f64] {
        let wide = self.means.len() / self.count;
        &self.means[k * wide..][..wide]
    }
    /// 1/σ²_k, with zeros until vectors are full.
    pub(super) fn precision(&self, k: usize) -> &[f64] {
        let wide = self.means.len() / self.count;
        &self.precisions[k * wide..][..wide]
    }
}

impl Picks {
    fn new(columns: Vec<Picked>, measure: Measure) -> Self {
        Picks { columns, measure }
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
}

impl Measure {
    fn means(gaussians: &[Gaussian], columns: &[Picked]) -> Option<Self> {
        let mut means = Vec::with_capacity(gaussians.len() * columns.len());
        let mut halves = Vec::with_capacity(gaussians.len());
        for gaussian in gaussians {
            let mut half = 0.0;
            for own in columns {
                let mean = (gaussian.mean()[own.column] - own.centre) * own.scale();
                if !(mean.abs() <= LARGEST) {
                    return None;
                }
                half -= 0.5 * mean * mean;
                means.push(mean as f32);
            }
            halves.push(half as f32);
        }
        Some(Measure::Means { means, halves })
    }
    fn bounds(gaussians: &[Gaussian], columns: &[Picked]) -> Option<Self> {
        let mut coefficients = Vec::with_capacity(gaussians.len() * columns.len());
        let mut shifts = Vec::with_capacity(gaussians.len());
        for gaussian in gaussians {
            let mut shift = 0.0;
            for own in columns {
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
        Some(Measure::Bounds {
            coefficients,
            shifts,
        })
    }
}

/// What is added to the constant c of a component, `shift` being its Σ b², so that c − q/2 (1 − [`SHRINK`]) is never below the true one,
/// whatever single precision made of the squares q, and of c.
///
/// With u = 2^−24, a deviation t = a y + b is wrong by at most 3 u (|t| + |b|), as y, a and b are by u of themselves each, and the
/// sum by u |t|. So t² is wrong by 9 u t² + 3 u b², and the sum of at most 16 by 16 u more: below 64 u q + 4 u Σ b².
pub(super) fn allowance(shift: f64, constant: f64) -> f64 {
    // The sum that is rounded last is of the size of c and q.
    2.0 * ROUNDING * shift + 4.0 * ROUNDING * constant.abs() + 1e-6
}

/// See [`allowance`].
pub(super) const SHRINK: f64 = 64.0 * ROUNDING;

/// Whether half of the means or more lie so far from every other that bounds from [`MANY`] columns, the first of these, or
/// [reaches](Columns::reaches) may tell it.
fn most_are_apart(gaussians: &[Gaussian], columns: &[Picked]) -> bool {
    let squares = |a: &Gaussian, b: &Gaussian, columns: &[Picked]| {
        let squares = columns.iter().map(|own| {
            let way = a.mean()[own.column] - b.mean()[own.column];
            way * way * own.precision
        });
        squares.sum::<f64>()
    };
    // A row's own squares are about as many as there are columns; H(1) is half of the squares here.
    let far = 4.0 * (columns.len() as f64 + GAP);
    let apart = |a: &Gaussian, b: &Gaussian| {
        squares(a, b, &columns[..MANY]) >= 2.0 * GAP || squares(a, b, columns) >= far
    };
    let alone = (gaussians.iter().enumerate()).filter(|&(k, gaussian)| {
        let mut others = gaussians.iter().enumerate();
        others.all(|(other, of)| other == k || apart(gaussian, of))
    });
    2 * alone.count() >= gaussians.len()
}
