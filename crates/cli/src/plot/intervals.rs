//! What intervals say of a density: the histogram of largest likelihood.

use super::axes::Range;
use tabular::PartSpecification;

/// What the values of an interval are called together.
pub fn name(part: &PartSpecification) -> String {
    part.columns.join("..")
}

/// An interval on the axis of the picture: the whole numbers above `low` up to `high` as the bars that stand
/// for them.
pub fn on_axis((low, high): (f64, f64), counts: bool) -> (f64, f64) {
    match (counts, low == high) {
        (false, _) => (low, high),
        (true, true) => (low - 0.5, low + 0.5),
        (true, false) => (low + 0.5, high + 0.5),
    }
}

/// Bars of equal width over a range that holds all finite ends.
struct Bars {
    low: f64,
    width: f64,
    count: usize,
}

/// The bars that an interval covers, as places on an axis of which bar b is from b to b + 1; and whether it is open
/// below and above.
struct Cover {
    from: f64,
    to: f64,
    below: bool,
    above: bool,
}

impl Bars {
    fn cover(&self, (low, high): (f64, f64)) -> Cover {
        let count = self.count as f64;
        let place = |end: f64| ((end - self.low) / self.width).clamp(0.0, count);
        let (from, to) = (place(low), place(high));
        Cover {
            // A known value lies in one bar, the last one at the upper end.
            from: if low == high {
                from.floor().min(count - 1.0)
            } else {
                from
            },
            to: if low == high {
                from.floor().min(count - 1.0) + 1.0
            } else {
                to
            },
            below: low == f64::NEG_INFINITY,
            above: high == f64::INFINITY,
        }
    }
}

/// ∫ of a step function from its start to `place`, given the sums of its steps.
fn integral(sums: &[f64], place: f64) -> f64 {
    let step = (place as usize).min(sums.len() - 2);
    sums[step] + (place - step as f64) * (sums[step + 1] - sums[step])
}

/// The densities of bars over `range`, the histogram under which the intervals have their largest likelihood. What lies
/// beyond the range is in no bar.
///
/// EM for grouped data: the weight of an interval is shared among the bars that it covers, in proportion to their
/// masses on it. Source: B. W. Turnbull, The empirical distribution function with arbitrarily grouped, censored and
/// truncated data, JRSS B 38 (1976).
pub fn histogram(ends: &[(f64, f64)], weights: &[f64], range: Range, count: usize) -> Vec<f64> {
    /// Masses change by less than can be seen long before.
    const ITERATIONS: usize = 500;
    let bars = Bars {
        low: range.low,
        width: range.length() / count as f64,
        count,
    };
    let covers: Vec<(Cover, f64)> = (ends.iter().zip(weights))
        .filter(|((low, high), weight)| low <= high && **weight > 0.0)
        .map(|(&ends, &weight)| (bars.cover(ends), weight))
        .collect();
    let total: f64 = covers.iter().map(|(_, weight)| weight).sum();
    if !(total > 0.0) {
        return vec![0.0; count];
    }
    // What lies below, the bars, what lies above.
    let mut masses = vec![1.0 / (count + 2) as f64; count + 2];
    for _ in 0..ITERATIONS {
        let shared = share(&covers, &masses);
        let change = (masses.iter().zip(&shared))
            .map(|(a, b)| (a - b / total).abs())
            .fold(0.0, f64::max);
        masses = shared.iter().map(|mass| mass / total).collect();
        if change < 1e-7 {
            break;
        }
    }
    let bars_alone = &masses[1..=count];
    bars_alone.iter().map(|mass| mass / bars.width).collect()
}

