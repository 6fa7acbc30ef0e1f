//! What is kept of a column: numbers, or the different texts in it and which of them each cell is.

use super::chunks::Chunks;
use super::levels::Levels;
use super::number::leading_number;
use crate::dialect::Dialect;
use crate::read::is_missing;

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number, which may be infinite.
    Number(f64),
    /// Nothing.
    Missing,
    /// Text that is no number.
    Text,
}

impl Value {
    /// What a text says.
    pub fn of(text: &str, dialect: &Dialect) -> Value {
        // Most cells are numbers.
        if let Some((number, length)) = leading_number(text.as_bytes(), dialect.decimal_mark())
            && length == text.len()
        {
            return Value::Number(number);
        }
        if is_missing(text) {
            return Value::Missing;
        }
        match dialect.number(text) {
            Some(number) if !number.is_nan() => Value::Number(number),
            _ => Value::Text,
        }
    }
}

/// How much is kept of the text of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Not more than that of a few different cells.
    Values,
    /// All of it.
    Texts,
}

/// The cells of a column.
#[derive(Debug)]
pub struct Column {
    cells: Cells,
    /// Whether a number may be missing, where the cells are numbers.
    gaps: bool,
}

#[derive(Debug)]
enum Cells {
    /// Few different texts: as many as a byte can tell apart.
    Few(Levels, Chunks<u8>),
    /// Numbers.
    Numbers(Chunks<f64>),
    /// Many different texts.
    Many(Levels, Vec<u32>),
    /// Text that was not kept, and whether any of it is a number.
    Gone(bool),
}

