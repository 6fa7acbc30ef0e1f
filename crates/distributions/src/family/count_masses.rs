//! A count of which only an interval is known: the expected weight of each count.

use super::CountHistogram;

/// Counts stand for those between them where they are at most this part of their distance from the peak
/// apart.
const STRIDES: f64 = 1024.0;
/// Tails below this part of the mass are left out.
const NEGLIGIBLE: f64 = 1e-20;

/// The largest count, as far as a double tells.
const LARGEST: f64 = u64::MAX as f64;

/// The first and the last count with low < x ≤ high, within a support from 0 on; of an interval without
/// a count both are the one nearest to its upper end.
pub(super) fn counts_between(low: f64, high: f64, greatest: f64) -> (f64, f64) {
    let last = high.floor().min(greatest).clamp(0.0, LARGEST);
    ((low.floor() + 1.0).max(0.0).min(last), last)
}

/// Adds `weight` times the expected histogram of a count given `first` ≤ X ≤ `last`, where the masses,
/// of logarithm `log_mass`, fall on both sides of `mode`.
///
/// Near the peak each count has its own mass. Farther away, where masses and all that is asked of a
/// histogram are smooth, runs of counts are replaced by three by a rule that is exact for the sum of a
/// cubic (Simpson's, for sums): to about 1e-13, in some thousand counts however long the tail.
pub(super) fn add_between(
    into: &mut CountHistogram,
    weight: f64,
    (first, last): (f64, f64),
    mode: f64,
    log_mass: impl Fn(f64) -> f64,
) {
    let peak = mode.clamp(first, last);
    let top = log_mass(peak);
    if first == last || top == f64::NEG_INFINITY {
        return into.add(peak as u64, weight);
    }
    let relative = |x: f64| (log_mass(x) - top).exp();
    let mut total = 0.0;
    visit((peak - first, last - peak), peak, relative, |_, mass| {
        total += mass;
    });
    visit((peak - first, last - peak), peak, relative, |x, mass| {
        into.add(x as u64, weight * (mass / total));
    });
}

/// E[f(X) | first ≤ X ≤ last] by the same rule.
pub(super) fn expectation(
    (first, last): (f64, f64),
    mode: f64,
    log_mass: impl Fn(f64) -> f64,
    mut f: impl FnMut(f64) -> f64,
) -> f64 {
    let peak = mode.clamp(first, last);
    let top = log_mass(peak);
    let (mut total, mut sum) = (0.0, 0.0);
    let relative = |x: f64| (log_mass(x) - top).exp();
    visit((peak - first, last - peak), peak, relative, |x, mass| {
        total += mass;
        if mass > 0.0 {
            sum += mass * f(x);
        }
    });
    sum / total
}

/// Calls `each` with counts and masses from `peak` on as far `below` and `above` it as given, or until
/// nothing is left.
fn visit(
    (below, above): (f64, f64),
    peak: f64,
    mass_at: impl Fn(f64) -> f64,
    mut each: impl FnMut(f64, f64),
) {
    for (direction, bound) in [(1.0, above), (-1.0, below)] {
        let at = |distance: f64| peak + direction * distance;
        let (mut distance, mut mass, mut total) = (0.0, 1.0, 1.0);
        // Runs share their ends, which count half in each.
        while distance < bound && mass * (1.0 + distance) > NEGLIGIBLE * total {
            let half = ((bound - distance) * 0.5).floor();
            let half = (distance / STRIDES).floor().max(1.0).min(half);
            let (ends, length) = if half > 0.0 {
                ((2.0 * half * half + 1.0) / (6.0 * half), 2.0 * half)
            } else {
                (0.5, 1.0)
            };
            each(at(distance), ends * mass);
            if half > 0.0 {
                let middle = distance + half;
                each(at(middle), (length - 2.0 * ends) * mass_at(at(middle)));
            }
            distance += length;
            mass = mass_at(at(distance));
            each(at(distance), ends * mass);
            total += length * mass;
        }
        // The last count counts whole.
        each(at(distance), 0.5 * mass);
    }
}

#[cfg(test)]
mod tests {
    use super::{CountHistogram, LARGEST, add_between, counts_between};
    use crate::Statistics;

    /// Against the sum over every count: mass, mean, and two functions that M-steps take of counts.
    #[test]
    fn runs_stand_for_their_counts() {
        // Negative binomial masses up to a constant: a bell, a long tail, a falling power.
        for (size, odds, first, last) in [
            (1e4_f64, 0.9_f64, 0.0, f64::INFINITY),
            (0.3, 0.9999, 0.0, f64::INFINITY),
            (0.3, 0.9999, 700.0, 123_456.0),
            (3.0, 0.999, 5000.0, 5003.0),
            (40.0, 0.9, 0.0, 300.0),
        ] {
            let log_mass = |x: f64| {
                crate::special::ln_gamma(x + size) - crate::special::ln_gamma(x + 1.0)
                    + x * odds.ln()
            };
            let mode = ((size - 1.0) * odds / (1.0 - odds)).max(0.0).floor();
            let mut found = CountHistogram::default();
            add_between(&mut found, 2.0, (first, last), mode, log_mass);
            assert!((found.weight() - 2.0).abs() < 1e-13);
            let mut sums = [0.0; 4];
            let functions = |x: f64| [1.0, x, crate::special::digamma(x + 0.4), x * (x - 1.0)];
            let top = log_mass(mode.clamp(first, last));
            let mut x = first;
            while x <= last.min(6e5) {
                let mass = (log_mass(x) - top).exp();
                for (sum, value) in sums.iter_mut().zip(functions(x)) {
                    *sum += mass * value;
                }
                x += 1.0;
            }
            for j in 1..4 {
                let of = |(x, w): (u64, f64)| w * functions(x as f64)[j];
                let mean = found.iter().map(of).sum::<f64>() / 2.0;
                let exact = sums[j] / sums[0];
                // ln Γ of thousands has rounding errors of 1e-12 in all masses.
                assert!((mean / exact - 1.0).abs() < 2e-11, "{j}: {mean} {exact}");
            }
        }
    }

    #[test]
    fn ends_of_intervals() {
        let infinite = f64::INFINITY;
        assert_eq!(counts_between(-infinite, 0.0, infinite), (0.0, 0.0));
        assert_eq!(counts_between(2.0, 5.5, infinite), (3.0, 5.0));
        assert_eq!(counts_between(2.5, infinite, infinite), (3.0, LARGEST));
        assert_eq!(counts_between(2.5, infinite, 10.0), (3.0, 10.0));
        assert_eq!(counts_between(-9.0, -3.0, infinite), (0.0, 0.0));
        assert_eq!(counts_between(20.0, 30.0, 10.0), (10.0, 10.0));
    }
}
