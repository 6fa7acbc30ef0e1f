//! How well the parameters of a fitted mixture are known: standard errors and intervals.
//!
//! - [`Information`]: from the curvature of the log-likelihood at its maximum, by Louis' formula, and the
//!   sandwich. One pass over the rows for each pair of parameters, no refit.
//! - [`bootstrap`], [`parametric_bootstrap`]: from refits to resampled, reweighted or simulated rows.
//!   Slower; needs no curvature, so that it serves also where [`Information`] refuses.
//!
//! Errors are those of the parameters that a function reads off a model, whatever they are: the coordinates
//! of the fit stay inside. Formulas and when to use which: docs/em.md.

mod align;
mod blocks;
mod bootstrap;
mod curvature;
mod information;
mod point;
mod refusal;
mod standard_error;

pub use bootstrap::{
    DrawData, Estimates, Reweighting, bootstrap, parametric_bootstrap, parametric_bootstrap_by,
};
pub use information::Information;
pub use refusal::InformationError;
pub use standard_error::{Robustness, StandardError};
