//! Every buffer of one fit, and the threads that fill them.

use crate::model::{Tally, chunk_rows};
use distributions::{Scratch, Statistics, View};
use std::ops::Range;

/// One fixed chunk of the data: its rows, its statistics and its scratch.
#[derive(Clone, Debug)]
pub(crate) struct Slot<T> {
    pub(crate) rows: Range<usize>,
    pub(crate) statistics: T,
    pub(crate) scratch: Scratch,
    pub(crate) tally: Tally,
}

/// All buffers of one fit: made once, reused by every E-step, iteration and restart.
///
/// The data is cut into at most 64 fixed chunks. Each chunk has its own statistics, and they are
/// merged along a fixed tree: the result has the same bits for any number of threads.
#[derive(Debug)]
pub struct Workspace<T> {
    pub(crate) slots: Vec<Slot<T>>,
    threads: Threads,
}

impl<T: Statistics> Workspace<T> {
    /// Buffers for `xs`, whose statistics look like `empty`; `threads` = 0 uses every core.
    pub fn new<V: View>(xs: V, empty: &T, threads: usize) -> Self {
        let slots = slots(xs, empty);
        let threads = if slots.len() == 1 { 1 } else { threads };
        Workspace {
            slots,
            threads: Threads::new(threads),
        }
    }
    /// Buffers for no row yet: see [`fit_to`](Workspace::fit_to).
    pub(crate) fn without_rows(threads: usize) -> Self {
        Workspace {
            slots: Vec::new(),
            threads: Threads::new(threads),
        }
    }
    /// Makes the buffers fit to other rows; threads and, where there are as many rows as before, buffers
    /// are kept.
    pub(crate) fn fit_to<V: View>(&mut self, xs: V, empty: &T) {
        if self.rows() != xs.len() {
            self.slots = slots(xs, empty);
        }
    }
    /// The number of rows it was made for.
    pub(crate) fn rows(&self) -> usize {
        self.slots.last().map_or(0, |slot| slot.rows.end)
    }
    /// The statistics of the last E-step.
    ///
    /// # Panics
    /// When it was made for no row.
    pub fn statistics(&self) -> &T {
        &self.slots[0].statistics
    }
    /// Makes room for statistics of another shape: a component was dropped.
    pub(crate) fn reshape(&mut self, empty: &T) {
        for slot in &mut self.slots {
            slot.statistics = empty.clone();
        }
    }
    /// Fills the slots of a range, then merges them into the first of it along a binary tree; the other
    /// slots stay as they are.
    pub(crate) fn run_slots(
        &mut self,
        range: Range<usize>,
        fill: impl Fn(&mut Slot<T>) + Sync,
    ) -> Tally {
        let slots = &mut self.slots[range];
        if slots.is_empty() {
            return Tally::default();
        }
        self.threads.for_each(slots, |slot| {
            slot.statistics.clear();
            slot.tally = Tally::default();
            fill(slot);
        });
        let count = slots.len();
        let mut stride = 1;
        while stride < count {
            for left in (0..count - stride).step_by(2 * stride) {
                let (head, tail) = slots.split_at_mut(left + stride);
                head[left].statistics.merge(&tail[0].statistics);
                let later = tail[0].tally;
                head[left].tally.merge(&later);
            }
            stride *= 2;
        }
        slots[0].tally
    }
}

/// The chunks of `xs`.
fn slots<V: View, T: Statistics>(xs: V, empty: &T) -> Vec<Slot<T>> {
    let (rows, size) = (xs.len(), chunk_rows(xs));
    let starts = (0..rows).step_by(size);
    starts
        .map(|start| Slot {
            rows: start..(start + size).min(rows),
            statistics: empty.clone(),
            scratch: Scratch::default(),
            tally: Tally::default(),
        })
        .collect()
}

/// Where chunks are worked on: one thread, rayon's global pool, or a pool of a given size.
#[derive(Debug)]
enum Threads {
    One,
    #[cfg(feature = "rayon")]
    All,
    #[cfg(feature = "rayon")]
    Pool(rayon::ThreadPool),
}

impl Threads {
    #[cfg(not(feature = "rayon"))]
    fn new(_threads: usize) -> Self {
        Threads::One
    }
    #[cfg(feature = "rayon")]
    fn new(threads: usize) -> Self {
        match threads {
            1 => Threads::One,
            0 => Threads::All,
            n => match rayon::ThreadPoolBuilder::new().num_threads(n).build() {
                Ok(pool) => Threads::Pool(pool),
                // No thread to be had: the result is the same, only slower.
                Err(_) => Threads::One,
            },
        }
    }
    fn for_each<S: Send>(&self, slots: &mut [S], work: impl Fn(&mut S) + Sync) {
        match self {
            Threads::One => slots.iter_mut().for_each(work),
            #[cfg(feature = "rayon")]
            Threads::All => {
                use rayon::prelude::*;
                slots.par_iter_mut().for_each(&work);
            }
            #[cfg(feature = "rayon")]
            Threads::Pool(pool) => {
                use rayon::prelude::*;
                pool.install(|| slots.par_iter_mut().for_each(&work));
            }
        }
    }
}
