//! The loop: E-step, M-step, until nothing more is to be gained.

use crate::accelerate::{Accelerate, Acceleration};
use crate::data::Data;
use crate::e_step::e_step;
use crate::error::FitError;
use crate::model::LatentModel;
use crate::observe::{Observe, Progress};
use crate::options::Options;
use crate::report::{Fit, FitReport};
use crate::responsibilities::Soft;
use crate::stop::{StopReason, Stopping, rounding_bound};
use crate::workspace::Workspace;
use distributions::{Batch, Coordinates, View};
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
    /// `workspace`. The data must have passed [`check_data`].
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
        if let Some(scheme) = &mut self.scheme {
            scheme.reset();
        }
        let mut stopping = Stopping::new(self.options.tolerance, self.options.max_iterations);
        let mut passes = 0;
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
            let accelerated = !stopping.probing();
            match self.advance(
                &current,
                data,
                trace.len(),
                accelerated,
                &mut passes,
                workspace,
            )? {
                Some(next) => current = next,
                None => break StopReason::ObjectiveFell,
            }
            trace.push(current.objective);
        };
        Ok(Fit {
            report: FitReport::new(trace, current.log_likelihood, passes, stop_reason),
            model: current.model,
        })
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
            plain: true,
        })
    }

    /// One iteration: the M-step from the statistics in the workspace, and the E-step at its result.
    ///
    /// That E-step is the check of the M-step, at no extra pass. Where the objective fell by more
    /// than rounding, an accelerated proposal gives way to the plain step, and a one-step M-step is
    /// halved until it does not fall. `None` when that does not help, or the M-step claims to be
    /// exact.
    fn advance(
        &mut self,
        current: &Evaluated<M>,
        data: Data<'_, Batch<'_, M::Space>>,
        iteration: usize,
        accelerated: bool,
        passes: &mut usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Option<Evaluated<M>>, FitError> {
        let model = &current.model;
        let whole = (model.maximize(workspace.statistics()))
            .map_err(|source| FitError::Estimate { iteration, source })?;
        let floor = current.objective - rounding_bound(current.magnitude);
        let rises = |reached: &Evaluated<M>| reached.objective >= floor;
        if let Some(scheme) = self.scheme.as_mut().filter(|_| accelerated)
            && let Some(proposal) = scheme.propose(model, &whole)
        {
            let reached = self.evaluate(proposal, data, iteration, passes, workspace);
            if let Some(reached) = reached.ok().filter(rises) {
                return Ok(Some(Evaluated {
                    plain: false,
                    ..reached
                }));
            }
            if let Some(scheme) = &mut self.scheme {
                scheme.rejected();
            }
        }
        if !model.one_step() {
            let reached = self.evaluate(whole, data, iteration, passes, workspace)?;
            return Ok(Some(reached).filter(rises));
        }
        for halving in 0..=HALVINGS {
            let shorter = match halving {
                0 => whole.clone(),
                _ => model.toward(&whole, 0.5_f64.powi(halving)),
            };
            let reached = self.evaluate(shorter, data, iteration, passes, workspace);
            if let Some(reached) = reached.ok().filter(rises) {
                return Ok(Some(reached));
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
