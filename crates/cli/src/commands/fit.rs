//! `mixture fit`.

use crate::args::{Algorithm, Fit, Format};
use crate::choose;
use crate::columns::{Impossible, Typed, row_weights, typed, unobserved};
use crate::explain::Context;
use crate::failure::{Failure, say};
use crate::progress::Line;
use crate::read::{Sheet, text_file};
use crate::start::{Chosen, chosen};
use crate::summary;
use crate::warn::warnings;
use crate::write;
use em::{Data, Driver, FitReport, Hard, Mixture, Options, Responsibilities, Soft};
use serde_json::Value;
use tabular::{FitRecord, ModelFile, Specification, StartRecord, TableMixture};

/// Runs the command.
pub fn run(arguments: &Fit) -> Result<(), Failure> {
    if let Some(path) = &arguments.output {
        write::check_target(path)?;
    }
    let sheet = Sheet::read(&arguments.data)?;
    let plan = Plan::new(arguments, &sheet)?;
    let specification = &plan.specification;
    let typed = typed(&sheet, specification, arguments.missing, Impossible::Refuse)?;
    let weights = weights(arguments, &sheet, &typed)?;
    let context = Context {
        sheet: &sheet,
        typed: &typed,
        specification,
    };
    let start = plan.start(arguments, context)?;
    let fitted = fit(arguments, &plan, context, &start, weights.as_deref())?;
    finish(arguments, &fitted)
}

/// What is to be fitted.
struct Plan {
    specification: Specification,
    count: usize,
    /// Weights and components of a given start.
    given: Option<(Vec<f64>, Vec<Value>)>,
}

impl Plan {
    fn new(arguments: &Fit, sheet: &Sheet) -> Result<Plan, Failure> {
        let mut given = None;
        let mut from_file = None;
        if let Some(path) = &arguments.start.init_model {
            let text = text_file(path)?;
            let wrong = |error| Failure::input(format!("{}: {error}", path.display()));
            if arguments.model.is_given() {
                given = Some(ModelFile::start_from_text(&text).map_err(wrong)?);
            } else {
                let file = ModelFile::from_text(&text).map_err(wrong)?;
                given = Some(ModelFile::start_from_text(&text).map_err(wrong)?);
                from_file = Some(file.specification);
            }
        }
        let specification = match from_file {
            Some(specification) => unchanged(arguments, specification)?,
            None => choose::specification(arguments, sheet)?,
        };
        let families = specification.parts.iter().map(|part| part.components.len());
        let families = families.max().filter(|&families| families > 0);
        let given_count = given.as_ref().map(|(weights, _)| weights.len());
        let count = match (arguments.count.or(families), given_count) {
            (Some(count), Some(given)) if count != given => {
                return Err(Failure::input(format!(
                    "{count} components, but the model to start from has {given} components"
                )));
            }
            (Some(0), _) => {
                return Err(Failure::input("-k 0: a mixture has at least one component"));
            }
            (Some(count), _) => count,
            (None, Some(given)) => given,
            (None, None) => return Err(Failure::input("give the number of components by -k K")),
        };
        if count > sheet.rows.len() {
            return Err(Failure::input(format!(
                "{}: k = {count} is more than the number of rows, {}",
                sheet.file,
                sheet.rows.len()
            )));
        }
        Ok(Plan {
            specification,
            count,
            given,
        })
    }

    /// The start that the options name.
    fn start(&self, arguments: &Fit, context: Context<'_>) -> Result<Chosen, Failure> {
        let Some((weights, components)) = &self.given else {
            return chosen(
                &arguments.start,
                context.sheet,
                &context.typed.rows,
                self.count,
            );
        };
        let path = arguments.start.init_model.as_ref();
        let place = path.map_or(String::new(), |path| format!("{}: ", path.display()));
        let model = ModelFile::model(&self.specification, weights.clone(), components);
        let model = model.map_err(|error| Failure::input(format!("{place}{error}")))?;
        if model.components().in_class() {
            return Ok(Chosen::Model(Box::new(model)));
        }
        // Outside the class of models: an E-step here, and the fit begins with an M-step.
        say(
            "the model to start from has another covariance structure: it is brought in by one E- and M-step",
        );
        let posterior = model.posterior(context.typed.table.view());
        let explained = posterior
            .labels()
            .map(|_| posterior.responsibilities.clone());
        explained
            .map(Chosen::Responsibilities)
            .map_err(|error| context.failure(&error, model.components()))
    }
}

/// The specification of a model to start from, when no option names a model: options that would
/// change it are refused.
fn unchanged(arguments: &Fit, specification: Specification) -> Result<Specification, Failure> {
    let model = &arguments.model;
    if model.covariance.is_some() || !model.set.is_empty() || model.columns.is_some() {
        return Err(Failure::input(
            "--columns, --covariance and --set need --family or --part; without them the model to start from \
             says what is fitted",
        ));
    }
    Ok(specification)
}

