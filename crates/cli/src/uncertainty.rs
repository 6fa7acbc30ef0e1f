//! `--standard-errors`: how well the parameters are known.

use crate::algorithm::name;
use crate::args::{Algorithm, Fit, Missing, MixingWeights};
use crate::commands::fit::{Setup, options};
use crate::failure::Failure;
use crate::grid::{Grid, plain, short};
use crate::select::Bar;
use clap::{Args, ValueEnum};
use em::select::Replicates;
use em::uncertainty::{
    Estimates, Information, InformationError, Reweighting, Robustness, StandardError, bootstrap,
    parametric_bootstrap,
};
use em::{Data, FitError};
use serde_json::Value;
use tabular::{
    ModelFile, StandardErrorRecord, StandardErrorsRecord, TableComponents, TableMixture,
};

/// The options.
#[derive(Args, Clone, Debug)]
pub struct Uncertainty {
    /// Standard errors and 95 % intervals of the parameters: from the curvature of the likelihood (louis), the
    /// same without trust in the model (sandwich), or from refits (bootstrap).
    #[arg(long, value_enum)]
    pub standard_errors: Option<Method>,
    /// What a bootstrap refits to: rows drawn with replacement, rows drawn from the model, or all rows under
    /// random weights; nonparametric by default.
    #[arg(long, value_enum, requires = "standard_errors")]
    pub bootstrap: Option<Bootstrap>,
    /// How many times a bootstrap refits; 200 by default.
    #[arg(long, value_name = "B", value_parser = crate::args::whole_from_1,
          requires = "standard_errors", allow_negative_numbers = true)]
    pub bootstrap_replicates: Option<usize>,
}

/// Where standard errors come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// The inverse of the observed information, by Louis' formula.
    Louis,
    /// The sandwich, which holds if only rows are independent.
    Sandwich,
    /// Refits.
    Bootstrap,
}

/// Bootstraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bootstrap {
    /// Rows drawn with replacement.
    Nonparametric,
    /// Rows drawn from the model.
    Parametric,
    /// All rows under Dirichlet weights.
    Weighted,
}

/// The name of a value on the command line.
fn word(value: impl ValueEnum) -> String {
    let named = value.to_possible_value();
    named.map_or(String::new(), |value| value.get_name().to_string())
}

impl Uncertainty {
    /// Refuses what has no standard errors, before any work.
    pub fn check(&self, arguments: &Fit) -> Result<(), Failure> {
        let Some(method) = self.standard_errors else {
            return Ok(());
        };
        let own = [
            (self.bootstrap.is_some(), "--bootstrap"),
            (
                self.bootstrap_replicates.is_some(),
                "--bootstrap-replicates",
            ),
        ];
        if let Some((_, option)) = own.iter().find(|(given, _)| *given)
            && method != Method::Bootstrap
        {
            return Err(Failure::input(format!(
                "{option} belongs to --standard-errors bootstrap"
            )));
        }
        if self.bootstrap_replicates == Some(1) {
            return Err(Failure::input(
                "--bootstrap-replicates 1: at least two are needed",
            ));
        }
        let known = &arguments.known;
        let parametric = self.bootstrap == Some(Bootstrap::Parametric);
        let algorithm = format!("--algorithm {}", name(arguments.algorithm));
        let other = matches!(
            arguments.algorithm,
            Algorithm::Hard | Algorithm::Stochastic | Algorithm::Online | Algorithm::Variational
        );
        let refused = [
            (
                other,
                &*algorithm,
                "the fit is no maximum of the likelihood",
            ),
            (
                arguments.trim.fraction() > 0.0,
                "--trim",
                "rows that do not count have no part in them",
            ),
            (
                method == Method::Bootstrap && arguments.checkpoint.is_some(),
                "--checkpoint",
                "no checkpoint holds refits",
            ),
            (
                !known.fixed.is_empty(),
                "--fixed",
                "fits with fixed parts have none yet",
            ),
            (
                known.weights == MixingWeights::Equal,
                "--weights equal",
                "fits with fixed parts have none yet",
            ),
            (
                known.group.is_some(),
                "--group",
                "fits to groups of rows have none yet",
            ),
            (
                known.concomitant.is_some(),
                "--concomitant",
                "weights of this kind have none yet",
            ),
            (
                parametric && known.known_labels.is_some(),
                "--known-labels",
                "a parametric bootstrap cannot draw them",
            ),
            (
                parametric && arguments.missing == Missing::Em,
                "--missing em",
                "a parametric bootstrap cannot draw missing cells",
            ),
            (
                parametric && arguments.model.interval.is_some(),
                "--interval",
                "a parametric bootstrap cannot draw the censoring",
            ),
        ];
        match refused.iter().find(|(given, _, _)| *given) {
            Some((_, option, why)) => Err(Failure::input(format!(
                "--standard-errors {} cannot be combined with {option}: {why}",
                word(method)
            ))),
            None => Ok(()),
        }
    }

