//! M-steps whose gain is less than the rounding of a covariance.
//!
//! A covariance of condition c is kept to ε in its entries, and so to about εc in its determinant and in its
//! smallest eigenvalue. Where components share a volume or a shape, the likelihood is stationary in what all
//! of them do together, not in one covariance alone: this rounding then enters it to first order, with N_k.
//! Near the end of a fit that can be more than the gain of the step.

use crate::gaussian::{Gaussian, HALF_LN_TWO_PI};
use crate::linalg::{cholesky, eigen};
use crate::scatter::Scatter;
use distributions::Statistics;

/// The `next` components, or these with the covariances of the `current` ones where the step would be a fall,
/// of more than the sum's own rounding and no more than that of covariances: current ones that score higher
/// by more lie outside the structure.
pub(super) fn not_below(
    current: &[Gaussian],
    next: Vec<Gaussian>,
    parts: &[Scatter],
) -> Vec<Gaussian> {
    let Some(roots) = (parts.iter()).map(root).collect::<Option<Vec<_>>>() else {
        return next;
    };
    let (mut lost, mut magnitude, mut rounding) = (0.0, 0.0, 0.0);
    for (k, root) in roots.iter().enumerate() {
        let count = parts[k].weight();
        let misfit_now = misfit(&next[k], count, root);
        lost += misfit_now - misfit(&current[k], count, root);
        let d = next[k].dimension() as f64;
        magnitude += (misfit_now + 2.0 * HALF_LN_TWO_PI * count * d).abs();
        rounding += 64.0 * f64::EPSILON * d * count * condition(&next[k]);
    }
    // A quarter of the fall that counts as the rounding of a log-likelihood.
    if !(lost > 16.0 * f64::EPSILON * magnitude && lost <= rounding) {
        return next;
    }
    (current.iter().zip(next))
        .map(|(current, next)| current.clone().at_mean(next.mean().to_vec()))
        .collect()
}

/// V with W = V Vᵀ, its columns one after the other; of a singular W too.
fn root(part: &Scatter) -> Option<Vec<f64>> {
    let (d, matrix) = (part.dimension(), part.matrix());
    let rows = cholesky(&matrix, d).ok().or_else(|| {
        let parts = eigen(&matrix, d)?;
        let entry = |e: usize| parts.vectors[e] * parts.values[e % d].max(0.0).sqrt();
        Some((0..d * d).map(entry).collect())
    })?;
    Some((0..d * d).map(|e| rows[e % d * d + e / d]).collect())
}

/// N ln det Σ + tr Σ⁻¹W with the factor that scores. The trace is a sum of squares of solutions, which are
/// right to εL_ij/L_ii; a product with Σ⁻¹ would be to the square of that.
fn misfit(gaussian: &Gaussian, count: f64, root: &[f64]) -> f64 {
    let mut columns = root.to_vec();
    gaussian.factor().solve_all(&mut columns);
    columns.iter().map(|z| z * z).sum::<f64>() + count * gaussian.log_determinant()
}

/// The largest Σ_jj (Σ⁻¹)_jj: how far the rounding of an entry is blown up in the determinant.
fn condition(gaussian: &Gaussian) -> f64 {
    let d = gaussian.dimension();
    let mut columns = vec![0.0; d * d];
    (0..d).for_each(|j| columns[j * d + j] = gaussian.variance(j).sqrt());
    gaussian.factor().solve_all(&mut columns);
    let squares = columns
        .chunks_exact(d)
        .map(|column| column.iter().map(|z| z * z).sum());
    squares.fold(1.0, f64::max)
}
