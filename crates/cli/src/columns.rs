//! From text cells to typed columns.

use crate::args::Missing;
use crate::cells::{Cell, Impossible, code, count, is_numeric, real};
use crate::failure::Failure;
use crate::intervals;
use crate::known::Beside;
use crate::read::{Sheet, Value};
use crate::regression;
use distributions::{Rows, RowsBuffer};
use tabular::{Field, FromField, Kind, PartSpecification, Specification, Table, Values};

/// The typed rows of a sheet.
pub struct Typed {
    /// The data.
    pub table: Table,
    /// For each row of the table, the row of the sheet.
    pub rows: Vec<usize>,
    /// For each row of the table, whether it lies outside every possible value of some column.
    pub impossible: Vec<bool>,
    /// Rows left out, or without any observed cell.
    pub incomplete: usize,
}

/// A sheet that is read.
pub enum Access<'a> {
    /// By others, too.
    Shared(&'a Sheet),
    /// By nobody else: numbers that are taken over leave it, so that they are held once.
    Own(&'a mut Sheet),
}

impl<'a> Access<'a> {
    /// The sheet.
    pub fn sheet(&self) -> &Sheet {
        match self {
            Access::Shared(sheet) => sheet,
            Access::Own(sheet) => sheet,
        }
    }
    /// The sheet, once all is taken over.
    pub fn into_sheet(self) -> &'a Sheet {
        match self {
            Access::Shared(sheet) => sheet,
            Access::Own(sheet) => sheet,
        }
    }
}

/// Types the columns of a model. `beside` names columns that are needed besides those of its parts; rows
/// of a group follow each other, in the order in which groups appear.
pub fn typed(
    access: &mut Access<'_>,
    specification: &Specification,
    beside: &Beside,
    missing: Missing,
    impossible: Impossible,
) -> Result<Typed, Failure> {
    let sheet = access.sheet();
    let mut needed = (specification.parts.iter())
        .map(|part| part.columns.iter().map(|name| sheet.column(name)).collect())
        .collect::<Result<Vec<Vec<usize>>, _>>()?;
    let columns = needed.clone();
    needed.push(beside.columns(sheet)?);
    let rows = kept_rows(sheet, specification, &needed, missing)?;
    let rows = beside.grouped(sheet, rows)?;
    if rows.is_empty() && impossible == Impossible::Refuse {
        return Err(Failure::input(format!(
            "{}: every row has a missing cell",
            sheet.file
        )));
    }
    let left_out = sheet.rows.len() - rows.len();
    let mut reading = Reading {
        access,
        rows: &rows,
        impossible,
        in_order: beside.group.is_none(),
    };
    let mut marks = vec![false; rows.len()];
    let fields = (specification.parts.iter().zip(&columns))
        .map(|(part, columns)| field(&mut reading, part, columns, &mut marks))
        .collect::<Result<Vec<Field>, _>>()?;
    let incomplete = match missing {
        Missing::Em => unobserved(&fields, rows.len()).filter(|&none| none).count(),
        _ => left_out,
    };
    Ok(Typed {
        table: Table::new(fields),
        rows,
        impossible: marks,
        incomplete,
    })
}

/// What a part observes.
fn field(
    reading: &mut Reading<'_, '_>,
    part: &PartSpecification,
    columns: &[usize],
    marks: &mut [bool],
) -> Result<Field, Failure> {
    let kind = part.kind()?;
    let (sheet, impossible) = (reading.access.sheet(), reading.impossible);
    if let Some(values) = on_file(sheet, reading.rows.len(), kind, columns)? {
        return Ok(Field {
            values,
            missing: None,
        });
    }
    match kind {
        Kind::Vectors => {
            let gap = part.allows_gaps()?.then_some(f64::NAN);
            vectors(reading, part, columns, (REAL, gap), marks, real)
        }
        Kind::CountVectors => {
            let read = |sheet: &Sheet, row, column| count(sheet, row, column, impossible);
            vectors(reading, part, columns, (0, None), marks, read)
        }
        Kind::Intervals => intervals::field(reading.source(), part, columns, marks),
        kind if kind.is_regression() => regression::field(reading.source(), part, marks),
        _ => scalars(reading, part, kind, columns[0], marks),
    }
}

