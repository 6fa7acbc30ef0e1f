//! Variational Bayes: against the exact evidence, plain EM, and simulated truths.

mod variational_data;

use distributions::combine::{Columns, Product};
use distributions::{
    Batch, Bernoulli, Beta, Binomial, Categorical, Component, Coordinates, Density, Dirichlet,
    Exponential, Gamma, Geometric, GeometricSupport, Multinomial, Normal, Obs, Poisson, RowsView,
    Sample,
};
use em::{
    Acceleration, BetaGeometric, CompoundGamma, Conjugate, ConjugateFamily, Data, Driver,
    FixedWeights, Mixture, NormalInverseGamma, Options, ParameterPosterior, PointMassPosterior,
    Start, VariationalMixture, Weights, WeightsPrior, fit, fit_from, fit_from_with,
    fit_variational, stream,
};
use rand::RngExt;
use variational_data::{BITS, COUNTS, LEVELS, REALS, ROWS, WEIGHTS};

fn gamma_prior() -> Gamma {
    Gamma::new(1.5, 0.75).unwrap()
}
fn beta_prior() -> Beta {
    Beta::new(1.5, 0.75).unwrap()
}
fn dirichlet_prior() -> Dirichlet {
    Dirichlet::new(vec![0.5, 1.0, 2.0]).unwrap()
}
fn normal_prior() -> NormalInverseGamma {
    NormalInverseGamma::new(-0.5, 0.25, 1.5, 0.75).unwrap()
}
fn of<F: ConjugateFamily>(family: F, prior: F::Prior) -> Conjugate<F> {
    Conjugate::new(family, prior).unwrap()
}
fn poisson() -> Conjugate<Poisson> {
    of(Poisson::new(1.0).unwrap(), gamma_prior())
}
fn exponential() -> Conjugate<Exponential> {
    of(Exponential::new(1.0).unwrap(), gamma_prior())
}
fn gamma() -> Conjugate<Gamma> {
    of(Gamma::new(2.5, 1.0).unwrap(), gamma_prior())
}
fn bernoulli() -> Conjugate<Bernoulli> {
    of(Bernoulli::new(0.5).unwrap(), beta_prior())
}
fn binomial() -> Conjugate<Binomial> {
    of(Binomial::new(6, 0.5).unwrap(), beta_prior())
}
fn geometric() -> Conjugate<Geometric> {
    of(Geometric::new(0.5).unwrap(), beta_prior())
}
fn categorical() -> Conjugate<Categorical> {
    of(Categorical::uniform(3).unwrap(), dirichlet_prior())
}
fn multinomial() -> Conjugate<Multinomial> {
    of(Multinomial::uniform(3).unwrap(), dirichlet_prior())
}
fn normal() -> Conjugate<Normal> {
    of(Normal::standard(), normal_prior())
}

fn dirichlet(concentration: f64) -> WeightsPrior {
    WeightsPrior::Dirichlet { concentration }
}

/// The lower bound of one component after as many iterations as it takes.
fn bound<P: ParameterPosterior>(component: &P, xs: Batch<'_, P::Space>, weights: &[f64]) -> f64 {
    let template = VariationalMixture::new(dirichlet(1.0), vec![component.clone()]).unwrap();
    let data = Data::new(xs).weighted(weights);
    let fitted = fit_variational(&template, data, Start::Random, &Options::default()).unwrap();
    assert!(fitted.report.stop_reason.is_converged());
    fitted.report.objective
}

