//! Stochastic EM: labels are drawn, estimates are averaged.

use super::counter::{key, uniform};
use super::{Algorithm, Run, log_likelihood};
use crate::data::Data;
use crate::e_step::e_step;
use crate::error::FitError;
use crate::model::LatentModel;
use crate::report::{Fit, FitReport};
use crate::responsibilities::{At, Responsibilities, Soft};
use crate::stop::StopReason;
use crate::workspace::Workspace;
use distributions::{Batch, Coordinates};

/// The rule of stochastic EM: all of row i goes to one component, drawn with the probabilities r_ik.
/// The value stays the log-likelihood.
///
/// The draw is a function of the key, the iteration and the row: no generator is shared, so that the
/// same labels are drawn on any number of threads.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    seed: u64,
    start: usize,
}

impl Drawn {
    /// The draws of start number `start` under `seed`.
    pub fn new(seed: u64, start: usize) -> Self {
        Drawn { seed, start }
    }
}

impl Responsibilities for Drawn {
    fn assign(&self, at: At, joint: &mut [f64], value: &mut [f64]) {
        Soft.assign(at, joint, value);
        let (rows, key) = (value.len(), key(self.seed, self.start, at.iteration));
        for i in 0..rows {
            let mut left = uniform(key, at.row + i);
            let (mut drawn, mut last) = (None, None);
            for (k, &share) in joint[i..].iter().step_by(rows).enumerate() {
                left -= share;
                if share > 0.0 {
                    last = Some(k);
                    if left < 0.0 && drawn.is_none() {
                        drawn = last;
                    }
                }
            }
            // Shares may sum to a little less than 1: then it is the last component that has one.
            let drawn = drawn.or(last);
            for (k, entry) in joint[i..].iter_mut().step_by(rows).enumerate() {
                *entry = f64::from(u8::from(drawn == Some(k)));
            }
        }
    }
}

/// Stochastic EM (SEM; Celeux & Diebolt 1985, Computational Statistics Quarterly 2, 73–82).
///
/// Each iteration draws a label for every row, z_i ~ Categorical(r_i), and the M-step is estimation
/// class by class. The models form a Markov chain about a maximum that the data support; it leaves
/// saddles and shallow maxima. The estimate is the mean of the coordinates (logarithms, logits, log-Cholesky
/// factors) after the burn-in. The trace holds the log-likelihood of each model of the chain, which may
/// fall, and ends with that of the mean; the reason of the stop is [`StopReason::Completed`].
///
/// A mean over models needs labels that mean the same in all of them: where the chain exchanges two
/// components, their mean lies between them, and its log-likelihood far below those of the chain. With
/// components that overlap so much, use fewer iterations or EM. Models with an infinite coordinate
/// (a probability of 0) are left out of the mean; where all are, the last model is the result.
///
/// ```
/// use distributions::Normal;
/// use em::{Data, Mixture, Options, StochasticEm, StopReason, Variant};
///
/// let xs = [0.1, -0.4, 0.2, 0.5, -0.3, 7.9, 8.3, 8.1, 7.6, 8.0];
/// let start = Mixture::uniform(vec![Normal::new(0.0, 1.0)?, Normal::new(5.0, 1.0)?]);
/// let (options, algorithm) = (Options::default(), StochasticEm::default());
/// let fitted = Variant::new(&algorithm, &options).fit(start, Data::new(&xs[..]))?;
/// assert_eq!(fitted.report.stop_reason, StopReason::Completed);
/// assert!((fitted.model.components()[1].mean() - 7.98).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StochasticEm {
    /// The first iterations, which do not enter the mean; default 100.
    pub burn_in: usize,
    /// The iterations after them, whose models are averaged; default 400.
    pub draws: usize,
}

impl Default for StochasticEm {
    fn default() -> Self {
        StochasticEm {
            burn_in: 100,
            draws: 400,
        }
    }
}

/// A sum of coordinates.
#[derive(Default)]
struct Mean {
    sum: Vec<f64>,
    count: usize,
}

