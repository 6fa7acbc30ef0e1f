//! The mean of positive values, and how far the mean of their reciprocals lies above its reciprocal.

use crate::{FromMean, Statistics};

/// Weight, mean x̄ of positive values, and their gap mean(1/x) − 1/x̄ ≥ 0: what an inverse Gaussian
/// distribution needs to know.
///
/// As a difference of two means the gap of concentrated values would have no correct digit. Here it
/// is the mean of (x − x̄)²/(x x̄²), a sum of terms that are never negative, also when two statistics
/// are merged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReciprocalGap {
    weight: f64,
    mean: f64,
    gap: f64,
}

impl ReciprocalGap {
    /// Observations of total weight `weight`, mean `mean` and gap `gap`.
    pub fn new(weight: f64, mean: f64, gap: f64) -> Self {
        ReciprocalGap { weight, mean, gap }
    }
    /// The weighted mean x̄.
    pub fn mean(&self) -> f64 {
        self.mean
    }
    /// mean(1/x) − 1/x̄.
    pub fn gap(&self) -> f64 {
        self.gap
    }
    /// Adds one positive value.
    pub fn add(&mut self, x: f64, weight: f64) {
        self.merge(&ReciprocalGap::new(weight, x, 0.0));
    }
    /// Adds a block of positive values whose reciprocals are `reciprocals`. Values of weight 0 are
    /// not looked at.
    pub fn add_slice(&mut self, xs: &[f64], reciprocals: &[f64], weights: &[f64]) {
        let Some(first) = weights.iter().position(|&w| w > 0.0) else {
            return;
        };
        // About the first weighty value: equal values give a gap of exactly 0.
        let origin = xs[first];
        let weight = crate::simd::sum(weights);
        let mean = origin + super::centred_sum(xs, weights, origin) / weight;
        let inverse = 1.0 / mean;
        let mut sum = 0.0;
        for ((&x, &reciprocal), &w) in xs.iter().zip(reciprocals).zip(weights) {
            let t = if w > 0.0 { (x - mean) * inverse } else { 0.0 };
            sum += w * (t * t * reciprocal);
        }
        self.merge(&ReciprocalGap::new(weight, mean, sum / weight));
    }
}

impl Statistics for ReciprocalGap {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        *self = ReciprocalGap::default();
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
        // (1 − s)/x̄₁ + s/x̄₂ − 1/x̄ = s(1 − s)(x̄₁ − x̄₂)²/(x̄₁ x̄₂ x̄).
        let between = share * (1.0 - share) * (difference / self.mean) * (difference / other.mean);
        self.gap = (1.0 - share) * self.gap + share * other.gap + between / mean;
        self.mean = mean;
        self.weight = weight;
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
    }
}

/// From the means of (x, 1/x).
impl FromMean for ReciprocalGap {
    fn from_mean(mean: &[f64], weight: f64) -> Self {
        ReciprocalGap::new(weight, mean[0], (mean[1] - 1.0 / mean[0]).max(0.0))
    }
}
