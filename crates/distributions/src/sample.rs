//! Drawing observations.

use crate::{Buffer, Density};
use rand::Rng;

/// A density that can be drawn from.
///
/// All randomness comes from the generator that the caller passes: the same seed gives the same
/// draws.
pub trait Sample: Density {
    /// A buffer with no row, of the shape of this density's observations.
    fn empty_buffer(&self) -> Buffer<Self::Space>;
    /// Draws one observation and appends it to `into`.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Buffer<Self::Space>);
    /// Draws `count` independent observations.
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R, count: usize) -> Buffer<Self::Space> {
        let mut buffer = self.empty_buffer();
        for _ in 0..count {
            self.draw(rng, &mut buffer);
        }
        buffer
    }
}
