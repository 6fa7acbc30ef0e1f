//! Concentrations of compound counts (beta-binomial, Dirichlet-multinomial) from histograms.
//!
//! With G_j(a) = Σ w (ψ(a + x_j) − ψ(a)) over the counts of column j, and G the same over the totals,
//! the log-likelihood is stationary where all G_j(a_j) are equal, and equal to G(s), s = Σ a_j. Both
//! sides are nearly Σ w x / a when a is large, so the last equation is taken in the form that does not
//! cancel: a G(a) = Σ w x − E(a) with the *shortfall* E(a) = Σ w Σ_{i<x} i/(a + i), and counts add up
//! to totals, so that Σ_j E_j(a_j) = E(s).

use super::CountHistogram;
use crate::solve::newton_in_bracket;
use crate::special::{digamma, ln_1p_minus_x, ln_minus_digamma, trigamma};
use crate::{EstimateError, Reason};

/// How many terms of a sum are added one by one before differences of ψ take over.
const STEPS: u64 = 64;
/// What stands for a sum of concentrations of 0, and (times the largest total) for an infinite one:
/// there the likelihood differs from its limit by less than rounding.
const LEAST: f64 = 1.0 / MOST;
const MOST: f64 = (1_u64 << 60) as f64;

/// Sums over a histogram at one concentration a.
#[derive(Clone, Copy, Default)]
pub(super) struct RisingSums {
    /// G(a) = Σ w (ψ(a + x) − ψ(a)).
    pub slope: f64,
    /// −G′(a) = Σ w (ψ′(a) − ψ′(a + x)).
    pub curvature: f64,
    /// E(a) = Σ w x − a G(a), not formed as this difference.
    pub shortfall: f64,
}

/// The sums at a > 0: by the recurrence of ψ from the lowest count on, over long gaps by ψ itself.
pub(super) fn rising_sums(from: &CountHistogram, a: f64) -> RisingSums {
    let mut sums = RisingSums::default();
    let (mut reached, mut one) = (0, RisingSums::default());
    for (x, weight) in from.iter() {
        if x <= reached + STEPS {
            while reached < x {
                let term = 1.0 / (a + reached as f64);
                one.slope += term;
                one.curvature += term * term;
                one.shortfall += reached as f64 * term;
                reached += 1;
            }
        } else {
            reached = x;
            one = rising_far(x as f64, a);
        }
        sums.slope += weight * one.slope;
        sums.curvature += weight * one.curvature;
        sums.shortfall += weight * one.shortfall;
    }
    sums
}

/// The sums for one large count.
fn rising_far(x: f64, a: f64) -> RisingSums {
    let curvature = trigamma(a) - trigamma(a + x);
    if a < x {
        let slope = digamma(a + x) - digamma(a);
        return RisingSums {
            slope,
            curvature,
            shortfall: x - a * slope,
        };
    }
    // ψ = ln − g: the logarithms by their difference.
    let gap = ln_minus_digamma(a) - ln_minus_digamma(a + x);
    RisingSums {
        slope: (x / a).ln_1p() + gap,
        curvature,
        shortfall: -a * ln_1p_minus_x(x / a) - a * gap,
    }
}

/// The concentrations of maximum likelihood of rows whose counts in each column, and totals, have
/// these histograms.
///
/// The sum of the concentrations s is found in a bracket, the likelihood being maximised over their
/// shares at each s (there it is concave). Where the counts are no more dispersed than those of a
/// multinomial, s grows for ever; where each row has one column only, it shrinks for ever: s is then
/// so large (small) that the likelihood has its limit. Columns never seen get 0. What the data leave
/// open, as s where no total exceeds 1, is that of `current`.
pub(super) fn estimate(
    columns: &[&CountHistogram],
    totals: &CountHistogram,
    current: &[f64],
) -> Result<Vec<f64>, EstimateError> {
    let sums: Vec<f64> = columns
        .iter()
        .map(|column| weighted(column, |x| x))
        .collect();
    let all: f64 = sums.iter().sum();
    if !(all > 0.0) {
        return Ok(current.to_vec());
    }
    let current_size: f64 = current.iter().sum();
    let mut shares: Vec<f64> = sums.iter().map(|sum| sum / all).collect();
    let pairs = |x: f64| x * (x - 1.0);
    let of_totals = weighted(totals, pairs);
    let seen = shares.iter().filter(|&&share| share > 0.0).count();
    if seen == 1 || of_totals == 0.0 {
        return Ok(shares.iter().map(|share| current_size * share).collect());
    }
    let of_columns: f64 = (columns.iter().zip(&shares))
        .filter(|(_, share)| **share > 0.0)
        .map(|(column, share)| weighted(column, pairs) / share)
        .sum();
    let largest = totals.iter().fold(1, |_, (x, _)| x) as f64;
    let excess = of_columns / of_totals - 1.0;
    let beyond_first = |x: f64| (x - 1.0).max(0.0);
    let repeats: f64 = columns
        .iter()
        .map(|column| weighted(column, beyond_first))
        .sum();
    let size = if !(excess > 1e-12) {
        MOST * largest
    } else if repeats >= weighted(totals, beyond_first) * (1.0 - 1e-14) {
        LEAST
    } else {
        // By moments: 1 + excess = (s + d)/(s + 1).
        let start = ((seen as f64 - 1.0 - excess) / excess).max(1e-3);
        newton_in_bracket(start, (LEAST, MOST * largest), |s| {
            dispersion_score(columns, totals, s, &mut shares)
        })
        .ok_or_else(not_converged)?
    };
    best_shares(columns, size, &mut shares).ok_or_else(not_converged)?;
    Ok(shares.iter().map(|share| size * share).collect())
}

