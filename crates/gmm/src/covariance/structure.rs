//! The names of the covariance structures.

use super::Structure;
use super::{eee, eei, eev, eii, eve, evi, evv, vee, vei, vev, vii, vve, vvi, vvv};
use std::fmt;
use std::str::FromStr;

/// How the covariances Σ_k = λ_k D_k A_k D_kᵀ of the components are related: volume λ, shape A and
/// orientation D are each equal (E) or variable (V) among the components, or the identity (I).
///
/// The four in widest use also have names: full is VVV, tied EEE, diag VVI and spherical VII; both
/// names give the same value. With one column, "E" is EII and "V" is VII.
///
/// ```
/// use gmm::CovarianceStructure;
/// let tied: CovarianceStructure = "EEE".parse()?;
/// assert_eq!(tied, CovarianceStructure::Tied);
/// assert_eq!(tied.to_string(), "tied");
/// assert_eq!(tied.parameter_count(3, 2), 3);
/// # Ok::<(), gmm::UnknownStructure>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CovarianceStructure {
    /// VVV: every component its own covariance.
    #[default]
    Full,
    /// EEE: one covariance for all.
    Tied,
    /// VVI: every component its own diagonal covariance.
    Diagonal,
    /// VII: every component its own variance times the identity.
    Spherical,
    /// Σ_k = λ I.
    EII,
    /// Σ_k = λ A.
    EEI,
    /// Σ_k = λ_k A.
    VEI,
    /// Σ_k = λ A_k.
    EVI,
    /// Σ_k = λ_k D A Dᵀ.
    VEE,
    /// Σ_k = λ D A_k Dᵀ.
    EVE,
    /// Σ_k = λ_k D A_k Dᵀ.
    VVE,
    /// Σ_k = λ D_k A D_kᵀ.
    EEV,
    /// Σ_k = λ_k D_k A D_kᵀ.
    VEV,
    /// Σ_k = λ D_k A_k D_kᵀ.
    EVV,
}

/// A name that no covariance structure has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownStructure(String);

impl fmt::Display for UnknownStructure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown covariance structure {:?}: it is one of full, tied, diag, spherical, or \
             EII, VII, EEI, VEI, EVI, VVI, EEE, VEE, EVE, VVE, EEV, VEV, EVV, VVV",
            self.0
        )
    }
}

impl std::error::Error for UnknownStructure {}

impl CovarianceStructure {
    /// Σ_k = λ_k I; another name of [`Spherical`](Self::Spherical).
    pub const VII: Self = Self::Spherical;
    /// Σ_k = λ_k A_k; another name of [`Diagonal`](Self::Diagonal).
    pub const VVI: Self = Self::Diagonal;
    /// Σ_k = λ D A Dᵀ; another name of [`Tied`](Self::Tied).
    pub const EEE: Self = Self::Tied;
    /// Σ_k = λ_k D_k A_k D_kᵀ; another name of [`Full`](Self::Full).
    pub const VVV: Self = Self::Full;

    /// All fourteen, from the most constrained to the least.
    pub const ALL: [Self; 14] = [
        Self::EII,
        Self::VII,
        Self::EEI,
        Self::VEI,
        Self::EVI,
        Self::VVI,
        Self::EEE,
        Self::VEE,
        Self::EVE,
        Self::VVE,
        Self::EEV,
        Self::VEV,
        Self::EVV,
        Self::VVV,
    ];

    /// The three letters: volume, shape, orientation.
    pub fn letters(self) -> &'static str {
        match self {
            Self::EII => "EII",
            Self::Spherical => "VII",
            Self::EEI => "EEI",
            Self::VEI => "VEI",
            Self::EVI => "EVI",
            Self::Diagonal => "VVI",
            Self::Tied => "EEE",
            Self::VEE => "VEE",
            Self::EVE => "EVE",
            Self::VVE => "VVE",
            Self::EEV => "EEV",
            Self::VEV => "VEV",
            Self::EVV => "EVV",
            Self::Full => "VVV",
        }
    }
    /// The name: full, tied, diag, spherical, else the three letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Tied => "tied",
            Self::Diagonal => "diag",
            Self::Spherical => "spherical",
            other => other.letters(),
        }
    }
    /// The number of free parameters in the covariances of `components` components in `dimension`
    /// columns.
    pub fn parameter_count(self, components: usize, dimension: usize) -> usize {
        self.structure().parameter_count(components, dimension)
    }
    pub(crate) fn needs_full_scatter(self) -> bool {
        self.structure().needs_full_scatter()
    }
    pub(crate) fn is_spherical(self) -> bool {
        self.structure().is_spherical()
    }
    pub(crate) fn is_pooled(self) -> bool {
        self.structure().is_pooled()
    }
    /// Whether each Σ_k may be multiplied by a factor of its own.
    pub(crate) fn has_variable_volume(self) -> bool {
        self.letters().starts_with('V')
    }
    /// Whether covariances that are not diagonal differ, and have something in common all the same.
    pub(super) fn ties_full_covariances(self) -> bool {
        self.needs_full_scatter() && !self.is_pooled() && self != Self::Full
    }
    pub(super) fn structure(self) -> &'static dyn Structure {
        match self {
            Self::EII => &eii::EqualSpherical,
            Self::Spherical => &vii::VariableSpherical,
            Self::EEI => &eei::EqualDiagonal,
            Self::VEI => &vei::EqualShapeDiagonal,
            Self::EVI => &evi::EqualVolumeDiagonal,
            Self::Diagonal => &vvi::VariableDiagonal,
            Self::Tied => &eee::Equal,
            Self::VEE => &vee::EqualShapeAndOrientation,
            Self::EVE => &eve::EqualVolumeAndOrientation,
            Self::VVE => &vve::EqualOrientation,
            Self::EEV => &eev::EqualVolumeAndShape,
            Self::VEV => &vev::EqualShape,
            Self::EVV => &evv::EqualVolume,
            Self::Full => &vvv::Variable,
        }
    }
}

impl fmt::Display for CovarianceStructure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CovarianceStructure {
    type Err = UnknownStructure;
    fn from_str(name: &str) -> Result<Self, UnknownStructure> {
        let by_name = |s: &Self| s.name() == name || s.letters() == name;
        match name {
            "diagonal" => Ok(Self::Diagonal),
            "E" => Ok(Self::EII),
            "V" => Ok(Self::VII),
            _ => (Self::ALL.into_iter().find(by_name)).ok_or(UnknownStructure(name.to_owned())),
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for CovarianceStructure {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for CovarianceStructure {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for structure in CovarianceStructure::ALL {
            assert_eq!(structure.name().parse(), Ok(structure));
            assert_eq!(structure.letters().parse(), Ok(structure));
        }
        assert!("fool".parse::<CovarianceStructure>().is_err());
    }

    /// The counts of the volume, the shape and the orientation, by their letters.
    fn count_by_letters(letters: &str, k: usize, d: usize) -> usize {
        let of = |letter: char, each: usize| match letter {
            'E' => each,
            'V' => k * each,
            _ => 0,
        };
        let letters: Vec<char> = letters.chars().collect();
        of(letters[0], 1) + of(letters[1], d - 1) + of(letters[2], d * (d - 1) / 2)
    }

    #[test]
    fn parameter_counts_follow_the_letters() {
        for structure in CovarianceStructure::ALL {
            for k in 1..=5 {
                for d in 1..=6 {
                    let expected = count_by_letters(structure.letters(), k, d);
                    assert_eq!(
                        structure.parameter_count(k, d),
                        expected,
                        "{structure} {k} {d}"
                    );
                }
            }
        }
    }
}
