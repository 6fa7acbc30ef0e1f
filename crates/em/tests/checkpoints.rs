//! A fit that goes on from a checkpoint has every bit of the fit without a break.

mod common;

use common::rng;
use distributions::{Gamma, Normal, Poisson};
use em::{
    Acceleration, Checkpoint, Data, Driver, Fit, FitError, Growth, Hard, KeepCheckpoints, Mixture,
    OnDegenerate, Options, Progress, Responsibilities, SmallEm, Soft, Start, StopReason,
    fit_from_with,
};
use rand::RngExt;
use std::ops::ControlFlow;

/// Keeps every checkpoint.
struct Every<M>(Vec<Checkpoint<M>>);

impl<M> KeepCheckpoints<M> for Every<M> {
    fn is_due(&mut self, _progress: Progress<'_, M>) -> bool {
        true
    }
    fn keep(&mut self, checkpoint: Checkpoint<M>) -> ControlFlow<()> {
        self.0.push(checkpoint);
        ControlFlow::Continue(())
    }
}

type Model = Mixture<Vec<Normal>>;

struct Case<'a> {
    template: &'a Model,
    xs: &'a [f64],
    rule: &'a dyn Responsibilities,
    acceleration: Acceleration,
    options: &'a Options,
}

impl Case<'_> {
    fn run(
        &self,
        keeper: Option<&mut Every<Model>>,
        resume: Option<Checkpoint<Model>>,
    ) -> Fit<Model> {
        self.driver_run(keeper, resume).unwrap()
    }
    fn driver_run(
        &self,
        keeper: Option<&mut Every<Model>>,
        resume: Option<Checkpoint<Model>>,
    ) -> Result<Fit<Model>, FitError> {
        let mut driver = Driver::new(self.options)
            .accelerate(self.acceleration)
            .rule(self.rule);
        if let Some(keeper) = keeper {
            driver = driver.checkpoints(keeper);
        }
        if let Some(checkpoint) = resume {
            driver = driver.resume(checkpoint);
        }
        fit_from_with(
            self.template,
            Data::new(self.xs),
            Start::Spread,
            &mut driver,
        )
    }
    /// Every fit resumed is the whole fit, also when the one resumed was itself resumed. The fit, and
    /// whether some checkpoint is of a run that went back to plain EM after its acceleration failed.
    fn check(&self, what: &str) -> (Fit<Model>, bool) {
        let whole = self.run(None, None);
        let mut keeper = Every(Vec::new());
        let kept = self.run(Some(&mut keeper), None);
        same(&whole, &kept, &format!("{what}: with checkpoints"));
        for (i, checkpoint) in keeper.0.iter().enumerate() {
            let resumed = self.run(None, Some(checkpoint.clone()));
            same(&whole, &resumed, &format!("{what}: checkpoint {i}"));
        }
        let middle = keeper.0[keeper.0.len() / 3].clone();
        let mut again = Every(Vec::new());
        self.run(Some(&mut again), Some(middle));
        let later = again.0[again.0.len() / 2].clone();
        same(
            &whole,
            &self.run(None, Some(later)),
            &format!("{what}: resumed twice"),
        );
        // The state is private, its debug form is not.
        let back = |kept: &Checkpoint<Model>| format!("{kept:?}").contains("accelerate: false");
        (whole, keeper.0.iter().any(back))
    }
}

fn same(a: &Fit<Model>, b: &Fit<Model>, what: &str) {
    // Through text: NaN is itself, and 0 is not −0.
    assert_eq!(
        format!("{:?}", a.report),
        format!("{:?}", b.report),
        "{what}"
    );
    assert_eq!(format!("{:?}", a.model), format!("{:?}", b.model), "{what}");
}

/// Three overlapping clusters, which plain EM takes dozens of iterations to part.
fn overlapping() -> Vec<f64> {
    let rng = &mut rng(5);
    let noise = |rng: &mut rand::rngs::Xoshiro256PlusPlus| {
        (0..6).map(|_| rng.random::<f64>()).sum::<f64>() - 3.0
    };
    (0..900)
        .map(|i| f64::from(i % 3) * 1.5 + noise(rng))
        .collect()
}

#[test]
fn every_algorithm_and_acceleration_goes_on_bit_for_bit() {
    let xs = overlapping();
    let template = Mixture::uniform(vec![Normal::standard(); 3]);
    let options = Options::default().restarts(3).max_iterations(25);
    for (name, rule) in [("em", &Soft as &dyn Responsibilities), ("hard", &Hard)] {
        for acceleration in [
            Acceleration::None,
            Acceleration::Squarem,
            Acceleration::Daarem,
        ] {
            let case = Case {
                template: &template,
                xs: &xs,
                rule,
                acceleration,
                options: &options,
            };
            case.check(&format!("{name} {acceleration:?}"));
        }
    }
}

