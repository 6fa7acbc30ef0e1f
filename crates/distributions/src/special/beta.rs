//! Logarithms of the beta function and of binomial coefficients.

use super::gamma::{HALF_LN_TWO_PI, ln_gamma, ln_gamma_1p, stirling_error};

/// ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b) for a, b > 0.
///
/// With a large argument the three terms cancel, so the Stirling corrections δ are combined
/// instead (DiDonato and Morris, ACM TOMS 18, 1992): the error stays a few ulp of
/// max(1, |ln B|) for any sizes. ∞ when either argument is 0, −∞ at ∞, NaN for negative ones.
///
/// ```
/// use distributions::special::ln_beta;
/// assert!((ln_beta(2.0, 3.0) + 12f64.ln()).abs() < 1e-15);
/// ```
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (a, b) = if a < b { (a, b) } else { (b, a) };
    if !(a >= 0.0 && b >= 0.0) {
        return f64::NAN;
    }
    if a == 0.0 {
        return f64::INFINITY;
    }
    if b == f64::INFINITY {
        return f64::NEG_INFINITY;
    }
    if a >= 1.0 {
        // ln Γ(x) = (x−½) ln x − x + ½ ln 2π + δ(x).
        let ratio = a / b;
        let correction = stirling_error(a) + stirling_error(b) - stirling_error(a + b);
        let ln_share = (ratio / (1.0 + ratio)).ln();
        return (a - 0.5) * ln_share - b * ratio.ln_1p() - 0.5 * b.ln()
            + (HALF_LN_TWO_PI + correction);
    }
    if b >= 1.0 {
        let correction = stirling_error(b) - stirling_error(a + b);
        let shift = -(b - 0.5) * (a / b).ln_1p() + a;
        return ln_gamma(a) - a * (a + b).ln() + (shift + correction);
    }
    // B(a, b) = Γ(1+a)Γ(1+b)/Γ(1+a+b) · (a+b)/(ab).
    let logs = -(a * (b / (a + b))).ln();
    ln_gamma_1p(a) + ln_gamma_1p(b) - ln_gamma_1p(a + b) + logs
}

/// ln of the binomial coefficient "n choose k"; −∞ when k > n.
///
/// Through Loader's form, δ(n) − δ(k) − δ(n−k) + entropy − ½ ln(2πk(n−k)/n), whose two large
/// terms are positive: no cancellation for any n. 0 exactly at k = 0 and k = n.
///
/// ```
/// use distributions::special::ln_binomial;
/// assert!((ln_binomial(5, 2) - 10f64.ln()).abs() < 1e-15);
/// assert_eq!(ln_binomial(3, 4), f64::NEG_INFINITY);
/// ```
pub fn ln_binomial(n: u64, k: u64) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    let k = k.min(n - k);
    if k == 0 {
        return 0.0;
    }
    if k == 1 {
        return (n as f64).ln();
    }
    if k <= 30
        && let Some(exact) = small_binomial(n, k)
    {
        return (exact as f64).ln();
    }
    let (size, low, high) = (n as f64, k as f64, (n - k) as f64);
    let entropy = low * (size / low).ln() - high * (-low / size).ln_1p();
    let correction = stirling_error(size) - stirling_error(low) - stirling_error(high);
    entropy - 0.5 * (2.0 * std::f64::consts::PI * low * (high / size)).ln() + correction
}

/// The coefficient itself where it fits 128 bits on the way.
fn small_binomial(n: u64, k: u64) -> Option<u128> {
    let mut value: u128 = 1;
    for j in 1..=k {
        value = value.checked_mul(u128::from(n - k + j))? / u128::from(j);
    }
    Some(value)
}
