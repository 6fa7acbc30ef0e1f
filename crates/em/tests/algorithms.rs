//! The algorithms beside EM: where they must equal the plain step they do; each finds a simulated truth;
//! what cannot work is refused.

use distributions::combine::{Truncated, ZeroInflated};
use distributions::regression::PoissonRegression;
use distributions::{
    Categorical, Component, Coordinates, Exponential, Gamma, Normal, Poisson, Sample, StudentT,
    Weibull,
};
use em::{
    Algorithm, AnnealedEm, At, Data, Drawn, Driver, Fit, FitError, Hard, IncrementalEm,
    LatentModel, Mixture, NamedAlgorithm, OnDegenerate, OnlineEm, OnlineLearner, Options,
    Responsibilities, RowSource, SharedVariance, Soft, Start, StochasticEm, StopReason, Tempered,
    Variant, Weights, Workspace, e_step, fit, fit_from_by, stream,
};
use rand::RngExt;

fn options() -> Options {
    Options::default().threads(1)
}

fn by<M: LatentModel, A: Algorithm<M> + ?Sized>(
    algorithm: &A,
    start: &M,
    data: Data<'_, distributions::Batch<'_, M::Space>>,
    options: &Options,
) -> Result<Fit<M>, FitError> {
    Variant::new(algorithm, options).fit(start.clone(), data)
}

fn mixture<C: Component>(weights: &[f64], components: Vec<C>) -> Mixture<Vec<C>> {
    Mixture::new(Weights::new(weights.to_vec()).unwrap(), components).unwrap()
}

fn poissons(weights: &[f64], rates: &[f64]) -> Mixture<Vec<Poisson>> {
    let components = rates.iter().map(|&rate| Poisson::new(rate).unwrap());
    mixture(weights, components.collect())
}

fn gammas() -> Mixture<Vec<Gamma>> {
    mixture(
        &[0.4, 0.6],
        vec![Gamma::new(2.0, 2.0).unwrap(), Gamma::new(9.0, 1.5).unwrap()],
    )
}

fn students() -> Mixture<Vec<StudentT>> {
    let student = |location, scale, df| StudentT::new(location, scale, df).unwrap();
    mixture(
        &[0.5, 0.5],
        vec![student(-2.0, 1.0, 4.0), student(2.0, 0.5, 9.0)],
    )
}

fn categoricals() -> Mixture<Vec<Categorical>> {
    let categorical = |p: [f64; 4]| Categorical::new(p.to_vec()).unwrap();
    mixture(
        &[0.3, 0.7],
        vec![
            categorical([0.7, 0.1, 0.1, 0.1]),
            categorical([0.1, 0.2, 0.3, 0.4]),
        ],
    )
}

fn zero_inflated() -> Mixture<Vec<ZeroInflated<Poisson>>> {
    let part = |p, rate| ZeroInflated::new(p, Poisson::new(rate).unwrap()).unwrap();
    mixture(&[0.5, 0.5], vec![part(0.2, 3.0), part(0.05, 12.0)])
}

fn drawn<M: Sample>(model: &M, rows: usize) -> distributions::Buffer<M::Space> {
    model.sample(&mut stream(5, 0), rows)
}

/// Runs `check` on mixtures of several families with rows of their own, from a start beside the truth.
macro_rules! on_several_families {
    ($check:ident, $rows:expr) => {
        let poissons = poissons(&[0.5, 0.3, 0.2], &[1.0, 4.0, 9.0]);
        $check("poisson", &poissons, &drawn(&poissons, $rows));
        $check("gamma", &gammas(), &drawn(&gammas(), $rows));
        $check("student_t", &students(), &drawn(&students(), $rows));
        $check(
            "categorical",
            &categoricals(),
            &drawn(&categoricals(), $rows),
        );
        let inflated = zero_inflated();
        $check("zero_inflated", &inflated, &drawn(&inflated, $rows));
        let shared = Mixture::uniform(SharedVariance::new(vec![-1.0, 2.0], 2.0).unwrap());
        $check("shared variance", &shared, &drawn(&shared, $rows));
        let truncated = |rate| Truncated::new(Exponential::new(rate).unwrap(), 0.0, 5.0).unwrap();
        let truncated = mixture(&[0.5, 0.5], vec![truncated(1.0), truncated(6.0)]);
        $check("truncated", &truncated, &drawn(&truncated, $rows));
    };
}

