//! The deviance of Loader's saddle-point densities.

use super::log_exp::ln_1p_minus_x;

/// x·ln(x/m) + m − x for x ≥ 0, m ≥ 0: half the unit deviance of a Poisson count x at mean m.
///
/// Accurate relative to its own size, for x ≈ m too, where the plain form cancels. It is never
/// negative; 0 exactly when x = m. `deviance(0, m)` = m, `deviance(x, 0)` = ∞ for x > 0; an
/// infinite argument gives ∞ unless both are (NaN); negative arguments give NaN.
///
/// With C. Loader, "Fast and accurate computation of binomial probabilities" (2000):
/// ln Poisson(x; m) = −δ(x) − deviance(x, m) − ½ln(2πx), δ being [`super::stirling_error`].
/// Here it is −x·(ln(1+u) − u) with u = (m − x)/x while 1/2 < m/x < 2.
///
/// ```
/// use distributions::special::deviance;
/// assert!((deviance(1e10 + 1.0, 1e10) - 5.0e-11).abs() < 1e-20);
/// assert_eq!(deviance(0.0, 3.0), 3.0);
/// ```
pub fn deviance(x: f64, m: f64) -> f64 {
    if !(x >= 0.0 && m >= 0.0) {
        return f64::NAN;
    }
    if x == 0.0 {
        return m;
    }
    if m == 0.0 {
        return f64::INFINITY;
    }
    if x.is_infinite() || m.is_infinite() {
        return if x == m { f64::NAN } else { f64::INFINITY };
    }
    let u = (m - x) / x;
    if u > -0.5 && u < 1.0 {
        return -x * ln_1p_minus_x(u);
    }
    let ratio = x / m;
    let log_ratio = if ratio > 1e-300 && ratio < 1e300 {
        ratio.ln()
    } else {
        x.ln() - m.ln()
    };
    x * log_ratio + (m - x)
}
