//! Components of mixture models: what a mixture is made of.
//!
//! A component does three things, and everything else (batching, threads with identical bits,
//! streaming, restarts, files, the command line) follows from them:
//!
//! 1. it **scores** a batch of observations: ln p(x | θ) ([`Density`]);
//! 2. it **adds weighted observations to a statistic** that can be merged ([`Component::accumulate`]);
//! 3. it is **re-estimated from a statistic** ([`Component::maximize`]).
//!
//! For an exponential family, p(x | η) = h(x) exp(⟨η, T(x)⟩ − A(η)), the statistic is the weighted
//! mean of T(x), and the estimate is the parameter whose E\[T\] = ∇A(η) equals that mean
//! ([`ExponentialFamily`]).
//!
//! This crate does not know what a mixture is: that is crate `em`.

pub mod combine;
mod component;
pub mod dense;
mod error;
mod exponential_family;
pub mod family;
mod sample;
mod scratch;
mod serde_parameters;
pub mod simd;
pub mod solve;
mod space;
pub mod special;
mod statistics;
pub mod testing;

pub use component::{BLOCK_ROWS, Component, Coordinates, Density, next_coordinate};
pub use error::{EstimateError, ParameterError, Reason};
pub use exponential_family::{
    ExponentialFamily, FromMean, exponential_accumulate_batch, exponential_log_density,
    exponential_log_density_batch, exponential_maximize, exponential_prepare,
};
pub use family::*;
pub use sample::Sample;
pub use scratch::Scratch;
pub use space::{Batch, Buffer, Obs, Pair, Rows, RowsBuffer, RowsView, Scalars, Space, View};
pub use statistics::{MeanStatistics, Moments, Statistics};
