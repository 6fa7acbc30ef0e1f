//! Columns beside those of the parts: covariates of the weights, groups of rows.

use crate::args::Fit;
use crate::cells::Impossible;
use crate::columns::{Source, Typed};
use crate::failure::Failure;
use crate::names;
use crate::read::Sheet;
use crate::regression::{predictor_levels, predictors};
use distributions::RowsBuffer;
use em::Posterior;
use serde_json::Value;
use std::collections::HashMap;
use tabular::{ConcomitantSpecification, KnownRows, ModelFile, Predictors, Specification};

/// What a model needs of a row besides its parts.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The terms of the weights.
    pub concomitant: Option<ConcomitantSpecification>,
    /// The column of groups.
    pub group: Option<String>,
}

/// The columns that options other than those of the model name.
pub fn taken(arguments: &Fit) -> Result<Vec<String>, Failure> {
    let known = &arguments.known;
    let mut taken: Vec<String> = [
        &arguments.row_weights,
        &arguments.start.init_labels,
        &known.known_labels,
        &known.group,
    ]
    .into_iter()
    .flatten()
    .cloned()
    .collect();
    if let Some(text) = &known.concomitant {
        taken.extend(terms(text)?.columns()?);
    }
    Ok(taken)
}

/// The terms of the weights, whose levels are still to be found.
fn terms(text: &str) -> Result<ConcomitantSpecification, Failure> {
    let wrong =
        |error: tabular::ModelError| Failure::input(format!("--concomitant {text}: {error}"));
    Ok(ConcomitantSpecification {
        predictors: Predictors::parse(text).map_err(wrong)?.texts(),
        ..ConcomitantSpecification::default()
    })
}

impl Beside {
    /// What the options of a fit name.
    pub fn of_fit(arguments: &Fit, sheet: &Sheet) -> Result<Beside, Failure> {
        let concomitant = arguments.known.concomitant.as_ref().map(|text| {
            let mut concomitant = terms(text)?;
            let columns = concomitant.columns()?;
            let levels = predictor_levels(&columns, &columns, "--concomitant", sheet)?;
            concomitant.levels = levels.into_iter().collect();
            let design = concomitant.design()?;
            concomitant.terms = design.names().iter().map(|name| name.to_string()).collect();
            Ok::<_, Failure>(concomitant)
        });
        Ok(Beside {
            concomitant: concomitant.transpose()?,
            group: arguments.known.group.clone(),
        })
    }
    /// What a model file names.
    pub fn of_file(file: &ModelFile) -> Beside {
        Beside {
            concomitant: (file.concomitant.as_ref()).map(|given| given.specification.clone()),
            group: file.group.clone(),
        }
    }
    /// The names of the columns.
    pub fn names(&self) -> Result<Vec<String>, Failure> {
        let mut names = match &self.concomitant {
            Some(concomitant) => concomitant.columns()?,
            None => Vec::new(),
        };
        names.extend(self.group.clone());
        Ok(names)
    }
    /// The columns.
    pub fn columns(&self, sheet: &Sheet) -> Result<Vec<usize>, Failure> {
        self.names()?
            .iter()
            .map(|name| sheet.column(name))
            .collect()
    }
    /// The rows, those of a group one after the other.
    pub fn grouped(&self, sheet: &Sheet, mut rows: Vec<usize>) -> Result<Vec<usize>, Failure> {
        let Some(name) = &self.group else {
            return Ok(rows);
        };
        let column = sheet.column(name)?;
        if let Some(&row) = rows.iter().find(|&&row| sheet.is_missing(row, column)) {
            return Err(Failure::input(format!(
                "{}: the group is missing; --missing drop leaves such rows out",
                sheet.place(row, column)
            )));
        }
        let groups = groups(sheet, column)?;
        rows.sort_by_key(|&row| groups[row]);
        Ok(rows)
    }
    /// What these columns hold.
    pub fn read(&self, sheet: &Sheet, typed: &Typed) -> Result<Held, Failure> {
        let offsets = match &self.group {
            Some(name) => Some(offsets(&groups(sheet, sheet.column(name)?)?, &typed.rows)),
            None => None,
        };
        let covariates = match &self.concomitant {
            Some(concomitant) => Some(covariates(concomitant, sheet, &typed.rows)?),
            None => None,
        };
        let mut held = Held {
            offsets,
            covariates,
        };
        held.once_a_group(sheet, typed, self)?;
        Ok(held)
    }
}

