//! What a user should know about a fit.

use crate::args::Fit;
use crate::explain::Context;
use em::{Evaluation, FitReport, StopReason};
use tabular::TableMixture;

/// Starts that end this near the best, in nats, have found the same optimum.
pub const SAME_OPTIMUM: f64 = 1e-4;

/// The starts that ended near the best.
pub fn near_best(report: &FitReport) -> usize {
    let reached = report
        .starts
        .iter()
        .filter_map(|start| start.outcome.as_ref().ok());
    reached
        .filter(|(objective, _)| report.objective - objective <= SAME_OPTIMUM)
        .count()
}

/// The warnings about a fit.
pub fn warnings(
    arguments: &Fit,
    context: Context<'_>,
    model: &TableMixture,
    report: &FitReport,
    evaluation: &Evaluation,
    row_weights: Option<&[f64]>,
) -> Vec<String> {
    let mut warnings = Vec::new();
    match report.stop_reason {
        reason if reason.is_converged() => {}
        StopReason::ObjectiveFell => warnings.push(format!(
            "the fit did not converge: iteration {} would have lowered the objective",
            report.iterations() + 1
        )),
        reason => warnings.push(format!(
            "the fit did not converge: {reason} after {} iterations",
            report.iterations()
        )),
    }
    for (which, start) in report.starts.iter().enumerate() {
        if let Err(error) = &start.outcome {
            let why = context.sentence(error, model.components());
            let count = report.starts.len();
            warnings.push(format!("start {} of {count} failed: {why}", which + 1));
        }
    }
    if !report.degeneracies.is_empty() {
        warnings.push(format!(
            "components that had no estimate on the way: {}; aic, bic and icl are of what was made of them",
            report.degeneracies.len()
        ));
    }
    for event in &report.degeneracies {
        warnings.push(event.to_string());
    }
    if report.starts.len() > 1 && near_best(report) == 1 {
        warnings.push(format!(
            "only one of {} starts reached the best optimum: more --restarts may find a better one",
            report.starts.len()
        ));
    }
    let fractional = |weights: &[f64]| weights.iter().any(|weight| weight.fract() != 0.0);
    if arguments.row_weights.is_some() && row_weights.is_some_and(fractional) {
        warnings.push(
            "row weights are not all whole numbers: bic, icl and model-based errors hold for \
             frequencies, not for survey or importance weights"
                .into(),
        );
    }
    let needed = context.specification.columns().len() + 1;
    for (k, count) in evaluation.effective_counts.iter().enumerate() {
        if *count < needed as f64 {
            warnings.push(format!(
                "component {k} has an effective count of {count:.4}, fewer than {needed} (columns + 1)"
            ));
        }
    }
    if context.typed.incomplete > 0 {
        let fate = match arguments.missing {
            crate::args::Missing::Em => "have no observed cell and do not count",
            _ => "have a missing cell and are left out",
        };
        warnings.push(format!("rows that {fate}: {}", context.typed.incomplete));
    }
    warnings
}
