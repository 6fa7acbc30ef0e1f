//! Options of a fit.

use crate::degenerate::OnDegenerate;
use std::time::Duration;

/// Options of a fit; the defaults suit most.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Options {
    /// Stop when the estimated remaining gain of the objective is below this many nats in total,
    /// twice running. Default 1e-7: far below what any statistic of the model can feel, even at a
    /// slow rate of convergence, because what remains is estimated, not the last gain.
    pub tolerance: f64,
    /// The most iterations; default 10 000, so that slow but converging fits converge.
    pub max_iterations: usize,
    /// The longest time, all starts together: the iteration under way is finished, and starts still to
    /// come are left out. Default none. A limit that is reached makes the result depend on the machine.
    pub time_limit: Option<Duration>,
    /// How many times to start where the start is random; default 10 (likelihoods of mixtures have
    /// many local maxima). A given start is run once.
    pub restarts: usize,
    /// How many moves to try from a converged fit of [`fit_from`](crate::fit_from) that merge two
    /// components and split a third, each followed by EM to convergence; when one raises the objective,
    /// as many again are tried from there. Default 0. They need at least three components.
    pub split_merge: usize,
    /// The fraction α of the total row weight, below 1, that does not count: in each iteration it is
    /// taken from the rows of lowest log-density ([`trimmed`](crate::trimmed) says which). Default 0.
    ///
    /// The objective is then the trimmed log-likelihood T(θ) = max Σ v_i ln p(x_i | θ) over 0 ≤ v_i ≤ w_i
    /// with Σ v_i = (1 − α) Σ w_i. No iteration lowers it: the M-step for the weights v at θ raises
    /// Σ v_i ln p(x_i), and new weights can only raise it further. Each iteration takes a second pass.
    /// Neykov, Filzmoser, Dimova & Neytchev (2007), Computational Statistics & Data Analysis 52, 299–308.
    pub trim: f64,
    /// The seed of all randomness; default 0. Restart r draws from its own stream.
    pub seed: u64,
    /// What to do with a component that has no estimate; the default fails, naming it.
    pub on_degenerate: OnDegenerate,
    /// Threads; 0, the default, uses every core. The result has the same bits for any number.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            tolerance: 1e-7,
            max_iterations: 10_000,
            time_limit: None,
            restarts: 10,
            split_merge: 0,
            trim: 0.0,
            seed: 0,
            on_degenerate: OnDegenerate::Fail,
            threads: 0,
        }
    }
}

impl Options {
    /// The same options with this tolerance in nats.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }
    /// The same options with this limit of iterations.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }
    /// The same options with this limit of time.
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = Some(time_limit);
        self
    }
    /// The same options with this many random starts.
    pub fn restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }
    /// The same options with this many moves that split and merge components.
    pub fn split_merge(mut self, split_merge: usize) -> Self {
        self.split_merge = split_merge;
        self
    }
    /// The same options, with this fraction of the row weight trimmed.
    pub fn trim(mut self, trim: f64) -> Self {
        self.trim = trim;
        self
    }
    /// The same options with this seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// The same options with this policy for components without an estimate.
    pub fn on_degenerate(mut self, on_degenerate: OnDegenerate) -> Self {
        self.on_degenerate = on_degenerate;
        self
    }
    /// The same options with this many threads.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }
}
