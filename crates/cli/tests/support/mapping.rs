//! The names in case files and the names in model files.

use serde_json::{Map, Value, json};

/// A family of the cases: its name there, its name here, and the names of its parameters in both.
pub struct Names {
    pub case: &'static str,
    pub family: &'static str,
    pub parameters: &'static [(&'static str, &'static str)],
}

/// Everything that is called differently.
pub const NAMES: &[Names] = &[
    names("normal", "normal", &[("mean", "mean"), ("var", "variance")]),
    names(
        "lognormal",
        "log_normal",
        &[("mu", "log_mean"), ("sigma2", "log_variance")],
    ),
    names("exponential", "exponential", &[("rate", "rate")]),
    names("gamma", "gamma", &[("shape", "shape"), ("rate", "rate")]),
    names("beta", "beta", &[("alpha", "alpha"), ("beta", "beta")]),
    names(
        "weibull",
        "weibull",
        &[("shape", "shape"), ("scale", "scale")],
    ),
    names(
        "von_mises",
        "von_mises",
        &[("mu", "mean_direction"), ("kappa", "concentration")],
    ),
    names("poisson", "poisson", &[("rate", "rate")]),
    names(
        "zero_inflated_poisson",
        "zero_inflated_poisson",
        &[("pi0", "zero_probability"), ("rate", "rate")],
    ),
    names("bernoulli", "bernoulli", &[("p", "probability")]),
    names(
        "binomial",
        "binomial",
        &[("n", "trials"), ("p", "probability")],
    ),
    names("geometric", "geometric", &[("p", "probability")]),
    names(
        "negative_binomial",
        "negative_binomial",
        &[("size", "size"), ("mean", "mean")],
    ),
    names(
        "student_t",
        "student_t",
        &[("loc", "location"), ("scale", "scale"), ("df", "df")],
    ),
    names(
        "cauchy",
        "cauchy",
        &[("loc", "location"), ("scale", "scale")],
    ),
    names(
        "laplace",
        "laplace",
        &[("loc", "location"), ("scale", "scale")],
    ),
    names(
        "logistic",
        "logistic",
        &[("loc", "location"), ("scale", "scale")],
    ),
    names(
        "gumbel",
        "gumbel",
        &[("loc", "location"), ("scale", "scale")],
    ),
    names(
        "inverse_gamma",
        "inverse_gamma",
        &[("shape", "shape"), ("scale", "scale")],
    ),
    names("chi_squared", "chi_squared", &[("df", "df")]),
    names("rayleigh", "rayleigh", &[("sigma", "scale")]),
    names("maxwell", "maxwell", &[("sigma", "scale")]),
    names("half_normal", "half_normal", &[("sigma", "scale")]),
    names(
        "pareto",
        "pareto",
        &[("scale", "minimum"), ("shape", "shape")],
    ),
    names("uniform", "uniform", &[("lower", "low"), ("upper", "high")]),
    names(
        "inverse_gaussian",
        "inverse_gaussian",
        &[("mean", "mean"), ("shape", "shape")],
    ),
    names(
        "beta_binomial",
        "beta_binomial",
        &[("n", "trials"), ("alpha", "alpha"), ("beta", "beta")],
    ),
    names(
        "discrete_uniform",
        "discrete_uniform",
        &[("lower", "low"), ("upper", "high")],
    ),
    names(
        "multinomial",
        "multinomial",
        &[("n", "trials"), ("p", "probabilities")],
    ),
    names("dirichlet", "dirichlet", &[("alpha", "concentrations")]),
    names(
        "von_mises_fisher",
        "von_mises_fisher",
        &[("mu", "mean_direction"), ("kappa", "concentration")],
    ),
    names(
        "gaussian",
        "gaussian",
        &[("mean", "mean"), ("cov", "covariance")],
    ),
    names(
        "mvn",
        "gaussian",
        &[("mean", "mean"), ("cov", "covariance")],
    ),
    names(
        "multivariate_t",
        "multivariate_t",
        &[
            ("loc", "location"),
            ("scale_matrix", "scale_matrix"),
            ("df", "df"),
        ],
    ),
];

const fn names(
    case: &'static str,
    family: &'static str,
    parameters: &'static [(&'static str, &'static str)],
) -> Names {
    Names {
        case,
        family,
        parameters,
    }
}

/// The names of a family of the cases, if the program has the family.
pub fn available(case: &str) -> Option<&'static Names> {
    let names = NAMES.iter().find(|names| names.case == case)?;
    tabular::family(names.family).ok().map(|_| names)
}

impl Names {
    /// Parameters of a case as those of a model file; numbers may be text.
    pub fn to_model(&self, case: &Value) -> Value {
        let mut model = Map::new();
        for (theirs, ours) in self.parameters {
            if let Some(value) = case.get(*theirs) {
                model.insert((*ours).into(), as_number(value));
            }
        }
        Value::Object(model)
    }
    /// Parameters of a model file as those of a case.
    pub fn to_case(&self, model: &Value) -> Value {
        let mut case = Map::new();
        for (theirs, ours) in self.parameters {
            if let Some(value) = model.get(*ours) {
                case.insert((*theirs).into(), value.clone());
            }
        }
        Value::Object(case)
    }
}

fn as_number(value: &Value) -> Value {
    match value {
        Value::String(text) => text
            .parse::<f64>()
            .map_or(value.clone(), |number| json!(number)),
        other => other.clone(),
    }
}
