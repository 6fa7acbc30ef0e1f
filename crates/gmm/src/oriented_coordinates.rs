//! Coordinates of covariances whose orientations stand beside a shared volume or shape: EVE, VVE, EEV, VEV.

use crate::covariance::CovarianceStructure;
use crate::gaussian::{Covariance, Gaussian};
use crate::linalg::{diagonal, eigen, from_eigen, rotated_diagonal};
use crate::rotation::{pack_rotation, unpack_rotation};
use distributions::{EstimateError, next_coordinate};

/// Whether the axes are common to all components (EVE, VVE), rather than each its own (EEV, VEV).
fn has_common_axes(structure: CovarianceStructure) -> bool {
    structure.letters().ends_with('E')
}

/// Half the logarithms of the variances along the axes.
fn half_logs(variances: &[f64]) -> Vec<f64> {
    variances.iter().map(|v| 0.5 * v.ln()).collect()
}

/// Appends: for common axes, these, then the half log variances along them of each component, under EVE all
/// but the last of those after the first component's; for own axes, the half log variances of the first
/// component, under VEV half the log ratios of the others' volumes to its own, then the axes of each.
pub(crate) fn pack_oriented(
    structure: CovarianceStructure,
    components: &[Gaussian],
    into: &mut Vec<f64>,
) {
    let packed = if has_common_axes(structure) {
        pack_common_axes(structure, components, into)
    } else {
        pack_own_axes(structure, components, into)
    };
    if packed.is_none() {
        // Never seen: matrices without eigenvectors. An accelerated fit goes on as plain EM.
        into.push(f64::NAN);
    }
}

fn pack_common_axes(
    structure: CovarianceStructure,
    components: &[Gaussian],
    into: &mut Vec<f64>,
) -> Option<()> {
    let d = components[0].dimension();
    // A sum with different weights: the components' own differences do not cancel in it.
    let mut sum = vec![0.0; d * d];
    for (k, gaussian) in components.iter().enumerate() {
        let covariance = gaussian.covariance();
        let trace: f64 = diagonal(&covariance, d).iter().sum();
        let weight = (1 + k) as f64 / trace;
        sum.iter_mut()
            .zip(&covariance)
            .for_each(|(s, v)| *s += weight * v);
    }
    let found = eigen(&sum, d)?;
    let axes = told_apart(found.vectors, &found.values, components);
    pack_rotation(&axes, d, into);
    for (k, gaussian) in components.iter().enumerate() {
        let along = rotated_diagonal(&gaussian.covariance(), &axes, d);
        let count = match structure {
            CovarianceStructure::EVE if k > 0 => d - 1,
            _ => d,
        };
        into.extend(&half_logs(&along)[..count]);
    }
    Some(())
}

/// Variances of a sum that differ by less, relatively, leave two of its axes known to this many times fewer digits.
const CLOSE: f64 = 0.1;

/// The axes of the sum, of which two whose variances in it are close are taken from the component that tells them apart best.
fn told_apart(mut axes: Vec<f64>, values: &[f64], components: &[Gaussian]) -> Vec<f64> {
    let d = values.len();
    let apart = |a: f64, b: f64| (a - b).abs() / (a + b);
    for p in 0..d {
        for q in p + 1..d {
            if apart(values[p], values[q]) >= CLOSE {
                continue;
            }
            let forms = components
                .iter()
                .map(|g| plane(&g.covariance(), &axes, [p, q]));
            let by = |[a, _, b]: &[f64; 3]| apart(*a, *b);
            let Some([a, product, b]) = forms.max_by(|x, y| by(x).total_cmp(&by(y))) else {
                continue;
            };
            // The smaller of the two rotations, so that axes keep their places.
            let turn = 0.5 * (2.0 * product / (a - b)).atan();
            if !turn.is_finite() {
                continue;
            }
            let (sin, cos) = turn.sin_cos();
            for row in axes.chunks_exact_mut(d) {
                let (x, y) = (row[p], row[q]);
                (row[p], row[q]) = (cos * x + sin * y, cos * y - sin * x);
            }
        }
    }
    axes
}

