//! Properties of mixtures of multivariate t distributions under every covariance structure.

#[path = "cases/synthetic.rs"]
mod synthetic;

use distributions::testing::Contract;
use distributions::{Component, Coordinates, Density, RowsView, Sample, Scratch, Statistics};
use em::{
    Acceleration, ComponentSet, Data, Driver, Fit, FitError, Mixture, Options, Start, StopReason,
    Workspace, fit_from, stream,
};
use gmm::{CovarianceStructure, DegreesOfFreedom, Gaussian, MultivariateT, MultivariateTs};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::RngExt;
use synthetic::Problem;

type Model = Mixture<MultivariateTs>;
type Shape = (u64, usize, usize, CovarianceStructure, DegreesOfFreedom);

/// Seed, components, columns, structure, which degrees of freedom.
fn shapes() -> impl Strategy<Value = Shape> {
    let shape = (any::<u64>(), 1usize..=5, 1usize..=6, 0usize..14, 0usize..3);
    shape.prop_map(|(seed, k, d, structure, degrees)| {
        (
            seed,
            k,
            d,
            CovarianceStructure::ALL[structure],
            DEGREES[degrees],
        )
    })
}

const DEGREES: [DegreesOfFreedom; 3] = [
    DegreesOfFreedom::Fixed,
    DegreesOfFreedom::Free,
    DegreesOfFreedom::Common,
];

