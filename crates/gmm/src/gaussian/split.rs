//! A Gaussian split into some columns and the others given these.

use super::{Covariance, Factor, Gaussian, HALF_LN_TWO_PI};
use crate::linalg;
use std::sync::Arc;

/// The columns y given the columns x: y = μ_y + G (x − μ_x) + noise, G = Σ_yx Σ_xx⁻¹.
#[derive(Clone, Debug)]
pub(crate) struct Regression {
    /// μ_y.
    pub(crate) mean: Vec<f64>,
    /// G, a row for each of y; nothing where x says nothing about y.
    pub(crate) gain: Vec<f64>,
    /// A lower factor of the covariance of the noise.
    pub(crate) factor: Vec<f64>,
    /// The covariance of the noise, Σ_yy − Σ_yx Σ_xx⁻¹ Σ_xy, whatever x is.
    pub(crate) covariance: Vec<f64>,
}

impl Regression {
    /// E\[y | x\], from x − μ_x.
    pub(crate) fn mean_at(&self, centred: &[f64]) -> Vec<f64> {
        if self.gain.is_empty() {
            return self.mean.clone();
        }
        let rows = self.gain.chunks_exact(centred.len()).zip(&self.mean);
        rows.map(|(gains, mean)| mean + linalg::inner(gains, centred))
            .collect()
    }
}

impl Gaussian {
    /// The distribution of the columns `given`, at least one, and the regression of `others` on them;
    /// together all columns.
    ///
    /// Both come from the Cholesky factor in the order (given, others), which is the old one with its
    /// columns rotated: no block is factorised again, so none can turn out singular by rounding.
    pub(crate) fn split(&self, given: &[usize], others: &[usize]) -> (Gaussian, Regression) {
        let (d, x, y) = (self.dimension(), given.len(), others.len());
        let mean = |columns: &[usize]| columns.iter().map(|&j| self.mean[j]).collect();
        let regression = |gain, factor: Vec<f64>, covariance| Regression {
            mean: mean(others),
            gain,
            factor,
            covariance,
        };
        match &*self.factor {
            Factor::Diagonal(inverses) => {
                let variances = |j: &usize| self.covariance.at(*j, *j, d);
                let kept = Covariance::Diagonal(given.iter().map(variances).collect());
                let factor = Factor::Diagonal(given.iter().map(|&j| inverses[j]).collect());
                let noise: Vec<f64> = others.iter().map(variances).collect();
                let deviations: Vec<f64> = noise.iter().map(|v| v.sqrt()).collect();
                let rest = regression(Vec::new(), diagonal(&deviations), diagonal(&noise));
                (self.part(mean(given), kept, factor), rest)
            }
            Factor::Lower { lower, .. } => {
                let order: Vec<usize> = given.iter().chain(others).copied().collect();
                let lower = linalg::reordered(lower, &order);
                // Rows and columns from `start`, as a matrix of their own.
                let block = |start: usize, end: usize| -> Vec<f64> {
                    let rows = (start..end).map(|i| &lower[i * d + start..i * d + end]);
                    rows.flatten().copied().collect()
                };
                let mut gain = Vec::with_capacity(x * y);
                for i in x..d {
                    let start = gain.len();
                    gain.extend_from_slice(&lower[i * d..i * d + x]);
                    linalg::solve_lower_from_left(&lower, d, &mut gain[start..]);
                }
                let factor = block(x, d);
                let covariance = linalg::from_eigen(&factor, &vec![1.0; y], y);
                let entries = given
                    .iter()
                    .flat_map(|&i| given.iter().map(move |&j| (i, j)));
                let kept = entries.map(|(i, j)| self.covariance.at(i, j, d)).collect();
                let kept = Covariance::Full(kept).canonical(x);
                let of_kept = match &kept {
                    Covariance::Diagonal(_) => {
                        Factor::Diagonal((0..x).map(|i| 1.0 / lower[i * d + i]).collect())
                    }
                    Covariance::Full(_) => Factor::from_lower(block(0, x), x),
                };
                let rest = regression(gain, factor, covariance);
                (self.part(mean(given), kept, of_kept), rest)
            }
        }
    }
    /// The regression of `others` on the columns `given`; their own distribution where none is given.
    pub(crate) fn regression(&self, given: &[usize], others: &[usize]) -> Regression {
        if !given.is_empty() {
            return self.split(given, others).1;
        }
        let (gaussian, _) = self.split(others, given);
        let (d, factor) = (others.len(), gaussian.factor());
        Regression {
            gain: Vec::new(),
            factor: (0..d * d).map(|n| factor.at(n / d, n % d)).collect(),
            covariance: gaussian.covariance(),
            mean: gaussian.mean,
        }
    }
    fn part(&self, mean: Vec<f64>, covariance: Covariance, factor: Factor) -> Gaussian {
        let log_constant = -(mean.len() as f64) * HALF_LN_TWO_PI - factor.half_log_determinant();
        Gaussian {
            mean,
            covariance: Arc::new(covariance),
            structure: self.structure,
            factor: Arc::new(factor),
            log_constant,
        }
    }
}

/// The matrix with this diagonal.
fn diagonal(values: &[f64]) -> Vec<f64> {
    let d = values.len();
    let mut matrix = vec![0.0; d * d];
    for (j, &value) in values.iter().enumerate() {
        matrix[j * d + j] = value;
    }
    matrix
}