/// One component: q is the exact posterior, and the bound the logarithm of the evidence.
#[test]
fn with_one_component_the_bound_is_the_log_evidence() {
    use variational_data as exact;
    let rows = RowsView::new(&ROWS, 3);
    let reached = [
        (bound(&poisson(), &COUNTS, &WEIGHTS), exact::POISSON),
        (bound(&exponential(), &REALS, &WEIGHTS), exact::EXPONENTIAL),
        (bound(&gamma(), &REALS, &WEIGHTS), exact::GAMMA),
        (bound(&bernoulli(), &BITS, &WEIGHTS), exact::BERNOULLI),
        (bound(&binomial(), &COUNTS, &WEIGHTS), exact::BINOMIAL),
        (bound(&geometric(), &COUNTS, &WEIGHTS), exact::GEOMETRIC),
        (bound(&categorical(), &LEVELS, &WEIGHTS), exact::CATEGORICAL),
        (bound(&multinomial(), rows, &WEIGHTS), exact::MULTINOMIAL),
        (bound(&normal(), &REALS, &WEIGHTS), exact::NORMAL),
    ];
    for (place, (reached, exact)) in reached.into_iter().enumerate() {
        // Some thirty terms of size 10.
        assert!(
            (reached - exact).abs() < 1e-12,
            "{place}: {reached} {exact}"
        );
    }
    // Parts are independent, and so are columns.
    let both = Product::new(normal(), poisson());
    let product = bound(&both, (&REALS[..], &COUNTS[..]), &WEIGHTS);
    assert!((product - exact::NORMAL - exact::POISSON).abs() < 1e-12);
    let twice: Vec<f64> = REALS.iter().flat_map(|&x| [x, x]).collect();
    let columns = Columns::repeat(normal(), 2).unwrap();
    let reached = bound(&columns, RowsView::new(&twice, 2), &WEIGHTS);
    assert!((reached - 2.0 * exact::NORMAL).abs() < 1e-12);
}

