//! The families whose parameters can have a posterior: one line each.

use super::component::{Belief, Inferable, Inferred, Scores};
use crate::on_line::{LineNumber, OnLine, on_line};
use crate::prior::FraleyRaftery;
use crate::registry::read;
use crate::{Bound, Field, ModelError, PartSet, PartSpecification, PriorChoice, Values};
use distributions::{
    Bernoulli, Beta, Binomial, Categorical, Component, Coordinates, Dirichlet, Exponential, Gamma,
    Geometric, Multinomial, Normal, Poisson, RowsView, Sample, Scalars, StudentT, Univariate,
};
use em::{Conjugate, NormalInverseGamma};
use gmm::{CovarianceStructure, Gaussian, GaussianPredictive, Prior};
use serde::Serialize;
use serde_json::Value;

type Made = Result<Box<dyn PartSet>, ModelError>;
/// An error names the component.
type Read = Result<Box<dyn PartSet>, (usize, ModelError)>;
/// Reads a component as the predictive distribution on the real line.
type Line = fn(&PartSpecification, &Value) -> Result<OnLine, ModelError>;

/// The rows that inform a prior.
struct Rows<'a> {
    part: &'a PartSpecification,
    field: &'a Field,
    weights: Vec<f64>,
    components: usize,
    tuned: FraleyRaftery,
    /// How many observations the prior is worth.
    strength: f64,
}