/// For each row, whether no part observes it.
pub fn unobserved(fields: &[Field], rows: usize) -> impl Iterator<Item = bool> + '_ {
    let missing = |field: &Field, row: usize| {
        let marks = field.missing.as_deref();
        marks.is_some_and(|marks| marks[row])
    };
    (0..rows).map(move |row| fields.iter().all(|field| missing(field, row)))
}

/// The rows that are used.
fn kept_rows(
    sheet: &Sheet,
    specification: &Specification,
    columns: &[Vec<usize>],
    missing: Missing,
) -> Result<Vec<usize>, Failure> {
    // Columns beyond those of the parts belong to none.
    let is_interval = |p: usize| specification.parts.get(p).is_some_and(|part| part.interval);
    // Most columns have no gap: their cells are not looked at.
    let columns: Vec<Vec<usize>> = (columns.iter().enumerate())
        .map(|(p, columns)| {
            let looked_at = |&&column: &&usize| is_interval(p) || sheet.rows.may_have_gaps(column);
            columns.iter().filter(looked_at).copied().collect()
        })
        .collect();
    let gap = |row: usize| {
        columns.iter().enumerate().find_map(|(p, columns)| {
            if is_interval(p) {
                return intervals::gap(sheet, row, columns);
            }
            let mut columns = columns.iter().copied();
            columns.find(|&column| sheet.is_missing(row, column))
        })
    };
    let mut rows = Vec::with_capacity(sheet.rows.len());
    for row in 0..sheet.rows.len() {
        match (gap(row), missing) {
            (None, _) | (Some(_), Missing::Em) => rows.push(row),
            (Some(_), Missing::Drop) => {}
            (Some(column), Missing::Error) => {
                let text = sheet.cell(row, column);
                let shown = if text.is_empty() { "empty" } else { &*text };
                return Err(Failure::input(format!(
                    "{}: the cell is missing ({shown}); --missing drop leaves such rows out",
                    sheet.place(row, column)
                )));
            }
        }
    }
    Ok(rows)
}

/// The columns as they stand in a file of numbers, without a copy: where they are all its columns,
/// in order, and all its rows.
fn on_file(
    sheet: &Sheet,
    rows: usize,
    kind: Kind,
    columns: &[usize],
) -> Result<Option<Values>, Failure> {
    let Some(file) = sheet.rows.whole_file() else {
        return Ok(None);
    };
    if file.rows() != rows || !columns.iter().copied().eq(0..file.width()) {
        return Ok(None);
    }
    let values = match kind {
        Kind::Vectors => Values::FileVectors(file.clone()),
        Kind::Reals => Values::FileReals(file.clone()),
        _ => return Ok(None),
    };
    // Missing cells need marks, which only a copy has; infinities are refused there.
    let finite = file.values().iter().all(|value| value.is_finite());
    Ok(finite.then_some(values))
}

/// The cells that are read.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The data as text.
    pub sheet: &'a Sheet,
    /// The rows in use.
    pub rows: &'a [usize],
    /// How cells that hold no possible value are treated.
    pub impossible: Impossible,
}

/// Cells that are taken over from a sheet.
struct Reading<'r, 'a> {
    access: &'r mut Access<'a>,
    rows: &'r [usize],
    impossible: Impossible,
    /// Whether the rows rise: then a sheet can forget those that are behind.
    in_order: bool,
}

impl Reading<'_, '_> {
    fn source(&self) -> Source<'_> {
        Source {
            sheet: self.access.sheet(),
            rows: self.rows,
            impossible: self.impossible,
        }
    }
    /// The rows before `end` are read.
    fn done(&mut self, columns: &[usize], end: usize) {
        if let (Access::Own(sheet), true) = (&mut *self.access, self.in_order) {
            let all = sheet.rows.len();
            let end = self.rows.get(end).copied().unwrap_or(all);
            sheet.rows.forget(columns, end);
        }
    }
}