/// p(x | data) = p(data, x)/p(data): each predictive density against two evidences.
#[test]
fn the_predictive_density_is_a_ratio_of_evidences() {
    fn check<P: ParameterPosterior>(
        component: P,
        xs: [Batch<'_, P::Space>; 2],
        x: Obs<'_, P::Space>,
    ) {
        let posterior = component.estimate(xs[0], &[1.0; 5]).unwrap();
        let predictive = posterior.predictive().unwrap().log_density(x);
        let ratio = bound(&component, xs[1], &[1.0; 6]) - bound(&component, xs[0], &[1.0; 5]);
        // Two sums of some thirty terms of size 10.
        assert!((predictive - ratio).abs() < 1e-12, "{predictive} {ratio}");
    }
    let (mut counts, mut reals) = (COUNTS.to_vec(), REALS.to_vec());
    let (mut bits, mut levels, mut rows) = (BITS.to_vec(), LEVELS.to_vec(), ROWS.to_vec());
    counts.push(5);
    reals.push(1.75);
    bits.push(0);
    levels.push(1);
    rows.extend([3, 2, 0]);
    check(poisson(), [&COUNTS, &counts], 5);
    check(exponential(), [&REALS, &reals], 1.75);
    check(gamma(), [&REALS, &reals], 1.75);
    check(bernoulli(), [&BITS, &bits], 0);
    check(binomial(), [&COUNTS, &counts], 5);
    check(geometric(), [&COUNTS, &counts], 5);
    check(categorical(), [&LEVELS, &levels], 1);
    let views = [RowsView::new(&ROWS, 3), RowsView::new(&rows, 3)];
    check(multinomial(), views, &[3, 2, 0]);
    check(normal(), [&REALS, &reals], 1.75);
}

/// Two clumps of reals.
fn clumps(count: usize) -> Vec<f64> {
    let mut rng = stream(3, 0);
    let truth = Mixture::new(
        Weights::new(vec![0.4, 0.6]).unwrap(),
        vec![
            Normal::new(0.0, 1.0).unwrap(),
            Normal::new(8.0, 2.0).unwrap(),
        ],
    );
    truth.unwrap().sample(&mut rng, count)
}

fn fitted_normals(
    prior: WeightsPrior,
    components: usize,
) -> em::Fit<VariationalMixture<Conjugate<Normal>>> {
    let xs = clumps(500);
    let vague = NormalInverseGamma::new(5.0, 0.01, 1.0, 1.0).unwrap();
    let component = of(Normal::standard(), vague);
    let template = VariationalMixture::new(prior, vec![component; components]).unwrap();
    fit_variational(&template, Data::of(&xs), Start::Spread, &Options::default()).unwrap()
}

#[test]
fn components_that_are_not_needed_empty() {
    let process = WeightsPrior::DirichletProcess { concentration: 1.0 };
    for prior in [dirichlet(0.01), process] {
        let fitted = fitted_normals(prior, 10);
        let counts = fitted.model.weights().counts();
        let needed: Vec<usize> = (0..10).filter(|&k| counts[k] > 1.0).collect();
        assert_eq!(needed, [0, 1], "{counts:?}");
        let posterior = &fitted.model.components()[0];
        assert!((posterior.belief().mean() - 8.0).abs() < 0.3);
        // The others are as before: a row has no influence on them.
        let last = fitted.model.components()[9].clone();
        assert!((last.belief().shape() - last.prior().shape()).abs() < 0.5);
    }
}

#[test]
fn acceleration_climbs_to_the_same_bound_in_no_more_passes() {
    let xs = clumps(500);
    let vague = NormalInverseGamma::new(5.0, 0.01, 1.0, 1.0).unwrap();
    let template = |prior: WeightsPrior| {
        let component = of(Normal::standard(), vague);
        VariationalMixture::new(prior, vec![component; 6]).unwrap()
    };
    for prior in [
        dirichlet(0.1),
        WeightsPrior::DirichletProcess { concentration: 1.0 },
    ] {
        let template = template(prior);
        let options = Options::default().restarts(1);
        let climb = |acceleration: Acceleration| {
            let mut driver = Driver::new(&options).accelerate(acceleration);
            let expected = template.expected();
            fit_from_with(expected, Data::of(&xs), Start::Spread, &mut driver).unwrap()
        };
        let [plain, fast] = [Acceleration::None, Acceleration::default()].map(climb);
        // Both stop within 1e-7 nats of the maximum.
        assert!((plain.report.objective - fast.report.objective).abs() < 1e-6);
        assert!(
            fast.report.passes <= plain.report.passes,
            "{} against {}",
            plain.report.passes,
            fast.report.passes
        );
        // Coordinates lead back to the posterior.
        let mut packed = Vec::new();
        plain.model.pack(&mut packed);
        packed
            .iter_mut()
            .for_each(|value| *value = value.max(-700.0));
        let again = plain.model.unpack(&mut &packed[..]).unwrap();
        for (one, other) in plain.model.components().iter().zip(again.components()) {
            let (one, other) = (one.belief(), other.belief());
            // e^(ln x), of x up to 500: 7 ε.
            assert!((one.rate() / other.rate() - 1.0).abs() < 1e-14);
            assert!((one.shape() / other.shape() - 1.0).abs() < 1e-14);
        }
    }
}

#[test]
fn no_iteration_lowers_the_bound() {
    let process = WeightsPrior::DirichletProcess { concentration: 5.0 };
    for prior in [dirichlet(0.1), dirichlet(3.0), process] {
        let fitted = fitted_normals(prior, 6);
        for pair in fitted.report.trace.windows(2) {
            // The rounding of a sum of 500 terms of size 5.
            assert!(pair[1] >= pair[0] - 64.0 * f64::EPSILON * 2500.0);
        }
    }
}

#[test]
fn the_predictive_density_of_a_mixture_integrates_to_one() {
    let predictive = fitted_normals(dirichlet(0.5), 3)
        .model
        .predictive()
        .unwrap();
    // x = t/(1 − t²): the tails are those of t distributions.
    let integrand = |t: f64| {
        let rest = 1.0 - t * t;
        if rest == 0.0 {
            return 0.0;
        }
        let jacobian = (1.0 + t * t) / (rest * rest);
        predictive.log_density(t / rest).exp() * jacobian
    };
    let steps = 200_000;
    // The trapezoidal rule on an integrand that is flat at both ends.
    let width = 2.0 / f64::from(steps);
    let sum: f64 = (1..steps)
        .map(|i| integrand(-1.0 + width * f64::from(i)))
        .sum();
    assert!((sum * width - 1.0).abs() < 1e-6, "{}", sum * width);
    let shares = predictive.responsibilities(3.0);
    // Three shares of one division each.
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-14);
}

