//! The standard normal distribution between two bounds: its probability and its moments, far in the
//! tails and for narrow intervals too.

use super::normal::HALF_LN_TWO_PI;
use crate::quadrature::{integral, nodes};
use crate::special::{erf, ln_1m_exp, normal_cdf, normal_ln_cdf, normal_sf};
use std::f64::consts::FRAC_1_SQRT_2;

/// e^(−40) of the density at the nearer end is no longer seen.
const NEGLIGIBLE: f64 = 40.0;

/// (low, high) turned so that its larger part is positive, and whether it was.
fn turned(low: f64, high: f64) -> (f64, f64, bool) {
    if high <= 0.0 {
        (-high, -low, true)
    } else {
        (low, high, false)
    }
}

/// How much ln φ falls over `width` above `low` ≥ 0.
fn fall(low: f64, width: f64) -> f64 {
    width * (low + 0.5 * width)
}

/// ∫ φ/φ(low) over a `width` above `low` ≥ 0, for a fall of at most 2.
fn narrow(low: f64, width: f64) -> f64 {
    integral(0.0, width, 1, |t| (-fall(low, t)).exp())
}

/// P(low < Z ≤ high).
pub(super) fn probability(low: f64, high: f64) -> f64 {
    if !(low < high) {
        return 0.0;
    }
    let (low, high, _) = turned(low, high);
    if low >= 0.0 && fall(low, high - low) < 2.0 {
        (-0.5 * low * low - HALF_LN_TWO_PI).exp() * narrow(low, high - low)
    } else if low >= 0.0 {
        normal_sf(low) - normal_sf(high)
    } else if low > -1.0 && high < 1.0 {
        0.5 * (erf(high * FRAC_1_SQRT_2) + erf(-low * FRAC_1_SQRT_2))
    } else {
        1.0 - (normal_cdf(low) + normal_sf(high))
    }
}

/// ln P(low < Z ≤ high); −∞ for an empty interval.
pub(super) fn log_probability(low: f64, high: f64) -> f64 {
    if !(low < high) {
        return f64::NEG_INFINITY;
    }
    let (from, to, _) = turned(low, high);
    if from < 0.0 {
        return if from > -1.0 && to < 1.0 {
            probability(from, to).ln()
        } else {
            (-normal_cdf(from) - normal_sf(to)).ln_1p()
        };
    }
    if fall(from, to - from) < 2.0 {
        return narrow(from, to - from).ln() - HALF_LN_TWO_PI - 0.5 * from * from;
    }
    let log_sf = normal_ln_cdf(-from);
    if log_sf == f64::NEG_INFINITY {
        return log_sf;
    }
    log_sf + ln_1m_exp(normal_ln_cdf(-to) - log_sf)
}

/// Where the conditional mean is measured from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Origin {
    Low,
    Centre,
    High,
}

/// Mean and variance of a standard normal variable Z given low < Z ≤ high.
#[derive(Clone, Copy, Debug)]
pub(super) struct Truncated {
    pub origin: Origin,
    /// E[Z | low < Z ≤ high] less the origin.
    pub offset: f64,
    pub variance: f64,
}

impl Truncated {
    /// By quadrature of the density relative to its peak: sums of positive terms, so that nothing
    /// cancels far in a tail, where the closed forms subtract numbers of size low² to leave low⁻².
    /// An interval that is empty in doubles is the end of it nearer to 0.
    pub fn new(low: f64, high: f64) -> Self {
        let (from, to, is_turned) = turned(low, high);
        if from == f64::NEG_INFINITY && to == f64::INFINITY {
            return Truncated {
                origin: Origin::Centre,
                offset: 0.0,
                variance: 1.0,
            };
        }
        if from < 0.0 {
            let (from, to) = (from.max(-9.5), to.min(9.5));
            let panels = ((to - from) / 3.8).ceil().max(1.0) as u32;
            let (offset, variance) = moments(from, to, panels, |z| (-0.5 * z * z).exp());
            return Truncated {
                origin: Origin::Centre,
                offset,
                variance,
            };
        }
        // The width over which φ falls by the negligible factor.
        let reach = 2.0 * NEGLIGIBLE / (from + from.hypot((2.0 * NEGLIGIBLE).sqrt()));
        let width = (to - from).min(reach).max(0.0);
        let origin = if is_turned { Origin::High } else { Origin::Low };
        if !(width > 0.0) {
            return Truncated {
                origin,
                offset: 0.0,
                variance: 0.0,
            };
        }
        let panels = (fall(from, width) / 14.0).ceil().max(1.0) as u32;
        let (offset, variance) = moments(0.0, width, panels, |t| (-fall(from, t)).exp());
        let offset = if is_turned { -offset } else { offset };
        Truncated {
            origin,
            offset,
            variance,
        }
    }
    /// The conditional mean and variance of `centre` + `deviation`·Z between `low` and `high`.
    pub fn scaled(&self, (low, high): (f64, f64), centre: f64, deviation: f64) -> (f64, f64) {
        let origin = match self.origin {
            Origin::Low => low,
            Origin::Centre => centre,
            Origin::High => high,
        };
        let mean = (origin + deviation * self.offset).clamp(low, high);
        (mean, self.variance * deviation * deviation)
    }
}

/// Mean and variance of the density proportional to `density`, of at most five panels.
fn moments(low: f64, high: f64, panels: u32, density: impl Fn(f64) -> f64) -> (f64, f64) {
    let mut masses = [(0.0, 0.0); 100];
    let (mut total, mut sum) = (0.0, 0.0);
    for ((x, weight), slot) in nodes(low, high, panels).zip(&mut masses) {
        let mass = weight * density(x);
        *slot = (x, mass);
        total += mass;
        sum += mass * (x - low);
    }
    let mean = low + sum / total;
    let squares: f64 = masses
        .iter()
        .map(|(x, mass)| mass * (x - mean) * (x - mean))
        .sum();
    (mean, squares / total)
}
