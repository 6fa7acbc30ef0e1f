//! `mixture fit - --algorithm online`: rows from standard input, a batch at a time.

use crate::algorithm::{named, online};
use crate::args::{Algorithm, Fit, Format, Missing, MixingWeights};
use crate::cells::Impossible;
use crate::columns::{Access, Typed, typed};
use crate::commands::fit::{options, target, weights};
use crate::explain::Context;
use crate::failure::{Failure, say};
use crate::grid::fixed;
use crate::known::Beside;
use crate::order::arrangement;
use crate::plan::Plan;
use crate::progress::Line;
use crate::read::{Batches, Sheet, Value};
use crate::start::Chosen;
use crate::summary;
use crate::trace::Trace;
use crate::write::{self, Target};
use em::{Data, Driver, Observe, OnlineLearner, Progress, fit_from_with};
use std::io::Read;
use tabular::{ModelFile, Specification, TableMixture};

/// What messages call the data.
const NAME: &str = "standard input";

/// Runs the command.
pub fn run(arguments: &Fit) -> Result<(), Failure> {
    check(arguments)?;
    let target = target(arguments)?;
    let rows = online(arguments)?.batch_rows;
    let mut batches = Batches::new(NAME, std::io::stdin().lock(), rows, &arguments.dialect)?;
    let first = loop {
        let batch = next(&mut batches, arguments)?;
        match batch {
            Some(sheet) if sheet.rows.len() > 0 => break sheet,
            Some(_) => {}
            None => {
                return Err(Failure::input(format!(
                    "{NAME}: there is no row of data that can be used"
                )));
            }
        }
    };
    let fitted = learn(arguments, &first, &mut batches)?;
    finish(arguments, &fitted, target.as_ref())
}

/// Refuses what needs all rows at once.
fn check(arguments: &Fit) -> Result<(), Failure> {
    if arguments.algorithm != Algorithm::Online {
        return Err(Failure::input(
            "rows from standard input (-) are for --algorithm online, which sees each of them once",
        ));
    }
    named(arguments)?;
    let (known, start) = (&arguments.known, &arguments.start);
    let from_model = start.init_model.is_some();
    let refused = [
        (arguments.variant.sweeps.is_some(), "--sweeps"),
        (arguments.model.noise, "--noise"),
        (known.concomitant.is_some(), "--concomitant"),
        (known.known_labels.is_some(), "--known-labels"),
        (known.group.is_some(), "--group"),
        (!known.fixed.is_empty(), "--fixed"),
        (known.weights == MixingWeights::Equal, "--weights equal"),
        (start.init_labels.is_some(), "--init-labels"),
        (start.init_labels_file.is_some(), "--init-labels-file"),
        (
            start.init_responsibilities.is_some(),
            "--init-responsibilities",
        ),
        (arguments.time_limit.is_some(), "--time-limit"),
        (
            from_model && arguments.given.is_given("tolerance"),
            "--tolerance",
        ),
        (
            from_model && arguments.given.is_given("max_iterations"),
            "--max-iterations",
        ),
    ];
    match refused.iter().find(|(given, _)| *given) {
        None => Ok(()),
        Some((_, option)) => Err(Failure::input(format!(
            "rows from standard input cannot be combined with {option}{}",
            if from_model && ["--tolerance", "--max-iterations"].contains(option) {
                ": with --init-model there is no first fit"
            } else {
                ""
            }
        ))),
    }
}

/// The next rows, without those that a row weight of 0 leaves out; `None` at the end.
fn next<R: Read>(batches: &mut Batches<'_, R>, arguments: &Fit) -> Result<Option<Sheet>, Failure> {
    let Some(mut sheet) = batches.next()? else {
        return Ok(None);
    };
    if let Some(column) = &arguments.row_weights {
        let column = sheet.column(column)?;
        let counts = |row: usize| sheet.value(row, column) != Value::Number(0.0);
        let keep: Vec<bool> = (0..sheet.rows.len()).map(counts).collect();
        sheet.keep_only(&keep);
    }
    Ok(Some(sheet))
}

/// Leaves out the rows with a missing cell of the model.
fn without_missing(sheet: &mut Sheet, specification: &Specification) -> Result<(), Failure> {
    let names = specification.parts.iter().flat_map(|part| &part.columns);
    let columns = names
        .map(|name| sheet.column(name))
        .collect::<Result<Vec<usize>, _>>()?;
    let whole = |row: usize| columns.iter().all(|&column| !sheet.is_missing(row, column));
    let keep: Vec<bool> = (0..sheet.rows.len()).map(whole).collect();
    sheet.keep_only(&keep);
    Ok(())
}

