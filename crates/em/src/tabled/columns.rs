//! A set of products of discrete columns over rows of bytes.

use super::{CodeWeights, Grouping, LogTables, rows_outside};
use crate::sample::SampleSet;
use crate::set::ComponentSet;
use distributions::combine::Columns;
use distributions::{
    Component, Coordinates, EstimateError, ParameterError, Rows, RowsBuffer, RowsView, Sample,
    Scalars, Scratch, Statistics, View,
};
use rand::Rng;

/// K components, each a product of D independent columns with few values, over rows of bytes:
/// latent class analysis, and mixtures of counts, as fast as memory allows.
///
/// # Density
/// p_k(x) = Π_j p_kj(x_j), as a `Vec` of [`Columns`] has it, for values below 255. A cell of 255 is
/// missing: it contributes nothing.
///
/// # How
/// Neighbouring columns are taken together ([`Grouping`]): eight binary cells are one code below
/// 256. A table of Σ_j ln p_kj over the codes is made once an iteration, and a row costs one look-up
/// a group in the E-step, and one addition a group for the M-step. Both the tables and the weights of
/// the codes are exact: no rounding is added. A row with a value that no table has (a count above the
/// largest seen when the set was made) is scored and added cell by cell.
///
/// # M-step
/// That of the columns, from the weight of each value.
///
/// ```
/// use distributions::combine::Columns;
/// use distributions::{Bernoulli, RowsView};
/// use em::{Data, Mixture, Options, Start, TabledColumns, fit_from};
///
/// let answers = [1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1_u8];
/// let rows = RowsView::new(&answers, 3);
/// let classes = vec![Columns::repeat(Bernoulli::new(0.5)?, 3)?; 2];
/// let template = Mixture::uniform(TabledColumns::new(classes, rows)?);
/// let fitted = fit_from(&template, Data::new(rows), Start::Random, &Options::default())?;
/// assert_eq!(fitted.model.components().components().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TabledColumns<C> {
    components: Vec<Columns<C>>,
    grouping: Grouping,
    tables: LogTables,
}

/// The cell that marks a missing value.
const MISSING: u8 = u8::MAX;

impl<T, C> TabledColumns<C>
where
    T: Copy + From<u8> + Send + Sync + 'static,
    C: Component<Space = Scalars<T>>,
{
    /// These components, with tables for the values and the missing cells that stand in `rows`.
    ///
    /// # Errors
    /// When there is no component, or one has another number of columns than the rows.
    pub fn new(
        components: Vec<Columns<C>>,
        rows: RowsView<'_, u8>,
    ) -> Result<Self, ParameterError> {
        ParameterError::require(
            !components.is_empty(),
            "components",
            0.0,
            "must be at least 1",
        )?;
        for component in &components {
            let columns = component.columns().len();
            ParameterError::require(
                columns == rows.width(),
                "columns",
                columns as f64,
                "must be as many as the rows have",
            )?;
        }
        let mut sizes = vec![1; rows.width()];
        let mut missing = false;
        for row in rows.values().chunks_exact(rows.width()) {
            for (size, &value) in sizes.iter_mut().zip(row) {
                match value {
                    MISSING => missing = true,
                    value => *size = (*size).max(usize::from(value) + 1),
                }
            }
        }
        let grouping = Grouping::new(&sizes, missing, components.len());
        Ok(Self::tabled(components, grouping))
    }
    fn tabled(components: Vec<Columns<C>>, grouping: Grouping) -> Self {
        let tables = LogTables::new(&grouping, components.len(), |k, j, value| {
            components[k].columns()[j].log_density(T::from(value as u8))
        });
        TabledColumns {
            components,
            grouping,
            tables,
        }
    }
    /// The components, column after column.
    pub fn components(&self) -> &[Columns<C>] {
        &self.components
    }
    /// The same set with the components made by `make` from each of these.
    fn rebuilt(
        &self,
        make: impl Fn(usize, &Columns<C>) -> Result<Columns<C>, EstimateError>,
    ) -> Result<Self, EstimateError> {
        let made = (self.components.iter().enumerate()).map(|(k, component)| make(k, component));
        Ok(Self::tabled(
            made.collect::<Result<_, _>>()?,
            self.grouping.clone(),
        ))
    }
    /// The estimate of column j of component k: from the weights of its values and from the rows
    /// that no table has.
    fn column_estimate(
        column: &C,
        rest: &C::Statistics,
        weights: &[f64],
    ) -> Result<C, EstimateError> {
        let mut statistics = rest.clone();
        for (value, &weight) in weights.iter().enumerate() {
            if weight > 0.0 {
                column.accumulate(&mut statistics, T::from(value as u8), weight);
            }
        }
        column.maximize(&statistics)
    }
}

