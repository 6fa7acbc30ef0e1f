//! Regressions keep the contract, agree with least squares on the rows, end where the score is zero,
//! and answer at the boundary with a typed error or a finite estimate.

use distributions::dense::weighted_least_squares;
use distributions::regression::*;
use distributions::testing::Contract;
use distributions::*;
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

#[track_caller]
fn near(a: f64, b: f64, relative: f64, absolute: f64) {
    let allowed = relative * b.abs() + absolute;
    assert!(
        (a - b).abs() <= allowed,
        "{a} against {b} within {allowed:e}"
    );
}

const XS: [f64; 8] = [-1.5, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0];
const LABELS: [u64; 8] = [0, 1, 0, 0, 1, 0, 1, 1];
const COUNTS: [u64; 8] = [0, 2, 1, 3, 2, 7, 5, 200];
const TRIALS: [u64; 8] = [3, 5, 1, 0, 9, 100, 4, 8];
const SUCCESSES: [u64; 8] = [0, 2, 0, 0, 7, 71, 4, 6];
const REALS: [f64; 8] = [0.3, -1.0, 2.0, 2.5, 2.0, 4.5, 3.0, 7.5];

/// An intercept and x; with `offset` one more column.
fn small_design(offset: bool) -> RowsBuffer<f64> {
    let mut design = RowsBuffer::new(if offset { 3 } else { 2 });
    for (i, x) in XS.into_iter().enumerate() {
        design.values.extend([1.0, x]);
        if offset {
            design.values.push(0.25 * i as f64 - 1.0);
        }
    }
    design
}

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

/// Random rows: an intercept, `columns` − 1 predictors, a response, weights with some of 0.
fn random_rows(
    seed: u64,
    rows: usize,
    columns: usize,
) -> (Vec<f64>, Vec<f64>, Vec<f64>, Xoshiro256PlusPlus) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (mut design, mut ys, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..rows {
        let x: Vec<f64> = (0..columns)
            .map(|j| {
                if j == 0 {
                    1.0
                } else {
                    rng.random::<f64>() * j as f64
                }
            })
            .collect();
        let mean: f64 = x
            .iter()
            .enumerate()
            .map(|(j, v)| v * (j as f64 - 0.5))
            .sum();
        ys.push(mean + rng.random::<f64>() - 0.5);
        design.extend(x);
        weights.push(if i % 7 == 3 { 0.0 } else { rng.random() });
    }
    (design, ys, weights, rng)
}

#[test]
fn the_linear_m_step_is_least_squares_on_the_rows() {
    for (seed, columns) in [(1, 1), (2, 2), (3, 5), (4, 12)] {
        let (mut design, mut ys, weights, _) = random_rows(seed, 700, columns);
        // Rows of weight 0 have no influence, whatever they hold.
        design[3 * columns] = f64::NAN;
        ys[10] = f64::INFINITY;
        for intercept in [true, false] {
            if !intercept {
                // Not constant any more: the path without elimination.
                design
                    .iter_mut()
                    .step_by(columns)
                    .enumerate()
                    .for_each(|(i, x)| {
                        *x += 0.5 * ((i % 5) as f64);
                    });
            }
            let expected = weighted_least_squares(&design, columns, &ys, &weights).unwrap();
            let template = LinearRegression::new(vec![0.0; columns], 1.0).unwrap();
            let xs = RowsView::new(&design, columns);
            let fitted = template.estimate((xs, &ys), &weights).unwrap();
            // Normal equations square the condition number, here below 100.
            for (a, b) in fitted.coefficients().iter().zip(&expected.coefficients) {
                near(*a, *b, 1e-11, 1e-11);
            }
            let total: f64 = weights.iter().sum();
            near(
                fitted.variance(),
                expected.residual_sum_of_squares / total,
                1e-12,
                0.0,
            );
            // The residuals are orthogonal to every column.
            for j in 0..columns {
                let moment: f64 = (0..ys.len())
                    .filter(|&i| weights[i] > 0.0)
                    .map(|i| weights[i] * xs.at(i)[j] * (ys[i] - fitted.mean(xs.at(i))))
                    .sum();
                near(moment, 0.0, 0.0, 1e-9);
            }
        }
    }
}

