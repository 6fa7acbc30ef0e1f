//! The places where later models plug in, each with one user: one-step M-steps and their safeguard,
//! a first M-step without an iterate, weights that depend on the row, restricted rows, preparation
//! of a block, coupled sets, nesting.

use distributions::special::{digamma, ln_gamma};
use distributions::{
    Batch, Component, Density, EstimateError, MeanStatistics, Moments, Normal, Pair, Sample,
    Scalars, Scratch, Statistics,
};
use em::{
    Allowed, ComponentSet, Data, Driver, Hard, Mixture, Options, Start, StopReason, StratumWeights,
    Weights, Workspace, fit, fit_from,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Logistic regression p(y | x) with one slope, by one Newton (IRLS) step an M-step. `GUARDED` says
/// so to the driver; without, the driver must refuse the overshoot.
#[derive(Clone, Debug)]
struct Logistic<const GUARDED: bool> {
    intercept: f64,
    slope: f64,
}

impl<const G: bool> Logistic<G> {
    fn probability(&self, x: f64) -> f64 {
        1.0 / (1.0 + (-(self.intercept + self.slope * x)).exp())
    }
}

impl<const G: bool> Density for Logistic<G> {
    type Space = Pair<Scalars<f64>, Scalars<u64>>;
    fn log_density(&self, (x, y): (f64, u64)) -> f64 {
        let linear = self.intercept + self.slope * x;
        -(if y == 1 { -linear } else { linear }.exp()).ln_1p()
    }
}

impl<const G: bool> Component for Logistic<G> {
    /// Gradient and negative Hessian of Q at the iterate.
    type Statistics = MeanStatistics<[f64; 5]>;
    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new([0.0; 5])
    }
    fn accumulate(&self, into: &mut Self::Statistics, (x, y): (f64, u64), weight: f64) {
        let p = self.probability(x);
        let (g, h) = (y as f64 - p, p * (1.0 - p));
        into.add(&[g, g * x, h, h * x, h * x * x], weight);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        let &[g0, g1, h00, h01, h11] = from.sum() else {
            return Err(EstimateError::empty());
        };
        let det = h00 * h11 - h01 * h01;
        let intercept = self.intercept + (h11 * g0 - h01 * g1) / det;
        let slope = self.slope + (h00 * g1 - h01 * g0) / det;
        if !(intercept.is_finite() && slope.is_finite()) {
            return Err(EstimateError::boundary("slope", slope, "must be finite"));
        }
        Ok(Logistic { intercept, slope })
    }
    fn parameter_count(&self) -> usize {
        2
    }
    fn one_step(&self) -> bool {
        G
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        Logistic {
            intercept: self.intercept + fraction * (next.intercept - self.intercept),
            slope: self.slope + fraction * (next.slope - self.slope),
        }
    }
}

const XS: [f64; 10] = [-3.0, -2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0, 3.0];
const YS: [u64; 10] = [0, 0, 1, 0, 0, 1, 0, 1, 1, 1];

#[test]
fn a_one_step_m_step_that_overshoots_is_shortened() {
    let data = Data::new((&XS[..], &YS[..]));
    let options = Options::default().tolerance(1e-12);
    // From a slope of −2.2 the Newton step lands far beyond the maximum.
    let unguarded = Mixture::uniform(vec![Logistic::<false> {
        intercept: 0.0,
        slope: -2.2,
    }]);
    let fitted = fit(unguarded, data, &options).unwrap();
    assert_eq!(fitted.report.stop_reason, StopReason::ObjectiveFell);

    let guarded = Mixture::uniform(vec![Logistic::<true> {
        intercept: 0.0,
        slope: -2.2,
    }]);
    let fitted = fit(guarded, data, &options).unwrap();
    assert!(
        fitted.report.stop_reason.is_converged(),
        "{:?}",
        fitted.report
    );
    assert!(
        fitted.report.passes > fitted.report.trace.len(),
        "no step was shortened"
    );
    assert!(
        fitted
            .report
            .trace
            .windows(2)
            .all(|pair| pair[1] >= pair[0] - 1e-12)
    );
    // The score is zero: this is the maximum, whatever way led there.
    let model = &fitted.model.components()[0];
    let residual = |x: f64, y: u64| y as f64 - model.probability(x);
    let score: f64 = XS.iter().zip(YS).map(|(&x, y)| residual(x, y) * x).sum();
    assert!(score.abs() < 1e-5, "{score}");
}

