//! Components without an estimate: each policy, and that none of them loops.

use distributions::{Normal, Reason};
use em::{Data, FitError, Mixture, OnDegenerate, Options, Start, fit, fit_from};

/// Two clusters, and one row far away on which a narrow component collapses.
const XS: [f64; 13] = [
    0.0, 0.1, -0.2, 0.3, -0.1, 0.2, 5.0, 5.2, 4.9, 5.1, 4.8, 5.3, 1e6,
];

fn start() -> Mixture<Vec<Normal>> {
    Mixture::uniform(vec![
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(5.0, 1.0).unwrap(),
        Normal::new(1e6, 1.0).unwrap(),
    ])
}

fn run(policy: OnDegenerate) -> Result<em::Fit<Mixture<Vec<Normal>>>, FitError> {
    fit(
        start(),
        Data::new(&XS[..]),
        &Options::default().on_degenerate(policy),
    )
}

#[test]
fn fail_names_the_component_and_its_count() {
    let Err(FitError::Estimate { iteration, source }) = run(OnDegenerate::Fail) else {
        panic!("a collapsed component must fail");
    };
    assert_eq!((iteration, source.component), (1, Some(2)));
    assert!((source.effective_count.unwrap() - 1.0).abs() < 1e-12);
    assert!(matches!(
        source.reason,
        Reason::Boundary {
            parameter: "variance",
            ..
        }
    ));
}

#[test]
fn drop_goes_on_with_one_less() {
    let fitted = fit(
        start(),
        Data::new(&XS[..]),
        &Options::default().on_degenerate(OnDegenerate::Drop),
    );
    // Without the third component the far row belongs to one of the others, which then covers it.
    let fitted = fitted.unwrap();
    assert_eq!(fitted.model.len(), 2);
    assert_eq!(fitted.report.degeneracies.len(), 1);
    assert_eq!(fitted.report.degeneracies[0].component, 2);
    assert!(fitted.report.objective.is_finite());
    assert!(fitted.report.stop_reason.is_converged());
}

#[test]
fn reset_starts_anew_and_ends() {
    // The third component comes back with ten rows, the far one among them; whether it collapses
    // again or not, the run ends with a finite model or a typed failure.
    match run(OnDegenerate::Reset) {
        Ok(fitted) => {
            assert_eq!(fitted.model.len(), 3);
            assert!(!fitted.report.degeneracies.is_empty());
            assert!(fitted.report.objective.is_finite());
        }
        Err(FitError::Estimate { source, .. }) => assert!(source.component.is_some()),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn an_only_component_cannot_be_dropped() {
    let start = Mixture::uniform(vec![Normal::standard()]);
    let options = Options::default().on_degenerate(OnDegenerate::Drop);
    let outcome = fit(start, Data::new(&[2.0, 2.0, 2.0][..]), &options);
    assert!(
        matches!(outcome, Err(FitError::Estimate { .. })),
        "{outcome:?}"
    );
}

#[test]
fn a_start_after_one_that_dropped_has_all_components() {
    // Five equal rows, on which a component collapses from many starts.
    let xs = [0.0, 0.0, 0.0, 0.0, 0.0, 3.0, 4.0, 5.0, 6.0, 7.0, 4.5, 5.5];
    let template = Mixture::uniform(vec![Normal::standard(); 3]);
    let options = Options::default().on_degenerate(OnDegenerate::Drop);
    let fitted = fit_from(&template, Data::new(&xs[..]), Start::Random, &options).unwrap();
    assert_eq!(fitted.report.starts.len(), 10);
    assert!(
        fitted
            .report
            .starts
            .iter()
            .any(|start| start.outcome.is_ok())
    );
}