    /// Adds standard errors to the record of a fit, where they are asked for.
    pub fn add(&self, setup: &Setup<'_>, file: &mut ModelFile) -> Result<(), Failure> {
        let Some(method) = self.standard_errors else {
            return Ok(());
        };
        let estimated = |part: &tabular::PartSpecification| !part.estimated.is_empty();
        if file.specification.parts.iter().any(estimated) {
            return Err(Failure::input(
                "--standard-errors: bounds that are taken from the data have none; set them by --set",
            ));
        }
        let record = match method {
            Method::Louis => from_information(setup, file, Robustness::Model)?,
            Method::Sandwich => from_information(setup, file, Robustness::Sandwich)?,
            Method::Bootstrap => self.refitted(setup, file)?,
        };
        if let Some(fit) = &mut file.fit {
            let method = word(method);
            fit.standard_errors = Some(StandardErrorsRecord { method, ..record });
        }
        Ok(())
    }

    fn refitted(
        &self,
        setup: &Setup<'_>,
        file: &ModelFile,
    ) -> Result<StandardErrorsRecord, Failure> {
        let kind = self.bootstrap.unwrap_or(Bootstrap::Nonparametric);
        let model = &file.model;
        if kind == Bootstrap::Parametric && model.components().is_conditional() {
            return Err(Failure::input(
                "--bootstrap parametric: a regression says nothing about its predictors, so that rows cannot be drawn",
            ));
        }
        let (arguments, count) = (setup.arguments, self.bootstrap_replicates.unwrap_or(200));
        let replicates = Replicates {
            count,
            seed: arguments.seed,
            threads: arguments.threads.map_or(0, usize::from),
        };
        let (mut options, bar) = (options(arguments), Bar::new(count)?);
        // The clock ends the search for the fit; refits that it cut off would be no sample.
        options.time_limit = None;
        let (evidence, advance) = (setup.evidence(), |_| bar.advance(1));
        let data = data(setup, evidence.as_ref());
        let by = |reweighting| {
            bootstrap(
                model,
                data,
                reweighting,
                &options,
                replicates,
                numbers,
                advance,
            )
        };
        let drawn = match kind {
            Bootstrap::Nonparametric => by(Reweighting::Multinomial),
            Bootstrap::Weighted => by(Reweighting::Dirichlet),
            Bootstrap::Parametric => {
                // Tables are for the values of the data; drawn rows have others.
                let plain = (model.clone())
                    .with_components(|parts| TableComponents::new(parts.parts().to_vec()));
                parametric_bootstrap(&plain, data, &options, replicates, numbers, advance)
            }
        };
        bar.end();
        let drawn = drawn.map_err(|error| failed(setup, file, &error))?;
        Ok(StandardErrorsRecord {
            method: String::new(),
            bootstrap: Some(word(kind)),
            replicates: Some(drawn.replicates.len()),
            failures: Some(drawn.failures.len()),
            parameters: of_estimates(model, &drawn),
        })
    }
}

/// The rows of the fit.
fn data<'a>(
    setup: &'a Setup<'_>,
    evidence: Option<&'a crate::labels::Evidence>,
) -> Data<'a, tabular::TableView<'a>> {
    let mut data = Data::new(setup.typed.table.view());
    data.row_weights = setup.row_weights();
    data.allowed = evidence.map(crate::labels::Evidence::allowed);
    data
}

fn failed(setup: &Setup<'_>, file: &ModelFile, error: &FitError) -> Failure {
    setup.context().failure(error, file.model.components())
}

