//! What a fit tells besides the model.

use crate::degenerate::Degeneracy;
use crate::error::FitError;
use crate::stop::StopReason;

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
    /// Σ w_i ln p(x_i): the objective without priors.
    pub log_likelihood: f64,
    /// Passes over the data, those of shortened steps and of other starts included.
    pub passes: usize,
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// Components that had no estimate on the way, and what was done. The objective may fall there.
    pub degeneracies: Vec<Degeneracy>,
    /// Each start, in order; one entry where the start was given.
    pub starts: Vec<StartReport>,
}

impl FitReport {
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
            degeneracies,
            starts: vec![StartReport {
                outcome: Ok((objective, stop_reason)),
                iterations,
            }],
        }
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
