//! How wide each component is beside the data: what the ranking rule looks at.

use crate::commands::fit::{Done, Setup};
use em::select::smallest_relative_eigenvalue;
use serde_json::Value;
use tabular::{Field, Kind, ModelFile, Values};

/// What of a component tells that its likelihood goes to infinity.
#[derive(Clone, Copy, PartialEq)]
enum Width {
    /// A covariance among its parameters.
    Covariance(&'static str),
    /// Loadings and noise variances among its parameters: ΛΛᵀ + Ψ.
    Factors,
    /// A variance among its parameters.
    Variance,
    /// A scale among its parameters, whose square is one.
    Scale,
    /// The variance of the values that it explains.
    Values,
    /// The same of their logarithms: components may differ in size by orders of magnitude.
    Logarithms,
    /// Nothing: its likelihood is bounded.
    Bounded,
}

/// The width of a family. Discrete likelihoods are bounded, and so are those of a scale alone.
fn width(family: &str) -> Width {
    let base = ["zero_inflated_", "truncated_"].iter();
    let base = base.fold(family, |name, prefix| {
        name.strip_prefix(prefix).unwrap_or(name)
    });
    match base {
        "gaussian" => Width::Covariance("covariance"),
        "multivariate_t" => Width::Covariance("scale_matrix"),
        "factor_analyzers" => Width::Factors,
        "normal" if family == base => Width::Variance,
        "linear_regression" => Width::Variance,
        "student_t" | "cauchy" | "logistic" | "gumbel" => Width::Scale,
        "normal" | "beta" | "von_mises" => Width::Values,
        "log_normal" | "gamma" | "inverse_gamma" | "inverse_gaussian" | "weibull" => {
            Width::Logarithms
        }
        _ => Width::Bounded,
    }
}

/// For each component the least of its variances as a share of those of the data, over the parts whose
/// likelihood is unbounded; `None` where there is no such part.
pub fn spreads(setup: &Setup<'_>, done: &Done) -> Vec<Option<f64>> {
    let file = &done.file;
    let components = file.model.components();
    let count = components.without_noise();
    let mut spreads = vec![None; count];
    let parts = &file.specification.parts;
    for (p, (part, field)) in parts.iter().zip(setup.typed.table.fields()).enumerate() {
        let width = width(&part.family);
        if width == Width::Bounded || field.values.kind() == Kind::Intervals {
            continue;
        }
        let shares = match width {
            Width::Values | Width::Logarithms => of_rows(setup, file, field, width),
            _ => {
                let pooled = Pooled::new(setup, field, part.columns.len());
                (0..count)
                    .map(|k| {
                        let saved = components.save(k);
                        let own = match parts.len() {
                            1 => &saved,
                            _ => &saved["parts"][p],
                        };
                        pooled.as_ref().and_then(|pooled| pooled.share(width, own))
                    })
                    .collect()
            }
        };
        for (spread, share) in spreads.iter_mut().zip(shares) {
            *spread = match (*spread, share) {
                (Some(a), Some(b)) => Some(f64::min(a, b)),
                (a, b) => a.or(b),
            };
        }
    }
    spreads
}

/// The covariance of the rows in use.
struct Pooled {
    covariance: Vec<f64>,
    columns: usize,
}

impl Pooled {
    /// `None` where the values are no real numbers.
    fn new(setup: &Setup<'_>, field: &Field, columns: usize) -> Option<Pooled> {
        let (values, columns) = match &field.values {
            Values::Vectors(rows) => (&rows.values[..], columns),
            Values::FileVectors(file) => (file.values(), columns),
            Values::RealResponses((_, responses)) => (&responses[..], 1),
            other => (other.reals()?, 1),
        };
        let weights: Vec<f64> = weights_of_rows(setup, field);
        let covariance = covariance(values, columns, &weights);
        Some(Pooled {
            covariance,
            columns,
        })
    }
    /// The share of a component, from its parameters.
    fn share(&self, width: Width, parameters: &Value) -> Option<f64> {
        let number = |name: &str| parameters[name].as_f64();
        let own = match width {
            Width::Covariance(name) => matrix(&parameters[name])?,
            Width::Factors => of_factors(parameters)?,
            Width::Variance => vec![number("variance")?],
            Width::Scale => vec![number("scale")?.powi(2)],
            _ => return None,
        };
        (own.len() == self.covariance.len())
            .then(|| smallest_relative_eigenvalue(&own, &self.covariance, self.columns))
    }
}

fn matrix(value: &Value) -> Option<Vec<f64>> {
    let rows = value.as_array()?.iter();
    let entries = rows.flat_map(|row| row.as_array().into_iter().flatten());
    entries.map(Value::as_f64).collect()
}

/// ΛΛᵀ + Ψ, row after row.
fn of_factors(parameters: &Value) -> Option<Vec<f64>> {
    let loadings = matrix(&parameters["loadings"])?;
    let noise = parameters["noise_variances"].as_array()?.iter();
    let noise: Vec<f64> = noise.map(Value::as_f64).collect::<Option<_>>()?;
    let (size, factors) = (noise.len(), loadings.len() / noise.len().max(1));
    let row = |i: usize| &loadings[i * factors..(i + 1) * factors];
    let entry = |i: usize, j: usize| {
        let common: f64 = row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum();
        common + if i == j { noise[i] } else { 0.0 }
    };
    Some(
        (0..size * size)
            .map(|index| entry(index / size, index % size))
            .collect(),
    )
}

/// w_i of each row of the table, 0 where the field is missing. Weights of groups are not those of rows: then
/// 1 each.
fn weights_of_rows(setup: &Setup<'_>, field: &Field) -> Vec<f64> {
    let rows = field.values.rows();
    let given = setup.row_weights().filter(|weights| weights.len() == rows);
    let missing = |i: usize| field.missing.as_ref().is_some_and(|missing| missing[i]);
    let weight = |i: usize| {
        if missing(i) {
            0.0
        } else {
            given.map_or(1.0, |weights| weights[i])
        }
    };
    (0..rows).map(weight).collect()
}

/// The share that the rows of each component have of the variance of all, by responsibilities.
fn of_rows(setup: &Setup<'_>, file: &ModelFile, field: &Field, width: Width) -> Vec<Option<f64>> {
    let count = file.model.components().without_noise();
    let Some(values) = field.values.reals() else {
        return vec![None; count];
    };
    let used = |value: f64| width != Width::Logarithms || value > 0.0;
    let seen: Vec<f64> = match width {
        Width::Logarithms => values
            .iter()
            .map(|&x| if used(x) { x.ln() } else { 0.0 })
            .collect(),
        _ => values.to_vec(),
    };
    let all: Vec<f64> = (weights_of_rows(setup, field).iter().zip(values))
        .map(|(&weight, &value)| if used(value) { weight } else { 0.0 })
        .collect();
    let pooled = covariance(&seen, 1, &all);
    let posterior = file.posterior(setup.known_rows());
    if posterior.components * all.len() != posterior.responsibilities.len() {
        return vec![None; count];
    }
    let of_component = |k: usize| {
        let shares = posterior.responsibilities[k..]
            .iter()
            .step_by(posterior.components);
        let own: Vec<f64> = all.iter().zip(shares).map(|(w, r)| w * r).collect();
        Some(covariance(&seen, 1, &own)[0] / pooled[0])
    };
    (0..count).map(of_component).collect()
}

/// Σ w (x − m)(x − m)ᵀ / Σ w of rows of `columns` numbers, none of which is missing.
fn covariance(values: &[f64], columns: usize, weights: &[f64]) -> Vec<f64> {
    let rows = || {
        let all = values.chunks_exact(columns).zip(weights);
        all.filter(|(row, weight)| **weight > 0.0 && row.iter().all(|x| x.is_finite()))
    };
    let total: f64 = rows().map(|(_, weight)| weight).sum();
    // About the first row, so that a common offset costs no digits.
    let origin: Vec<f64> = rows()
        .next()
        .map_or(vec![0.0; columns], |(row, _)| row.to_vec());
    let mut mean = vec![0.0; columns];
    for (row, weight) in rows() {
        for (mean, (x, o)) in mean.iter_mut().zip(row.iter().zip(&origin)) {
            *mean += weight * (x - o) / total;
        }
    }
    let mut covariance = vec![0.0; columns * columns];
    for (row, weight) in rows() {
        for i in 0..columns {
            for j in 0..columns {
                let (a, b) = (row[i] - origin[i] - mean[i], row[j] - origin[j] - mean[j]);
                covariance[i * columns + j] += weight * a * b / total;
            }
        }
    }
    covariance
}