/// Annealing at β = 1, incremental EM with one block, and online EM with one batch are plain EM, bit for
/// bit, whatever the family and with row weights.
#[test]
fn three_algorithms_equal_plain_em_where_they_must() {
    fn check<M, D>(name: &str, start: &M, rows: &D)
    where
        M: LatentModel + LatentModel<Tempered> + PartialEq + std::fmt::Debug,
        D: RowSource<Space = M::Space>,
    {
        let weights: Vec<f64> = (0..3000).map(|i| f64::from(i % 4) / 2.0).collect();
        let data = Data::of(rows).weighted(&weights);
        let options = options().max_iterations(6);
        let plain = fit(start.clone(), data, &options).unwrap();
        let cold = AnnealedEm {
            first: 1.0,
            ..AnnealedEm::default()
        };
        let cold = by(&cold, start, data, &options).unwrap();
        assert_eq!(cold.model, plain.model, "{name}");
        assert_eq!(cold.report, plain.report, "{name}");
        let whole = IncrementalEm {
            blocks: 1,
            sweeps: 1,
        };
        let whole = by(&whole, start, data, &options).unwrap();
        assert_eq!(whole.model, plain.model, "{name}");
        assert_eq!(whole.report, plain.report, "{name}");

        let step = fit(start.clone(), data, &options.clone().max_iterations(1)).unwrap();
        let one = OnlineEm {
            batch_rows: 3000,
            ..OnlineEm::default()
        };
        let once = by(&one, start, data, &options).unwrap();
        assert_eq!(once.model, step.model, "{name}");
        assert_eq!(once.report.trace, step.report.trace, "{name}");
        // Step size 1 forgets what was before: batch after batch a plain step.
        let schedule = OnlineEm {
            exponent: 0.0,
            ..one
        };
        let mut learner = OnlineLearner::new(start.clone(), schedule, &options).unwrap();
        for value in &plain.report.trace[..plain.report.iterations()] {
            // Statistics are multiplied by the number of rows so far: roundings of the estimate, no more.
            let difference = learner.partial_fit(data).unwrap() - value;
            assert!(
                difference.abs() <= 1e-12 * value.abs(),
                "{name}: {difference}"
            );
        }
        let now = fit(learner.model().clone(), data, &options.max_iterations(0)).unwrap();
        let difference = now.report.objective - plain.report.objective;
        assert!(
            difference.abs() <= 1e-12 * plain.report.objective.abs(),
            "{name}: {difference}"
        );
    }
    on_several_families!(check, 3000);
}

/// Components so far apart that the other one's share is below 1e-16: labels, draws and every
/// temperature from a half on agree with Bayes' theorem.
#[test]
fn well_separated_rows_make_all_rules_equal() {
    fn step<R: Responsibilities>(model: &Mixture<Vec<Poisson>>, xs: &[u64], rule: &R) -> Vec<f64> {
        let mut workspace = Workspace::new(xs, &model.empty_statistics(), 1);
        e_step(model, Data::new(xs), 1, rule, &mut workspace);
        let next = model.maximize(workspace.statistics()).unwrap();
        let rates = next.components().iter().map(Poisson::rate);
        rates.chain(next.weights().iter().copied()).collect()
    }
    let truth = poissons(&[0.4, 0.6], &[3.0, 900.0]);
    let xs = drawn(&truth, 1000);
    let start = poissons(&[0.5, 0.5], &[5.0, 700.0]);
    let plain = step(&start, &xs, &Soft);
    for other in [
        step(&start, &xs, &Hard),
        step(&start, &xs, &Drawn::new(3, 0)),
        step(&start, &xs, &Tempered::new(0.5).unwrap()),
    ] {
        for (a, b) in plain.iter().zip(&other) {
            // Sums of 1000 shares, each right to a rounding.
            assert!((a - b).abs() <= 1e-13 * a, "{a} {b}");
        }
    }
}

