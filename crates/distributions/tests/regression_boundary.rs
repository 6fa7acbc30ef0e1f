//! Where no estimate exists: a typed error, or a finite answer; never NaN, never an endless loop.

mod regression_support;

use distributions::regression::*;
use distributions::*;
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use regression_support::*;

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// On any data an estimate exists, unless the design is at fault.
    #[test]
    fn estimation_ends(
        rows in prop::collection::vec((-1e6..1e6f64, 0u64..100_000, 0.0..2.0f64), 1..30),
    ) {
        let design: Vec<f64> = rows.iter().flat_map(|r| [1.0, r.0]).collect();
        let counts: Vec<u64> = rows.iter().map(|r| r.1).collect();
        let labels: Vec<u64> = rows.iter().map(|r| r.1 % 2).collect();
        let weights: Vec<f64> = rows.iter().map(|r| r.2).collect();
        let xs = RowsView::new(&design, 2);
        let poisson = PoissonRegression::new(vec![0.0; 2]).unwrap();
        let logistic = LogisticRegression::new(vec![0.0; 2]).unwrap();
        let binomial = BinomialRegression::new(vec![0.0; 2]).unwrap();
        let trials = vec![100_000; rows.len()];
        let estimates = [
            poisson.estimate((xs, &counts), &weights).map(|fit| fit.coefficients().to_vec()),
            logistic.estimate((xs, &labels), &weights).map(|fit| fit.coefficients().to_vec()),
            (binomial.estimate((xs, (&counts, &trials)), &weights))
                .map(|fit| fit.coefficients().to_vec()),
        ];
        for estimate in estimates {
            match estimate {
                Ok(coefficients) => prop_assert!(coefficients.iter().all(|b| b.is_finite())),
                // One row, or all in one place: no slope.
                Err(error) => {
                    let known = matches!(error.reason, Reason::Singular { .. } | Reason::Empty);
                    prop_assert!(known, "{error}");
                }
            }
        }
    }
}
