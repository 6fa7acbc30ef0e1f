//! The families that can be chosen by name: one line each.

use crate::combined::{
    Place, adjusted_censorable, adjusted_zero_truncated, censorable, truncated, truncated_of_two,
    zero_inflated, zero_inflated_of_two, zero_truncated,
};
use crate::factor_analyzers::{FACTOR_ANALYZERS, factor_analyzers_line};
use crate::gaussian::{GAUSSIAN, gaussian_line};
use crate::known_parameters::two_parameters;
use crate::multivariate_t::{MULTIVARIATE_T, multivariate_t_line};
use crate::on_line::ReadOnLine;
use crate::regression::{Generalized, Linear, regression_line};
use crate::variants::{normal_line, student_t_line};
use crate::{Bound, FromField, Kind, ModelError, PartSet, PartSpecification};
use distributions::combine::ZeroInflated;
use distributions::regression::{BernoulliResponse, BinomialResponse, PoissonResponse};
use distributions::{
    Bernoulli, Beta, BetaBinomial, Binomial, Categorical, Cauchy, ChiSquared, Component,
    Coordinates, Dirichlet, DirichletMultinomial, DiscreteUniform, Exponential, Gamma, Geometric,
    Gumbel, HalfNormal, InverseGamma, InverseGaussian, Laplace, LogNormal, Logistic, Maxwell,
    Multinomial, NegativeBinomial, Normal, ParameterError, Pareto, PointMass, Poisson, Rayleigh,
    Sample, Uniform, VonMises, VonMisesFisher, Weibull,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::LazyLock;

type Template =
    dyn Fn(&PartSpecification, usize, usize) -> Result<Box<dyn PartSet>, ModelError> + Send + Sync;
type Load = dyn Fn(&PartSpecification, usize, &[Value]) -> Result<Box<dyn PartSet>, (usize, ModelError)>
    + Send
    + Sync;

/// A family that can be chosen by name.
pub struct Family {
    /// The name, in options and files.
    pub name: &'static str,
    /// The kind of column it observes.
    pub kind: Kind,
    /// What can be set.
    pub settings: &'static [&'static str],
    /// Whether its components have a covariance, of a structure to choose.
    pub covariance: bool,
    /// Makes K components over a field.
    pub(crate) template: Box<Template>,
    /// Reads K components over a field from their parameters; an error names the component.
    pub(crate) load: Box<Load>,
    /// The same family over intervals, where it observes them.
    pub(crate) of_intervals: Option<Box<Family>>,
    /// Reads one component as a distribution on the real line, where it is one.
    pub(crate) line: Option<Box<ReadOnLine>>,
}

impl Family {
    /// Whether a row may lack some of its columns: NaN stands for a missing cell.
    pub fn allows_gaps(&self) -> bool {
        [GAUSSIAN, MULTIVARIATE_T].contains(&self.name)
    }
    /// Whether it observes values of which only an interval is known.
    pub fn observes_intervals(&self) -> bool {
        self.of_intervals.is_some()
    }
    /// The family over columns of this kind, where it observes them: a point mass stands beside
    /// counts, and beside real numbers.
    pub(crate) fn over(&'static self, kind: Kind) -> Option<&'static Family> {
        static POINT_AMONG_REALS: LazyLock<Family> = LazyLock::new(|| {
            entry("point_mass", Kind::Reals, &["value"], |part| {
                made(PointMass::<f64>::new(part.number_setting("value")?))
            })
            .with_line::<f64, PointMass<f64>>()
        });
        if self.kind == kind {
            Some(self)
        } else if self.name == "point_mass" && kind == Kind::Reals {
            Some(&POINT_AMONG_REALS)
        } else {
            None
        }
    }
}

/// The families, in the order of the documentation.
pub fn families() -> &'static [Family] {
    static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(all);
    &FAMILIES
}

/// The family of this name.
///
/// # Errors
/// Listing the names, when there is none; the nearest first, where one is near.
pub fn family(name: &str) -> Result<&'static Family, ModelError> {
    let found = families().iter().find(|family| family.name == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = families().iter().map(|family| family.name).collect();
        let nearest = (names.iter().copied())
            .map(|other| (strsim::damerau_levenshtein(name, other), other))
            .min()
            .filter(|&(edits, other)| 3 * edits <= other.len());
        let meant = nearest.map_or(String::new(), |(_, other)| format!(" (is {other} meant?)"));
        ModelError(format!(
            "no family is called {name}{meant}; there are {}",
            names.join(", ")
        ))
    })
}

