//! Kullback–Leibler divergences against closed forms evaluated with 60 digits, extremes included, and
//! against the published table.

use distributions::*;

/// KL(p ‖ q); `None` for a family that is not here.
fn divergence(family: &str, p: &[f64], q: &[f64]) -> Option<f64> {
    macro_rules! between {
        ($make:expr) => {{
            let make = $make;
            make(p).unwrap().kl_divergence(&make(q).unwrap())
        }};
    }
    Some(match family {
        "normal" => between!(|v: &[f64]| Normal::new(v[0], v[1])),
        "log_normal" => between!(|v: &[f64]| LogNormal::new(v[0], v[1])),
        "exponential" => between!(|v: &[f64]| Exponential::new(v[0])),
        "gamma" => between!(|v: &[f64]| Gamma::new(v[0], v[1])),
        "inverse_gamma" => between!(|v: &[f64]| InverseGamma::new(v[0], v[1])),
        "beta" => between!(|v: &[f64]| Beta::new(v[0], v[1])),
        "weibull" => between!(|v: &[f64]| Weibull::new(v[0], v[1])),
        "laplace" => between!(|v: &[f64]| Laplace::new(v[0], v[1])),
        "pareto" => between!(|v: &[f64]| Pareto::new(v[0], v[1])),
        "uniform" => between!(|v: &[f64]| Uniform::new(v[0], v[1])),
        "von_mises" => between!(|v: &[f64]| VonMises::new(v[0], v[1])),
        "poisson" => between!(|v: &[f64]| Poisson::new(v[0])),
        "bernoulli" => between!(|v: &[f64]| Bernoulli::new(v[0])),
        "binomial" => between!(|v: &[f64]| Binomial::new(v[0] as u64, v[1])),
        "geometric" => between!(|v: &[f64]| Geometric::new(v[0])),
        "rayleigh" => between!(|v: &[f64]| Rayleigh::new(v[0])),
        "maxwell" => between!(|v: &[f64]| Maxwell::new(v[0])),
        "student_t" => between!(|v: &[f64]| StudentT::new(v[0], v[1], v[2])),
        "logistic" => between!(|v: &[f64]| Logistic::new(v[0], v[1])),
        "negative_binomial" => between!(|v: &[f64]| NegativeBinomial::new(v[0], v[1])),
        "half_normal" => between!(|v: &[f64]| HalfNormal::new(v[0])),
        "categorical" => between!(|v: &[f64]| Categorical::new(v.to_vec())),
        _ => return None,
    })
}

/// The lines of a table of divergences: family, p, q and the value.
fn lines(text: &str) -> Vec<(String, Vec<f64>, Vec<f64>, f64)> {
    let numbers = |field: &str| field.split(' ').map(|v| v.parse().unwrap()).collect();
    text.lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let value = fields[3].parse().unwrap();
            (
                fields[0].to_owned(),
                numbers(fields[1]),
                numbers(fields[2]),
                value,
            )
        })
        .collect()
}

/// What an error of each parameter of one rounding costs: the sensitivity of the divergence, by
/// differences of the function itself.
fn sensitivity(family: &str, p: &[f64], q: &[f64]) -> f64 {
    let mut sum = 0.0;
    for side in 0..2 {
        for j in 0..p.len() {
            let moved = |factor: f64| {
                let (mut p, mut q) = (p.to_vec(), q.to_vec());
                if side == 0 {
                    p[j] *= factor
                } else {
                    q[j] *= factor
                }
                divergence(family, &p, &q).unwrap()
            };
            let fixed = family == "binomial" && j == 0;
            let difference = if fixed {
                0.0
            } else {
                moved(1.0 + 1e-7) - moved(1.0 - 1e-7)
            };
            if difference.is_finite() {
                sum += difference.abs() / 2e-7;
            }
        }
    }
    sum
}

#[test]
fn at_extreme_parameters_and_close_together() {
    let mut failures = Vec::new();
    for (family, p, q, value) in lines(include_str!("reference/divergences.csv")) {
        let found = divergence(&family, &p, &q).expect("a known family");
        let error = if found == value {
            0.0
        } else {
            (found - value).abs()
        };
        // Relative to the divergence itself, however small, and four roundings of each parameter.
        let rounding = 4.0 * f64::EPSILON * sensitivity(&family, &p, &q);
        // Sums of the squares of differences of log-densities, each with its rounding.
        let summed = ["student_t", "logistic", "negative_binomial"].contains(&&*family);
        let squares = if summed { (2.0 * value).sqrt() } else { 0.0 };
        let allowed = 1e-13 * value + rounding + 4.0 * f64::EPSILON * squares;
        println!(
            "{family} {p:?} {q:?}: {found:e}, relative error {:.1e}, of the allowed {:.3}",
            error / value,
            error / allowed
        );
        if !(error <= allowed) {
            failures.push(format!("{family} {p:?} to {q:?}: {found:e}, not {value:e}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_published_table() {
    let mut checked = 0;
    for (family, p, q, value) in lines(include_str!("reference/published/divergences.csv")) {
        let Some(found) = divergence(&family, &p, &q) else {
            continue;
        };
        assert!(
            (found - value).abs() <= 2e-14 * value,
            "{family}: {found} not {value}"
        );
        checked += 1;
    }
    assert!(checked >= 11, "{checked}");
}

/// Far apart nothing overflows on the way.
#[test]
fn far_apart() {
    let exponential = |rate| Exponential::new(rate).unwrap();
    // ρ − 1 − ln ρ of ρ = 1e-20, and of 1e20.
    let small = exponential(1e20).kl_divergence(&exponential(1.0));
    assert!((small - (20.0 * std::f64::consts::LN_10 - 1.0)).abs() < 1e-13);
    assert!((exponential(1.0).kl_divergence(&exponential(1e20)) / 1e20 - 1.0).abs() < 1e-15);
    let rayleigh = |scale| Rayleigh::new(scale).unwrap();
    let small = rayleigh(1e-200).kl_divergence(&rayleigh(1.0));
    assert!((small - (400.0 * std::f64::consts::LN_10 - 1.0)).abs() < 1e-12);
    let uniform = |low, high| Uniform::new(low, high).unwrap();
    assert_eq!(
        uniform(0.0, 2.0).kl_divergence(&uniform(0.5, 3.0)),
        f64::INFINITY
    );
    assert_eq!(uniform(0.0, 2.0).kl_divergence(&uniform(0.0, 2.0)), 0.0);
    let atom = |value: f64| PointMass::new(value).unwrap();
    assert_eq!(atom(1.0).kl_divergence(&atom(2.0)), f64::INFINITY);
    let weibull = |shape, scale| Weibull::new(shape, scale).unwrap();
    assert_eq!(weibull(3.0, 2.0).kl_divergence(&weibull(3.0, 2.0)), 0.0);
    // Heavy against light tails: (λ/λ′)^k′ Γ(1 + k′/k) is past the largest double.
    assert_eq!(
        weibull(0.01, 1.0).kl_divergence(&weibull(10.0, 1.0)),
        f64::INFINITY
    );
}
