//! The friendly door: a Gaussian mixture, fitted and asked.

mod builder;

pub use builder::GaussianMixtureBuilder;

use crate::gaussian::Gaussian;
use crate::matrix::{MatrixView, OverMatrix, Real, RowSet};
use crate::missing::observed_weights;
use crate::set::Gaussians;
use distributions::{Component, Multivariate, RowsBuffer, Sample};
use em::{
    Data, Evaluation, FitError, FitReport, Mixture, Posterior, stream, total_covariance, total_mean,
};

/// A fitted Gaussian mixture p(x) = Σ_k π_k N(x | μ_k, Σ_k).
///
/// ```
/// use distributions::RowsView;
/// use gmm::{CovarianceStructure, GaussianMixture};
///
/// let values = [
///     0.0, 0.1, 0.2, -0.1, 0.1, 0.3, -0.2, 0.1, // four rows about (0, 0)
///     5.0, 5.2, 5.1, 4.9, 5.3, 5.0, 4.8, 5.1, // and four about (5, 5)
/// ];
/// let rows = RowsView::new(&values, 2);
/// let fitted = GaussianMixture::builder(2)
///     .covariance(CovarianceStructure::Diagonal)
///     .seed(1)
///     .fit(rows)?;
/// let labels = fitted.predict(rows)?;
/// assert_eq!(labels[0], labels[3]);
/// assert_ne!(labels[0], labels[4]);
/// assert!(fitted.bic(rows)? < GaussianMixture::builder(1).fit(rows)?.bic(rows)?);
/// # Ok::<(), em::FitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GaussianMixture {
    mixture: Mixture<Gaussians>,
    report: FitReport,
    /// Whether NaN is a missing cell in the rows it is asked about.
    missing_cells: bool,
}

impl GaussianMixture {
    /// A fit of `components` components, with defaults that suit most.
    pub fn builder<'a>(components: usize) -> GaussianMixtureBuilder<'a> {
        GaussianMixtureBuilder::new(components)
    }
    /// The same mixture, for rows in which NaN is a missing cell: a row is scored by the density of its
    /// observed cells, which is 1 where there are none.
    pub fn with_missing_cells(mut self) -> Self {
        self.missing_cells = true;
        self
    }
    /// The mixture itself: for everything that crate `em` does with mixtures.
    pub fn mixture(&self) -> &Mixture<Gaussians> {
        &self.mixture
    }
    /// The mixture itself.
    pub fn into_mixture(self) -> Mixture<Gaussians> {
        self.mixture
    }
    /// How the fit went.
    pub fn report(&self) -> &FitReport {
        &self.report
    }
    /// The number of components K.
    pub fn len(&self) -> usize {
        self.mixture.len()
    }
    /// Never: a mixture has at least one component.
    pub fn is_empty(&self) -> bool {
        false
    }
    /// The number of columns d.
    pub fn dimension(&self) -> usize {
        self.mixture.components().dimension()
    }
    /// π, K numbers.
    pub fn weights(&self) -> &[f64] {
        self.mixture.weights()
    }
    /// N(μ_k, Σ_k) for each k.
    pub fn components(&self) -> &[Gaussian] {
        self.mixture.components().components()
    }
    /// μ_k, K vectors of d numbers.
    pub fn means(&self) -> Vec<&[f64]> {
        self.components().iter().map(Gaussian::mean).collect()
    }
    /// Σ_k, K row-major d × d matrices.
    pub fn covariances(&self) -> Vec<Vec<f64>> {
        self.components().iter().map(Gaussian::covariance).collect()
    }
    /// The mean of the whole, E\[X\] = Σ_k π_k μ_k.
    pub fn mean(&self) -> Vec<f64> {
        let means: Vec<Vec<f64>> = self.components().iter().map(Multivariate::mean).collect();
        total_mean(self.weights(), &means)
    }
    /// The covariance of the whole, Σ_k π_k (Σ_k + (μ_k − E X)(μ_k − E X)ᵀ), row-major.
    pub fn covariance(&self) -> Vec<f64> {
        let means: Vec<Vec<f64>> = self.components().iter().map(Multivariate::mean).collect();
        total_covariance(self.weights(), &means, &self.covariances())
    }
    /// The number of free parameters.
    pub fn parameter_count(&self) -> usize {
        self.mixture.parameter_count()
    }