/// How components whose parameters have a posterior are made and read.
pub(crate) struct Posterior {
    name: &'static str,
    prior: fn(&Rows<'_>) -> Result<Value, ModelError>,
    pub(crate) template: fn(&PartSpecification, usize, usize, &Value) -> Made,
    pub(crate) load: fn(&PartSpecification, usize, &[Value], &Value) -> Read,
    pub(crate) line: Option<Line>,
}

/// All of them.
const ALL: [fn() -> Posterior; 9] = [
    || {
        Posterior::family::<Normal>("normal", |rows| written(rows.normal()?))
            .on_line::<f64, Normal>()
    },
    || {
        Posterior::family::<Exponential>("exponential", |rows| {
            let sum = rows.strength * rows.positive_mean()?;
            made(Gamma::new(rows.strength, sum))
        })
    },
    || {
        Posterior::family::<Poisson>("poisson", |rows| {
            let rate = rows.strength / rows.positive_mean()?;
            made(Gamma::new(rows.strength, rate))
        })
        .on_line::<u64, Poisson>()
    },
    || Posterior::family::<Bernoulli>("bernoulli", |rows| rows.beta()).on_line::<u64, Bernoulli>(),
    || Posterior::family::<Binomial>("binomial", |rows| rows.beta()).on_line::<u64, Binomial>(),
    || Posterior::family::<Geometric>("geometric", |rows| rows.beta()),
    || {
        Posterior::family::<Categorical>("categorical", |rows| {
            rows.dirichlet(rows.part.levels.len())
        })
    },
    || {
        Posterior::family::<Multinomial>("multinomial", |rows| {
            rows.dirichlet(rows.part.columns.len())
        })
    },
    || Posterior {
        line: Some(gaussian_on_line),
        ..Posterior::family::<Gaussian>("gaussian", |rows| written(rows.gaussian()?))
    },
];

fn written(prior: impl Serialize) -> Result<Value, ModelError> {
    serde_json::to_value(prior).map_err(|error| ModelError(error.to_string()))
}

fn made<P: Serialize>(
    prior: Result<P, distributions::ParameterError>,
) -> Result<Value, ModelError> {
    written(prior.map_err(|error| ModelError(error.to_string()))?)
}

impl Posterior {
    pub(super) fn of(name: &str) -> Option<Posterior> {
        ALL.iter().map(|made| made()).find(|one| one.name == name)
    }
    /// The names of all.
    pub(super) fn names() -> String {
        let names: Vec<&str> = ALL.iter().map(|made| made().name).collect();
        names.join(", ")
    }
    /// The parameters of a weakly informative prior.
    pub(super) fn prior(
        &self,
        part: &PartSpecification,
        choice: &PriorChoice,
        field: &Field,
        weights: &[f64],
        components: usize,
    ) -> Result<Value, ModelError> {
        let observed = |(i, &weight): (usize, &f64)| match &field.missing {
            Some(missing) if missing[i] => 0.0,
            _ => weight,
        };
        let rows = Rows {
            part,
            field,
            weights: weights.iter().enumerate().map(observed).collect(),
            components,
            tuned: choice.fraley_raftery.unwrap_or_default(),
            strength: choice.strength.unwrap_or(1.0),
        };
        let prior = (self.prior)(&rows)?;
        // What the family cannot be given is said before any fit.
        (self.template)(part, 0, 1, &prior)?;
        Ok(prior)
    }
    fn family<F: Inferable + Named>(
        name: &'static str,
        prior: fn(&Rows<'_>) -> Result<Value, ModelError>,
    ) -> Posterior {
        Posterior {
            name,
            prior,
            template: |part, field, components, prior| {
                let own = inferred::<F>(part, prior, prior, Scores::Expected)?;
                let set = vec![own; components];
                Ok(Box::new(Bound::with_form(field, set, Belief)))
            },
            load: |part, field, components, prior| {
                let read = components.iter().enumerate().map(|(k, parameters)| {
                    let own = inferred::<F>(part, prior, parameters, Scores::Predictive);
                    own.map_err(|error| (k, error))
                });
                let set: Vec<Inferred<F>> = read.collect::<Result<_, _>>()?;
                Ok(Box::new(Bound::with_form(field, set, Belief)))
            },
            line: None,
        }
    }
    /// The same, whose predictive distribution is one on the real line.
    fn on_line<T, F>(self) -> Posterior
    where
        T: LineNumber,
        F: Inferable<Space = Scalars<T>> + Named,
        F::Predictive: Component<Space = Scalars<T>> + Sample + Coordinates + Univariate + 'static,
    {
        Posterior {
            line: Some(|part, parameters| {
                let own = inferred::<F>(part, parameters, parameters, Scores::Predictive)?;
                Ok(on_line::<T, F::Predictive>(own.into_predictive()))
            }),
            ..self
        }
    }
}

/// A family that is made from what its part fixes.
trait Named: Sized {
    fn of(part: &PartSpecification) -> Result<Self, ModelError>;
}

/// That of the family's own template.
macro_rules! from_template {
    ($($family:ident),+) => {
        $(impl Named for $family {
            fn of(part: &PartSpecification) -> Result<Self, ModelError> {
                let plain = PartSpecification { prior: None, ..part.clone() };
                read(&plain.template(0, 1)?.save(0))
            }
        })+
    };
}
from_template!(
    Normal,
    Exponential,
    Poisson,
    Bernoulli,
    Binomial,
    Geometric,
    Categorical,
    Multinomial
);

impl Named for Gaussian {
    fn of(part: &PartSpecification) -> Result<Self, ModelError> {
        let structure = crate::gaussian::structure(part)?;
        if !matches!(
            structure,
            CovarianceStructure::Full | CovarianceStructure::Diagonal
        ) {
            return Err(ModelError(format!(
                "covariances of structure {structure} have no conjugate prior here: use full or diag"
            )));
        }
        Ok(Gaussian::standard(part.columns.len()).with_structure(structure))
    }
}

/// The component with this prior and this posterior.
fn inferred<F: Inferable + Named>(
    part: &PartSpecification,
    prior: &Value,
    belief: &Value,
    scores: Scores,
) -> Result<Inferred<F>, ModelError> {
    let prior: F::Prior =
        parameters(prior).map_err(|error| ModelError(format!("the prior: {error}")))?;
    let posterior = Conjugate::with_belief(F::of(part)?, prior, parameters(belief)?);
    posterior
        .and_then(|posterior| Inferred::new(posterior, scores))
        .map_err(|error| ModelError(error.to_string()))
}

fn parameters<P: serde::de::DeserializeOwned>(value: &Value) -> Result<P, ModelError> {
    P::deserialize(value).map_err(|error| ModelError(error.to_string()))
}

/// Of one column: Student's t.
fn gaussian_on_line(part: &PartSpecification, parameters: &Value) -> Result<OnLine, ModelError> {
    if part.columns.len() != 1 {
        return Err(ModelError::new("a gaussian part of several columns"));
    }
    let own = inferred::<Gaussian>(part, parameters, parameters, Scores::Predictive)?;
    let t = match own.into_predictive() {
        GaussianPredictive::Full(t) => {
            let scale = t.scale_matrix()[0].sqrt();
            StudentT::new(t.location()[0], scale, t.df()).map(StudentT::with_fixed_df)
        }
        GaussianPredictive::Diagonal(columns) => Ok(columns.columns()[0].clone()),
    };
    let t = t.map_err(|error| ModelError(error.to_string()))?;
    Ok(on_line::<f64, StudentT>(t))
}

impl Rows<'_> {
    /// Beta(s, s): uniform for s = 1.
    fn beta(&self) -> Result<Value, ModelError> {
        made(Beta::new(self.strength, self.strength))
    }
    /// Dirichlet(s, …, s): uniform for s = 1.
    fn dirichlet(&self, outcomes: usize) -> Result<Value, ModelError> {
        made(Dirichlet::new(vec![self.strength; outcomes]))
    }
    /// x̄ of the rows.
    fn positive_mean(&self) -> Result<f64, ModelError> {
        let (mut sum, mut whole) = (0.0, 0.0);
        let mut add = |value: f64, weight: f64| {
            if weight > 0.0 {
                sum += weight * value;
                whole += weight;
            }
        };
        if let Values::Counts(counts) = &self.field.values {
            (counts.iter().zip(&self.weights))
                .for_each(|(&count, &weight)| add(count as f64, weight));
        } else if let Some(values) = self.field.values.reals() {
            (values.iter().zip(&self.weights)).for_each(|(&value, &weight)| add(value, weight));
        }
        let mean = sum / whole;
        if mean > 0.0 && mean.is_finite() {
            return Ok(mean);
        }
        Err(ModelError(format!(
            "the mean of the rows is {mean}, which gives none"
        )))
    }
    /// That of Fraley & Raftery (2007): about the mean of the rows, of their covariance over K^(2/d), κ = 0.01
    /// and ν = d + 2, unless these are tuned. Diagonal covariances have its diagonal.
    fn fraley_raftery(&self, rows: RowsView<'_, f64>, diagonal: bool) -> Result<Prior, ModelError> {
        let full = CovarianceStructure::Full;
        let prior = Prior::fraley_raftery(rows, Some(&self.weights), self.components, full);
        let tuned = prior.and_then(|prior| {
            let mut scale = prior.scale();
            for (i, row) in scale.iter_mut().enumerate().filter(|_| diagonal) {
                for (j, value) in row.iter_mut().enumerate() {
                    *value = if i == j { *value } else { 0.0 };
                }
            }
            let shrinkage = self.tuned.shrinkage.unwrap_or(prior.shrinkage());
            let df = self.tuned.df.unwrap_or(prior.df());
            Prior::new(prior.mean().to_vec(), shrinkage, df, &scale)
        });
        tuned.map_err(|error| ModelError(error.to_string()))
    }
    fn gaussian(&self) -> Result<Prior, ModelError> {
        let rows: RowsView<'_, f64> = match &self.field.values {
            Values::Vectors(values) => values.view(),
            Values::FileVectors(file) => file.view(),
            _ => return Err(ModelError::new("a Gaussian part observes vectors")),
        };
        let structure = crate::gaussian::structure(self.part)?;
        self.fraley_raftery(rows, structure == CovarianceStructure::Diagonal)
    }
    /// The same of one column, as a normal–inverse-gamma distribution.
    fn normal(&self) -> Result<NormalInverseGamma, ModelError> {
        let values = (self.field.values.reals())
            .ok_or_else(|| ModelError::new("a normal part observes real numbers"))?;
        let prior = self.fraley_raftery(RowsView::new(values, 1), false)?;
        let (half_df, half_scale) = (0.5 * prior.df(), 0.5 * prior.scale()[0][0]);
        NormalInverseGamma::new(prior.mean()[0], prior.shrinkage(), half_df, half_scale)
            .map_err(|error| ModelError(error.to_string()))
    }
}
