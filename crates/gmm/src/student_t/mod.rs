//! Multivariate t distributions: Gaussians with heavy tails.

mod component;
mod coordinates;
mod degrees;
mod density;
mod estimate;
mod sample;
#[cfg(feature = "serde")]
mod serde_form;
mod set;
mod statistics;
mod tail;

pub use degrees::{DegreesOfFreedom, LEAST_DF, MOST_DF, STARTING_DF};
pub use set::MultivariateTs;
pub use statistics::LatentScatters;
pub(crate) use tail::{Tail, gap};

use crate::covariance::CovarianceStructure;
use crate::gaussian::Gaussian;
use distributions::ParameterError;

/// The multivariate t distribution with **location** μ, **scale matrix** S and **degrees of freedom** ν
/// (`df`), in d dimensions.
///
/// # Density
/// With δ² = (x − μ)ᵀ S⁻¹ (x − μ),
/// p(x) = Γ((ν+d)/2) / (Γ(ν/2) (νπ)^(d/2) det(S)^(1/2)) · (1 + δ²/ν)^(−(ν+d)/2).
///
/// S is not the covariance, which is ν/(ν − 2) S where ν > 2, and does not exist otherwise. ν = 1 is the
/// Cauchy distribution; as ν → ∞ it becomes the Gaussian of covariance S. The constant is computed in
/// Loader's form, which does not cancel for large ν; rows whose δ² overflows keep their finite log-density.
///
/// # Sufficient statistics
/// None of fixed size. x is Gaussian given a latent scale τ: x ~ N(μ, S/τ), τ ~ Gamma(ν/2, ν/2), and
/// E\[τ | x\] = u = (ν + d)/(ν + δ²). Kept is the scatter of the rows at weights w u, with Σ w,
/// Σ w (u − 1 − ln u) and Σ w (u − 1)²: [`LatentScatters`].
///
/// # M-step
/// μ = Σ w u x / Σ w u, S = Σ w u (x − μ)(x − μ)ᵀ / Σ w u, the maximum of the parameter-expanded latent model
/// (dividing by Σ w, as EM without expansion does, has the same fixed point but takes more iterations).
/// S is diagonal or spherical where the [structure](MultivariateT::with_structure) says so. With ν
/// [fixed](MultivariateT::with_fixed_df) the likelihood never falls. Otherwise ν takes Newton's step, in 1/ν,
/// on the likelihood of the rows, between [`LEAST_DF`] and [`MOST_DF`]; EM's own step, the root of
/// ln(ν/2) − ψ(ν/2) = mean of E\[τ − 1 − ln τ\] in a shrinking bracket, where that is not concave. It may
/// overshoot: the driver shortens it. There is no maximum when more than a share ν/(ν + d) of the rows
/// coincide, or lie in a hyperplane.
///
/// # Errors
/// Where the scale matrix vanishes: naming the column.
///
/// # Files
/// `{"location": [..], "scale_matrix": [[..], ..], "df": ..}`, the whole matrix, whatever the structure.
/// Whether `df` is fixed belongs to the specification of the model.
///
/// # Example
/// ```
/// use distributions::Density;
/// use gmm::MultivariateT;
///
/// let t = MultivariateT::new(vec![0.0, 0.0], &[vec![1.0, 0.5], vec![0.5, 2.0]], 4.0)?;
/// assert!((t.log_density(&[0.5, -1.0]) - -2.8716282452197751).abs() < 1e-14);
/// assert!(t.log_density(&[1e200, 0.0]).is_finite());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Lange, Little & Taylor (1989), Robust statistical modeling using the t distribution, JASA 84;
/// Liu & Rubin (1995), ML estimation of the t distribution using EM and its extensions, ECM and ECME,
/// Statistica Sinica 5; Liu, Rubin & Wu (1998), Parameter expansion to accelerate EM, Biometrika 85;
/// Kotz & Nadarajah (2004), Multivariate t distributions and their applications.
#[derive(Clone, Debug, PartialEq)]
pub struct MultivariateT {
    /// Location, scale matrix and structure.
    gaussian: Gaussian,
    tail: Tail,
    /// Fixed, or free.
    degrees: DegreesOfFreedom,
}

