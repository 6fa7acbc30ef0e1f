//! Online EM: a step for each batch of rows, which is then forgotten.

use super::{Algorithm, Run, log_likelihood};
use crate::data::Data;
use crate::degenerate::Degeneracy;
use crate::e_step::e_step;
use crate::error::FitError;
use crate::fit::Driver;
use crate::model::LatentModel;
use crate::options::Options;
use crate::report::{Fit, FitReport};
use crate::responsibilities::Soft;
use crate::row_source::RowSource;
use crate::stop::StopReason;
use crate::workspace::Workspace;
use distributions::{BLOCK_ROWS, Batch, Statistics, View};

/// Online EM (Cappé & Moulines 2009, Journal of the Royal Statistical Society B 71, 593–613): the step
/// sizes of an [`OnlineLearner`], and how rows in memory are cut into batches.
///
/// As an [`Algorithm`] it goes through the rows once, or `sweeps` times, in their order, which should be
/// random, and returns the average over the second half of the batches. The trace holds for each batch its
/// log-likelihood under the model before, which it is there to change, and ends with that of all
/// rows; the reason of the stop is [`StopReason::Completed`].
///
/// ```
/// use distributions::Poisson;
/// use em::{Data, Mixture, OnlineEm, Options, Variant};
///
/// let counts: Vec<u64> = (0..6000).map(|i| [0, 1, 1, 2, 9, 11, 8, 10][i * 5 % 8]).collect();
/// let start = Mixture::uniform(vec![Poisson::new(1.0)?, Poisson::new(5.0)?]);
/// let algorithm = OnlineEm { batch_rows: 100, ..OnlineEm::default() };
/// let options = Options::default();
/// let fitted = Variant::new(&algorithm, &options).fit(start, Data::of(&counts))?;
/// assert!((fitted.model.components()[1].rate() - 9.5).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnlineEm {
    /// The rows of a batch; default 1000.
    pub batch_rows: usize,
    /// How often the rows are gone through; default 1.
    pub sweeps: usize,
    /// a in the step size γ_n = (n + 2)^−a of batch n = 0, 1, …; default 0.6. Estimates converge for
    /// a in (1/2, 1].
    pub exponent: f64,
    /// The least step size, above 0 for data whose distribution changes: then the last 1/γ batches or so
    /// count. Default 0.
    pub least_step: f64,
}

impl Default for OnlineEm {
    fn default() -> Self {
        OnlineEm {
            batch_rows: 1000,
            sweeps: 1,
            exponent: 0.6,
            least_step: 0.0,
        }
    }
}

impl OnlineEm {
    /// γ_n; 1 for the first batch, before which nothing was seen.
    pub fn step(&self, batch: usize) -> f64 {
        if batch == 0 {
            return 1.0;
        }
        (batch as f64 + 2.0)
            .powf(-self.exponent)
            .max(self.least_step)
    }
    fn check(&self) -> Result<(), FitError> {
        let steps = self.exponent >= 0.0 && self.exponent <= 1.0;
        if steps && self.least_step >= 0.0 && self.least_step <= 1.0 && self.batch_rows > 0 {
            return Ok(());
        }
        Err(FitError::Shape(format!(
            "online EM: the exponent, {}, and the least step, {}, must be in [0, 1], and a batch of {} \
             rows must hold one",
            self.exponent, self.least_step, self.batch_rows
        )))
    }
}

/// A statistic averaged over batches, each scaled to weight 1.
#[derive(Clone, Debug)]
struct Average<T> {
    /// Since the batch `since`.
    sum: T,
    since: usize,
    batches: usize,
}

impl<T: Statistics> Average<T> {
    fn new(empty: &T, since: usize) -> Self {
        Average {
            sum: empty.clone(),
            since,
            batches: 0,
        }
    }
    fn add(&mut self, statistics: &T, observations: f64) {
        let mut part = statistics.clone();
        part.scale(1.0 / observations);
        self.sum.merge(&part);
        self.batches += 1;
    }
}

