//! One step of a fit: the E-step at the next model, which is also the check of the M-step that led there.

use crate::checkpoint::RunState;
use crate::data::Data;
use crate::driver::Driver;
use crate::e_step::e_step;
use crate::error::FitError;
use crate::model::LatentModel;
use crate::stop::rounding_bound;
use crate::trim::Trimmed;
use crate::workspace::Workspace;
use distributions::Batch;

/// Halvings of a one-step M-step before it is given up: 2⁻⁴⁰ of a step moves nothing.
const HALVINGS: i32 = 40;

/// A model and what its E-step said of it.
pub(crate) struct Evaluated<M> {
    pub(crate) model: M,
    pub(crate) objective: f64,
    pub(crate) log_likelihood: f64,
    /// The scale of the objective's rounding error.
    pub(crate) magnitude: f64,
    /// Whether a plain EM step led here.
    pub(crate) plain: bool,
    /// Which rows count here, where some are trimmed.
    pub(crate) trimmed: Option<Trimmed>,
}

impl<M> Evaluated<M> {
    fn plain(self) -> Self {
        Evaluated {
            plain: true,
            ..self
        }
    }
}

impl<M: LatentModel<R>, R: Sync + ?Sized> Driver<'_, M, R> {
    /// The E-step at `model`: its statistics stay in the workspace. Where rows are trimmed, a pass before
    /// it finds them.
    pub(crate) fn evaluate(
        &mut self,
        model: M,
        data: Data<'_, Batch<'_, M::Space>>,
        iteration: usize,
        passes: &mut usize,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Evaluated<M>, FitError> {
        let (mut data, mut trimmed) = (data, None);
        if let Some(trimming) = &mut self.trimming {
            *passes += 1;
            trimmed = Some(trimming.trim(&model, data, iteration, self.rule, workspace));
            data = trimming.of(data);
        }
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
            trimmed,
        })
    }

    /// The E-step at the result `whole` of the M-step, or at what acceleration makes of it.
    ///
    /// That E-step is the check of the M-step, at no extra pass. Where the objective fell by more
    /// than rounding, an accelerated proposal gives way to the plain step, and a one-step M-step is
    /// halved until it does not fall. `None` when that does not help, or the M-step claims to be
    /// exact.
    pub(crate) fn advance(
        &mut self,
        current: &Evaluated<M>,
        whole: M,
        data: Data<'_, Batch<'_, M::Space>>,
        run: &mut RunState<M>,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Option<Evaluated<M>>, FitError> {
        let accelerated = run.accelerate && !run.stopping.probing();
        let (iteration, passes) = (run.trace.len(), &mut run.passes);
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
