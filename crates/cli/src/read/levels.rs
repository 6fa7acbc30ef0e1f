//! The different texts of a column.

use super::column::Value;
use crate::dialect::Dialect;
use std::collections::HashMap;

/// The different texts of a column, each with a code.
#[derive(Debug)]
pub struct Levels {
    levels: Vec<Level>,
    codes: HashMap<Box<str>, u32>,
    /// For texts that were seen lately, their codes, by their keys.
    recent: Vec<u32>,
    /// Whether any of them is a number.
    pub numeric: bool,
}

#[derive(Debug)]
struct Level {
    text: Box<str>,
    value: Value,
    key: u64,
}

impl Levels {
    /// Places for texts that were seen lately, as a power of two.
    const RECENT_BITS: u32 = 9;

    /// No text.
    pub fn new() -> Self {
        Levels {
            levels: Vec::new(),
            codes: HashMap::new(),
            recent: vec![u32::MAX; 1 << Self::RECENT_BITS],
            numeric: false,
        }
    }
    /// The code of a text that was seen lately.
    #[inline]
    pub fn recent(&self, text: &[u8]) -> Option<u32> {
        let key = key(text);
        let recent = self.recent[place(key)];
        let level = self.levels.get(recent as usize)?;
        let same = level.key == key && (is_whole(key) || level.text.as_bytes() == text);
        same.then_some(recent)
    }
    /// The code of a text.
    pub fn code(&mut self, text: &str, dialect: &Dialect) -> u32 {
        if let Some(code) = self.recent(text.as_bytes()) {
            return code;
        }
        let key = key(text.as_bytes());
        let code = match self.codes.get(text) {
            Some(&code) => code,
            None => self.add(text, key, dialect),
        };
        self.recent[place(key)] = code;
        code
    }
    fn add(&mut self, text: &str, key: u64, dialect: &Dialect) -> u32 {
        let code = u32::try_from(self.levels.len()).unwrap_or(u32::MAX - 1);
        let value = Value::of(text, dialect);
        self.numeric = self.numeric || matches!(value, Value::Number(_));
        self.levels.push(Level {
            text: text.into(),
            value,
            key,
        });
        self.codes.insert(text.into(), code);
        code
    }
    /// What the text of a code says.
    pub fn value(&self, code: u32) -> Value {
        self.levels[code as usize].value
    }
    /// The text of a code.
    pub fn text(&self, code: u32) -> &str {
        &self.levels[code as usize].text
    }
    /// What the texts say, in the order of their codes.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        self.levels.iter().map(|level| level.value)
    }
}

/// A number made of a text: of up to seven bytes all of it, with their number in the highest byte; of more the
/// last seven.
#[inline]
fn key(text: &[u8]) -> u64 {
    let last = &text[text.len().saturating_sub(7)..];
    let length = text.len().min(8) as u64;
    let bytes = (last.iter()).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    length << 56 | bytes
}

/// Whether a key holds its whole text.
fn is_whole(key: u64) -> bool {
    key >> 56 < 8
}

#[inline]
fn place(key: u64) -> usize {
    // Fibonacci hashing: 2⁶⁴ over the golden ratio; the high bits depend on all of the key.
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - Levels::RECENT_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_code() {
        let texts = [
            "0",
            "1",
            "",
            "\0",
            "\0\0",
            "1234567",
            "12345678",
            "02345678",
            "a long text",
            "another long text",
            "b long text",
            "é",
        ];
        let dialect = Dialect::default();
        let mut levels = Levels::new();
        for _ in 0..3 {
            for (code, text) in (0..).zip(texts) {
                assert_eq!(levels.code(text, &dialect), code, "{text:?}");
                assert_eq!(levels.text(code), text);
            }
        }
        assert_eq!(levels.value(5), Value::Number(1_234_567.0));
        assert!(levels.numeric);
    }
}
