//! A component that is not estimated.

use crate::{
    Batch, Buffer, Component, Coordinates, Density, Entropy, EstimateError, IntervalStatistics,
    Obs, Sample, Scratch, Statistics, Univariate,
};
use rand::Rng;

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
    type Space = D::Space;

    fn log_density(&self, x: Obs<'_, Self::Space>) -> f64 {
        self.0.log_density(x)
    }
    fn check_observation(&self, x: Obs<'_, Self::Space>) -> Result<(), &'static str> {
        self.0.check_observation(x)
    }
    fn has_atoms(&self) -> bool {
        self.0.has_atoms()
    }
    fn is_atom(&self, x: Obs<'_, Self::Space>) -> bool {
        self.0.is_atom(x)
    }
    fn prepared_width(&self) -> usize {
        self.0.prepared_width()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.0.shares_preparation(&other.0)
    }
    fn prepare(&self, xs: Batch<'_, Self::Space>, into: &mut [f64]) {
        self.0.prepare(xs, into);
    }
    fn log_density_batch(
        &self,
        xs: Batch<'_, Self::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.0.log_density_batch(xs, prepared, out, scratch);
    }
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

impl<D: Sample> Sample for Fixed<D> {
    fn empty_buffer(&self) -> Buffer<Self::Space> {
        self.0.empty_buffer()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Buffer<Self::Space>) {
        self.0.draw(rng, into);
    }
}

impl<D: Univariate> Univariate for Fixed<D> {
    fn cdf(&self, x: f64) -> f64 {
        self.0.cdf(x)
    }
    fn sf(&self, x: f64) -> f64 {
        self.0.sf(x)
    }
    fn quantile(&self, p: f64) -> f64 {
        self.0.quantile(p)
    }
    fn mean(&self) -> f64 {
        self.0.mean()
    }
    fn variance(&self) -> f64 {
        self.0.variance()
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.0.probability(low, high)
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        self.0.log_probability(low, high)
    }
}

impl<D: Entropy> Entropy for Fixed<D> {
    fn entropy(&self) -> f64 {
        self.0.entropy()
    }
}

impl<D: Density + Univariate + Clone> IntervalStatistics for Fixed<D> {
    fn accumulate_interval(&self, into: &mut TotalWeight, _low: f64, _high: f64, weight: f64) {
        into.0 += weight;
    }
}
