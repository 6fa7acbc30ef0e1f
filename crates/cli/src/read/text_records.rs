//! Delimited text as records, one after the other, in the memory of a few of them.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::fmt;
use std::io::{ErrorKind, Read};

/// A record that is longer has lost its end: a quote that is not closed must not fill the memory.
const LONGEST: usize = 1 << 26;
/// The mark at the start of some texts in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why there is no record.
#[derive(Debug)]
pub enum Fault {
    /// The bytes on this line are not UTF-8.
    NotText(usize),
    /// The record that starts on this line has no end.
    TooLong(usize),
    /// The file.
    File(std::io::Error),
    /// A file of another format is none, for this reason.
    #[cfg(feature = "parquet")]
    Format(String),
    /// A column of such a file, and why it cannot be read.
    #[cfg(feature = "parquet")]
    Column(String, String),
    /// A cell in a row of such a file, and why it cannot be read.
    #[cfg(feature = "parquet")]
    Cell(usize, String),
}

impl Fault {
    /// What is wrong, after the name of the file.
    pub fn sentence(&self, file: &str) -> String {
        match self {
            Fault::NotText(line) => format!("{file}, line {line}: the text is not UTF-8"),
            Fault::TooLong(line) => format!(
                "{file}, line {line}: a row of more than {} MiB; is a quote not closed?",
                LONGEST >> 20
            ),
            Fault::File(error) => format!("{file}: cannot be read: {error}"),
            #[cfg(feature = "parquet")]
            Fault::Format(text) => format!("{file}: {text}"),
            #[cfg(feature = "parquet")]
            Fault::Column(column, text) => format!("{file}, column {column}: {text}"),
            #[cfg(feature = "parquet")]
            Fault::Cell(row, text) => format!("{file}, row {row}, {text}"),
        }
    }
}

/// Reads records from text.
pub struct TextRecords<R> {
    from: R,
    delimiter: u8,
    /// How many bytes are asked for at once.
    piece: usize,
    buffer: Vec<u8>,
    /// The first byte of the buffer that is not read yet.
    at: usize,
    /// The place in the text of the buffer's first byte.
    offset: u64,
    /// The line of the next byte.
    line: usize,
    /// The first byte of the last record, and its line.
    last: (usize, usize),
    ended: bool,
    /// Whether a blank line is a record with one empty field.
    pub blank_lines: bool,
    ends: Vec<usize>,
    parser: Reader,
    unquoted: Vec<u8>,
}

/// A record: its fields, and where it stands.
pub struct Record<'a> {
    text: &'a str,
    /// The record as it is written, with or without the line end.
    pub raw: &'a [u8],
    ends: &'a [usize],
    /// Bytes between fields.
    gap: usize,
    /// The line at which it starts, from 1.
    pub line: usize,
    /// The byte at which it starts.
    pub offset: u64,
    /// The blank lines that were skipped before it.
    pub skipped: usize,
}

impl<'a> Record<'a> {
    /// The number of fields.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
    /// A field, without the spaces around it.
    pub fn field(&self, column: usize) -> &'a str {
        let start = match column {
            0 => 0,
            _ => self.ends[column - 1] + self.gap,
        };
        let text = &self.text[start..self.ends[column]];
        let inner = |byte: &u8| byte.is_ascii_graphic();
        match text.as_bytes() {
            [first, .., last] if inner(first) && inner(last) => text,
            [] => text,
            _ => text.trim(),
        }
    }
    /// Whether it is a blank line.
    pub fn is_blank(&self) -> bool {
        self.raw.is_empty()
    }
    /// Whether nothing is in it but spaces.
    pub fn is_white(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_whitespace())
    }
}

