//! The algorithms beside EM: where they must equal the plain step they do, and each finds a simulated truth.

mod algorithms_support;

use algorithms_support::{by, drawn, gammas, mixture, options, poissons};
use distributions::combine::{Truncated, ZeroInflated};
use distributions::{Categorical, Component, Coordinates, Exponential, Gamma, Poisson, StudentT};
use em::{
    AnnealedEm, At, Data, Drawn, Driver, FitError, Hard, IncrementalEm, LatentModel, Mixture,
    NamedAlgorithm, OnlineEm, OnlineLearner, Options, Responsibilities, RowSource, SharedVariance,
    Soft, Start, StochasticEm, StopReason, Tempered, Variant, Workspace, e_step, fit, fit_from_by,
    stream,
};
use rand::RngExt;

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
