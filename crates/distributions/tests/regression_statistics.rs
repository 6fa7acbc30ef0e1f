//! Statistics of parts make the statistic of the whole.

mod regression_support;

use distributions::regression::*;
use distributions::*;
use proptest::prelude::*;
use rand::RngExt;
use regression_support::*;

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

/// The five ways to the same sums lead to the same parameters.
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
            let weights: Vec<f64> = weights[range.clone()].iter().map(|w| factor * w).collect();
            component.accumulate_batch(&mut part, block, &[], &weights, &mut scratch);
            whole.merge(&part);
        }
        whole
    };
    let all = 0..rows;
    let whole = std::slice::from_ref(&all);
    let reference = sum(whole, 1.0);
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
        (sum(whole, 2.0), &scaled),
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cut anywhere, in parts or row by row: merging equals one pass. Weight 2 is a repeated row.
    #[test]
    fn merging_equals_one_pass(seed in 0u64..1000, rows in 12usize..600, cut in 0.0..1.0f64) {
        let (design, ys, weights, mut rng) = random_rows(seed, rows, 3);
        let cut = (cut * rows as f64) as usize;
        let counts: Vec<u64> = (0..rows).map(|_| rng.random_range(0..5)).collect();
        let xs = RowsView::new(&design, 3);
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
}
