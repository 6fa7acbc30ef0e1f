//! `mixture sample`.

use super::read_model;
use crate::args::Sample;
use crate::failure::Failure;
use crate::write::{Lines, number};
use distributions::View;
use tabular::{ModelFile, Table, Values};

/// Rows drawn at once: memory stays small for any number of rows.
const CHUNK: u64 = 4096;

/// Runs the command.
pub fn run(arguments: &Sample) -> Result<(), Failure> {
    let file = read_model(&arguments.model)?;
    let mut lines = Lines::new();
    let mut header = file.specification.columns();
    if arguments.labels {
        header.push("label".into());
    }
    lines.row(&header)?;
    let mut rng = em::stream(arguments.seed, 0);
    let mut left = arguments.count;
    while left > 0 {
        let size = left.min(CHUNK);
        let (table, labels) = file.model.sample_with_labels(&mut rng, size as usize);
        for (row, label) in labels.iter().enumerate() {
            let mut cells = cells(&file, &table, row);
            if arguments.labels {
                cells.push(label.to_string());
            }
            lines.row(&cells)?;
        }
        left -= size;
    }
    lines.end()
}

/// The cells of a row as text.
fn cells(file: &ModelFile, table: &Table, row: usize) -> Vec<String> {
    let mut cells = Vec::new();
    for (field, part) in table.fields().iter().zip(&file.specification.parts) {
        match &field.values {
            Values::Reals(values) => cells.push(number(values[row])),
            Values::Counts(values) => cells.push(values[row].to_string()),
            Values::Codes(values) => {
                let level = part.levels.get(values[row] as usize);
                cells.push(level.cloned().unwrap_or_default());
            }
            Values::Vectors(values) => {
                let row = values.view().at(row);
                cells.extend(row.iter().map(|&value| number(value)));
            }
            Values::CountVectors(values) => {
                cells.extend(values.view().at(row).iter().map(u64::to_string));
            }
        }
    }
    cells
}
