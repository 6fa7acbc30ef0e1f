//! Components made of components.

mod any;
mod censored;
mod columns;
mod expectation;
mod fixed;
mod fixed_point;
mod forward;
mod number;
mod passes;
mod product;

mod repeated;
#[cfg(feature = "serde")]
mod serde_form;
mod truncated;
mod with_known;
mod with_prior;
mod zero_inflated;

pub use any::{AnyComponent, AnyStatistics};
pub use censored::Censored;
pub use columns::{ColumnStatistics, Columns};
pub use fixed::{Fixed, TotalWeight};
pub use number::Number;
pub(crate) use passes::accumulated;
pub use product::Product;
pub use repeated::{GroupStatistics, Grouped, GroupedBuffer, GroupedView, Repeated};
pub use truncated::Truncated;
pub use with_known::{ConditionalEstimate, Narrowest, WithKnown};
pub use with_prior::WithPrior;
pub use zero_inflated::{ZeroInflated, ZeroInflatedStatistics};

/// ln(a·b) from ln a and ln b: what is impossible in one factor is impossible, whatever the other
/// (a density may be infinite at a point, and ∞ − ∞ is no number).
pub fn log_product(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else {
        a + b
    }
}