/// Student t with 4 degrees of freedom and scale 1: its statistic depends on the iterate through the
/// latent scales u = 5 / (4 + (x − location)²).
#[derive(Clone, Debug)]
struct StudentLocation(f64);

impl Density for StudentLocation {
    type Space = Scalars<f64>;
    fn log_density(&self, x: f64) -> f64 {
        let z = x - self.0;
        ln_gamma(2.5)
            - ln_gamma(2.0)
            - 0.5 * (4.0 * std::f64::consts::PI).ln()
            - 2.5 * (z * z / 4.0).ln_1p()
    }
}

impl Component for StudentLocation {
    type Statistics = MeanStatistics<[f64; 2]>;
    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new([0.0; 2])
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: f64, weight: f64) {
        let scale = 5.0 / (4.0 + (x - self.0) * (x - self.0));
        into.add(&[scale, scale * x], weight);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        Ok(StudentLocation(from.sum()[1] / from.sum()[0]))
    }
    fn parameter_count(&self) -> usize {
        1
    }
    /// Without an iterate every latent scale is 1.
    fn estimate(&self, xs: &[f64], weights: &[f64]) -> Result<Self, EstimateError> {
        let mut moments = Moments::default();
        moments.add_slice(xs, weights);
        Ok(StudentLocation(moments.mean()))
    }
}

#[test]
fn the_first_m_step_has_no_iterate() {
    let xs = [0.0, 0.5, 1.0, 9.0, 10.0, 11.0];
    let labels = [Some(0), Some(0), Some(0), Some(1), Some(1), Some(1)];
    // The template's locations are absurd, and must not matter.
    let template = Mixture::uniform(vec![StudentLocation(1e6), StudentLocation(-1e6)]);
    let options = Options::default().max_iterations(0);
    let data = Data::new(&xs[..]);
    let fitted = fit_from(&template, data, Start::Labels(&labels), &options).unwrap();
    let locations: Vec<f64> = fitted.model.components().iter().map(|c| c.0).collect();
    assert_eq!(locations, [0.5, 10.0]);
    assert_eq!(fitted.report.iterations(), 0);
}

#[test]
fn weights_may_depend_on_the_row() {
    // Two strata with different shares of the same two components.
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let truth = [
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(6.0, 1.0).unwrap(),
    ];
    let (mut strata, mut xs) = (Vec::new(), Vec::new());
    for i in 0..4000 {
        let stratum = i % 2;
        let second = rng.random::<f64>() < [0.2, 0.7][stratum];
        strata.push(stratum as u32);
        truth[usize::from(second)].draw(&mut rng, &mut xs);
    }
    let start = Mixture::new(StratumWeights::uniform(2, 2), truth.to_vec()).unwrap();
    assert_eq!(start.parameter_count(), 2 + 4);
    let fitted = fit(
        start.clone(),
        Data::new((&strata[..], &xs[..])),
        &Options::default(),
    )
    .unwrap();
    let strata_weights = fitted.model.weights().strata();
    // 2000 rows a stratum: a standard error of about 0.01.
    assert!(
        (strata_weights[0][1] - 0.2).abs() < 0.04,
        "{strata_weights:?}"
    );
    assert!(
        (strata_weights[1][1] - 0.7).abs() < 0.04,
        "{strata_weights:?}"
    );

    // One stratum is a plain mixture, to the order in which counts are added.
    let one = vec![0u32; xs.len()];
    let strata_of_one = Mixture::new(StratumWeights::uniform(1, 2), truth.to_vec()).unwrap();
    let options = Options::default();
    let a = fit(strata_of_one, Data::new((&one[..], &xs[..])), &options).unwrap();
    let b = fit(
        Mixture::uniform(truth.to_vec()),
        Data::new(&xs[..]),
        &options,
    )
    .unwrap();
    assert_eq!(a.report.trace.len(), b.report.trace.len());
    for (x, y) in a.report.trace.iter().zip(&b.report.trace) {
        assert!((x - y).abs() < 1e-13 * x.abs(), "{x} {y}");
    }
}

