//! What densities are computed from: the Cholesky factor, or the deviations of a diagonal.

use super::{Covariance, Pivot};
use crate::linalg;

/// A factor L of Σ = L Lᵀ in the form that solves fastest.
#[derive(Clone, Debug)]
pub(crate) enum Factor {
    /// 1/√Σ_jj.
    Diagonal(Vec<f64>),
    /// Row-major lower triangle, d × d, with the reciprocals 1/L_jj apart, and in the order in which
    /// the kernels read it.
    Lower {
        lower: Vec<f64>,
        inverse_diagonal: Vec<f64>,
        packed: Vec<f64>,
    },
}

impl Factor {
    /// The factor of a covariance.
    pub(crate) fn of(
        covariance: &Covariance,
        dimension: usize,
        tolerance: f64,
    ) -> Result<Self, Pivot> {
        match covariance {
            Covariance::Diagonal(variances) => {
                for (column, &value) in variances.iter().enumerate() {
                    if !(value > 0.0 && value.is_finite()) {
                        return Err(Pivot { column, value });
                    }
                }
                let inverses = variances.iter().map(|v| 1.0 / v.sqrt()).collect();
                Ok(Factor::Diagonal(inverses))
            }
            Covariance::Full(matrix) => {
                let lower = linalg::cholesky(matrix, dimension)
                    .map_err(|column| Pivot { column, value: 0.0 })?;
                let diagonal = linalg::diagonal(&lower, dimension);
                for (column, &pivot) in diagonal.iter().enumerate() {
                    let value = pivot * pivot;
                    if !(value > tolerance * matrix[column * dimension + column]) {
                        return Err(Pivot { column, value });
                    }
                }
                Ok(Factor::from_lower(lower, dimension))
            }
        }
    }
    /// The factor from L.
    pub(crate) fn from_lower(lower: Vec<f64>, dimension: usize) -> Self {
        let diagonal = linalg::diagonal(&lower, dimension);
        Factor::Lower {
            packed: crate::kernel::pack_factor(&lower, dimension),
            inverse_diagonal: diagonal.iter().map(|l| 1.0 / l).collect(),
            lower,
        }
    }
    /// ½ ln det Σ.
    pub(crate) fn half_log_determinant(&self) -> f64 {
        let inverses = match self {
            Factor::Diagonal(inverses) => inverses,
            Factor::Lower {
                inverse_diagonal, ..
            } => inverse_diagonal,
        };
        -inverses.iter().map(|v| v.ln()).sum::<f64>()
    }
    /// Replaces `centred` by z with L z = `centred`.
    pub(crate) fn solve(&self, centred: &mut [f64]) {
        match self {
            Factor::Diagonal(inverses) => {
                for (z, inverse) in centred.iter_mut().zip(inverses) {
                    *z *= inverse;
                }
            }
            Factor::Lower { lower, .. } => linalg::solve_lower(lower, centred),
        }
    }
    /// [`solve`](Self::solve) for every d numbers of `columns`.
    pub(crate) fn solve_all(&self, columns: &mut [f64]) {
        match self {
            Factor::Diagonal(inverses) => {
                let columns = columns.chunks_exact_mut(inverses.len());
                columns.for_each(|column| self.solve(column));
            }
            Factor::Lower {
                lower,
                inverse_diagonal,
                ..
            } => linalg::solve_lower_for_all(lower, inverse_diagonal.len(), columns),
        }
    }
    /// L_ij.
    pub(crate) fn at(&self, i: usize, j: usize) -> f64 {
        match self {
            Factor::Diagonal(inverses) if i == j => 1.0 / inverses[i],
            Factor::Diagonal(_) => 0.0,
            Factor::Lower {
                lower,
                inverse_diagonal,
                ..
            } => lower[i * inverse_diagonal.len() + j],
        }
    }
}
