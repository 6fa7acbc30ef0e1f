//! K Gaussians under one covariance structure.

use crate::covariance::CovarianceStructure;
use crate::first_step;
use crate::gaussian::{Gaussian, check_row};
use crate::kernel::{self, CommonFactor, Discriminants, SingleGaussians, Way};
use crate::matrix::{MatrixView, Real};
use crate::means::{Means, shared_mean};
use crate::prior::Prior;
use crate::scatter::Scatter;
use crate::statistics::GaussianStatistics;
use crate::variance_bound::VarianceBound;
use distributions::{
    BLOCK_ROWS, Component, Density, EstimateError, ParameterError, Reason, Rows, RowsBuffer,
    RowsView, Sample, Scratch, View,
};
use em::{ComponentSet, SampleSet, Shares, SoftBlock, Tally};
use rand::Rng;
use std::sync::Arc;

/// The components of a Gaussian mixture: K Gaussians in d columns, whose covariances are estimated
/// together under one [`CovarianceStructure`].
///
/// # M-step
/// With N_k = Σ_i w_i r_ik, μ_k = Σ_i w_i r_ik x_i / N_k and W_k = Σ_i w_i r_ik (x_i − μ_k)(x_i − μ_k)ᵀ,
/// the covariances maximise −½ Σ_k (N_k ln det Σ_k + tr Σ_k⁻¹ W_k) under the structure. With a [`Prior`] the
/// M-step is the mode of the posterior.
///
/// # Files
/// A list of `{"mean": [..], "covariance": [[..], ..]}`. The structure is not in it: it belongs to the
/// specification of the model, and is given to [`Gaussians::new`] when the list is read.
///
/// ```
/// use em::{Data, Options, Start, Mixture, fit_from};
/// use distributions::RowsView;
/// use gmm::{CovarianceStructure, Gaussians};
///
/// let values = [0.0, 0.1, 0.2, -0.1, 0.1, 0.3, 5.0, 5.2, 5.1, 4.9, 5.3, 5.0];
/// let rows = RowsView::new(&values, 2);
/// let template = Mixture::uniform(Gaussians::standard(CovarianceStructure::Tied, 2, 2));
/// let labels = [0, 0, 0, 1, 1, 1].map(Some);
/// let start = Start::Labels(&labels);
/// let fitted = fit_from(&template, Data::new(rows), start, &Options::default())?;
/// let components = fitted.model.components();
/// assert!((components[0].mean()[0] - 0.1).abs() < 1e-12);
/// assert_eq!(components[0].covariance(), components[1].covariance());
/// # Ok::<(), em::FitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussians {
    structure: CovarianceStructure,
    components: Vec<Gaussian>,
    prior: Option<Arc<Prior>>,
    bound: Option<VarianceBound>,
    means: Means,
    single_precision: bool,
    /// What the kernels of single precision read, where it is asked for and precise enough.
    single: Option<Arc<SingleGaussians>>,
    /// What the kernels of one covariance for all read, where that is so and precise enough.
    common: Option<Arc<CommonFactor>>,
    /// Where means lie furthest apart; a function of the components.
    discriminants: Arc<Discriminants>,
}

