//! Choosing among models: criteria, cross-validation, ranking, and a test of the number of components.
//!
//! - [`InformationCriterion`]: AIC, BIC, SABIC, ICL of an [`Evaluation`](crate::Evaluation).
//! - [`Folds`], [`cross_validate`]: the log-likelihood of rows that a fit has not seen.
//! - [`rank`]: any candidates, assessed in parallel, ranked by a criterion. A candidate whose likelihood is
//!   a spike is listed, not ranked: [`objection`].
//! - [`bootstrap_test`], [`likelihood_ratio_test`]: K against K + 1 components.
//!
//! The answer is the same for any number of threads and any order of the candidates: nothing that a
//! candidate does depends on another. For that reason no fit starts from that of another candidate, and
//! none is abandoned for being behind: the likelihood of continuous data has no bound that would prove
//! that a run cannot overtake.
//!
//! Formulas and when to use which: docs/choosing-k.md.

mod bootstrap_test;
mod criterion;
mod cross_validation;
mod folds;
mod objection;
mod parallel;
mod ranking;

pub use bootstrap_test::{
    LikelihoodRatioTest, Replicates, TestedComponents, bootstrap_test, higher_log_likelihood,
    likelihood_ratio, likelihood_ratio_test,
};
pub use criterion::{InformationCriterion, sabic};
pub use cross_validation::{HeldOut, cross_validate};
pub use folds::{Folds, Split};
pub use objection::{Objection, SMALLEST_SPREAD, objection, smallest_relative_eigenvalue};
pub use parallel::in_parallel;
pub use ranking::{Assessed, Failed, Listed, Ranked, Ranking, rank};