#[test]
fn new_predictive_densities_sum_to_one_and_their_draws_follow_them() {
    let mut rng = stream(11, 0);
    for (shape, rate_shape) in [(1.0, 3.0), (2.5, 4.0)] {
        let compound = CompoundGamma::new(shape, rate_shape, 2.0).unwrap();
        // x = 2t/(1 − t), which is beta distributed in t: a smooth integrand that is 0 at 1.
        let steps = 100_000;
        let integrand = |i: i32| {
            let t = (f64::from(i) + 0.5) / f64::from(steps);
            (compound.log_density(2.0 * t / (1.0 - t))).exp() * 2.0 / (1.0 - t).powi(2)
        };
        let sum: f64 = (0..steps).map(integrand).sum();
        // The midpoint rule; the power (k − 1) at 0 costs most.
        assert!((sum / f64::from(steps) - 1.0).abs() < 1e-7);
        let draws = compound.sample(&mut rng, 20_000);
        let mean = draws.iter().map(|x| x / (x + 2.0)).sum::<f64>() / 20_000.0;
        let (exact, whole) = (shape / (shape + rate_shape), shape + rate_shape);
        let error = (exact * (1.0 - exact) / (whole + 1.0) / 20_000.0).sqrt();
        // Five standard errors.
        assert!((mean - exact).abs() < 5.0 * error);
        assert_eq!(compound.log_density(-1.0), f64::NEG_INFINITY);
    }
    for (support, least) in [
        (GeometricSupport::Failures, 0),
        (GeometricSupport::Trials, 1),
    ] {
        let counts = BetaGeometric::new(3.0, 2.0, support).unwrap();
        let sum: f64 = (0..100_000).map(|x| counts.log_density(x).exp()).sum();
        // The tail falls as x⁻⁴.
        assert!((sum - 1.0).abs() < 1e-10);
        let draws = counts.sample(&mut rng, 20_000);
        let first = draws.iter().filter(|&&x| x == least).count() as f64 / 20_000.0;
        // Five standard errors of a share of 3/5.
        assert!((first - 0.6).abs() < 5.0 * (0.24_f64 / 20_000.0).sqrt());
        assert!(draws.iter().all(|&x| x >= least));
    }
}

#[test]
fn point_masses_and_known_weights_are_plain_em() {
    let xs = clumps(300);
    let start = vec![
        Normal::new(1.0, 4.0).unwrap(),
        Normal::new(5.0, 4.0).unwrap(),
    ];
    let known = Weights::new(vec![0.3, 0.7]).unwrap();
    let plain = Mixture::new(FixedWeights::new(known.clone()), start.clone()).unwrap();
    let plain = fit(plain, Data::of(&xs), &Options::default()).unwrap();
    let points = start.into_iter().map(PointMassPosterior).collect();
    let template = VariationalMixture::new(WeightsPrior::Known(known.to_vec()), points).unwrap();
    let options = Options::default();
    let fitted = fit_variational(&template, Data::of(&xs), Start::Model, &options).unwrap();
    assert_eq!(fitted.report.trace, plain.report.trace);
    for (point, component) in fitted
        .model
        .components()
        .iter()
        .zip(plain.model.components())
    {
        assert_eq!(&point.0, component);
    }
}

/// The prior is worth a fixed number of rows: its share falls as one over the weight of the data.
#[test]
fn heavy_rows_approach_em_as_one_over_their_weight() {
    let xs = clumps(200);
    let options = Options::default().tolerance(1e-12).max_iterations(2000);
    let labels: Vec<Option<u32>> = xs.iter().map(|&x| Some(u32::from(x > 4.0))).collect();
    let start = Start::Labels(&labels);
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let plain = fit_from(&template, Data::of(&xs), start, &options)
        .unwrap()
        .model;
    let distance = |heavy: f64| {
        let template = VariationalMixture::new(dirichlet(1.0), vec![normal(); 2]).unwrap();
        let weights = vec![heavy; xs.len()];
        let data = Data::of(&xs).weighted(&weights);
        let fitted = fit_variational(&template, data, start, &options)
            .unwrap()
            .model;
        let parts = fitted.components().iter().zip(plain.components());
        let apart = parts.map(|(posterior, component)| {
            let centre = posterior.centre();
            (centre.mean() - component.mean()).abs()
                + (centre.variance() - component.variance()).abs()
        });
        apart.sum::<f64>() + (fitted.weights().means()[0] - plain.weights()[0]).abs()
    };
    let distances = [distance(1e2), distance(1e3), distance(1e4)];
    for pair in distances.windows(2) {
        // A slope of −1; the next order is 1/100 of it at the heaviest prior.
        assert!((pair[0] / pair[1] - 10.0).abs() < 0.2, "{distances:?}");
    }
}

