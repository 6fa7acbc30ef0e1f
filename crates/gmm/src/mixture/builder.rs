//! What is to be fitted, and how.

use super::GaussianMixture;
use crate::covariance::CovarianceStructure;
use crate::kmeans::{KMeans, KMeansStart};
use crate::known::Known;
use crate::matrix::{MatrixView, Real, fit_matrix};
use crate::means::Means;
use crate::missing::fit_observed;
use crate::prior::Prior;
use crate::set::Gaussians;
use distributions::View;
use em::{Acceleration, Allowed, Data, Fit, FitError, Mixture, OnDegenerate, Options, Start};

/// From as many columns on a fit starts from clusters: docs/decisions/0007.
const CLUSTERED: usize = 8;

/// What is to be fitted, and how; made by [`GaussianMixture::builder`].
#[derive(Clone, Debug)]
pub struct GaussianMixtureBuilder<'a> {
    components: usize,
    structure: CovarianceStructure,
    options: Options,
    acceleration: Acceleration,
    prior: Option<Prior>,
    eigenvalue_ratio: Option<f64>,
    means: Means,
    row_weights: Option<&'a [f64]>,
    start: Option<Start<'a>>,
    model: Option<&'a Mixture<Gaussians>>,
    missing_cells: bool,
    known_labels: Option<&'a [Option<u32>]>,
    allowed: Option<Allowed<'a>>,
    single_precision: bool,
}