    /// ln p(x_i) and p(z_i = k | x_i) for every row.
    ///
    /// # Errors
    /// When the number of columns differs.
    pub fn posterior<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<Posterior, FitError> {
        let rows = rows.into();
        self.check(rows)?;
        Ok(if self.missing_cells {
            over(self.incomplete()).posterior(rows)
        } else {
            over(self.mixture.clone()).posterior(rows)
        })
    }
    /// The most probable component of every row, ties to the lowest.
    ///
    /// # Errors
    /// When the number of columns differs, or a row is not finite.
    pub fn predict<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<Vec<usize>, FitError> {
        self.posterior(rows)?.labels()
    }
    /// The n × K row-major matrix of p(z_i = k | x_i).
    ///
    /// # Errors
    /// When the number of columns differs.
    pub fn predict_proba<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<Vec<f64>, FitError> {
        Ok(self.posterior(rows)?.responsibilities)
    }
    /// ln p(x_i) for every row.
    ///
    /// # Errors
    /// When the number of columns differs.
    pub fn score_samples<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<Vec<f64>, FitError> {
        let rows = rows.into();
        self.check(rows)?;
        Ok(if self.missing_cells {
            over(self.incomplete()).score_rows(rows)
        } else {
            over(self.mixture.clone()).score_rows(rows)
        })
    }
    /// The mean of ln p(x_i) over the rows.
    ///
    /// # Errors
    /// As [`evaluate`](GaussianMixture::evaluate).
    pub fn score<'v, T: Real>(&self, rows: impl Into<MatrixView<'v, T>>) -> Result<f64, FitError> {
        let evaluation = self.evaluate(rows)?;
        Ok(evaluation.log_likelihood / evaluation.observations)
    }
    /// Σ_i ln p(x_i).
    ///
    /// # Errors
    /// As [`evaluate`](GaussianMixture::evaluate).
    pub fn log_likelihood<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<f64, FitError> {
        Ok(self.evaluate(rows)?.log_likelihood)
    }
    /// −2L + 2p; smaller is better.
    ///
    /// # Errors
    /// As [`evaluate`](GaussianMixture::evaluate).
    pub fn aic<'v, T: Real>(&self, rows: impl Into<MatrixView<'v, T>>) -> Result<f64, FitError> {
        Ok(self.evaluate(rows)?.aic)
    }
    /// −2L + p ln n; smaller is better.
    ///
    /// # Errors
    /// As [`evaluate`](GaussianMixture::evaluate).
    pub fn bic<'v, T: Real>(&self, rows: impl Into<MatrixView<'v, T>>) -> Result<f64, FitError> {
        Ok(self.evaluate(rows)?.bic)
    }
    /// bic − 2 Σ_i ln max_k r_ik; smaller is better.
    ///
    /// # Errors
    /// As [`evaluate`](GaussianMixture::evaluate).
    pub fn icl<'v, T: Real>(&self, rows: impl Into<MatrixView<'v, T>>) -> Result<f64, FitError> {
        Ok(self.evaluate(rows)?.icl)
    }
    /// Log-likelihood and all criteria of rows of weight 1. For rows with weights, use
    /// [`Mixture::evaluate`] of [`mixture`](GaussianMixture::mixture).
    ///
    /// # Errors
    /// When the number of columns differs, or naming the first row with no finite density.
    pub fn evaluate<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<Evaluation, FitError> {
        let rows = rows.into();
        self.check(rows)?;
        let mut data = Data::new(rows);
        if self.missing_cells {
            let weights = observed_weights(data);
            data.row_weights = weights.as_deref();
            return over(self.incomplete()).evaluate(data);
        }
        over(self.mixture.clone()).evaluate(data)
    }
    /// Draws `count` rows; the same seed gives the same rows.
    pub fn sample(&self, count: usize, seed: u64) -> RowsBuffer<f64> {
        self.mixture.sample(&mut stream(seed, 0), count)
    }
    /// Draws `count` rows with the components they came from.
    pub fn sample_with_labels(&self, count: usize, seed: u64) -> (RowsBuffer<f64>, Vec<usize>) {
        self.mixture.sample_with_labels(&mut stream(seed, 0), count)
    }

    pub(crate) fn check<T: Real>(&self, rows: MatrixView<'_, T>) -> Result<(), FitError> {
        if rows.width() == self.dimension() {
            return Ok(());
        }
        Err(FitError::Shape(format!(
            "{} columns, but the model has {}",
            rows.width(),
            self.dimension()
        )))
    }
}

/// The mixture over rows in any layout.
fn over<S: RowSet, T: Real>(mixture: Mixture<S>) -> Mixture<OverMatrix<S, T>> {
    mixture.with_components(OverMatrix::new)
}
