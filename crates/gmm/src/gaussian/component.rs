//! Estimation: one Gaussian from its weighted rows.

use super::Gaussian;
use crate::kernel;
use crate::scatter::Scatter;
use distributions::{Component, EstimateError, RowsView, Scratch, View};

impl Component for Gaussian {
    type Statistics = Scatter;

    fn empty_statistics(&self) -> Scatter {
        Scatter::new(self.dimension(), self.structure.needs_full_scatter())
    }
    fn accumulate(&self, into: &mut Scatter, x: &[f64], weight: f64) {
        into.add(x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut Scatter,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        debug_assert_eq!(xs.len(), weights.len());
        kernel::accumulate(
            std::slice::from_mut(into),
            std::slice::from_ref(self),
            prepared,
            weights,
            weights.len(),
            scratch,
        );
    }
    fn maximize(&self, from: &Scatter) -> Result<Self, EstimateError> {
        let (parts, current) = (std::slice::from_ref(from), std::slice::from_ref(self));
        let mut estimates = self
            .structure
            .estimate(parts, current)
            .map_err(|mut error| {
                error.component = None;
                error
            })?;
        Ok(estimates.remove(0))
    }
    fn parameter_count(&self) -> usize {
        self.dimension() + self.structure.parameter_count(1, self.dimension())
    }
    fn squared_distance(&self, a: &[f64], b: &[f64]) -> Option<f64> {
        let mut sum = 0.0;
        for (j, (a, b)) in a.iter().zip(b).enumerate() {
            let difference = a - b;
            sum += difference * (difference / self.variance(j));
        }
        Some(sum)
    }
}
