//! `mixture sample`.

use super::read_model;
use crate::args::Sample;
use crate::failure::Failure;
use crate::known::covariates;
use crate::read::Sheet;
use crate::regression::given;
use crate::write::{Lines, number};
use distributions::View;
use em::SampleSet;
use tabular::{Concomitant, ModelFile, PartSpecification, Table, Values};

/// Rows drawn at once: memory stays small for any number of rows.
const CHUNK: u64 = 4096;

/// Runs the command.
pub fn run(arguments: &Sample) -> Result<(), Failure> {
    let file = read_model(&arguments.model)?;
    if let Some(part) = file
        .specification
        .parts
        .iter()
        .find(|part| part.regression.is_some())
    {
        return responses(arguments, &file, part);
    }
    if let Some(concomitant) = &file.concomitant {
        return beside_covariates(arguments, &file, concomitant);
    }
    let Some(count) = arguments.count else {
        return Err(Failure::input("give the number of rows by -n N"));
    };
    if arguments.predictors_from.is_some() {
        return Err(Failure::input(format!(
            "--predictors-from: {} is no regression, and needs no predictors",
            arguments.model.display()
        )));
    }
    let mut lines = Lines::new();
    let mut header = file.specification.columns();
    if arguments.labels {
        header.push("label".into());
    }
    lines.row(&header)?;
    let mut rng = em::stream(arguments.seed, 0);
    let mut left = count;
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

/// A row drawn for each row of covariates, which are repeated: the model says nothing about them.
fn beside_covariates(
    arguments: &Sample,
    file: &ModelFile,
    concomitant: &Concomitant,
) -> Result<(), Failure> {
    let (Some(path), None) = (&arguments.predictors_from, arguments.count) else {
        return Err(Failure::input(format!(
            "the weights of {} depend on {}, about which it says nothing: a row is drawn for each row of \
             --predictors-from DATA.csv, without -n",
            arguments.model.display(),
            concomitant.specification.columns()?.join(", ")
        )));
    };
    let sheet = Sheet::read(path, &arguments.dialect)?;
    let rows: Vec<usize> = (0..sheet.rows.len()).collect();
    let covariates = covariates(&concomitant.specification, &sheet, &rows)?;
    let repeated = concomitant.specification.columns()?;
    let columns = repeated.iter().map(|name| sheet.column(name));
    let columns = columns.collect::<Result<Vec<usize>, _>>()?;
    let mut lines = Lines::new();
    let label = arguments.labels.then(|| "label".to_string());
    let header = file.specification.columns().into_iter().chain(repeated);
    lines.row(header.chain(label))?;
    let mut rng = em::stream(arguments.seed, 0);
    let components = file.model.components();
    for row in rows {
        let k = em::draw_class(&concomitant.weights.at(covariates.view().at(row)), &mut rng);
        let mut drawn = components.empty_buffer();
        components.draw(k, &mut rng, &mut drawn);
        let mut cells = cells(file, &drawn, 0);
        for &column in &columns {
            cells.push(sheet.text(row, column)?.into_owned());
        }
        cells.extend(arguments.labels.then(|| k.to_string()));
        lines.row(&cells)?;
    }
    lines.end()
}

/// Responses drawn to the predictors of a file, one a row; the other columns are repeated.
fn responses(
    arguments: &Sample,
    file: &ModelFile,
    part: &PartSpecification,
) -> Result<(), Failure> {
    let (Some(path), None) = (&arguments.predictors_from, arguments.count) else {
        return Err(Failure::input(format!(
            "{} is a regression, which says nothing about predictors: a response is drawn to each row \
             of --predictors-from DATA.csv, without -n",
            arguments.model.display()
        )));
    };
    let sheet = Sheet::read(path, &arguments.dialect)?;
    let given = given(&sheet, part)?;
    let others = part.columns.iter().skip(1).map(|name| sheet.column(name));
    let others = others.collect::<Result<Vec<usize>, _>>()?;
    let rows: Vec<usize> = (0..given.rows()).collect();
    let z = match &file.concomitant {
        Some(concomitant) => Some(covariates(&concomitant.specification, &sheet, &rows)?),
        None => None,
    };
    let mut lines = Lines::new();
    let label = arguments.labels.then(|| "label".to_string());
    lines.row(part.columns.iter().cloned().chain(label))?;
    let mut rng = em::stream(arguments.seed, 0);
    let components = file.model.components();
    for row in 0..given.rows() {
        let k = match (&file.concomitant, &z) {
            (Some(concomitant), Some(z)) => {
                em::draw_class(&concomitant.weights.at(z.view().at(row)), &mut rng)
            }
            _ => file.model.draw_label(&mut rng),
        };
        let mut drawn = components.empty_buffer();
        components.draw_given(k, given.view().at(row), &mut rng, &mut drawn);
        let mut cells = cells(file, &drawn, 0);
        cells.extend(
            others
                .iter()
                .map(|&column| sheet.cell(row, column).to_string()),
        );
        cells.extend(arguments.labels.then(|| k.to_string()));
        lines.row(&cells)?;
    }
    lines.end()
}

/// The cells of a row as text; of a regression the response alone.
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
            Values::FileReals(file) => cells.push(number(file.values()[row])),
            Values::FileVectors(file) => {
                cells.extend(file.view().at(row).iter().map(|&value| number(value)));
            }
            // Draws are known values; counts are written as such.
            Values::Intervals((low, high)) => {
                let counts = part.is_interval_of_counts() == Ok(true);
                let text = |end: f64| if counts { end.to_string() } else { number(end) };
                cells.extend([text(low[row]), text(high[row])]);
            }
            Values::RealResponses((_, responses)) => cells.push(number(responses[row])),
            Values::CountResponses((_, responses)) => {
                let levels = (part.regression.as_ref()).and_then(|given| given.response_levels());
                let response = responses[row];
                cells.push(
                    match levels.and_then(|levels| levels.get(response as usize)) {
                        Some(level) => level.clone(),
                        None => response.to_string(),
                    },
                );
            }
            Values::TrialResponses((_, (successes, _))) => cells.push(successes[row].to_string()),
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
