//! Models of one column as distributions on the real line.

use crate::registry::{Family, family, read};
use crate::{Kind, ModelError, ModelFile, PartSpecification};
use distributions::combine::{AnyComponent, Number};
use distributions::{
    Component, Coordinates, Normal, ParameterError, Sample, Scalars, Uniform, Univariate,
};
use em::Mixture;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A component on the real line, of real numbers or of counts.
pub(crate) enum OnLine {
    Reals(AnyComponent<Scalars<f64>>),
    Counts(AnyComponent<Scalars<u64>>),
}

/// Reads a component of a part from its parameters as they stand in files.
pub(crate) type ReadOnLine =
    dyn Fn(&PartSpecification, &Value) -> Result<OnLine, ModelError> + Send + Sync;

/// The numbers that components on the real line observe.
pub(crate) trait LineNumber: Number {
    /// The component.
    fn on_line(component: AnyComponent<Scalars<Self>>) -> OnLine;
}

impl LineNumber for f64 {
    fn on_line(component: AnyComponent<Scalars<f64>>) -> OnLine {
        OnLine::Reals(component)
    }
}

impl LineNumber for u64 {
    fn on_line(component: AnyComponent<Scalars<u64>>) -> OnLine {
        OnLine::Counts(component)
    }
}

/// A component whose type is known.
pub(crate) fn on_line<T, F>(component: F) -> OnLine
where
    T: LineNumber,
    F: Component<Space = Scalars<T>> + Sample + Coordinates + Univariate + 'static,
{
    T::on_line(AnyComponent::univariate(component))
}

impl Family {
    /// The same family, whose components are `F` on the real line.
    pub(crate) fn with_line<T, F>(self) -> Family
    where
        T: LineNumber,
        F: Component<Space = Scalars<T>>
            + Sample
            + Coordinates
            + Univariate
            + DeserializeOwned
            + 'static,
    {
        self.with_line_of(|_, parameters| read::<F>(parameters).map(on_line::<T, F>))
    }
    /// The same family, whose components on the real line `line` reads.
    pub(crate) fn with_line_of(
        self,
        line: impl Fn(&PartSpecification, &Value) -> Result<OnLine, ModelError> + Send + Sync + 'static,
    ) -> Family {
        Family {
            line: Some(Box::new(line)),
            ..self
        }
    }
    /// Whether it has a distribution function and quantiles.
    pub fn is_univariate(&self) -> bool {
        self.line.is_some()
    }
}

/// A Gaussian of one column.
pub(crate) fn gaussian_on_line(
    part: &PartSpecification,
    parameters: &Value,
) -> Result<OnLine, ModelError> {
    let numbers = (&parameters["mean"][0], &parameters["covariance"][0][0]);
    match (numbers.0.as_f64(), numbers.1.as_f64(), part.columns.len()) {
        (Some(mean), Some(variance), 1) => {
            (Normal::new(mean, variance)).map_or_else(wrong, |normal| Ok(on_line(normal)))
        }
        _ => Err(ModelError::new("a gaussian part of several columns")),
    }
}

fn wrong<T>(error: ParameterError) -> Result<T, ModelError> {
    Err(ModelError(error.to_string()))
}

impl ModelFile {
    /// The model as a distribution on the real line: its distribution function, quantiles and moments.
    /// Of a model of intervals it is the distribution of the values in them.
    ///
    /// # Errors
    /// When the model has several parts, weights that depend on columns, or a family that is none of
    /// numbers on the real line.
    pub fn univariate(&self) -> Result<Box<dyn Univariate>, ModelError> {
        let [part] = self.specification.parts.as_slice() else {
            return Err(ModelError(format!(
                "a distribution function needs a model of one column, and this one has {}",
                self.specification.columns().len()
            )));
        };
        if let Some(concomitant) = &self.concomitant {
            return Err(ModelError(format!(
                "its weights depend on {}: it has no distribution function of its own",
                concomitant.specification.columns()?.join(", ")
            )));
        }
        let components = self.model.components();
        let mut line = (0..components.without_noise())
            .map(|k| component(part, k, components.save(k)))
            .collect::<Result<Vec<OnLine>, _>>()?;
        if let Some(noise) = &part.noise {
            line.push(
                Uniform::new(noise.low[0], noise.high[0]).map_or_else(wrong, |u| Ok(on_line(u)))?,
            );
        }
        let weights = self.model.weights().clone();
        let counts = matches!(line.first(), Some(OnLine::Counts(_)));
        let (mut of_reals, mut of_counts) = (Vec::new(), Vec::new());
        for component in line {
            match component {
                OnLine::Reals(component) => of_reals.push(component),
                OnLine::Counts(component) => of_counts.push(component),
            }
        }
        if counts {
            return Mixture::new(weights, of_counts).map_or_else(wrong, |mixture| {
                Ok(Box::new(mixture) as Box<dyn Univariate>)
            });
        }
        Mixture::new(weights, of_reals).map_or_else(wrong, |mixture| {
            Ok(Box::new(mixture) as Box<dyn Univariate>)
        })
    }
}

/// Component k of a part, with these parameters.
fn component(part: &PartSpecification, k: usize, parameters: Value) -> Result<OnLine, ModelError> {
    if part.is_variational() {
        return match part.posterior()?.line {
            Some(line) => line(part, &parameters),
            None => Err(ModelError(format!(
                "the predictive distribution of family {} over {} has no distribution function here",
                part.family,
                part.columns.join(", ")
            ))),
        };
    }
    let mut parameters = parameters;
    let name = part.components.get(k).unwrap_or(&part.family);
    if !part.components.is_empty()
        && let Some(entries) = parameters.as_object_mut()
    {
        entries.remove("family");
    }
    let kind = if part.interval {
        family(name)?.kind
    } else {
        part.kind()?
    };
    let found = family(name)?;
    let found = found.over(kind).unwrap_or(found);
    let one_column = part.columns.len() == 1 || part.interval;
    match found
        .line
        .as_deref()
        .filter(|_| one_column && kind != Kind::Codes)
    {
        Some(line) => line(part, &parameters),
        None => Err(ModelError(format!(
            "a distribution function needs a model of one column of numbers, and this one is of family \
             {name} over {}",
            part.columns.join(", ")
        ))),
    }
}