/// Of many draws a share of r_ik goes to component k, and each row goes to one component whole.
#[test]
fn labels_are_drawn_with_the_responsibilities() {
    let shares = [
        [0.5, 0.0, 0.5],
        [0.05, 0.9, 0.05],
        [0.25, 0.35, 0.4],
        [1.0, 0.0, 0.0],
    ];
    let (rows, draws) = (shares.len(), 40_000);
    let joint: Vec<f64> = (0..3)
        .flat_map(|k| shares.iter().map(move |row: &[f64; 3]| row[k].ln() - 7.0))
        .collect();
    let mut counts = vec![0.0; 3 * rows];
    for iteration in 0..draws {
        let (mut drawn, mut value) = (joint.clone(), vec![0.0; rows]);
        let at = At {
            iteration,
            row: 256,
        };
        Drawn::new(1, 2).assign(at, &mut drawn, &mut value);
        for (i, value) in value.iter().enumerate() {
            assert!((value + 7.0).abs() < 1e-14);
            assert_eq!((0..3).map(|k| drawn[k * rows + i]).sum::<f64>(), 1.0);
        }
        counts.iter_mut().zip(&drawn).for_each(|(c, d)| *c += d);
    }
    for (i, row) in shares.iter().enumerate() {
        for (k, share) in row.iter().enumerate() {
            let found = counts[k * rows + i] / draws as f64;
            // Four binomial standard errors.
            let bound = 4.0 * (share * (1.0 - share) / draws as f64).sqrt();
            assert!((found - share).abs() <= bound, "{i} {k}: {found} {share}");
        }
    }
}

/// J_β and its responsibilities, written as they are defined.
#[test]
fn the_tempered_rule_is_its_definition() {
    let joint = [-1.0f64, -800.0, -3.5, -2.0, -801.0, f64::NEG_INFINITY];
    for beta in [0.2, 0.7, 1.0, 3.0] {
        let (mut shares, mut value) = (joint, [0.0; 3]);
        Tempered::new(beta)
            .unwrap()
            .assign(At::default(), &mut shares, &mut value);
        for i in 0..3 {
            let shift = joint[i];
            let terms = [0, 3].map(|k| (beta * (joint[i + k] - shift)).exp());
            let total = terms[0] + terms[1];
            assert!((value[i] - (shift + total.ln() / beta)).abs() < 1e-12);
            // Exponents of 3 · 801, each right to a rounding.
            assert!((shares[i] - terms[0] / total).abs() < 1e-12);
            assert!((shares[i + 3] - terms[1] / total).abs() < 1e-12);
        }
    }
    for beta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(Tempered::new(beta), Err(FitError::Shape(_))));
    }
}

/// EM at a temperature never lowers J_β: the driver would stop for [`StopReason::ObjectiveFell`].
#[test]
fn no_iteration_lowers_the_objective_of_a_temperature() {
    fn check<M, D>(name: &str, start: &M, rows: &D)
    where
        M: LatentModel + LatentModel<Tempered>,
        D: RowSource<Space = M::Space>,
    {
        for beta in [0.2, 0.6, 1.2] {
            let options = options().tolerance(0.0).max_iterations(40);
            let mut workspace = Workspace::new(rows.rows(), &start.empty_statistics(), 1);
            let rule = Tempered::new(beta).unwrap();
            let mut driver = Driver::new(&options).rule(&rule);
            let fitted = driver.run(start.clone(), Data::of(rows), 0, &mut workspace);
            let report = fitted.unwrap().report;
            assert_ne!(
                report.stop_reason,
                StopReason::ObjectiveFell,
                "{name} {beta}"
            );
        }
    }
    on_several_families!(check, 2000);
}

