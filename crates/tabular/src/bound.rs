//! Any set of components, bound to a field of a table.

use crate::{BoxStatistics, Form, FromField, PartSet, Plain, TableRow, TableView, Values};
use distributions::{Component, Coordinates, EstimateError, Sample, Scratch};
use em::{ComponentSet, Shares};
use rand::Rng;
use serde::Serialize;
use serde_json::Value;
use std::any::Any;
use std::borrow::Cow;

/// A set whose components can be written to a model file.
pub trait Saved {
    /// The parameters of component k under the names of model files.
    fn save(&self, k: usize) -> Value;
    /// Whether the components obey what couples them: a file may hold any covariances under the
    /// name of a tied structure.
    fn in_class(&self) -> bool {
        true
    }
}

impl<F: Component + Sample + Serialize> Saved for Vec<F> {
    fn save(&self, k: usize) -> Value {
        // A family is a map of numbers under fixed names: there is nothing that could fail.
        serde_json::to_value(&self[k]).unwrap_or(Value::Null)
    }
}

/// The set `S` over field `field` of a table: `Vec<F>` for an ordinary family, a coupled set for
/// tied covariances or common slopes.
#[derive(Clone, Debug)]
pub struct Bound<S, F = Plain> {
    field: usize,
    set: S,
    form: F,
    /// Parameters that were estimated when the set was made, and are fixed in it.
    estimated: usize,
}

impl<S> Bound<S> {
    /// Binds `set` to field `field`.
    pub fn new(field: usize, set: S) -> Self {
        Bound::with_form(field, set, Plain)
    }
}

impl<S, F> Bound<S, F> {
    /// Binds `set` to field `field` in another form.
    pub fn with_form(field: usize, set: S, form: F) -> Self {
        Bound {
            field,
            set,
            form,
            estimated: 0,
        }
    }
    /// The same, where `estimated` parameters more were estimated from the data, such as bounds.
    pub fn counting(mut self, estimated: usize) -> Self {
        self.estimated = estimated;
        self
    }
}

impl<S, F> Bound<S, F> {
    /// A matrix of weights with 0 where the field is missing.
    fn observed<'w>(&self, xs: TableView<'_>, weights: &'w [f64]) -> Cow<'w, [f64]> {
        let Some(missing) = xs.missing(self.field) else {
            return Cow::Borrowed(weights);
        };
        let mut observed = vec![0.0; weights.len()];
        without_missing(weights, missing, &mut observed);
        Cow::Owned(observed)
    }
}

impl<S, F: Clone> Bound<S, F> {
    /// The part with another set in place of this one.
    fn with(&self, set: S) -> Box<Self> {
        Box::new(Bound {
            field: self.field,
            set,
            form: self.form.clone(),
            estimated: self.estimated,
        })
    }
}

/// Copies the K × n matrix `weights` with 0 where a row is missing.
fn without_missing(weights: &[f64], missing: &[bool], into: &mut [f64]) {
    let rows = missing.len();
    for (mine, given) in (into.chunks_exact_mut(rows)).zip(weights.chunks_exact(rows)) {
        for (i, value) in mine.iter_mut().enumerate() {
            *value = if missing[i] { 0.0 } else { given[i] };
        }
    }
}

