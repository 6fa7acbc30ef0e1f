//! Mixtures that grow: a fit along a shared path has the bits of a fit by itself.

use distributions::combine::Columns;
use distributions::{
    Batch, Bernoulli, Component, Coordinates, Density, EstimateError, Normal, Poisson, RowsView,
    Sample, Scalars,
};
use em::select::{Assessed, InformationCriterion::Bic, rank, rank_chains};
use em::{
    Acceleration, Allowed, AnnealedEm, ComponentSet, Data, Driver, Fit, FitError, FixedComponents,
    FixedWeights, Growth, GrowthPath, Mixture, MultinomialLogisticWeights, OnDegenerate, Options,
    SharedVariance, Start, StopReason, Variant, WeightModel, WithNoise, fit, fit_from, fit_from_by,
    fit_from_with, starting_model, stream,
};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

const GROWN: Start<'static> = Start::Grown(Growth {
    splits: 6,
    iterations: 5,
    continued: 2,
});

/// Five normals, of which neighbours overlap.
fn normals() -> Vec<f64> {
    let truth = [0.0, 3.0, 7.0, 12.0, 14.0].map(|mean| Normal::new(mean, 1.0).unwrap());
    Mixture::uniform(truth.to_vec()).sample(&mut stream(5, 0), 400)
}

fn standard(components: usize) -> Mixture<Vec<Normal>> {
    Mixture::uniform(vec![Normal::standard(); components])
}

type Space<S, W> = <Mixture<S, W> as distributions::Density>::Space;

/// A fit by itself.
fn alone<S, W>(
    template: &Mixture<S, W>,
    data: Data<'_, Batch<'_, Space<S, W>>>,
    options: &Options,
) -> Result<Fit<Mixture<S, W>>, FitError>
where
    S: ComponentSet,
    W: WeightModel,
    Mixture<S, W>: Coordinates + 'static,
{
    let mut driver = Driver::new(options).accelerate(Acceleration::default());
    fit_from_with(template, data, GROWN, &mut driver)
}

/// Every number of components along one path, by one to three threads, against fits by themselves.
fn check<S, W>(
    what: &str,
    template: impl Fn(usize) -> Mixture<S, W>,
    data: Data<'_, Batch<'_, Space<S, W>>>,
    options: &Options,
) where
    S: ComponentSet,
    W: WeightModel,
    Mixture<S, W>: Coordinates + PartialEq + Debug + 'static,
{
    let singly: Vec<_> = (1..=4)
        .map(|count| {
            let fit = alone(&template(count), data, &options.clone().threads(1));
            fit.unwrap_or_else(|error| panic!("{what}, {count} components: {error}"))
        })
        .collect();
    for threads in 1..=3 {
        let options = options.clone().threads(threads);
        let mut path = GrowthPath::default();
        // Numbers left out, and one that is behind the end of the path.
        for count in [2, 4, 1, 3] {
            let mut driver = Driver::new(&options)
                .accelerate(Acceleration::default())
                .growing(&mut path);
            let fit = fit_from_with(&template(count), data, GROWN, &mut driver).unwrap();
            let single = &singly[count - 1];
            let what = format!("{what}, {count} components, {threads} threads");
            assert_eq!(fit.model, single.model, "{what}");
            assert_eq!(fit.report, single.report, "{what}");
        }
        assert_eq!(path.len(), 4, "{what}");
    }
    // The way is the fits of fewer components.
    for (count, fit) in singly.iter().enumerate() {
        let way: Vec<f64> = fit
            .report
            .growth
            .iter()
            .map(|step| step.objective)
            .collect();
        let ends: Vec<f64> = singly[..=count]
            .iter()
            .map(|fit| fit.report.objective)
            .collect();
        assert_eq!(way, ends, "{what}");
    }
}

