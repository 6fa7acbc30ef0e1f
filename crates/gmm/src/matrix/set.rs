//! Components over a matrix in any layout.

use super::{Matrix, MatrixView, Real, RowSet};
use distributions::{Coordinates, EstimateError, RowsView, Scratch, View};
use em::{
    Acceleration, ComponentSet, Data, Driver, Fit, FitError, Mixture, Options, Shares, SoftBlock,
    Start, Tally, fit_from_with,
};
use std::marker::PhantomData;

/// The components `S` over rows of type `T` in any layout ([`MatrixView`]): of `f32`, of some columns of a larger
/// matrix, column after column. Each block of a pass is read from where it is, so that the fit needs no second
/// copy of the data; statistics and parameters are in `f64`. The bits are those of the rows converted to `f64`
/// and written one after the other.
///
/// ```
/// use em::{Data, Mixture, Options, Start, fit_from};
/// use gmm::{CovarianceStructure, MatrixView, MultivariateTs, OverMatrix};
///
/// let values: [f32; 14] = [0.0, 0.1, 0.3, 0.2, 0.1, 4.2, 4.0, 4.1, 4.4, 4.3, 0.2, 4.5, 0.4, 9.0];
/// let rows = MatrixView::strided(&values, 7, 1, 2, 1)?; // the first of two columns
/// let set = MultivariateTs::standard(CovarianceStructure::Full, 1, 1).with_fixed_df(1.0)?;
/// let template = Mixture::uniform(OverMatrix::new(set));
/// let fitted = fit_from(&template, Data::new(rows), Start::Spread, &Options::default())?;
/// assert!((fitted.model.components().set().location(0)[0] - 0.2).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct OverMatrix<S, T> {
    set: S,
    element: PhantomData<T>,
}

impl<S: RowSet, T: Real> OverMatrix<S, T> {
    /// The same components over other rows.
    pub fn new(set: S) -> Self {
        OverMatrix {
            set,
            element: PhantomData,
        }
    }
    /// The components.
    pub fn set(&self) -> &S {
        &self.set
    }
    /// The components.
    pub fn into_set(self) -> S {
        self.set
    }
}

/// A prepared block: the rows one after the other, and what the set prepares of them.
fn parts<'p, 'a: 'p, T: Real>(
    xs: MatrixView<'a, T>,
    prepared: &'p [f64],
) -> (RowsView<'p, f64>, &'p [f64]) {
    let (values, prepared) = prepared.split_at(xs.len() * xs.width());
    let rows = xs.as_rows();
    (
        rows.unwrap_or_else(|| RowsView::new(values, xs.width())),
        prepared,
    )
}

impl<S: RowSet, T: Real> ComponentSet for OverMatrix<S, T> {
    type Space = Matrix<T>;
    type Statistics = S::Statistics;

    fn len(&self) -> usize {
        self.set.len()
    }
    fn log_density(&self, k: usize, x: MatrixView<'_, T>) -> f64 {
        x.with_row(0, |x| self.set.log_density(k, x))
    }
    fn check_observation(&self, x: MatrixView<'_, T>) -> Result<(), &'static str> {
        x.with_row(0, |x| self.set.check_observation(x))
    }
    /// The rows, which stay empty where they need no conversion, and what the set prepares.
    fn prepared_width(&self) -> usize {
        self.set.dimension() + self.set.prepared_width()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.set.shares_preparation(&other.set)
    }
    fn prepare(&self, xs: MatrixView<'_, T>, into: &mut [f64]) {
        let (values, prepared) = into.split_at_mut(xs.len() * xs.width());
        if let Some(rows) = xs.as_rows() {
            return self.set.prepare(rows, prepared);
        }
        xs.read(values);
        self.set
            .prepare(RowsView::new(values, xs.width()), prepared);
    }
    fn log_density_matrix(
        &self,
        xs: MatrixView<'_, T>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let (rows, prepared) = parts(xs, prepared);
        self.set.log_density_matrix(rows, prepared, out, scratch);
    }
    fn log_joint_matrix(
        &self,
        log_weights: &[f64],
        xs: MatrixView<'_, T>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let (rows, prepared) = parts(xs, prepared);
        self.set
            .log_joint_matrix(log_weights, rows, prepared, out, scratch);
    }
    fn expect_block(
        &self,
        block: SoftBlock<'_, MatrixView<'_, T>>,
        into: &mut S::Statistics,
        scratch: &mut Scratch,
    ) -> Option<Tally> {
        self.set.expect_matrix(block, into, scratch)
    }
    fn expects_blocks(&self) -> bool {
        self.set.expects_blocks()
    }
    fn block_rows(&self, xs: MatrixView<'_, T>) -> usize {
        self.set.matrix_block_rows(xs)
    }
    fn empty_statistics(&self) -> S::Statistics {
        self.set.empty_statistics()
    }
    fn accumulate(&self, into: &mut S::Statistics, k: usize, x: MatrixView<'_, T>, weight: f64) {
        x.with_row(0, |x| self.set.accumulate(into, k, x, weight));
    }
    fn accumulate_matrix(
        &self,
        into: &mut S::Statistics,
        xs: MatrixView<'_, T>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let (rows, prepared) = parts(xs, prepared);
        self.set
            .accumulate_matrix(into, rows, prepared, weights, scratch);
    }
    fn maximize(&self, from: &S::Statistics) -> Result<Self, EstimateError> {
        self.set.maximize(from).map(Self::new)
    }
    fn parameter_count(&self) -> usize {
        self.set.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.set.log_prior()
    }
    fn subset(&self, keep: &[usize]) -> Self {
        Self::new(self.set.subset(keep))
    }
    fn one_step(&self) -> bool {
        self.set.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        Self::new(self.set.toward(&next.set, fraction))
    }
    fn estimate_from(
        &self,
        xs: MatrixView<'_, T>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        self.set.estimate_matrix(xs, shares).map(Self::new)
    }
    fn floored(&self, xs: MatrixView<'_, T>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.set.floored_matrix(xs, weights).map(Self::new)
    }
    fn at_bound(&self) -> Vec<usize> {
        self.set.at_bound()
    }
    fn squared_distance(&self, a: MatrixView<'_, T>, b: MatrixView<'_, T>) -> Option<f64> {
        a.with_row(0, |a| b.with_row(0, |b| self.set.squared_distance(a, b)))
    }
}

impl<S: Coordinates, T: Real> Coordinates for OverMatrix<S, T> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.set.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let set = self.set.unpack(from)?;
        let element = PhantomData;
        Ok(OverMatrix { set, element })
    }
}

/// Fits a set to a matrix.
pub(crate) fn fit_matrix<S: RowSet + Coordinates + 'static, T: Real>(
    template: Mixture<S>,
    data: Data<'_, MatrixView<'_, T>>,
    start: Start<'_>,
    options: &Options,
    acceleration: Acceleration,
) -> Result<Fit<Mixture<S>>, FitError> {
    let template = template.with_components(OverMatrix::<S, T>::new);
    let mut driver = Driver::new(options).accelerate(acceleration);
    let fit = fit_from_with(&template, data, start, &mut driver)?;
    Ok(Fit {
        model: fit.model.with_components(OverMatrix::into_set),
        report: fit.report,
    })
}