impl<R: Read> TextRecords<R> {
    /// The records of a text, from its first byte; a mark of the byte order is none of it.
    pub fn new(from: R, delimiter: u8, piece: usize) -> Result<Self, Fault> {
        let mut records = Self::within(from, delimiter, piece, (0, 1));
        while records.buffer.len() < BYTE_ORDER_MARK.len() && records.fill()? {}
        if records.buffer.starts_with(BYTE_ORDER_MARK) {
            records.at = BYTE_ORDER_MARK.len();
        }
        Ok(records)
    }
    /// The records from one on that starts at a byte on a line.
    pub fn within(from: R, delimiter: u8, piece: usize, (offset, line): (u64, usize)) -> Self {
        TextRecords {
            from,
            delimiter,
            piece,
            buffer: Vec::new(),
            at: 0,
            offset,
            line,
            last: (0, line),
            ended: false,
            blank_lines: false,
            ends: Vec::new(),
            parser: ReaderBuilder::new().delimiter(delimiter).build(),
            unquoted: Vec::new(),
        }
    }
    /// Where the next record, or a blank line before it, starts: its byte, and its line.
    pub fn place(&self) -> (u64, usize) {
        (self.offset + self.at as u64, self.line)
    }
    /// Goes back to the start of the last record, once.
    pub fn back(&mut self) {
        (self.at, self.line) = self.last;
    }
    /// What is in memory of the text from the next record on.
    pub fn ahead(&self) -> &[u8] {
        &self.buffer[self.at..]
    }
    /// Passes over the next record, a line of so many bytes with its end.
    pub fn skip_line(&mut self, length: usize) {
        self.last = (self.at, self.line);
        self.at += length;
        self.line += 1;
    }
    /// The next record; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Record<'_>>, Fault> {
        let mut skipped = 0;
        while let Some(first) = self.first()? {
            if !matches!(first, b'\n' | b'\r') {
                return self.record(skipped).map(Some);
            }
            if self.blank_lines {
                return self.record(skipped).map(Some);
            }
            self.at += self.terminator(0)?;
            self.line += 1;
            skipped += 1;
        }
        Ok(None)
    }
    /// The next byte.
    fn first(&mut self) -> Result<Option<u8>, Fault> {
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        Ok(self.buffer.get(self.at).copied())
    }
    fn record(&mut self, skipped: usize) -> Result<Record<'_>, Fault> {
        let (line, mut length) = (self.line, 0);
        let quoted = loop {
            let rest = &self.buffer[self.at + length..];
            match memchr::memchr3(b'\n', b'\r', b'"', rest) {
                Some(found) => {
                    length += found;
                    break self.buffer[self.at + length] == b'"';
                }
                None => {
                    length += rest.len();
                    if !self.fill()? {
                        break false;
                    }
                }
            }
        };
        let (taken, lines) = match quoted {
            true => self.unquote()?,
            false => (length + self.terminator(length)?, 1),
        };
        let start = self.at;
        let offset = self.offset + start as u64;
        self.last = (start, line);
        self.at += taken;
        self.line += lines;
        let raw = &self.buffer[start..start + if quoted { taken } else { length }];
        let text = std::str::from_utf8(raw)
            .map_err(|error| Fault::NotText(line + count_lines(&raw[..error.valid_up_to()])))?;
        let text = match quoted {
            // What is valid stays so without its quotes.
            true => std::str::from_utf8(&self.unquoted).map_err(|_| Fault::NotText(line))?,
            false => {
                mark_ends(raw, self.delimiter, &mut self.ends);
                text
            }
        };
        Ok(Record {
            text,
            raw,
            ends: &self.ends,
            gap: usize::from(!quoted),
            line,
            offset,
            skipped,
        })
    }
    /// The length of the line end that stands `ahead` of the next byte: \n, \r\n, \r, or none at the end.
    fn terminator(&mut self, ahead: usize) -> Result<usize, Fault> {
        if self.buffer.get(self.at + ahead) == Some(&b'\r') {
            if self.at + ahead + 1 == self.buffer.len() {
                self.fill()?;
            }
            let both = self.buffer.get(self.at + ahead + 1) == Some(&b'\n');
            return Ok(1 + usize::from(both));
        }
        Ok(usize::from(self.at + ahead < self.buffer.len()))
    }
    /// Takes the quotes off the next record: how many bytes and lines it takes.
    fn unquote(&mut self) -> Result<(usize, usize), Fault> {
        'again: loop {
            self.parser.reset();
            // At its start the parser would take a byte-order mark for none of the text.
            self.parser.read_record(b"\n", &mut [0], &mut [0]);
            let (mut read, mut written, mut fields) = (0, 0, 0);
            loop {
                let (result, more_read, more_written, more_fields) = self.parser.read_record(
                    &self.buffer[self.at + read..],
                    &mut self.unquoted[written..],
                    &mut self.ends[fields..],
                );
                read += more_read;
                written += more_written;
                fields += more_fields;
                match result {
                    // At the end an empty piece says so to the parser.
                    ReadRecordResult::InputEmpty if self.fill()? => continue 'again,
                    ReadRecordResult::InputEmpty => {}
                    ReadRecordResult::OutputFull => {
                        self.unquoted.resize(2 * written.max(512), 0);
                    }
                    ReadRecordResult::OutputEndsFull => self.ends.resize(2 * fields.max(16), 0),
                    ReadRecordResult::Record | ReadRecordResult::End => break,
                }
            }
            // The parser takes \r for the end of a record that ends in \r\n.
            if self.buffer[self.at + read - 1] == b'\r' {
                read += self.terminator(read - 1)? - 1;
            }
            self.unquoted.truncate(written);
            self.ends.truncate(fields);
            let raw = &self.buffer[self.at..self.at + read];
            let whole = raw.ends_with(b"\n") || raw.ends_with(b"\r");
            let lines = count_lines(raw) + usize::from(!whole);
            return Ok((read, lines));
        }
    }
    /// Reads more, behind what is not read yet; `false` at the end.
    fn fill(&mut self) -> Result<bool, Fault> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.copy_within(self.at.., 0);
        self.buffer.truncate(self.buffer.len() - self.at);
        self.offset += self.at as u64;
        self.at = 0;
        let kept = self.buffer.len();
        if kept > LONGEST {
            return Err(Fault::TooLong(self.line));
        }
        // Twice as much for a long record, which is looked through again.
        self.buffer.resize(kept + self.piece.max(kept), 0);
        let more = loop {
            match self.from.read(&mut self.buffer[kept..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                more => break more.map_err(Fault::File)?,
            }
        };
        self.buffer.truncate(kept + more);
        self.ended = more == 0;
        Ok(more > 0)
    }
}

