//! Choosing among models, against what can be counted or solved by hand.

use distributions::{Normal, Poisson};
use em::select::{
    Assessed, Folds, HeldOut, InformationCriterion, LikelihoodRatioTest, Objection, Replicates,
    bootstrap_test, cross_validate, likelihood_ratio_test, objection, rank,
    smallest_relative_eigenvalue,
};
use em::{Data, FitError, Mixture, Options, Start, fit, fit_from, stream};
use rand::RngExt;

const XS: [f64; 14] = [
    1.0, 1.2, 0.8, 1.1, 0.9, 1.3, 1.7, 5.0, 5.3, 4.9, 5.2, 5.1, 4.7, 3.9,
];

fn two_normals() -> Mixture<Vec<Normal>> {
    Mixture::uniform(vec![
        Normal::new(1.0, 1.0).unwrap(),
        Normal::new(5.0, 1.0).unwrap(),
    ])
}

fn normals(components: usize) -> Mixture<Vec<Normal>> {
    Mixture::uniform(vec![Normal::standard(); components])
}

#[test]
fn criteria_are_their_formulas_with_row_weights() {
    let weights: Vec<f64> = (0..XS.len()).map(|i| 1.0 + (i % 3) as f64).collect();
    let n: f64 = weights.iter().sum();
    let data = Data::new(&XS[..]).weighted(&weights);
    let model = two_normals();
    let evaluation = model.evaluate(data).unwrap();
    let posterior = model.posterior(&XS[..]);
    let (mut log_likelihood, mut sharpness) = (0.0, 0.0);
    for (i, weight) in weights.iter().enumerate() {
        log_likelihood += weight * posterior.log_density[i];
        sharpness += weight * posterior.row(i)[0].max(posterior.row(i)[1]).ln();
    }
    let (deviance, p) = (-2.0 * log_likelihood, 5.0);
    let expected = [
        (InformationCriterion::Aic, deviance + 2.0 * p),
        (InformationCriterion::Bic, deviance + p * n.ln()),
        (
            InformationCriterion::Icl,
            deviance + p * n.ln() - 2.0 * sharpness,
        ),
        (
            InformationCriterion::Sabic,
            deviance + p * ((n + 2.0) / 24.0).ln(),
        ),
    ];
    for (criterion, value) in expected {
        // Sums of 14 terms in another order.
        let error = (criterion.value(&evaluation) - value).abs();
        assert!(error < 1e-12 * value.abs(), "{criterion}: {error}");
    }
}

#[test]
fn every_row_is_set_aside_once_and_folds_are_even() {
    let folds = Folds::new(11, None, 4, 3).unwrap();
    let mut times = [0.0; 11];
    for fold in 0..folds.count() {
        let split = folds.split(fold, None);
        let size: f64 = split.test.iter().sum();
        assert!(size == 2.0 || size == 3.0, "{size}");
        for (row, times) in times.iter_mut().enumerate() {
            *times += split.test[row];
            assert_eq!(split.test[row] + split.train[row], 1.0);
        }
    }
    assert_eq!(times, [1.0; 11]);
    assert_eq!(folds, Folds::new(11, None, 4, 3).unwrap());
    assert_ne!(folds, Folds::new(11, None, 4, 4).unwrap());
    let held_out = Folds::held_out(10, None, 0.25, 0).unwrap();
    let split = held_out.split(0, None);
    assert_eq!((held_out.count(), split.test.iter().sum::<f64>()), (1, 3.0));
}

#[test]
fn a_row_of_weight_0_changes_no_fold() {
    let weights = [1.0, 0.0, 2.0, 1.0, 0.0, 0.5, 1.0];
    let rows = [0, 2, 3, 5, 6];
    let with = Folds::new(7, Some(&weights), 2, 9).unwrap();
    let without = Folds::new(5, None, 2, 9).unwrap();
    for fold in 0..2 {
        let (with, without) = (with.split(fold, Some(&weights)), without.split(fold, None));
        for (place, &row) in rows.iter().enumerate() {
            assert_eq!(with.test[row], without.test[place] * weights[row]);
            assert_eq!(with.train[row], without.train[place] * weights[row]);
        }
        assert_eq!((with.test[1], with.train[1]), (0.0, 0.0));
    }
}

