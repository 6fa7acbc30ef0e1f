//! LDLᵀ of a positive definite matrix.

use super::{DenseError, check_finite};

/// A = L·D·Lᵀ with unit lower-triangular L and positive diagonal D.
///
/// ```
/// use distributions::dense::Ldl;
/// let factor = Ldl::new(&[4.0, 2.0, 2.0, 3.0], 2)?;
/// assert_eq!(factor.solve(&[8.0, 8.0]), [1.0, 2.0]);
/// assert!((factor.ln_determinant() - 8f64.ln()).abs() < 1e-15);
/// # Ok::<(), distributions::dense::DenseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ldl {
    size: usize,
    /// L below the diagonal, D on it.
    factor: Vec<f64>,
}

impl Ldl {
    /// Factors a symmetric positive definite matrix, reading its lower triangle only.
    ///
    /// # Errors
    /// [`DenseError::Pivot`] names the first row whose pivot is not above size·ε times its diagonal
    /// entry (it would be rounding alone); [`DenseError::NotFinite`] an entry.
    ///
    /// # Panics
    /// When `matrix.len() != size²`.
    pub fn new(matrix: &[f64], size: usize) -> Result<Self, DenseError> {
        assert_eq!(matrix.len(), size * size, "the matrix must be square");
        for row in 0..size {
            let start = row * size;
            check_finite(&matrix[start..=start + row]).map_err(|error| match error {
                DenseError::NotFinite { index } => DenseError::NotFinite {
                    index: start + index,
                },
                other => other,
            })?;
        }
        let mut factor = matrix.to_vec();
        let mut scaled = vec![0.0; size];
        for row in 0..size {
            for column in 0..row {
                let (above, current) = factor.split_at_mut(row * size);
                let other = &above[column * size..column * size + column];
                let sum = dot(&scaled[..column], other);
                scaled[column] = current[column] - sum;
            }
            let mut pivot = factor[row * size + row];
            let floor = size as f64 * f64::EPSILON * pivot.abs();
            for column in 0..row {
                let entry = scaled[column] / factor[column * size + column];
                pivot -= scaled[column] * entry;
                factor[row * size + column] = entry;
            }
            if !(pivot > floor && pivot < f64::INFINITY) {
                return Err(DenseError::Pivot {
                    index: row,
                    value: pivot,
                });
            }
            factor[row * size + row] = pivot;
        }
        Ok(Self { size, factor })
    }

    /// Number of rows.
    pub fn size(&self) -> usize {
        self.size
    }

    /// ln |A| = Σ ln D.
    pub fn ln_determinant(&self) -> f64 {
        (0..self.size)
            .map(|i| self.factor[i * self.size + i].ln())
            .sum()
    }

    /// x with A·x = right.
    ///
    /// # Panics
    /// When `right.len()` is not the number of rows.
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut x = right.to_vec();
        self.solve_in_place(&mut x);
        x
    }

    /// Replaces the right side by the solution.
    ///
    /// # Panics
    /// When `x.len()` is not the number of rows.
    pub fn solve_in_place(&self, x: &mut [f64]) {
        let size = self.size;
        assert_eq!(x.len(), size, "one entry per row");
        for row in 1..size {
            let (known, rest) = x.split_at_mut(row);
            rest[0] -= dot(&self.factor[row * size..row * size + row], known);
        }
        for (row, value) in x.iter_mut().enumerate() {
            *value /= self.factor[row * size + row];
        }
        for row in (1..size).rev() {
            let value = x[row];
            for (column, target) in x[..row].iter_mut().enumerate() {
                *target -= self.factor[row * size + column] * value;
            }
        }
    }

    /// A⁻¹, exactly symmetric.
    pub fn inverse(&self) -> Vec<f64> {
        let size = self.size;
        let mut inverse = vec![0.0; size * size];
        for row in 0..size {
            let column = &mut inverse[row * size..(row + 1) * size];
            column[row] = 1.0;
            self.solve_in_place(column);
        }
        for row in 0..size {
            for column in 0..row {
                let mean = 0.5 * (inverse[row * size + column] + inverse[column * size + row]);
                inverse[row * size + column] = mean;
                inverse[column * size + row] = mean;
            }
        }
        inverse
    }

    /// rightᵀ·A⁻¹·right, a sum of squares over D.
    ///
    /// # Panics
    /// When `right.len()` is not the number of rows.
    pub fn quadratic_form(&self, right: &[f64]) -> f64 {
        assert_eq!(right.len(), self.size, "one entry per row");
        let mut y = right.to_vec();
        let mut sum = 0.0;
        for row in 0..self.size {
            let line = &self.factor[row * self.size..=row * self.size + row];
            y[row] -= dot(&line[..row], &y[..row]);
            sum += y[row] * y[row] / line[row];
        }
        sum
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
