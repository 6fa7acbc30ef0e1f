//! Weights that depend on columns of the data: which, and the coefficients.

use crate::{Design, ModelError, Predictors, RegressionSpecification};
use em::{MultinomialLogisticWeights, WeightModel, Weights};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The terms on which mixing weights depend, as those of a regression.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConcomitantSpecification {
    /// The terms, in the grammar of [`Predictors`].
    pub predictors: Vec<String>,
    /// The levels of the categorical columns, in order; the first is the reference.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<String, Vec<String>>,
    /// The names of the coefficients, which follow from the terms and their levels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<String>,
}

impl ConcomitantSpecification {
    /// The same terms as those of a regression without a response.
    pub fn as_regression(&self) -> RegressionSpecification {
        RegressionSpecification {
            predictors: self.predictors.clone(),
            levels: self.levels.clone(),
            terms: self.terms.clone(),
            ..RegressionSpecification::default()
        }
    }
    /// The columns that the terms name.
    ///
    /// # Errors
    /// When a term is not in the grammar.
    pub fn columns(&self) -> Result<Vec<String>, ModelError> {
        self.as_regression().predictor_columns()
    }
    /// The design that the terms make, whose first column is that of ones where there is an intercept.
    ///
    /// # Errors
    /// Naming the term and the column.
    pub fn design(&self) -> Result<Design, ModelError> {
        let named = |error: ModelError| ModelError(format!("concomitant: {error}"));
        let regression = self.as_regression();
        regression.check().map_err(named)?;
        regression.design().map_err(named)
    }
    /// Whether some coefficient is an intercept, so that constant weights are among the models.
    ///
    /// # Errors
    /// When a term is not in the grammar.
    pub fn has_intercept(&self) -> Result<bool, ModelError> {
        Ok(Predictors::from_terms(&self.predictors)?.intercept)
    }
    /// Weights to start from: constant ones where there is an intercept, else 1/K.
    ///
    /// # Errors
    /// As [`design`](ConcomitantSpecification::design).
    pub fn start(&self, weights: &Weights) -> Result<MultinomialLogisticWeights, ModelError> {
        let width = self.design()?.coefficients();
        Ok(if self.has_intercept()? {
            MultinomialLogisticWeights::constant(weights, width)
        } else {
            MultinomialLogisticWeights::uniform(weights.len(), width)
        })
    }
}

/// Mixing weights by multinomial logistic regression on columns of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Concomitant {
    /// The terms.
    pub specification: ConcomitantSpecification,
    /// The coefficients.
    pub weights: MultinomialLogisticWeights,
}

/// The same as it stands in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConcomitant {
    predictors: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    levels: BTreeMap<String, Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    terms: Vec<String>,
    /// γ_k for each component but the last, for which it is 0.
    coefficients: Vec<Vec<f64>>,
}

impl RawConcomitant {
    pub(crate) fn new(concomitant: &Concomitant) -> Self {
        let specification = concomitant.specification.clone();
        let others = 0..concomitant.weights.len() - 1;
        RawConcomitant {
            predictors: specification.predictors,
            levels: specification.levels,
            terms: specification.terms,
            coefficients: others
                .map(|k| concomitant.weights.coefficients(k))
                .collect(),
        }
    }
    /// The weights, of which `overall` are the proportions.
    pub(crate) fn check(self, overall: &Weights) -> Result<Concomitant, ModelError> {
        let specification = ConcomitantSpecification {
            predictors: self.predictors,
            levels: self.levels,
            terms: self.terms,
        };
        let width = specification.design()?.coefficients();
        let weights = MultinomialLogisticWeights::new(width, &self.coefficients, overall);
        Ok(Concomitant {
            specification,
            weights: weights.map_err(|error| ModelError(format!("concomitant: {error}")))?,
        })
    }
}
