//! A component whose parameters have a posterior.

use crate::{Form, FromField};
use distributions::{
    Batch, Buffer, Component, Coordinates, Density, EstimateError, Obs, Sample, Scratch, View,
};
use em::{Conjugate, ConjugateFamily, ParameterPosterior};
use rand::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A family whose parameters can have a posterior in a model file.
pub(crate) trait Inferable:
    ConjugateFamily<
        Space: FromField,
        Prior: Coordinates + Serialize + DeserializeOwned,
        Predictive: Sample + Clone,
    > + 'static
{
}

impl<F> Inferable for F where
    F: ConjugateFamily<
            Space: FromField,
            Prior: Coordinates + Serialize + DeserializeOwned,
            Predictive: Sample + Clone,
        > + 'static
{
}

/// The posterior of one component: in a fit scored by E\[ln p(x | θ)\], afterwards by the predictive density
/// ∫ p(x | θ) q(θ) dθ. Draws are from the latter.
#[derive(Clone)]
pub(crate) struct Inferred<F: Inferable> {
    posterior: Conjugate<F>,
    predictive: F::Predictive,
    scores: Scores,
}

/// What a log-density is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scores {
    /// E\[ln p(x | θ)\], of a fit.
    Expected,
    /// The logarithm of the predictive density.
    Predictive,
}

impl<F: Inferable> Inferred<F> {
    pub(crate) fn new(posterior: Conjugate<F>, scores: Scores) -> Result<Self, EstimateError> {
        Ok(Inferred {
            predictive: posterior.predictive()?,
            posterior,
            scores,
        })
    }
    /// ∫ p(x | θ) q(θ) dθ.
    pub(crate) fn into_predictive(self) -> F::Predictive {
        self.predictive
    }
}

impl<F: Inferable> Density for Inferred<F> {
    type Space = F::Space;

    fn log_density(&self, x: Obs<'_, F::Space>) -> f64 {
        match self.scores {
            Scores::Expected => self.posterior.log_density(x),
            Scores::Predictive => self.predictive.log_density(x),
        }
    }
    fn check_observation(&self, x: Obs<'_, F::Space>) -> Result<(), &'static str> {
        self.posterior.check_observation(x)
    }
    fn prepared_width(&self) -> usize {
        match self.scores {
            Scores::Expected => self.posterior.prepared_width(),
            Scores::Predictive => self.predictive.prepared_width(),
        }
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.scores == other.scores
            && match self.scores {
                Scores::Expected => self.posterior.shares_preparation(&other.posterior),
                Scores::Predictive => self.predictive.shares_preparation(&other.predictive),
            }
    }
    fn prepare(&self, xs: Batch<'_, F::Space>, into: &mut [f64]) {
        match self.scores {
            Scores::Expected => self.posterior.prepare(xs, into),
            Scores::Predictive => self.predictive.prepare(xs, into),
        }
    }
    fn log_density_batch(
        &self,
        xs: Batch<'_, F::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        match self.scores {
            Scores::Expected => (self.posterior).log_density_batch(xs, prepared, out, scratch),
            Scores::Predictive => (self.predictive).log_density_batch(xs, prepared, out, scratch),
        }
    }
}

impl<F: Inferable> Component for Inferred<F> {
    type Statistics = F::Statistics;

    fn empty_statistics(&self) -> F::Statistics {
        self.posterior.empty_statistics()
    }
    fn accumulate(&self, into: &mut F::Statistics, x: Obs<'_, F::Space>, weight: f64) {
        self.posterior.accumulate(into, x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut F::Statistics,
        xs: Batch<'_, F::Space>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        if self.scores == Scores::Expected {
            return (self.posterior).accumulate_batch(into, xs, prepared, weights, scratch);
        }
        // What was prepared is for the predictive density.
        for (i, &weight) in weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight > 0.0)
        {
            self.posterior.accumulate(into, xs.at(i), weight);
        }
    }
    fn maximize(&self, from: &F::Statistics) -> Result<Self, EstimateError> {
        Self::new(self.posterior.maximize(from)?, self.scores)
    }
    fn parameter_count(&self) -> usize {
        self.posterior.parameter_count()
    }
    /// In a fit −KL(q ‖ p).
    fn log_prior(&self) -> f64 {
        match self.scores {
            Scores::Expected => self.posterior.log_prior(),
            Scores::Predictive => 0.0,
        }
    }
    fn squared_distance(&self, a: Obs<'_, F::Space>, b: Obs<'_, F::Space>) -> Option<f64> {
        self.posterior.squared_distance(a, b)
    }
}

impl<F: Inferable> Coordinates for Inferred<F> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.posterior.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Self::new(self.posterior.unpack(from)?, self.scores)
    }
}

/// In files a component has the parameters of its posterior; the prior stands in the specification.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Belief;

impl<F: Inferable> Form<Vec<Inferred<F>>> for Belief {
    fn save(&self, set: &Vec<Inferred<F>>, k: usize) -> Value {
        // A posterior is a map of numbers under fixed names: there is nothing that could fail.
        serde_json::to_value(set[k].posterior.belief()).unwrap_or(Value::Null)
    }
    fn empty_buffer(&self, set: &Vec<Inferred<F>>) -> Buffer<F::Space> {
        set[0].predictive.empty_buffer()
    }
    fn draw(
        &self,
        set: &Vec<Inferred<F>>,
        k: usize,
        _given: Option<Obs<'_, F::Space>>,
        mut rng: &mut dyn Rng,
        into: &mut Buffer<F::Space>,
    ) {
        set[k].predictive.draw(&mut rng, into);
    }
}
