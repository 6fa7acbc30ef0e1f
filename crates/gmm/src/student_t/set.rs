//! K multivariate t distributions under one covariance structure.

use super::estimate::{estimate, renamed};
use super::{DegreesOfFreedom, LatentScatters, MultivariateT, STARTING_DF, Tail, require_df};
use crate::covariance::CovarianceStructure;
use crate::gaussian::Gaussian;
use crate::kernel;
use crate::matrix::{MatrixView, Real};
use crate::set::Gaussians;
use crate::variance_bound::VarianceBound;
use distributions::{
    Component, EstimateError, ParameterError, Rows, RowsView, Scratch, StudentT, View,
};
use em::{ComponentSet, Shares};

/// The components of a mixture of multivariate t distributions: K of them in d columns, whose scale matrices
/// are estimated together under one [`CovarianceStructure`], and whose degrees of freedom are fixed, free,
/// or common to all ([`DegreesOfFreedom`]).
///
/// # M-step
/// As of [`MultivariateT`], the scale matrices by the structure's own M-step from the scatters at weights
/// w u. Where volumes are variable each scatter is divided by the mean latent scale of its component, where
/// they are equal all by one common mean: see `docs/student-t.md`.
///
/// # Files
/// A list of `{"location": [..], "scale_matrix": [[..], ..], "df": ..}`. Structure and which degrees of
/// freedom are fixed are not in it: they belong to the specification of the model.
///
/// ```
/// use distributions::RowsView;
/// use em::{Data, Mixture, Options, Start, fit_from};
/// use gmm::{CovarianceStructure, MultivariateTs};
///
/// // Two clumps, and a row far from both.
/// let values = [
///     0.0, 0.1, 0.2, -0.1, 0.1, 0.3, -0.2, 0.0, 5.0, 5.2, 5.1, 4.9, 5.3, 5.0, 4.9, 5.1, 90.0, -40.0,
/// ];
/// let rows = RowsView::new(&values, 2);
/// let set = MultivariateTs::standard(CovarianceStructure::Tied, 2, 2).with_fixed_df(3.0)?;
/// let labels = [0, 0, 0, 0, 1, 1, 1, 1, 1].map(Some);
/// let start = Start::Labels(&labels);
/// let fitted = fit_from(&Mixture::uniform(set), Data::new(rows), start, &Options::default())?;
/// let components = fitted.model.components();
/// assert!((components.location(1)[0] - 5.1).abs() < 0.2);
/// assert!(components.component(1).latent_scale(&[90.0, -40.0]) < 1e-2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultivariateTs {
    /// Locations, scale matrices and structure.
    pub(super) gaussians: Gaussians,
    pub(super) tails: Vec<Tail>,
    pub(super) degrees: DegreesOfFreedom,
}

impl MultivariateTs {
    /// These components under this structure. Scale matrices outside it, and degrees of freedom that
    /// differ where they are [`Common`](DegreesOfFreedom::Common), are allowed: the first M-step
    /// brings them in.
    ///
    /// # Errors
    /// When there is no component, or dimensions differ.
    pub fn new(
        structure: CovarianceStructure,
        degrees: DegreesOfFreedom,
        components: Vec<MultivariateT>,
    ) -> Result<Self, ParameterError> {
        let tails = components.iter().map(|component| component.tail).collect();
        let gaussians = components.into_iter().map(|component| component.gaussian);
        Ok(MultivariateTs {
            gaussians: Gaussians::new(structure, gaussians.collect()).map_err(super::renamed)?,
            tails,
            degrees,
        })
    }
    /// K times the standard t distribution in `dimension` columns, with free degrees of freedom that start
    /// from [`STARTING_DF`]: a template for a fit.
    ///
    /// # Panics
    /// When `components` or `dimension` is 0.
    pub fn standard(structure: CovarianceStructure, components: usize, dimension: usize) -> Self {
        MultivariateTs {
            gaussians: Gaussians::standard(structure, components, dimension),
            tails: vec![Tail::new(STARTING_DF, dimension); components],
            degrees: DegreesOfFreedom::Free,
        }
    }
    /// The same, with `df` fixed degrees of freedom in every component.
    ///
    /// # Errors
    /// When `df` is not between 1e-300 and 1e300.
    pub fn with_fixed_df(mut self, df: f64) -> Result<Self, ParameterError> {
        require_df(df)?;
        self.tails = self.tails.iter().map(|tail| tail.with_df(df)).collect();
        self.degrees = DegreesOfFreedom::Fixed;
        Ok(self)
    }
    /// The same, with other degrees of freedom estimated.
    pub fn with_degrees(mut self, degrees: DegreesOfFreedom) -> Self {
        self.degrees = degrees;
        self
    }
    /// The structure of the scale matrices.
    pub fn structure(&self) -> CovarianceStructure {
        self.gaussians.structure()
    }
    /// Which degrees of freedom are estimated.
    pub fn degrees(&self) -> DegreesOfFreedom {
        self.degrees
    }
    /// The number of columns d.
    pub fn dimension(&self) -> usize {
        self.gaussians.dimension()
    }
    /// μ_k.
    pub fn location(&self, k: usize) -> &[f64] {
        self.gaussians[k].mean()
    }
    /// S_k, row-major, d × d.
    pub fn scale_matrix(&self, k: usize) -> Vec<f64> {
        self.gaussians[k].covariance()
    }
    /// ν_k.
    pub fn df(&self, k: usize) -> f64 {
        self.tails[k].df()
    }
    /// Component k on its own.
    pub fn component(&self, k: usize) -> MultivariateT {
        MultivariateT {
            gaussian: self.gaussians[k].clone(),
            tail: self.tails[k],
            degrees: match self.degrees {
                DegreesOfFreedom::Fixed => DegreesOfFreedom::Fixed,
                _ => DegreesOfFreedom::Free,
            },
        }
    }
    /// The components, in order.
    pub fn components(&self) -> Vec<MultivariateT> {
        (0..self.tails.len()).map(|k| self.component(k)).collect()
    }
    /// Gaussians with these locations, scale matrices and structure: what the components become as their
    /// degrees of freedom grow.
    pub fn gaussians(&self) -> &Gaussians {
        &self.gaussians
    }
    /// The first M-step: that of Gaussians, which `estimate` makes.
    pub(crate) fn with_first_gaussians(
        &self,
        estimate: impl FnOnce(&Gaussians) -> Result<Gaussians, EstimateError>,
    ) -> Result<Self, EstimateError> {
        Ok(MultivariateTs {
            gaussians: estimate(&self.gaussians).map_err(renamed)?,
            tails: self.tails.clone(),
            degrees: self.degrees,
        })
    }
    /// The same with the floor of rows in any layout, of which NaN is a missing cell.
    pub(crate) fn with_floor_under<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        if self.gaussians.bound().is_some() {
            return Ok(self.clone());
        }
        let column = StudentT::new(0.0, 1.0, self.df(0))?;
        let column = match self.degrees {
            DegreesOfFreedom::Fixed => column.with_fixed_df(),
            _ => column,
        };
        let squares = (0..self.dimension()).map(|j| {
            let (mut values, mut own) = (vec![0.0; weights.len()], weights.to_vec());
            for (i, (value, weight)) in values.iter_mut().zip(&mut own).enumerate() {
                xs.with_row(i, |row| match row[j].is_nan() {
                    true => *weight = 0.0,
                    false => *value = row[j],
                });
            }
            // A column of one value has no scale, the others may have.
            let whole = column.pooled(&values, &own);
            whole.map_or(0.0, |whole| whole.scale() * whole.scale())
        });
        let floor = VarianceBound::floor_of(&squares.collect::<Vec<f64>>());
        Ok(MultivariateTs {
            gaussians: self.gaussians.bounded(floor).map_err(renamed)?,
            ..self.clone()
        })
    }
    fn parts(&self) -> (&[Gaussian], &[Tail]) {
        (self.gaussians.components(), &self.tails)
    }
}