/// Incremental EM from several starts: the objective never falls, and where it stops plain EM has
/// nothing to gain.
#[test]
fn incremental_em_climbs_to_where_plain_em_rests() {
    fn check<M, D>(name: &str, start: &M, rows: &D)
    where
        M: LatentModel,
        D: RowSource<Space = M::Space>,
    {
        let options = options();
        for (blocks, sweeps) in [(32, 1), (4, 1), (8, 3)] {
            let algorithm = IncrementalEm { blocks, sweeps };
            let fitted = by(&algorithm, start, Data::of(rows), &options).unwrap();
            assert!(fitted.report.stop_reason.is_converged(), "{name} {blocks}");
            for pair in fitted.report.trace.windows(2) {
                // 64 ε Σ |log p| is the bound of rounding.
                assert!(
                    pair[1] >= pair[0] - 1.5e-14 * pair[0].abs(),
                    "{name} {pair:?}"
                );
            }
            let plain = fit(fitted.model, Data::of(rows), &options).unwrap();
            let gain = plain.report.objective - fitted.report.objective;
            // Both rest within the tolerance, 1e-7, of the maximum, as estimated.
            assert!(gain.abs() < 1e-6, "{name} {blocks}: {gain}");
        }
    }
    on_several_families!(check, 5000);
}

/// Four standard errors of a mean of the complete data, of which overlap takes a part: twice that.
fn near(found: f64, truth: f64, deviation: f64, count: f64) -> bool {
    (found - truth).abs() <= 8.0 * deviation / count.sqrt()
}

/// Every algorithm finds a simulated truth of Poissons from a start beside it, and of gammas from spread
/// rows.
#[test]
fn each_algorithm_recovers_a_simulated_truth() {
    let rows = 20_000;
    let algorithms = [
        NamedAlgorithm::Stochastic(StochasticEm {
            burn_in: 60,
            draws: 60,
        }),
        NamedAlgorithm::Annealed(AnnealedEm::default()),
        NamedAlgorithm::Incremental(IncrementalEm::default()),
        NamedAlgorithm::Online(OnlineEm {
            batch_rows: 100,
            sweeps: 10,
            ..OnlineEm::default()
        }),
    ];
    let truth = poissons(&[0.5, 0.3, 0.2], &[1.0, 6.0, 15.0]);
    let counts = drawn(&truth, rows);
    let start = poissons(&[0.3, 0.4, 0.3], &[2.0, 5.0, 11.0]);
    for algorithm in &algorithms {
        let fitted = by(algorithm, &start, Data::of(&counts), &options()).unwrap();
        let model = fitted
            .model
            .sorted_by(|model, k| model.components()[k].rate());
        for (k, (component, expected)) in
            (model.components().iter().zip(truth.components())).enumerate()
        {
            let weight = truth.weights()[k];
            let (rate, count) = (expected.rate(), weight * rows as f64);
            assert!(
                near(component.rate(), rate, rate.sqrt(), count),
                "{algorithm:?} {component:?}"
            );
            let deviation = (weight * (1.0 - weight)).sqrt();
            assert!(
                near(model.weights()[k], weight, deviation, rows as f64),
                "{algorithm:?}"
            );
        }
    }
    let (truth, xs) = (gammas(), drawn(&gammas(), rows));
    let reference = fit(truth.clone(), Data::of(&xs), &options()).unwrap();
    for algorithm in &algorithms {
        let template = mixture(&[0.5; 2], vec![Gamma::new(1.0, 1.0).unwrap(); 2]);
        let options = options().restarts(2);
        let mut variant = Variant::new(algorithm, &options);
        let fitted = fit_from_by(&template, Data::of(&xs), Start::Spread, &mut variant).unwrap();
        // χ² with 5 degrees of freedom: twice the loss of a rival of maximum likelihood is below 20.5
        // but once in a thousand.
        let loss = reference.report.objective - fitted.report.log_likelihood;
        assert!(loss < 10.0, "{algorithm:?}: {loss}");
        let means: Vec<f64> = fitted
            .model
            .components()
            .iter()
            .map(|c| c.shape() / c.rate())
            .collect();
        assert!(
            (means[0] - 6.0).abs() < 0.2 && (means[1] - 1.0).abs() < 0.1,
            "{means:?}"
        );
    }
}

