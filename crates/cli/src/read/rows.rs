//! The rows of a data file: columns in memory, or numbers on disk.

use super::column::{Column, Depth, Value};
use super::text_records::Fault;
use crate::dialect::Dialect;
use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::OnceLock;
use tabular::NumberFile;

/// The rows of a file.
#[derive(Debug)]
pub struct Rows {
    cells: Cells,
    /// The rows of the file in use, where some were taken out.
    kept: Option<Vec<usize>>,
}

#[derive(Debug)]
enum Cells {
    /// Columns that were read.
    Columns(Columns),
    /// Of a .npy file.
    Numbers(NumberFile),
}

/// A file whose cells can be read again.
pub trait Again: Debug + Send + Sync {
    /// All cells of a column, of so many rows, with all its text.
    fn column(&self, column: usize, rows: usize) -> Result<Column, Fault>;
    /// The text of a cell; `None` where it is not there any more.
    fn text(&self, row: usize, column: usize) -> Option<String>;
    /// The line at which a row starts; `None` where there are no lines.
    fn line(&self, row: usize) -> Option<usize>;
}

/// Columns that were read from text, or from another file of columns.
#[derive(Debug)]
pub struct Columns {
    /// The number of rows.
    pub rows: usize,
    /// The columns; one that is not there is read when it is asked for.
    pub columns: Vec<OnceLock<Column>>,
    /// For each column, whether any cell is a number.
    pub numeric: Vec<bool>,
    /// Where they can be had again.
    pub origin: Box<dyn Again>,
    /// How it is written.
    pub dialect: Dialect,
}

impl Columns {
    /// Reads a column that is not there yet, with all its text.
    fn load(&self, column: usize) -> Result<(), Fault> {
        if self.columns[column].get().is_some() {
            return Ok(());
        }
        let read = self.origin.column(column, self.rows)?;
        // Where another thread was faster, its column is the same.
        let _ = self.columns[column].set(read);
        Ok(())
    }
    fn is_numeric(&self, column: usize) -> bool {
        let cells = self.columns[column].get();
        cells.map_or(self.numeric[column], Column::is_numeric)
    }
    #[inline]
    fn value(&self, row: usize, column: usize) -> Value {
        let kept = self.columns[column]
            .get()
            .and_then(|cells| cells.value(row));
        kept.unwrap_or_else(|| {
            Value::of(&self.cell(row, column).unwrap_or_default(), &self.dialect)
        })
    }
    fn cell(&self, row: usize, column: usize) -> Option<Cow<'_, str>> {
        let cells = self.columns[column].get();
        if let Some(text) = cells.and_then(|cells| cells.text(row)) {
            return Some(Cow::Borrowed(text));
        }
        self.origin.text(row, column).map(Cow::Owned)
    }
}

