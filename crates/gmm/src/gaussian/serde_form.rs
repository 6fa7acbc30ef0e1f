//! Files: the mean and the whole covariance, validated when read.

use super::Gaussian;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    mean: Vec<f64>,
    covariance: Vec<Vec<f64>>,
}

impl Serialize for Gaussian {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Parameters {
            mean: self.mean.clone(),
            covariance: self.covariance_rows(),
        }
        .serialize(to)
    }
}

/// Of full structure: a file does not say which structure its covariance has.
impl<'de> Deserialize<'de> for Gaussian {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Parameters::deserialize(from)?;
        Gaussian::new(read.mean, &read.covariance).map_err(D::Error::custom)
    }
}
