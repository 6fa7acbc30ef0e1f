//! What is known about rows and parts: each must coincide with the plain case where it says nothing
//! new.

mod known_support;

use distributions::combine::{GroupedView, Repeated};
use distributions::{Component, Normal, Poisson, Sample, Scratch};
use em::{
    Allowed, ComponentSet, Data, FixedComponents, FixedWeights, Mixture, Options, Start,
    WeightModel, Weights, fit, fit_from,
};
use known_support::{draws, near, normals, precise, rng};

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
