//! Incremental EM: an M-step after the E-step of each block of rows.

use super::{Algorithm, Run};
use crate::data::Data;
use crate::e_step::e_step_of;
use crate::error::FitError;
use crate::model::{LatentModel, Tally};
use crate::report::{Fit, FitReport};
use crate::responsibilities::Soft;
use crate::stop::{StopReason, Stopping, rounding_bound};
use crate::workspace::Workspace;
use distributions::{Batch, Statistics};
use std::ops::Range;

/// Incremental EM (Neal & Hinton 1998, in Learning in Graphical Models, 355–368).
///
/// EM maximises the free energy F(q, θ) = E_q\[ln p(x, z | θ)\] + H(q) over the distribution q of the
/// labels and over θ in turn. F also rises when only a part of q is maximised: the E-step of one block
/// of rows, and at once an M-step. An iteration is an E-step over all rows, where F is the
/// log-likelihood of the trace, and then the M-steps and the E-steps of all blocks but the last,
/// which the next iteration begins with. No iteration lowers the objective; with one block it is plain EM,
/// bit for bit.
///
/// Every block keeps its statistics, and an M-step merges those of all blocks: nothing is subtracted, so
/// that nothing cancels. The memory is that of the statistics of the blocks, whatever the number of
/// rows. A block is a group of the chunks of the data, at least 256 rows, so that few rows are one block.
/// M-steps that take one step only, whose statistics belong to one iterate, are refused:
/// [`FitError::OneStep`].
///
/// ```
/// use distributions::Normal;
/// use em::{Data, IncrementalEm, Mixture, Options, Variant, fit};
///
/// let xs: Vec<f64> = (0..4000).map(|i| f64::from(i % 2 * 4) + f64::from(i % 97) / 40.0).collect();
/// let start = Mixture::uniform(vec![Normal::new(0.0, 1.0)?, Normal::new(3.0, 1.0)?]);
/// let (options, algorithm) = (Options::default(), IncrementalEm::default());
/// let fitted = Variant::new(&algorithm, &options).fit(start.clone(), Data::of(&xs))?;
/// let plain = fit(start, Data::of(&xs), &options)?;
/// assert!(fitted.report.stop_reason.is_converged());
/// assert!((fitted.report.objective - plain.report.objective).abs() < 1e-6);
/// assert!(fitted.report.iterations() < plain.report.iterations());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IncrementalEm {
    /// The most blocks; default 32.
    pub blocks: usize,
    /// How often an iteration goes through the blocks; default 1.
    pub sweeps: usize,
}

impl Default for IncrementalEm {
    fn default() -> Self {
        IncrementalEm {
            blocks: 32,
            sweeps: 1,
        }
    }
}

/// The statistics of each block, and of all.
struct Blocks<T> {
    /// For each block its chunks of the workspace.
    chunks: Vec<Range<usize>>,
    statistics: Vec<T>,
    all: T,
}

impl<T: Statistics> Blocks<T> {
    /// At most `most` blocks of about equally many chunks.
    fn new(most: usize, chunks: usize, empty: &T) -> Self {
        let blocks = most.clamp(1, chunks.max(1));
        let bound = |block: usize| block * chunks / blocks;
        Blocks {
            chunks: (0..blocks).map(|b| bound(b)..bound(b + 1)).collect(),
            statistics: vec![empty.clone(); blocks],
            all: empty.clone(),
        }
    }
    fn reshape(&mut self, empty: &T) {
        self.statistics.fill(empty.clone());
        self.all = empty.clone();
    }
    /// The E-step of some blocks.
    fn expect<M: LatentModel<Statistics = T>>(
        &mut self,
        model: &M,
        data: Data<'_, Batch<'_, M::Space>>,
        blocks: Range<usize>,
        iteration: usize,
        workspace: &mut Workspace<T>,
    ) -> Tally {
        let mut tally = Tally::default();
        for block in blocks {
            let chunks = self.chunks[block].clone();
            let part = e_step_of(model, data, iteration, &Soft, workspace, chunks);
            workspace.swap_statistics(&mut self.statistics[block]);
            tally.merge(&part);
        }
        self.all.clone_from(&self.statistics[0]);
        for part in &self.statistics[1..] {
            self.all.merge(part);
        }
        tally
    }
}

