//! Bounds of the eigenvalues of covariances.

use crate::eigenvalue_ratio::truncation;
use crate::gaussian::{Covariance, Gaussian};
use crate::linalg::{Eigen, eigen, from_eigen};
use crate::matrix::{MatrixView, Real};
use crate::scatter::Scatter;
use distributions::{EstimateError, LEAST_SHARE, Statistics};

/// A constraint on the eigenvalues λ_kj of the covariances.
///
/// Where eigenvalues can be chosen one by one (EII, VII, EEI, VVI, EEE, EEV, VVV) the exact M-step brings those of
/// the structure's own estimate into an interval: with spectrum and W_k given the best orientation is that of
/// W_k (von Neumann's trace inequality), and then each eigenvalue maximises −N ln λ − w/λ, which falls on both
/// sides of w/N. Where volumes and shapes tie them to each other, see `covariance/bounded`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum VarianceBound {
    /// λ_kj ≥ ε.
    Floor(f64),
    /// λ_kj ≤ c λ_li for all k, j, l, i.
    Ratio(f64),
}

/// The variance of each column over all rows.
pub(crate) fn column_variances<T: Real>(rows: MatrixView<'_, T>, weights: &[f64]) -> Vec<f64> {
    // Column by column, so that a missing cell costs only itself.
    let mut columns = vec![Scatter::new(1, false); rows.width()];
    for (i, &weight) in weights.iter().enumerate() {
        rows.with_row(i, |row| {
            for (column, x) in columns.iter_mut().zip(row) {
                if weight > 0.0 && !x.is_nan() {
                    column.add(std::slice::from_ref(x), weight);
                }
            }
        });
    }
    let variance = |column: &Scatter| column.square(0) / column.weight();
    columns.iter().map(variance).collect()
}

/// The relative distance from a bound that is rounding.
const ROUNDING: f64 = 1e-9;

