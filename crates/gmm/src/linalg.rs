//! Matrix algebra: the only file that names faer.
//!
//! Matrices are square, row-major slices of d² numbers. Only faer's low-level functions are called,
//! with `Par::Seq`: threads belong to the driver, and the bits of a result must not depend on them.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Accum, MatMut, MatRef, Par, Spec, diag::DiagMut};

/// Matrices of fewer columns are multiplied in plain loops, which need no copies into tiles.
const SMALL: usize = 16;

/// The Cholesky factor L of a symmetric positive definite matrix A = L Lᵀ: row-major, zeros above
/// the diagonal. Only the lower triangle of `matrix` is read.
///
/// # Errors
/// The index of the first pivot that is not positive (NaN included).
pub(crate) fn cholesky(matrix: &[f64], dimension: usize) -> Result<Vec<f64>, usize> {
    let d = dimension;
    let mut columns = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            columns[j * d + i] = matrix[i * d + j];
        }
    }
    let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f64>(
        d,
        Par::Seq,
        Spec::default(),
    ));
    cholesky_in_place(
        MatMut::from_column_major_slice_mut(&mut columns, d, d),
        Default::default(),
        Par::Seq,
        MemStack::new(&mut memory),
        Spec::default(),
    )
    .map_err(|LltError::NonPositivePivot { index }| index)?;
    let mut lower = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            lower[i * d + j] = columns[j * d + i];
        }
    }
    match (0..d).find(|&j| !(lower[j * d + j] > 0.0 && lower[j * d + j].is_finite())) {
        Some(j) => Err(j),
        None => Ok(lower),
    }
}

/// Eigenvalues, largest first, and orthonormal eigenvectors of a symmetric matrix.
#[derive(Clone, Debug)]
pub(crate) struct Eigen {
    /// The eigenvalues, largest first.
    pub values: Vec<f64>,
    /// Row-major, eigenvector j in column j.
    pub vectors: Vec<f64>,
}

/// The eigendecomposition of a symmetric matrix; `None` for a matrix that is not finite, or (never
/// seen) when the iteration does not end.
pub(crate) fn eigen(matrix: &[f64], dimension: usize) -> Option<Eigen> {
    let d = dimension;
    // By a power of two, so that no square over- or underflows and no bit is lost.
    let largest = matrix.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    if !matrix.iter().all(|v| v.is_finite()) {
        return None;
    }
    let scale = power_of_two(largest);
    let scaled: Vec<f64> = matrix.iter().map(|v| v / scale).collect();
    let (mut values, mut vectors) = (vec![0.0; d], vec![0.0; d * d]);
    let mut memory = MemBuffer::new(self_adjoint_evd_scratch::<f64>(
        d,
        ComputeEigenvectors::Yes,
        Par::Seq,
        Spec::default(),
    ));
    self_adjoint_evd(
        MatRef::from_column_major_slice(&scaled, d, d),
        DiagMut::from_slice_mut(&mut values),
        Some(MatMut::from_column_major_slice_mut(&mut vectors, d, d)),
        Par::Seq,
        MemStack::new(&mut memory),
        Spec::default(),
    )
    .ok()?;
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let mut sorted = vec![0.0; d * d];
    for (j, &from) in order.iter().enumerate() {
        for i in 0..d {
            sorted[i * d + j] = vectors[from * d + i];
        }
    }
    Some(Eigen {
        values: order.iter().map(|&j| values[j] * scale).collect(),
        vectors: sorted,
    })
}

/// The power of two next to `value`; 1 where there is none.
pub(crate) fn power_of_two(value: f64) -> f64 {
    let power = value.log2().round().clamp(-1000.0, 1000.0).exp2();
    if value > 0.0 && power.is_finite() {
        power
    } else {
        1.0
    }
}

/// The inverse of a lower triangular matrix.
pub(crate) fn invert_lower(lower: &[f64], dimension: usize) -> Vec<f64> {
    let d = dimension;
    let mut inverse = vec![0.0; d * d];
    for i in 0..d {
        let pivot = 1.0 / lower[i * d + i];
        for k in 0..i {
            let factor = -lower[i * d + k] * pivot;
            let (done, row) = inverse.split_at_mut(i * d);
            for j in 0..=k {
                row[j] += factor * done[k * d + j];
            }
        }
        inverse[i * d + i] = pivot;
    }
    inverse
}

