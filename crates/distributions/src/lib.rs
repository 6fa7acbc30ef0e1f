//! Components of mixture models.

pub mod dense;
pub mod special;
pub mod simd;
