//! The regularised incomplete beta function, its complement and its inverse.

use super::digamma::digamma;
use super::error::{erfcx, normal_quantile};
use super::gamma::{ln_gamma_1p, stirling_error};
use super::log_exp::{ln_1p_minus_x, logistic};
use super::tail::{Side, Tail, invert};
use std::f64::consts::PI;

/// From this size of both parameters on, one term of Temme's expansion is exact to rounding.
const TEMME_FROM: f64 = 1e12;

/// I_x(a, b) = 1/B(a, b) ∫₀ˣ tᵃ⁻¹(1−t)ᵇ⁻¹ dt for a, b > 0 and 0 ≤ x ≤ 1: the beta distribution
/// function.
///
/// 0 at x = 0, 1 at x = 1, NaN outside the domain. Relative to its own size down to underflow:
/// DiDonato and Morris's continued fraction (ACM TOMS 18, 1992) for the smaller side, a power
/// series where a parameter below 1 would make it slow, the common factor in a deviance form from
/// a − (a+b)x in twice the working precision. Near the mean the fraction takes about √max(a, b) terms.
///
/// ```
/// use distributions::special::beta_i;
/// assert!((beta_i(2.0, 3.0, 0.5) - 11.0 / 16.0).abs() < 1e-15);
/// ```
pub fn beta_i(a: f64, b: f64, x: f64) -> f64 {
    tail(a, b, x, 1.0 - x).lower()
}

/// 1 − I_x(a, b) = I_{1−x}(b, a), relative to its own size; see [`beta_i`].
pub fn beta_i_complement(a: f64, b: f64, x: f64) -> f64 {
    tail(a, b, x, 1.0 - x).upper()
}

/// ln I_x(a, b), also where it underflows.
pub fn ln_beta_i(a: f64, b: f64, x: f64) -> f64 {
    tail(a, b, x, 1.0 - x).ln_lower()
}

/// ln(1 − I_x(a, b)), also where it underflows.
pub fn ln_beta_i_complement(a: f64, b: f64, x: f64) -> f64 {
    tail(a, b, x, 1.0 - x).ln_upper()
}

/// The x with I_x(a, b) = p, for a, b > 0 and 0 ≤ p ≤ 1; NaN outside.
///
/// Newton on the logarithm of the smaller tail as a function of ln(x/(1−x)), which is concave, so it
/// converges from any start. The error is that of one ulp in p, and of x near 1.
pub fn inverse_beta_i(a: f64, b: f64, p: f64) -> f64 {
    if p <= 0.5 {
        inverse(a, b, p, Side::Lower)
    } else {
        inverse(a, b, 1.0 - p, Side::Upper)
    }
}

/// The x with 1 − I_x(a, b) = q; see [`inverse_beta_i`].
pub fn inverse_beta_i_complement(a: f64, b: f64, q: f64) -> f64 {
    if q <= 0.5 {
        inverse(a, b, q, Side::Upper)
    } else {
        inverse(a, b, 1.0 - q, Side::Lower)
    }
}

fn inverse(a: f64, b: f64, probability: f64, side: Side) -> f64 {
    if !(in_domain(a, b) && (0.0..=0.5).contains(&probability)) {
        return f64::NAN;
    }
    if probability == 0.0 {
        return if side == Side::Lower { 0.0 } else { 1.0 };
    }
    let z = normal_quantile(probability) * (1.0 / a + 1.0 / b).sqrt();
    let normal = (a / b).ln() + if side == Side::Lower { z } else { -z };
    // A small tail of a small parameter is a power of x (or of 1 − x).
    let start = if side == Side::Lower {
        normal
            .max((probability.ln() + ln_leading(a, b)) / a)
            .max(power_bound(a, b, probability))
    } else {
        normal
            .min(-(probability.ln() + ln_leading(b, a)) / b)
            .min(-power_bound(b, a, probability))
    };
    let u = invert(start, probability.ln(), |u| {
        let (x, y) = (logistic(u), logistic(-u));
        let at = tail(a, b, x, y);
        let (ln_scale, factor) = common_factor(a, b, x, y);
        let ln_density = ln_scale + factor.ln();
        if side == Side::Lower {
            let value = at.ln_lower();
            (value, (ln_density - value).exp())
        } else {
            let value = at.ln_upper();
            (value, -(ln_density - value).exp())
        }
    });
    logistic(u)
}

/// For b < 1, ln(x/(1 − x)) of the x with xᵃ = probability, which the solution is not below: from
/// farther away the density over the tail, a difference of two huge logarithms, has no digits.
fn power_bound(a: f64, b: f64, probability: f64) -> f64 {
    if b >= 1.0 {
        return f64::NEG_INFINITY;
    }
    let log_x = probability.ln() / a;
    log_x - (-log_x.exp_m1()).ln()
}