impl Gaussians {
    /// These components under this structure. Covariances outside it are allowed: the first M-step
    /// brings them in.
    ///
    /// # Errors
    /// When there is no component, or dimensions differ.
    pub fn new(
        structure: CovarianceStructure,
        components: Vec<Gaussian>,
    ) -> Result<Self, ParameterError> {
        let count = components.len();
        ParameterError::require(
            count > 0,
            "number of components",
            count as f64,
            "must be at least 1",
        )?;
        let dimension = components[0].dimension();
        for component in &components {
            ParameterError::require(
                component.dimension() == dimension,
                "length of mean",
                component.dimension() as f64,
                "must be equal for all components",
            )?;
        }
        let components = components.into_iter().map(|c| c.with_structure(structure));
        let components: Vec<Gaussian> = components.collect();
        Ok(Gaussians {
            structure,
            common: CommonFactor::of(&components).map(Arc::new),
            components,
            prior: None,
            bound: None,
            means: Means::Free,
            single_precision: false,
            single: None,
            discriminants: Arc::default(),
        })
    }
    /// K times N(0, I) in `dimension` columns: a template for a fit.
    ///
    /// # Panics
    /// When `components` or `dimension` is 0.
    pub fn standard(structure: CovarianceStructure, components: usize, dimension: usize) -> Self {
        assert!(components > 0, "a mixture needs at least one component");
        let gaussian = Gaussian::standard(dimension).with_structure(structure);
        Gaussians {
            structure,
            components: vec![gaussian; components],
            prior: None,
            bound: None,
            means: Means::Free,
            single_precision: false,
            single: None,
            common: None,
            discriminants: Arc::default(),
        }
    }
    /// The same, whose M-step is the mode of the posterior under this prior of each (μ_k, Σ_k).
    ///
    /// # Errors
    /// When the prior is of another number of columns.
    pub fn with_prior(mut self, prior: Prior) -> Result<Self, ParameterError> {
        ParameterError::require(
            prior.dimension() == self.dimension(),
            "length of the prior's mean",
            prior.dimension() as f64,
            "must be the number of columns",
        )?;
        ParameterError::require(
            self.means == Means::Free,
            "number of free means",
            0.0,
            "must be that of the components under a prior",
        )?;
        self.prior = Some(Arc::new(prior));
        Ok(self)
    }
    /// The same, whose M-step maximises the likelihood: without prior and bounds, all means free.
    pub fn unpenalised(mut self) -> Self {
        (self.prior, self.bound, self.means) = (None, None, Means::Free);
        self
    }
    /// The prior, where there is one.
    pub fn prior(&self) -> Option<&Prior> {
        self.prior.as_deref()
    }
    /// Other components under the same structure, prior and bounds.
    pub(crate) fn with_components(&self, components: Vec<Gaussian>) -> Self {
        let single = self.single_precision;
        Gaussians {
            structure: self.structure,
            single: single
                .then(|| SingleGaussians::of(&components).map(Arc::new))
                .flatten(),
            common: CommonFactor::of(&components).map(Arc::new),
            components,
            prior: self.prior.clone(),
            bound: self.bound,
            means: self.means,
            single_precision: single,
            discriminants: Arc::default(),
        }
    }
    /// Whether the components violate the bound of eigenvalues.
    pub(crate) fn is_out_of_bounds(&self) -> bool {
        let violated = |bound: VarianceBound| bound.is_violated_by(&self.components);
        self.bound.is_some_and(violated)
    }
    /// The same under a bound; where components violate it, those of the class that come nearest, in divergence.
    pub(crate) fn bounded(&self, bound: VarianceBound) -> Result<Self, EstimateError> {
        let bounded = Gaussians {
            bound: Some(bound),
            ..self.clone()
        };
        if !bounded.is_out_of_bounds() {
            return Ok(bounded);
        }
        let full = self.structure.needs_full_scatter();
        let part = |c: &Gaussian| Scatter::of_one(c.mean(), &c.covariance(), full);
        let parts: Vec<Scatter> = self.components.iter().map(part).collect();
        let inside = bounded.gaussians_from(&parts, &self.components)?;
        Ok(bounded.with_components(inside))
    }
    /// The bounds of the eigenvalues, where there are any.
    pub(crate) fn bound(&self) -> Option<VarianceBound> {
        self.bound
    }
    /// The structure's M-step within the bounds.
    pub(crate) fn gaussians_from(
        &self,
        parts: &[Scatter],
        current: &[Gaussian],
    ) -> Result<Vec<Gaussian>, EstimateError> {
        self.structure.estimate_within(parts, current, self.bound)
    }
    /// The same with these means estimated. Fixed ones are those of the components; where they are to be
    /// shared, components whose means differ are replaced by those that come nearest, in divergence.
    ///
    /// # Errors
    /// Under a prior, and where components that share a mean would be the same: EII, EEI, EEE.
    pub fn with_means(mut self, means: Means) -> Result<Self, EstimateError> {
        let refused = |why: &str| Err(EstimateError::new(Reason::Unsupported(why.to_owned())));
        if means != Means::Free && self.prior.is_some() {
            return refused("means that are fixed or shared have no prior");
        }
        if means == Means::Shared && self.structure.is_pooled() {
            return refused("components with one mean and one covariance are the same");
        }
        self.means = means;
        let first = self.components[0].mean();
        if means == Means::Shared && self.components.iter().any(|c| c.mean() != first) {
            let full = self.structure.needs_full_scatter();
            let part = |c: &Gaussian| Scatter::of_one(c.mean(), &c.covariance(), full);
            let parts: Vec<Scatter> = self.components.iter().map(part).collect();
            let components = shared_mean(&self, &parts)?;
            self = self.with_components(components);
        }
        Ok(self)
    }
    /// Which means are estimated.
    pub fn means(&self) -> Means {
        self.means
    }
    /// The same under the constraint that no eigenvalue of any covariance is more than `ratio` times another: a
    /// likelihood with a maximum, whatever the rows, as long as they do not all coincide on K points. The
    /// M-step is the exact maximiser (under EVE and VVE given the axes, which have several maxima without it
    /// too); see García-Escudero et al. (2008), Annals of Statistics 36. Components that violate it are
    /// brought in.
    ///
    /// # Errors
    /// When the ratio is below 1 or not finite.
    pub fn with_eigenvalue_ratio(self, ratio: f64) -> Result<Self, EstimateError> {
        self.bounded(VarianceBound::of_ratio(ratio)?)
    }
    /// The same with the floor of rows in any layout.
    pub(crate) fn with_floor_under<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        match self.bound {
            Some(VarianceBound::Floor(_)) => Ok(self.clone()),
            Some(VarianceBound::Ratio(_)) => Err(EstimateError::new(Reason::Unsupported(
                "a bound of the ratio of eigenvalues does what a floor does: use one of them"
                    .into(),
            ))),
            None => self.bounded(VarianceBound::floor_under(xs, weights)),
        }
    }
    /// The same, whose E-steps under Bayes' theorem run in single precision wherever that is precise enough: about twice as
    /// fast. Whether it is, is asked of each iterate (nothing of the data is read for it): no whitened coordinate of a row
    /// of some component may be wrong by more than 1e-6 deviations, which allows a component to be about ten deviations
    /// from the centre of all, divided by the root of the condition of its covariance. Rows that are very far from every
    /// component are scored in double precision too. Sums over blocks, logarithms, M-steps, and densities that are
    /// asked for (scores, posteriors) are of double precision.
    ///
    /// Statistics are right to about 1e-6 of themselves, and so are estimates; an objective is known to some 6e-8 of
    /// itself only, at which a fit stops with [`PrecisionReached`](em::StopReason::PrecisionReached). To go on from
    /// there in double precision, start another fit from the model in double precision
    /// ([`GaussianMixtureBuilder::single_precision`](crate::GaussianMixtureBuilder::single_precision) does).
    pub fn with_single_precision(mut self, single_precision: bool) -> Self {
        self.single_precision = single_precision;
        let components = std::mem::take(&mut self.components);
        self.with_components(components)
    }
    /// Whether E-steps run in single precision: where it was asked for, and is precise enough for these components.
    pub fn is_in_single_precision(&self) -> bool {
        self.single.is_some()
    }
    /// The E-step of a block of rows of any kind at once, where there is a way.
    pub(crate) fn expect_rows<T: Real>(
        &self,
        mut block: SoftBlock<'_, MatrixView<'_, T>>,
        into: &mut GaussianStatistics,
        scratch: &mut Scratch,
    ) -> Option<Tally> {
        match &self.single {
            Some(single) => into.add_to_each(|parts| {
                if let Some(Way::Full(own) | Way::Parts(Some(own))) = self.way() {
                    let few = kernel::expect_few(
                        kernel::SINGLE,
                        &self.components,
                        own,
                        &mut block,
                        parts,
                        scratch,
                    );
                    if few.is_some() {
                        return few;
                    }
                }
                kernel::expect_in_single_precision(single, block, parts, scratch)
            }),
            None => match self.way()? {
                way @ Way::Common(..) => {
                    kernel::expect(way, &self.components, block, into.parts_mut(), scratch)
                }
                way => into.add_to_each(|parts| {
                    kernel::expect(way, &self.components, block, parts, scratch)
                }),
            },
        }
    }
    /// The way of E-steps of whole blocks in double precision, where there is one.
    fn way(&self) -> Option<Way<'_>> {
        let full = self.structure.needs_full_scatter();
        let (common, own) = (self.pooled_factor(), &*self.discriminants);
        let way = Way::of(&self.components, full, common, own)?;
        // Under one factor a row is whitened once for all components.
        let whitened = matches!(way, Way::Full(_)) && self.common.is_some();
        (!whitened).then_some(way)
    }
    /// What kernels of one covariance for all read, where of the scatters only the sum is asked for.
    fn pooled_factor(&self) -> Option<&CommonFactor> {
        let common = self.common.as_deref();
        common.filter(|_| self.structure.is_pooled())
    }
    /// Whether of the scatters only the sum is kept, as no more is asked for. The kernels of few columns, and those of single
    /// precision, make one each.
    fn keeps_the_sum(&self) -> bool {
        let (count, d) = (self.components.len(), self.dimension());
        let (pooled, full) = (
            self.structure.is_pooled(),
            self.structure.needs_full_scatter(),
        );
        pooled && full && !self.single_precision && !kernel::are_few_columns(d, count)
    }
    /// How many rows an E-step takes at a time: as many bytes in single precision as in double.
    pub(crate) fn rows_at_a_time(&self) -> usize {
        let double = self.way().map_or(BLOCK_ROWS, Way::block_rows);
        double * if self.single.is_some() { 2 } else { 1 }
    }
    /// The structure of the covariances.
    pub fn structure(&self) -> CovarianceStructure {
        self.structure
    }
    /// The number of columns d.
    pub fn dimension(&self) -> usize {
        self.components[0].dimension()
    }
    /// The components, in order.
    pub fn components(&self) -> &[Gaussian] {
        &self.components
    }
    /// The components, in order.
    pub fn into_components(self) -> Vec<Gaussian> {
        self.components
    }
}

