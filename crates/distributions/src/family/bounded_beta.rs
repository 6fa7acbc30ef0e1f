//! A beta variable between two bounds: its probability and its statistic, by quadrature.

use super::bounded::{Bounded, log_ratio};
use super::exponential_excess;
use super::{Beta, BetaStatistics};
use crate::special::{ln_1p_exp, ln_1p_minus_x};
use crate::{Density, IntervalStatistics};

/// A beta variable x given low < x ≤ high as s = logit x − logit p: the density relative to that at the
/// origin p. Its logarithm is αs − (α + β) ln(1 − p + p eˢ).
struct BoundedLogit {
    alpha: f64,
    beta: f64,
    /// p and 1 − p.
    origin: f64,
    complement: f64,
    bounds: (f64, f64),
}

impl BoundedLogit {
    /// The origin is the mode of logit x where the bounds hold it, else the bound nearer to it.
    fn new(family: &Beta, low: f64, high: f64) -> Self {
        let (alpha, beta) = (family.alpha(), family.beta());
        let inside = |x: f64| x.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0);
        let mode = alpha / (alpha + beta);
        let (low, high) = (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0));
        let (origin, complement) = if high < mode {
            (inside(high), 1.0 - inside(high))
        } else if low > mode {
            (inside(low), 1.0 - inside(low))
        } else {
            (
                mode.max(f64::MIN_POSITIVE),
                (beta / (alpha + beta)).max(f64::MIN_POSITIVE),
            )
        };
        let logit = |x: f64| log_ratio(x, origin) - log_ratio(1.0 - x, complement);
        BoundedLogit {
            alpha,
            beta,
            origin,
            complement,
            bounds: (logit(low).min(0.0), logit(high).max(0.0)),
        }
    }
    /// x and 1 − x at s.
    fn at(&self, s: f64) -> (f64, f64) {
        let odds = (self.origin / self.complement) * s.exp();
        (1.0 / (1.0 + 1.0 / odds), 1.0 / (1.0 + odds))
    }
    /// ln x and ln(1 − x) at s.
    fn logs(&self, s: f64) -> (f64, f64) {
        let log_odds = self.origin.ln() - self.complement.ln() + s;
        (-ln_1p_exp(-log_odds), -ln_1p_exp(log_odds))
    }
    /// x at s less the origin.
    fn beyond(&self, s: f64) -> f64 {
        if s > 700.0 {
            return self.complement - self.at(s).1;
        }
        let step = s.exp_m1();
        self.origin * self.complement * step / (1.0 + self.origin * step)
    }
}

/// (α + β) ln(1 + p(eˢ − 1)) − αs for p ≤ ½, in differences that do not cancel.
fn fall(size: f64, alpha: f64, p: f64, s: f64) -> f64 {
    let tilt = (size * p - alpha) * s;
    if s.abs() <= 1.0 {
        size * (p * exponential_excess(s) + ln_1p_minus_x(p * s.exp_m1())) + tilt
    } else if s < 700.0 {
        size * (p * s.exp_m1()).ln_1p() - alpha * s
    } else {
        size * p.ln() + (size - alpha) * s
    }
}

impl Bounded for BoundedLogit {
    const WIDENING: [bool; 2] = [true, true];

    fn bounds(&self) -> (f64, f64) {
        self.bounds
    }
    fn panel(&self) -> f64 {
        let size = self.alpha + self.beta;
        1.5f64.min(3.0 / (size * self.origin * self.complement).sqrt())
    }
    fn fall(&self, s: f64) -> f64 {
        let size = self.alpha + self.beta;
        if self.origin <= 0.5 {
            fall(size, self.alpha, self.origin, s)
        } else {
            fall(size, self.beta, self.complement, -s)
        }
    }
    fn slope(&self, s: f64) -> f64 {
        let (x, rest) = self.at(s);
        (self.beta * x - self.alpha * rest).abs()
    }
}

impl Beta {
    /// ln P(low < X ≤ high) by quadrature, for intervals whose probability as a difference of tails has
    /// lost its digits, or underflows.
    pub(super) fn log_probability_between(&self, low: f64, high: f64) -> f64 {
        let bounded = BoundedLogit::new(self, low, high);
        let (x, rest) = (bounded.origin, bounded.complement);
        bounded.log_total() + (self.log_density(x) + x.ln() + rest.ln())
    }
}

impl IntervalStatistics for Beta {
    /// The conditional mean, and the gaps about it: two passes of quadrature in logit x.
    fn accumulate_interval(&self, into: &mut BetaStatistics, low: f64, high: f64, weight: f64) {
        let bounded = BoundedLogit::new(self, low, high);
        let [beyond, mean, complement] = bounded.means(|s| {
            let (x, rest) = bounded.at(s);
            [bounded.beyond(s), x, rest]
        });
        let gap_of = |t: f64, log_x: f64, mean: f64| {
            if t > -0.5 {
                -ln_1p_minus_x(t)
            } else {
                t - (log_x - mean.ln())
            }
        };
        let [gap, complement_gap] = bounded.means(|s| {
            let ((log_x, log_rest), difference) = (bounded.logs(s), bounded.beyond(s) - beyond);
            [
                gap_of(difference / mean, log_x, mean),
                gap_of(-difference / complement, log_rest, complement),
            ]
        });
        crate::Statistics::merge(
            into,
            &BetaStatistics {
                weight,
                mean,
                complement,
                gap,
                complement_gap,
            },
        );
    }
}