/// What the columns beside the parts hold.
pub struct Held {
    /// Where each group begins, and where the last ends.
    pub offsets: Option<Vec<usize>>,
    /// The design of the weights, a row for each group or row.
    pub covariates: Option<RowsBuffer<f64>>,
}

impl Held {
    /// The rows of a table with what is held of them.
    pub fn rows<'a>(&'a self, typed: &'a Typed) -> KnownRows<'a> {
        KnownRows {
            table: typed.table.view(),
            offsets: self.offsets.as_deref(),
            covariates: self.covariates.as_ref().map(RowsBuffer::view),
        }
    }
    /// Keeps the covariates of the first row of each group; the others must hold the same.
    fn once_a_group(
        &mut self,
        sheet: &Sheet,
        typed: &Typed,
        beside: &Beside,
    ) -> Result<(), Failure> {
        let (Some(offsets), Some(all)) = (&self.offsets, &mut self.covariates) else {
            return Ok(());
        };
        let width = all.width;
        let row = |i: usize| &all.values[i * width..(i + 1) * width];
        let mut kept = Vec::with_capacity((offsets.len() - 1) * width);
        for group in offsets.windows(2) {
            kept.extend_from_slice(row(group[0]));
            if let Some(i) = (group[0]..group[1]).find(|&i| row(i) != row(group[0])) {
                return Err(Failure::input(format!(
                    "{}: the covariates of --concomitant differ within the group of column {}; \
                     a group has one component, and so one weight",
                    sheet.place_of_row(typed.rows[i]),
                    beside.group.as_deref().unwrap_or_default()
                )));
            }
        }
        all.values = kept;
        Ok(())
    }
}

/// For each row of the sheet the number of its group, in order of appearance.
fn groups(sheet: &Sheet, column: usize) -> Result<Vec<usize>, Failure> {
    let mut order: HashMap<String, usize> = HashMap::new();
    let number = |row: usize| {
        let text = sheet.text(row, column)?;
        let next = order.len();
        Ok(match order.get(&*text) {
            Some(&number) => number,
            None => *order.entry(text.into_owned()).or_insert(next),
        })
    };
    (0..sheet.rows.len()).map(number).collect()
}

/// Where each run of one group begins, and where the last ends.
fn offsets(groups: &[usize], rows: &[usize]) -> Vec<usize> {
    let group = |i: usize| groups[rows[i]];
    let mut offsets: Vec<usize> = (0..rows.len())
        .filter(|&i| i == 0 || group(i) != group(i - 1))
        .collect();
    offsets.push(rows.len());
    if rows.is_empty() {
        offsets = vec![0];
    }
    offsets
}

/// The design of the weights, a row for each of `rows`.
pub fn covariates(
    concomitant: &ConcomitantSpecification,
    sheet: &Sheet,
    rows: &[usize],
) -> Result<RowsBuffer<f64>, Failure> {
    let source = Source {
        sheet,
        rows,
        impossible: Impossible::Mark,
    };
    let columns = predictors(source, &concomitant.as_regression())?;
    Ok(concomitant.design()?.matrix(&columns, rows.len()))
}