impl std::ops::Index<usize> for Gaussians {
    type Output = Gaussian;
    fn index(&self, k: usize) -> &Gaussian {
        &self.components[k]
    }
}

impl ComponentSet for Gaussians {
    type Space = Rows<f64>;
    type Statistics = GaussianStatistics;

    fn len(&self) -> usize {
        self.components.len()
    }
    fn log_density(&self, k: usize, x: &[f64]) -> f64 {
        self.components[k].log_density(x)
    }
    #[inline]
    fn check_observation(&self, x: &[f64]) -> Result<(), &'static str> {
        check_row(x, self.dimension())
    }
    /// The block, column after column.
    fn prepared_width(&self) -> usize {
        self.dimension()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.dimension() == other.dimension()
    }
    fn prepare(&self, xs: RowsView<'_, f64>, into: &mut [f64]) {
        kernel::transpose(xs, into);
    }
    fn log_density_matrix(
        &self,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let (gaussians, rows) = (&self.components, xs.len());
        match &self.common {
            Some(common) => {
                kernel::common_log_densities(common, gaussians, None, prepared, rows, out, scratch)
            }
            None => kernel::log_densities(gaussians, prepared, rows, out, scratch),
        }
    }
    fn log_joint_matrix(
        &self,
        log_weights: &[f64],
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let (gaussians, rows) = (&self.components, xs.len());
        match &self.common {
            Some(common) => {
                let logs = Some(log_weights);
                kernel::common_log_densities(common, gaussians, logs, prepared, rows, out, scratch);
            }
            None => kernel::log_joint(gaussians, log_weights, prepared, rows, out, scratch),
        }
    }
    fn expect_block(
        &self,
        block: SoftBlock<'_, RowsView<'_, f64>>,
        into: &mut GaussianStatistics,
        scratch: &mut Scratch,
    ) -> Option<Tally> {
        let xs = MatrixView::from(block.xs);
        self.expect_rows(block.of(xs), into, scratch)
    }
    fn expects_blocks(&self) -> bool {
        self.single.is_some() || self.way().is_some()
    }
    fn block_rows(&self, _xs: RowsView<'_, f64>) -> usize {
        self.rows_at_a_time()
    }
    fn empty_statistics(&self) -> GaussianStatistics {
        let (count, d) = (self.components.len(), self.dimension());
        let full = self.structure.needs_full_scatter();
        match self.keeps_the_sum() {
            true => GaussianStatistics::pooled(count, d),
            false => GaussianStatistics::each(count, d, full),
        }
    }
    fn accumulate(&self, into: &mut GaussianStatistics, k: usize, x: &[f64], weight: f64) {
        into.add(k, x, weight);
    }
    fn accumulate_matrix(
        &self,
        into: &mut GaussianStatistics,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let (gaussians, rows) = (&self.components, xs.len());
        let pooled = self.pooled_factor().is_some_and(|common| {
            let parts = into.parts_mut();
            kernel::accumulate_pooled(common, parts, prepared, weights, rows, scratch)
        });
        if !pooled {
            into.add_to_each(|parts| {
                kernel::accumulate(parts, gaussians, prepared, weights, rows, scratch);
            });
        }
    }
    fn estimate_from(
        &self,
        xs: RowsView<'_, f64>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        first_step::estimate(self, MatrixView::from(xs), shares)
    }
    fn maximize(&self, from: &GaussianStatistics) -> Result<Self, EstimateError> {
        if let (Means::Free, None) = (self.means, &self.prior) {
            let estimates = self.gaussians_from(from.parts(), &self.components)?;
            return Ok(self.with_components(estimates));
        }
        let from = &from.with_a_scatter_each();
        let estimates = match (self.means, &self.prior) {
            (Means::Shared, _) => shared_mean(self, from)?,
            (Means::Fixed, _) => {
                let pairs = from.iter().zip(&self.components);
                let about: Vec<Scatter> = pairs.map(|(part, c)| part.about(c.mean())).collect();
                self.gaussians_from(&about, &self.components)?
            }
            (Means::Free, None) => self.gaussians_from(from, &self.components)?,
            (Means::Free, Some(prior)) => {
                let all = prior.added_to(from, self.structure);
                self.gaussians_from(&all, &self.components)?
            }
        };
        Ok(self.with_components(estimates))
    }
    fn parameter_count(&self) -> usize {
        let (k, d) = (self.components.len(), self.dimension());
        self.means.parameter_count(k, d) + self.structure.parameter_count(k, d)
    }
    fn subset(&self, keep: &[usize]) -> Self {
        self.with_components(keep.iter().map(|&k| self.components[k].clone()).collect())
    }
    /// Up to a constant; see [`Prior`].
    fn log_prior(&self) -> f64 {
        let prior = self.prior.as_ref();
        prior.map_or(0.0, |prior| {
            prior.log_density(&self.components, self.structure)
        })
    }
    fn squared_distance(&self, a: &[f64], b: &[f64]) -> Option<f64> {
        self.components[0].squared_distance(a, b)
    }
    /// With Σ_k ⪰ εI, ε being [`LEAST_SHARE`](distributions::LEAST_SHARE) of the average variance of
    /// the columns. A set that has a floor keeps it.
    fn floored(&self, xs: RowsView<'_, f64>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.with_floor_under(xs.into(), weights)
    }
    fn at_bound(&self) -> Vec<usize> {
        self.bound
            .map_or(Vec::new(), |bound| bound.held(&self.components))
    }
}

impl SampleSet for Gaussians {
    fn empty_buffer(&self) -> RowsBuffer<f64> {
        RowsBuffer::new(self.dimension())
    }
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut RowsBuffer<f64>) {
        self.components[k].draw(rng, into);
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Gaussians {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.components.serialize(to)
    }
}