impl<R> fmt::Debug for TextRecords<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text records, at line {}", self.line)
    }
}

/// The places of the delimiters of a line, and its end: eight bytes at a time, because most fields of
/// numbers are too short for a call each.
fn mark_ends(line: &[u8], delimiter: u8, into: &mut Vec<usize>) {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    into.clear();
    let pattern = u64::from_ne_bytes([delimiter; 8]);
    let mut words = line.chunks_exact(8);
    let mut base = 0;
    for word in words.by_ref() {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(word);
        let differs = u64::from_le_bytes(bytes) ^ pattern;
        // The highest bit of each byte that is zero, and of no other.
        let mut found = !(((differs & LOW) + LOW) | differs | LOW);
        while found != 0 {
            into.push(base + found.trailing_zeros() as usize / 8);
            found &= found - 1;
        }
        base += 8;
    }
    let rest = words.remainder().iter().enumerate();
    into.extend(
        rest.filter(|(_, byte)| **byte == delimiter)
            .map(|(i, _)| base + i),
    );
    into.push(line.len());
}

/// The line ends in `bytes`: \n, \r\n or \r.
fn count_lines(bytes: &[u8]) -> usize {
    let mut count = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        let end = byte == b'\n' || (byte == b'\r' && bytes.get(i + 1) != Some(&b'\n'));
        count += usize::from(end);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All records, read in pieces of `piece` bytes.
    fn all(text: &[u8], piece: usize, blank_lines: bool) -> Vec<(usize, u64, Vec<String>)> {
        let mut records = TextRecords::new(text, b',', piece).unwrap();
        records.blank_lines = blank_lines;
        let mut found = Vec::new();
        while let Some(record) = records.next().unwrap() {
            let fields = (0..record.len()).map(|j| record.field(j).to_string());
            found.push((record.line, record.offset, fields.collect()));
        }
        found
    }

    const TEXTS: [&str; 13] = [
        "\n\u{feff}\"\"1,\n",
        "a,b\n1,2\n",
        "a,b\r\n1,2\r\n3,4",
        "a,b\r1,2\r\r3,4\r",
        "\u{feff}a,b\n\n\n1,2\n\n",
        "\"a\",\"b,\nc\"\"\"\r\n1,\"2\"\n",
        "x\n\n1\n\n\n2\n\n",
        "one,two,three,four,five\n,,,,\n12345678,1234567,123456,12345,1\n",
        "a\"b,c\nd,e\"\n",
        "\"never closed,\n1,2\n",
        "é,ü\n,\n",
        ",,,,,,,,,,,,,,,,,\n",
        "",
    ];

    /// The csv crate, which finds the same fields in every text, whatever the pieces are.
    #[test]
    fn the_fields_are_those_of_the_csv_crate() {
        for text in TEXTS {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> = (reader.records())
                .map(|record| {
                    record
                        .unwrap()
                        .iter()
                        .map(|field| field.trim().into())
                        .collect()
                })
                .collect();
            for piece in [1, 2, 3, 7, 64, 4096] {
                let found = all(text.as_bytes(), piece, false);
                let fields: Vec<Vec<String>> =
                    found.into_iter().map(|(.., fields)| fields).collect();
                assert_eq!(fields, expected, "{text:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_record_can_be_read_again_from_its_place() {
        for text in TEXTS {
            for blank_lines in [false, true] {
                for (line, offset, fields) in all(text.as_bytes(), 5, blank_lines) {
                    let rest = &text.as_bytes()[offset as usize..];
                    let mut records = TextRecords::within(rest, b',', 3, (offset, line));
                    records.blank_lines = blank_lines;
                    let record = records.next().unwrap().unwrap();
                    let again: Vec<String> = (0..record.len())
                        .map(|j| record.field(j).to_string())
                        .collect();
                    assert_eq!((record.line, record.offset, again), (line, offset, fields));
                }
            }
        }
    }

    #[test]
    fn lines_are_counted_through_blanks_and_quotes() {
        let lines = |text: &str, blank: bool| -> Vec<usize> {
            (all(text.as_bytes(), 4, blank).iter())
                .map(|(line, ..)| *line)
                .collect()
        };
        assert_eq!(lines(TEXTS[3], false), [1, 2, 4]);
        assert_eq!(lines(TEXTS[5], false), [1, 3]);
        assert_eq!(lines(TEXTS[6], true), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn what_is_no_text_is_named_by_its_line() {
        for (text, line) in [(&b"a\n1\n\xFF\n"[..], 3), (b"\"a\nb\xC3\",1\n", 2)] {
            let mut records = TextRecords::new(text, b',', 2).unwrap();
            let fault = loop {
                match records.next() {
                    Ok(record) => assert!(record.is_some()),
                    Err(fault) => break fault,
                }
            };
            assert!(
                matches!(fault, Fault::NotText(at) if at == line),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_does_not_fill_the_memory() {
        let text = std::io::Read::chain(&b"a\n\""[..], std::io::repeat(b'x'));
        let mut records = TextRecords::new(text, b',', 1 << 16).unwrap();
        assert!(records.next().unwrap().is_some());
        assert!(matches!(records.next(), Err(Fault::TooLong(2))));
    }
}
