//! Rows as programs write them, cell after cell, without looking for the end of the row first.

use super::column::{Column, Depth};
use super::number::leading_number;
use crate::dialect::Dialect;

/// What a byte is outside quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Part of a cell.
    Cell,
    /// Between cells.
    Delimiter,
    /// Behind the last cell.
    LineEnd,
    /// A matter of rules that are not followed here: quotes, spaces, text beyond ASCII.
    Other,
}

/// Reads the cells of rows that follow no rules but the plainest. Whatever it leaves has to be read by those that
/// know all of them, with the same result.
pub struct PlainCells {
    classes: [Class; 256],
    point: u8,
    dialect: Dialect,
}

/// How far a row was read.
pub struct Progress {
    /// The columns whose cells are read.
    pub columns: usize,
    /// The bytes of the row with its end, if all of it was read.
    pub length: Option<usize>,
}

impl PlainCells {
    /// Text of a dialect, whose cells a delimiter separates.
    pub fn new(delimiter: u8, dialect: &Dialect) -> Self {
        let mut classes = [Class::Other; 256];
        (b'!'..=b'~').for_each(|byte| classes[usize::from(byte)] = Class::Cell);
        classes[usize::from(b'"')] = Class::Other;
        classes[usize::from(delimiter)] = Class::Delimiter;
        classes[usize::from(b'\n')] = Class::LineEnd;
        classes[usize::from(b'\r')] = Class::LineEnd;
        PlainCells {
            classes,
            point: dialect.decimal_mark(),
            dialect: dialect.clone(),
        }
    }
    #[inline]
    fn class(&self, text: &[u8], at: usize) -> Class {
        (text.get(at)).map_or(Class::Other, |&byte| self.classes[usize::from(byte)])
    }
    /// Whether a cell ends before `at`.
    #[inline]
    fn is_end(&self, text: &[u8], at: usize) -> bool {
        matches!(self.class(text, at), Class::Delimiter | Class::LineEnd)
    }
    /// Appends the cells of the row at the start of `text` to the columns that are `wanted`, as long as they are
    /// plain.
    pub fn read(&self, text: &[u8], columns: &mut [Column], wanted: &[bool]) -> Progress {
        let (all, mut at) = (columns.len(), 0);
        if self.class(text, 0) == Class::LineEnd {
            // A blank line, which may be no row.
            return Progress {
                columns: 0,
                length: None,
            };
        }
        for (j, (column, &wanted)) in columns.iter_mut().zip(wanted).enumerate() {
            let end = match wanted {
                true => self.cell(&text[at..], column, all == 1),
                false => self.pass(&text[at..]),
            };
            let expected = match j + 1 == all {
                true => Class::LineEnd,
                false => Class::Delimiter,
            };
            match end {
                Some(length) if self.class(text, at + length) == expected => at += length + 1,
                // A row that is too short or too long is refused by those that count.
                Some(_) => {
                    return Progress {
                        columns: j + 1,
                        length: None,
                    };
                }
                None => {
                    return Progress {
                        columns: j,
                        length: None,
                    };
                }
            }
        }
        let length = match (text[..at].last(), text.get(at)) {
            (Some(b'\r'), Some(b'\n')) => Some(at + 1),
            (Some(b'\r'), _) => None,
            _ => Some(at),
        };
        Progress {
            columns: all,
            length,
        }
    }
    /// Appends the cell at the start of `text`; the place of the delimiter behind it, or `None` if it is not
    /// plain, or has no end.
    #[inline]
    fn cell(&self, text: &[u8], column: &mut Column, alone: bool) -> Option<usize> {
        match text.first()? {
            b'"' => self.quoted(text, column),
            b' ' if self.classes[usize::from(b' ')] == Class::Other => {
                let spaces = text.iter().take_while(|&&byte| byte == b' ').count();
                Some(spaces + self.unquoted(&text[spaces..], column, alone)?)
            }
            _ => self.unquoted(text, column, alone),
        }
    }
    /// Nothing `alone` on a line may be a cell or a blank line.
    #[inline]
    fn unquoted(&self, text: &[u8], column: &mut Column, alone: bool) -> Option<usize> {
        if let Some(numbers) = column.numbers()
            && let Some((number, end)) = leading_number(text, self.point)
            && self.is_end(text, end)
        {
            numbers.push(number);
            return Some(end);
        }
        let end = self.pass(text)?;
        if end == 0 && alone {
            return None;
        }
        self.push(&text[..end], column)?;
        Some(end)
    }
    fn quoted(&self, text: &[u8], column: &mut Column) -> Option<usize> {
        let end = 1 + self.end(&text[1..])?;
        if text[end] != b'"' || !self.is_end(text, end + 1) {
            return None;
        }
        self.push(&text[1..end], column)?;
        Some(end + 1)
    }
    #[inline]
    fn push(&self, cell: &[u8], column: &mut Column) -> Option<()> {
        if !column.push_recent(cell) {
            let cell = std::str::from_utf8(cell).ok()?;
            column.push(cell, &self.dialect, Depth::Values);
        }
        Some(())
    }
    /// The place of the delimiter behind the cell at the start of `text`.
    #[inline]
    fn pass(&self, text: &[u8]) -> Option<usize> {
        let end = self.end(text)?;
        self.is_end(text, end).then_some(end)
    }
    /// The place of the first byte that is not part of a cell.
    #[inline]
    fn end(&self, text: &[u8]) -> Option<usize> {
        (text.iter()).position(|&byte| self.classes[usize::from(byte)] != Class::Cell)
    }
}

