//! Conditional components p(y | x): what makes a mixture of regressions.
//!
//! An observation is a pair (x, y): x is a row of the design matrix, y the response. The columns of
//! the design are what the caller made them: an **intercept** is a column of ones, polynomials and
//! indicators are columns too, and [`coefficients`](LinearRegression::coefficients) follow the
//! columns. Only the response has a density; mixtures of these components cluster rows by the
//! regression line that explains them.
//!
//! | Component | Response | Mean of y given x |
//! |---|---|---|
//! | [`LinearRegression`] | real number | x·β |
//! | [`PoissonRegression`] | count | exp(x·β) |
//! | [`LogisticRegression`] | 0 or 1 | 1 / (1 + exp(−x·β)) |
//! | [`BinomialRegression`] | (successes, trials) | trials / (1 + exp(−x·β)) |
//!
//! # Offsets
//! An offset (the logarithm of an exposure) is a column whose coefficient is fixed at 1. A component
//! made with `with_offset()` takes the **last column** of the design for it: rows then have one entry
//! more than there are coefficients. The space of observations stays the same with and without, so
//! data, sets, starts and files need no second form.
//!
//! # Estimation
//! The linear regression has an exact M-step from one mergeable statistic, [`LinearStatistics`]. The
//! others take one scoring (IRLS) step from [`ScoreStatistics`], which the driver shortens where it
//! overshoots; without an iterate they are iterated to convergence. Sums are kept centred, so that
//! an offset common to a column costs no digits where the design has an intercept
//! ([`NormalEquations`]).

mod binomial;
mod cross_products;
mod design;
mod generalized;
mod linear;
mod linear_statistics;
mod logistic;
mod normal_equations;
mod poisson;
mod response;
mod rows;
mod score;
mod scoring;
#[cfg(feature = "serde")]
mod serde_form;

pub use binomial::{BinomialRegression, BinomialResponse};
pub use cross_products::CrossProducts;
pub use generalized::GeneralizedRegression;
pub use linear::LinearRegression;
pub use linear_statistics::LinearStatistics;
pub use logistic::{BernoulliResponse, LogisticRegression};
pub use normal_equations::{NormalEquations, dependent_column, solve_scaled};
pub use poisson::{PoissonRegression, PoissonResponse};
pub use response::Response;
pub use score::ScoreStatistics;
pub use scoring::{Scoring, iterate_scoring};
