//! Gaussian mixtures, with every covariance structure.
//!
//! # The model
//! p(x) = Σ_k π_k N(x | μ_k, Σ_k) over rows x of d numbers, with
//!
//! N(x | μ, Σ) = (2π)^(−d/2) det(Σ)^(−½) exp(−½ (x − μ)ᵀ Σ⁻¹ (x − μ)),
//!
//! π_k ≥ 0, Σ_k π_k = 1, and covariances that may share volume, shape or orientation
//! ([`CovarianceStructure`]).
//!
//! # The algorithm
//! Expectation–maximisation (Dempster, Laird & Rubin 1977), run by crate `em`. The E-step gives the
//! responsibilities
//!
//! r_ik = π_k N(x_i | μ_k, Σ_k) / Σ_j π_j N(x_i | μ_j, Σ_j),
//!
//! the M-step, with row weights w_i and N = Σ_i w_i,
//!
//! - N_k = Σ_i w_i r_ik, π_k = N_k / N,
//! - μ_k = Σ_i w_i r_ik x_i / N_k,
//! - W_k = Σ_i w_i r_ik (x_i − μ_k)(x_i − μ_k)ᵀ, and Σ_k = W_k / N_k for full covariances; the other
//!   structures' forms are in `docs/gaussian.md` and in the file of each.
//!
//! Every M-step is a maximiser, so the log-likelihood never falls. Where it has no maximum (a component
//! on one point, rows in a hyperplane) the fit ends in an error that names the component, the column and
//! the effective count N_k.
//!
//! # How to use it
//! [`GaussianMixture`] fits and answers:
//!
//! ```
//! use distributions::RowsView;
//! use gmm::{CovarianceStructure, GaussianMixture};
//!
//! let values = [1.0, 1.1, 0.9, 1.3, 1.2, 0.8, 6.0, 6.2, 5.7, 6.1, 6.4, 5.9];
//! let rows = RowsView::new(&values, 2); // six rows of two columns
//! let fitted = GaussianMixture::builder(2)
//!     .covariance(CovarianceStructure::Spherical)
//!     .fit(rows)?;
//! let labels = fitted.predict(rows)?;
//! assert_eq!(labels[..3], [labels[0]; 3]);
//! assert_ne!(labels[0], labels[3]);
//! assert!((fitted.weights()[0] - 0.5).abs() < 1e-6);
//! # Ok::<(), em::FitError>(())
//! ```
//!
//! [`Gaussians`] is the set of components that `em::Mixture` holds, for everything that crate `em` does
//! with mixtures: partial labels, weights by stratum, other rules, observers. [`Gaussian`] is a single
//! component, also for products and for mixtures of several families.
//!
//! [`MultivariateTs`] are components with heavy tails, under the same structures, for rows among which
//! there are outliers; [`MultivariateT`] is a single one. `docs/student-t.md` has their formulas.
//!
//! # How it computes
//! - A block of rows is transposed once; then the lanes of every vector are rows. For each component
//!   L z = x − μ is solved by forward substitution with the Cholesky factor L of Σ, eight rows at a time
//!   with the inverse of their own triangle, and |z|² summed: an offset common to rows and means
//!   cancels exactly where it should, in x − μ.
//! - The weighted moments of a block are taken about the current mean, moved to the block's own mean,
//!   and merged pairwise ([`Scatter`]): an offset of 1e8, or data on a scale of 1e-12 or 1e150, costs
//!   no digits beyond those of the data. From sixteen columns on, rows that weigh nothing for a component
//!   are left out.
//! - AVX-512, AVX2 or plain code is chosen when the program runs; results agree to rounding.

mod conditional;
mod covariance;
mod eigenvalue_ratio;
mod factor;
mod first_step;
mod gaussian;
mod init;
mod kernel;
mod kmeans;
mod known;
mod linalg;
mod matrix;
mod means;
mod missing;
mod mixture;
mod oriented_coordinates;
mod prior;
mod rotation;
mod scatter;
mod set;
mod set_coordinates;
mod statistics;
mod student_t;
mod variance_bound;
mod variational;

pub use conditional::Conditional;
pub use covariance::{CovarianceStructure, UnknownStructure};
pub use factor::{FactorAnalyzer, FactorAnalyzers, FactorStructure, LEAST_NOISE};
pub use gaussian::Gaussian;
pub use init::{Agglomeration, Agglomerative, Hierarchy};
pub use kmeans::{KMeans, KMeansBuilder, KMeansStart};
pub use matrix::{Matrix, MatrixView, OverMatrix, Real, RowSet};
pub use means::Means;
pub use missing::{IncompleteGaussians, IncompleteTs};
pub use mixture::{GaussianMixture, GaussianMixtureBuilder};
pub use prior::Prior;
pub use scatter::Scatter;
pub use set::Gaussians;
pub use statistics::GaussianStatistics;
pub use student_t::{
    DegreesOfFreedom, LEAST_DF, LatentScatters, MOST_DF, MultivariateT, MultivariateTs, STARTING_DF,
};
pub use variational::GaussianPredictive;
