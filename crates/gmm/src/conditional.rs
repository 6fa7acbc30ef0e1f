//! Some columns of a Gaussian mixture, and some columns given others: Gaussian mixture regression.

use crate::covariance::CovarianceStructure;
use crate::gaussian::{Gaussian, Regression};
use crate::mixture::GaussianMixture;
use crate::set::Gaussians;
use distributions::simd::log_sum_exp_columns;
use distributions::{Density, ParameterError};
use em::{Mixture, Weights, total_covariance, total_mean};

impl Gaussian {
    /// The distribution of some of the columns, in the order given: their means and covariances.
    ///
    /// # Errors
    /// When there is no column, one does not exist, or is named twice.
    pub fn marginal(&self, columns: &[usize]) -> Result<Gaussian, ParameterError> {
        check_columns(columns, self.dimension())?;
        let mean = columns.iter().map(|&j| self.mean()[j]).collect();
        Gaussian::from_matrix(mean, block(self, columns, columns))
    }
}

/// Entries (rows, columns) of the covariance, row after row.
fn block(gaussian: &Gaussian, rows: &[usize], columns: &[usize]) -> Vec<f64> {
    let (covariance, width) = (gaussian.covariance(), gaussian.dimension());
    let entries = rows
        .iter()
        .flat_map(|&i| columns.iter().map(move |&j| i * width + j));
    entries.map(|index| covariance[index]).collect()
}

fn check_columns(columns: &[usize], width: usize) -> Result<(), ParameterError> {
    let count = columns.len() as f64;
    ParameterError::require(count > 0.0, "columns", count, "must be at least 1")?;
    for (position, &column) in columns.iter().enumerate() {
        let fresh = !columns[..position].contains(&column);
        ParameterError::require(
            column < width && fresh,
            "column",
            column as f64,
            "must be one of the mixture's, and be named once",
        )?;
    }
    Ok(())
}

/// The distribution of the other columns given some: p(y | x), again a Gaussian mixture.
///
/// With the columns split into given x and others y, each component has
///
/// - E\[y | x, k\] = μ_y + Σ_yx Σ_xx⁻¹ (x − μ_x)
/// - Cov\[y | x, k\] = Σ_yy − Σ_yx Σ_xx⁻¹ Σ_xy, the same for every x
/// - weight π_k(x) ∝ π_k N(x | μ_x, Σ_xx)
///
/// [`mean`](Conditional::mean) is Gaussian mixture regression.
///
/// ```
/// use distributions::RowsView;
/// use gmm::GaussianMixture;
///
/// let values = [0.0, 0.1, 1.0, 0.9, 2.0, 2.2, 3.0, 2.9, 10.0, -9.8, 11.0, -11.1, 12.0, -12.3, 13.0, -12.8];
/// let fitted = GaussianMixture::builder(2).fit(RowsView::new(&values, 2))?;
/// let given = fitted.conditional(&[0])?;
/// assert!((given.mean(&[1.5])?[0] - 1.5).abs() < 0.1);
/// assert!((given.mean(&[11.5])?[0] + 11.5).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Bishop (2006), equations 2.81 and 2.82; Sung (2004), Gaussian mixture regression and classification.
#[derive(Clone, Debug)]
pub struct Conditional {
    components: Vec<Part>,
}

/// One component, split.
#[derive(Clone, Debug)]
struct Part {
    log_weight: f64,
    given: Gaussian,
    rest: Regression,
}

impl Part {
    fn new(gaussian: &Gaussian, weight: f64, given: &[usize], others: &[usize]) -> Self {
        let (given, rest) = gaussian.split(given, others);
        Part {
            log_weight: weight.ln(),
            given,
            rest,
        }
    }
    /// E\[y | x\].
    fn mean_at(&self, x: &[f64]) -> Vec<f64> {
        let pairs = x.iter().zip(self.given.mean());
        let shift: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
        self.rest.mean_at(&shift)
    }
}

