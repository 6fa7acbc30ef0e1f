//! Regressions keep the contract, have the densities of the families, and can be drawn from.

mod regression_support;

use distributions::regression::*;
use distributions::testing::Contract;
use distributions::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use regression_support::*;

/// Rows off the support: predictors that are not finite.
const BAD: [f64; 6] = [1.0, f64::NAN, 1.0, f64::INFINITY, f64::NEG_INFINITY, 0.5];

#[test]
fn the_contract_is_kept() {
    for offset in [false, true] {
        let design = small_design(offset);
        let xs = design.view();
        let bad = RowsView::new(&BAD, if offset { 3 } else { 2 });
        let rows = bad.len();
        macro_rules! keeps {
            ($component:expr, $ys:expr, $bad_ys:expr) => {{
                let mut component = $component;
                if offset {
                    component = component.with_offset();
                }
                let kept = Contract::new(&component, (xs, $ys))
                    .coordinates()
                    .outside((bad, $bad_ys))
                    .verify();
                if let Err(violations) = kept {
                    panic!("{component:?}\n{violations}");
                }
            }};
        }
        let coefficients = || vec![0.2, 0.4];
        let linear = LinearRegression::new(coefficients(), 0.7).unwrap();
        keeps!(linear, &REALS[..], &[1.0, 0.0, 2.0][..rows]);
        let poisson = PoissonRegression::new(coefficients()).unwrap();
        keeps!(poisson, &COUNTS[..], &[1, 0, 2][..rows]);
        let logistic = LogisticRegression::new(coefficients()).unwrap();
        keeps!(logistic, &LABELS[..], &[1, 0, 1][..rows]);
        let binomial = BinomialRegression::new(coefficients()).unwrap();
        let bad_ys = (&[1, 0, 2][..rows], &[1, 3, 4][..rows]);
        keeps!(binomial, (&SUCCESSES[..], &TRIALS[..]), bad_ys);
    }
}

/// Responses that no row can have: density 0, and refused.
#[test]
fn responses_off_the_support() {
    let x: &[f64] = &[1.0, 0.5];
    let logistic = LogisticRegression::new(vec![0.1, 0.2]).unwrap();
    let binomial = BinomialRegression::new(vec![0.1, 0.2]).unwrap();
    let linear = LinearRegression::new(vec![0.1, 0.2], 1.0).unwrap();
    assert_eq!(logistic.log_density((x, 2)), f64::NEG_INFINITY);
    assert!(logistic.check_observation((x, 2)).is_err());
    assert_eq!(binomial.log_density((x, (4, 3))), f64::NEG_INFINITY);
    assert!(binomial.check_observation((x, (4, 3))).is_err());
    for y in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(linear.log_density((x, y)), f64::NEG_INFINITY);
        assert!(linear.check_observation((x, y)).is_err());
    }
    // Rows of another width.
    assert!(linear.check_observation((&[1.0], 0.0)).is_err());
    assert!(linear.with_offset().check_observation((x, 0.0)).is_err());
    assert!(LinearRegression::new(vec![], 1.0).is_err());
    assert!(LinearRegression::new(vec![f64::NAN], 1.0).is_err());
    assert!(LinearRegression::new(vec![0.0], 0.0).is_err());
    assert!(PoissonRegression::new(vec![f64::INFINITY]).is_err());
}