#[test]
fn splits_that_make_no_sense_are_refused() {
    let shape = |outcome: Result<Folds, FitError>| matches!(outcome, Err(FitError::Shape(_)));
    assert!(shape(Folds::new(5, None, 1, 0)));
    assert!(shape(Folds::new(5, None, 6, 0)));
    assert!(shape(Folds::new(5, Some(&[1.0, 0.0, 0.0, 1.0, 1.0]), 4, 0)));
    assert!(shape(Folds::new(5, Some(&[1.0]), 2, 0)));
    for fraction in [0.0, 1.0, f64::NAN, -0.5] {
        assert!(shape(Folds::held_out(5, None, fraction, 0)));
    }
    assert!(shape(Folds::held_out(1, None, 0.5, 0)));
}

/// The naive way: rows are taken out of the data, and the rest is fitted.
#[test]
fn cross_validation_is_that_of_data_with_rows_taken_out() {
    let folds = Folds::new(XS.len(), None, 4, 1).unwrap();
    let options = Options::default().threads(1);
    let held = cross_validate(Data::new(&XS[..]), &folds, |train| {
        Ok(fit(two_normals(), train, &options)?.model)
    });
    let held = held.unwrap();
    for fold in 0..4 {
        let test = folds.split(fold, None).test;
        let of = |side: f64| -> Vec<f64> {
            let rows = XS.iter().zip(&test).filter(|(_, weight)| **weight == side);
            rows.map(|(x, _)| *x).collect()
        };
        let (train, test) = (of(0.0), of(1.0));
        let fitted = fit(two_normals(), Data::new(&train[..]), &options).unwrap();
        let expected: f64 = fitted.model.score_rows(&test[..]).iter().sum();
        // Both stop within 1e-7 nats of the same maximum, at which parameters differ by its root.
        assert!((held.log_likelihoods[fold] - expected).abs() < 1e-5);
    }
}

#[test]
fn the_standard_error_of_a_sum_of_folds() {
    let held = HeldOut {
        log_likelihoods: vec![-3.0, -5.0, -4.0],
    };
    assert_eq!(held.log_likelihood(), -12.0);
    assert_eq!(held.deviance(), 24.0);
    // √3 times the standard deviation 1 of the folds.
    assert!((held.standard_error().unwrap() - 3.0f64.sqrt()).abs() < 1e-15);
    let one = HeldOut {
        log_likelihoods: vec![-3.0],
    };
    assert_eq!(one.standard_error(), None);
}

#[test]
fn a_row_that_is_set_aside_off_the_support_is_an_error() {
    let counts: Vec<f64> = vec![0.2, 0.3, 0.5, 0.4, 9.0];
    let set = |components: usize| {
        Mixture::uniform(vec![
            distributions::Uniform::new(0.0, 1.0).unwrap();
            components
        ])
    };
    let folds = Folds::new(5, None, 5, 0).unwrap();
    let options = Options::default();
    let outcome = cross_validate(Data::new(&counts[..4]), &folds, |train| {
        Ok(fit(set(1), train, &options)?.model)
    });
    assert!(matches!(outcome, Err(FitError::Shape(_))));
    let outcome = cross_validate(Data::new(&counts[..]), &folds, |_| Ok(set(1)));
    assert!(matches!(outcome, Err(FitError::OffSupport { row: 4, .. })));
}

fn assessed(value: f64, parameters: usize) -> Assessed<f64> {
    Assessed {
        fit: value,
        value,
        parameters,
        objection: None,
    }
}

#[test]
fn ranks_by_value_then_parameters_and_lists_the_others() {
    let candidates = vec!["c", "a", "spike", "b", "bad", "nan", "worst"];
    for threads in [1, 2, 5] {
        let ranking = rank(candidates.clone(), threads, |&name| match name {
            "a" => Ok(assessed(10.0, 3)),
            "b" => Ok(assessed(10.0, 2)),
            "c" => Ok(assessed(11.5, 1)),
            "worst" => Ok(assessed(99.0, 1)),
            "nan" => Ok(assessed(f64::NAN, 1)),
            "spike" => Ok(Assessed {
                objection: Some(Objection::Degenerate { events: 1 }),
                ..assessed(-500.0, 9)
            }),
            _ => Err("no estimate"),
        });
        let names: Vec<_> = ranking.ranked.iter().map(|r| r.candidate).collect();
        assert_eq!(names, ["b", "a", "c", "worst"]);
        let differences: Vec<_> = ranking.ranked.iter().map(|r| r.difference).collect();
        assert_eq!(differences, [0.0, 0.0, 1.5, 89.0]);
        let listed: Vec<_> = ranking.unranked.iter().map(|r| r.candidate).collect();
        assert_eq!(listed, ["spike", "nan"]);
        assert_eq!(ranking.unranked[1].objection, Objection::NoValue);
        assert_eq!(ranking.failed[0].candidate, "bad");
    }
}

