//! How many trials a row of counts is the result of.

/// The number of trials of a family over rows of counts: fixed, or whatever a row adds up to.
///
/// Where rows bring their own totals the density is that of a row **given its total**; a draw, which
/// has no row, is then the result of one trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trials {
    /// Each row has its own total. In files: the word "rows".
    #[default]
    Rows,
    /// Every row has this total; another total has probability 0.
    Fixed(u64),
}

impl Trials {
    /// Whether a row may have this total.
    pub(super) fn admit(self, total: f64) -> bool {
        match self {
            Trials::Rows => true,
            Trials::Fixed(trials) => total == trials as f64,
        }
    }
    /// The number of trials of a draw.
    pub(super) fn of_draw(self) -> u64 {
        match self {
            Trials::Rows => 1,
            Trials::Fixed(trials) => trials,
        }
    }
    /// Whether rows bring their own totals: such a family needs no word about it in files.
    #[cfg(feature = "serde")]
    // serde's `skip_serializing_if` calls it with a reference.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(super) fn are_rows(&self) -> bool {
        *self == Trials::Rows
    }
}

/// The total of a row, exact below 2⁵³.
pub(super) fn row_total(x: &[u64]) -> f64 {
    x.iter().map(|&count| count as f64).sum()
}

#[cfg(feature = "serde")]
const _: () = {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Word(String),
    }

    impl Serialize for Trials {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            match self {
                Trials::Rows => to.serialize_str("rows"),
                Trials::Fixed(trials) => to.serialize_u64(*trials),
            }
        }
    }
    impl<'de> Deserialize<'de> for Trials {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            match Written::deserialize(from) {
                Ok(Written::Number(trials)) => Ok(Trials::Fixed(trials)),
                Ok(Written::Word(word)) if word == "rows" => Ok(Trials::Rows),
                _ => Err(de::Error::custom(
                    "trials must be a whole number, or \"rows\" for the total of each row",
                )),
            }
        }
    }
};
