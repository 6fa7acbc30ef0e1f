//! Distribution function, quantiles, moments and entropy of the von Mises distribution.

use super::VonMises;
use crate::quadrature::integral;
use crate::special::bessel_ratio_complement;
use crate::{Entropy, Univariate, quantile_between};
use std::f64::consts::{LN_2, PI};

/// π less its double.
const PI_REST: f64 = 1.224_646_799_147_353_2e-16;

impl VonMises {
    /// The probability from a distance `from` in [0, π] on one side of the mean direction up to the
    /// opposite one, by quadrature of the density relative to that at `from`: to the last digits
    /// for every concentration, in the tail too.
    fn beyond(&self, from: f64) -> f64 {
        // The distance to the opposite direction, in which the last digits of π matter.
        let rest = (PI - from) + PI_REST;
        if from >= PI {
            return 0.0;
        }
        // The density falls by e^(−45) where sin²(t/2) has grown by 22.5/κ.
        let growth = 22.5 / self.concentration();
        let (sine, cosine) = (0.5 * from).sin_cos();
        let top = (sine * sine + growth).sqrt();
        let width = if top < 1.0 {
            // 2 (arcsin top − arcsin sine) without the difference.
            let other = ((1.0 - top) * (1.0 + top)).sqrt();
            2.0 * (growth / (top * cosine + sine * other)).min(1.0).asin()
        } else {
            rest
        };
        let relative = |t: f64| {
            let product = (from + 0.5 * t).sin() * (0.5 * t).sin();
            (-2.0 * self.concentration() * product).exp()
        };
        let end = width.min(rest);
        let peak = self.log_peak() - 2.0 * self.concentration() * sine * sine;
        peak.exp() * integral(0.0, end, 5, relative)
    }
    /// x − μ within one turn: nothing below −π, everything above π.
    fn deviation(&self, x: f64) -> f64 {
        (x - self.mean_direction()).clamp(-PI, PI)
    }
}

/// On the turn from μ − π to μ + π, as a line.
impl Univariate for VonMises {
    fn cdf(&self, x: f64) -> f64 {
        let deviation = self.deviation(x);
        if deviation <= 0.0 {
            self.beyond(-deviation)
        } else {
            1.0 - self.beyond(deviation)
        }
    }
    fn sf(&self, x: f64) -> f64 {
        let deviation = self.deviation(x);
        if deviation <= 0.0 {
            1.0 - self.beyond(-deviation)
        } else {
            self.beyond(deviation)
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        if !(0.0..=1.0).contains(&p) {
            return f64::NAN;
        }
        let (low, high) = (self.mean_direction() - PI, self.mean_direction() + PI);
        if p == 0.0 {
            low
        } else if p == 1.0 {
            high
        } else {
            quantile_between(p, low, high, |x| (self.cdf(x), self.sf(x)))
        }
    }
    /// The mean direction μ.
    fn mean(&self) -> f64 {
        self.mean_direction()
    }
    /// The circular variance 1 − I₁(κ)/I₀(κ).
    fn variance(&self) -> f64 {
        bessel_ratio_complement(0.0, self.concentration())
    }
    /// Between finite ends that of the arc, modulo 2π, from `low` up to `high`, which is the whole circle
    /// where they are a turn apart or more.
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.arc(low, high)
    }
}

impl Entropy for VonMises {
    /// ln(2π I₀(κ)) − κ I₁(κ)/I₀(κ).
    fn entropy(&self) -> f64 {
        let concentration = self.concentration();
        if concentration == 0.0 {
            return LN_2 + PI.ln();
        }
        concentration * bessel_ratio_complement(0.0, concentration) - self.log_peak()
    }
}
