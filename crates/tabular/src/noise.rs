//! A uniform background beside all components of a part.

use crate::{
    Bound, BoxStatistics, Kind, ModelError, PartSet, PartSpecification, Specification, Table,
    TableRow, TableView, Values,
};
use distributions::combine::Columns;
use distributions::{EstimateError, RowsView, Scratch, Uniform, View};
use em::Shares;
use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::any::Any;
use std::cmp::Ordering;

/// The box of uniform noise, column after column of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// The least values.
    pub low: Vec<f64>,
    /// The greatest values.
    pub high: Vec<f64>,
}

impl Specification {
    /// Whether noise stands beside the components.
    pub fn has_noise(&self) -> bool {
        self.parts.iter().any(|part| part.noise.is_some())
    }
    /// The same specification with noise in the smallest box that holds the rows of `table`.
    ///
    /// # Errors
    /// When a part is not of real numbers, or all values of a column are the same.
    pub fn with_noise_around(&self, table: &Table) -> Result<Specification, ModelError> {
        let mut noisy = self.clone();
        for (part, field) in noisy.parts.iter_mut().zip(table.fields()) {
            part.check_noise()?;
            let missing = field.missing.as_deref();
            let observed = |row: &usize| missing.is_none_or(|missing| !missing[*row]);
            let rows = || (0..field.values.rows()).filter(observed);
            let extent = |values: &mut dyn Iterator<Item = f64>| {
                values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
                    (x.min(low), x.max(high))
                })
            };
            let one = |values: &[f64]| vec![extent(&mut rows().map(|row| values[row]))];
            let several = |view: RowsView<'_, f64>| -> Vec<(f64, f64)> {
                let columns = 0..view.width();
                let column = |j: usize| extent(&mut rows().map(|row| view.at(row)[j]));
                columns.map(column).collect()
            };
            let extents: Vec<(f64, f64)> = match &field.values {
                Values::Reals(values) => one(values),
                Values::FileReals(file) => one(file.values()),
                Values::Vectors(values) => several(values.view()),
                Values::FileVectors(file) => several(file.view()),
                _ => Vec::new(),
            };
            if let Values::Vectors(values) = &field.values
                && rows().any(|row| values.view().at(row).iter().any(|x| x.is_nan()))
            {
                return Err(ModelError(format!(
                    "noise beside family {} needs rows without gaps",
                    part.family
                )));
            }
            for (column, (low, high)) in part.columns.iter().zip(&extents) {
                if !(low < high) {
                    return Err(ModelError(format!(
                        "column {column}: every value is {low}, which gives noise no room"
                    )));
                }
            }
            let (low, high) = extents.into_iter().unzip();
            part.noise = Some(Noise { low, high });
        }
        Ok(noisy)
    }
}

impl PartSpecification {
    /// Checks that noise can stand beside the components.
    pub(crate) fn check_noise(&self) -> Result<(), ModelError> {
        let kind = self.kind()?;
        // On a sphere or a simplex a box has no density.
        if kind == Kind::Reals || (kind == Kind::Vectors && self.has_covariance()?) {
            return Ok(());
        }
        Err(ModelError(format!(
            "noise stands beside families of real numbers, and family {} is none",
            self.family
        )))
    }
    /// The components, with the noise of the part behind them.
    pub(crate) fn with_noise(
        &self,
        field: usize,
        components: Box<dyn PartSet>,
    ) -> Result<Box<dyn PartSet>, ModelError> {
        let Some(Noise { low, high }) = &self.noise else {
            return Ok(components);
        };
        self.check_noise()?;
        if components.has_atoms() {
            return Err(ModelError(format!(
                "family {} has a point mass, beside which there is no noise",
                self.family
            )));
        }
        let width = self.columns.len();
        if low.len() != width || high.len() != width {
            return Err(ModelError(format!(
                "noise has {} low and {} high ends for {width} columns",
                low.len(),
                high.len()
            )));
        }
        let wrong = |error: distributions::ParameterError| ModelError(format!("noise: {error}"));
        let columns = low.iter().zip(high);
        let columns = columns.map(|(&low, &high)| Uniform::new(low, high));
        let columns: Vec<Uniform> = columns.collect::<Result<_, _>>().map_err(wrong)?;
        let noise: Box<dyn PartSet> = match self.kind()? {
            Kind::Vectors => Box::new(Bound::new(
                field,
                vec![Columns::new(columns).map_err(wrong)?],
            )),
            _ => Box::new(Bound::new(field, columns)),
        };
        Ok(Box::new(Noisy {
            place: components.components(),
            components,
            noise,
        }))
    }
}

/// The components of a part, and one more, the noise: a uniform density that is not estimated. Over several
/// parts it is the product of their boxes. It stands last, until a fit sorts the components.
#[derive(Clone)]
struct Noisy {
    components: Box<dyn PartSet>,
    noise: Box<dyn PartSet>,
    /// Which component is the noise.
    place: usize,
}

impl Noisy {
    /// Component k among those that are no noise; `None` for the noise.
    fn inner(&self, k: usize) -> Option<usize> {
        match k.cmp(&self.place) {
            Ordering::Less => Some(k),
            Ordering::Equal => None,
            Ordering::Greater => Some(k - 1),
        }
    }
    /// The number among all of component k of those that are no noise.
    fn outer(&self, k: usize) -> usize {
        k + usize::from(k >= self.place)
    }
    fn around(
        &self,
        components: Result<Box<dyn PartSet>, EstimateError>,
    ) -> Result<Box<dyn PartSet>, EstimateError> {
        let components = components.map_err(|mut error| {
            error.component = error.component.map(|k| self.outer(k));
            error
        })?;
        Ok(Box::new(Noisy {
            components,
            noise: self.noise.clone(),
            place: self.place,
        }))
    }
    /// Copies the rows of a component-major matrix but that of the noise.
    fn copy_inner(&self, from: &[f64], rows: usize, into: &mut [f64]) {
        let before = self.place * rows;
        into[..before].copy_from_slice(&from[..before]);
        into[before..].copy_from_slice(&from[before + rows..]);
    }
}

