//! Typed columns.

use crate::NumberFile;
use distributions::{Batch, Buffer, Pair, Rows, RowsBuffer, Scalars, Space, View};
use std::ops::Range;

/// The kinds of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Real numbers.
    Reals,
    /// Whole numbers ≥ 0.
    Counts,
    /// Levels of a category, as numbers below the number of levels.
    Codes,
    /// Several real numbers a row.
    Vectors,
    /// Several whole numbers ≥ 0 a row.
    CountVectors,
    /// Intervals low < X ≤ high, known values where low = high.
    Intervals,
    /// Predictors and a real response.
    RealResponses,
    /// Predictors and a count as response.
    CountResponses,
    /// Predictors and a count of successes in a number of trials.
    TrialResponses,
}

impl Kind {
    /// Whether one part takes several columns.
    pub fn is_vector(self) -> bool {
        matches!(self, Kind::Vectors | Kind::CountVectors)
    }
    /// Whether a row is a response with its predictors.
    pub fn is_regression(self) -> bool {
        matches!(
            self,
            Kind::RealResponses | Kind::CountResponses | Kind::TrialResponses
        )
    }
}

/// The values of one field, all of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Real numbers.
    Reals(Vec<f64>),
    /// Whole numbers ≥ 0.
    Counts(Vec<u64>),
    /// Levels of a category, as numbers below the number of levels.
    Codes(Vec<u32>),
    /// Several real numbers a row, row after row. Gaussian parts take NaN for a missing cell; a row of
    /// nothing else is marked as missing. Other families refuse it.
    Vectors(RowsBuffer<f64>),
    /// Real numbers that stay in a file of one column.
    FileReals(NumberFile),
    /// Several real numbers a row that stay in a file.
    FileVectors(NumberFile),
    /// The low and the high ends of intervals, equal where a value is known.
    Intervals((Vec<f64>, Vec<f64>)),
    /// The rows of a design matrix, with real responses.
    RealResponses((RowsBuffer<f64>, Vec<f64>)),
    /// The rows of a design matrix, with counts as responses.
    CountResponses((RowsBuffer<f64>, Vec<u64>)),
    /// The rows of a design matrix, with successes and trials.
    TrialResponses((RowsBuffer<f64>, (Vec<u64>, Vec<u64>))),
    /// Several whole numbers ≥ 0 a row, row after row.
    CountVectors(RowsBuffer<u64>),
}

impl Values {
    /// Their kind.
    pub fn kind(&self) -> Kind {
        match self {
            Values::Reals(_) | Values::FileReals(_) => Kind::Reals,
            Values::Counts(_) => Kind::Counts,
            Values::Codes(_) => Kind::Codes,
            Values::Vectors(_) | Values::FileVectors(_) => Kind::Vectors,
            Values::Intervals(_) => Kind::Intervals,
            Values::RealResponses(_) => Kind::RealResponses,
            Values::CountResponses(_) => Kind::CountResponses,
            Values::TrialResponses(_) => Kind::TrialResponses,
            Values::CountVectors(_) => Kind::CountVectors,
        }
    }
    /// Real numbers one a row, in memory or in a file; `None` of any other kind.
    pub fn reals(&self) -> Option<&[f64]> {
        match self {
            Values::Reals(values) => Some(values),
            Values::FileReals(file) => Some(file.values()),
            _ => None,
        }
    }
    /// The number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Values::Reals(values) => values.len(),
            Values::Counts(values) => values.len(),
            Values::Codes(values) => values.len(),
            Values::Vectors(values) => values.view().len(),
            Values::FileReals(file) | Values::FileVectors(file) => file.rows(),
            Values::Intervals((low, _)) => low.len(),
            Values::RealResponses((_, responses)) => responses.len(),
            Values::CountResponses((_, responses)) => responses.len(),
            Values::TrialResponses((_, (successes, _))) => successes.len(),
            Values::CountVectors(values) => values.view().len(),
        }
    }
}

/// What one part of a model observes: one column, or several that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The values, also where they are missing: there stands some admissible value.
    pub values: Values,
    /// Which rows are missing; `None` is none.
    pub missing: Option<Vec<bool>>,
}

/// Typed fields of equal length: field p is what part p of a model observes.
///
/// A table is its own [`Space`]: one row is an observation, a [`TableView`] a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    fields: Vec<Field>,
    rows: usize,
}

impl Table {
    /// The table of these fields.
    ///
    /// # Panics
    /// When the fields differ in length.
    pub fn new(fields: Vec<Field>) -> Self {
        let rows = fields.first().map_or(0, |field| field.values.rows());
        for field in &fields {
            assert_eq!(field.values.rows(), rows, "fields of one length");
            if let Some(missing) = &field.missing {
                assert_eq!(missing.len(), rows, "one mark for each row");
            }
        }
        Table { fields, rows }
    }
    /// The fields.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// All rows.
    pub fn view(&self) -> TableView<'_> {
        TableView {
            table: self,
            start: 0,
            end: self.rows,
        }
    }
    /// Appends a row: `push` appends one value to each field.
    pub(crate) fn push_row(&mut self, mut push: impl FnMut(usize, &mut Values)) {
        for (index, field) in self.fields.iter_mut().enumerate() {
            push(index, &mut field.values);
            if let Some(missing) = &mut field.missing {
                missing.push(false);
            }
        }
        self.rows += 1;
    }
}

