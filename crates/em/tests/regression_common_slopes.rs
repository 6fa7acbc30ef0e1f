//! Regressions with common slopes: the joint step, one component, errors, files.

mod regression_data;

use distributions::regression::{BernoulliResponse, LogisticRegression, PoissonResponse, Response};
use distributions::{Component, Reason, RowsView, Scratch, Statistics};
use em::{CommonSlopes, ComponentSet, Data, FitError, Mixture, Options, fit};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use regression_data::{near, trypanosome};

/// The joint scoring step is that of the whole system written out.
#[test]
fn the_joint_step_solves_the_bordered_system() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let rows = 300;
    // An intercept and an indicator of each component's own, two common columns; one with an offset.
    let design: Vec<f64> = (0..rows)
        .flat_map(|i| {
            let u: f64 = rng.random();
            let v: f64 = rng.random();
            [1.0, f64::from(u8::from(i % 3 == 0)), u, 1e6 + v]
        })
        .collect();
    let xs = RowsView::new(&design, 4);
    let ys: Vec<u64> = (0..rows).map(|_| rng.random_range(0..6)).collect();
    let weights: Vec<f64> = (0..2 * rows).map(|_| rng.random()).collect();
    let set = CommonSlopes::<PoissonResponse>::new(
        vec![vec![-1e3 + 0.5, 0.1], vec![-1e3, -0.2]],
        vec![0.2, 1e-3],
    )
    .unwrap();
    let mut statistics = set.empty_statistics();
    let mut scratch = Scratch::default();
    let mut add = |into: &mut _, range: std::ops::Range<usize>| {
        let block = distributions::View::block((xs, &ys[..]), range.clone());
        let shares: Vec<f64> = [0, rows]
            .iter()
            .flat_map(|start| weights[start + range.start..start + range.end].to_vec())
            .collect();
        let mut prepared = vec![0.0; set.prepared_width() * range.len()];
        set.prepare(block, &mut prepared);
        set.accumulate_matrix(into, block, &prepared, &shares, &mut scratch);
    };
    add(&mut statistics, 0..rows);
    let next = set.maximize(&statistics).unwrap();
    // The whole design: 2 columns of each component, then the common ones, centred by hand; the step
    // is weighted least squares of r/v on it.
    let (mut wide, mut wanted, mut working) = (Vec::new(), Vec::new(), Vec::new());
    for k in 0..2 {
        for i in 0..rows {
            let x = &design[4 * i..4 * i + 4];
            let eta = set.components()[k].linear_predictor(x);
            let (score, curvature) = PoissonResponse::score(ys[i], eta, eta.exp());
            let own = |j: usize| if j == k { [x[0], x[1]] } else { [0.0; 2] };
            wide.extend([own(0), own(1), [x[2], x[3] - 1e6]].concat());
            wanted.push(score / curvature);
            working.push(weights[k * rows + i] * curvature);
        }
    }
    let direct = distributions::dense::weighted_least_squares(&wide, 6, &wanted, &working).unwrap();
    let step = |k: usize, j: usize| {
        next.components()[k].coefficients()[j] - set.components()[k].coefficients()[j]
    };
    // Means of 1e6 beside a spread of 0.3: seven of sixteen digits are the offset's, in η.
    for k in 0..2 {
        near(step(k, 1), direct.coefficients[2 * k + 1], 1e-7, 1e-7);
        let level = direct.coefficients[2 * k] - 1e6 * direct.coefficients[5];
        near(step(k, 0), level, 1e-7, 1e-7);
        near(step(k, 2), direct.coefficients[4], 1e-7, 1e-7);
        near(step(k, 3), direct.coefficients[5], 1e-7, 1e-7);
    }
    // Statistics about one iterate merge.
    let mut parts = set.empty_statistics();
    for range in [0..100, 100..101, 101..300] {
        let mut part = set.empty_statistics();
        add(&mut part, range);
        parts.merge(&part);
    }
    let merged = set.maximize(&parts).unwrap();
    for k in 0..2 {
        let pairs = merged.components()[k].coefficients().iter();
        for (a, b) in pairs.zip(next.components()[k].coefficients()) {
            near(*a, *b, 1e-9, 1e-9);
        }
    }
}

#[test]
fn common_slopes_of_one_component_are_a_regression() {
    let (design, ys, counts, _) = trypanosome();
    let xs = RowsView::new(&design, 2);
    let one = CommonSlopes::<BernoulliResponse>::new(vec![vec![0.0]], vec![0.0]).unwrap();
    let joint = one.estimate((xs, &ys[..]), &counts).unwrap();
    let alone = LogisticRegression::new(vec![0.0; 2]).unwrap();
    let alone = alone.estimate((xs, &ys[..]), &counts).unwrap();
    for (a, b) in (joint.components()[0].coefficients().iter()).zip(alone.coefficients()) {
        near(*a, *b, 1e-12, 1e-12);
    }
}

#[test]
fn a_dependent_common_column_is_named() {
    let design: Vec<f64> = (0..40)
        .flat_map(|i| {
            let x = f64::from(i % 8);
            [1.0, x, 2.0 * x - 1.0]
        })
        .collect();
    let ys: Vec<u64> = (0..40).map(|i| i % 2).collect();
    let set = CommonSlopes::<BernoulliResponse>::new(vec![vec![0.0]; 2], vec![0.0; 2]).unwrap();
    let data = Data::new((RowsView::new(&design, 3), &ys[..]));
    let error = fit(Mixture::uniform(set), data, &Options::default()).unwrap_err();
    let FitError::Estimate { source, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((source.component, source.column), (None, Some(2)));
    assert!(matches!(source.reason, Reason::Singular { .. }));
}

#[cfg(feature = "serde")]
#[test]
fn a_file_holds_parameters() {
    let set =
        CommonSlopes::<PoissonResponse>::new(vec![vec![1.5], vec![-0.5]], vec![0.25]).unwrap();
    let text = serde_json::to_string(&set).unwrap();
    assert_eq!(
        text,
        r#"{"coefficients":[[1.5],[-0.5]],"common_coefficients":[0.25]}"#
    );
    let read: CommonSlopes<PoissonResponse> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, set);
}