impl Mean {
    /// Adds a model, unless it lies on a boundary. One of another shape begins anew: a component was
    /// dropped.
    fn add<M: Coordinates>(&mut self, model: &M) {
        let mut packed = Vec::new();
        model.pack(&mut packed);
        if packed.len() != self.sum.len() {
            *self = Mean {
                sum: vec![0.0; packed.len()],
                count: 0,
            };
        }
        if packed.iter().all(|value| value.is_finite()) {
            let pairs = self.sum.iter_mut().zip(&packed);
            pairs.for_each(|(sum, value)| *sum += value);
            self.count += 1;
        }
    }
    /// The mean, with what is fixed from `like`.
    fn model<M: Coordinates>(&self, like: &M) -> Option<M> {
        let count = (self.count > 0).then_some(self.count as f64)?;
        let mean: Vec<f64> = self.sum.iter().map(|sum| sum / count).collect();
        like.unpack(&mut &mean[..]).ok()
    }
}

impl<M: LatentModel + LatentModel<Drawn> + Coordinates> Algorithm<M> for StochasticEm {
    fn run(
        &self,
        run: &mut Run<'_, M>,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        let planned = self.burn_in.saturating_add(self.draws);
        let mut chain = Chain {
            rule: Drawn::new(run.options.seed, run.start),
            data,
            workspace,
            passes: 0,
        };
        let (mut model, mut mean, mut events) = (start, Mean::default(), Vec::new());
        let mut trace = vec![chain.expect(&model, 0)?];
        let stop_reason = loop {
            let (iteration, value) = (trace.len(), trace[trace.len() - 1]);
            if let Some(reason) = run.look(iteration - 1, value, &model) {
                break reason;
            }
            if iteration > planned {
                break StopReason::Completed;
            }
            if iteration > run.options.max_iterations {
                break StopReason::MaxIterations;
            }
            let (next, value) = match model.maximize(chain.workspace.statistics()) {
                Ok(whole) => chain.advance(&model, whole, value, iteration)?,
                Err(source) => {
                    let failed = FitError::Estimate { iteration, source };
                    let next = run.repair(&model, failed, data, &mut events)?;
                    chain.workspace.reshape(&next.empty_statistics());
                    let value = chain.expect(&next, iteration)?;
                    (next, value)
                }
            };
            model = next;
            trace.push(value);
            if iteration > self.burn_in {
                mean.add(&model);
            }
        };
        let Chain {
            workspace, passes, ..
        } = chain;
        let (result, averaged) = match mean.model(&model) {
            Some(mean) => (mean, true),
            None => (model, false),
        };
        let (log_likelihood, objective) = log_likelihood(&result, data, trace.len(), workspace)?;
        if averaged {
            trace.push(objective);
        }
        Ok(Fit {
            model: result,
            report: FitReport::new(trace, log_likelihood, passes + 1, stop_reason, events),
        })
    }
}

/// A one-step M-step is shortened where the log-likelihood falls by more than chance makes it: drawn
/// labels move it by about half a nat for each parameter.
const CHANCE: f64 = 10.0;
/// Halvings of such a step before the model stays where it is.
const HALVINGS: i32 = 20;

/// The steps of a chain of models.
struct Chain<'a, 'x, M: LatentModel> {
    rule: Drawn,
    data: Data<'a, Batch<'x, M::Space>>,
    workspace: &'a mut Workspace<M::Statistics>,
    passes: usize,
}

impl<M: LatentModel + LatentModel<Drawn>> Chain<'_, '_, M> {
    /// The E-step, which draws the labels of the next M-step: the log-likelihood, with the prior.
    fn expect(&mut self, model: &M, iteration: usize) -> Result<f64, FitError> {
        self.passes += 1;
        let tally = e_step(model, self.data, iteration, &self.rule, self.workspace);
        match tally.unexplained {
            Some(row) => Err(FitError::OffSupport { row, iteration }),
            None => Ok(tally.objective + model.log_prior()),
        }
    }
    /// The E-step at the result `whole` of the M-step from `model`, whose objective was `before`.
    fn advance(
        &mut self,
        model: &M,
        whole: M,
        before: f64,
        iteration: usize,
    ) -> Result<(M, f64), FitError> {
        if !model.one_step() {
            let value = self.expect(&whole, iteration)?;
            return Ok((whole, value));
        }
        let floor = before - CHANCE - model.parameter_count() as f64;
        for halving in 0..=HALVINGS {
            let shorter = match halving {
                0 => whole.clone(),
                _ => model.toward(&whole, 0.5_f64.powi(halving)),
            };
            if let Ok(value) = self.expect(&shorter, iteration)
                && value >= floor
            {
                return Ok((shorter, value));
            }
        }
        let value = self.expect(model, iteration)?;
        Ok((model.clone(), value))
    }
}
