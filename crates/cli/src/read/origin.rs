//! The text of a file again, for cells whose text is not kept.

use super::column::{Column, Depth};
use super::rows::Again;
use super::text_records::{Fault, TextRecords};
use crate::dialect::Dialect;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

/// Rows that are read again at once.
const BLOCK: usize = 128;
/// Bytes that are asked for at once: about as many as those rows are.
const PIECE: usize = 1 << 14;

/// What a sheet was read from.
#[derive(Debug)]
pub enum Source {
    /// A file that can be read again.
    File(File),
    /// The text itself, where it cannot.
    Memory(Vec<u8>),
}

impl Source {
    /// The text from byte `offset` on.
    pub fn from(&self, offset: u64) -> std::io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Source::File(file) => {
                let mut file = file;
                file.seek(SeekFrom::Start(offset))?;
                Box::new(file)
            }
            Source::Memory(bytes) => {
                let at = usize::try_from(offset).map_or(bytes.len(), |at| at.min(bytes.len()));
                Box::new(&bytes[at..])
            }
        })
    }
}

/// The byte and the line at which every 128th row starts.
#[derive(Debug, Default)]
pub struct Places(Vec<(u64, usize)>);

impl Places {
    /// Takes note of where row `row` starts; rows are told one after the other.
    pub fn note(&mut self, row: usize, place: (u64, usize)) {
        if row.is_multiple_of(BLOCK) {
            self.0.push(place);
        }
    }
}

/// Where every cell stands in a text.
#[derive(Debug)]
pub struct Origin {
    source: Source,
    delimiter: u8,
    dialect: Dialect,
    columns: usize,
    /// Where the first row starts.
    start: (u64, usize),
    /// The byte and the line at which every 128th row starts.
    places: Vec<(u64, usize)>,
    block: Mutex<Block>,
}

/// Rows that were read again.
#[derive(Debug, Default)]
struct Block {
    /// Which they are, counted in blocks from 1; 0 is none.
    number: usize,
    text: String,
    /// Where each field ends.
    ends: Vec<usize>,
    lines: Vec<usize>,
}

impl Origin {
    /// Text in columns that are separated by a delimiter.
    pub fn new(
        source: Source,
        (delimiter, dialect): (u8, &Dialect),
        columns: usize,
        start: (u64, usize),
    ) -> Self {
        Origin {
            source,
            delimiter,
            dialect: dialect.clone(),
            columns,
            start,
            places: Vec::new(),
            block: Mutex::default(),
        }
    }
    /// The places of every 128th row.
    pub fn with_places(mut self, places: Places) -> Self {
        self.places = places.0;
        self
    }
    fn records_from(
        &self,
        place: (u64, usize),
        piece: usize,
    ) -> Result<TextRecords<Box<dyn Read + '_>>, Fault> {
        let source = self.source.from(place.0).map_err(Fault::File)?;
        let mut records = TextRecords::within(source, self.delimiter, piece, place);
        records.blank_lines = self.columns == 1;
        Ok(records)
    }
    fn with_block<T>(&self, row: usize, look: impl Fn(&Block, usize) -> Option<T>) -> Option<T> {
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        let number = row / BLOCK + 1;
        if block.number != number {
            block.number = 0;
            let place = self.places.get(number - 1)?;
            self.read(*place, &mut block).ok()?;
            block.number = number;
        }
        look(&block, row % BLOCK)
    }
    fn read(&self, place: (u64, usize), into: &mut Block) -> Result<(), Fault> {
        into.text.clear();
        into.ends.clear();
        into.lines.clear();
        let mut records = self.records_from(place, PIECE)?;
        while into.lines.len() < BLOCK
            && let Some(record) = records.next()?
        {
            for column in 0..self.columns {
                if column < record.len() {
                    into.text.push_str(record.field(column));
                }
                into.ends.push(into.text.len());
            }
            into.lines.push(record.line);
        }
        Ok(())
    }
}

impl Again for Origin {
    fn column(&self, column: usize, rows: usize) -> Result<Column, Fault> {
        let mut read = Column::new();
        let mut records = self.records_from(self.start, super::PIECE)?;
        for _ in 0..rows {
            let found = records.next()?;
            let text = match &found {
                Some(record) if column < record.len() => record.field(column),
                _ => "",
            };
            read.push(text, &self.dialect, Depth::Texts);
        }
        Ok(read)
    }
    /// The text of a cell; `None` where it is not there any more.
    fn text(&self, row: usize, column: usize) -> Option<String> {
        self.with_block(row, |block, row| {
            let field = row * self.columns + column;
            let start = field
                .checked_sub(1)
                .map_or(Some(0), |last| block.ends.get(last).copied())?;
            Some(block.text[start..*block.ends.get(field)?].to_string())
        })
    }
    /// The line at which a row starts.
    fn line(&self, row: usize) -> Option<usize> {
        self.with_block(row, |block, row| block.lines.get(row).copied())
    }
}
