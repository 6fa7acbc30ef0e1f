//! Parquet files: their columns, read one group of rows after the other.

use super::column::{Column, Depth};
use super::number::scaled;
use super::rows::{Again, Columns, Rows};
use super::text_records::Fault;
use super::{Sheet, cannot_read};
use crate::dialect::Dialect;
use crate::failure::Failure;
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Cells that are decoded at once.
const BATCH: usize = 1 << 12;

/// Reads a file, of whose columns only some will be asked for.
pub fn sheet(path: &Path, wanted: Option<&[String]>) -> Result<Sheet, Failure> {
    let name = path.display().to_string();
    let failed = |fault: Fault| Failure::input(fault.sentence(&name));
    let file = File::open(path).map_err(|error| cannot_read(path, &error))?;
    let file = ParquetFile::open(file).map_err(failed)?;
    let header: Vec<String> = (file.fields.iter())
        .map(|field| field.name.clone())
        .collect();
    let rows = file.rows();
    if rows == 0 {
        return Err(Failure::input(format!("{name}: there is no row of data")));
    }
    let mut columns = Vec::with_capacity(header.len());
    for (j, field) in file.fields.iter().enumerate() {
        let is_wanted = wanted.is_none_or(|wanted| wanted.contains(&field.name));
        let column = match is_wanted && field.kind.is_ok() {
            true => Some(file.whole(j, Depth::Values).map_err(failed)?),
            false => None,
        };
        columns.push(column);
    }
    let columns = Columns {
        rows,
        numeric: (columns.iter())
            .map(|column| column.as_ref().is_some_and(Column::is_numeric))
            .collect(),
        columns: (columns.into_iter())
            .map(|column| match column.filter(Column::is_kept) {
                Some(column) => OnceLock::from(column),
                None => OnceLock::new(),
            })
            .collect(),
        origin: Box::new(file),
        dialect: Dialect::default(),
    };
    Sheet::new(name, header, Rows::of_columns(columns), Dialect::default())
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Numbers, whole ones without a sign if so; booleans are 0 and 1.
    Number { unsigned: bool },
    /// Whole numbers over this power of ten.
    Decimal(i32),
    /// Text.
    Text,
}

/// A column.
struct Field {
    name: String,
    /// Its place among the columns that are stored, nested ones among them.
    leaf: usize,
    /// Why it cannot be read, if so.
    kind: Result<Kind, &'static str>,
}

/// A file, and some of its rows.
struct ParquetFile {
    reader: Mutex<SerializedFileReader<File>>,
    fields: Vec<Field>,
    /// The first row of each group, and the number of all rows.
    starts: Vec<usize>,
    /// For columns whose cells were asked for again, the group that was read last.
    again: Mutex<HashMap<usize, (usize, Column)>>,
}

impl fmt::Debug for ParquetFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parquet file of {} rows", self.rows())
    }
}

impl ParquetFile {
    fn open(file: File) -> Result<Self, Fault> {
        let reader = guarded(|| SerializedFileReader::new(file).map_err(fault))?;
        let metadata = reader.metadata();
        let mut starts = vec![0_usize];
        for group in metadata.row_groups() {
            let rows = usize::try_from(group.num_rows()).ok();
            let last = starts.last().copied().unwrap_or(0);
            let end = rows.and_then(|rows| last.checked_add(rows));
            starts.push(end.ok_or_else(|| broken("a group of rows has no possible size"))?);
        }
        let schema = metadata.file_metadata().schema_descr();
        let mut fields: Vec<Field> = (schema.root_schema().get_fields().iter())
            .map(|field| Field {
                name: field.name().to_string(),
                leaf: 0,
                kind: Err("it is nested: a list, a map or a structure"),
            })
            .collect();
        for leaf in 0..schema.num_columns() {
            let (column, root) = (schema.column(leaf), schema.get_column_root_idx(leaf));
            if column.path().parts().len() == 1 && column.max_rep_level() == 0 {
                (fields[root].leaf, fields[root].kind) = (leaf, kind(&column));
            }
        }
        Ok(ParquetFile {
            reader: Mutex::new(reader),
            fields,
            starts,
            again: Mutex::default(),
        })
    }
    fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }
    fn whole(&self, column: usize, depth: Depth) -> Result<Column, Fault> {
        self.groups(column, 0..self.starts.len() - 1, depth)
    }
    /// The cells of a column in these groups of rows.
    fn groups(&self, column: usize, groups: Range<usize>, depth: Depth) -> Result<Column, Fault> {
        let field = &self.fields[column];
        let within = |text: &str| Fault::Column(field.name.clone(), text.into());
        let kind = field
            .kind
            .map_err(|why| within(&format!("{why}; numbers, booleans and text are read")))?;
        let mut cells = match kind {
            Kind::Text => Cells::new(Column::new(), depth),
            _ => Cells::new(Column::of_numbers(), depth),
        };
        let reader = held(&self.reader);
        for group in groups.clone() {
            let before = cells.rows;
            guarded(|| {
                let group = reader.get_row_group(group).map_err(fault)?;
                let column = group
                    .metadata()
                    .column(field.leaf)
                    .column_descr()
                    .max_def_level();
                let reader = group.get_column_reader(field.leaf).map_err(fault)?;
                cells.read(reader, kind, column)
            })
            .map_err(|fault| match fault {
                Fault::Format(text) => within(&text),
                Fault::Cell(row, text) => Fault::Cell(
                    row + self.starts[groups.start],
                    format!("column {}: {text}", field.name),
                ),
                fault => fault,
            })?;
            if cells.rows - before != self.starts[group + 1] - self.starts[group] {
                return Err(within("a group of rows has other than its number of cells"));
            }
        }
        Ok(cells.end())
    }
}

