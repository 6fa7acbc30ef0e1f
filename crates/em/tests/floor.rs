//! A floor under the variances of components, alone, in products and in sets.

use distributions::combine::{
    AnyComponent, Columns, ConditionalEstimate, GroupedView, Product, Repeated, Truncated,
    WithKnown,
};
use distributions::regression::LinearRegression;
use distributions::{
    Batch, Beta, Categorical, Cauchy, Component, Coordinates, Dirichlet, Exponential, Gamma,
    Gumbel, HalfNormal, InverseGaussian, LEAST_SHARE, Laplace, LogNormal, Logistic, Normal,
    NormalWithKnownMean, Pareto, Poisson, RowsView, Scalars, StudentT, VonMisesFisher, Weibull,
};
use em::{
    Acceleration, ComponentSet, Data, Driver, FitError, FixedComponents, LinearCommonSlopes,
    Mixture, OnDegenerate, Options, SharedVariance, Start, TabledColumns, Warning, WithNoise,
    fit_from, fit_from_with,
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

/// Where half of the rows are degenerate for a family, the first component has no estimate without a floor; under one it
/// stays there, and no iteration lowers the objective.
fn collapse_of<S: ComponentSet + Coordinates + 'static>(set: S, xs: Batch<'_, S::Space>) {
    let template = Mixture::uniform(set);
    let (data, labels) = (Data::new(xs), labels());
    let start = Start::Labels(&labels);
    assert!(fit_from(&template, data, start, &Options::default()).is_err());
    for acceleration in [Acceleration::None, Acceleration::Daarem] {
        let options = options();
        let mut driver = Driver::new(&options).accelerate(acceleration);
        let fitted = fit_from_with(&template, data, start, &mut driver).unwrap();
        let report = &fitted.report;
        assert!(report.stop_reason.is_converged(), "{report:?}");
        assert_eq!(fitted.model.components().at_bound(), [0], "{report:?}");
        for pair in report.trace.windows(2) {
            assert!(pair[1] >= pair[0] - 1e-11 * pair[0].abs(), "{pair:?}");
        }
    }
}

#[test]
fn families_with_a_floor_of_their_own_are_held() {
    let from_zero: Vec<f64> = XS.iter().map(|x| x - 1.0).collect();
    collapse_of(vec![Exponential::new(1.0).unwrap(); 2], &from_zero);
    collapse_of(vec![HalfNormal::new(1.0).unwrap(); 2], &from_zero);
    collapse_of(vec![Laplace::new(1.0, 1.0).unwrap(); 2], &XS);
    collapse_of(vec![Pareto::new(1.0, 1.0).unwrap(); 2], &XS);
    collapse_of(vec![NormalWithKnownMean::new(1.0, 1.0).unwrap(); 2], &XS);
    collapse_of(vec![Cauchy::new(0.0, 1.0).unwrap(); 2], &XS);
    collapse_of(vec![StudentT::new(0.0, 1.0, 4.0).unwrap(); 2], &XS);
    let fixed = StudentT::new(0.0, 1.0, 4.0).unwrap().with_fixed_df();
    collapse_of(vec![fixed; 2], &XS);
    let shares: Vec<f64> = XS.iter().map(|x| x / 7.0).collect();
    collapse_of(vec![Beta::new(1.0, 1.0).unwrap(); 2], &shares);
    let rows: Vec<f64> = shares.iter().flat_map(|x| [*x, 1.0 - x]).collect();
    let dirichlet = Dirichlet::new(vec![1.0, 1.0]).unwrap();
    collapse_of(vec![dirichlet; 2], RowsView::new(&rows, 2));
    let rows: Vec<f64> = XS.iter().flat_map(|x| [x.cos(), x.sin()]).collect();
    let direction = VonMisesFisher::new(vec![1.0, 0.0], 1.0).unwrap();
    collapse_of(vec![direction; 2], RowsView::new(&rows, 2));
    let truncated = Truncated::new(Normal::new(1.0, 4.0).unwrap(), -1.0, 9.0).unwrap();
    collapse_of(vec![truncated; 2], &XS);
}

