//! A component that is not estimated.

use crate::{
    Batch, Component, Coordinates, Density, EstimateError, IntervalStatistics, Obs, Scratch,
    Statistics, Univariate,
};

/// A component that stays as it is: no parameter, and an M-step that returns it unchanged.
///
/// For a known background, or a part of a product that is known.
///
/// ```
/// use distributions::combine::Fixed;
/// use distributions::{Component, Normal};
/// let known = Fixed(Normal::standard());
/// assert_eq!(known.estimate(&[5.0, 6.0, 7.0], &[1.0, 1.0, 1.0])?, known);
/// assert_eq!(known.parameter_count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fixed<D>(pub D);

/// The total weight of what was added, and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TotalWeight(pub f64);

impl Statistics for TotalWeight {
    fn weight(&self) -> f64 {
        self.0
    }
    fn clear(&mut self) {
        self.0 = 0.0;
    }
    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
    fn scale(&mut self, factor: f64) {
        self.0 *= factor;
    }
}

impl<D: Density> Density for Fixed<D> {
    crate::forward_density!(D; 0);
}

impl<D: Density + Clone> Component for Fixed<D> {
    type Statistics = TotalWeight;

    fn empty_statistics(&self) -> TotalWeight {
        TotalWeight::default()
    }
    fn accumulate(&self, into: &mut TotalWeight, _x: Obs<'_, Self::Space>, weight: f64) {
        into.0 += weight;
    }
    fn accumulate_batch(
        &self,
        into: &mut TotalWeight,
        _xs: Batch<'_, Self::Space>,
        _prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        into.0 += weights.iter().sum::<f64>();
    }
    fn maximize(&self, _from: &TotalWeight) -> Result<Self, EstimateError> {
        Ok(self.clone())
    }
    fn parameter_count(&self) -> usize {
        0
    }
    fn is_bounded(&self) -> bool {
        true
    }
}

impl<D: Clone> Coordinates for Fixed<D> {
    fn pack(&self, _into: &mut Vec<f64>) {}
    fn unpack(&self, _from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(self.clone())
    }
}

super::forward::forward_distribution!(Fixed; 0);

impl<D: Density + Univariate + Clone> IntervalStatistics for Fixed<D> {
    fn accumulate_interval(&self, into: &mut TotalWeight, _low: f64, _high: f64, weight: f64) {
        into.0 += weight;
    }
}
