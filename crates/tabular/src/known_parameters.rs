//! Families of two parameters of which a setting fixes one, or both.

use crate::combined::{FamilyAlone, Listed};
use crate::registry::{made, read};
use crate::wrapped::wrapped_entry;
use crate::{Bound, Family, Form, Kind, ModelError, PartSpecification};
use distributions::combine::{Censored, ConditionalEstimate, WithKnown};
use distributions::{IntervalStatistics, ParameterError, Scalars, Univariate};
use em::SampleSet;
use rand::Rng;
use serde_json::Value;

/// The line of a family of two parameters, which are settings, too. Over intervals both are estimated.
pub(crate) fn two_parameters<F>(
    name: &'static str,
    template: impl Fn() -> Result<F, ParameterError> + Copy + Send + Sync + 'static,
) -> Family
where
    F: Listed<Space = Scalars<f64>> + ConditionalEstimate + IntervalStatistics + Univariate,
{
    Family {
        name,
        kind: Kind::Reals,
        settings: F::PARAMETERS,
        covariance: false,
        of_intervals: Some(Box::new(wrapped_entry(
            name,
            Kind::Intervals,
            &[],
            move |_| made(template().and_then(|family| WithKnown::new(family, &[]))).map(Censored),
        ))),
        line: None,
        template: Box::new(move |part, field, components| {
            let mut parameters = made(template())?.parameters();
            for (value, key) in parameters.iter_mut().zip(F::PARAMETERS) {
                if part.settings.contains_key(*key) {
                    *value = part.number_setting(key)?;
                }
            }
            let family = with_known(part, made(F::from_parameters(parameters))?)?;
            let set = vec![family; components];
            Ok(Box::new(Bound::with_form(field, set, FamilyAlone)))
        }),
        load: Box::new(move |part, field, components| {
            let read = components.iter().enumerate().map(|(k, parameters)| {
                let family = read::<F>(parameters);
                (family.and_then(|family| with_known(part, family))).map_err(|error| (k, error))
            });
            let set: Vec<WithKnown<F>> = read.collect::<Result<_, _>>()?;
            Ok(Box::new(Bound::with_form(field, set, FamilyAlone)))
        }),
    }
    .with_line::<f64, F>()
}

/// The family, what the part sets being known, and what it is.
fn with_known<F: ConditionalEstimate>(
    part: &PartSpecification,
    family: F,
) -> Result<WithKnown<F>, ModelError> {
    let mut known = Vec::new();
    for (key, value) in F::PARAMETERS.iter().zip(family.parameters()) {
        if !part.settings.contains_key(*key) {
            continue;
        }
        // An angle is reduced to (−π, π], and files state both.
        let set = part.number_setting(key)?;
        if set != value {
            return Err(ModelError(format!(
                "{key} must be set as {value}, not {set}"
            )));
        }
        known.push(*key);
    }
    made(WithKnown::new(family, &known))
}

/// In files a component has the parameters of its family; what is known stands in the specification.
impl<F> Form<Vec<WithKnown<F>>> for FamilyAlone
where
    F: Listed<Space = Scalars<f64>> + ConditionalEstimate,
{
    fn save(&self, set: &Vec<WithKnown<F>>, k: usize) -> Value {
        // A family is a map of numbers under fixed names: there is nothing that could fail.
        serde_json::to_value(set[k].family()).unwrap_or(Value::Null)
    }
    fn empty_buffer(&self, set: &Vec<WithKnown<F>>) -> Vec<f64> {
        SampleSet::empty_buffer(set)
    }
    fn draw(
        &self,
        set: &Vec<WithKnown<F>>,
        k: usize,
        _given: Option<f64>,
        mut rng: &mut dyn Rng,
        into: &mut Vec<f64>,
    ) {
        SampleSet::draw(set, k, &mut rng, into);
    }
}
