//! Roots of rising functions.

/// Evaluations, at most: each second one halves the interval.
const STEPS: usize = 200;

/// Where `f`, which rises from at most 0 at `low` to at least 0 at `high`, crosses 0, to the last digit.
/// A jump over 0 is a crossing.
pub(super) fn root(mut f: impl FnMut(f64) -> f64, low: f64, high: f64) -> f64 {
    let (mut left, mut right) = ((low, f(low)), (high, f(high)));
    if !(left.1 < 0.0) {
        return low;
    }
    if !(right.1 > 0.0) {
        return high;
    }
    for step in 0..STEPS {
        let middle = 0.5 * (left.0 + right.0);
        if right.0 - left.0 <= 2.0 * f64::EPSILON * left.0.abs().max(right.0.abs()).max(1.0) {
            break;
        }
        let chord = left.0 - left.1 * ((right.0 - left.0) / (right.1 - left.1));
        let inside = chord > left.0 && chord < right.0;
        let at = if step % 2 == 0 && inside {
            chord
        } else {
            middle
        };
        match f(at) {
            value if value < 0.0 => left = (at, value),
            value if value > 0.0 => right = (at, value),
            _ => return at,
        }
    }
    0.5 * (left.0 + right.0)
}
