//! A posterior that is a point: plain EM of one component.

use super::ParameterPosterior;
use distributions::{Batch, Component, Density, EstimateError, Obs};

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
    distributions::forward_density!(C; 0);
}

impl<C: Component> Component for PointMassPosterior<C> {
    distributions::forward_statistics!(C; 0);

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