#[test]
fn rows_may_be_restricted() {
    let xs = [0.0, 0.4, 5.0, 5.5, 2.6, 2.7];
    let start = || {
        Mixture::uniform(vec![
            Normal::new(1.0, 4.0).unwrap(),
            Normal::new(4.0, 4.0).unwrap(),
        ])
    };
    // All labels known: one iteration is the estimate of each class.
    let table = Allowed::labels(2);
    let index = [0, 0, 1, 1, 1, 0];
    let known = Data::new(&xs[..]).allowing(Allowed {
        index: &index,
        log_evidence: &table,
    });
    let fitted = fit(start(), known, &Options::default()).unwrap();
    for (k, class) in [[0.0, 0.4, 2.7], [5.0, 5.5, 2.6]].iter().enumerate() {
        let alone = Normal::standard().estimate(class, &[1.0; 3]).unwrap();
        assert!((fitted.model.components()[k].mean() - alone.mean()).abs() < 1e-14);
        assert!((fitted.model.components()[k].variance() - alone.variance()).abs() < 1e-14);
    }
    // Nothing known is no restriction, bit for bit.
    let free = [Allowed::FREE; 6];
    let unknown = Data::new(&xs[..]).allowing(Allowed {
        index: &free,
        log_evidence: &table,
    });
    let a = fit(start(), unknown, &Options::default()).unwrap();
    let b = fit(start(), Data::new(&xs[..]), &Options::default()).unwrap();
    assert_eq!(a.report.trace, b.report.trace);
    // A row that may come from either component is free too.
    let either = [f64::NEG_INFINITY, 0.0, 0.0, 0.0];
    let index = [1, 1, 1, 1, 1, 1];
    let masked = Data::new(&xs[..]).allowing(Allowed {
        index: &index,
        log_evidence: &either,
    });
    let c = fit(start(), masked, &Options::default()).unwrap();
    assert_eq!(c.report.trace, b.report.trace);
}

/// A gamma of known rate that prepares ln x and counts how often.
#[derive(Clone, Debug)]
struct Prepared(f64);
static LOGARITHMS: AtomicUsize = AtomicUsize::new(0);

impl Density for Prepared {
    type Space = Scalars<f64>;
    fn log_density(&self, x: f64) -> f64 {
        (self.0 - 1.0) * x.ln() - x - ln_gamma(self.0)
    }
    fn prepared_width(&self) -> usize {
        1
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        LOGARITHMS.fetch_add(xs.len(), Ordering::Relaxed);
        into.iter_mut().zip(xs).for_each(|(log, x)| *log = x.ln());
    }
    fn log_density_batch(&self, xs: &[f64], logs: &[f64], out: &mut [f64], _: &mut Scratch) {
        for ((value, x), log) in out.iter_mut().zip(xs).zip(logs) {
            *value = (self.0 - 1.0) * log - x - ln_gamma(self.0);
        }
    }
}

impl Component for Prepared {
    type Statistics = MeanStatistics<[f64; 1]>;
    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new([0.0])
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: f64, weight: f64) {
        into.add(&[x.ln()], weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        _xs: &[f64],
        logs: &[f64],
        weights: &[f64],
        _: &mut Scratch,
    ) {
        logs.iter()
            .zip(weights)
            .for_each(|(&log, &weight)| into.add(&[log], weight));
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        let mean = from.mean()[0];
        let solve = |x: f64| (digamma(x) - mean, distributions::special::trigamma(x));
        distributions::solve::newton_in_bracket(self.0, (1e-6, 1e6), solve)
            .map(Prepared)
            .ok_or(EstimateError::empty())
    }
    fn parameter_count(&self) -> usize {
        1
    }
}

#[test]
fn what_depends_on_the_data_alone_is_taken_once() {
    let xs: Vec<f64> = (1..=1000).map(|i| f64::from(i) * 0.02).collect();
    let start = Mixture::uniform((1..=5).map(|k| Prepared(f64::from(k))).collect::<Vec<_>>());
    let options = Options::default().max_iterations(3).tolerance(0.0);
    let fitted = fit(start, Data::new(&xs[..]), &options).unwrap();
    // Once a row and pass: not for each of the 5 components, not again for the M-step.
    assert_eq!(
        LOGARITHMS.load(Ordering::Relaxed),
        1000 * fitted.report.passes
    );
    let plain: f64 = xs.iter().map(|&x| fitted.model.log_density(x)).sum();
    assert!((plain - fitted.report.objective).abs() < 1e-9 * plain.abs());
}

