//! One scalar component a column.

use super::log_product;
use crate::{
    BLOCK_ROWS, Component, Coordinates, Density, EstimateError, ParameterError, Rows, RowsBuffer,
    RowsView, Sample, Scalars, Scratch, Statistics, View,
};
use rand::Rng;

/// Independent columns: p(x) = Π p_j(x_j), one component of one kind for each column of [`Rows`].
///
/// Latent class analysis is a mixture of these over [`Bernoulli`](crate::Bernoulli) or
/// [`Categorical`](crate::Categorical) columns.
///
/// ```
/// use distributions::combine::Columns;
/// use distributions::{Component, Poisson, RowsView};
/// let counts = [0_u64, 10, 2, 20, 4, 30];
/// let template = Columns::repeat(Poisson::new(1.0)?, 2)?;
/// let fitted = template.estimate(RowsView::new(&counts, 2), &[1.0, 1.0, 1.0])?;
/// assert_eq!(fitted.columns()[1].rate(), 20.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "Vec<C>",
        into = "Vec<C>",
        bound(serialize = "C: Clone + serde::Serialize")
    )
)]
pub struct Columns<C> {
    columns: Vec<C>,
}

impl<C> TryFrom<Vec<C>> for Columns<C> {
    type Error = ParameterError;
    fn try_from(columns: Vec<C>) -> Result<Self, ParameterError> {
        Columns::new(columns)
    }
}

impl<C> From<Columns<C>> for Vec<C> {
    fn from(columns: Columns<C>) -> Vec<C> {
        columns.columns
    }
}

impl<C> Columns<C> {
    /// One component a column.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(columns: Vec<C>) -> Result<Self, ParameterError> {
        ParameterError::require(!columns.is_empty(), "columns", 0.0, "must be at least 1")?;
        Ok(Columns { columns })
    }
    /// The same component for each of `width` columns.
    ///
    /// # Errors
    /// When `width` is 0.
    pub fn repeat(component: C, width: usize) -> Result<Self, ParameterError>
    where
        C: Clone,
    {
        Columns::new(vec![component; width])
    }
    /// The components, column after column.
    pub fn columns(&self) -> &[C] {
        &self.columns
    }
}

/// The statistics of the columns, which all see the same rows.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ColumnStatistics<T>(pub Vec<T>);

impl<T: Statistics> Statistics for ColumnStatistics<T> {
    fn weight(&self) -> f64 {
        self.0.first().map_or(0.0, T::weight)
    }
    fn clear(&mut self) {
        self.0.clear_parts();
    }
    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }
    fn scale(&mut self, factor: f64) {
        self.0.scale(factor);
    }
}

/// `clear` of the parts: `Vec::clear` would remove them.
trait ClearParts {
    fn clear_parts(&mut self);
}

impl<T: Statistics> ClearParts for Vec<T> {
    fn clear_parts(&mut self) {
        self.iter_mut().for_each(T::clear);
    }
}

/// Calls `f` with column `j` of the rows, contiguous; without an allocation for a block.
fn with_column<T: Copy, R>(xs: RowsView<'_, T>, j: usize, f: impl FnOnce(&[T]) -> R) -> R {
    let (values, width) = (xs.values(), xs.width());
    let column = values.iter().skip(j).step_by(width);
    let Some(&first) = values.first() else {
        return f(&[]);
    };
    let rows = values.len() / width;
    if width == 1 {
        f(values)
    } else if rows <= BLOCK_ROWS {
        let mut gathered = [first; BLOCK_ROWS];
        for (to, &value) in gathered.iter_mut().zip(column) {
            *to = value;
        }
        f(&gathered[..rows])
    } else {
        f(&column.copied().collect::<Vec<T>>())
    }
}

impl<T, C> Density for Columns<C>
where
    T: Copy + Send + Sync + 'static,
    C: Density<Space = Scalars<T>>,
{
    type Space = Rows<T>;

    fn log_density(&self, x: &[T]) -> f64 {
        let parts = self.columns.iter().zip(x);
        parts.fold(0.0, |sum, (column, &x)| {
            log_product(sum, column.log_density(x))
        })
    }
    fn check_observation(&self, x: &[T]) -> Result<(), &'static str> {
        if x.len() != self.columns.len() {
            return Err("must have one value for each column");
        }
        let mut parts = self.columns.iter().zip(x);
        parts.try_for_each(|(column, &x)| column.check_observation(x))
    }
    fn prepared_width(&self) -> usize {
        self.columns.iter().map(C::prepared_width).sum()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.columns.len() == other.columns.len()
            && (self.columns.iter().zip(&other.columns))
                .all(|(mine, theirs)| mine.prepared_width() == 0 || mine.shares_preparation(theirs))
    }
    fn prepare(&self, xs: RowsView<'_, T>, into: &mut [f64]) {
        let mut rest = into;
        for (j, column) in self.columns.iter().enumerate() {
            let (here, after) = rest.split_at_mut(column.prepared_width() * xs.len());
            if !here.is_empty() {
                with_column(xs, j, |values| column.prepare(values, here));
            }
            rest = after;
        }
    }
    fn log_density_batch(
        &self,
        xs: RowsView<'_, T>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        out.fill(0.0);
        let mut factor = scratch.take(xs.len());
        let mut rest = prepared;
        for (j, column) in self.columns.iter().enumerate() {
            let (here, after) = rest.split_at(column.prepared_width() * xs.len());
            with_column(xs, j, |values| {
                column.log_density_batch(values, here, &mut factor, scratch);
            });
            for (value, &factor) in out.iter_mut().zip(&factor) {
                *value = log_product(*value, factor);
            }
            rest = after;
        }
        scratch.give(factor);
    }
}