/// Five rows on a line, the others about another; with slopes of their own, and with common ones.
#[test]
fn regressions_are_held() {
    let design: Vec<f64> = (0..10).flat_map(|i| [1.0, f64::from(i % 5)]).collect();
    let off = [0.3, -0.4, 0.1, 0.5, -0.2];
    let ys: Vec<f64> = (0..10)
        .map(|i| match i {
            0..5 => 2.0 + i as f64,
            _ => 9.0 + (i - 5) as f64 + off[i - 5],
        })
        .collect();
    let xs = (RowsView::new(&design, 2), &ys[..]);
    let regression = LinearRegression::new(vec![0.0, 0.0], 1.0).unwrap();
    collapse_of(vec![regression; 2], xs);

    // Half of the rows exactly on the line of the common slope, which those alone determine then.
    let set = LinearCommonSlopes::new(vec![vec![0.0]; 2], vec![0.0], vec![1.0; 2]).unwrap();
    collapse_of(set.clone(), xs);
    let (model, at_bound) = held(set, xs, &labels());
    assert_eq!(at_bound, [0]);
    // Up to what the other component, of about 1e5 times the variance, draws it away.
    assert!((model.components().common_coefficients()[0] - 1.0).abs() < 1e-4);
}

/// One variance for all: it has no estimate only where every component coincides.
#[test]
fn a_shared_variance_is_held() {
    let xs = [1.0, 1.0, 1.0, 4.0, 4.0];
    let labels = [0, 0, 0, 1, 1].map(Some);
    let set = SharedVariance::new(vec![0.0, 1.0], 1.0).unwrap();
    let template = Mixture::uniform(set.clone());
    let start = Start::Labels(&labels);
    assert!(fit_from(&template, Data::new(&xs[..]), start, &Options::default()).is_err());
    let (model, at_bound) = held(set, &xs[..], &labels);
    assert_eq!(at_bound, [0, 1]);
    // Mean 2.2, mean square 7.
    let least = LEAST_SHARE * (7.0 - 2.2 * 2.2);
    assert!((model.components().variance() / least - 1.0).abs() < 1e-12);
}

/// Five rows on one point and five about it, labelled as two groups.
fn labels() -> Vec<Option<u32>> {
    (0..10).map(|i| Some(u32::from(i >= 5))).collect()
}

/// The model fitted under a floor, with whether each component is held there.
fn held<S: ComponentSet + Coordinates>(
    set: S,
    xs: Batch<'_, S::Space>,
    labels: &[Option<u32>],
) -> (Mixture<S>, Vec<usize>) {
    let template = Mixture::uniform(set);
    let start = Start::Labels(labels);
    let data = Data::new(xs);
    let fitted = fit_from(&template, data, start, &options()).unwrap();
    for pair in fitted.report.trace.windows(2) {
        assert!(pair[1] >= pair[0] - 1e-11 * pair[0].abs(), "{pair:?}");
    }
    let at_bound = fitted.model.components().at_bound();
    (fitted.model, at_bound)
}

const COUNTS: [u64; 10] = [0, 1, 0, 2, 1, 7, 9, 8, 6, 11];
const CODES: [u32; 10] = [0, 0, 1, 0, 0, 2, 1, 2, 2, 2];

/// Of a product only the part that collapses is held; counts and labels, which cannot, stay as they are. Here the
/// parts agree, so that each is that of its labels to 1e-3.
#[test]
fn parts_of_bounded_likelihood_need_no_floor() {
    let part = Product::new(
        Normal::standard(),
        Product::new(Poisson::new(1.0).unwrap(), Categorical::uniform(3).unwrap()),
    );
    let template = Mixture::uniform(vec![part.clone(); 2]);
    let data = Data::new((&XS[..], (&COUNTS[..], &CODES[..])));
    let plain = fit_from(
        &template,
        data,
        Start::Labels(&labels()),
        &Options::default(),
    );
    assert!(matches!(plain, Err(FitError::Estimate { .. })));
    let (model, at_bound) = held(vec![part; 2], data.xs, &labels());
    assert_eq!(at_bound, [0]);
    let [first, second] = [0, 1].map(|k| &model.components()[k]);
    assert!((first.first.variance() / (LEAST_SHARE * 3.4225) - 1.0).abs() < 1e-12);
    assert!((first.second.first.rate() - 0.8).abs() < 1e-3);
    assert!((second.second.first.rate() - 8.2).abs() < 1e-3);
    assert!((first.second.second.probabilities()[1] - 0.2).abs() < 1e-3);
}

