//! Reading data files: text, whose numbers are kept and whose text is read again where it is asked for, and
//! .npy; Parquet files, by feature.

mod chunks;
mod column;
mod foreign;
mod levels;
mod number;
mod origin;
#[cfg(feature = "parquet")]
mod parquet_file;
mod plain_cells;
mod rows;
mod scan;
mod text_records;

pub use column::Value;
pub use rows::Rows;
pub use scan::Batches;

use crate::dialect::Dialect;
use crate::failure::Failure;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tabular::NumberFile;

/// Bytes of text that are read at once.
const PIECE: usize = 1 << 18;

/// A data file.
#[derive(Debug)]
pub struct Sheet {
    /// The file's name, for messages.
    pub file: String,
    /// The column names.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Rows,
    /// How the file is written.
    pub dialect: Dialect,
    /// Blank lines at the end, which in a file of one column may be empty cells.
    blank_tail: usize,
    /// The place of each column.
    places: HashMap<String, usize>,
}

impl Sheet {
    /// Reads a file.
    pub fn read(path: &Path, dialect: &Dialect) -> Result<Sheet, Failure> {
        Self::read_columns(path, dialect, None)
    }
    /// Reads a file, of whose columns only some will be asked for; another is read when it is.
    pub fn read_columns(
        path: &Path,
        dialect: &Dialect,
        wanted: Option<&[String]>,
    ) -> Result<Sheet, Failure> {
        let shown = path.display().to_string();
        if path.extension().is_some_and(|extension| extension == "npy") {
            dialect.refuse_for_numbers(path)?;
            let numbers = NumberFile::open(path);
            let numbers = numbers.map_err(|error| Failure::input(format!("{shown}: {error}")))?;
            let header = column_names(numbers.width());
            return Sheet::new(shown, header, Rows::of_numbers(numbers), Dialect::default());
        }
        if is_parquet(path) {
            dialect.refuse_for_numbers(path)?;
            return parquet(path, wanted);
        }
        let delimiter = dialect.delimiter_of(path)?;
        let source = source(path).map_err(|error| cannot_read(path, &error))?;
        scan::sheet(shown, source, (delimiter, dialect), wanted)
    }
    /// Reads a text.
    pub fn of_text(
        name: &str,
        text: Vec<u8>,
        dialect: &Dialect,
        wanted: Option<&[String]>,
    ) -> Result<Sheet, Failure> {
        let delimiter = dialect.delimiter_of(name.as_ref())?;
        let source = origin::Source::Memory(text);
        scan::sheet(name.into(), source, (delimiter, dialect), wanted)
    }
    /// Rows with these names of columns.
    fn new(
        file: String,
        header: Vec<String>,
        rows: Rows,
        dialect: Dialect,
    ) -> Result<Sheet, Failure> {
        let mut places = HashMap::new();
        for (place, name) in header.iter().enumerate() {
            if places.insert(name.clone(), place).is_some() {
                return Err(Failure::input(format!(
                    "{file}, line 1: two columns are called \"{name}\""
                )));
            }
        }
        Ok(Sheet {
            file,
            header,
            rows,
            dialect,
            blank_tail: 0,
            places,
        })
    }
    /// The index of a column, whose cells can then be asked for.
    pub fn column(&self, name: &str) -> Result<usize, Failure> {
        /// As many as a message can hold.
        const SHOWN: usize = 50;
        let place = self.places.get(name).copied().ok_or_else(|| {
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
        })?;
        (self.rows.load(place)).map_err(|fault| Failure::input(fault.sentence(&self.file)))?;
        Ok(place)
    }
    /// What to add to a complaint about columns, where the fields are not separated by commas.
    pub fn separator_hint(&self) -> &'static str {
        separator_hint(&self.header)
    }
    /// Takes the rows out that are not to be kept.
    pub fn keep_only(&mut self, keep: &[bool]) {
        self.rows.keep_only(keep);
    }
    /// Matches the rows of `self` to those of the file that `data` was read from; an error is the
    /// number of rows of that file.
    pub fn keep_as(&mut self, data: &Sheet) -> Result<(), usize> {
        let rows = data.rows.rows_of_file();
        let wanted = rows.saturating_sub(self.rows.len());
        if self.header.len() == 1 && wanted <= self.blank_tail {
            self.rows.extend_by_empty(wanted);
        }
        if self.rows.len() != rows {
            return Err(rows);
        }
        if let Some(kept) = data.rows.kept() {
            self.rows.keep(kept.to_vec());
        }
        Ok(())
    }
    /// The text of a cell, for a message.
    pub fn cell(&self, row: usize, column: usize) -> Cow<'_, str> {
        (self.rows.cell(row, column)).unwrap_or(Cow::Borrowed("(the file has changed)"))
    }
    /// The text of a cell.
    ///
    /// # Errors
    /// When it is to be read again from a file that has changed.
    pub fn text(&self, row: usize, column: usize) -> Result<Cow<'_, str>, Failure> {
        self.rows.cell(row, column).ok_or_else(|| {
            Failure::input(format!(
                "{}: the file has changed while it was read",
                self.file
            ))
        })
    }
    /// What a cell says.
    #[inline]
    pub fn value(&self, row: usize, column: usize) -> Value {
        self.rows.value(row, column)
    }
    /// Whether a cell is missing.
    pub fn is_missing(&self, row: usize, column: usize) -> bool {
        self.value(row, column) == Value::Missing
    }
    /// Where a row stands.
    pub fn place_of_row(&self, row: usize) -> String {
        format!("{}, {}", self.file, self.rows.place(row))
    }
    /// Where a cell stands.
    pub fn place(&self, row: usize, column: usize) -> String {
        format!("{}, column {}", self.place_of_row(row), self.header[column])
    }
}

/// Whether a file is in columns, by its name.
fn is_parquet(path: &Path) -> bool {
    (path.extension()).is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}

#[cfg(feature = "parquet")]
fn parquet(path: &Path, wanted: Option<&[String]>) -> Result<Sheet, Failure> {
    parquet_file::sheet(path, wanted)
}

#[cfg(not(feature = "parquet"))]
fn parquet(path: &Path, _wanted: Option<&[String]>) -> Result<Sheet, Failure> {
    Err(Failure::input(format!(
        "{}: this program was built without the reader of Parquet files; build it with \
         cargo install --path crates/cli --features parquet, or write the data as CSV",
        path.display()
    )))
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
    /// Bytes: a wrong file must not fill the memory.
    const LARGEST: u64 = 1 << 28;
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| cannot_read(path, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::input(format!(
            "{}: the file has more than {} MiB, and is no model",
            path.display(),
            LARGEST >> 20
        )));
    }
    String::from_utf8(bytes)
        .map_err(|_| Failure::input(format!("{}: the text is not UTF-8", path.display())))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::input(format!("{}: cannot be read: {error}", path.display()))
}

/// What a text is read from: a file that is no regular one cannot be read again, and is held as it is.
fn source(path: &Path) -> std::io::Result<origin::Source> {
    let mut file = File::open(path)?;
    if file.metadata()?.is_file() {
        return Ok(origin::Source::File(file));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(origin::Source::Memory(bytes))
}

/// What to add to a complaint about a header whose fields are not separated by commas.
fn separator_hint(header: &[String]) -> &'static str {
    match header {
        [name] if name.contains(';') => {
            "; commas separate fields, and the header has semicolons: try --delimiter semicolon"
        }
        [name] if name.contains('\t') => {
            "; commas separate fields, and the header has tabs: try --delimiter tab"
        }
        _ => "",
    }
}
