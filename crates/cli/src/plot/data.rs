//! The rows that are drawn, with what the model says of them.

use super::{PlotData, intervals};
use crate::cells::{Cell, Impossible, is_numeric, real};
use crate::columns::{Access, Typed, row_weights, typed};
use crate::failure::Failure;
use crate::known::{Beside, posterior};
use crate::names;
use crate::read::{Sheet, is_missing};
use std::path::Path;
use tabular::{Kind, ModelFile, PartSpecification, Values};

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Real numbers.
    Numbers,
    /// Counts.
    Counts,
    /// The levels of a category, by name.
    Levels(Vec<String>),
    /// Intervals, of counts if so.
    Intervals {
        /// Whether the values within are whole numbers.
        counts: bool,
    },
}

/// A column; a missing cell is NaN, a level its place.
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub scale: Scale,
    /// The part of the model that observes it.
    part: usize,
    /// Its values; of intervals the ends, as far as they are finite.
    pub values: Vec<f64>,
    /// The two ends of each interval, on the axis; NaN where it says nothing.
    pub ends: Vec<(f64, f64)>,
}

/// The rows of a file.
pub struct Data<'a> {
    /// The model.
    pub file: &'a ModelFile,
    /// The columns.
    pub columns: Vec<Column>,
    /// Columns of the model that are not drawn.
    pub undrawn: Vec<Column>,
    /// The component of each row; none where the model has no density.
    pub labels: Vec<Option<usize>>,
    /// 1 − the largest responsibility of each row.
    pub uncertainty: Vec<f64>,
    /// The weight of each row.
    pub weights: Vec<f64>,
}

impl<'a> Data<'a> {
    /// Reads the columns of a model.
    pub fn read(file: &'a ModelFile, path: &Path, options: &PlotData) -> Result<Self, Failure> {
        let sheet = Sheet::read(path, &options.dialect)?;
        let beside = Beside::of_file(file);
        let typed = typed(
            &mut Access::Shared(&sheet),
            &file.specification,
            &beside,
            options.missing,
            Impossible::Mark,
        )?;
        let posterior = posterior(file, &sheet, &typed)?;
        let uncertain = |i: usize| 1.0 - posterior.row(i).iter().fold(0.0f64, |a, &b| a.max(b));
        let weights = match &options.row_weights {
            Some(name) => row_weights(&sheet, name, &typed.rows)?,
            None => vec![1.0; typed.rows.len()],
        };
        let mut data = Data {
            file,
            columns: Vec::new(),
            undrawn: Vec::new(),
            labels: (0..typed.rows.len()).map(|i| posterior.label(i)).collect(),
            uncertainty: (0..typed.rows.len()).map(uncertain).collect(),
            weights,
        };
        for (p, part) in file.specification.parts.iter().enumerate() {
            let kind = part.kind()?;
            if kind == Kind::Intervals {
                data.columns.push(of_intervals(part, p, &typed)?);
                continue;
            }
            let scale = match kind {
                Kind::Counts | Kind::CountVectors => Scale::Counts,
                Kind::Codes => Scale::Levels(part.levels.clone()),
                _ => Scale::Numbers,
            };
            // The response last: the first of two columns is drawn across.
            let response = usize::from(kind.is_regression());
            let mut names = part.columns.clone();
            names.rotate_left(response);
            for name in names {
                let column = sheet.column(&name)?;
                if kind.is_regression() && !is_numeric(&sheet, column) {
                    continue;
                }
                let values = values(&sheet, column, &typed.rows, &scale)?;
                data.columns.push(Column {
                    name,
                    scale: scale.clone(),
                    part: p,
                    values,
                    ends: Vec::new(),
                });
            }
        }
        if data.columns.is_empty() {
            return Err(Failure::input(format!(
                "{}: the model has no column that can be drawn: text is not",
                path.display()
            )));
        }
        if let Some(list) = &options.columns {
            data.choose(&names::list("--columns", list)?)?;
        }
        Ok(data)
    }

