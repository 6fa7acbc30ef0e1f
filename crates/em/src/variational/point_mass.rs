//! A posterior that is a point: plain EM of one component.

use super::ParameterPosterior;
use distributions::{Batch, Component, Density, EstimateError, Obs, Scratch};

/// Any component as a posterior with all its mass on one point, its estimate: what EM does, with a
/// [`log_prior`](Component::log_prior) where the component has one. For parts of a product that have no
/// conjugate prior, beside parts that have.
///
/// With known weights ([`WeightsPrior::Known`](super::WeightsPrior::Known)) and only such components,
/// variational Bayes is plain EM.
#[derive(Clone, Debug, PartialEq)]
pub struct PointMassPosterior<C>(pub C);

impl<C: Component> ParameterPosterior for PointMassPosterior<C> {
    type Predictive = C;
    fn predictive(&self) -> Result<C, EstimateError> {
        Ok(self.0.clone())
    }
}

impl<C: Component> Density for PointMassPosterior<C> {
    type Space = C::Space;

    fn log_density(&self, x: Obs<'_, C::Space>) -> f64 {
        self.0.log_density(x)
    }
    fn check_observation(&self, x: Obs<'_, C::Space>) -> Result<(), &'static str> {
        self.0.check_observation(x)
    }
    fn has_atoms(&self) -> bool {
        self.0.has_atoms()
    }
    fn is_atom(&self, x: Obs<'_, C::Space>) -> bool {
        self.0.is_atom(x)
    }
    fn prepared_width(&self) -> usize {
        self.0.prepared_width()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.0.shares_preparation(&other.0)
    }
    fn prepare(&self, xs: Batch<'_, C::Space>, into: &mut [f64]) {
        self.0.prepare(xs, into);
    }
    fn log_density_batch(
        &self,
        xs: Batch<'_, C::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.0.log_density_batch(xs, prepared, out, scratch);
    }
}

impl<C: Component> Component for PointMassPosterior<C> {
    type Statistics = C::Statistics;

    fn empty_statistics(&self) -> C::Statistics {
        self.0.empty_statistics()
    }
    fn accumulate(&self, into: &mut C::Statistics, x: Obs<'_, C::Space>, weight: f64) {
        self.0.accumulate(into, x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut C::Statistics,
        xs: Batch<'_, C::Space>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        self.0
            .accumulate_batch(into, xs, prepared, weights, scratch);
    }
    fn maximize(&self, from: &C::Statistics) -> Result<Self, EstimateError> {
        self.0.maximize(from).map(PointMassPosterior)
    }
    fn parameter_count(&self) -> usize {
        self.0.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.0.log_prior()
    }
    fn is_bounded(&self) -> bool {
        self.0.is_bounded()
    }
    fn floored(&self, whole: &Self) -> Option<Self> {
        self.0.floored(&whole.0).map(PointMassPosterior)
    }
    fn is_at_bound(&self) -> bool {
        self.0.is_at_bound()
    }
    fn one_step(&self) -> bool {
        self.0.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        PointMassPosterior(self.0.toward(&next.0, fraction))
    }
    fn estimate(&self, xs: Batch<'_, C::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.0.estimate(xs, weights).map(PointMassPosterior)
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        self.0.impossible_levels()
    }
    fn squared_distance(&self, a: Obs<'_, C::Space>, b: Obs<'_, C::Space>) -> Option<f64> {
        self.0.squared_distance(a, b)
    }
}
