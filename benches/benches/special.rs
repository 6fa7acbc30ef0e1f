//! Nanoseconds per call, the figures of docs/numerics.md:
//! `cargo bench -p mixture-benches --bench special`

use distributions::{simd, special as sp};
use std::hint::black_box;
use std::time::Instant;

/// Best of several passes over the points, in nanoseconds per point.
fn time(name: &str, points: &[f64], function: impl Fn(f64) -> f64) {
    let mut best = f64::INFINITY;
    for _ in 0..30 {
        let start = Instant::now();
        for &x in points {
            black_box(function(black_box(x)));
        }
        best = best.min(start.elapsed().as_nanos() as f64 / points.len() as f64);
    }
    println!("{name:36} {best:9.2} ns");
}

fn time_slice(name: &str, length: usize, mut kernel: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..2000 {
        let start = Instant::now();
        kernel();
        best = best.min(start.elapsed().as_nanos() as f64 / length as f64);
    }
    println!("{name:36} {best:9.2} ns");
}

fn points(low: f64, high: f64) -> Vec<f64> {
    (0..2000)
        .map(|i| low + (high - low) * (f64::from(i) + 0.37) / 2000.0)
        .collect()
}

fn main() {
    let wide = points(0.1, 30.0);
    time("ln_gamma, 0.1..30", &wide, sp::ln_gamma);
    time("stirling_error, 0.1..30", &wide, sp::stirling_error);
    time("digamma, 0.1..30", &wide, sp::digamma);
    time("trigamma, 0.1..30", &wide, sp::trigamma);
    time("ln_minus_digamma, 0.1..30", &wide, sp::ln_minus_digamma);
    time(
        "trigamma_minus_reciprocal, 0.1..30",
        &wide,
        sp::trigamma_minus_reciprocal,
    );
    time(
        "inverse_digamma, -5..5",
        &points(-5.0, 5.0),
        sp::inverse_digamma,
    );
    time("ln_beta(x, 7.3), 0.1..30", &wide, |x| sp::ln_beta(x, 7.3));
    time("ln_binomial(1000, x)", &points(0.0, 1000.0), |x| {
        sp::ln_binomial(1000, x as u64)
    });
    time("deviance(x, 12), 0.1..30", &wide, |x| sp::deviance(x, 12.0));
    time("normal_cdf, -8..8", &points(-8.0, 8.0), sp::normal_cdf);
    time(
        "normal_ln_cdf, -30..8",
        &points(-30.0, 8.0),
        sp::normal_ln_cdf,
    );
    time(
        "normal_quantile, 0..1",
        &points(0.0, 1.0),
        sp::normal_quantile,
    );
    time("ln_bessel_i0, 0..50", &points(0.0, 50.0), sp::ln_bessel_i0);
    time("bessel_ratio(0, x), 0..50", &points(0.0, 50.0), |x| {
        sp::bessel_ratio(0.0, x)
    });
    time("inverse_bessel_ratio(0, r)", &points(0.0, 1.0), |r| {
        sp::inverse_bessel_ratio(0.0, r)
    });
    time("ln_bessel_i(31.5, x), 0..200", &points(0.0, 200.0), |x| {
        sp::ln_bessel_i(31.5, x)
    });
    time("gamma_p(3.3, x), 0.1..30", &wide, |x| sp::gamma_p(3.3, x));
    time(
        "gamma_p(1e6, x), near the mean",
        &points(0.997e6, 1.003e6),
        |x| sp::gamma_p(1e6, x),
    );
    time("inverse_gamma_p(3.3, p)", &points(0.0, 1.0), |p| {
        sp::inverse_gamma_p(3.3, p)
    });
    time("beta_i(3.3, 8, x)", &points(0.0, 1.0), |x| {
        sp::beta_i(3.3, 8.0, x)
    });
    time(
        "beta_i(1e6, 1e6, x), near the mean",
        &points(0.4985, 0.5015),
        |x| sp::beta_i(1e6, 1e6, x),
    );

    let source = points(-30.0, 0.0);
    let mut target = vec![0.0; source.len()];
    time_slice("exp_into", source.len(), || {
        simd::exp_into(&source, black_box(&mut target))
    });
    time_slice("ln_into", source.len(), || {
        simd::ln_into(&wide, black_box(&mut target))
    });
    let joint: Vec<f64> = (0..8)
        .flat_map(|k| source.iter().map(move |v| v * f64::from(k)))
        .collect();
    let (mut work, mut out) = (joint.clone(), vec![0.0; source.len()]);
    time_slice("log_sum_exp_columns, 8 components", joint.len(), || {
        work.copy_from_slice(&joint);
        simd::log_sum_exp_columns(black_box(&mut work), source.len(), &mut out);
    });
}
