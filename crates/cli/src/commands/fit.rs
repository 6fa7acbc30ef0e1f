//! `mixture fit`.

use crate::algorithm::{is_stream, name, named};
use crate::args::{Acceleration, Algorithm, Fit, Format, MixingWeights, OnDegenerate};
use crate::cells::Impossible;
use crate::checkpoint::{Keeper, Kept, check_combinations, resumed};
use crate::choose::named_columns;
use crate::columns::{Access, Typed, row_weights, typed, unobserved, without_weight_0};
use crate::explain::Context;
use crate::failure::{Failure, say};
use crate::groups::{group_labels, group_start, group_weights};
use crate::growth::{self, Way, is_grown};
use crate::inherit::with_start;
use crate::known::{Beside, Held};
use crate::labels::{Evidence, Labels};
use crate::order::arrangement;
use crate::plan::Plan;
use crate::progress::Line;
use crate::read::Sheet;
use crate::record::record;
use crate::run::{self, Fitted, Job, Knowledge, check_covariates};
use crate::start::Chosen;
use crate::stream;
use crate::summary;
use crate::trace::Trace;
use crate::warn::warnings;
use crate::write::{self, Target};
use em::{Hard, NamedAlgorithm, Options, Soft, WeightModel};
use std::cell::RefCell;
use std::path::Path;
use tabular::{Concomitant, FitRecord, KnownRows, ModelFile, TableMixture};

/// Runs the command.
pub fn run(arguments: &Fit) -> Result<(), Failure> {
    arguments.uncertainty.check(arguments)?;
    if is_stream(arguments) {
        return stream::run(arguments);
    }
    check_combinations(arguments)?;
    let arguments = &with_start(arguments)?;
    named(arguments)?;
    let target = target(arguments)?;
    let mut sheet = sheet(arguments)?;
    let setup = Setup::new(arguments, Access::Own(&mut sheet))?;
    let mut done = setup.fit(Portion::default())?;
    arguments.uncertainty.add(&setup, &mut done.file)?;
    finish(arguments, &done.file, target.as_ref())
}

/// The rows of the data that count.
pub fn sheet(arguments: &Fit) -> Result<Sheet, Failure> {
    let columns = named_columns(arguments);
    let mut sheet = Sheet::read_columns(&arguments.data, &arguments.dialect, columns.as_deref())?;
    prepare(arguments, &mut sheet)?;
    Ok(sheet)
}

/// Leaves the rows out that do not count.
pub fn prepare(arguments: &Fit, sheet: &mut Sheet) -> Result<(), Failure> {
    match &arguments.row_weights {
        Some(column) => without_weight_0(sheet, column),
        None => Ok(()),
    }
}

/// A fit that is ready to begin: what its options mean for the data.
pub struct Setup<'a> {
    /// The options.
    pub arguments: &'a Fit,
    sheet: &'a Sheet,
    /// What is to be fitted.
    pub plan: Plan,
    beside: Beside,
    /// The data as numbers.
    pub typed: Typed,
    rows: Rows,
}

/// A fit to some of the rows; by default to all, with a line of progress.
#[derive(Clone, Copy, Default)]
pub struct Portion<'a> {
    /// The row weights of the fit, and those of the rows set aside.
    pub split: Option<&'a em::select::Split>,
    /// Whether the fit is one of many, and shows no line.
    pub silent: bool,
    /// The way that it shares with fits of other numbers of components, where mixtures grow.
    pub way: Option<&'a RefCell<Way>>,
}

/// A fit that is done.
pub struct Done {
    /// The model and how it was fitted.
    pub file: ModelFile,
    /// How well it fits.
    pub evaluation: em::Evaluation,
    /// The log-likelihood of the rows set aside.
    pub held_out: Option<f64>,
}

