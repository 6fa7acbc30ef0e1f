//! The loop: E-step, M-step, until nothing more is to be gained.

use crate::accelerate::{Accelerate, Acceleration, relative_change};
use crate::checkpoint::{Checkpoint, Journal, KeepCheckpoints, RunState};
use crate::data::Data;
use crate::degenerate::{Degeneracy, most_events};
use crate::e_step::e_step;
use crate::error::FitError;
use crate::model::LatentModel;
use crate::observe::{Observe, Progress};
use crate::options::Options;
use crate::report::{Fit, FitReport};
use crate::responsibilities::Soft;
use crate::stop::{StopReason, Stopping, rounding_bound};
use crate::variant::Variant;
use crate::workspace::Workspace;
use distributions::{Batch, Coordinates, View};
use std::ops::ControlFlow;
use std::time::Instant;

/// Halvings of a one-step M-step before it is given up: 2⁻⁴⁰ of a step moves nothing.
const HALVINGS: i32 = 40;

/// Plain EM from a given model.
///
/// ```
/// use distributions::Poisson;
/// use em::{Data, Mixture, Options, fit};
///
/// let counts: Vec<u64> = vec![0, 1, 1, 2, 0, 9, 11, 8, 10, 1];
/// let start = Mixture::uniform(vec![Poisson::new(1.0)?, Poisson::new(5.0)?]);
/// let fitted = fit(start, Data::new(&counts[..]), &Options::default())?;
/// assert!((9.0..10.0).contains(&fitted.model.components()[1].rate()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// See [`FitError`].
pub fn fit<M: LatentModel>(
    start: M,
    data: Data<'_, Batch<'_, M::Space>>,
    options: &Options,
) -> Result<Fit<M>, FitError> {
    check_data(&start, data)?;
    let mut workspace = Workspace::new(data.xs, &start.empty_statistics(), options.threads);
    Driver::new(options).run(start, data, 0, &mut workspace)
}

/// How much the second model differs from the first.
type Change<M> = fn(&M, &M) -> f64;

/// How a fit runs: its options, the rule of its E-step, who looks on, and what accelerates it.
///
/// ```
/// use distributions::{Component, Poisson};
/// use em::{Acceleration, Data, Driver, Mixture, Options, Workspace};
///
/// let counts: Vec<u64> = vec![0, 1, 1, 2, 0, 9, 11, 8, 10, 1];
/// let start = Mixture::uniform(vec![Poisson::new(1.0)?, Poisson::new(5.0)?]);
/// let options = Options::default();
/// let mut workspace = Workspace::new(&counts[..], &start.empty_statistics(), options.threads);
/// let mut driver = Driver::new(&options).accelerate(Acceleration::Squarem);
/// let fitted = driver.run(start, Data::new(&counts[..]), 0, &mut workspace)?;
/// assert!(fitted.report.stop_reason.is_converged());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Driver<'a, M, R: ?Sized = Soft> {
    pub(crate) options: &'a Options,
    pub(crate) rule: &'a R,
    observer: Option<&'a mut dyn Observe<M>>,
    scheme: Option<Box<dyn Accelerate<M>>>,
    /// A tolerance of the relative change of parameters, and how it is measured.
    rest: Option<(f64, Change<M>)>,
    deadline: Option<Instant>,
    keeper: Option<&'a mut dyn KeepCheckpoints<M>>,
    journal: Journal<M>,
}

impl<'a, M> Driver<'a, M> {
    /// Plain EM with these options.
    pub fn new(options: &'a Options) -> Self {
        Driver {
            options,
            rule: &Soft,
            observer: None,
            scheme: None,
            rest: None,
            deadline: None,
            keeper: None,
            journal: Journal::default(),
        }
    }
}

