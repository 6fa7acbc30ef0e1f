//! The families, one file each.

mod bernoulli;
mod beta;
mod beta_binomial;
mod beta_statistics;
mod binomial;
mod categorical;
mod common;
mod count_histogram;
mod dirichlet;
mod dirichlet_multinomial;
mod dirichlet_statistics;
mod discrete_uniform;
mod exponential;
mod gamma;
mod geometric;
mod half_normal;
mod inverse_gamma;
mod laplace;
mod log_gap;
mod log_normal;
mod maxwell;
mod multinomial;
mod negative_binomial;
mod normal;
mod overdispersion;
mod pareto;
mod point_mass;
mod poisson;
mod rayleigh;
mod saddle_point;
mod trials;
mod uniform;
mod von_mises;
mod von_mises_fisher;
mod weibull;

pub use bernoulli::Bernoulli;
pub use beta::Beta;
pub use beta_binomial::BetaBinomial;
pub use beta_statistics::BetaStatistics;
pub use binomial::Binomial;
pub use categorical::Categorical;
pub use count_histogram::CountHistogram;
pub use dirichlet::Dirichlet;
pub use dirichlet_multinomial::{CountTables, DirichletMultinomial};
pub use dirichlet_statistics::DirichletStatistics;
pub use discrete_uniform::DiscreteUniform;
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use geometric::{Geometric, GeometricSupport};
pub use half_normal::HalfNormal;
pub use inverse_gamma::InverseGamma;
pub use laplace::Laplace;
pub use log_gap::LogGap;
pub use log_normal::LogNormal;
pub use maxwell::Maxwell;
pub use multinomial::Multinomial;
pub use negative_binomial::NegativeBinomial;
pub use normal::Normal;
pub use pareto::Pareto;
pub use point_mass::PointMass;
pub use poisson::Poisson;
pub use rayleigh::Rayleigh;
pub use trials::Trials;
pub use uniform::Uniform;
pub use von_mises::{CircularMoments, VonMises};
pub use von_mises_fisher::{DirectionalMoments, VonMisesFisher};
pub use weibull::{Weibull, WeibullStatistics};

use crate::special::logistic;
use common::{
    add_counts, centred_sum, excess, inside_positive, ln, prepare_ln, prepare_squares,
    require_non_negative, require_positive, require_square, round_down_to,
};