impl<'a> Setup<'a> {
    /// What the options mean for the rows of a sheet.
    pub fn new(arguments: &'a Fit, mut access: Access<'a>) -> Result<Self, Failure> {
        let plan = Plan::new(arguments, access.sheet())?;
        let beside = Beside::of_fit(arguments, access.sheet())?;
        let (missing, refuse) = (arguments.missing, Impossible::Refuse);
        let typed = typed(&mut access, &plan.specification, &beside, missing, refuse)?;
        let sheet = access.into_sheet();
        let plan = plan.with_data_bounds(arguments, sheet, &typed)?;
        let context = Context {
            sheet,
            typed: &typed,
            specification: &plan.specification,
        };
        let rows = Rows::new(arguments, &plan, &beside, context)?;
        Ok(Setup {
            arguments,
            sheet,
            plan,
            beside,
            typed,
            rows,
        })
    }
    /// What rows and columns are called.
    pub fn context(&self) -> Context<'_> {
        Context {
            sheet: self.sheet,
            typed: &self.typed,
            specification: &self.plan.specification,
        }
    }
    /// Row weights, of groups where there are groups.
    pub fn row_weights(&self) -> Option<&[f64]> {
        self.rows.weights.as_deref()
    }
    /// How many rows or groups there are, each of which is drawn as a whole.
    pub fn units(&self) -> usize {
        let groups = self.rows.held.offsets.as_ref();
        groups.map_or(self.typed.table.rows(), |offsets| offsets.len() - 1)
    }
    /// Known labels as evidence about components.
    pub fn evidence(&self) -> Option<Evidence> {
        self.rows.known.as_ref().map(Labels::evidence)
    }
    /// The start.
    pub fn start(&self) -> em::Start<'_> {
        self.rows.start.start()
    }
    /// The rows with what is held of them.
    pub fn known_rows(&self) -> KnownRows<'_> {
        self.rows.held.rows(&self.typed)
    }
    /// What is known of the components and weights of a fit.
    pub fn knowledge(&self, model: &TableMixture) -> Result<Knowledge, Failure> {
        self.plan.knowledge(self.arguments, &self.beside, model)
    }
    /// Fits.
    pub fn fit(&self, portion: Portion<'_>) -> Result<Done, Failure> {
        let (plan, beside) = (&self.plan, &self.beside);
        let rows = &self.rows;
        fit(self.arguments, plan, beside, self.context(), rows, portion)
    }
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
pub fn target(arguments: &Fit) -> Result<Option<Target>, Failure> {
    let path = arguments.output.as_deref();
    path.map(|path| Target::new("--output", path, &inputs(arguments)))
        .transpose()
}