/// A model, what its E-step over all rows said, and the number of the passes.
struct Climb<'a, 'x, M: LatentModel> {
    data: Data<'a, Batch<'x, M::Space>>,
    blocks: Blocks<M::Statistics>,
    workspace: &'a mut Workspace<M::Statistics>,
    passes: f64,
}

impl<M: LatentModel> Climb<'_, '_, M> {
    /// The E-step over all rows.
    fn expect(&mut self, model: &M, iteration: usize) -> Result<Tally, FitError> {
        let every = 0..self.blocks.chunks.len();
        self.passes += 1.0;
        let (blocks, workspace) = (&mut self.blocks, &mut *self.workspace);
        let tally = blocks.expect(model, self.data, every, iteration, workspace);
        match tally.unexplained {
            Some(row) => Err(FitError::OffSupport { row, iteration }),
            None => Ok(tally),
        }
    }
    /// From the M-step `next` on, E-steps of one block each, and M-steps. One that has no estimate ends
    /// the sweep: the E-step over all rows that follows shows what to do.
    fn sweep(&mut self, mut next: M, sweeps: usize, iteration: usize) -> M {
        let count = self.blocks.chunks.len();
        let visits = (sweeps * count).saturating_sub(1);
        for visit in 0..if count > 1 { visits } else { 0 } {
            let block = visit % count;
            self.passes += 1.0 / count as f64;
            let (blocks, workspace) = (&mut self.blocks, &mut *self.workspace);
            let part = block..block + 1;
            let tally = blocks.expect(&next, self.data, part, iteration, workspace);
            match next.maximize(&self.blocks.all) {
                Ok(model) if tally.unexplained.is_none() => next = model,
                _ => break,
            }
        }
        next
    }
}

impl<M: LatentModel> Algorithm<M> for IncrementalEm {
    fn run(
        &self,
        run: &mut Run<'_, M>,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        if start.one_step() {
            return Err(FitError::OneStep {
                algorithm: "incremental",
            });
        }
        let options = run.options;
        let mut climb = Climb {
            data,
            blocks: Blocks::new(self.blocks, workspace.chunks(), &start.empty_statistics()),
            workspace,
            passes: 0.0,
        };
        let (mut model, mut events) = (start, Vec::new());
        let mut tally = climb.expect(&model, 0)?;
        let mut stopping = Stopping::new(options.tolerance, options.max_iterations);
        let mut trace = vec![tally.objective + model.log_prior()];
        let mut plain = false;
        let stop_reason = loop {
            let (iteration, objective) = (trace.len(), trace[trace.len() - 1]);
            let wish = run.look(iteration - 1, objective, &model);
            let magnitude = tally.magnitude + model.log_prior().abs();
            if let Some(reason) = stopping.after(&trace, magnitude, plain).or(wish) {
                break reason;
            }
            let floor = objective - rounding_bound(magnitude);
            let rises = |tally: &Tally, model: &M| tally.objective + model.log_prior() >= floor;
            let (next, reached, repaired) = match model.maximize(&climb.blocks.all) {
                Ok(step) => {
                    let next = climb.sweep(step.clone(), self.sweeps, iteration);
                    let mut reached = (climb.expect(&next, iteration)?, next);
                    // A component that takes latent variables of its own at the iterate of the M-step, and not
                    // at that of each block, may fall by a sweep. The step before it cannot.
                    if !(rises(&reached.0, &reached.1)) {
                        reached = (climb.expect(&step, iteration)?, step);
                    }
                    (reached.1, reached.0, false)
                }
                Err(source) => {
                    let failed = FitError::Estimate { iteration, source };
                    let next = run.repair(&model, failed, data, &mut events)?;
                    let empty = next.empty_statistics();
                    climb.workspace.reshape(&empty);
                    climb.blocks.reshape(&empty);
                    stopping.restart();
                    let reached = climb.expect(&next, iteration)?;
                    (next, reached, true)
                }
            };
            if !(repaired || rises(&reached, &next)) {
                break StopReason::ObjectiveFell;
            }
            trace.push(reached.objective + next.log_prior());
            (model, tally, plain) = (next, reached, !repaired);
        };
        let passes = climb.passes.ceil() as usize;
        Ok(Fit {
            model,
            report: FitReport::new(trace, tally.objective, passes, stop_reason, events),
        })
    }
}
