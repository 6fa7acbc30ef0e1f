//! The families, one file each.

mod bernoulli;
mod beta;
mod beta_statistics;
mod binomial;
mod categorical;
mod common;
mod count_histogram;
mod counts;
mod divergence;
mod exponential;
mod gamma;
mod geometric;
mod half_normal;
mod inverse_gamma;
mod laplace;
mod log_gamma;
mod log_gap;
mod log_normal;
mod maxwell;
mod negative_binomial;
mod normal;
mod pareto;
mod point_mass;
mod poisson;
mod rayleigh;
mod saddle_point;
mod truncated_normal;
mod uniform;
mod von_mises;
mod von_mises_distribution;
mod weibull;
mod weibull_distribution;

pub use bernoulli::Bernoulli;
pub use beta::Beta;
pub use beta_statistics::BetaStatistics;
pub use binomial::Binomial;
pub use categorical::Categorical;
pub use count_histogram::CountHistogram;
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use geometric::{Geometric, GeometricSupport};
pub use half_normal::HalfNormal;
pub use inverse_gamma::InverseGamma;
pub use laplace::Laplace;
pub use log_gap::LogGap;
pub use log_normal::LogNormal;
pub use maxwell::Maxwell;
pub use negative_binomial::NegativeBinomial;
pub use normal::Normal;
pub use pareto::Pareto;
pub use point_mass::PointMass;
pub use poisson::Poisson;
pub use rayleigh::Rayleigh;
pub use uniform::Uniform;
pub use von_mises::{CircularMoments, VonMises};
pub use weibull::{Weibull, WeibullStatistics};

use crate::special::logistic;
use common::{
    EULER_GAMMA, add_counts, centred_sum, excess, excess_of_squares, exponential_cdf,
    exponential_excess, exponential_log_probability, exponential_quantile, exponential_sf,
    inside_positive, ln, prepare_ln, prepare_squares, reciprocal_rest, require_non_negative,
    require_positive, require_square, round_down_to, truncated_exponential_mean,
};
