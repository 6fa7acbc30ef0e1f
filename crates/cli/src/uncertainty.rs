//! `--standard-errors`: how well the parameters are known.

mod estimate;
mod numbers;

use crate::algorithm::name;
use crate::args::{Algorithm, Fit, Missing};
use crate::commands::fit::Setup;
use crate::failure::Failure;
use crate::grid::{Grid, plain, short};
use clap::{Args, ValueEnum};
use estimate::Asked;
use tabular::{ModelFile, StandardErrorsRecord};

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
        let asked = Asked {
            setup,
            method,
            bootstrap: self.bootstrap.unwrap_or(Bootstrap::Nonparametric),
            replicates: self.bootstrap_replicates.unwrap_or(200),
        };
        let record = asked.of_file(file)?;
        if let Some(fit) = &mut file.fit {
            let method = word(method);
            fit.standard_errors = Some(StandardErrorsRecord { method, ..record });
        }
        Ok(())
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
    let estimates = numbers::of_file(file);
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
