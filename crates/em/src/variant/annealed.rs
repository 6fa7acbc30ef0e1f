//! EM with deterministic annealing: from nearly equal responsibilities to those of Bayes' theorem.

use super::counter::{key, uniform};
use super::{Algorithm, Run};
use crate::data::Data;
use crate::degenerate::Degeneracy;
use crate::e_step::e_step;
use crate::error::FitError;
use crate::fit::Driver;
use crate::model::LatentModel;
use crate::observe::Progress;
use crate::report::{Fit, FitReport};
use crate::responsibilities::{At, Responsibilities, Soft};
use crate::stop::StopReason;
use crate::workspace::Workspace;
use distributions::{Batch, simd::log_sum_exp_columns};
use std::ops::ControlFlow;

/// The rule of annealing at inverse temperature β:
///
/// r_ik = (π_k p_k(x_i))^β / Σ_j (π_j p_j(x_i))^β, and the objective is
/// J_β = (1/β) Σ_i w_i ln Σ_k (π_k p_k(x_i))^β,
///
/// which the M-step does not lower either. β = 1 is Bayes' theorem and the log-likelihood; β → ∞ is
/// hard EM.
#[derive(Clone, Copy, Debug)]
pub struct Tempered {
    beta: f64,
    /// The key and the size of a jitter of the logarithms of the responsibilities.
    jitter: Option<(u64, f64)>,
}

impl Tempered {
    /// The rule at `beta`.
    ///
    /// # Errors
    /// When β is not positive and finite.
    pub fn new(beta: f64) -> Result<Self, FitError> {
        if !(beta > 0.0 && beta.is_finite()) {
            return Err(FitError::Shape(format!(
                "annealing: beta {beta} must be positive and finite"
            )));
        }
        Ok(Tempered { beta, jitter: None })
    }
}

impl Responsibilities for Tempered {
    fn assign(&self, at: At, joint: &mut [f64], value: &mut [f64]) {
        let rows = value.len();
        joint.iter_mut().for_each(|entry| *entry *= self.beta);
        if let Some((key, size)) = self.jitter {
            let components = joint.len() / rows;
            for (k, row) in joint.chunks_exact_mut(rows).enumerate() {
                for (i, entry) in row.iter_mut().enumerate() {
                    let place = (at.row + i) * components + k;
                    *entry += size * (2.0 * uniform(key, place) - 1.0);
                }
            }
        }
        log_sum_exp_columns(joint, rows, value);
        value.iter_mut().for_each(|value| *value /= self.beta);
    }
}

/// EM with deterministic annealing (DAEM; Ueda & Nakano 1998, Neural Networks 11, 271–282).
///
/// At a small β responsibilities are nearly equal and J_β has few maxima, at β = 1 it is the
/// log-likelihood: following the maximum as β rises avoids many poor ones, and the start matters little.
/// After each raise the responsibilities of one iteration are jittered, because components that
/// coincide at a high temperature would coincide for ever. Plain EM to convergence ends the fit.
///
/// The trace holds J_β, which falls at no iteration within one temperature. A prior is added to it
/// whole at every temperature.
///
/// ```
/// use distributions::Poisson;
/// use em::{AnnealedEm, Data, Mixture, Options, Variant};
///
/// let counts: Vec<u64> = vec![0, 1, 1, 2, 0, 9, 11, 8, 10, 1];
/// // Nearly the same component twice, beside a saddle.
/// let start = Mixture::uniform(vec![Poisson::new(4.3)?, Poisson::new(4.4)?]);
/// let (options, algorithm) = (Options::default(), AnnealedEm::default());
/// let fitted = Variant::new(&algorithm, &options).fit(start, Data::of(&counts))?;
/// assert!(fitted.report.stop_reason.is_converged());
/// assert!(fitted.model.components().iter().any(|c| (9.0..10.0).contains(&c.rate())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnnealedEm {
    /// The first β; default 0.2.
    pub first: f64,
    /// By what β is multiplied, up to 1; default 1.3.
    pub factor: f64,
    /// The iterations at each β, the jittered one included; default 20.
    pub iterations: usize,
    /// The largest jitter of the logarithm of a responsibility; default 0.1.
    pub jitter: f64,
}

impl Default for AnnealedEm {
    fn default() -> Self {
        AnnealedEm {
            first: 0.2,
            factor: 1.3,
            iterations: 20,
            jitter: 0.1,
        }
    }
}

impl AnnealedEm {
    /// The values of β below 1, rising.
    ///
    /// # Errors
    /// When β does not begin in (0, 1], or does not rise, or the jitter is negative or not finite.
    pub fn betas(&self) -> Result<Vec<f64>, FitError> {
        let valid = self.first > 0.0 && self.first <= 1.0 && self.factor > 1.0;
        if !(valid && self.factor.is_finite() && self.jitter >= 0.0 && self.jitter.is_finite()) {
            return Err(FitError::Shape(format!(
                "annealing: the first beta, {}, must be above 0 and at most 1, its factor, {}, above 1, \
                 and the jitter, {}, not negative",
                self.first, self.factor, self.jitter
            )));
        }
        let next = |beta: &f64| Some(beta * self.factor);
        let betas = std::iter::successors(Some(self.first), next);
        Ok(betas.take_while(|&beta| beta < 1.0).collect())
    }
}

