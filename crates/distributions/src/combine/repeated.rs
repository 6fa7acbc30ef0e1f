//! Groups of observations that share one latent class.

use super::log_product;
use crate::{
    Batch, Buffer, Component, Coordinates, Density, EstimateError, Obs, Sample, Scratch, Space,
    Statistics, View,
};
use rand::Rng;
use std::marker::PhantomData;
use std::ops::Range;

/// Groups of observations of the space `S`: an observation is itself a batch of `S`.
#[derive(Clone, Copy, Debug)]
pub struct Grouped<S>(PhantomData<S>);

/// Borrowed groups: group g holds the items `offsets[g] .. offsets[g + 1]`.
#[derive(Clone, Copy, Debug)]
pub struct GroupedView<'a, V> {
    items: V,
    offsets: &'a [usize],
}

impl<'a, V: View> GroupedView<'a, V> {
    /// The groups of `items` that begin and end at `offsets`, one more than there are groups.
    ///
    /// # Panics
    /// When there is no offset, they fall, or the last lies past the items.
    pub fn new(items: V, offsets: &'a [usize]) -> Self {
        assert!(
            offsets.is_sorted() && offsets.last().is_some_and(|&end| end <= items.len()),
            "offsets must rise from the first item to at most the last"
        );
        GroupedView { items, offsets }
    }
    /// All items of these groups, and the group boundaries relative to them.
    pub fn flat(self) -> (V, impl Iterator<Item = Range<usize>>) {
        let (start, end) = (self.offsets[0], self.offsets[self.offsets.len() - 1]);
        let bounds = self.offsets.windows(2);
        (
            self.items.block(start..end),
            bounds.map(move |pair| pair[0] - start..pair[1] - start),
        )
    }
}

impl<V: View> View for GroupedView<'_, V> {
    type Observation = V;
    fn len(self) -> usize {
        self.offsets.len() - 1
    }
    fn at(self, row: usize) -> V {
        self.items.block(self.offsets[row]..self.offsets[row + 1])
    }
    fn block(self, rows: Range<usize>) -> Self {
        GroupedView {
            items: self.items,
            offsets: &self.offsets[rows.start..=rows.end],
        }
    }
}

/// Owned groups.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupedBuffer<B> {
    /// The items of all groups, one after the other.
    pub items: B,
    /// Where each group begins, and where the last ends; never empty.
    pub offsets: Vec<usize>,
}

impl<S: Space> Space for Grouped<S> {
    type Observation<'a> = S::Batch<'a>;
    type Batch<'a> = GroupedView<'a, S::Batch<'a>>;
    type Buffer = GroupedBuffer<S::Buffer>;
    fn view(buffer: &Self::Buffer) -> Self::Batch<'_> {
        GroupedView::new(S::view(&buffer.items), &buffer.offsets)
    }
}

/// A component of whole groups: the items of a group are independent draws from one and the same
/// component, so that ln p(group) = Σ ln p(item).
///
/// In a mixture all items of a group then share one latent class, as the rows of one patient do.
/// What an item needs prepared is prepared for each component, as a block of groups has no fixed
/// number of items. An empty group has log-density 0.
///
/// ```
/// use distributions::combine::{GroupedView, Repeated};
/// use distributions::{Component, Density, Exponential};
/// let patient = Repeated(Exponential::new(1.0)?);
/// let visits = [1.0, 2.0, 3.0, 10.0];
/// let groups = GroupedView::new(&visits[..], &[0, 3, 4]);
/// assert_eq!(patient.log_density(&visits[0..3]), -6.0);
/// assert_eq!(patient.estimate(groups, &[1.0, 0.0])?.0.rate(), 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Repeated<C>(pub C);

/// The statistic of the items, and the total weight of the groups.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GroupStatistics<T> {
    weight: f64,
    /// What the items' component needs to know; its weight is that of the items.
    pub items: T,
}

impl<T: Statistics> Statistics for GroupStatistics<T> {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        self.weight = 0.0;
        self.items.clear();
    }
    fn merge(&mut self, other: &Self) {
        self.weight += other.weight;
        self.items.merge(&other.items);
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        self.items.scale(factor);
    }
}

