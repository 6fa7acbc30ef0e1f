//! Typed errors that carry the culprit.

use std::fmt;

/// A parameter that no distribution of the family has.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterError {
    /// The parameter's name, as in model files.
    pub parameter: &'static str,
    /// The refused value.
    pub value: f64,
    /// What it must be, as in "must be positive and finite".
    pub requirement: &'static str,
}

impl ParameterError {
    /// The error for `parameter` = `value`, which `requirement` forbids.
    pub fn new(parameter: &'static str, value: f64, requirement: &'static str) -> Self {
        ParameterError {
            parameter,
            value,
            requirement,
        }
    }
    /// `Ok` when `holds`, else the error: `require(rate > 0.0, …)` fails for NaN.
    pub fn require(
        holds: bool,
        parameter: &'static str,
        value: f64,
        requirement: &'static str,
    ) -> Result<(), Self> {
        if holds {
            Ok(())
        } else {
            Err(Self::new(parameter, value, requirement))
        }
    }
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} = {:?}: {}",
            self.parameter, self.value, self.requirement
        )
    }
}

impl std::error::Error for ParameterError {}

/// Why no estimate exists.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing was observed: the total weight is 0 (or too small to divide by).
    Empty,
    /// The maximum lies at a value that is no distribution of the family, where the likelihood may
    /// be unbounded: a variance of 0, an infinite shape.
    Boundary {
        /// The parameter's name, as in model files.
        parameter: &'static str,
        /// Where the maximum lies, or what was reached.
        value: f64,
        /// What it means, as in "all its observations coincide".
        because: &'static str,
    },
    /// A covariance is singular (or so nearly that its inverse has no correct digit).
    Singular {
        /// What it means, as in "the column is a linear combination of the ones before it".
        because: &'static str,
    },
    /// An inner iteration did not converge.
    NotConverged {
        /// The parameter that was sought.
        parameter: &'static str,
        /// The iterations spent.
        iterations: usize,
    },
    /// The model cannot do what was asked, in words.
    Unsupported(String),
}

/// No estimate: why, and of what.
#[derive(Clone, Debug, PartialEq)]
pub struct EstimateError {
    /// Why there is none.
    pub reason: Reason,
    /// The component of the mixture, from 0.
    pub component: Option<usize>,
    /// The part of the component, where it is a product, from 0.
    pub part: Option<usize>,
    /// The column of the part, where it has several, from 0.
    pub column: Option<usize>,
    /// The total weight of the observations it was to be estimated from.
    pub effective_count: Option<f64>,
}

impl EstimateError {
    /// The error with nothing known but the reason.
    pub fn new(reason: Reason) -> Self {
        EstimateError {
            reason,
            component: None,
            part: None,
            column: None,
            effective_count: None,
        }
    }
    /// Nothing was observed.
    pub fn empty() -> Self {
        Self::new(Reason::Empty)
    }
    /// The maximum lies at a value that is no distribution of the family.
    pub fn boundary(parameter: &'static str, value: f64, because: &'static str) -> Self {
        Self::new(Reason::Boundary {
            parameter,
            value,
            because,
        })
    }
    /// Whether the maximum lies at a value that is no distribution of the family.
    pub fn is_boundary(&self) -> bool {
        matches!(self.reason, Reason::Boundary { .. })
    }
    /// The same error, of component `k`.
    pub fn in_component(mut self, k: usize) -> Self {
        self.component.get_or_insert(k);
        self
    }
    /// The same error, of part `part`.
    pub fn in_part(mut self, part: usize) -> Self {
        self.part.get_or_insert(part);
        self
    }
    /// The same error, of column `column`.
    pub fn in_column(mut self, column: usize) -> Self {
        self.column.get_or_insert(column);
        self
    }
    /// The same error, from observations of total weight `count`.
    pub fn with_count(mut self, count: f64) -> Self {
        self.effective_count.get_or_insert(count);
        self
    }
}

impl From<ParameterError> for EstimateError {
    fn from(error: ParameterError) -> Self {
        Self::boundary(error.parameter, error.value, error.requirement)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Empty => write!(f, "nothing to estimate from"),
            Reason::Boundary {
                parameter,
                value,
                because,
            } => write!(f, "{parameter} = {value:?}: {because}"),
            Reason::Singular { because } => write!(f, "singular covariance: {because}"),
            Reason::NotConverged {
                parameter,
                iterations,
            } => write!(f, "{parameter} not found in {iterations} inner iterations"),
            Reason::Unsupported(what) => f.write_str(what),
        }
    }
}

/// A count with four digits, or in powers of ten where that would be zeros.
fn short(count: f64) -> String {
    match count.abs() {
        1e-3..1e15 => format!("{count:.4}"),
        _ => format!("{count:?}"),
    }
}

impl fmt::Display for EstimateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(k) = self.component {
            write!(f, "component {k}")?;
            if let Some(part) = self.part {
                write!(f, ", part {part}")?;
            }
            if let Some(column) = self.column {
                write!(f, ", column {column}")?;
            }
            if let Some(count) = self.effective_count {
                write!(f, " (effective count {})", short(count))?;
            }
            write!(f, ": ")?;
        }
        write!(f, "{}", self.reason)
    }
}

impl std::error::Error for EstimateError {}
