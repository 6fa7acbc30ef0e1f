//! Distribution functions and moments of densities on the real line, and intervals.

use crate::Component;

/// A distribution on the real line: its distribution function, quantiles and moments.
///
/// Counts are real numbers here: F is then a step function, and a quantile is a count.
///
/// ```
/// use distributions::{Normal, Univariate};
/// let normal = Normal::new(2.0, 4.0)?;
/// assert_eq!(normal.cdf(2.0), 0.5);
/// // Far out in the tail nothing cancels.
/// assert!((normal.sf(22.0) / 7.619853024160527e-24 - 1.0).abs() < 1e-14);
/// assert!((normal.quantile(0.975) - 5.919927969080108).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Univariate {
    /// F(x) = P(X ≤ x); NaN only where x is.
    fn cdf(&self, x: f64) -> f64;
    /// P(X > x) = 1 − F(x), computed so that small values keep their digits.
    fn sf(&self, x: f64) -> f64;
    /// The smallest x with F(x) ≥ p: the ends of the support at 0 and 1, NaN outside \[0, 1\].
    fn quantile(&self, p: f64) -> f64;
    /// E\[X\]; NaN where it does not exist, infinite where it is.
    fn mean(&self) -> f64;
    /// E\[(X − E X)²\]; NaN where the mean does not exist, infinite where the integral is.
    fn variance(&self) -> f64;
    /// P(low < X ≤ high), 0 for an empty interval: a difference of the smaller tails.
    fn probability(&self, low: f64, high: f64) -> f64 {
        if !(low < high) {
            return 0.0;
        }
        let (below, above) = (self.cdf(low), self.sf(high));
        if below + above < 0.5 {
            1.0 - (below + above)
        } else if below <= above {
            self.cdf(high) - below
        } else {
            self.sf(low) - above
        }
    }
    /// ln P(low < X ≤ high); −∞ for an empty interval.
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        self.probability(low, high).ln()
    }
}

/// A distribution whose entropy is known: in closed form, or summed to full precision.
pub trait Entropy {
    /// −E\[ln p(X)\] in nats; of a density, the differential entropy, which may be negative.
    fn entropy(&self) -> f64;
}

/// A component that can use an observation of which only an interval is known: what censored and
/// truncated observations need.
///
/// EM replaces the unknown statistic of such an observation by its expectation under the current
/// iterate, given the interval.
pub trait IntervalStatistics: Component + Univariate {
    /// Adds `weight` times the expected statistic given low < X ≤ high, under `self`. Either end may
    /// be infinite. Where the interval has probability 0 under `self`, the limit as the interval
    /// shrinks to its end nearest the support is added.
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64);
    /// Adds what of `weight` observations is expected outside of low < X ≤ high: `weight` times the
    /// expected statistic there, times the probability of lying there.
    fn accumulate_outside(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        for (from, to, mass) in [
            (f64::NEG_INFINITY, low, self.cdf(low)),
            (high, f64::INFINITY, self.sf(high)),
        ] {
            if mass > 0.0 {
                self.accumulate_interval(into, from, to, weight * mass);
            }
        }
    }
}

/// The smallest double x in \[low, high\] with P(X ≤ x) ≥ p, by halving the doubles between the two
/// ends: at most 64 evaluations, exact for steps, and to the last bit that F resolves.
///
/// `distribution` gives (F(x), 1 − F(x)); the smaller of the two decides.
pub fn quantile_between(
    p: f64,
    low: f64,
    high: f64,
    distribution: impl Fn(f64) -> (f64, f64),
) -> f64 {
    let reached = |x: f64| {
        let (below, above) = distribution(x);
        if p <= 0.5 {
            below >= p
        } else {
            above <= 1.0 - p
        }
    };
    let (mut low, mut high) = (ordered(low), ordered(high));
    while low < high {
        // The mean without overflow.
        let middle = (low & high) + ((low ^ high) >> 1);
        if reached(from_ordered(middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    from_ordered(high)
}

/// The bits of a double as an integer of the same order.
fn ordered(x: f64) -> i64 {
    let bits = x.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

fn from_ordered(rank: i64) -> f64 {
    f64::from_bits((rank ^ (((rank >> 63) as u64) >> 1) as i64) as u64)
}

#[cfg(test)]
mod tests {
    use super::{from_ordered, ordered, quantile_between};

    #[test]
    fn ranks_keep_the_order_of_doubles() {
        let values = [
            f64::NEG_INFINITY,
            -3.0,
            -1e-310,
            -0.0,
            0.0,
            1e-310,
            2.0,
            f64::INFINITY,
        ];
        for pair in values.windows(2) {
            assert!(ordered(pair[0]) < ordered(pair[1]), "{pair:?}");
        }
        for x in values {
            assert_eq!(from_ordered(ordered(x)).to_bits(), x.to_bits());
        }
    }

    #[test]
    fn steps_and_slopes() {
        // A fair coin, and the uniform distribution on (−1, 1).
        let coin = |x: f64| match x {
            x if x < 0.0 => (0.0, 1.0),
            x if x < 1.0 => (0.5, 0.5),
            _ => (1.0, 0.0),
        };
        assert_eq!(quantile_between(0.5, -1.0, 5.0, coin), 0.0);
        assert_eq!(quantile_between(0.50001, -1.0, 5.0, coin), 1.0);
        let uniform = |x: f64| ((1.0 + x) / 2.0, (1.0 - x) / 2.0);
        for p in [0.1, 0.25, 0.75, 0.9] {
            let x = quantile_between(p, -1.0, 1.0, uniform);
            assert!((x - (2.0 * p - 1.0)).abs() < 1e-15, "{x} at {p}");
        }
    }
}
