//! Distribution functions, quantiles and moments of mixtures on the real line.

use crate::mixture::Mixture;
use crate::weights::Weights;
use distributions::special::log_sum_exp;
use distributions::{Component, Univariate, quantile_between};

/// Weighted sums over the components; a component of weight 0 has no influence, whatever it is.
///
/// ```
/// use distributions::{Normal, Univariate};
/// use em::{Mixture, Weights};
///
/// let mixture = Mixture::new(
///     Weights::new(vec![0.5, 0.5])?,
///     vec![Normal::new(-2.0, 1.0)?, Normal::new(2.0, 1.0)?],
/// )?;
/// assert_eq!((mixture.mean(), mixture.variance()), (0.0, 5.0));
/// assert!(mixture.quantile(0.5).abs() < 1e-15);
/// # Ok::<(), distributions::ParameterError>(())
/// ```
impl<C: Component + Univariate> Univariate for Mixture<Vec<C>, Weights> {
    fn cdf(&self, x: f64) -> f64 {
        // Rounding may carry a sum of weights just past 1.
        self.average(|component| component.cdf(x)).min(1.0)
    }
    fn sf(&self, x: f64) -> f64 {
        self.average(|component| component.sf(x)).min(1.0)
    }
    /// Between the least and the largest quantile of the components, by halving: to the last bit
    /// that F resolves, for steps and for slopes.
    fn quantile(&self, p: f64) -> f64 {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for (_, component) in self.weighty() {
            let quantile = component.quantile(p);
            if quantile.is_nan() {
                return quantile;
            }
            (low, high) = (low.min(quantile), high.max(quantile));
        }
        // The ends of the support are those of the components.
        if p == 0.0 || low == high {
            low
        } else if p == 1.0 {
            high
        } else {
            quantile_between(p, low, high, |x| (self.cdf(x), self.sf(x)))
        }
    }
    fn mean(&self) -> f64 {
        let total = self.total();
        // About one of the means: nothing is lost where all lie far from 0.
        let origin = self.origin();
        if !origin.is_finite() {
            return self.average(Univariate::mean) / total;
        }
        origin + self.average(|component| component.mean() - origin) / total
    }
    /// The law of total variance, in its centred form: Σ π (σ² + (μ − mean)²).
    fn variance(&self) -> f64 {
        let mean = Univariate::mean(self);
        let about_mean = |component: &C| {
            // ∞ − ∞ where a component has an infinite mean.
            let away = component.mean() - mean;
            let between = if mean.is_infinite() {
                f64::INFINITY
            } else {
                away * away
            };
            component.variance() + between
        };
        self.average(about_mean) / self.total()
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.average(|component| component.probability(low, high))
            .min(1.0)
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        let logs: Vec<f64> = self
            .weighty()
            .map(|(weight, component)| weight.ln() + component.log_probability(low, high))
            .collect();
        log_sum_exp(&logs)
    }
}

impl<C: Component + Univariate> Mixture<Vec<C>, Weights> {
    /// The components of positive weight.
    fn weighty(&self) -> impl Iterator<Item = (f64, &C)> {
        let weights = self.weights().iter().copied();
        weights
            .zip(self.components())
            .filter(|(weight, _)| *weight > 0.0)
    }
    /// Σ π f.
    fn average(&self, f: impl Fn(&C) -> f64) -> f64 {
        self.weighty()
            .map(|(weight, component)| weight * f(component))
            .sum()
    }
    /// Σ π: 1, but for rounding.
    fn total(&self) -> f64 {
        self.weights().iter().sum()
    }
    /// The mean of the component of the largest weight.
    fn origin(&self) -> f64 {
        let largest = self.weighty().max_by(|a, b| a.0.total_cmp(&b.0));
        largest.map_or(0.0, |(_, component)| component.mean())
    }
}