#[test]
fn a_fit_does_not_depend_on_the_other_candidates_or_on_threads() {
    let data = Data::new(&XS[..]);
    let options = Options::default().threads(1).restarts(3);
    let run = |candidates: Vec<usize>, threads: usize| {
        let ranking = rank(candidates, threads, |&components| {
            let fit = fit_from(&normals(components), data, Start::Spread, &options)?;
            let evaluation = fit.model.evaluate(data)?;
            let criterion = InformationCriterion::Bic;
            Ok::<_, FitError>(Assessed::new(fit, &evaluation, criterion, 1, &[]))
        });
        let ranked = ranking.ranked.into_iter();
        let bits: Vec<_> = ranked
            .map(|r| (r.candidate, r.value.to_bits(), r.fit.model))
            .collect();
        bits
    };
    let one = run(vec![1, 2, 3], 1);
    assert_eq!(one[0].0, 2);
    assert_eq!(one, run(vec![1, 2, 3], 3));
    assert_eq!(one, run(vec![3, 1, 2], 2));
}

#[test]
fn objections_in_their_order() {
    let fine = [Some(0.5), None];
    assert_eq!(objection(0, &[3.0, 4.0], 2, &fine), None);
    assert_eq!(
        objection(2, &[1.0, 4.0], 2, &fine),
        Some(Objection::Degenerate { events: 2 })
    );
    let few = objection(0, &[4.0, 2.999], 2, &[Some(1e-9), None]);
    assert!(matches!(
        few,
        Some(Objection::FewObservations {
            component: 1,
            needed: 3,
            ..
        })
    ));
    assert!(objection(0, &[f64::NAN, 4.0], 2, &fine).is_some());
    for share in [0.99e-6, 0.0, f64::NAN] {
        let spike = objection(0, &[4.0, 4.0], 2, &[None, Some(share)]);
        assert!(matches!(
            spike,
            Some(Objection::SmallSpread { component: 1, .. })
        ));
    }
    assert_eq!(objection(0, &[4.0, 4.0], 2, &[Some(1e-6), None]), None);
}

/// In two dimensions the relative eigenvalues are the roots λ of det(Σ − λS) = 0.
#[test]
fn relative_eigenvalues_solve_their_quadratic() {
    let mut rng = stream(5, 0);
    for round in 0..200 {
        let mut matrix = |scale: f64| {
            let [a, b, c]: [f64; 3] = [0; 3].map(|_| rng.random::<f64>() - 0.5);
            let (a, b, c) = (a + 2.0, b, (c + 2.0) * scale);
            // Σ = L Lᵀ with units that differ by `scale`.
            let (d, e) = (b * scale, c);
            [a * a, a * d, a * d, d * d + e * e]
        };
        let scale = 10f64.powi(round % 7 - 3);
        let (within, pooled) = (matrix(scale), matrix(scale));
        let determinant = |m: &[f64; 4]| m[0] * m[3] - m[1] * m[2];
        let (a, c) = (determinant(&pooled), determinant(&within));
        let b = within[0] * pooled[3] + within[3] * pooled[0] - 2.0 * within[1] * pooled[1];
        let expected = 2.0 * c / (b + (b * b - 4.0 * a * c).sqrt());
        let share = smallest_relative_eigenvalue(&within, &pooled, 2);
        // Condition numbers below 100 lose two digits, as does the quadratic.
        assert!((share / expected - 1.0).abs() < 1e-11, "{share} {expected}");
    }
    let singular = [1.0, 1.0, 1.0, 1.0];
    assert_eq!(
        smallest_relative_eigenvalue(&[1.0, 0.0, 0.0, 1.0], &singular, 2),
        0.0
    );
    assert_eq!(smallest_relative_eigenvalue(&[f64::NAN], &[1.0], 1), 0.0);
    assert_eq!(smallest_relative_eigenvalue(&[1.0], &[0.0], 1), 0.0);
}

fn replicates(count: usize, threads: usize) -> Replicates {
    Replicates {
        count,
        seed: 4,
        threads,
    }
}

#[test]
fn p_values_count_the_data_as_one_draw() {
    let test: LikelihoodRatioTest = LikelihoodRatioTest {
        statistic: 3.0,
        null_statistics: vec![1.0, 3.0, 2.0, 5.0, 0.0, 0.5, 0.0],
        failures: Vec::new(),
    };
    assert_eq!(test.p_value(), 3.0 / 8.0);
    assert_eq!(
        test.standard_error(),
        (3.0f64 / 8.0 * 5.0 / 8.0 / 8.0).sqrt()
    );
}

