//! Families in files: their parameters under the field's names, validated when read.

/// Writes a family as a map of its parameters and reads it through its constructor, so that a file
/// holds parameters only and can never make an invalid instance. `Family via constructor { … }` names
/// another constructor than `new`; a parameter may carry attributes of serde.
macro_rules! serde_parameters {
    ($family:ident { $($parameters:tt)* }) => {
        $crate::serde_parameters::serde_parameters!($family via new { $($parameters)* });
    };
    ($family:ident via $constructor:ident {
        $($(#[$attribute:meta])* $parameter:ident : $kind:ty),+ $(,)?
    }) => {
        #[cfg(feature = "serde")]
        const _: () = {
            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            struct Parameters { $($(#[$attribute])* $parameter: $kind),+ }

            impl serde::Serialize for $family {
                fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    Parameters { $($parameter: self.$parameter.clone()),+ }.serialize(to)
                }
            }
            impl<'de> serde::Deserialize<'de> for $family {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    let read = Parameters::deserialize(from)?;
                    $family::$constructor($(read.$parameter),+).map_err(serde::de::Error::custom)
                }
            }
        };
    };
}
pub(crate) use serde_parameters;

/// A number that may be infinite: JSON has no infinity, so that it stands as the string "inf" or
/// "-inf". For `#[serde(with = "crate::serde_parameters::extended")]`.
#[cfg(feature = "serde")]
pub(crate) mod extended {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    #[derive(Deserialize, Serialize)]
    #[serde(untagged)]
    enum Extended {
        Number(f64),
        Name(String),
    }

    // serde's `with` calls it with a reference.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(crate) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        if value.is_infinite() {
            to.serialize_str(if *value > 0.0 { "inf" } else { "-inf" })
        } else {
            to.serialize_f64(*value)
        }
    }
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        match Extended::deserialize(from)? {
            Extended::Number(value) => Ok(value),
            Extended::Name(name) if name == "inf" => Ok(f64::INFINITY),
            Extended::Name(name) if name == "-inf" => Ok(f64::NEG_INFINITY),
            Extended::Name(name) => Err(de::Error::custom(format!(
                "\"{name}\" is no number; the infinities are \"inf\" and \"-inf\""
            ))),
        }
    }
}
