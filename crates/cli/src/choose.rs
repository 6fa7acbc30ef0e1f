//! From options to the specification of a model.

use crate::args::{Fit, Model};
use crate::cells::{is_numeric, levels};
use crate::columns::check_numeric;
use crate::failure::{Failure, say_once};
use crate::intervals;
use crate::known;
use crate::names;
use crate::read::Sheet;
use crate::regression;
use serde_json::Value;
use tabular::{Kind, MIXED, PartSpecification, Specification};

/// The model that the options name, over the columns of the data.
pub fn specification(arguments: &Fit, sheet: &Sheet) -> Result<Specification, Failure> {
    let model = &arguments.model;
    let mut parts = Vec::new();
    let regression = match &model.family {
        Some(name) => model.is_regression() || is_regression(name)?,
        None => false,
    };
    if model.is_regression() && !regression {
        return Err(Failure::input(
            "--response, --predictors, --common and --offset need --family NAME, a regression",
        ));
    }
    if let Some(interval) = &model.interval {
        parts.push(interval_part(model, interval)?);
    } else if let Some(name) = model.family.as_ref().filter(|_| regression) {
        parts.push(regression::part(model, name)?);
    } else if let Some(name) = &model.family {
        let columns = match &model.columns {
            Some(list) => names::list("--columns", list)?,
            None => numeric_columns(arguments, sheet)?,
        };
        add_parts(&mut parts, name, &[], columns)?;
    }
    if let Some(list) = model
        .components
        .as_ref()
        .filter(|_| model.interval.is_none())
    {
        let families = names::list("--components", list)?;
        let columns = match &model.columns {
            Some(list) => names::list("--columns", list)?,
            None => numeric_columns(arguments, sheet)?,
        };
        add_parts(&mut parts, MIXED, &families, columns)?;
    }
    for part in &model.part {
        let (name, columns) = names::part(part)?;
        add_parts(&mut parts, &name, &[], columns)?;
    }
    if parts.is_empty() {
        return Err(Failure::input(
            "name a model: --family NAME (gaussian, for one), --part NAME:COLUMN,COLUMN (repeated for a product), \
             or --components NAME,NAME",
        ));
    }
    set_covariance(model, &mut parts)?;
    arguments.priors.bound(&mut parts)?;
    let mut keys = std::collections::HashSet::new();
    for setting in &model.set {
        let key = setting.split('=').next().unwrap_or_default();
        if !keys.insert(key) {
            return Err(Failure::input(format!("--set {key}: it is given twice")));
        }
        set(setting, &mut parts)?;
    }
    for part in &mut parts {
        let kind = part.kind()?;
        if kind.is_regression() {
            regression::complete(part, sheet)?;
            continue;
        }
        for name in &part.columns {
            let column = sheet.column(name)?;
            // An end that is given nowhere is a column without a number.
            if !matches!(kind, Kind::Codes | Kind::Intervals) {
                check_numeric(sheet, column, &part.family)?;
            }
        }
        if kind == Kind::Codes {
            part.levels = levels(sheet, &part.columns[0], |_| true)?;
        }
    }
    let specification = Specification { parts };
    specification.check()?;
    Ok(specification)
}

/// The columns that a fit asks for, where its options name them all. What is wrong with them is said
/// where they are read for good.
pub fn named_columns(arguments: &Fit) -> Option<Vec<String>> {
    let model = &arguments.model;
    if model.is_regression() {
        return None;
    }
    let mut columns = Vec::new();
    for list in [&model.columns, &model.interval].into_iter().flatten() {
        columns.extend(names::list("", list).ok()?);
    }
    for part in &model.part {
        columns.extend(names::part(part).ok()?.1);
    }
    if columns.is_empty() {
        return None;
    }
    columns.extend(known::taken(arguments).ok()?);
    Some(columns)
}

/// Whether a family is a regression.
fn is_regression(name: &str) -> Result<bool, Failure> {
    Ok(tabular::family(name)?.kind.is_regression())
}

/// The part of `--interval LOW,HIGH`: one family, or one for each component.
fn interval_part(model: &Model, interval: &str) -> Result<PartSpecification, Failure> {
    let (family, components) = match (&model.family, &model.components) {
        (Some(name), _) => (name.clone(), Vec::new()),
        (None, Some(list)) => (MIXED.to_string(), names::list("--components", list)?),
        (None, None) => {
            return Err(Failure::input(
                "--interval LOW,HIGH needs --family NAME or --components NAME,NAME",
            ));
        }
    };
    let part = PartSpecification {
        family,
        components,
        columns: intervals::columns(interval)?,
        interval: true,
        ..PartSpecification::default()
    };
    part.kind()?;
    Ok(part)
}