impl Conditional {
    /// p(y | x), a Gaussian mixture over the columns that are not given, in their order.
    ///
    /// # Errors
    /// When `x` has another length than the given columns, a value is not finite, or all
    /// components have density 0 there.
    pub fn at(&self, x: &[f64]) -> Result<Mixture<Gaussians>, ParameterError> {
        let weights = self.weights(x)?;
        let components = self.components.iter();
        let components = components
            .map(|part| Gaussian::from_matrix(part.mean_at(x), part.rest.covariance.clone()));
        let set = Gaussians::new(
            CovarianceStructure::Full,
            components.collect::<Result<_, _>>()?,
        )?;
        Mixture::new(Weights::new(weights)?, set)
    }
    /// E\[y | x\] = Σ_k π_k(x) E\[y | x, k\]: Gaussian mixture regression.
    ///
    /// # Errors
    /// As [`at`](Conditional::at).
    pub fn mean(&self, x: &[f64]) -> Result<Vec<f64>, ParameterError> {
        Ok(total_mean(&self.weights(x)?, &self.means(x)))
    }
    /// Cov\[y | x\], row after row.
    ///
    /// # Errors
    /// As [`at`](Conditional::at).
    pub fn covariance(&self, x: &[f64]) -> Result<Vec<f64>, ParameterError> {
        let covariances = self
            .components
            .iter()
            .map(|part| part.rest.covariance.clone());
        let covariances: Vec<Vec<f64>> = covariances.collect();
        Ok(total_covariance(
            &self.weights(x)?,
            &self.means(x),
            &covariances,
        ))
    }
    fn means(&self, x: &[f64]) -> Vec<Vec<f64>> {
        self.components.iter().map(|part| part.mean_at(x)).collect()
    }
    /// π_k(x).
    fn weights(&self, x: &[f64]) -> Result<Vec<f64>, ParameterError> {
        let wanted = self.components[0].given.dimension();
        let length = x.len() as f64;
        ParameterError::require(
            x.len() == wanted,
            "length of x",
            length,
            "must be the number of given columns",
        )?;
        for &value in x {
            ParameterError::require(value.is_finite(), "x", value, "must be finite")?;
        }
        let parts = self.components.iter();
        let mut joint: Vec<f64> = parts
            .map(|part| part.log_weight + part.given.log_density(x))
            .collect();
        let mut total = [0.0];
        log_sum_exp_columns(&mut joint, 1, &mut total);
        ParameterError::require(
            total[0].is_finite(),
            "log-density of x",
            total[0],
            "must be finite: no component explains it",
        )?;
        Ok(joint)
    }
}

impl GaussianMixture {
    /// The distribution of some of the columns, in the order given: a Gaussian mixture.
    ///
    /// # Errors
    /// As [`Gaussian::marginal`].
    pub fn marginal(&self, columns: &[usize]) -> Result<Mixture<Gaussians>, ParameterError> {
        let components = self.components().iter().map(|one| one.marginal(columns));
        let set = Gaussians::new(
            CovarianceStructure::Full,
            components.collect::<Result<_, _>>()?,
        )?;
        Mixture::new(self.mixture().weights().clone(), set)
    }
    /// The distribution of the other columns given these: for regression, and for filling in what is
    /// missing.
    ///
    /// # Errors
    /// When no column is given, or none is left; when one does not exist or is named twice.
    pub fn conditional(&self, given: &[usize]) -> Result<Conditional, ParameterError> {
        check_columns(given, self.dimension())?;
        let others = (0..self.dimension()).filter(|column| !given.contains(column));
        let others: Vec<usize> = others.collect();
        let left = others.len() as f64;
        ParameterError::require(left > 0.0, "columns not given", left, "must be at least 1")?;
        let pairs = self.weights().iter().zip(self.components());
        let components = pairs.map(|(&weight, one)| Part::new(one, weight, given, &others));
        Ok(Conditional {
            components: components.collect(),
        })
    }
}
