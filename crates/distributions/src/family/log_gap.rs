//! The mean of positive values, and how far its logarithm lies above the mean logarithm.

use crate::special::ln_1p_minus_x;
use crate::{FromMean, Statistics};

/// Below this gap the plain difference of two logarithms has lost so many digits that the second,
/// exact pass is worth its time.
const CONCENTRATED: f64 = 1e-3;

/// Weight, mean x̄ of positive values, and their gap ln x̄ − mean(ln x) ≥ 0: what a gamma
/// distribution needs to know.
///
/// The gap of concentrated values is near half their squared coefficient of variation; as a
/// difference of two sums it would have no correct digit left where the shape is 10¹². Here, with
/// t = (x − x̄)/x̄, it is the mean of t − ln(1 + t), since the mean of t is 0: a sum of terms that
/// are never negative, also when two statistics are merged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LogGap {
    weight: f64,
    mean: f64,
    gap: f64,
}

impl LogGap {
    /// Observations of total weight `weight`, mean `mean` and gap `gap`.
    pub fn new(weight: f64, mean: f64, gap: f64) -> Self {
        LogGap { weight, mean, gap }
    }
    /// The weighted mean x̄.
    pub fn mean(&self) -> f64 {
        self.mean
    }
    /// ln x̄ − mean(ln x).
    pub fn gap(&self) -> f64 {
        self.gap
    }
    /// Adds one positive value.
    pub fn add(&mut self, x: f64, weight: f64) {
        self.merge(&LogGap::new(weight, x, 0.0));
    }
    /// Adds a block of positive values whose logarithms are `log_xs`. Values of weight 0 are not
    /// looked at.
    pub fn add_slice(&mut self, xs: &[f64], log_xs: &[f64], weights: &[f64]) {
        let Some(first) = weights.iter().position(|&w| w > 0.0) else {
            return;
        };
        // About the first weighty value: equal values give a gap of exactly 0.
        let (origin, log_origin) = (xs[first], log_xs[first]);
        let weight = crate::simd::sum(weights);
        let shift = super::centred_sum(xs, weights, origin);
        let log_shift = super::centred_sum(log_xs, weights, log_origin);
        let mean = origin + shift / weight;
        let mut gap = (mean.ln() - log_origin) - log_shift / weight;
        if !(gap > CONCENTRATED) {
            let mut sum = 0.0;
            for (&x, &w) in xs.iter().zip(weights) {
                if w > 0.0 {
                    sum += w * log_excess((x - mean) / mean, x, mean);
                }
            }
            gap = sum / weight;
        }
        self.merge(&LogGap::new(weight, mean, gap));
    }
}

/// t − ln(1 + t) ≥ 0 for t = `value`/`mean` − 1. Far below the mean t alone has lost the digits of the value.
pub(super) fn log_excess(t: f64, value: f64, mean: f64) -> f64 {
    if t > -0.5 {
        -ln_1p_minus_x(t)
    } else {
        t - (value.ln() - mean.ln())
    }
}

/// What two groups of weights 1 − `share` and `share` add to the gap of their union by lying apart:
/// `difference` of their `means`, and the mean of the union.
pub(super) fn gap_between(means: [f64; 2], difference: f64, mean: f64, share: f64) -> f64 {
    let apart = difference / mean;
    (1.0 - share) * log_excess(-apart * share, means[0], mean)
        + share * log_excess(apart * (1.0 - share), means[1], mean)
}

impl Statistics for LogGap {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        *self = LogGap::default();
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
        let mean = self.mean + difference * share;
        self.gap = (1.0 - share) * self.gap
            + share * other.gap
            + gap_between([self.mean, other.mean], difference, mean, share);
        self.mean = mean;
        self.weight = weight;
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
    }
}

/// From the means of (x, ln x).
impl FromMean for LogGap {
    fn from_mean(mean: &[f64], weight: f64) -> Self {
        LogGap::new(weight, mean[0], (mean[0].ln() - mean[1]).max(0.0))
    }
}