fn all() -> Vec<Family> {
    use Kind::{Codes, CountVectors, Counts, Reals, Vectors};
    vec![
        normal_line("normal"),
        two_parameters("log_normal", || LogNormal::new(0.0, 1.0)),
        censorable("exponential", Reals, &[], |_| made(Exponential::new(1.0))),
        two_parameters("gamma", || Gamma::new(1.0, 1.0)),
        two_parameters("inverse_gamma", || InverseGamma::new(1.0, 1.0)),
        censorable("chi_squared", Reals, &[], |_| made(ChiSquared::new(1.0))),
        two_parameters("inverse_gaussian", || InverseGaussian::new(1.0, 1.0)),
        two_parameters("beta", || Beta::new(1.0, 1.0)),
        two_parameters("weibull", || Weibull::new(1.0, 1.0)),
        censorable("rayleigh", Reals, &[], |_| made(Rayleigh::new(1.0))),
        censorable("maxwell", Reals, &[], |_| made(Maxwell::new(1.0))),
        censorable("half_normal", Reals, &[], |_| made(HalfNormal::new(1.0))),
        student_t_line("student_t"),
        two_parameters("cauchy", || Cauchy::new(0.0, 1.0)),
        two_parameters("logistic", || Logistic::new(0.0, 1.0)),
        two_parameters("gumbel", || Gumbel::new(0.0, 1.0)),
        censorable("laplace", Reals, &["location"], |part| {
            made(Laplace::new(part.number_setting("location")?, 1.0))
        }),
        censorable("pareto", Reals, &["minimum"], |part| {
            made(Pareto::new(part.number_setting("minimum")?, 1.0))
        }),
        censorable("uniform", Reals, &["low", "high"], |part| {
            let (low, high) = (part.number_setting("low")?, part.number_setting("high")?);
            made(Uniform::new(low, high))
        }),
        two_parameters("von_mises", || VonMises::new(0.0, 1.0)),
        censorable("poisson", Counts, &[], |_| made(Poisson::new(1.0))),
        adjusted_censorable(
            "negative_binomial",
            Counts,
            &["size"],
            negative_binomial,
            with_known_size,
        ),
        entry("point_mass", Counts, &["value"], |part| {
            made(PointMass::<u64>::new(part.count_setting("value", 0)?))
        })
        .with_line::<u64, PointMass<u64>>(),
        censorable("bernoulli", Counts, &[], |_| made(Bernoulli::new(0.5))),
        censorable("binomial", Counts, &["trials"], binomial),
        censorable("beta_binomial", Counts, &["trials"], beta_binomial),
        censorable("discrete_uniform", Counts, &["low", "high"], |part| {
            let low = part.count_setting("low", 0)?;
            made(DiscreteUniform::new(low, part.count_setting("high", low)?))
        }),
        censorable("geometric", Counts, &["support"], geometric),
        zero_inflated("zero_inflated_poisson", Counts, &[], |_| {
            made(Poisson::new(1.0))
        }),
        zero_inflated_negative_binomial(),
        zero_inflated("zero_inflated_binomial", Counts, &["trials"], binomial),
        zero_inflated("zero_inflated_geometric", Counts, &["support"], geometric),
        zero_inflated(
            "zero_inflated_beta_binomial",
            Counts,
            &["trials"],
            beta_binomial,
        ),
        zero_inflated("zero_inflated_exponential", Reals, &[], |_| {
            made(Exponential::new(1.0))
        }),
        zero_inflated_of_two("zero_inflated_gamma", || Gamma::new(1.0, 1.0)),
        zero_inflated_of_two("zero_inflated_log_normal", || LogNormal::new(0.0, 1.0)),
        zero_inflated_of_two("zero_inflated_weibull", || Weibull::new(1.0, 1.0)),
        zero_inflated_of_two("zero_inflated_inverse_gaussian", || {
            InverseGaussian::new(1.0, 1.0)
        }),
        zero_truncated("zero_truncated_poisson", &[], |_| made(Poisson::new(1.0))),
        zero_truncated("zero_truncated_binomial", &["trials"], binomial),
        zero_truncated("zero_truncated_geometric", &[], geometric),
        zero_truncated("zero_truncated_beta_binomial", &["trials"], beta_binomial),
        adjusted_zero_truncated(
            "zero_truncated_negative_binomial",
            &["size"],
            negative_binomial,
            with_known_size,
        ),
        truncated("truncated_normal", Reals, REALS, |at: Place| {
            Normal::new(at.point, at.width * at.width)
        }),
        truncated_of_two("truncated_log_normal", POSITIVE, |at: Place| {
            LogNormal::new(at.point.ln(), 1.0)
        }),
        truncated("truncated_exponential", Reals, POSITIVE, |at: Place| {
            Exponential::new(1.0 / at.point)
        }),
        truncated_of_two("truncated_gamma", POSITIVE, |at: Place| {
            Gamma::new(1.0, 1.0 / at.point)
        }),
        truncated_of_two("truncated_weibull", POSITIVE, |at: Place| {
            Weibull::new(1.0, at.point)
        }),
        truncated("truncated_poisson", Counts, POSITIVE, |at: Place| {
            Poisson::new(at.point)
        }),
        truncated(
            "truncated_negative_binomial",
            Counts,
            POSITIVE,
            |at: Place| NegativeBinomial::new(at.point, 1.0),
        ),
        entry("categorical", Codes, &[], |part| {
            made(Categorical::uniform(part.levels.len()))
        }),
        gaussian_line(),
        regression_line::<Linear>("linear_regression", Kind::RealResponses, &[]),
        regression_line::<Generalized<PoissonResponse>>(
            "poisson_regression",
            Kind::CountResponses,
            &[],
        ),
        regression_line::<Generalized<BernoulliResponse>>(
            "logistic_regression",
            Kind::CountResponses,
            &[],
        ),
        regression_line::<Generalized<BinomialResponse>>(
            "binomial_regression",
            Kind::TrialResponses,
            &["trials"],
        ),
        multivariate_t_line(MULTIVARIATE_T),
        factor_analyzers_line(FACTOR_ANALYZERS),
        entry("multinomial", CountVectors, &["trials"], |part| {
            let family = made(Multinomial::uniform(part.columns.len()))?;
            Ok(match part.settings.contains_key("trials") {
                true => family.with_trials(part.trials_setting()?),
                false => family,
            })
        }),
        entry("dirichlet_multinomial", CountVectors, &["trials"], |part| {
            let concentrations = vec![1.0; part.columns.len()];
            let family = made(DirichletMultinomial::new(concentrations))?;
            Ok(family.with_trials(part.trials_setting()?))
        }),
        entry("dirichlet", Vectors, &[], |part| {
            made(Dirichlet::new(vec![1.0; part.columns.len()]))
        }),
        entry("von_mises_fisher", Vectors, &[], |part| {
            let mut direction = vec![0.0; part.columns.len()];
            direction[0] = 1.0;
            made(VonMisesFisher::new(direction, 1.0))
        }),
    ]
}