/// A start beside the saddle where all components coincide: plain EM rests there, annealing does not.
#[test]
fn annealing_leaves_a_saddle() {
    let truth = poissons(&[0.5, 0.5], &[1.0, 9.0]);
    let xs = drawn(&truth, 2000);
    let mean = xs.iter().sum::<u64>() as f64 / 2000.0;
    let saddle = poissons(&[0.5, 0.5], &[mean, mean]);
    let plain = fit(saddle.clone(), Data::of(&xs), &options()).unwrap();
    let annealed = by(&AnnealedEm::default(), &saddle, Data::of(&xs), &options()).unwrap();
    assert!(annealed.report.objective > plain.report.objective + 1000.0);
    let best = fit(truth, Data::of(&xs), &options()).unwrap();
    assert!((annealed.report.objective - best.report.objective).abs() < 1e-5);
}

/// The recursion of the paper for Poissons, in plain numbers.
#[test]
fn online_em_is_its_recursion() {
    let truth = poissons(&[0.3, 0.7], &[2.0, 8.0]);
    let xs = drawn(&truth, 2150);
    let start = poissons(&[0.5, 0.5], &[1.0, 5.0]);
    let mut learner = OnlineLearner::new(start, OnlineEm::default(), &options()).unwrap();
    let (mut weights, mut rates) = ([0.5, 0.5], [1.0f64, 5.0]);
    // s = (shares, sums) for each observation.
    let mut s = [0.0; 4];
    for (n, batch) in xs.chunks(150).enumerate() {
        learner.partial_fit(Data::new(batch)).unwrap();
        let mut fresh = [0.0; 4];
        for &x in batch {
            let p = [0, 1].map(|k| weights[k] * rates[k].powi(x as i32) * (-rates[k]).exp());
            for k in 0..2 {
                let share = p[k] / (p[0] + p[1]) / batch.len() as f64;
                fresh[k] += share;
                fresh[k + 2] += share * x as f64;
            }
        }
        let step = if n == 0 {
            1.0
        } else {
            (n as f64 + 2.0).powf(-0.6)
        };
        for (s, fresh) in s.iter_mut().zip(fresh) {
            *s += step * (fresh - *s);
        }
        weights = [s[0], s[1]];
        rates = [s[2] / s[0], s[3] / s[1]];
        for k in 0..2 {
            // A few hundred roundings of sums of 150 terms.
            let model = learner.model();
            assert!((model.components()[k].rate() - rates[k]).abs() < 1e-12 * rates[k]);
            assert!((model.weights()[k] - weights[k]).abs() < 1e-12);
        }
    }
    assert_eq!(learner.observations(), 2150.0);
}

/// Rates that rise by 0.05 a batch: a constant step follows them a few batches behind, falling steps are
/// left behind.
#[test]
fn online_em_tracks_a_drift() {
    let run = |least_step: f64| {
        let schedule = OnlineEm {
            least_step,
            ..OnlineEm::default()
        };
        let start = poissons(&[0.5, 0.5], &[2.0, 20.0]);
        let mut learner = OnlineLearner::new(start, schedule, &options()).unwrap();
        let mut rng = stream(8, 0);
        for n in 0..400 {
            let rise = 0.05 * f64::from(n);
            let now = poissons(&[0.5, 0.5], &[2.0 + rise, 30.0 + rise]);
            learner
                .partial_fit_all([now.sample(&mut rng, 300)])
                .unwrap();
        }
        learner.model().components()[0].rate()
    };
    // 2 + 400 · 0.05 = 22. A constant γ lags by (1/γ − 1) batches, 0.2 here; four standard errors of a
    // mean of about 150 (2/γ − 1) rows are 0.5.
    let (tracking, lagging) = (run(0.2), run(0.0));
    assert!((tracking - 22.0 + 0.2).abs() < 0.5, "{tracking}");
    assert!(lagging < 21.3, "{lagging}");
}

