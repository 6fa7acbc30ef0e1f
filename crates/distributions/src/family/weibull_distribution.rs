//! Distribution function, quantiles, moments and entropy of the Weibull distribution.

use super::bounded::Bounded;
use super::divergence;
use super::log_gamma::BoundedLogGamma;
use super::{Weibull, WeibullStatistics};
use crate::quadrature::integral;
use crate::special::{ln_gamma_1p, trigamma};
use crate::{Entropy, IntervalStatistics, Univariate};

impl Weibull {
    /// (x/λ)ᵏ for x ≥ 0: the unit exponential variable.
    fn power(&self, x: f64) -> f64 {
        if x <= 0.0 {
            0.0
        } else if x == f64::INFINITY {
            x
        } else {
            self.log_power(x, super::ln(x)).exp()
        }
    }
}

impl Weibull {
    /// (low/λ)ᵏ, and how far (high/λ)ᵏ lies above it.
    fn power_and_width(&self, low: f64, high: f64) -> (f64, f64) {
        let from = self.power(low);
        // (1 + t)ᵏ − 1 of t = (high − low)/low, where the two powers are close.
        let width = if low > 0.0 && high < 2.0 * low {
            from * (self.shape() * ((high - low) / low).ln_1p()).exp_m1()
        } else {
            self.power(high) - from
        };
        (from, width)
    }
}

impl Univariate for Weibull {
    fn cdf(&self, x: f64) -> f64 {
        super::exponential_cdf(self.power(x))
    }
    fn sf(&self, x: f64) -> f64 {
        super::exponential_sf(self.power(x))
    }
    fn quantile(&self, p: f64) -> f64 {
        self.scale() * (super::exponential_quantile(p).ln() / self.shape()).exp()
    }
    /// λ Γ(1 + 1/k).
    fn mean(&self) -> f64 {
        self.scale() * ln_gamma_1p(1.0 / self.shape()).exp()
    }
    /// λ² (Γ(1 + 2/k) − Γ(1 + 1/k)²).
    fn variance(&self) -> f64 {
        let mean = self.mean();
        mean * (log_second_moment_ratio(1.0 / self.shape()).exp_m1() * mean)
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.log_probability(low, high).exp()
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        let (from, width) = self.power_and_width(low, high);
        super::exponential_log_probability(from, width)
    }
}

/// ln Γ(1 + 2h) − 2 ln Γ(1 + h): of E[X²]/E[X]², which is near 1 for small h.
fn log_second_moment_ratio(h: f64) -> f64 {
    if h > 0.5 {
        return ln_gamma_1p(2.0 * h) - 2.0 * ln_gamma_1p(h);
    }
    // A second difference of ln Γ: h² times the mean of ψ′ under a triangle.
    let triangle = |u: f64| u * (trigamma(1.0 + h * u) + trigamma(1.0 + h * (2.0 - u)));
    h * h * integral(0.0, 1.0, 1, triangle)
}

impl Entropy for Weibull {
    /// γ (1 − 1/k) + ln(λ/k) + 1.
    fn entropy(&self) -> f64 {
        let (log_shape, log_scale) = self.logs();
        super::EULER_GAMMA * (1.0 - 1.0 / self.shape()) + (log_scale - log_shape) + 1.0
    }
}

impl Weibull {
    /// The Kullback–Leibler divergence KL(self ‖ other) in nats.
    ///
    /// With r = k′/k and w = k′ ln(λ/λ′) + ln Γ(1 + r) it is (e^w − 1 − w) + ln Γ(r) + γ(r − 1): two
    /// parts that are never negative.
    pub fn kl_divergence(&self, other: &Self) -> f64 {
        let step = (other.shape() - self.shape()) / self.shape();
        let beyond = (self.scale() - other.scale()) / other.scale();
        let log_scales = if beyond.abs() < 0.5 {
            beyond.ln_1p()
        } else {
            self.logs().1 - other.logs().1
        };
        let w = other.shape() * log_scales + ln_gamma_1p(1.0 + step);
        super::exponential_excess(w) + divergence::of_ln_gamma_from_1(step)
    }
}

impl IntervalStatistics for Weibull {
    /// The four sums of e = (x/λ)ᵏ, a gamma variable of shape 1, by quadrature in ln e.
    fn accumulate_interval(&self, into: &mut WeibullStatistics, low: f64, high: f64, weight: f64) {
        let (from, width) = self.power_and_width(low.max(0.0), high);
        into.add_interval((from, from + width), 1.0 / self.shape(), weight);
    }
}

impl WeibullStatistics {
    /// Adds `weight` times the expected sums given from < e ≤ to, where e is a unit exponential variable
    /// and L = ln e times `scale`.
    pub(super) fn add_interval(&mut self, (from, to): (f64, f64), scale: f64, weight: f64) {
        let bounded = BoundedLogGamma::new(1.0, 1.0, from, to);
        let log_origin = bounded.origin().ln();
        let [logs, power, first, second] = bounded.means(|s| {
            let (l, e) = ((log_origin + s) * scale, bounded.origin() * s.exp());
            [l, e, e * l, e * l * l]
        });
        self.add_means(logs, [power, first, second], weight);
    }
}
