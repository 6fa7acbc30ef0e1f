//! Starts that know what a Gaussian is.

mod classification;
mod hierarchical;
mod points;
mod ward;

pub use hierarchical::{Agglomeration, Agglomerative, Hierarchy};
pub(crate) use points::check;