/// Every real number.
const REALS: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
/// The positive numbers.
const POSITIVE: (f64, f64) = (0.0, f64::INFINITY);

fn binomial(part: &PartSpecification) -> Result<Binomial, ModelError> {
    made(Binomial::new(part.count_setting("trials", 1)?, 0.5))
}

fn beta_binomial(part: &PartSpecification) -> Result<BetaBinomial, ModelError> {
    let trials = part.count_setting("trials", 1)?;
    made(BetaBinomial::new(trials, 1.0, 1.0))
}

fn geometric(part: &PartSpecification) -> Result<Geometric, ModelError> {
    let mut parameters = part.settings.clone();
    parameters.insert("probability".into(), 0.5.into());
    read(&Value::Object(parameters))
}

fn negative_binomial(part: &PartSpecification) -> Result<NegativeBinomial, ModelError> {
    let mut parameters = part.settings.clone();
    parameters.entry("size").or_insert(1.0.into());
    parameters.insert("mean".into(), 1.0.into());
    read(&Value::Object(parameters))
}

/// The zero-inflated negative binomial, whose size is known where it is set.
fn zero_inflated_negative_binomial() -> Family {
    adjusted_entry(
        "zero_inflated_negative_binomial",
        Kind::Counts,
        &["size"],
        |part| made(ZeroInflated::new(0.5, negative_binomial(part)?)),
        |part, inflated: ZeroInflated<NegativeBinomial>| {
            let family = with_known_size(part, inflated.family().clone());
            ZeroInflated::new(inflated.zero_probability(), family).unwrap_or(inflated)
        },
    )
    .with_line::<u64, ZeroInflated<NegativeBinomial>>()
}