/// The inverse (L Lᵀ)⁻¹ from the Cholesky factor L.
pub(crate) fn inverse_from_cholesky(lower: &[f64], dimension: usize) -> Vec<f64> {
    let d = dimension;
    let inverse = invert_lower(lower, d);
    let mut product = vec![0.0; d * d];
    for row in inverse.chunks_exact(d) {
        for i in 0..d {
            for j in 0..d {
                product[i * d + j] += row[i] * row[j];
            }
        }
    }
    product
}

/// V diag(values) Vᵀ, exactly symmetric.
pub(crate) fn from_eigen(vectors: &[f64], values: &[f64], dimension: usize) -> Vec<f64> {
    let d = dimension;
    if d >= SMALL {
        let rows = vectors.chunks_exact(d);
        let scaled: Vec<f64> = rows
            .flat_map(|row| row.iter().zip(values).map(|(v, value)| v * value))
            .collect();
        let mut product = vec![0.0; d * d];
        multiply(
            &mut product,
            MatRef::from_row_major_slice(&scaled, d, d),
            MatRef::from_column_major_slice(vectors, d, d),
        );
        for i in 0..d {
            for j in 0..i {
                product[j * d + i] = product[i * d + j];
            }
        }
        return product;
    }
    let mut product = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let mut sum = 0.0;
            for (l, value) in values.iter().enumerate() {
                sum += vectors[i * d + l] * value * vectors[j * d + l];
            }
            product[i * d + j] = sum;
            product[j * d + i] = sum;
        }
    }
    product
}

/// Writes the product of two matrices.
fn multiply(into: &mut [f64], a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    let into = MatMut::from_row_major_slice_mut(into, a.nrows(), b.ncols());
    matmul(into, Accum::Replace, a, b, 1.0, Par::Seq);
}

/// MD of a symmetric M.
fn turned_once(matrix: &[f64], axes: &[f64], d: usize) -> Vec<f64> {
    let mut half = vec![0.0; d * d];
    if d >= SMALL {
        multiply(
            &mut half,
            MatRef::from_row_major_slice(matrix, d, d),
            MatRef::from_row_major_slice(axes, d, d),
        );
        return half;
    }
    for i in 0..d {
        for l in 0..d {
            let m = matrix[i * d + l];
            for j in 0..d {
                half[i * d + j] += m * axes[l * d + j];
            }
        }
    }
    half
}

/// DᵀMD for a symmetric M.
pub(crate) fn rotated(matrix: &[f64], axes: &[f64], d: usize) -> Vec<f64> {
    let half = turned_once(matrix, axes, d);
    let mut product = vec![0.0; d * d];
    if d >= SMALL {
        multiply(
            &mut product,
            MatRef::from_column_major_slice(axes, d, d),
            MatRef::from_row_major_slice(&half, d, d),
        );
        return product;
    }
    for l in 0..d {
        for i in 0..d {
            let a = axes[l * d + i];
            for j in 0..d {
                product[i * d + j] += a * half[l * d + j];
            }
        }
    }
    product
}

/// The diagonal of DᵀMD for a symmetric M.
pub(crate) fn rotated_diagonal(matrix: &[f64], axes: &[f64], d: usize) -> Vec<f64> {
    let half = turned_once(matrix, axes, d);
    let mut diagonal = vec![0.0; d];
    for (axes, half) in axes.chunks_exact(d).zip(half.chunks_exact(d)) {
        let terms = diagonal.iter_mut().zip(axes).zip(half);
        terms.for_each(|((sum, a), h)| *sum += a * h);
    }
    diagonal
}

/// Solves L z = b in place for every b of d numbers in `columns`.
pub(crate) fn solve_lower_for_all(lower: &[f64], d: usize, columns: &mut [f64]) {
    if d < SMALL {
        let columns = columns.chunks_exact_mut(d);
        return columns.for_each(|column| solve_lower(lower, column));
    }
    let count = columns.len() / d;
    solve_lower_triangular_in_place(
        MatRef::from_row_major_slice(lower, d, d),
        MatMut::from_column_major_slice_mut(columns, d, count),
        Par::Seq,
    );
}