impl Rows {
    /// Rows of columns.
    pub fn of_columns(columns: Columns) -> Self {
        Rows {
            cells: Cells::Columns(columns),
            kept: None,
        }
    }
    /// Rows of numbers on disk.
    pub fn of_numbers(file: NumberFile) -> Self {
        Rows {
            cells: Cells::Numbers(file),
            kept: None,
        }
    }
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.kept
            .as_ref()
            .map_or_else(|| self.rows_of_file(), Vec::len)
    }
    /// The number of rows of the file.
    pub fn rows_of_file(&self) -> usize {
        match &self.cells {
            Cells::Columns(columns) => columns.rows,
            Cells::Numbers(file) => file.rows(),
        }
    }
    /// Makes a column ready to be read.
    pub fn load(&self, column: usize) -> Result<(), Fault> {
        match &self.cells {
            Cells::Columns(columns) => columns.load(column),
            Cells::Numbers(_) => Ok(()),
        }
    }
    /// What a cell says.
    #[inline]
    pub fn value(&self, row: usize, column: usize) -> Value {
        let row = self.row_of_file(row);
        match &self.cells {
            Cells::Columns(columns) => columns.value(row, column),
            Cells::Numbers(file) => match file.values()[row * file.width() + column] {
                number if number.is_nan() => Value::Missing,
                number => Value::Number(number),
            },
        }
    }
    /// The text of a cell; of a number that is not text, as it would stand in a CSV file. `None` where it
    /// cannot be read any more.
    pub fn cell(&self, row: usize, column: usize) -> Option<Cow<'_, str>> {
        match (&self.cells, self.value_of_array(row, column)) {
            (Cells::Columns(columns), _) => columns.cell(self.row_of_file(row), column),
            (_, Value::Number(number)) => Some(Cow::Owned(crate::grid::plain(number))),
            _ => Some(Cow::Borrowed("NaN")),
        }
    }
    fn value_of_array(&self, row: usize, column: usize) -> Value {
        match &self.cells {
            Cells::Columns(_) => Value::Missing,
            Cells::Numbers(_) => self.value(row, column),
        }
    }
    /// Whether any cell of a column is a number; of the rows in use where that is all that can be known.
    pub fn is_numeric(&self, column: usize) -> bool {
        match &self.cells {
            Cells::Columns(columns) if self.kept.is_none() || !columns.is_numeric(column) => {
                columns.is_numeric(column)
            }
            _ => (0..self.len()).any(|row| matches!(self.value(row, column), Value::Number(_))),
        }
    }
    /// Whether any cell of a column may be missing: `false` where it is known that none is.
    pub fn may_have_gaps(&self, column: usize) -> bool {
        match &self.cells {
            Cells::Columns(columns) => {
                (columns.columns[column].get()).is_none_or(Column::may_have_gaps)
            }
            Cells::Numbers(_) => true,
        }
    }
    /// Where a row stands in the file.
    pub fn place(&self, row: usize) -> String {
        let row = self.row_of_file(row);
        let line = match &self.cells {
            Cells::Columns(columns) => columns.origin.line(row),
            Cells::Numbers(_) => None,
        };
        line.map_or_else(|| format!("row {row}"), |line| format!("line {line}"))
    }
    /// The file itself, where it holds numbers and all its rows are in use.
    pub fn whole_file(&self) -> Option<&NumberFile> {
        match &self.cells {
            Cells::Numbers(file) if self.kept.is_none() => Some(file),
            _ => None,
        }
    }
    /// The rows of the file in use, where some were taken out.
    pub fn kept(&self) -> Option<&[usize]> {
        self.kept.as_deref()
    }
    /// Takes all rows out but these of the file.
    pub fn keep(&mut self, rows: Vec<usize>) {
        self.kept = Some(rows);
    }
    /// Takes the rows out that are not to be kept.
    pub fn keep_only(&mut self, keep: &[bool]) {
        if keep.contains(&false) {
            let rows = 0..self.len();
            let kept = rows
                .filter(|&row| keep[row])
                .map(|row| self.row_of_file(row));
            self.kept = Some(kept.collect());
        }
    }
    /// Forgets the numbers of some columns in the rows before `end`, which will hardly be asked for again.
    pub fn forget(&mut self, of: &[usize], end: usize) {
        let all = self.rows_of_file();
        let end = if end < self.len() {
            self.row_of_file(end)
        } else {
            all
        };
        if let Cells::Columns(columns) = &mut self.cells {
            for &column in of {
                if let Some(cells) = columns.columns[column].get_mut() {
                    cells.forget(end);
                }
            }
        }
    }
    /// Appends rows of empty cells that stand in the text after the last row.
    pub fn extend_by_empty(&mut self, rows: usize) {
        if let Cells::Columns(columns) = &mut self.cells {
            columns.rows += rows;
            for column in &mut columns.columns {
                if let Some(cells) = column.get_mut() {
                    (0..rows).for_each(|_| cells.push("", &columns.dialect, Depth::Values));
                }
            }
        }
    }
    fn row_of_file(&self, row: usize) -> usize {
        match &self.kept {
            Some(kept) => kept[row],
            None => row,
        }
    }
}