impl<'a> GaussianMixtureBuilder<'a> {
    pub(super) fn new(components: usize) -> Self {
        GaussianMixtureBuilder {
            components,
            structure: CovarianceStructure::Full,
            options: Options::default(),
            acceleration: Acceleration::default(),
            prior: None,
            eigenvalue_ratio: None,
            means: Means::Free,
            row_weights: None,
            start: None,
            model: None,
            missing_cells: false,
            known_labels: None,
            allowed: None,
            single_precision: false,
        }
    }
    /// The covariance structure; full by default.
    pub fn covariance(mut self, structure: CovarianceStructure) -> Self {
        self.structure = structure;
        self
    }
    /// A prior of each component's mean and covariance, as [`Prior::fraley_raftery`] makes it: the fit then
    /// maximises log-likelihood + ln prior.
    pub fn prior(mut self, prior: Prior) -> Self {
        self.prior = Some(prior);
        self
    }
    /// The largest ratio of any two eigenvalues of the covariances, of one component or of two; see
    /// [`Gaussians::with_eigenvalue_ratio`].
    pub fn eigenvalue_ratio(mut self, ratio: f64) -> Self {
        self.eigenvalue_ratio = Some(ratio);
        self
    }
    /// Which means are estimated: one for each component by default.
    pub fn means(mut self, means: Means) -> Self {
        self.means = means;
        self
    }
    /// What to do with a component that has no estimate; the default fails, naming it.
    pub fn on_degenerate(mut self, on_degenerate: OnDegenerate) -> Self {
        self.options.on_degenerate = on_degenerate;
        self
    }
    /// How many times to start where the start is random; default 10.
    pub fn restarts(mut self, restarts: usize) -> Self {
        self.options.restarts = restarts;
        self
    }
    /// The seed of all randomness; default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }
    /// Stop when the estimated remaining gain is below this many nats in total; default 1e-7.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.options.tolerance = tolerance;
        self
    }
    /// How iterations are accelerated; [`Acceleration::Daarem`] by default, which takes fewer passes over the data and never lowers
    /// the log-likelihood. [`Acceleration::None`] is plain EM.
    pub fn acceleration(mut self, acceleration: Acceleration) -> Self {
        self.acceleration = acceleration;
        self
    }
    /// The most iterations; default 10 000.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.options.max_iterations = max_iterations;
        self
    }
    /// Threads; 0, the default, uses every core. The result has the same bits for any number.
    pub fn threads(mut self, threads: usize) -> Self {
        self.options.threads = threads;
        self
    }
    /// One weight w_i ≥ 0 for each row: frequencies, possibly fractional.
    pub fn row_weights(mut self, row_weights: &'a [f64]) -> Self {
        self.row_weights = Some(row_weights);
        self
    }
    /// Where the fit starts; by default [`Start::Alternating`] (spread and random rows in turn), from eight columns on
    /// [`Start::PartitionAlternating`] with [k-means](KMeansStart) over the columns divided by their standard deviations
    /// (clusters and random rows in turn; not with missing cells or what is known of the rows), or the
    /// [known labels](GaussianMixtureBuilder::known_labels) where every component has one.
    pub fn start(mut self, start: Start<'a>) -> Self {
        self.start = Some(start);
        self
    }
    /// Starts from this model; it gives the number of components too.
    pub fn start_model(mut self, model: &'a Mixture<Gaussians>) -> Self {
        self.model = Some(model);
        self
    }

    /// Takes NaN for a missing cell, in the fit and in the rows that the fitted mixture is asked about:
    /// exact EM on the observed cells, as [`IncompleteGaussians`](crate::IncompleteGaussians) says. Rows
    /// with no observed cell do not count. Without it, NaN is refused.
    ///
    /// ```
    /// use distributions::RowsView;
    /// use gmm::GaussianMixture;
    ///
    /// const NONE: f64 = f64::NAN;
    /// let values = [
    ///     0.0, 0.1, 0.2, NONE, 0.1, 0.3, -0.2, 0.1, NONE, NONE, // about (0, 0), and a row of nothing
    ///     5.0, 5.2, NONE, 4.9, 5.3, 5.0, 4.8, 5.1, // about (5, 5)
    /// ];
    /// let rows = RowsView::new(&values, 2);
    /// let builder = GaussianMixture::builder(2);
    /// assert!(builder.clone().fit(rows).is_err());
    /// let fitted = builder.missing_cells().fit(rows)?;
    /// let labels = fitted.predict(rows)?;
    /// assert_eq!((labels[0], labels[6]), (labels[1], labels[5]));
    /// assert_ne!(labels[1], labels[6]);
    /// # Ok::<(), em::FitError>(())
    /// ```
    pub fn missing_cells(mut self) -> Self {
        self.missing_cells = true;
        self
    }
    /// What is known: a row with a label belongs to that component, whatever its cells say; the others
    /// are free (semi-supervised). Where every component has a labelled row and no other start is named,
    /// the fit starts from them, and component k is the one that label k means.
    ///
    /// ```
    /// use distributions::RowsView;
    /// use gmm::GaussianMixture;
    ///
    /// let values = [0.0, 0.3, 0.1, 1.9, 2.2, 2.4, 1.2, 0.2];
    /// let known = [Some(1), None, None, None, None, Some(0), Some(1), None];
    /// let rows = RowsView::new(&values, 1);
    /// let fitted = GaussianMixture::builder(2).known_labels(&known).start(em::Start::Spread).fit(rows)?;
    /// assert!(fitted.means()[1] < fitted.means()[0]);
    /// # Ok::<(), em::FitError>(())
    /// ```
    pub fn known_labels(mut self, labels: &'a [Option<u32>]) -> Self {
        self.known_labels = Some(labels);
        self
    }
    /// What is known in part: rows that may come from some components only, or from some rather than
    /// others. Instead of [`known_labels`](GaussianMixtureBuilder::known_labels).
    pub fn allowing(mut self, allowed: Allowed<'a>) -> Self {
        self.allowed = Some(allowed);
        self
    }

    /// Iterates in single precision as far as that leads, about twice as fast, and from there in double precision: the
    /// estimates are as good as without it. Meant for many rows of `f32`, though rows may be of `f64`. Iterates for which
    /// single precision will not do are computed in double, see [`Gaussians::with_single_precision`]; so are all of
    /// them if the rows are far from each other in deviations, or their columns nearly collinear.
    ///
    /// The objectives of starts are those of single precision, known to some 6e-8 of themselves; no warning
    /// compares them more closely. Not with missing cells or known labels, which are fitted in double precision.
    ///
    /// ```
    /// use gmm::{GaussianMixture, MatrixView};
    ///
    /// let values: [f32; 12] = [1.0, 0.9, 1.2, 6.0, 5.7, 6.4, 1.1, 1.3, 0.8, 6.2, 6.1, 5.9];
    /// let rows = MatrixView::column_major(&values, 1)?;
    /// let builder = GaussianMixture::builder(2);
    /// let double = builder.clone().fit(rows)?;
    /// let single = builder.single_precision().fit(rows)?;
    /// let (double, single) = (double.report().objective, single.report().objective);
    /// assert!((double - single).abs() < 1e-7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn single_precision(mut self) -> Self {
        self.single_precision = true;
        self
    }

    /// Fits the mixture to an n × d matrix of rows: of `f64` or `f32`, in any layout ([`MatrixView`]), of which
    /// no copy is made.
    ///
    /// # Errors
    /// See [`FitError`]: rows that are not finite, more components than rows, or a likelihood without
    /// a maximum (a component that collapses on a point or a plane), naming the component, the
    /// column and the effective count.
    pub fn fit<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<GaussianMixture, FitError> {
        let rows = rows.into();
        if rows.width() == 0 {
            return Err(FitError::Shape("a row needs at least one column".into()));
        }
        if self.components == 0 {
            return Err(FitError::Shape(
                "a mixture needs at least one component".into(),
            ));
        }
        let (template, given) = match self.model {
            Some(model) => (self.restructured(model)?, Some(Start::Model)),
            None => {
                let set = Gaussians::standard(self.structure, self.components, rows.width());
                (Mixture::uniform(set), self.start)
            }
        };
        let known = match (self.known_labels, self.allowed) {
            (Some(_), Some(_)) => {
                return Err(FitError::Shape(
                    "known labels are restrictions: give one or the other".into(),
                ));
            }
            (Some(labels), None) => Some(Known::new(labels, rows.len(), template.len())?),
            (None, _) => None,
        };
        let labelled = self.known_labels.map(Start::Labels);
        let labelled = labelled.filter(|_| known.as_ref().is_some_and(|known| known.all_labelled));
        let given = given.or(labelled);
        let clusters = match given {
            None => self.clusters(rows),
            Some(_) => None,
        };
        let usual = match &clusters {
            Some(clusters) => Start::PartitionAlternating(clusters),
            None => Start::Alternating,
        };
        let start = given.unwrap_or(usual);
        let template = self.restrained(template)?;
        let mut data = Data::new(rows);
        data.row_weights = self.row_weights;
        data.allowed = known.as_ref().map(Known::allowed).or(self.allowed);
        let fit = if self.single_precision {
            self.fit_in_single(template, data, start)?
        } else if self.missing_cells {
            fit_observed(template, data, start, &self.options, self.acceleration)?
        } else {
            fit_matrix(template, data, start, &self.options, self.acceleration)?
        };
        Ok(GaussianMixture {
            mixture: fit.model,
            report: fit.report,
            missing_cells: self.missing_cells,
        })
    }
    /// k-means as the usual start of fits of many columns, where it knows all that matters.
    fn clusters<'v, T: Real>(&self, rows: MatrixView<'v, T>) -> Option<KMeansStart<'v, T>> {
        let known = self.known_labels.is_some() || self.allowed.is_some();
        if rows.width() < CLUSTERED || known || self.missing_cells {
            return None;
        }
        let mut builder = KMeans::builder(self.components)
            .standardized(true)
            .threads(self.options.threads);
        if let Some(weights) = self.row_weights {
            builder = builder.row_weights(weights);
        }
        // What is wrong with the rows the fit says.
        KMeansStart::with_own_weights(builder, rows).ok()
    }
    /// First in single precision, then in double.
    fn fit_in_single<T: Real>(
        &self,
        template: Mixture<Gaussians>,
        data: Data<'_, MatrixView<'_, T>>,
        start: Start<'_>,
    ) -> Result<Fit<Mixture<Gaussians>>, FitError> {
        if self.missing_cells || data.allowed.is_some() {
            return Err(FitError::Shape(
                "rows with missing cells or known labels are fitted in double precision".into(),
            ));
        }
        let single = template.with_components(|set| set.with_single_precision(true));
        let first = fit_matrix(single, data, start, &self.options, self.acceleration)?;
        let done = first.report.trace.len() - 1;
        let left = self.options.max_iterations.saturating_sub(done);
        let options = self.options.clone().max_iterations(left);
        let model = (first.model).with_components(|set| set.with_single_precision(false));
        let second = fit_matrix(model, data, Start::Model, &options, self.acceleration)?;
        Ok(Fit {
            model: second.model,
            report: first.report.followed_by(second.report),
        })
    }
    /// The model under this builder's prior and bounds.
    fn restrained(&self, model: Mixture<Gaussians>) -> Result<Mixture<Gaussians>, FitError> {
        let wrong = |error: &dyn std::fmt::Display| FitError::Shape(error.to_string());
        let mut set = model.components().clone();
        if let Some(prior) = &self.prior {
            set = set
                .with_prior(prior.clone())
                .map_err(|error| wrong(&error))?;
        }
        if let Some(ratio) = self.eigenvalue_ratio {
            set = set
                .with_eigenvalue_ratio(ratio)
                .map_err(|error| wrong(&error))?;
        }
        if self.means == Means::Fixed && self.model.is_none() {
            return Err(FitError::Shape(
                "means that are fixed need a model to start from, which has them".into(),
            ));
        }
        set = set.with_means(self.means).map_err(|error| wrong(&error))?;
        Mixture::new(model.weights().clone(), set).map_err(|error| wrong(&error))
    }
    /// The model under this builder's structure.
    fn restructured(&self, model: &Mixture<Gaussians>) -> Result<Mixture<Gaussians>, FitError> {
        let components = model.components().components().to_vec();
        Gaussians::new(self.structure, components)
            .and_then(|set| Mixture::new(model.weights().clone(), set))
            .map_err(|error| FitError::Shape(error.to_string()))
    }
}