/// A field of one column.
fn scalars(
    reading: &mut Reading<'_, '_>,
    part: &PartSpecification,
    kind: Kind,
    column: usize,
    marks: &mut [bool],
) -> Result<Field, Failure> {
    let impossible = reading.impossible;
    let rows = reading.rows.len();
    let (values, missing) = match kind {
        Kind::Counts | Kind::CountVectors => {
            let read = |sheet: &Sheet, row, column| count(sheet, row, column, impossible);
            let (values, missing) = gather(reading, &[column], 0, marks, read)?;
            (Values::Counts(values), missing)
        }
        Kind::Codes => {
            let read = |sheet: &Sheet, row, column| code(sheet, row, column, &part.levels);
            let (values, missing) = gather(reading, &[column], 0, marks, read)?;
            (Values::Codes(values), missing)
        }
        _ => {
            let (values, missing) = gather(reading, &[column], REAL, marks, real)?;
            (Values::Reals(values), missing)
        }
    };
    let missing = marked(&missing[0], rows);
    Ok(Field { values, missing })
}

/// A real number that nearly every family admits.
const REAL: f64 = 0.5;

/// The cells of a column that hold no value.
struct Holes<T> {
    /// The first value there is.
    first: Option<T>,
    missing: Vec<usize>,
    impossible: Vec<usize>,
}

impl<T: Copy> Holes<T> {
    fn new() -> Self {
        Holes {
            first: None,
            missing: Vec::new(),
            impossible: Vec::new(),
        }
    }
    /// The value in cell i, or what stands there for now.
    fn value(&mut self, i: usize, cell: Cell<T>, placeholder: T) -> T {
        match cell {
            Cell::Value(value) => {
                self.first.get_or_insert(value);
                return value;
            }
            Cell::Missing => self.missing.push(i),
            Cell::Impossible => self.impossible.push(i),
        }
        placeholder
    }
    /// What stands in a missing or impossible cell: `placeholder`, whatever other rows hold; in a fit the
    /// first value there is, which the family has to admit anyway.
    fn filler(&self, source: Source<'_>, column: usize, placeholder: T) -> Result<T, Failure> {
        match (source.impossible, self.first) {
            (Impossible::Mark, _) => Ok(placeholder),
            (Impossible::Refuse, Some(first)) => Ok(first),
            (Impossible::Refuse, None) => Err(Failure::input(format!(
                "{}, column {}: there is no value the model can use",
                source.sheet.file, source.sheet.header[column]
            ))),
        }
    }
}

/// The marks of these rows, if there are any.
fn marked(missing: &[usize], rows: usize) -> Option<Vec<bool>> {
    if missing.is_empty() {
        return None;
    }
    let mut marks = vec![false; rows];
    missing.iter().for_each(|&row| marks[row] = true);
    Some(marks)
}

/// Reads the cells of a column, and which of them are missing.
pub fn cells<T: Copy>(
    source: Source<'_>,
    column: usize,
    placeholder: T,
    marks: &mut [bool],
    read: impl Fn(usize) -> Result<Cell<T>, Failure>,
) -> Result<(Vec<T>, Option<Vec<bool>>), Failure> {
    let mut holes = Holes::new();
    let mut values = Vec::with_capacity(source.rows.len());
    for (i, &row) in source.rows.iter().enumerate() {
        values.push(holes.value(i, read(row)?, placeholder));
    }
    let filler = holes.filler(source, column, placeholder)?;
    for &i in holes.missing.iter().chain(&holes.impossible) {
        values[i] = filler;
    }
    holes.impossible.iter().for_each(|&i| marks[i] = true);
    Ok((values, marked(&holes.missing, source.rows.len())))
}

/// Rows that are read before the sheet forgets them: those of a piece of memory that it can give back.
const PIECE: usize = 1 << 17;

/// Reads the cells of columns, row after row, and for each column in which rows they are missing.
fn gather<T: Copy>(
    reading: &mut Reading<'_, '_>,
    columns: &[usize],
    placeholder: T,
    marks: &mut [bool],
    read: impl Fn(&Sheet, usize, usize) -> Result<Cell<T>, Failure>,
) -> Result<(Vec<T>, Vec<Vec<usize>>), Failure> {
    let (rows, width) = (reading.rows, columns.len());
    let mut values = Vec::with_capacity(rows.len() * width);
    let mut holes: Vec<Holes<T>> = columns.iter().map(|_| Holes::new()).collect();
    for start in (0..rows.len()).step_by(PIECE) {
        let end = rows.len().min(start + PIECE);
        values.resize(end * width, placeholder);
        let sheet = reading.access.sheet();
        for (j, (&column, holes)) in columns.iter().zip(&mut holes).enumerate() {
            for i in start..end {
                let cell = read(sheet, rows[i], column)?;
                values[i * width + j] = holes.value(i, cell, placeholder);
            }
        }
        reading.done(columns, end);
    }
    for (j, (&column, holes)) in columns.iter().zip(&holes).enumerate() {
        let filler = holes.filler(reading.source(), column, placeholder)?;
        for &i in holes.missing.iter().chain(&holes.impossible) {
            values[i * width + j] = filler;
        }
        holes.impossible.iter().for_each(|&i| marks[i] = true);
    }
    Ok((
        values,
        holes.into_iter().map(|holes| holes.missing).collect(),
    ))
}