impl<S, F> PartSet for Bound<S, F>
where
    S: ComponentSet<Space: FromField> + Coordinates + 'static,
    F: Form<S>,
{
    fn components(&self) -> usize {
        self.set.len()
    }
    fn log_density(&self, k: usize, x: TableRow<'_>) -> f64 {
        match x.cell::<S::Space>(self.field) {
            Some(cell) => self.set.log_density(k, cell),
            None => 0.0,
        }
    }
    fn check_observation(&self, x: TableRow<'_>) -> Result<(), &'static str> {
        match x.cell::<S::Space>(self.field) {
            Some(cell) => self.set.check_observation(cell),
            None => Ok(()),
        }
    }
    fn has_atoms(&self) -> bool {
        self.set.has_atoms()
    }
    fn is_atom(&self, k: usize, x: TableRow<'_>) -> bool {
        let cell = x.cell::<S::Space>(self.field);
        cell.is_some_and(|cell| self.set.is_atom(k, cell))
    }
    fn prepared_width(&self) -> usize {
        self.set.prepared_width()
    }
    fn prepare(&self, xs: TableView<'_>, into: &mut [f64]) {
        self.set.prepare(xs.field::<S::Space>(self.field), into);
    }
    fn log_density_matrix(
        &self,
        xs: TableView<'_>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let batch = xs.field::<S::Space>(self.field);
        self.set.log_density_matrix(batch, prepared, out, scratch);
        if let Some(missing) = xs.missing(self.field) {
            for row in out.chunks_exact_mut(missing.len()) {
                for (value, &missing) in row.iter_mut().zip(missing) {
                    *value = if missing { 0.0 } else { *value };
                }
            }
        }
    }
    fn block_rows(&self, xs: TableView<'_>) -> usize {
        self.set.block_rows(xs.field::<S::Space>(self.field))
    }
    fn empty_statistics(&self) -> BoxStatistics {
        BoxStatistics::new(self.set.empty_statistics())
    }
    fn accumulate(&self, into: &mut BoxStatistics, k: usize, x: TableRow<'_>, weight: f64) {
        if let Some(cell) = x.cell::<S::Space>(self.field) {
            self.set.accumulate(into.get_mut(), k, cell, weight);
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
        let batch = xs.field::<S::Space>(self.field);
        let into = into.get_mut();
        match xs.missing(self.field) {
            None => (self.set).accumulate_matrix(into, batch, prepared, weights, scratch),
            Some(missing) => {
                let mut observed = scratch.take_dirty(weights.len());
                without_missing(weights, missing, &mut observed);
                (self.set).accumulate_matrix(into, batch, prepared, &observed, scratch);
                scratch.give(observed);
            }
        }
    }
    fn maximize(&self, from: &BoxStatistics) -> Result<Box<dyn PartSet>, EstimateError> {
        Ok(self.with(self.set.maximize(from.get())?))
    }
    fn estimate(
        &self,
        xs: TableView<'_>,
        shares: &Shares<'_>,
    ) -> Result<Box<dyn PartSet>, EstimateError> {
        let batch = xs.field::<S::Space>(self.field);
        let set = match xs.missing(self.field) {
            None => self.set.estimate_from(batch, shares)?,
            Some(_) => (self.set).estimate(batch, &self.observed(xs, &shares.to_matrix()))?,
        };
        Ok(self.with(set))
    }
    fn floored(
        &self,
        xs: TableView<'_>,
        weights: &[f64],
    ) -> Result<Box<dyn PartSet>, EstimateError> {
        let batch = xs.field::<S::Space>(self.field);
        let weights = self.observed(xs, weights);
        Ok(self.with(self.set.floored(batch, &weights)?))
    }
    fn at_bound(&self) -> Vec<usize> {
        self.set.at_bound()
    }
    fn impossible_levels(&self) -> Vec<usize> {
        let levels = self.set.impossible_levels();
        levels.into_iter().map(|level| level.1).collect()
    }
    fn parameter_count(&self) -> usize {
        self.set.parameter_count() + self.estimated
    }
    fn log_prior(&self) -> f64 {
        self.set.log_prior()
    }
    fn subset(&self, keep: &[usize]) -> Box<dyn PartSet> {
        self.with(self.set.subset(keep))
    }
    fn one_step(&self) -> bool {
        self.set.one_step()
    }
    fn toward(&self, next: &dyn PartSet, fraction: f64) -> Box<dyn PartSet> {
        match next.as_any().downcast_ref::<Self>() {
            Some(next) => self.with(self.set.toward(&next.set, fraction)),
            None => panic!("the next iterate of another part"),
        }
    }
    fn squared_distance(&self, a: TableRow<'_>, b: TableRow<'_>) -> Option<f64> {
        let missing = a.is_missing(self.field) || b.is_missing(self.field);
        let a = a.placeholder::<S::Space>(self.field);
        let b = b.placeholder::<S::Space>(self.field);
        let distance = self.set.squared_distance(a, b)?;
        Some(if missing { 0.0 } else { distance })
    }
    fn pack(&self, into: &mut Vec<f64>) {
        self.set.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Box<dyn PartSet>, EstimateError> {
        Ok(self.with(self.set.unpack(from)?))
    }
    fn log_density_of_whole(&self, k: usize, value: u64) -> Option<f64> {
        Some(self.set.log_density(k, S::Space::whole(value)?))
    }
    fn accumulate_whole(&self, into: &mut BoxStatistics, k: usize, value: u64, weight: f64) {
        if let Some(cell) = S::Space::whole(value) {
            self.set.accumulate(into.get_mut(), k, cell, weight);
        }
    }
    fn empty_values(&self) -> Values {
        S::Space::values(self.form.empty_buffer(&self.set))
    }
    fn is_conditional(&self) -> bool {
        self.form.is_conditional()
    }
    fn mean_given(&self, k: usize, x: &[f64]) -> Option<f64> {
        self.form.mean_given(&self.set, k, x)
    }
    fn draw(&self, k: usize, given: Option<TableRow<'_>>, rng: &mut dyn Rng, into: &mut Values) {
        let given = given.map(|x| x.placeholder::<S::Space>(self.field));
        match S::Space::buffer(into) {
            Some(buffer) => self.form.draw(&self.set, k, given, rng, buffer),
            None => panic!("a field of another kind than its part"),
        }
    }
    fn save(&self, k: usize) -> Value {
        self.form.save(&self.set, k)
    }
    fn in_class(&self) -> bool {
        self.form.in_class(&self.set)
    }
    fn boxed(&self) -> Box<dyn PartSet> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
