//! Algorithms other than EM, a file for each: what differs from the classic loop.

mod annealed;
mod counter;
mod incremental;
mod online;
mod stochastic;

pub use annealed::{AnnealedEm, Tempered};
pub use incremental::IncrementalEm;
pub use online::{OnlineEm, OnlineLearner};
pub use stochastic::{Drawn, StochasticEm};

use crate::data::Data;
use crate::degenerate::Degeneracy;
use crate::error::FitError;
use crate::fit::Driver;
use crate::model::LatentModel;
use crate::observe::{Observe, Progress};
use crate::options::Options;
use crate::report::Fit;
use crate::responsibilities::Soft;
use crate::stop::StopReason;
use crate::workspace::Workspace;
use distributions::{Batch, Component, Coordinates};
use std::time::Instant;

/// One run of an algorithm, from one start.
pub trait Algorithm<M: Component> {
    /// Runs from `start`, in the buffers of `workspace`, which must have been made for these rows.
    /// Calls [`Run::look`] for the start and after every iteration.
    ///
    /// # Errors
    /// See [`FitError`].
    fn run(
        &self,
        run: &mut Run<'_, M>,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError>;
}

/// What surrounds a run: its options, who looks on, and the clock.
pub struct Run<'a, M> {
    /// The options.
    pub options: &'a Options,
    /// The number of the start, from 0.
    pub start: usize,
    observer: Option<&'a mut dyn Observe<M>>,
    deadline: Option<Instant>,
}

impl<M> Run<'_, M> {
    /// Shows a model to the observer; whether the observer or the clock ends the run there.
    pub fn look(&mut self, iteration: usize, objective: f64, model: &M) -> Option<StopReason> {
        let start = self.start;
        let stop = self.observer.as_mut().is_some_and(|observer| {
            let progress = Progress {
                start,
                iteration,
                objective,
                model,
            };
            observer.observe(progress).is_break()
        });
        if stop {
            return Some(StopReason::Observer);
        }
        let late = (self.deadline).is_some_and(|deadline| Instant::now() >= deadline);
        late.then_some(StopReason::TimeLimit)
    }
    /// The model with which to go on after an M-step failed, by the policy of the options; the event is
    /// added to `events`.
    ///
    /// # Errors
    /// The failure itself, where the policy is to fail or cannot help.
    pub fn repair(
        &self,
        model: &M,
        failed: FitError,
        data: Data<'_, Batch<'_, M::Space>>,
        events: &mut Vec<Degeneracy>,
    ) -> Result<M, FitError>
    where
        M: LatentModel,
    {
        Driver::<M, Soft>::new(self.options).repair(model, failed, data, events)
    }
}

/// How an [`Algorithm`] runs: the options, and who looks on. The counterpart of a [`Driver`].
///
/// ```
/// use distributions::{Component, Poisson};
/// use em::{Data, IncrementalEm, Mixture, Options, Variant, Workspace};
///
/// let counts: Vec<u64> = vec![0, 1, 1, 2, 0, 9, 11, 8, 10, 1];
/// let start = Mixture::uniform(vec![Poisson::new(1.0)?, Poisson::new(5.0)?]);
/// let (options, algorithm) = (Options::default(), IncrementalEm::default());
/// let mut variant = Variant::new(&algorithm, &options);
/// let fitted = variant.fit(start, Data::of(&counts))?;
/// assert!((9.0..10.0).contains(&fitted.model.components()[1].rate()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Variant<'a, M, A: ?Sized> {
    algorithm: &'a A,
    pub(crate) options: &'a Options,
    observer: Option<&'a mut dyn Observe<M>>,
    deadline: Option<Instant>,
}

impl<'a, M, A: ?Sized> Variant<'a, M, A> {
    /// `algorithm` under these options.
    pub fn new(algorithm: &'a A, options: &'a Options) -> Self {
        Variant {
            algorithm,
            options,
            observer: None,
            deadline: None,
        }
    }
    /// The same with an observer.
    pub fn observe(mut self, observer: &'a mut dyn Observe<M>) -> Self {
        self.observer = Some(observer);
        self
    }
    /// Begins the time of the options.
    pub(crate) fn set_deadline(&mut self) {
        let limit = self.options.time_limit;
        self.deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    }
    /// Whether the time of the options is over.
    pub(crate) fn out_of_time(&self) -> bool {
        (self.deadline).is_some_and(|deadline| Instant::now() >= deadline)
    }
}

impl<M: LatentModel, A: Algorithm<M> + ?Sized> Variant<'_, M, A> {
    /// One run from a given model.
    ///
    /// # Errors
    /// See [`FitError`].
    pub fn fit(
        &mut self,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
    ) -> Result<Fit<M>, FitError> {
        crate::fit::check_data::<M, Soft>(&start, data)?;
        let empty = start.empty_statistics();
        let mut workspace = Workspace::new(data.xs, &empty, self.options.threads);
        self.set_deadline();
        self.run(start, data, 0, &mut workspace)
    }
    /// The run from start number `which`.
    pub(crate) fn run(
        &mut self,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        which: usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        workspace.reshape(&start.empty_statistics());
        let mut run = Run {
            options: self.options,
            start: which,
            // A reborrow: the observer serves the next start too.
            observer: match &mut self.observer {
                Some(observer) => Some(&mut **observer),
                None => None,
            },
            deadline: self.deadline,
        };
        self.algorithm.run(&mut run, start, data, workspace)
    }
}

/// The algorithms by name, for programs that choose one at run time.
#[derive(Clone, Debug, PartialEq)]
pub enum NamedAlgorithm {
    /// Stochastic EM.
    Stochastic(StochasticEm),
    /// EM with deterministic annealing.
    Annealed(AnnealedEm),
    /// Incremental EM.
    Incremental(IncrementalEm),
    /// Online EM.
    Online(OnlineEm),
}

impl<M> Algorithm<M> for NamedAlgorithm
where
    M: LatentModel + LatentModel<Drawn> + LatentModel<Tempered> + Coordinates,
{
    fn run(
        &self,
        run: &mut Run<'_, M>,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        match self {
            NamedAlgorithm::Stochastic(stochastic) => stochastic.run(run, start, data, workspace),
            NamedAlgorithm::Annealed(annealed) => annealed.run(run, start, data, workspace),
            NamedAlgorithm::Incremental(incremental) => {
                incremental.run(run, start, data, workspace)
            }
            NamedAlgorithm::Online(online) => online.run(run, start, data, workspace),
        }
    }
}

/// The log-likelihood of a model, and its objective with the prior: one pass.
pub(crate) fn log_likelihood<M: LatentModel>(
    model: &M,
    data: Data<'_, Batch<'_, M::Space>>,
    iteration: usize,
    workspace: &mut Workspace<M::Statistics>,
) -> Result<(f64, f64), FitError> {
    workspace.reshape(&model.empty_statistics());
    let tally = crate::e_step::e_step(model, data, iteration, &Soft, workspace);
    match tally.unexplained {
        Some(row) => Err(FitError::OffSupport { row, iteration }),
        None => Ok((tally.objective, tally.objective + model.log_prior())),
    }
}
