//! Bounds of the eigenvalues of covariances.

use crate::covariance::CovarianceStructure;
use crate::eigenvalue_ratio::truncation;
use crate::gaussian::{Covariance, Gaussian};
use crate::linalg::{Eigen, eigen, from_eigen};
use crate::matrix::{MatrixView, Real};
use crate::scatter::Scatter;
use distributions::{EstimateError, LEAST_SHARE, Reason, Statistics};

/// A constraint on the eigenvalues λ_kj of the covariances.
///
/// Its M-step brings the eigenvalues of the structure's own estimate into an interval. That is the exact
/// maximiser where eigenvalues can be chosen one by one: with spectrum and W_k given the best
/// orientation is that of W_k (von Neumann's trace inequality), and then each eigenvalue maximises
/// −N ln λ − w/λ, which falls on both sides of w/N. So it is for EII, VII, EEI, VVI, EEE, EEV and VVV. Under the
/// others volumes and shapes tie the eigenvalues of a component to each other, and cutting them is no
/// maximiser: they are refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum VarianceBound {
    /// λ_kj ≥ ε.
    Floor(f64),
    /// λ_kj ≤ c λ_li for all k, j, l, i.
    Ratio(f64),
}

/// The relative distance from a bound that is rounding.
const ROUNDING: f64 = 1e-9;

impl VarianceBound {
    /// ε as a share [`LEAST_SHARE`] of the average variance of the columns over all `rows`.
    ///
    /// # Errors
    /// For structures of which the exact M-step is not known.
    pub(crate) fn floor_under<T: Real>(
        structure: CovarianceStructure,
        rows: MatrixView<'_, T>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        require_free_eigenvalues(structure, "floor")?;
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
        let average = columns.iter().map(variance).sum::<f64>() / rows.width() as f64;
        // Rows that are all the same have no scale, and no floor rescues them.
        let is_scale = average > 0.0 && average.is_finite();
        Ok(Self::Floor(if is_scale {
            LEAST_SHARE * average
        } else {
            0.0
        }))
    }
    /// The bound `ratio` between any two eigenvalues.
    ///
    /// # Errors
    /// When it is below 1 or not finite, and as [`floor_under`](Self::floor_under).
    pub(crate) fn of_ratio(
        structure: CovarianceStructure,
        ratio: f64,
    ) -> Result<Self, EstimateError> {
        require_free_eigenvalues(structure, "bound of eigenvalues")?;
        if ratio >= 1.0 && ratio.is_finite() {
            return Ok(Self::Ratio(ratio));
        }
        let because = "must be finite and at least 1";
        Err(EstimateError::boundary("eigenvalue ratio", ratio, because))
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
        let (low, high) = match self {
            Self::Floor(least) => (least, f64::INFINITY),
            Self::Ratio(ratio) => {
                let values: Vec<&[f64]> = spectra.iter().map(|part| &part.values[..]).collect();
                truncation(&values, counts, ratio).unwrap_or((0.0, f64::INFINITY))
            }
        };
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

fn require_free_eigenvalues(
    structure: CovarianceStructure,
    what: &str,
) -> Result<(), EstimateError> {
    use CovarianceStructure as S;
    match structure {
        S::EII | S::VII | S::EEI | S::VVI | S::EEE | S::EEV | S::VVV => Ok(()),
        S::VEI | S::EVI | S::VEE | S::EVE | S::VVE | S::VEV | S::EVV => {
            Err(EstimateError::new(Reason::Unsupported(format!(
                "covariance structure {structure} has no {what}: use one of EII, VII, EEI, VVI, EEE, EEV, VVV"
            ))))
        }
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
