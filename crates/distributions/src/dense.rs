//! Small dense symmetric algebra for parameter-sized systems: a few hundred unknowns at most.
//!
//! Matrices are `Vec<f64>` or slices in row-major order. Every check is written so that NaN fails
//! it: a factorisation that returns `Ok` holds finite numbers.

mod jacobi;
mod ldl;
mod least_squares;

pub use jacobi::{SymmetricEigen, symmetric_eigen};
pub use ldl::Ldl;
pub use least_squares::{LeastSquares, least_squares, weighted_least_squares};

/// Why a factorisation or a fit was refused.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum DenseError {
    /// The pivot of this row (from 0) is not positive, relative to the matrix, or is NaN.
    Pivot {
        /// The row.
        index: usize,
        /// What remained on the diagonal there.
        value: f64,
    },
    /// An entry is NaN or infinite; entries are counted in row-major order.
    NotFinite {
        /// The entry.
        index: usize,
    },
    /// The rotations did not converge.
    NoConvergence,
}

impl std::fmt::Display for DenseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pivot { index, value } => {
                write!(
                    f,
                    "pivot {index} of the symmetric matrix is {value}, not positive"
                )
            }
            Self::NotFinite { index } => write!(f, "entry {index} is not a finite number"),
            Self::NoConvergence => write!(f, "the eigenvalue rotations did not converge"),
        }
    }
}

impl std::error::Error for DenseError {}

fn check_finite(values: &[f64]) -> Result<(), DenseError> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(DenseError::NotFinite { index }),
        None => Ok(()),
    }
}
