//! What is kept of a column: numbers, or the different texts in it and which of them each cell is.

use crate::dialect::Dialect;
use crate::read::is_missing;
use std::collections::HashMap;

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
        // Most cells are numbers, and no missing cell begins as one.
        let as_number = matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'-' | b'.'));
        if !as_number && is_missing(text) {
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
    /// Whether any cell is a number.
    pub numeric: bool,
    cells: Cells,
}

#[derive(Debug)]
enum Cells {
    /// Few different texts: as many as a byte can tell apart.
    Few(Levels, Vec<u8>),
    /// Numbers.
    Numbers(Chunks),
    /// Many different texts.
    Many(Levels, Vec<u32>),
    /// Text that was not kept.
    Gone,
}

impl Column {
    /// A column without cells.
    pub fn new() -> Self {
        Column {
            numeric: false,
            cells: Cells::Few(Levels::new(), Vec::new()),
        }
    }
    /// Whether the cells can be had.
    pub fn is_kept(&self) -> bool {
        !matches!(self.cells, Cells::Gone)
    }
    /// Appends a cell.
    pub fn push(&mut self, text: &str, dialect: &Dialect, depth: Depth) {
        match &mut self.cells {
            Cells::Few(levels, codes) => {
                let code = levels.code(text, dialect);
                if let Ok(code) = u8::try_from(code) {
                    self.numeric = self.numeric
                        || matches!(levels.levels[usize::from(code)].1, Value::Number(_));
                    codes.push(code);
                } else {
                    self.outgrow(depth);
                    self.push(text, dialect, depth);
                }
            }
            Cells::Numbers(chunks) => chunks.push(stored(Value::of(text, dialect))),
            Cells::Many(levels, codes) => {
                let code = levels.code(text, dialect);
                self.numeric =
                    self.numeric || matches!(levels.levels[code as usize].1, Value::Number(_));
                codes.push(code);
            }
            Cells::Gone => {
                self.numeric = self.numeric || matches!(Value::of(text, dialect), Value::Number(_));
            }
        }
    }
    /// Goes on in another form, because there are more than few different texts.
    fn outgrow(&mut self, depth: Depth) {
        let cells = std::mem::replace(&mut self.cells, Cells::Gone);
        let Cells::Few(levels, codes) = cells else {
            return;
        };
        let numbers = self.numeric && depth == Depth::Values;
        self.cells = if numbers {
            let mut chunks = Chunks::default();
            let numbers: Vec<f64> = levels.levels.iter().map(|level| stored(level.1)).collect();
            codes
                .iter()
                .for_each(|&code| chunks.push(numbers[usize::from(code)]));
            Cells::Numbers(chunks)
        } else if depth == Depth::Texts {
            Cells::Many(levels, codes.into_iter().map(u32::from).collect())
        } else {
            Cells::Gone
        };
    }
    /// What a cell says; `None` where it is not kept.
    pub fn value(&self, row: usize) -> Option<Value> {
        match &self.cells {
            Cells::Numbers(chunks) => chunks.get(row).map(of_stored),
            Cells::Few(levels, codes) => Some(levels.levels[usize::from(codes[row])].1),
            Cells::Many(levels, codes) => Some(levels.levels[codes[row] as usize].1),
            Cells::Gone => None,
        }
    }
    /// The text of a cell, where it is kept.
    pub fn text(&self, row: usize) -> Option<&str> {
        match &self.cells {
            Cells::Few(levels, codes) => Some(&levels.levels[usize::from(codes[row])].0),
            Cells::Many(levels, codes) => Some(&levels.levels[codes[row] as usize].0),
            Cells::Numbers(_) | Cells::Gone => None,
        }
    }
    /// Forgets numbers of rows before `end`, as far as that saves memory.
    pub fn forget(&mut self, end: usize) {
        if let Cells::Numbers(chunks) = &mut self.cells {
            // The last chunk may be a part of one.
            let gone = match end >= chunks.rows {
                true => chunks.chunks.len(),
                false => end / CHUNK,
            };
            (chunks.chunks[..gone].iter_mut()).for_each(|chunk| *chunk = Vec::new());
        }
    }
}

/// The different texts of a column.
#[derive(Debug)]
struct Levels {
    /// Each with what it says.
    levels: Vec<(Box<str>, Value)>,
    codes: HashMap<Box<str>, u32>,
    /// For texts that were seen lately, their codes, by a number made of their bytes.
    recent: Vec<u32>,
}

impl Levels {
    /// Places for texts that were seen lately.
    const RECENT: usize = 1 << 9;

    fn new() -> Self {
        Levels {
            levels: Vec::new(),
            codes: HashMap::new(),
            recent: vec![u32::MAX; Self::RECENT],
        }
    }
    /// The code of a text.
    fn code(&mut self, text: &str, dialect: &Dialect) -> u32 {
        let place = Self::place(text.as_bytes());
        let recent = self.recent[place];
        if let Some(level) = self.levels.get(recent as usize)
            && *level.0 == *text
        {
            return recent;
        }
        let code = match self.codes.get(text) {
            Some(&code) => code,
            None => {
                let code = u32::try_from(self.levels.len()).unwrap_or(u32::MAX - 1);
                self.levels.push((text.into(), Value::of(text, dialect)));
                self.codes.insert(text.into(), code);
                code
            }
        };
        self.recent[place] = code;
        code
    }
    fn place(text: &[u8]) -> usize {
        let last = &text[text.len().saturating_sub(8)..];
        let mix = |sum: usize, byte: &u8| sum.wrapping_mul(31) ^ usize::from(*byte);
        last.iter().fold(text.len(), mix) % Self::RECENT
    }
}

/// Rows of a chunk: 1 MiB of numbers.
const CHUNK: usize = 1 << 17;

/// Numbers that can be let go a chunk at a time.
#[derive(Debug, Default)]
struct Chunks {
    chunks: Vec<Vec<f64>>,
    rows: usize,
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

impl Chunks {
    fn push(&mut self, number: f64) {
        if self.rows.is_multiple_of(CHUNK) {
            // A column of few rows does not need a whole chunk.
            let capacity = if self.rows == 0 { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(capacity));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(number);
        }
        self.rows += 1;
    }
    fn get(&self, row: usize) -> Option<f64> {
        self.chunks.get(row / CHUNK)?.get(row % CHUNK).copied()
    }
}