/// Normals with one shared variance: a coupled set.
#[derive(Clone, Debug)]
struct SharedVariance {
    means: Vec<f64>,
    variance: f64,
}

impl ComponentSet for SharedVariance {
    type Space = Scalars<f64>;
    type Statistics = Vec<Moments>;
    fn len(&self) -> usize {
        self.means.len()
    }
    fn log_density(&self, k: usize, x: f64) -> f64 {
        Normal::new(self.means[k], self.variance).map_or(f64::NAN, |n| n.log_density(x))
    }
    fn empty_statistics(&self) -> Vec<Moments> {
        vec![Moments::default(); self.means.len()]
    }
    fn accumulate(&self, into: &mut Vec<Moments>, k: usize, x: f64, weight: f64) {
        into[k].add(x, weight);
    }
    fn maximize(&self, from: &Vec<Moments>) -> Result<Self, EstimateError> {
        let squares: f64 = from.iter().map(Moments::squares).sum();
        Ok(SharedVariance {
            means: from.iter().map(Moments::mean).collect(),
            variance: squares / from.weight(),
        })
    }
    fn parameter_count(&self) -> usize {
        self.means.len() + 1
    }
    fn subset(&self, keep: &[usize]) -> Self {
        SharedVariance {
            means: keep.iter().map(|&k| self.means[k]).collect(),
            variance: self.variance,
        }
    }
}

#[test]
fn a_coupled_set_and_mixtures_nested_in_mixtures() {
    let xs = [
        0.1, -0.2, 0.3, 2.1, 1.9, 2.2, 7.9, 8.1, 8.0, 9.8, 10.1, 10.0,
    ];
    let pair = |means: [f64; 2]| {
        Mixture::uniform(SharedVariance {
            means: means.to_vec(),
            variance: 1.0,
        })
    };
    let nested = Mixture::uniform(vec![pair([0.0, 2.0]), pair([8.0, 10.0])]);
    assert_eq!(nested.parameter_count(), 1 + 2 * (1 + 3));
    let fitted = fit(nested, Data::new(&xs[..]), &Options::default()).unwrap();
    assert!(fitted.report.stop_reason.is_converged());
    let inner = fitted.model.components()[1].components();
    assert!((inner.means[0] - 8.0).abs() < 0.01 && (inner.means[1] - 9.967).abs() < 0.01);
}

/// Repeated measures: rows of one subject share one latent class. Pairs of measures are the same
/// model as one row of two columns, the parameters of which are tied: grouping must agree with the
/// likelihood written out by hand.
#[test]
fn grouped_rows_share_one_latent_class() {
    use distributions::combine::{GroupedView, Repeated};
    let items = [0.1, -0.3, 0.2, 5.1, 4.7, 0.4, 2.4, 5.5, 5.2, 5.0];
    let offsets = [0, 3, 5, 7, 10];
    let normals = [
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(5.0, 1.0).unwrap(),
    ];
    let start = Mixture::uniform(normals.clone().map(Repeated).to_vec());
    let groups = GroupedView::new(&items[..], &offsets);
    let by_hand: f64 = (offsets.windows(2))
        .map(|pair| {
            let of = |normal: &Normal| -> f64 {
                items[pair[0]..pair[1]]
                    .iter()
                    .map(|&x| normal.log_density(x))
                    .sum::<f64>()
                    .exp()
            };
            (0.5 * of(&normals[0]) + 0.5 * of(&normals[1])).ln()
        })
        .sum();
    let fitted = fit(start, Data::new(groups), &Options::default()).unwrap();
    assert!((fitted.report.trace[0] - by_hand).abs() < 1e-12);
    assert!(fitted.report.stop_reason.is_converged());
    // Four subjects, each wholly of one class: two of each, though classes have 5 and 5 items.
    let evaluation = fitted.model.evaluate(Data::new(groups)).unwrap();
    assert_eq!(evaluation.observations, 4.0);
    // Groups of one item are a plain mixture, bit for bit.
    let ones: Vec<usize> = (0..=items.len()).collect();
    let single = GroupedView::new(&items[..], &ones);
    let start = Mixture::uniform(normals.clone().map(Repeated).to_vec());
    let a = fit(start, Data::new(single), &Options::default()).unwrap();
    let b = fit(
        Mixture::uniform(normals.to_vec()),
        Data::new(&items[..]),
        &Options::default(),
    );
    for (x, y) in a.report.trace.iter().zip(&b.unwrap().report.trace) {
        assert!((x - y).abs() < 1e-12, "{x} {y}");
    }
}

