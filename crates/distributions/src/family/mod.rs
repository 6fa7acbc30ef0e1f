//! The families, one file each.

mod normal;
mod poisson;

pub use normal::Normal;
pub use poisson::Poisson;
