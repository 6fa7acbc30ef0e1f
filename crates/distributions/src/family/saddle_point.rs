//! Loader's saddle-point form of log-densities: large terms that cancel are never formed.

use crate::simd::dispatch;
use crate::special::{ln_1p_minus_x, ln_1p_minus_x_near};

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

/// The size up to which logarithms may be subtracted: see [`deviance_with_logs`].
const KNOWN: f64 = 32.0;

/// [`deviance_with_logs`] for logarithms up to 32 in size, without a branch.
#[inline(always)]
fn deviance_known(k: f64, m: f64, log_ratio: f64) -> f64 {
    let u = (m - k) / k;
    let near = -k * ln_1p_minus_x_near(u);
    let far = k * log_ratio + (m - k);
    if u > -0.5 && u < 1.0 { near } else { far }
}

/// Blocks of gamma log-densities of small shape: c + (a − 1) ln x − b x, for x and ln x in
/// `observations` and (c, a − 1, b) in `coefficients`. False, with nothing useful written, when a
/// row needs the careful form.
pub(super) fn gamma_plain(
    coefficients: [f64; 3],
    observations: [&[f64]; 2],
    out: &mut [f64],
) -> bool {
    dispatch!(gamma_plain_rows(coefficients, observations, out))
}

#[inline(always)]
fn gamma_plain_rows<const FUSED: bool>(
    [constant, slope, rate]: [f64; 3],
    [xs, log_xs]: [&[f64]; 2],
    out: &mut [f64],
) -> bool {
    let mut outside = 0_u64;
    for ((value, &x), &log_x) in out.iter_mut().zip(xs).zip(log_xs) {
        outside |= u64::from(!(x > 0.0)) | u64::from(!(x < f64::INFINITY));
        *value = constant + slope * log_x - rate * x;
    }
    outside == 0
}

/// The same for large shapes, by the saddle-point form: c − ln x − deviance(a, b x).
pub(super) fn gamma_saddle(
    parameters: [f64; 2],
    (log_shape, log_rate): (f64, f64),
    constant: f64,
    observations: [&[f64]; 2],
    out: &mut [f64],
) -> bool {
    let known = log_shape.abs() <= KNOWN && log_rate.abs() <= KNOWN;
    known
        && dispatch!(gamma_saddle_rows(
            parameters,
            (log_shape, log_rate),
            constant,
            observations,
            out
        ))
}

#[inline(always)]
fn gamma_saddle_rows<const FUSED: bool>(
    [shape, rate]: [f64; 2],
    (log_shape, log_rate): (f64, f64),
    constant: f64,
    [xs, log_xs]: [&[f64]; 2],
    out: &mut [f64],
) -> bool {
    let mut outside = 0_u64;
    for ((value, &x), &log_x) in out.iter_mut().zip(xs).zip(log_xs) {
        outside |= u64::from(!(x > 0.0)) | u64::from(!(x < f64::INFINITY));
        outside |= u64::from(!(log_x.abs() <= KNOWN));
        let deviance = deviance_known(shape, rate * x, log_shape - (log_rate + log_x));
        *value = constant - log_x - deviance;
    }
    outside == 0
}

/// Blocks of Poisson log-densities of large rate: the log-density at λ = x less deviance(x, λ), for
/// x, ln x and that log-density in `counts`. False where a count is too large for it.
pub(super) fn poisson_saddle(
    rate: f64,
    log_rate: f64,
    counts: [&[f64]; 3],
    out: &mut [f64],
) -> bool {
    log_rate.abs() <= KNOWN && dispatch!(poisson_saddle_rows(rate, log_rate, counts, out))
}

#[inline(always)]
fn poisson_saddle_rows<const FUSED: bool>(
    rate: f64,
    log_rate: f64,
    [xs, log_xs, log_saddles]: [&[f64]; 3],
    out: &mut [f64],
) -> bool {
    let mut outside = 0_u64;
    let observations = xs.iter().zip(log_xs).zip(log_saddles);
    for (value, ((&x, &log_x), &log_saddle)) in out.iter_mut().zip(observations) {
        outside |= u64::from(!(log_x <= KNOWN));
        let value_inside = log_saddle - deviance_known(x, rate, log_x - log_rate);
        *value = if x == 0.0 { -rate } else { value_inside };
    }
    outside == 0
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
