//! The loop: E-step, M-step, until nothing more is to be gained.

use crate::data::Data;
use crate::e_step::e_step;
use crate::error::FitError;
use crate::model::LatentModel;
use crate::observe::{Observe, Progress};
use crate::options::Options;
use crate::report::{Fit, FitReport, StartReport};
use crate::responsibilities::Soft;
use crate::stop::{StopReason, Stopping, rounding_bound};
use crate::workspace::Workspace;
use distributions::{Batch, View};

/// Halvings of a one-step M-step before it is given up: 2⁻⁴⁰ of a step moves nothing.
const HALVINGS: i32 = 40;

/// EM from a given model: the classic algorithm with default bookkeeping.
///
/// ```
/// use distributions::Poisson;
/// use em::{Data, Mixture, Options, fit};
///
/// let counts: Vec<u64> = vec![0, 1, 1, 2, 0, 9, 11, 8, 10, 1];
/// let start = Mixture::uniform(vec![Poisson::new(1.0)?, Poisson::new(5.0)?]);
/// let fitted = fit(start, Data::new(&counts[..]), &Options::default())?;
/// assert!((9.0..10.0).contains(&fitted.model.components()[1].rate()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// See [`FitError`].
pub fn fit<M: LatentModel>(
    start: M,
    data: Data<'_, Batch<'_, M::Space>>,
    options: &Options,
) -> Result<Fit<M>, FitError> {
    let mut workspace = Workspace::new(data.xs, &start.empty_statistics(), options.threads);
    check_data(&start, data)?;
    run(start, data, options, &Soft, 0, &mut (), &mut workspace)
}

/// EM from a given model under any rule, with an observer and buffers of the caller's. `which` is
/// the number of the start, for the observer. The data must have passed [`check_data`].
///
/// # Errors
/// See [`FitError`].
pub fn run<M: LatentModel<R>, R: Sync + ?Sized>(
    start: M,
    data: Data<'_, Batch<'_, M::Space>>,
    options: &Options,
    rule: &R,
    which: usize,
    observer: &mut dyn Observe<M>,
    workspace: &mut Workspace<M::Statistics>,
) -> Result<Fit<M>, FitError> {
    let mut stopping = Stopping::new(options.tolerance, options.max_iterations);
    let mut passes = 0;
    let mut model = start;
    let mut value = evaluate(&model, data, 0, rule, workspace, &mut passes)?;
    let mut trace = vec![value.objective];
    let stop_reason = loop {
        let wish = observer.observe(Progress {
            start: which,
            iteration: trace.len() - 1,
            objective: value.objective,
            model: &model,
        });
        if let Some(reason) = stopping.after(&trace, value.magnitude) {
            break reason;
        }
        if wish.is_break() {
            break StopReason::Observer;
        }
        let iteration = trace.len();
        match advance(
            &model,
            &value,
            data,
            iteration,
            rule,
            workspace,
            &mut passes,
        )? {
            Some(next) => (model, value) = next,
            None => break StopReason::ObjectiveFell,
        }
        trace.push(value.objective);
    };
    let report = FitReport {
        objective: value.objective,
        log_likelihood: value.log_likelihood,
        passes,
        stop_reason,
        starts: vec![StartReport {
            outcome: Ok((value.objective, stop_reason)),
            iterations: trace.len() - 1,
        }],
        trace,
    };
    Ok(Fit { model, report })
}

/// What the E-step says of a model.
struct Value {
    objective: f64,
    log_likelihood: f64,
    magnitude: f64,
}

/// The E-step at `model`: its statistics stay in the workspace.
fn evaluate<M: LatentModel<R>, R: Sync + ?Sized>(
    model: &M,
    data: Data<'_, Batch<'_, M::Space>>,
    iteration: usize,
    rule: &R,
    workspace: &mut Workspace<M::Statistics>,
    passes: &mut usize,
) -> Result<Value, FitError> {
    *passes += 1;
    let tally = e_step(model, data, iteration, rule, workspace);
    if let Some(row) = tally.unexplained {
        return Err(FitError::OffSupport { row, iteration });
    }
    let penalty = model.log_prior();
    Ok(Value {
        objective: tally.objective + penalty,
        log_likelihood: tally.objective,
        magnitude: tally.magnitude + penalty.abs(),
    })
}

/// One iteration: the M-step from the statistics in the workspace, and the E-step at its result.
///
/// The next E-step is the check of the M-step, at no extra pass. Where the objective fell by more
/// than rounding, a one-step M-step overshot: the step is halved until it does not. `None` when
/// that does not help, or the M-step claims to be exact.
fn advance<M: LatentModel<R>, R: Sync + ?Sized>(
    model: &M,
    value: &Value,
    data: Data<'_, Batch<'_, M::Space>>,
    iteration: usize,
    rule: &R,
    workspace: &mut Workspace<M::Statistics>,
    passes: &mut usize,
) -> Result<Option<(M, Value)>, FitError> {
    let whole = (model.maximize(workspace.statistics()))
        .map_err(|source| FitError::Estimate { iteration, source })?;
    let floor = value.objective - rounding_bound(value.magnitude);
    let reached = evaluate(&whole, data, iteration, rule, workspace, passes);
    if !model.one_step() {
        let reached = reached?;
        return Ok((reached.objective >= floor).then_some((whole, reached)));
    }
    if let Some(reached) = reached.ok().filter(|reached| reached.objective >= floor) {
        return Ok(Some((whole, reached)));
    }
    for halving in 1..=HALVINGS {
        let shorter = model.toward(&whole, 0.5_f64.powi(halving));
        let reached = evaluate(&shorter, data, iteration, rule, workspace, passes);
        if let Some(reached) = reached.ok().filter(|reached| reached.objective >= floor) {
            return Ok(Some((shorter, reached)));
        }
    }
    Ok(None)
}

/// Checks that the data can be fitted by `model`: lengths, row weights, enough rows, and every row
/// of positive weight admitted by some component.
///
/// # Errors
/// Naming the row.
pub fn check_data<M: LatentModel<R>, R: ?Sized>(
    model: &M,
    data: Data<'_, Batch<'_, M::Space>>,
) -> Result<(), FitError> {
    data.check(model.classes())?;
    let (rows, components) = (data.weighty_rows(), model.classes());
    if components > rows {
        return Err(FitError::TooFewRows { rows, components });
    }
    for row in 0..data.rows() {
        if data.row_weight(row) > 0.0 {
            (model.check_observation(data.xs.at(row)))
                .map_err(|requirement| FitError::Observation { row, requirement })?;
        }
    }
    Ok(())
}
