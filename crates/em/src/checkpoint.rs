//! Checkpoints: all that a fit needs to go on with the same bits.

#[cfg(feature = "serde")]
mod reason_form;

use crate::accelerate::AccelerationState;
use crate::degenerate::Degeneracy;
use crate::error::FitError;
use crate::observe::Progress;
use crate::report::{Fit, FitReport};
use crate::stop::{StopReason, Stopping};
use crate::trim::Trimmed;
use std::ops::ControlFlow;

/// The state of a fit between two iterations: the runs (starts) that are over, and the one going on.
///
/// A fit is a function of its model, data and options. What cannot be computed again from them in a
/// moment is here: the current model, the trace, the state of the stopping rule and of the
/// acceleration (with the model to which its failure leads back), the components repaired so far,
/// and the results of the runs before.
/// [`Driver::resume`](crate::Driver::resume) then gives the bits that the fit would have given
/// without the break: the runs that are over are taken from here (those that failed fail again), the
/// starts of all are drawn again from the seed, and one E-step at the current model, which is not
/// counted, restores the statistics.
///
/// With feature `serde` it is serialised where `M` is; [`try_map`](Checkpoint::try_map) puts another
/// form of the model in place.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Checkpoint<M> {
    /// The runs that are over, in order; `None` where one failed.
    pub(crate) finished: Vec<Option<FinishedRun<M>>>,
    /// The current model.
    pub(crate) model: M,
    pub(crate) run: RunState<M>,
}

impl<M> Checkpoint<M> {
    /// The current model.
    pub fn model(&self) -> &M {
        &self.model
    }
    /// How many runs (starts) are over.
    pub fn finished_runs(&self) -> usize {
        self.finished.len()
    }
    /// The iteration of the run going on.
    pub fn iteration(&self) -> usize {
        self.run.iteration()
    }
    /// The same checkpoint with every model in another form.
    ///
    /// # Errors
    /// The first error of `change`.
    pub fn try_map<N, E>(
        self,
        mut change: impl FnMut(M) -> Result<N, E>,
    ) -> Result<Checkpoint<N>, E> {
        let mut finished = Vec::with_capacity(self.finished.len());
        for run in self.finished {
            finished.push(match run {
                Some(run) => Some(FinishedRun {
                    model: change(run.model)?,
                    report: run.report,
                }),
                None => None,
            });
        }
        let refuge = match self.run.refuge {
            Some((model, length)) => Some((change(model)?, length)),
            None => None,
        };
        Ok(Checkpoint {
            finished,
            model: change(self.model)?,
            run: RunState {
                trace: self.run.trace,
                plain: self.run.plain,
                passes: self.run.passes,
                degeneracies: self.run.degeneracies,
                stopping: self.run.stopping,
                acceleration: self.run.acceleration,
                refuge,
                accelerate: self.run.accelerate,
            },
        })
    }
}

/// Takes the checkpoints of a fit: writes them to a file, say.
pub trait KeepCheckpoints<M> {
    /// Whether a checkpoint is wanted now. Asked for the start and after every iteration.
    fn is_due(&mut self, progress: Progress<'_, M>) -> bool;
    /// Takes one. `Break` stops the run at this model, for the reason
    /// [`StopReason::Observer`].
    fn keep(&mut self, checkpoint: Checkpoint<M>) -> ControlFlow<()>;
}

/// A run that ended with a model.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct FinishedRun<M> {
    model: M,
    report: RunReport,
}

/// What makes the report of a run.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct RunReport {
    trace: Vec<f64>,
    log_likelihood: f64,
    passes: usize,
    stop_reason: StopReason,
    trimmed: Option<Trimmed>,
    #[cfg_attr(feature = "serde", serde(with = "reason_form::degeneracies"))]
    degeneracies: Vec<Degeneracy>,
}

impl<M: Clone> FinishedRun<M> {
    fn new(fit: &Fit<M>) -> Self {
        let report = &fit.report;
        FinishedRun {
            model: fit.model.clone(),
            report: RunReport {
                trace: report.trace.clone(),
                log_likelihood: report.log_likelihood,
                passes: report.passes,
                stop_reason: report.stop_reason,
                trimmed: report.trimmed,
                degeneracies: report.degeneracies.clone(),
            },
        }
    }
    fn fit(&self) -> Fit<M> {
        let own = self.report.clone();
        let (trace, log_likelihood, passes) = (own.trace, own.log_likelihood, own.passes);
        let (reason, events) = (own.stop_reason, own.degeneracies);
        let mut report = FitReport::new(trace, log_likelihood, passes, reason, events);
        report.trimmed = own.trimmed;
        Fit {
            model: self.model.clone(),
            report,
        }
    }
}

