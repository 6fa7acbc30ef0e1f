//! Online EM: its recursion, what it follows and what it averages, and batches that fail.

mod algorithms_support;

use algorithms_support::{drawn, mixture, options, poissons};
use distributions::{Gamma, Poisson, Sample};
use em::{Data, FitError, Mixture, OnlineEm, OnlineLearner, fit, stream};

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