/// A field of several columns, row after row. Where there is a `gap`, it stands in missing cells, and rows of
/// nothing else are missing; where there is none, missing cells are refused.
fn vectors<T: Copy + Send + Sync + 'static>(
    reading: &mut Reading<'_, '_>,
    part: &PartSpecification,
    columns: &[usize],
    (placeholder, gap): (T, Option<T>),
    marks: &mut [bool],
    read: impl Fn(&Sheet, usize, usize) -> Result<Cell<T>, Failure>,
) -> Result<Field, Failure>
where
    Rows<T>: FromField<Buffer = RowsBuffer<T>>,
{
    let (rows, width) = (reading.rows.len(), columns.len());
    let (mut values, missing) = gather(reading, columns, placeholder, marks, read)?;
    let incomplete = missing.iter().position(|rows| !rows.is_empty());
    if let (Some(j), None, true) = (incomplete, gap, width > 1) {
        let with_noise = if part.noise.is_some() {
            " beside noise"
        } else {
            ""
        };
        let sheet = reading.access.sheet();
        return Err(Failure::input(format!(
            "{}, column {}: --missing em is not available for family {} over several \
             columns{with_noise}; --missing drop leaves incomplete rows out",
            sheet.file, sheet.header[columns[j]], part.family
        )));
    }
    let mut gaps = vec![0; if incomplete.is_some() { rows } else { 0 }];
    for (j, rows) in missing.iter().enumerate() {
        for &i in rows {
            gaps[i] += 1;
            if let Some(gap) = gap {
                values[i * width + j] = gap;
            }
        }
    }
    let missing: Vec<bool> = gaps.iter().map(|&gaps| gaps == width).collect();
    let missing = missing.contains(&true).then_some(missing);
    let values = <Rows<T> as FromField>::values(RowsBuffer { values, width });
    Ok(Field { values, missing })
}

/// A column that is to be numeric, but holds no number, is named as such.
pub fn check_numeric(sheet: &Sheet, column: usize, family: &str) -> Result<(), Failure> {
    if is_numeric(sheet, column) {
        return Ok(());
    }
    let text = (0..sheet.rows.len()).find(|&row| !sheet.is_missing(row, column));
    Err(Failure::input(match text {
        Some(row) => format!(
            "{}: \"{}\" is not a number; family {family} needs numbers",
            sheet.place(row, column),
            sheet.cell(row, column)
        ),
        None => format!(
            "{}, column {}: every cell is missing",
            sheet.file, sheet.header[column]
        ),
    }))
}

/// Takes the rows of weight 0 out: they are to have no influence at all, whatever they hold.
pub fn without_weight_0(sheet: &mut Sheet, name: &str) -> Result<(), Failure> {
    let column = sheet.column(name)?;
    let keep: Vec<bool> = (0..sheet.rows.len())
        .map(|row| sheet.value(row, column) != Value::Number(0.0))
        .collect();
    if !keep.contains(&true) {
        return Err(Failure::input(format!(
            "{}: no row has a positive weight",
            sheet.file
        )));
    }
    sheet.keep_only(&keep);
    Ok(())
}

/// Row weights: numbers ≥ 0, none missing.
pub fn row_weights(sheet: &Sheet, name: &str, rows: &[usize]) -> Result<Vec<f64>, Failure> {
    let column = sheet.column(name)?;
    let weight = |&row: &usize| match real(sheet, row, column)? {
        Cell::Value(weight) if weight >= 0.0 => Ok(weight),
        Cell::Value(_) => Err(Failure::input(format!(
            "{}: the row weight {} is negative",
            sheet.place(row, column),
            sheet.cell(row, column)
        ))),
        _ => Err(Failure::input(format!(
            "{}: the row weight is missing",
            sheet.place(row, column)
        ))),
    };
    rows.iter().map(weight).collect()
}
