//! Trimmed EM: against a naive version, monotone, the same for any form of the same rows.

use distributions::combine::Fixed;
use distributions::{Component, Density, Gamma, Normal, Poisson, Sample, Uniform};
use em::{
    Acceleration, Allowed, Data, Driver, Fit, FitError, Hard, Mixture, OnDegenerate, Options, Soft,
    Start, Weights, fit, fit_from, fit_from_with, stream, trimmed,
};
use rand::RngExt;

/// Two groups and, in every tenth row, an outlier.
fn rows(count: usize) -> Vec<f64> {
    let mut rng = stream(7, 0);
    let two = Mixture::uniform(vec![
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(8.0, 2.0).unwrap(),
    ]);
    let mut xs: Vec<f64> = two.sample(&mut rng, count);
    for x in xs.iter_mut().step_by(10) {
        *x = -200.0 + 400.0 * rng.random::<f64>();
    }
    xs
}

fn start() -> Mixture<Vec<Normal>> {
    let weights = Weights::new(vec![0.4, 0.6]).unwrap();
    let normals = vec![
        Normal::new(1.0, 3.0).unwrap(),
        Normal::new(6.0, 3.0).unwrap(),
    ];
    Mixture::new(weights, normals).unwrap()
}

/// Trimmed EM of two normals in thirty lines: sorts the rows, takes weight from the lowest.
struct Naive {
    weights: [f64; 2],
    means: [f64; 2],
    variances: [f64; 2],
}

impl Naive {
    /// The densities π_k p_k(x).
    fn joint(&self, x: f64) -> [f64; 2] {
        [0, 1].map(|k| {
            let (d, v) = (x - self.means[k], self.variances[k]);
            self.weights[k] * (-d * d / (2.0 * v)).exp() / (2.0 * std::f64::consts::PI * v).sqrt()
        })
    }
    /// Cuts, returns the objective, and makes the M-step; `label` restricts rows.
    fn step(&mut self, xs: &[f64], ws: &[f64], labels: &[Option<usize>], alpha: f64) -> f64 {
        let joint = |i: usize| -> [f64; 2] {
            let all = self.joint(xs[i]);
            [0, 1].map(|k| {
                if labels[i].is_none_or(|l| l == k) {
                    all[k]
                } else {
                    0.0
                }
            })
        };
        let mut order: Vec<usize> = (0..xs.len()).filter(|&i| ws[i] > 0.0).collect();
        order.sort_by(|&a, &b| {
            joint(a)
                .iter()
                .sum::<f64>()
                .total_cmp(&joint(b).iter().sum())
        });
        let mut kept = ws.to_vec();
        let mut rest = alpha * ws.iter().sum::<f64>();
        for &i in &order {
            let taken = rest.min(kept[i]);
            (kept[i], rest) = (kept[i] - taken, rest - taken);
        }
        let (mut objective, mut n, mut s, mut q) = (0.0, [0.0; 2], [0.0; 2], [0.0; 2]);
        for i in (0..xs.len()).filter(|&i| kept[i] > 0.0) {
            let p: f64 = joint(i).iter().sum();
            objective += kept[i] * p.ln();
            for k in 0..2 {
                let r = kept[i] * joint(i)[k] / p;
                (n[k], s[k], q[k]) = (n[k] + r, s[k] + r * xs[i], q[k] + r * xs[i] * xs[i]);
            }
        }
        for k in 0..2 {
            self.weights[k] = n[k] / (n[0] + n[1]);
            self.means[k] = s[k] / n[k];
            self.variances[k] = q[k] / n[k] - self.means[k] * self.means[k];
        }
        objective
    }
}