impl<'a, M, R: ?Sized> Driver<'a, M, R> {
    /// The same under another rule.
    pub fn rule<Other: ?Sized>(self, rule: &'a Other) -> Driver<'a, M, Other> {
        Driver {
            options: self.options,
            rule,
            observer: self.observer,
            scheme: self.scheme,
            rest: self.rest,
            deadline: self.deadline,
            keeper: self.keeper,
            journal: self.journal,
        }
    }
    /// The same with an observer.
    pub fn observe(mut self, observer: &'a mut dyn Observe<M>) -> Self {
        self.observer = Some(observer);
        self
    }
    /// The same with one who takes checkpoints. [`fit_from_with`](crate::fit_from_with) refuses them
    /// together with short runs, split and merge, and a time limit.
    pub fn checkpoints(mut self, keeper: &'a mut dyn KeepCheckpoints<M>) -> Self {
        self.keeper = Some(keeper);
        self
    }
    /// The same, going on from a checkpoint of a fit of the same template, data, start and options:
    /// with the bits that it would have had without the break.
    pub fn resume(mut self, checkpoint: Checkpoint<M>) -> Self {
        self.journal = Journal::resuming(checkpoint);
        self
    }
    /// The same, accelerated.
    pub fn accelerate(mut self, acceleration: Acceleration) -> Self
    where
        M: Coordinates + 'static,
    {
        self.scheme = acceleration.scheme();
        self
    }
    /// The same, accelerated by a scheme of one's own.
    pub fn accelerate_by(mut self, scheme: impl Accelerate<M> + 'static) -> Self {
        self.scheme = Some(Box::new(scheme));
        self
    }
    /// The same, which stops besides when an M-step changes no coordinate x by more than
    /// `tolerance`·(1 + |x|): for parameters that must be known to more digits than the objective shows.
    pub fn parameter_tolerance(mut self, tolerance: f64) -> Self
    where
        M: Coordinates,
    {
        self.rest = Some((tolerance, relative_change));
        self
    }
    /// Another algorithm under the same options and before the same observer; rule, acceleration, tolerance
    /// of parameters and checkpoints are those of EM, and stay behind.
    pub fn variant<A: ?Sized>(self, algorithm: &'a A) -> Variant<'a, M, A> {
        let variant = Variant::new(algorithm, self.options);
        match self.observer {
            Some(observer) => variant.observe(observer),
            None => variant,
        }
    }
    /// Whether checkpoints are kept, or one is resumed.
    pub(crate) fn has_checkpoints(&self) -> bool {
        self.keeper.is_some() || self.journal.is_behind()
    }
    /// Whether the checkpoint does not belong to this fit: not a matter of one start.
    pub(crate) fn refuses_checkpoint(&self) -> bool {
        self.journal.refuses()
    }
    /// Whether the observer or the clock ends the run.
    fn interrupted(&self, unwanted: bool) -> Option<StopReason> {
        if unwanted {
            return Some(StopReason::Observer);
        }
        self.out_of_time().then_some(StopReason::TimeLimit)
    }
    /// Whether the M-step changes every coordinate by less than was asked for.
    fn at_rest(&self, model: &M, next: &M) -> bool {
        self.rest
            .is_some_and(|(tolerance, change)| change(model, next) <= tolerance)
    }
    /// Whether a deadline is set, by whoever called.
    pub(crate) fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }
    /// Sets when the time of the options is over, unless it is set.
    pub(crate) fn set_deadline(&mut self) {
        let now = Instant::now();
        let limit = self.options.time_limit;
        let deadline = limit.and_then(|limit| now.checked_add(limit));
        self.deadline = self.deadline.or(deadline);
    }
    /// Whether the time of the options is over.
    pub(crate) fn out_of_time(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }
    /// Lets the next run begin its own time.
    pub(crate) fn clear_deadline(&mut self) {
        self.deadline = None;
    }
}

impl<M: LatentModel<R>, R: Sync + ?Sized> Driver<'_, M, R> {
    /// Runs EM from `start`, the start number `which` (for the observer), in the buffers of
    /// `workspace`, which must have been made for these rows. [`check_data`] says beforehand, and
    /// naming the row, which observations no component admits.
    ///
    /// # Errors
    /// See [`FitError`].
    pub fn run(
        &mut self,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        which: usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        if let Some(fit) = self.journal.replayed() {
            return Ok(fit);
        }
        let fitted = self.run_once(start, data, which, workspace);
        if self.keeper.is_some() || self.journal.is_behind() {
            self.journal.record(fitted.as_ref());
        }
        fitted
    }

