//! Independent parts over different spaces.

use super::log_product;
use crate::{
    Batch, Buffer, Component, Coordinates, Density, EstimateError, Obs, Pair, Sample, Scratch, View,
};
use rand::Rng;

/// Two independent parts: p(a, b) = p(a) p(b), over [`Pair`]s of observations.
///
/// More than two nest to the right: `Product<A, Product<B, C>>` has the parts 0, 1 and 2, by which
/// errors name them. The parts may be over quite different spaces, such as a real number and a
/// label; a batch is the pair of their batches.
///
/// ```
/// use distributions::combine::Product;
/// use distributions::{Bernoulli, Component, Density, Normal};
/// let product = Product::new(Normal::standard(), Bernoulli::new(0.25)?);
/// let alone = Normal::standard().log_density(1.0);
/// assert_eq!(product.log_density((1.0, 1)), alone + 0.25f64.ln());
/// let fitted = product.estimate((&[1.0, 2.0, 6.0], &[0, 1, 1]), &[1.0, 1.0, 2.0])?;
/// assert_eq!((fitted.first.mean(), fitted.second.probability()), (3.75, 0.75));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Product<A, B> {
    /// The part of the first observation of a pair.
    pub first: A,
    /// The part of the second.
    pub second: B,
}

impl<A, B> Product<A, B> {
    /// The product of two parts.
    pub fn new(first: A, second: B) -> Self {
        Product { first, second }
    }
}

/// The error of the second part: part 1, or what follows where it is itself a product.
fn in_second(mut error: EstimateError) -> EstimateError {
    error.part = Some(1 + error.part.unwrap_or(0));
    error
}

impl<A: Density, B: Density> Density for Product<A, B> {
    type Space = Pair<A::Space, B::Space>;

    fn log_density(&self, x: Obs<'_, Self::Space>) -> f64 {
        log_product(self.first.log_density(x.0), self.second.log_density(x.1))
    }
    fn check_observation(&self, x: Obs<'_, Self::Space>) -> Result<(), &'static str> {
        self.first.check_observation(x.0)?;
        self.second.check_observation(x.1)
    }
    fn prepared_width(&self) -> usize {
        self.first.prepared_width() + self.second.prepared_width()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        // A part that prepares nothing has nothing to share.
        (self.first.prepared_width() == 0 || self.first.shares_preparation(&other.first))
            && (self.second.prepared_width() == 0 || self.second.shares_preparation(&other.second))
    }
    fn prepare(&self, xs: Batch<'_, Self::Space>, into: &mut [f64]) {
        let (first, second) = into.split_at_mut(self.first.prepared_width() * xs.len());
        self.first.prepare(xs.0, first);
        self.second.prepare(xs.1, second);
    }
    fn log_density_batch(
        &self,
        xs: Batch<'_, Self::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let (first, second) = prepared.split_at(self.first.prepared_width() * xs.len());
        self.first.log_density_batch(xs.0, first, out, scratch);
        let mut factor = scratch.take(xs.len());
        self.second
            .log_density_batch(xs.1, second, &mut factor, scratch);
        for (value, &factor) in out.iter_mut().zip(&factor) {
            *value = log_product(*value, factor);
        }
        scratch.give(factor);
    }
}

impl<A: Component, B: Component> Component for Product<A, B> {
    type Statistics = (A::Statistics, B::Statistics);

    fn empty_statistics(&self) -> Self::Statistics {
        (
            self.first.empty_statistics(),
            self.second.empty_statistics(),
        )
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: Obs<'_, Self::Space>, weight: f64) {
        self.first.accumulate(&mut into.0, x.0, weight);
        self.second.accumulate(&mut into.1, x.1, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        xs: Batch<'_, Self::Space>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let (first, second) = prepared.split_at(self.first.prepared_width() * xs.len());
        self.first
            .accumulate_batch(&mut into.0, xs.0, first, weights, scratch);
        self.second
            .accumulate_batch(&mut into.1, xs.1, second, weights, scratch);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        Ok(Product {
            first: self.first.maximize(&from.0).map_err(|e| e.in_part(0))?,
            second: self.second.maximize(&from.1).map_err(in_second)?,
        })
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        let mut levels = self.first.impossible_levels();
        let second = self.second.impossible_levels();
        levels.extend(second.into_iter().map(|(part, code)| (part + 1, code)));
        levels
    }
    fn parameter_count(&self) -> usize {
        self.first.parameter_count() + self.second.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.first.log_prior() + self.second.log_prior()
    }
    fn is_bounded(&self) -> bool {
        self.first.is_bounded() && self.second.is_bounded()
    }
    /// Where both parts have one.
    fn floored(&self, whole: &Self) -> Option<Self> {
        Some(Product {
            first: self.first.floored(&whole.first)?,
            second: self.second.floored(&whole.second)?,
        })
    }
    fn is_at_bound(&self) -> bool {
        self.first.is_at_bound() || self.second.is_at_bound()
    }
    fn one_step(&self) -> bool {
        self.first.one_step() || self.second.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        Product {
            first: self.first.toward(&next.first, fraction),
            second: self.second.toward(&next.second, fraction),
        }
    }
    fn estimate(&self, xs: Batch<'_, Self::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        let first = self.first.estimate(xs.0, weights);
        let second = self.second.estimate(xs.1, weights);
        Ok(Product {
            first: first.map_err(|e| e.in_part(0))?,
            second: second.map_err(in_second)?,
        })
    }
    fn pooled(&self, xs: Batch<'_, Self::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        let first = self.first.pooled(xs.0, weights);
        let second = self.second.pooled(xs.1, weights);
        Ok(Product {
            first: first.map_err(|e| e.in_part(0))?,
            second: second.map_err(in_second)?,
        })
    }
    /// The sum over the parts, where both have one.
    fn squared_distance(&self, a: Obs<'_, Self::Space>, b: Obs<'_, Self::Space>) -> Option<f64> {
        Some(self.first.squared_distance(a.0, b.0)? + self.second.squared_distance(a.1, b.1)?)
    }
}

impl<A: Coordinates, B: Coordinates> Coordinates for Product<A, B> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.first.pack(into);
        self.second.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(Product {
            first: self.first.unpack(from).map_err(|e| e.in_part(0))?,
            second: self.second.unpack(from).map_err(in_second)?,
        })
    }
}

impl<A: Sample, B: Sample> Sample for Product<A, B> {
    fn empty_buffer(&self) -> Buffer<Self::Space> {
        (self.first.empty_buffer(), self.second.empty_buffer())
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Buffer<Self::Space>) {
        self.first.draw(rng, &mut into.0);
        self.second.draw(rng, &mut into.1);
    }
}