impl Again for ParquetFile {
    fn column(&self, column: usize, _rows: usize) -> Result<Column, Fault> {
        self.whole(column, Depth::Texts)
    }
    fn text(&self, row: usize, column: usize) -> Option<String> {
        let group = self.starts.partition_point(|&start| start <= row) - 1;
        let mut again = held(&self.again);
        if again.get(&column).is_none_or(|(held, _)| *held != group) {
            let cells = self.groups(column, group..group + 1, Depth::Texts).ok()?;
            again.insert(column, (group, cells));
        }
        let (_, cells) = again.get(&column)?;
        cells.shown(row - *self.starts.get(group)?)
    }
    fn line(&self, _row: usize) -> Option<usize> {
        None
    }
}

/// Cells that are being read.
struct Cells {
    column: Column,
    depth: Depth,
    rows: usize,
    /// Whether any is a number.
    numeric: bool,
    dialect: Dialect,
}

impl Cells {
    fn new(column: Column, depth: Depth) -> Self {
        Cells {
            column,
            depth,
            rows: 0,
            numeric: false,
            dialect: Dialect::default(),
        }
    }
    /// A column of numbers without any is one of missing cells.
    fn end(mut self) -> Column {
        if self.column.numbers().is_some() && !self.numeric {
            self.column = Column::new();
            for _ in 0..self.rows {
                self.column.push("", &self.dialect, self.depth);
            }
        }
        self.column
    }
    fn read(&mut self, reader: ColumnReader, kind: Kind, levels: i16) -> Result<(), Fault> {
        let scale = match kind {
            Kind::Decimal(scale) => scale,
            _ => 0,
        };
        let unsigned = matches!(kind, Kind::Number { unsigned: true });
        match reader {
            ColumnReader::BoolColumnReader(reader) => {
                self.numbers(reader, levels, |&truth| Some(f64::from(u8::from(truth))))
            }
            ColumnReader::Int32ColumnReader(reader) => self.numbers(reader, levels, |&value| {
                Some(match unsigned {
                    true => f64::from(value.cast_unsigned()),
                    false => scaled(value.into(), scale),
                })
            }),
            ColumnReader::Int64ColumnReader(reader) => self.numbers(reader, levels, |&value| {
                Some(match unsigned {
                    true => value.cast_unsigned() as f64,
                    false => scaled(value.into(), scale),
                })
            }),
            ColumnReader::FloatColumnReader(reader) => {
                self.numbers(reader, levels, |&value| Some(f64::from(value)))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                self.numbers(reader, levels, |&value| Some(value))
            }
            ColumnReader::ByteArrayColumnReader(reader) if matches!(kind, Kind::Text) => self
                .cells(reader, levels, |cells, text| {
                    let text = text.map_or(Ok(""), |text| std::str::from_utf8(text.data()));
                    let text =
                        text.map_err(|_| Fault::Cell(cells.rows, "the text is not UTF-8".into()))?;
                    cells.column.push(text, &cells.dialect, cells.depth);
                    Ok(())
                }),
            ColumnReader::ByteArrayColumnReader(reader) => self.numbers(reader, levels, |bytes| {
                Some(scaled(whole(bytes.data())?, scale))
            }),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                self.numbers(reader, levels, |bytes| {
                    Some(scaled(whole(bytes.data())?, scale))
                })
            }
            ColumnReader::Int96ColumnReader(_) => {
                Err(broken("a column has another type than it says"))
            }
        }
    }
    fn numbers<T: DataType>(
        &mut self,
        reader: ColumnReaderImpl<T>,
        levels: i16,
        number: impl Fn(&T::T) -> Option<f64>,
    ) -> Result<(), Fault> {
        self.cells(reader, levels, |cells, value| {
            let number = match value {
                Some(value) => Some(number(value).ok_or_else(|| {
                    Fault::Cell(cells.rows, "a decimal of more than 38 digits".into())
                })?),
                None => None,
            };
            cells.numeric = cells.numeric || number.is_some_and(|number| !number.is_nan());
            cells.column.push_number(number);
            Ok(())
        })
    }
    /// Hands each cell of a group to `push`; one that is null is none.
    fn cells<T: DataType>(
        &mut self,
        mut reader: ColumnReaderImpl<T>,
        levels: i16,
        push: impl Fn(&mut Self, Option<&T::T>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (mut values, mut defined) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        loop {
            values.clear();
            defined.clear();
            let into = (levels > 0).then_some(&mut defined);
            let (rows, ..) =
                (reader.read_records(BATCH, into, None, &mut values)).map_err(fault)?;
            if rows == 0 {
                return Ok(());
            }
            if levels == 0 {
                defined.resize(rows, 0);
            }
            let mut values = values.iter();
            for &level in &defined {
                let value = match level == levels {
                    true => Some(values.next().ok_or_else(|| broken("cells are not there"))?),
                    false => None,
                };
                push(self, value)?;
                self.rows += 1;
            }
        }
    }
}

