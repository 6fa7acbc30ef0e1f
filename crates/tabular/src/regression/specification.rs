//! What a regression is of: the response and its predictors, by name.

use super::{Design, Predictors};
use crate::{ModelError, PartSpecification};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The response of a regression and its predictors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegressionSpecification {
    /// The column of responses.
    pub response: String,
    /// The predictors, in the grammar of [`Predictors`].
    pub predictors: Vec<String>,
    /// The predictors whose coefficients are common to all components.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub common: Vec<String>,
    /// A column that enters with a coefficient of 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
    /// The levels of the categorical predictors, in order; the first is the reference. Of a response
    /// that is text, its two levels: 0 and 1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<String, Vec<String>>,
    /// The names of the coefficients, which follow from the predictors and their levels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<String>,
}

impl RegressionSpecification {
    /// The columns that the predictors name, in order of appearance, without the offset.
    ///
    /// # Errors
    /// When a predictor is not in the grammar.
    pub fn predictor_columns(&self) -> Result<Vec<String>, ModelError> {
        let mut columns: Vec<String> = Vec::new();
        for term in Predictors::from_terms(&self.predictors)?.terms {
            for factor in term.factors() {
                if !columns.contains(&factor.column) {
                    columns.push(factor.column.clone());
                }
            }
        }
        Ok(columns)
    }
    /// The design that the predictors make.
    ///
    /// # Errors
    /// Naming the term and the column.
    pub fn design(&self) -> Result<Design, ModelError> {
        Design::new(self)
    }
    /// The two levels of a response that is text, 0 and 1.
    pub fn response_levels(&self) -> Option<&[String]> {
        self.levels.get(&self.response).map(Vec::as_slice)
    }
    /// Checks what can be checked without data.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let columns = self.predictor_columns()?;
        if columns.contains(&self.response) {
            return Err(ModelError(format!(
                "column {} is both response and predictor",
                self.response
            )));
        }
        let named = |column: &String| columns.contains(column) || *column == self.response;
        if let Some(unused) = self.levels.keys().find(|column| !named(column)) {
            return Err(ModelError(format!(
                "levels of column {unused}, which no predictor names"
            )));
        }
        let design = self.design()?;
        if !self.terms.is_empty() && self.terms != design.names() {
            return Err(ModelError(format!(
                "the terms {} are not those of the predictors, {}",
                self.terms.join(", "),
                design.names().join(", ")
            )));
        }
        Ok(())
    }
}

/// Regressions among the parts of a model.
impl PartSpecification {
    /// What the regression is of.
    ///
    /// # Errors
    /// When it is not stated.
    pub fn regression_of(&self) -> Result<&RegressionSpecification, ModelError> {
        self.regression.as_ref().ok_or_else(|| {
            ModelError(format!(
                "family {} is a regression: it needs a response and predictors",
                self.family
            ))
        })
    }
    /// Whether its response may be text of two levels, the second of which counts as 1.
    pub fn admits_levels(&self) -> bool {
        self.family == "logistic_regression"
    }
    /// Checks the levels of a response that is text.
    ///
    /// # Errors
    /// Where the family has none, or they are not two.
    pub fn check_response_levels(&self) -> Result<(), ModelError> {
        let regression = self.regression_of()?;
        let Some(levels) = regression.response_levels() else {
            return Ok(());
        };
        let response = &regression.response;
        if !self.admits_levels() {
            return Err(ModelError(format!(
                "column {response}: family {} has no levels of its response",
                self.family
            )));
        }
        match levels {
            [first, second] if first != second => Ok(()),
            _ => Err(ModelError(format!(
                "column {response} has {} levels, {}: the response of family {} is 0 and 1, or text of \
                 two levels, the second of which counts as 1",
                levels.len(),
                levels.join(", "),
                self.family
            ))),
        }
    }
    /// The column of trials, where each row has its own.
    pub fn trials_column(&self) -> Option<&str> {
        self.regression.as_ref()?;
        self.settings.get("trials")?.as_str()
    }
    /// The columns of a regression in order: response, trials, predictors, offset.
    ///
    /// # Errors
    /// When the regression is not stated, or a predictor is not in the grammar.
    pub fn regression_columns(&self) -> Result<Vec<String>, ModelError> {
        let regression = self.regression_of()?;
        let mut columns = vec![regression.response.clone()];
        columns.extend(self.trials_column().map(String::from));
        columns.extend(regression.predictor_columns()?);
        columns.extend(regression.offset.clone());
        Ok(columns)
    }
    /// The names of the coefficients, in their order; none but of regressions.
    pub fn coefficient_names(&self) -> Vec<String> {
        let design = self
            .regression
            .as_ref()
            .map(RegressionSpecification::design);
        design.and_then(Result::ok).map_or(Vec::new(), |design| {
            design.names().iter().map(|name| name.to_string()).collect()
        })
    }
    /// What column `index` of what the part observes is called: of a regression a term of its
    /// design, else a column.
    pub fn observed_name(&self, index: usize) -> Option<String> {
        match &self.regression {
            Some(regression) => regression.design().ok()?.name_in_matrix(index),
            None => self.columns.get(index).cloned(),
        }
    }
    /// Checks what can be checked of a regression without data.
    pub(crate) fn check_regression(&self) -> Result<(), ModelError> {
        if self.is_mixed() {
            return Err(ModelError::new(
                "regressions cannot stand beside each other as different families",
            ));
        }
        let in_family = |error: ModelError| ModelError(format!("family {}: {error}", self.family));
        self.regression_of()?.check().map_err(in_family)?;
        self.check_response_levels()?;
        let columns = self.regression_columns()?;
        if self.columns != columns {
            return Err(ModelError(format!(
                "family {}: the columns must be response, trials, predictors and offset: {}",
                self.family,
                columns.join(", ")
            )));
        }
        let valid = |trials: &Value| trials.is_string() || trials.as_u64().is_some_and(|n| n > 0);
        match self.settings.get("trials") {
            Some(trials) if !valid(trials) => Err(ModelError(format!(
                "family {}: trials = {trials} must be a whole number, at least 1, or the name of a \
                 column",
                self.family
            ))),
            None if self.known_settings()?.contains(&"trials") => Err(ModelError(format!(
                "family {} needs --set trials=NUMBER or --set trials=COLUMN",
                self.family
            ))),
            _ => Ok(()),
        }
    }
}