impl Column {
    /// A column without cells.
    pub fn new() -> Self {
        Column {
            cells: Cells::Few(Levels::new(), Chunks::default()),
            gaps: false,
        }
    }
    /// A column without cells, all of which will be numbers.
    #[cfg(feature = "parquet")]
    pub fn of_numbers() -> Self {
        Column {
            cells: Cells::Numbers(Chunks::default()),
            gaps: false,
        }
    }
    /// Appends a number, or a missing cell, to a column of numbers.
    #[cfg(feature = "parquet")]
    #[inline]
    pub fn push_number(&mut self, number: Option<f64>) {
        if let Cells::Numbers(numbers) = &mut self.cells {
            let number = number.filter(|number| !number.is_nan());
            self.gaps |= number.is_none();
            numbers.push(number.unwrap_or(MISSING));
        }
    }
    /// A cell as text, which of a number is its shortest form.
    #[cfg(feature = "parquet")]
    pub fn shown(&self, row: usize) -> Option<String> {
        match (self.text(row), self.value(row)?) {
            (Some(text), _) => Some(text.to_string()),
            (None, Value::Number(number)) => Some(crate::grid::plain(number)),
            (None, _) => Some(String::new()),
        }
    }
    /// Whether the cells can be had.
    pub fn is_kept(&self) -> bool {
        !matches!(self.cells, Cells::Gone(_))
    }
    /// Whether any cell is a number.
    pub fn is_numeric(&self) -> bool {
        match &self.cells {
            Cells::Few(levels, _) | Cells::Many(levels, _) => levels.numeric,
            Cells::Numbers(_) => true,
            Cells::Gone(numeric) => *numeric,
        }
    }
    /// Whether any cell may be missing.
    pub fn may_have_gaps(&self) -> bool {
        match &self.cells {
            Cells::Few(levels, _) | Cells::Many(levels, _) => {
                levels.values().any(|value| value == Value::Missing)
            }
            Cells::Numbers(_) => self.gaps,
            Cells::Gone(_) => true,
        }
    }
    /// Where the cells are kept as numbers: they can be appended as such.
    #[inline]
    pub fn numbers(&mut self) -> Option<&mut Chunks<f64>> {
        match &mut self.cells {
            Cells::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }
    /// Appends a cell of a text that was seen lately in a column of few; `false` where it was not.
    #[inline]
    pub fn push_recent(&mut self, text: &[u8]) -> bool {
        let Cells::Few(levels, codes) = &mut self.cells else {
            return false;
        };
        let code = levels.recent(text).and_then(|code| u8::try_from(code).ok());
        code.map(|code| codes.push(code)).is_some()
    }
    /// Appends a cell.
    pub fn push(&mut self, text: &str, dialect: &Dialect, depth: Depth) {
        match &mut self.cells {
            Cells::Few(levels, codes) => {
                let code = levels.code(text, dialect);
                if let Ok(code) = u8::try_from(code) {
                    codes.push(code);
                } else {
                    self.outgrow(depth);
                    self.push(text, dialect, depth);
                }
            }
            Cells::Numbers(numbers) => {
                let value = Value::of(text, dialect);
                self.gaps |= value == Value::Missing;
                numbers.push(stored(value));
            }
            Cells::Many(levels, codes) => codes.push(levels.code(text, dialect)),
            Cells::Gone(numeric) => {
                *numeric = *numeric || matches!(Value::of(text, dialect), Value::Number(_));
            }
        }
    }
    /// Goes on in another form, because there are more than few different texts.
    #[cold]
    fn outgrow(&mut self, depth: Depth) {
        let cells = std::mem::replace(&mut self.cells, Cells::Gone(false));
        let Cells::Few(levels, codes) = cells else {
            return;
        };
        self.cells = if levels.numeric && depth == Depth::Values {
            let mut numbers = Chunks::default();
            self.gaps = levels.values().any(|value| value == Value::Missing);
            let values: Vec<f64> = levels.values().map(stored).collect();
            (codes.all()).for_each(|code| numbers.push(values[usize::from(code)]));
            Cells::Numbers(numbers)
        } else if depth == Depth::Texts {
            Cells::Many(levels, codes.all().map(u32::from).collect())
        } else {
            Cells::Gone(levels.numeric)
        };
    }
    /// What a cell says; `None` where it is not kept.
    #[inline]
    pub fn value(&self, row: usize) -> Option<Value> {
        match &self.cells {
            Cells::Numbers(numbers) => numbers.get(row).map(of_stored),
            Cells::Few(levels, codes) => Some(levels.value(codes.get(row)?.into())),
            Cells::Many(levels, codes) => Some(levels.value(codes[row])),
            Cells::Gone(_) => None,
        }
    }
    /// The text of a cell, where it is kept.
    pub fn text(&self, row: usize) -> Option<&str> {
        match &self.cells {
            Cells::Few(levels, codes) => Some(levels.text(codes.get(row)?.into())),
            Cells::Many(levels, codes) => Some(levels.text(codes[row])),
            Cells::Numbers(_) | Cells::Gone(_) => None,
        }
    }
    /// Forgets the cells of rows before `end`, as far as that saves memory.
    pub fn forget(&mut self, end: usize) {
        match &mut self.cells {
            Cells::Few(_, codes) => codes.forget(end),
            Cells::Numbers(numbers) => numbers.forget(end),
            Cells::Many(..) | Cells::Gone(_) => {}
        }
    }
}

/// In place of a missing cell.
const MISSING: f64 = f64::NAN;

fn stored(value: Value) -> f64 {
    match value {
        Value::Number(number) => number,
        Value::Missing => MISSING,
        Value::Text => text_mark(),
    }
}

/// In place of text that is no number: another NaN.
fn text_mark() -> f64 {
    f64::from_bits(f64::NAN.to_bits() ^ 1)
}

fn of_stored(number: f64) -> Value {
    if !number.is_nan() {
        Value::Number(number)
    } else if number.to_bits() == text_mark().to_bits() {
        Value::Text
    } else {
        Value::Missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_known_of_before_and_after_a_column_is_one_of_numbers() {
        let dialect = Dialect::default();
        for gap in [None, Some(3), Some(400)] {
            let mut column = Column::new();
            for row in 0..500 {
                let text = match gap == Some(row) {
                    true => "NA".to_string(),
                    false => row.to_string(),
                };
                column.push(&text, &dialect, Depth::Values);
            }
            assert!(column.numbers().is_some());
            assert_eq!(column.may_have_gaps(), gap.is_some());
            let missing = |row: usize| column.value(row) == Some(Value::Missing);
            assert_eq!((0..500).find(|&row| missing(row)), gap);
        }
    }
}
