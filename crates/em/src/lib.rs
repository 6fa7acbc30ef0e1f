//! Expectation–maximisation for any mixture of components: the algorithm on one page.
//!
//! # The model
//! Each row has a latent class z, categorical with **mixing weights** π
//! ([`Weights`], which refuses anything but 0 ≤ π_k ≤ 1 and Σ_k π_k = 1), and an observation x drawn
//! from the component of its class:
//!
//! - p(z = k) = π_k
//! - **joint** p(x, z = k) = π_k p_k(x) — [`Mixture::log_joint`]
//! - **marginal** p(x) = Σ_k π_k p_k(x) — [`Mixture`]'s
//!   [`log_density`](distributions::Density::log_density); with Gaussian components
//!   p(x) = Σ_k π_k N(x | μ_k, Σ_k)
//! - the **generative story**, draw z, then x given z — [`Mixture::sample_with_labels`]
//!
//! # The algorithm
//! The log-likelihood L(θ) = Σ_i w_i ln Σ_k π_k p_k(x_i | θ_k) has the sum inside the logarithm, so
//! it has no closed maximum. EM alternates two steps that have one (Dempster, Laird & Rubin 1977);
//! w_i is the row weight, 1 unless given:
//!
//! **E-step** ([`e_step`]): the posterior of the class of each row, its **responsibilities**, by
//! Bayes' theorem ([`Soft`]),
//!
//! r_ik = p(z_i = k | x_i) = π_k p_k(x_i) / Σ_j π_j p_j(x_i).
//!
//! **M-step** ([`Component::maximize`](distributions::Component::maximize)): the maximum of
//! Q(θ) = Σ_i w_i Σ_k r_ik (ln π_k + ln p_k(x_i | θ_k)), with N_k = Σ_i w_i r_ik and N = Σ_k N_k:
//!
//! - weights π_k = N_k / N
//! - a component of an exponential family: E\[T\] = Σ_i w_i r_ik T(x_i) / N_k
//! - Gaussian: μ_k = Σ_i w_i r_ik x_i / N_k and Σ_k = Σ_i w_i r_ik (x_i − μ_k)(x_i − μ_k)ᵀ / N_k
//!
//! No iteration lowers L. The driver checks that at no extra cost, because the next E-step computes
//! L at the new parameters anyway, and stops when the estimated remaining gain is below a tolerance
//! ([`remaining_gain`]). The loop is [`Driver::run`], one screen.
//!
//! # The two uses
//! **Clustering**: [`Posterior::labels`], the most probable class of each row.
//! **Density estimation**: [`Mixture::score_rows`], ln p(x_i). Both from [`Mixture::posterior`].
//!
//! # Where is …
//! | | |
//! |---|---|
//! | the contract of a component | [`distributions::Component`] |
//! | several components as one (ties, kernels over all K) | [`ComponentSet`] |
//! | a uniform background beside them; point masses among densities | [`WithNoise`]; [`atoms`] |
//! | the mixture | [`Mixture`] |
//! | what the driver drives | [`LatentModel`] |
//! | the E-step; its rule | [`e_step`]; [`Responsibilities`] |
//! | the loop; its options; when it stops | [`Driver::run`]; [`Options`]; [`StopReason`] |
//! | acceleration | [`Acceleration`] |
//! | other algorithms: stochastic, annealed, incremental, online | [`Algorithm`]; [`OnlineLearner`] |
//! | variational Bayes: posteriors in place of points | [`fit_variational`]; [`VariationalMixture`] |
//! | looking on; checkpoints | [`Observe`]; [`Checkpoint`] |
//! | starts; several of them; moves from a fit | [`Start`]; [`fit_from`]; [`SplitMerge`] |
//! | mixtures that grow; their fits on the way | [`Growth`]; [`GrowthPath`] |
//! | what a user should know of a fit | [`Warning`] |
//! | rows in memory, on disk | [`RowSource`] |
//! | row weights, partial labels | [`Data`], [`Allowed`] |
//! | weights that depend on the row; on covariates | [`WeightModel`]; [`MultinomialLogisticWeights`] |
//! | rows that share a class | [`Repeated`](distributions::combine::Repeated) over any set |
//! | weights or components that are known | [`FixedWeights`], [`FixedComponents`] |
//! | numbers that depend on rows alone, kept over a fit | [`RowCache`], [`BlockCache`] |
//! | rows that are trimmed | [`Options::trim`], [`trimmed`] |
//! | AIC, BIC, ICL | [`Evaluation`] |
//! | components merged to clusters; the divergence of two models | [`MergeSequence`]; [`kl_by_sampling`] |
//! | choosing among models: criteria, cross-validation, ranking, a test of K | [`select`] |
//! | standard errors and intervals of parameters | [`uncertainty`] |
//!
//! The symbols are mapped to names in docs/notation.md.

