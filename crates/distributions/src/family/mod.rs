//! The families, one file each.

mod bernoulli;
mod beta;
mod beta_binomial;
mod beta_statistics;
mod binomial;
mod categorical;
mod cauchy;
mod chi_squared;
mod common;
mod count_histogram;
mod counts;
mod dirichlet;
mod dirichlet_multinomial;
mod dirichlet_statistics;
mod discrete_uniform;
mod divergence;
mod exponential;
mod gamma;
mod geometric;
mod gumbel;
mod half_normal;
mod inverse_gamma;
mod inverse_gaussian;
mod laplace;
mod latent_scale;
mod log_gamma;
mod log_gap;
mod log_normal;
mod logistic;
mod maxwell;
mod multinomial;
mod negative_binomial;
mod normal;
mod normal_with_known_mean;
mod normal_with_known_variance;
mod overdispersion;
mod pareto;
mod point_mass;
mod poisson;
mod rayleigh;
mod reciprocal_gap;
mod saddle_point;
mod student_t;
mod student_t_estimate;
mod trials;
mod truncated_normal;
mod uniform;
mod von_mises;
mod von_mises_distribution;
mod von_mises_fisher;
mod weibull;
mod weibull_distribution;

pub use bernoulli::Bernoulli;
pub use beta::Beta;
pub use beta_binomial::BetaBinomial;
pub use beta_statistics::BetaStatistics;
pub use binomial::Binomial;
pub use categorical::Categorical;
pub use cauchy::Cauchy;
pub use chi_squared::ChiSquared;
pub use count_histogram::CountHistogram;
pub use dirichlet::Dirichlet;
pub use dirichlet_multinomial::{CountTables, DirichletMultinomial};
pub use dirichlet_statistics::DirichletStatistics;
pub use discrete_uniform::DiscreteUniform;
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use geometric::{Geometric, GeometricSupport};
pub use gumbel::Gumbel;
pub use half_normal::HalfNormal;
pub use inverse_gamma::InverseGamma;
pub use inverse_gaussian::InverseGaussian;
pub use laplace::Laplace;
pub use latent_scale::LatentScaleStatistics;
pub use log_gap::LogGap;
pub use log_normal::LogNormal;
pub use logistic::Logistic;
pub use maxwell::Maxwell;
pub use multinomial::Multinomial;
pub use negative_binomial::NegativeBinomial;
pub use normal::Normal;
pub use normal_with_known_mean::NormalWithKnownMean;
pub use normal_with_known_variance::NormalWithKnownVariance;
pub use pareto::Pareto;
pub use point_mass::PointMass;
pub use poisson::Poisson;
pub use rayleigh::Rayleigh;
pub use reciprocal_gap::ReciprocalGap;
pub use student_t::StudentT;
pub use trials::Trials;
pub use uniform::Uniform;
pub use von_mises::{CircularMoments, VonMises};
pub use von_mises_fisher::{DirectionalMoments, VonMisesFisher};
pub use weibull::{Weibull, WeibullStatistics};

use crate::special::logistic;
use common::{
    EULER_GAMMA, add_counts, blocks, centred_sum, excess, excess_of_squares, exponential_cdf,
    exponential_excess, exponential_log_probability, exponential_quantile, exponential_sf,
    inside_positive, inside_reals, ln, prepare_ln, prepare_squares, reciprocal_rest,
    require_finite, require_location_scale, require_non_negative, require_positive, require_square,
    round_down_to, truncated_exponential_mean,
};
