//! Distribution functions over the counts: where a real number lies among them, quantiles, sums.

use crate::quadrature::integral;

/// F and 1 − F at a real number: those of the count at or below it, from `at`, which knows counts
/// from 0 on.
pub(super) fn at_count(x: f64, at: impl Fn(f64) -> f64, (below, beyond): (f64, f64)) -> f64 {
    if x.is_nan() {
        x
    } else if x < 0.0 {
        below
    } else if x == f64::INFINITY {
        beyond
    } else {
        at(x.floor())
    }
}

/// The smallest count from `least` on with F ≥ p, `least` at 0 and `last` at 1: found by doubling steps
/// away from `start` and by halving between two counts. Past 2⁵³ counts are the doubles there are.
///
/// `distribution` gives (F(k), 1 − F(k)); the smaller of the two decides.
pub(super) fn count_quantile(
    p: f64,
    start: f64,
    (least, last): (f64, f64),
    distribution: impl Fn(f64) -> (f64, f64),
) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 || least == last {
        return if p == 0.0 { least } else { last };
    }
    let reached = |k: f64| {
        let (below, above) = distribution(k);
        if p <= 0.5 {
            below >= p
        } else {
            above <= 1.0 - p
        }
    };
    let inside = |k: f64| k.clamp(least, last.min(f64::MAX));
    let mut high = inside(start.floor());
    let mut low = high;
    let mut step = 1.0f64.max(f64::EPSILON * high);
    while !reached(high) && high < inside(f64::MAX) {
        low = high;
        high = inside(high + step);
        step *= 2.0;
    }
    // `low` is to be below the answer: not reached, or one less than the least.
    step = 1.0f64.max(f64::EPSILON * high);
    if low == high {
        low = high - step;
        while low >= least && reached(low) {
            high = low;
            step *= 2.0;
            low -= step;
        }
        low = low.max(least - 1.0);
    }
    loop {
        let middle = (low + 0.5 * (high - low)).floor();
        if !(middle > low && middle < high) {
            return high;
        }
        if reached(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
}

/// Where to look for the quantile of a distribution with this mean, variance and skewness: the
/// first terms of Cornish and Fisher's expansion.
pub(super) fn quantile_start(p: f64, mean: f64, variance: f64, skewness: f64) -> f64 {
    let z = crate::special::normal_quantile(p);
    let start = mean + variance.sqrt() * (z + skewness * (z * z - 1.0) / 6.0);
    if start.is_finite() { start } else { mean }
}

/// How far from the mean, in standard deviations, a bell has no mass left that matters.
const REACH: f64 = 12.0;

/// −Σ P(k) ln P(k) over the counts from `least` to `last`, where `log_mass` is smooth between the
/// counts too.
///
/// A wide bell that leaves the ends of the support alone is summed in strides of an eighth of its
/// standard deviation: the rectangle rule has no error for it (e^(−1200) of the sum). Otherwise
/// the first counts are added one by one and the rest by the Euler–Maclaurin formula, in panels that
/// grow with the count.
pub(super) fn entropy_of_counts(
    (mean, deviation): (f64, f64),
    (least, last): (f64, f64),
    log_mass: impl Fn(f64) -> f64,
) -> f64 {
    let term = |k: f64| {
        let log_mass = log_mass(k);
        if log_mass == f64::NEG_INFINITY {
            0.0
        } else {
            -log_mass.exp() * log_mass
        }
    };
    let (low, high) = (mean - REACH * deviation, mean + REACH * deviation);
    if low > least && high < last {
        if deviation < 64.0 * f64::EPSILON * mean {
            // The doubles near the mean are too far apart for a sum. The next term is of the size of
            // 1/variance.
            return 0.5 + super::normal::HALF_LN_TWO_PI + deviation.ln();
        }
        let stride = (deviation / 8.0).floor().max(1.0);
        let half = (REACH * deviation / stride).ceil() as i32;
        let middle = mean.round();
        let sum: f64 = (-half..=half)
            .map(|i| term(middle + stride * f64::from(i)))
            .sum();
        return stride * sum;
    }
    const FIRST: u32 = 4096;
    let end = last.min(least + f64::from(FIRST));
    let mut sum = 0.0;
    let mut k = least;
    while k <= end {
        sum += term(k);
        k += 1.0;
    }
    if end == last {
        return sum;
    }
    // From `end` + ½ on; f′ there is the difference of its neighbours.
    sum += (term(k) - term(end)) / 24.0;
    let mut from = end + 0.5;
    let top = last.min(f64::MAX);
    while from < top {
        let to = (1.25 * from).min(top);
        let panel = integral(from, to, 1, term);
        sum += panel;
        // Past the mean each panel is smaller than the one before, in the end by far.
        if from > mean && !(panel > 1e-19 * sum) {
            break;
        }
        from = to;
    }
    sum
}

/// The ends of the support of a number of successes: one point where success is impossible or sure.
pub(super) fn ends_of_trials(trials: f64, probability: f64) -> (f64, f64) {
    (
        if probability == 1.0 { trials } else { 0.0 },
        if probability == 0.0 { 0.0 } else { trials },
    )
}

/// −p ln p − (1 − p) ln(1 − p), 0 at both ends.
pub(super) fn entropy_of_trial(p: f64) -> f64 {
    use crate::special::{xlog1py, xlogy};
    // No −0 at the ends.
    0.0 - xlogy(p, p) - xlog1py(1.0 - p, -p)
}

/// So many counts are added one by one.
const MANY: f64 = 1e5;

/// E[X | first ≤ X ≤ last] over the counts of a support, where P(k + 1)/P(k) is `ratio`, falling:
/// sums relative to the largest mass, outward from it until nothing is left. Without a count in the
/// interval, or without mass there, it is the count of the interval nearest the mode.
///
/// Where too many counts matter it is `closed(first, last)`, a ratio of two probabilities; where
/// those underflow, the masses fall from the nearer end like those of a geometric variable.
pub(super) fn conditional_mean(
    (first, last): (f64, f64),
    (least, greatest): (f64, f64),
    (mode, variance): (f64, f64),
    ratio: impl Fn(f64) -> f64,
    closed: impl Fn(f64, f64) -> f64,
) -> f64 {
    let (first, last) = (first.max(least), last.min(greatest));
    if !(first < last) {
        return last.max(least).min(greatest.min(f64::MAX));
    }
    let peak = mode.clamp(first, last.min(f64::MAX));
    if last - first > MANY && variance > MANY * MANY * 0.01 {
        let mean = closed(first, last);
        if mean >= first && mean <= last {
            return mean;
        }
        let fall = ratio(peak).ln().abs();
        let beyond = bounded_geometric_mean(fall, last - first + 1.0);
        return if peak == first {
            first + beyond
        } else {
            last - beyond
        };
    }
    let (mut total, mut sum) = (1.0, 0.0);
    for (step, end) in [(1.0, last), (-1.0, first)] {
        let (mut k, mut mass) = (peak, 1.0);
        // A falling ratio makes what is left smaller than a geometric series.
        while k != end && mass > 1e-22 * total {
            mass *= if step > 0.0 {
                ratio(k)
            } else {
                1.0 / ratio(k - 1.0)
            };
            k += step;
            total += mass;
            sum += mass * (k - peak);
        }
    }
    peak + sum / total
}

/// E[X | X < counts] of a geometric variable with P(X ≥ k) = e^(−rate·k).
pub(super) fn bounded_geometric_mean(rate: f64, counts: f64) -> f64 {
    use super::reciprocal_rest;
    if counts <= 1.0 || rate == f64::INFINITY {
        return 0.0;
    }
    if rate * counts <= 1.0 {
        // 1/(eˣ − 1) = 1/x − ½ + rest: the leading terms cancel but for these.
        return 0.5 * (counts - 1.0) + reciprocal_rest(rate)
            - counts * reciprocal_rest(rate * counts);
    }
    let excluded = if counts == f64::INFINITY {
        0.0
    } else {
        counts / (rate * counts).exp_m1()
    };
    1.0 / rate.exp_m1() - excluded
}
