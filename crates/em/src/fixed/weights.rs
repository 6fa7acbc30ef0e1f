//! Weights that are not estimated.

use crate::weights::{Counts, WeightModel, Weights};
use distributions::{Batch, Coordinates, EstimateError, Obs, Space};

/// Mixing weights that stay as they are: known proportions, or equal ones. They are no parameters.
///
/// ```
/// use distributions::{Component, Normal};
/// use em::{Data, FixedWeights, Mixture, Options, fit};
///
/// let start = Mixture::new(
///     FixedWeights::equal(2),
///     vec![Normal::new(0.0, 1.0)?, Normal::new(5.0, 1.0)?],
/// )?;
/// let xs = [0.1, -0.2, 0.3, 0.0, 5.1, 4.7, 5.0];
/// let fitted = fit(start, Data::new(&xs[..]), &Options::default())?;
/// assert_eq!(fitted.model.weights().weights()[0], 0.5);
/// assert_eq!(fitted.model.parameter_count(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct FixedWeights(Weights);

impl FixedWeights {
    /// These weights.
    pub fn new(weights: Weights) -> Self {
        FixedWeights(weights)
    }
    /// 1/K each.
    ///
    /// # Panics
    /// When `components` is 0.
    pub fn equal(components: usize) -> Self {
        FixedWeights(Weights::uniform(components))
    }
    /// The weights.
    pub fn weights(&self) -> &Weights {
        &self.0
    }
}

impl WeightModel for FixedWeights {
    type Joint<S: Space> = S;
    type Statistics = Counts;

    fn len(&self) -> usize {
        self.0.len()
    }
    fn component_batch<'a, S: Space>(xs: Batch<'a, S>) -> Batch<'a, S> {
        xs
    }
    fn component_observation<'a, S: Space>(x: Obs<'a, S>) -> Obs<'a, S> {
        x
    }
    fn log_weight<S: Space>(&self, k: usize, _x: Obs<'_, S>) -> f64 {
        self.0.logs()[k]
    }
    fn add_log_weights<S: Space>(&self, xs: Batch<'_, S>, rows: usize, joint: &mut [f64]) {
        self.0.add_log_weights::<S>(xs, rows, joint);
    }
    fn empty_statistics(&self) -> Counts {
        self.0.empty_statistics()
    }
    fn accumulate<S: Space>(
        &self,
        into: &mut Counts,
        _xs: Batch<'_, S>,
        rows: usize,
        responsibilities: &[f64],
    ) {
        into.add_matrix(rows, responsibilities);
    }
    fn accumulate_row<S: Space>(&self, into: &mut Counts, _x: Obs<'_, S>, shares: &[f64]) {
        into.add_matrix(1, shares);
    }
    fn maximize(&self, _from: &Counts) -> Result<Self, EstimateError> {
        Ok(self.clone())
    }
    fn parameter_count(&self) -> usize {
        0
    }
    /// Renormalised if some are left out: equal weights stay equal.
    fn subset(&self, keep: &[usize]) -> Self {
        // Equal weights stay so, to the last bit.
        let equal = keep.iter().all(|&k| self.0[k] == self.0[keep[0]]);
        if equal && keep.len() < self.0.len() {
            return FixedWeights::equal(keep.len());
        }
        FixedWeights(self.0.subset(keep))
    }
    fn overall(&self, k: usize) -> f64 {
        self.0[k]
    }
}

impl Coordinates for FixedWeights {
    fn pack(&self, _into: &mut Vec<f64>) {}
    fn unpack(&self, _from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(self.clone())
    }
}
