//! Estimation: one multivariate t distribution from its weighted rows.

use super::estimate::{estimate, renamed};
use super::{DegreesOfFreedom, LatentScatters, MultivariateT};
use crate::kernel;
use distributions::{Component, EstimateError, RowsView, Scratch, View};
use std::slice::from_ref;

impl Component for MultivariateT {
    type Statistics = LatentScatters;

    fn empty_statistics(&self) -> LatentScatters {
        let full = self.structure().needs_full_scatter();
        LatentScatters::new(1, self.dimension(), full)
    }
    fn accumulate(&self, into: &mut LatentScatters, x: &[f64], weight: f64) {
        let scale = self.tail.latent(self.squared_mahalanobis(x));
        into.add(0, x, weight, scale);
    }
    fn accumulate_batch(
        &self,
        into: &mut LatentScatters,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        debug_assert_eq!(xs.len(), weights.len());
        kernel::t_accumulate(
            into,
            (from_ref(&self.gaussian), from_ref(&self.tail)),
            prepared,
            weights,
            weights.len(),
            self.degrees != DegreesOfFreedom::Fixed,
            scratch,
        );
    }
    fn maximize(&self, from: &LatentScatters) -> Result<Self, EstimateError> {
        let estimates = estimate(
            self.structure(),
            None,
            self.degrees,
            from_ref(&self.gaussian),
            from_ref(&self.tail),
            from,
        );
        let (mut gaussians, tails) = estimates.map_err(|mut error| {
            error.component = None;
            error
        })?;
        Ok(MultivariateT {
            gaussian: gaussians.remove(0),
            tail: tails[0],
            degrees: self.degrees,
        })
    }
    fn parameter_count(&self) -> usize {
        self.gaussian.parameter_count() + self.degrees.parameter_count(1)
    }
    fn one_step(&self) -> bool {
        self.degrees != DegreesOfFreedom::Fixed
    }
    /// All of the step but for the degrees of freedom, whose share is `fraction`.
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        MultivariateT {
            tail: self.tail.toward(&next.tail, fraction),
            ..next.clone()
        }
    }
    /// The first M-step, every latent scale 1: the Gaussian's. The degrees of freedom stay.
    fn estimate(&self, xs: RowsView<'_, f64>, weights: &[f64]) -> Result<Self, EstimateError> {
        Ok(MultivariateT {
            gaussian: self.gaussian.estimate(xs, weights).map_err(renamed)?,
            ..self.clone()
        })
    }
    fn squared_distance(&self, a: &[f64], b: &[f64]) -> Option<f64> {
        self.gaussian.squared_distance(a, b)
    }
}
