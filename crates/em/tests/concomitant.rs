//! Weights that depend on covariates: they coincide with plain weights where these say nothing, and recover what
//! was simulated.

mod known_support;

use distributions::{Component, LogisticRegression, Normal, RowsView, Sample, Statistics, View};
use em::{
    Allowed, Data, Mixture, MultinomialLogisticWeights, Options, WeightModel, Weights, draw_class,
    fit,
};
use known_support::{draws, near, normals, precise, rng};
use rand::RngExt;

type Mixed = Mixture<Vec<Normal>, MultinomialLogisticWeights>;

/// Covariates (1, u) with u uniform in (−2, 2), and rows whose class depends on them.
fn simulated(truth: &Mixed, seed: u64, rows: usize) -> (Vec<f64>, Vec<f64>, Vec<u32>) {
    let mut rng = rng(seed);
    let (mut z, mut x, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let covariates = [1.0, 4.0 * rng.random::<f64>() - 2.0];
        let k = draw_class(&truth.weights().at(&covariates), &mut rng);
        z.extend(covariates);
        truth.components()[k].draw(&mut rng, &mut x);
        labels.push(u32::try_from(k).unwrap());
    }
    (z, x, labels)
}

fn truth() -> Mixed {
    let weights = MultinomialLogisticWeights::new(
        2,
        &[vec![0.5, 1.5], vec![-0.4, -1.0]],
        &Weights::uniform(3),
    );
    Mixture::new(weights.unwrap(), normals(&[-4.0, 0.0, 4.0])).unwrap()
}

#[test]
fn an_intercept_alone_is_plain_weights() {
    let start = Mixture::new(Weights::new(vec![0.3, 0.7]).unwrap(), normals(&[-1.0, 2.0])).unwrap();
    let xs = draws(&start, 1, 700);
    let plain = fit(start.clone(), Data::new(&xs[..]), &precise()).unwrap();
    let ones = vec![1.0; xs.len()];
    let concomitant = Mixture::new(
        MultinomialLogisticWeights::constant(start.weights(), 1),
        start.components().clone(),
    )
    .unwrap();
    assert_eq!(concomitant.parameter_count(), start.parameter_count());
    let data = Data::new((RowsView::new(&ones, 1), &xs[..]));
    let fitted = fit(concomitant, data, &precise()).unwrap();
    // The same start; two ways to the same maximum, left by at most 1e-11 nats each.
    near(fitted.report.trace[0], plain.report.trace[0], 1e-13);
    near(
        fitted.report.log_likelihood,
        plain.report.log_likelihood,
        1e-12,
    );
    for k in 0..2 {
        // At 1e-11 nats of 700 rows weights are known to about sqrt(1e-11/700) · 10.
        let weight = fitted.model.weights().at(&[1.0])[k];
        near(weight, plain.model.weights()[k], 1e-5);
        near(weight, fitted.model.weights().overall(k), 1e-5);
        let (a, b) = (&fitted.model.components()[k], &plain.model.components()[k]);
        near(a.mean(), b.mean(), 1e-5);
    }
}

/// With every label known and two classes the weights are a logistic regression of the label.
#[test]
fn known_classes_make_it_a_logistic_regression() {
    let (z, x, labels) = simulated(&truth(), 3, 400);
    let classes: Vec<u64> = labels.iter().map(|&k| u64::from(k == 0)).collect();
    let start = MultinomialLogisticWeights::uniform(2, 2);
    let index: Vec<u32> = classes.iter().map(|&y| u32::from(y == 0)).collect();
    let table = Allowed::labels(2);
    let data = Data::new((RowsView::new(&z, 2), &x[..])).allowing(Allowed {
        index: &index,
        log_evidence: &table,
    });
    let start = Mixture::new(start, normals(&[-4.0, 2.0])).unwrap();
    let fitted = fit(start, data, &precise()).unwrap();
    let direct = LogisticRegression::new(vec![0.0; 2]).unwrap();
    let direct = direct
        .estimate((RowsView::new(&z, 2), &classes[..]), &vec![1.0; 400])
        .unwrap();
    let gamma = fitted.model.weights().coefficients(0);
    for (a, b) in gamma.iter().zip(direct.coefficients()) {
        // Newton converges quadratically: both end at rounding of the score.
        near(*a, *b, 1e-9);
    }
}