    fn run_once(
        &mut self,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        which: usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        data.check(start.classes())?;
        if workspace.rows() != data.rows() {
            return Err(FitError::Shape(format!(
                "a workspace for {} rows, and data of {}",
                workspace.rows(),
                data.rows()
            )));
        }
        // Restarts share one deadline; a run of its own has its own.
        let shared = self.deadline.is_some();
        self.set_deadline();
        let fit = self.climb(start, data, which, workspace);
        if !shared {
            self.clear_deadline();
        }
        fit
    }

    /// The loop.
    fn climb(
        &mut self,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        which: usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        let (mut current, mut run) = self.begin(start, data, workspace)?;
        let stop_reason = loop {
            let wish = self.look(which, &run.trace, &current.model);
            let kept = self.keep(which, &current, &run);
            if let Some(reason) = (run.stopping).after(&run.trace, current.magnitude, current.plain)
            {
                break reason;
            }
            if let Some(reason) = self.interrupted(wish.is_break() || kept.is_break()) {
                break reason;
            }
            let iteration = run.trace.len();
            let accelerated = run.accelerate && !run.stopping.probing();
            let error = match current.model.maximize(workspace.statistics()) {
                Ok(whole) if self.at_rest(&current.model, &whole) => {
                    break StopReason::ParametersAtRest;
                }
                Ok(whole) => {
                    match self.advance(
                        &current,
                        whole,
                        data,
                        iteration,
                        accelerated,
                        &mut run.passes,
                        workspace,
                    ) {
                        Ok(Some(next)) => {
                            run.trace.push(next.objective);
                            let before = std::mem::replace(&mut current, next);
                            if run.refuge.is_none() && !current.plain {
                                run.refuge = Some((before.model, iteration));
                            }
                            continue;
                        }
                        Ok(None) => break StopReason::ObjectiveFell,
                        Err(error) => error,
                    }
                }
                Err(source) => FitError::Estimate { iteration, source },
            };
            let model = if let Some((model, length)) = run.refuge.take() {
                // Acceleration must not fail where plain EM would not: plain EM from there on.
                run.accelerate = false;
                run.trace.truncate(length - 1);
                model
            } else {
                self.repair(&current.model, error, data, &mut run.degeneracies)?
            };
            workspace.reshape(&model.empty_statistics());
            current = self.evaluate(model, data, run.trace.len(), &mut run.passes, workspace)?;
            run.trace.push(current.objective);
            run.stopping.restart();
            self.forget();
        };
        let log_likelihood = current.log_likelihood;
        let (trace, passes) = (run.trace, run.passes);
        let report = FitReport::new(trace, log_likelihood, passes, stop_reason, run.degeneracies);
        Ok(Fit {
            report,
            model: current.model,
        })
    }