fn in_domain(a: f64, b: f64) -> bool {
    a > 0.0 && b > 0.0 && a < f64::INFINITY && b < f64::INFINITY
}

/// With y = 1 − x, of which the smaller is taken as exact.
fn tail(a: f64, b: f64, x: f64, y: f64) -> Tail {
    if !(in_domain(a, b) && x >= 0.0 && y >= 0.0) {
        return Tail::new(Side::Lower, 0.0, f64::NAN);
    }
    if x == 0.0 {
        return Tail::new(Side::Lower, 0.0, 0.0);
    }
    if y == 0.0 {
        return Tail::new(Side::Upper, 0.0, 0.0);
    }
    if series_is_fast(a, b, x) {
        return small(a, b, x);
    }
    if series_is_fast(b, a, y) {
        return small(b, a, y).turned();
    }
    if a.min(b) >= TEMME_FROM {
        return temme(a, b, x, y);
    }
    let (ln_scale, factor) = common_factor(a, b, x, y);
    let excess = excess(a, b, x, y);
    if excess >= 0.0 {
        Tail::new(
            Side::Lower,
            ln_scale,
            factor * continued_fraction(a, b, x, y, excess),
        )
    } else {
        let fraction = continued_fraction(b, a, y, x, -excess);
        Tail::new(Side::Upper, ln_scale, factor * fraction)
    }
}

/// Temme's uniform expansion (DLMF 8.18.9 with its first coefficient, in the symmetric form of Temme,
/// SIAM J. Math. Anal. 13, 1982): with ½nη² = the deviance and x₀ = a/n, the tail away from x₀ is
/// e^(−nη²/2)(½ erfcx(|η|√(n/2)) − c/√(2πn)), c = 1/|η| − √(x₀y₀)/|x − x₀|. What is left out is of the
/// size of 1/n.
fn temme(a: f64, b: f64, x: f64, y: f64) -> Tail {
    let n = a + b;
    let excess = excess(a, b, x, y);
    let (ln_scale, _) = common_factor(a, b, x, y);
    let root = (-2.0 * ln_scale / n).sqrt();
    let spread = (a / n * (b / n)).sqrt();
    // x − x₀ = −excess/n; where both are tiny, the limit of their difference.
    let correction = if root > 1e-9 {
        1.0 / root - spread * n / excess.abs()
    } else if excess > 0.0 {
        (a / n - b / n) / (3.0 * spread)
    } else {
        (b / n - a / n) / (3.0 * spread)
    };
    let half = 0.5 * erfcx((-ln_scale).sqrt());
    let side = if excess > 0.0 {
        Side::Lower
    } else {
        Side::Upper
    };
    Tail::new(side, ln_scale, half - correction / (2.0 * PI * n).sqrt())
}

/// a − (a+b)x = ay − bx, rounded once or twice: the sum and the product are kept in two parts.
fn excess(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= y {
        difference(a, b, x)
    } else {
        -difference(b, a, y)
    }
}

fn difference(a: f64, b: f64, x: f64) -> f64 {
    let sum = a + b;
    let (large, low) = if a > b { (a, b) } else { (b, a) };
    let sum_error = low - (sum - large);
    let product = sum * x;
    (a - product) - (product_error(sum, x, product) + sum_error * x)
}

/// p·q − product by Dekker's splitting; 0 where the parts would leave the range of doubles.
fn product_error(p: f64, q: f64, product: f64) -> f64 {
    if !(p.abs() < 1e290 && product.abs() > 1e-280) {
        return 0.0;
    }
    let (p_high, p_low) = split(p);
    let (q_high, q_low) = split(q);
    ((p_high * q_high - product) + p_high * q_low + p_low * q_high) + p_low * q_low
}

fn split(value: f64) -> (f64, f64) {
    let scaled = 134_217_729.0 * value;
    let high = scaled - (scaled - value);
    (high, value - high)
}

/// xᵃyᵇ/B(a, b) as (logarithm, factor).
///
/// With n = a+b and δ = a − nx it is √(ab/(2πn)) e^(corrections)·exp(−aφ(−δ/a) − bφ(δ/b)),
/// φ(u) = u − ln(1+u) ≥ 0: two terms of one sign.
fn common_factor(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    let n = a + b;
    let excess = excess(a, b, x, y);
    let deviance = a * phi(-excess / a, n * (x / a)) + b * phi(excess / b, n * (y / b));
    let corrections = stirling_error(n) - stirling_error(a) - stirling_error(b);
    (
        -deviance,
        corrections.exp() * (a * (b / n) / (2.0 * PI)).sqrt(),
    )
}

/// u − ln(1 + u), from 1 + u itself where u has lost it.
fn phi(u: f64, one_plus_u: f64) -> f64 {
    if u < -0.5 {
        (one_plus_u - 1.0) - one_plus_u.ln()
    } else {
        -ln_1p_minus_x(u)
    }
}