fn not_converged() -> EstimateError {
    EstimateError::new(Reason::NotConverged {
        parameter: "concentrations",
        iterations: 200,
    })
}

/// Σ w f(x).
fn weighted(from: &CountHistogram, f: impl Fn(f64) -> f64) -> f64 {
    from.iter().map(|(x, weight)| weight * f(x as f64)).sum()
}

/// ln(Σ_j E_j / E) at the best shares for s, and its derivative in s: negative below the best s.
fn dispersion_score(
    columns: &[&CountHistogram],
    totals: &CountHistogram,
    s: f64,
    shares: &mut [f64],
) -> (f64, f64) {
    let Some(best) = best_shares(columns, s, shares) else {
        return (f64::NAN, f64::NAN);
    };
    let whole = rising_sums(totals, s);
    // Along the best shares da_j/ds is in proportion to 1/q_j, and E′ = −(G − a q).
    let columns_slope = s / best.inverse_curvatures - best.slope;
    let whole_slope = s * whole.curvature - whole.slope;
    let slope = columns_slope / best.shortfall - whole_slope / whole.shortfall;
    (
        (best.shortfall / whole.shortfall).ln(),
        slope.max(f64::MIN_POSITIVE),
    )
}

/// At the best shares: the common G_j, Σ_j 1/q_j with q = −G′, and Σ_j E_j.
struct Best {
    slope: f64,
    inverse_curvatures: f64,
    shortfall: f64,
}

/// Moves `shares` to the best ones for a given s: all G_j(s p_j) equal. Newton's method on 1/G_j, which
/// is nearly linear in a_j both for small and for large a_j; a step that would make a share negative
/// stops at a tenth of it. `None` when it does not converge.
fn best_shares(columns: &[&CountHistogram], s: f64, shares: &mut [f64]) -> Option<Best> {
    let mut steps: Vec<(f64, f64)> = vec![(0.0, 0.0); shares.len()];
    let mut last = f64::INFINITY;
    for _ in 0..200 {
        let mut best = Best {
            slope: 0.0,
            inverse_curvatures: 0.0,
            shortfall: 0.0,
        };
        // Each a_j as intercept + rate·μ, where μ is the common value of 1/G.
        let (mut intercepts, mut rates) = (0.0, 0.0);
        for ((column, &share), step) in columns.iter().zip(&*shares).zip(&mut steps) {
            if share > 0.0 {
                let sums = rising_sums(column, s * share);
                let rate = sums.slope * (sums.slope / sums.curvature);
                *step = (s * share - sums.slope / sums.curvature, rate);
                intercepts += step.0;
                rates += rate;
                best.inverse_curvatures += 1.0 / sums.curvature;
                best.shortfall += sums.shortfall;
            }
        }
        let common = (s - intercepts) / rates;
        best.slope = 1.0 / common;
        let mut moved = 0.0_f64;
        let mut sum = 0.0;
        for (share, &(intercept, rate)) in shares.iter_mut().zip(&steps) {
            if *share > 0.0 {
                let next = ((intercept + rate * common) / s).max(0.1 * *share);
                moved = moved.max((next / *share - 1.0).abs());
                *share = next;
                sum += next;
            }
        }
        shares.iter_mut().for_each(|share| *share /= sum);
        if moved.is_nan() {
            return None;
        }
        // Convergence is quadratic; rounding keeps the last digits moving.
        if moved <= 1e-14 || (moved < 1e-9 && moved >= last) {
            return Some(best);
        }
        last = moved;
    }
    None
}
