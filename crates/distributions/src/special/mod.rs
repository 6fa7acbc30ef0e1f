//! Special functions.

/// Placeholder until the real one lands.
pub fn log_sum_exp(xs: &[f64]) -> f64 {
    let max = xs.iter().fold(
        f64::NEG_INFINITY,
        |a, &b| if b > a || b.is_nan() { b } else { a },
    );
    if max.is_finite() {
        max + xs.iter().map(|x| (x - max).exp()).sum::<f64>().ln()
    } else {
        max
    }
}