/// A statistic that is exchangeable between the data and the replicates: p is uniform on 1/(B+1), …, 1.
#[test]
fn p_values_are_uniform_under_the_null_model() {
    let null = normals(1);
    let mean = |xs: &[f64]| xs.iter().sum::<f64>();
    let (rounds, count) = (400, 19);
    let mut at_most_a_quarter = 0;
    for round in 0..rounds {
        let data: Vec<f64> = {
            use distributions::Sample;
            null.sample(&mut stream(1000 + round, 0), 5)
        };
        let replicates = Replicates {
            count,
            seed: round,
            threads: 1,
        };
        let test = likelihood_ratio_test(&null, mean(&data), 5, replicates, |xs| Ok(mean(xs)));
        at_most_a_quarter += usize::from(test.unwrap().p_value() <= 0.25);
    }
    // Binomial(400, 0.25): mean 100, standard deviation 8.7; four of them.
    assert!(
        (65..=135).contains(&at_most_a_quarter),
        "{at_most_a_quarter}"
    );
}

#[test]
fn the_bootstrap_test_finds_two_components_and_no_third() {
    let options = Options::default().threads(1).restarts(3);
    let truth = Mixture::uniform(vec![
        Poisson::new(2.0).unwrap(),
        Poisson::new(14.0).unwrap(),
    ]);
    let counts: Vec<u64> = {
        use distributions::Sample;
        truth.sample(&mut stream(11, 0), 150)
    };
    let template = |k: usize| Mixture::uniform(vec![Poisson::new(1.0).unwrap(); k]);
    let test = |k: usize, threads: usize| {
        let (null, alternative) = (template(k), template(k + 1));
        let (data, start) = (Data::new(&counts[..]), Start::Spread);
        let replicates = replicates(39, threads);
        bootstrap_test(&null, &alternative, data, start, &options, replicates).unwrap()
    };
    let first = test(1, 2);
    assert_eq!(first.test.p_value(), 1.0 / 40.0);
    let second = test(2, 2);
    assert!(second.test.p_value() > 0.1, "{}", second.test.p_value());
    assert!(second.test.null_statistics.iter().all(|&s| s >= 0.0));
    assert_eq!(second.test, test(2, 1).test);
    assert_eq!(second.null.model, first.alternative.model);
}

/// A weight says that a row stands for several: the test is that of the rows written out.
#[test]
fn weights_that_are_counts_are_rows_written_out() {
    let (values, times) = (
        [0u64, 1, 2, 3, 5, 8, 9, 10, 12],
        [6.0, 9.0, 7.0, 4.0, 1.0, 3.0, 5.0, 4.0, 2.0],
    );
    let written: Vec<u64> = values
        .iter()
        .zip(&times)
        .flat_map(|(&value, &count)| vec![value; count as usize])
        .collect();
    let template = |k: usize| Mixture::uniform(vec![Poisson::new(1.0).unwrap(); k]);
    let options = Options::default().threads(1).restarts(2);
    let test = |data| {
        bootstrap_test(
            &template(1),
            &template(2),
            data,
            Start::Random,
            &options,
            replicates(9, 1),
        )
    };
    let weighted = test(Data::new(&values[..]).weighted(&times)).unwrap();
    let plain = test(Data::new(&written[..])).unwrap();
    // The same maxima within the tolerance of a fit, 1e-7 nats, twice over.
    assert!((weighted.test.statistic - plain.test.statistic).abs() < 1e-6);
    let pairs = (weighted.test.null_statistics.iter()).zip(&plain.test.null_statistics);
    for (a, b) in pairs {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
    let fractional = vec![0.3; values.len()];
    let refused = test(Data::new(&values[..]).weighted(&fractional));
    assert!(matches!(refused, Err(FitError::Shape(_))));
}

#[test]
fn tests_that_cannot_be_made_are_refused() {
    let (options, data) = (Options::default().threads(1), Data::new(&XS[..]));
    let (one, two) = (normals(1), normals(2));
    let none = bootstrap_test(&one, &two, data, Start::Spread, &options, replicates(0, 1));
    assert!(matches!(none, Err(FitError::Shape(_))));
    let given = bootstrap_test(&one, &two, data, Start::Model, &options, replicates(5, 1));
    assert!(matches!(given, Err(FitError::Shape(_))));
    let failing = likelihood_ratio_test(&one, 1.0, 5, replicates(4, 1), |_| Err(FitError::NoRows));
    assert_eq!(failing, Err(FitError::NoRows));
}