/// Offsets of 1e8 in a column and in the response leave the digits that the data still have.
#[test]
fn large_offsets_cost_no_digits() {
    let (design, ys, weights, mut rng) = random_rows(9, 600, 3);
    // Multiples of 2⁻²⁰ survive the addition of 2²⁷ exactly: the shifted data are the same data.
    let coarse = |x: f64| (x * 1048576.0).round() / 1048576.0;
    let plain: Vec<f64> = design.iter().map(|&x| coarse(x)).collect();
    let responses: Vec<f64> = ys.iter().map(|&y| coarse(y)).collect();
    let far = 134_217_728.0;
    let moved: Vec<f64> = plain
        .chunks_exact(3)
        .flat_map(|x| [x[0], x[1] + far, x[2] - far])
        .collect();
    let moved_ys: Vec<f64> = responses.iter().map(|y| y + far).collect();
    let template = LinearRegression::new(vec![0.0; 3], 1.0).unwrap();
    let fit = |design: &[f64], ys: &[f64]| {
        (template.estimate((RowsView::new(design, 3), ys), &weights)).unwrap()
    };
    let (near_zero, far_away) = (fit(&plain, &responses), fit(&moved, &moved_ys));
    // The slopes as if nothing were there; the residuals with the rounding of x·β ≈ 1e8, 3e-8 each.
    for j in 1..3 {
        near(
            far_away.coefficients()[j],
            near_zero.coefficients()[j],
            0.0,
            1e-8,
        );
    }
    near(far_away.variance(), near_zero.variance(), 1e-7, 0.0);

    // One pass about 0: the means of blocks round at 1e8·ε/2 = 1e-8, as data of that size do.
    let mut one_pass = template.empty_statistics();
    let mut scratch = Scratch::default();
    let xs = (RowsView::new(&moved, 3), &moved_ys[..]);
    for start in (0..600).step_by(BLOCK_ROWS) {
        let end = (start + BLOCK_ROWS).min(600);
        let block = xs.block(start..end);
        template.accumulate_batch(
            &mut one_pass,
            block,
            &[],
            &weights[start..end],
            &mut scratch,
        );
    }
    let centred = template.maximize(&one_pass).unwrap();
    for j in 1..3 {
        near(
            centred.coefficients()[j],
            near_zero.coefficients()[j],
            0.0,
            1e-8,
        );
    }
    near(centred.variance(), near_zero.variance(), 1e-7, 0.0);

    // Scoring: η itself rounds at 1e8·ε·|β| ≈ 3e-8, and no more than that is lost.
    let labels: Vec<u64> = (0..600)
        .map(|_| u64::from(rng.random::<f64>() < 0.4))
        .collect();
    let logistic = LogisticRegression::new(vec![0.0; 3]).unwrap();
    let fit = |design: &[f64]| {
        (logistic.estimate((RowsView::new(design, 3), &labels), &weights)).unwrap()
    };
    let (near_zero, far_away) = (fit(&plain), fit(&moved));
    for j in 1..3 {
        near(
            far_away.coefficients()[j],
            near_zero.coefficients()[j],
            0.0,
            1e-6,
        );
    }
}

/// A steep line: the residual variance is 10⁻¹⁸ of that of the responses, and keeps its digits.
#[test]
fn a_steep_line_keeps_its_residual_variance() {
    let (design, ys, weights, _) = random_rows(12, 500, 2);
    let steep: Vec<f64> = design
        .chunks_exact(2)
        .zip(&ys)
        // Powers of two: no rounding in the slope.
        .map(|(x, y)| (x[1] * 1048576.0).round() * 512.0 + (y * 1048576.0).round() / 1048576.0)
        .collect();
    let coarse: Vec<f64> = design
        .chunks_exact(2)
        .flat_map(|x| [1.0, (x[1] * 1048576.0).round() / 1048576.0])
        .collect();
    let flat: Vec<f64> = ys
        .iter()
        .map(|y| (y * 1048576.0).round() / 1048576.0)
        .collect();
    let xs = RowsView::new(&coarse, 2);
    let template = LinearRegression::new(vec![0.0; 2], 1.0).unwrap();
    let level = template.estimate((xs, &flat), &weights).unwrap();
    let high = template.estimate((xs, &steep), &weights).unwrap();
    // Residuals of responses of 5e8 round at 6e-8, beside a deviation of 0.3.
    near(high.variance(), level.variance(), 1e-6, 0.0);
    near(
        high.coefficients()[1],
        level.coefficients()[1] + 536_870_912.0,
        0.0,
        1e-6,
    );
}

