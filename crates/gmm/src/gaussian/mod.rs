//! One multivariate normal distribution.

mod component;
mod coordinates;
pub(crate) mod density;
mod divergence;
mod factor;
mod sample;
#[cfg(feature = "serde")]
mod serde_form;
mod split;

pub(crate) use coordinates::{pack_covariance, unpack_covariance};
pub(crate) use density::check_row;
pub(crate) use factor::Factor;
pub(crate) use split::Regression;

use crate::covariance::CovarianceStructure;
use distributions::{EstimateError, ParameterError, Reason};
use std::sync::Arc;

/// ½ ln 2π.
pub(crate) const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_741_78;

/// A covariance matrix as it is kept: whole, or the diagonal of one that has nothing else.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Covariance {
    /// The variances.
    Diagonal(Vec<f64>),
    /// Row-major, d × d, symmetric.
    Full(Vec<f64>),
}

impl Covariance {
    /// The form that follows from the numbers alone: diagonal where all else is 0. A model read
    /// from a file is thereby computed with exactly as the fitted one.
    fn canonical(self, dimension: usize) -> Self {
        match self {
            Covariance::Full(matrix) => {
                let off = |n: usize| !n.is_multiple_of(dimension + 1);
                if (0..matrix.len()).all(|n| !off(n) || matrix[n] == 0.0) {
                    Covariance::Diagonal(crate::linalg::diagonal(&matrix, dimension))
                } else {
                    Covariance::Full(matrix)
                }
            }
            diagonal => diagonal,
        }
    }
    /// Σ_ij.
    pub(crate) fn at(&self, i: usize, j: usize, dimension: usize) -> f64 {
        match self {
            Covariance::Full(matrix) => matrix[i * dimension + j],
            Covariance::Diagonal(variances) if i == j => variances[i],
            Covariance::Diagonal(_) => 0.0,
        }
    }
}

/// The multivariate normal distribution with mean μ and **covariance** Σ, in d dimensions.
///
/// # Density
/// ln p(x) = −½ (d ln 2π + ln det Σ + (x − μ)ᵀ Σ⁻¹ (x − μ)). With the Cholesky factor Σ = L Lᵀ the
/// quadratic form is |z|² for L z = x − μ, and ½ ln det Σ = Σ_j ln L_jj: no inverse of Σ is formed.
///
/// # M-step
/// μ = Σ w x / N, Σ = Σ w (x − μ)(x − μ)ᵀ / N with N = Σ w; its diagonal, or the mean of its diagonal
/// times the identity, where the [structure](Gaussian::with_structure) says so. No maximum exists when
/// the rows lie in a hyperplane: the error names the column.
///
/// # Files
/// `{"mean": [..], "covariance": [[..], ..]}`, the whole matrix, whatever the structure. The numbers
/// come back exactly, and a distribution read back gives the same bits as the one written.
///
/// # Example
/// ```
/// use distributions::{Component, Density, RowsView};
/// use gmm::Gaussian;
///
/// let gaussian = Gaussian::new(vec![0.0, 1.0], &[vec![2.0, 1.0], vec![1.0, 2.0]])?;
/// let expected = -(2.0 * std::f64::consts::PI).ln() - 0.5 * 3.0_f64.ln() - 1.0 / 3.0;
/// assert!((gaussian.log_density(&[1.0, 1.0]) - expected).abs() < 1e-15);
///
/// let rows = [0.0, 0.0, 2.0, 0.0, 0.0, 2.0, 2.0, 2.0];
/// let fitted = gaussian.estimate(RowsView::new(&rows, 2), &[1.0; 4])?;
/// assert_eq!(fitted.mean(), [1.0, 1.0]);
/// assert_eq!(fitted.covariance_rows(), [[1.0, 0.0], [0.0, 1.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Bishop (2006), Pattern Recognition and Machine Learning, section 2.3.
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: Vec<f64>,
    /// Components may have one in common.
    covariance: Arc<Covariance>,
    structure: CovarianceStructure,
    /// What densities are computed from; a function of the covariance.
    factor: Arc<Factor>,
    /// −½ (d ln 2π + ln det Σ).
    log_constant: f64,
}