/// The trace of the library and that of the naive version.
fn compare(xs: &[f64], ws: &[f64], labels: &[Option<usize>], alpha: f64) {
    let index: Vec<u32> = (labels.iter())
        .map(|label| label.map_or(Allowed::FREE, |label| label as u32))
        .collect();
    let table = Allowed::labels(2);
    let data = Data::new(xs).weighted(ws).allowing(Allowed {
        index: &index,
        log_evidence: &table,
    });
    let options = Options::default()
        .trim(alpha)
        .max_iterations(12)
        .tolerance(0.0);
    let fitted = fit(start(), data, &options).unwrap();
    let mut naive = Naive {
        weights: [0.4, 0.6],
        means: [1.0, 6.0],
        variances: [3.0, 3.0],
    };
    for (t, &objective) in fitted.report.trace.iter().enumerate() {
        let expected = naive.step(xs, ws, labels, alpha);
        // The naive variance E[x²] − E[x]² loses two or three digits of fifteen.
        assert!(
            (objective - expected).abs() <= 1e-10 * expected.abs(),
            "{t}: {objective} and {expected}"
        );
    }
    assert_eq!(fitted.report.log_likelihood, fitted.report.objective);
    let trimmed = fitted.report.trimmed.unwrap();
    let kept = (1.0 - alpha) * ws.iter().sum::<f64>();
    // Sums of a few hundred weights.
    assert!((trimmed.weight - kept).abs() < 1e-10 * kept);
}

#[test]
fn trimmed_em_is_that_of_a_naive_program() {
    let xs = rows(300);
    let ones = vec![1.0; 300];
    let free = vec![None; 300];
    compare(&xs, &ones, &free, 0.1);
    // 0.07 · 300 rows are 21; 0.123 · 300 are 36.9: the last row counts for a tenth.
    compare(&xs, &ones, &free, 0.07);
    compare(&xs, &ones, &free, 0.123);
    // Fractional row weights, some of them 0.
    let ws: Vec<f64> = (0..300).map(|i| (i % 4) as f64 * 0.7).collect();
    compare(&xs, &ws, &free, 0.15);
    // Known labels, some of them against all evidence.
    let labels: Vec<Option<usize>> = (0..300).map(|i| (i % 5 == 1).then_some(i % 2)).collect();
    compare(&xs, &ws, &labels, 0.2);
}

/// The trace never falls by more than rounding.
fn assert_rises(name: &str, fitted: &em::FitReport) {
    for pair in fitted.trace.windows(2) {
        let bound = 64.0 * f64::EPSILON * 10.0 * pair[0].abs();
        assert!(
            pair[1] >= pair[0] - bound,
            "{name}: {} to {}",
            pair[0],
            pair[1]
        );
    }
    assert!(
        fitted.stop_reason.is_converged(),
        "{name}: {}",
        fitted.stop_reason
    );
}

#[test]
fn no_iteration_lowers_the_trimmed_likelihood() {
    let counts: Vec<u64> = (0..400u64)
        .map(|i| {
            if i % 9 == 0 {
                40 + i % 13
            } else {
                i * i % 7 + 6 * (i % 2)
            }
        })
        .collect();
    let poissons = Mixture::uniform(vec![Poisson::new(2.0).unwrap(), Poisson::new(9.0).unwrap()]);
    let sizes: Vec<f64> = (counts.iter()).map(|&c| 0.3 + c as f64).collect();
    // The M-step of gamma shapes is iterative, and many values are tied.
    let gammas = Mixture::uniform(vec![
        Gamma::new(2.0, 1.0).unwrap(),
        Gamma::new(20.0, 2.0).unwrap(),
    ]);
    for alpha in [0.01, 0.1, 0.35] {
        let options = Options::default().trim(alpha);
        let fitted = fit(poissons.clone(), Data::new(&counts[..]), &options).unwrap();
        assert_rises("poisson", &fitted.report);
        let fitted = fit(gammas.clone(), Data::new(&sizes[..]), &options).unwrap();
        assert_rises("gamma", &fitted.report);
        for acceleration in [Acceleration::Squarem, Acceleration::Daarem] {
            let mut driver = Driver::new(&options).accelerate(acceleration);
            let data = Data::new(&sizes[..]);
            let fitted = fit_from_with(&gammas, data, Start::Model, &mut driver).unwrap();
            assert_rises("accelerated", &fitted.report);
        }
        // Trimmed classification likelihood.
        let mut driver = Driver::new(&options).rule(&Hard);
        let data = Data::new(&counts[..]);
        let fitted = fit_from_with(&poissons, data, Start::Model, &mut driver).unwrap();
        assert_rises("hard", &fitted.report);
    }
}

