//! Scoring: one row, and blocks of rows through the kernels.

use super::MultivariateT;
use crate::gaussian::check_row;
use crate::kernel;
use distributions::{Density, Rows, RowsView, Scratch, View};
use std::slice::from_ref;

impl Density for MultivariateT {
    type Space = Rows<f64>;

    fn log_density(&self, x: &[f64]) -> f64 {
        self.tail.log_density(&self.gaussian, x)
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
        let (gaussians, tails) = (from_ref(&self.gaussian), from_ref(&self.tail));
        kernel::t_log_densities(gaussians, tails, prepared, xs.len(), out, scratch);
    }
}