/// Solves L z = `rhs` in place by forward substitution.
pub(crate) fn solve_lower(lower: &[f64], rhs: &mut [f64]) {
    let d = rhs.len();
    for i in 0..d {
        let row = &lower[i * d..i * d + i + 1];
        let (solved, rest) = rhs.split_at_mut(i);
        let inner: f64 = row.iter().zip(solved.iter()).map(|(l, z)| l * z).sum();
        rest[0] = (rest[0] - inner) / row[i];
    }
}

/// The Cholesky factor of P A Pᵀ from that of A = L Lᵀ, where P puts row `order[i]` at place i: rows of L
/// change places, and rotations of its columns make it triangular again. They keep lengths, so no digit
/// is lost, and no pivot of a regular L becomes 0.
pub(crate) fn reordered(lower: &[f64], order: &[usize]) -> Vec<f64> {
    let d = order.len();
    let rows = order.iter().map(|&i| &lower[i * d..(i + 1) * d]);
    let mut factor: Vec<f64> = rows.flatten().copied().collect();
    for i in 0..d {
        let below = &mut factor[i * d..];
        for j in i + 1..d {
            let (pivot, beside) = (below[i], below[j]);
            if beside == 0.0 {
                continue;
            }
            let length = pivot.hypot(beside);
            let (cosine, sine) = (pivot / length, beside / length);
            for row in below.chunks_exact_mut(d) {
                let (x, y) = (row[i], row[j]);
                row[i] = cosine * x + sine * y;
                row[j] = cosine * y - sine * x;
            }
            below[j] = 0.0;
        }
        if below[i] < 0.0 {
            below.iter_mut().skip(i).step_by(d).for_each(|l| *l = -*l);
        }
    }
    factor
}

/// Solves z L = `rhs` in place, where the first rows of `lower`, `stride` numbers each, are L.
pub(crate) fn solve_lower_from_left(lower: &[f64], stride: usize, rhs: &mut [f64]) {
    for j in (0..rhs.len()).rev() {
        let below = (j + 1..rhs.len()).map(|i| rhs[i] * lower[i * stride + j]);
        rhs[j] = (rhs[j] - below.sum::<f64>()) / lower[j * stride + j];
    }
}

