//! The loop: E-step, M-step, until nothing more is to be gained.

use crate::checkpoint::RunState;
use crate::data::Data;
use crate::degenerate::{Degeneracy, OnDegenerate, most_events};
pub(crate) use crate::driver::Driver;
use crate::error::FitError;
use crate::model::LatentModel;
use crate::observe::Progress;
use crate::options::Options;
use crate::report::{Fit, FitReport};
use crate::row_cache::RowCache;
use crate::step::Evaluated;
use crate::stop::{StopReason, Stopping};
use crate::trim::Trimming;
use crate::workspace::Workspace;
use distributions::{Batch, View};
use std::ops::ControlFlow;

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
    let start = start.suited_to(data.xs);
    let mut workspace = Workspace::new(data.xs, &start.empty_statistics(), options.threads);
    Driver::new(options).run(start, data, 0, &mut workspace)
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
        if self.trimming.is_none() {
            self.trimming = Trimming::asked(self.options.trim)?;
        }
        // Restarts share one deadline; a run of its own has its own.
        let shared = self.deadline.is_some();
        self.set_deadline();
        let fit = match data.is_cached() {
            true => self.climb(start, data, which, workspace),
            false => self.climb(start, RowCache::new(data).data(), which, workspace),
        };
        if !shared {
            self.clear_deadline();
        }
        fit
    }

    /// The loop: the M-step, the E-step at what it gives, until nothing more is to be gained.
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
            let next = match current.model.maximize(workspace.statistics()) {
                Ok(whole) if self.at_rest(&current.model, &whole) => {
                    break StopReason::ParametersAtRest;
                }
                Ok(whole) => self.advance(&current, whole, data, &mut run, workspace),
                Err(source) => Err(FitError::Estimate {
                    iteration: run.trace.len(),
                    source,
                }),
            };
            current = match next {
                Ok(Some(next)) => accepted(current, next, &mut run),
                Ok(None) => break StopReason::ObjectiveFell,
                Err(error) => self.recovered(&current.model, error, data, &mut run, workspace)?,
            };
        };
        let (trace, passes, events) = (run.trace, run.passes, run.degeneracies);
        let likelihood = current.log_likelihood;
        let mut report = FitReport::new(trace, likelihood, passes, stop_reason, events);
        report.trimmed = current.trimmed;
        let model = current.model;
        Ok(Fit { model, report })
    }

    /// Where the fit goes on after `model` had no next one: before acceleration led astray, or at a model
    /// that is repaired.
    fn recovered(
        &mut self,
        model: &M,
        error: FitError,
        data: Data<'_, Batch<'_, M::Space>>,
        run: &mut RunState<M>,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Evaluated<M>, FitError> {
        let model = if let Some((model, length)) = run.refuge.take() {
            // Acceleration must not fail where plain EM would not: plain EM from there on.
            run.accelerate = false;
            run.trace.truncate(length - 1);
            model
        } else {
            self.repair(model, error, data, &mut run.degeneracies)?
        };
        workspace.reshape(&model.empty_statistics());
        let iteration = run.trace.len();
        let current = self.evaluate(model, data, iteration, &mut run.passes, workspace)?;
        run.trace.push(current.objective);
        run.stopping.restart();
        self.forget();
        Ok(current)
    }

    /// The E-step at the start, or at the model of the checkpoint where this is its run.
    fn begin(
        &mut self,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<(Evaluated<M>, RunState<M>), FitError> {
        self.forget();
        let (mut start, resumed) = match self.journal.resumed() {
            Some((model, run)) => (model, Some(run)),
            None => (start, None),
        };
        if self.options.on_degenerate == OnDegenerate::Floor {
            start = start.above_floor(data)?;
        }
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
        // Rows that are trimmed are no start for a component.
        let data = (self.trimming.as_ref()).map_or(data, |trimming| trimming.of(data));
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
}

/// Goes on to `next`, and remembers where acceleration first left plain EM.
fn accepted<M>(before: Evaluated<M>, next: Evaluated<M>, run: &mut RunState<M>) -> Evaluated<M> {
    let iteration = run.trace.len();
    run.trace.push(next.objective);
    if run.refuge.is_none() && !next.plain {
        run.refuge = Some((before.model, iteration));
    }
    next
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
    use crate::accelerate::{Accelerate, relative_change};
    use crate::e_step::e_step;
    use crate::mixture::Mixture;
    use crate::responsibilities::Soft;
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