/// Given x, each is the family of crate `distributions` with the mean of the regression.
#[test]
fn densities_are_those_of_the_families() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    for _ in 0..2000 {
        let x = [1.0, 20.0 * rng.random::<f64>() - 10.0];
        let beta = vec![rng.random::<f64>(), rng.random::<f64>()];
        let eta = beta[0] + beta[1] * x[1];
        // The family's parameter has a rounding of its own, which large counts feel: the promise of
        // docs/families.md, 1e-13·max(1, |v|) + 4ε·Σ|θ ∂v/∂θ|, here θ being η.
        let poisson = PoissonRegression::new(beta.clone()).unwrap();
        let mean = eta.exp();
        let family = Poisson::new(mean).unwrap();
        for y in [0, 1, 64, 65, mean as u64, 3 * mean as u64] {
            let expected = family.log_density(y);
            let slack = 8.0 * f64::EPSILON * (y as f64 - mean).abs() * (1.0 + eta.abs());
            near(poisson.log_density((&x, y)), expected, 1e-13, 1e-13 + slack);
        }
        let binomial = BinomialRegression::new(beta.clone()).unwrap();
        let p = special::logistic(eta);
        for n in [1, 64, 65, 100_000_000] {
            let family = Binomial::new(n, p).unwrap();
            for y in [0, 1, n / 2, (n as f64 * p) as u64, n] {
                let expected = family.log_density(y);
                let (s, n) = (y as f64, n as f64);
                // The family holds p, and feels its rounding; ∂v/∂p = (s − np)/(p (1 − p)).
                let rounding = f64::EPSILON * (s - n * p).abs() / (1.0 - p);
                let slack = 8.0 * f64::EPSILON * (s - n * p).abs() * (1.0 + eta.abs());
                near(
                    binomial.log_density((&x, (y, n as u64))),
                    expected,
                    1e-13,
                    1e-13 + slack + rounding,
                );
            }
        }
        let linear = LinearRegression::new(beta, 2.0).unwrap();
        let y = eta + rng.random::<f64>();
        let expected = Normal::new(eta, 2.0).unwrap().log_density(y);
        near(linear.log_density((&x, y)), expected, 1e-14, 1e-14);
    }
    // Far tails: finite, and the leading term.
    let logistic = LogisticRegression::new(vec![1.0]).unwrap();
    assert_eq!(logistic.log_density((&[-800.0], 1)), -800.0);
    assert_eq!(logistic.log_density((&[800.0], 0)), -800.0);
    assert_eq!(logistic.log_density((&[800.0], 1)), 0.0);
    let binomial = BinomialRegression::new(vec![1.0]).unwrap();
    near(
        binomial.log_density((&[-800.0], (50, 100))),
        special::ln_binomial(100, 50) - 40_000.0,
        1e-15,
        0.0,
    );
    assert_eq!(binomial.log_density((&[-800.0], (0, 0))), 0.0);
}

/// Draws have the mean of the regression: four standard errors, false alarm once in 16 000 seeds.
#[test]
fn draws_have_the_mean_given_x() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(77);
    let x = [1.0, 0.7];
    let beta = || vec![0.3, 0.9];
    let count = 20_000;
    let mut check =
        |mean: f64, variance: f64, draw: &mut dyn FnMut(&mut Xoshiro256PlusPlus) -> f64| {
            let total: f64 = (0..count).map(|_| draw(&mut rng)).sum();
            let error = (variance / f64::from(count)).sqrt();
            near(total / f64::from(count), mean, 0.0, 4.0 * error);
        };
    let linear = LinearRegression::new(beta(), 2.0).unwrap();
    check(linear.mean(&x), 2.0, &mut |rng| {
        linear.draw_response(&x, rng)
    });
    let poisson = PoissonRegression::new(beta()).unwrap();
    let mean = poisson.mean(&x);
    check(mean, mean, &mut |rng| poisson.draw_response(&x, rng) as f64);
    let logistic = LogisticRegression::new(beta()).unwrap();
    let p = logistic.mean(&x);
    check(p, p * (1.0 - p), &mut |rng| {
        logistic.draw_response(&x, rng) as f64
    });
    let binomial = BinomialRegression::new(beta()).unwrap();
    let variance = 9.0 * p * (1.0 - p);
    check(9.0 * p, variance, &mut |rng| {
        binomial.draw_response(&x, 9, rng) as f64
    });
}

#[cfg(feature = "serde")]
#[test]
fn files_hold_parameters() {
    let linear = LinearRegression::new(vec![1.5, -2.0], 0.25).unwrap();
    let text = serde_json::to_string(&linear).unwrap();
    assert_eq!(text, r#"{"coefficients":[1.5,-2.0],"variance":0.25}"#);
    assert_eq!(
        serde_json::from_str::<LinearRegression>(&text).unwrap(),
        linear
    );
    let poisson = PoissonRegression::new(vec![0.5]).unwrap().with_offset();
    let text = serde_json::to_string(&poisson).unwrap();
    assert_eq!(text, r#"{"coefficients":[0.5],"offset":true}"#);
    assert_eq!(
        serde_json::from_str::<PoissonRegression>(&text).unwrap(),
        poisson
    );
    for bad in [
        r#"{"coefficients":[],"variance":1.0}"#,
        r#"{"coefficients":[1.0],"variance":0.0}"#,
        r#"{"coefficients":[1.0],"variance":1.0,"slope":2.0}"#,
    ] {
        assert!(
            serde_json::from_str::<LinearRegression>(bad).is_err(),
            "{bad}"
        );
    }
}
