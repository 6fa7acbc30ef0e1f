//! The families, one file each.

mod bernoulli;
mod beta;
mod beta_statistics;
mod binomial;
mod categorical;
mod common;
mod exponential;
mod gamma;
mod geometric;
mod log_gap;
mod log_normal;
mod normal;
mod poisson;
mod saddle_point;
mod von_mises;

pub use bernoulli::Bernoulli;
pub use beta::Beta;
pub use beta_statistics::BetaStatistics;
pub use binomial::Binomial;
pub use categorical::Categorical;
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use geometric::{Geometric, GeometricSupport};
pub use log_gap::LogGap;
pub use log_normal::LogNormal;
pub use normal::Normal;
pub use poisson::Poisson;
pub use von_mises::{CircularMoments, VonMises};

use crate::special::logistic;
use common::{
    add_counts, excess, inside_positive, ln, prepare_ln, require_non_negative, require_positive,
    round_down_to,
};
