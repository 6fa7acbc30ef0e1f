//! What is known about rows and parts: each must coincide with the plain case where it says nothing
//! new, and recover what was simulated.

use distributions::combine::{GroupedView, Repeated};
use distributions::{
    Component, LogisticRegression, Normal, Poisson, RowsView, Sample, Scratch, Statistics, View,
};
use em::{
    Allowed, ComponentSet, Data, FixedComponents, FixedWeights, Mixture,
    MultinomialLogisticWeights, Options, Start, WeightModel, Weights, draw_class, fit, fit_from,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

type Mixed = Mixture<Vec<Normal>, MultinomialLogisticWeights>;

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn normals(means: &[f64]) -> Vec<Normal> {
    let made = means.iter().map(|&mean| Normal::new(mean, 1.0));
    made.map(Result::unwrap).collect()
}

fn draws(mixture: &Mixture<Vec<Normal>>, seed: u64, count: usize) -> Vec<f64> {
    mixture.sample_with_labels(&mut rng(seed), count).0
}

#[track_caller]
fn near(a: f64, b: f64, tolerance: f64) {
    assert!(
        (a - b).abs() <= tolerance * b.abs().max(1.0),
        "{a} against {b}"
    );
}

fn precise() -> Options {
    Options::default().tolerance(1e-11).max_iterations(100_000)
}

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

#[test]
fn all_labels_known_is_estimation_by_class() {
    let truth = Mixture::new(Weights::new(vec![0.3, 0.7]).unwrap(), normals(&[0.0, 1.0])).unwrap();
    let (xs, labels) = truth.sample_with_labels(&mut rng(2), 500);
    let index: Vec<u32> = labels.iter().map(|&k| u32::try_from(k).unwrap()).collect();
    let table = Allowed::labels(2);
    let weights: Vec<f64> = (0..500).map(|i| f64::from(1 + i % 3)).collect();
    let data = Data::new(&xs[..]).weighted(&weights).allowing(Allowed {
        index: &index,
        log_evidence: &table,
    });
    for start in [Start::Model, Start::Spread, Start::Random] {
        let options = Options::default().restarts(2);
        let fitted = fit_from(&truth, data, start, &options).unwrap();
        for k in 0..2 {
            let own: Vec<f64> = (labels.iter().zip(&weights))
                .map(|(&label, &w)| if label == k { w } else { 0.0 })
                .collect();
            let alone = Normal::standard().estimate(&xs, &own).unwrap();
            // The same sums in blocks or at once.
            near(fitted.model.components()[k].mean(), alone.mean(), 1e-13);
            near(
                fitted.model.components()[k].variance(),
                alone.variance(),
                1e-12,
            );
            let share = own.iter().sum::<f64>() / weights.iter().sum::<f64>();
            near(fitted.model.weights()[k], share, 1e-14);
        }
    }
}

#[test]
fn some_labels_hold_through_a_fit() {
    let truth = Mixture::new(Weights::new(vec![0.5, 0.5]).unwrap(), normals(&[0.0, 1.5])).unwrap();
    let (xs, labels) = truth.sample_with_labels(&mut rng(4), 400);
    // A label for every tenth row; two classes that overlap, named against the order of their means.
    let index: Vec<u32> = (0..400)
        .map(|i| match (i % 10, labels[i]) {
            (0, 0) => 1,
            (0, _) => 0,
            _ => Allowed::FREE,
        })
        .collect();
    let table = Allowed::labels(2);
    let data = Data::new(&xs[..]).allowing(Allowed {
        index: &index,
        log_evidence: &table,
    });
    let template = Mixture::uniform(normals(&[0.0, 0.0]));
    let fitted = fit_from(&template, data, Start::Spread, &Options::default()).unwrap();
    let means: Vec<f64> = fitted.model.components().iter().map(Normal::mean).collect();
    assert!(means[0] > means[1], "{means:?}");
    let evaluation = fitted.model.evaluate(data).unwrap();
    near(
        evaluation.log_likelihood,
        fitted.report.log_likelihood,
        1e-12,
    );
    let dropping = Options::default().on_degenerate(em::OnDegenerate::Drop);
    assert!(fit_from(&template, data, Start::Spread, &dropping).is_ok());
    // Evidence that allows nothing is refused.
    let nothing = vec![f64::NEG_INFINITY; 4];
    let data = Data::new(&xs[..]).allowing(Allowed {
        index: &index,
        log_evidence: &nothing,
    });
    let error = fit(template, data, &Options::default()).unwrap_err();
    assert!(
        error.to_string().contains("line 0 of the evidence"),
        "{error}"
    );
}

#[test]
fn groups_of_one_row_are_rows() {
    let truth = Mixture::new(Weights::new(vec![0.4, 0.6]).unwrap(), normals(&[0.0, 3.0])).unwrap();
    let xs = draws(&truth, 9, 600);
    let offsets: Vec<usize> = (0..=600).collect();
    let plain = fit(truth.clone(), Data::new(&xs[..]), &Options::default()).unwrap();
    let groups = GroupedView::new(&xs[..], &offsets);
    let grouped = fit(
        truth.with_components(Repeated),
        Data::new(groups),
        &Options::default(),
    )
    .unwrap();
    assert_eq!(plain.report.trace, grouped.report.trace);
    assert_eq!(plain.model.components(), &grouped.model.components().0);
}

/// Three counts a group: as repeats of one Poisson, and as one row of their sum, which is sufficient.
#[test]
fn groups_of_repeats_are_rows_of_their_sums() {
    let mut rng = rng(12);
    let rates = [2.0, 5.0];
    let mut items: Vec<u64> = Vec::new();
    for g in 0..300 {
        let poisson = Poisson::new(rates[usize::from(g % 3 == 0)]).unwrap();
        (0..3).for_each(|_| poisson.draw(&mut rng, &mut items));
    }
    let offsets: Vec<usize> = (0..=300).map(|g| 3 * g).collect();
    let sums: Vec<u64> = items.chunks(3).map(|group| group.iter().sum()).collect();
    let start = |scale: f64| {
        let made = rates.map(|rate| Poisson::new(scale * (rate + 0.5)).unwrap());
        Mixture::uniform(made.to_vec())
    };
    let grouped = fit(
        start(1.0).with_components(Repeated),
        Data::new(GroupedView::new(&items[..], &offsets)),
        &precise(),
    )
    .unwrap();
    let summed = fit(start(3.0), Data::new(&sums[..]), &precise()).unwrap();
    // The conditional density of the items given their sum is free of the parameters.
    let gains = |trace: &[f64]| trace[trace.len() - 1] - trace[0];
    near(
        gains(&grouped.report.trace),
        gains(&summed.report.trace),
        1e-9,
    );
    for k in 0..2 {
        let (a, b) = (
            &grouped.model.components().0[k],
            &summed.model.components()[k],
        );
        near(3.0 * a.rate(), b.rate(), 1e-6);
        near(grouped.model.weights()[k], summed.model.weights()[k], 1e-6);
    }
    let evaluation = grouped
        .model
        .evaluate(Data::new(GroupedView::new(&items[..], &offsets)))
        .unwrap();
    // n counts groups.
    assert_eq!(evaluation.observations, 300.0);
    // As a set of repeated components: the same to rounding.
    let each: Vec<Repeated<Poisson>> = start(1.0)
        .components()
        .iter()
        .cloned()
        .map(Repeated)
        .collect();
    let each = fit(
        Mixture::uniform(each),
        Data::new(GroupedView::new(&items[..], &offsets)),
        &precise(),
    )
    .unwrap();
    near(
        each.report.log_likelihood,
        grouped.report.log_likelihood,
        1e-12,
    );
}

#[test]
fn the_distance_of_groups_is_that_of_their_means() {
    let set = Repeated(normals(&[0.0]));
    let (a, b) = ([1.0, 3.0], [6.0, 7.0, 8.0]);
    let distance = set.squared_distance(&a[..], &b[..]).unwrap();
    near(distance, 25.0, 1e-14);
    assert_eq!(set.squared_distance(&b[..], &b[..]), Some(0.0));
}

#[test]
fn fixed_weights_stay_and_are_no_parameters() {
    let truth = Mixture::new(Weights::new(vec![0.2, 0.8]).unwrap(), normals(&[0.0, 3.0])).unwrap();
    let xs = draws(&truth, 21, 500);
    let fixed = Mixture::new(
        FixedWeights::new(truth.weights().clone()),
        truth.components().clone(),
    )
    .unwrap();
    assert_eq!(fixed.parameter_count(), truth.parameter_count() - 1);
    let fitted = fit(fixed, Data::new(&xs[..]), &precise()).unwrap();
    assert_eq!(fitted.model.weights().weights(), truth.weights());
    // The score equations of the components hold: another M-step from its responsibilities stays.
    let posterior = fitted.model.posterior(&xs[..]);
    for k in 0..2 {
        let own: Vec<f64> = (0..500).map(|i| posterior.row(i)[k]).collect();
        let alone = Normal::standard().estimate(&xs, &own).unwrap();
        near(alone.mean(), fitted.model.components()[k].mean(), 1e-5);
    }
    let best = fit(truth.clone(), Data::new(&xs[..]), &precise()).unwrap();
    assert!(fitted.report.log_likelihood < best.report.log_likelihood);
    assert_eq!(
        FixedWeights::equal(3).subset(&[0, 2]),
        FixedWeights::equal(2)
    );
}

/// A set of which some are fixed is the `Vec` in which those are `Fixed`, and the plain set where none is.
#[test]
fn fixed_components_stay_as_they_are() {
    let truth = Mixture::new(
        Weights::new(vec![0.3, 0.3, 0.4]).unwrap(),
        normals(&[0.0, 3.0, 6.0]),
    )
    .unwrap();
    let xs = draws(&truth, 22, 700);
    let data = Data::new(&xs[..]);
    let plain = fit(truth.clone(), data, &Options::default()).unwrap();
    let none = truth
        .clone()
        .with_components(|set| FixedComponents::new(&set, &[]));
    let none = fit(none, data, &Options::default()).unwrap();
    assert_eq!(none.report.trace, plain.report.trace);

    let start = truth
        .clone()
        .with_components(|set| FixedComponents::new(&set, &[1]));
    assert_eq!(start.parameter_count(), truth.parameter_count() - 2);
    let fitted = fit(start, data, &Options::default()).unwrap();
    let component = |k: usize| fitted.model.components().component(k);
    assert_eq!(component(1), &truth.components()[1]);
    assert!(component(0) != &truth.components()[0]);
    // Naively: EM by hand, in which the second component is put back after every M-step.
    let mut naive = truth.clone();
    for _ in 0..fitted.report.iterations() {
        let mut statistics = naive.empty_statistics();
        let mut prepared = vec![0.0; distributions::Density::prepared_width(&naive) * xs.len()];
        distributions::Density::prepare(&naive, &xs[..], &mut prepared);
        let ones = vec![1.0; xs.len()];
        let scratch = &mut Scratch::default();
        naive.accumulate_batch(&mut statistics, &xs[..], &prepared, &ones, scratch);
        naive = naive
            .maximize(&statistics)
            .unwrap()
            .with_components(|mut set| {
                set[1] = truth.components()[1].clone();
                set
            });
    }
    for k in 0..3 {
        near(component(k).mean(), naive.components()[k].mean(), 1e-9);
        near(fitted.model.weights()[k], naive.weights()[k], 1e-9);
    }
    // All fixed: only the weights move.
    let all = truth
        .clone()
        .with_components(|set| FixedComponents::new(&set, &[0, 1, 2]));
    assert_eq!(all.parameter_count(), 2);
    let all = fit(all, data, &Options::default()).unwrap();
    assert_eq!(all.model.components().component(2), &truth.components()[2]);
    // In another order each keeps what it is.
    let turned = fitted.model.subset(&[2, 1, 0]);
    assert!(turned.components().is_fixed(1) && !turned.components().is_fixed(0));
    assert_eq!(turned.components().component(2), component(0));
    near(
        distributions::Density::log_density(&turned, 1.0),
        distributions::Density::log_density(&fitted.model, 1.0),
        1e-14,
    );
}

#[test]
fn components_sorted_by_a_parameter() {
    let mixture = Mixture::new(
        Weights::new(vec![0.5, 0.2, 0.3]).unwrap(),
        normals(&[3.0, -1.0, 2.0]),
    )
    .unwrap();
    let sorted = mixture.sorted_by(|mixture, k| mixture.components()[k].mean());
    assert_eq!(sorted.weights()[..], [0.2, 0.3, 0.5]);
    assert_eq!(sorted.components()[2].mean(), 3.0);
}
