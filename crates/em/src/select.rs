//! Choosing among models: criteria, cross-validation, ranking, and a test of the number of components.
//!
//! - [`InformationCriterion`]: AIC, BIC, SABIC, ICL of an [`Evaluation`](crate::Evaluation).
//! - [`Folds`], [`cross_validate`]: the log-likelihood of rows that a fit has not seen.
//! - [`rank`]: any candidates, assessed in parallel, ranked by a criterion. A candidate whose likelihood is
//!   a spike is listed, not ranked: [`objection`].
//! - [`bootstrap_test`], [`likelihood_ratio_test`]: K against K + 1 components.
//!
//! - [`rank_chains`]: the same of candidates that hand on what they have in common, such as the way of mixtures
//!   that [grow](crate::Start::Grown).
//!
//! The answer is the same for any number of threads and any order of the candidates: what a candidate finds does
//! not depend on another. For that reason a fit starts from that of another candidate only where it would have
//! made that fit itself. One is left out only where a bound proves that it cannot win: [`Race`], [`saturated_log_likelihood`] of data
//! that can be counted, [`mixture_bound`] of families with one parameter.
//!
//! Formulas and when to use which: docs/choosing-k.md.

mod bootstrap_test;
mod bound;
mod criterion;
mod cross_validation;
mod folds;
mod objection;
mod parallel;
mod race;
mod ranking;

pub use bootstrap_test::{
    LikelihoodRatioTest, Replicates, TestedComponents, bootstrap_test, higher_log_likelihood,
    likelihood_ratio, likelihood_ratio_test, likelihood_ratio_test_by,
};
pub use bound::{Fitted, mixture_bound, saturated_log_likelihood};
pub use criterion::{InformationCriterion, sabic};
pub use cross_validation::{HeldOut, cross_validate};
pub use folds::{Folds, Split};
pub use objection::{Objection, SMALLEST_SPREAD, objection, smallest_relative_eigenvalue};
pub use parallel::in_parallel;
pub use race::Race;
pub use ranking::{Assessed, Failed, Listed, Ranked, Ranking, rank, rank_chains};
