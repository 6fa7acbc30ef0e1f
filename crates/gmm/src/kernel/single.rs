//! Components in single precision, about a common centre, and whether that is precise enough for them.

use super::quadratic::{Factors, Form};
use crate::gaussian::{Factor, Gaussian};
use crate::linalg::invert_lower;

/// Half an ulp of 1 in single precision.
const ROUNDING: f64 = 0.5 * f32::EPSILON as f64;

/// The largest error, in deviations, of a whitened coordinate: statistics are then right to about 1e-6.
const TOLERATED: f64 = 1e-6;

/// Deviations whose squares, and the squares of what rows are away, stay far from the ends of single precision.
const DEVIATIONS: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

/// K Gaussians as the kernels of single precision read them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SingleGaussians {
    centre: Vec<f32>,
    components: Vec<SingleGaussian>,
}

/// A Gaussian about the centre.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SingleGaussian {
    mean: Vec<f32>,
    factor: Vec<f32>,
    is_diagonal: bool,
    log_constant: f64,
}

impl Form<f32> for SingleGaussian {
    #[inline(always)]
    fn mean(&self) -> &[f32] {
        &self.mean
    }
    #[inline(always)]
    fn factor(&self) -> Factors<'_, f32> {
        if self.is_diagonal {
            Factors::Diagonal(&self.factor)
        } else {
            Factors::Lower(&self.factor)
        }
    }
}

impl SingleGaussian {
    pub(super) fn log_constant(&self) -> f64 {
        self.log_constant
    }
}

impl SingleGaussians {
    /// These components, where single precision is precise enough.
    pub(crate) fn of(gaussians: &[Gaussian]) -> Option<Self> {
        let centre = centre_of(gaussians);
        let precise = |gaussian: &Gaussian| {
            let d = gaussian.dimension();
            (0..d).all(|j| DEVIATIONS.contains(&gaussian.variance(j).sqrt()))
                && whitened_error(gaussian, &centre) <= TOLERATED
        };
        let all = gaussians.iter().all(precise);
        all.then(|| Self::at(gaussians, centre))
    }
    /// These components about this centre.
    pub(super) fn at(gaussians: &[Gaussian], centre: Vec<f32>) -> Self {
        SingleGaussians {
            components: gaussians.iter().map(|g| about(g, &centre)).collect(),
            centre,
        }
    }
    /// What is subtracted from every row.
    pub(super) fn centre(&self) -> &[f32] {
        &self.centre
    }
    pub(super) fn components(&self) -> &[SingleGaussian] {
        &self.components
    }
}

/// The mean of the means.
fn centre_of(gaussians: &[Gaussian]) -> Vec<f32> {
    let share = 1.0 / gaussians.len() as f64;
    (0..gaussians[0].dimension())
        .map(|j| gaussians.iter().map(|g| share * g.mean()[j]).sum::<f64>() as f32)
        .collect()
}

fn about(gaussian: &Gaussian, centre: &[f32]) -> SingleGaussian {
    let (factor, is_diagonal) = match gaussian.factor() {
        Factor::Diagonal(inverses) => (inverses, true),
        Factor::Lower { packed, .. } => (packed, false),
    };
    let means = gaussian.mean().iter().zip(centre);
    SingleGaussian {
        mean: means.map(|(&m, &c)| (m - f64::from(c)) as f32).collect(),
        factor: factor.iter().map(|&f| f as f32).collect(),
        is_diagonal,
        log_constant: gaussian.log_constant(),
    }
}

/// What rounding of a row and of the mean, both about the centre, makes of a coordinate of z = L⁻¹(x − μ): with reach
/// a_j = |μ_j − c_j| + √Σ_jj and independent errors u a_j, the root of the mean over i of Σ_j (u L⁻¹_ij a_j)².
pub(super) fn whitened_error(gaussian: &Gaussian, centre: &[f32]) -> f64 {
    let reach =
        |j: usize| (gaussian.mean()[j] - f64::from(centre[j])).abs() + gaussian.variance(j).sqrt();
    let reaches: Vec<f64> = (0..gaussian.dimension()).map(reach).collect();
    ROUNDING * amplification(gaussian, &reaches)
}

/// The root of the mean over i of Σ_j (L⁻¹_ij a_j)²: the error of a whitened coordinate where x_j has the error a_j.
pub(super) fn amplification(gaussian: &Gaussian, reaches: &[f64]) -> f64 {
    let d = gaussian.dimension();
    let square: f64 = match gaussian.factor() {
        Factor::Diagonal(inverses) => {
            let terms = inverses.iter().zip(reaches);
            terms
                .map(|(inverse, reach)| (inverse * reach).powi(2))
                .sum()
        }
        Factor::Lower { lower, .. } => {
            let inverse = invert_lower(lower, d);
            let rows = inverse.chunks_exact(d);
            rows.flat_map(|row| row.iter().zip(reaches))
                .map(|(inverse, reach)| (inverse * reach).powi(2))
                .sum()
        }
    };
    (square / d as f64).sqrt()
}
