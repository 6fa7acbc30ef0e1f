//! Groups of rows that share one latent class, for any set of components.

use crate::init::Shares;
use crate::set::ComponentSet;
use distributions::combine::{Grouped, GroupedView, Repeated, log_product};
use distributions::{Batch, EstimateError, Obs, Scratch, View};

/// Of a set whose components are one by one [`Repeated`]: what a group of rows is to one component, it
/// is to all of them. The components of the set see rows, the mixture sees groups, so that its n, its
/// row weights and its labels are those of groups.
impl<S: ComponentSet> ComponentSet for Repeated<S> {
    type Space = Grouped<S::Space>;
    type Statistics = S::Statistics;

    fn len(&self) -> usize {
        self.0.len()
    }
    fn is_given(&self, k: usize) -> bool {
        self.0.is_given(k)
    }
    fn log_density(&self, k: usize, group: Obs<'_, Self::Space>) -> f64 {
        let rows = (0..group.len()).map(|i| self.0.log_density(k, group.at(i)));
        rows.fold(0.0, log_product)
    }
    fn check_observation(&self, group: Obs<'_, Self::Space>) -> Result<(), &'static str> {
        (0..group.len()).try_for_each(|i| self.0.check_observation(group.at(i)))
    }
    fn log_density_matrix(
        &self,
        groups: Batch<'_, Self::Space>,
        _prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let (items, _) = groups.flat();
        let (rows, count) = (items.len(), groups.len());
        let mut prepared = scratch.take(self.0.prepared_width() * rows);
        let mut values = scratch.take_dirty(self.len() * rows);
        self.0.prepare(items, &mut prepared);
        self.0
            .log_density_matrix(items, &prepared, &mut values, scratch);
        for k in 0..self.len() {
            let values = &values[k * rows..(k + 1) * rows];
            let out = &mut out[k * count..(k + 1) * count];
            for (value, group) in out.iter_mut().zip(groups.flat().1) {
                *value = values[group].iter().copied().fold(0.0, log_product);
            }
        }
        scratch.give(values);
        scratch.give(prepared);
    }
    fn empty_statistics(&self) -> S::Statistics {
        self.0.empty_statistics()
    }
    fn accumulate(
        &self,
        into: &mut S::Statistics,
        k: usize,
        group: Obs<'_, Self::Space>,
        weight: f64,
    ) {
        for i in 0..group.len() {
            self.0.accumulate(into, k, group.at(i), weight);
        }
    }
    fn accumulate_matrix(
        &self,
        into: &mut S::Statistics,
        groups: Batch<'_, Self::Space>,
        _prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let (items, _) = groups.flat();
        let mut prepared = scratch.take(self.0.prepared_width() * items.len());
        let mut of_items = scratch.take_dirty(self.len() * items.len());
        self.0.prepare(items, &mut prepared);
        spread_over_items(groups, weights, &mut of_items);
        self.0
            .accumulate_matrix(into, items, &prepared, &of_items, scratch);
        scratch.give(of_items);
        scratch.give(prepared);
    }
    fn maximize(&self, from: &S::Statistics) -> Result<Self, EstimateError> {
        self.0.maximize(from).map(Repeated)
    }
    fn estimate_from(
        &self,
        groups: Batch<'_, Self::Space>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        let (items, _) = groups.flat();
        let mut of_items = vec![0.0; self.len() * items.len()];
        spread_over_items(groups, &shares.to_matrix(), &mut of_items);
        self.0.estimate(items, &of_items).map(Repeated)
    }
    fn floored(
        &self,
        groups: Batch<'_, Self::Space>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        let (items, _) = groups.flat();
        let mut of_items = vec![0.0; items.len()];
        spread_over_items(groups, weights, &mut of_items);
        self.0.floored(items, &of_items).map(Repeated)
    }
    fn at_bound(&self) -> Vec<usize> {
        self.0.at_bound()
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        self.0.impossible_levels()
    }
    fn parameter_count(&self) -> usize {
        self.0.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.0.log_prior()
    }
    fn subset(&self, keep: &[usize]) -> Self {
        Repeated(self.0.subset(keep))
    }
    fn one_step(&self) -> bool {
        self.0.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        Repeated(self.0.toward(&next.0, fraction))
    }
    /// That of the groups' means, where distances are Euclidean: the mean over pairs of rows from both
    /// groups, less half the mean over the pairs of rows within each.
    fn squared_distance(&self, a: Obs<'_, Self::Space>, b: Obs<'_, Self::Space>) -> Option<f64> {
        let mean = |a: Obs<'_, Self::Space>, b: Obs<'_, Self::Space>| -> Option<f64> {
            let mut sum = 0.0;
            for i in 0..a.len() {
                for j in 0..b.len() {
                    sum += self.0.squared_distance(a.at(i), b.at(j))?;
                }
            }
            Some(sum / ((a.len() * b.len()) as f64).max(1.0))
        };
        let between = mean(a, b)?;
        if a.len() == 1 && b.len() == 1 {
            return Some(between);
        }
        let within = 0.5 * (mean(a, a)? + mean(b, b)?);
        // What is left of two equal groups is rounding of these means.
        let left = between - within;
        Some(if left > 1e-12 * between { left } else { 0.0 })
    }
}

/// Gives every row the weights of its group: from a K × groups to a K × rows matrix.
fn spread_over_items<V: View>(groups: GroupedView<'_, V>, weights: &[f64], into: &mut [f64]) {
    let (items, _) = groups.flat();
    let lines = into.chunks_exact_mut(items.len().max(1));
    for (line, weights) in lines.zip(weights.chunks_exact(groups.len().max(1))) {
        for (group, &weight) in groups.flat().1.zip(weights) {
            line[group].fill(weight);
        }
    }
}