impl MultivariateT {
    /// The t distribution with this location (d numbers), scale matrix (d rows of d numbers) and degrees
    /// of freedom. Its estimates are of a full scale matrix and of the degrees of freedom; see
    /// [`with_structure`](MultivariateT::with_structure) and
    /// [`with_fixed_df`](MultivariateT::with_fixed_df).
    ///
    /// # Errors
    /// When there is no dimension, shapes differ, a number is not finite, the scale matrix is not
    /// symmetric (to 1e-10) and positive definite, or `df` is not between 1e-300 and 1e300.
    pub fn new(
        location: Vec<f64>,
        scale_matrix: &[Vec<f64>],
        df: f64,
    ) -> Result<Self, ParameterError> {
        let gaussian = Gaussian::new(location, scale_matrix).map_err(renamed)?;
        Self::from_gaussian(gaussian, df)
    }
    /// The t distribution whose location and scale matrix are the mean and the covariance of `gaussian`,
    /// with its structure: what it becomes with heavier tails.
    ///
    /// # Errors
    /// When `df` is not between 1e-300 and 1e300.
    pub fn from_gaussian(gaussian: Gaussian, df: f64) -> Result<Self, ParameterError> {
        require_df(df)?;
        Ok(MultivariateT {
            tail: Tail::new(df, gaussian.dimension()),
            gaussian,
            degrees: DegreesOfFreedom::Free,
        })
    }
    /// The same distribution, whose estimates keep the degrees of freedom.
    pub fn with_fixed_df(mut self) -> Self {
        self.degrees = DegreesOfFreedom::Fixed;
        self
    }
    /// The same distribution, whose estimates have the structure `structure`; as
    /// [`Gaussian::with_structure`].
    pub fn with_structure(mut self, structure: CovarianceStructure) -> Self {
        self.gaussian = self.gaussian.with_structure(structure);
        self
    }
    /// The structure of this component's estimates.
    pub fn structure(&self) -> CovarianceStructure {
        self.gaussian.structure()
    }
    /// The number of columns d.
    pub fn dimension(&self) -> usize {
        self.gaussian.dimension()
    }
    /// μ.
    pub fn location(&self) -> &[f64] {
        self.gaussian.mean()
    }
    /// S, row-major, d × d.
    pub fn scale_matrix(&self) -> Vec<f64> {
        self.gaussian.covariance()
    }
    /// S as rows, as files hold it.
    pub fn scale_matrix_rows(&self) -> Vec<Vec<f64>> {
        self.gaussian.covariance_rows()
    }
    /// ν.
    pub fn df(&self) -> f64 {
        self.tail.df()
    }
    /// Whether estimates keep the degrees of freedom.
    pub fn has_fixed_df(&self) -> bool {
        self.degrees == DegreesOfFreedom::Fixed
    }
    /// E\[X\] = μ; `None` where it does not exist, ν ≤ 1.
    pub fn mean(&self) -> Option<&[f64]> {
        (self.df() > 1.0).then(|| self.location())
    }
    /// The covariance ν/(ν − 2) S, row-major; `None` where it does not exist, ν ≤ 2.
    pub fn covariance(&self) -> Option<Vec<f64>> {
        let factor = self.df() / (self.df() - 2.0);
        (self.df() > 2.0).then(|| crate::covariance::scaled(self.scale_matrix(), factor))
    }
    /// (x − μ)ᵀ S⁻¹ (x − μ), the squared Mahalanobis distance of `x` (d numbers) from the location.
    ///
    /// # Panics
    /// When `x` has another length.
    pub fn squared_mahalanobis(&self, x: &[f64]) -> f64 {
        self.gaussian.squared_mahalanobis(x)
    }
    /// u = (ν + d)/(ν + δ²): the weight of the row `x` in an estimate, small for an outlier, 1 + d/ν at the
    /// location.
    ///
    /// # Panics
    /// When `x` has another length.
    pub fn latent_scale(&self, x: &[f64]) -> f64 {
        self.tail.latent(self.squared_mahalanobis(x)).scale
    }
}

fn require_df(df: f64) -> Result<(), ParameterError> {
    // Between these the reciprocal is a normal number.
    let valid = (1e-300..=1e300).contains(&df);
    ParameterError::require(valid, "df", df, "must be between 1e-300 and 1e300")
}

/// An error of the Gaussian in the names of the t distribution.
fn renamed(mut error: ParameterError) -> ParameterError {
    error.parameter = match error.parameter {
        "mean" => "location",
        "covariance" => "scale_matrix",
        "length of mean" => "length of location",
        "length of covariance" => "length of scale_matrix",
        other => other,
    };
    if error.parameter == "length of scale_matrix" {
        error.requirement = "must be as long as the location, at least 1, in both directions";
    }
    error
}

#[cfg(test)]
mod tests;

/// NaN where they do not exist; variances are infinite for 1 < ν ≤ 2.
impl distributions::Multivariate for MultivariateT {
    fn mean(&self) -> Vec<f64> {
        let mean = self.mean().map(<[f64]>::to_vec);
        mean.unwrap_or_else(|| vec![f64::NAN; self.dimension()])
    }
    fn covariance(&self) -> Vec<f64> {
        self.covariance().unwrap_or_else(|| {
            let width = self.dimension();
            let mut matrix = vec![f64::NAN; width * width];
            if self.df() > 1.0 {
                matrix
                    .iter_mut()
                    .step_by(width + 1)
                    .for_each(|v| *v = f64::INFINITY);
            }
            matrix
        })
    }
}
