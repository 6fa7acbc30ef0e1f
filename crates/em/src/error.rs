//! Why a fit failed.

use distributions::EstimateError;
use std::fmt;

/// Why a fit failed: bad input, or no estimate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FitError {
    /// There is no row of positive weight.
    NoRows,
    /// More components than rows of positive weight.
    TooFewRows {
        /// The rows of positive weight.
        rows: usize,
        /// The number of components K.
        components: usize,
    },
    /// A spread start needs as many distinct rows as components.
    TooFewDistinctRows {
        /// The distinct rows found.
        distinct: usize,
        /// The number of components K.
        components: usize,
    },
    /// A row weight that is negative or not finite.
    RowWeight {
        /// The row, from 0.
        row: usize,
        /// Its weight.
        weight: f64,
    },
    /// An observation that no component admits.
    Observation {
        /// The row, from 0.
        row: usize,
        /// What an observation must be, as in "must be positive".
        requirement: &'static str,
    },
    /// A row to which no component gives a positive, finite density.
    OffSupport {
        /// The row, from 0.
        row: usize,
        /// The iteration, 0 for the start.
        iteration: usize,
    },
    /// Arguments whose shapes or values do not fit together, in words.
    Shape(String),
    /// The components have no floor, which the policy for degenerate components asks for; or all rows
    /// together have no spread.
    NoFloor(EstimateError),
    /// An algorithm that keeps statistics of several iterates, and a component whose M-step is a single
    /// step from the iterate that made them ([`one_step`](distributions::Component::one_step)).
    OneStep {
        /// The algorithm.
        algorithm: &'static str,
    },
    /// A mixture that [grows](crate::Start::Grown) has no next fit.
    Growing {
        /// The number of components to which it was to grow.
        components: usize,
        /// Why its first split failed, as the others did.
        source: Box<FitError>,
    },
    /// No estimate in an M-step.
    Estimate {
        /// The iteration, 0 for the start.
        iteration: usize,
        /// Why, and of which component.
        source: EstimateError,
    },
}

impl FitError {
    /// Whether the input is to blame, rather than the likelihood.
    pub fn is_input(&self) -> bool {
        match self {
            FitError::Estimate { .. } | FitError::OffSupport { .. } => false,
            FitError::Growing { source, .. } => source.is_input(),
            _ => true,
        }
    }
}

impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FitError::NoRows => write!(f, "there is no row of positive weight"),
            FitError::TooFewRows { rows, components } => write!(
                f,
                "{components} components need at least as many rows of positive weight; there are {rows}"
            ),
            FitError::TooFewDistinctRows {
                distinct,
                components,
            } => write!(
                f,
                "{components} components need at least as many distinct rows; there are {distinct}"
            ),
            FitError::RowWeight { row, weight } => {
                write!(
                    f,
                    "row {row}: row weight {weight} must be finite and not negative"
                )
            }
            FitError::Observation { row, requirement } => {
                write!(f, "row {row}: the observation {requirement}")
            }
            FitError::OffSupport { row, iteration } => write!(
                f,
                "iteration {iteration}: row {row} has no finite positive density under any component"
            ),
            FitError::Shape(what) => f.write_str(what),
            FitError::NoFloor(why) => write!(f, "a floor: {why}"),
            FitError::OneStep { algorithm } => write!(
                f,
                "{algorithm} EM keeps statistics of several iterates, and the M-step of these components \
                 is one Newton step from a single one: use em, hard, stochastic or annealed"
            ),
            FitError::Growing { components, source } => {
                write!(f, "growing to {components} components: {source}")
            }
            FitError::Estimate { iteration, source } => {
                write!(f, "iteration {iteration}: {source}")
            }
        }
    }
}

impl std::error::Error for FitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FitError::Growing { source, .. } => Some(source),
            FitError::Estimate { source, .. } | FitError::NoFloor(source) => Some(source),
            _ => None,
        }
    }
}