impl<D: Density> Density for Repeated<D> {
    type Space = Grouped<D::Space>;

    fn log_density(&self, group: Obs<'_, Self::Space>) -> f64 {
        let items = 0..group.len();
        items.fold(0.0, |sum, i| {
            log_product(sum, self.0.log_density(group.at(i)))
        })
    }
    fn check_observation(&self, group: Obs<'_, Self::Space>) -> Result<(), &'static str> {
        (0..group.len()).try_for_each(|i| self.0.check_observation(group.at(i)))
    }
    fn log_density_batch(
        &self,
        groups: Batch<'_, Self::Space>,
        _prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let (items, bounds) = groups.flat();
        let mut prepared = scratch.take(self.0.prepared_width() * items.len());
        let mut values = scratch.take(items.len());
        self.0.prepare(items, &mut prepared);
        self.0
            .log_density_batch(items, &prepared, &mut values, scratch);
        for (value, group) in out.iter_mut().zip(bounds) {
            *value = values[group].iter().copied().fold(0.0, log_product);
        }
        scratch.give(values);
        scratch.give(prepared);
    }
}

impl<C: Component> Component for Repeated<C> {
    type Statistics = GroupStatistics<C::Statistics>;

    fn empty_statistics(&self) -> Self::Statistics {
        GroupStatistics {
            weight: 0.0,
            items: self.0.empty_statistics(),
        }
    }
    fn accumulate(&self, into: &mut Self::Statistics, group: Obs<'_, Self::Space>, weight: f64) {
        into.weight += weight;
        for i in 0..group.len() {
            self.0.accumulate(&mut into.items, group.at(i), weight);
        }
    }
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        groups: Batch<'_, Self::Space>,
        _prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let (items, bounds) = groups.flat();
        let mut prepared = scratch.take(self.0.prepared_width() * items.len());
        let mut item_weights = scratch.take(items.len());
        self.0.prepare(items, &mut prepared);
        for (group, &weight) in bounds.zip(weights) {
            into.weight += weight;
            item_weights[group].fill(weight);
        }
        self.0
            .accumulate_batch(&mut into.items, items, &prepared, &item_weights, scratch);
        scratch.give(item_weights);
        scratch.give(prepared);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        self.0.maximize(&from.items).map(Repeated)
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
        self.0.floored(&whole.0).map(Repeated)
    }
    fn is_at_bound(&self) -> bool {
        self.0.is_at_bound()
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        self.0.impossible_levels()
    }
    fn one_step(&self) -> bool {
        self.0.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        Repeated(self.0.toward(&next.0, fraction))
    }
    fn estimate(
        &self,
        groups: Batch<'_, Self::Space>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        let (items, weights) = of_items::<C>(groups, weights);
        self.0.estimate(items, &weights).map(Repeated)
    }
    fn pooled(
        &self,
        groups: Batch<'_, Self::Space>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        let (items, weights) = of_items::<C>(groups, weights);
        self.0.pooled(items, &weights).map(Repeated)
    }
}

/// The items of all groups, each with the weight of its group.
fn of_items<'a, C: Density>(
    groups: Batch<'a, <Repeated<C> as Density>::Space>,
    weights: &[f64],
) -> (Batch<'a, C::Space>, Vec<f64>) {
    let (items, bounds) = groups.flat();
    let mut item_weights = vec![0.0; items.len()];
    for (group, &weight) in bounds.zip(weights) {
        item_weights[group].fill(weight);
    }
    (items, item_weights)
}

impl<C: Coordinates> Coordinates for Repeated<C> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.0.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        self.0.unpack(from).map(Repeated)
    }
}

/// Draws groups of one item: the number of items is no part of the model.
impl<D: Sample> Sample for Repeated<D> {
    fn empty_buffer(&self) -> Buffer<Self::Space> {
        GroupedBuffer {
            items: self.0.empty_buffer(),
            offsets: vec![0],
        }
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Buffer<Self::Space>) {
        self.0.draw(rng, &mut into.items);
        let end = <D::Space as Space>::view(&into.items).len();
        into.offsets.push(end);
    }
}
