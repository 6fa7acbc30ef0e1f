//! Concomitant weights in files: {covariates, coefficients, proportions}.

use super::MultinomialLogisticWeights;
use crate::weights::{WeightModel, Weights};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    covariates: usize,
    coefficients: Vec<Vec<f64>>,
    proportions: Weights,
}

impl Serialize for MultinomialLogisticWeights {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let proportions = Weights::new(self.proportions.clone());
        let others = 0..self.len() - 1;
        Parameters {
            covariates: self.width,
            coefficients: others.map(|k| self.coefficients(k)).collect(),
            proportions: proportions.map_err(serde::ser::Error::custom)?,
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for MultinomialLogisticWeights {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Parameters::deserialize(from)?;
        Self::new(read.covariates, &read.coefficients, &read.proportions).map_err(D::Error::custom)
    }
}