fn from_information(
    setup: &Setup<'_>,
    file: &ModelFile,
    robustness: Robustness,
) -> Result<StandardErrorsRecord, Failure> {
    let (model, evidence) = (&file.model, setup.evidence());
    let threads = setup.arguments.threads.map_or(0, usize::from);
    let refused = |error: InformationError| match &error {
        InformationError::Data(error) => failed(setup, file, error),
        _ => Failure::Fit(format!("--standard-errors: {error}")),
    };
    let information = Information::observed(model, data(setup, evidence.as_ref()), threads);
    let errors = information.and_then(|found| found.standard_errors(robustness, numbers));
    let errors = errors.map_err(refused)?;
    let parameters = (named_numbers(model).into_iter().zip(errors))
        .filter(|(_, error)| *error != StandardError::Fixed)
        .map(|((parameter, estimate), error)| {
            let [low, high] = match error.interval(estimate) {
                Some([low, high]) => [Some(low), Some(high)],
                None => [None, None],
            };
            StandardErrorRecord {
                parameter,
                error: error.value(),
                low,
                high,
                at_bound: error == StandardError::AtBound,
            }
        });
    Ok(StandardErrorsRecord {
        method: String::new(),
        bootstrap: None,
        replicates: None,
        failures: None,
        parameters: parameters.collect(),
    })
}

/// What refits say; a number that never changes is no parameter.
fn of_estimates(model: &TableMixture, drawn: &Estimates) -> Vec<StandardErrorRecord> {
    let errors = drawn
        .standard_errors()
        .into_iter()
        .zip(drawn.intervals(0.95));
    (named_numbers(model).into_iter().zip(errors))
        .filter(|(_, (error, _))| *error != 0.0)
        .map(|((parameter, _), (error, [low, high]))| {
            let inside = error.is_finite();
            StandardErrorRecord {
                parameter,
                error: inside.then_some(error),
                low: inside.then_some(low),
                high: inside.then_some(high),
                at_bound: !inside,
            }
        })
        .collect()
}

/// The numbers of a model in the order of its file.
fn numbers(model: &TableMixture) -> Vec<f64> {
    named_numbers(model)
        .into_iter()
        .map(|(_, value)| value)
        .collect()
}

/// The weights and the numbers in the components, with their places in a model file (JSON pointers).
fn named_numbers(model: &TableMixture) -> Vec<(String, f64)> {
    let weights = model.weights().iter().enumerate();
    let mut all: Vec<_> = weights
        .map(|(k, &weight)| (format!("/weights/{k}"), weight))
        .collect();
    for k in 0..model.components().without_noise() {
        collect(
            &model.components().save(k),
            format!("/components/{k}"),
            &mut all,
        );
    }
    all
}

fn collect(value: &Value, place: String, into: &mut Vec<(String, f64)>) {
    match value {
        Value::Array(items) => (items.iter().enumerate())
            .for_each(|(i, item)| collect(item, format!("{place}/{i}"), into)),
        Value::Object(entries) => {
            (entries.iter()).for_each(|(key, item)| collect(item, format!("{place}/{key}"), into))
        }
        Value::Number(number) => into.extend(number.as_f64().map(|value| (place, value))),
        Value::String(text) if text == "inf" => into.push((place, f64::INFINITY)),
        Value::String(text) if text == "-inf" => into.push((place, f64::NEG_INFINITY)),
        _ => {}
    }
}

/// The table of the summary; empty where no errors were asked for.
pub fn text(file: &ModelFile) -> String {
    let Some(record) = file
        .fit
        .as_ref()
        .and_then(|fit| fit.standard_errors.as_ref())
    else {
        return String::new();
    };
    let header = ["parameter", "estimate", "error", "95% from", "to"];
    let mut grid = Grid::new(header.map(String::from).to_vec());
    let estimates = named_numbers(&file.model);
    for one in &record.parameters {
        let found = estimates.iter().find(|(place, _)| *place == one.parameter);
        let cell = |value: Option<f64>| value.map_or(String::new(), short);
        let error = if one.at_bound {
            "at bound".into()
        } else {
            cell(one.error)
        };
        let estimate = cell(found.map(|(_, value)| *value));
        grid.row(vec![
            one.parameter.clone(),
            estimate,
            error,
            cell(one.low),
            cell(one.high),
        ]);
    }
    let mut title = format!("\nstandard errors: {}", record.method);
    if let (Some(kind), Some(count)) = (&record.bootstrap, record.replicates) {
        title.push_str(&format!(", {kind}, {} replicates", plain(count as f64)));
        if let Some(failures) = record.failures.filter(|&failures| failures > 0) {
            title.push_str(&format!(", {failures} more could not be fitted"));
        }
    }
    format!("{title}\n{}", grid.text())
}
