//! Memory asked for before it is read.

use std::cell::Cell;
use std::ops::Range;

/// Asks for the cache line of a number that is read soon; what runs meanwhile does not wait for it, as it would for a number
/// that it reads. Nothing is read, and nothing happens where the machine has no such instruction.
#[inline(always)]
pub(crate) fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        sse._mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// The same, into the second-level cache: what is worked on keeps the first.
#[inline(always)]
fn prefetch_into_second<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        sse._mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Bytes of a cache line.
const LINE: usize = 64;

/// Where the rows of a block lie, one after another. What is behind them may be asked for too: most often that is the next block.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    start: *const u8,
    /// Bytes of a row; 0 where rows do not lie like this.
    row: usize,
}

impl Memory {
    pub(super) fn of<T>(rows: Option<&[T]>, width: usize) -> Self {
        Memory {
            start: rows.map_or(std::ptr::null(), |rows| rows.as_ptr().cast()),
            row: rows.map_or(0, |_| width * size_of::<T>()),
        }
    }
    /// These rows, to be asked for in so many turns.
    pub(super) fn ahead(self, rows: Range<usize>, turns: usize) -> Ahead {
        let lines = (rows.len() * self.row).div_ceil(LINE);
        Ahead {
            next: Cell::new(self.start.wrapping_add(rows.start * self.row)),
            left: Cell::new(lines),
            share: lines.div_ceil(turns.max(1)),
        }
    }
}

/// Memory that is read soon, asked for bit by bit: all at once would be waited for.
pub(super) struct Ahead {
    next: Cell<*const u8>,
    /// Lines.
    left: Cell<usize>,
    share: usize,
}

impl Ahead {
    pub(super) fn nothing() -> Self {
        Memory::of::<f64>(None, 0).ahead(0..0, 1)
    }
    /// The share of a turn.
    #[inline(always)]
    pub(super) fn ask(&self) {
        let share = self.share.min(self.left.get());
        let mut next = self.next.get();
        for _ in 0..share {
            prefetch_into_second(next);
            next = next.wrapping_add(LINE);
        }
        self.next.set(next);
        self.left.set(self.left.get() - share);
    }
}

/// Asks for every cache line of some numbers.
#[inline(always)]
pub(crate) fn prefetch_all<T>(numbers: &[T]) {
    lines(numbers).for_each(|number| prefetch(number));
}

/// The same, into the second-level cache.
#[inline(always)]
pub(crate) fn prefetch_all_into_second<T>(numbers: &[T]) {
    lines(numbers).for_each(|number| prefetch_into_second(number));
}

/// A number of each cache line.
#[inline(always)]
fn lines<T>(numbers: &[T]) -> impl Iterator<Item = &T> {
    // The last line may begin between two of the others.
    let lines = numbers.iter().step_by(LINE / size_of::<T>());
    lines.chain(numbers.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_rows_is_asked_for_once() {
        let values = vec![0.0; 300 * 5];
        for (rows, turns) in [(0..300, 7), (100..250, 1000), (299..300, 1), (7..7, 4)] {
            let memory = Memory::of(Some(&values[..]), 5);
            let ahead = memory.ahead(rows.clone(), turns);
            let lines = (rows.len() * 40).div_ceil(LINE);
            assert_eq!(ahead.left.get(), lines);
            (0..turns).for_each(|_| ahead.ask());
            assert_eq!(ahead.left.get(), 0);
            let asked = ahead.next.get().addr() - values.as_ptr().addr();
            assert_eq!(asked, rows.start * 40 + lines * LINE);
        }
        let ahead = Memory::of::<f64>(None, 5).ahead(0..300, 2);
        ahead.ask();
        assert_eq!(ahead.left.get(), 0);
    }
}
