//! Regressions chosen at run time: terms by name, the design they make, the families.

mod design;
mod family;
mod response;
mod specification;
mod term;

pub use design::{Design, PredictorColumn};
pub use specification::RegressionSpecification;
pub use term::{Factor, Predictors, Term};

pub(crate) use family::{Generalized, Linear, regression_line};