/// Online EM on batches as they come, without end.
///
/// Batch n, with the observations x_i of weights w_i, moves the statistics per observation
///
/// s ← (1 − γ_n) s + γ_n Σ_i w_i E\[S(x_i, z_i) | x_i, θ\] / Σ_i w_i
///
/// and an M-step follows. The M-step sees s times the observations so far, so that a prior counts as it
/// would in one fit of all rows. The rows are not kept: memory is that of the statistics, for streams of
/// any length. A first batch alone is a plain EM step, bit for bit.
///
/// [`averaged`](OnlineLearner::averaged) is the M-step from the mean of s over the last half to three
/// quarters of the batches (since the second last power of two), which attains the efficiency of maximum
/// likelihood (Polyak–Ruppert); [`model`](OnlineLearner::model) follows data that change.
///
/// A batch that fails leaves everything as it was. M-steps that take one step only are refused:
/// [`FitError::OneStep`].
///
/// ```
/// use distributions::Normal;
/// use em::{Mixture, OnlineEm, OnlineLearner, Options};
///
/// let start = Mixture::uniform(vec![Normal::new(0.0, 1.0)?, Normal::new(5.0, 1.0)?]);
/// let mut learner = OnlineLearner::new(start, OnlineEm::default(), &Options::default())?;
/// // Any iterator of batches, such as one over a socket.
/// let batch = |n: u32| (0..500).map(|i| f64::from(i % 2 * 6) + f64::from((i * n) % 89) / 89.0).collect();
/// learner.partial_fit_all((1..=20).map(|n| -> Vec<f64> { batch(n) }))?;
/// assert_eq!(learner.batches(), 20);
/// assert!((learner.averaged()?.components()[1].mean() - 6.5).abs() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OnlineLearner<M: LatentModel> {
    model: M,
    schedule: OnlineEm,
    options: Options,
    /// Of weight `observations`.
    statistics: M::Statistics,
    observations: f64,
    batches: usize,
    /// Since the second last and since the last power of two, or only from a given batch on.
    averages: [Average<M::Statistics>; 2],
    fixed_window: bool,
    degeneracies: Vec<Degeneracy>,
    workspace: Workspace<M::Statistics>,
}

impl<M: LatentModel> OnlineLearner<M> {
    /// A learner that starts from `start`. Of the options it takes the policy for components without an
    /// estimate, and the threads.
    ///
    /// # Errors
    /// [`FitError::OneStep`], or when a step size is no number in \[0, 1\].
    pub fn new(start: M, schedule: OnlineEm, options: &Options) -> Result<Self, FitError> {
        schedule.check()?;
        if start.one_step() {
            return Err(FitError::OneStep {
                algorithm: "online",
            });
        }
        let empty = start.empty_statistics();
        // Made for two chunks, so that it has threads; the first batch makes it fit.
        let workspace = Workspace::new(&[(); 2 * BLOCK_ROWS][..], &empty, options.threads);
        Ok(OnlineLearner {
            model: start,
            schedule,
            options: options.clone(),
            observations: 0.0,
            batches: 0,
            averages: [0, 1].map(|since| Average::new(&empty, since)),
            fixed_window: false,
            degeneracies: Vec::new(),
            workspace,
            statistics: empty,
        })
    }
    /// The current model.
    pub fn model(&self) -> &M {
        &self.model
    }
    /// How many batches were learned.
    pub fn batches(&self) -> usize {
        self.batches
    }
    /// Σ w_i over all of them.
    pub fn observations(&self) -> f64 {
        self.observations
    }
    /// Components that had no estimate, the batch as iteration, and what was done.
    pub fn degeneracies(&self) -> &[Degeneracy] {
        &self.degeneracies
    }
    /// The M-step from the averaged statistics; the model itself before the second batch.
    ///
    /// # Errors
    /// When they have no estimate.
    pub fn averaged(&self) -> Result<M, FitError> {
        let average = &self.averages[0];
        if average.batches <= 1 {
            return Ok(self.model.clone());
        }
        let mut mean = average.sum.clone();
        mean.scale(self.observations / average.batches as f64);
        let iteration = self.batches;
        (self.model.maximize(&mean)).map_err(|source| FitError::Estimate { iteration, source })
    }
    /// Learns batch after batch, until the iterator ends.
    ///
    /// # Errors
    /// As [`partial_fit`](OnlineLearner::partial_fit); the batches before are learned.
    pub fn partial_fit_all<B>(
        &mut self,
        batches: impl IntoIterator<Item = B>,
    ) -> Result<(), FitError>
    where
        B: RowSource<Space = M::Space>,
    {
        for batch in batches {
            self.partial_fit(Data::new(batch.rows()))?;
        }
        Ok(())
    }
    /// Learns one batch; returns its log-likelihood under the model before. A batch of no weight changes
    /// nothing.
    ///
    /// # Errors
    /// When a row cannot be an observation, or a component has no estimate and the policy does not help.
    /// Rows are counted from the first of the batch, iterations are batches.
    pub fn partial_fit(&mut self, batch: Data<'_, Batch<'_, M::Space>>) -> Result<f64, FitError> {
        match self.check(batch) {
            Err(FitError::NoRows) => return Ok(0.0),
            checked => checked?,
        }
        let added = batch.observations();
        let (iteration, xs) = (self.batches, batch.xs);
        self.workspace.fit_to(xs);
        let tally = e_step(&self.model, batch, iteration, &Soft, &mut self.workspace);
        if let Some(row) = tally.unexplained {
            return Err(FitError::OffSupport { row, iteration });
        }
        let total = self.observations + added;
        let mut statistics = self.mixed(added, total);
        match self.model.maximize(&statistics) {
            Ok(model) => self.model = model,
            Err(source) => {
                let failed = FitError::Estimate { iteration, source };
                let driver = Driver::<M, Soft>::new(&self.options);
                let repaired = driver.repair(&self.model, failed, batch, &mut self.degeneracies)?;
                // What was seen belongs to other components: the next batch begins anew.
                statistics = repaired.empty_statistics();
                self.model = repaired;
                self.begin_anew(&statistics);
                return Ok(tally.objective);
            }
        }
        (self.statistics, self.observations) = (statistics, total);
        self.batches += 1;
        self.average();
        Ok(tally.objective)
    }
    /// The statistics so far and those of the batch, in the proportions of the step size, of weight
    /// `total`.
    fn mixed(&self, added: f64, total: f64) -> M::Statistics {
        let fresh = self.workspace.statistics();
        let step = self.schedule.step(self.batches);
        // Nothing was seen yet, or only what a repair has made worthless, or what is to be forgotten.
        if !(self.statistics.weight() > 0.0) || step >= 1.0 {
            let mut statistics = fresh.clone();
            scale(&mut statistics, total / added);
            return statistics;
        }
        let mut statistics = self.statistics.clone();
        scale(&mut statistics, (1.0 - step) * (total / self.observations));
        let mut part = fresh.clone();
        scale(&mut part, step * (total / added));
        statistics.merge(&part);
        statistics
    }
    fn begin_anew(&mut self, empty: &M::Statistics) {
        self.statistics = empty.clone();
        self.workspace.reshape(empty);
        let now = self.batches;
        self.averages = [0, 1].map(|which| {
            let since = if self.fixed_window {
                self.averages[which].since.max(now)
            } else {
                now
            };
            Average::new(empty, since)
        });
    }
    /// Averages over the batches from `since` on, for those who know where the end is.
    fn average_from(mut self, since: usize) -> Self {
        self.fixed_window = true;
        self.averages[0].since = since;
        self
    }
    fn average(&mut self) {
        let last = self.batches - 1;
        let (statistics, weight) = (&self.statistics, self.observations);
        let used = if self.fixed_window { 1 } else { 2 };
        for average in &mut self.averages[..used] {
            if last >= average.since {
                average.add(statistics, weight);
            }
        }
        let recent = &self.averages[1];
        if !self.fixed_window && self.batches >= 2 * recent.since.max(1) {
            let empty = self.model.empty_statistics();
            let anew = Average::new(&empty, self.batches);
            self.averages.swap(0, 1);
            self.averages[1] = anew;
        }
    }
    fn check(&self, batch: Data<'_, Batch<'_, M::Space>>) -> Result<(), FitError> {
        batch.check(self.model.classes())?;
        for row in 0..batch.rows() {
            if batch.row_weight(row) > 0.0 {
                (self.model.check_observation(batch.xs.at(row)))
                    .map_err(|requirement| FitError::Observation { row, requirement })?;
            }
        }
        Ok(())
    }
}

