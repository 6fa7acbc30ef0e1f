//! Rows that stand in memory in other ways than one `f64` after the other: in single precision, as columns
//! of a larger matrix, column after column.

#[cfg(feature = "faer")]
mod faer;
#[cfg(feature = "ndarray")]
mod ndarray;
mod real;
mod row_set;
mod set;
mod view;

pub use real::Real;
pub use row_set::RowSet;
pub use set::OverMatrix;
pub(crate) use set::fit_matrix;
pub use view::{Matrix, MatrixView};
