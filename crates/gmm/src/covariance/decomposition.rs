//! Eigenvalues and determinants of the scatters.

use super::Scatters;
use super::bounded::variances_along;
use crate::gaussian::{Covariance, Factor};
use crate::linalg::{Eigen, eigen, from_eigen};
use distributions::{EstimateError, Reason};

/// W_k = L_k Ω_k L_kᵀ for every k, eigenvalues falling and not below 0.
pub(super) fn of_scatters(from: &Scatters<'_>) -> Result<Vec<Eigen>, EstimateError> {
    (0..from.components())
        .map(|k| {
            let mut part = decompose(&from.matrix(k), from.dimension())
                .map_err(|error| error.in_component(k).with_count(from.count(k)))?;
            part.values
                .iter_mut()
                .for_each(|value| *value = value.max(0.0));
            Ok(part)
        })
        .collect()
}

/// The same with s_kj = Ω_kj / N_k.
pub(super) fn with_variances(
    from: &Scatters<'_>,
) -> Result<(Vec<Eigen>, Vec<Vec<f64>>), EstimateError> {
    let parts = of_scatters(from)?;
    let values = parts.iter().map(|part| part.values.clone());
    let variances = variances_along(from, values.collect());
    Ok((parts, variances))
}

/// The covariances with these axes and other variances along them.
pub(super) fn covariances(
    parts: &[Eigen],
    variances: impl IntoIterator<Item = Vec<f64>>,
) -> Vec<Covariance> {
    let covariance = |(part, values): (&Eigen, Vec<f64>)| {
        Covariance::Full(from_eigen(&part.vectors, &values, values.len()))
    };
    parts.iter().zip(variances).map(covariance).collect()
}

/// The eigendecomposition of a symmetric matrix, or why there is none.
pub(super) fn decompose(matrix: &[f64], dimension: usize) -> Result<Eigen, EstimateError> {
    eigen(matrix, dimension).ok_or_else(|| {
        EstimateError::new(Reason::Singular {
            because: "it is not finite, so that it has no eigenvalues",
        })
    })
}

/// That no component has any extent along its axis `axis`; the column named is the one nearest to
/// that axis of the first component.
pub(super) fn flat(parts: &[Eigen], axis: usize) -> EstimateError {
    let d = parts[0].values.len();
    let along = |column: usize| parts[0].vectors[column * d + axis].abs();
    let column = (0..d).fold(0, |best, j| if along(j) > along(best) { j } else { best });
    EstimateError::new(Reason::Singular {
        because: "no component has any extent along the axis nearest to this column",
    })
    .in_column(column)
}

/// |W_k|^(1/d), of a scatter that is further from singular than its rounding.
pub(super) fn determinant_root(from: &Scatters<'_>, k: usize) -> Result<f64, EstimateError> {
    from.require_spread(k)?;
    let (d, matrix) = (from.dimension(), Covariance::Full(from.matrix(k)));
    let factor = Factor::of(&matrix, d, 16.0 * f64::EPSILON * d as f64).map_err(|pivot| {
        EstimateError::new(Reason::Singular {
            because: "the column is a linear combination of the columns before it",
        })
        .in_column(pivot.column)
        .in_component(k)
        .with_count(from.count(k))
    })?;
    Ok((2.0 * factor.half_log_determinant() / d as f64).exp())
}
