//! Every buffer of one fit, and the threads that fill them.

use crate::model::{MOST_CHUNKS, Tally, chunk_rows};
use distributions::{Scratch, Statistics, View};
use std::mem::take;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A chunk of the rows while it is worked on: its statistics and its scratch.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    pub(crate) rows: Range<usize>,
    pub(crate) statistics: T,
    pub(crate) scratch: Scratch,
    pub(crate) tally: Tally,
}

/// Buffers that nobody uses: what was used last is taken first, while it is in the cache.
#[derive(Debug)]
struct Spare<T> {
    statistics: Vec<T>,
    scratch: Vec<Scratch>,
}

/// All buffers of one fit: made once, reused by every E-step, iteration and restart.
///
/// The data is cut into at most 64 fixed chunks. Each chunk fills statistics of its own, and they are
/// merged along a fixed tree: the result has the same bits for any number of threads. A thread merges two
/// neighbours as soon as both are there and uses the freed buffer for the next chunk, so that only a few
/// statistics are alive at a time, and those are in its cache.
#[derive(Debug)]
pub struct Workspace<T> {
    rows: usize,
    chunk_rows: usize,
    empty: T,
    /// The last E-step's.
    total: Option<T>,
    spare: Mutex<Spare<T>>,
    threads: Threads,
}

impl<T: Statistics> Workspace<T> {
    /// Buffers for `xs`, whose statistics look like `empty`; `threads` = 0 uses every core.
    pub fn new<V: View>(xs: V, empty: &T, threads: usize) -> Self {
        let (rows, chunk_rows) = (xs.len(), chunk_rows(xs));
        let threads = if rows <= chunk_rows { 1 } else { threads };
        Workspace {
            rows,
            chunk_rows,
            empty: empty.clone(),
            total: None,
            spare: Mutex::new(Spare {
                statistics: Vec::with_capacity(MOST_CHUNKS),
                scratch: Vec::with_capacity(MOST_CHUNKS),
            }),
            threads: Threads::new(threads),
        }
    }
    /// Makes it one for other rows; threads and buffers are kept.
    pub(crate) fn fit_to<V: View>(&mut self, xs: V) {
        (self.rows, self.chunk_rows) = (xs.len(), chunk_rows(xs));
    }
    /// The number of chunks.
    pub(crate) fn chunks(&self) -> usize {
        self.rows.div_ceil(self.chunk_rows)
    }
    /// How many rows a chunk holds, but for the last.
    pub fn chunk_rows(&self) -> usize {
        self.chunk_rows
    }
    /// Fills the statistics of every chunk by `fill`, on the threads of this workspace, and merges them: what an
    /// E-step does, for other loops over the rows. Rows come as the range of a chunk; each chunk is filled once.
    ///
    /// ```
    /// use distributions::{RowsView, Statistics};
    /// use em::Workspace;
    ///
    /// #[derive(Clone)]
    /// struct Count(f64);
    /// impl Statistics for Count {
    ///     fn weight(&self) -> f64 {
    ///         self.0
    ///     }
    ///     fn clear(&mut self) {
    ///         self.0 = 0.0;
    ///     }
    ///     fn merge(&mut self, other: &Self) {
    ///         self.0 += other.0;
    ///     }
    ///     fn scale(&mut self, factor: f64) {
    ///         self.0 *= factor;
    ///     }
    /// }
    /// let values = vec![1.0; 1000];
    /// let mut workspace = Workspace::new(RowsView::new(&values, 1), &Count(0.0), 2);
    /// let count = workspace.accumulate(|rows, count, _| count.0 += rows.len() as f64);
    /// assert_eq!(count.0, 1000.0);
    /// ```
    pub fn accumulate(&mut self, fill: impl Fn(Range<usize>, &mut T, &mut Scratch) + Sync) -> &T {
        let chunks = 0..self.chunks();
        self.run_chunks(chunks, |slot| {
            fill(slot.rows.clone(), &mut slot.statistics, &mut slot.scratch);
        });
        self.statistics()
    }
    /// Takes the statistics of the last E-step, and leaves others as a buffer.
    pub(crate) fn swap_statistics(&mut self, with: &mut T) {
        if let Some(total) = &mut self.total {
            std::mem::swap(total, with);
        }
    }
    /// The number of rows it was made for.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
    /// The statistics of the last E-step, empty before the first.
    pub fn statistics(&self) -> &T {
        self.total.as_ref().unwrap_or(&self.empty)
    }
    /// Makes room for statistics of another shape: a component was dropped.
    pub(crate) fn reshape(&mut self, empty: &T) {
        self.empty = empty.clone();
        self.total = None;
        self.spare().statistics.clear();
    }
    /// Fills the statistics of every chunk of a range by `fill` and merges them along a binary tree.
    pub(crate) fn run_chunks(
        &mut self,
        chunks: Range<usize>,
        fill: impl Fn(&mut Slot<T>) + Sync,
    ) -> Tally {
        if let Some(total) = take(&mut self.total) {
            self.spare().statistics.push(total);
        }
        if chunks.is_empty() {
            return Tally::default();
        }
        let (total, tally) = self.threads.enter(|| self.merged(chunks, &fill));
        self.total = Some(total);
        tally
    }
    /// The statistics of `chunks`: those of the first half merged with those of the second.
    ///
    /// The first half is a power of two, so that the tree depends on the number of chunks alone.
    fn merged(&self, chunks: Range<usize>, fill: &(impl Fn(&mut Slot<T>) + Sync)) -> (T, Tally) {
        if chunks.len() == 1 {
            let start = chunks.start * self.chunk_rows;
            return self.filled(start..self.rows.min(start + self.chunk_rows), fill);
        }
        let middle = chunks.start + chunks.len().next_power_of_two() / 2;
        let ((mut statistics, mut tally), (later, later_tally)) = self.threads.join(
            || self.merged(chunks.start..middle, fill),
            || self.merged(middle..chunks.end, fill),
        );
        statistics.merge(&later);
        tally.merge(&later_tally);
        self.spare().statistics.push(later);
        (statistics, tally)
    }
    /// The statistics of the chunk of `rows`.
    fn filled(&self, rows: Range<usize>, fill: &impl Fn(&mut Slot<T>)) -> (T, Tally) {
        let (statistics, scratch) = {
            let mut spare = self.spare();
            (spare.statistics.pop(), spare.scratch.pop())
        };
        let statistics = statistics.map(|mut statistics| {
            statistics.clear();
            statistics
        });
        let mut slot = Slot {
            rows,
            statistics: statistics.unwrap_or_else(|| self.empty.clone()),
            scratch: scratch.unwrap_or_default(),
            tally: Tally::default(),
        };
        fill(&mut slot);
        self.spare().scratch.push(slot.scratch);
        (slot.statistics, slot.tally)
    }
    fn spare(&self) -> MutexGuard<'_, Spare<T>> {
        // A panic elsewhere leaves only whole buffers here.
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    /// Works inside the pool.
    fn enter<A: Send>(&self, work: impl FnOnce() -> A + Send) -> A {
        match self {
            #[cfg(feature = "rayon")]
            Threads::Pool(pool) => pool.install(work),
            _ => work(),
        }
    }
    /// Does both, at once where there are threads.
    fn join<A: Send, B: Send>(
        &self,
        one: impl FnOnce() -> A + Send,
        other: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        match self {
            Threads::One => (one(), other()),
            #[cfg(feature = "rayon")]
            Threads::All | Threads::Pool(_) => rayon::join(one, other),
        }
    }
}
