//! K factor analysers whose loadings and noise may be shared.

use super::{FactorAnalyzer, FactorStructure, estimate::estimate, kernel};
use crate::gaussian::{Gaussian, check_row};
use crate::kernel as moments;
use crate::matrix::{MatrixView, Real};
use crate::scatter::Scatter;
use crate::variance_bound::column_variances;
use distributions::{
    Density, EstimateError, ParameterError, Rows, RowsBuffer, RowsView, Sample, Scratch, View,
};
use em::{ComponentSet, SampleSet};
use rand::Rng;

/// The components of a mixture of factor analysers: K of them in d columns, with q factors each, under a
/// [`FactorStructure`]. For many columns: a full covariance has d(d + 1)/2 parameters, these d q and noise.
///
/// # M-step
/// Conditional maximisation on the scatter of each component (ECM; Zhao, Yu & Jiang 2008, Statistics and Computing
/// 18): the loadings given the noise, the noise given the loadings, each the maximiser under what is shared, so that
/// the likelihood never falls. Isotropic noise with its loadings has a closed form altogether, unless the loadings
/// alone are shared. Noise variances are kept above
/// [`LEAST_NOISE`](super::LEAST_NOISE) of their column's variance; [`at_bound`](FactorAnalyzers::at_bound)
/// names those that lie there.
///
/// # Files
/// A list of what [`FactorAnalyzer`] writes. The structure is not in it.
///
/// ```
/// use distributions::RowsView;
/// use em::{Data, Options, Start, Mixture, fit_from};
/// use gmm::{FactorAnalyzers, FactorStructure};
///
/// let rows: Vec<f64> = (0..60)
///     .flat_map(|i| {
///         let (centre, z) = (f64::from(i % 2) * 9.0, f64::from(i * 7 % 11));
///         let noise = |turn: i32| 0.1 * f64::from(i * turn % 13);
///         [centre + z + noise(3), z - noise(5), 2.0 * z + noise(8), noise(2)]
///     })
///     .collect();
/// let rows = RowsView::new(&rows, 4);
/// let set = FactorAnalyzers::standard(FactorStructure::own(1), 2, 4)?;
/// let labels: Vec<Option<u32>> = (0..60).map(|i| Some(i % 2)).collect();
/// let start = Start::Labels(&labels);
/// let fitted = fit_from(&Mixture::uniform(set), Data::new(rows), start, &Options::default())?;
/// let loadings = fitted.model.components()[0].loadings();
/// assert!((loadings[2][0] / loadings[1][0] - 2.0).abs() < 0.2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FactorAnalyzers {
    pub(super) structure: FactorStructure,
    pub(super) components: Vec<FactorAnalyzer>,
    /// The noise of each: what moments are taken about.
    gaussians: Vec<Gaussian>,
    /// The least noise variance of each column, once there is an estimate.
    pub(super) least_noise: Option<Vec<f64>>,
    /// Whether these were given as a floor, from all rows, and stay.
    pub(super) has_floor: bool,
    /// Whether there is no iterate yet, from which an M-step could go on.
    template: bool,
}

impl FactorAnalyzers {
    /// These components under this structure. Loadings or noise that differ where they are common are
    /// allowed: the first M-step brings them in.
    ///
    /// # Errors
    /// When there is no component, or dimensions or numbers of factors differ from each other or from what
    /// the structure allows.
    pub fn new(
        structure: FactorStructure,
        components: Vec<FactorAnalyzer>,
    ) -> Result<Self, ParameterError> {
        let count = components.len() as f64;
        ParameterError::require(
            count > 0.0,
            "number of components",
            count,
            "must be at least 1",
        )?;
        let dimension = components[0].dimension();
        structure.check(dimension)?;
        for component in &components {
            ParameterError::require(
                component.dimension() == dimension,
                "length of mean",
                component.dimension() as f64,
                "must be equal for all components",
            )?;
            ParameterError::require(
                component.factors() == structure.factors,
                "number of factors",
                component.factors() as f64,
                "must be that of the structure",
            )?;
        }
        Ok(FactorAnalyzers::of(structure, components, None))
    }
    pub(super) fn of(
        structure: FactorStructure,
        components: Vec<FactorAnalyzer>,
        least_noise: Option<Vec<f64>>,
    ) -> Self {
        FactorAnalyzers {
            structure,
            gaussians: components.iter().map(|one| one.noise.clone()).collect(),
            components,
            least_noise,
            has_floor: false,
            template: false,
        }
    }
    /// Other components under the same structure and floor, with these least noise variances.
    pub(super) fn with_components(
        &self,
        components: Vec<FactorAnalyzer>,
        least_noise: Option<Vec<f64>>,
    ) -> Self {
        FactorAnalyzers {
            has_floor: self.has_floor,
            ..FactorAnalyzers::of(self.structure, components, least_noise)
        }
    }
    /// The same with the floor of rows in any layout.
    pub(crate) fn with_floor_under<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        let least = self
            .structure
            .least_noise(column_variances(xs, weights).into_iter());
        let raised = self.components.iter().map(|one| {
            let noise = one.noise_variances().into_iter().zip(&least);
            let noise = noise.map(|(value, least)| value.max(*least)).collect();
            let noise = Gaussian::diagonal(one.mean().to_vec(), noise)?;
            FactorAnalyzer::build(noise, one.loadings.clone(), self.structure.factors)
        });
        let components = raised.collect::<Result<_, _>>()?;
        Ok(FactorAnalyzers {
            has_floor: true,
            template: self.template,
            ..FactorAnalyzers::of(self.structure, components, Some(least))
        })
    }
    /// K times N(0, I), without loadings: a template for a fit, whose first M-step starts from principal
    /// axes.
    ///
    /// # Errors
    /// As [`FactorStructure::check`].
    ///
    /// # Panics
    /// When `components` or `dimension` is 0.
    pub fn standard(
        structure: FactorStructure,
        components: usize,
        dimension: usize,
    ) -> Result<Self, ParameterError> {
        assert!(components > 0, "a mixture needs at least one component");
        structure.check(dimension)?;
        let zeros = vec![0.0; dimension * structure.factors];
        let noise = Gaussian::standard(dimension);
        let one = FactorAnalyzer::build(noise, zeros, structure.factors)?;
        let mut set = FactorAnalyzers::of(structure, vec![one; components], None);
        set.template = true;
        Ok(set)
    }
    /// What the components share.
    pub fn structure(&self) -> FactorStructure {
        self.structure
    }
    /// The number of columns d.
    pub fn dimension(&self) -> usize {
        self.components[0].dimension()
    }
    /// The components, in order.
    pub fn components(&self) -> &[FactorAnalyzer] {
        &self.components
    }
    /// The columns of component k whose noise variance is at its lower bound: Heywood cases. None of
    /// components that are not estimated.
    pub fn at_bound(&self, k: usize) -> Vec<usize> {
        let Some(least) = &self.least_noise else {
            return Vec::new();
        };
        let noise = self.components[k].noise_variances();
        (0..least.len()).filter(|&j| noise[j] <= least[j]).collect()
    }
}

