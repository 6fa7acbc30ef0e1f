//! Matrices of crate faer.

use super::Real;
use super::view::{MatrixView, Source};
use ::faer::MatRef;

/// One observation a row, of any strides; nothing is copied. Feature `faer`.
///
/// ```
/// use faer::mat;
/// use gmm::GaussianMixture;
///
/// let matrix = mat![[1.0, 1.1], [0.9, 1.3], [1.2, 0.8], [6.0, 6.2], [5.7, 6.1], [6.4, 5.9]];
/// let fitted = GaussianMixture::builder(2).fit(matrix.as_ref())?;
/// let labels = fitted.predict(matrix.as_ref())?;
/// assert_eq!(labels[..3], [labels[0]; 3]);
/// # Ok::<(), em::FitError>(())
/// ```
impl<'a, T: Real> From<MatRef<'a, T>> for MatrixView<'a, T> {
    fn from(matrix: MatRef<'a, T>) -> Self {
        MatrixView(Source::Faer(matrix))
    }
}

/// Writes the rows one after the other.
pub(super) fn read<T: Real>(matrix: MatRef<'_, T>, into: &mut [f64]) {
    let columns = matrix.ncols();
    // Column by column, as faer's own matrices stand.
    for j in 0..columns {
        let cells = into.iter_mut().skip(j).step_by(columns);
        for (x, value) in cells.zip(matrix.col(j).iter()) {
            *x = value.to_f64();
        }
    }
}