fn seeded() -> ProptestConfig {
    ProptestConfig {
        cases: 256,
        rng_seed: RngSeed::Fixed(20_261_122),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Clumps of Gaussian rows, one in ten pulled far out: heavy tails.
fn problem(seed: u64, k: usize, d: usize) -> Problem {
    let mut p = Problem::new(seed, k * (12 * d + 10), k, d, 3.0);
    let mut rng = stream(seed, 9);
    for i in 0..p.len() {
        if i % 10 == 3 {
            let factor = 1.0 + 8.0 * rng.random::<f64>();
            p.values[i * d..(i + 1) * d]
                .iter_mut()
                .for_each(|x| *x *= factor);
        }
    }
    p
}

fn set(
    k: usize,
    d: usize,
    structure: CovarianceStructure,
    degrees: DegreesOfFreedom,
) -> MultivariateTs {
    let set = MultivariateTs::standard(structure, k, d);
    // A sixth of a degree more each, so that fixed ones differ in their meaning from the start's.
    set.with_fixed_df(5.0).unwrap().with_degrees(degrees)
}

fn options(iterations: usize) -> Options {
    Options::default()
        .max_iterations(iterations)
        .tolerance(1e-300)
        .threads(1)
}

fn fit(p: &Problem, set: MultivariateTs, options: &Options) -> Result<Fit<Model>, FitError> {
    let data = Data::new(p.rows()).weighted(&p.weights);
    fit_from(
        &Mixture::uniform(set),
        data,
        Start::Labels(&p.labels),
        options,
    )
}

/// The largest difference of parameters: locations in scales, scale matrices and degrees of freedom relative.
fn difference(a: &Model, b: &Model) -> f64 {
    let mut largest = 0.0f64;
    for k in 0..a.len() {
        let (x, y) = (a.components().component(k), b.components().component(k));
        let d = x.dimension();
        let (s, t) = (x.scale_matrix(), y.scale_matrix());
        largest = largest.max((a.weights()[k] - b.weights()[k]).abs());
        largest = largest.max((x.df() / y.df() - 1.0).abs());
        for i in 0..d {
            let scale = s[i * d + i].sqrt();
            largest = largest.max((x.location()[i] - y.location()[i]).abs() / scale);
            for j in 0..d {
                let size = scale * s[j * d + j].sqrt();
                largest = largest.max((s[i * d + j] - t[i * d + j]).abs() / size);
            }
        }
    }
    largest
}

proptest! {
    #![proptest_config(seeded())]

    /// Each iteration raises the likelihood, or rests: the expansion is valid under every structure.
    #[test]
    fn the_objective_never_falls((seed, k, d, structure, degrees) in shapes()) {
        let p = problem(seed, k, d);
        match fit(&p, set(k, d, structure, degrees), &options(40)) {
            Ok(fitted) => {
                // Tolerance 1e-300: a fit ends at the iteration limit, or where rounding decides.
                let (trace, size) = (&fitted.report.trace, fitted.report.log_likelihood.abs());
                for pair in trace.windows(2) {
                    prop_assert!(pair[1] >= pair[0] - 1e-12 * size.max(1.0), "{structure} {degrees:?} {pair:?}");
                }
                prop_assert!(fitted.report.stop_reason != StopReason::ObjectiveFell || trace.len() > 10);
            }
            Err(FitError::Estimate { source, .. }) => prop_assert!(source.component.is_some()),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn responsibilities_are_a_distribution((seed, k, d, structure, degrees) in shapes(), far in 0.0..300.0f64) {
        let p = problem(seed, k, d);
        let Ok(fitted) = fit(&p, set(k, d, structure, degrees), &options(2)) else { return Ok(()) };
        let scale = 10f64.powf(far);
        let values: Vec<f64> = p.values.iter().map(|x| x * scale).collect();
        let posterior = fitted.model.posterior(RowsView::new(&values, d));
        for i in 0..p.len() {
            prop_assert!(posterior.log_density[i].is_finite());
            let row = posterior.row(i);
            prop_assert!(row.iter().all(|r| (0.0..=1.0 + 1e-15).contains(r)));
            prop_assert!((row.iter().sum::<f64>() - 1.0).abs() <= 4.0 * f64::EPSILON * k as f64);
        }
    }

    #[test]
    fn rows_and_components_may_change_places((seed, k, d, structure, degrees) in shapes()) {
        let p = problem(seed, k, d);
        let (n, mut q) = (p.len(), p.clone());
        for i in 0..n {
            let from = n - 1 - i;
            q.values[i * d..(i + 1) * d].copy_from_slice(p.row(from));
            q.labels[i] = p.labels[from].map(|label| k as u32 - 1 - label);
            q.weights[i] = p.weights[from];
        }
        let template = set(k, d, structure, degrees);
        let (a, b) = (fit(&p, template.clone(), &options(4)), fit(&q, template, &options(4)));
        let (Ok(a), Ok(b)) = (a, b) else { return Ok(()) };
        let backwards: Vec<usize> = (0..k).rev().collect();
        // Sums in another order; the iterated structures carry it through many steps.
        let difference = difference(&a.model, &b.model.subset(&backwards));
        prop_assert!(difference <= 1e-9, "{structure} {degrees:?} {difference:e}");
    }

    #[test]
    fn a_weight_is_a_number_of_rows_and_zero_is_none((seed, k, d, structure, degrees) in shapes()) {
        let mut p = problem(seed, k, d);
        p.weights.fill(2.0);
        let mut q = p.clone();
        q.values.extend_from_slice(&p.values);
        q.labels.extend_from_slice(&p.labels);
        q.weights = vec![1.0; 2 * p.len()];
        for (place, wild) in [f64::NAN, f64::INFINITY, 1e308, 0.0].into_iter().enumerate() {
            let at = place * (q.len() / 4);
            q.values.splice(at * d..at * d, std::iter::repeat_n(wild, d));
            q.labels.insert(at, Some(0));
            q.weights.insert(at, 0.0);
        }
        let template = set(k, d, structure, degrees);
        let (a, b) = (fit(&p, template.clone(), &options(4)), fit(&q, template, &options(4)));
        let (Ok(a), Ok(b)) = (a, b) else { return Ok(()) };
        let difference = difference(&a.model, &b.model);
        prop_assert!(difference <= 1e-9, "{structure} {degrees:?} {difference:e}");
    }

    #[test]
    fn offset_and_scale_carry_over((seed, k, d, structure, degrees) in shapes()) {
        let p = problem(seed, k, d);
        let Ok(plain) = fit(&p, set(k, d, structure, degrees), &options(4)) else { return Ok(()) };
        // Scales are powers of two (1e-12 and 1e120), so that scaling rounds nothing; an offset of 1e6 leaves
        // rows ten digits.
        for (offset, scale, tolerance) in [(1e6, 1.0, 1e-6), (0.0, 2f64.powi(-40), 1e-9), (0.0, 2f64.powi(400), 1e-9)] {
            let mut q = p.clone();
            q.values.iter_mut().for_each(|x| *x = *x * scale + offset);
            let moved = fit(&q, set(k, d, structure, degrees), &options(4)).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let back = moved.model.components().components().into_iter().map(|t| {
                let mean = t.location().iter().map(|m| (m - offset) / scale).collect();
                let matrix = t.scale_matrix().iter().map(|v| v / scale / scale).collect();
                MultivariateT::from_gaussian(Gaussian::from_matrix(mean, matrix).unwrap(), t.df()).unwrap()
            });
            let back = MultivariateTs::new(structure, degrees, back.collect()).unwrap();
            let back = Mixture::new(moved.model.weights().clone(), back).unwrap();
            let difference = difference(&plain.model, &back);
            prop_assert!(difference <= tolerance, "{structure} {degrees:?} {offset} {scale} {difference:e}");
        }
    }

    /// Blocks, single rows, and statistics over any split.
    #[test]
    fn blocks_agree_with_single_rows((seed, k, d, structure, degrees) in shapes(), cut in 0.0..1.0f64) {
        let p = problem(seed, k, d);
        let Ok(fitted) = fit(&p, set(k, d, structure, degrees), &options(2)) else { return Ok(()) };
        let (set, n) = (fitted.model.components(), p.len());
        let mut prepared = vec![0.0; n * d];
        set.prepare(p.rows(), &mut prepared);
        let mut scratch = Scratch::default();
        // Numbers left in scratch must not matter.
        scratch.give(vec![f64::NAN; 4 * n * k]);
        let mut matrix = vec![0.0; k * n];
        set.log_density_matrix(p.rows(), &prepared, &mut matrix, &mut scratch);
        let weights: Vec<f64> = (0..k * n).map(|e| (e % 11) as f64 / 10.0).collect();
        let mut whole = set.empty_statistics();
        set.accumulate_matrix(&mut whole, p.rows(), &prepared, &weights, &mut scratch);
        let cut = (cut * n as f64) as usize;
        let (mut single, mut rest) = (set.empty_statistics(), set.empty_statistics());
        for c in 0..k {
            for i in 0..n {
                let (block, one) = (matrix[c * n + i], set.log_density(c, p.row(i)));
                prop_assert!((block - one).abs() <= 1e-11 * one.abs().max(1.0), "{block} {one}");
                if weights[c * n + i] > 0.0 {
                    let into = if i < cut { &mut single } else { &mut rest };
                    set.accumulate(into, c, p.row(i), weights[c * n + i]);
                }
            }
        }
        single.merge(&rest);
        for c in 0..k {
            prop_assert!((whole.count(c) / single.count(c) - 1.0).abs() <= 1e-13);
            let gap = if degrees == DegreesOfFreedom::Fixed { 0.0 } else { single.gap(c) };
            prop_assert!((whole.gap(c) - gap).abs() <= 1e-11 * gap, "{} {gap}", whole.gap(c));
            for (e, (a, b)) in whole.scatter(c).matrix().iter().zip(single.scatter(c).matrix()).enumerate() {
                let scale = (whole.scatter(c).square(e / d) * whole.scatter(c).square(e % d)).sqrt();
                prop_assert!((a - b).abs() <= 1e-10 * scale);
            }
        }
    }

    #[test]
    fn coordinates_come_back((seed, k, d, structure, degrees) in shapes()) {
        let p = problem(seed, k, d);
        let Ok(fitted) = fit(&p, set(k, d, structure, degrees), &options(2)) else { return Ok(()) };
        let set = fitted.model.components();
        let mut packed = Vec::new();
        set.pack(&mut packed);
        prop_assert_eq!(packed.len(), set.parameter_count());
        let mut rest = &packed[..];
        let back = set.unpack(&mut rest).unwrap();
        prop_assert!(rest.is_empty());
        let model = |set| Mixture::new(fitted.model.weights().clone(), set).unwrap();
        let difference = difference(&model(back), &fitted.model);
        prop_assert!(difference <= 1e-12, "{structure} {degrees:?} {difference:e}");
    }
}

#[test]
fn the_contract_holds() {
    let rows = problem(3, 2, 3);
    for df in [0.5, 3.0, 1e6] {
        for structure in [
            CovarianceStructure::Full,
            CovarianceStructure::Diagonal,
            CovarianceStructure::Spherical,
        ] {
            let gaussian = Gaussian::standard(3).with_structure(structure);
            let t = MultivariateT::from_gaussian(gaussian, df).unwrap();
            for t in [t.clone(), t.with_fixed_df()] {
                let outside = [f64::NAN, 0.0, 0.0, f64::INFINITY, 0.0, 1.0];
                let contract = Contract::new(&t, rows.rows());
                let verdict = contract.outside(RowsView::new(&outside, 3)).verify();
                assert!(verdict.is_ok(), "{structure} {df}: {verdict:?}");
            }
        }
    }
}

/// ∫ p over the line by x = sinh(t)², signs apart, and over the plane by rings of the trapezoid rule in the
/// angle: both smooth in t, with a step at which halving changes nothing beyond 1e-10.
#[test]
fn densities_integrate_to_one() {
    let step = 1.0 / 64.0;
    for df in [0.3, 1.0, 4.0, 300.0, 1e9] {
        let line = MultivariateT::new(vec![0.5], &[vec![4.0]], df).unwrap();
        let plane =
            MultivariateT::new(vec![0.0, 0.0], &[vec![2.0, 0.8], vec![0.8, 1.0]], df).unwrap();
        let (mut one, mut two) = (0.0, 0.0);
        // r = exp(t − exp(−t)) runs from 0 to infinity, and both ends fall off.
        for n in -400..=6400 {
            let t = f64::from(n) * step;
            let r = (t - (-t).exp()).exp();
            let measure = r * (1.0 + (-t).exp()) * step;
            one +=
                measure * (line.log_density(&[0.5 + r]).exp() + line.log_density(&[0.5 - r]).exp());
            let ring: f64 = (0..96)
                .map(|a| {
                    let (sine, cosine) = (f64::from(a) * std::f64::consts::TAU / 96.0).sin_cos();
                    plane.log_density(&[r * cosine, r * sine]).exp()
                })
                .sum();
            two += measure * r * ring * std::f64::consts::TAU / 96.0;
        }
        // Rings: the geometric rate of the trapezoid rule at this eccentricity is below 1e-12 with 96 angles.
        assert!((one - 1.0).abs() < 1e-10, "{df}: {one}");
        assert!((two - 1.0).abs() < 1e-10, "{df}: {two}");
    }
}

#[test]
fn threads_do_not_change_the_bits() {
    let p = problem(11, 3, 4);
    let mut many = p.clone();
    for _ in 0..4 {
        many.values.extend_from_slice(&p.values);
        many.labels.extend_from_slice(&p.labels);
        many.weights.extend_from_slice(&p.weights);
    }
    for degrees in DEGREES {
        let set = set(3, 4, CovarianceStructure::VEE, degrees);
        let one = fit(&many, set.clone(), &options(5)).unwrap();
        let two = fit(&many, set, &options(5).threads(3)).unwrap();
        assert_eq!(one.model, two.model);
        assert_eq!(one.report.trace, two.report.trace);
    }
}

#[test]
fn random_starts_find_the_clumps() {
    let p = Problem::new(5, 150, 3, 2, 8.0);
    let set = MultivariateTs::standard(CovarianceStructure::Full, 3, 2);
    let options = Options::default().threads(1);
    let data = Data::new(p.rows());
    let fitted = fit_from(
        &Mixture::uniform(set.clone()),
        data,
        Start::Spread,
        &options,
    )
    .unwrap();
    assert_eq!(fitted.report.starts.len(), 10);
    let labelled = fit_from(
        &Mixture::uniform(set),
        data,
        Start::Labels(&p.labels),
        &options,
    )
    .unwrap();
    assert!(fitted.report.log_likelihood >= labelled.report.log_likelihood - 1e-6);
}

/// An outlier moves the locations of t distributions little, wherever it is; without tails it would ruin them.
#[test]
fn outliers_have_no_leverage() {
    for structure in CovarianceStructure::ALL {
        let mut p = Problem::new(2, 120, 2, 2, 8.0);
        let set = set(2, 2, structure, DegreesOfFreedom::Fixed);
        let options = Options::default().threads(1);
        let clean = fit(&p, set.clone(), &options).unwrap();
        for far in [1e3, 1e6, 1e12, 1e100] {
            p.values[14] = far;
            p.values[15] = -far;
            let start = Start::Model;
            let spoilt = fit_from(
                &clean.model,
                Data::new(p.rows()).weighted(&p.weights),
                start,
                &options,
            );
            let spoilt = spoilt.unwrap();
            for k in 0..2 {
                let (a, b) = (
                    clean.model.components().component(k),
                    spoilt.model.components().component(k),
                );
                let moved = a.squared_mahalanobis(b.location());
                assert!(moved < 0.1, "{structure} {far}: {moved}");
            }
        }
    }
}

/// No maximum: rows that coincide, rows in a line, a component without rows.
#[test]
fn collapse_is_a_typed_error() {
    for degrees in DEGREES {
        for structure in CovarianceStructure::ALL {
            let set = set(1, 2, structure, degrees);
            // Nine rows in ten at one place: more than ν/(ν + d).
            let mut p = Problem::new(3, 100, 1, 2, 0.0);
            p.values[..180].fill(1.5);
            p.labels.fill(Some(0));
            match fit(&p, set.clone(), &Options::default().threads(1)) {
                Err(FitError::Estimate { source, .. }) => {
                    assert_eq!(
                        source.component,
                        Some(0),
                        "{structure} {degrees:?}: {source}"
                    );
                    assert!(source.effective_count.is_some());
                }
                other => panic!("{structure} {degrees:?}: {:?}", other.map(|f| f.report)),
            }
            p.labels.fill(None);
            p.values.fill(2.0);
            p.labels.fill(Some(0));
            assert!(matches!(
                fit(&p, set, &Options::default().threads(1)),
                Err(FitError::Estimate { .. })
            ));
        }
    }
}

#[test]
fn few_degrees_of_freedom_contract_on_a_row_and_say_so() {
    // With ν = 1e-3 a single row of forty is more than its share.
    let p = Problem::new(8, 40, 1, 2, 0.0);
    let set = MultivariateTs::standard(CovarianceStructure::Full, 1, 2);
    let set = set.with_fixed_df(1e-3).unwrap();
    let error = fit(&p, set, &Options::default().threads(1)).unwrap_err();
    assert!(error.to_string().contains("component 0"), "{error}");
}

#[test]
fn draws_have_the_moments_of_the_distribution() {
    let t = MultivariateT::new(vec![1.0, -2.0], &[vec![2.0, 0.6], vec![0.6, 0.5]], 9.0).unwrap();
    let drawn = t.sample(&mut stream(7, 0), 200_000);
    let rows: Vec<&[f64]> = drawn.values.chunks_exact(2).collect();
    let mean = |f: &dyn Fn(&[f64]) -> f64| rows.iter().map(|x| f(x)).sum::<f64>() / 2e5;
    let expected = t.covariance().unwrap();
    // Five standard errors of means of 200 000: kurtosis at nine degrees of freedom is 3 + 6/5.
    assert!((mean(&|x| x[0]) - 1.0).abs() < 5.0 * (expected[0] / 2e5).sqrt());
    for (i, j) in [(0, 0), (0, 1), (1, 1)] {
        let moment = mean(&|x| (x[i] - t.location()[i]) * (x[j] - t.location()[j]));
        let error = (4.2 * expected[i * 3] * expected[j * 3] / 2e5).sqrt();
        assert!(
            (moment - expected[i * 2 + j]).abs() < 5.0 * error,
            "{i} {j} {moment}"
        );
    }
    // P(δ² ≤ median) = ½: δ²/d is F(2, ν), whose distribution function is 1 − (1 + 2F/ν)^(−ν/2).
    for df in [0.01, 1.0, 1e5] {
        let t = MultivariateT::from_gaussian(Gaussian::standard(2), df).unwrap();
        let median = df * (2.0 / df * std::f64::consts::LN_2).exp_m1();
        let drawn = t.sample(&mut stream(8, 0), 100_000);
        let below = drawn
            .values
            .chunks_exact(2)
            .filter(|x| t.squared_mahalanobis(x) <= median);
        let share = below.count() as f64 / 1e5;
        // Five standard errors of a share.
        assert!(
            (share - 0.5).abs() < 5.0 * 0.5 / 1e5f64.sqrt(),
            "{df}: {share}"
        );
    }
}

/// The estimate of degrees of freedom goes where the rows say.
#[test]
fn degrees_of_freedom_follow_the_tails() {
    let estimate = |df: f64| {
        let t = MultivariateT::from_gaussian(Gaussian::standard(3), df).unwrap();
        let drawn = t.sample(&mut stream(21, 0), 20_000);
        let data = Data::new(drawn.view());
        let start = Mixture::uniform(MultivariateTs::standard(CovarianceStructure::Full, 1, 3));
        let fitted = accelerated(start, data, Acceleration::None);
        assert!(fitted.report.stop_reason.is_converged());
        fitted.model.components().df(0)
    };
    // Standard error of ln ν at 20 000 rows of three columns: below 0.03 for these.
    for df in [0.7, 2.0, 5.0] {
        let found = estimate(df);
        assert!((found / df).ln().abs() < 0.15, "{df}: {found}");
    }
    // That of 1/ν is below 1e-3.
    assert!(estimate(1e9) > 200.0);
}

fn accelerated(
    start: Model,
    data: Data<'_, RowsView<'_, f64>>,
    scheme: Acceleration,
) -> Fit<Model> {
    let options = Options::default().threads(1);
    let mut workspace = Workspace::new(data.xs, &start.empty_statistics(), 1);
    let mut driver = Driver::new(&options).accelerate(scheme);
    driver.run(start, data, 0, &mut workspace).unwrap()
}

/// The same maximum, and never a fall. With degrees of freedom fixed, SQUAREM saves half the passes; where
/// they are estimated by Newton's step little is left to save, also with light tails as here, for which EM's own
/// step takes more than ten thousand.
#[test]
fn plain_and_accelerated_fits_reach_one_maximum() {
    let p = Problem::new(6, 600, 2, 3, 3.0);
    for degrees in DEGREES {
        let labelled = || {
            let set = set(2, 3, CovarianceStructure::Full, degrees);
            fit(&p, set, &options(0)).unwrap().model
        };
        let data = Data::new(p.rows()).weighted(&p.weights);
        let run = |scheme| accelerated(labelled(), data, scheme).report;
        let plain = run(Acceleration::None);
        assert!(
            plain.stop_reason.is_converged() && plain.passes <= 60,
            "{}",
            plain.passes
        );
        for scheme in [Acceleration::Squarem, Acceleration::Daarem] {
            let report = run(scheme);
            println!(
                "{degrees:?}: {} passes, {scheme:?} {}",
                plain.passes, report.passes
            );
            // DAAREM takes 20 plain steps before it begins: here it can save little, and must cost nothing.
            let limit = match (degrees, scheme) {
                (DegreesOfFreedom::Fixed, Acceleration::Squarem) => 25,
                (DegreesOfFreedom::Fixed, _) => plain.passes,
                _ => 60,
            };
            assert!(
                report.passes <= limit,
                "{degrees:?} {scheme:?} {}",
                report.passes
            );
            // Each stops where it believes 1e-7 nats to remain.
            assert!((report.log_likelihood - plain.log_likelihood).abs() < 1e-6);
            let bound = 1e-12 * report.log_likelihood.abs();
            assert!(
                report
                    .trace
                    .windows(2)
                    .all(|pair| pair[1] >= pair[0] - bound)
            );
        }
    }
}

#[test]
fn many_degrees_of_freedom_are_gaussian() {
    let p = problem(4, 2, 3);
    let set = MultivariateTs::standard(CovarianceStructure::VVE, 2, 3);
    let heavy = fit(&p, set.with_fixed_df(1e10).unwrap(), &options(5)).unwrap();
    let start = Start::Labels(&p.labels);
    let data = Data::new(p.rows()).weighted(&p.weights);
    let gaussians = gmm::Gaussians::standard(CovarianceStructure::VVE, 2, 3);
    let light = fit_from(&Mixture::uniform(gaussians), data, start, &options(5)).unwrap();
    // ln p differs by δ⁴/(4ν): 1e-8 for the farthest rows, summed over 92.
    for (a, b) in heavy.report.trace.iter().zip(&light.report.trace) {
        assert!((a - b).abs() < 1e-6 * b.abs(), "{a} {b}");
    }
}
