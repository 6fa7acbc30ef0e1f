//! Upper bounds of log-likelihoods.

use distributions::simd::sum;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Σ_g W_g ln(W_g/n) for the total row weights W_g of the distinct observations: no distribution of values
/// that can be counted has a higher log-likelihood, for it is −n times an entropy and a divergence.
///
/// ```
/// let bound = em::select::saturated_log_likelihood(&[3.0, 1.0]);
/// assert!((bound - (3.0 * 0.75_f64.ln() + 0.25_f64.ln())).abs() < 1e-15);
/// ```
pub fn saturated_log_likelihood(weights: &[f64]) -> f64 {
    let total = sum(weights);
    let terms = weights.iter().filter(|weight| **weight > 0.0);
    terms.map(|weight| weight * (weight / total).ln()).sum()
}

/// An observation that a mixture was fitted to.
#[derive(Clone, Copy, Debug)]
pub struct Fitted {
    /// The parameter under which its density is largest.
    pub mode: f64,
    /// Its row weight.
    pub weight: f64,
    /// ln p of it under the fitted mixture.
    pub log_density: f64,
}

/// The most intervals times rows that are looked at: about a second.
const WORK: usize = 20_000_000;
/// The bound is good enough when it is within this many nats of the best that this argument gives.
const NEAR: f64 = 1e-3;

/// An upper bound of the log-likelihood of every mixture, of however many components, of a family with one
/// parameter θ, from any one of them, p:
///
/// L' ≤ L + n ln(S/n), S = sup_θ Σ_i w_i f(x_i | θ)/p(x_i),
///
/// because L' − L = Σ w_i ln(p'(x_i)/p(x_i)) ≤ n ln(Σ w_i p'(x_i)/(n p(x_i))), the logarithm being concave, and p' is
/// a mean of f(· | θ). Where p is the best of all mixtures S = n, and further components gain nothing (Lindsay
/// 1983, Annals of Statistics 11, 86–94).
///
/// `log_density(i, θ)` is ln f(x_i | θ), which must rise up to the mode of row i and fall from there. S is bounded
/// by halving intervals of θ, in each of which a row has at most the density at the point nearest to its mode:
/// the bound holds however few are halved. Infinite where a density has no bound.
///
/// ```
/// use distributions::{Density, Poisson};
/// use em::select::{Fitted, mixture_bound};
///
/// // One Poisson with the mean of the counts: two would be better, but by no more than this.
/// let (counts, one) = ([0_u64, 1, 1, 2, 9, 8, 10, 9], Poisson::new(5.0)?);
/// let rows = counts.map(|x| Fitted { mode: x as f64, weight: 1.0, log_density: one.log_density(x) });
/// let ln_f = |i: usize, rate: f64| Poisson::new(rate).map_or(f64::NEG_INFINITY, |f| f.log_density(counts[i]));
/// let log_likelihood: f64 = rows.iter().map(|row| row.log_density).sum();
/// let two = |i: usize| (0.5 * ln_f(i, 1.0).exp() + 0.5 * ln_f(i, 9.0).exp()).ln();
/// let better: f64 = (0..8).map(two).sum();
/// assert!(better > log_likelihood + 5.0 && better < mixture_bound(&rows, ln_f));
/// # Ok::<(), distributions::ParameterError>(())
/// ```
pub fn mixture_bound(rows: &[Fitted], log_density: impl Fn(usize, f64) -> f64) -> f64 {
    let weights: Vec<f64> = rows.iter().map(|row| row.weight).collect();
    let total = sum(&weights);
    let products: Vec<f64> = rows
        .iter()
        .map(|row| row.weight * row.log_density)
        .collect();
    let search = Search { rows, log_density };
    let modes = rows.iter().map(|row| row.mode);
    let low = modes.clone().fold(f64::INFINITY, f64::min);
    let high = modes.fold(f64::NEG_INFINITY, f64::max);
    // The parameters outside are worse for every row. NaN and an empty range are no proof.
    let highest = if low <= high {
        search.supremum(low, high, total)
    } else {
        f64::INFINITY
    };
    // A mixture is a mean of densities under its own, n in all: less than that is rounding.
    sum(&products) + total * (highest / total).max(1.0).ln()
}

struct Search<'a, D> {
    rows: &'a [Fitted],
    log_density: D,
}

/// An interval of θ, and a bound of the sum in it.
struct Interval {
    low: f64,
    high: f64,
    bound: f64,
}

impl PartialEq for Interval {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Interval {}
impl PartialOrd for Interval {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Interval {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

impl<D: Fn(usize, f64) -> f64> Search<'_, D> {
    /// At least the supremum of the sum over θ from `low` to `high`.
    fn supremum(&self, low: f64, high: f64, total: f64) -> f64 {
        let mut open = BinaryHeap::from([self.interval(low, high)]);
        // n is reached by some parameter: below that no interval matters.
        let mut reached = total;
        for _ in 0..WORK / (2 * self.rows.len().max(1)) {
            let Some(widest) = open.pop() else { break };
            let middle = 0.5 * (widest.low + widest.high);
            let done = widest.bound <= reached * (1.0 + NEAR / total);
            if done || !widest.bound.is_finite() || !(widest.low < middle && middle < widest.high) {
                open.push(widest);
                break;
            }
            reached = reached.max(self.interval(middle, middle).bound);
            for (low, high) in [(widest.low, middle), (middle, widest.high)] {
                open.push(self.interval(low, high));
            }
        }
        open.pop().map_or(f64::INFINITY, |widest| widest.bound)
    }
    fn interval(&self, low: f64, high: f64) -> Interval {
        let mut bound = 0.0;
        for (i, row) in self.rows.iter().enumerate() {
            if row.weight > 0.0 {
                let best = row.mode.clamp(low, high);
                bound += row.weight * ((self.log_density)(i, best) - row.log_density).exp();
            }
        }
        // NaN is no bound.
        let bound = if bound >= 0.0 { bound } else { f64::INFINITY };
        Interval { low, high, bound }
    }
}
