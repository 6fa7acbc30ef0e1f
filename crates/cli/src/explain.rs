//! Errors of the library in terms of files, lines and columns.

use crate::columns::Typed;
use crate::failure::Failure;
use crate::grid::{fixed, plain};
use crate::read::Sheet;
use distributions::EstimateError;
use em::FitError;
use tabular::{Specification, TableComponents};

/// What rows and columns are called.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The data as text.
    pub sheet: &'a Sheet,
    /// The data as numbers.
    pub typed: &'a Typed,
    /// The model's parts.
    pub specification: &'a Specification,
}

impl Context<'_> {
    /// The failure for an error of a fit of `components`.
    pub fn failure(&self, error: &FitError, components: &TableComponents) -> Failure {
        let sentence = self.sentence(error, components);
        if error.is_input() {
            Failure::Input(sentence)
        } else {
            Failure::Fit(sentence)
        }
    }

    /// The error as one sentence.
    pub fn sentence(&self, error: &FitError, components: &TableComponents) -> String {
        let file = &self.sheet.file;
        match error {
            FitError::NoRows => format!("{file}: no row has a positive weight"),
            FitError::TooFewRows { rows, components } => format!(
                "{file}: k = {components} is more than the number of rows of positive weight, {rows}"
            ),
            FitError::TooFewDistinctRows {
                distinct,
                components,
            } => format!(
                "{file}: k = {components} is more than the number of distinct rows, {distinct}"
            ),
            FitError::Observation { row, requirement } => {
                self.observation(*row, requirement, components)
            }
            FitError::OffSupport { row, iteration } => format!(
                "{}: iteration {iteration}: no component gives this row ({}) a positive, finite \
                 density",
                self.line(*row),
                self.cells(*row)
            ),
            FitError::RowWeight { row, weight } => {
                format!(
                    "{}: the row weight {} is negative or not finite",
                    self.line(*row),
                    plain(*weight)
                )
            }
            FitError::Growing {
                components: count,
                source,
            } => format!(
                "growing to {count} components: {}",
                self.sentence(source, components)
            ),
            FitError::Estimate { iteration, source } => {
                format!("iteration {iteration}: {}", self.estimate(source))
            }
            other => other.to_string(),
        }
    }

    /// Where a row of the table stands.
    fn line(&self, row: usize) -> String {
        let place = self.sheet.rows.place(self.typed.rows[row]);
        format!("{}, {place}", self.sheet.file)
    }

    /// The cells of a row that the model reads.
    fn cells(&self, row: usize) -> String {
        let cell = |name: &String| {
            let column = self.sheet.column(name).ok()?;
            Some(format!(
                "{name} {}",
                self.sheet.cell(self.typed.rows[row], column)
            ))
        };
        let columns = self.specification.columns();
        let mut cells: Vec<String> = columns.iter().filter_map(cell).take(6).collect();
        if columns.len() > cells.len() {
            cells.push("…".into());
        }
        cells.join(", ")
    }

    /// An observation that no component admits.
    fn observation(&self, row: usize, requirement: &str, components: &TableComponents) -> String {
        use distributions::View;
        let refusal = components.refusal(self.typed.table.view().at(row));
        let part = refusal.and_then(|(part, _)| self.specification.parts.get(part));
        match part {
            Some(part) => {
                let texts = part.columns.iter().filter_map(|name| {
                    let column = self.sheet.column(name).ok()?;
                    Some(self.sheet.cell(self.typed.rows[row], column))
                });
                let texts: Vec<_> = texts.collect();
                format!(
                    "{}, column {}: \"{}\" {requirement} (family {})",
                    self.line(row),
                    part.columns.join(", "),
                    texts.join(", "),
                    part.family
                )
            }
            None => format!("{}: the row {requirement}", self.line(row)),
        }
    }

    /// Why there is no estimate, and of what.
    fn estimate(&self, error: &EstimateError) -> String {
        let part = self.specification.parts.get(error.part.unwrap_or(0));
        let mut what = Vec::new();
        if let Some(k) = error.component {
            what.push(format!("component {k}"));
        }
        if let Some(part) = part {
            let alone = (part.columns.len() == 1).then_some(0);
            if let Some(regression) = &part.regression {
                let term = error.column.and_then(|column| part.observed_name(column));
                what.extend(term.map(|term| format!("term {term}")));
                what.push(format!("response {}", regression.response));
            }
            match (error.column.or(alone))
                .filter(|_| part.regression.is_none())
                .and_then(|column| part.columns.get(column))
            {
                Some(column) => what.push(format!("column {column}")),
                None if self.specification.parts.len() > 1 => {
                    what.push(format!("columns {}", part.columns.join(", ")));
                }
                None => {}
            }
            what.push(format!("family {}", part.family));
        }
        let count = error.effective_count;
        let count = count.map_or(String::new(), |n| {
            format!(" (effective count {})", fixed(n, 4))
        });
        format!("{}{count}: {}", what.join(", "), error.reason)
    }
}
