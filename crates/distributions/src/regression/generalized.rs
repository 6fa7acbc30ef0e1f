//! Regressions with a canonical link: linear predictor, scoring step, iteration from rows.

use super::design::{between, check_coefficients, check_row, predictor, predictors};
use super::response::guarded_curvature;
use super::{Response, ScoreStatistics};
use crate::simd::exp_slice;
use crate::{
    Batch, Component, Coordinates, Density, EstimateError, Obs, Pair, ParameterError, Rows,
    Scratch, Statistics, View, next_coordinate,
};
use std::marker::PhantomData;

/// A generalised linear model with canonical link: p(y | x) = p(y | η) with η = x·β.
///
/// [`PoissonRegression`](super::PoissonRegression),
/// [`LogisticRegression`](super::LogisticRegression) and
/// [`BinomialRegression`](super::BinomialRegression) are this with their [`Response`].
///
/// # M-step
/// One scoring step (for a canonical link Newton's, and iteratively reweighted least squares):
/// β + I⁻¹ s, s = Σ w (y − E\[y\]) x and I = Σ w Var\[y\] x xᵀ at the iterate. It is a
/// [`one_step`](Component::one_step) M-step: the driver halves it where it overshoots. From rows
/// without an iterate the steps are taken to convergence.
///
/// # Errors
/// [`Reason::Singular`](crate::Reason::Singular), naming the column, when the columns are linearly
/// dependent on the rows of positive weight. Where the likelihood has its supremum at infinity
/// (separated classes, all counts 0) the estimate is finite, with a likelihood that differs from the
/// supremum by about 10⁻⁹ per row.
///
/// # References
/// McCullagh & Nelder (1989), Generalized Linear Models, section 2.5.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneralizedRegression<R> {
    coefficients: Vec<f64>,
    offset: bool,
    response: PhantomData<R>,
}

impl<R: Response> GeneralizedRegression<R> {
    /// The regression with these coefficients, one per column of the design.
    ///
    /// # Errors
    /// When there is none, or one is not finite.
    pub fn new(coefficients: Vec<f64>) -> Result<Self, ParameterError> {
        check_coefficients(&coefficients)?;
        Ok(GeneralizedRegression {
            coefficients,
            offset: false,
            response: PhantomData,
        })
    }
    /// The same, with the last column of the design as an offset: its coefficient is fixed at 1, and
    /// stands not among the coefficients.
    pub fn with_offset(mut self) -> Self {
        self.offset = true;
        self
    }
    /// β, one per column of the design.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }
    /// Whether the last column of the design is an offset.
    pub fn has_offset(&self) -> bool {
        self.offset
    }
    /// η = x·β, with the offset.
    ///
    /// # Panics
    /// When the row has another number of entries than the design has columns.
    pub fn linear_predictor(&self, x: &[f64]) -> f64 {
        predictor(&self.coefficients, self.offset, x)
    }
    /// E\[y | x\]; for binomial responses that of one trial, the probability of success.
    ///
    /// # Panics
    /// As [`linear_predictor`](Self::linear_predictor).
    pub fn mean(&self, x: &[f64]) -> f64 {
        R::mean(self.linear_predictor(x))
    }
    /// The same regression with other coefficients, as many.
    ///
    /// # Errors
    /// When one is not finite.
    pub fn with_coefficients(&self, coefficients: Vec<f64>) -> Result<Self, ParameterError> {
        let fresh = GeneralizedRegression::new(coefficients)?;
        Ok(GeneralizedRegression {
            offset: self.offset,
            ..fresh
        })
    }
    /// Linear predictors of a block, and the exponentials that go with them.
    fn predict(&self, xs: crate::RowsView<'_, f64>, eta: &mut [f64], exponentials: &mut [f64]) {
        predictors(&self.coefficients, self.offset, xs, eta);
        for (value, &eta) in exponentials.iter_mut().zip(&*eta) {
            *value = R::exponent(eta);
        }
        exp_slice(exponentials);
    }
    /// The linear predictor of one row and its exponential, with the bits that a block gives.
    fn predict_one(&self, x: &[f64]) -> (f64, f64) {
        let eta = self.linear_predictor(x);
        let mut exponential = [R::exponent(eta)];
        exp_slice(&mut exponential);
        (eta, exponential[0])
    }
}

/// The prepared numbers of row i, column after column.
fn prepared_at<R: Response>(prepared: &[f64], rows: usize, i: usize) -> [f64; 2] {
    let mut values = [0.0; 2];
    for (j, value) in values.iter_mut().enumerate().take(R::PREPARED) {
        *value = prepared[j * rows + i];
    }
    values
}

