//! `mixture fit`.

use crate::args::{Acceleration, Algorithm, Fit, Format, OnDegenerate};
use crate::cells::Impossible;
use crate::checkpoint::{Keeper, resumed};
use crate::columns::{Typed, row_weights, typed, unobserved, without_weight_0};
use crate::explain::Context;
use crate::failure::{Failure, say};
use crate::plan::Plan;
use crate::progress::Line;
use crate::read::Sheet;
use crate::record::{ordered, record};
use crate::start::Chosen;
use crate::summary;
use crate::trace::Trace;
use crate::warn::warnings;
use crate::write::{self, Target};
use em::{Data, Driver, Hard, Mixture, Options, Responsibilities, Soft};
use std::path::Path;
use tabular::ModelFile;

/// Runs the command.
pub fn run(arguments: &Fit) -> Result<(), Failure> {
    let target = target(arguments)?;
    let mut sheet = Sheet::read(&arguments.data)?;
    if let Some(column) = &arguments.row_weights {
        without_weight_0(&mut sheet, column)?;
    }
    let plan = Plan::new(arguments, &sheet)?;
    let specification = &plan.specification;
    let typed = typed(&sheet, specification, arguments.missing, Impossible::Refuse)?;
    let plan = plan.with_data_bounds(&typed.table)?;
    let specification = &plan.specification;
    let weights = weights(arguments, &sheet, &typed)?;
    let context = Context {
        sheet: &sheet,
        typed: &typed,
        specification,
    };
    let start = plan.start(arguments, context)?;
    let fitted = fit(arguments, &plan, context, &start, weights.as_deref())?;
    finish(arguments, &fitted, target.as_ref())
}

/// The files that a fit reads, none of which it may write.
fn inputs(arguments: &Fit) -> [(&str, Option<&Path>); 5] {
    let start = &arguments.start;
    [
        ("the data", Some(arguments.data.as_path())),
        ("--init-labels-file", start.init_labels_file.as_deref()),
        (
            "--init-responsibilities",
            start.init_responsibilities.as_deref(),
        ),
        ("--init-model", start.init_model.as_deref()),
        ("--resume", arguments.resume.as_deref()),
    ]
}

/// Where the model goes: never over a file that the fit reads.
fn target(arguments: &Fit) -> Result<Option<Target>, Failure> {
    let path = arguments.output.as_deref();
    path.map(|path| Target::new("--output", path, &inputs(arguments)))
        .transpose()
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

/// The options in the words of the library.
fn options(arguments: &Fit) -> Options {
    Options::default()
        .tolerance(arguments.tolerance)
        .max_iterations(arguments.max_iterations)
        .restarts(arguments.restarts.unwrap_or(10))
        .seed(arguments.seed)
        .threads(arguments.threads.map_or(0, usize::from))
        .on_degenerate(match arguments.on_degenerate {
            OnDegenerate::Fail => em::OnDegenerate::Fail,
            OnDegenerate::Reset => em::OnDegenerate::Reset,
            OnDegenerate::Drop => em::OnDegenerate::Drop,
        })
}

/// What accelerates the fit.
fn acceleration(arguments: &Fit) -> Result<em::Acceleration, Failure> {
    let scheme = match arguments.acceleration {
        Acceleration::None => return Ok(em::Acceleration::None),
        Acceleration::Squarem => em::Acceleration::Squarem,
        Acceleration::Daarem => em::Acceleration::Daarem,
    };
    match arguments.algorithm {
        Algorithm::Em => Ok(scheme),
        // Labels jump: there is no linear convergence to extrapolate.
        Algorithm::Hard => Err(Failure::input(
            "--acceleration is for --algorithm em, not for hard".to_owned(),
        )),
    }
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
    let table = &context.typed.table;
    let template = template.with_components(|components| components.tabled(table));
    let mut data = Data::new(table.view());
    data.row_weights = weights;
    let options = options(arguments);
    let rule: &dyn Responsibilities = match arguments.algorithm {
        Algorithm::Em => &Soft,
        Algorithm::Hard => &Hard,
    };
    let random = start.start().is_random();
    let trace = arguments.trace.as_deref();
    let mut line = Line::new(
        if random { options.restarts } else { 1 },
        options.tolerance,
        options.max_iterations,
        trace
            .map(|path| Trace::new(path, &inputs(arguments)))
            .transpose()?,
    );
    let checkpoint = resumed(arguments, table)?;
    let mut keeper = Keeper::new(arguments, &plan.specification, line.bar())?;
    let mut driver = Driver::new(&options)
        .accelerate(acceleration(arguments)?)
        .rule(rule)
        .observe(&mut line);
    if let Some(checkpoint) = checkpoint {
        driver = driver.resume(checkpoint);
    }
    if let Some(keeper) = &mut keeper {
        driver = driver.checkpoints(keeper);
    }
    let fitted = em::fit_from_with(&template, data, start.start(), &mut driver);
    drop(driver);
    line.end();
    let failure = (line.failure).or(keeper.and_then(|keeper| keeper.failure));
    if let Some(failure) = failure {
        return Err(failure);
    }
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
        plan.count,
        &model,
        &fitted.report,
        &evaluation,
        warnings,
    );
    let names = match start {
        // A dropped component takes its name with it, and it is not known which one that was.
        Chosen::Labels { names, .. } if model.len() == plan.count => names.clone(),
        _ => Vec::new(),
    };
    Ok(ModelFile {
        specification: plan.specification.arranged_as(model.components()),
        label_names: names,
        model,
        fit: Some(record),
    })
}

/// Writes the model and prints the result.
fn finish(arguments: &Fit, fitted: &ModelFile, target: Option<&Target>) -> Result<(), Failure> {
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
    let prepared = target.map(|target| target.prepare(&text)).transpose()?;
    let printed = match arguments.format {
        Format::Json => write::stdout(&text),
        Format::Text => write::stdout(&summary::text(fitted)),
    };
    // Only a result that was also printed is put in place.
    match (prepared, printed) {
        (Some(_), Err(Failure::Gone)) => Err(Failure::input(
            "stdout was closed before the result was printed; nothing is written to --output",
        )),
        (Some(prepared), Ok(())) => prepared.finish(),
        (_, printed) => printed,
    }
}
