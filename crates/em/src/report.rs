//! What a fit tells besides the model.

use crate::degenerate::Degeneracy;
use crate::error::FitError;
use crate::growth::GrowthStep;
use crate::split_merge::SplitMerge;
use crate::stop::StopReason;
use crate::trim::Trimmed;
use crate::warning::Warning;

/// A fitted model and how it came about: the model is state, the report is information.
#[derive(Clone, Debug)]
pub struct Fit<M> {
    /// The fitted model.
    pub model: M,
    /// How it came about.
    pub report: FitReport,
}

/// How a fit went.
#[derive(Clone, Debug, PartialEq)]
pub struct FitReport {
    /// The objective at the start and after each iteration.
    pub trace: Vec<f64>,
    /// What the fit maximised: the last entry of the trace.
    pub objective: f64,
    /// Σ w_i ln p(x_i): the objective without priors; of the rows that count, where some are trimmed.
    pub log_likelihood: f64,
    /// Passes over the data, those of shortened steps and of other starts included.
    pub passes: usize,
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// Which rows count at the model, where a fraction of them is [trimmed](crate::Options::trim).
    pub trimmed: Option<Trimmed>,
    /// Components that had no estimate on the way, and what was done. The objective may fall there.
    pub degeneracies: Vec<Degeneracy>,
    /// Each start, in order; one entry where the start was given.
    pub starts: Vec<StartReport>,
    /// The way of a mixture that was [grown](crate::Start::Grown), from its first number of components to its last;
    /// empty for others. `starts` are then the splits of the last step, `passes` those of the whole way.
    pub growth: Vec<GrowthStep>,
    /// Each move that was tried to split and merge components, in order.
    pub moves: Vec<SplitMerge>,
    /// What a user should know; made by [`fit_from`](crate::fit_from), empty for a run of its own.
    pub warnings: Vec<Warning>,
}

/// Starts that end this near the best, in nats, have found the same maximum.
pub const SAME_MAXIMUM: f64 = 1e-4;

impl FitReport {
    /// The report of this fit and a later one from its model, as of one: the later objective of that model stands in
    /// the trace, the starts are those of this fit, the warnings those of the later one.
    pub fn followed_by(mut self, later: FitReport) -> FitReport {
        let before = self.trace.len() - 1;
        self.trace.pop();
        self.trace.extend(later.trace);
        let degeneracies = later.degeneracies.into_iter().map(|mut one| {
            one.iteration += before;
            one
        });
        self.degeneracies.extend(degeneracies);
        self.moves.extend(later.moves);
        FitReport {
            trace: self.trace,
            passes: self.passes + later.passes,
            degeneracies: self.degeneracies,
            starts: self.starts,
            moves: self.moves,
            ..later
        }
    }
    /// The report of one run.
    pub(crate) fn new(
        trace: Vec<f64>,
        log_likelihood: f64,
        passes: usize,
        stop_reason: StopReason,
        degeneracies: Vec<Degeneracy>,
    ) -> Self {
        let (objective, iterations) = (trace[trace.len() - 1], trace.len() - 1);
        FitReport {
            trace,
            objective,
            log_likelihood,
            passes,
            stop_reason,
            trimmed: None,
            degeneracies,
            starts: vec![StartReport {
                outcome: Ok((objective, stop_reason)),
                iterations,
            }],
            growth: Vec::new(),
            moves: Vec::new(),
            warnings: Vec::new(),
        }
    }
    /// This run began where another, short one ended.
    pub(crate) fn continues(&mut self, short: FitReport) {
        let mut trace = short.trace;
        trace.pop();
        trace.append(&mut self.trace);
        self.trace = trace;
        self.degeneracies.splice(0..0, short.degeneracies);
        if let [start] = &mut self.starts[..] {
            start.iterations = self.trace.len() - 1;
        }
    }
    /// How many starts went to their end, failures included: all but short runs that were left.
    pub fn starts_completed(&self) -> usize {
        self.starts.iter().filter(|start| !start.was_left()).count()
    }
    /// How many starts ended within [`SAME_MAXIMUM`] nats of the best of them: the evidence that the
    /// best maximum was found.
    pub fn starts_near_best(&self) -> usize {
        let ends = || {
            let completed = self.starts.iter().filter(|start| !start.was_left());
            completed.filter_map(|start| start.outcome.as_ref().ok())
        };
        let best = ends().fold(f64::NEG_INFINITY, |best, end| best.max(end.0));
        ends().filter(|end| best - end.0 <= SAME_MAXIMUM).count()
    }
    /// The number of accepted iterations.
    pub fn iterations(&self) -> usize {
        self.trace.len() - 1
    }
}

/// How one start ended.
#[derive(Clone, Debug, PartialEq)]
pub struct StartReport {
    /// The objective reached and why it stopped there, or why it failed.
    pub outcome: Result<(f64, StopReason), FitError>,
    /// The iterations it took.
    pub iterations: usize,
}

impl StartReport {
    /// The report of the run `outcome`.
    pub(crate) fn of<M>(outcome: &Result<Fit<M>, FitError>) -> Self {
        match outcome {
            Ok(fit) => StartReport {
                outcome: Ok((fit.report.objective, fit.report.stop_reason)),
                iterations: fit.report.iterations(),
            },
            Err(error) => StartReport {
                outcome: Err(error.clone()),
                iterations: 0,
            },
        }
    }
    /// The same, when others were continued instead.
    pub(crate) fn left(mut self) -> Self {
        if let Ok((_, reason)) = &mut self.outcome {
            *reason = StopReason::Left;
        }
        self
    }
    /// Whether this was a short run that was not continued.
    pub fn was_left(&self) -> bool {
        matches!(self.outcome, Ok((_, StopReason::Left)))
    }
}
