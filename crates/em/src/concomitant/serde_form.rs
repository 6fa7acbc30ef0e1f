//! Concomitant weights in files: {covariates, coefficients, proportions}, and where covariates are centred
//! {center, intercept}, with the intercepts at the centre.

use super::MultinomialLogisticWeights;
use crate::weights::{WeightModel, Weights};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    covariates: usize,
    coefficients: Vec<Vec<f64>>,
    proportions: Weights,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    center: Vec<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intercept: Option<usize>,
}

impl Serialize for MultinomialLogisticWeights {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let proportions = Weights::new(self.proportions.clone());
        let others = 0..self.len() - 1;
        Parameters {
            covariates: self.width,
            coefficients: others.map(|k| self.line(k)).collect(),
            center: match self.intercept {
                Some(_) => self.center.clone(),
                None => Vec::new(),
            },
            intercept: self.intercept,
            proportions: proportions.map_err(serde::ser::Error::custom)?,
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for MultinomialLogisticWeights {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Parameters::deserialize(from)?;
        let plain = Self::new(read.covariates, &read.coefficients, &read.proportions);
        let mut weights = plain.map_err(D::Error::custom)?;
        let Some(intercept) = read.intercept else {
            return Ok(weights);
        };
        let valid = |value: &f64| value.abs() <= super::LARGEST;
        if intercept >= read.covariates
            || read.center.len() != read.covariates
            || !read.center.iter().all(valid)
            || read.center[intercept] != 0.0
        {
            return Err(D::Error::custom(
                "center must hold a finite number for each covariate, 0 for the intercept",
            ));
        }
        (weights.center, weights.intercept) = (read.center, Some(intercept));
        Ok(weights)
    }
}