#[test]
fn equal_rows_have_a_posterior() {
    let xs = vec![2.5; 40];
    let process = WeightsPrior::DirichletProcess { concentration: 1.0 };
    let template = VariationalMixture::new(process, vec![normal(); 3]).unwrap();
    let options = Options::default();
    let fitted = fit_variational(&template, Data::of(&xs), Start::Random, &options).unwrap();
    assert!(fitted.report.degeneracies.is_empty());
    assert!(
        fitted
            .model
            .components()
            .iter()
            .all(|c| c.belief().rate() > 0.0)
    );
    assert!(fitted.report.objective.is_finite());
    // Rows without weight leave the prior.
    let prior = normal().estimate(&xs, &[0.0; 40]).unwrap();
    assert_eq!(prior.belief(), prior.prior());
    // A category, a success, that no row shows keeps a density.
    let seen = categorical().estimate(&[0, 0, 0], &[1.0; 3]).unwrap();
    assert!(seen.log_density(2) > f64::NEG_INFINITY);
    let certain = of(Bernoulli::new(0.5).unwrap(), Beta::new(1.0, 0.01).unwrap());
    let certain = certain.estimate(&[1], &[1e15]).unwrap();
    assert!(certain.log_density(0) > f64::NEG_INFINITY);
    assert!(certain.log_prior().is_finite());
}

#[test]
fn results_have_the_same_bits_for_any_number_of_threads() {
    let xs = clumps(3000);
    let template = VariationalMixture::new(dirichlet(0.3), vec![normal(); 4]).unwrap();
    let fitted = |threads: usize| {
        let options = Options::default().threads(threads).restarts(2);
        fit_variational(&template, Data::of(&xs), Start::Spread, &options).unwrap()
    };
    let (one, three) = (fitted(1), fitted(3));
    assert_eq!(one.report.trace, three.report.trace);
    assert_eq!(one.model, three.model);
}

#[test]
fn priors_outside_the_range_are_refused() {
    let tiny = Beta::new(1e-3, 1.0).unwrap();
    assert!(Conjugate::new(Bernoulli::new(0.5).unwrap(), tiny).is_err());
    let wrong = Conjugate::new(Categorical::uniform(2).unwrap(), dirichlet_prior());
    assert!(wrong.is_err());
    assert!(NormalInverseGamma::new(0.0, 0.0, 1.0, 1.0).is_err());
    assert!(NormalInverseGamma::new(f64::NAN, 1.0, 1.0, 1.0).is_err());
}

/// Latent classes: a product of columns of different kinds, some of them points.
#[test]
fn parts_without_a_conjugate_prior_are_points_beside_those_that_have_one() {
    let mut rng = stream(5, 0);
    let reals = clumps(200);
    let counts: Vec<u64> = reals
        .iter()
        .map(|&x| u64::from(x > 4.0) * 6 + rng.random_range(0..3))
        .collect();
    let component = Product::new(PointMassPosterior(Normal::standard()), poisson());
    let template = VariationalMixture::new(dirichlet(1.0), vec![component; 2]).unwrap();
    let data = Data::new((&reals[..], &counts[..]));
    let fitted = fit_variational(&template, data, Start::Spread, &Options::default()).unwrap();
    let predictive = fitted.model.predictive().unwrap();
    assert!(predictive.log_density((8.0, 7)).is_finite());
    assert!(predictive.responsibilities((8.0, 7))[0] > 0.99);
}