/// Σ_ij A_ij B_ij: the trace of A Bᵀ.
pub(crate) fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The diagonal of a square matrix.
pub(crate) fn diagonal(matrix: &[f64], dimension: usize) -> Vec<f64> {
    (0..dimension).map(|j| matrix[j * dimension + j]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [f64; 9] = [4.0, 2.0, 0.6, 2.0, 5.0, 1.5, 0.6, 1.5, 3.0];

    fn close(a: &[f64], b: &[f64], tolerance: f64) {
        for (x, y) in a.iter().zip(b) {
            assert!((x - y).abs() <= tolerance, "{a:?} {b:?}");
        }
    }

    #[test]
    fn cholesky_multiplies_back() {
        let l = cholesky(&A, 3).unwrap();
        let mut product = [0.0; 9];
        for i in 0..3 {
            for j in 0..3 {
                product[i * 3 + j] = (0..3).map(|k| l[i * 3 + k] * l[j * 3 + k]).sum();
            }
        }
        close(&product, &A, 1e-14);
        let inverse = inverse_from_cholesky(&l, 3);
        let mut identity = [0.0; 9];
        for i in 0..3 {
            for j in 0..3 {
                identity[i * 3 + j] = (0..3).map(|k| A[i * 3 + k] * inverse[k * 3 + j]).sum();
            }
        }
        close(
            &identity,
            &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            1e-14,
        );
        let mut rhs = [1.0, 2.0, 3.0];
        solve_lower(&l, &mut rhs);
        let squares: f64 = rhs.iter().map(|z| z * z).sum();
        let direct: f64 = (0..9)
            .map(|n| inverse[n] * ((n / 3 + 1) * (n % 3 + 1)) as f64)
            .sum();
        assert!((squares - direct).abs() < 1e-13);
    }

    #[test]
    fn a_reordered_factor_is_that_of_the_reordered_matrix() {
        let l = cholesky(&A, 3).unwrap();
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]] {
            let moved: Vec<f64> = (0..9).map(|n| A[order[n / 3] * 3 + order[n % 3]]).collect();
            let expected = cholesky(&moved, 3).unwrap();
            close(&reordered(&l, &order), &expected, 1e-15);
            // z L = [1, 2, 3] L gives z back.
            let mut z: Vec<f64> = (0..3)
                .map(|j| (0..3).map(|i| (i + 1) as f64 * expected[i * 3 + j]).sum())
                .collect();
            solve_lower_from_left(&expected, 3, &mut z);
            close(&z, &[1.0, 2.0, 3.0], 1e-14);
        }
    }

    /// The products of larger matrices, which faer makes, against plain sums.
    #[test]
    fn products_are_those_of_plain_sums() {
        for d in [3, 15, 16, 37] {
            let entry =
                |seed: usize, e: usize| ((e * 7919 + seed * 104_729) % 1000) as f64 / 500.0 - 1.0;
            let axes: Vec<f64> = (0..d * d).map(|e| entry(1, e)).collect();
            let half: Vec<f64> = (0..d * d).map(|e| entry(2, e)).collect();
            let symmetric: Vec<f64> = (0..d * d)
                .map(|e| half[e] + half[e % d * d + e / d])
                .collect();
            let plain: Vec<f64> = (0..d * d)
                .map(|e| {
                    let terms = (0..d * d)
                        .map(|n| axes[n / d * d + e / d] * symmetric[n] * axes[n % d * d + e % d]);
                    terms.sum()
                })
                .collect();
            // d² terms of up to 2, each rounded once or twice.
            let tolerance = 1e-15 * (d * d) as f64;
            close(&rotated(&symmetric, &axes, d), &plain, tolerance);
            close(
                &rotated_diagonal(&symmetric, &axes, d),
                &diagonal(&plain, d),
                tolerance,
            );
            let values: Vec<f64> = (0..d).map(|j| entry(3, j)).collect();
            let plain: Vec<f64> = (0..d * d)
                .map(|e| {
                    let terms =
                        (0..d).map(|l| axes[e / d * d + l] * values[l] * axes[e % d * d + l]);
                    terms.sum()
                })
                .collect();
            let product = from_eigen(&axes, &values, d);
            close(&product, &plain, tolerance);
            assert!((0..d * d).all(|e| product[e] == product[e % d * d + e / d]));
            let mut lower = axes.clone();
            for i in 0..d {
                lower[i * d + i] = d as f64;
                lower[i * d + i + 1..(i + 1) * d].fill(0.0);
            }
            let mut columns = half.clone();
            solve_lower_for_all(&lower, d, &mut columns);
            for (solved, column) in columns.chunks_exact(d).zip(half.chunks_exact(d)) {
                let back: Vec<f64> = lower
                    .chunks_exact(d)
                    .map(|row| inner(row, solved))
                    .collect();
                close(&back, column, tolerance);
            }
        }
    }

    #[test]
    fn cholesky_names_the_pivot_and_refuses_nan() {
        assert_eq!(cholesky(&[1.0, 0.0, 2.0, 4.0 - 1e-3], 2), Err(1));
        assert_eq!(cholesky(&[0.0], 1), Err(0));
        assert!(cholesky(&[f64::NAN], 1).is_err());
        assert!(cholesky(&[1.0, 0.0, f64::NAN, 1.0], 2).is_err());
        assert!(cholesky(&[f64::INFINITY], 1).is_err());
    }

    #[test]
    fn eigen_multiplies_back_at_any_scale() {
        for scale in [1.0, 1e-24, 1e300] {
            let scaled: Vec<f64> = A.iter().map(|a| a * scale).collect();
            let eigen = eigen(&scaled, 3).unwrap();
            assert!(eigen.values[0] >= eigen.values[1] && eigen.values[1] >= eigen.values[2]);
            let back = from_eigen(&eigen.vectors, &eigen.values, 3);
            close(&back, &scaled, 1e-13 * scale);
        }
        assert!(eigen(&[f64::NAN], 1).is_none());
    }
}
