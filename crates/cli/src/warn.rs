//! What a user should know about a fit.

use crate::args::Fit;
use crate::explain::Context;
use crate::grid::fixed;
use crate::names::joined;
use crate::variational::is_variational;
use em::{Evaluation, FitReport, StopReason, Warning};
use serde_json::Value;
use tabular::{PartSpecification, TableMixture};

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
        reason if reason.is_converged() || reason == StopReason::Completed => {}
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
    if is_variational(arguments) {
        // Components that empty, and have their prior in common, are what is looked for.
        let mut others = report.warnings.iter();
        let alone = others.find(|warning| matches!(warning, Warning::OneStartNearBest { .. }));
        warnings.extend(alone.map(ToString::to_string));
        warnings.extend(incomplete(arguments, context));
        return warnings;
    }
    let mut parts = context.specification.parts.iter();
    if model.weights().concentrations().is_some() || parts.any(|part| part.prior.is_some()) {
        warnings.push(
            "the fit maximises the posterior: aic, bic and icl are of its log-likelihood, not of the largest one"
                .into(),
        );
    }
    let of_parameters = coinciding(model);
    for warning in &report.warnings {
        // That components coincide is said in terms of their parameters, where those agree.
        match warning {
            Warning::Coinciding { .. } if !of_parameters.is_empty() => {}
            Warning::ImpossibleLevels { part, levels } => {
                warnings.push(unreachable(context, *part, levels));
            }
            other => warnings.push(other.to_string()),
        }
    }
    if report.trimmed.is_some() {
        warnings.push(
            "log-likelihood, aic, bic and icl are of the rows that --trim leaves: they compare fits of \
             the same fraction only"
                .into(),
        );
    }
    let fractional = |weights: &[f64]| weights.iter().any(|weight| weight.fract() != 0.0);
    if arguments.row_weights.is_some() && row_weights.is_some_and(fractional) {
        warnings.push(
            "row weights are not all whole numbers: bic, icl and model-based errors hold for \
             frequencies, not for survey or importance weights"
                .into(),
        );
    }
    let needed = least_count(context);
    let counted = if context.specification.is_regression() {
        "terms"
    } else {
        "columns"
    };
    let components = model.components().without_noise();
    for (k, count) in evaluation.effective_counts[..components].iter().enumerate() {
        if *count < needed as f64 {
            warnings.push(format!(
                "component {k} has an effective count of {}, fewer than {needed} ({counted} + 1)",
                fixed(*count, 4)
            ));
        }
    }
    warnings.extend(of_parameters);
    warnings.extend(incomplete(arguments, context));
    warnings
}

/// The warning about rows that do not count.
fn incomplete(arguments: &Fit, context: Context<'_>) -> Option<String> {
    let fate = match arguments.missing {
        crate::args::Missing::Em => "have no observed cell and do not count",
        _ => "have a missing cell and are left out",
    };
    let rows = context.typed.incomplete;
    (rows > 0).then(|| format!("rows that {fate}: {rows}"))
}

/// The effective count that a component needs: its columns, or the terms of its regression, and one.
pub fn least_count(context: Context<'_>) -> usize {
    let parts = context.specification.parts.iter();
    let width = |part: &PartSpecification| match &part.regression {
        Some(_) => part.coefficient_names().len(),
        None if part.interval => 1,
        None => part.columns.len(),
    };
    parts.map(width).sum::<usize>() + 1
}

/// The warning about levels of a column that are impossible under every component, by their names.
fn unreachable(context: Context<'_>, part: usize, levels: &[usize]) -> String {
    let part = &context.specification.parts[part];
    let names: Vec<String> = (levels.iter())
        .filter_map(|&level| part.levels.get(level).cloned())
        .collect();
    format!(
        "column {}: probability 0 under every component for {}, which no row in use holds",
        part.columns[0],
        joined(&names)
    )
}

/// A warning for each group of components with the same parameters.
fn coinciding(model: &TableMixture) -> Vec<String> {
    let saved: Vec<Value> = (0..model.components().without_noise())
        .map(|k| model.components().save(k))
        .collect();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (k, component) in saved.iter().enumerate() {
        let group = (groups.iter_mut()).find(|group| coincide(&saved[group[0]], component));
        match group {
            Some(group) => group.push(k),
            None => groups.push(vec![k]),
        }
    }
    let warning = |group: Vec<usize>| {
        let (last, others) = group
            .split_last()
            .filter(|(_, others)| !others.is_empty())?;
        let others: Vec<String> = others.iter().map(usize::to_string).collect();
        Some(format!(
            "components {} and {last} coincide: their parameters agree to 1e-6, so that fewer \
             components describe the same density",
            others.join(", ")
        ))
    };
    groups.into_iter().filter_map(warning).collect()
}

/// Whether all numbers of two components agree to 1e-6, and all else is equal.
fn coincide(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let same = |(key, a): (&String, &Value)| b.get(key).is_some_and(|b| coincide(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        (Value::Array(a), Value::Array(b)) if !a.iter().all(Value::is_number) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| coincide(a, b))
        }
        (Value::Array(a), Value::Array(b)) => agree(a, b),
        (Value::Number(_), Value::Number(_)) => {
            agree(std::slice::from_ref(a), std::slice::from_ref(b))
        }
        _ => a == b,
    }
}

/// Whether two lists of numbers agree to 1e-6 each, or to rounding of the largest, as beside it a
/// number that should be 0 is only noise.
fn agree(a: &[Value], b: &[Value]) -> bool {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let largest =
        (a.iter().chain(b)).fold(0.0f64, |largest, value| largest.max(number(value).abs()));
    let near = |(a, b): (&Value, &Value)| {
        let (a, b) = (number(a), number(b));
        (a - b).abs() <= 1e-6 * a.abs().max(b.abs()) + 1e-12 * largest
    };
    a.len() == b.len() && a.iter().zip(b).all(near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn components_coincide_when_all_their_numbers_agree() {
        let first = json!({"mean": [1.0, 0.0], "covariance": [[2.0, 1e-15], [1e-15, 3.0]]});
        let near = json!({"mean": [1.0000005, 0.0], "covariance": [[2.0, 0.0], [0.0, 3.0]]});
        let other = json!({"mean": [1.00001, 0.0], "covariance": [[2.0, 0.0], [0.0, 3.0]]});
        assert!(coincide(&first, &near));
        assert!(!coincide(&first, &other));
        assert!(!coincide(
            &json!({"family": "a", "x": 1.0}),
            &json!({"family": "b", "x": 1.0})
        ));
        assert!(!coincide(&json!({"x": 1.0}), &json!({"x": 1.0, "y": 1.0})));
    }
}