/// A univariate family over several columns is one part a column.
fn add_parts(
    parts: &mut Vec<PartSpecification>,
    name: &str,
    components: &[String],
    columns: Vec<String>,
) -> Result<(), Failure> {
    let part = |columns: Vec<String>| PartSpecification {
        family: name.to_string(),
        components: components.to_vec(),
        columns,
        ..PartSpecification::default()
    };
    let kind = part(Vec::new()).kind()?;
    if kind.is_regression() {
        let named = if components.is_empty() {
            name.to_string()
        } else {
            names::joined(components)
        };
        return Err(Failure::input(format!(
            "{named}: a regression is a model of its own, by --family, --response and \
             --predictors, and no part of a product"
        )));
    }
    if kind.is_vector() {
        parts.push(part(columns));
    } else {
        parts.extend(columns.into_iter().map(|column| part(vec![column])));
    }
    Ok(())
}

/// Every column with a number in it that no other option names; the others are named on stderr.
fn numeric_columns(arguments: &Fit, sheet: &Sheet) -> Result<Vec<String>, Failure> {
    let taken = known::taken(arguments)?;
    let mut columns = Vec::new();
    let mut left_out = Vec::new();
    for (index, name) in sheet.header.iter().enumerate() {
        if taken.contains(name) {
            continue;
        }
        if is_numeric(sheet, index) {
            columns.push(name.clone());
        } else {
            left_out.push(name.clone());
        }
    }
    if columns.is_empty() {
        return Err(Failure::input(format!(
            "{}: no column holds a number{}{}; name the columns by --columns",
            sheet.file,
            first_text(sheet, &left_out)?,
            sheet.separator_hint()
        )));
    }
    if !left_out.is_empty() {
        say_once(&format!(
            "columns without a number are left out: {}",
            names::joined(&left_out)
        ));
    }
    Ok(columns)
}

fn set_covariance(model: &Model, parts: &mut [PartSpecification]) -> Result<(), Failure> {
    let mut applied = false;
    for part in parts.iter_mut() {
        if part.has_covariance()? {
            part.covariance = Some(model.covariance.clone().unwrap_or_else(|| "full".into()));
            applied = true;
        }
    }
    match &model.covariance {
        Some(structure) if !applied => Err(Failure::input(format!(
            "--covariance {structure}: no part of the model has a covariance"
        ))),
        _ => Ok(()),
    }
}

/// Applies one `--set key=value` or `--set PART.key=value`.
fn set(setting: &str, parts: &mut [PartSpecification]) -> Result<(), Failure> {
    let wrong = |why: String| Failure::input(format!("--set {setting}: {why}"));
    let Some((key, text)) = setting.split_once('=') else {
        return Err(wrong("expected KEY=VALUE or PART.KEY=VALUE".into()));
    };
    let value = match serde_json::from_str::<Value>(text) {
        Ok(Value::Number(number)) => Value::Number(number),
        _ => Value::String(text.to_string()),
    };
    if let Some((index, key)) = key.split_once('.') {
        let count = parts.len();
        let part = index
            .parse()
            .ok()
            .and_then(|index: usize| parts.get_mut(index));
        let Some(part) = part else {
            return Err(wrong(format!(
                "there is no part {index}; the model has {count}, from 0"
            )));
        };
        part.settings.insert(key.to_string(), value);
        return Ok(());
    }
    let mut applied = false;
    for part in parts.iter_mut() {
        if part.known_settings()?.contains(&key) {
            part.settings.insert(key.to_string(), value.clone());
            applied = true;
        }
    }
    if applied {
        Ok(())
    } else {
        Err(wrong(format!("no family of the model has a setting {key}")))
    }
}

/// The first cell that is text in these columns, for a message.
fn first_text(sheet: &Sheet, names: &[String]) -> Result<String, Failure> {
    for name in names {
        let column = sheet.column(name)?;
        let text = (0..sheet.rows.len()).find(|&row| !sheet.is_missing(row, column));
        if let Some(row) = text {
            let (place, cell) = (sheet.rows.place(row), sheet.cell(row, column));
            return Ok(format!(" ({place}, column {name}: \"{cell}\")"));
        }
    }
    Ok(String::new())
}
