//! The commands, one file each.

pub mod convert;
pub mod divergence;
pub mod fit;
pub mod merge;
pub mod plot;
pub mod predict;
pub mod quantile;
pub mod report;
pub mod sample;
pub mod score;
pub mod select;
pub mod show;

use crate::failure::Failure;
use crate::known::Beside;
use crate::read::text_file;
use std::path::Path;
use tabular::ModelFile;

/// Reads a model file.
pub fn read_model(path: &Path) -> Result<ModelFile, Failure> {
    let text = text_file(path)?;
    ModelFile::from_text(&text)
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}

/// The columns that a model asks for.
pub fn columns_of(file: &ModelFile) -> Result<Vec<String>, Failure> {
    let mut columns = file.specification.columns();
    columns.extend(Beside::of_file(file).names()?);
    Ok(columns)
}