impl<T, C> Columns<C>
where
    T: Copy + Send + Sync + 'static,
    C: Component<Space = Scalars<T>>,
{
    /// What `estimate` makes of each column.
    fn each_column(
        &self,
        xs: RowsView<'_, T>,
        estimate: impl Fn(&C, &[T]) -> Result<C, EstimateError>,
    ) -> Result<Self, EstimateError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (j, column) in self.columns.iter().enumerate() {
            let fitted = with_column(xs, j, |values| estimate(column, values));
            columns.push(fitted.map_err(|error| error.in_column(j))?);
        }
        Ok(Columns { columns })
    }
}

impl<T, C> Component for Columns<C>
where
    T: Copy + Send + Sync + 'static,
    C: Component<Space = Scalars<T>>,
{
    type Statistics = ColumnStatistics<C::Statistics>;

    fn empty_statistics(&self) -> Self::Statistics {
        ColumnStatistics(self.columns.iter().map(C::empty_statistics).collect())
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: &[T], weight: f64) {
        for ((column, part), &x) in self.columns.iter().zip(&mut into.0).zip(x) {
            column.accumulate(part, x, weight);
        }
    }
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        xs: RowsView<'_, T>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let mut rest = prepared;
        for (j, (column, part)) in self.columns.iter().zip(&mut into.0).enumerate() {
            let (here, after) = rest.split_at(column.prepared_width() * xs.len());
            with_column(xs, j, |values| {
                column.accumulate_batch(part, values, here, weights, scratch);
            });
            rest = after;
        }
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (j, (column, part)) in self.columns.iter().zip(&from.0).enumerate() {
            columns.push(column.maximize(part).map_err(|error| error.in_column(j))?);
        }
        Ok(Columns { columns })
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        let columns = self.columns.iter().enumerate();
        let of = |(j, column): (usize, &C)| {
            column
                .impossible_levels()
                .into_iter()
                .map(move |l| (j, l.1))
        };
        columns.flat_map(of).collect()
    }
    fn parameter_count(&self) -> usize {
        self.columns.iter().map(C::parameter_count).sum()
    }
    fn log_prior(&self) -> f64 {
        self.columns.iter().map(C::log_prior).sum()
    }
    fn is_bounded(&self) -> bool {
        self.columns.iter().all(C::is_bounded)
    }
    /// Where all columns have one.
    fn floored(&self, whole: &Self) -> Option<Self> {
        let pairs = self.columns.iter().zip(&whole.columns);
        let columns = pairs.map(|(column, whole)| column.floored(whole));
        Some(Columns {
            columns: columns.collect::<Option<_>>()?,
        })
    }
    fn is_at_bound(&self) -> bool {
        self.columns.iter().any(C::is_at_bound)
    }
    fn one_step(&self) -> bool {
        self.columns.iter().any(C::one_step)
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let parts = self.columns.iter().zip(&next.columns);
        Columns {
            columns: parts
                .map(|(mine, next)| mine.toward(next, fraction))
                .collect(),
        }
    }
    fn estimate(&self, xs: RowsView<'_, T>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.each_column(xs, |column, values| column.estimate(values, weights))
    }
    fn pooled(&self, xs: RowsView<'_, T>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.each_column(xs, |column, values| column.pooled(values, weights))
    }
    /// The sum over the columns, where all have one.
    fn squared_distance(&self, a: &[T], b: &[T]) -> Option<f64> {
        let mut sum = 0.0;
        for (column, (&a, &b)) in self.columns.iter().zip(a.iter().zip(b)) {
            sum += column.squared_distance(a, b)?;
        }
        Some(sum)
    }
}

impl<C: Coordinates> Coordinates for Columns<C> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.columns.iter().for_each(|column| column.pack(into));
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (j, column) in self.columns.iter().enumerate() {
            columns.push(column.unpack(from).map_err(|error| error.in_column(j))?);
        }
        Ok(Columns { columns })
    }
}

impl<T, C> Sample for Columns<C>
where
    T: Copy + Send + Sync + 'static,
    C: Sample<Space = Scalars<T>>,
{
    fn empty_buffer(&self) -> RowsBuffer<T> {
        RowsBuffer::new(self.columns.len())
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut RowsBuffer<T>) {
        for column in &self.columns {
            column.draw(rng, &mut into.values);
        }
    }
}