/// What the M-step of [`TabledColumns`] needs: the weight of every code, and the columns' own
/// statistics of the rows that no table has.
#[derive(Clone, Debug, PartialEq)]
pub struct TabledStatistics<T> {
    codes: CodeWeights,
    weight: f64,
    /// Component after component, column after column.
    rest: Vec<Vec<T>>,
}

impl<T: Statistics> Statistics for TabledStatistics<T> {
    fn weight(&self) -> f64 {
        self.codes.weight() + self.weight
    }
    fn clear(&mut self) {
        self.codes.clear();
        // Most often there is nothing there.
        if self.weight > 0.0 {
            self.weight = 0.0;
            self.rest.iter_mut().flatten().for_each(T::clear);
        }
    }
    fn merge(&mut self, other: &Self) {
        self.codes.merge(&other.codes);
        if other.weight > 0.0 {
            self.weight += other.weight;
            self.rest.merge(&other.rest);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.codes.scale(factor);
        self.weight *= factor;
        self.rest.scale(factor);
    }
}

impl<T, C> ComponentSet for TabledColumns<C>
where
    T: Copy + From<u8> + Send + Sync + 'static,
    C: Component<Space = Scalars<T>>,
{
    type Space = Rows<u8>;
    type Statistics = TabledStatistics<C::Statistics>;

    fn len(&self) -> usize {
        self.components.len()
    }
    fn log_density(&self, k: usize, x: &[u8]) -> f64 {
        let cells = self.components[k].columns().iter().zip(x);
        cells
            .filter(|&(_, &value)| value != MISSING)
            .map(|(column, &value)| column.log_density(T::from(value)))
            .sum()
    }
    fn check_observation(&self, x: &[u8]) -> Result<(), &'static str> {
        if x.len() != self.grouping.columns() {
            return Err("must have one value for each column");
        }
        for (j, &value) in x.iter().enumerate() {
            let admits = |k: &Columns<C>| k.columns()[j].check_observation(T::from(value)).is_ok();
            if value != MISSING && !self.components.iter().any(admits) {
                return self.components[0].columns()[j].check_observation(T::from(value));
            }
        }
        Ok(())
    }
    fn prepared_width(&self) -> usize {
        self.grouping.groups()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.grouping == other.grouping
    }
    /// The codes of the groups.
    fn prepare(&self, xs: RowsView<'_, u8>, into: &mut [f64]) {
        self.grouping.encode_bytes(xs, into);
    }
    fn log_density_matrix(
        &self,
        xs: RowsView<'_, u8>,
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        self.tables.score(&self.grouping, prepared, rows, out);
        if let Some(outside) = rows_outside(prepared, rows) {
            for i in (0..rows).filter(|&i| outside[i]) {
                for k in 0..self.len() {
                    out[k * rows + i] = self.log_density(k, xs.at(i));
                }
            }
        }
    }
    fn empty_statistics(&self) -> Self::Statistics {
        let columns = |component: &Columns<C>| {
            let parts = component.columns().iter();
            parts.map(C::empty_statistics).collect()
        };
        TabledStatistics {
            codes: CodeWeights::new(&self.grouping, self.len()),
            weight: 0.0,
            rest: self.components.iter().map(columns).collect(),
        }
    }
    fn accumulate(&self, into: &mut Self::Statistics, k: usize, x: &[u8], weight: f64) {
        into.weight += weight;
        let columns = self.components[k].columns().iter().zip(&mut into.rest[k]);
        for ((column, statistics), &value) in columns.zip(x) {
            if value != MISSING {
                column.accumulate(statistics, T::from(value), weight);
            }
        }
    }
    fn accumulate_matrix(
        &self,
        into: &mut Self::Statistics,
        xs: RowsView<'_, u8>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        let Some(outside) = rows_outside(prepared, rows) else {
            return into.codes.add(&self.grouping, prepared, rows, weights);
        };
        let mut inside = scratch.take_dirty(weights.len());
        for (k, row) in inside.chunks_exact_mut(rows).enumerate() {
            for (i, share) in row.iter_mut().enumerate() {
                let weight = weights[k * rows + i];
                *share = if outside[i] { 0.0 } else { weight };
                if outside[i] && weight > 0.0 {
                    self.accumulate(into, k, xs.at(i), weight);
                }
            }
        }
        into.codes.add(&self.grouping, prepared, rows, &inside);
        scratch.give(inside);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        let weights = from.codes.by_value(&self.grouping, self.len());
        self.rebuilt(|k, component| {
            let columns = component
                .columns()
                .iter()
                .zip(&from.rest[k])
                .zip(&weights[k]);
            let estimates = columns.enumerate().map(|(j, ((column, rest), weights))| {
                Self::column_estimate(column, rest, weights).map_err(|error| error.in_column(j))
            });
            let columns: Result<Vec<C>, EstimateError> = estimates.collect();
            Ok(Columns::new(
                columns.map_err(|error| error.in_component(k))?,
            )?)
        })
    }
    /// None is needed where all columns have a bounded likelihood, as those of labels and counts.
    fn floored(&self, _xs: RowsView<'_, u8>, _weights: &[f64]) -> Result<Self, EstimateError> {
        if self.components.iter().all(Component::is_bounded) {
            Ok(self.clone())
        } else {
            Err(crate::set::no_floor())
        }
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        crate::set::common(self.components.iter().map(Component::impossible_levels))
    }
    fn parameter_count(&self) -> usize {
        self.components.iter().map(Component::parameter_count).sum()
    }
    fn log_prior(&self) -> f64 {
        self.components.iter().map(Component::log_prior).sum()
    }
    fn subset(&self, keep: &[usize]) -> Self {
        let kept = keep.iter().map(|&k| self.components[k].clone());
        Self::tabled(kept.collect(), self.grouping.clone())
    }
    fn one_step(&self) -> bool {
        self.components.iter().any(Component::one_step)
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let pairs = self.components.iter().zip(&next.components);
        let between = pairs.map(|(mine, theirs)| mine.toward(theirs, fraction));
        Self::tabled(between.collect(), self.grouping.clone())
    }
}

impl<T, C> Coordinates for TabledColumns<C>
where
    T: Copy + From<u8> + Send + Sync + 'static,
    C: Component<Space = Scalars<T>> + Coordinates,
{
    fn pack(&self, into: &mut Vec<f64>) {
        self.components.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(Self::tabled(
            self.components.unpack(from)?,
            self.grouping.clone(),
        ))
    }
}

impl<T, C> SampleSet for TabledColumns<C>
where
    T: Copy + From<u8> + TryInto<u8> + Send + Sync + 'static,
    C: Component<Space = Scalars<T>> + Sample,
{
    fn empty_buffer(&self) -> RowsBuffer<u8> {
        RowsBuffer::new(self.grouping.columns())
    }
    /// A draw above 254, which no byte holds, is 254.
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut RowsBuffer<u8>) {
        for column in self.components[k].columns() {
            let mut drawn = column.empty_buffer();
            column.draw(rng, &mut drawn);
            let value = drawn[0].try_into().unwrap_or(MISSING);
            into.values.push(value.min(MISSING - 1));
        }
    }
}
