//! The command of a fit, from what its model file records.

use crate::args::Missing;
use crate::plot::PlotData;
use crate::select::quoted;
use clap::ValueEnum;
use std::ffi::OsStr;
use std::path::Path;
use tabular::{MIXED, ModelFile, PartSpecification};

/// `mixture fit` with the options that the file knows of.
pub fn command(file: &ModelFile, data: &Path, rows: &PlotData) -> String {
    let mut words: Vec<String> = vec!["fit".into(), data.display().to_string()];
    let mut add = |option: &str, value: String| words.extend([option.to_string(), value]);
    let parts = &file.specification.parts;
    let count = file.model.components().without_noise();
    let asked = file
        .fit
        .as_ref()
        .and_then(|fit| fit.requested_components)
        .unwrap_or(count);
    if !parts.iter().any(|part| part.family == MIXED) {
        add("-k", asked.to_string());
    }
    match parts.as_slice() {
        [part] => model(part, &mut add),
        parts => {
            for part in parts {
                add("--part", format!("{}:{}", part.family, list(&part.columns)));
            }
            let covariance = parts.iter().find_map(|part| part.covariance.clone());
            covariance
                .into_iter()
                .for_each(|name| add("--covariance", name));
        }
    }
    for (p, part) in parts.iter().enumerate() {
        let own = |key: &&String| !part.estimated.contains(key);
        for key in part.settings.keys().filter(own) {
            let value = &part.settings[key];
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), String::from);
            let prefix = if parts.len() > 1 {
                format!("{p}.")
            } else {
                String::new()
            };
            add("--set", format!("{prefix}{key}={value}"));
        }
    }
    if let Some(concomitant) = &file.concomitant {
        add("--concomitant", list(&concomitant.specification.predictors));
    }
    file.group
        .iter()
        .for_each(|column| add("--group", column.clone()));
    rows.row_weights
        .iter()
        .for_each(|column| add("--row-weights", column.clone()));
    if rows.missing != Missing::Error
        && let Some(name) = rows.missing.to_possible_value()
    {
        add("--missing", name.get_name().to_string());
    }
    if let Some(fit) = &file.fit {
        if fit.algorithm != "em" {
            add("--algorithm", fit.algorithm.clone());
        }
        if let Some(trimmed) = &fit.trimmed {
            add("--trim", trimmed.fraction.to_string());
        }
        if fit.starts.len() > 1 {
            add("--restarts", fit.starts.len().to_string());
        }
        add("--seed", fit.seed.to_string());
    }
    words.extend(rows.dialect.words());
    if parts.iter().any(|part| part.noise.is_some()) {
        words.push("--noise".into());
    }
    if file
        .fit
        .as_ref()
        .is_some_and(|fit| fit.fixed.iter().any(|what| what == "equal weights"))
    {
        words.extend(["--weights".into(), "equal".into()]);
    }
    let words = words.iter().map(|word| quoted(OsStr::new(word)));
    std::iter::once("mixture".to_string())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The only part of a model.
fn model(part: &PartSpecification, add: &mut impl FnMut(&str, String)) {
    match part.family == MIXED {
        true => add("--components", part.components.join(",")),
        false => add("--family", part.family.clone()),
    }
    match &part.regression {
        Some(regression) => {
            add("--response", regression.response.clone());
            add("--predictors", list(&regression.predictors));
            if !regression.common.is_empty() {
                add("--common", list(&regression.common));
            }
            regression
                .offset
                .iter()
                .for_each(|column| add("--offset", column.clone()));
        }
        None if part.interval => add("--interval", list(&part.columns)),
        None => add("--columns", list(&part.columns)),
    }
    part.covariance
        .iter()
        .for_each(|name| add("--covariance", name.clone()));
}

/// Names as options take them.
fn list(names: &[String]) -> String {
    let quoted = names
        .iter()
        .map(|name| match name.contains([',', ':', '"']) {
            true => format!("\"{}\"", name.replace('"', "\"\"")),
            false => name.clone(),
        });
    quoted.collect::<Vec<_>>().join(",")
}

/// What the fit used that its command does not say.
pub fn unsaid(file: &ModelFile) -> Vec<String> {
    let mut unsaid = Vec::new();
    let mut add = |given: bool, what: &str| {
        if given {
            unsaid.push(what.to_string());
        }
    };
    let parts = &file.specification.parts;
    add(
        file.model.weights().concentrations().is_some(),
        "a prior of the weights",
    );
    add(
        parts.iter().any(|part| part.prior.is_some()),
        "a prior of the components",
    );
    add(
        parts.iter().any(|part| !part.held.is_empty()),
        "parameters held in some components",
    );
    add(
        parts.iter().any(|part| part.eigenvalue_ratio.is_some()),
        "a bound of eigenvalues",
    );
    add(
        parts.iter().any(|part| part.means.is_some()),
        "means that are fixed or shared",
    );
    add(!file.label_names.is_empty(), "labels as start");
    let fixed = file.fit.iter().flat_map(|fit| &fit.fixed);
    add(
        fixed.into_iter().any(|what| what != "equal weights"),
        "what stays fixed",
    );
    unsaid
}
