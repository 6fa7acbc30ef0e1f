//! A borrowed matrix of rows in any layout.

use super::Real;
use distributions::simd::instruction_set::arch;
use distributions::{ParameterError, RowsBuffer, RowsView, Space, View};
use pulp::{Simd, WithSimd};
use std::marker::PhantomData;
use std::ops::Range;

/// One vector a row: a batch is a [`MatrixView`], wherever the numbers stand.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<T>(PhantomData<T>);

/// A borrowed n × d matrix of `f32` or `f64`, one observation a row, in any layout. Nothing is copied: blocks
/// of rows are read, and converted to `f64`, when a fit asks for them.
///
/// A [`RowsView`] is one; so are, by features of this crate, `ndarray::ArrayView2` (feature `ndarray`) and
/// `faer::MatRef` (feature `faer`), of any strides.
///
/// ```
/// use gmm::{GaussianMixture, MatrixView};
///
/// // Six rows of two columns: first the one column, then the other.
/// let values: [f32; 12] = [1.0, 0.9, 1.2, 6.0, 5.7, 6.4, 1.1, 1.3, 0.8, 6.2, 6.1, 5.9];
/// let rows = MatrixView::column_major(&values, 2)?;
/// let fitted = GaussianMixture::builder(2).fit(rows)?;
/// let labels = fitted.predict(rows)?;
/// assert_eq!(labels[..3], [labels[0]; 3]);
/// assert_ne!(labels[0], labels[3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MatrixView<'a, T>(pub(super) Source<'a, T>);

/// Where the numbers are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a, T> {
    Slice(Strided<'a, T>),
    #[cfg(feature = "ndarray")]
    Array(::ndarray::ArrayView2<'a, T>),
    #[cfg(feature = "faer")]
    Faer(::faer::MatRef<'a, T>),
}

/// Entry (i, j) is `values[i * row_stride + j * column_stride]`, which is in the slice for every i and j.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strided<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T: Real> MatrixView<'a, T> {
    /// The matrix whose entry (i, j) is `values[i * row_stride + j * column_stride]`.
    ///
    /// Every third row of a row-major matrix of seven columns has `row_stride` 21 and `column_stride` 1; its
    /// columns 2 to 4, `&values[2..]` and `columns` 3.
    ///
    /// # Errors
    /// When there is no column, or an entry is not in the slice.
    pub fn strided(
        values: &'a [T],
        rows: usize,
        columns: usize,
        row_stride: usize,
        column_stride: usize,
    ) -> Result<Self, ParameterError> {
        let count = columns as f64;
        ParameterError::require(columns > 0, "columns", count, "must be at least 1")?;
        let last = |count: usize, stride: usize| (count - 1).checked_mul(stride);
        let fits = rows == 0
            || last(rows, row_stride)
                .zip(last(columns, column_stride))
                .and_then(|(row, column)| row.checked_add(column))
                .is_some_and(|last| last < values.len());
        ParameterError::require(
            fits,
            "number of values",
            values.len() as f64,
            "must be more than the place of the last entry",
        )?;
        Ok(MatrixView(Source::Slice(Strided {
            values,
            rows,
            columns,
            row_stride,
            column_stride,
        })))
    }
    /// The matrix of `columns` columns that follow each other in `values`.
    ///
    /// # Errors
    /// When there is no column, or their number does not divide that of the values.
    pub fn column_major(values: &'a [T], columns: usize) -> Result<Self, ParameterError> {
        let divides = columns > 0 && values.len().is_multiple_of(columns);
        ParameterError::require(
            divides,
            "columns",
            columns as f64,
            "must divide the number of values",
        )?;
        let rows = values.len() / columns;
        Self::strided(values, rows, columns, 1, rows)
    }
    /// The number of columns d.
    pub fn width(self) -> usize {
        match self.0 {
            Source::Slice(strided) => strided.columns,
            #[cfg(feature = "ndarray")]
            Source::Array(array) => array.ncols(),
            #[cfg(feature = "faer")]
            Source::Faer(matrix) => matrix.ncols(),
        }
    }
    /// Writes the rows one after the other, n d numbers.
    pub(crate) fn read(self, into: &mut [f64]) {
        match self.0 {
            Source::Slice(strided) => strided.read(into),
            #[cfg(feature = "ndarray")]
            Source::Array(array) => super::ndarray::read(array, into),
            #[cfg(feature = "faer")]
            Source::Faer(matrix) => super::faer::read(matrix, into),
        }
    }
    /// The numbers where rows follow each other.
    pub(crate) fn as_slice(self) -> Option<&'a [T]> {
        match self.0 {
            Source::Slice(strided) => strided.as_slice(),
            #[cfg(feature = "ndarray")]
            Source::Array(array) => array.to_slice(),
            #[cfg(feature = "faer")]
            Source::Faer(_) => None,
        }
    }
    /// The rows where they are: where they are of `f64`, and follow each other.
    pub(crate) fn as_rows(self) -> Option<RowsView<'a, f64>> {
        let values = T::as_f64s(self.as_slice()?)?;
        (self.width() > 0).then(|| RowsView::new(values, self.width()))
    }
    /// Calls `f` with the row in `row`, converted.
    pub(crate) fn with_row<R>(self, row: usize, f: impl FnOnce(&[f64]) -> R) -> R {
        let one = self.block(row..row + 1);
        if let Some(rows) = one.as_rows() {
            return f(rows.values());
        }
        let (mut few, mut many) = ([0.0; FEW], Vec::new());
        let cells = if self.width() <= FEW {
            &mut few[..self.width()]
        } else {
            many.resize(self.width(), 0.0);
            &mut many[..]
        };
        one.read(cells);
        f(cells)
    }
}

