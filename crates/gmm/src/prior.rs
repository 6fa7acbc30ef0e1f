//! The conjugate prior of means and covariances.

use crate::covariance::CovarianceStructure;
use crate::gaussian::Gaussian;
use crate::matrix::{MatrixView, Real};
use crate::scatter::Scatter;
use distributions::{ParameterError, Statistics, View};

/// The normal–inverse-Wishart prior of each component's (μ, Σ): μ given Σ is N(m, Σ/κ), and Σ is
/// inverse-Wishart with ν degrees of freedom and scale Λ. Spherical and diagonal covariances have the
/// normal–inverse-gamma prior instead.
///
/// # Density
/// Up to a constant,
///
/// ln p(μ, Σ) = −½ (c ln det Σ + tr Σ⁻¹S) − ½ (ln det Σ + κ (μ − m)ᵀΣ⁻¹(μ − m)),
///
/// the second half only where κ > 0, and with d columns
///
/// | structure | c | S |
/// |---|---|---|
/// | with orientations (EEE … VVV) | ν + d + 1 | Λ |
/// | diagonal (EEI, VEI, EVI, VVI): every variance inverse-gamma(ν/2, Λ_jj/2) | ν + 2 | diag Λ |
/// | spherical (EII, VII): inverse-gamma(ν/2, tr Λ/(2d)) | (ν + 2)/d | (tr Λ/d²) I |
///
/// In one column all three agree. Where one covariance serves all components (EII, EEI, EEE) its
/// half counts once, the means' K times. Under the other structures the prior of all components is the
/// product of theirs, within the class.
///
/// # M-step
/// The mode in (μ, Σ): the structure's own M-step, from N_k + c + 1 in place of N_k, means
/// (N_k x̄_k + κ m)/(N_k + κ), and W_k + S + κ N_k/(N_k + κ) (x̄_k − m)(x̄_k − m)ᵀ in place of W_k. For full
/// covariances the divisor is ν + N_k + d + 2. It exists for any data; where κ > 0, also for a
/// component of no row.
///
/// # Example
/// ```
/// use distributions::RowsView;
/// use gmm::{CovarianceStructure, GaussianMixture, Prior};
///
/// // Identical rows in the first clump: no maximum of the likelihood, but one of the posterior.
/// let values = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 6.0, 6.2, 5.7, 6.1, 6.4, 5.9];
/// let rows = RowsView::new(&values, 2);
/// let structure = CovarianceStructure::Full;
/// let prior = Prior::fraley_raftery(rows, None, 2, structure)?;
/// let fitted = GaussianMixture::builder(2)
///     .covariance(structure)
///     .prior(prior)
///     .fit(rows)?;
/// let report = fitted.report();
/// assert!(report.objective != report.log_likelihood);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Fraley & Raftery (2007), Bayesian Regularization for Normal Mixture Estimation and Model-Based
/// Clustering. Journal of Classification 24, 155–181.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// N(m, Λ).
    centre: Gaussian,
    shrinkage: f64,
    df: f64,
}

/// κ of [`Prior::fraley_raftery`].
const SHRINKAGE: f64 = 0.01;