/// Leaves the bits alone where nothing is to be scaled.
fn scale<T: Statistics>(statistics: &mut T, factor: f64) {
    if factor != 1.0 {
        statistics.scale(factor);
    }
}

impl<M: LatentModel> Algorithm<M> for OnlineEm {
    fn run(
        &self,
        run: &mut Run<'_, M>,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        self.check()?;
        let rows = data.rows();
        let each = rows.div_ceil(self.batch_rows);
        let planned = each.saturating_mul(self.sweeps);
        let mut learner = OnlineLearner::new(start, *self, run.options)?.average_from(planned / 2);
        let (mut trace, mut number) = (Vec::with_capacity(planned + 1), 0);
        let stop_reason = loop {
            if number == planned {
                break StopReason::Completed;
            }
            let first = number % each * self.batch_rows;
            let batch = data.block(first..(first + self.batch_rows).min(rows));
            let value = learner
                .partial_fit(batch)
                .map_err(|error| later(error, first))?;
            trace.push(value);
            number += 1;
            if let Some(reason) = run.look(number - 1, value, learner.model()) {
                break reason;
            }
        };
        let model = learner.averaged()?;
        let (log_likelihood, objective) = log_likelihood(&model, data, number, workspace)?;
        trace.push(objective);
        let passes = number.div_ceil(each.max(1)) + 1;
        let events = learner.degeneracies;
        Ok(Fit {
            model,
            report: FitReport::new(trace, log_likelihood, passes, stop_reason, events),
        })
    }
}

/// The error with rows counted from the first of all.
fn later(error: FitError, first: usize) -> FitError {
    match error {
        FitError::OffSupport { row, iteration } => FitError::OffSupport {
            row: row + first,
            iteration,
        },
        FitError::Observation { row, requirement } => FitError::Observation {
            row: row + first,
            requirement,
        },
        other => other,
    }
}
