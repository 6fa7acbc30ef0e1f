//! Components that stand in files as another type does.

use crate::registry::{made, read};
use crate::{Bound, Family, Form, FromField, Kind, ModelError, PartSpecification};
use distributions::combine::{Censored, ConditionalEstimate, Truncated, WithKnown, ZeroInflated};
use distributions::{
    Buffer, Component, Coordinates, IntervalStatistics, Obs, ParameterError, Sample, Scalars,
    Univariate,
};
use em::SampleSet;
use rand::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A component around a family in [`WithKnown`], of which nothing is known: what lends it a floor. In files it is the same
/// around the family itself.
pub(crate) trait Wrapped: Component + Coordinates + Sample + 'static {
    /// What stands in files.
    type Written: Serialize + DeserializeOwned;
    /// As it is written.
    fn written(&self) -> Result<Self::Written, ParameterError>;
    /// From what was read.
    fn of(read: Self::Written) -> Result<Self, ParameterError>;
}

impl<F> Wrapped for ZeroInflated<WithKnown<F>>
where
    F: ConditionalEstimate<Space = Scalars<f64>> + Coordinates + Sample + 'static,
    ZeroInflated<F>: Serialize + DeserializeOwned,
{
    type Written = ZeroInflated<F>;

    fn written(&self) -> Result<ZeroInflated<F>, ParameterError> {
        ZeroInflated::new(self.zero_probability(), self.family().family().clone())
    }
    fn of(read: ZeroInflated<F>) -> Result<Self, ParameterError> {
        let family = WithKnown::new(read.family().clone(), &[])?;
        ZeroInflated::new(read.zero_probability(), family)
    }
}

impl<F> Wrapped for Truncated<WithKnown<F>>
where
    F: ConditionalEstimate + Coordinates + Sample + Univariate + 'static,
    Truncated<F>: Serialize + DeserializeOwned,
    Truncated<WithKnown<F>>: Component + Coordinates + Sample,
{
    type Written = Truncated<F>;

    fn written(&self) -> Result<Truncated<F>, ParameterError> {
        Truncated::new(self.family().family().clone(), self.low(), self.high())
    }
    fn of(read: Truncated<F>) -> Result<Self, ParameterError> {
        let family = WithKnown::new(read.family().clone(), &[])?;
        Truncated::new(family, read.low(), read.high())
    }
}

impl<F> Wrapped for Censored<WithKnown<F>>
where
    F: ConditionalEstimate<Space = Scalars<f64>>
        + IntervalStatistics
        + Coordinates
        + Sample
        + 'static,
    Censored<F>: Serialize + DeserializeOwned,
{
    type Written = Censored<F>;

    fn written(&self) -> Result<Censored<F>, ParameterError> {
        Ok(Censored(self.0.family().clone()))
    }
    fn of(Censored(family): Censored<F>) -> Result<Self, ParameterError> {
        WithKnown::new(family, &[]).map(Censored)
    }
}

/// The form of components that are [`Wrapped`].
#[derive(Clone, Copy, Debug)]
struct AsWritten;

impl<C: Wrapped<Space: FromField>> Form<Vec<C>> for AsWritten {
    fn save(&self, set: &Vec<C>, k: usize) -> Value {
        // The parameters are those of a component that exists, and numbers under fixed names.
        let written = set[k].written().map(serde_json::to_value);
        written.map_or(Value::Null, |value| value.unwrap_or(Value::Null))
    }
    fn empty_buffer(&self, set: &Vec<C>) -> Buffer<C::Space> {
        SampleSet::empty_buffer(set)
    }
    fn draw(
        &self,
        set: &Vec<C>,
        k: usize,
        _given: Option<Obs<'_, C::Space>>,
        mut rng: &mut dyn Rng,
        into: &mut Buffer<C::Space>,
    ) {
        SampleSet::draw(set, k, &mut rng, into);
    }
}

/// The line of components that are [`Wrapped`].
pub(crate) fn wrapped_entry<C: Wrapped<Space: FromField>>(
    name: &'static str,
    kind: Kind,
    settings: &'static [&'static str],
    template: impl Fn(&PartSpecification) -> Result<C, ModelError> + Send + Sync + 'static,
) -> Family {
    Family {
        name,
        kind,
        settings,
        covariance: false,
        of_intervals: None,
        line: None,
        template: Box::new(move |part, field, components| {
            let set = vec![template(part)?; components];
            let bound = Bound::with_form(field, set, AsWritten);
            Ok(Box::new(bound.counting(part.estimated.len())))
        }),
        load: Box::new(move |part, field, components| {
            let read = components.iter().enumerate().map(|(k, parameters)| {
                let component = read::<C::Written>(parameters).and_then(|read| made(C::of(read)));
                component.map_err(|error| (k, error))
            });
            let set: Vec<C> = read.collect::<Result<_, _>>()?;
            let bound = Bound::with_form(field, set, AsWritten);
            Ok(Box::new(bound.counting(part.estimated.len())))
        }),
    }
}
