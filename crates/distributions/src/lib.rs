//! Components of mixture models.

pub mod dense;
pub mod simd;
pub mod special;
