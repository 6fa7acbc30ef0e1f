//! Reading data files: CSV as text cells, with the line each row came from, and .npy.

use crate::dialect::Dialect;
use crate::failure::Failure;
use crate::records::Records;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use tabular::NumberFile;

/// A data file.
#[derive(Debug)]
pub struct Sheet {
    /// The file's name, for messages.
    pub file: String,
    /// The column names.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Records,
    /// How the file is written.
    pub dialect: Dialect,
    /// Blank lines at the end, which in a file of one column may be empty cells.
    pub blank_tail: usize,
    /// Which rows of the file are left, if some were taken out.
    kept: Option<Vec<bool>>,
    /// The place of each column.
    places: HashMap<String, usize>,
}

impl Sheet {
    /// Reads a file.
    pub fn read(path: &Path, dialect: &Dialect) -> Result<Sheet, Failure> {
        if path.extension().is_some_and(|extension| extension == "npy") {
            dialect.refuse_for_numbers(path)?;
            return Sheet::numbers(path);
        }
        let (file, delimiter) = (path.display().to_string(), dialect.delimiter_of(path)?);
        let bytes = std::fs::read(path).map_err(|error| cannot_read(path, &error))?;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Failure::input(format!("{file}: the file is empty")));
        }
        if let Err(error) = std::str::from_utf8(bytes) {
            let line = 1 + count_lines(&bytes[..error.valid_up_to()]);
            return Err(Failure::input(format!(
                "{file}, line {line}: the text is not UTF-8"
            )));
        }
        let mut sheet = Sheet::parse(file, bytes, (delimiter, dialect))?;
        sheet.check_header()?;
        if sheet.rows.len() == 0 {
            return Err(Failure::input(format!(
                "{}: there is a header but no row of data",
                sheet.file
            )));
        }
        for (place, name) in sheet.header.iter_mut().enumerate() {
            *name = name.trim().to_string();
            sheet.places.insert(name.clone(), place);
        }
        Ok(sheet)
    }

    /// Rows that were read elsewhere, with their lines; each has as many fields as the header.
    pub fn of_records(
        file: String,
        header: Vec<String>,
        rows: Vec<(csv::StringRecord, usize)>,
        dialect: &Dialect,
    ) -> Result<Sheet, Failure> {
        let places = header.iter().cloned().enumerate();
        let sheet = Sheet {
            file,
            places: places.map(|(place, name)| (name, place)).collect(),
            header,
            rows: Records::Text(rows),
            dialect: dialect.clone(),
            blank_tail: 0,
            kept: None,
        };
        sheet.check_header()?;
        Ok(sheet)
    }

    /// An array of numbers, with columns c0, c1, ….
    fn numbers(path: &Path) -> Result<Sheet, Failure> {
        let file = path.display().to_string();
        let numbers =
            NumberFile::open(path).map_err(|error| Failure::input(format!("{file}: {error}")))?;
        let header = column_names(numbers.width());
        let places = header.iter().cloned().enumerate();
        Ok(Sheet {
            file,
            places: places.map(|(place, name)| (name, place)).collect(),
            header,
            rows: Records::Numbers(numbers, None),
            dialect: Dialect::default(),
            blank_tail: 0,
            kept: None,
        })
    }

    fn parse(
        file: String,
        bytes: &[u8],
        (delimiter, dialect): (u8, &Dialect),
    ) -> Result<Sheet, Failure> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes);
        let mut sheet = Sheet {
            file,
            header: Vec::new(),
            rows: Records::Text(Vec::new()),
            dialect: dialect.clone(),
            blank_tail: 0,
            kept: None,
            places: HashMap::new(),
        };
        let (mut line, mut counted) = (1, 0);
        let mut record = csv::StringRecord::new();
        loop {
            let start = record_start(bytes, reader.position().byte());
            let more = (reader.read_record(&mut record))
                .map_err(|error| Failure::input(format!("{}, line {line}: {error}", sheet.file)))?;
            // The parser skips blank lines silently: they are counted here.
            let blank = blank_lines(&bytes[start..]);
            line += count_lines(&bytes[counted..start]);
            counted = start;
            if !more {
                sheet.blank_tail = blank;
                return Ok(sheet);
            }
            sheet.take(&record, line, blank)?;
        }
    }

    /// Takes a record that was found after `blank` blank lines from line `line` on.
    fn take(
        &mut self,
        record: &csv::StringRecord,
        line: usize,
        blank: usize,
    ) -> Result<(), Failure> {
        if self.header.is_empty() {
            if !self.dialect.no_header {
                self.header = record.iter().map(str::to_string).collect();
                return Ok(());
            }
            self.header = column_names(record.len());
        }
        if self.header.len() == 1 {
            for skipped in 0..blank {
                self.push(csv::StringRecord::from(vec![""]), line + skipped);
            }
        }
        if record.len() != self.header.len() {
            return Err(Failure::input(format!(
                "{}, line {}: {} fields, {} expected",
                self.file,
                line + blank,
                record.len(),
                self.header.len()
            )));
        }
        self.push(record.clone(), line + blank);
        Ok(())
    }

    fn push(&mut self, record: csv::StringRecord, line: usize) {
        if let Records::Text(rows) = &mut self.rows {
            rows.push((record, line));
        }
    }

    fn check_header(&self) -> Result<(), Failure> {
        let mut seen = std::collections::HashSet::new();
        for name in &self.header {
            if !seen.insert(name.trim()) {
                return Err(Failure::input(format!(
                    "{}, line 1: two columns are called \"{}\"",
                    self.file,
                    name.trim()
                )));
            }
        }
        Ok(())
    }

    /// The index of a column.
    pub fn column(&self, name: &str) -> Result<usize, Failure> {
        /// As many as a message can hold.
        const SHOWN: usize = 50;
        self.places.get(name).copied().ok_or_else(|| {
            let shown = self.header.len().min(SHOWN);
            let more = if shown < self.header.len() {
                ", …"
            } else {
                ""
            };
            Failure::input(format!(
                "{}: there is no column \"{name}\"; the columns are {}{more}{}",
                self.file,
                self.header[..shown].join(", "),
                self.separator_hint()
            ))
        })
    }
    /// What to add to a complaint about columns, where the fields are not separated by commas.
    pub fn separator_hint(&self) -> &'static str {
        match self.header.as_slice() {
            [name] if name.contains(';') => {
                "; commas separate fields, and the header has semicolons: try --delimiter semicolon"
            }
            [name] if name.contains('\t') => {
                "; commas separate fields, and the header has tabs: try --delimiter tab"
            }
            _ => "",
        }
    }
    /// Takes the rows out that are not to be kept.
    pub fn keep_only(&mut self, keep: &[bool]) {
        self.rows.keep_only(keep);
        self.kept = Some(keep.to_vec());
    }
    /// Matches the rows of `self` to those of the file that `data` was read from; an error is the
    /// number of rows of that file.
    pub fn keep_as(&mut self, data: &Sheet) -> Result<(), usize> {
        let rows = (data.kept.as_ref()).map_or(data.rows.len(), Vec::len);
        self.extend_by_blank_lines(rows);
        if self.rows.len() != rows {
            return Err(rows);
        }
        if let Some(keep) = &data.kept {
            self.keep_only(keep);
        }
        Ok(())
    }
    /// The text of a cell.
    pub fn cell(&self, row: usize, column: usize) -> Cow<'_, str> {
        self.rows.cell(row, column)
    }
    /// Whether a cell is missing.
    pub fn is_missing(&self, row: usize, column: usize) -> bool {
        match self.rows.number(row, column) {
            Some(number) => number.is_nan(),
            None => is_missing(&self.cell(row, column)),
        }
    }
    /// Where a row stands.
    pub fn place_of_row(&self, row: usize) -> String {
        format!("{}, {}", self.file, self.rows.place(row))
    }
    /// Where a cell stands.
    pub fn place(&self, row: usize, column: usize) -> String {
        format!("{}, column {}", self.place_of_row(row), self.header[column])
    }
    /// The blank lines at the end as empty cells, in a file of one column, up to `rows` rows.
    fn extend_by_blank_lines(&mut self, rows: usize) {
        let last = match &self.rows {
            Records::Text(rows) => rows.last().map_or(1, |(_, line)| *line),
            Records::Numbers(..) => return,
        };
        let wanted = rows.saturating_sub(self.rows.len());
        if self.header.len() == 1 && wanted > 0 && wanted <= self.blank_tail {
            for added in 1..=wanted {
                self.push(csv::StringRecord::from(vec![""]), last + added);
            }
        }
    }
}

/// The names of columns that have none.
pub fn column_names(columns: usize) -> Vec<String> {
    (0..columns).map(|j| format!("c{j}")).collect()
}

/// Whether a cell is missing.
pub fn is_missing(text: &str) -> bool {
    matches!(text, "" | "NA" | "NaN" | "null")
}

/// A text file, such as a model.
pub fn text_file(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path).map_err(|error| cannot_read(path, &error))?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::input(format!("{}: the text is not UTF-8", path.display())))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::input(format!("{}: cannot be read: {error}", path.display()))
}

/// Where the next record starts, when the parser stands at byte `position`: it ends a record at the
/// \r of \r\n.
fn record_start(bytes: &[u8], position: u64) -> usize {
    let start = usize::try_from(position).map_or(bytes.len(), |at| at.min(bytes.len()));
    let inside = start > 0 && bytes[start - 1] == b'\r' && bytes.get(start) == Some(&b'\n');
    start + usize::from(inside)
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

/// The blank lines at the start of `bytes`.
fn blank_lines(bytes: &[u8]) -> usize {
    let ends = bytes
        .iter()
        .take_while(|&&byte| byte == b'\n' || byte == b'\r');
    count_lines(&bytes[..ends.count()])
}
