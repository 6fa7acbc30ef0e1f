//! Families made of a family: with additional zeros, truncated, or seen in intervals only.

use crate::on_line::{LineNumber, on_line};
use crate::registry::{Family, adjusted_entry, entry, made, read};
use crate::wrapped::wrapped_entry;
use crate::{Bound, Form, FromField, Kind, ModelError, PartSpecification};
use distributions::combine::{
    Censored, ConditionalEstimate, Number, Truncated, WithKnown, ZeroInflated,
};
use distributions::{
    Component, Coordinates, IntervalStatistics, ParameterError, Sample, Scalars, Univariate,
};
use em::SampleSet;
use rand::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A component that can be chosen by name.
pub(crate) trait Listed:
    Component + Coordinates + Sample + Serialize + DeserializeOwned + 'static
{
}
impl<F: Component + Coordinates + Sample + Serialize + DeserializeOwned + 'static> Listed for F {}

/// The line of a family with additional zeros.
pub(crate) fn zero_inflated<T, F>(
    name: &'static str,
    kind: Kind,
    settings: &'static [&'static str],
    template: impl Fn(&PartSpecification) -> Result<F, ModelError> + Send + Sync + 'static,
) -> Family
where
    T: LineNumber,
    Scalars<T>: FromField,
    F: Listed<Space = Scalars<T>> + Univariate,
{
    entry(name, kind, settings, move |part| {
        made(ZeroInflated::new(0.5, template(part)?))
    })
    .with_line::<T, ZeroInflated<F>>()
}

/// The same of a family of two parameters.
pub(crate) fn zero_inflated_of_two<F>(
    name: &'static str,
    template: impl Fn() -> Result<F, ParameterError> + Send + Sync + 'static,
) -> Family
where
    F: Listed<Space = Scalars<f64>> + ConditionalEstimate + Univariate,
{
    wrapped_entry(name, Kind::Reals, &[], move |_| {
        let family = WithKnown::new(made(template())?, &[]);
        made(family.and_then(|family| ZeroInflated::new(0.5, family)))
    })
    .with_line::<f64, ZeroInflated<F>>()
}

/// The line of a family that also observes intervals.
pub(crate) fn censorable<T, F>(
    name: &'static str,
    kind: Kind,
    settings: &'static [&'static str],
    template: impl Fn(&PartSpecification) -> Result<F, ModelError> + Copy + Send + Sync + 'static,
) -> Family
where
    T: LineNumber,
    Scalars<T>: FromField,
    F: Listed<Space = Scalars<T>> + IntervalStatistics,
{
    adjusted_censorable(name, kind, settings, template, |_, family| family)
}

/// The same, where a component, made or read, is first adjusted to what the part sets.
pub(crate) fn adjusted_censorable<T, F>(
    name: &'static str,
    kind: Kind,
    settings: &'static [&'static str],
    template: impl Fn(&PartSpecification) -> Result<F, ModelError> + Copy + Send + Sync + 'static,
    adjusted: impl Fn(&PartSpecification, F) -> F + Copy + Send + Sync + 'static,
) -> Family
where
    T: LineNumber,
    Scalars<T>: FromField,
    F: Listed<Space = Scalars<T>> + IntervalStatistics,
{
    let of_intervals = adjusted_entry(
        name,
        Kind::Intervals,
        settings,
        move |part| template(part).map(Censored),
        move |part, Censored(family)| Censored(adjusted(part, family)),
    );
    Family {
        of_intervals: Some(Box::new(of_intervals)),
        ..adjusted_entry(name, kind, settings, template, adjusted).with_line::<T, F>()
    }
}

/// The line of a family of counts given that they are not 0. In files it has the parameters of the
/// family and no bounds.
pub(crate) fn zero_truncated<F>(
    name: &'static str,
    settings: &'static [&'static str],
    template: impl Fn(&PartSpecification) -> Result<F, ModelError> + Send + Sync + 'static,
) -> Family
where
    F: Listed<Space = Scalars<u64>> + IntervalStatistics,
{
    adjusted_zero_truncated(name, settings, template, |_, family| family)
}

