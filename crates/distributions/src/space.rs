//! What one observation is, and what a batch of observations is.

use std::marker::PhantomData;
use std::ops::Range;

/// A borrowed batch of observations, cheap to copy and to cut into blocks of rows.
pub trait View: Copy + Send + Sync {
    /// One observation.
    type Observation: Copy;
    /// The number of rows.
    fn len(self) -> usize;
    /// Whether there is no row.
    fn is_empty(self) -> bool {
        self.len() == 0
    }
    /// The observation in `row`.
    ///
    /// # Panics
    /// When `row` is not below [`len`](View::len).
    fn at(self, row: usize) -> Self::Observation;
    /// The rows in the range, as a batch of their own.
    fn block(self, rows: Range<usize>) -> Self;
}

/// A kind of observation: a marker type that names one observation, a batch, and an owned batch.
///
/// The marker carries no lifetime, so statistics and models never borrow the data.
pub trait Space: 'static {
    /// One borrowed observation.
    type Observation<'a>: Copy;
    /// A borrowed batch of observations.
    type Batch<'a>: View<Observation = Self::Observation<'a>>;
    /// An owned, growing batch, which sampling fills.
    type Buffer: Clone + Send + Sync;
    /// The rows of a buffer.
    fn view(buffer: &Self::Buffer) -> Self::Batch<'_>;
}

/// One observation of the space `S`.
pub type Obs<'a, S> = <S as Space>::Observation<'a>;
/// A batch of observations of the space `S`.
pub type Batch<'a, S> = <S as Space>::Batch<'a>;
/// An owned batch of observations of the space `S`.
pub type Buffer<S> = <S as Space>::Buffer;

/// One number a row: a batch is a slice `&[T]`.
#[derive(Clone, Copy, Debug)]
pub struct Scalars<T>(PhantomData<T>);

impl<'a, T: Copy + Send + Sync> View for &'a [T] {
    type Observation = T;
    fn len(self) -> usize {
        <[T]>::len(self)
    }
    fn at(self, row: usize) -> T {
        self[row]
    }
    fn block(self, rows: Range<usize>) -> &'a [T] {
        &self[rows]
    }
}

impl<T: Copy + Send + Sync + 'static> Space for Scalars<T> {
    type Observation<'a> = T;
    type Batch<'a> = &'a [T];
    type Buffer = Vec<T>;
    fn view(buffer: &Vec<T>) -> &[T] {
        buffer
    }
}

/// One vector a row: a batch is a row-major n × d matrix, [`RowsView`].
#[derive(Clone, Copy, Debug)]
pub struct Rows<T>(PhantomData<T>);

/// A borrowed row-major n × d matrix: row i is `values[i * width .. (i + 1) * width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowsView<'a, T> {
    values: &'a [T],
    width: usize,
}

impl<'a, T> RowsView<'a, T> {
    /// The matrix with `width` columns whose rows follow each other in `values`.
    ///
    /// # Panics
    /// When `width` is 0, or does not divide the number of values.
    pub fn new(values: &'a [T], width: usize) -> Self {
        assert!(width > 0, "a row needs at least one column");
        assert!(
            values.len().is_multiple_of(width),
            "{} values do not fill rows of {width}",
            values.len()
        );
        RowsView { values, width }
    }
    /// The number of columns d.
    pub fn width(self) -> usize {
        self.width
    }
    /// All values, row after row.
    pub fn values(self) -> &'a [T] {
        self.values
    }
}

impl<'a, T: Copy + Send + Sync> View for RowsView<'a, T> {
    type Observation = &'a [T];
    fn len(self) -> usize {
        self.values.len() / self.width
    }
    fn at(self, row: usize) -> &'a [T] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
    fn block(self, rows: Range<usize>) -> Self {
        RowsView {
            values: &self.values[rows.start * self.width..rows.end * self.width],
            width: self.width,
        }
    }
}

/// An owned row-major n × d matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct RowsBuffer<T> {
    /// All values, row after row.
    pub values: Vec<T>,
    /// The number of columns d, at least 1.
    pub width: usize,
}

impl<T> RowsBuffer<T> {
    /// A matrix of `width` columns and no row.
    ///
    /// # Panics
    /// When `width` is 0.
    pub fn new(width: usize) -> Self {
        assert!(width > 0, "a row needs at least one column");
        RowsBuffer {
            values: Vec::new(),
            width,
        }
    }
    /// The rows, borrowed.
    pub fn view(&self) -> RowsView<'_, T> {
        RowsView::new(&self.values, self.width)
    }
}

impl<T: Copy + Send + Sync + 'static> Space for Rows<T> {
    type Observation<'a> = &'a [T];
    type Batch<'a> = RowsView<'a, T>;
    type Buffer = RowsBuffer<T>;
    fn view(buffer: &RowsBuffer<T>) -> RowsView<'_, T> {
        buffer.view()
    }
}

/// Two observations a row: the parts of a product, or (x, y) for p(y | x).
#[derive(Clone, Copy, Debug)]
pub struct Pair<A, B>(PhantomData<(A, B)>);

impl<A: View, B: View> View for (A, B) {
    type Observation = (A::Observation, B::Observation);
    fn len(self) -> usize {
        self.0.len()
    }
    fn at(self, row: usize) -> Self::Observation {
        (self.0.at(row), self.1.at(row))
    }
    fn block(self, rows: Range<usize>) -> Self {
        (self.0.block(rows.clone()), self.1.block(rows))
    }
}

impl<A: Space, B: Space> Space for Pair<A, B> {
    type Observation<'a> = (A::Observation<'a>, B::Observation<'a>);
    type Batch<'a> = (A::Batch<'a>, B::Batch<'a>);
    type Buffer = (A::Buffer, B::Buffer);
    fn view(buffer: &Self::Buffer) -> Self::Batch<'_> {
        (A::view(&buffer.0), B::view(&buffer.1))
    }
}