mod accelerate;
pub mod atoms;
mod checkpoint;
mod common_slopes;
mod concomitant;
mod data;
mod degenerate;
mod divergence;
mod driver;
mod e_step;
mod error;
mod fit;
mod fixed;
mod growth;
mod init;
mod merge_clusters;
mod mixture;
mod model;
mod multivariate;
mod observe;
mod options;
mod posterior;
mod repeated;
mod report;
mod responsibilities;
mod restart;
mod row_cache;
mod row_source;
mod sample;
pub mod select;
mod set;
mod shared_variance;
mod split;
mod split_merge;
mod step;
mod stop;
mod stratum;
mod tabled;
mod trim;
pub mod uncertainty;
mod univariate;
mod variant;
mod variational;
mod warning;
mod weights;
mod with_noise;
mod workspace;

pub use accelerate::{Accelerate, Acceleration, AccelerationState, Daarem, Squarem};
pub use checkpoint::{Checkpoint, KeepCheckpoints};
pub use common_slopes::{CommonSlopes, LinearCommonSlopes};
pub use concomitant::{ConcomitantStatistics, MultinomialLogisticWeights};
pub use data::{Allowed, Data};
pub use degenerate::{Degeneracy, OnDegenerate};
pub use divergence::{MonteCarlo, kl_by_sampling};
pub use driver::Driver;
pub use e_step::e_step;
pub use error::FitError;
pub use fit::{check_data, fit};
pub use fixed::{FixedComponents, FixedWeights};
pub use growth::{Growth, GrowthPath, GrowthStep};
pub use init::{Partition, Shares, SmallEm, Start, starting_model};
pub use merge_clusters::{MergeSequence, MergeStep};
pub use mixture::Mixture;
pub use model::{LatentModel, Tally};
pub use multivariate::{total_covariance, total_mean};
pub use observe::{Observe, Progress};
pub use options::Options;
pub use posterior::{Evaluation, Posterior};
pub use report::{Fit, FitReport, SAME_MAXIMUM, StartReport};
pub use responsibilities::{At, Hard, Responsibilities, Soft, weigh};
pub use restart::{fit_from, fit_from_by, fit_from_with, stream};
pub use row_cache::{BlockCache, RowCache};
pub use row_source::RowSource;
pub use sample::{SampleSet, draw_class};
pub use set::{ComponentSet, SoftBlock, estimate_in_blocks, no_floor};
pub use shared_variance::SharedVariance;
pub use split_merge::SplitMerge;
pub use stop::{StopReason, remaining_gain, rounding_bound};
pub use stratum::StratumWeights;
pub use tabled::{CodeWeights, Grouping, LogTables, TabledColumns, TabledStatistics, rows_outside};
pub use trim::{Trimmed, trimmed};
pub use variant::{
    Algorithm, AnnealedEm, Drawn, IncrementalEm, NamedAlgorithm, OnlineEm, OnlineLearner, Run,
    StochasticEm, Tempered, Variant,
};
pub use variational::{
    BetaGeometric, CompoundGamma, Conjugate, ConjugateFamily, NormalInverseGamma,
    ParameterPosterior, PointMassPosterior, PredictiveMixture, VariationalMixture,
    WeightsPosterior, WeightsPrior, fit_variational,
};
pub use warning::Warning;
pub use weights::{Counts, WeightModel, Weights};
pub use with_noise::{BoundingBox, ConstantDensity, NoiseStatistics, WithNoise};
pub use workspace::Workspace;