/// The size is known where it is set.
fn with_known_size(part: &PartSpecification, family: NegativeBinomial) -> NegativeBinomial {
    if part.settings.contains_key("size") {
        family.with_fixed_size()
    } else {
        family
    }
}

/// The line of a family whose template is made by `template`.
pub(crate) fn entry<F>(
    name: &'static str,
    kind: Kind,
    settings: &'static [&'static str],
    template: impl Fn(&PartSpecification) -> Result<F, ModelError> + Send + Sync + 'static,
) -> Family
where
    F: Component<Space: FromField> + Coordinates + Sample + Serialize + DeserializeOwned + 'static,
{
    adjusted_entry(name, kind, settings, template, |_, family| family)
}

/// The same, where a component, made or read, is first adjusted to what the part sets.
pub(crate) fn adjusted_entry<F>(
    name: &'static str,
    kind: Kind,
    settings: &'static [&'static str],
    template: impl Fn(&PartSpecification) -> Result<F, ModelError> + Send + Sync + 'static,
    adjusted: impl Fn(&PartSpecification, F) -> F + Copy + Send + Sync + 'static,
) -> Family
where
    F: Component<Space: FromField> + Coordinates + Sample + Serialize + DeserializeOwned + 'static,
{
    Family {
        name,
        kind,
        settings,
        covariance: false,
        of_intervals: None,
        line: None,
        template: Box::new(move |part, field, components| {
            let set = vec![adjusted(part, template(part)?); components];
            Ok(Box::new(
                Bound::new(field, set).counting(part.estimated.len()),
            ))
        }),
        load: Box::new(move |part, field, components| {
            let read = components.iter().enumerate().map(|(k, parameters)| {
                check_width(part, kind, parameters)
                    .and_then(|()| check_levels(part, parameters))
                    .and_then(|()| read::<F>(parameters))
                    .map(|family| adjusted(part, family))
                    .map_err(|error| (k, error))
            });
            let set: Vec<F> = read.collect::<Result<_, _>>()?;
            Ok(Box::new(
                Bound::new(field, set).counting(part.estimated.len()),
            ))
        }),
    }
}

/// A template that cannot fail, unless the settings are wrong.
pub(crate) fn made<F>(template: Result<F, ParameterError>) -> Result<F, ModelError> {
    template.map_err(|error| ModelError(error.to_string()))
}

/// The family with these parameters.
pub(crate) fn read<F: DeserializeOwned>(parameters: &Value) -> Result<F, ModelError> {
    F::deserialize(parameters).map_err(|error| ModelError(error.to_string()))
}

/// A component over several columns has one number for each in its vector.
fn check_width(part: &PartSpecification, kind: Kind, parameters: &Value) -> Result<(), ModelError> {
    let vectors = parameters.as_object().into_iter().flatten();
    for (name, value) in vectors.filter(|_| kind.is_vector()) {
        let length = value.as_array().map(Vec::len);
        if let Some(length) = length.filter(|&length| length != part.columns.len()) {
            return Err(ModelError(format!(
                "{name} of {length} numbers for the {} columns of the part",
                part.columns.len()
            )));
        }
    }
    Ok(())
}

/// A categorical component has one probability for each level.
fn check_levels(part: &PartSpecification, parameters: &Value) -> Result<(), ModelError> {
    let given = parameters.get("probabilities").and_then(Value::as_array);
    match given {
        Some(given) if !part.levels.is_empty() && given.len() != part.levels.len() => {
            Err(ModelError(format!(
                "{} probabilities for the {} levels of column {}",
                given.len(),
                part.levels.len(),
                part.columns[0]
            )))
        }
        _ => Ok(()),
    }
}