#[test]
fn long_accelerated_runs_go_on_bit_for_bit() {
    // Past the patience of DAAREM, so that history, horizon and damping matter, to the end.
    let xs: Vec<f64> = overlapping().into_iter().take(240).collect();
    let template = Mixture::uniform(vec![Normal::standard(); 3]);
    let options = Options::default().restarts(2).max_iterations(90);
    for acceleration in [Acceleration::Squarem, Acceleration::Daarem] {
        let case = |acceleration| Case {
            template: &template,
            xs: &xs,
            rule: &Soft,
            acceleration,
            options: &options,
        };
        let (whole, _) = case(acceleration).check(&format!("{acceleration:?}"));
        let plain = case(Acceleration::None).run(None, None);
        assert_ne!(
            whole.report.trace, plain.report.trace,
            "{acceleration:?} proposed nothing"
        );
    }
}

#[test]
fn short_runs_moves_and_trimmed_fits_go_on_bit_for_bit() {
    let xs: Vec<f64> = overlapping().into_iter().take(300).collect();
    let template = Mixture::uniform(vec![Normal::standard(); 3]);
    let short = Options::default().max_iterations(15);
    let small = SmallEm {
        runs: 6,
        ..SmallEm::default()
    };
    let growth = Growth {
        splits: 4,
        ..Growth::default()
    };
    for (name, options, start) in [
        ("small", short.clone(), Start::SmallEm(small)),
        (
            "moves",
            short.clone().restarts(2).split_merge(3),
            Start::Spread,
        ),
        ("grown", short.clone(), Start::Grown(growth)),
        ("both", short.clone().split_merge(2), Start::SmallEm(small)),
        (
            "trimmed",
            short.restarts(2).split_merge(1).trim(0.07),
            Start::Spread,
        ),
    ] {
        let run = |keeper: Option<&mut Every<Model>>, resume: Option<Checkpoint<Model>>| {
            let mut driver = Driver::new(&options).accelerate(Acceleration::Squarem);
            if let Some(keeper) = keeper {
                driver = driver.checkpoints(keeper);
            }
            if let Some(checkpoint) = resume {
                driver = driver.resume(checkpoint);
            }
            fit_from_with(&template, Data::new(&xs[..]), start, &mut driver)
        };
        let whole = run(None, None).unwrap();
        let mut keeper = Every(Vec::new());
        same(&whole, &run(Some(&mut keeper), None).unwrap(), name);
        for (i, checkpoint) in keeper.0.iter().enumerate() {
            let resumed = run(None, Some(checkpoint.clone())).unwrap();
            same(&whole, &resumed, &format!("{name}: checkpoint {i}"));
        }
        // The last checkpoint is of a continued run, or of a move behind two starts.
        assert!(keeper.0.last().unwrap().finished_runs() >= 2, "{name}");
        // Of other data, also in a run that is a move.
        let other: Vec<f64> = xs.iter().map(|x| x + 0.5).collect();
        let mut driver = Driver::new(&options).resume(keeper.0.pop().unwrap());
        let failed = fit_from_with(&template, Data::new(&other[..]), start, &mut driver);
        assert!(
            failed.unwrap_err().to_string().contains("other data"),
            "{name}"
        );
    }
}

#[test]
fn a_time_limit_is_refused() {
    let xs = overlapping();
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let options = Options::default().time_limit(std::time::Duration::from_secs(3600));
    let mut keeper = Every(Vec::new());
    let mut driver = Driver::new(&options).checkpoints(&mut keeper);
    let failed = fit_from_with(&template, Data::new(&xs[..]), Start::Spread, &mut driver);
    let error = failed.unwrap_err();
    assert!(error.to_string().contains("a time limit"), "{error}");
}

