//! Angles of which only an arc is known: the von Mises distribution between two bounds.

use super::VonMises;
use super::bounded::Bounded;
use crate::{CircularMoments, Component, IntervalStatistics, Moments, Statistics};
use std::f64::consts::{PI, TAU};

/// A deviation t from the mean direction, given low < t ≤ high within (−π, π), measured from the one
/// nearest to 0.
struct BoundedAngle {
    concentration: f64,
    origin: f64,
    bounds: (f64, f64),
}

impl BoundedAngle {
    fn new(concentration: f64, (low, high): (f64, f64)) -> Self {
        let origin = if high < 0.0 { high } else { low.max(0.0) };
        BoundedAngle {
            concentration,
            origin,
            bounds: ((low - origin).min(0.0), (high - origin).max(0.0)),
        }
    }
}

impl Bounded for BoundedAngle {
    const WIDENING: [bool; 2] = [false, false];

    fn bounds(&self) -> (f64, f64) {
        self.bounds
    }
    fn panel(&self) -> f64 {
        1.0f64.min(3.0 / self.concentration.sqrt())
    }
    /// κ (cos o − cos(o + s)).
    fn fall(&self, s: f64) -> f64 {
        2.0 * self.concentration * (self.origin + 0.5 * s).sin() * (0.5 * s).sin()
    }
    fn slope(&self, s: f64) -> f64 {
        self.concentration * (self.origin + s).sin().abs()
    }
}

impl VonMises {
    /// The deviations from the mean direction of the arc that runs from `low` up to `high`, as one piece
    /// or two of the turn from −π to π; none of an arc that is empty, the whole turn of one that is no
    /// shorter. An infinite end is that of the turn about the mean direction.
    fn pieces(&self, low: f64, high: f64) -> impl Iterator<Item = (f64, f64)> {
        let whole = (-PI, PI);
        let pieces = if !(low < high) {
            [None, None]
        } else if low.is_infinite() || high.is_infinite() {
            let end = |x: f64| (x - self.mean_direction()).clamp(-PI, PI);
            let (from, to) = (end(low), end(high));
            [(from < to).then_some((from, to)), None]
        } else if high - low >= TAU {
            [Some(whole), None]
        } else {
            let turns = ((low - self.mean_direction() + PI) / TAU).floor();
            let from = (low - self.mean_direction() - turns * TAU).clamp(-PI, PI);
            let to = from + (high - low);
            let beyond = (to > PI).then_some((-PI, to - TAU));
            [Some((from, to.min(PI))), beyond]
        };
        pieces.into_iter().flatten()
    }
    /// The probability of deviations between two bounds.
    fn mass(&self, piece: (f64, f64)) -> f64 {
        let bounded = BoundedAngle::new(self.concentration(), piece);
        let half = (0.5 * bounded.origin).sin();
        let peak = self.log_peak() - 2.0 * self.concentration() * half * half;
        (bounded.log_total() + peak).exp()
    }
    /// The probability of the arc from `low` up to `high`.
    pub(super) fn arc(&self, low: f64, high: f64) -> f64 {
        let total: f64 = self.pieces(low, high).map(|piece| self.mass(piece)).sum();
        total.min(1.0)
    }
    /// Expected moments of cosine and sine given deviations between two bounds.
    fn moments_between(&self, piece: (f64, f64), weight: f64) -> CircularMoments {
        let bounded = BoundedAngle::new(self.concentration(), piece);
        let start = self.mean_direction() + bounded.origin;
        // Differences to the cosine and sine at the origin, without the cancellation.
        let steps = |s: f64| {
            let ((sine, cosine), chord) = ((start + 0.5 * s).sin_cos(), 2.0 * (0.5 * s).sin());
            [-sine * chord, cosine * chord]
        };
        let means = bounded.means(steps);
        let [across, along] = bounded.means(|s| {
            let [cosine, sine] = steps(s);
            [(cosine - means[0]).powi(2), (sine - means[1]).powi(2)]
        });
        let (sine, cosine) = start.sin_cos();
        CircularMoments {
            cosine: Moments::new(weight, cosine + means[0], weight * across),
            sine: Moments::new(weight, sine + means[1], weight * along),
        }
    }
}

/// An interval with finite ends is an arc, modulo 2π, from `low` up to `high`.
impl IntervalStatistics for VonMises {
    fn accumulate_interval(&self, into: &mut CircularMoments, low: f64, high: f64, weight: f64) {
        let total = self.arc(low, high);
        if !(total > 0.0) {
            // Empty, or so far off that it has underflowed: the end nearer to the mean direction.
            let away = |x: f64| 1.0 - (x - self.mean_direction()).cos();
            let end = if low.is_finite() && !(away(high) <= away(low)) {
                low
            } else {
                high
            };
            let end = if end.is_finite() {
                end
            } else {
                self.mean_direction() + PI
            };
            return self.accumulate(into, end, weight);
        }
        for piece in self.pieces(low, high) {
            let share = self.mass(piece) / total;
            if share > 0.0 {
                into.merge(&self.moments_between(piece, weight * share));
            }
        }
    }
    /// The rest of the circle.
    fn accumulate_outside(&self, into: &mut CircularMoments, low: f64, high: f64, weight: f64) {
        if high - low < TAU {
            let mass = self.arc(high, low + TAU);
            if mass > 0.0 {
                self.accumulate_interval(into, high, low + TAU, weight * mass);
            }
        }
    }
}