#[test]
fn outliers_do_not_move_the_components() {
    let xs = rows(500);
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let options = Options::default().trim(0.12).restarts(20);
    let data = Data::new(&xs[..]);
    let Fit { model, report } = fit_from(&template, data, Start::Random, &options).unwrap();
    let mut means: Vec<f64> = model.components().iter().map(Normal::mean).collect();
    means.sort_by(f64::total_cmp);
    // Standard errors are 0.07 and 0.1.
    assert!(
        means[0].abs() < 0.3 && (means[1] - 8.0).abs() < 0.4,
        "{means:?}"
    );
    let (kept, trimmed) = trimmed(&model, data, &Soft, &options).unwrap();
    assert_eq!(report.trimmed, Some(trimmed));
    // What lies ten standard deviations away does not count.
    for (i, x) in xs.iter().enumerate() {
        assert!((-10.0..28.0).contains(x) || kept[i] == 0.0, "{x}");
    }
    // Without trimming they have a component of their own.
    let plain = fit_from(&template, data, Start::Random, &Options::default()).unwrap();
    let widest = (plain.model.components().iter())
        .map(Normal::variance)
        .fold(0.0, f64::max);
    assert!(widest > 1000.0, "{widest}");
    assert_eq!(plain.report.trimmed, None);
}

/// One spread start, whatever the seed: outliers, in every tenth row and twenty times as far as the groups are
/// apart, are no seeds of a fit that trims them.
#[test]
fn spread_starts_leave_outliers_out() {
    let xs = rows(400);
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let data = Data::new(&xs[..]);
    for seed in 0..30 {
        let options = Options::default().trim(0.12).seed(seed);
        let fitted = fit_from(&template, data, Start::Spread, &options).unwrap();
        let mut means: Vec<f64> = fitted.model.components().iter().map(Normal::mean).collect();
        means.sort_by(f64::total_cmp);
        // Four standard errors of 180 rows, and a little for what is trimmed of the tails.
        assert!(
            means[0].abs() < 0.5 && (means[1] - 8.0).abs() < 0.7,
            "{seed}: {means:?}"
        );
    }
    // By deviance, as counts have no distance.
    let truth = [2.0, 20.0].map(|rate| Poisson::new(rate).unwrap());
    let mut counts = Mixture::uniform(truth.to_vec()).sample(&mut stream(3, 0), 300);
    for (i, count) in counts.iter_mut().step_by(12).enumerate() {
        *count = 300 + 40 * (i as u64 % 7);
    }
    let template = Mixture::uniform(truth.to_vec());
    for seed in 0..30 {
        let options = Options::default().trim(0.1).seed(seed);
        let fitted = fit_from(&template, Data::new(&counts[..]), Start::Spread, &options).unwrap();
        let mut rates: Vec<f64> = fitted
            .model
            .components()
            .iter()
            .map(Poisson::rate)
            .collect();
        rates.sort_by(f64::total_cmp);
        assert!(
            (rates[0] - 2.0).abs() < 0.6 && (rates[1] - 20.0).abs() < 2.0,
            "{seed}: {rates:?}"
        );
    }
}

#[test]
fn a_weight_of_three_is_three_rows_in_any_order() {
    let xs = rows(120);
    let ws: Vec<f64> = (0..120).map(|i| (i % 4) as f64).collect();
    let repeated: Vec<f64> = (0..120).rev().flat_map(|i| vec![xs[i]; i % 4]).collect();
    let options = Options::default().trim(0.13);
    let weighted = fit(start(), Data::new(&xs[..]).weighted(&ws), &options).unwrap();
    let rows = fit(start(), Data::new(&repeated[..]), &options).unwrap();
    // The same sums in another order.
    assert!((weighted.report.objective - rows.report.objective).abs() < 1e-9);
    let cuts = [&weighted, &rows].map(|fit| fit.report.trimmed.unwrap().cut);
    assert!((cuts[0] - cuts[1]).abs() < 1e-9, "{cuts:?}");
}