/// The average over the second half is nearer to maximum likelihood than the last iterate, over seeds.
#[test]
fn averaging_helps() {
    let truth = poissons(&[0.4, 0.6], &[2.0, 9.0]);
    let (mut last, mut mean) = (0.0, 0.0);
    for seed in 0..8 {
        let xs = truth.sample(&mut stream(seed, 3), 20_000);
        let best = fit(truth.clone(), Data::of(&xs), &options()).unwrap();
        let start = poissons(&[0.5, 0.5], &[1.0, 12.0]);
        let mut learner = OnlineLearner::new(start, OnlineEm::default(), &options()).unwrap();
        learner
            .partial_fit_all(xs.chunks(100).map(<[u64]>::to_vec))
            .unwrap();
        let loss = |model: &Mixture<Vec<Poisson>>| {
            best.report.objective - model.evaluate(Data::of(&xs)).unwrap().log_likelihood
        };
        last += loss(learner.model()) / 8.0;
        mean += loss(&learner.averaged().unwrap()) / 8.0;
    }
    assert!(mean < 0.5 * last, "{mean} {last}");
}

/// Reports and models have the same bits on any number of threads.
#[test]
fn threads_do_not_change_a_bit() {
    let truth = gammas();
    let xs = drawn(&truth, 20_000);
    let weights: Vec<f64> = (0..20_000).map(|i| 0.1 + f64::from(i % 7) / 3.0).collect();
    for algorithm in [
        NamedAlgorithm::Stochastic(StochasticEm {
            burn_in: 2,
            draws: 4,
        }),
        NamedAlgorithm::Annealed(AnnealedEm {
            iterations: 2,
            ..AnnealedEm::default()
        }),
        NamedAlgorithm::Incremental(IncrementalEm::default()),
        NamedAlgorithm::Online(OnlineEm {
            batch_rows: 3000,
            ..OnlineEm::default()
        }),
    ] {
        let run = |threads: usize| {
            let options = Options::default()
                .max_iterations(20)
                .threads(threads)
                .seed(4);
            let data = Data::of(&xs).weighted(&weights);
            let fitted = by(&algorithm, &truth, data, &options).unwrap();
            format!("{:?} {:?}", fitted.report, fitted.model)
        };
        let one = run(1);
        for threads in [2, 3, 8] {
            assert!(one == run(threads), "{algorithm:?}, {threads} threads");
        }
    }
}

/// Statistics of several iterates mean nothing for one Newton step from a single one.
#[test]
fn one_step_m_steps_are_refused_where_they_cannot_work() {
    let weibulls = mixture(
        &[0.5, 0.5],
        vec![
            Weibull::new(1.0, 1.0).unwrap(),
            Weibull::new(3.0, 6.0).unwrap(),
        ],
    );
    let xs = drawn(&weibulls, 3000);
    let data = Data::of(&xs);
    let refused = by(&IncrementalEm::default(), &weibulls, data, &options()).unwrap_err();
    assert_eq!(
        refused,
        FitError::OneStep {
            algorithm: "incremental"
        }
    );
    assert!(refused.is_input());
    let refused = by(&OnlineEm::default(), &weibulls, data, &options()).unwrap_err();
    assert_eq!(
        refused,
        FitError::OneStep {
            algorithm: "online"
        }
    );
    // The others see one iterate at a time.
    let best = fit(weibulls.clone(), data, &options()).unwrap();
    let annealed = by(&AnnealedEm::default(), &weibulls, data, &options()).unwrap();
    assert!((annealed.report.objective - best.report.objective).abs() < 1e-5);
    let stochastic = by(&StochasticEm::default(), &weibulls, data, &options()).unwrap();
    // The mean of a chain of 400 is within a nat or so of the maximum.
    assert!(best.report.objective - stochastic.report.objective < 3.0);
}

