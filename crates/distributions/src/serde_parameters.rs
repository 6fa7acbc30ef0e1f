//! Families in files: their parameters under the field's names, validated when read.

/// Writes a family as a map of its parameters and reads it through its constructor, so that a file
/// holds parameters only and can never make an invalid instance.
macro_rules! serde_parameters {
    ($family:ident { $($parameter:ident : $kind:ty),+ $(,)? }) => {
        #[cfg(feature = "serde")]
        const _: () = {
            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            struct Parameters { $($parameter: $kind),+ }

            impl serde::Serialize for $family {
                fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    Parameters { $($parameter: self.$parameter.clone()),+ }.serialize(to)
                }
            }
            impl<'de> serde::Deserialize<'de> for $family {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    let read = Parameters::deserialize(from)?;
                    $family::new($(read.$parameter),+).map_err(serde::de::Error::custom)
                }
            }
        };
    };
}
pub(crate) use serde_parameters;