impl Prior {
    /// The prior with mean m, shrinkage κ, ν degrees of freedom and scale Λ, given as rows.
    ///
    /// # Errors
    /// When `mean` or `scale` is no mean or covariance of a [`Gaussian`], `shrinkage` is negative or not
    /// finite, or `df` is not finite and above d − 1.
    pub fn new(
        mean: Vec<f64>,
        shrinkage: f64,
        df: f64,
        scale: &[Vec<f64>],
    ) -> Result<Self, ParameterError> {
        Self::about(Gaussian::new(mean, scale)?, shrinkage, df)
    }
    pub(crate) fn about(centre: Gaussian, shrinkage: f64, df: f64) -> Result<Self, ParameterError> {
        ParameterError::require(
            shrinkage >= 0.0 && shrinkage.is_finite(),
            "shrinkage",
            shrinkage,
            "must be non-negative and finite",
        )?;
        ParameterError::require(
            df > centre.dimension() as f64 - 1.0 && df.is_finite(),
            "df",
            df,
            "must be finite, and more than the number of columns less 1",
        )?;
        Ok(Prior {
            centre,
            shrinkage,
            df,
        })
    }
    /// The prior that Fraley & Raftery (2007) propose for K components: the mean of the rows, κ = 0.01,
    /// ν = d + 2, and their covariance (with divisor n − 1) divided by K^(2/d), so that K ellipsoids of this
    /// size fill the volume of the whole; for spherical and diagonal structures the average of
    /// its diagonal, in every column.
    ///
    /// `row_weights` are frequencies: a row of weight 2 is two rows.
    ///
    /// # Errors
    /// When the covariance is not positive definite, or the rows weigh no more than one.
    ///
    /// # Panics
    /// When there are not as many weights as rows.
    pub fn fraley_raftery<'v, T: Real>(
        rows: impl Into<MatrixView<'v, T>>,
        row_weights: Option<&[f64]>,
        components: usize,
        structure: CovarianceStructure,
    ) -> Result<Self, ParameterError> {
        let rows = rows.into();
        if let Some(weights) = row_weights {
            assert_eq!(weights.len(), rows.len(), "a weight for each row");
        }
        let d = rows.width();
        let mut whole = Scatter::new(d, true);
        for i in 0..rows.len() {
            let weight = row_weights.map_or(1.0, |weights| weights[i]);
            if weight > 0.0 {
                rows.with_row(i, |row| whole.add(row, weight));
            }
        }
        ParameterError::require(
            whole.weight() > 1.0,
            "weight of all rows",
            whole.weight(),
            "must be more than 1 to have a covariance",
        )?;
        let share = (components.max(1) as f64).powf(-2.0 / d as f64) / (whole.weight() - 1.0);
        let mean = whole.mean().to_vec();
        let centre = if structure.needs_full_scatter() {
            let scale = whole.matrix().into_iter().map(|square| square * share);
            Gaussian::from_matrix(mean, scale.collect())
        } else {
            let average = whole.diagonal().iter().sum::<f64>() / d as f64;
            Gaussian::spherical(mean, average * share)
        };
        Self::about(centre?, SHRINKAGE, d as f64 + 2.0)
    }
    /// The same with another κ.
    ///
    /// # Errors
    /// As [`new`](Prior::new).
    pub fn with_shrinkage(self, shrinkage: f64) -> Result<Self, ParameterError> {
        Self::about(self.centre, shrinkage, self.df)
    }
    /// The same with another ν.
    ///
    /// # Errors
    /// As [`new`](Prior::new).
    pub fn with_df(self, df: f64) -> Result<Self, ParameterError> {
        Self::about(self.centre, self.shrinkage, df)
    }
    /// m.
    pub fn mean(&self) -> &[f64] {
        self.centre.mean()
    }
    /// κ: how many rows the prior of a mean is worth.
    pub fn shrinkage(&self) -> f64 {
        self.shrinkage
    }
    /// ν.
    pub fn df(&self) -> f64 {
        self.df
    }
    /// Λ, as rows.
    pub fn scale(&self) -> Vec<Vec<f64>> {
        self.centre.covariance_rows()
    }
    /// N(m, Λ).
    pub(crate) fn centre(&self) -> &Gaussian {
        &self.centre
    }
    /// The number of columns d.
    pub fn dimension(&self) -> usize {
        self.centre.dimension()
    }

    /// What an M-step of `structure` over K components sees: the rows of `parts`, and the prior as more
    /// of them.
    pub(crate) fn added_to(
        &self,
        parts: &[Scatter],
        structure: CovarianceStructure,
    ) -> Vec<Scatter> {
        let half = CovarianceHalf::new(self, structure, parts.len());
        let means = if self.shrinkage > 0.0 { 1.0 } else { 0.0 };
        let added = |part: &Scatter| {
            // Without a prior of the mean, no row leaves the mean undetermined.
            if !(part.weight() + self.shrinkage > 0.0) {
                return part.clone();
            }
            let count = part.weight() + half.count + means;
            part.with_pseudo_rows(self.mean(), self.shrinkage, &half.squares(), count)
        };
        parts.iter().map(added).collect()
    }
    /// The logarithm of the prior density of all components, up to a constant.
    pub(crate) fn log_density(
        &self,
        components: &[Gaussian],
        structure: CovarianceStructure,
    ) -> f64 {
        let half = CovarianceHalf::new(self, structure, components.len());
        let of = |component: &Gaussian| {
            let log_determinant = component.log_determinant();
            let mut sum = half.count * log_determinant + half.trace(component);
            if self.shrinkage > 0.0 {
                let differences = component.mean().iter().zip(self.mean());
                let mut centred: Vec<f64> = differences.map(|(a, b)| a - b).collect();
                component.factor().solve(&mut centred);
                let form: f64 = centred.iter().map(|z| z * z).sum();
                sum += log_determinant + self.shrinkage * form;
            }
            -0.5 * sum
        };
        components.iter().map(of).sum()
    }
}

