//! Multivariate t parts: coupled like the Gaussians, with degrees of freedom that are set or free.

use crate::gaussian::{read_vectors, structure};
use crate::{Bound, Family, Kind, ModelError, PartSpecification, Saved};
use gmm::{DegreesOfFreedom, IncompleteTs, MultivariateT, MultivariateTs};
use serde_json::Value;

/// The name of the family.
pub(crate) const MULTIVARIATE_T: &str = "multivariate_t";

/// The line of the multivariate t distribution, whose components share a covariance structure. NaN is a missing
/// cell: fields without one are computed with as by [`MultivariateTs`], to the bit.
pub(crate) fn multivariate_t_line(name: &'static str) -> Family {
    Family {
        name,
        kind: Kind::Vectors,
        settings: &["df"],
        covariance: true,
        of_intervals: None,
        line: None,
        template: Box::new(|part, field, components| {
            let set = MultivariateTs::standard(structure(part)?, components, part.columns.len());
            let set = match degrees(part) {
                DegreesOfFreedom::Fixed => set
                    .with_fixed_df(part.number_setting("df")?)
                    .map_err(|error| ModelError(error.to_string()))?,
                degrees => set.with_degrees(degrees),
            };
            Ok(Box::new(Bound::new(field, IncompleteTs::new(set))))
        }),
        load: Box::new(|part, field, components| {
            let at_first = |error: ModelError| (0, error);
            let structure = structure(part).map_err(at_first)?;
            let read = read_vectors(part, components, "location", MultivariateT::dimension)?;
            let set = MultivariateTs::new(structure, degrees(part), read)
                .map_err(|error| at_first(ModelError(error.to_string())))?;
            Ok(Box::new(Bound::new(field, IncompleteTs::new(set))))
        }),
    }
}

/// Fixed where set, otherwise free.
fn degrees(part: &PartSpecification) -> DegreesOfFreedom {
    if part.settings.contains_key("df") {
        DegreesOfFreedom::Fixed
    } else {
        DegreesOfFreedom::Free
    }
}

impl Saved for IncompleteTs {
    fn save(&self, k: usize) -> Value {
        // Numbers under fixed names: there is nothing that could fail.
        serde_json::to_value(self.complete().component(k)).unwrap_or(Value::Null)
    }
    /// Any degrees of freedom are in the class; scale matrices as the covariances of Gaussians.
    fn in_class(&self) -> bool {
        self.complete().gaussians().in_class()
    }
}