/// uᵀΣu, uᵀΣv and vᵀΣv of two axes.
fn plane(covariance: &[f64], axes: &[f64], [p, q]: [usize; 2]) -> [f64; 3] {
    let d = axes.len().isqrt();
    let axis = |j: usize| axes[j..].iter().step_by(d);
    let mut entries = [0.0; 3];
    for (row, (u, v)) in covariance.chunks_exact(d).zip(axis(p).zip(axis(q))) {
        let along = |j: usize| row.iter().zip(axis(j)).map(|(a, b)| a * b).sum::<f64>();
        let (first, second) = (along(p), along(q));
        entries[0] += u * first;
        entries[1] += u * second;
        entries[2] += v * second;
    }
    entries
}

fn pack_own_axes(
    structure: CovarianceStructure,
    components: &[Gaussian],
    into: &mut Vec<f64>,
) -> Option<()> {
    let d = components[0].dimension();
    let parts: Option<Vec<_>> = (components.iter())
        .map(|gaussian| eigen(&gaussian.covariance(), d))
        .collect();
    let parts = parts?;
    into.extend(half_logs(&parts[0].values));
    if structure == CovarianceStructure::VEV {
        let first = components[0].log_determinant();
        let ratios = components[1..]
            .iter()
            .map(|gaussian| gaussian.log_determinant() - first);
        into.extend(ratios.map(|ratio| 0.5 * ratio / d as f64));
    }
    for part in &parts {
        pack_rotation(&part.vectors, d, into);
    }
    Some(())
}

/// The `count` covariances in `d` columns whose coordinates stand at the front of `from`.
pub(crate) fn unpack_oriented(
    structure: CovarianceStructure,
    count: usize,
    d: usize,
    from: &mut &[f64],
) -> Result<Vec<Covariance>, EstimateError> {
    let mut logs: Vec<Vec<f64>> = Vec::with_capacity(count);
    let mut axes: Vec<Vec<f64>> = Vec::with_capacity(count);
    if has_common_axes(structure) {
        axes.push(unpack_rotation(d, from)?);
        for k in 0..count {
            let free = match structure {
                CovarianceStructure::EVE if k > 0 => d - 1,
                _ => d,
            };
            let mut own = numbers(free, from)?;
            if free < d {
                // Of one volume with the first.
                own.push(logs[0].iter().sum::<f64>() - own.iter().sum::<f64>());
            }
            logs.push(own);
        }
    } else {
        let first = numbers(d, from)?;
        let volumes = match structure {
            CovarianceStructure::VEV => numbers(count - 1, from)?,
            _ => vec![0.0; count - 1],
        };
        for volume in std::iter::once(0.0).chain(volumes) {
            logs.push(first.iter().map(|log| log + volume).collect());
            axes.push(unpack_rotation(d, from)?);
        }
    }
    let covariance = |(k, logs): (usize, &Vec<f64>)| {
        let variances: Vec<f64> = logs.iter().map(|log| (2.0 * log).exp()).collect();
        Covariance::Full(from_eigen(&axes[k.min(axes.len() - 1)], &variances, d))
    };
    Ok(logs.iter().enumerate().map(covariance).collect())
}

fn numbers(count: usize, from: &mut &[f64]) -> Result<Vec<f64>, EstimateError> {
    (0..count).map(|_| next_coordinate(from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two axes along which the weighted sum of the covariances varies alike, to 1e-6.
    #[test]
    fn axes_that_the_sum_does_not_tell_apart_come_back() {
        let root = 0.5_f64.sqrt();
        // Two turns, as columns.
        let axes = [
            0.6,
            -0.8 * root,
            0.8 * root,
            0.8,
            0.6 * root,
            -0.6 * root,
            0.0,
            root,
            root,
        ];
        let variances = [[2.0, 1.0, 3.0], [1.0, 14.0 / 11.0 + 1e-6, 1.0]];
        let covariances = variances.map(|variances| from_eigen(&axes, &variances, 3));
        let gaussian = |matrix: &Vec<f64>| Gaussian::from_matrix(vec![0.0; 3], matrix.clone());
        let components: Vec<Gaussian> = (covariances.iter())
            .map(|matrix| gaussian(matrix).unwrap())
            .collect();
        let mut packed = Vec::new();
        pack_oriented(CovarianceStructure::VVE, &components, &mut packed);
        let mut rest = &packed[..];
        let back = unpack_oriented(CovarianceStructure::VVE, 2, 3, &mut rest).unwrap();
        for (back, covariance) in back.iter().zip(&covariances) {
            for (e, entry) in covariance.iter().enumerate() {
                // Some roundings of numbers up to 3.
                assert!((back.at(e / 3, e % 3, 3) - entry).abs() < 1e-14);
            }
        }
    }
}
