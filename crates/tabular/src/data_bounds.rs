//! Bounds that are taken from the data where none are set.

use crate::{ModelError, PartSpecification, Specification, Table};

/// The share of the range by which an interval reaches beyond the data on each side: rows to come lie
/// a little outside of those seen.
const ENLARGED: f64 = 0.01;

/// A bound that data can give: its family, its name, and what it is of data from `least` to `greatest`
/// where an interval reaches `beyond` the range on each side.
type Rule = (&'static str, &'static str, fn(Extent) -> f64);

const RULES: &[Rule] = &[
    ("uniform", "low", |of| of.least - of.beyond),
    ("uniform", "high", |of| of.greatest + of.beyond),
    ("pareto", "minimum", |of| of.least),
];

/// Where the data lie.
#[derive(Clone, Copy)]
struct Extent {
    least: f64,
    greatest: f64,
    beyond: f64,
}

impl Specification {
    /// The same specification with the bounds that are not set taken from `table`, the rows of a fit:
    /// of `uniform` the range of its column, enlarged by a hundredth on each side, of `pareto` the least
    /// value.
    ///
    /// In a mixture bounds are fixed: a likelihood has no useful maximum in them. A single component
    /// has one, exactly the range of the data (not enlarged): there they are estimates, and count as
    /// parameters.
    ///
    /// # Errors
    /// When all values of a uniform's column are the same.
    pub fn with_data_bounds(
        &self,
        table: &Table,
        components: usize,
    ) -> Result<Specification, ModelError> {
        let mut bounded = self.clone();
        for (part, field) in bounded.parts.iter_mut().zip(table.fields()) {
            let Some(values) = field.values.reals() else {
                continue;
            };
            let missing = field.missing.as_deref();
            let observed = (values.iter().enumerate())
                .filter(|(row, _)| missing.is_none_or(|missing| !missing[*row]));
            let (least, greatest) = observed.fold(
                (f64::INFINITY, f64::NEG_INFINITY),
                |(least, greatest), (_, &x)| (x.min(least), x.max(greatest)),
            );
            let alone = components == 1;
            let beyond = ENLARGED * (greatest - least);
            let extent = Extent {
                least,
                greatest,
                beyond: if alone { 0.0 } else { beyond },
            };
            part.set_bounds(extent, alone)?;
        }
        Ok(bounded)
    }
}

impl PartSpecification {
    fn set_bounds(&mut self, extent: Extent, estimated: bool) -> Result<(), ModelError> {
        for (family, key, bound) in RULES {
            let concerned =
                self.family == *family || self.components.iter().any(|name| name == family);
            if !concerned || self.settings.contains_key(*key) {
                continue;
            }
            if *family == "uniform" && !(extent.least < extent.greatest) {
                return Err(ModelError(format!(
                    "column {}: every value is {}, which gives family uniform no bounds; set them by \
                     --set low=NUMBER and --set high=NUMBER",
                    self.columns.join(","),
                    extent.least
                )));
            }
            self.settings.insert((*key).into(), bound(extent).into());
            if estimated {
                self.estimated.push((*key).into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, Values};

    fn bounded(family: &str, set: &[(&str, f64)], components: usize) -> PartSpecification {
        let settings = set
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()));
        let part = PartSpecification {
            family: family.into(),
            columns: vec!["x".into()],
            settings: settings.collect(),
            ..PartSpecification::default()
        };
        let field = Field {
            values: Values::Reals(vec![3.0, -50.0, 1.0, 2.0]),
            missing: Some(vec![false, true, false, false]),
        };
        let specification = Specification { parts: vec![part] };
        let bounded = specification.with_data_bounds(&Table::new(vec![field]), components);
        bounded.unwrap().parts.remove(0)
    }

    #[test]
    fn one_component_has_the_range_itself_and_several_more() {
        let one = bounded("uniform", &[], 1);
        assert_eq!(
            (one.settings["low"].as_f64(), one.settings["high"].as_f64()),
            (Some(1.0), Some(3.0))
        );
        assert_eq!(one.estimated, ["low", "high"]);
        let two = bounded("uniform", &[("high", 9.0)], 2);
        assert_eq!(
            (two.settings["low"].as_f64(), two.settings["high"].as_f64()),
            (Some(0.98), Some(9.0))
        );
        assert!(two.estimated.is_empty());
        assert_eq!(
            bounded("pareto", &[], 2).settings["minimum"].as_f64(),
            Some(1.0)
        );
        assert!(bounded("normal", &[], 1).settings.is_empty());
    }
}
