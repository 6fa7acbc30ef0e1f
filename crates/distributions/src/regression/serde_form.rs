//! Regressions in files: {coefficients, variance} and {coefficients}, and `offset` where it is true.

use super::{GeneralizedRegression, LinearRegression, Response};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Linear {
    coefficients: Vec<f64>,
    variance: f64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    offset: bool,
}

impl Serialize for LinearRegression {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Linear {
            coefficients: self.coefficients().to_vec(),
            variance: self.variance(),
            offset: self.has_offset(),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for LinearRegression {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Linear::deserialize(from)?;
        let regression = Self::new(read.coefficients, read.variance).map_err(D::Error::custom)?;
        Ok(if read.offset {
            regression.with_offset()
        } else {
            regression
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Generalized {
    coefficients: Vec<f64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    offset: bool,
}

impl<R: Response> Serialize for GeneralizedRegression<R> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Generalized {
            coefficients: self.coefficients().to_vec(),
            offset: self.has_offset(),
        }
        .serialize(to)
    }
}

impl<'de, R: Response> Deserialize<'de> for GeneralizedRegression<R> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Generalized::deserialize(from)?;
        let regression = Self::new(read.coefficients).map_err(D::Error::custom)?;
        Ok(if read.offset {
            regression.with_offset()
        } else {
            regression
        })
    }
}