/// Where no part can collapse the floor changes no bit.
#[test]
fn a_floor_changes_nothing_where_none_is_needed() {
    let poisson = Mixture::uniform(vec![Poisson::new(1.0).unwrap(); 2]);
    let fit_counts =
        |options: &Options| fit_from(&poisson, Data::new(&COUNTS[..]), Start::Spread, options);
    let (plain, floored) = (fit_counts(&Options::default()), fit_counts(&options()));
    assert_eq!(plain.unwrap().report, floored.unwrap().report);

    let class = Columns::repeat(Categorical::uniform(3).unwrap(), 2).unwrap();
    let bytes: Vec<u8> = (CODES.iter().zip(&COUNTS))
        .flat_map(|(&code, &count)| [code as u8, (count % 3) as u8])
        .collect();
    let bytes = RowsView::new(&bytes, 2);
    let tabled = TabledColumns::new(vec![class; 2], bytes).unwrap();
    let tabled = Mixture::uniform(tabled);
    let fit_classes =
        |options: &Options| fit_from(&tabled, Data::new(bytes), Start::Random, options);
    let (plain, floored) = (fit_classes(&Options::default()), fit_classes(&options()));
    assert_eq!(plain.unwrap().report, floored.unwrap().report);
}

/// Sets around other sets hand the floor on, and say by their own numbers who is held.
#[test]
fn sets_around_sets_have_the_floor_of_theirs() {
    let normals = || vec![Normal::standard(); 2];
    let (groups, labels) = ([0, 2, 4, 5, 7, 9, 10], labels());
    let alone = held(normals(), &XS[..], &labels).1;
    assert_eq!(alone, [0]);

    let of_groups: Vec<Option<u32>> = [0, 0, 0, 1, 1, 1].map(Some).to_vec();
    let grouped = GroupedView::new(&XS[..], &groups);
    let (_, at_bound) = held(Repeated(normals()), grouped, &of_groups);
    assert_eq!(at_bound, [0]);

    let mut with_noise: Vec<Option<u32>> = labels.clone();
    with_noise[9] = Some(2);
    let noisy = WithNoise::in_bounding_box(normals(), &XS[..]).unwrap();
    assert_eq!(held(noisy, &XS[..], &with_noise).1, [0]);

    let known = Normal::new(3.0, 1.0).unwrap();
    let fixed = FixedComponents::new(&vec![known, Normal::standard()], &[0]);
    let turned: Vec<Option<u32>> = labels.iter().map(|&l| l.map(|l| 1 - l)).collect();
    assert_eq!(held(fixed, &XS[..], &turned).1, [1]);

    // A gamma and a normal: each has the floor of its own family.
    let gamma = WithKnown::new(Gamma::new(1.0, 1.0).unwrap(), &[]).unwrap();
    let any = vec![
        AnyComponent::new(gamma),
        AnyComponent::new(Normal::standard()),
    ];
    assert_eq!(held(any.clone(), &XS[..], &labels).1, [0]);
    assert_eq!(held(any, &XS[..], &turned).1, [1]);
}

#[test]
fn what_has_no_floor_is_refused() {
    // Alone, not in `WithKnown`.
    let gamma = Gamma::new(1.0, 1.0).unwrap();
    let template = Mixture::uniform(vec![gamma.clone(); 2]);
    let refused = fit_from(&template, Data::new(&XS[..]), Start::Spread, &options());
    assert!(matches!(refused, Err(FitError::NoFloor(_))));
    let part = Product::new(Poisson::new(1.0).unwrap(), gamma);
    let template = Mixture::uniform(vec![part; 2]);
    let data = Data::new((&COUNTS[..], &XS[..]));
    let refused = fit_from(&template, data, Start::Random, &options());
    assert!(matches!(refused, Err(FitError::NoFloor(_))));
    // Rows without any spread have no scale.
    let same = [2.0; 6];
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let refused = fit_from(&template, Data::new(&same[..]), Start::Random, &options());
    assert!(matches!(refused, Err(FitError::NoFloor(_))));
}