/// −½ (c ln det Σ + tr Σ⁻¹S), for each component its share.
struct CovarianceHalf {
    count: f64,
    /// R with S = R Rᵀ, lower triangular, row-major.
    root: Vec<f64>,
    dimension: usize,
}

impl CovarianceHalf {
    fn new(prior: &Prior, structure: CovarianceStructure, components: usize) -> Self {
        let (d, centre) = (prior.dimension(), &prior.centre);
        let columns = d as f64;
        let mut root = vec![0.0; d * d];
        let count = if structure.is_spherical() {
            let trace: f64 = (0..d).map(|j| centre.variance(j)).sum();
            (0..d).for_each(|j| root[j * d + j] = trace.sqrt() / columns);
            (prior.df + 2.0) / columns
        } else if structure.needs_full_scatter() {
            (0..d * d)
                .filter(|n| n % d <= n / d)
                .for_each(|n| root[n] = centre.factor().at(n / d, n % d));
            prior.df + columns + 1.0
        } else {
            (0..d).for_each(|j| root[j * d + j] = centre.variance(j).sqrt());
            prior.df + 2.0
        };
        // A covariance that serves all components has one prior, not one for each.
        let share = if structure.is_pooled() {
            1.0 / components as f64
        } else {
            1.0
        };
        root.iter_mut().for_each(|entry| *entry *= share.sqrt());
        CovarianceHalf {
            count: count * share,
            root,
            dimension: d,
        }
    }
    /// S, row-major.
    fn squares(&self) -> Vec<f64> {
        let d = self.dimension;
        let row = |i: usize| &self.root[i * d..(i + 1) * d];
        (0..d * d)
            .map(|n| crate::linalg::inner(row(n / d), row(n % d)))
            .collect()
    }
    /// tr Σ⁻¹S = |L⁻¹R|².
    fn trace(&self, component: &Gaussian) -> f64 {
        let d = self.dimension;
        let mut column = vec![0.0; d];
        let mut sum = 0.0;
        for j in 0..d {
            (0..d).for_each(|i| column[i] = self.root[i * d + j]);
            component.factor().solve(&mut column);
            sum += column.iter().map(|z| z * z).sum::<f64>();
        }
        sum
    }
}

/// Files: `{"mean": [..], "shrinkage": κ, "df": ν, "scale": [[..], ..]}`.
#[cfg(feature = "serde")]
mod serde_form {
    use super::Prior;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Parameters {
        mean: Vec<f64>,
        shrinkage: f64,
        df: f64,
        scale: Vec<Vec<f64>>,
    }

    impl Serialize for Prior {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            Parameters {
                mean: self.mean().to_vec(),
                shrinkage: self.shrinkage,
                df: self.df,
                scale: self.scale(),
            }
            .serialize(to)
        }
    }

    impl<'de> Deserialize<'de> for Prior {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let read = Parameters::deserialize(from)?;
            Prior::new(read.mean, read.shrinkage, read.df, &read.scale).map_err(D::Error::custom)
        }
    }
}
