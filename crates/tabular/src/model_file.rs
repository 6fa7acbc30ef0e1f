//! Model files: exact numbers, and nothing trusted when read.

use crate::concomitant::RawConcomitant;
use crate::variational::RawWeightsPosterior;
use crate::{
    Concomitant, ModelError, PartSpecification, Specification, TableComponents, TableMixture,
    pretty, untrusted,
};
use em::{Mixture, Weights, WeightsPosterior};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of the format, in every file.
pub const FORMAT: &str = "mixture-model";
/// The version of the format that this crate writes, and the only one it reads.
pub const VERSION: u64 = 1;

/// How one start ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRecord {
    /// The objective reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<f64>,
    /// Why it stopped there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// The iterations it took.
    pub iterations: usize,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A number of components on the way of a mixture that was grown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrowthRecord {
    /// How many components there were, noise included.
    pub components: usize,
    /// The objective reached with them.
    pub objective: f64,
}

/// What a trimmed fit left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrimRecord {
    /// The fraction of the row weight that does not count.
    pub fraction: f64,
    /// The rows that count, in whole or in part.
    pub rows: usize,
    /// The lowest log-density that still counts.
    pub cut: f64,
}

/// The standard error of one number of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardErrorRecord {
    /// Its place in the file, as a JSON pointer.
    pub parameter: String,
    /// The standard error; none at a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
    /// The low end of the 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The high end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Whether the parameter is at a bound of its range.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_bound: bool,
}

/// How well the parameters are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardErrorsRecord {
    /// `louis`, `sandwich` or `bootstrap`.
    pub method: String,
    /// Which bootstrap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<String>,
    /// The refits that errors are made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicates: Option<usize>,
    /// The refits that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<usize>,
    /// The weights and the numbers of components that are estimated, in the order of the file.
    pub parameters: Vec<StandardErrorRecord>,
}

/// How a fit went: information beside the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitRecord {
    /// L = Σ w_i ln p(x_i), natural logarithm, with every normalising constant.
    pub log_likelihood: f64,
    /// What the fit maximised.
    pub objective: f64,
    /// The rows used.
    pub rows: usize,
    /// n = Σ w_i.
    pub observations: f64,
    /// The number of free parameters.
    pub parameters: usize,
    /// −2L + 2p; none where parameters have a posterior, and `objective` is a lower bound of the evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aic: Option<f64>,
    /// −2L + p ln n, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bic: Option<f64>,
    /// bic − 2 Σ w_i ln max_k r_ik, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icl: Option<f64>,
    /// −Σ w_i Σ_k r_ik ln r_ik.
    pub entropy: f64,
    /// The accepted iterations.
    pub iterations: usize,
    /// Passes over the data, other starts included.
    pub passes: usize,
    /// Why the fit stopped.
    pub stop_reason: String,
    /// The algorithm.
    pub algorithm: String,
    /// The seed of all randomness.
    pub seed: u64,
    /// The number of components asked for, where some were dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_components: Option<usize>,
    /// Components that had no estimate on the way, and what was done about each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degeneracies: Vec<String>,
    /// What was not estimated: `weights`, `equal weights`, or numbers of components.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<String>,
    /// The number of groups, where rows share components: then `observations` counts groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<usize>,
    /// What was trimmed; then every figure is of the rows that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trimmed: Option<TrimRecord>,
    /// How well the parameters are known, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_errors: Option<StandardErrorsRecord>,
    /// What a user should know.
    pub warnings: Vec<String>,
    /// Each start, in order.
    pub starts: Vec<StartRecord>,
    /// How many starts ended within 1e-4 nats of the best of them, where there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_near_best: Option<usize>,
    /// The way of a mixture that was grown, one component at a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub growth: Vec<GrowthRecord>,
    /// Each move that was tried to split and merge components.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<String>,
    /// The objective at the start and after each iteration.
    pub trace: Vec<f64>,
}