impl VarianceBound {
    /// ε as a share [`LEAST_SHARE`] of the average variance of the columns over all `rows`.
    pub(crate) fn floor_under<T: Real>(rows: MatrixView<'_, T>, weights: &[f64]) -> Self {
        Self::floor_of(&column_variances(rows, weights))
    }
    /// ε as a share [`LEAST_SHARE`] of the average of these squared scales of the columns.
    pub(crate) fn floor_of(squares: &[f64]) -> Self {
        let average = squares.iter().sum::<f64>() / squares.len() as f64;
        // Rows that are all the same have no scale, and no floor rescues them.
        let is_scale = average > 0.0 && average.is_finite();
        Self::Floor(if is_scale { LEAST_SHARE * average } else { 0.0 })
    }
    /// The bound `ratio` between any two eigenvalues.
    ///
    /// # Errors
    /// When it is below 1 or not finite.
    pub(crate) fn of_ratio(ratio: f64) -> Result<Self, EstimateError> {
        if ratio >= 1.0 && ratio.is_finite() {
            return Ok(Self::Ratio(ratio));
        }
        let because = "must be finite and at least 1";
        Err(EstimateError::boundary("eigenvalue ratio", ratio, because))
    }
    /// Whether this is a bound: a floor under rows that are all the same is none.
    pub(crate) fn has_scale(self) -> bool {
        self != Self::Floor(0.0)
    }
    /// The interval into which eigenvalues must be brought that can be chosen one by one and would be `spectra`,
    /// of components of effective counts `counts`.
    pub(crate) fn interval(self, spectra: &[&[f64]], counts: &[f64]) -> (f64, f64) {
        match self {
            Self::Floor(least) => (least, f64::INFINITY),
            Self::Ratio(ratio) => {
                truncation(spectra, counts, ratio).unwrap_or((0.0, f64::INFINITY))
            }
        }
    }
    /// Whether all eigenvalues are within.
    pub(crate) fn admits(self, covariances: &[Covariance], dimension: usize) -> bool {
        let spectra = (covariances.iter()).map(|covariance| spectrum(covariance, dimension));
        let Some(values) = spectra
            .map(|part| Some(part?.values))
            .collect::<Option<Vec<_>>>()
        else {
            return false;
        };
        let least = values
            .iter()
            .flatten()
            .fold(f64::INFINITY, |a, &b| a.min(b));
        let greatest = values.iter().flatten().fold(0.0, |a: f64, &b| a.max(b));
        match self {
            Self::Floor(floor) => least >= floor,
            Self::Ratio(ratio) => greatest <= ratio * least,
        }
    }
    /// The maximiser under the bound from the maximiser without, the covariances of components of
    /// effective counts `counts`. Covariances that need not change keep their bits.
    pub(crate) fn bounded(
        self,
        covariances: Vec<Covariance>,
        counts: &[f64],
        dimension: usize,
    ) -> Vec<Covariance> {
        let spectra: Option<Vec<Eigen>> = (covariances.iter())
            .map(|covariance| spectrum(covariance, dimension))
            .collect();
        // Not finite: refused later, naming the component.
        let Some(spectra) = spectra else {
            return covariances;
        };
        let values: Vec<&[f64]> = spectra.iter().map(|part| &part.values[..]).collect();
        let (low, high) = self.interval(&values, counts);
        let inside = |value: &f64| (low..=high).contains(value);
        (covariances.into_iter().zip(spectra))
            .map(|(covariance, mut part)| {
                if part.values.iter().all(inside) {
                    return covariance;
                }
                let into = |value: &mut f64| *value = value.clamp(low, high);
                match covariance {
                    Covariance::Diagonal(mut variances) => {
                        variances.iter_mut().for_each(into);
                        Covariance::Diagonal(variances)
                    }
                    Covariance::Full(_) => {
                        part.values.iter_mut().for_each(into);
                        Covariance::Full(from_eigen(&part.vectors, &part.values, dimension))
                    }
                }
            })
            .collect()
    }
    /// Whether the components lie outside, beyond rounding.
    pub(crate) fn is_violated_by(self, components: &[Gaussian]) -> bool {
        let extents: Vec<Extent> = components.iter().map(Extent::of).collect();
        let low = match self {
            Self::Floor(least) => least,
            Self::Ratio(ratio) => greatest(&extents) / ratio,
        };
        (extents.iter()).any(|extent| extent.least + extent.rounding < low * (1.0 - ROUNDING))
    }
    /// The components that stand at the bound.
    pub(crate) fn held(self, components: &[Gaussian]) -> Vec<usize> {
        let extents: Vec<Extent> = components.iter().map(Extent::of).collect();
        let (low, high) = match self {
            Self::Floor(least) => (least, f64::INFINITY),
            Self::Ratio(ratio) => {
                let least = extents.iter().fold(f64::INFINITY, |a, b| a.min(b.least));
                let slack = extents.iter().fold(0.0, |a: f64, b| a.max(b.rounding));
                if greatest(&extents) < ratio * (1.0 - ROUNDING) * (least - slack) {
                    return Vec::new();
                }
                (least, greatest(&extents))
            }
        };
        let at = |extent: &Extent| {
            low > 0.0
                && (extent.least <= low * (1.0 + ROUNDING) + extent.rounding
                    || extent.greatest >= high * (1.0 - ROUNDING))
        };
        (0..extents.len()).filter(|&k| at(&extents[k])).collect()
    }
}

/// The eigenvalues of a covariance; of a diagonal one, in the order of its columns and without axes.
fn spectrum(covariance: &Covariance, dimension: usize) -> Option<Eigen> {
    match covariance {
        Covariance::Full(matrix) => eigen(matrix, dimension),
        Covariance::Diagonal(variances) => {
            let finite = variances.iter().all(|v| v.is_finite());
            finite.then(|| Eigen {
                values: variances.clone(),
                vectors: Vec::new(),
            })
        }
    }
}

/// Between what the eigenvalues of a component lie, and how well that is known.
struct Extent {
    least: f64,
    greatest: f64,
    rounding: f64,
}

impl Extent {
    fn of(component: &Gaussian) -> Self {
        let d = component.dimension();
        let values = eigen(&component.covariance(), d).map_or(vec![f64::NAN], |part| part.values);
        let greatest = values.iter().fold(0.0, |a: f64, &b| a.max(b));
        Extent {
            least: values.iter().fold(f64::INFINITY, |a, &b| a.min(b)),
            greatest,
            // An eigenvalue is known to some ε of the largest.
            rounding: 64.0 * f64::EPSILON * d as f64 * greatest,
        }
    }
}

fn greatest(extents: &[Extent]) -> f64 {
    extents.iter().fold(0.0, |a, b| a.max(b.greatest))
}