/// A component that no row supports: each algorithm fails with a typed error, or goes on as the policy says.
#[test]
fn components_that_empty_end_in_a_policy_and_not_in_a_panic() {
    let xs: Vec<f64> = (0..600).map(|i| f64::from(i * 377 % 610) / 610.0).collect();
    let normal = |mean| Normal::new(mean, 0.1).unwrap();
    let start = mixture(
        &[0.4, 0.3, 0.3],
        vec![normal(0.2), normal(0.7), normal(1e9)],
    );
    let algorithms = [
        NamedAlgorithm::Stochastic(StochasticEm {
            burn_in: 5,
            draws: 20,
        }),
        NamedAlgorithm::Annealed(AnnealedEm {
            first: 0.9,
            ..AnnealedEm::default()
        }),
        NamedAlgorithm::Incremental(IncrementalEm::default()),
        NamedAlgorithm::Online(OnlineEm {
            batch_rows: 100,
            ..OnlineEm::default()
        }),
    ];
    for algorithm in &algorithms {
        let run = |policy| {
            let options = options().on_degenerate(policy);
            by(algorithm, &start, Data::of(&xs), &options)
        };
        let failed = run(OnDegenerate::Fail).unwrap_err();
        assert!(matches!(failed, FitError::Estimate { .. }), "{failed}");
        let dropped = run(OnDegenerate::Drop).unwrap_or_else(|e| panic!("{algorithm:?}: {e}"));
        assert_eq!(dropped.model.len(), 2, "{algorithm:?}");
        assert_eq!(dropped.report.degeneracies[0].component, 2);
        assert!(dropped.report.log_likelihood.is_finite());
        let reset = run(OnDegenerate::Reset).unwrap_or_else(|e| panic!("{algorithm:?}: {e}"));
        assert_eq!(reset.model.len(), 3, "{algorithm:?}");
    }
}

#[test]
fn a_batch_that_fails_leaves_the_learner_as_it_was() {
    let start = poissons(&[0.5, 0.5], &[1.0, 5.0]);
    let mut learner = OnlineLearner::new(start, OnlineEm::default(), &options()).unwrap();
    learner
        .partial_fit(Data::new(&[0, 1, 7, 8, 2][..]))
        .unwrap();
    let before = learner.model().clone();
    let weights = [1.0, -1.0];
    let wrong = learner.partial_fit(Data::new(&[1, 2][..]).weighted(&weights));
    assert!(matches!(wrong, Err(FitError::RowWeight { row: 1, .. })));
    // A batch without weight says nothing.
    assert_eq!(
        learner.partial_fit(Data::new(&[3][..]).weighted(&[0.0])),
        Ok(0.0)
    );
    assert_eq!(learner.partial_fit(Data::new(&[][..])), Ok(0.0));
    assert_eq!((learner.model(), learner.batches()), (&before, 1));

    let gammas = mixture(&[1.0], vec![Gamma::new(2.0, 1.0).unwrap()]);
    let mut learner = OnlineLearner::new(gammas, OnlineEm::default(), &options()).unwrap();
    let off = learner.partial_fit(Data::new(&[1.0, -2.0][..]));
    assert!(matches!(off, Err(FitError::Observation { row: 1, .. })));
    assert_eq!(learner.batches(), 0);
}