/// The whole number of bytes in two's complement, the highest first; `None` where they are too many.
fn whole(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
    let mut all = [if negative { 0xFF } else { 0 }; 16];
    all.get_mut(16_usize.checked_sub(bytes.len())?..)?
        .copy_from_slice(bytes);
    Some(i128::from_be_bytes(all))
}

/// What the cells of a column are; an error says what they are that is not read.
fn kind(column: &ColumnDescriptor) -> Result<Kind, &'static str> {
    const TIME: &str = "it holds dates or times, which have no natural number";
    const BINARY: &str = "it holds binary data";
    match column.logical_type_ref() {
        Some(LogicalType::Date | LogicalType::Time(_) | LogicalType::Timestamp(_)) => {
            return Err(TIME);
        }
        None
        | Some(
            LogicalType::String
            | LogicalType::Enum
            | LogicalType::Json
            | LogicalType::Decimal(_)
            | LogicalType::Integer(_)
            | LogicalType::Unknown,
        ) => {}
        Some(_) => return Err(BINARY),
    }
    let whole = match column.converted_type() {
        ConvertedType::NONE
        | ConvertedType::INT_8
        | ConvertedType::INT_16
        | ConvertedType::INT_32
        | ConvertedType::INT_64 => Ok(Kind::Number { unsigned: false }),
        ConvertedType::UINT_8
        | ConvertedType::UINT_16
        | ConvertedType::UINT_32
        | ConvertedType::UINT_64 => Ok(Kind::Number { unsigned: true }),
        ConvertedType::DECIMAL => Ok(Kind::Decimal(column.type_scale())),
        _ => Err(TIME),
    };
    match (column.physical_type(), whole) {
        (Type::BOOLEAN | Type::FLOAT | Type::DOUBLE, _) => Ok(Kind::Number { unsigned: false }),
        (Type::INT32 | Type::INT64, whole) => whole,
        (Type::INT96, _) => Err(TIME),
        (Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY, Ok(Kind::Decimal(scale))) => {
            Ok(Kind::Decimal(scale))
        }
        (Type::BYTE_ARRAY, _) if column.converted_type() != ConvertedType::BSON => Ok(Kind::Text),
        (Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY, _) => Err(BINARY),
    }
}

fn fault(error: ParquetError) -> Fault {
    match error {
        ParquetError::General(text) => broken(&text),
        error => broken(&error.to_string()),
    }
}

fn broken(what: &str) -> Fault {
    Fault::Format(format!("the Parquet file cannot be read: {what}"))
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `read` gives: of some broken files the library that reads them panics.
fn guarded<T>(read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(read));
    std::panic::set_hook(hook);
    result.unwrap_or_else(|_| Err(broken("it is damaged")))
}
