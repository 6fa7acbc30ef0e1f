//! A floor under the variances of univariate components.

use distributions::combine::{ConditionalEstimate, WithKnown};
use distributions::{
    Component, Coordinates, Gamma, Gumbel, InverseGaussian, LEAST_SHARE, LogNormal, Logistic,
    Normal, Poisson, Scalars, Weibull,
};
use em::{
    Acceleration, ComponentSet, Data, Driver, FitError, Mixture, OnDegenerate, Options, Start,
    Warning, fit_from, fit_from_with,
};

/// Half of the rows stand on one point.
const XS: [f64; 10] = [1.0, 1.0, 1.0, 1.0, 1.0, 3.0, 4.5, 2.0, 6.0, 5.0];

fn options() -> Options {
    Options::default().on_degenerate(OnDegenerate::Floor)
}

/// σ² maximises −N/2 ln σ² − W/(2σ²) over σ² ≥ ε: N = 5 rows on a point have W = 0, and the maximum at ε.
#[test]
fn a_collapsing_normal_is_held_at_the_floor() {
    let labels: Vec<Option<u32>> = (0..10).map(|i| Some(u32::from(i >= 5))).collect();
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let data = Data::new(&XS[..]);
    let start = Start::Labels(&labels);
    assert!(matches!(
        fit_from(&template, data, start, &Options::default()),
        Err(FitError::Estimate { .. })
    ));
    // Mean 2.55, mean square 9.925.
    let least = LEAST_SHARE * (9.925 - 2.55 * 2.55);
    for acceleration in [Acceleration::None, Acceleration::Daarem] {
        let options = options();
        let mut driver = Driver::new(&options).accelerate(acceleration);
        let fitted = fit_from_with(&template, data, start, &mut driver).unwrap();
        let normal = &fitted.model.components()[0];
        assert!((normal.variance() / least - 1.0).abs() < 1e-12);
        assert!(normal.is_at_bound());
        assert_eq!(fitted.model.components().at_bound(), [0]);
        let report = &fitted.report;
        assert!(report.warnings.contains(&Warning::AtBound {
            components: vec![0]
        }));
        for pair in report.trace.windows(2) {
            assert!(pair[1] >= pair[0] - 1e-12 * pair[0].abs());
        }
        assert_eq!(report.objective, report.log_likelihood);
    }
}

#[test]
fn coordinates_below_the_floor_are_raised() {
    let whole = Normal::new(0.0, 4.0).unwrap();
    let normal = Normal::new(1.0, 1e-9).unwrap().floored(&whole).unwrap();
    assert_eq!(normal.variance(), 4.0 * LEAST_SHARE);
    let lower = normal.unpack(&mut &[1.0, -50.0][..]).unwrap();
    assert_eq!(lower.variance(), 4.0 * LEAST_SHARE);
}

/// Half of the rows on one point, which is all of the first component: without a floor it has no estimate, under
/// one it stays there, and no iteration lowers the objective.
fn collapse<F>(family: F)
where
    F: ConditionalEstimate<Space = Scalars<f64>> + Coordinates + 'static,
{
    let labels: Vec<Option<u32>> = (0..10).map(|i| Some(u32::from(i >= 5))).collect();
    let template = Mixture::uniform(vec![WithKnown::new(family, &[]).unwrap(); 2]);
    let (data, start) = (Data::new(&XS[..]), Start::Labels(&labels));
    assert!(fit_from(&template, data, start, &Options::default()).is_err());
    for acceleration in [Acceleration::None, Acceleration::Daarem] {
        let options = options();
        let mut driver = Driver::new(&options).accelerate(acceleration);
        let fitted = fit_from_with(&template, data, start, &mut driver).unwrap();
        assert!(
            fitted.report.stop_reason.is_converged(),
            "{:?}",
            fitted.report
        );
        assert_eq!(fitted.model.components().at_bound(), [0]);
        for pair in fitted.report.trace.windows(2) {
            assert!(pair[1] >= pair[0] - 1e-11 * pair[0].abs(), "{pair:?}");
        }
    }
}

#[test]
fn components_of_other_families_are_held() {
    collapse(Gamma::new(1.0, 1.0).unwrap());
    collapse(LogNormal::new(0.0, 1.0).unwrap());
    collapse(InverseGaussian::new(1.0, 1.0).unwrap());
    collapse(Logistic::new(0.0, 1.0).unwrap());
    collapse(Weibull::new(1.0, 1.0).unwrap());
    collapse(Gumbel::new(0.0, 1.0).unwrap());
}

#[test]
fn what_has_no_floor_is_refused() {
    let template = Mixture::uniform(vec![Poisson::new(1.0).unwrap(); 2]);
    let counts = [0u64, 1, 5, 7];
    let refused = fit_from(&template, Data::new(&counts[..]), Start::Spread, &options());
    assert!(matches!(refused, Err(FitError::NoFloor(_))));
    // Rows without any spread have no scale.
    let same = [2.0; 6];
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let refused = fit_from(&template, Data::new(&same[..]), Start::Random, &options());
    assert!(matches!(refused, Err(FitError::NoFloor(_))));
}
