//! How a text file of data is written: what separates cells, the decimal mark, whether it has a header.

use crate::failure::Failure;
use clap::{Args, ValueEnum};
use std::path::Path;

/// How the text files of data of a command are written.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// What separates cells: comma, semicolon, tab, pipe, space, or the character itself; a comma, or
    /// a tab in files called .tsv or .tab.
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// The decimal mark of numbers: . or , (with another --delimiter than a comma); a point by default.
    #[arg(long, value_name = ".|,", value_enum)]
    pub decimal: Option<Decimal>,
    /// The data have no header: the columns are called c0, c1, …, as those of an array.
    #[arg(long)]
    pub no_header: bool,
}

/// Decimal marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Decimal {
    /// 1.5
    #[value(name = ".")]
    Point,
    /// 1,5
    #[value(name = ",")]
    Comma,
}

impl Dialect {
    /// The byte between the cells of a file.
    ///
    /// # Errors
    /// When it is the decimal mark, too.
    pub fn delimiter_of(&self, path: &Path) -> Result<u8, Failure> {
        let tabs = path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("tsv") || extension.eq_ignore_ascii_case("tab")
        });
        let delimiter = self.delimiter.unwrap_or(if tabs { b'\t' } else { b',' });
        if self.decimal == Some(Decimal::Comma) && delimiter == b',' {
            return Err(Failure::input(format!(
                "--decimal , : commas separate the cells of {}; give another --delimiter, as in \
                 --delimiter semicolon",
                path.display()
            )));
        }
        Ok(delimiter)
    }
    /// Refuses the options beside a file of numbers, which has no text.
    pub fn refuse_for_numbers(&self, path: &Path) -> Result<(), Failure> {
        if *self == Dialect::default() {
            return Ok(());
        }
        Err(Failure::input(format!(
            "{}: --delimiter, --decimal and --no-header are for text, which this is not",
            path.display()
        )))
    }
    /// The options, as words of a command.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(delimiter) = self.delimiter {
            words.extend(["--delimiter".into(), char::from(delimiter).into()]);
        }
        if let Some(mark) = self.decimal.and_then(|mark| mark.to_possible_value()) {
            words.extend(["--decimal".into(), mark.get_name().into()]);
        }
        words.extend(self.no_header.then(|| "--no-header".into()));
        words
    }
    /// The byte before the decimals of a number.
    pub fn decimal_mark(&self) -> u8 {
        match self.decimal {
            Some(Decimal::Comma) => b',',
            _ => b'.',
        }
    }
    /// The number that a cell means, which may be infinite or NaN. With decimal commas a point is part of
    /// no number: it would mean thousands as easily.
    pub fn number(&self, text: &str) -> Option<f64> {
        if self.decimal != Some(Decimal::Comma) {
            return text.parse().ok();
        }
        if text.contains('.') {
            return None;
        }
        text.replace(',', ".").parse().ok()
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    let byte = match text {
        "comma" => b',',
        "semicolon" => b';',
        "tab" | "\\t" => b'\t',
        "pipe" => b'|',
        "space" => b' ',
        _ => match text.as_bytes() {
            [byte] => *byte,
            _ => 0,
        },
    };
    let part_of_cells = byte.is_ascii_alphanumeric() || b"\"\r\n.+-_".contains(&byte);
    if byte == 0 || !byte.is_ascii() || part_of_cells {
        return Err(
            "must be comma, semicolon, tab, pipe, space, or one ASCII character that is part of no \
             number, name or quote"
                .to_string(),
        );
    }
    Ok(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_comma_leaves_no_room_for_points() {
        let comma = Dialect {
            decimal: Some(Decimal::Comma),
            ..Dialect::default()
        };
        assert_eq!(comma.number("-1,5e3"), Some(-1500.0));
        for text in ["1.5", "1.000,5", "1,000,5", "x", ""] {
            assert_eq!(comma.number(text), None, "{text}");
        }
        assert_eq!(Dialect::default().number("1,5"), None);
    }

    #[test]
    fn delimiters_are_no_part_of_cells() {
        for (text, byte) in [("tab", b'\t'), (";", b';'), ("\t", b'\t'), ("|", b'|')] {
            assert_eq!(delimiter(text), Ok(byte));
        }
        for text in ["", "a", "7", "\"", ".", "-", ";;", "é", "\n"] {
            assert!(delimiter(text).is_err(), "{text}");
        }
    }
}
