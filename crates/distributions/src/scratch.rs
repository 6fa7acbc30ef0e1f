//! Reusable buffers, so that an E-step allocates nothing after its first block.

/// A pool of `f64` buffers. [`take`](Scratch::take) one, use it, [`give`](Scratch::give) it back.
///
/// Untyped on purpose: it nests (a component that takes buffers may call one that takes more) and
/// passes through trait objects.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    free: Vec<Vec<f64>>,
}

impl Scratch {
    /// A buffer of `length` zeros.
    pub fn take(&mut self, length: usize) -> Vec<f64> {
        let mut buffer = self.free.pop().unwrap_or_default();
        buffer.clear();
        buffer.resize(length, 0.0);
        buffer
    }
    /// A buffer of `length` numbers of any value, for a caller who writes them all.
    pub fn take_dirty(&mut self, length: usize) -> Vec<f64> {
        let mut buffer = self.free.pop().unwrap_or_default();
        buffer.resize(length, 0.0);
        buffer
    }
    /// Returns a buffer to the pool.
    pub fn give(&mut self, buffer: Vec<f64>) {
        self.free.push(buffer);
    }
}
