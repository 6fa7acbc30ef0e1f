//! Powers of 1/cosh between two bounds: Student's t and the logistic distribution, by quadrature.

use super::LatentScaleStatistics;
use super::bounded::Bounded;

/// A variable v of density proportional to cosh(v)^(−e), given low < v ≤ high, measured from the point of
/// the interval nearest to 0. The logistic distribution is that of 2v with e = 2, and t with ν degrees of
/// freedom that of √ν sinh v with e = ν.
pub(super) struct BoundedSech {
    exponent: f64,
    origin: f64,
    bounds: (f64, f64),
}

/// An observation of a latent precision u: (x less that at the origin, u, u − 1 − ln u).
pub(super) type Latent = (f64, f64, f64);

impl BoundedSech {
    /// `width` is high − low, which as a difference may have lost its digits.
    pub fn new(exponent: f64, (low, high): (f64, f64), width: f64) -> Self {
        let origin = if high < 0.0 {
            high.max(f64::MIN)
        } else {
            low.clamp(0.0, f64::MAX)
        };
        BoundedSech {
            exponent,
            origin,
            bounds: if origin == low {
                (0.0, width.max(0.0))
            } else if origin == high {
                (-width.max(0.0), 0.0)
            } else {
                ((low - origin).min(0.0), (high - origin).max(0.0))
            },
        }
    }
    /// What s is measured from.
    pub fn origin(&self) -> f64 {
        self.origin
    }
    /// Adds `weight` times the expected statistic of x, which is `x` at the origin, where `latent` gives
    /// what belongs to s.
    pub fn add(
        &self,
        into: &mut LatentScaleStatistics,
        x: f64,
        weight: f64,
        latent: impl Fn(f64) -> Latent,
    ) {
        let [precision, product, excess] = self.means(|s| {
            let (distance, precision, excess) = latent(s);
            [precision, precision * distance, excess]
        });
        let mean = product / precision;
        let [squares] = self.means(|s| {
            let (distance, precision, _) = latent(s);
            [precision * (distance - mean) * (distance - mean)]
        });
        into.add_means(weight, precision, (x + mean, squares), excess);
    }
}

impl Bounded for BoundedSech {
    const WIDENING: [bool; 2] = [true, true];

    fn bounds(&self) -> (f64, f64) {
        self.bounds
    }
    fn panel(&self) -> f64 {
        0.75f64.min(3.0 / self.exponent.sqrt())
    }
    /// e ln(cosh(o + s)/cosh(o)): away from 0, so that s and the origin o have one sign.
    fn fall(&self, s: f64) -> f64 {
        let (step, tilt) = (s.abs(), self.origin.abs().tanh());
        let log_ratio = if step < 1.0 {
            let half = (0.5 * step).sinh();
            (2.0 * half * half + step.sinh() * tilt).ln_1p()
        } else {
            step + (0.5 * ((1.0 + tilt) + (1.0 - tilt) * (-2.0 * step).exp())).ln()
        };
        self.exponent * log_ratio
    }
    fn slope(&self, s: f64) -> f64 {
        self.exponent * (self.origin + s).tanh().abs()
    }
}