#[test]
fn a_path_changes_no_bit() {
    let xs = normals();
    let options = Options::default().max_iterations(60);
    let data = Data::new(&xs[..]);
    check("normals", standard, data, &options);
    let weights: Vec<f64> = (0..xs.len()).map(|i| (i % 3) as f64).collect();
    check("weighted", standard, data.weighted(&weights), &options);
    check("trimmed", standard, data, &options.clone().trim(0.06));
    for policy in [OnDegenerate::Reset, OnDegenerate::Floor] {
        let options = options.clone().on_degenerate(policy);
        check(&format!("{policy:?}"), standard, data, &options);
    }
    let shared = |count| Mixture::uniform(SharedVariance::new(vec![0.0; count], 1.0).unwrap());
    check("a shared variance", shared, data, &options);
    let noisy = |count| {
        let set = vec![Normal::standard(); count];
        Mixture::uniform(WithNoise::in_bounding_box(set, &xs[..]).unwrap())
    };
    check("noise", noisy, data, &options);
    let equal = |count| {
        let set = vec![Normal::standard(); count];
        Mixture::new(FixedWeights::equal(count), set).unwrap()
    };
    check("equal weights", equal, data, &options);
    let known = |count: usize| {
        let set = vec![Normal::new(7.0, 1.0).unwrap(); count + 1];
        Mixture::uniform(FixedComponents::new(&set, &[0]))
    };
    check("a known component", known, data, &options);
    let prior = |count: usize| {
        let weights = em::Weights::uniform(count).with_prior(vec![1.5; count]);
        Mixture::new(weights.unwrap(), vec![Normal::standard(); count]).unwrap()
    };
    check("a prior of weights", prior, data, &options);
    let covariates: Vec<f64> = xs
        .iter()
        .enumerate()
        .map(|(i, x)| x + (i % 5) as f64)
        .collect();
    let design: Vec<f64> = covariates.iter().flat_map(|z| [1.0, *z]).collect();
    let concomitant = |count: usize| {
        let weights = MultinomialLogisticWeights::uniform(count, 2);
        Mixture::new(weights, vec![Normal::standard(); count]).unwrap()
    };
    let joint = Data::new((RowsView::new(&design, 2), &xs[..]));
    check("weights of covariates", concomitant, joint, &options);
}

#[test]
fn a_path_changes_no_bit_of_counts_and_of_products() {
    let options = Options::default().max_iterations(60);
    let truth = [1.0, 6.0, 20.0, 40.0].map(|rate| Poisson::new(rate).unwrap());
    let counts = Mixture::uniform(truth.to_vec()).sample(&mut stream(2, 0), 300);
    let poissons = |count| Mixture::uniform(vec![Poisson::new(1.0).unwrap(); count]);
    check("poissons", poissons, Data::of(&counts), &options);
    let mut rng = stream(9, 0);
    let classes: Vec<Columns<Bernoulli>> = [
        [0.9, 0.8, 0.1, 0.2],
        [0.2, 0.1, 0.7, 0.9],
        [0.5, 0.9, 0.9, 0.1],
    ]
    .iter()
    .map(|ps| Columns::new(ps.iter().map(|&p| Bernoulli::new(p).unwrap()).collect()).unwrap())
    .collect();
    let answers = Mixture::uniform(classes).sample(&mut rng, 300);
    let template = |count| {
        let columns = Columns::new(vec![Bernoulli::new(0.5).unwrap(); 4]).unwrap();
        Mixture::uniform(vec![columns; count])
    };
    check("latent classes", template, Data::of(&answers), &options);
}

#[test]
fn every_number_of_components_ends_in_a_maximum_and_far_groups_are_found() {
    let truth = [0.0, 6.0, 12.0, 20.0, 30.0].map(|mean| Normal::new(mean, 1.0).unwrap());
    let truth = Mixture::uniform(truth.to_vec());
    let xs = truth.sample(&mut stream(5, 0), 400);
    let data = Data::new(&xs[..]);
    for seed in 0..5 {
        let options = Options::default().seed(seed);
        let mut path = GrowthPath::default();
        let mut driver = Driver::new(&options).growing(&mut path);
        let grown = fit_from_with(&standard(5), data, GROWN, &mut driver).unwrap();
        // One component is mean and variance of all.
        let mean = xs.iter().sum::<f64>() / xs.len() as f64;
        let variance = xs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / xs.len() as f64;
        let n = xs.len() as f64;
        let expected = -0.5 * n * ((std::f64::consts::TAU * variance).ln() + 1.0);
        let one = grown.report.growth[0].objective;
        // A sum of 400 terms of a few units.
        assert!((one - expected).abs() < 1e-10, "{one} {expected}");
        // Each further component is the start of the next, and raises the likelihood of such data.
        let way = &grown.report.growth;
        assert!(
            way.windows(2)
                .all(|pair| pair[0].objective < pair[1].objective)
        );
        // Plain EM from there gains less than the tolerance, ten times.
        let again = fit(grown.model.clone(), data, &options).unwrap();
        let gain = again.report.objective - grown.report.objective;
        assert!((-1e-9..1e-6).contains(&gain), "seed {seed}: {gain}");
        // The maximum near the truth is found from every seed.
        let near = fit(truth.clone(), data, &options).unwrap();
        assert!(
            grown.report.objective > near.report.objective - 1e-4,
            "seed {seed}"
        );
    }
}

