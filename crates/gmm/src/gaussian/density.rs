//! Scoring: one row, and blocks of rows through the kernels.

use super::Gaussian;
use crate::kernel;
use distributions::{Density, Rows, RowsView, Scratch, View};

impl Gaussian {
    /// (x − μ)ᵀ Σ⁻¹ (x − μ), the squared Mahalanobis distance of `x` (d numbers) from the mean.
    ///
    /// # Panics
    /// When `x` has another length.
    pub fn squared_mahalanobis(&self, x: &[f64]) -> f64 {
        assert_eq!(x.len(), self.dimension(), "columns");
        let mut z: Vec<f64> = x.iter().zip(&self.mean).map(|(x, m)| x - m).collect();
        self.factor.solve(&mut z);
        z.iter().map(|z| z * z).sum()
    }
}

/// Whether a row may enter an estimate of a Gaussian in `dimension` columns.
#[inline]
pub(crate) fn check_row(x: &[f64], dimension: usize) -> Result<(), &'static str> {
    if x.len() != dimension {
        return Err("must have as many columns as the model");
    }
    // No early end: a loop without branches.
    if x.iter().fold(true, |all, v| all & v.is_finite()) {
        Ok(())
    } else {
        Err("must be finite in every column")
    }
}

/// [`check_row`] where NaN is a missing cell.
pub(crate) fn check_observed(x: &[f64], dimension: usize) -> Result<(), &'static str> {
    if x.len() != dimension {
        return Err("must have as many columns as the model");
    }
    if x.iter().any(|v| v.is_infinite()) {
        return Err("must be finite in every column that is not missing");
    }
    if x.iter().any(|v| !v.is_nan()) {
        Ok(())
    } else {
        Err("must have an observed cell, or row weight 0")
    }
}

impl Density for Gaussian {
    type Space = Rows<f64>;

    fn log_density(&self, x: &[f64]) -> f64 {
        let value = self.log_constant - 0.5 * self.squared_mahalanobis(x);
        // Differences of infinities: the row is infinitely far away.
        if value.is_nan() {
            f64::NEG_INFINITY
        } else {
            value
        }
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
    fn log_density_batch(
        &self,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        debug_assert_eq!(prepared.len(), xs.len() * self.dimension());
        kernel::log_densities(std::slice::from_ref(self), prepared, xs.len(), out, scratch);
    }
}
