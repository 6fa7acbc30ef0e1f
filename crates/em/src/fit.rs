//! The loop: E-step, M-step, until nothing more is to be gained.

use crate::accelerate::{Accelerate, Acceleration};
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
use crate::workspace::Workspace;
use distributions::{Batch, Coordinates, EstimateError, View};
use std::ops::ControlFlow;

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
    rule: &'a R,
    observer: Option<&'a mut dyn Observe<M>>,
    scheme: Option<Box<dyn Accelerate<M>>>,
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
            keeper: self.keeper,
            journal: self.journal,
        }
    }
    /// The same with an observer.
    pub fn observe(mut self, observer: &'a mut dyn Observe<M>) -> Self {
        self.observer = Some(observer);
        self
    }
    /// The same with one who takes checkpoints.
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
        let mut stopping = Stopping::new(self.options.tolerance, self.options.max_iterations);
        let (mut passes, mut degeneracies) = (0, Vec::new());
        self.forget();
        let (start, state) = match self.journal.resumed() {
            Some((model, state)) => (model, Some(state)),
            None => (start, None),
        };
        let begin = state
            .as_ref()
            .map_or(0, |state| state.trace.len().saturating_sub(1));
        // The run before may have dropped a component and left smaller statistics.
        workspace.reshape(&start.empty_statistics());
        let mut current = self.evaluate(start, data, begin, &mut passes, workspace)?;
        let mut trace = vec![current.objective];
        if let Some(state) = state {
            state.check(current.objective)?;
            self.journal.accept();
            current.plain = state.plain;
            (trace, passes, degeneracies) = (state.trace, state.passes, state.degeneracies);
            stopping = state.stopping;
            if let (Some(scheme), Some(past)) = (&mut self.scheme, state.acceleration) {
                scheme.restore(past);
            }
        }
        let stop_reason = loop {
            let mut wish = self.look(which, &trace, &current.model);
            let state = |scheme: &Option<Box<dyn Accelerate<M>>>| RunState {
                trace: trace.clone(),
                plain: current.plain,
                passes,
                degeneracies: degeneracies.clone(),
                stopping: stopping.clone(),
                acceleration: scheme.as_ref().and_then(|scheme| scheme.state()),
            };
            if self.keep(which, &trace, &current.model, state).is_break() {
                wish = ControlFlow::Break(());
            }
            if let Some(reason) = stopping.after(&trace, current.magnitude, current.plain) {
                break reason;
            }
            if wish.is_break() {
                break StopReason::Observer;
            }
            let (iteration, accelerated) = (trace.len(), !stopping.probing());
            match current.model.maximize(workspace.statistics()) {
                Ok(whole) => {
                    let next = self.advance(
                        &current,
                        whole,
                        data,
                        iteration,
                        accelerated,
                        &mut passes,
                        workspace,
                    )?;
                    let Some(next) = next else {
                        break StopReason::ObjectiveFell;
                    };
                    current = next;
                }
                Err(error) => {
                    let model =
                        self.repair(&current.model, error, data, iteration, &mut degeneracies)?;
                    workspace.reshape(&model.empty_statistics());
                    current = self.evaluate(model, data, iteration, &mut passes, workspace)?;
                    stopping.restart();
                    self.forget();
                }
            }
            trace.push(current.objective);
        };
        let log_likelihood = current.log_likelihood;
        let report = FitReport::new(trace, log_likelihood, passes, stop_reason, degeneracies);
        Ok(Fit {
            report,
            model: current.model,
        })
    }

    /// The model with which to go on after an M-step had no estimate, by the policy of the options.
    fn repair(
        &self,
        model: &M,
        source: EstimateError,
        data: Data<'_, Batch<'_, M::Space>>,
        iteration: usize,
        events: &mut Vec<Degeneracy>,
    ) -> Result<M, FitError> {
        let event = Degeneracy::of(&source, iteration, self.options.on_degenerate);
        let failed = FitError::Estimate { iteration, source };
        let Some(event) = event.filter(|_| events.len() < most_events(model.classes())) else {
            return Err(failed);
        };
        let repaired = model.repaired(event.component, event.action, data);
        events.push(event);
        repaired.map_err(|_| failed)
    }

    /// Whether the checkpoint does not belong to this fit: not a matter of one start.
    pub(crate) fn refuses_checkpoint(&self) -> bool {
        self.journal.refuses()
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
    fn keep(
        &mut self,
        start: usize,
        trace: &[f64],
        model: &M,
        state: impl Fn(&Option<Box<dyn Accelerate<M>>>) -> RunState,
    ) -> ControlFlow<()> {
        let progress = Progress {
            start,
            iteration: trace.len() - 1,
            objective: trace[trace.len() - 1],
            model,
        };
        // A run that failed before the checkpoint fails once more: no state worth keeping.
        let behind = self.journal.is_behind();
        let Some(keeper) = self.keeper.as_mut().filter(|_| !behind) else {
            return ControlFlow::Continue(());
        };
        if !keeper.is_due(progress) {
            return ControlFlow::Continue(());
        }
        keeper.keep(self.journal.checkpoint(model, state(&self.scheme)))
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
