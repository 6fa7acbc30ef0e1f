//! Reusable buffers, so that an E-step allocates nothing after its first block.

use std::ops::{Deref, DerefMut};

/// A pool of `f64` buffers. [`take`](Scratch::take) one, use it, [`give`](Scratch::give) it back.
///
/// Untyped on purpose: it nests (a component that takes buffers may call one that takes more) and
/// passes through trait objects.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    free: Vec<AlignedBuffer>,
}

impl Scratch {
    /// A buffer of `length` zeros.
    pub fn take(&mut self, length: usize) -> AlignedBuffer {
        let mut buffer = self.take_dirty(length);
        buffer.fill(0.0);
        buffer
    }
    /// A buffer of `length` numbers of any value, for a caller who writes them all.
    pub fn take_dirty(&mut self, length: usize) -> AlignedBuffer {
        let mut buffer = self.free.pop().unwrap_or_default();
        buffer.resize(length);
        buffer
    }
    /// `length` zeros wherever they begin, for a caller who keeps them in a `Vec`.
    pub fn take_vec(&mut self, length: usize) -> Vec<f64> {
        let mut numbers = self.free.pop().unwrap_or_default().numbers;
        numbers.clear();
        numbers.resize(length, 0.0);
        numbers
    }
    /// Returns a buffer to the pool.
    pub fn give(&mut self, buffer: impl Into<AlignedBuffer>) {
        self.free.push(buffer.into());
    }
}

/// Numbers that begin on a cache line: a vector of any instruction set is read and written at once.
///
/// ```
/// let mut scratch = distributions::Scratch::default();
/// let buffer = scratch.take(3);
/// assert_eq!(buffer[..], [0.0; 3]);
/// assert!(buffer.as_ptr().addr().is_multiple_of(64));
/// scratch.give(buffer);
/// ```
#[derive(Debug, Default)]
pub struct AlignedBuffer {
    numbers: Vec<f64>,
    start: usize,
    length: usize,
}

/// The numbers of a cache line.
const LINE: usize = 8;

impl AlignedBuffer {
    fn resize(&mut self, length: usize) {
        if self.numbers.len() < length + LINE {
            self.numbers.resize(length + LINE, 0.0);
        }
        let offset = self.numbers.as_ptr().align_offset(LINE * size_of::<f64>());
        // Where no place can be told, any is right, only slower.
        (self.start, self.length) = (offset.min(LINE), length);
    }
}

impl From<Vec<f64>> for AlignedBuffer {
    fn from(numbers: Vec<f64>) -> Self {
        let length = numbers.len();
        AlignedBuffer {
            numbers,
            start: 0,
            length,
        }
    }
}

impl Clone for AlignedBuffer {
    /// The same numbers, on a cache line of their own.
    fn clone(&self) -> Self {
        let mut copy = AlignedBuffer::default();
        copy.resize(self.length);
        copy.copy_from_slice(self);
        copy
    }
}

impl Deref for AlignedBuffer {
    type Target = [f64];
    #[inline]
    fn deref(&self) -> &[f64] {
        &self.numbers[self.start..self.start + self.length]
    }
}

impl DerefMut for AlignedBuffer {
    #[inline]
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.numbers[self.start..self.start + self.length]
    }
}

impl<'a> IntoIterator for &'a AlignedBuffer {
    type Item = &'a f64;
    type IntoIter = std::slice::Iter<'a, f64>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut AlignedBuffer {
    type Item = &'a mut f64;
    type IntoIter = std::slice::IterMut<'a, f64>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}
