//! The record of a fit.

use crate::algorithm::name;
use crate::args::{Algorithm, Fit, MixingWeights};
use crate::explain::Context;
use em::{Evaluation, FitReport};
use serde_json::Value;
use tabular::{FitRecord, GrowthRecord, StartRecord, TableMixture};

/// The order of components by falling weight, ties by first parameter; noise last.
pub fn by_falling_weight(model: &TableMixture) -> Vec<usize> {
    let first: Vec<f64> = (0..model.len())
        .map(|k| first_number(&model.components().save(k)).unwrap_or(0.0))
        .collect();
    let noise = model.components().noise_index();
    let mut order: Vec<usize> = (0..model.len()).filter(|&k| Some(k) != noise).collect();
    let weights = model.weights();
    order.sort_by(|&a, &b| {
        (weights[b].total_cmp(&weights[a])).then_with(|| first[a].total_cmp(&first[b]))
    });
    order.extend(noise);
    order
}

/// The first number in the parameters of a component.
fn first_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Array(items) => items.iter().find_map(first_number),
        Value::Object(entries) => entries.values().find_map(first_number),
        _ => None,
    }
}

/// The record of a fit, for the model file.
pub fn record(
    arguments: &Fit,
    context: Context<'_>,
    requested: usize,
    model: &TableMixture,
    report: &FitReport,
    evaluation: &Evaluation,
    warnings: Vec<String>,
) -> FitRecord {
    let known = &arguments.known;
    let equal = known.weights == MixingWeights::Equal;
    let fixed = (known.fixed.iter()).flat_map(|text| text.split(',').map(str::to_string));
    // Under EM the objective's own sum, so that the trace ends in exactly this number.
    let log_likelihood = match arguments.algorithm {
        Algorithm::Hard | Algorithm::Variational => evaluation.log_likelihood,
        _ => report.log_likelihood,
    };
    let parameters = evaluation.parameters as f64;
    // A criterion of the largest likelihood says nothing of a posterior.
    let points = |value: f64| (arguments.algorithm != Algorithm::Variational).then_some(value);
    let bic = -2.0 * log_likelihood + parameters * evaluation.observations.ln();
    let starts = report.starts.iter().map(|start| StartRecord {
        objective: start.outcome.as_ref().ok().map(|outcome| outcome.0),
        stop_reason: start
            .outcome
            .as_ref()
            .ok()
            .map(|outcome| outcome.1.to_string()),
        iterations: start.iterations,
        error: (start.outcome.as_ref().err())
            .map(|error| context.sentence(error, model.components())),
    });
    FitRecord {
        log_likelihood,
        objective: report.objective,
        rows: context.typed.table.rows(),
        observations: evaluation.observations,
        parameters: evaluation.parameters,
        aic: points(-2.0 * log_likelihood + 2.0 * parameters),
        bic: points(bic),
        icl: points(bic + (evaluation.icl - evaluation.bic)),
        entropy: evaluation.entropy,
        iterations: report.iterations(),
        passes: report.passes,
        stop_reason: report.stop_reason.to_string(),
        algorithm: name(arguments.algorithm),
        seed: arguments.seed,
        requested_components: (model.components().without_noise() != requested)
            .then_some(requested),
        degeneracies: report
            .degeneracies
            .iter()
            .map(ToString::to_string)
            .collect(),
        fixed: fixed
            .chain(equal.then(|| "equal weights".to_string()))
            .collect(),
        groups: known.group.is_some().then_some(evaluation.rows),
        trimmed: arguments.trim.record(report),
        standard_errors: None,
        warnings,
        starts: starts.collect(),
        starts_near_best: (report.starts.len() > 1).then(|| report.starts_near_best()),
        growth: (report.growth.iter())
            .map(|step| GrowthRecord {
                components: step.components,
                objective: step.objective,
            })
            .collect(),
        moves: report.moves.iter().map(ToString::to_string).collect(),
        trace: report.trace.clone(),
    }
}