/// The state of a run between two iterations, besides its model.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct RunState<M> {
    pub(crate) trace: Vec<f64>,
    /// Whether a plain step led to the model.
    pub(crate) plain: bool,
    pub(crate) passes: usize,
    #[cfg_attr(feature = "serde", serde(with = "reason_form::degeneracies"))]
    pub(crate) degeneracies: Vec<Degeneracy>,
    pub(crate) stopping: Stopping,
    pub(crate) acceleration: Option<AccelerationState>,
    /// Where acceleration first left plain EM, and the length of the trace there.
    pub(crate) refuge: Option<(M, usize)>,
    /// Whether the run may be accelerated still.
    pub(crate) accelerate: bool,
}

impl<M> RunState<M> {
    /// Of a start with this objective.
    pub(crate) fn new(objective: f64, passes: usize, stopping: Stopping) -> Self {
        RunState {
            trace: vec![objective],
            plain: false,
            passes,
            degeneracies: Vec::new(),
            stopping,
            acceleration: None,
            refuge: None,
            accelerate: true,
        }
    }
    /// The iterations so far.
    pub(crate) fn iteration(&self) -> usize {
        self.trace.len().saturating_sub(1)
    }
    /// Checks that the model has the objective here that it had when the checkpoint was made.
    pub(crate) fn check(&self, objective: f64) -> Result<(), FitError> {
        let recorded = self.trace.last().copied().unwrap_or(f64::NAN);
        if objective.to_bits() == recorded.to_bits() {
            return Ok(());
        }
        Err(FitError::Shape(format!(
            "the model of the checkpoint has objective {objective:?} here, and had {recorded:?} when \
             the checkpoint was made: other data, or a machine with other vector instructions"
        )))
    }
}

/// The runs of a driver so far, and the checkpoint from which it goes on.
#[derive(Debug)]
pub(crate) struct Journal<M> {
    finished: Vec<Option<FinishedRun<M>>>,
    resume: Option<Checkpoint<M>>,
    /// Whether the checkpoint was taken up, and its model has not been seen to fit the data.
    unproven: bool,
}

impl<M> Default for Journal<M> {
    fn default() -> Self {
        Journal {
            finished: Vec::new(),
            resume: None,
            unproven: false,
        }
    }
}

impl<M> Journal<M> {
    pub(crate) fn resuming(checkpoint: Checkpoint<M>) -> Self {
        Journal {
            finished: Vec::new(),
            resume: Some(checkpoint),
            unproven: false,
        }
    }
    /// The checkpoint belongs to this fit.
    pub(crate) fn accept(&mut self) {
        self.unproven = false;
    }
    pub(crate) fn refuses(&self) -> bool {
        self.unproven
    }
    /// Whether runs before that of the checkpoint are being gone through.
    pub(crate) fn is_behind(&self) -> bool {
        self.resume.is_some()
    }
    /// The checkpoint, when its run is the next.
    pub(crate) fn resumed(&mut self) -> Option<(M, RunState<M>)> {
        let done = self.finished.len();
        let checkpoint = self.resume.take_if(|next| next.finished.len() == done)?;
        self.unproven = true;
        Some((checkpoint.model, checkpoint.run))
    }
}

impl<M: Clone> Journal<M> {
    /// The next run, where it was over when the checkpoint was made.
    pub(crate) fn replayed(&mut self) -> Option<Fit<M>> {
        let checkpoint = self.resume.as_ref()?;
        let run = checkpoint.finished.get(self.finished.len())?.clone()?;
        let fit = (!run.report.trace.is_empty()).then(|| run.fit())?;
        self.finished.push(Some(run));
        Some(fit)
    }
    pub(crate) fn record(&mut self, fitted: Result<&Fit<M>, &FitError>) {
        self.finished.push(fitted.ok().map(FinishedRun::new));
    }
    pub(crate) fn checkpoint(&self, model: &M, run: RunState<M>) -> Checkpoint<M> {
        Checkpoint {
            finished: self.finished.clone(),
            model: model.clone(),
            run,
        }
    }
}
