//! The logarithm of a gamma variable between two bounds: its conditional means, by quadrature.

use crate::quadrature::nodes;

/// e^(−45) of the peak is no longer seen.
const NEGLIGIBLE: f64 = 45.0;

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
        let mode = shape / rate;
        let high = high.max(f64::MIN_POSITIVE);
        let origin = if high < mode {
            high
        } else if low > mode {
            low.min(f64::MAX)
        } else {
            mode.clamp(f64::MIN_POSITIVE, f64::MAX)
        };
        BoundedLogGamma {
            shape,
            origin,
            scaled: rate * origin,
            bounds: (
                log_ratio(low, origin).min(0.0),
                log_ratio(high, origin).max(0.0),
            ),
        }
    }
    /// What s is measured from.
    pub fn origin(&self) -> f64 {
        self.origin
    }
    /// E[f(s)] for several f at once; `f` writes its values.
    pub fn means<const N: usize>(&self, f: impl Fn(f64) -> [f64; N]) -> [f64; N] {
        if self.bounds.0 == self.bounds.1 {
            return f(self.bounds.0);
        }
        let (mut total, mut sums) = (0.0, [0.0; N]);
        self.visit(|s, mass| {
            total += mass;
            for (sum, value) in sums.iter_mut().zip(f(s)) {
                *sum += mass * value;
            }
        });
        sums.map(|sum| sum / total)
    }
    /// ln of the integral of the density relative to that at the origin.
    pub fn log_total(&self) -> f64 {
        let mut total = 0.0;
        self.visit(|_, mass| total += mass);
        total.ln()
    }
    /// How much the log-density has fallen from the origin to s.
    fn fall(&self, s: f64) -> f64 {
        self.scaled * s.exp_m1() - self.shape * s
    }
    /// Calls `visit` with nodes and masses, outward from the origin until a bound is reached or
    /// nothing is left. A panel spans few powers of e, and above the origin, where the density falls
    /// as e^(−eˢ), no more than that function is smooth over.
    fn visit(&self, mut visit: impl FnMut(f64, f64)) {
        let first = 1.5f64.min(3.0 / self.shape.max(self.scaled).sqrt());
        for (direction, bound) in [(1.0, self.bounds.1), (-1.0, -self.bounds.0)] {
            let (mut from, mut length) = (0.0, first);
            while from < bound && self.fall(direction * from) < NEGLIGIBLE {
                let slope = (self.scaled * (direction * from).exp() - self.shape).abs();
                let to = (from + length.min(12.0 / slope)).min(bound);
                for (s, weight) in nodes(from, to, 1) {
                    let s = direction * s;
                    visit(s, weight * (-self.fall(s)).exp());
                }
                if direction < 0.0 {
                    length *= 2.0;
                }
                from = to;
            }
        }
    }
}

/// ln(x/origin), through their difference where it is small.
fn log_ratio(x: f64, origin: f64) -> f64 {
    let step = (x - origin) / origin;
    if step.abs() < 0.5 {
        step.ln_1p()
    } else if x > 0.0 {
        x.ln() - origin.ln()
    } else {
        f64::NEG_INFINITY
    }
}
