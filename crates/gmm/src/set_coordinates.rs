//! Unconstrained coordinates of a set: what the components share is there once.

use crate::covariance::{CovarianceStructure, scaled};
use crate::gaussian::{Covariance, Gaussian, pack_covariance, unpack_covariance};
use crate::means::Means;
use crate::oriented_coordinates::{pack_oriented, unpack_oriented};
use crate::set::Gaussians;
use distributions::{Coordinates, EstimateError, next_coordinate};

/// What each component has of its own, besides its mean.
#[derive(Clone, Copy, PartialEq)]
enum Own {
    /// Its covariance.
    Covariance,
    /// Its covariance but for the volume, which is the first component's.
    ButVolume,
    /// Only its volume.
    Volume,
    /// Nothing.
    Nothing,
    /// An orientation, equal or own, beside a shape or volume that is shared.
    Orientation,
}

fn own(structure: CovarianceStructure) -> Own {
    use CovarianceStructure as S;
    match structure {
        S::Full | S::Diagonal | S::Spherical => Own::Covariance,
        S::EVI | S::EVV => Own::ButVolume,
        S::VEI | S::VEE => Own::Volume,
        S::EII | S::EEI | S::Tied => Own::Nothing,
        S::EVE | S::VVE | S::EEV | S::VEV => Own::Orientation,
    }
}

/// ½ ln λ with λ = det(Σ)^(1/d).
fn half_log_volume(gaussian: &Gaussian) -> f64 {
    0.5 * gaussian.log_determinant() / gaussian.dimension() as f64
}

/// The means, then the first component's covariance as [`Gaussian`] packs it, then what the others
/// have of their own. Under EVE, VVE, EEV and VEV the covariances are packed by their axes, whose
/// orientations have a Cayley transform, and their variances along them.
impl Coordinates for Gaussians {
    fn pack(&self, into: &mut Vec<f64>) {
        let means = match self.means() {
            Means::Free => self.components().len(),
            Means::Fixed => 0,
            Means::Shared => 1,
        };
        for gaussian in &self.components()[..means] {
            into.extend_from_slice(gaussian.mean());
        }
        if own(self.structure()) == Own::Orientation {
            return pack_oriented(self.structure(), self.components(), into);
        }
        let first = &self.components()[0];
        pack_covariance(first, into);
        for gaussian in &self.components()[1..] {
            match own(self.structure()) {
                Own::Covariance => pack_covariance(gaussian, into),
                Own::ButVolume => {
                    pack_covariance(gaussian, into);
                    into.pop();
                }
                Own::Volume => into.push(half_log_volume(gaussian) - half_log_volume(first)),
                Own::Nothing | Own::Orientation => {}
            }
        }
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (structure, own) = (self.structure(), own(self.structure()));
        let mut means: Vec<Vec<f64>> = Vec::with_capacity(self.components().len());
        for (k, gaussian) in self.components().iter().enumerate() {
            if self.means() == Means::Fixed {
                means.push(gaussian.mean().to_vec());
                continue;
            }
            if self.means() == Means::Shared && k > 0 {
                means.push(means[0].clone());
                continue;
            }
            let mean: Result<Vec<f64>, _> = (0..self.dimension())
                .map(|_| next_coordinate(from))
                .collect();
            means.push(mean?);
        }
        if own == Own::Orientation {
            let covariances = unpack_oriented(structure, means.len(), self.dimension(), from)?;
            return assembled(self, means, covariances);
        }
        let template = &self.components()[0];
        let shared = unpack_covariance(template, from)?;
        let mut components = Vec::with_capacity(means.len());
        for (k, mean) in means.into_iter().enumerate() {
            let covariance = match own {
                Own::Covariance if k > 0 => unpack_covariance(template, from)?,
                Own::ButVolume if k > 0 => without_volume(template, &components[0], from)?,
                Own::Volume if k > 0 => {
                    let factor = (2.0 * next_coordinate(from)?).exp();
                    match shared.clone() {
                        Covariance::Diagonal(values) => {
                            Covariance::Diagonal(scaled(values, factor))
                        }
                        Covariance::Full(values) => Covariance::Full(scaled(values, factor)),
                    }
                }
                _ => shared.clone(),
            };
            let gaussian = Gaussian::estimated(mean, covariance, structure);
            components.push(gaussian.map_err(|error| error.in_component(k))?);
        }
        checked(self.with_components(components))
    }
}

/// The set of these means and covariances, in all else as `template`.
fn assembled(
    template: &Gaussians,
    means: Vec<Vec<f64>>,
    covariances: Vec<Covariance>,
) -> Result<Gaussians, EstimateError> {
    let components = means.into_iter().zip(covariances).enumerate();
    let components = components.map(|(k, (mean, covariance))| {
        let gaussian = Gaussian::estimated(mean, covariance, template.structure());
        gaussian.map_err(|error| error.in_component(k))
    });
    checked(template.with_components(components.collect::<Result<_, _>>()?))
}

/// A set within its bounds.
fn checked(set: Gaussians) -> Result<Gaussians, EstimateError> {
    if set.is_out_of_bounds() {
        let because = "its eigenvalues are out of bounds";
        return Err(EstimateError::new(distributions::Reason::Singular {
            because,
        }));
    }
    Ok(set)
}

/// The covariance of which all coordinates but the last are given, and whose determinant is that of
/// `first`: the last coordinate is the logarithm of a pivot, and these sum to ½ ln det Σ.
fn without_volume(
    template: &Gaussian,
    first: &Gaussian,
    from: &mut &[f64],
) -> Result<Covariance, EstimateError> {
    let d = template.dimension();
    let count = template.structure().parameter_count(1, d);
    let mut coordinates = Vec::with_capacity(count);
    for _ in 1..count {
        coordinates.push(next_coordinate(from)?);
    }
    let logs: f64 = if template.structure().needs_full_scatter() {
        // Row i ends with the logarithm of its pivot.
        (0..d - 1).map(|i| coordinates[i * (i + 3) / 2]).sum()
    } else {
        coordinates.iter().sum()
    };
    coordinates.push(0.5 * first.log_determinant() - logs);
    unpack_covariance(template, &mut &coordinates[..])
}
