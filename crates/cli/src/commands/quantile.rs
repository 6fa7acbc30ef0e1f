//! `mixture cdf` and `mixture quantile`, of models of one column.

use super::read_model;
use crate::cells::{Cell, real};
use crate::dialect::Dialect;
use crate::failure::Failure;
use crate::read::Sheet;
use crate::write::{Lines, number};
use clap::Args;
use std::path::PathBuf;

/// `mixture cdf`.
#[derive(Args, Debug)]
pub struct Cdf {
    /// The model file, of a model of one column.
    pub model: PathBuf,
    /// Data with that column, a CSV file with a header.
    #[arg(required_unless_present = "at")]
    pub data: Option<PathBuf>,
    /// The values, in place of data.
    #[arg(
        long,
        value_name = "X,X…",
        allow_hyphen_values = true,
        conflicts_with = "data"
    )]
    pub at: Option<String>,
    /// How the data are written.
    #[command(flatten)]
    pub dialect: Dialect,
}

/// `mixture quantile`.
#[derive(Args, Debug)]
pub struct Quantile {
    /// The model file, of a model of one column.
    pub model: PathBuf,
    /// The probabilities.
    #[arg(long, value_name = "P,P…", allow_hyphen_values = true)]
    pub at: String,
}

/// Runs `mixture cdf`.
pub fn cdf(arguments: &Cdf) -> Result<(), Failure> {
    let file = read_model(&arguments.model)?;
    let wrong = |error: tabular::ModelError| {
        Failure::input(format!("{}: {error}", arguments.model.display()))
    };
    let line = file.univariate().map_err(wrong)?;
    let values = match (&arguments.at, &arguments.data) {
        (Some(list), _) => numbers(list)?,
        (None, Some(path)) => {
            let [column] = file.specification.parts[0].columns.as_slice() else {
                return Err(Failure::input(
                    "the values of a model of intervals stand in no column: give them by --at",
                ));
            };
            column_of(&Sheet::read(path, &arguments.dialect)?, column)?
        }
        // clap asks for one of them.
        (None, None) => Vec::new(),
    };
    let mut lines = Lines::new();
    lines.row(["x", "cdf", "sf"])?;
    for x in values {
        lines.row([number(x), number(line.cdf(x)), number(line.sf(x))])?;
    }
    lines.end()
}

/// Runs `mixture quantile`.
pub fn quantile(arguments: &Quantile) -> Result<(), Failure> {
    let file = read_model(&arguments.model)?;
    let line = (file.univariate())
        .map_err(|error| Failure::input(format!("{}: {error}", arguments.model.display())))?;
    let probabilities = numbers(&arguments.at)?;
    if let Some(p) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(Failure::input(format!(
            "--at {}: {p} is no probability",
            arguments.at
        )));
    }
    let mut lines = Lines::new();
    lines.row(["p", "quantile"])?;
    for p in probabilities {
        lines.row([number(p), number(line.quantile(p))])?;
    }
    lines.end()
}

fn numbers(list: &str) -> Result<Vec<f64>, Failure> {
    let number = |text: &str| {
        tabular::parse_number(text.trim()).ok_or_else(|| {
            Failure::input(format!("--at {list}: \"{text}\" is not a finite number"))
        })
    };
    list.split(',').map(number).collect()
}

/// The numbers of a column.
fn column_of(sheet: &Sheet, name: &str) -> Result<Vec<f64>, Failure> {
    let column = sheet.column(name)?;
    let value = |row: usize| match real(sheet, row, column)? {
        Cell::Value(value) => Ok(value),
        _ => Err(Failure::input(format!(
            "{}: the cell is missing",
            sheet.place(row, column)
        ))),
    };
    (0..sheet.rows.len()).map(value).collect()
}