/// Equal parameters and structure.
impl PartialEq for Gaussian {
    fn eq(&self, other: &Self) -> bool {
        self.mean == other.mean
            && self.covariance == other.covariance
            && self.structure == other.structure
    }
}

impl Gaussian {
    /// The normal distribution with this mean (d numbers) and covariance (d rows of d numbers). Its
    /// estimates are of full covariance; see [`with_structure`](Gaussian::with_structure).
    ///
    /// # Errors
    /// When there is no dimension, shapes differ, a number is not finite, or the covariance is not
    /// symmetric (to 1e-10 of the deviations' product; the lower triangle is then used) and positive
    /// definite.
    pub fn new(mean: Vec<f64>, covariance: &[Vec<f64>]) -> Result<Self, ParameterError> {
        let d = mean.len();
        require_shape(d > 0 && covariance.len() == d, covariance.len())?;
        for row in covariance {
            require_shape(row.len() == d, row.len())?;
        }
        Self::from_matrix(mean, covariance.concat())
    }
    /// [`new`](Gaussian::new) from a row-major covariance of d² numbers.
    ///
    /// # Errors
    /// As [`new`](Gaussian::new).
    pub fn from_matrix(mean: Vec<f64>, covariance: Vec<f64>) -> Result<Self, ParameterError> {
        let d = mean.len();
        require_shape(d > 0 && covariance.len() == d * d, covariance.len())?;
        for &value in mean.iter() {
            ParameterError::require(value.is_finite(), "mean", value, "must be finite")?;
        }
        for i in 0..d {
            for j in 0..=i {
                let (value, mirrored) = (covariance[i * d + j], covariance[j * d + i]);
                let scale =
                    (covariance[i * d + i].abs().sqrt()) * covariance[j * d + j].abs().sqrt();
                ParameterError::require(
                    value.is_finite() && (value - mirrored).abs() <= 1e-10 * scale,
                    "covariance",
                    value,
                    "must be finite and symmetric",
                )?;
            }
        }
        Self::build(mean, Covariance::Full(covariance), 0.0).map_err(|pivot| {
            ParameterError::new(
                "covariance",
                pivot.value,
                "must be positive definite (this pivot of its Cholesky factor is not positive)",
            )
        })
    }
    /// The normal distribution with a diagonal covariance, whose estimates are diagonal too.
    ///
    /// # Errors
    /// When the lengths differ or are 0, or a variance is not positive and finite.
    pub fn diagonal(mean: Vec<f64>, variances: Vec<f64>) -> Result<Self, ParameterError> {
        let d = mean.len();
        require_shape(d > 0 && variances.len() == d, variances.len())?;
        let mut matrix = vec![0.0; d * d];
        for (j, &variance) in variances.iter().enumerate() {
            matrix[j * d + j] = variance;
        }
        let gaussian = Self::from_matrix(mean, matrix)?;
        Ok(gaussian.with_structure(CovarianceStructure::Diagonal))
    }
    /// The normal distribution with covariance `variance` times the identity, whose estimates are so
    /// too.
    ///
    /// # Errors
    /// When there is no dimension, or the variance is not positive and finite.
    pub fn spherical(mean: Vec<f64>, variance: f64) -> Result<Self, ParameterError> {
        let variances = vec![variance; mean.len()];
        let gaussian = Self::diagonal(mean, variances)?;
        Ok(gaussian.with_structure(CovarianceStructure::Spherical))
    }
    /// N(0, I) in `dimension` dimensions.
    ///
    /// # Panics
    /// When `dimension` is 0.
    pub fn standard(dimension: usize) -> Self {
        assert!(dimension > 0, "a Gaussian needs at least one dimension");
        let covariance = Covariance::Diagonal(vec![1.0; dimension]);
        match Self::build(vec![0.0; dimension], covariance, 0.0) {
            Ok(gaussian) => gaussian,
            Err(_) => unreachable!("the identity is positive definite"),
        }
    }
    /// The same distribution, whose estimates have the covariance structure `structure`. Alone, a
    /// Gaussian can only tell full, diagonal and spherical apart: the other structures agree with one
    /// of these for one component.
    pub fn with_structure(mut self, structure: CovarianceStructure) -> Self {
        self.structure = structure;
        self
    }
    /// The same covariance about another mean.
    pub(crate) fn at_mean(mut self, mean: Vec<f64>) -> Self {
        debug_assert_eq!(mean.len(), self.dimension());
        self.mean = mean;
        self
    }
    /// The structure of this component's estimates.
    pub fn structure(&self) -> CovarianceStructure {
        self.structure
    }
    /// The number of columns d.
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }
    /// μ.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }
    /// Σ, row-major, d × d.
    pub fn covariance(&self) -> Vec<f64> {
        let d = self.dimension();
        (0..d * d)
            .map(|n| self.covariance.at(n / d, n % d, d))
            .collect()
    }
    /// Σ as rows, as files hold it.
    pub fn covariance_rows(&self) -> Vec<Vec<f64>> {
        let matrix = self.covariance();
        matrix
            .chunks(self.dimension())
            .map(<[f64]>::to_vec)
            .collect()
    }
    /// Σ_jj.
    pub fn variance(&self, j: usize) -> f64 {
        self.covariance.at(j, j, self.dimension())
    }
    /// ln det Σ.
    pub fn log_determinant(&self) -> f64 {
        -2.0 * (self.log_constant + self.dimension() as f64 * HALF_LN_TWO_PI)
    }
    /// Whether the covariance is that of `other`, to the bit.
    pub(crate) fn has_covariance_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.covariance, &other.covariance) || self.covariance == other.covariance
    }
    pub(crate) fn factor(&self) -> &Factor {
        &self.factor
    }
    pub(crate) fn log_constant(&self) -> f64 {
        self.log_constant
    }

    /// Everything from the parameters. A pivot of the Cholesky factorisation, relative to its
    /// diagonal entry, must exceed `tolerance`.
    fn build(mean: Vec<f64>, covariance: Covariance, tolerance: f64) -> Result<Self, Pivot> {
        let d = mean.len();
        let covariance = covariance.canonical(d);
        let factor = Factor::of(&covariance, d, tolerance)?;
        let log_constant = -(d as f64) * HALF_LN_TWO_PI - factor.half_log_determinant();
        Ok(Gaussian {
            mean,
            covariance: Arc::new(covariance),
            structure: CovarianceStructure::Full,
            factor: Arc::new(factor),
            log_constant,
        })
    }
    /// An estimate. The covariance must be further from singular than its rounding error.
    pub(crate) fn estimated(
        mean: Vec<f64>,
        covariance: Covariance,
        structure: CovarianceStructure,
    ) -> Result<Self, EstimateError> {
        let tolerance = 16.0 * f64::EPSILON * mean.len() as f64;
        let gaussian = Self::build(mean, covariance, tolerance).map_err(|pivot| {
            EstimateError::new(Reason::Singular {
                because: "the column is a linear combination of the columns before it",
            })
            .in_column(pivot.column)
        })?;
        Ok(gaussian.with_structure(structure))
    }
}

/// A pivot of a Cholesky factorisation that is not positive enough.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pivot {
    pub(crate) column: usize,
    pub(crate) value: f64,
}

fn require_shape(holds: bool, length: usize) -> Result<(), ParameterError> {
    ParameterError::require(
        holds,
        "length of covariance",
        length as f64,
        "must be as long as the mean, at least 1, in both directions",
    )
}

impl distributions::Multivariate for Gaussian {
    fn mean(&self) -> Vec<f64> {
        self.mean().to_vec()
    }
    fn covariance(&self) -> Vec<f64> {
        self.covariance()
    }
}

#[cfg(test)]
mod tests;