/// The file as it is written; components are checked against the parts afterwards.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    format: String,
    version: u64,
    columns: Vec<String>,
    parts: Vec<PartSpecification>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    label_names: Vec<String>,
    weights: Vec<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights_prior: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights_posterior: Option<RawWeightsPosterior>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    concomitant: Option<RawConcomitant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    components: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fit: Option<FitRecord>,
}

/// A model with its specification and how it was fitted.
#[derive(Clone)]
pub struct ModelFile {
    /// Families and columns.
    pub specification: Specification,
    /// The names of the components, where the start gave them names.
    pub label_names: Vec<String>,
    /// The model.
    pub model: TableMixture,
    /// The posterior of the weights, where the components are posteriors too: `model` is then the predictive
    /// mixture, whose weights are the expected ones.
    pub weights_posterior: Option<WeightsPosterior>,
    /// Weights that depend on columns of the data; those of `model` are then their proportions.
    pub concomitant: Option<Concomitant>,
    /// The column whose equal cells mark the rows that share a component.
    pub group: Option<String>,
    /// How it was fitted, where it was.
    pub fit: Option<FitRecord>,
}

impl ModelFile {
    /// The text of the file.
    ///
    /// # Errors
    /// When a number is NaN, or noise does not stand last.
    pub fn to_text(&self) -> Result<String, ModelError> {
        let components = self.model.components();
        let described = components.without_noise();
        if components
            .noise_index()
            .is_some_and(|noise| noise < described)
        {
            return Err(ModelError::new("in a file noise stands last"));
        }
        let raw = Raw {
            format: FORMAT.into(),
            version: VERSION,
            columns: self.specification.columns(),
            parts: self.specification.parts.clone(),
            label_names: self.label_names.clone(),
            weights: self.model.weights().to_vec(),
            weights_prior: self.model.weights().concentrations(),
            weights_posterior: (self.weights_posterior.as_ref()).map(RawWeightsPosterior::new),
            concomitant: self.concomitant.as_ref().map(RawConcomitant::new),
            group: self.group.clone(),
            components: (0..described)
                .map(|k| self.specification.save(components, k))
                .collect(),
            fit: self.fit.clone(),
        };
        let value = serde_json::to_value(raw).map_err(|error| ModelError(error.to_string()))?;
        if let Some(path) = null_inside(&value) {
            return Err(ModelError(format!("{path} is not a number")));
        }
        Ok(pretty(&value))
    }

    /// The model in a file's text.
    ///
    /// # Errors
    /// Saying what is wrong, and where.
    pub fn from_text(text: &str) -> Result<Self, ModelError> {
        let value = untrusted::parse(text)?;
        Self::check_header(&value)?;
        let raw: Raw = untrusted::typed(&value)?;
        let specification = Specification { parts: raw.parts };
        if raw.columns != specification.columns() {
            return Err(ModelError::new(
                "columns are not those of the parts, in order",
            ));
        }
        let model = Self::model(&specification, raw.weights, &raw.components)?;
        let model = match raw.weights_prior {
            Some(concentrations) => with_weights_prior(model, concentrations)?,
            None => model,
        };
        if !raw.label_names.is_empty() && raw.label_names.len() != model.len() {
            return Err(ModelError(format!(
                "{} label names for {} components",
                raw.label_names.len(),
                model.len()
            )));
        }
        if specification.is_variational() != raw.weights_posterior.is_some()
            || !specification
                .parts
                .iter()
                .all(|part| part.is_variational() == specification.is_variational())
        {
            return Err(ModelError::new(
                "weights and the components of every part are posteriors, or none is",
            ));
        }
        if raw.weights_posterior.is_some() && (raw.concomitant.is_some() || raw.group.is_some()) {
            return Err(ModelError::new(
                "posteriors have neither groups nor weights that depend on columns",
            ));
        }
        let weights_posterior = (raw.weights_posterior)
            .map(|given| given.check(model.weights()))
            .transpose()?;
        let concomitant = raw.concomitant.map(|given| given.check(model.weights()));
        if let Some(column) = (raw.group.iter()).find(|column| raw.columns.contains(column)) {
            return Err(ModelError(format!(
                "column {column} is both of the groups and of a part"
            )));
        }
        Ok(ModelFile {
            specification,
            label_names: raw.label_names,
            model,
            weights_posterior,
            concomitant: concomitant.transpose()?,
            group: raw.group,
            fit: raw.fit,
        })
    }

