//! The loop: E-step, M-step, until nothing more is to be gained.

use crate::accelerate::{Accelerate, Acceleration};
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
}

impl<'a, M> Driver<'a, M> {
    /// Plain EM with these options.
    pub fn new(options: &'a Options) -> Self {
        Driver {
            options,
            rule: &Soft,
            observer: None,
            scheme: None,
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
        }
    }
    /// The same with an observer.
    pub fn observe(mut self, observer: &'a mut dyn Observe<M>) -> Self {
        self.observer = Some(observer);
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
        // The run before may have dropped a component and left smaller statistics.
        workspace.reshape(&start.empty_statistics());
        let mut current = self.evaluate(start, data, 0, &mut passes, workspace)?;
        let mut trace = vec![current.objective];
        let stop_reason = loop {
            let wish = self.look(which, &trace, &current.model);
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
