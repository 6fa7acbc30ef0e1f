//! Weighted, mergeable statistics: what an M-step needs to know about the data.

use crate::simd::weighted_sums;

/// A statistic of weighted observations. Merging the statistics of two parts of the data gives the
/// statistic of the whole, which makes blocks, threads, streams and machines interchangeable.
pub trait Statistics: Clone + Send + Sync + 'static {
    /// The total weight Σ w of what was added: the effective count.
    fn weight(&self) -> f64;
    /// Forgets everything that was added.
    fn clear(&mut self);
    /// Adds what `other` has seen.
    fn merge(&mut self, other: &Self);
    /// Multiplies the weight of everything seen so far: forgetting, or pseudo-observations.
    fn scale(&mut self, factor: f64);
}

impl<T: Statistics> Statistics for Vec<T> {
    fn weight(&self) -> f64 {
        self.iter().map(T::weight).sum()
    }
    fn clear(&mut self) {
        self.iter_mut().for_each(T::clear);
    }
    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.iter_mut().zip(other) {
            mine.merge(theirs);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.iter_mut().for_each(|part| part.scale(factor));
    }
}

/// The weight is that of the first: both see the same rows.
impl<A: Statistics, B: Statistics> Statistics for (A, B) {
    fn weight(&self) -> f64 {
        self.0.weight()
    }
    fn clear(&mut self) {
        self.0.clear();
        self.1.clear();
    }
    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
        self.1.merge(&other.1);
    }
    fn scale(&mut self, factor: f64) {
        self.0.scale(factor);
        self.1.scale(factor);
    }
}

/// The weighted sum of a vector statistic T(x): Σ w and Σ w T(x).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MeanStatistics<V> {
    weight: f64,
    sum: V,
}

impl<V: AsRef<[f64]> + AsMut<[f64]>> MeanStatistics<V> {
    /// Nothing seen; `zero` is the zero vector of the statistic's length.
    pub fn new(zero: V) -> Self {
        MeanStatistics {
            weight: 0.0,
            sum: zero,
        }
    }
    /// Adds one observation with statistic `t` and weight `weight`.
    pub fn add(&mut self, t: &[f64], weight: f64) {
        self.weight += weight;
        for (sum, value) in self.sum.as_mut().iter_mut().zip(t) {
            *sum += weight * value;
        }
    }
    /// Adds one observation whose statistic is 1 at `entry` and 0 elsewhere: a label.
    ///
    /// # Panics
    /// When there is no such entry.
    pub fn add_unit(&mut self, entry: usize, weight: f64) {
        self.weight += weight;
        self.sum.as_mut()[entry] += weight;
    }
    /// Adds observations of total weight `weight` whose weighted sum of T is `sum`.
    pub fn add_sums(&mut self, weight: f64, sum: &[f64]) {
        self.weight += weight;
        for (mine, value) in self.sum.as_mut().iter_mut().zip(sum) {
            *mine += value;
        }
    }
    /// Σ w T(x).
    pub fn sum(&self) -> &[f64] {
        self.sum.as_ref()
    }
    /// The total weight Σ w.
    pub fn total(&self) -> f64 {
        self.weight
    }
}

impl<V: AsRef<[f64]> + AsMut<[f64]> + Clone> MeanStatistics<V> {
    /// A zero vector of the statistic's length.
    pub fn mean_zero(&self) -> V {
        let mut zero = self.sum.clone();
        zero.as_mut().fill(0.0);
        zero
    }
    /// The weighted mean of T(x); NaN when nothing was seen.
    pub fn mean(&self) -> V {
        let mut mean = self.sum.clone();
        for value in mean.as_mut() {
            *value /= self.weight;
        }
        mean
    }
}

impl<V: AsRef<[f64]> + AsMut<[f64]> + Clone + Send + Sync + 'static> Statistics
    for MeanStatistics<V>
{
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        self.weight = 0.0;
        self.sum.as_mut().fill(0.0);
    }
    fn merge(&mut self, other: &Self) {
        self.add_sums(other.weight, other.sum.as_ref());
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        for value in self.sum.as_mut() {
            *value *= factor;
        }
    }
}

/// Weight, mean and centred sum of squares of one variable, in the form that does not cancel.
///
/// Source: Chan, Golub & LeVeque (1979), the pairwise update; West (1979) for weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Moments {
    weight: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Observations of total weight `weight`, mean `mean` and centred sum of squares `squares`.
    pub fn new(weight: f64, mean: f64, squares: f64) -> Self {
        Moments {
            weight,
            mean,
            squares,
        }
    }
    /// Adds one value.
    pub fn add(&mut self, x: f64, weight: f64) {
        self.merge(&Moments::new(weight, x, 0.0));
    }
    /// Adds a block of values: two passes over it, so that nothing cancels. Values of weight 0
    /// are not looked at.
    pub fn add_slice(&mut self, xs: &[f64], weights: &[f64]) {
        // The block's own mean, about its first weighty value: a common offset costs no digits.
        let Some(first) = weights.iter().position(|&w| w > 0.0) else {
            return;
        };
        let origin = xs[first];
        let [weight, shift] = weighted_sums(xs, weights, |x, w| {
            [w, if w > 0.0 { w * (x - origin) } else { 0.0 }]
        });
        let mean = origin + shift / weight;
        let [squares, rest] = weighted_sums(xs, weights, |x, w| {
            let d = if w > 0.0 { x - mean } else { 0.0 };
            [w * d * d, w * d]
        });
        let correction = rest / weight;
        self.merge(&Moments::new(
            weight,
            mean + correction,
            (squares - rest * correction).max(0.0),
        ));
    }
    /// The weighted mean.
    pub fn mean(&self) -> f64 {
        self.mean
    }
    /// The centred sum of squares Σ w (x − mean)².
    pub fn squares(&self) -> f64 {
        self.squares
    }
    /// The weighted variance Σ w (x − mean)² / Σ w (maximum likelihood); NaN when nothing was seen.
    pub fn variance(&self) -> f64 {
        self.squares / self.weight
    }
}

impl Statistics for Moments {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        *self = Moments::default();
    }
    fn merge(&mut self, other: &Self) {
        if !(other.weight > 0.0) {
            return;
        }
        if !(self.weight > 0.0) {
            *self = *other;
            return;
        }
        let weight = self.weight + other.weight;
        let share = other.weight / weight;
        let difference = other.mean - self.mean;
        self.mean += difference * share;
        self.squares += other.squares + difference * difference * (self.weight * share);
        self.weight = weight;
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        self.squares *= factor;
    }
}