/// The posterior of each row; a row with an impossible value is off the support, and with it its group.
pub fn posterior(file: &ModelFile, sheet: &Sheet, typed: &Typed) -> Result<Posterior, Failure> {
    let held = Beside::of_file(file).read(sheet, typed)?;
    let mut posterior = file.posterior(held.rows(typed));
    let count = file.model.len();
    for (row, &impossible) in typed.impossible.iter().enumerate() {
        if !impossible {
            continue;
        }
        let group = match &held.offsets {
            Some(offsets) => {
                let after = offsets.partition_point(|&start| start <= row);
                offsets[after - 1]..offsets[after]
            }
            None => row..row + 1,
        };
        posterior.log_density[group.clone()].fill(f64::NEG_INFINITY);
        posterior.responsibilities[group.start * count..group.end * count].fill(0.0);
    }
    Ok(posterior)
}

/// What `--fixed` names.
#[derive(Debug, Default)]
pub struct Fixed {
    /// Whether the weights are fixed.
    pub weights: bool,
    /// Components by number.
    pub components: Vec<usize>,
    /// Parameters of components: the component, the part where it is named, the parameter.
    pub parameters: Vec<(usize, Option<usize>, String)>,
}

/// What `--fixed` names, of `count` components.
pub fn fixed(arguments: &Fit, count: usize) -> Result<Fixed, Failure> {
    let mut fixed = Fixed::default();
    for text in &arguments.known.fixed {
        for word in names::list("--fixed", text)? {
            if word == "weights" {
                fixed.weights = true;
                continue;
            }
            let (number, parameter) = match word.split_once('.') {
                Some((number, parameter)) => (number, Some(parameter)),
                None => (&word[..], None),
            };
            let k = number.parse().ok().filter(|&k: &usize| k < count);
            let k = k.ok_or_else(|| {
                Failure::input(format!(
                    "--fixed {text}: \"{word}\" is neither the word weights nor a component, 0 to {}, \
                     nor a parameter of one, as {}.mean",
                    count - 1,
                    count - 1
                ))
            })?;
            let Some(parameter) = parameter else {
                fixed.components.push(k);
                continue;
            };
            let (part, name) = match parameter.split_once('.') {
                Some((part, name)) if part.parse::<usize>().is_ok() => (part.parse().ok(), name),
                _ => (None, parameter),
            };
            fixed.parameters.push((k, part, name.to_string()));
        }
    }
    if fixed.weights && arguments.known.concomitant.is_some() {
        return Err(Failure::input(
            "--fixed weights: weights that depend on columns (--concomitant) are estimated",
        ));
    }
    if let Some((k, ..)) = (fixed.parameters.iter()).find(|held| fixed.components.contains(&held.0))
    {
        return Err(Failure::input(format!(
            "--fixed {k}: with component {k} its parameters are fixed, too"
        )));
    }
    Ok(fixed)
}

/// The specification in which the parameters stay as they are in the `components` of the start.
pub fn held(
    mut specification: Specification,
    parameters: &[(usize, Option<usize>, String)],
    components: &[Value],
) -> Result<Specification, Failure> {
    let parts = specification.parts.len();
    for (k, part, name) in parameters {
        let number = |p: usize| {
            let own = match parts {
                1 => &components[*k],
                _ => &components[*k]["parts"][p],
            };
            own.get(name).filter(|value| value.is_number()).cloned()
        };
        let asked = |p: &usize| part.is_none_or(|part| part == *p);
        let places: Vec<usize> = (0..parts).filter(asked).collect();
        let having: Vec<usize> = places
            .iter()
            .copied()
            .filter(|&p| number(p).is_some())
            .collect();
        let place = match having[..] {
            [place] => place,
            [] => {
                return Err(Failure::input(format!(
                    "--fixed {k}.{name}: component {k} of the model to start from has no such parameter"
                )));
            }
            _ => {
                return Err(Failure::input(format!(
                    "--fixed {k}.{name}: several parts have it; name one, as {k}.{}.{name}",
                    having[0]
                )));
            }
        };
        let value = number(place).unwrap_or(Value::Null);
        (specification.parts[place].hold(*k, name, value, components.len()))
            .map_err(|error| Failure::input(format!("--fixed {k}.{name}: {error}")))?;
    }
    Ok(specification)
}