#[test]
fn repaired_dropped_and_failed_runs_go_on_bit_for_bit() {
    // Repeated values: seeds that fall on them make components of variance 0.
    let mut xs: Vec<f64> = overlapping().into_iter().take(60).collect();
    xs.extend([9.0; 12]);
    xs.extend([-9.0; 12]);
    let template = Mixture::uniform(vec![Normal::standard(); 4]);
    let mut seen = (false, false, false);
    let policies = [OnDegenerate::Fail, OnDegenerate::Reset, OnDegenerate::Drop];
    let schemes = [Acceleration::None, Acceleration::Squarem];
    for (policy, acceleration) in policies.iter().flat_map(|p| schemes.map(|a| (*p, a))) {
        for seed in 0..6 {
            let options = Options::default()
                .restarts(4)
                .max_iterations(12)
                .seed(seed)
                .on_degenerate(policy);
            let case = Case {
                template: &template,
                xs: &xs,
                rule: &Soft,
                acceleration,
                options: &options,
            };
            let mut driver = Driver::new(&options).accelerate(acceleration);
            let possible =
                fit_from_with(&template, Data::new(&xs[..]), Start::Spread, &mut driver).is_ok();
            if possible {
                let what = format!("{policy:?} {acceleration:?} seed {seed}");
                let (whole, back) = case.check(&what);
                let starts = &whole.report.starts;
                seen.0 |= starts.iter().any(|start| start.outcome.is_err());
                seen.1 |= !whole.report.degeneracies.is_empty();
                seen.2 |= back;
            }
        }
    }
    assert_eq!(
        seen,
        (true, true, true),
        "no start failed, no component was repaired, or no acceleration failed"
    );
}

#[test]
fn other_data_are_noticed() {
    let counts: Vec<u64> = (0..200).map(|i| (i * i) % 13).collect();
    let template = Mixture::uniform(vec![Poisson::new(2.0).unwrap(), Poisson::new(7.0).unwrap()]);
    let options = Options::default().max_iterations(5);
    let mut kept: Option<Checkpoint<Mixture<Vec<Poisson>>>> = None;
    struct Third<'a, M>(&'a mut Option<Checkpoint<M>>);
    impl<M> KeepCheckpoints<M> for Third<'_, M> {
        fn is_due(&mut self, progress: Progress<'_, M>) -> bool {
            progress.iteration == 3
        }
        fn keep(&mut self, checkpoint: Checkpoint<M>) -> ControlFlow<()> {
            assert_eq!((checkpoint.iteration(), checkpoint.finished_runs()), (3, 0));
            *self.0 = Some(checkpoint);
            ControlFlow::Break(())
        }
    }
    let mut keeper = Third(&mut kept);
    let mut driver = Driver::new(&options).checkpoints(&mut keeper);
    let stopped = fit_from_with(&template, Data::of(&counts), Start::Model, &mut driver).unwrap();
    assert_eq!(stopped.report.stop_reason, StopReason::Observer);
    assert_eq!(stopped.report.iterations(), 3);
    let other: Vec<u64> = counts.iter().map(|count| count + 1).collect();
    let mut driver = Driver::new(&options).resume(kept.unwrap());
    let error = fit_from_with(&template, Data::of(&other), Start::Model, &mut driver).unwrap_err();
    assert!(error.to_string().contains("other data"), "{error}");
}

#[test]
fn other_data_are_noticed_in_a_later_start() {
    let xs = overlapping();
    let template = Mixture::uniform(vec![Normal::standard(); 2]);
    let options = Options::default().restarts(4).max_iterations(5);
    let case = |xs| Case {
        template: &template,
        xs,
        rule: &Soft,
        acceleration: Acceleration::None,
        options: &options,
    };
    let mut keeper = Every(Vec::new());
    case(&xs).run(Some(&mut keeper), None);
    let last = keeper.0.pop().unwrap();
    assert_eq!(last.finished_runs(), 3);
    let other: Vec<f64> = xs.iter().map(|x| x + 1.0).collect();
    let error = case(&other).driver_run(None, Some(last)).unwrap_err();
    assert!(error.to_string().contains("other data"), "{error}");
}

#[test]
fn an_observer_stops_every_algorithm_at_the_model_it_saw() {
    let xs: Vec<f64> = overlapping().iter().map(|x| x.exp()).collect();
    let start = Mixture::uniform(vec![
        Gamma::new(1.0, 1.0).unwrap(),
        Gamma::new(2.0, 0.1).unwrap(),
    ]);
    let options = Options::default();
    for acceleration in [
        Acceleration::None,
        Acceleration::Squarem,
        Acceleration::Daarem,
    ] {
        let mut seen = Vec::new();
        let mut stop = |progress: Progress<'_, Mixture<Vec<Gamma>>>| {
            seen.push((progress.objective, progress.model.clone()));
            if progress.iteration == 4 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let mut driver = Driver::new(&options)
            .accelerate(acceleration)
            .observe(&mut stop);
        let fitted = fit_from_with(&start, Data::of(&xs), Start::Model, &mut driver).unwrap();
        drop(driver);
        assert_eq!(fitted.report.stop_reason, StopReason::Observer);
        assert_eq!(seen.len(), 5);
        let objectives: Vec<f64> = seen.iter().map(|(objective, _)| *objective).collect();
        assert_eq!(fitted.report.trace, objectives);
        assert_eq!(fitted.model, seen[4].1);
    }
}
