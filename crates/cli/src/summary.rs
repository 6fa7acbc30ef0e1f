//! A model as text for people.

use crate::grid::{Grid, fixed, plain, short};
use crate::names::joined;
use crate::uncertainty;
use crate::variational::prior_text;
use em::SAME_MAXIMUM;
use serde_json::Value;
use tabular::{
    FitRecord, GrowthRecord, ModelFile, PartSpecification, RegressionSpecification, StartRecord,
};

/// The summary of a model.
pub fn text(file: &ModelFile) -> String {
    let count = file.model.components().without_noise();
    let mut text = format!(
        "mixture of {count} component{}{}\n\n",
        if count == 1 { "" } else { "s" },
        if count < file.model.len() {
            ", and noise"
        } else {
            ""
        }
    );
    text.push_str(&weights(file));
    text.push_str(&concomitant(file));
    if let Some(column) = &file.group {
        text.push_str(&format!(
            "\nrows with the same {column} share a component\n"
        ));
    }
    let components: Vec<Value> = (0..count)
        .map(|k| file.specification.save(file.model.components(), k))
        .collect();
    let several = file.specification.parts.len() > 1;
    for (index, part) in file.specification.parts.iter().enumerate() {
        let parameters: Vec<&Value> = (components.iter())
            .map(|component| {
                if several {
                    &component["parts"][index]
                } else {
                    component
                }
            })
            .collect();
        text.push('\n');
        text.push_str(&part_text(part, &parameters, &file.label_names));
    }
    if let Some(fit) = &file.fit {
        text.push('\n');
        text.push_str(&fit_text(fit));
        text.push_str(&uncertainty::text(file));
    }
    text
}

/// What component k is called.
fn name(k: usize, names: &[String]) -> String {
    match names.get(k) {
        Some(name) => format!("{k} {name}"),
        None => k.to_string(),
    }
}

fn weights(file: &ModelFile) -> String {
    let mut header = vec!["component".to_string(), "weight".to_string()];
    let posterior = file.weights_posterior.as_ref();
    header.extend(posterior.map(|_| "rows".to_string()));
    let mut grid = Grid::new(header);
    for (k, &weight) in file.model.weights().iter().enumerate() {
        let mut named = name(k, &file.label_names);
        if k == file.model.components().without_noise() {
            named.push_str(" (noise)");
        }
        let mut row = vec![named, short(weight)];
        row.extend(posterior.map(|posterior| short(posterior.counts()[k])));
        grid.row(row);
    }
    let prior = posterior.map(prior_text);
    let prior = prior.map_or(String::new(), |prior| {
        format!("\nprior of the weights: {prior}; weights are expected ones\n")
    });
    format!("{}{prior}", grid.text())
}

/// The coefficients of weights that depend on columns.
fn concomitant(file: &ModelFile) -> String {
    let Some(concomitant) = &file.concomitant else {
        return String::new();
    };
    let specification = &concomitant.specification;
    let terms = specification.design();
    let terms = terms.map_or(Vec::new(), |design| {
        design.names().iter().map(|name| name.to_string()).collect()
    });
    let mut header = vec!["component".to_string()];
    header.extend(terms);
    let mut grid = Grid::new(header);
    for k in 0..file.model.len() {
        let mut row = vec![name(k, &file.label_names)];
        row.extend(concomitant.weights.coefficients(k).into_iter().map(short));
        grid.row(row);
    }
    format!(
        "\nweights given {}\n{}",
        joined(&specification.predictors),
        grid.text()
    )
}

/// The parameters of one part in all components.
fn part_text(part: &PartSpecification, parameters: &[&Value], names: &[String]) -> String {
    let mut title = part.family.clone();
    if let Some(covariance) = &part.covariance {
        title.push_str(&format!(" ({covariance})"));
    }
    if part.is_variational() {
        title.push_str(", the posterior");
    }
    let mut text = match &part.regression {
        Some(regression) => format!("{title}: {}\n", formula(regression)),
        None if part.interval => format!("{title}, in intervals: {}\n", joined(&part.columns)),
        None => format!("{title}: {}\n", joined(&part.columns)),
    };
    text.push_str(&numbers(part, parameters, names));
    text.push_str(&matrices(part, parameters, names));
    text
}

/// A regression in words.
fn formula(regression: &RegressionSpecification) -> String {
    let mut text = regression.response.clone();
    if let Some([failure, success]) = regression.response_levels() {
        text.push_str(&format!(" ({failure}: 0, {success}: 1)"));
    }
    text.push_str(&format!(" given {}", joined(&regression.predictors)));
    if let Some(offset) = &regression.offset {
        text.push_str(&format!("; offset {offset}"));
    }
    if !regression.common.is_empty() {
        text.push_str(&format!("; common to all: {}", joined(&regression.common)));
    }
    text
}

/// The names of the parameters of all components, in order of appearance.
fn keys<'a>(parameters: &[&'a Value]) -> Vec<&'a str> {
    let mut keys: Vec<&str> = Vec::new();
    for key in parameters
        .iter()
        .filter_map(|component| component.as_object())
        .flat_map(|entries| entries.keys())
    {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    keys
}

/// One row a component: its numbers and vectors.
fn numbers(part: &PartSpecification, parameters: &[&Value], names: &[String]) -> String {
    let mut header = vec!["component".to_string()];
    let mut rows: Vec<Vec<String>> = (0..parameters.len())
        .map(|k| vec![name(k, names)])
        .collect();
    for key in keys(parameters) {
        let value = parameters.iter().find_map(|component| component.get(key));
        let labels = labels(part, key, value);
        for (row, component) in rows.iter_mut().zip(parameters) {
            row.extend(cells(component.get(key), labels.len()));
        }
        header.extend(labels);
    }
    let mut grid = Grid::new(header);
    rows.into_iter().for_each(|row| grid.row(row));
    grid.text()
}