    /// The weights and components in a file's text: of a model file, whose parts must observe
    /// what those of `specification` do, or of just `{"weights": [...], "components": [...]}`.
    ///
    /// # Errors
    /// Saying what is wrong.
    pub fn start_from_text(
        text: &str,
        specification: &Specification,
    ) -> Result<(Vec<f64>, Vec<Value>), ModelError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Bare {
            weights: Vec<f64>,
            components: Vec<Value>,
        }
        let value = untrusted::parse(text)?;
        if value.get("format").is_some() {
            Self::check_header(&value)?;
            let raw: Raw = untrusted::typed(&value)?;
            if raw.weights_posterior.is_some() {
                return Err(ModelError::new(
                    "its parameters have a posterior: it is no model to start from, but its responsibilities are",
                ));
            }
            specification.check_observes_as(&raw.parts)?;
            return Ok((raw.weights, raw.components));
        }
        let bare: Bare = untrusted::typed(&value)?;
        Ok((bare.weights, bare.components))
    }

    /// The mixture of components as they stand in a file.
    ///
    /// # Errors
    /// Saying what is wrong.
    pub fn model(
        specification: &Specification,
        weights: Vec<f64>,
        components: &[Value],
    ) -> Result<TableMixture, ModelError> {
        let noise = specification.has_noise();
        if weights.len() != components.len() + usize::from(noise) {
            return Err(ModelError(format!(
                "{} weights for {} components{}",
                weights.len(),
                components.len(),
                if noise { " and noise" } else { "" }
            )));
        }
        let components: TableComponents = specification.load(components)?;
        let wrong = |error: distributions::ParameterError| ModelError(error.to_string());
        let weights = Weights::new(weights).map_err(wrong)?;
        Mixture::new(weights, components).map_err(wrong)
    }

    fn check_header(value: &Value) -> Result<(), ModelError> {
        let format = value.get("format").and_then(Value::as_str);
        if format != Some(FORMAT) {
            return Err(ModelError(format!(
                "not a model file: \"format\" must be \"{FORMAT}\""
            )));
        }
        match value.get("version").and_then(Value::as_u64) {
            Some(VERSION) => Ok(()),
            _ => Err(ModelError(format!(
                "version {} of the format is unknown here; this program reads version {VERSION}",
                value.get("version").unwrap_or(&Value::Null)
            ))),
        }
    }
}

/// The mixture whose weights have a Dirichlet prior with these concentrations.
///
/// # Errors
/// When their number differs, or one is below 1.
pub fn with_weights_prior(
    model: TableMixture,
    concentrations: Vec<f64>,
) -> Result<TableMixture, ModelError> {
    let wrong = |error: distributions::ParameterError| {
        ModelError(format!("the prior of the weights: {error}"))
    };
    let weights = model.weights().clone().with_prior(concentrations);
    Mixture::new(weights.map_err(wrong)?, model.components().clone()).map_err(wrong)
}

/// The path of a null in a value: what serde_json makes of NaN and of infinities.
fn null_inside(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Array(items) => (items.iter().enumerate())
            .find_map(|(i, item)| null_inside(item).map(|rest| format!("/{i}{rest}"))),
        Value::Object(entries) => (entries.iter())
            .find_map(|(key, item)| null_inside(item).map(|rest| format!("/{key}{rest}"))),
        _ => None,
    }
}
