//! What is known and not estimated: weights, and some of the components.

mod components;
mod weights;

pub use components::FixedComponents;
pub use weights::FixedWeights;
