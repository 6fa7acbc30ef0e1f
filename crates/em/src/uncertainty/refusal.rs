//! Why a likelihood has no standard errors.

use crate::error::FitError;
use std::fmt;

/// Why the curvature of a log-likelihood gives no standard errors. Where the fit itself is sound, a
/// [`bootstrap`](crate::uncertainty::bootstrap) does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InformationError {
    /// The data do not suit the model.
    Data(FitError),
    /// A floor holds these components: their estimates are the floor's, not the data's.
    Floor {
        /// The components.
        components: Vec<usize>,
    },
    /// Parameters that are no smooth coordinates of the density, such as the ends of an estimated range, or
    /// coordinates that no data can tell apart, such as rotations of factors.
    Coordinates {
        /// How many coordinates there are.
        coordinates: usize,
        /// How many free parameters there are.
        parameters: usize,
    },
    /// The log-density has no second derivative along a coordinate: its support depends on a parameter, or
    /// it has a kink.
    Irregular {
        /// The coordinate, from 0.
        coordinate: usize,
    },
    /// The parameters are not at a maximum of the (penalised) log-likelihood.
    NotAMaximum {
        /// About how much higher it lies, in nats.
        gain: f64,
    },
    /// The observed information is not positive definite: some combination of parameters is not identified.
    Singular {
        /// Its smallest eigenvalue, where that of complete data has diagonal 1.
        eigenvalue: f64,
    },
}

impl fmt::Display for InformationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const INSTEAD: &str = "standard errors need a bootstrap";
        match self {
            InformationError::Data(error) => write!(f, "{error}"),
            InformationError::Floor { components } => {
                write!(f, "a floor holds component")?;
                for (place, k) in components.iter().enumerate() {
                    write!(f, "{} {k}", if place == 0 { "" } else { "," })?;
                }
                write!(f, ": {INSTEAD}")
            }
            InformationError::Coordinates {
                coordinates,
                parameters,
            } if coordinates < parameters => write!(
                f,
                "{} of {parameters} parameters are irregular (the ends of an estimated range, say): {INSTEAD}",
                parameters - coordinates
            ),
            InformationError::Coordinates {
                coordinates,
                parameters,
            } => write!(
                f,
                "the data cannot tell apart {} of {coordinates} coordinates (rotations, say): {INSTEAD}",
                coordinates - parameters
            ),
            InformationError::Irregular { coordinate } => write!(
                f,
                "the log-density has no curvature along coordinate {coordinate}: {INSTEAD}"
            ),
            InformationError::NotAMaximum { gain } => write!(
                f,
                "this is no maximum of the likelihood, which is about {gain:.1e} nats higher nearby: fit with \
                 a smaller tolerance; where the fit maximises something else, {INSTEAD}"
            ),
            InformationError::Singular { eigenvalue } => write!(
                f,
                "the observed information is not positive definite (smallest eigenvalue {eigenvalue:.1e}): some \
                 combination of parameters is not identified; {INSTEAD}"
            ),
        }
    }
}

impl std::error::Error for InformationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            InformationError::Data(error) => Some(error),
            _ => None,
        }
    }
}

impl From<FitError> for InformationError {
    fn from(error: FitError) -> Self {
        InformationError::Data(error)
    }
}
