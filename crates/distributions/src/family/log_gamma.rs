//! The logarithm of a gamma variable between two bounds: its conditional means, by quadrature.

use super::bounded::{Bounded, log_ratio};

/// A gamma variable x of shape a and rate b, given low < x ≤ high, as s = ln(x/origin): the density
/// e^(as − c(eˢ − 1)) relative to its peak, with c = b·origin.
pub(super) struct BoundedLogGamma {
    shape: f64,
    origin: f64,
    /// b·origin.
    scaled: f64,
    bounds: (f64, f64),
}

impl BoundedLogGamma {
    /// The origin is the mode of ln x where the bounds hold it, else the bound nearer to it. Bounds
    /// that meet, or lie outside the support, are the positive point nearest to them.
    pub fn new(shape: f64, rate: f64, low: f64, high: f64) -> Self {
        let high = high.max(f64::MIN_POSITIVE);
        let origin = positive_origin(shape / rate, low, high);
        BoundedLogGamma {
            shape,
            origin,
            scaled: rate * origin,
            bounds: log_bounds(low, high, origin),
        }
    }
    /// What s is measured from.
    pub fn origin(&self) -> f64 {
        self.origin
    }
}

/// The positive double of low < x ≤ high nearest to the `mode`.
pub(super) fn positive_origin(mode: f64, low: f64, high: f64) -> f64 {
    if high < mode {
        high
    } else if low > mode {
        low.min(f64::MAX)
    } else {
        mode.clamp(f64::MIN_POSITIVE, f64::MAX)
    }
}

/// The bounds of ln(x/origin).
pub(super) fn log_bounds(low: f64, high: f64, origin: f64) -> (f64, f64) {
    (
        log_ratio(low, origin).min(0.0),
        log_ratio(high, origin).max(0.0),
    )
}

impl Bounded for BoundedLogGamma {
    const WIDENING: [bool; 2] = [false, true];

    fn bounds(&self) -> (f64, f64) {
        self.bounds
    }
    fn panel(&self) -> f64 {
        1.5f64.min(3.0 / self.shape.max(self.scaled).sqrt())
    }
    fn fall(&self, s: f64) -> f64 {
        self.scaled * s.exp_m1() - self.shape * s
    }
    fn slope(&self, s: f64) -> f64 {
        (self.scaled * s.exp() - self.shape).abs()
    }
}
