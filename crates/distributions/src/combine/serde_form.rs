//! Combinators in files: their own parameters beside those of the family, validated when read.

use super::{Number, Truncated, WithPrior, ZeroInflated};
use crate::{Density, ExponentialFamily, Scalars, Univariate};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// {"zero_probability": …, and the family's own}.
#[derive(Serialize, Deserialize)]
#[serde(rename = "ZeroInflated", deny_unknown_fields)]
struct Inflated<F> {
    zero_probability: f64,
    #[serde(flatten)]
    family: F,
}

impl<F: Serialize> Serialize for ZeroInflated<F> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Inflated {
            zero_probability: self.zero_probability(),
            family: self.family(),
        }
        .serialize(to)
    }
}

impl<'de, T, F> Deserialize<'de> for ZeroInflated<F>
where
    T: Number,
    F: Density<Space = Scalars<T>> + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Inflated::deserialize(from)?;
        ZeroInflated::new(read.zero_probability, read.family).map_err(Error::custom)
    }
}

/// {"low": …, "high": …, and the family's own}; an infinite bound is "inf" or "-inf".
#[derive(Serialize, Deserialize)]
#[serde(rename = "Truncated", deny_unknown_fields)]
struct Interval<F> {
    low: Bound,
    high: Bound,
    #[serde(flatten)]
    family: F,
}

impl<F: Serialize> Serialize for Truncated<F> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Interval {
            low: Bound(self.low()),
            high: Bound(self.high()),
            family: self.family(),
        }
        .serialize(to)
    }
}

impl<'de, F: Univariate + Deserialize<'de>> Deserialize<'de> for Truncated<F> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = Interval::deserialize(from)?;
        Truncated::new(read.family, read.low.0, read.high.0).map_err(Error::custom)
    }
}

/// {the family's own, "prior": {"centre": {…}, "strength": …}}.
#[derive(Serialize, Deserialize)]
#[serde(rename = "WithPrior", deny_unknown_fields)]
struct Penalised<F, P> {
    #[serde(flatten)]
    family: F,
    prior: Prior<P>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prior<P> {
    centre: P,
    strength: f64,
}

impl<F: Serialize> Serialize for WithPrior<F> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let prior = Prior {
            centre: self.centre(),
            strength: self.strength(),
        };
        Penalised {
            family: self.family(),
            prior,
        }
        .serialize(to)
    }
}

impl<'de, F: ExponentialFamily + Deserialize<'de>> Deserialize<'de> for WithPrior<F> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read: Penalised<F, F> = Penalised::deserialize(from)?;
        WithPrior::new(read.family, read.prior.centre, read.prior.strength).map_err(Error::custom)
    }
}

/// A real number, or "inf" or "-inf".
struct Bound(f64);

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            f64::INFINITY => to.serialize_str("inf"),
            f64::NEG_INFINITY => to.serialize_str("-inf"),
            finite => to.serialize_f64(finite),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Word(String),
        }
        match Written::deserialize(from)? {
            Written::Number(value) => Ok(Bound(value)),
            Written::Word(word) if word == "inf" => Ok(Bound(f64::INFINITY)),
            Written::Word(word) if word == "-inf" => Ok(Bound(f64::NEG_INFINITY)),
            Written::Word(word) => Err(D::Error::custom(format!(
                "\"{word}\" is no number, nor \"inf\" or \"-inf\""
            ))),
        }
    }
}