impl<M: LatentModel + LatentModel<Tempered>> Algorithm<M> for AnnealedEm {
    fn run(
        &self,
        run: &mut Run<'_, M>,
        start: M,
        data: Data<'_, Batch<'_, M::Space>>,
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<Fit<M>, FitError> {
        let betas = self.betas()?;
        let (mut model, mut past) = (start, Past::default());
        for (raise, beta) in betas.into_iter().chain([1.0]).enumerate() {
            // One iteration is kept for the raise to 1.
            let left = past.left(run).saturating_sub(1);
            if left == 0 || past.stopped.is_some() {
                break;
            }
            let mut rule = Tempered::new(beta)?;
            if self.jitter > 0.0 && !past.trace.is_empty() {
                rule.jitter = Some((key(run.options.seed, run.start, raise), self.jitter));
                model = jittered(model, data, &rule, workspace);
                past.passes += 1;
                rule.jitter = None;
            }
            if beta < 1.0 {
                let iterations = self.iterations.max(1).min(left);
                model = past.climb(run, model, data, &rule, (iterations - 1, 0.0), workspace)?;
            }
        }
        let entered = usize::from(!past.trace.is_empty());
        let rest = match past.stopped {
            None => (
                past.left(run).saturating_sub(entered),
                run.options.tolerance,
            ),
            // The log-likelihood of the model where the run was stopped.
            Some(_) => (0, 0.0),
        };
        model = past.climb(run, model, data, &Soft, rest, workspace)?;
        Ok(past.fit(model))
    }
}

/// The runs at the temperatures so far.
#[derive(Default)]
struct Past {
    trace: Vec<f64>,
    passes: usize,
    degeneracies: Vec<Degeneracy>,
    log_likelihood: f64,
    /// Why the last of them ended.
    ended: Option<StopReason>,
    /// Who ended the whole.
    stopped: Option<StopReason>,
}

impl Past {
    /// How many iterations are left.
    fn left<M>(&self, run: &Run<'_, M>) -> usize {
        let done = self.trace.len().saturating_sub(1);
        run.options.max_iterations.saturating_sub(done)
    }
    /// EM under `rule` for `limits`: so many iterations, or to a tolerance.
    fn climb<M: LatentModel<R>, R: Sync + ?Sized>(
        &mut self,
        run: &mut Run<'_, M>,
        model: M,
        data: Data<'_, Batch<'_, M::Space>>,
        rule: &R,
        limits: (usize, f64),
        workspace: &mut Workspace<M::Statistics>,
    ) -> Result<M, FitError> {
        let mut options = run.options.clone();
        // The clock is looked at by the observer.
        (options.max_iterations, options.tolerance) = limits;
        options.time_limit = None;
        let (before, which, mut stopped) = (self.trace.len(), run.start, None);
        let mut observer = |progress: Progress<'_, M>| {
            let iteration = before + progress.iteration;
            stopped = run.look(iteration, progress.objective, progress.model);
            match stopped {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            }
        };
        let mut driver = Driver::new(&options).rule(rule).observe(&mut observer);
        let fit = driver.run(model, data, which, workspace)?;
        drop(driver);
        let report = fit.report;
        let later = report.degeneracies.into_iter().map(|mut event| {
            event.iteration += before;
            event
        });
        self.degeneracies.extend(later);
        self.trace.extend(report.trace);
        self.passes += report.passes;
        self.log_likelihood = report.log_likelihood;
        self.ended = Some(report.stop_reason);
        self.stopped = self.stopped.or(stopped);
        Ok(fit.model)
    }
    /// The whole as one fit.
    fn fit<M>(self, model: M) -> Fit<M> {
        let reason = self.stopped.or(self.ended);
        let reason = reason.unwrap_or(StopReason::MaxIterations);
        let (trace, likelihood) = (self.trace, self.log_likelihood);
        Fit {
            model,
            report: FitReport::new(trace, likelihood, self.passes, reason, self.degeneracies),
        }
    }
}

/// The M-step from jittered responsibilities; the model itself where that has none.
fn jittered<M: LatentModel + LatentModel<Tempered>>(
    model: M,
    data: Data<'_, Batch<'_, M::Space>>,
    rule: &Tempered,
    workspace: &mut Workspace<M::Statistics>,
) -> M {
    workspace.reshape(&model.empty_statistics());
    let tally = e_step(&model, data, 0, rule, workspace);
    let next = model.maximize(workspace.statistics());
    match next {
        Ok(next) if tally.unexplained.is_none() && !model.one_step() => next,
        // Half a Newton step, which nothing safeguards here.
        Ok(next) if tally.unexplained.is_none() => model.toward(&next, 0.5),
        _ => model,
    }
}
