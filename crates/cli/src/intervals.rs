//! Intervals: from the text of their two ends to a field.

use crate::cells::{Cell, count, not_a_number};
use crate::columns::{Source, cells};
use crate::failure::Failure;
use crate::names;
use crate::read::{Sheet, Value};
use tabular::{Field, PartSpecification, Values};

/// The two columns that `--interval` names.
pub fn columns(text: &str) -> Result<Vec<String>, Failure> {
    let columns = names::list("--interval", text)?;
    if columns.len() == 2 && columns[0] != columns[1] {
        return Ok(columns);
    }
    Err(Failure::input(format!(
        "--interval {text}: expected two columns, the low and the high ends"
    )))
}

/// The first column of an interval that says nothing: neither end is given.
pub fn gap(sheet: &Sheet, row: usize, columns: &[usize]) -> Option<usize> {
    let open = |(&column, &side): (&usize, &f64)| {
        match sheet.value(row, column) {
            Value::Missing => true,
            // A number that is too large to be one is infinite as well.
            Value::Number(end) if end == side => infinite(&sheet.cell(row, column)) == Some(side),
            _ => false,
        }
    };
    let mut ends = columns.iter().zip(&SIDES);
    ends.all(open).then(|| columns[0])
}

/// What an end is where it is not given.
const SIDES: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

/// The infinity that a text spells out; a number too large to be one is none.
fn infinite(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().as_str() {
        "inf" | "+inf" | "infinity" | "+infinity" => Some(f64::INFINITY),
        "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The intervals of a part.
pub fn field(
    source: Source<'_>,
    part: &PartSpecification,
    columns: &[usize],
    marks: &mut [bool],
) -> Result<Field, Failure> {
    let (sheet, counts) = (source.sheet, part.is_interval_of_counts()?);
    let read = |row: usize| {
        let end = |side: usize| end(source, row, columns[side], SIDES[side], counts);
        match (end(0)?, end(1)?) {
            (Cell::Value(low), Cell::Value(high)) if low > high => Err(Failure::input(format!(
                "{}, columns {}, {}: the low end {} is above the high end {}",
                sheet.place_of_row(row),
                sheet.header[columns[0]],
                sheet.header[columns[1]],
                sheet.cell(row, columns[0]),
                sheet.cell(row, columns[1]),
            ))),
            (Cell::Value(low), Cell::Value(high)) if [low, high] == SIDES => Ok(Cell::Missing),
            (Cell::Value(low), Cell::Value(high)) => Ok(Cell::Value(half_open(low, high, counts))),
            _ => Ok(Cell::Impossible),
        }
    };
    let (ends, missing) = cells(source, columns[0], (0.0, 0.0), marks, read)?;
    Ok(Field {
        values: Values::Intervals(ends.into_iter().unzip()),
        missing,
    })
}

/// An end of an interval, which is `unlimited` where none is given.
fn end(
    source: Source<'_>,
    row: usize,
    column: usize,
    unlimited: f64,
    counts: bool,
) -> Result<Cell<f64>, Failure> {
    let sheet = source.sheet;
    match sheet.value(row, column) {
        Value::Missing => return Ok(Cell::Value(unlimited)),
        Value::Number(number) if number.is_finite() && !counts => return Ok(Cell::Value(number)),
        _ => {}
    }
    let text = sheet.text(row, column)?;
    if infinite(&text) == Some(unlimited) {
        return Ok(Cell::Value(unlimited));
    }
    if infinite(&text).is_some() {
        let which = if unlimited < 0.0 { "low" } else { "high" };
        return Err(Failure::input(format!(
            "{}: \"{text}\" is no {which} end: it leaves no value",
            sheet.place(row, column)
        )));
    }
    if !counts {
        return Err(not_a_number(sheet, row, column));
    }
    Ok(match count(sheet, row, column, source.impossible)? {
        Cell::Value(count) => Cell::Value(count as f64),
        _ => Cell::Impossible,
    })
}

/// The interval as the library has it, without its low end: both ends belong to an interval of counts.
fn half_open(low: f64, high: f64, counts: bool) -> (f64, f64) {
    if counts && low < high {
        (low - 1.0, high)
    } else {
        (low, high)
    }
}