#[test]
fn scoring_ends_where_the_score_is_zero() {
    let (design, _, weights, mut rng) = random_rows(21, 900, 4);
    let xs = RowsView::new(&design, 4);
    let truth = [-0.5, 1.0, -0.8, 0.3];
    let poisson = PoissonRegression::new(truth.to_vec()).unwrap();
    let logistic = LogisticRegression::new(truth.to_vec()).unwrap();
    let binomial = BinomialRegression::new(truth.to_vec()).unwrap();
    let rows = |i: usize| xs.at(i);
    let counts: Vec<u64> = (0..900)
        .map(|i| poisson.draw_response(rows(i), &mut rng))
        .collect();
    let labels: Vec<u64> = (0..900)
        .map(|i| logistic.draw_response(rows(i), &mut rng))
        .collect();
    let trials: Vec<u64> = (0..900).map(|i| i % 6).collect();
    let successes: Vec<u64> = (0..900)
        .map(|i| binomial.draw_response(rows(i), trials[i], &mut rng))
        .collect();
    let mut scratch = Scratch::default();
    macro_rules! ends {
        ($template:expr, $ys:expr) => {{
            let fitted = $template.estimate((xs, $ys), &weights).unwrap();
            let (_, _, statistics) = fitted.evaluate((xs, $ys), &weights, &mut scratch);
            for score in statistics.score() {
                // 900 terms of size up to about 10 round at 1e-13 together.
                near(score, 0.0, 0.0, 1e-11);
            }
            // Near the truth: four standard errors are about 0.6.
            for (a, b) in fitted.coefficients().iter().zip(&truth) {
                near(*a, *b, 0.0, 0.8);
            }
            // Another step stays.
            let again = fitted.maximize(&statistics).unwrap();
            for (a, b) in again.coefficients().iter().zip(fitted.coefficients()) {
                near(*a, *b, 1e-12, 1e-12);
            }
        }};
    }
    ends!(poisson, &counts[..]);
    ends!(logistic, &labels[..]);
    ends!(binomial, (&successes[..], &trials[..]));
}

/// An offset is a column with coefficient 1: ln(exposure) turns counts into rates.
#[test]
fn exposures_are_offsets() {
    let exposures = [10.0f64, 20.0, 5.0, 40.0, 8.0, 16.0];
    let counts = [3u64, 9, 1, 9, 2, 3];
    let design: Vec<f64> = (0..6)
        .flat_map(|i| {
            let group = if i < 3 { [1.0, 0.0] } else { [0.0, 1.0] };
            [group[0], group[1], exposures[i].ln()]
        })
        .collect();
    let template = PoissonRegression::new(vec![0.0; 2]).unwrap().with_offset();
    let fitted = template
        .estimate((RowsView::new(&design, 3), &counts), &[1.0; 6])
        .unwrap();
    // Events by exposure.
    near(fitted.coefficients()[0], (13f64 / 35.0).ln(), 1e-12, 0.0);
    near(fitted.coefficients()[1], (14f64 / 64.0).ln(), 1e-12, 0.0);
    near(
        fitted.mean(&[1.0, 0.0, 100f64.ln()]),
        1300.0 / 35.0,
        1e-12,
        0.0,
    );

    // Linear: the offset is taken off the response.
    let offset = small_design(true);
    let linear = LinearRegression::new(vec![0.0; 2], 1.0).unwrap();
    let with = (linear.clone().with_offset())
        .estimate((offset.view(), &REALS), &[1.0; 8])
        .unwrap();
    let less: Vec<f64> = (0..8).map(|i| REALS[i] - offset.view().at(i)[2]).collect();
    let plain = small_design(false);
    let without = linear.estimate((plain.view(), &less), &[1.0; 8]).unwrap();
    for (a, b) in with.coefficients().iter().zip(without.coefficients()) {
        near(*a, *b, 1e-13, 1e-13);
    }
    near(with.variance(), without.variance(), 1e-13, 0.0);
}

