//! How often each count was seen: a statistic from which any family of counts can be estimated.

use crate::Statistics;
use std::collections::BTreeMap;

/// Counts below this have a cell of their own; the rest is kept in a map, so that one large count
/// does not cost memory for all below it.
const DENSE: usize = 1024;

/// The weight of each count: with it an M-step is exact also where no sufficient statistic of fixed
/// size exists.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CountHistogram {
    weight: f64,
    /// The weights of 0, 1, …, as far as needed.
    dense: Vec<f64>,
    /// The weights of the others.
    sparse: BTreeMap<u64, f64>,
}

impl CountHistogram {
    /// Adds a count.
    pub fn add(&mut self, x: u64, weight: f64) {
        if !(weight > 0.0) {
            return;
        }
        self.weight += weight;
        let place = usize::try_from(x).unwrap_or(usize::MAX);
        if place < DENSE {
            if place >= self.dense.len() {
                self.dense.resize(place + 1, 0.0);
            }
            self.dense[place] += weight;
        } else {
            *self.sparse.entry(x).or_insert(0.0) += weight;
        }
    }
    /// The counts seen, rising, with their weights.
    pub fn iter(&self) -> impl Iterator<Item = (u64, f64)> {
        let dense = (0..).zip(self.dense.iter().copied());
        let sparse = self.sparse.iter().map(|(&x, &weight)| (x, weight));
        dense.chain(sparse).filter(|&(_, weight)| weight > 0.0)
    }
    /// The weighted mean; NaN when nothing was seen.
    pub fn mean(&self) -> f64 {
        self.iter()
            .map(|(x, weight)| weight * x as f64)
            .sum::<f64>()
            / self.weight
    }
    /// The weighted variance (maximum likelihood); NaN when nothing was seen.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        let square = |(x, weight): (u64, f64)| weight * (x as f64 - mean).powi(2);
        self.iter().map(square).sum::<f64>() / self.weight
    }
}

impl Statistics for CountHistogram {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        self.weight = 0.0;
        self.dense.fill(0.0);
        self.sparse.clear();
    }
    fn merge(&mut self, other: &Self) {
        self.weight += other.weight;
        if other.dense.len() > self.dense.len() {
            self.dense.resize(other.dense.len(), 0.0);
        }
        for (mine, theirs) in self.dense.iter_mut().zip(&other.dense) {
            *mine += theirs;
        }
        for (&x, weight) in &other.sparse {
            *self.sparse.entry(x).or_insert(0.0) += weight;
        }
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        self.dense.iter_mut().for_each(|weight| *weight *= factor);
        self.sparse
            .values_mut()
            .for_each(|weight| *weight *= factor);
    }
}
