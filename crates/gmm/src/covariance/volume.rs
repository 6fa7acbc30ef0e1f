//! Volumes of components that share a shape: VEI, VEE, VEV.
//!
//! The objective, to be minimised over C of determinant 1 and λ, is
//! Σ_k (d N_k ln λ_k + tr(W_k C⁻¹)/λ_k). Given λ the best C is Σ_k W_k/λ_k scaled to determinant 1, given
//! C the best λ_k is tr(W_k C⁻¹)/(d N_k): each half step lowers the objective. With λ eliminated it is
//! Σ_k N_k ln tr(W_k C⁻¹), convex along the geodesics of the positive definite matrices (for a diagonal C,
//! convex in ln C; the iteration is then Sinkhorn's scaling of the matrix of the diagonals): the limit
//! is the global minimum, whatever the start.

use super::{Scatters, check_common_variance, scaled, sum_of};
use crate::gaussian::Covariance;
use crate::gaussian::Factor;
use crate::linalg::{inner, inverse_from_cholesky};
use distributions::{EstimateError, Reason};

/// Half steps, in pairs, before the iteration is left where it is: it has descended all the way.
const STEPS: usize = 10_000;
/// The relative change of every volume at which the iteration rests.
const REST: f64 = 1e-14;

/// (v₁ v₂ … v_d)^(1/d) without over- or underflow.
pub(super) fn geometric_mean(values: &[f64]) -> f64 {
    let logs: f64 = values.iter().map(|v| v.ln()).sum();
    (logs / values.len() as f64).exp()
}

/// The common shape (product 1) and the volumes that fit the diagonals `spreads`.
///
/// # Errors
/// `vanished` of the entry, when one is 0 in all components.
pub(super) fn common_diagonal_shape(
    from: &Scatters<'_>,
    spreads: &[Vec<f64>],
    vanished: impl Fn(usize) -> EstimateError,
) -> Result<(Vec<f64>, Vec<f64>), EstimateError> {
    require_volumes(from)?;
    let vanished = |entry| vanished(entry).in_component(0).with_count(from.total());
    let d = from.dimension() as f64;
    let mut shape = unit_product(sum_of(spreads.iter().cloned())).map_err(vanished)?;
    let mut volumes = vec![0.0; spreads.len()];
    for _ in 0..STEPS {
        let mut change = 0.0f64;
        for (k, volume) in volumes.iter_mut().enumerate() {
            let ratios = spreads[k].iter().zip(&shape).map(|(w, a)| w / a);
            let next = ratios.sum::<f64>() / (d * from.count(k));
            change = change.max((next / *volume - 1.0).abs());
            *volume = next;
        }
        let parts = spreads.iter().zip(&volumes);
        let next = sum_of(parts.map(|(spread, volume)| scaled(spread.clone(), 1.0 / volume)));
        shape = unit_product(next).map_err(vanished)?;
        if change <= REST {
            break;
        }
    }
    Ok((shape, volumes))
}

/// The common shape (determinant 1) and the volumes that fit the scatters.
pub(super) fn common_matrix_shape(
    from: &Scatters<'_>,
) -> Result<(Vec<f64>, Vec<f64>), EstimateError> {
    require_volumes(from)?;
    let (d, components) = (from.dimension(), from.components());
    let scatters: Vec<Vec<f64>> = (0..components).map(|k| from.matrix(k)).collect();
    let (mut shape, mut inverse) = unit_determinant(from, sum_of(scatters.iter().cloned()))?;
    let mut volumes = vec![0.0; components];
    for _ in 0..STEPS {
        let mut change = 0.0f64;
        for (k, volume) in volumes.iter_mut().enumerate() {
            let next = inner(&scatters[k], &inverse) / (d as f64 * from.count(k));
            change = change.max((next / *volume - 1.0).abs());
            *volume = next;
        }
        let parts = scatters.iter().zip(&volumes);
        let next = sum_of(parts.map(|(matrix, volume)| scaled(matrix.clone(), 1.0 / volume)));
        (shape, inverse) = unit_determinant(from, next)?;
        if change <= REST {
            break;
        }
    }
    Ok((shape, volumes))
}

/// Checks that no component has collapsed on a point.
fn require_volumes(from: &Scatters<'_>) -> Result<(), EstimateError> {
    for k in 0..from.components() {
        let count = from.count(k);
        let variance = from.trace(k) / count / from.dimension() as f64;
        check_common_variance(variance, from.parts[k].mean())
            .map_err(|error| error.in_component(k).with_count(count))?;
    }
    Ok(())
}

/// The values scaled to product 1, or the first that is not positive.
fn unit_product(values: Vec<f64>) -> Result<Vec<f64>, usize> {
    match values.iter().position(|v| !(*v > 0.0 && v.is_finite())) {
        Some(entry) => Err(entry),
        None => {
            let mean = geometric_mean(&values);
            Ok(scaled(values, 1.0 / mean))
        }
    }
}

/// The matrix scaled to determinant 1, and its inverse.
fn unit_determinant(
    from: &Scatters<'_>,
    matrix: Vec<f64>,
) -> Result<(Vec<f64>, Vec<f64>), EstimateError> {
    let d = from.dimension();
    let singular = |column| {
        EstimateError::new(Reason::Singular {
            because: "the column is a linear combination of the columns before it",
        })
        .in_column(column)
        .in_component(0)
        .with_count(from.total())
    };
    let whole = Covariance::Full(matrix);
    let tolerance = 16.0 * f64::EPSILON * d as f64;
    let factor = Factor::of(&whole, d, tolerance).map_err(|pivot| singular(pivot.column))?;
    let root = (2.0 * factor.half_log_determinant() / d as f64).exp();
    let (Covariance::Full(matrix), Factor::Lower { lower, .. }) = (whole, factor) else {
        unreachable!("a full matrix has a triangular factor");
    };
    let inverse = scaled(inverse_from_cholesky(&lower, d), root);
    Ok((scaled(matrix, 1.0 / root), inverse))
}
