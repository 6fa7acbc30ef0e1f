//! Starts: what they must reach, and what they must not fail on.

use distributions::{Normal, Poisson, Sample};
use em::{Data, Mixture, Options, SmallEm, Start, Warning, fit_from, stream};

/// Two normals six standard deviations apart, 20 000 rows.
fn far_apart() -> Vec<f64> {
    let truth = [
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(6.0, 1.0).unwrap(),
    ];
    Mixture::uniform(truth.to_vec()).sample(&mut stream(11, 0), 20_000)
}

#[test]
fn a_random_start_is_not_the_fit_of_one_component() {
    // Shares drawn for every row would leave EM beside the saddle of equal components.
    let xs = far_apart();
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let options = Options::default();
    let data = Data::new(&xs[..]);
    let spread = fit_from(&template, data, Start::Spread, &options.clone().restarts(1)).unwrap();
    let random = fit_from(&template, data, Start::Random, &options).unwrap();
    assert!((spread.report.objective - random.report.objective).abs() < 1e-4);
    let ends = random.report.starts.iter().filter(|start| {
        (start.outcome.as_ref()).is_ok_and(|(end, _)| end + 1e-4 > spread.report.objective)
    });
    // Two rows from one cluster may still start beside the saddle; most pairs do not.
    assert!(ends.count() >= 5);
}

#[test]
fn as_many_components_as_distinct_counts() {
    // Every seed keeps its own row, whichever seed's smoothed fit suits the row best.
    let counts: Vec<u64> = (0..10).collect();
    let days = [162.0, 267.0, 271.0, 185.0, 111.0, 61.0, 27.0, 8.0, 3.0, 1.0];
    for components in [5, 6, 8, 10] {
        let template = Mixture::uniform(vec![Poisson::new(1.0).unwrap(); components]);
        let data = Data::new(&counts[..]).weighted(&days);
        let options = Options::default().max_iterations(50);
        let fitted = fit_from(&template, data, Start::Spread, &options);
        let fitted = fitted.unwrap_or_else(|error| panic!("{components} components: {error}"));
        let failed = fitted
            .report
            .starts
            .iter()
            .filter(|start| start.outcome.is_err());
        assert_eq!(failed.count(), 0, "{components} components");
    }
}

#[test]
fn row_weights_that_sum_to_infinity_are_refused() {
    let template = Mixture::uniform(vec![Normal::standard()]);
    let data = Data::new(&[1.0, 2.0, 3.0][..]).weighted(&[1e308, 1e308, 1e308]);
    let error = fit_from(&template, data, Start::Spread, &Options::default()).unwrap_err();
    assert!(error.is_input(), "{error}");
}

#[test]
fn values_too_large_to_be_squared_are_named_so() {
    let template = Mixture::uniform(vec![Normal::standard()]);
    let xs = [1e200, -1e200, 3e200];
    let error = fit_from(
        &template,
        Data::new(&xs[..]),
        Start::Spread,
        &Options::default(),
    );
    let text = error.unwrap_err().to_string();
    assert!(text.contains("too large to be squared"), "{text}");
}

#[test]
fn a_workspace_for_other_rows_is_refused() {
    use distributions::Component;
    let start = Mixture::uniform(vec![Normal::standard()]);
    let options = Options::default();
    for rows in [&[][..], &[1.0, 2.0]] {
        let mut workspace = em::Workspace::new(rows, &start.empty_statistics(), 1);
        let data = Data::new(&[1.0, 2.0, 3.0][..]);
        let outcome = em::Driver::new(&options).run(start.clone(), data, 0, &mut workspace);
        assert!(
            matches!(outcome, Err(em::FitError::Shape(_))),
            "{outcome:?}"
        );
    }
    let none: &[f64] = &[];
    let mut workspace = em::Workspace::new(none, &start.empty_statistics(), 1);
    let outcome = em::Driver::new(&options).run(start, Data::new(none), 0, &mut workspace);
    assert_eq!(outcome.unwrap_err(), em::FitError::NoRows);
}