impl std::ops::Index<usize> for FactorAnalyzers {
    type Output = FactorAnalyzer;
    fn index(&self, k: usize) -> &FactorAnalyzer {
        &self.components[k]
    }
}

impl ComponentSet for FactorAnalyzers {
    type Space = Rows<f64>;
    type Statistics = Vec<Scatter>;

    fn len(&self) -> usize {
        self.components.len()
    }
    fn log_density(&self, k: usize, x: &[f64]) -> f64 {
        self.components[k].log_density(x)
    }
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
        moments::transpose(xs, into);
    }
    fn log_density_matrix(
        &self,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        kernel::log_densities(&self.components, prepared, xs.len(), out, scratch);
    }
    fn empty_statistics(&self) -> Vec<Scatter> {
        vec![Scatter::new(self.dimension(), true); self.components.len()]
    }
    fn accumulate(&self, into: &mut Vec<Scatter>, k: usize, x: &[f64], weight: f64) {
        into[k].add(x, weight);
    }
    fn accumulate_matrix(
        &self,
        into: &mut Vec<Scatter>,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        moments::accumulate(into, &self.gaussians, prepared, weights, xs.len(), scratch);
    }
    fn maximize(&self, from: &Vec<Scatter>) -> Result<Self, EstimateError> {
        let current = (!self.template).then_some(&self.components[..]);
        let floor = self.least_noise.as_deref().filter(|_| self.has_floor);
        let (components, least) = estimate(self.structure, from, current, floor)?;
        Ok(self.with_components(components, Some(least)))
    }
    fn parameter_count(&self) -> usize {
        let (k, d) = (self.components.len(), self.dimension());
        k * d + self.structure.parameter_count(k, d)
    }
    fn subset(&self, keep: &[usize]) -> Self {
        let components = keep.iter().map(|&k| self.components[k].clone()).collect();
        FactorAnalyzers {
            template: self.template,
            ..self.with_components(components, self.least_noise.clone())
        }
    }
    /// Noise variances have a least one in any case. As a floor it is that of all rows, whatever the iterate, and a
    /// component whose rows coincide stays there.
    fn floored(&self, xs: RowsView<'_, f64>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.with_floor_under(xs.into(), weights)
    }
    fn at_bound(&self) -> Vec<usize> {
        (0..self.components.len())
            .filter(|&k| !FactorAnalyzers::at_bound(self, k).is_empty())
            .collect()
    }
    /// In units of the columns' standard deviations.
    fn squared_distance(&self, a: &[f64], b: &[f64]) -> Option<f64> {
        let one = &self.components[0];
        let q = one.factors();
        let squares = a.iter().zip(b).enumerate().map(|(j, (a, b))| {
            let loadings = &one.loadings[j * q..(j + 1) * q];
            let variance = one.noise.variance(j) + loadings.iter().map(|l| l * l).sum::<f64>();
            (a - b) * (a - b) / variance
        });
        Some(squares.sum())
    }
}

impl SampleSet for FactorAnalyzers {
    fn empty_buffer(&self) -> RowsBuffer<f64> {
        RowsBuffer::new(self.dimension())
    }
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut RowsBuffer<f64>) {
        self.components[k].draw(rng, into);
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for FactorAnalyzers {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.components.serialize(to)
    }
}