impl PartSet for Noisy {
    fn components(&self) -> usize {
        self.components.components() + 1
    }
    fn noise_index(&self) -> Option<usize> {
        Some(self.place)
    }
    fn log_density(&self, k: usize, x: TableRow<'_>) -> f64 {
        match self.inner(k) {
            Some(k) => self.components.log_density(k, x),
            None => self.noise.log_density(0, x),
        }
    }
    fn check_observation(&self, x: TableRow<'_>) -> Result<(), &'static str> {
        self.components.check_observation(x)
    }
    fn prepared_width(&self) -> usize {
        self.components.prepared_width() + self.noise.prepared_width()
    }
    fn prepare(&self, xs: TableView<'_>, into: &mut [f64]) {
        let (own, noise) = into.split_at_mut(self.components.prepared_width() * xs.len());
        self.components.prepare(xs, own);
        self.noise.prepare(xs, noise);
    }
    fn log_density_matrix(
        &self,
        xs: TableView<'_>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        let (own, of_noise) = prepared.split_at(self.components.prepared_width() * rows);
        let inner = self.components.components() * rows;
        (self.components).log_density_matrix(xs, own, &mut out[..inner], scratch);
        let place = self.place * rows;
        out.copy_within(place..inner, place + rows);
        let row = &mut out[place..place + rows];
        self.noise.log_density_matrix(xs, of_noise, row, scratch);
    }
    fn empty_statistics(&self) -> BoxStatistics {
        self.components.empty_statistics()
    }
    fn accumulate(&self, into: &mut BoxStatistics, k: usize, x: TableRow<'_>, weight: f64) {
        if let Some(k) = self.inner(k) {
            self.components.accumulate(into, k, x, weight);
        }
    }
    fn accumulate_matrix(
        &self,
        into: &mut BoxStatistics,
        xs: TableView<'_>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        let own = &prepared[..self.components.prepared_width() * rows];
        let mut inner = scratch.take_dirty(self.components.components() * rows);
        self.copy_inner(weights, rows, &mut inner);
        (self.components).accumulate_matrix(into, xs, own, &inner, scratch);
        scratch.give(inner);
    }
    fn maximize(&self, from: &BoxStatistics) -> Result<Box<dyn PartSet>, EstimateError> {
        self.around(self.components.maximize(from))
    }
    fn estimate(
        &self,
        xs: TableView<'_>,
        shares: &Shares<'_>,
    ) -> Result<Box<dyn PartSet>, EstimateError> {
        let mut inner = vec![0.0; self.components.components() * xs.len()];
        self.copy_inner(&shares.to_matrix(), xs.len(), &mut inner);
        self.around((self.components).estimate(xs, &Shares::from_matrix(&inner, xs.len())))
    }
    fn floored(
        &self,
        xs: TableView<'_>,
        weights: &[f64],
    ) -> Result<Box<dyn PartSet>, EstimateError> {
        self.around(self.components.floored(xs, weights))
    }
    fn at_bound(&self) -> Vec<usize> {
        let held = self.components.at_bound().into_iter();
        held.map(|k| self.outer(k)).collect()
    }
    fn parameter_count(&self) -> usize {
        self.components.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.components.log_prior()
    }
    fn subset(&self, keep: &[usize]) -> Box<dyn PartSet> {
        let inner: Vec<usize> = keep.iter().filter_map(|&k| self.inner(k)).collect();
        let components = self.components.subset(&inner);
        match keep.iter().position(|&k| k == self.place) {
            Some(place) => Box::new(Noisy {
                components,
                noise: self.noise.clone(),
                place,
            }),
            None => components,
        }
    }
    fn one_step(&self) -> bool {
        self.components.one_step()
    }
    fn toward(&self, next: &dyn PartSet, fraction: f64) -> Box<dyn PartSet> {
        match next.as_any().downcast_ref::<Self>() {
            Some(next) => Box::new(Noisy {
                components: self.components.toward(&*next.components, fraction),
                noise: self.noise.clone(),
                place: self.place,
            }),
            None => panic!("the next iterate of another part"),
        }
    }
    fn squared_distance(&self, a: TableRow<'_>, b: TableRow<'_>) -> Option<f64> {
        self.components.squared_distance(a, b)
    }
    fn pack(&self, into: &mut Vec<f64>) {
        self.components.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Box<dyn PartSet>, EstimateError> {
        self.around(self.components.unpack(from))
    }
    fn empty_values(&self) -> Values {
        self.components.empty_values()
    }
    fn draw(&self, k: usize, given: Option<TableRow<'_>>, rng: &mut dyn Rng, into: &mut Values) {
        match self.inner(k) {
            Some(k) => self.components.draw(k, given, rng, into),
            None => self.noise.draw(0, given, rng, into),
        }
    }
    /// Noise has no parameter of its own.
    fn save(&self, k: usize) -> Value {
        match self.inner(k) {
            Some(k) => self.components.save(k),
            None => Value::Object(serde_json::Map::new()),
        }
    }
    fn in_class(&self) -> bool {
        self.components.in_class()
    }
    fn families(&self) -> Vec<String> {
        self.components.families()
    }
    fn held(&self) -> Vec<Map<String, Value>> {
        self.components.held()
    }
    fn impossible_levels(&self) -> Vec<usize> {
        Vec::new()
    }
    fn boxed(&self) -> Box<dyn PartSet> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
