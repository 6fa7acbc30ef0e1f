//! K Gaussians under one covariance structure.

use crate::covariance::CovarianceStructure;
use crate::gaussian::{Gaussian, check_row};
use crate::kernel;
use crate::scatter::Scatter;
use distributions::{
    Component, Density, EstimateError, ParameterError, Rows, RowsBuffer, RowsView, Sample, Scratch,
    View,
};
use em::{ComponentSet, SampleSet};
use rand::Rng;

/// The components of a Gaussian mixture: K Gaussians in d columns, whose covariances are estimated
/// together under one [`CovarianceStructure`].
///
/// # M-step
/// With N_k = Σ_i w_i r_ik, μ_k = Σ_i w_i r_ik x_i / N_k and W_k = Σ_i w_i r_ik (x_i − μ_k)(x_i − μ_k)ᵀ,
/// the covariances maximise −½ Σ_k (N_k ln det Σ_k + tr Σ_k⁻¹ W_k) under the structure.
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
        Ok(Gaussians {
            structure,
            components: components.collect(),
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
        }
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
        kernel::transpose(xs, into);
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
        let full = self.structure.needs_full_scatter();
        vec![Scatter::new(self.dimension(), full); self.components.len()]
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
        kernel::accumulate(into, &self.components, prepared, weights, xs.len(), scratch);
    }
    fn maximize(&self, from: &Vec<Scatter>) -> Result<Self, EstimateError> {
        Ok(Gaussians {
            structure: self.structure,
            components: self.structure.estimate(from, &self.components)?,
        })
    }
    fn parameter_count(&self) -> usize {
        let (k, d) = (self.components.len(), self.dimension());
        k * d + self.structure.parameter_count(k, d)
    }
    fn subset(&self, keep: &[usize]) -> Self {
        Gaussians {
            structure: self.structure,
            components: keep.iter().map(|&k| self.components[k].clone()).collect(),
        }
    }
    fn squared_distance(&self, a: &[f64], b: &[f64]) -> Option<f64> {
        self.components[0].squared_distance(a, b)
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