/// The same, where a component, made or read, is first adjusted to what the part sets.
pub(crate) fn adjusted_zero_truncated<F>(
    name: &'static str,
    settings: &'static [&'static str],
    template: impl Fn(&PartSpecification) -> Result<F, ModelError> + Send + Sync + 'static,
    adjusted: impl Fn(&PartSpecification, F) -> F + Copy + Send + Sync + 'static,
) -> Family
where
    F: Listed<Space = Scalars<u64>> + IntervalStatistics,
{
    let without_zero = move |part: &PartSpecification, family: F| {
        made(Truncated::new(adjusted(part, family), 0.0, f64::INFINITY))
    };
    Family {
        name,
        kind: Kind::Counts,
        settings,
        covariance: false,
        of_intervals: None,
        line: Some(Box::new(move |part, parameters| {
            without_zero(part, read::<F>(parameters)?).map(on_line)
        })),
        template: Box::new(move |part, field, components| {
            let set = vec![without_zero(part, template(part)?)?; components];
            Ok(Box::new(Bound::with_form(field, set, FamilyAlone)))
        }),
        load: Box::new(move |part, field, components| {
            let read = components.iter().enumerate().map(|(k, parameters)| {
                let family = read::<F>(parameters).and_then(|family| without_zero(part, family));
                family.map_err(|error| (k, error))
            });
            let set: Vec<Truncated<F>> = read.collect::<Result<_, _>>()?;
            Ok(Box::new(Bound::with_form(field, set, FamilyAlone)))
        }),
    }
}

/// The form of a family whose other parts, bounds or a prior, stand elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FamilyAlone;

impl<T, F> Form<Vec<Truncated<F>>> for FamilyAlone
where
    T: Number,
    F: Listed<Space = Scalars<T>> + IntervalStatistics,
{
    fn save(&self, set: &Vec<Truncated<F>>, k: usize) -> Value {
        // A family is a map of numbers under fixed names: there is nothing that could fail.
        serde_json::to_value(set[k].family()).unwrap_or(Value::Null)
    }
    fn empty_buffer(&self, set: &Vec<Truncated<F>>) -> Vec<T> {
        SampleSet::empty_buffer(set)
    }
    fn draw(
        &self,
        set: &Vec<Truncated<F>>,
        k: usize,
        _given: Option<T>,
        mut rng: &mut dyn Rng,
        into: &mut Vec<T>,
    ) {
        SampleSet::draw(set, k, &mut rng, into);
    }
}

/// The line of a family given low < X ≤ high, of which one bound at least is set; the other is then
/// infinite. `template` makes a member about a [`Place`] between the bounds and the `support`.
pub(crate) fn truncated<T, F>(
    name: &'static str,
    kind: Kind,
    support: (f64, f64),
    template: impl Fn(Place) -> Result<F, ParameterError> + Send + Sync + 'static,
) -> Family
where
    T: LineNumber,
    Scalars<T>: FromField,
    F: Listed<Space = Scalars<T>> + IntervalStatistics,
{
    let plain = entry(name, kind, &["low", "high"], move |part| {
        truncated_template(name, part, support, &template)
    });
    between_bounds::<T, F>(plain)
}

/// The same of a family of two parameters.
pub(crate) fn truncated_of_two<F>(
    name: &'static str,
    support: (f64, f64),
    template: impl Fn(Place) -> Result<F, ParameterError> + Send + Sync + 'static,
) -> Family
where
    F: Listed<Space = Scalars<f64>> + ConditionalEstimate + IntervalStatistics + Univariate,
{
    let plain = wrapped_entry(name, Kind::Reals, &["low", "high"], move |part| {
        truncated_template(name, part, support, |at| WithKnown::new(template(at)?, &[]))
    });
    between_bounds::<f64, F>(plain)
}

