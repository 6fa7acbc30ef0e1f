//! The reader of text.

use super::Choices;
use crate::dialect::{Decimal, Dialect};
use crate::read::{Sheet, Value};

/// Reads the bytes after the first, which says how they are written, as a table. What is read must be what
/// the csv crate reads.
///
/// # Panics
/// When it is not.
pub fn table(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let way = choices.byte();
    let dialect = Dialect {
        delimiter: [None, Some(b';'), Some(b'\t'), Some(b' ')][usize::from(way & 3)],
        decimal: (way & 7 == 5).then_some(Decimal::Comma),
        no_header: way & 8 != 0,
    };
    let text = choices.0;
    // A file that is read in full, and one of whose columns only the last is asked for at first.
    let Ok(sheet) = Sheet::of_text("data.csv", text.to_vec(), &dialect, None) else {
        return;
    };
    let last: Vec<String> = sheet.header.last().cloned().into_iter().collect();
    let some = Sheet::of_text("data.csv", text.to_vec(), &dialect, Some(&last));
    let some = some.expect("it can be read again");
    for name in &sheet.header {
        assert_eq!(sheet.column(name).ok(), some.column(name).ok());
    }
    let rows = sheet.rows.len();
    for row in 0..rows {
        for column in 0..sheet.header.len() {
            let cell = sheet.text(row, column).expect("a cell has a text");
            assert_eq!(sheet.value(row, column), Value::of(&cell, &dialect));
            assert_eq!(some.text(row, column).expect("a text"), cell);
            assert_eq!(some.value(row, column), sheet.value(row, column));
        }
    }
    // The csv crate leaves blank lines out, which are cells of a file of one column.
    if sheet.header.len() > 1 {
        let expected = records(text, dialect.delimiter.unwrap_or(b','));
        let skipped = usize::from(!dialect.no_header);
        assert_eq!(rows, expected.len() - skipped);
        for (row, fields) in expected[skipped..].iter().enumerate() {
            for (column, field) in fields.iter().enumerate() {
                assert_eq!(sheet.text(row, column).expect("a text"), field.as_str());
            }
        }
    }
}

fn records(text: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let fields =
        |record: csv::StringRecord| record.iter().map(|field| field.trim().into()).collect();
    (reader.records().map_while(Result::ok))
        .map(fields)
        .collect()
}
