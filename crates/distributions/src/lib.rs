//! Components of mixture models: what a mixture is made of.
//!
//! A component does three things, and everything else (batching, threads with identical bits,
//! streaming, restarts, files, the command line) follows from them:
//!
//! 1. it **scores** a batch of observations: ln p(x | θ) ([`Density`]);
//! 2. it **adds weighted observations to a statistic** that can be merged ([`Component::accumulate`]);
//! 3. it is **re-estimated from a statistic** ([`Component::maximize`]).
//!
//! For an exponential family, p(x | η) = h(x) exp(⟨η, T(x)⟩ − A(η)), the statistic is the weighted
//! mean of T(x), and the estimate is the parameter whose E\[T\] = ∇A(η) equals that mean
//! ([`ExponentialFamily`]).
//!
//! # Families
//!
//! | Family | Observations | Parameters |
//! |---|---|---|
//! | [`Normal`] | real numbers | mean, variance |
//! | [`NormalWithKnownMean`] | real numbers | mean (fixed), variance |
//! | [`NormalWithKnownVariance`] | real numbers | mean, variance (fixed) |
//! | [`LogNormal`] | x > 0 | log_mean, log_variance |
//! | [`Exponential`] | x ≥ 0 | rate |
//! | [`Gamma`] | x > 0 | shape, rate |
//! | [`InverseGamma`] | x > 0 | shape, scale |
//! | [`ChiSquared`] | x > 0 | df |
//! | [`InverseGaussian`] | x > 0 | mean, shape |
//! | [`Beta`] | 0 < x < 1 | alpha, beta |
//! | [`Rayleigh`], [`Maxwell`] | x > 0 | scale |
//! | [`HalfNormal`] | x ≥ 0 | scale |
//! | [`Weibull`] | x > 0 | shape, scale |
//! | [`Laplace`] | real numbers | location (fixed), scale |
//! | [`StudentT`] | real numbers | location, scale, df (free, or fixed) |
//! | [`Cauchy`], [`Logistic`], [`Gumbel`] | real numbers | location, scale |
//! | [`Pareto`] | x ≥ minimum | minimum (fixed), shape |
//! | [`Uniform`] | low ≤ x ≤ high | low, high (fixed) |
//! | [`VonMises`] | angles | mean_direction, concentration |
//! | [`Poisson`] | counts | rate |
//! | [`NegativeBinomial`] | counts | mean, size |
//! | [`BetaBinomial`] | counts | trials (fixed), alpha, beta |
//! | [`DiscreteUniform`] | counts | low, high (fixed) |
//! | [`Geometric`] | counts | probability; support (fixed) |
//! | [`Binomial`] | counts | trials (fixed), probability |
//! | [`Bernoulli`] | 0 or 1 | probability |
//! | [`Categorical`] | codes | probabilities |
//! | [`PointMass`] | one value | value (fixed) |
//! | [`Multinomial`] | rows of counts | trials (fixed, or of each row), probabilities |
//! | [`DirichletMultinomial`] | rows of counts | trials (fixed, or of each row), concentrations |
//! | [`Dirichlet`] | rows of shares | concentrations |
//! | [`VonMisesFisher`] | unit vectors | mean_direction, concentration |
//!
//! A family on the real line also has its distribution function, quantiles and moments
//! ([`Univariate`], [`Entropy`]), and most can use observations of which only an interval is known
//! ([`IntervalStatistics`]).
//!
//! [`combine`] makes components of components: products of parts, columns of one family, different
//! families side by side, groups that share a class, frozen parts, zero-inflated, truncated and censored
//! families, conjugate priors. [`testing`] checks a component
//! of your own against the contract. `docs/families.md` says for each family how its M-step is
//! solved, what happens at the boundary, and how accurate it is.
//!
//! This crate does not know what a mixture is: that is crate `em`.

pub mod combine;
mod component;
pub mod dense;
mod error;
mod exponential_family;
pub mod family;
mod multivariate;
mod quadrature;
pub mod regression;
mod sample;
mod score;
mod scratch;
mod serde_parameters;
pub mod simd;
pub mod solve;
mod space;
pub mod special;
mod statistics;
pub mod testing;
mod univariate;

pub use component::{BLOCK_ROWS, Component, Coordinates, Density, LEAST_SHARE, next_coordinate};
pub use error::{EstimateError, ParameterError, Reason};
pub use exponential_family::{
    ExponentialFamily, FromMean, exponential_accumulate_batch, exponential_log_density,
    exponential_log_density_batch, exponential_maximize, exponential_prepare,
};
pub use family::*;
pub use multivariate::Multivariate;
pub use regression::{BinomialRegression, LinearRegression, LogisticRegression, PoissonRegression};
pub use sample::Sample;
pub use score::score;
pub use scratch::{AlignedBuffer, Scratch};
pub use space::{Batch, Buffer, Obs, Pair, Rows, RowsBuffer, RowsView, Scalars, Space, View};
pub use statistics::{MeanStatistics, Moments, Statistics};
pub use univariate::{Entropy, IntervalStatistics, Univariate, quantile_between};
