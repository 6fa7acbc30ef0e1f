//! Where rows come from.

use distributions::{Batch, Pair, Rows, RowsBuffer, RowsView, Scalars, Space};

/// Rows that can be passed over again and again, block after block: in memory, in a mapped file, or
/// wherever else a view of them can be had.
///
/// A fit makes one pass an iteration. It asks the view for [blocks](distributions::View::block) of
/// at most [`BLOCK_ROWS`](distributions::BLOCK_ROWS) rows, in order within each of at most 64 fixed
/// chunks, and keeps nothing of them: what a source need not hold in memory, a fit does not hold
/// either. The chunks and their merge depend on the number of rows alone, so that the same rows give
/// the same bits, wherever they come from and on any number of threads.
///
/// Each pass must see the same rows.
///
/// ```
/// use distributions::Poisson;
/// use em::{Data, Mixture, Options, fit};
///
/// let counts: Vec<u64> = vec![0, 1, 1, 2, 0, 9, 11, 8, 10, 1];
/// let start = Mixture::uniform(vec![Poisson::new(1.0)?, Poisson::new(5.0)?]);
/// let fitted = fit(start, Data::of(&counts), &Options::default())?;
/// assert!((9.0..10.0).contains(&fitted.model.components()[1].rate()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait RowSource {
    /// What a row is.
    type Space: Space;
    /// All rows, as a batch whose blocks are read when they are asked for.
    fn rows(&self) -> Batch<'_, Self::Space>;
}

impl<T: Copy + Send + Sync + 'static> RowSource for Vec<T> {
    type Space = Scalars<T>;
    fn rows(&self) -> &[T] {
        self
    }
}

impl<T: Copy + Send + Sync + 'static> RowSource for RowsBuffer<T> {
    type Space = Rows<T>;
    fn rows(&self) -> RowsView<'_, T> {
        self.view()
    }
}

/// Two sources of as many rows.
impl<A: RowSource, B: RowSource> RowSource for (A, B) {
    type Space = Pair<A::Space, B::Space>;
    fn rows(&self) -> Batch<'_, Self::Space> {
        (self.0.rows(), self.1.rows())
    }
}