impl<R: Response> Density for GeneralizedRegression<R> {
    type Space = Pair<Rows<f64>, R::Space>;

    fn log_density(&self, (x, y): Obs<'_, Self::Space>) -> f64 {
        let (eta, exponential) = self.predict_one(x);
        if !eta.is_finite() {
            return f64::NEG_INFINITY;
        }
        R::log_mass(y, R::prepare(y), eta, exponential)
    }
    fn check_observation(&self, (x, y): Obs<'_, Self::Space>) -> Result<(), &'static str> {
        check_row(x, self.coefficients.len(), self.offset)?;
        R::check(y)
    }
    fn prepared_width(&self) -> usize {
        R::PREPARED
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    fn prepare(&self, (_, ys): Batch<'_, Self::Space>, into: &mut [f64]) {
        let rows = ys.len();
        if R::PREPARED > 0 {
            for i in 0..rows {
                for (j, value) in R::prepare(ys.at(i)).iter().enumerate().take(R::PREPARED) {
                    into[j * rows + i] = *value;
                }
            }
        }
    }
    fn log_density_batch(
        &self,
        (xs, ys): Batch<'_, Self::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let rows = out.len();
        let mut exponentials = scratch.take_dirty(rows);
        self.predict(xs, out, &mut exponentials);
        for (i, (value, &exponential)) in out.iter_mut().zip(&exponentials).enumerate() {
            *value = if value.is_finite() {
                let prepared = prepared_at::<R>(prepared, rows, i);
                R::log_mass(ys.at(i), prepared, *value, exponential)
            } else {
                f64::NEG_INFINITY
            };
        }
        scratch.give(exponentials);
    }
}

impl<R: Response> Component for GeneralizedRegression<R> {
    type Statistics = ScoreStatistics;

    fn empty_statistics(&self) -> ScoreStatistics {
        ScoreStatistics::new(self.coefficients.len())
    }
    fn accumulate(&self, into: &mut ScoreStatistics, (x, y): Obs<'_, Self::Space>, weight: f64) {
        let (eta, exponential) = self.predict_one(x);
        let (score, curvature) = R::score(y, eta, exponential);
        let curvature = guarded_curvature(score, curvature, eta);
        into.add(&x[..self.coefficients.len()], score, curvature, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut ScoreStatistics,
        (xs, ys): Batch<'_, Self::Space>,
        _prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let rows = weights.len();
        let mut residuals = scratch.take_dirty(rows);
        let mut curvatures = scratch.take_dirty(rows);
        let mut exponentials = scratch.take_dirty(rows);
        self.predict(xs, &mut residuals, &mut exponentials);
        let mut count = 0.0;
        for (i, &weight) in weights.iter().enumerate() {
            (residuals[i], curvatures[i]) = if weight > 0.0 {
                count += weight;
                let eta = residuals[i];
                let (score, curvature) = R::score(ys.at(i), eta, exponentials[i]);
                let curvature = weight * guarded_curvature(score, curvature, eta);
                // Rows without curvature (no trials) have no score either.
                (
                    if curvature > 0.0 { weight * score } else { 0.0 },
                    curvature,
                )
            } else {
                (0.0, 0.0)
            };
        }
        into.add_block(xs, &residuals, &curvatures, count, scratch);
        scratch.give(exponentials);
        scratch.give(curvatures);
        scratch.give(residuals);
    }
    /// One scoring step.
    fn maximize(&self, from: &ScoreStatistics) -> Result<Self, EstimateError> {
        let columns = self.coefficients.len();
        let step = from.equations(columns)?.solve();
        let step = step.map_err(|error| error.with_count(from.weight()))?;
        let moved = self.coefficients.iter().zip(&step).map(|(b, s)| b + s);
        Ok(self.with_coefficients(moved.collect())?)
    }
    fn parameter_count(&self) -> usize {
        self.coefficients.len()
    }
    fn is_bounded(&self) -> bool {
        true
    }
    fn one_step(&self) -> bool {
        true
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        GeneralizedRegression {
            coefficients: between(&self.coefficients, &next.coefficients, fraction),
            ..next.clone()
        }
    }
    /// Scoring steps to convergence, from a weighted least-squares fit to the smoothed responses.
    fn estimate(&self, xs: Batch<'_, Self::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.iterated(xs, weights)
    }
}

impl<R: Response> Coordinates for GeneralizedRegression<R> {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend(&self.coefficients);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let coefficients: Result<Vec<f64>, EstimateError> =
            (self.coefficients.iter().map(|_| next_coordinate(from))).collect();
        Ok(self.with_coefficients(coefficients?)?)
    }
}
