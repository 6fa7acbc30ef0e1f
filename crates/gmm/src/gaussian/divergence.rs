//! Information measures with closed forms.

use super::{Gaussian, HALF_LN_TWO_PI};

impl Gaussian {
    /// The differential entropy ½ (d + d ln 2π + ln det Σ), in nats.
    pub fn entropy(&self) -> f64 {
        let d = self.dimension() as f64;
        d * (0.5 + HALF_LN_TWO_PI) + self.factor().half_log_determinant()
    }
    /// The Kullback–Leibler divergence KL(self ‖ other), in nats:
    /// ½ (tr Σ′⁻¹Σ + (μ′ − μ)ᵀ Σ′⁻¹ (μ′ − μ) − d + ln det Σ′ − ln det Σ).
    ///
    /// Computed from M = L′⁻¹ L, whose diagonal carries the determinants, so that it does not cancel
    /// between distributions that are nearly equal.
    ///
    /// # Panics
    /// When the dimensions differ.
    pub fn kl_divergence(&self, other: &Self) -> f64 {
        let d = self.dimension();
        assert_eq!(d, other.dimension(), "dimensions");
        let mut twice = other.squared_mahalanobis(self.mean());
        let mut column = vec![0.0; d];
        for j in 0..d {
            for (i, value) in column.iter_mut().enumerate() {
                *value = if i < j { 0.0 } else { self.factor().at(i, j) };
            }
            other.factor().solve(&mut column);
            let excess = column[j] * column[j] - 1.0;
            twice += excess - excess.ln_1p();
            twice += column[j + 1..].iter().map(|m| m * m).sum::<f64>();
        }
        0.5 * twice
    }
}
