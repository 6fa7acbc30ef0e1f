//! The special functions against 25-digit tables made with mpmath (`reference/special`).
//!
//! `cargo test -p mixture-distributions --test special -- --nocapture` prints the largest error
//! of every function, the figures of docs/numerics.md.

use distributions::special as sp;

const EPSILON: f64 = f64::EPSILON;

/// The rows of a table: inputs and value.
fn rows(text: &str) -> impl Iterator<Item = Vec<f64>> + '_ {
    text.lines()
        .skip(1)
        .map(|line| line.split(',').map(|v| v.parse().unwrap()).collect())
}

/// Largest error of `function` over a table, in units of ε times `scale(inputs, value)`; fails
/// above `limit`. Values below the normal range are compared to the smallest normal number.
fn check<const N: usize>(
    name: &str,
    text: &str,
    limit: f64,
    scale: impl Fn([f64; N], f64) -> f64,
    function: impl Fn([f64; N]) -> f64,
) {
    let (mut worst, mut at, mut count) = (0.0, [f64::NAN; N], 0);
    for row in rows(text) {
        let inputs: [f64; N] = row[..N].try_into().unwrap();
        let expected = row[N];
        let actual = function(inputs);
        let error = if actual == expected {
            0.0
        } else {
            (actual - expected).abs() / (EPSILON * scale(inputs, expected).max(f64::MIN_POSITIVE))
        };
        assert!(
            !error.is_nan(),
            "{name}{inputs:?} = {actual}, expected {expected}"
        );
        if error > worst {
            (worst, at) = (error, inputs);
        }
        count += 1;
    }
    println!("{name:28} {count:5} points, largest error {worst:8.2} eps at {at:?}");
    assert!(
        worst <= limit,
        "{name}: {worst} eps at {at:?}, allowed {limit}"
    );
}

fn relative<const N: usize>(_: [f64; N], value: f64) -> f64 {
    value.abs()
}

/// Absolute error for small values, relative for large.
fn mixed<const N: usize>(_: [f64; N], value: f64) -> f64 {
    value.abs().max(1.0)
}

macro_rules! table {
    ($name:literal) => {
        include_str!(concat!("reference/special/", $name, ".csv"))
    };
}

macro_rules! unary {
    ($($test:ident: $limit:expr, $scale:expr;)*) => {$(
        #[test]
        fn $test() {
            check(stringify!($test), include_str!(concat!("reference/special/", stringify!($test), ".csv")),
                $limit, $scale, |[x]: [f64; 1]| sp::$test(x));
        }
    )*};
}

// The limits are the measured errors rounded up: a handful of correctly rounded operations each.
unary! {
    // libm: absolute near the zeros at 1 and 2.
    ln_gamma: 4.0, mixed;
    ln_gamma_1p: 4.0, relative;
    stirling_error: 6.0, relative;
    digamma: 4.0, relative;
    trigamma: 4.0, relative;
    tetragamma: 4.0, relative;
    ln_minus_digamma: 6.0, relative;
    trigamma_minus_reciprocal: 4.0, relative;
    ln_1p_minus_x: 4.0, relative;
    ln_1p_exp: 3.0, relative;
    ln_1m_exp: 3.0, relative;
    logit: 4.0, relative;
    logistic: 4.0, relative;
    erf: 2.0, relative;
    erfc: 3.0, relative;
    erfcx: 4.0, relative;
    normal_cdf: 4.0, relative;
    normal_ln_cdf: 4.0, relative;
    normal_quantile: 4.0, relative;
}

/// x(y) has dx/x = dy/(x ψ′(x)): one ulp of y moves x by this many ulp.
#[test]
fn inverse_digamma() {
    let scale = |[y]: [f64; 1], x: f64| x.abs().max((y / sp::trigamma(x)).abs().min(f64::MAX));
    check(
        "inverse_digamma",
        table!("inverse_digamma"),
        6.0,
        scale,
        |[y]| sp::inverse_digamma(y),
    );
}

#[test]
fn ln_beta() {
    check("ln_beta", table!("ln_beta"), 10.0, mixed, |[a, b]| {
        sp::ln_beta(a, b)
    });
}

#[test]
fn ln_binomial() {
    check(
        "ln_binomial",
        table!("ln_binomial"),
        5.0,
        mixed,
        |[n, k]| sp::ln_binomial(n as u64, k as u64),
    );
}

#[test]
fn ln_factorial() {
    check(
        "ln_factorial",
        table!("ln_factorial"),
        4.0,
        relative,
        |[n]| sp::ln_factorial(n as u64),
    );
}

#[test]
fn deviance() {
    check("deviance", table!("deviance"), 6.0, relative, |[x, m]| {
        sp::deviance(x, m)
    });
}

/// ln I moves by x·I′/I ≈ √(x² + ν²) per relative change of x: that many ε are one ulp of x.
fn bessel_scale([nu, x]: [f64; 2], value: f64) -> f64 {
    if nu == 0.0 {
        value.abs()
    } else {
        value.abs().max(nu.hypot(x)).max(1.0)
    }
}

#[test]
fn ln_bessel_i() {
    check(
        "ln_bessel_i",
        table!("ln_bessel_i"),
        8.0,
        bessel_scale,
        |[nu, x]| sp::ln_bessel_i(nu, x),
    );
}

#[test]
fn bessel_ratio() {
    check(
        "bessel_ratio",
        table!("bessel_ratio"),
        8.0,
        relative,
        |[nu, x]| sp::bessel_ratio(nu, x),
    );
}

#[test]
fn bessel_ratio_complement() {
    check(
        "bessel_ratio_complement",
        table!("bessel_ratio_complement"),
        100.0,
        relative,
        |[nu, x]| sp::bessel_ratio_complement(nu, x),
    );
}

#[test]
fn bessel_ratio_derivative() {
    check(
        "bessel_ratio_derivative",
        table!("bessel_ratio_derivative"),
        100.0,
        relative,
        |[nu, x]| sp::bessel_ratio_derivative(nu, x),
    );
}

#[test]
fn inverse_bessel_ratio() {
    check(
        "inverse_bessel_ratio",
        table!("inverse_bessel_ratio"),
        100.0,
        relative,
        |[nu, r]| sp::inverse_bessel_ratio(nu, r),
    );
}

/// The common factor is e^−deviance, so the error is that of the deviance, a few ulp of itself.
fn tail_scale<const N: usize>(_: [f64; N], value: f64) -> f64 {
    value * (1.0 - value.ln())
}

#[test]
fn gamma_p() {
    check("gamma_p", table!("gamma_p"), 10.0, tail_scale, |[a, x]| {
        sp::gamma_p(a, x)
    });
}

#[test]
fn gamma_q() {
    check("gamma_q", table!("gamma_q"), 10.0, tail_scale, |[a, x]| {
        sp::gamma_q(a, x)
    });
}