#[cfg(test)]
mod tests {
    use super::super::origin::Source;
    use super::super::scan::{sheet, sheet_by_rules};
    use super::*;
    use crate::dialect::Decimal;
    use proptest::prelude::*;

    /// What is read with plain cells and without, which must not differ: every cell, and where it stands.
    fn agree(text: &str, delimiter: u8, dialect: &Dialect, wanted: Option<&[String]>) {
        let source = || Source::Memory(text.as_bytes().to_vec());
        let plain = sheet("f".into(), source(), (delimiter, dialect), wanted);
        let ruled = sheet_by_rules("f".into(), source(), (delimiter, dialect), wanted);
        let (plain, ruled) = match (plain, ruled) {
            (Ok(plain), Ok(ruled)) => (plain, ruled),
            (plain, ruled) => {
                let [plain, ruled] = [plain, ruled].map(|sheet| {
                    sheet
                        .map(|_| ())
                        .map_err(|error| error.sentence().to_string())
                });
                return assert_eq!(plain, ruled, "{text:?}");
            }
        };
        assert_eq!(
            (&plain.header, plain.rows.len()),
            (&ruled.header, ruled.rows.len()),
            "{text:?}"
        );
        for column in 0..plain.header.len() {
            assert_eq!(
                plain.rows.is_numeric(column),
                ruled.rows.is_numeric(column),
                "{text:?}"
            );
            let missing = (0..plain.rows.len()).any(|row| plain.is_missing(row, column));
            assert!(plain.rows.may_have_gaps(column) || !missing, "{text:?}");
            for row in 0..plain.rows.len() {
                assert_eq!(
                    plain.value(row, column),
                    ruled.value(row, column),
                    "{text:?}"
                );
                assert_eq!(plain.cell(row, column), ruled.cell(row, column), "{text:?}");
                assert_eq!(
                    plain.place(row, column),
                    ruled.place(row, column),
                    "{text:?}"
                );
            }
        }
    }

    /// Pieces of tables, among which are those that plain cells leave to others.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "1",
            "-2.5",
            "17",
            "3e2",
            "0.1234567890123456789",
            ",",
            ",",
            ",",
            ";",
            "\n",
            "\n",
            "\r\n",
            "\r",
            " ",
            "\t",
            "\"",
            "\"a\"",
            "\"1\"",
            "\"\"",
            "\"x,\ny\"",
            "NA",
            "",
            "é",
            "a b",
            "inf",
            "1.5x",
            "\u{a0}",
            "\u{0}",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_text_is_read_as_by_the_rules(text in pieces(), no_header in any::<bool>(), comma in any::<bool>()) {
            let decimal = comma.then_some(Decimal::Comma);
            let dialect = Dialect { no_header, decimal, ..Dialect::default() };
            let delimiter = if comma { b';' } else { b',' };
            agree(&text, delimiter, &dialect, None);
            agree(&text, delimiter, &dialect, Some(&["1".into(), "a".into(), "c1".into()]));
            agree(&text, b' ', &dialect, None);
        }
    }
    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 100,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]
        /// Rows enough for columns of many different texts, which are kept as numbers.
        #[test]
        fn long_columns_are_read_as_by_the_rules(odd in prop::collection::vec((0_usize..400, pieces()), 0..4)) {
            let mut text = String::from("a,b,c\n");
            for row in 0..400 {
                let other = odd.iter().find(|(at, _)| *at == row);
                let cell = other.map_or("x".to_string(), |(_, piece)| piece.replace(['\n', '\r', ',', '"'], ""));
                text += &format!("{},{},{}\n", row as f64 / 7.0, if other.is_some() { &cell } else { "0.5" }, cell);
                text += &format!("{cell}{row},{row}e-3, {row}\r\n");
            }
            agree(&text, b',', &Dialect::default(), None);
        }
    }

    #[test]
    fn rows_that_end_with_a_piece_are_read_whole() {
        for row in 1..9 {
            let line = format!("{}\n", vec!["-1.25"; row].join(","));
            let text = line.repeat(3 * super::super::PIECE / line.len());
            let dialect = Dialect {
                no_header: true,
                ..Dialect::default()
            };
            agree_on_values(&text, &dialect);
        }
    }

    /// As [`agree`], of rows that are all alike.
    fn agree_on_values(text: &str, dialect: &Dialect) {
        let source = Source::Memory(text.as_bytes().to_vec());
        let sheet = sheet("f".into(), source, (b',', dialect), None).unwrap();
        assert_eq!(sheet.rows.len(), text.lines().count());
        for row in 0..sheet.rows.len() {
            for column in 0..sheet.header.len() {
                assert_eq!(sheet.value(row, column), super::super::Value::Number(-1.25));
            }
        }
    }
}