impl ComponentSet for MultivariateTs {
    type Space = Rows<f64>;
    type Statistics = LatentScatters;

    fn len(&self) -> usize {
        self.tails.len()
    }
    fn log_density(&self, k: usize, x: &[f64]) -> f64 {
        self.tails[k].log_density(&self.gaussians[k], x)
    }
    fn check_observation(&self, x: &[f64]) -> Result<(), &'static str> {
        self.gaussians.check_observation(x)
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
        let (gaussians, tails) = self.parts();
        kernel::t_log_densities(gaussians, tails, prepared, xs.len(), out, scratch);
    }
    fn empty_statistics(&self) -> LatentScatters {
        let full = self.structure().needs_full_scatter();
        LatentScatters::new(self.len(), self.dimension(), full)
    }
    fn accumulate(&self, into: &mut LatentScatters, k: usize, x: &[f64], weight: f64) {
        let form = self.gaussians[k].squared_mahalanobis(x);
        into.add(k, x, weight, self.tails[k].latent(form));
    }
    fn accumulate_matrix(
        &self,
        into: &mut LatentScatters,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let with_gaps = self.degrees != DegreesOfFreedom::Fixed;
        let (parts, rows) = (self.parts(), xs.len());
        kernel::t_accumulate(into, parts, prepared, weights, rows, with_gaps, scratch);
    }
    fn maximize(&self, from: &LatentScatters) -> Result<Self, EstimateError> {
        let (gaussians, tails) = self.parts();
        let (structure, bound) = (self.structure(), self.gaussians.bound());
        let (gaussians, tails) = estimate(structure, bound, self.degrees, gaussians, tails, from)?;
        Ok(MultivariateTs {
            gaussians: self.gaussians.with_components(gaussians),
            tails,
            degrees: self.degrees,
        })
    }
    fn parameter_count(&self) -> usize {
        self.gaussians.parameter_count() + self.degrees.parameter_count(self.len())
    }
    fn subset(&self, keep: &[usize]) -> Self {
        MultivariateTs {
            gaussians: self.gaussians.subset(keep),
            tails: keep.iter().map(|&k| self.tails[k]).collect(),
            degrees: self.degrees,
        }
    }
    fn one_step(&self) -> bool {
        self.degrees != DegreesOfFreedom::Fixed
    }
    /// All of the step but for the degrees of freedom, whose share is `fraction`.
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let pairs = self.tails.iter().zip(&next.tails);
        MultivariateTs {
            tails: pairs
                .map(|(mine, theirs)| mine.toward(theirs, fraction))
                .collect(),
            ..next.clone()
        }
    }
    /// The first M-step, every latent scale 1: that of Gaussians. The degrees of freedom stay.
    fn estimate_from(
        &self,
        xs: RowsView<'_, f64>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        self.with_first_gaussians(|gaussians| gaussians.estimate_from(xs, shares))
    }
    /// With S_k ⪰ εI, ε being [`LEAST_SHARE`](distributions::LEAST_SHARE) of the average squared scale of the columns: each
    /// that of one t distribution of all its rows, which outliers do not widen as they do a variance. A set that has a
    /// floor keeps it.
    fn floored(&self, xs: RowsView<'_, f64>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.with_floor_under(xs.into(), weights)
    }
    fn at_bound(&self) -> Vec<usize> {
        self.gaussians.at_bound()
    }
    fn squared_distance(&self, a: &[f64], b: &[f64]) -> Option<f64> {
        self.gaussians.squared_distance(a, b)
    }
}
