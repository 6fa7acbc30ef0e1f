//! Linear regression with normal errors.

use super::LinearStatistics;
use super::design::{check_coefficients, check_row, predictor, predictors};
use super::linear_statistics::refuse_exact;
use super::response::HALF_LN_TWO_PI;
use crate::combine::Narrowest;
use crate::family::floor_under;
use crate::{
    BLOCK_ROWS, Batch, Component, Coordinates, Density, EstimateError, Obs, Pair, ParameterError,
    Rows, Scalars, Scratch, View, next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Real responses with mean x·β and **variance** σ².
///
/// # Density
/// p(y | x) = (2πσ²)^(−½) exp(−(y − x·β)²/(2σ²)).
///
/// # M-step
/// Exact, from [`LinearStatistics`]: β is the weighted least-squares fit, σ² = Σ w (y − x·β)² / Σ w
/// (maximum likelihood: no degree of freedom is taken off). No maximum exists when the columns fit
/// the responses exactly (σ² → 0, an unbounded likelihood).
///
/// # Errors
/// [`LinearRegression::new`] refuses no coefficient, coefficients that are not finite, and a variance
/// that is not positive and finite. Estimation: [`Reason::Singular`](crate::Reason::Singular), naming
/// the column that depends on those before it; [`Reason::Boundary`](crate::Reason::Boundary) of
/// `variance` when the fit is exact to rounding; [`Reason::Empty`](crate::Reason::Empty).
///
/// # Example
/// ```
/// use distributions::regression::LinearRegression;
/// use distributions::{Component, Density, RowsView};
/// // An intercept and one predictor.
/// let design = RowsView::new(&[1.0, 0.0, 1.0, 1.0, 1.0, 2.0], 2);
/// let template = LinearRegression::new(vec![0.0, 0.0], 1.0)?;
/// let fitted = template.estimate((design, &[0.0, 3.0, 3.0]), &[1.0; 3])?;
/// assert!((fitted.coefficients()[0] - 0.5).abs() < 1e-14);
/// assert!((fitted.coefficients()[1] - 1.5).abs() < 1e-14);
/// assert!((fitted.variance() - 0.5).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// DeSarbo & Cron (1988), A maximum likelihood methodology for clusterwise linear regression.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearRegression {
    coefficients: Vec<f64>,
    variance: f64,
    offset: bool,
    /// The least variance, where there is a floor.
    floor: Option<Narrowest>,
    /// −½ ln 2πσ², taken once.
    log_constant: f64,
    /// 1/σ, taken once.
    inverse_deviation: f64,
}