/// A column of whole numbers.
pub(crate) enum WholeNumbers<'a> {
    Counts(&'a [u64]),
    Codes(&'a [u32]),
}

/// Some consecutive rows of a table.
#[derive(Clone, Copy, Debug)]
pub struct TableView<'a> {
    table: &'a Table,
    start: usize,
    end: usize,
}

impl<'a> TableView<'a> {
    /// The rows of field `field`, as the space `S` sees them.
    ///
    /// # Panics
    /// When the field is of another kind: a table is made for the model that reads it.
    pub(crate) fn field<S: FromField>(self, field: usize) -> Batch<'a, S> {
        match S::batch(&self.table.fields[field].values) {
            Some(batch) => batch.block(self.start..self.end),
            None => panic!("field {field} is of another kind than its part"),
        }
    }
    /// The rows of a field of counts or codes, as whole numbers.
    ///
    /// # Panics
    /// When the field is of another kind.
    pub(crate) fn whole_numbers(self, field: usize) -> WholeNumbers<'a> {
        let rows = self.start..self.end;
        match &self.table.fields[field].values {
            Values::Counts(counts) => WholeNumbers::Counts(&counts[rows]),
            Values::Codes(codes) => WholeNumbers::Codes(&codes[rows]),
            _ => panic!("field {field} holds no whole numbers"),
        }
    }
    /// Which of the rows are missing in field `field`; `None` is none.
    pub(crate) fn missing(self, field: usize) -> Option<&'a [bool]> {
        let missing = self.table.fields[field].missing.as_deref()?;
        Some(&missing[self.start..self.end])
    }
}

impl<'a> View for TableView<'a> {
    type Observation = TableRow<'a>;
    fn len(self) -> usize {
        self.end - self.start
    }
    fn at(self, row: usize) -> TableRow<'a> {
        TableRow {
            table: self.table,
            row: self.start + row,
        }
    }
    fn block(self, rows: Range<usize>) -> Self {
        TableView {
            table: self.table,
            start: self.start + rows.start,
            end: self.start + rows.end,
        }
    }
}

/// One row of a table.
#[derive(Clone, Copy, Debug)]
pub struct TableRow<'a> {
    table: &'a Table,
    row: usize,
}

impl<'a> TableRow<'a> {
    /// The cell in field `field`, or `None` where it is missing.
    pub(crate) fn cell<S: FromField>(self, field: usize) -> Option<distributions::Obs<'a, S>> {
        (!self.is_missing(field)).then(|| self.placeholder::<S>(field))
    }
    /// The cell in field `field`, also where it is missing.
    pub(crate) fn placeholder<S: FromField>(self, field: usize) -> distributions::Obs<'a, S> {
        self.table.view().field::<S>(field).at(self.row)
    }
    /// Whether the cell in field `field` is missing.
    pub(crate) fn is_missing(self, field: usize) -> bool {
        let missing = self.table.fields[field].missing.as_deref();
        missing.is_some_and(|missing| missing[self.row])
    }
}

impl Space for Table {
    type Observation<'a> = TableRow<'a>;
    type Batch<'a> = TableView<'a>;
    type Buffer = Table;
    fn view(buffer: &Table) -> TableView<'_> {
        buffer.view()
    }
}

/// A space whose batches are the values of a field, without a copy.
pub trait FromField: Space {
    /// The values as a batch; `None` where they are of another kind.
    fn batch(values: &Values) -> Option<Batch<'_, Self>>;
    /// The values as a buffer to append to; `None` where they are of another kind.
    fn buffer(values: &mut Values) -> Option<&mut Buffer<Self>>;
    /// A buffer as values.
    fn values(buffer: Buffer<Self>) -> Values;
    /// The observation that is this whole number; `None` where observations are no whole numbers.
    fn whole(_value: u64) -> Option<distributions::Obs<'static, Self>> {
        None
    }
}

/// One line for each kind of column; some may also stay in a file.
macro_rules! from_field {
    ($space:ty, $variant:ident $(or $file:ident($view:expr))? $(, $whole:expr)?) => {
        impl FromField for $space {
            fn batch(values: &Values) -> Option<Batch<'_, Self>> {
                match values {
                    Values::$variant(values) => Some(<$space as Space>::view(values)),
                    $(Values::$file(file) => Some($view(file)),)?
                    _ => None,
                }
            }
            fn buffer(values: &mut Values) -> Option<&mut Buffer<Self>> {
                match values {
                    Values::$variant(values) => Some(values),
                    _ => None,
                }
            }
            fn values(buffer: Buffer<Self>) -> Values {
                Values::$variant(buffer)
            }
            $(fn whole(value: u64) -> Option<distributions::Obs<'static, Self>> {
                $whole(value)
            })?
        }
    };
}
from_field!(Scalars<f64>, Reals or FileReals(NumberFile::values));
from_field!(Scalars<u64>, Counts, Some);
from_field!(Scalars<u32>, Codes, |value| u32::try_from(value).ok());
from_field!(Rows<f64>, Vectors or FileVectors(NumberFile::view));
from_field!(Pair<Scalars<f64>, Scalars<f64>>, Intervals);
from_field!(Pair<Rows<f64>, Scalars<f64>>, RealResponses);
from_field!(Pair<Rows<f64>, Scalars<u64>>, CountResponses);
from_field!(
    Pair<Rows<f64>, Pair<Scalars<u64>, Scalars<u64>>>,
    TrialResponses
);
from_field!(Rows<u64>, CountVectors);