/// A normal that counts how often it is asked for a density.
#[derive(Clone)]
struct Counting(Normal, Arc<AtomicUsize>);

impl Density for Counting {
    type Space = Scalars<f64>;
    fn log_density(&self, x: f64) -> f64 {
        self.1.fetch_add(1, Relaxed);
        self.0.log_density(x)
    }
}

impl Component for Counting {
    type Statistics = <Normal as Component>::Statistics;
    fn empty_statistics(&self) -> Self::Statistics {
        self.0.empty_statistics()
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: f64, weight: f64) {
        self.0.accumulate(into, x, weight);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        Ok(Counting(self.0.maximize(from)?, self.1.clone()))
    }
    fn parameter_count(&self) -> usize {
        self.0.parameter_count()
    }
}

#[test]
fn a_shared_path_takes_fewer_passes_and_the_same_winner() {
    let xs = normals();
    let counter = Arc::new(AtomicUsize::new(0));
    let counted = Counting(Normal::standard(), counter.clone());
    let options = Options::default().threads(1);
    let template = |count: usize| Mixture::uniform(vec![counted.clone(); count]);
    let assess = |count: usize, path: Option<&mut GrowthPath<_>>| {
        let mut driver = Driver::new(&options);
        if let Some(path) = path {
            driver = driver.growing(path);
        }
        let fit = fit_from_with(&template(count), Data::new(&xs[..]), GROWN, &mut driver)?;
        let evaluation = fit.model.evaluate(Data::new(&xs[..]))?;
        Ok::<_, FitError>(Assessed::new(fit, &evaluation, Bic, 1, &[]))
    };
    let counts: Vec<usize> = (1..=6).collect();
    let singly = rank(counts.clone(), 1, |&count| assess(count, None));
    let taken = counter.swap(0, Relaxed);
    let along = rank_chains(vec![counts.clone()], 1, |&count, path| {
        assess(count, Some(path))
    });
    let shared = counter.swap(0, Relaxed);
    // Six fits of up to six steps are 21 steps, and six along the path, though the six that cost most.
    assert!(
        5 * shared < 3 * taken,
        "{shared} scores, and {taken} without the path"
    );
    let several = rank_chains(
        vec![vec![6, 2], vec![3, 1], vec![5, 4]],
        3,
        |&count, path| assess(count, Some(path)),
    );
    assert_eq!(singly.ranked.len(), 6);
    for other in [&along, &several] {
        for (a, b) in singly.ranked.iter().zip(&other.ranked) {
            assert_eq!(a.candidate, b.candidate);
            assert_eq!(a.value, b.value);
            assert_eq!(a.fit.report, b.fit.report);
        }
    }
    // The report of a fit counts its own way, whoever has gone it.
    let passes = |count| {
        let mut ranked = along.ranked.iter();
        ranked
            .find(|one| one.candidate == count)
            .unwrap()
            .fit
            .report
            .passes
    };
    assert!((1..6).all(|count| passes(count) < passes(count + 1)));
}