/// Learns all rows.
fn learn<R: Read>(
    arguments: &Fit,
    first: &Sheet,
    batches: &mut Batches<'_, R>,
) -> Result<ModelFile, Failure> {
    let plan = Plan::new(arguments, first)?;
    let beside = Beside::of_fit(arguments, first)?;
    let table = |sheet: &Sheet, specification: &Specification| {
        let missing = arguments.missing;
        let access = &mut Access::Shared(sheet);
        typed(access, specification, &beside, missing, Impossible::Refuse)
    };
    let seen = table(first, &plan.specification)?;
    let plan = plan.with_data_bounds(arguments, first, &seen)?;
    let start = begin(arguments, &plan, first, &seen)?;
    let schedule = online(arguments)?;
    let refused = |error: em::FitError| Failure::input(error.to_string());
    let trace = arguments.trace.as_deref();
    let trace = trace.map(|path| Trace::new(path, &[])).transpose()?;
    // No remaining gain to be estimated: a tolerance that nothing reaches.
    let mut line = Line::new(1, f64::NAN, usize::MAX, trace);
    let mut learner = OnlineLearner::new(start, schedule, &options(arguments)).map_err(refused)?;
    let (mut rows, mut foretold) = (0, 0.0);
    let mut batch = Some((first, seen));
    let mut later: Sheet;
    while let Some((sheet, typed)) = batch {
        let (value, count) = partial_fit(arguments, &mut learner, sheet, &typed, &plan)?;
        (rows, foretold) = (rows + count, foretold + value);
        let progress = Progress {
            start: 0,
            iteration: learner.batches(),
            objective: value,
            model: learner.model(),
        };
        if line.observe(progress).is_break() {
            break;
        }
        batch = loop {
            let Some(mut sheet) = next(batches, arguments)? else {
                break None;
            };
            if arguments.missing == Missing::Drop {
                without_missing(&mut sheet, &plan.specification)?;
            }
            if sheet.rows.len() > 0 {
                let typed = table(&sheet, &plan.specification)?;
                later = sheet;
                break Some((&later, typed));
            }
        };
    }
    line.end();
    if let Some(failure) = line.failure {
        return Err(failure);
    }
    let model = match schedule.least_step > 0.0 {
        true => learner.model().clone(),
        false => (learner.averaged()).map_err(|error| Failure::Fit(error.to_string()))?,
    };
    say(&format!(
        "{rows} rows in {} batches; mean log-density of an observation before it was learned: {}",
        learner.batches(),
        fixed(foretold / learner.observations(), 6)
    ));
    for event in learner.degeneracies() {
        say(&format!("warning: {event}"));
    }
    file(arguments, &plan, model)
}

/// The model as a file: without a record of the fit, whose numbers are of all rows under the last model.
fn file(arguments: &Fit, plan: &Plan, model: TableMixture) -> Result<ModelFile, Failure> {
    let random = arguments.start.init_model.is_none();
    let arranged = plan.specification.arranged_as(model.components());
    let order = arrangement(arguments.known.order.as_deref(), random, &arranged, &model)?;
    let model = order.map_or_else(|| model.clone(), |order| model.subset(&order));
    Ok(ModelFile {
        specification: plan.specification.arranged_as(model.components()),
        label_names: Vec::new(),
        model,
        weights_posterior: None,
        concomitant: None,
        group: None,
        fit: None,
    })
}

/// The model to start from: given, or EM on the first batch.
fn begin(
    arguments: &Fit,
    plan: &Plan,
    sheet: &Sheet,
    typed: &Typed,
) -> Result<TableMixture, Failure> {
    let context = Context {
        sheet,
        typed,
        specification: &plan.specification,
    };
    let (options, weights) = (options(arguments), weights(arguments, sheet, typed)?);
    let start = plan.start(arguments, context, weights.as_deref())?;
    if let Chosen::Model(model) = start {
        return plan.template(Some(&model));
    }
    let template = plan.template(None)?;
    let mut data = Data::new(typed.table.view());
    data.row_weights = weights.as_deref();
    let mut driver = Driver::new(&options).accelerate(em::Acceleration::default());
    let fit = fit_from_with(&template, data, start.start(), &mut driver);
    let fit = fit.map_err(|error| context.failure(&error, template.components()))?;
    Ok(fit.model)
}

/// Learns one batch: its log-likelihood before, and its rows.
fn partial_fit(
    arguments: &Fit,
    learner: &mut OnlineLearner<TableMixture>,
    sheet: &Sheet,
    typed: &Typed,
    plan: &Plan,
) -> Result<(f64, usize), Failure> {
    let weights = weights(arguments, sheet, typed)?;
    let mut data = Data::new(typed.table.view());
    data.row_weights = weights.as_deref();
    let learned = learner.partial_fit(data);
    let value = learned.map_err(|error| {
        let context = Context {
            sheet,
            typed,
            specification: &plan.specification,
        };
        context.failure(&error, learner.model().components())
    })?;
    Ok((value, typed.table.rows()))
}

/// Writes the model and prints the result.
fn finish(arguments: &Fit, fitted: &ModelFile, target: Option<&Target>) -> Result<(), Failure> {
    let text = fitted.to_text();
    let text = text.map_err(|error| Failure::Fit(format!("the fitted model: {error}")))?;
    let prepared = target.map(|target| target.prepare(&text)).transpose()?;
    let printed = match arguments.format {
        Format::Json => write::stdout(&text),
        Format::Text => write::stdout(&summary::text(fitted)),
    };
    write::put(prepared, printed)
}
