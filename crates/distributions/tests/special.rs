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
    let mut relative = 0.0f64;
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
        if expected.abs() >= f64::MIN_POSITIVE {
            relative = relative.max((actual - expected).abs() / expected.abs());
        }
        count += 1;
    }
    println!(
        "{name:28} {count:5} points, largest error {worst:8.2} eps, relative {relative:.1e} at {at:?}"
    );
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
    scaled_exponential_integral: 6.0, relative;
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
        // One minus the ratio below x = 20, where it is 1/40 of it.
        60.0,
        relative,
        |[nu, x]| sp::bessel_ratio_complement(nu, x),
    );
}

#[test]
fn bessel_ratio_derivative() {
    check(
        "bessel_ratio_derivative",
        table!("bessel_ratio_derivative"),
        // The recurrence to order 0 multiplies the error by up to 41.
        41.0,
        relative,
        |[nu, x]| sp::bessel_ratio_derivative(nu, x),
    );
}

#[test]
fn inverse_bessel_ratio() {
    // One ulp of r is up to 1/(2(1 − r)) ulp of x: 40 in the worst place, below x = 20.
    check(
        "inverse_bessel_ratio",
        table!("inverse_bessel_ratio"),
        40.0,
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

/// Probabilities on both sides of every switch of the inverses.
const PROBABILITIES: [f64; 13] = [
    1e-290,
    1e-100,
    1e-17,
    1e-8,
    1e-3,
    0.05,
    0.3,
    0.5,
    0.51,
    0.8,
    0.99,
    1.0 - 1e-9,
    1.0 - 1e-15,
];

/// The inverse is right when the function of its result returns the probability, up to what one
/// ulp of the result moves it (at most `x·density/p` ulp) and the function's own error.
fn round_trip(name: &str, p: f64, x: f64, forward: impl Fn(f64) -> f64) -> f64 {
    let back = forward(x);
    let moved = (forward(x.next_up()) - back)
        .abs()
        .max((forward(x.next_down()) - back).abs());
    let error = (back - p).abs() / (2.0 * moved + EPSILON * tail_scale([p], p) + 2.0 * EPSILON * p);
    assert!(
        error <= 8.0,
        "{name}: p = {p}, x = {x}, back {back}, error {error}"
    );
    error
}

#[test]
fn inverse_gamma() {
    let mut worst: f64 = 0.0;
    for a in [
        1e-4, 0.01, 0.3, 0.99, 1.0, 2.5, 17.0, 39.0, 41.0, 1e3, 1e6, 1e8,
    ] {
        for p in PROBABILITIES {
            let x = sp::inverse_gamma_p(a, p);
            // Below the smallest double the answer is 0 (or too coarse to be checked).
            if x > f64::MIN_POSITIVE {
                worst = worst.max(round_trip("inverse_gamma_p", p, x, |x| sp::gamma_p(a, x)));
            }
            let x = sp::inverse_gamma_q(a, p);
            if x > f64::MIN_POSITIVE {
                worst = worst.max(round_trip("inverse_gamma_q", p, x, |x| sp::gamma_q(a, x)));
            }
        }
        assert_eq!(sp::inverse_gamma_p(a, 0.0), 0.0);
        assert_eq!(sp::inverse_gamma_p(a, 1.0), f64::INFINITY);
        assert!(sp::inverse_gamma_p(a, -0.1).is_nan() && sp::inverse_gamma_p(a, 1.1).is_nan());
        assert!(sp::inverse_gamma_p(a, f64::NAN).is_nan());
    }
    println!("inverse_gamma round trips: largest error {worst:.2} allowances");
}

#[test]
fn inverse_beta() {
    let mut worst: f64 = 0.0;
    for a in [0.02, 0.5, 1.0, 3.0, 40.0, 1e4, 1e7] {
        for b in [0.03, 0.7, 1.0, 5.0, 300.0, 1e5, 1e7] {
            for p in PROBABILITIES {
                let x = sp::inverse_beta_i(a, b, p);
                if x > f64::MIN_POSITIVE && x < 1.0 {
                    let forward = |x| sp::beta_i(a, b, x);
                    worst = worst.max(round_trip(
                        &format!("inverse_beta_i {a} {b}"),
                        p,
                        x,
                        forward,
                    ));
                }
                let x = sp::inverse_beta_i_complement(a, b, p);
                if x > f64::MIN_POSITIVE && x < 1.0 {
                    let name = format!("inverse_beta_i_complement {a} {b}");
                    let forward = |x| sp::beta_i_complement(a, b, x);
                    worst = worst.max(round_trip(&name, p, x, forward));
                }
            }
        }
    }
    println!("inverse_beta round trips: largest error {worst:.2} allowances");
    assert_eq!(sp::inverse_beta_i(2.0, 3.0, 0.0), 0.0);
    assert_eq!(sp::inverse_beta_i(2.0, 3.0, 1.0), 1.0);
    assert!(sp::inverse_beta_i(0.0, 3.0, 0.5).is_nan());
}
#[test]
fn beta_i() {
    check("beta_i", table!("beta_i"), 10.0, tail_scale, |[a, b, x]| {
        sp::beta_i(a, b, x)
    });
}

#[test]
fn beta_i_complement() {
    check(
        "beta_i_complement",
        table!("beta_i_complement"),
        10.0,
        tail_scale,
        |[a, b, x]| sp::beta_i_complement(a, b, x),
    );
}

/// Poles, ends of the domains, and NaN.
#[test]
fn boundaries() {
    let inf = f64::INFINITY;
    assert_eq!(
        (sp::digamma(0.0), sp::digamma(-0.0), sp::digamma(inf)),
        (-inf, inf, inf)
    );
    assert!(sp::digamma(-1.0).is_nan() && sp::digamma(-inf).is_nan());
    assert!((sp::digamma(-0.5) - 0.036_489_973_978_576_52).abs() < 1e-15);
    assert_eq!(
        (sp::trigamma(0.0), sp::trigamma(-3.0), sp::trigamma(inf)),
        (inf, inf, 0.0)
    );
    assert!((sp::trigamma(-0.5) - 8.934_802_200_544_679).abs() < 1e-14);
    assert_eq!((sp::tetragamma(0.0), sp::tetragamma(inf)), (-inf, 0.0));
    assert_eq!(
        (sp::ln_minus_digamma(0.0), sp::ln_minus_digamma(inf)),
        (inf, 0.0)
    );
    assert_eq!(
        (sp::stirling_error(0.0), sp::stirling_error(inf)),
        (inf, 0.0)
    );
    assert_eq!(
        (sp::inverse_digamma(-inf), sp::inverse_digamma(inf)),
        (0.0, inf)
    );
    assert_eq!(sp::inverse_digamma(800.0), inf);
    assert_eq!((sp::ln_beta(0.0, 2.0), sp::ln_beta(2.0, inf)), (inf, -inf));
    assert_eq!((sp::ln_binomial(0, 0), sp::ln_binomial(7, 7)), (0.0, 0.0));
    assert_eq!((sp::ln_factorial(0), sp::ln_factorial(1)), (0.0, 0.0));
    assert_eq!((sp::deviance(0.0, 0.0), sp::deviance(0.0, 2.0)), (0.0, 2.0));
    assert_eq!((sp::deviance(2.0, 0.0), sp::deviance(7.5, 7.5)), (inf, 0.0));
    assert_eq!((sp::deviance(2.0, inf), sp::deviance(inf, 2.0)), (inf, inf));
    assert!(sp::deviance(inf, inf).is_nan() && sp::deviance(-1.0, 1.0).is_nan());
    assert_eq!(
        (
            sp::xlogy(0.0, 0.0),
            sp::xlogy(0.0, inf),
            sp::xlogy(2.0, 0.0)
        ),
        (0.0, 0.0, -inf)
    );
    assert!(sp::xlogy(0.0, f64::NAN).is_nan() && sp::xlogy(f64::NAN, 1.0).is_nan());
    assert_eq!(
        (sp::xlog1py(0.0, -1.0), sp::xlog1py(1.0, -1.0)),
        (0.0, -inf)
    );
    assert_eq!(
        (sp::logit(0.0), sp::logit(1.0), sp::logit(0.5)),
        (-inf, inf, 0.0)
    );
    assert!(sp::logit(1.5).is_nan() && sp::logit(-0.5).is_nan());
    assert_eq!((sp::logistic(-inf), sp::logistic(inf)), (0.0, 1.0));
    assert_eq!((sp::ln_1p_exp(-inf), sp::ln_1p_exp(inf)), (0.0, inf));
    assert_eq!((sp::ln_1m_exp(0.0), sp::ln_1m_exp(-inf)), (-inf, 0.0));
    assert!(sp::ln_1m_exp(1.0).is_nan());
    assert_eq!(sp::log_sum_exp(&[-inf, -inf]), -inf);
    assert_eq!(sp::log_sum_exp(&[inf, -inf, 0.0]), inf);
    assert!(sp::log_sum_exp(&[inf, f64::NAN]).is_nan());
    assert_eq!((sp::normal_cdf(-inf), sp::normal_cdf(inf)), (0.0, 1.0));
    assert_eq!(
        (sp::normal_ln_cdf(-inf), sp::normal_ln_cdf(inf)),
        (-inf, 0.0)
    );
    assert_eq!(
        (sp::normal_quantile(0.0), sp::normal_quantile(1.0)),
        (-inf, inf)
    );
    assert!(sp::normal_quantile(-1e-9).is_nan() && sp::normal_quantile(1.1).is_nan());
    assert_eq!(
        (sp::erfcx(inf), sp::erfcx(-30.0), sp::erfcx(0.0)),
        (0.0, inf, 1.0)
    );
    assert_eq!(
        (sp::ln_bessel_i(0.0, 0.0), sp::ln_bessel_i(1.0, 0.0)),
        (0.0, -inf)
    );
    assert_eq!(
        (sp::ln_bessel_i(3.0, inf), sp::ln_bessel_i0(-2.0)),
        (inf, sp::ln_bessel_i0(2.0))
    );
    assert_eq!(
        (sp::bessel_ratio(1.0, 0.0), sp::bessel_ratio(1.0, inf)),
        (0.0, 1.0)
    );
    assert_eq!(sp::bessel_ratio_derivative(1.0, 0.0), 0.25);
    assert_eq!(
        (
            sp::inverse_bessel_ratio(0.0, 0.0),
            sp::inverse_bessel_ratio(0.0, 1.0)
        ),
        (0.0, inf)
    );
    assert!(sp::inverse_bessel_ratio(0.0, 1.1).is_nan());
    assert_eq!(
        (
            sp::gamma_p(2.0, 0.0),
            sp::gamma_p(2.0, inf),
            sp::gamma_q(0.0, 1.0)
        ),
        (0.0, 1.0, 0.0)
    );
    assert!(sp::gamma_p(-1.0, 1.0).is_nan() && sp::gamma_p(1.0, -1.0).is_nan());
    assert!(sp::ln_gamma_q(2.0, 1e5) < -9.9e4 && sp::ln_gamma_p(1e3, 1e-3) < -9e3);
    assert_eq!(
        (sp::beta_i(2.0, 3.0, 0.0), sp::beta_i(2.0, 3.0, 1.0)),
        (0.0, 1.0)
    );
    assert!(sp::beta_i(2.0, 3.0, 1.1).is_nan() && sp::beta_i(0.0, 3.0, 0.5).is_nan());
}

#[test]
fn nan_passes_through() {
    let unary: [fn(f64) -> f64; 23] = [
        sp::ln_gamma,
        sp::ln_gamma_1p,
        sp::stirling_error,
        sp::digamma,
        sp::trigamma,
        sp::tetragamma,
        sp::ln_minus_digamma,
        sp::trigamma_minus_reciprocal,
        sp::inverse_digamma,
        sp::ln_1p_minus_x,
        sp::ln_1p_exp,
        sp::ln_1m_exp,
        sp::logit,
        sp::logistic,
        sp::erf,
        sp::erfc,
        sp::erfcx,
        sp::normal_cdf,
        sp::normal_sf,
        sp::normal_ln_cdf,
        sp::normal_quantile,
        sp::ln_bessel_i0,
        |x| sp::log_sum_exp(&[0.0, x]),
    ];
    for (i, function) in unary.iter().enumerate() {
        assert!(function(f64::NAN).is_nan(), "function {i}");
    }
    let binary: [fn(f64, f64) -> f64; 13] = [
        sp::ln_beta,
        sp::deviance,
        sp::ln_bessel_i,
        sp::bessel_ratio,
        sp::bessel_ratio_complement,
        sp::bessel_ratio_derivative,
        sp::inverse_bessel_ratio,
        sp::gamma_p,
        sp::gamma_q,
        sp::ln_gamma_p,
        sp::ln_gamma_q,
        sp::inverse_gamma_p,
        sp::inverse_gamma_q,
    ];
    for (i, function) in binary.iter().enumerate() {
        assert!(
            function(f64::NAN, 0.5).is_nan() && function(0.5, f64::NAN).is_nan(),
            "function {i}"
        );
    }
    let ternary: [fn(f64, f64, f64) -> f64; 4] = [
        sp::beta_i,
        sp::beta_i_complement,
        sp::ln_beta_i,
        sp::inverse_beta_i,
    ];
    for (i, function) in ternary.iter().enumerate() {
        assert!(function(f64::NAN, 0.5, 0.5).is_nan(), "function {i}");
        assert!(function(0.5, f64::NAN, 0.5).is_nan(), "function {i}");
        assert!(function(0.5, 0.5, f64::NAN).is_nan(), "function {i}");
    }
}
