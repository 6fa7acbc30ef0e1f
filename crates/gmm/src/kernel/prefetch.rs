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
            // Where there is nothing to ask for, what is in the caches anyway.
            start: rows.map_or(std::ptr::from_ref(&LINE).cast(), |rows| {
                rows.as_ptr().cast()
            }),
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
    /// These rows, to be asked for while so many are worked on.
    pub(super) fn trail(self, rows: Range<usize>, while_rows: usize) -> Trail {
        let bytes = rows.len() * self.row;
        let next = self.start.wrapping_add(rows.start * self.row);
        Trail {
            next,
            end: next.wrapping_add(bytes),
            share: bytes.div_ceil(while_rows.max(1)),
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

/// Memory that is read soon, asked for line by line while rows are worked on.
pub(super) struct Trail {
    next: *const u8,
    end: *const u8,
    /// Bytes for each of the rows that are worked on.
    share: usize,
}

impl Trail {
    /// For rows that ask so many times each.
    #[inline(always)]
    pub(super) fn of_rows(&self, times: usize) -> Steps {
        let left = self.next < self.end;
        Steps {
            next: self.next,
            step: if left { self.share.div_ceil(times) } else { 0 },
        }
    }
    #[inline(always)]
    pub(super) fn go_on(&mut self, steps: Steps) {
        self.next = steps.next;
    }
}

/// A part of a [`Trail`], for some rows.
pub(super) struct Steps {
    next: *const u8,
    step: usize,
}

impl Steps {
    #[inline(always)]
    pub(super) fn ask(&mut self) {
        prefetch_into_second(self.next);
        self.next = self.next.wrapping_add(self.step);
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

    #[test]
    fn a_trail_reaches_every_line_and_ends() {
        for (d, worked_on, times) in [(32, 300, 3), (40, 300, 5), (17, 280, 3), (5, 300, 1)] {
            let values = vec![0.0; 400 * d];
            let rows = 100..325;
            let mut trail = Memory::of(Some(&values[..]), d).trail(rows.clone(), worked_on);
            let start = values.as_ptr().addr();
            let end = start + rows.end * d * 8;
            let mut asked = vec![trail.next.addr()];
            // As often again: what is asked for behind the end is one row's.
            for _ in 0..2 * worked_on {
                let mut steps = trail.of_rows(times);
                for _ in 0..times {
                    asked.push(steps.next.addr());
                    steps.ask();
                }
                trail.go_on(steps);
            }
            assert_eq!(asked[0], start + rows.start * d * 8);
            assert!(asked.windows(2).all(|pair| pair[1] - pair[0] <= LINE));
            assert!(trail.next.addr() >= end && trail.next.addr() < end + times * LINE);
        }
        let mut trail = Memory::of::<f64>(None, 5).trail(0..300, 300);
        let mut steps = trail.of_rows(2);
        steps.ask();
        trail.go_on(steps);
        assert_eq!(trail.next, trail.end);
    }
}
