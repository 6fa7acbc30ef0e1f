//! From text cells to typed columns.

use crate::args::Missing;
use crate::cells::{Cell, Impossible, code, count, is_numeric, real};
use crate::failure::Failure;
use crate::intervals;
use crate::known::Beside;
use crate::read::{Sheet, is_missing};
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

/// Types the columns of a model. `beside` names columns that are needed besides those of its parts; rows
/// of a group follow each other, in the order in which groups appear.
pub fn typed(
    sheet: &Sheet,
    specification: &Specification,
    beside: &Beside,
    missing: Missing,
    impossible: Impossible,
) -> Result<Typed, Failure> {
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
    let source = Source {
        sheet,
        rows: &rows,
        impossible,
    };
    let mut marks = vec![false; rows.len()];
    let mut fields = Vec::new();
    for (part, columns) in specification.parts.iter().zip(&columns) {
        let kind = part.kind()?;
        if let Some(values) = on_file(sheet, rows.len(), kind, columns)? {
            fields.push(Field {
                values,
                missing: None,
            });
            continue;
        }
        fields.push(match kind {
            Kind::Vectors => {
                let read = |row, column| real(sheet, row, column);
                let gap = part.allows_gaps()?.then_some(f64::NAN);
                vectors(source, part, columns, (REAL, gap), &mut marks, read)?
            }
            Kind::CountVectors => {
                let read = |row, column| count(sheet, row, column, impossible);
                vectors(source, part, columns, (0, None), &mut marks, read)?
            }
            Kind::Intervals => intervals::field(source, part, columns, &mut marks)?,
            kind if kind.is_regression() => regression::field(source, part, &mut marks)?,
            _ => scalars(source, part, kind, columns[0], &mut marks)?,
        });
    }
    let incomplete = match missing {
        Missing::Em => unobserved(&fields, rows.len()).filter(|&none| none).count(),
        _ => sheet.rows.len() - rows.len(),
    };
    Ok(Typed {
        table: Table::new(fields),
        rows,
        impossible: marks,
        incomplete,
    })
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
    let gap = |row: usize| {
        columns.iter().enumerate().find_map(|(p, columns)| {
            if specification.parts.get(p).is_some_and(|part| part.interval) {
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

/// A field of one column.
fn scalars(
    source: Source<'_>,
    part: &PartSpecification,
    kind: Kind,
    column: usize,
    marks: &mut [bool],
) -> Result<Field, Failure> {
    let sheet = source.sheet;
    let (values, missing) = match kind {
        Kind::Counts | Kind::CountVectors => {
            let read = |row| count(sheet, row, column, source.impossible);
            let (values, missing) = cells(source, column, 0, marks, read)?;
            (Values::Counts(values), missing)
        }
        Kind::Codes => {
            let read = |row| code(sheet, row, column, &part.levels);
            let (values, missing) = cells(source, column, 0, marks, read)?;
            (Values::Codes(values), missing)
        }
        _ => {
            let read = |row| real(sheet, row, column);
            let (values, missing) = cells(source, column, REAL, marks, read)?;
            (Values::Reals(values), missing)
        }
    };
    Ok(Field { values, missing })
}

/// A real number that nearly every family admits.
const REAL: f64 = 0.5;

/// Reads the cells of a column. A missing or impossible cell holds `placeholder`, whatever other
/// rows hold; in a fit it holds the first value there is, which the family has to admit anyway.
pub fn cells<T: Copy>(
    source: Source<'_>,
    column: usize,
    placeholder: T,
    marks: &mut [bool],
    read: impl Fn(usize) -> Result<Cell<T>, Failure>,
) -> Result<(Vec<T>, Option<Vec<bool>>), Failure> {
    let read: Vec<Cell<T>> = (source.rows.iter())
        .map(|&row| read(row))
        .collect::<Result<_, _>>()?;
    filled(source, column, placeholder, marks, read)
}

/// The values of cells that are read, with what stands where there is none; see [`cells`].
pub fn filled<T: Copy>(
    source: Source<'_>,
    column: usize,
    placeholder: T,
    marks: &mut [bool],
    read: Vec<Cell<T>>,
) -> Result<(Vec<T>, Option<Vec<bool>>), Failure> {
    let first = read.iter().find_map(|cell| match cell {
        Cell::Value(value) => Some(*value),
        _ => None,
    });
    let filler = match (source.impossible, first) {
        (Impossible::Mark, _) => placeholder,
        (Impossible::Refuse, Some(first)) => first,
        (Impossible::Refuse, None) => {
            return Err(Failure::input(format!(
                "{}, column {}: there is no value the model can use",
                source.sheet.file, source.sheet.header[column]
            )));
        }
    };
    let mut missing = Vec::new();
    let mut values = Vec::with_capacity(read.len());
    for (i, cell) in read.into_iter().enumerate() {
        missing.push(matches!(cell, Cell::Missing));
        marks[i] |= matches!(cell, Cell::Impossible);
        values.push(if let Cell::Value(value) = cell {
            value
        } else {
            filler
        });
    }
    let any = missing.contains(&true);
    Ok((values, any.then_some(missing)))
}

/// A field of several columns, row after row. Where there is a `gap`, it stands in missing cells, and rows of
/// nothing else are missing; where there is none, missing cells are refused.
fn vectors<T: Copy + Send + Sync + 'static>(
    source: Source<'_>,
    part: &PartSpecification,
    columns: &[usize],
    (placeholder, gap): (T, Option<T>),
    marks: &mut [bool],
    read: impl Fn(usize, usize) -> Result<Cell<T>, Failure>,
) -> Result<Field, Failure>
where
    Rows<T>: FromField<Buffer = RowsBuffer<T>>,
{
    let (sheet, rows, width) = (source.sheet, source.rows.len(), columns.len());
    let mut values = vec![placeholder; rows * width];
    let mut observed = vec![0; rows];
    for (j, &column) in columns.iter().enumerate() {
        let read = |row| read(row, column);
        let (column_values, gaps) = cells(source, column, placeholder, marks, read)?;
        if gaps.is_some() && gap.is_none() && width > 1 {
            let with_noise = if part.noise.is_some() {
                " beside noise"
            } else {
                ""
            };
            return Err(Failure::input(format!(
                "{}, column {}: --missing em is not available for family {} over several \
                 columns{with_noise}; --missing drop leaves incomplete rows out",
                sheet.file, sheet.header[column], part.family
            )));
        }
        for (i, value) in column_values.into_iter().enumerate() {
            let missing = gaps.as_ref().is_some_and(|gaps| gaps[i]);
            values[i * width + j] = gap.filter(|_| missing).unwrap_or(value);
            observed[i] += usize::from(!missing);
        }
    }
    let missing: Vec<bool> = observed.iter().map(|&cells| cells == 0).collect();
    let missing = missing.contains(&true).then_some(missing);
    let values = <Rows<T> as FromField>::values(RowsBuffer { values, width });
    Ok(Field { values, missing })
}

/// A column that is to be numeric, but holds no number, is named as such.
pub fn check_numeric(sheet: &Sheet, column: usize, family: &str) -> Result<(), Failure> {
    if is_numeric(sheet, column) {
        return Ok(());
    }
    let text = (0..sheet.rows.len())
        .map(|row| (row, sheet.cell(row, column)))
        .find(|(_, text)| !is_missing(text));
    Err(Failure::input(match text {
        Some((row, text)) => format!(
            "{}: \"{text}\" is not a number; family {family} needs numbers",
            sheet.place(row, column)
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
        .map(|row| sheet.dialect.finite(&sheet.cell(row, column)) != Some(0.0))
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
