//! From text to columns, in one pass.

use super::column::{Column, Depth};
use super::foreign;
use super::origin::{Origin, Places, Source};
use super::plain_cells::PlainCells;
use super::rows::{Columns, Rows};
use super::text_records::{Fault, Record, TextRecords};
use super::{PIECE, Sheet, column_names};
use crate::dialect::Dialect;
use crate::failure::Failure;
use std::collections::HashSet;
use std::io::Read;
use std::sync::OnceLock;

/// Reads the text of a file.
pub fn sheet(
    file: String,
    source: Source,
    (delimiter, dialect): (u8, &Dialect),
    wanted: Option<&[String]>,
) -> Result<Sheet, Failure> {
    let plain = PlainCells::new(delimiter, dialect);
    read(file, source, (delimiter, dialect), wanted, Some(&plain))
}

/// As [`sheet`], of records alone.
#[cfg(test)]
pub fn sheet_by_rules(
    file: String,
    source: Source,
    (delimiter, dialect): (u8, &Dialect),
    wanted: Option<&[String]>,
) -> Result<Sheet, Failure> {
    read(file, source, (delimiter, dialect), wanted, None)
}

fn read(
    file: String,
    source: Source,
    (delimiter, dialect): (u8, &Dialect),
    wanted: Option<&[String]>,
    plain: Option<&PlainCells>,
) -> Result<Sheet, Failure> {
    let failed = |fault: Fault| Failure::input(fault.sentence(&file));
    let text = source.from(0).map_err(|error| failed(Fault::File(error)))?;
    let mut records = TextRecords::new(text, delimiter, PIECE).map_err(failed)?;
    if let Some(what) = foreign::format(records.ahead()) {
        return Err(Failure::input(format!("{file}: {what}")));
    }
    let mut scan = Scan::new(&file, dialect);
    let top = records.place();
    if !scan.header(&mut records, wanted)? {
        return Err(Failure::input(format!("{file}: the file is empty")));
    }
    while scan.row(&mut records, plain)? {}
    if scan.white {
        return Err(Failure::input(format!("{file}: the file is empty")));
    }
    if scan.rows == 0 {
        return Err(Failure::input(format!(
            "{file}: there is a header but no row of data"
        )));
    }
    let start = scan.start.unwrap_or(top);
    drop(records);
    let origin = Origin::new(source, (delimiter, dialect), scan.columns.len(), start);
    scan.finish(origin)
}

/// Columns that are being read.
struct Scan<'a> {
    file: &'a str,
    dialect: &'a Dialect,
    header: Vec<String>,
    columns: Vec<Column>,
    /// For each column, whether it is to be kept.
    wanted: Vec<bool>,
    rows: usize,
    /// Blank lines that are rows of a file of one column, if another row follows.
    blank: Vec<(u64, usize)>,
    /// Whether nothing was read but spaces.
    white: bool,
    /// Where the first row starts.
    start: Option<(u64, usize)>,
    places: Places,
}

