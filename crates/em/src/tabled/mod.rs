//! Products of columns with few values, scored by tables: latent class analysis at speed.

mod columns;
mod grouping;
mod tables;

pub use columns::{TabledColumns, TabledStatistics};
pub use grouping::{Grouping, rows_outside};
pub use tables::{CodeWeights, LogTables};
