//! Starts that are computed outside of EM.

use crate::error::FitError;
use rand::Rng;
use std::fmt::Debug;

/// A way of partitioning the rows of a fit, from whose labels it starts
/// ([`Start::Partition`](crate::Start::Partition)): k-means, or whatever else gives labels.
///
/// It holds what it needs of the rows itself: the loop knows no space of observations in which centres
/// could be formed.
pub trait Partition: Debug + Sync {
    /// For each row its component, or none (then the row waits until the first E-step). Chance comes
    /// from `rng`, which differs from restart to restart.
    ///
    /// # Errors
    /// When there is no such partition.
    fn labels(&self, rng: &mut dyn Rng) -> Result<Vec<Option<u32>>, FitError>;
}