/// The column headings of a parameter; a matrix and the names of levels have none.
fn labels(part: &PartSpecification, key: &str, value: Option<&Value>) -> Vec<String> {
    match value {
        // Coefficients are known by their terms.
        Some(Value::Array(_)) if part.regression.is_some() => part.coefficient_names(),
        Some(Value::Array(items)) if items.iter().all(Value::is_number) => {
            let names = if part.levels.len() == items.len() {
                &part.levels
            } else {
                &part.columns
            };
            let fits = names.len() == items.len();
            let heading = |i: usize| {
                if fits {
                    names[i].clone()
                } else {
                    i.to_string()
                }
            };
            (0..items.len())
                .map(|i| format!("{key}[{}]", heading(i)))
                .collect()
        }
        Some(Value::Array(_)) | None => Vec::new(),
        Some(_) => vec![key.to_string()],
    }
}

fn cells(value: Option<&Value>, width: usize) -> Vec<String> {
    let number = |value: &Value| match (value.as_u64(), value.as_f64()) {
        (Some(whole), _) => whole.to_string(),
        (None, Some(number)) => short(number),
        (None, None) => value.as_str().unwrap_or_default().to_string(),
    };
    match value {
        Some(Value::Array(items)) if width > 0 => items.iter().map(number).collect(),
        Some(value) if width == 1 => vec![number(value)],
        _ => vec![String::new(); width],
    }
}

/// The matrices of each component, once where all components share one.
fn matrices(part: &PartSpecification, parameters: &[&Value], names: &[String]) -> String {
    let is_matrix = |value: &Value| {
        value
            .as_array()
            .is_some_and(|rows| rows.iter().all(Value::is_array))
    };
    let mut text = String::new();
    for key in keys(parameters) {
        let given: Vec<&Value> = parameters
            .iter()
            .filter_map(|component| component.get(key))
            .collect();
        if !given.first().is_some_and(|first| is_matrix(first)) {
            continue;
        }
        let shared = given.len() > 1 && given.iter().all(|matrix| *matrix == given[0]);
        let shown = if shared { 1 } else { given.len() };
        for (k, matrix) in given.iter().take(shown).enumerate() {
            let owner = if shared {
                "all components".into()
            } else {
                format!("component {}", name(k, names))
            };
            let mut header = vec![format!("{key} of {owner}")];
            header.extend(part.columns.clone());
            let mut grid = Grid::new(header);
            for (i, row) in matrix.as_array().into_iter().flatten().enumerate() {
                let mut line = vec![part.columns.get(i).cloned().unwrap_or_default()];
                let row = row.as_array().into_iter().flatten();
                line.extend(row.map(|value| value.as_f64().map_or(String::new(), short)));
                grid.row(line);
            }
            text.push_str(&format!("\n{}", grid.text()));
        }
    }
    text
}

/// The fit.
fn fit_text(fit: &FitRecord) -> String {
    let nats = |value: f64| fixed(value, 6);
    let mut lines = vec![("log-likelihood", nats(fit.log_likelihood))];
    let points = fit.bic.is_some();
    if !points {
        lines.push(("lower bound", nats(fit.objective)));
    } else if fit.objective != fit.log_likelihood {
        lines.push(("objective", nats(fit.objective)));
    }
    let left = |start: &&StartRecord| start.stop_reason.as_deref() == Some("left");
    let left = fit.starts.iter().filter(left).count();
    let continued = match left {
        0 => String::new(),
        left => format!("{} of them continued, ", fit.starts.len() - left),
    };
    let starts = match (fit.starts.len(), fit.starts_near_best) {
        (count, Some(near)) => {
            format!("{count}, {continued}{near} of them within {SAME_MAXIMUM} nats of the best")
        }
        (count, None) => count.to_string(),
    };
    lines.push(("parameters", fit.parameters.to_string()));
    let criteria = [("AIC", fit.aic), ("BIC", fit.bic), ("ICL", fit.icl)];
    let given = |(name, value): (&'static str, Option<f64>)| Some((name, nats(value?)));
    lines.extend(criteria.into_iter().filter_map(given));
    lines.extend([
        ("entropy", nats(fit.entropy)),
        ("rows", fit.rows.to_string()),
        ("observations", plain(fit.observations)),
    ]);
    lines.extend(fit.groups.map(|groups| ("groups", groups.to_string())));
    if !fit.fixed.is_empty() {
        lines.push(("fixed", joined(&fit.fixed)));
    }
    lines.extend([
        ("algorithm", fit.algorithm.clone()),
        ("iterations", fit.iterations.to_string()),
        ("passes", fit.passes.to_string()),
        ("stopped", fit.stop_reason.clone()),
        ("seed", fit.seed.to_string()),
        ("starts", starts),
    ]);
    if !fit.growth.is_empty() {
        lines.push(("grown", grown(&fit.growth)));
    }
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    (lines.iter())
        .map(|(key, value)| format!("  {key:width$}  {value}\n"))
        .collect()
}

/// The way of a mixture that was grown: how many components reached what.
fn grown(way: &[GrowthRecord]) -> String {
    let steps = way
        .iter()
        .map(|step| format!("{} {}", step.components, fixed(step.objective, 3)));
    joined(&steps.collect::<Vec<_>>())
}

/// The warnings of a fit, as `fit` writes them to stderr.
pub fn warnings(file: &ModelFile) -> String {
    let warnings = file.fit.iter().flat_map(|fit| &fit.warnings);
    warnings
        .map(|warning| format!("warning: {warning}\n"))
        .collect()
}