/// Rows of at most as many columns are converted without an allocation.
const FEW: usize = 32;

impl<'a, T: Real> Strided<'a, T> {
    fn block(self, rows: Range<usize>) -> Self {
        let start = rows.start * self.row_stride;
        Strided {
            // Of no row, the place may be behind the end.
            values: self.values.get(start..).unwrap_or_default(),
            rows: rows.len(),
            ..self
        }
    }
    /// The numbers where rows follow each other without gaps.
    fn as_slice(self) -> Option<&'a [T]> {
        let dense = (self.column_stride == 1 || self.columns == 1)
            && (self.row_stride == self.columns || self.rows <= 1);
        dense.then(|| &self.values[..self.rows * self.columns])
    }
    fn read(self, into: &mut [f64]) {
        if let Some(values) = self.as_slice() {
            return arch().dispatch(Convert { values, into });
        }
        let Strided {
            values,
            row_stride,
            column_stride,
            columns,
            ..
        } = self;
        if column_stride <= row_stride {
            for (i, row) in into.chunks_exact_mut(columns).enumerate() {
                let values = &values[i * row_stride..];
                for (j, x) in row.iter_mut().enumerate() {
                    *x = values[j * column_stride].to_f64();
                }
            }
            return;
        }
        // Along what is near in memory.
        for j in 0..columns {
            let column = into.iter_mut().skip(j).step_by(columns);
            for (i, x) in column.enumerate() {
                *x = values[j * column_stride + i * row_stride].to_f64();
            }
        }
    }
}

/// Numbers that follow each other, in double precision.
struct Convert<'a, T> {
    values: &'a [T],
    into: &'a mut [f64],
}

impl<T: Real> WithSimd for Convert<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (x, value) in self.into.iter_mut().zip(self.values) {
            *x = value.to_f64();
        }
    }
}

impl<'a, T: Real> From<RowsView<'a, T>> for MatrixView<'a, T> {
    fn from(rows: RowsView<'a, T>) -> Self {
        MatrixView(Source::Slice(Strided {
            values: rows.values(),
            rows: rows.len(),
            columns: rows.width(),
            row_stride: rows.width(),
            column_stride: 1,
        }))
    }
}

impl<T: Real> View for MatrixView<'_, T> {
    /// A matrix of one row.
    type Observation = Self;

    fn len(self) -> usize {
        match self.0 {
            Source::Slice(strided) => strided.rows,
            #[cfg(feature = "ndarray")]
            Source::Array(array) => array.nrows(),
            #[cfg(feature = "faer")]
            Source::Faer(matrix) => matrix.nrows(),
        }
    }
    fn at(self, row: usize) -> Self {
        self.block(row..row + 1)
    }
    fn block(self, rows: Range<usize>) -> Self {
        assert!(
            rows.start <= rows.end && rows.end <= self.len(),
            "rows {rows:?} of {}",
            self.len()
        );
        MatrixView(match self.0 {
            Source::Slice(strided) => Source::Slice(strided.block(rows)),
            #[cfg(feature = "ndarray")]
            Source::Array(array) => Source::Array(super::ndarray::block(array, rows)),
            #[cfg(feature = "faer")]
            Source::Faer(matrix) => Source::Faer(matrix.subrows(rows.start, rows.len())),
        })
    }
}

impl<T: Real> Space for Matrix<T> {
    type Observation<'a> = MatrixView<'a, T>;
    type Batch<'a> = MatrixView<'a, T>;
    type Buffer = RowsBuffer<T>;
    fn view(buffer: &RowsBuffer<T>) -> MatrixView<'_, T> {
        buffer.view().into()
    }
}