/// A member between the bounds that are set.
fn truncated_template<F: Univariate>(
    name: &str,
    part: &PartSpecification,
    support: (f64, f64),
    template: impl Fn(Place) -> Result<F, ParameterError>,
) -> Result<Truncated<F>, ModelError> {
    let (low, high) = bounds(part)?;
    let wrong = |why: String| ModelError(format!("family {name}, {low} < x <= {high}: {why}"));
    if !(low < high) {
        return Err(wrong("low must be below high".into()));
    }
    let (least, greatest) = (low.max(support.0), high.min(support.1));
    if !(least < greatest) {
        return Err(wrong("no value of the family lies there".into()));
    }
    let family = template(Place::between(least, greatest));
    let family = family.and_then(|family| Truncated::new(family, low, high));
    family.map_err(|error| wrong(error.to_string()))
}

/// The line of truncated components, whose parameters need not state the bounds that the part sets.
fn between_bounds<T, F>(plain: Family) -> Family
where
    T: LineNumber,
    Scalars<T>: FromField,
    F: Listed<Space = Scalars<T>> + IntervalStatistics,
{
    let load = plain.load;
    Family {
        load: Box::new(move |part, field, components| {
            let (low, high) = bounds(part).map_err(|error| (0, error))?;
            let bounded = components
                .iter()
                .enumerate()
                .map(|(k, parameters)| bounded(parameters, low, high).map_err(|error| (k, error)));
            load(part, field, &bounded.collect::<Result<Vec<_>, _>>()?)
        }),
        line: Some(Box::new(move |part, parameters| {
            let (low, high) = bounds(part)?;
            read::<Truncated<F>>(&bounded(parameters, low, high)?).map(on_line)
        })),
        ..plain
    }
}

/// Where a template lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// A point of the interval.
    pub(crate) point: f64,
    /// The order of its width.
    pub(crate) width: f64,
}

impl Place {
    /// A place between these bounds, of which one at most is infinite where the other is not.
    fn between(low: f64, high: f64) -> Place {
        let width = if low.is_finite() && high.is_finite() {
            0.5 * (high - low)
        } else if low.is_finite() {
            low.abs().max(1.0)
        } else {
            high.abs().max(1.0)
        };
        let point = if low.is_finite() {
            low + width
        } else {
            high - width
        };
        Place { point, width }
    }
}

/// The bounds that are set.
fn bounds(part: &PartSpecification) -> Result<(f64, f64), ModelError> {
    if !["low", "high"]
        .iter()
        .any(|key| part.settings.contains_key(*key))
    {
        return Err(ModelError(format!(
            "family {} needs --set low=NUMBER, --set high=NUMBER or both (column {})",
            part.family,
            part.columns.join(",")
        )));
    }
    let bound = |key: &str, otherwise: f64| match part.settings.get(key) {
        None => Ok(otherwise),
        Some(Value::String(word)) if word == "inf" => Ok(f64::INFINITY),
        Some(Value::String(word)) if word == "-inf" => Ok(f64::NEG_INFINITY),
        Some(_) => part.number_setting(key),
    };
    Ok((
        bound("low", f64::NEG_INFINITY)?,
        bound("high", f64::INFINITY)?,
    ))
}

/// A bound as it stands in files.
fn written(bound: f64) -> Value {
    match bound {
        f64::INFINITY => "inf".into(),
        f64::NEG_INFINITY => "-inf".into(),
        finite => finite.into(),
    }
}

/// The parameters with the bounds, which must agree where they stand.
fn bounded(parameters: &Value, low: f64, high: f64) -> Result<Value, ModelError> {
    let mut parameters = parameters.clone();
    let Some(entries) = parameters.as_object_mut() else {
        return Ok(parameters);
    };
    for (key, bound) in [("low", low), ("high", high)] {
        let stated = entries.entry(key).or_insert_with(|| written(bound));
        if *stated != written(bound) && stated.as_f64() != Some(bound) {
            return Err(ModelError(format!(
                "{key} is {stated}, but {} is set",
                written(bound)
            )));
        }
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_lies_between_its_bounds() {
        let infinite = f64::INFINITY;
        for (low, high) in [
            (0.0, infinite),
            (-infinite, -1e6),
            (1e-9, 2e-9),
            (-infinite, infinite),
        ] {
            let Place { point, width } = Place::between(low, high);
            let inside = low < point && point < high && width > 0.0;
            assert!(
                inside || (low, high) == (-infinite, infinite),
                "{point} {width}"
            );
        }
    }
}