impl LinearRegression {
    /// The regression with these coefficients, one per column of the design, and this variance.
    ///
    /// # Errors
    /// When there is no coefficient, one is not finite, or `variance` is not positive and finite.
    pub fn new(coefficients: Vec<f64>, variance: f64) -> Result<Self, ParameterError> {
        check_coefficients(&coefficients)?;
        ParameterError::require(
            variance > 0.0 && variance.is_finite(),
            "variance",
            variance,
            "must be positive and finite",
        )?;
        Ok(LinearRegression {
            coefficients,
            variance,
            offset: false,
            floor: None,
            log_constant: -HALF_LN_TWO_PI - 0.5 * variance.ln(),
            inverse_deviation: 1.0 / variance.sqrt(),
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
    /// σ².
    pub fn variance(&self) -> f64 {
        self.variance
    }
    /// Whether the last column of the design is an offset.
    pub fn has_offset(&self) -> bool {
        self.offset
    }
    /// E\[y | x\] = x·β, with the offset.
    ///
    /// # Panics
    /// When the row has another number of entries than the design has columns.
    pub fn mean(&self, x: &[f64]) -> f64 {
        predictor(&self.coefficients, self.offset, x)
    }
    /// Draws y given x.
    ///
    /// # Panics
    /// As [`mean`](Self::mean).
    pub fn draw_response<R: Rng + ?Sized>(&self, x: &[f64], rng: &mut R) -> f64 {
        let z: f64 = StandardNormal.sample(rng);
        self.mean(x) + self.variance.sqrt() * z
    }
    /// The least variance that an estimate has, where there is a floor ([`Component::floored`]); else 0.
    pub fn least_variance(&self) -> f64 {
        self.floor.map_or(0.0, |floor| floor.value)
    }
    /// The same regression with other parameters, of as many coefficients; of a variance below the floor with that of
    /// the floor.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_parameters(
        &self,
        coefficients: Vec<f64>,
        variance: f64,
    ) -> Result<Self, ParameterError> {
        let variance = Narrowest::bounded(self.floor, variance);
        let fresh = LinearRegression::new(coefficients, variance)?;
        Ok(LinearRegression {
            offset: self.offset,
            floor: self.floor,
            ..fresh
        })
    }
    /// The same coefficients with this variance, above the floor.
    fn above_floor(&self, variance: f64) -> Result<Self, ParameterError> {
        self.with_parameters(self.coefficients.clone(), variance)
    }
    fn log_density_of(&self, residual: f64) -> f64 {
        let z = residual * self.inverse_deviation;
        let value = self.log_constant - 0.5 * (z * z);
        if value.is_nan() {
            f64::NEG_INFINITY
        } else {
            value
        }
    }
    /// The statistics of rows about the coefficients of `self`.
    fn statistics(
        &self,
        xs: Batch<'_, <Self as Density>::Space>,
        weights: &[f64],
    ) -> LinearStatistics {
        let (mut statistics, mut scratch) = (self.empty_statistics(), Scratch::default());
        for start in (0..xs.len()).step_by(BLOCK_ROWS) {
            let end = (start + BLOCK_ROWS).min(xs.len());
            let (block, weights) = (xs.block(start..end), &weights[start..end]);
            self.accumulate_batch(&mut statistics, block, &[], weights, &mut scratch);
        }
        statistics
    }
}

impl Density for LinearRegression {
    type Space = Pair<Rows<f64>, Scalars<f64>>;

    fn log_density(&self, (x, y): Obs<'_, Self::Space>) -> f64 {
        self.log_density_of(y - self.mean(x))
    }
    fn check_observation(&self, (x, y): Obs<'_, Self::Space>) -> Result<(), &'static str> {
        check_row(x, self.coefficients.len(), self.offset)?;
        if y * y < f64::INFINITY {
            Ok(())
        } else {
            Err("must have a finite response with a finite square")
        }
    }
    fn log_density_batch(
        &self,
        (xs, ys): Batch<'_, Self::Space>,
        _prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        predictors(&self.coefficients, self.offset, xs, out);
        for (value, y) in out.iter_mut().zip(ys) {
            *value = self.log_density_of(y - *value);
        }
    }
}

impl Component for LinearRegression {
    type Statistics = LinearStatistics;

    fn empty_statistics(&self) -> LinearStatistics {
        LinearStatistics::new(self.coefficients.clone())
    }
    fn accumulate(&self, into: &mut LinearStatistics, (x, y): Obs<'_, Self::Space>, weight: f64) {
        let reference = into.begin(&self.coefficients);
        let residual = y - predictor(reference, self.offset, x);
        into.add(x, residual, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut LinearStatistics,
        (xs, ys): Batch<'_, Self::Space>,
        _prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let mut residuals = scratch.take_dirty(ys.len());
        predictors(
            into.begin(&self.coefficients),
            self.offset,
            xs,
            &mut residuals,
        );
        for (value, y) in residuals.iter_mut().zip(ys) {
            *value = y - *value;
        }
        into.add_block(xs, &residuals, weights, scratch);
        scratch.give(residuals);
    }
    fn maximize(&self, from: &LinearStatistics) -> Result<Self, EstimateError> {
        let fit = from.fit()?;
        if self.floor.is_none() {
            refuse_exact(fit.variance, fit.resolved, crate::Statistics::weight(from))?;
        }
        Ok(self.with_parameters(fit.coefficients, fit.variance)?)
    }
    fn parameter_count(&self) -> usize {
        self.coefficients.len() + 1
    }
    floor_under!(variance, 1);
    /// Twice from the rows: about 0, then about the first fit, where the variance keeps its digits.
    fn estimate(&self, xs: Batch<'_, Self::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        let zero = self.with_parameters(vec![0.0; self.coefficients.len()], 1.0)?;
        let first = zero.statistics(xs, weights).fit()?;
        let near = self.with_parameters(first.coefficients, 1.0)?;
        near.maximize(&near.statistics(xs, weights))
    }
}

impl Coordinates for LinearRegression {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend(&self.coefficients);
        into.push(self.variance.ln());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let coefficients: Result<Vec<f64>, EstimateError> =
            (self.coefficients.iter().map(|_| next_coordinate(from))).collect();
        let coefficients = coefficients?;
        Ok(self.with_parameters(coefficients, next_coordinate(from)?.exp())?)
    }
}