#[test]
fn ties_share_the_cut() {
    let model = Mixture::uniform(vec![Normal::standard()]);
    let xs = [0.0, 3.0, -3.0, 1.0, 3.0, 0.5];
    let ws = [1.0, 2.0, 1.0, 1.0, 0.0, 1.0];
    let data = Data::new(&xs[..]).weighted(&ws);
    let options = Options::default().trim(0.25);
    let (kept, cut) = trimmed(&model, data, &Soft, &options).unwrap();
    // 1.5 of 6 are taken from the weight of 3 at ±3.
    assert_eq!(kept, [1.0, 1.0, 0.5, 1.0, 0.0, 1.0]);
    assert_eq!((cut.rows, cut.weight), (5, 4.5));
    assert_eq!(cut.cut, model.log_density(3.0));
}

#[test]
fn a_row_off_the_support_may_be_trimmed() {
    let box_of = |low: f64| Fixed(Uniform::new(low, low + 1.0).unwrap());
    let model = Mixture::uniform(vec![box_of(0.0), box_of(5.0)]);
    // A row of the second box that is known to be of the first.
    let (xs, index, table) = ([0.1, 0.5, 5.5, 0.9], [1, 1, 0, 0], Allowed::labels(2));
    let xs = [xs[0] + 5.0, xs[1] + 5.0, xs[2], xs[3]];
    let data = Data::new(&xs[..]).allowing(Allowed {
        index: &index,
        log_evidence: &table,
    });
    let fitted = fit(model.clone(), data, &Options::default().trim(0.25)).unwrap();
    assert_eq!(fitted.report.trimmed.unwrap().rows, 3);
    assert!((fitted.model.weights()[1] - 2.0 / 3.0).abs() < 1e-15);
    let failed = fit(model, data, &Options::default().trim(0.2)).unwrap_err();
    let (row, iteration) = (2, 0);
    assert_eq!(failed, FitError::OffSupport { row, iteration });
}

#[test]
fn a_component_starts_anew_from_rows_that_count() {
    // The second component has two equal rows, and so no variance.
    let mut xs: Vec<f64> = (0..60)
        .map(|i| f64::from(i % 20) / 10.0 + 3.0 * f64::from(i % 2))
        .collect();
    xs.extend([1e6, -1e6, 2e6]);
    let labels: Vec<Option<u32>> = (0..63).map(|i| Some(u32::from(i >= 60))).collect();
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let options = Options::default()
        .trim(3.0 / 63.0)
        .on_degenerate(OnDegenerate::Reset);
    let data = Data::new(&xs[..]);
    let fitted = fit_from(&template, data, Start::Labels(&labels), &options).unwrap();
    let means: Vec<f64> = fitted.model.components().iter().map(Normal::mean).collect();
    assert!(means.iter().all(|mean| mean.abs() < 10.0), "{means:?}");
}

#[test]
fn bits_do_not_depend_on_threads_and_alpha_is_a_fraction() {
    let xs = rows(20_000);
    let fits = [1, 2, 3, 8].map(|threads| {
        let options = Options::default()
            .trim(0.1)
            .threads(threads)
            .max_iterations(4);
        let fitted = fit(start(), Data::new(&xs[..]), &options).unwrap();
        format!("{:?} {:?}", fitted.report, fitted.model)
    });
    assert!(fits.iter().all(|fit| *fit == fits[0]));
    for alpha in [-0.1, 1.0, f64::NAN] {
        let failed = fit(start(), Data::new(&xs[..]), &Options::default().trim(alpha));
        assert!(matches!(failed.unwrap_err(), FitError::Shape(_)), "{alpha}");
    }
    // Two passes for each model: the score, and the E-step.
    let options = Options::default()
        .trim(0.1)
        .max_iterations(4)
        .tolerance(0.0);
    let fitted = fit(start(), Data::new(&xs[..]), &options).unwrap();
    assert_eq!(fitted.report.passes, 10);
    assert_eq!(fitted.model.parameter_count(), 5);
}