/// Row weights; rows without an observed cell have weight 0.
fn weights(arguments: &Fit, sheet: &Sheet, typed: &Typed) -> Result<Option<Vec<f64>>, Failure> {
    let given = match &arguments.row_weights {
        Some(column) => Some(row_weights(sheet, column, &typed.rows)?),
        None => None,
    };
    let rows = typed.table.rows();
    if !unobserved(typed.table.fields(), rows).any(|none| none) {
        return Ok(given);
    }
    let mut weights = given.unwrap_or_else(|| vec![1.0; rows]);
    let none = unobserved(typed.table.fields(), rows);
    for (weight, none) in weights.iter_mut().zip(none) {
        *weight = if none { 0.0 } else { *weight };
    }
    Ok(Some(weights))
}

/// Fits, and makes the record of the fit.
fn fit(
    arguments: &Fit,
    plan: &Plan,
    context: Context<'_>,
    start: &Chosen,
    weights: Option<&[f64]>,
) -> Result<ModelFile, Failure> {
    let template = match start {
        Chosen::Model(model) => (**model).clone(),
        _ => Mixture::uniform(plan.specification.template(plan.count)?),
    };
    let mut data = Data::new(context.typed.table.view());
    data.row_weights = weights;
    let options = Options {
        tolerance: arguments.tolerance,
        max_iterations: arguments.max_iterations,
        restarts: arguments.restarts.map_or(10, |restarts| restarts as usize),
        seed: arguments.seed,
        threads: arguments.threads.map_or(0, usize::from),
        ..Options::default()
    };
    let rule: &dyn Responsibilities = match arguments.algorithm {
        Algorithm::Em => &Soft,
        Algorithm::Hard => &Hard,
    };
    let random = start.start().is_random();
    let mut line = Line::new(if random { options.restarts } else { 1 });
    let fitted = em::fit_from_with(
        &template,
        data,
        start.start(),
        &mut Driver::new(&options).rule(rule).observe(&mut line),
    );
    line.end();
    let failed = |error: em::FitError| context.failure(&error, template.components());
    let fitted = fitted.map_err(failed)?;
    let model = if random {
        ordered(fitted.model)
    } else {
        fitted.model
    };
    let evaluation = model.evaluate(data).map_err(failed)?;
    let warnings = warnings(
        arguments,
        context,
        &model,
        &fitted.report,
        &evaluation,
        weights,
    );
    let record = record(
        arguments,
        context,
        &model,
        &fitted.report,
        &evaluation,
        warnings,
    );
    let names = match start {
        Chosen::Labels { names, .. } => names.clone(),
        _ => Vec::new(),
    };
    Ok(ModelFile {
        specification: plan.specification.arranged_as(model.components()),
        label_names: names,
        model,
        fit: Some(record),
    })
}

/// Components by falling weight, ties by first parameter.
fn ordered(model: TableMixture) -> TableMixture {
    let first: Vec<f64> = (0..model.len())
        .map(|k| first_number(&model.components().save(k)).unwrap_or(0.0))
        .collect();
    let mut order: Vec<usize> = (0..model.len()).collect();
    let weights = model.weights();
    order.sort_by(|&a, &b| {
        (weights[b].total_cmp(&weights[a])).then_with(|| first[a].total_cmp(&first[b]))
    });
    model.subset(&order)
}

fn first_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Array(items) => items.iter().find_map(first_number),
        Value::Object(entries) => entries.values().find_map(first_number),
        _ => None,
    }
}

fn record(
    arguments: &Fit,
    context: Context<'_>,
    model: &TableMixture,
    report: &FitReport,
    evaluation: &em::Evaluation,
    warnings: Vec<String>,
) -> FitRecord {
    // Under EM the objective's own sum, so that the trace ends in exactly this number.
    let log_likelihood = match arguments.algorithm {
        Algorithm::Em => report.log_likelihood,
        Algorithm::Hard => evaluation.log_likelihood,
    };
    let parameters = evaluation.parameters as f64;
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
        rows: evaluation.rows,
        observations: evaluation.observations,
        parameters: evaluation.parameters,
        aic: -2.0 * log_likelihood + 2.0 * parameters,
        bic,
        icl: bic + (evaluation.icl - evaluation.bic),
        entropy: evaluation.entropy,
        iterations: report.iterations(),
        passes: report.passes,
        stop_reason: report.stop_reason.to_string(),
        algorithm: match arguments.algorithm {
            Algorithm::Em => "em".into(),
            Algorithm::Hard => "hard".into(),
        },
        seed: arguments.seed,
        warnings,
        starts: starts.collect(),
        trace: report.trace.clone(),
    }
}

/// Writes the model and prints the result.
fn finish(arguments: &Fit, fitted: &ModelFile) -> Result<(), Failure> {
    let Some(record) = &fitted.fit else {
        return Ok(());
    };
    let converged = matches!(&*record.stop_reason, "converged" | "precision_reached");
    if arguments.require_convergence && !converged {
        return Err(Failure::NotConverged(format!(
            "the fit did not converge: {} after {} iterations; nothing is written",
            record.stop_reason, record.iterations
        )));
    }
    for warning in &record.warnings {
        say(&format!("warning: {warning}"));
    }
    let text =
        (fitted.to_text()).map_err(|error| Failure::Fit(format!("the fitted model: {error}")))?;
    if let Some(path) = &arguments.output {
        write::file(path, &text)?;
    }
    match arguments.format {
        Format::Json => write::stdout(&text),
        Format::Text => write::stdout(&summary::text(fitted)),
    }
}