impl<'a> Scan<'a> {
    fn new(file: &'a str, dialect: &'a Dialect) -> Self {
        Scan {
            file,
            dialect,
            header: Vec::new(),
            columns: Vec::new(),
            wanted: Vec::new(),
            rows: 0,
            blank: Vec::new(),
            white: true,
            start: None,
            places: Places::default(),
        }
    }
    fn failed(&self, fault: &Fault) -> Failure {
        Failure::input(fault.sentence(self.file))
    }
    /// Reads the header, or makes one for the first record, which is then the first row; `false` where
    /// there is no record.
    fn header<R: Read>(
        &mut self,
        records: &mut TextRecords<R>,
        wanted: Option<&[String]>,
    ) -> Result<bool, Failure> {
        let top = records.place();
        let first = records.next().map_err(|fault| self.failed(&fault))?;
        let Some(record) = first else {
            return Ok(false);
        };
        self.name_columns(&record, wanted);
        self.white = record.is_white();
        if self.dialect.no_header {
            // Blank lines above a file of one column are rows of it, as those inside.
            for blank in 0..record.skipped {
                if self.header.len() == 1 {
                    self.blank.push((top.0 + blank as u64, top.1 + blank));
                }
            }
            self.take(&record, 0)?;
        }
        records.blank_lines = self.header.len() == 1;
        Ok(true)
    }
    fn name_columns(&mut self, record: &Record<'_>, wanted: Option<&[String]>) {
        self.header = match self.dialect.no_header {
            true => column_names(record.len()),
            false => (0..record.len())
                .map(|j| record.field(j).to_string())
                .collect(),
        };
        self.columns = self.header.iter().map(|_| Column::new()).collect();
        let wanted = wanted.map(|wanted| wanted.iter().collect::<HashSet<&String>>());
        let is_wanted = |name: &String| wanted.as_ref().is_none_or(|wanted| wanted.contains(name));
        self.wanted = self.header.iter().map(is_wanted).collect();
    }
    /// Reads a row; `false` at the end.
    fn row<R: Read>(
        &mut self,
        records: &mut TextRecords<R>,
        plain: Option<&PlainCells>,
    ) -> Result<bool, Failure> {
        let mut read = 0;
        if let (Some(plain), false, true) = (plain, self.white, self.blank.is_empty()) {
            let progress = plain.read(records.ahead(), &mut self.columns, &self.wanted);
            if let Some(length) = progress.length {
                self.note(records.place());
                records.skip_line(length);
                return Ok(true);
            }
            read = progress.columns;
        }
        let next = records.next().map_err(|fault| self.failed(&fault))?;
        let Some(record) = next else {
            return Ok(false);
        };
        self.take(&record, read)?;
        Ok(true)
    }
    /// Takes the cells of a record, of which those of the first columns are already read.
    fn take(&mut self, record: &Record<'_>, read: usize) -> Result<(), Failure> {
        if record.len() != self.header.len() {
            return Err(Failure::input(format!(
                "{}, line {}: {} {}, {} expected{}",
                self.file,
                record.line,
                record.len(),
                if record.len() == 1 { "field" } else { "fields" },
                self.header.len(),
                self.header_hint()
            )));
        }
        let place = (record.offset, record.line);
        if record.len() == 1 && record.is_blank() {
            self.blank.push(place);
            return Ok(());
        }
        self.white = self.white && record.is_white();
        for place in std::mem::take(&mut self.blank) {
            self.push(place, 0, |_| "");
        }
        self.push(place, read, |column| record.field(column));
        Ok(())
    }
    fn push<'t>(&mut self, place: (u64, usize), read: usize, field: impl Fn(usize) -> &'t str) {
        self.note(place);
        for (j, column) in self.columns.iter_mut().enumerate().skip(read) {
            if self.wanted[j] {
                column.push(field(j), self.dialect, Depth::Values);
            }
        }
    }
    /// What to add to a complaint about the number of fields, where the header looks like a comment, or is in one
    /// field.
    fn header_hint(&self) -> &'static str {
        match self.header.first() {
            Some(name) if name.starts_with(['#', '%']) => {
                "; the first line is the header, and there are no comments"
            }
            _ => super::separator_hint(&self.header),
        }
    }
    /// Takes note of where a row starts.
    fn note(&mut self, place: (u64, usize)) {
        self.start.get_or_insert(place);
        self.places.note(self.rows, place);
        self.rows += 1;
    }
    fn finish(self, origin: Origin) -> Result<Sheet, Failure> {
        let columns = Columns {
            rows: self.rows,
            numeric: self.columns.iter().map(Column::is_numeric).collect(),
            columns: (self.columns.into_iter().zip(self.wanted))
                .map(|(column, wanted)| {
                    if wanted && column.is_kept() {
                        OnceLock::from(column)
                    } else {
                        OnceLock::new()
                    }
                })
                .collect(),
            origin: Box::new(origin.with_places(self.places)),
            dialect: self.dialect.clone(),
        };
        let dialect = self.dialect.clone();
        let mut sheet = Sheet::new(
            self.file.into(),
            self.header,
            Rows::of_columns(columns),
            dialect,
        )?;
        sheet.blank_tail = self.blank.len();
        Ok(sheet)
    }
}

/// The rows of a text that is read once, so many at a time.
pub struct Batches<'a, R> {
    records: TextRecords<R>,
    file: &'a str,
    dialect: &'a Dialect,
    delimiter: u8,
    header: Vec<String>,
    rows: usize,
}

impl<'a, R: Read> Batches<'a, R> {
    /// Reads the header.
    pub fn new(file: &'a str, from: R, rows: usize, dialect: &'a Dialect) -> Result<Self, Failure> {
        let delimiter = dialect.delimiter_of(file.as_ref())?;
        let failed = |fault: Fault| Failure::input(fault.sentence(file));
        let mut records = TextRecords::new(from, delimiter, PIECE).map_err(failed)?;
        let mut top = Scan::new(file, dialect);
        match records.next().map_err(failed)? {
            Some(record) => top.name_columns(&record, None),
            None => return Err(Failure::input(format!("{file}: there is no header"))),
        }
        if dialect.no_header {
            records.back();
        }
        records.blank_lines = top.header.len() == 1;
        Ok(Batches {
            records,
            file,
            dialect,
            delimiter,
            header: top.header,
            rows,
        })
    }
    /// The next rows; `None` at the end. The text of a batch is held as long as the batch is.
    pub fn next(&mut self) -> Result<Option<Sheet>, Failure> {
        let mut scan = Scan::new(self.file, self.dialect);
        scan.header = self.header.clone();
        scan.columns = self.header.iter().map(|_| Column::new()).collect();
        scan.wanted = vec![true; self.header.len()];
        let mut text = Vec::new();
        while scan.rows < self.rows {
            let next = self.records.next();
            let next = next.map_err(|fault| Failure::input(fault.sentence(self.file)))?;
            let Some(mut record) = next else { break };
            // Lines are counted in what is held.
            text.resize(text.len() + record.skipped, b'\n');
            record.offset = text.len() as u64;
            scan.take(&record, 0)?;
            text.extend_from_slice(record.raw);
            if !record.raw.ends_with(b"\n") {
                text.push(b'\n');
            }
        }
        if scan.rows == 0 {
            return Ok(None);
        }
        let start = scan.start.unwrap_or((0, 1));
        let source = Source::Memory(text);
        let origin = Origin::new(
            source,
            (self.delimiter, self.dialect),
            self.header.len(),
            start,
        );
        scan.finish(origin).map(Some)
    }
}
