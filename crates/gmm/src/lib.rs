//! Gaussian mixtures.

mod covariance;
mod gaussian;
mod kernel;
mod linalg;
mod mixture;
mod scatter;
mod set;

pub use covariance::{CovarianceStructure, UnknownStructure};
pub use gaussian::Gaussian;
pub use mixture::{GaussianMixture, GaussianMixtureBuilder};
pub use scatter::Scatter;
pub use set::Gaussians;