#[test]
fn rank_deficiency_names_the_column() {
    // Column 3 = 2·column 1 − column 2 + 1.
    let (design, ys, weights, _) = random_rows(30, 100, 3);
    let wide: Vec<f64> = design
        .chunks_exact(3)
        .flat_map(|x| [x[0], x[1], x[2], 2.0 * x[1] - x[2] + 1.0])
        .collect();
    let xs = RowsView::new(&wide, 4);
    let linear = LinearRegression::new(vec![0.0; 4], 1.0).unwrap();
    let logistic = LogisticRegression::new(vec![0.0; 4]).unwrap();
    let labels: Vec<u64> = (0..100).map(|i| i % 2).collect();
    let one = linear.estimate((xs, &ys), &weights).unwrap_err();
    let other = logistic.estimate((xs, &labels), &weights).unwrap_err();
    for error in [one, other] {
        assert!(matches!(error.reason, Reason::Singular { .. }), "{error}");
        assert_eq!(error.column, Some(3), "{error:?}");
    }
    // Twice a constant, a column of zeros, fewer rows than columns.
    let two = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
    let linear = LinearRegression::new(vec![0.0; 2], 1.0).unwrap();
    let error = |design: &[f64], ys: &[f64]| {
        let weights = vec![1.0; ys.len()];
        (linear.estimate((RowsView::new(design, 2), ys), &weights)).unwrap_err()
    };
    assert_eq!(error(&two, &[1.0, 2.0, 4.0]).column, Some(1));
    assert_eq!(error(&[1.0, 0.0, 1.0, 0.0], &[1.0, 2.0]).column, Some(1));
    assert_eq!(error(&[1.0, 0.5], &[1.0]).column, Some(1));
    assert_eq!(
        (linear.estimate((RowsView::new(&two, 2), &[1.0; 3]), &[0.0; 3])).unwrap_err(),
        EstimateError::empty()
    );
    let poisson = PoissonRegression::new(vec![0.0; 2]).unwrap();
    let none = poisson.estimate((RowsView::new(&two, 2), &[1; 3]), &[0.0; 3]);
    assert_eq!(none.unwrap_err().reason, Reason::Empty);
}

#[test]
fn a_perfect_fit_has_no_variance() {
    let template = LinearRegression::new(vec![0.0; 2], 1.0).unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
    for scale in [1e-9, 1.0, 1e9] {
        let design: Vec<f64> = (0..50).flat_map(|_| [1.0, rng.random::<f64>()]).collect();
        let ys: Vec<f64> = design
            .chunks_exact(2)
            .map(|x| scale * (1.0 / 3.0 + 0.7 * x[1]))
            .collect();
        let xs = RowsView::new(&design, 2);
        let error = template.estimate((xs, &ys), &[1.0; 50]).unwrap_err();
        assert!(
            matches!(
                error.reason,
                Reason::Boundary {
                    parameter: "variance",
                    ..
                }
            ),
            "{error:?}"
        );
        // As many rows as columns.
        let two = (xs.block(0..2), &ys[..2]);
        assert!(template.estimate(two, &[1.0; 2]).is_err());
        // Residuals of 10⁻⁹ of the size are there, and are found.
        let rough: Vec<f64> = ys
            .iter()
            .enumerate()
            .map(|(i, y)| y + scale * 1e-9 * [1.0, -1.0][i % 2])
            .collect();
        let fitted = template.estimate((xs, &rough), &[1.0; 50]).unwrap();
        near(fitted.variance().sqrt() / scale, 1e-9, 0.1, 0.0);
    }
}