#[test]
fn simulated_concomitants_are_recovered() {
    let truth = truth();
    let (z, x, _) = simulated(&truth, 7, 6000);
    let data = Data::new((RowsView::new(&z, 2), &x[..]));
    let template = Mixture::new(
        MultinomialLogisticWeights::uniform(3, 2),
        normals(&[-3.0, 0.5, 3.0]),
    )
    .unwrap();
    let fitted = fit(template, data, &Options::default()).unwrap();
    assert!(fitted.report.stop_reason.is_converged());
    assert!(fitted.report.trace.is_sorted_by(|a, b| *b >= a - 1e-9));
    assert!(fitted.report.log_likelihood > truth.evaluate(data).unwrap().log_likelihood);
    for k in 0..2 {
        let pairs = (fitted.model.weights().coefficients(k).into_iter())
            .zip(truth.weights().coefficients(k));
        for (a, b) in pairs {
            // Standard errors are near 0.06 here; five of them.
            assert!((a - b).abs() < 0.3, "component {k}: {a} against {b}");
        }
    }
    // At a maximum with an intercept the overall weights are the mean weights.
    for k in 0..3 {
        let mean = z.chunks_exact(2).map(|z| fitted.model.weights().at(z)[k]);
        near(
            mean.sum::<f64>() / 6000.0,
            fitted.model.weights().overall(k),
            1e-5,
        );
    }
}

/// Covariates of which the first digits are all the same, in any unit: the same fit.
#[test]
fn offsets_and_units_of_covariates_have_no_part_in_the_fit() {
    let truth = truth();
    let (z, x, _) = simulated(&truth, 7, 600);
    // Multiples of 2⁻¹⁰, so that an offset takes no digit away.
    let z: Vec<f64> = z.iter().map(|z| (z * 1024.0).round() / 1024.0).collect();
    let fitted = |z: &[f64]| {
        let template = Mixture::new(
            MultinomialLogisticWeights::uniform(3, 2),
            normals(&[-3.0, 0.5, 3.0]),
        );
        let data = Data::new((RowsView::new(z, 2), &x[..]));
        fit(template.unwrap(), data, &precise()).unwrap()
    };
    let plain = fitted(&z);
    for (offset, unit) in [(1e8, 1.0), (-1e8, 1.0), (0.0, 1e-6), (3e8, 1e5)] {
        let moved: Vec<f64> = (z.chunks_exact(2))
            .flat_map(|z| [1.0, (z[1] + offset) * unit])
            .collect();
        let other = fitted(&moved);
        let trace = other.report.trace.iter().zip(&plain.report.trace);
        for (a, b) in trace {
            // The mean of the covariate is known to about ε · 1e8.
            near(*a, *b, 1e-9);
        }
        for k in 0..2 {
            let slopes = [&other, &plain].map(|fit| fit.model.weights().coefficients(k)[1]);
            near(slopes[0] * unit, slopes[1], 1e-5);
            for (a, b) in moved.chunks_exact(2).zip(z.chunks_exact(2)).take(20) {
                let (mine, theirs) = (other.model.weights().at(a), plain.model.weights().at(b));
                near(mine[k], theirs[k], 1e-5);
            }
        }
    }
}