#[test]
fn hard_em_maximises_the_classification_likelihood() {
    let xs = [0.1, -0.2, 0.3, 2.1, 7.9, 8.1, 8.0, 9.8];
    let start = Mixture::uniform(vec![
        Normal::new(0.0, 9.0).unwrap(),
        Normal::new(8.0, 9.0).unwrap(),
    ]);
    let data = Data::new(&xs[..]);
    let mut workspace = Workspace::new(data.xs, &start.empty_statistics(), 1);
    let fitted = Driver::new(&Options::default())
        .rule(&Hard)
        .run(start, data, 0, &mut workspace)
        .unwrap();
    let labels = fitted.model.posterior(&xs).labels().unwrap();
    assert_eq!(labels, [0, 0, 0, 0, 1, 1, 1, 1]);
    let classification: f64 = xs
        .iter()
        .zip(&labels)
        .map(|(&x, &k)| fitted.model.log_joint(k, x))
        .sum();
    assert!((classification - fitted.report.objective).abs() < 1e-12);
}

#[test]
fn the_same_bits_for_any_number_of_threads_and_the_same_seed() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let truth = Mixture::new(
        Weights::new(vec![0.5, 0.3, 0.2]).unwrap(),
        vec![
            Normal::new(0.0, 1.0).unwrap(),
            Normal::new(3.0, 2.0).unwrap(),
            Normal::new(9.0, 1.0).unwrap(),
        ],
    )
    .unwrap();
    let (xs, labels) = truth.sample_with_labels(&mut rng, 30_000);
    assert_eq!(labels.len(), 30_000);
    let fitted = |threads: usize, start: Start<'_>| {
        let options = Options::default()
            .threads(threads)
            .restarts(2)
            .max_iterations(20)
            .seed(5);
        let outcome = fit_from(&truth, Data::new(&xs[..]), start, &options).unwrap();
        (outcome.report, outcome.model)
    };
    for start in [Start::Spread, Start::Random, Start::Model] {
        let one = fitted(1, start);
        for threads in [0, 2, 3, 8] {
            assert_eq!(
                one,
                fitted(threads, start),
                "{start:?} with {threads} threads"
            );
        }
    }
}

/// The generative story: z with p(z = k) = π_k, then x from p_k.
#[test]
fn labels_and_observations_are_drawn_together() {
    let mixture = Mixture::new(
        Weights::new(vec![0.7, 0.3]).unwrap(),
        vec![
            Normal::new(-50.0, 1.0).unwrap(),
            Normal::new(50.0, 1.0).unwrap(),
        ],
    )
    .unwrap();
    let (xs, labels) =
        mixture.sample_with_labels(&mut Xoshiro256PlusPlus::seed_from_u64(1), 10_000);
    assert!(xs.iter().zip(&labels).all(|(&x, &k)| (x > 0.0) == (k == 1)));
    let share = labels.iter().filter(|&&k| k == 1).count() as f64 / 1e4;
    // Four standard errors: false alarm once in 16 000 seeds.
    assert!(
        (share - 0.3).abs() < 4.0 * (0.21f64 / 1e4).sqrt(),
        "{share}"
    );
    // The same seed gives the same draws.
    assert_eq!(
        xs,
        mixture.sample(&mut Xoshiro256PlusPlus::seed_from_u64(1), 10_000)
    );
}

/// Batches are what a set sees; this keeps the alias in use.
#[test]
fn a_set_scores_batches() {
    let set = SharedVariance {
        means: vec![0.0, 1.0],
        variance: 1.0,
    };
    let xs: Batch<'_, Scalars<f64>> = &[0.0, 1.0, 2.0];
    let mut out = vec![0.0; 6];
    set.log_density_matrix(xs, &[], &mut out, &mut Scratch::default());
    assert_eq!(out[5], set.log_density(1, 2.0));
}