/// I_x over its common factor, for a − (a+b)x = excess ≥ 0 (DiDonato and Morris's BFRAC).
fn continued_fraction(a: f64, b: f64, x: f64, y: f64, excess: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let denominator = |n: f64| {
        let odd = a + 2.0 * n;
        let left = if n == 0.0 {
            0.0
        } else {
            n * (b - n) * x / (odd - 1.0)
        };
        n + left + (a + n) * (excess + 1.0 + n * (1.0 + y)) / (odd + 1.0)
    };
    let mut c = denominator(0.0);
    let mut d = 0.0;
    let mut value = 1.0 / c;
    for n in 1..10_000_000 {
        let n = f64::from(n);
        let odd = a + 2.0 * n - 1.0;
        let numerator = ((a + n - 1.0) / odd) * ((a + b + n - 1.0) * x / odd) * n * ((b - n) * x);
        let term = denominator(n);
        d = numerator * d + term;
        d = if d.abs() < TINY { TINY } else { d };
        c = term + numerator / c;
        c = if c.abs() < TINY { TINY } else { c };
        d = 1.0 / d;
        let factor = c * d;
        value /= factor;
        if (factor - 1.0).abs() <= 2e-16 {
            break;
        }
    }
    value
}

/// Whether a < 1 and x is so far below the scale of b that the power series converges at once.
fn series_is_fast(a: f64, b: f64, x: f64) -> bool {
    a < 1.0 && x <= 0.7 && b * x <= 0.7
}

/// I = E(1 + aS) and 1 − I = (1 − E) − aES with E = xᵃ/(aB(a, b)), S = Σ (1−b)ₙxⁿ/(n!(a+n)).
fn small(a: f64, b: f64, x: f64) -> Tail {
    let (mut power, mut sum, mut n) = (1.0f64, 0.0f64, 1.0);
    loop {
        power *= (n - b) * (x / n);
        let term = power / (a + n);
        sum += term;
        if term.abs() <= 1e-17 * sum.abs() {
            break;
        }
        n += 1.0;
    }
    let ln_e = a * x.ln() - ln_leading(a, b);
    let upper = -ln_e.exp_m1() - a * sum * ln_e.exp();
    Tail::both(ln_e + (a * sum).ln_1p(), upper)
}

/// ln(a·B(a, b)), relative to its own size for small a: ln Γ(1+a) − (ln Γ(b+a) − ln Γ(b)).
fn ln_leading(a: f64, b: f64) -> f64 {
    if a > 1.0 {
        return super::ln_beta(a, b) + a.ln();
    }
    let (mut base, mut shifts) = (b, 0.0);
    while base < 3.0 {
        shifts += (a / base).ln_1p();
        base += 1.0;
    }
    // ln Γ(base+a) − ln Γ(base) = a ∫₀¹ ψ(base + at) dt, exact to rounding with eight nodes.
    let mut mean = 0.0;
    for (node, weight) in GAUSS_LEGENDRE {
        mean += weight * digamma(base + a * node);
    }
    ln_gamma_1p(a) + shifts - a * mean
}

/// Nodes and weights of Gauss and Legendre's rule on [0, 1].
const GAUSS_LEGENDRE: [(f64, f64); 8] = [
    (0.9801449282487681, 0.05061426814518813),
    (0.8983332387068134, 0.11119051722668724),
    (0.7627662049581645, 0.15685332293894363),
    (0.591717321247825, 0.181341891689181),
    (0.4082826787521751, 0.181341891689181),
    (0.2372337950418355, 0.15685332293894363),
    (0.10166676129318664, 0.11119051722668724),
    (0.019855071751231884, 0.05061426814518813),
];

#[cfg(test)]
mod tests {
    use super::{tail, temme};

    /// Where the fraction still reaches, the expansion differs from it by less than 0.1/min(a, b): by
    /// less than rounding from its threshold on.
    #[test]
    fn expansion_of_large_parameters() {
        for (a, b) in [(1e10, 3e10), (1e9, 1e10), (2e9, 1e9), (1e8, 1e8)] {
            let n: f64 = a + b;
            for z in [
                -20.0, -3.0, -0.5, -1e-3, -1e-7, 0.0, 1e-9, 1e-6, 1e-3, 0.7, 4.0, 30.0,
            ] {
                let x = a / n + z * (a / n * (b / n) / n).sqrt();
                let (exact, found) = (tail(a, b, x, 1.0 - x), temme(a, b, x, 1.0 - x));
                for (found, exact) in [
                    (found.lower(), exact.lower()),
                    (found.upper(), exact.upper()),
                ] {
                    let error = (found / exact - 1.0).abs();
                    // 1e-14: that of the fraction.
                    assert!(
                        error <= 0.1 / a.min(b) + 1e-14,
                        "{a} {b} {z}: {found} {exact}"
                    );
                }
            }
        }
    }
}