/// The weights of the intervals, shared among the masses.
fn share(covers: &[(Cover, f64)], masses: &[f64]) -> Vec<f64> {
    let count = masses.len() - 2;
    let (below, above) = (masses[0], masses[count + 1]);
    let mut sums = vec![0.0; count + 1];
    (0..count).for_each(|bar| sums[bar + 1] = sums[bar] + masses[bar + 1]);
    let mut shared = vec![0.0; count + 2];
    // The weight that falls on each unit of mass: what begins in a bar goes on to the last.
    let (mut whole, mut part) = (vec![0.0; count + 2], vec![0.0; count]);
    for (cover, weight) in covers {
        let inside = integral(&sums, cover.to) - integral(&sums, cover.from);
        let (lower, upper) = (
            if cover.below { below } else { 0.0 },
            if cover.above { above } else { 0.0 },
        );
        let rate = weight / (inside + lower + upper);
        if !rate.is_finite() {
            continue;
        }
        shared[0] += rate * lower;
        shared[count + 1] += rate * upper;
        let (first, last) = (cover.from as usize, cover.to as usize);
        whole[first] += rate;
        whole[last] -= rate;
        if first < count {
            part[first] -= rate * (cover.from - first as f64);
        }
        if last < count {
            part[last] += rate * (cover.to - last as f64);
        }
    }
    let mut rate = 0.0;
    for bar in 0..count {
        rate += whole[bar];
        shared[bar + 1] = masses[bar + 1] * f64::max(rate + part[bar], 0.0);
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], expected: &[f64], tolerance: f64) {
        assert_eq!(found.len(), expected.len());
        let near = found
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() <= tolerance);
        assert!(near, "{found:?} is not {expected:?}");
    }

    #[test]
    fn known_values_are_counted() {
        let ends = [0.0, 0.5, 1.0, 1.5, 3.0, 4.0].map(|value| (value, value));
        let found = histogram(
            &ends,
            &[1.0, 1.0, 1.0, 1.0, 2.0, 2.0],
            Range::new(0.0, 4.0),
            4,
        );
        close(&found, &[0.25, 0.25, 0.0, 0.5], 1e-12);
    }

    /// Censored at the edges of bars, where the likelihood is that of a life table: the estimator of Kaplan and Meier,
    /// worked by hand: 1/5; then 4/5 · 1/3; then (4/5 · 2/3) · 1/2, and as much beyond.
    #[test]
    fn censored_values_give_the_product_limit() {
        let ends = [
            (0.5, 0.5),
            (1.0, f64::INFINITY),
            (1.5, 1.5),
            (2.5, 2.5),
            (3.0, f64::INFINITY),
        ];
        let found = histogram(&ends, &[1.0; 5], Range::new(0.0, 3.0), 3);
        // 500 iterations of EM, which stops at changes of 1e-7.
        close(&found, &[0.2, 4.0 / 15.0, 4.0 / 15.0], 1e-5);
    }

    /// A naive EM over all pairs of rows and bars.
    #[test]
    fn sums_are_those_of_all_pairs() {
        let infinity = f64::INFINITY;
        let ends = [
            (0.3, 2.2),
            (-infinity, 1.1),
            (0.0, 0.9),
            (3.7, 3.7),
            (2.5, infinity),
            (1.0, 4.0),
            (4.0, 4.0),
            (1.2, 1.4),
        ];
        let weights = [1.0, 0.5, 2.0, 1.0, 3.0, 1.0, 1.0, 0.25];
        let edges = [-infinity, 0.0, 1.0, 2.0, 3.0, 4.0, infinity];
        let masses = [0.05, 0.2, 0.1, 0.25, 0.3, 0.1];
        let overlap = |(low, high): (f64, f64), bar: usize| {
            let (from, to) = (edges[bar], edges[bar + 1]);
            if low == high {
                return f64::from(u8::from(
                    (low >= from && low < to && to < infinity) || (low == 4.0 && to == 4.0),
                ));
            }
            if from == -infinity || to == infinity {
                return f64::from(u8::from(
                    (from == -infinity && low == from) || (to == infinity && high == to),
                ));
            }
            f64::max(high.min(to) - low.max(from), 0.0)
        };
        let mut expected = vec![0.0; 6];
        for (&ends, weight) in ends.iter().zip(weights) {
            let shares: Vec<f64> = (0..6).map(|bar| masses[bar] * overlap(ends, bar)).collect();
            let sum: f64 = shares.iter().sum();
            expected
                .iter_mut()
                .zip(shares)
                .for_each(|(all, share)| *all += weight * share / sum);
        }
        let bars = Bars {
            low: 0.0,
            width: 1.0,
            count: 4,
        };
        let covers: Vec<(Cover, f64)> = ends
            .iter()
            .zip(weights)
            .map(|(&ends, weight)| (bars.cover(ends), weight))
            .collect();
        close(&share(&covers, &masses), &expected, 1e-14);
    }
}