#[test]
fn what_has_no_meaning_with_fewer_components_is_refused() {
    let xs = normals();
    let data = Data::new(&xs[..]);
    let options = Options::default();
    let refused = |outcome: Result<Fit<Mixture<Vec<Normal>>>, FitError>, why: &str| {
        let error = outcome.unwrap_err();
        assert!(
            error.is_input() && error.to_string().contains(why),
            "{error}"
        );
    };
    let index = vec![Allowed::FREE; xs.len()];
    let known = Allowed {
        index: &index,
        log_evidence: &[0.0, f64::NEG_INFINITY],
    };
    let labelled = data.allowing(known);
    refused(
        fit_from(&standard(2), labelled, GROWN, &options),
        "all components",
    );
    let drop = options.clone().on_degenerate(OnDegenerate::Drop);
    refused(fit_from(&standard(2), data, GROWN, &drop), "does not grow");
    let algorithm = AnnealedEm::default();
    let mut variant = Variant::new(&algorithm, &options);
    refused(
        fit_from_by(&standard(2), data, GROWN, &mut variant),
        "growth",
    );
    let started = starting_model(&standard(2), data, GROWN, &mut stream(0, 0));
    assert!(started.unwrap_err().is_input());
    let fixed = Mixture::uniform(FixedComponents::new(&vec![Normal::standard(); 2], &[0, 1]));
    assert!(
        fit_from(&fixed, data, GROWN, &options)
            .unwrap_err()
            .is_input()
    );
    // A path of other data, or other options.
    let mut path = GrowthPath::default();
    let mut driver = Driver::new(&options).growing(&mut path);
    fit_from_with(&standard(2), data, GROWN, &mut driver).unwrap();
    let mut driver = Driver::new(&options).growing(&mut path);
    let fewer = Data::new(&xs[1..]);
    refused(
        fit_from_with(&standard(2), fewer, GROWN, &mut driver),
        "other data or options",
    );
    let other = options.clone().seed(1);
    let mut driver = Driver::new(&other).growing(&mut path);
    refused(
        fit_from_with(&standard(2), data, GROWN, &mut driver),
        "other data or options",
    );
    // As many as there are distinct rows, and more.
    let few: [u64; 6] = [0, 0, 3, 3, 9, 9];
    let poissons = |count| Mixture::uniform(vec![Poisson::new(1.0).unwrap(); count]);
    assert!(fit_from(&poissons(3), Data::new(&few[..]), GROWN, &options).is_ok());
    let error = fit_from(&poissons(4), Data::new(&few[..]), GROWN, &options).unwrap_err();
    assert_eq!(
        error,
        FitError::TooFewDistinctRows {
            distinct: 3,
            components: 4
        }
    );
}

#[test]
fn a_failure_names_the_number_of_components() {
    // Two points: the division by spread seeds, the first that is tried, leaves each component one of them.
    let xs = [0.0, 0.0, 0.0, 0.0, 1e6, 1e6, 1e6, 1e6];
    let data = Data::new(&xs[..]);
    let start = Start::Grown(Growth {
        splits: 1,
        ..Growth::default()
    });
    let mut path = GrowthPath::default();
    let options = Options::default();
    let mut driver = Driver::new(&options).growing(&mut path);
    assert!(fit_from_with(&standard(1), data, start, &mut driver).is_ok());
    let error = fit_from(&standard(2), data, start, &options).unwrap_err();
    let FitError::Growing {
        components: 2,
        source,
    } = &error
    else {
        panic!("{error}");
    };
    assert!(matches!(**source, FitError::Estimate { .. }), "{source}");
    assert!(!error.is_input());
    assert!(
        error
            .to_string()
            .starts_with("growing to 2 components: iteration"),
        "{error}"
    );
    let mut driver = Driver::new(&options).growing(&mut path);
    let along = fit_from_with(&standard(2), data, start, &mut driver).unwrap_err();
    assert_eq!(along.to_string(), error.to_string());
}

#[test]
fn a_clock_that_runs_out_leaves_a_mixture_and_no_path() {
    let xs = normals();
    let options = Options::default().time_limit(Duration::ZERO);
    let mut path = GrowthPath::default();
    let mut driver = Driver::new(&options).growing(&mut path);
    let fitted = fit_from_with(&standard(4), Data::new(&xs[..]), GROWN, &mut driver).unwrap();
    assert_eq!(fitted.model.len(), 4);
    assert_eq!(fitted.report.stop_reason, StopReason::TimeLimit);
    assert!(path.is_empty());
}
