//! What a cell says.

use crate::failure::Failure;
use crate::read::{Sheet, Value};
use std::cmp::Ordering;
use std::collections::HashSet;

/// How cells that hold no possible value of their column are treated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Impossible {
    /// As an input error.
    Refuse,
    /// Marked: their density is 0.
    Mark,
}

/// One cell.
pub enum Cell<T> {
    /// Its value.
    Value(T),
    /// No value.
    Missing,
    /// A value that the column's family cannot have.
    Impossible,
}

/// A real number.
pub fn real(sheet: &Sheet, row: usize, column: usize) -> Result<Cell<f64>, Failure> {
    match sheet.value(row, column) {
        Value::Number(number) if number.is_finite() => Ok(Cell::Value(number)),
        Value::Missing => Ok(Cell::Missing),
        _ => Err(not_a_number(sheet, row, column)),
    }
}

/// Why a cell holds no number.
pub fn not_a_number(sheet: &Sheet, row: usize, column: usize) -> Failure {
    let text = sheet.cell(row, column);
    let what = match sheet.dialect.number(&text) {
        Some(number) if number.is_nan() => {
            "is not a number; missing cells are empty, NA, NaN or null"
        }
        Some(_) => "is not finite",
        None => "is not a number",
    };
    Failure::input(format!("{}: \"{text}\" {what}", sheet.place(row, column)))
}

/// A whole number ≥ 0, also when it is written as 3.0 or 3e0.
pub fn count(
    sheet: &Sheet,
    row: usize,
    column: usize,
    impossible: Impossible,
) -> Result<Cell<u64>, Failure> {
    /// Above it, not every whole number is a double.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let number = match sheet.value(row, column) {
        Value::Number(number) if number.is_finite() => number,
        Value::Missing => return Ok(Cell::Missing),
        _ => return Err(not_a_number(sheet, row, column)),
    };
    if number >= 0.0 && number.fract() == 0.0 && number <= LARGEST {
        return Ok(Cell::Value(number as u64));
    }
    if impossible == Impossible::Mark {
        return Ok(Cell::Impossible);
    }
    Err(Failure::input(format!(
        "{}: \"{}\" is not a count: a whole number from 0 to 2^53",
        sheet.place(row, column),
        sheet.cell(row, column)
    )))
}

/// A level of a category.
pub fn code(
    sheet: &Sheet,
    row: usize,
    column: usize,
    levels: &[String],
) -> Result<Cell<u32>, Failure> {
    if sheet.is_missing(row, column) {
        return Ok(Cell::Missing);
    }
    let text = sheet.text(row, column)?;
    let found = levels.iter().position(|level| *level == text);
    match found.and_then(|level| u32::try_from(level).ok()) {
        Some(level) => Ok(Cell::Value(level)),
        None => Err(Failure::input(format!(
            "{}: the level \"{text}\" is unknown to the model, which has {}",
            sheet.place(row, column),
            levels.join(", ")
        ))),
    }
}

/// The distinct names in a column, sorted: by value if all are whole numbers, else by bytes.
pub fn distinct<T: AsRef<str>>(names: impl Iterator<Item = T>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut distinct: Vec<String> = (names.map(|name| name.as_ref().to_string()))
        .filter(|name| seen.insert(name.clone()))
        .collect();
    let whole = |name: &String| name.parse::<i64>();
    if distinct.iter().all(|name| whole(name).is_ok()) {
        distinct.sort_by(|a, b| match (whole(a), whole(b)) {
            (Ok(x), Ok(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
            _ => Ordering::Equal,
        });
    } else {
        distinct.sort();
    }
    distinct
}

/// The different texts in a column, in the rows that `counts` admits; those of missing cells are none.
pub fn texts(
    sheet: &Sheet,
    column: usize,
    counts: impl Fn(usize) -> bool,
) -> Result<HashSet<String>, Failure> {
    let mut seen = HashSet::new();
    for row in (0..sheet.rows.len()).filter(|&row| counts(row)) {
        if !sheet.is_missing(row, column) {
            let text = sheet.text(row, column)?;
            if !seen.contains(&*text) {
                seen.insert(text.into_owned());
            }
        }
    }
    Ok(seen)
}

/// The levels of a categorical column, in the rows that `counts` admits.
pub fn levels(
    sheet: &Sheet,
    name: &str,
    counts: impl Fn(usize) -> bool,
) -> Result<Vec<String>, Failure> {
    let column = sheet.column(name)?;
    let levels = distinct(texts(sheet, column, counts)?.into_iter());
    if levels.is_empty() {
        return Err(Failure::input(format!(
            "{}, column {name}: every cell is missing",
            sheet.file
        )));
    }
    Ok(levels)
}

/// Whether any cell of a column is a number, also an infinite one.
pub fn is_numeric(sheet: &Sheet, column: usize) -> bool {
    sheet.rows.is_numeric(column)
}