    /// The E-step at the start, or at the model of the checkpoint where this is its run.
    fn begin(
        &mut self,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<(Evaluated<M>, RunState<M>), FitError> {
        self.forget();
        let (start, resumed) = match self.journal.resumed() {
            Some((model, run)) => (model, Some(run)),
            None => (start, None),
        };
        // The run before may have dropped a component and left smaller statistics.
        workspace.reshape(&start.empty_statistics());
        let (mut passes, iteration) = (0, resumed.as_ref().map_or(0, RunState::iteration));
        let mut current = self.evaluate(start, data, iteration, &mut passes, workspace)?;
        let Some(run) = resumed else {
            let stopping = Stopping::new(self.options.tolerance, self.options.max_iterations);
            let run = RunState::new(current.objective, passes, stopping);
            return Ok((current, run));
        };
        run.check(current.objective)?;
        self.journal.accept();
        current.plain = run.plain;
        if let (Some(scheme), Some(past)) = (&mut self.scheme, run.acceleration.clone()) {
            scheme.restore(past);
        }
        Ok((current, run))
    }

    /// The model with which to go on after an M-step had no estimate, by the policy of the options.
    pub(crate) fn repair(
        &self,
        model: &M,
        failed: FitError,
        data: Data<'_, Batch<'_, M::Space>>,
        events: &mut Vec<Degeneracy>,
    ) -> Result<M, FitError> {
        let FitError::Estimate { iteration, source } = &failed else {
            return Err(failed);
        };
        let event = Degeneracy::of(source, *iteration, self.options.on_degenerate);
        let Some(event) = event.filter(|_| events.len() < most_events(model.classes())) else {
            return Err(failed);
        };
        let repaired = model.repaired(event.component, event.action, data);
        events.push(event);
        repaired.map_err(|_| failed)
    }

    /// Makes the acceleration forget the past: the model was changed from outside.
    fn forget(&mut self) {
        if let Some(scheme) = &mut self.scheme {
            scheme.reset();
        }
    }

    fn look(&mut self, start: usize, trace: &[f64], model: &M) -> ControlFlow<()> {
        let Some(observer) = &mut self.observer else {
            return ControlFlow::Continue(());
        };
        observer.observe(Progress {
            start,
            iteration: trace.len() - 1,
            objective: trace[trace.len() - 1],
            model,
        })
    }

    /// Gives a checkpoint to who wants one now.
    fn keep(&mut self, start: usize, current: &Evaluated<M>, run: &RunState<M>) -> ControlFlow<()> {
        // A run that failed before the checkpoint fails once more: no state worth keeping.
        let behind = self.journal.is_behind();
        let Some(keeper) = self.keeper.as_mut().filter(|_| !behind) else {
            return ControlFlow::Continue(());
        };
        let progress = Progress {
            start,
            iteration: run.iteration(),
            objective: current.objective,
            model: &current.model,
        };
        if !keeper.is_due(progress) {
            return ControlFlow::Continue(());
        }
        let state = RunState {
            plain: current.plain,
            acceleration: self.scheme.as_ref().and_then(|scheme| scheme.state()),
            ..run.clone()
        };
        keeper.keep(self.journal.checkpoint(&current.model, state))
    }

    /// The E-step at `model`: its statistics stay in the workspace.
    fn evaluate(
        &self,
        model: M,
        data: Data<'_, Batch<'_, M::Space>>,
        iteration: usize,
        passes: &mut usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Evaluated<M>, FitError> {
        *passes += 1;
        let tally = e_step(&model, data, iteration, self.rule, workspace);
        if let Some(row) = tally.unexplained {
            return Err(FitError::OffSupport { row, iteration });
        }
        let penalty = model.log_prior();
        Ok(Evaluated {
            model,
            objective: tally.objective + penalty,
            log_likelihood: tally.objective,
            magnitude: tally.magnitude + penalty.abs(),
            plain: false,
        })
    }

    /// The E-step at the result `whole` of the M-step, or at what acceleration makes of it.
    ///
    /// That E-step is the check of the M-step, at no extra pass. Where the objective fell by more
    /// than rounding, an accelerated proposal gives way to the plain step, and a one-step M-step is
    /// halved until it does not fall. `None` when that does not help, or the M-step claims to be
    /// exact.
    fn advance(
        &mut self,
        current: &Evaluated<M>,
        whole: M,
        data: Data<'_, Batch<'_, M::Space>>,
        iteration: usize,
        accelerated: bool,
        passes: &mut usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Option<Evaluated<M>>, FitError> {
        let model = &current.model;
        let floor = current.objective - rounding_bound(current.magnitude);
        let rises = |reached: &Evaluated<M>| reached.objective >= floor;
        if let Some(scheme) = self.scheme.as_mut().filter(|_| accelerated)
            && let Some(proposal) = scheme.propose(model, &whole)
        {
            let reached = self.evaluate(proposal, data, iteration, passes, workspace);
            if let Some(reached) = reached.ok().filter(rises) {
                return Ok(Some(reached));
            }
            if let Some(scheme) = &mut self.scheme {
                scheme.rejected();
            }
        }
        if !model.one_step() {
            let reached = self.evaluate(whole, data, iteration, passes, workspace)?;
            return Ok(Some(reached).filter(rises).map(Evaluated::plain));
        }
        for halving in 0..=HALVINGS {
            let shorter = match halving {
                0 => whole.clone(),
                _ => model.toward(&whole, 0.5_f64.powi(halving)),
            };
            let reached = self.evaluate(shorter, data, iteration, passes, workspace);
            if let Some(reached) = reached.ok().filter(rises) {
                return Ok(Some(reached.plain()));
            }
        }
        Ok(None)
    }
}

/// A model and what its E-step said of it.
struct Evaluated<M> {
    model: M,
    objective: f64,
    log_likelihood: f64,
    /// The scale of the objective's rounding error.
    magnitude: f64,
    /// Whether a plain EM step led here.
    plain: bool,
}

impl<M> Evaluated<M> {
    fn plain(self) -> Self {
        Evaluated {
            plain: true,
            ..self
        }
    }
}

/// Checks that the data can be fitted by `model`: lengths, row weights, enough rows, and every row
/// of positive weight admitted by some component.
///
/// # Errors
/// Naming the row.
pub fn check_data<M: LatentModel<R>, R: ?Sized>(
    model: &M,
    data: Data<'_, Batch<'_, M::Space>>,
) -> Result<(), FitError> {
    data.check(model.classes())?;
    let (rows, components) = (data.weighty_rows(), model.classes());
    if components > rows {
        return Err(FitError::TooFewRows { rows, components });
    }
    for row in 0..data.rows() {
        if data.row_weight(row) > 0.0 {
            (model.check_observation(data.xs.at(row)))
                .map_err(|requirement| FitError::Observation { row, requirement })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixture::Mixture;
    use crate::weights::Weights;
    use distributions::{Component, Normal};
    use std::time::Duration;

    const XS: [f64; 8] = [0.0, 0.4, 1.0, 1.3, 4.0, 4.4, 5.1, 5.3];

    type Normals = Mixture<Vec<Normal>>;

    fn start() -> Normals {
        Mixture::uniform(vec![
            Normal::new(0.0, 4.0).unwrap(),
            Normal::new(3.0, 4.0).unwrap(),
        ])
    }

    fn run(options: &Options, change: impl FnOnce(&mut Driver<'_, Normals>)) -> Fit<Normals> {
        let mut workspace = Workspace::new(&XS[..], &start().empty_statistics(), 1);
        let mut driver = Driver::new(options);
        change(&mut driver);
        let data = Data::new(&XS[..]);
        driver.run(start(), data, 0, &mut workspace).unwrap()
    }

    /// Proposes a spike on one row: the objective rises, and the next M-step has no estimate.
    struct Reckless;

    impl Accelerate<Normals> for Reckless {
        fn propose(&mut self, _current: &Normals, stepped: &Normals) -> Option<Normals> {
            let spike = Normal::new(XS[7], 1e-300).unwrap();
            let weights = Weights::new(vec![0.5, 0.5]).unwrap();
            let broad = stepped.components()[0].clone();
            Mixture::new(weights, vec![broad, spike]).ok()
        }
        fn rejected(&mut self) {}
        fn reset(&mut self) {}
    }

    #[test]
    fn where_acceleration_ends_in_a_failure_plain_em_goes_on() {
        let options = Options::default();
        let plain = run(&options, |_| {});
        let reckless = run(&options, |driver| driver.scheme = Some(Box::new(Reckless)));
        assert_eq!(reckless.model, plain.model);
        assert_eq!(reckless.report.trace, plain.report.trace);
        // The pass at the spike, and the second one at the start.
        assert_eq!(reckless.report.passes, plain.report.passes + 2);
    }

    #[test]
    fn no_time_at_all_returns_the_start() {
        let options = Options::default().time_limit(Duration::ZERO);
        let fitted = run(&options, |_| {});
        assert_eq!(fitted.report.stop_reason, StopReason::TimeLimit);
        assert_eq!(fitted.model, start());
    }

    #[test]
    fn parameters_come_to_rest() {
        let options = Options::default().tolerance(0.0);
        let tolerance = 1e-9;
        let fitted = run(&options, |driver| {
            driver.rest = Some((tolerance, relative_change));
        });
        assert_eq!(fitted.report.stop_reason, StopReason::ParametersAtRest);
        // One more step changes nothing by more than was asked for.
        let mut workspace = Workspace::new(&XS[..], &start().empty_statistics(), 1);
        e_step(&fitted.model, Data::new(&XS[..]), 0, &Soft, &mut workspace);
        let next = fitted.model.maximize(workspace.statistics()).unwrap();
        assert!(relative_change(&fitted.model, &next) <= tolerance);
    }
}