#[test]
fn schedules_that_make_no_sense_are_refused() {
    let start = poissons(&[1.0], &[1.0]);
    let xs: Vec<u64> = vec![1, 2, 3];
    for schedule in [
        OnlineEm {
            exponent: f64::NAN,
            ..OnlineEm::default()
        },
        OnlineEm {
            least_step: 2.0,
            ..OnlineEm::default()
        },
        OnlineEm {
            batch_rows: 0,
            ..OnlineEm::default()
        },
    ] {
        let refused = by(&schedule, &start, Data::of(&xs), &options());
        assert!(matches!(refused, Err(FitError::Shape(_))));
    }
    for annealed in [
        AnnealedEm {
            first: 0.0,
            ..AnnealedEm::default()
        },
        AnnealedEm {
            factor: 1.0,
            ..AnnealedEm::default()
        },
        AnnealedEm {
            jitter: f64::NAN,
            ..AnnealedEm::default()
        },
    ] {
        let refused = by(&annealed, &start, Data::of(&xs), &options());
        assert!(matches!(refused, Err(FitError::Shape(_))));
    }
}

/// The limit of iterations holds for each, and none at all is the start.
#[test]
fn limits_hold() {
    let truth = gammas();
    let xs = drawn(&truth, 5000);
    for algorithm in [
        NamedAlgorithm::Stochastic(StochasticEm::default()),
        NamedAlgorithm::Annealed(AnnealedEm::default()),
        NamedAlgorithm::Incremental(IncrementalEm::default()),
    ] {
        for most in [0, 1, 2, 5] {
            let options = options().max_iterations(most).tolerance(0.0);
            let report = by(&algorithm, &truth, Data::of(&xs), &options)
                .unwrap()
                .report;
            assert_eq!(report.iterations(), most, "{algorithm:?}");
            assert_eq!(report.stop_reason, StopReason::MaxIterations);
        }
        let none = options().max_iterations(0);
        let same = by(&algorithm, &truth, Data::of(&xs), &none).unwrap();
        assert_eq!(same.model, truth);
    }
}

/// A generic check that needs the coordinates of a model compiles for all of them.
#[test]
fn a_chain_of_one_component_is_plain_em() {
    fn coordinates<M: Coordinates>(model: &M) -> Vec<f64> {
        let mut packed = Vec::new();
        model.pack(&mut packed);
        packed
    }
    let gamma = mixture(&[1.0], vec![Gamma::new(1.0, 1.0).unwrap()]);
    let mut rng = stream(1, 1);
    let xs: Vec<f64> = (0..700).map(|_| 0.1 + rng.random::<f64>()).collect();
    let plain = fit(gamma.clone(), Data::of(&xs), &options()).unwrap();
    let algorithm = StochasticEm {
        burn_in: 1,
        draws: 3,
    };
    let chain = by(&algorithm, &gamma, Data::of(&xs), &options()).unwrap();
    for (a, b) in coordinates(&plain.model)
        .iter()
        .zip(coordinates(&chain.model))
    {
        // The mean of three equal numbers, packed and unpacked.
        assert!((a - b).abs() < 1e-13 * a.abs().max(1.0), "{a} {b}");
    }
}

/// Regressions, whose M-steps are steps of scoring, under the algorithms that see one iterate.
#[test]
fn stochastic_em_shortens_steps_that_overshoot() {
    let regression = |a: f64, b: f64| PoissonRegression::new(vec![a, b]).unwrap();
    let truth = [regression(0.0, 1.0), regression(3.0, -0.5)];
    let mut rng = stream(2, 2);
    let mut xs = Vec::new();
    let mut ys = Vec::new();
    for i in 0..1500usize {
        let x = f64::from(i as u32 % 50) / 25.0;
        let rate = [x, 3.0 - 0.5 * x][i % 2].exp();
        xs.extend([1.0, x]);
        ys.push(Poisson::new(rate).unwrap().sample(&mut rng, 1)[0]);
    }
    let data = Data::new((distributions::RowsView::new(&xs, 2), &ys[..]));
    let best = fit(Mixture::uniform(truth.to_vec()), data, &options()).unwrap();
    // From far off, where a whole step of scoring overshoots.
    let start = Mixture::uniform(vec![regression(-3.0, 0.0), regression(2.0, 0.0)]);
    let fitted = by(&StochasticEm::default(), &start, data, &options()).unwrap();
    let loss = best.report.objective - fitted.report.objective;
    assert!(loss < 3.0, "{loss}");
}
