//! Common slopes in files: {coefficients, common_coefficients}, {variances} of linear ones, and
//! `offset` where it is true.

use super::{CommonSlopes, LinearCommonSlopes};
use distributions::regression::{GeneralizedRegression, LinearRegression, Response};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    coefficients: Vec<Vec<f64>>,
    common_coefficients: Vec<f64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    offset: bool,
}

impl<R: Response> Serialize for CommonSlopes<R> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let own = (0..self.components.len()).map(|k| self.own_coefficients(k).to_vec());
        let mut components = self.components.iter();
        Parameters {
            coefficients: own.collect(),
            common_coefficients: self.common_coefficients().to_vec(),
            offset: components.any(GeneralizedRegression::has_offset),
        }
        .serialize(to)
    }
}

impl<'de, R: Response> Deserialize<'de> for CommonSlopes<R> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Parameters::deserialize(from)?;
        let set = Self::new(read.coefficients, read.common_coefficients);
        let set = set.map_err(D::Error::custom)?;
        Ok(if read.offset { set.with_offset() } else { set })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinearParameters {
    coefficients: Vec<Vec<f64>>,
    common_coefficients: Vec<f64>,
    variances: Vec<f64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    offset: bool,
}

impl Serialize for LinearCommonSlopes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let own = (0..self.components().len()).map(|k| self.own_coefficients(k).to_vec());
        let mut components = self.components().iter();
        LinearParameters {
            coefficients: own.collect(),
            common_coefficients: self.common_coefficients().to_vec(),
            variances: components.clone().map(LinearRegression::variance).collect(),
            offset: components.any(LinearRegression::has_offset),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for LinearCommonSlopes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = LinearParameters::deserialize(from)?;
        let set = Self::new(read.coefficients, read.common_coefficients, read.variances);
        let set = set.map_err(D::Error::custom)?;
        Ok(if read.offset { set.with_offset() } else { set })
    }
}