#[test]
fn separation_and_zero_counts_are_finite() {
    let design: Vec<f64> = (0..10).flat_map(|i| [1.0, f64::from(i)]).collect();
    let xs = RowsView::new(&design, 2);
    let logistic = LogisticRegression::new(vec![0.0; 2]).unwrap();
    // Complete separation, quasi-complete separation, one class only.
    for labels in [
        [0, 0, 0, 0, 0, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 0],
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ] {
        let fitted = logistic.estimate((xs, &labels), &[1.0; 10]).unwrap();
        let sum: f64 = (0..10)
            .map(|i| fitted.log_density((xs.at(i), labels[i])))
            .sum();
        // 10⁻⁹ a row, and as much again.
        assert!(sum > -2e-8 && sum <= 0.0, "{sum}: {fitted:?}");
    }
    let poisson = PoissonRegression::new(vec![0.0; 2]).unwrap();
    let fitted = poisson.estimate((xs, &[0; 10]), &[1.0; 10]).unwrap();
    assert!((0..10).all(|i| fitted.mean(xs.at(i)) < 1e-9), "{fitted:?}");
    // All successes, and no trials at all.
    let binomial = BinomialRegression::new(vec![0.0; 2]).unwrap();
    let all = binomial
        .estimate((xs, (&[4; 10], &[4; 10])), &[1.0; 10])
        .unwrap();
    assert!(all.coefficients().iter().all(|b| b.is_finite()));
    assert!(
        binomial
            .estimate((xs, (&[0; 10], &[0; 10])), &[1.0; 10])
            .is_err()
    );
    // Steps from where the fit is already there stay finite for as long as one likes.
    let labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
    let mut model = logistic;
    for _ in 0..1000 {
        let (_, _, statistics) = model.evaluate((xs, &labels), &[1.0; 10], &mut Scratch::default());
        model = model.maximize(&statistics).unwrap();
    }
    assert!(
        model.coefficients().iter().all(|b| b.abs() < 1e3),
        "{model:?}"
    );
}

/// Weights from 1e-200 to 1e200, columns and responses in other units.
#[test]
fn units_do_not_matter() {
    let (design, ys, weights, _) = random_rows(40, 200, 3);
    let template = LinearRegression::new(vec![0.0; 3], 1.0).unwrap();
    let xs = RowsView::new(&design, 3);
    let plain = template.estimate((xs, &ys), &weights).unwrap();
    for (unit, scale, weight) in [(1e-40, 1e30, 1e-200), (1e40, 1e-30, 1e100)] {
        let other: Vec<f64> = design
            .chunks_exact(3)
            .flat_map(|x| [x[0], x[1] * unit, x[2] / unit])
            .collect();
        let responses: Vec<f64> = ys.iter().map(|y| y * scale).collect();
        let masses: Vec<f64> = weights.iter().map(|w| w * weight).collect();
        let fitted = template
            .estimate((RowsView::new(&other, 3), &responses), &masses)
            .unwrap();
        let back = [scale, scale / unit, scale * unit];
        for (j, unit) in back.into_iter().enumerate() {
            near(
                fitted.coefficients()[j] / unit,
                plain.coefficients()[j],
                1e-10,
                1e-10,
            );
        }
        near(
            fitted.variance() / (scale * scale),
            plain.variance(),
            1e-10,
            0.0,
        );
    }
}

