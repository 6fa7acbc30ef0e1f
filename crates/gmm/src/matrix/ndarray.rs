//! Arrays of crate ndarray.

use super::Real;
use super::view::{MatrixView, Source};
use ::ndarray::{ArrayView2, Axis, Slice};
use std::ops::Range;

/// One observation a row, in any layout; nothing is copied. Feature `ndarray`.
///
/// ```
/// use gmm::GaussianMixture;
/// use ndarray::{array, s};
///
/// let table = array![[1.0, 7.0, 1.1], [0.9, 3.0, 1.3], [1.2, 5.0, 0.8], [6.0, 4.0, 6.2], [5.7, 6.0, 6.1], [6.4, 2.0, 5.9]];
/// let rows = table.slice(s![.., ..;2]); // the first and the last column
/// let fitted = GaussianMixture::builder(2).fit(rows)?;
/// assert_eq!(fitted.predict(rows)?[..3], [fitted.predict(rows)?[0]; 3]);
/// # Ok::<(), em::FitError>(())
/// ```
impl<'a, T: Real> From<ArrayView2<'a, T>> for MatrixView<'a, T> {
    fn from(array: ArrayView2<'a, T>) -> Self {
        MatrixView(Source::Array(array))
    }
}

pub(super) fn block<T>(mut array: ArrayView2<'_, T>, rows: Range<usize>) -> ArrayView2<'_, T> {
    array.slice_axis_inplace(Axis(0), Slice::from(rows));
    array
}

/// Writes the rows one after the other.
pub(super) fn read<T: Real>(array: ArrayView2<'_, T>, into: &mut [f64]) {
    // In the order of the rows, whatever the layout.
    for (x, value) in into.iter_mut().zip(array.iter()) {
        *x = value.to_f64();
    }
}