/// Row weights; rows without an observed cell have weight 0.
pub fn weights(arguments: &Fit, sheet: &Sheet, typed: &Typed) -> Result<Option<Vec<f64>>, Failure> {
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
pub fn options(arguments: &Fit) -> Options {
    let mut options = Options::default()
        .tolerance(arguments.tolerance)
        .max_iterations(arguments.max_iterations)
        .restarts(arguments.restarts.unwrap_or(10))
        .split_merge(arguments.split_merge)
        .trim(arguments.trim.fraction())
        .seed(arguments.seed)
        .threads(arguments.threads.map_or(0, usize::from))
        .on_degenerate(match arguments.on_degenerate {
            OnDegenerate::Fail => em::OnDegenerate::Fail,
            OnDegenerate::Reset => em::OnDegenerate::Reset,
            OnDegenerate::Drop => em::OnDegenerate::Drop,
            OnDegenerate::Floor => em::OnDegenerate::Floor,
        });
    options.time_limit = arguments.time_limit;
    options
}

/// What accelerates the fit.
pub fn acceleration(arguments: &Fit) -> Result<em::Acceleration, Failure> {
    let scheme = match arguments.acceleration {
        None => em::Acceleration::default(),
        Some(Acceleration::None) => return Ok(em::Acceleration::None),
        Some(Acceleration::Squarem) => em::Acceleration::Squarem,
        Some(Acceleration::Daarem) => em::Acceleration::Daarem,
    };
    match arguments.algorithm {
        Algorithm::Em | Algorithm::Variational => Ok(scheme),
        // Labels jump: there is no linear convergence to extrapolate.
        _ if arguments.acceleration.is_none() => Ok(em::Acceleration::None),
        other => Err(Failure::input(format!(
            "--acceleration is for --algorithm em and variational, not for {}",
            name(other)
        ))),
    }
}

/// What a fit is told about the rows of the table, or about their groups.
struct Rows {
    held: Held,
    weights: Option<Vec<f64>>,
    start: Chosen,
    known: Option<Labels>,
}

impl Rows {
    fn new(
        arguments: &Fit,
        plan: &Plan,
        beside: &Beside,
        context: Context<'_>,
    ) -> Result<Rows, Failure> {
        let (sheet, typed) = (context.sheet, context.typed);
        let held = beside.read(sheet, typed)?;
        if let Some(concomitant) = &beside.concomitant {
            check_covariates(&held, &concomitant.terms)?;
        }
        let mut weights = weights(arguments, sheet, typed)?;
        let classes = (plan.total(), plan.specification.has_noise());
        let mut known = Labels::read(arguments, classes, context)?;
        let mut start = plan.start(arguments, context, weights.as_deref())?;
        if let Some(known) = &known
            && let Some(labels) = known.as_start(arguments)
        {
            start = labels;
        }
        if let Some(offsets) = &held.offsets {
            weights =
                (weights.map(|given| group_weights(&given, offsets, sheet, typed))).transpose()?;
            start = group_start(start, offsets, plan.total(), sheet, typed)?;
            if let Some(known) = &mut known {
                known.labels = group_labels(&known.labels, offsets, sheet, typed)?;
            }
        }
        Ok(Rows {
            held,
            weights,
            start,
            known,
        })
    }
}

/// Noise alone is no mixture: some component has to stay beside it.
fn check_noise(arguments: &Fit, plan: &Plan) -> Result<(), Failure> {
    let alone = match arguments.on_degenerate {
        OnDegenerate::Fail | OnDegenerate::Floor => false,
        OnDegenerate::Reset => plan.count == 1,
        OnDegenerate::Drop => true,
    };
    if plan.specification.has_noise() && arguments.known.weights == MixingWeights::Equal {
        return Err(Failure::input(
            "--noise cannot be combined with --weights equal: the share of the noise is what is to be found",
        ));
    }
    if plan.specification.has_noise() && alone {
        return Err(Failure::input(
            "--noise: --on-degenerate drop, and reset with one component, may leave nothing beside the noise",
        ));
    }
    Ok(())
}

/// Fits, and makes the record of the fit.
fn fit(
    arguments: &Fit,
    plan: &Plan,
    beside: &Beside,
    context: Context<'_>,
    rows: &Rows,
    portion: Portion<'_>,
) -> Result<Done, Failure> {
    check_noise(arguments, plan)?;
    growth::check(arguments)?;
    let template = plan.template(match &rows.start {
        Chosen::Model(model) => Some(&**model),
        _ => None,
    })?;
    arguments.trim.check(arguments, template.components())?;
    if portion.split.is_some() && arguments.trim.fraction() > 0.0 {
        return Err(Failure::input(
            "--trim cannot be combined with cross-validation: outliers among the rows held out would count",
        ));
    }
    let knowledge = plan.knowledge(arguments, beside, &template)?;
    let table = &context.typed.table;
    let template = template.with_components(|components| components.tabled(table));
    let (options, algorithm) = (options(arguments), named(arguments)?);
    let evidence = rows.known.as_ref().map(Labels::evidence);
    let job = Job {
        options: &options,
        acceleration: acceleration(arguments)?,
        rule: match arguments.algorithm {
            Algorithm::Hard => &Hard,
            _ => &Soft,
        },
        algorithm: algorithm.as_ref(),
        start: rows.start.start(),
        parameter_tolerance: arguments.parameter_tolerance,
        row_weights: match portion.split {
            Some(split) => Some(&split.train),
            None => rows.weights.as_deref(),
        },
        allowed: evidence.as_ref().map(Evidence::allowed),
        held_out: portion.split.map(|split| &split.test[..]),
    };
    let random = job.start.is_random();
    let trace = arguments.trace.as_deref();
    let trace = trace.map(|path| Trace::new(path, &inputs(arguments)));
    let numbers = if is_grown(arguments) { plan.count } else { 1 };
    let (starts, trace) = (numbers * job.start.count(&options), trace.transpose()?);
    // Chains and batches have no rate of convergence to foretell their end.
    let tolerance = match &algorithm {
        Some(NamedAlgorithm::Stochastic(_) | NamedAlgorithm::Online(_)) => f64::NAN,
        _ => options.tolerance,
    };
    let mut line = match portion.silent {
        true => Line::silent(),
        false => Line::new(starts, tolerance, options.max_iterations, trace),
    };
    let mut way = portion.way.map(RefCell::borrow_mut);
    if let Some(way) = &mut way {
        way.lead_to(plan, &template);
    }
    let mut kept = Kept {
        way: way.as_deref_mut(),
        resume: resumed(arguments, table)?,
        keeper: Keeper::new(arguments, &plan.specification, line.bar())?,
    };
    let fitted = run::fit(
        &job, template, knowledge, &rows.held, context, &mut line, &mut kept,
    );
    line.end();
    let failure = (line.failure).or(kept.keeper.and_then(|keeper| keeper.failure));
    if let Some(failure) = failure {
        return Err(failure);
    }
    let Fitted {
        mut model,
        mut weights_posterior,
        mut concomitant,
        report,
        evaluation,
    } = fitted?;
    let (mut evaluation, held_out) = (evaluation.fitted, evaluation.held_out);
    let order = arrangement(
        arguments.known.order.as_deref(),
        random && rows.known.is_none(),
        &plan.specification.arranged_as(model.components()),
        &model,
    )?;
    let mut names = rows.names(plan.total() == model.len());
    if let Some(order) = order {
        model = model.subset(&order);
        concomitant = concomitant.map(|weights| weights.subset(&order));
        weights_posterior = weights_posterior.map(|weights| weights.subset(&order));
        let counts = order.iter().map(|&k| evaluation.effective_counts[k]);
        evaluation.effective_counts = counts.collect();
        if !names.is_empty() {
            names = order.iter().map(|&k| names[k].clone()).collect();
        }
    }
    let warnings = warnings(
        arguments,
        context,
        &model,
        &report,
        &evaluation,
        rows.weights.as_deref(),
    );
    let record = record(
        arguments,
        context,
        plan.count,
        &model,
        &report,
        &evaluation,
        warnings,
    );
    let file = ModelFile {
        specification: plan.specification.arranged_as(model.components()),
        label_names: names,
        model,
        weights_posterior,
        concomitant: (beside.concomitant.clone().zip(concomitant)).map(
            |(specification, weights)| Concomitant {
                specification,
                weights,
            },
        ),
        group: beside.group.clone(),
        fit: Some(record),
    };
    Ok(Done {
        file,
        evaluation,
        held_out,
    })
}

impl Rows {
    /// The names of the components. A dropped component takes its name with it, and it is not known which
    /// one that was.
    fn names(&self, all: bool) -> Vec<String> {
        match (&self.known, &self.start) {
            (Some(known), _) if all => known.names.clone(),
            (None, Chosen::Labels { names, .. }) if all => names.clone(),
            _ => Vec::new(),
        }
    }
}

/// Refuses a fit that did not converge.
pub fn check_convergence(record: &FitRecord) -> Result<(), Failure> {
    match &*record.stop_reason {
        "converged" | "precision_reached" | "parameters_at_rest" => Ok(()),
        reason => Err(Failure::NotConverged(format!(
            "the fit did not converge: {reason} after {} iterations; nothing is written",
            record.iterations
        ))),
    }
}

/// Writes the model and prints the result.
fn finish(arguments: &Fit, fitted: &ModelFile, target: Option<&Target>) -> Result<(), Failure> {
    let Some(record) = &fitted.fit else {
        return Ok(());
    };
    if arguments.require_convergence {
        check_convergence(record)?;
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
    write::put(prepared, printed)
}