    /// Keeps the columns of these names, in their order.
    fn choose(&mut self, names: &[String]) -> Result<(), Failure> {
        let mut chosen = Vec::new();
        for name in names {
            let found = self.columns.iter().position(|column| column.name == *name);
            let Some(found) = found else {
                let left: Vec<String> = self.columns.iter().map(|c| c.name.clone()).collect();
                return Err(Failure::input(format!(
                    "--columns {name}: this is not among the columns left to draw: {}",
                    names::joined(&left)
                )));
            };
            chosen.push(self.columns.remove(found));
        }
        self.undrawn = std::mem::replace(&mut self.columns, chosen);
        Ok(())
    }

    /// The columns of numbers.
    pub fn numeric(&self) -> Vec<usize> {
        // The two ends of an interval are no observation that could be drawn as a point.
        let is_numeric =
            |&j: &usize| matches!(self.columns[j].scale, Scale::Numbers | Scale::Counts);
        (0..self.columns.len()).filter(is_numeric).collect()
    }
    /// Whether two columns are coordinates of directions, whose angles are to be seen.
    pub fn is_direction(&self, i: usize, j: usize) -> bool {
        let part = |j: usize| self.columns[j].part;
        part(i) == part(j) && self.file.specification.parts[part(i)].family == "von_mises_fisher"
    }
    /// The part of the model that observes column j.
    pub fn part(&self, j: usize) -> usize {
        self.columns[j].part
    }
    /// The number of components, noise among them.
    pub fn components(&self) -> usize {
        self.file.model.len()
    }
    /// Whether component k is drawn: of posteriors those are not that no row needs, with less than half a row in all.
    /// They are what their prior says.
    pub fn is_needed(&self, k: usize) -> bool {
        let posterior = self.file.weights_posterior.as_ref();
        posterior.is_none_or(|weights| weights.counts()[k] >= 0.5)
    }
    /// What component k is called.
    pub fn name(&self, k: usize) -> String {
        component_name(self.file, k)
    }
    /// At most `most` rows, chosen as if by chance but always the same, in order.
    pub fn sample(&self, most: usize) -> Vec<usize> {
        let count = self.labels.len();
        if count <= most {
            return (0..count).collect();
        }
        // Every second or third row would show what is periodic in a file as if it were its all.
        let mut rows: Vec<usize> = (0..count).collect();
        rows.sort_by_key(|&row| (scattered(row as u64), row));
        rows.truncate(most);
        rows.sort_unstable();
        rows
    }
}

/// What component k is called.
pub fn component_name(file: &ModelFile, k: usize) -> String {
    if k == file.model.components().without_noise() {
        return "noise".into();
    }
    (file.label_names.get(k)).map_or_else(|| format!("component {k}"), |name| format!("{k} {name}"))
}

/// The output function of SplitMix64 (Steele, Lea & Flood 2014).
fn scattered(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The intervals of a part.
fn of_intervals(part: &PartSpecification, p: usize, typed: &Typed) -> Result<Column, Failure> {
    let counts = part.is_interval_of_counts()?;
    let field = &typed.table.fields()[p];
    let missing = |row: usize| field.missing.as_ref().is_some_and(|missing| missing[row]);
    let ends: Vec<(f64, f64)> = match &field.values {
        Values::Intervals((low, high)) => (low.iter().zip(high).enumerate())
            .map(
                |(row, (&low, &high))| match missing(row) || typed.impossible[row] {
                    true => (f64::NAN, f64::NAN),
                    false => intervals::on_axis((low, high), counts),
                },
            )
            .collect(),
        _ => Vec::new(),
    };
    Ok(Column {
        name: intervals::name(part),
        scale: Scale::Intervals { counts },
        part: p,
        values: (ends.iter())
            .flat_map(|&(low, high)| [low, high])
            .filter(|end| end.is_finite())
            .collect(),
        ends,
    })
}

fn values(
    sheet: &Sheet,
    column: usize,
    rows: &[usize],
    scale: &Scale,
) -> Result<Vec<f64>, Failure> {
    let value = |&row: &usize| match scale {
        Scale::Levels(levels) => {
            let text = sheet.text(row, column)?;
            let level = levels.iter().position(|level| *level == text);
            Ok(match level {
                Some(level) if !is_missing(&text) => level as f64,
                _ => f64::NAN,
            })
        }
        _ => Ok(match real(sheet, row, column)? {
            Cell::Value(value) => value,
            _ => f64::NAN,
        }),
    };
    rows.iter().map(value).collect()
}
