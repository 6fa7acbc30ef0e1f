//! Densities between two bounds, relative to their value at an origin: conditional means by quadrature.

use crate::quadrature::nodes;

/// e^(−45) of the peak is no longer seen.
const NEGLIGIBLE: f64 = 45.0;

/// A density between bounds, in a coordinate s measured from the point of the interval where it is
/// largest, which falls on both sides of it.
pub(super) trait Bounded {
    /// Whether panels may double in length, above and below the origin: not where the density falls as
    /// e^(−eˢ), which no long panel follows.
    const WIDENING: [bool; 2];
    /// The ends: the first not above 0, the second not below.
    fn bounds(&self) -> (f64, f64);
    /// Over how long a panel about the origin the density is smooth: some of its standard deviations.
    fn panel(&self) -> f64;
    /// How much the log-density has fallen from the origin to s.
    fn fall(&self, s: f64) -> f64;
    /// |d fall/ds|.
    fn slope(&self, s: f64) -> f64;

    /// Calls `visit` with nodes and masses, outward from the origin until a bound is reached or
    /// nothing is left. A panel spans few powers of e.
    fn visit(&self, mut visit: impl FnMut(f64, f64)) {
        let (low, high) = self.bounds();
        for (direction, bound, widening) in [
            (1.0, high, Self::WIDENING[0]),
            (-1.0, -low, Self::WIDENING[1]),
        ] {
            let (mut from, mut length) = (0.0, self.panel());
            while from < bound && self.fall(direction * from) < NEGLIGIBLE {
                let slope = self.slope(direction * from);
                let to = (from + length.min(12.0 / slope)).min(bound);
                for (s, weight) in nodes(from, to, 1) {
                    let s = direction * s;
                    visit(s, weight * (-self.fall(s)).exp());
                }
                if widening {
                    length *= 2.0;
                }
                from = to;
            }
        }
    }
    /// E[f(s)] for several f at once.
    fn means<const N: usize>(&self, f: impl Fn(f64) -> [f64; N]) -> [f64; N] {
        let (low, high) = self.bounds();
        if low == high {
            return f(low);
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
    fn log_total(&self) -> f64 {
        let mut total = 0.0;
        self.visit(|_, mass| total += mass);
        total.ln()
    }
}

/// ln(x/origin), through their difference where it is small.
pub(super) fn log_ratio(x: f64, origin: f64) -> f64 {
    let step = (x - origin) / origin;
    if step.abs() < 0.5 {
        step.ln_1p()
    } else if x > 0.0 {
        x.ln() - origin.ln()
    } else {
        f64::NEG_INFINITY
    }
}