/// Three overlapping Poissons: counts, and how often each was drawn.
fn overlapping_counts() -> (Vec<u64>, Vec<f64>) {
    let rates = [2.0, 5.0, 10.0].map(|rate| Poisson::new(rate).unwrap());
    let drawn = Mixture::uniform(rates.to_vec()).sample(&mut stream(3, 0), 20_000);
    let counts: Vec<u64> = (0..=*drawn.iter().max().unwrap()).collect();
    let often = |&count: &u64| drawn.iter().filter(|&&x| x == count).count() as f64;
    let weights = counts.iter().map(often).collect();
    (counts, weights)
}

#[test]
fn small_em_reports_every_start_and_continues_the_best() {
    let (counts, weights) = overlapping_counts();
    let data = Data::new(&counts[..]).weighted(&weights);
    let template = Mixture::uniform(vec![Poisson::new(1.0).unwrap(); 3]);
    let small = SmallEm::default();
    let options = Options::default();
    let fitted = fit_from(&template, data, Start::SmallEm(small), &options).unwrap();
    let report = &fitted.report;
    assert_eq!(report.starts.len(), small.runs);
    assert_eq!(report.starts_completed(), small.continued);
    assert!(report.starts_near_best() >= 1);
    assert!(report.stop_reason.is_converged());
    // No short run that was left had come further than those that were continued had by then.
    let ends = |start: &em::StartReport| start.outcome.as_ref().ok().map(|end| end.0);
    let left = report.starts.iter().filter(|start| start.was_left());
    assert!(left.filter_map(ends).all(|end| end <= report.objective));
    assert!(
        report
            .trace
            .windows(2)
            .all(|pair| pair[1] >= pair[0] - 1e-7)
    );
    let best = report.starts.iter().filter(|start| !start.was_left());
    assert!(best.filter_map(ends).any(|end| end == report.objective));
    // The same seed gives the same result, whatever the number of threads.
    let again = options.clone().threads(3);
    let again = fit_from(&template, data, Start::SmallEm(small), &again).unwrap();
    assert_eq!(again.model, fitted.model);
    assert_eq!(again.report, fitted.report);
}

/// Two components on the left cluster and one on the two others: EM alone stays there.
fn stuck() -> (Vec<f64>, Mixture<Vec<Normal>>) {
    let truth = [0.0, 10.0, 20.0].map(|mean| Normal::new(mean, 1.0).unwrap());
    let xs = Mixture::uniform(truth.to_vec()).sample(&mut stream(9, 0), 300);
    let start = [(-0.5, 1.0), (0.5, 1.0), (15.0, 25.0)];
    let start = start.map(|(mean, variance)| Normal::new(mean, variance).unwrap());
    (xs, Mixture::uniform(start.to_vec()))
}

#[test]
fn a_split_and_a_merge_leave_a_local_maximum() {
    let (xs, start) = stuck();
    let data = Data::new(&xs[..]);
    let options = Options::default();
    let without = fit_from(&start, data, Start::Model, &options).unwrap();
    assert!(without.report.moves.is_empty());
    let with = fit_from(&start, data, Start::Model, &options.split_merge(3)).unwrap();
    let first = &with.report.moves[0];
    assert_eq!(
        (first.merged, first.split, first.accepted),
        ((0, 1), 2, true)
    );
    assert!(with.report.objective > without.report.objective + 50.0);
    let mut means: Vec<f64> = with.model.components().iter().map(Normal::mean).collect();
    means.sort_by(f64::total_cmp);
    // Four standard errors of a mean of about 100 rows.
    for (mean, truth) in means.into_iter().zip([0.0, 10.0, 20.0]) {
        assert!((mean - truth).abs() < 0.4, "{mean}");
    }
    // From there no move helps, and the fit stays as it is.
    let last = &with.report.moves[1..];
    assert!(!last.is_empty() && last.iter().all(|tried| !tried.accepted));
}

#[test]
fn components_that_no_row_tells_apart_and_too_few_cells_are_warned_about() {
    let counts = [0u64, 1, 2];
    let weights = [10.0, 20.0, 5.0];
    let data = Data::new(&counts[..]).weighted(&weights);
    let same = Poisson::new(1.0).unwrap();
    let other = Poisson::new(3.0).unwrap();
    let start = Mixture::uniform(vec![same.clone(), other, same]);
    let fitted = fit_from(&start, data, Start::Model, &Options::default()).unwrap();
    let warnings = &fitted.report.warnings;
    assert!(
        warnings.contains(&Warning::Coinciding {
            components: vec![0, 2]
        }),
        "{warnings:?}"
    );
    let cells = Warning::MoreParametersThanCells {
        parameters: 5,
        cells: 3,
    };
    assert!(warnings.contains(&cells), "{warnings:?}");
}