/// Statistics about different iterates have the same maximum.
#[test]
fn linear_statistics_of_different_iterates_merge() {
    let (design, ys, weights, _) = random_rows(50, 300, 3);
    let xs = (RowsView::new(&design, 3), &ys[..]);
    let one = LinearRegression::new(vec![0.0; 3], 1.0).unwrap();
    let other = LinearRegression::new(vec![-3.0, 7.0, 0.5], 1.0).unwrap();
    let mut scratch = Scratch::default();
    let mut left = one.empty_statistics();
    one.accumulate_batch(
        &mut left,
        xs.block(0..120),
        &[],
        &weights[..120],
        &mut scratch,
    );
    let mut right = other.empty_statistics();
    other.accumulate_batch(
        &mut right,
        xs.block(120..300),
        &[],
        &weights[120..],
        &mut scratch,
    );
    left.merge(&right);
    let merged = one.maximize(&left).unwrap();
    let whole = one.estimate(xs, &weights).unwrap();
    for (a, b) in merged.coefficients().iter().zip(whole.coefficients()) {
        near(*a, *b, 1e-12, 1e-12);
    }
    near(merged.variance(), whole.variance(), 1e-11, 0.0);
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cut anywhere, in parts or row by row: merging equals one pass. Weight 2 is a repeated row.
    #[test]
    fn merging_equals_one_pass(seed in 0u64..1000, rows in 12usize..600, cut in 0.0..1.0f64) {
        let (design, ys, weights, mut rng) = random_rows(seed, rows, 3);
        let cut = (cut * rows as f64) as usize;
        let counts: Vec<u64> = (0..rows).map(|_| rng.random_range(0..5)).collect();
        let xs = RowsView::new(&design, 3);
        fn same<C: Component>(
            component: &C,
            xs: Batch<'_, C::Space>,
            weights: &[f64],
            cut: usize,
            coefficients: impl Fn(&C) -> Vec<f64>,
        ) {
            let rows = xs.len();
            let mut scratch = Scratch::default();
            let mut sum = |parts: &[std::ops::Range<usize>], factor: f64| {
                let mut whole = component.empty_statistics();
                for range in parts {
                    let mut part = component.empty_statistics();
                    let block = xs.block(range.clone());
                    let weights: Vec<f64> =
                        weights[range.clone()].iter().map(|w| factor * w).collect();
                    component.accumulate_batch(&mut part, block, &[], &weights, &mut scratch);
                    whole.merge(&part);
                }
                whole
            };
            let whole = [0..rows];
            let reference = sum(&whole, 1.0);
            let mut by_row = component.empty_statistics();
            for (i, &weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
                component.accumulate(&mut by_row, xs.at(i), weight);
            }
            let mut scaled = reference.clone();
            scaled.scale(2.0);
            let pairs = [
                (sum(&[0..cut, cut..rows], 1.0), &reference),
                (sum(&[cut..rows, 0..cut], 1.0), &reference),
                (by_row, &reference),
                (sum(&[0..rows, 0..rows], 1.0), &scaled),
                (sum(&whole, 2.0), &scaled),
            ];
            for (one, other) in pairs {
                near(one.weight(), other.weight(), 1e-13, 0.0);
                let (a, b) = (component.maximize(&one), component.maximize(other));
                let (a, b) = (coefficients(&a.unwrap()), coefficients(&b.unwrap()));
                // Sums of 600 terms in another order, times a condition number of about 100.
                for (a, b) in a.iter().zip(&b) {
                    near(*a, *b, 1e-10, 1e-10);
                }
            }
        }
        let linear = LinearRegression::new(vec![0.5, -0.5, 1.0], 1.0).unwrap();
        same(&linear, (xs, &ys[..]), &weights, cut, |c| {
            c.coefficients().iter().copied().chain([c.variance()]).collect()
        });
        let poisson = PoissonRegression::new(vec![0.5, -0.5, 0.1]).unwrap();
        same(&poisson, (xs, &counts[..]), &weights, cut, |c| c.coefficients().to_vec());
        let labels: Vec<u64> = counts.iter().map(|c| c % 2).collect();
        let logistic = LogisticRegression::new(vec![0.5, -0.5, 0.1]).unwrap();
        same(&logistic, (xs, &labels[..]), &weights, cut, |c| c.coefficients().to_vec());
    }

    /// Estimates are finite or typed errors, on any data.
    #[test]
    fn estimation_never_yields_nan(
        rows in prop::collection::vec((-1e6..1e6f64, 0u64..100_000, 0.0..2.0f64), 1..30),
    ) {
        let design: Vec<f64> = rows.iter().flat_map(|r| [1.0, r.0]).collect();
        let counts: Vec<u64> = rows.iter().map(|r| r.1).collect();
        let labels: Vec<u64> = rows.iter().map(|r| r.1 % 2).collect();
        let weights: Vec<f64> = rows.iter().map(|r| r.2).collect();
        let xs = RowsView::new(&design, 2);
        let poisson = PoissonRegression::new(vec![0.0; 2]).unwrap();
        if let Ok(fitted) = poisson.estimate((xs, &counts), &weights) {
            prop_assert!(fitted.coefficients().iter().all(|b| b.is_finite()));
        }
        let logistic = LogisticRegression::new(vec![0.0; 2]).unwrap();
        if let Ok(fitted) = logistic.estimate((xs, &labels), &weights) {
            prop_assert!(fitted.coefficients().iter().all(|b| b.is_finite()));
        }
    }
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
