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
    let axes = eigen(&sum, d)?.vectors;
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
