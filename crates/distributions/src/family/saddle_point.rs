//! Loader's saddle-point form of log-densities: large terms that cancel are never formed.

use crate::special::ln_1p_minus_x;

/// k·ln(k/m) + m − k for positive k and m = a·b, where ln k, ln a and ln b are known already.
///
/// The value of [`deviance`](crate::special::deviance), for batches: the logarithm of the
/// observation is prepared once for all components, that of the parameter once for all rows.
/// Between m/k = ½ and 2 no logarithm is needed. Outside, the value is at least 0.19·max(k, m), so
/// logarithms up to 32 in size lose less than the accuracy promised; only past that is a logarithm
/// taken here.
///
/// Source: Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
pub(super) fn deviance_with_logs(k: f64, m: f64, ln_k: f64, (ln_a, ln_b): (f64, f64)) -> f64 {
    let u = (m - k) / k;
    if u > -0.5 && u < 1.0 {
        return -k * ln_1p_minus_x(u);
    }
    let ratio = k / m;
    let known = ln_k.abs() <= 32.0 && ln_a.abs() <= 32.0 && ln_b.abs() <= 32.0;
    let log_ratio = if !known && ratio > 1e-300 && ratio < 1e300 {
        ratio.ln()
    } else {
        ln_k - (ln_a + ln_b)
    };
    k * log_ratio + (m - k)
}

/// k·(u − ln(1 + u)), the deviance of k from a mean of k(1 + u), where u is known more exactly than
/// the mean; `ratio` is 1 + u where u is near −1 and has lost it.
pub(super) fn relative_deviance(k: f64, u: f64, ratio: impl FnOnce() -> f64) -> f64 {
    if u > -0.5 {
        -k * ln_1p_minus_x(u)
    } else {
        k * (u - ratio().ln())
    }
}
