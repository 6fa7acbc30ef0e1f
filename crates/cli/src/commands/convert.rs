//! `mixture convert`: a file of numbers as an array on disk.

use crate::cells::{Cell, real};
use crate::dialect::Dialect;
use crate::failure::{Failure, say};
use crate::names;
use crate::read::Sheet;
use crate::write::{self, Lines, Target};
use clap::Args;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use tabular::npy_header;

/// `mixture convert`.
#[derive(Args, Debug)]
pub struct Convert {
    /// The data, a CSV or Parquet file.
    pub data: PathBuf,
    /// The array to write, a .npy file of doubles.
    pub output: PathBuf,
    /// The columns; every column by default, which must all be numeric.
    #[arg(long, value_name = "COLUMN,COLUMN…")]
    pub columns: Option<String>,
    /// How the data are written.
    #[command(flatten)]
    pub dialect: Dialect,
}

/// Runs the command.
pub fn run(arguments: &Convert) -> Result<(), Failure> {
    let is_npy = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "npy");
    if !is_npy(&arguments.output) {
        return Err(Failure::input(format!(
            "{}: an array is written to a file whose name ends in .npy",
            arguments.output.display()
        )));
    }
    let inputs = [("the data", Some(arguments.data.as_path()))];
    let target = Target::new("the output", &arguments.output, &inputs)?;
    let wanted = (arguments.columns.as_ref())
        .map(|list| names::list("--columns", list))
        .transpose()?;
    let sheet = Sheet::read_columns(&arguments.data, &arguments.dialect, wanted.as_deref())?;
    let columns = (wanted.as_ref().unwrap_or(&sheet.header).iter())
        .map(|name| sheet.column(name))
        .collect::<Result<Vec<_>, _>>()?;
    let prepared = target.prepare_by(|file| write_array(&sheet, &columns, file))?;
    let mut lines = Lines::new();
    lines.row(["column", "name"])?;
    for (place, &column) in columns.iter().enumerate() {
        lines.row([format!("c{place}"), sheet.header[column].clone()])?;
    }
    write::put(Some(prepared), lines.end())?;
    say(&format!(
        "{} rows of {} numbers",
        sheet.rows.len(),
        columns.len()
    ));
    Ok(())
}

/// Writes the array: missing cells are NaN.
fn write_array(
    sheet: &Sheet,
    columns: &[usize],
    file: &mut File,
) -> Result<std::io::Result<()>, Failure> {
    /// Bytes that are written at once.
    const PIECE: usize = 1 << 16;
    let rows = sheet.rows.len();
    let mut bytes = npy_header(rows, columns.len());
    for row in 0..rows {
        for &column in columns {
            let value = match real(sheet, row, column)? {
                Cell::Value(value) => value,
                _ => f64::NAN,
            };
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        if bytes.len() >= PIECE {
            if let Err(error) = file.write_all(&bytes) {
                return Ok(Err(error));
            }
            bytes.clear();
        }
    }
    Ok(file.write_all(&bytes))
}
