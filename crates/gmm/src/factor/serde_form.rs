//! Files: mean, loadings and noise variances, validated when read.

use super::FactorAnalyzer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    mean: Vec<f64>,
    loadings: Vec<Vec<f64>>,
    noise_variances: Vec<f64>,
}

impl Serialize for FactorAnalyzer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Parameters {
            mean: self.mean().to_vec(),
            loadings: self.loadings(),
            noise_variances: self.noise_variances(),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for FactorAnalyzer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Parameters::deserialize(from)?;
        FactorAnalyzer::new(read.mean, &read.loadings, read.noise_variances)
            .map_err(D::Error::custom)
    }
}
