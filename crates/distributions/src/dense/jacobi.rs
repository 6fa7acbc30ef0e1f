//! Eigenvalues of a symmetric matrix by cyclic Jacobi rotations.

use super::{DenseError, check_finite};

/// A = Σ λ_j v_j v_jᵀ.
#[derive(Clone, Debug)]
pub struct SymmetricEigen {
    /// In rising order.
    pub values: Vec<f64>,
    /// Row j is the unit eigenvector of `values[j]` (row-major).
    pub vectors: Vec<f64>,
}

/// Eigenvalues and eigenvectors of a symmetric matrix, of which the lower triangle is read.
///
/// Cyclic Jacobi with Rutishauser's stable rotations (Golub and Van Loan, section 8.5): the error of an
/// eigenvalue is a few ε times the largest, and of a positive definite matrix with a graded diagonal
/// the small ones keep more. The sweeps stop when no entry off the diagonal changes it.
///
/// # Errors
/// [`DenseError::NotFinite`]; [`DenseError::NoConvergence`] after 60 sweeps, which finite matrices do
/// not reach.
///
/// # Panics
/// When `matrix.len() != size²`.
pub fn symmetric_eigen(matrix: &[f64], size: usize) -> Result<SymmetricEigen, DenseError> {
    assert_eq!(matrix.len(), size * size, "the matrix must be square");
    let mut a = matrix.to_vec();
    for row in 0..size {
        for column in 0..row {
            a[column * size + row] = a[row * size + column];
        }
    }
    check_finite(&a)?;
    // A power of two changes no digit and keeps the products below within range.
    let largest = a.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let exponent = if largest > 0.0 {
        (largest.log2() as i32).clamp(-1000, 1000)
    } else {
        0
    };
    let scale = 2f64.powi(exponent);
    a.iter_mut().for_each(|v| *v /= scale);
    let mut vectors = vec![0.0; size * size];
    for i in 0..size {
        vectors[i * size + i] = 1.0;
    }
    for _ in 0..60 {
        if !sweep(&mut a, &mut vectors, size) {
            return Ok(sorted(&a, &vectors, size, scale));
        }
    }
    Err(DenseError::NoConvergence)
}

/// One pass over all pairs; whether any rotation was made.
fn sweep(a: &mut [f64], vectors: &mut [f64], size: usize) -> bool {
    let mut rotated = false;
    for p in 0..size {
        for q in p + 1..size {
            let off = a[p * size + q];
            let (app, aqq) = (a[p * size + p], a[q * size + q]);
            // Below this the entry is lost against both diagonal entries, or against the whole.
            let negligible = f64::EPSILON * 0.125 * (app.abs() * aqq.abs()).sqrt();
            if off.abs() <= negligible.max(1e-40) {
                a[p * size + q] = 0.0;
                a[q * size + p] = 0.0;
                continue;
            }
            rotated = true;
            let theta = (aqq - app) / (2.0 * off);
            let t = 1.0f64.copysign(theta) / (theta.abs() + theta.hypot(1.0));
            let cosine = 1.0 / t.hypot(1.0);
            let sine = t * cosine;
            a[p * size + p] = app - t * off;
            a[q * size + q] = aqq + t * off;
            a[p * size + q] = 0.0;
            a[q * size + p] = 0.0;
            rotate_off_diagonal(a, size, (p, q), (cosine, sine));
            rotate_rows(vectors, size, (p, q), (cosine, sine));
        }
    }
    rotated
}

fn rotate_off_diagonal(a: &mut [f64], size: usize, (p, q): (usize, usize), (c, s): (f64, f64)) {
    for k in 0..size {
        if k == p || k == q {
            continue;
        }
        let (kp, kq) = (a[p * size + k], a[q * size + k]);
        let (new_p, new_q) = (c * kp - s * kq, s * kp + c * kq);
        a[p * size + k] = new_p;
        a[k * size + p] = new_p;
        a[q * size + k] = new_q;
        a[k * size + q] = new_q;
    }
}

fn rotate_rows(vectors: &mut [f64], size: usize, (p, q): (usize, usize), (c, s): (f64, f64)) {
    let (head, tail) = vectors.split_at_mut(q * size);
    for (x, y) in head[p * size..(p + 1) * size]
        .iter_mut()
        .zip(&mut tail[..size])
    {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

fn sorted(a: &[f64], vectors: &[f64], size: usize, scale: f64) -> SymmetricEigen {
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&i, &j| a[i * size + i].total_cmp(&a[j * size + j]));
    SymmetricEigen {
        values: order.iter().map(|&i| a[i * size + i] * scale).collect(),
        vectors: order
            .iter()
            .flat_map(|&i| &vectors[i * size..(i + 1) * size])
            .copied()
            .collect(),
    }
}