/// The statistic is the gradient of Σ r ln π and its step Newton's: by central differences.
#[test]
fn score_and_information_are_derivatives() {
    let mut rng = rng(5);
    let (rows, width, components) = (70, 3, 3);
    let z: Vec<f64> = (0..rows * width)
        .map(|_| rng.random::<f64>() - 0.3)
        .collect();
    let shares: Vec<f64> = (0..rows * components).map(|_| rng.random()).collect();
    let at = |gamma: &[f64]| {
        let lines: Vec<Vec<f64>> = gamma.chunks(width).map(<[f64]>::to_vec).collect();
        MultinomialLogisticWeights::new(width, &lines, &Weights::uniform(components)).unwrap()
    };
    let value = |gamma: &[f64]| -> f64 {
        let weights = at(gamma);
        (0..rows)
            .map(|i| {
                let pi = weights.at(&z[i * width..(i + 1) * width]);
                (0..components)
                    .map(|k| shares[k * rows + i] * pi[k].ln())
                    .sum::<f64>()
            })
            .sum()
    };
    let gamma = [0.3, -0.5, 0.8, -0.1, 0.4, 0.2];
    let weights = at(&gamma);
    let xs = vec![0.0; rows];
    let mut statistics = weights.empty_statistics();
    let batch = (RowsView::new(&z, width), &xs[..]);
    weights.accumulate::<distributions::Scalars<f64>>(&mut statistics, batch, rows, &shares);
    let moved = weights.maximize(&statistics).unwrap();
    let step: Vec<f64> = (0..2)
        .flat_map(|k| moved.coefficients(k))
        .zip(&gamma)
        .map(|(a, b)| a - b)
        .collect();
    let shifted = |by: &[(usize, f64)]| {
        let mut gamma = gamma;
        by.iter().for_each(|&(j, h)| gamma[j] += h);
        value(&gamma)
    };
    let h = 1e-4;
    for j in 0..6 {
        let score = (shifted(&[(j, h)]) - shifted(&[(j, -h)])) / (2.0 * h);
        let product: f64 = (0..6)
            .map(|l| {
                let second = shifted(&[(j, h), (l, h)])
                    - shifted(&[(j, h), (l, -h)])
                    - shifted(&[(j, -h), (l, h)])
                    + shifted(&[(j, -h), (l, -h)]);
                -second / (4.0 * h * h) * step[l]
            })
            .sum();
        // Second differences of a sum near 100 with h = 1e-4: 1e-14·100/h² = 1e-4.
        assert!((product - score).abs() < 1e-3, "{product} against {score}");
    }
    // Statistics about one iterate merge.
    let mut parts = weights.empty_statistics();
    for range in [0..33, 33..34, 34..70] {
        let mut part = weights.empty_statistics();
        let cut: Vec<f64> = (0..components)
            .flat_map(|k| shares[k * rows + range.start..k * rows + range.end].to_vec())
            .collect();
        let (size, block) = (range.len(), batch.block(range));
        weights.accumulate::<distributions::Scalars<f64>>(&mut part, block, size, &cut);
        parts.merge(&part);
    }
    let merged = weights.maximize(&parts).unwrap();
    for k in 0..2 {
        for (a, b) in merged.coefficients(k).iter().zip(moved.coefficients(k)) {
            near(*a, b, 1e-12);
        }
    }
}

#[test]
fn separated_classes_end_in_finite_weights() {
    // Below 10 always the first class, above always the second.
    let z: Vec<f64> = (0..40).flat_map(|i| [1.0, f64::from(i) - 19.5]).collect();
    let x: Vec<f64> = (0..40)
        .map(|i| if i < 20 { 0.0 } else { 50.0 } + f64::from(i % 5) * 0.1)
        .collect();
    let start = Mixture::new(
        MultinomialLogisticWeights::uniform(2, 2),
        normals(&[0.0, 50.0]),
    )
    .unwrap();
    let data = Data::new((RowsView::new(&z, 2), &x[..]));
    let fitted = fit(start, data, &Options::default()).unwrap();
    let weights = fitted.model.weights();
    assert!(
        weights
            .coefficients(0)
            .iter()
            .all(|value| value.is_finite())
    );
    assert!(weights.at(&[1.0, -19.5])[0] > 0.999999);
    // The supremum: each row in its own class, of known normals.
    let single = |xs: &[f64]| {
        let normal = Normal::standard()
            .estimate(xs, &vec![1.0; xs.len()])
            .unwrap();
        let mixture = Mixture::uniform(vec![normal]);
        mixture.evaluate(Data::new(xs)).unwrap().log_likelihood
    };
    let supremum = single(&x[..20]) + single(&x[20..]);
    assert!(fitted.report.log_likelihood <= supremum + 1e-9);
    assert!(fitted.report.log_likelihood > supremum - 1e-5);
    let posterior = fitted.model.posterior(data.xs);
    assert!(posterior.log_density.iter().all(|value| value.is_finite()));
    // Far beyond the data nothing overflows either.
    let far = weights.at(&[1.0, 1e90]);
    assert_eq!(far, [0.0, 1.0]);
}

