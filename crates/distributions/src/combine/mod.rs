//! Components made of components.

mod any;
mod columns;
mod fixed;
mod product;
mod repeated;

pub use any::{AnyComponent, AnyStatistics};
pub use columns::{ColumnStatistics, Columns};
pub use fixed::{Fixed, TotalWeight};
pub use product::Product;
pub use repeated::{GroupStatistics, Grouped, GroupedBuffer, GroupedView, Repeated};

/// ln(a·b) from ln a and ln b: what is impossible in one factor is impossible, whatever the other
/// (a density may be infinite at a point, and ∞ − ∞ is no number).
pub fn log_product(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else {
        a + b
    }
}