#[test]
fn one_start_near_the_best_is_warned_about() {
    let (xs, template) = stuck();
    let warned = (0..20).any(|seed| {
        let options = Options::default().seed(seed).restarts(2);
        let fitted = fit_from(&template, Data::new(&xs[..]), Start::Random, &options).unwrap();
        let report = fitted.report;
        let warned = report
            .warnings
            .contains(&Warning::OneStartNearBest { starts: 2 });
        assert_eq!(warned, report.starts_near_best() == 1);
        warned
    });
    assert!(
        warned,
        "of 20 pairs of random starts, all ended at the same maximum"
    );
}

#[test]
fn a_level_that_no_row_holds_is_warned_about() {
    use distributions::combine::{Columns, Product};
    use distributions::{Categorical, RowsView};
    let codes: Vec<u32> = (0..120).flat_map(|i| [i % 3, i * i % 4]).collect();
    let column = Categorical::uniform(5).unwrap();
    let class = Columns::repeat(column.clone(), 2).unwrap();
    let template = Mixture::uniform(vec![class; 2]);
    let options = Options::default().restarts(2).tolerance(1e-3);
    // Row weights of 0 take level 1 of the second column away, too.
    let weights: Vec<f64> = (0..120)
        .map(|i| f64::from(u8::from(i * i % 4 != 1)))
        .collect();
    let data = Data::new(RowsView::new(&codes, 2)).weighted(&weights);
    let fitted = fit_from(&template, data, Start::Random, &options).unwrap();
    let impossible: Vec<&Warning> = (fitted.report.warnings.iter())
        .filter(|warning| matches!(warning, Warning::ImpossibleLevels { .. }))
        .collect();
    let (first, second) = (vec![3, 4], vec![1, 2, 3, 4]);
    let expected =
        [(0, first), (1, second)].map(|(part, levels)| Warning::ImpossibleLevels { part, levels });
    assert_eq!(impossible, expected.iter().collect::<Vec<_>>());
    // In a product the part is named.
    let xs: Vec<f64> = (0..120)
        .map(|i| f64::from(i % 3) * 5.0 + f64::from(i % 7) / 10.0)
        .collect();
    let codes: Vec<u32> = (0..120).map(|i| i % 3).collect();
    let product = Product::new(Normal::standard(), Categorical::uniform(4).unwrap());
    let data = Data::new((&xs[..], &codes[..]));
    let template = Mixture::uniform(vec![product; 2]);
    let fitted = fit_from(&template, data, Start::Random, &options).unwrap();
    let (part, levels) = (1, vec![3]);
    let warning = Warning::ImpossibleLevels { part, levels };
    assert!(
        fitted.report.warnings.contains(&warning),
        "{:?}",
        fitted.report.warnings
    );
}

/// The likelihood does not know how components are numbered: the ordered numbering of a maximum is a maximum
/// over the models that are ordered, and of all numberings one is ordered.
#[test]
fn ordering_is_a_relabelling() {
    let xs: Vec<f64> = (0..300)
        .map(|i| f64::from(i % 3) * 4.0 + f64::from(i % 17) / 8.0)
        .collect();
    let data = Data::new(&xs[..]);
    let template = Mixture::uniform(vec![Normal::standard(); 3]);
    let options = Options::default().restarts(4);
    let fitted = fit_from(&template, data, Start::Random, &options)
        .unwrap()
        .model;
    let rising = |model: &Mixture<Vec<Normal>>| {
        (model.components().iter().map(Normal::mean)).is_sorted_by(|a, b| a < b)
    };
    let ordered = fitted.sorted_by(|model, k| model.components()[k].mean());
    assert!(rising(&ordered));
    let likelihood = |model: &Mixture<Vec<Normal>>| model.evaluate(data).unwrap().log_likelihood;
    let numberings = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    let mut found = 0;
    for keep in numberings {
        let numbered = fitted.subset(&keep);
        // The same sums in another order.
        assert!((likelihood(&numbered) - likelihood(&fitted)).abs() < 1e-10);
        if rising(&numbered) {
            assert_eq!(numbered, ordered);
            found += 1;
        }
    }
    assert_eq!(found, 1);
}
