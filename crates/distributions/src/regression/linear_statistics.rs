//! The statistic of a linear regression: cross-products about reference coefficients.

use super::NormalEquations;
use super::cross_products::{CentredBlock, CrossProducts};
use crate::{EstimateError, RowsView, Scratch, Statistics};

/// Weighted means and centred cross-products of (x, y − x·b), with the coefficients b that they are
/// about.
///
/// b is where the statistic was begun: the iterate. It changes nothing but rounding. The estimate is
/// b plus the least-squares fit to the residuals, so a residual variance keeps its digits near the
/// fit however steep that is, where Σ w y² would lose them. Statistics about different b merge, by
/// moving one to the other's.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinearStatistics {
    reference: Vec<f64>,
    /// Of the columns, then the residual.
    products: CrossProducts,
}

/// The least-squares fit that a statistic leads to.
pub(super) struct LeastSquaresFit {
    pub(super) coefficients: Vec<f64>,
    /// Σ w (y − x·β)² / Σ w.
    pub(super) variance: f64,
    /// Below this, `variance` is nothing but rounding.
    pub(super) resolved: f64,
}

impl LinearStatistics {
    /// Nothing seen; about these coefficients.
    pub fn new(reference: Vec<f64>) -> Self {
        LinearStatistics {
            products: CrossProducts::new(reference.len() + 1),
            reference,
        }
    }
    /// The coefficients that the residuals are about.
    pub fn reference(&self) -> &[f64] {
        &self.reference
    }
    /// Means and centred products of the columns and, last, of the residual.
    pub fn products(&self) -> &CrossProducts {
        &self.products
    }
    /// The coefficients for the next row: those of an empty statistic become those of the iterate.
    pub(super) fn begin(&mut self, iterate: &[f64]) -> &[f64] {
        if !(self.products.weight() > 0.0) {
            self.reference.copy_from_slice(iterate);
        }
        &self.reference
    }
    /// Adds a row with residual y − x·b.
    pub(super) fn add(&mut self, x: &[f64], residual: f64, weight: f64) {
        self.products
            .add(&x[..self.reference.len()], residual, weight);
    }
    /// Adds a block of rows.
    pub(super) fn add_block(
        &mut self,
        xs: RowsView<'_, f64>,
        residuals: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let columns = self.products.columns();
        if let Some(block) = CentredBlock::new(xs, Some(residuals), columns, weights, scratch) {
            self.products.add_block(&block, weights, scratch);
            block.give(scratch);
        }
    }

    /// The same statistic about other coefficients: y − x·b = (y − x·b′) + x·(b′ − b).
    pub fn about(&self, reference: &[f64]) -> Self {
        let mut products = self.products.clone();
        if self.reference != reference {
            let pairs = self.reference.iter().zip(reference);
            let shift: Vec<f64> = pairs.map(|(mine, other)| mine - other).collect();
            products.shear_last(&shift);
        }
        LinearStatistics {
            reference: reference.to_vec(),
            products,
        }
    }
    /// The normal equations of the step from the reference to the least-squares fit, with an
    /// intercept eliminated if it is among the first `candidates` columns.
    ///
    /// # Errors
    /// [`Reason::Empty`](crate::Reason::Empty) when nothing was seen.
    pub fn equations(&self, candidates: usize) -> Result<NormalEquations, EstimateError> {
        let (columns, weight) = (self.reference.len(), self.products.weight());
        if !(weight > 0.0) {
            return Err(EstimateError::empty());
        }
        let with_residual: Vec<f64> = (0..columns)
            .map(|j| self.products.product(j, columns))
            .collect();
        let total = weight * self.products.mean()[columns];
        let design = &self.products;
        Ok(NormalEquations::new(
            design,
            &with_residual,
            total,
            candidates,
        ))
    }
    /// Σ w (y − x·β)² / Σ w for β a `step` from the reference, whatever β is.
    ///
    /// # Errors
    /// [`Reason::Boundary`](crate::Reason::Boundary) of `variance` when that is nothing but rounding:
    /// the columns fit the responses exactly.
    pub fn residual_variance(&self, step: &[f64]) -> Result<f64, EstimateError> {
        let (columns, weight) = (self.reference.len(), self.products.weight());
        let (products, mean) = (&self.products, self.products.mean());
        let before = products.product(columns, columns);
        let mut spread = before;
        let mut level = mean[columns];
        for (j, s) in step.iter().enumerate() {
            let moved: f64 = (0..columns).map(|l| products.product(j, l) * step[l]).sum();
            spread += s * (moved - 2.0 * products.product(j, columns));
            level -= mean[j] * s;
        }
        let variance = spread.max(0.0) / weight + level * level;
        let pairs = self.reference.iter().zip(step);
        let coefficients: Vec<f64> = pairs.map(|(b, s)| b + s).collect();
        refuse_exact(variance, self.resolved(&coefficients, before), weight)?;
        Ok(variance)
    }
    /// The variance that is nothing but rounding, where the residuals at the reference have the sum of
    /// squares `all`: what rounds is the difference to it, and each term of x·β in every residual.
    fn resolved(&self, coefficients: &[f64], all: f64) -> f64 {
        let terms = coefficients.len() as f64 + 1.0;
        let size: f64 = (coefficients.iter().enumerate())
            .map(|(j, b)| b.abs() * self.products.mean_square(j).sqrt())
            .sum();
        let of_residuals = 4.0 * terms * f64::EPSILON * size;
        let of_difference = 16.0 * terms * f64::EPSILON * (all / self.products.weight());
        (of_residuals * of_residuals).max(of_difference)
    }

    /// Weighted least squares.
    ///
    /// # Errors
    /// [`Reason::Empty`](crate::Reason::Empty), and those of [`NormalEquations::solve`].
    pub(super) fn fit(&self) -> Result<LeastSquaresFit, EstimateError> {
        let (columns, weight) = (self.reference.len(), self.products.weight());
        let equations = self.equations(columns)?;
        let level = self.products.mean()[columns];
        let step = equations
            .solve()
            .map_err(|error| error.with_count(weight))?;
        let coefficients: Vec<f64> = (self.reference.iter().zip(&step))
            .map(|(b, s)| b + s)
            .collect();

        // An intercept takes the mean off the residuals.
        let square = self.products.product(columns, columns);
        let all = match equations.intercept() {
            Some(_) => square,
            None => square + weight * level * level,
        };
        let explained: f64 = (equations.kept().iter().zip(equations.right()))
            .map(|(&j, right)| right * step[j])
            .sum();
        let resolved = self.resolved(&coefficients, all);
        Ok(LeastSquaresFit {
            coefficients,
            variance: (all - explained).max(0.0) / weight,
            resolved,
        })
    }
}

/// Refuses a variance that is nothing but rounding.
pub(super) fn refuse_exact(variance: f64, resolved: f64, weight: f64) -> Result<(), EstimateError> {
    if variance > resolved {
        return Ok(());
    }
    let because = "the columns fit the responses exactly";
    Err(EstimateError::boundary("variance", variance, because).with_count(weight))
}

impl Statistics for LinearStatistics {
    fn weight(&self) -> f64 {
        self.products.weight()
    }
    fn clear(&mut self) {
        self.products.clear();
    }
    fn merge(&mut self, other: &Self) {
        if !(other.products.weight() > 0.0) {
            return;
        }
        if !(self.products.weight() > 0.0) {
            self.reference.copy_from_slice(&other.reference);
        }
        if self.reference == other.reference {
            self.products.merge(&other.products);
        } else {
            self.products.merge(&other.about(&self.reference).products);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.products.scale(factor);
    }
}
