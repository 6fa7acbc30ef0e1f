//! Common axes with bounds of the eigenvalues: EVE, VVE.
//!
//! Given the axes the eigenvalues λ_kj have their maximiser. Given these, D minimises Σ_kj N_k s_kj/λ_kj with
//! s_kj = (DᵀW_kD)_jj / N_k by plane rotations: in the plane (p, q) that is, but for a constant,
//! A cos 2θ + B sin 2θ, least where 2θ = atan2(−B, −A). No half step lowers the objective. It may have several
//! maxima, as it has without bounds.

use super::variances_along;
use crate::covariance::orientation::{axes_to_start, turn_axes, turn_matrix};
use crate::covariance::{Scatters, scaled};
use crate::linalg::{diagonal, rotated, rotated_diagonal};
use distributions::EstimateError;

/// Sweeps over all pairs of axes, before the iteration is left where it is: it has descended all the way.
const SWEEPS: usize = 2000;
/// Sweeps from each start before only the best goes on.
const ROUGH: usize = 20;

/// Axes, row-major with axis j in column j, and eigenvalues λ_kj along them.
pub(in crate::covariance) struct CommonAxes {
    pub axes: Vec<f64>,
    pub values: Vec<Vec<f64>>,
}

/// The best found from the axes of the current covariances, so that EM cannot go back, from those of the pooled
/// scatter, and from the columns; `eigenvalues` gives those that are best for variances along axes.
pub(in crate::covariance) fn common_axes(
    from: &Scatters<'_>,
    eigenvalues: impl Fn(&[Vec<f64>]) -> Vec<Vec<f64>>,
) -> Result<CommonAxes, EstimateError> {
    let mut best: Option<Turned> = None;
    for start in axes_to_start(from)? {
        let mut turned = Turned::new(from, start, &eigenvalues);
        turned.descend(ROUGH, &eigenvalues);
        if best.as_ref().is_none_or(|best| turned.loss < best.loss) {
            best = Some(turned);
        }
    }
    let Some(mut best) = best else {
        unreachable!("there are axes to start from");
    };
    best.descend(SWEEPS, &eigenvalues);
    let diagonals = (0..from.components())
        .map(|k| rotated_diagonal(&from.matrix(k), &best.axes, from.dimension()));
    let variances = variances_along(from, diagonals.collect());
    Ok(CommonAxes {
        values: eigenvalues(&variances),
        axes: best.axes,
    })
}

struct Turned {
    d: usize,
    axes: Vec<f64>,
    /// DᵀW_kD / N_k.
    matrices: Vec<Vec<f64>>,
    counts: Vec<f64>,
    values: Vec<Vec<f64>>,
    /// Σ_kj N_k (ln λ_kj + s_kj/λ_kj).
    loss: f64,
}

impl Turned {
    fn new(
        from: &Scatters<'_>,
        axes: Vec<f64>,
        eigenvalues: impl Fn(&[Vec<f64>]) -> Vec<Vec<f64>>,
    ) -> Self {
        let d = from.dimension();
        let matrix = |k| rotated(&scaled(from.matrix(k), 1.0 / from.count(k)), &axes, d);
        let mut turned = Turned {
            d,
            matrices: (0..from.components()).map(matrix).collect(),
            axes,
            counts: from.counts(),
            values: Vec::new(),
            loss: f64::INFINITY,
        };
        turned.choose(eigenvalues);
        turned
    }
    fn choose(&mut self, eigenvalues: impl Fn(&[Vec<f64>]) -> Vec<Vec<f64>>) {
        let along = |matrix: &Vec<f64>| -> Vec<f64> {
            let diagonal = diagonal(matrix, self.d);
            diagonal.iter().map(|s| s.max(0.0)).collect()
        };
        let variances: Vec<Vec<f64>> = self.matrices.iter().map(along).collect();
        self.values = eigenvalues(&variances);
        let parts = variances.iter().zip(&self.values).zip(&self.counts);
        let term = |((variances, values), count): ((&Vec<f64>, &Vec<f64>), &f64)| -> f64 {
            let pairs = variances.iter().zip(values);
            count * pairs.map(|(s, value)| value.ln() + s / value).sum::<f64>()
        };
        self.loss = parts.map(term).sum();
    }
    /// Axes and eigenvalues in turn, until nothing is gained.
    fn descend(&mut self, sweeps: usize, eigenvalues: impl Fn(&[Vec<f64>]) -> Vec<Vec<f64>>) {
        let size = self.counts.iter().sum::<f64>() * self.d as f64;
        let mut quiet = 0;
        for _ in 0..sweeps {
            let before = self.loss;
            for p in 0..self.d {
                for q in p + 1..self.d {
                    self.turn(p, q);
                }
            }
            self.choose(&eigenvalues);
            // Gains below the rounding of the loss have no end.
            let gained = before - self.loss > f64::EPSILON * size.max(self.loss.abs());
            quiet = if gained { 0 } else { quiet + 1 };
            if quiet == 2 {
                break;
            }
        }
    }
    fn turn(&mut self, p: usize, q: usize) {
        let d = self.d;
        let (mut along, mut across) = (0.0, 0.0);
        for ((matrix, values), count) in self.matrices.iter().zip(&self.values).zip(&self.counts) {
            let precision = count * (1.0 / values[p] - 1.0 / values[q]);
            along += precision * 0.5 * (matrix[p * d + p] - matrix[q * d + q]);
            across += precision * matrix[p * d + q];
        }
        let angle = 0.5 * (-across).atan2(-along);
        // Equal eigenvalues, or already the best.
        if along.hypot(across) == 0.0 || angle == 0.0 {
            return;
        }
        turn_axes(&mut self.axes, d, p, q, angle);
        for matrix in &mut self.matrices {
            turn_matrix(matrix, d, p, q, angle);
        }
    }
}
