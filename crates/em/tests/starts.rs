//! Starts: what they must reach, and what they must not fail on.

use distributions::{Normal, Poisson, Sample};
use em::{Data, Mixture, Options, Start, fit_from, stream};

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
