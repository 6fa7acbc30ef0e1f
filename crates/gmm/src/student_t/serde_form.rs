//! Files: location, the whole scale matrix and the degrees of freedom, validated when read.

use super::{MultivariateT, MultivariateTs};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    location: Vec<f64>,
    scale_matrix: Vec<Vec<f64>>,
    df: f64,
}

impl Serialize for MultivariateT {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Parameters {
            location: self.location().to_vec(),
            scale_matrix: self.scale_matrix_rows(),
            df: self.df(),
        }
        .serialize(to)
    }
}

/// Of full structure and free degrees of freedom: a file says neither.
impl<'de> Deserialize<'de> for MultivariateT {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Parameters::deserialize(from)?;
        MultivariateT::new(read.location, &read.scale_matrix, read.df).map_err(D::Error::custom)
    }
}

impl Serialize for MultivariateTs {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.components().serialize(to)
    }
}
