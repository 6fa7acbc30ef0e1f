//! An inverse Gaussian variable between two bounds: its probability and its statistic, by quadrature.

use super::bounded::Bounded;
use super::log_gamma::{log_bounds, positive_origin};
use super::{InverseGaussian, ReciprocalGap, exponential_excess};
use crate::{Density, IntervalStatistics, Statistics};

/// An inverse Gaussian variable x of mean m and shape λ, given low < x ≤ high, as s = ln(x/origin): with
/// a = λ·origin/(2m²) and b = λ/(2·origin) the density falls as e^(−s/2 − a eˢ − b e⁻ˢ).
struct BoundedLog {
    origin: f64,
    rising: f64,
    falling: f64,
    bounds: (f64, f64),
}

impl BoundedLog {
    /// The origin is the mode of ln x where the bounds hold it, else the bound nearer to it.
    fn new(family: &InverseGaussian, low: f64, high: f64) -> Self {
        let (mean, shape) = (family.mean(), family.shape());
        let ratio = 2.0 * shape / mean;
        let mode = 2.0 * shape / (1.0 + 1.0_f64.hypot(ratio));
        let high = high.max(f64::MIN_POSITIVE);
        let origin = positive_origin(mode, low, high);
        BoundedLog {
            origin,
            rising: 0.5 * (shape / mean) * (origin / mean),
            falling: 0.5 * shape / origin,
            bounds: log_bounds(low, high, origin),
        }
    }
    /// x at s less the origin.
    fn beyond(&self, s: f64) -> f64 {
        self.origin * s.exp_m1()
    }
}

impl Bounded for BoundedLog {
    const WIDENING: [bool; 2] = [false, false];

    fn bounds(&self) -> (f64, f64) {
        self.bounds
    }
    fn panel(&self) -> f64 {
        1.5f64.min(3.0 / (self.rising + self.falling).sqrt())
    }
    fn fall(&self, s: f64) -> f64 {
        self.rising * exponential_excess(s)
            + self.falling * exponential_excess(-s)
            + (self.rising - self.falling + 0.5) * s
    }
    fn slope(&self, s: f64) -> f64 {
        (self.rising * s.exp() - self.falling * (-s).exp() + 0.5).abs()
    }
}

impl InverseGaussian {
    /// ln P(low < X ≤ high) by quadrature.
    pub(super) fn log_probability_between(&self, low: f64, high: f64) -> f64 {
        let bounded = BoundedLog::new(self, low, high);
        bounded.log_total() + (self.log_density(bounded.origin) + bounded.origin.ln())
    }
}

impl IntervalStatistics for InverseGaussian {
    /// The conditional mean, and the gap about it: two passes of quadrature in ln x.
    fn accumulate_interval(&self, into: &mut ReciprocalGap, low: f64, high: f64, weight: f64) {
        let bounded = BoundedLog::new(self, low, high);
        let [beyond] = bounded.means(|s| [bounded.beyond(s)]);
        let mean = bounded.origin + beyond;
        let [gap] = bounded.means(|s| {
            let t = (bounded.beyond(s) - beyond) / mean;
            [t * t / (bounded.origin * s.exp())]
        });
        into.merge(&ReciprocalGap::new(weight, mean, gap));
    }
}
