//! Mean and covariance of a mixture of distributions of vectors.

use crate::mixture::Mixture;
use crate::weights::Weights;
use distributions::{Component, Multivariate};

/// E\[X\] = Σ_k π_k μ_k and Cov\[X\] = Σ_k π_k (Σ_k + (μ_k − E X)(μ_k − E X)ᵀ): the law of total
/// covariance in its centred form, so that a common offset costs no digits.
impl<C: Component + Multivariate> Multivariate for Mixture<Vec<C>, Weights> {
    fn mean(&self) -> Vec<f64> {
        total_mean(
            self.weights(),
            &self.components().iter().map(C::mean).collect::<Vec<_>>(),
        )
    }
    fn covariance(&self) -> Vec<f64> {
        let means: Vec<Vec<f64>> = self.components().iter().map(C::mean).collect();
        let covariances: Vec<Vec<f64>> = self.components().iter().map(C::covariance).collect();
        total_covariance(self.weights(), &means, &covariances)
    }
}

/// Σ_k π_k μ_k, about the first mean of positive weight.
pub fn total_mean(weights: &[f64], means: &[Vec<f64>]) -> Vec<f64> {
    let first = weights.iter().position(|&weight| weight > 0.0).unwrap_or(0);
    let mut total = means[first].clone();
    for (&weight, mean) in weights.iter().zip(means) {
        if weight > 0.0 {
            for ((total, value), origin) in total.iter_mut().zip(mean).zip(&means[first]) {
                *total += weight * (value - origin);
            }
        }
    }
    total
}

/// Σ_k π_k (Σ_k + (μ_k − m)(μ_k − m)ᵀ) with m = Σ_k π_k μ_k; matrices row after row.
pub fn total_covariance(weights: &[f64], means: &[Vec<f64>], covariances: &[Vec<f64>]) -> Vec<f64> {
    let centre = total_mean(weights, means);
    let width = centre.len();
    let mut total = vec![0.0; width * width];
    for ((&weight, mean), covariance) in weights.iter().zip(means).zip(covariances) {
        if !(weight > 0.0) {
            continue;
        }
        let shift: Vec<f64> = mean.iter().zip(&centre).map(|(a, b)| a - b).collect();
        for (entry, (value, index)) in total.iter_mut().zip(covariance.iter().zip(0..)) {
            let (i, j): (usize, usize) = (index / width, index % width);
            *entry += weight * (value + shift[i] * shift[j]);
        }
    }
    total
}
