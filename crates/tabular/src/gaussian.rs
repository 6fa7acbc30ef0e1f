//! Multivariate Gaussian parts: the one family whose components are coupled.

use crate::on_line::gaussian_on_line;
use crate::registry::read;
use crate::{Bound, Family, Kind, ModelError, PartPrior, PartSpecification, Saved};
use em::ComponentSet;
use gmm::{CovarianceStructure, Gaussian, Gaussians, IncompleteGaussians};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The name of the family.
pub(crate) const GAUSSIAN: &str = "gaussian";

/// The line of the multivariate Gaussian, whose components share a covariance structure. NaN is a missing
/// cell: fields without one are computed with as by [`Gaussians`], to the bit.
pub(crate) fn gaussian_line() -> Family {
    Family {
        name: GAUSSIAN,
        kind: Kind::Vectors,
        settings: &[],
        covariance: true,
        of_intervals: None,
        line: Some(Box::new(gaussian_on_line)),
        template: Box::new(|part, field, components| {
            let set = Gaussians::standard(structure(part)?, components, part.columns.len());
            let set = restrained(part, set)?;
            Ok(Box::new(Bound::new(field, IncompleteGaussians::new(set))))
        }),
        load: Box::new(|part, field, components| {
            let structure = structure(part).map_err(|error| (0, error))?;
            let read = read_vectors(part, components, "mean", Gaussian::dimension)?;
            let set = Gaussians::new(structure, read)
                .map_err(|error| (0, ModelError(error.to_string())))?;
            let given = set.clone();
            let set = restrained(part, set).map_err(|error| (0, error))?;
            // A start whose means differ may be brought in where they are to be shared.
            let means = part.means == Some(gmm::Means::Shared);
            if !means && set.components() != given.components() {
                let message = "its covariance violates the bound of eigenvalues";
                let differs = |k: &usize| set[*k] != given[*k];
                let k = (0..given.components().len()).find(differs).unwrap_or(0);
                return Err((k, ModelError(message.into())));
            }
            Ok(Box::new(Bound::new(field, IncompleteGaussians::new(set))))
        }),
    }
}

/// The set under the prior and the bounds of its part.
fn restrained(part: &PartSpecification, mut set: Gaussians) -> Result<Gaussians, ModelError> {
    if let Some(PartPrior::NormalInverseWishart(prior)) = &part.prior {
        let with = set.with_prior(prior.clone());
        set = with.map_err(|error| ModelError(format!("the prior: {error}")))?;
    }
    let wrong = |error: distributions::EstimateError| ModelError(error.to_string());
    if let Some(ratio) = part.eigenvalue_ratio {
        set = set.with_eigenvalue_ratio(ratio).map_err(wrong)?;
    }
    match part.means {
        Some(means) => set.with_means(means).map_err(wrong),
        None => Ok(set),
    }
}

/// The covariance structure of a part, full where none is named.
pub(crate) fn structure(part: &PartSpecification) -> Result<CovarianceStructure, ModelError> {
    let name = part.covariance.as_deref().unwrap_or("full");
    name.parse()
        .map_err(|error: gmm::UnknownStructure| ModelError(error.to_string()))
}

/// The components of a part over vectors, whose dimension is that of the vector `centre`; an error names
/// the component.
pub(crate) fn read_vectors<F: DeserializeOwned>(
    part: &PartSpecification,
    components: &[Value],
    centre: &str,
    dimension: impl Fn(&F) -> usize,
) -> Result<Vec<F>, (usize, ModelError)> {
    let read = components.iter().enumerate().map(|(k, parameters)| {
        let component = read::<F>(parameters).map_err(|error| (k, error))?;
        let (length, columns) = (dimension(&component), part.columns.len());
        if length == columns {
            return Ok(component);
        }
        let message =
            format!("a {centre} of {length} numbers for the {columns} columns of the part");
        Err((k, ModelError(message)))
    });
    read.collect()
}

/// Covariances that an M-step moves by less than this share of their size are its fixed point.
const SAME: f64 = 1e-6;

impl Saved for Gaussians {
    fn save(&self, k: usize) -> Value {
        // Numbers under fixed names: there is nothing that could fail.
        serde_json::to_value(&self.components()[k]).unwrap_or(Value::Null)
    }
    /// Covariances in the class are what the M-step makes of observations that have them.
    fn in_class(&self) -> bool {
        if self.structure() == CovarianceStructure::Full {
            return true;
        }
        let mut statistics = self.empty_statistics();
        for (k, gaussian) in self.components().iter().enumerate() {
            for x in representatives(gaussian) {
                self.accumulate(&mut statistics, k, &x, 1.0);
            }
        }
        let Ok(estimate) = self.clone().unpenalised().maximize(&statistics) else {
            return false;
        };
        (self.components().iter())
            .zip(estimate.components())
            .all(|(mine, theirs)| same(mine, theirs))
    }
}

impl Saved for IncompleteGaussians {
    fn save(&self, k: usize) -> Value {
        self.gaussians().save(k)
    }
    fn in_class(&self) -> bool {
        self.gaussians().in_class()
    }
}

/// 2d points whose mean and covariance are those of the Gaussian: mean ± √d times the columns of a
/// Cholesky factor.
fn representatives(gaussian: &Gaussian) -> Vec<Vec<f64>> {
    let d = gaussian.dimension();
    let mut factor = gaussian.covariance();
    for j in 0..d {
        for i in j..d {
            let inner: f64 = (0..j).map(|k| factor[i * d + k] * factor[j * d + k]).sum();
            let rest = factor[i * d + j] - inner;
            factor[i * d + j] = if i == j {
                rest.sqrt()
            } else {
                rest / factor[j * d + j]
            };
        }
    }
    let scale = (d as f64).sqrt();
    let point = |j: usize, sign: f64| {
        let shift = |i: usize| {
            if i < j {
                0.0
            } else {
                sign * scale * factor[i * d + j]
            }
        };
        (gaussian.mean().iter().enumerate())
            .map(|(i, mean)| mean + shift(i))
            .collect()
    };
    (0..d)
        .flat_map(|j| [point(j, 1.0), point(j, -1.0)])
        .collect()
}

fn same(a: &Gaussian, b: &Gaussian) -> bool {
    let (first, second) = (a.covariance(), b.covariance());
    let d = a.dimension();
    (0..d * d).all(|entry| {
        let size = (a.variance(entry / d) * a.variance(entry % d)).sqrt();
        (first[entry] - second[entry]).abs() <= SAME * size
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(structure: &str, second: [[f64; 2]; 2]) -> Gaussians {
        let gaussian = |covariance: [[f64; 2]; 2]| {
            let rows = covariance.map(|row| row.to_vec());
            Gaussian::new(vec![1e3, -2.0], &rows).unwrap()
        };
        let first = gaussian([[2.0, 0.5], [0.5, 1.0]]);
        Gaussians::new(structure.parse().unwrap(), vec![first, gaussian(second)]).unwrap()
    }

    #[test]
    fn a_class_knows_its_members() {
        let (equal, double, other) = (
            [[2.0, 0.5], [0.5, 1.0]],
            [[4.0, 1.0], [1.0, 2.0]],
            [[1.0, 0.0], [0.0, 5.0]],
        );
        let cases = [
            ("full", other, true),
            ("tied", equal, true),
            ("tied", double, false),
            ("VEE", double, true),
            ("VEE", other, false),
            ("diag", equal, false),
            ("spherical", other, false),
            ("EVV", other, false),
        ];
        for (structure, second, member) in cases {
            assert_eq!(
                pair(structure, second).in_class(),
                member,
                "{structure} {second:?}"
            );
        }
    }
}