/// Three categories, of which one never has the last class and two share the first: information is lost in
/// a direction that no single component shows.
#[test]
fn classes_that_are_absent_from_a_category_have_an_estimate() {
    let (mut z, mut x) = (Vec::new(), Vec::new());
    for i in 0..90u32 {
        let category = i % 3;
        let indicator = |c: u32| f64::from(u8::from(category == c));
        z.extend([1.0, indicator(1), indicator(2)]);
        let class = match category {
            0 => i % 2,
            1 => 0,
            _ => 2,
        };
        x.push(100.0 * f64::from(class) + 0.1 * f64::from(i % 7));
    }
    let start = Mixture::new(
        MultinomialLogisticWeights::uniform(3, 3),
        normals(&[0.0, 100.0, 200.0]),
    );
    let data = Data::new((RowsView::new(&z, 3), &x[..]));
    let fitted = fit(start.unwrap(), data, &precise()).unwrap();
    assert!(fitted.report.stop_reason.is_converged());
    let expected = [
        ([1.0, 0.0, 0.0], [0.5, 0.5, 0.0]),
        ([1.0, 1.0, 0.0], [1.0, 0.0, 0.0]),
        ([1.0, 0.0, 1.0], [0.0, 0.0, 1.0]),
    ];
    for (z, shares) in expected {
        for (weight, share) in fitted.model.weights().at(&z).iter().zip(shares) {
            // What is left of a gain below 1e-11 nats.
            assert!(
                (weight - share).abs() < 1e-8,
                "{z:?}: {weight} against {share}"
            );
        }
    }
}

#[test]
fn dependent_covariates_are_named() {
    let z: Vec<f64> = (0..30)
        .flat_map(|i| [1.0, f64::from(i), f64::from(2 * i)])
        .collect();
    let x: Vec<f64> = (0..30).map(|i| f64::from(i % 7)).collect();
    let start = Mixture::new(
        MultinomialLogisticWeights::uniform(2, 3),
        normals(&[1.0, 5.0]),
    )
    .unwrap();
    let data = Data::new((RowsView::new(&z, 3), &x[..]));
    let error = fit(start, data, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("linear combination"), "{error}");
    let mut bad = z.clone();
    bad[4] = f64::NAN;
    let start = Mixture::new(
        MultinomialLogisticWeights::uniform(2, 3),
        normals(&[1.0, 5.0]),
    );
    let data = Data::new((RowsView::new(&bad, 3), &x[..]));
    let error = fit(start.unwrap(), data, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("row 1"), "{error}");
    assert!(error.to_string().contains("covariates"), "{error}");
}

#[test]
fn components_left_out_leave_the_proportions_of_the_others() {
    let weights = truth().weights().clone();
    for keep in [vec![2, 0, 1], vec![0, 1], vec![2, 0], vec![1]] {
        let subset = weights.subset(&keep);
        for z in [[1.0, -1.3], [1.0, 0.7]] {
            let (all, some) = (weights.at(&z), subset.at(&z));
            let total: f64 = keep.iter().map(|&k| all[k]).sum();
            for (j, &k) in keep.iter().enumerate() {
                near(some[j], all[k] / total, 1e-14);
            }
        }
    }
}

#[test]
fn a_block_scores_as_its_rows() {
    let truth = truth();
    let (z, x, _) = simulated(&truth, 11, 300);
    let data = (RowsView::new(&z, 2), &x[..]);
    let scores = truth.score_rows(data);
    for (i, score) in scores.iter().enumerate() {
        let direct = distributions::Density::log_density(&truth, data.at(i));
        near(*score, direct, 1e-13);
    }
}
