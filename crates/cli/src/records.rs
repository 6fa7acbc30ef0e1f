//! The rows of a data file: text, or numbers on disk.

use std::borrow::Cow;
use tabular::NumberFile;

/// The rows of a file.
#[derive(Debug)]
pub enum Records {
    /// Of a CSV file: text, and the line in the file at which each row starts.
    Text(Vec<(csv::StringRecord, usize)>),
    /// Of a .npy file: numbers, and the rows of the file in use where some were taken out.
    Numbers(NumberFile, Option<Vec<usize>>),
}

impl Records {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Records::Text(rows) => rows.len(),
            Records::Numbers(file, None) => file.rows(),
            Records::Numbers(_, Some(kept)) => kept.len(),
        }
    }
    /// The text of a cell; of a number, as it would stand in a CSV file.
    pub fn cell(&self, row: usize, column: usize) -> Cow<'_, str> {
        match self {
            Records::Text(rows) => Cow::Borrowed(rows[row].0.get(column).unwrap_or("").trim()),
            Records::Numbers(..) => Cow::Owned(match self.number(row, column) {
                Some(number) if number.is_nan() => "NaN".to_string(),
                number => number.map_or_else(String::new, crate::grid::plain),
            }),
        }
    }
    /// The number in a cell, where the file holds numbers.
    pub fn number(&self, row: usize, column: usize) -> Option<f64> {
        match self {
            Records::Text(_) => None,
            Records::Numbers(file, _) => {
                Some(file.values()[self.file_row(row) * file.width() + column])
            }
        }
    }
    /// Where a row stands in the file.
    pub fn place(&self, row: usize) -> String {
        match self {
            Records::Text(rows) => format!("line {}", rows[row].1),
            Records::Numbers(..) => format!("row {}", self.file_row(row)),
        }
    }
    /// The file itself, where it holds numbers and all its rows are in use.
    pub fn whole_file(&self) -> Option<&NumberFile> {
        match self {
            Records::Numbers(file, None) => Some(file),
            _ => None,
        }
    }
    /// Takes the rows out that are not to be kept.
    pub fn keep_only(&mut self, keep: &[bool]) {
        let mut marks = keep.iter();
        match self {
            Records::Text(rows) => rows.retain(|_| marks.next() == Some(&true)),
            Records::Numbers(file, kept) => {
                let rows = kept.take().unwrap_or_else(|| (0..file.rows()).collect());
                let left = rows.into_iter().filter(|_| marks.next() == Some(&true));
                *kept = Some(left.collect());
            }
        }
    }
    fn file_row(&self, row: usize) -> usize {
        match self {
            Records::Numbers(_, Some(kept)) => kept[row],
            _ => row,
        }
    }
}
