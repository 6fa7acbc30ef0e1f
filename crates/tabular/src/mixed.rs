//! Components that differ in family, or in what is fixed in them: each a set of its own.

use crate::{BoxStatistics, PartSet, TableRow, TableView, Values};
use distributions::{EstimateError, Scratch, Statistics, View};
use em::Shares;
use em::atoms::{hide_beside_atoms, weights_beside_atoms};
use rand::Rng;
use serde_json::{Map, Value};
use std::any::Any;

/// A component of its own.
#[derive(Clone)]
pub(crate) struct Member {
    /// Its family; empty where all are of one.
    pub(crate) family: String,
    /// The parameters that stay as they are in it.
    pub(crate) held: Map<String, Value>,
    /// The set that holds it alone.
    pub(crate) set: Box<dyn PartSet>,
}

impl Member {
    fn with(&self, set: Box<dyn PartSet>) -> Self {
        Member {
            family: self.family.clone(),
            held: self.held.clone(),
            set,
        }
    }
}

/// K components over one field, each of its own family, or with parameters of its own that stay as they
/// are. A point mass among densities hides them at its value; see [`em::atoms`].
#[derive(Clone)]
pub(crate) struct MixedSet {
    members: Vec<Member>,
}

impl MixedSet {
    /// The components, each a set of one.
    pub(crate) fn new(members: Vec<Member>) -> Self {
        MixedSet { members }
    }
    /// Each member with its prepared columns for `rows` rows.
    fn prepared(
        &self,
        rows: usize,
    ) -> impl Iterator<Item = (&dyn PartSet, std::ops::Range<usize>)> + '_ {
        let mut start = 0;
        self.members.iter().map(move |member| {
            let range = start..start + member.set.prepared_width() * rows;
            start = range.end;
            (&*member.set, range)
        })
    }
    /// A K × n matrix of weights with 0 where a row is an atom of other components only.
    fn beside_atoms(&self, xs: TableView<'_>, weights: &[f64]) -> Vec<f64> {
        let is_atom = |k: usize, i: usize| self.is_atom(k, xs.at(i));
        weights_beside_atoms(weights, self.members.len(), is_atom)
    }
    fn each(
        &self,
        mut step: impl FnMut(usize, &dyn PartSet) -> Result<Box<dyn PartSet>, EstimateError>,
    ) -> Result<Box<dyn PartSet>, EstimateError> {
        let members = self.members.iter().enumerate().map(|(k, member)| {
            // Every member believes to be component 0.
            let named = |mut error: EstimateError| {
                error.component = Some(k);
                error
            };
            Ok(member.with(step(k, &*member.set).map_err(named)?))
        });
        let members = members.collect::<Result<_, EstimateError>>()?;
        Ok(Box::new(MixedSet::new(members)))
    }
}

impl PartSet for MixedSet {
    fn components(&self) -> usize {
        self.members.len()
    }
    fn log_density(&self, k: usize, x: TableRow<'_>) -> f64 {
        let components = 0..self.members.len();
        let hidden = !self.is_atom(k, x) && components.into_iter().any(|j| self.is_atom(j, x));
        if self.has_atoms() && hidden {
            return f64::NEG_INFINITY;
        }
        self.members[k].set.log_density(0, x)
    }
    fn has_atoms(&self) -> bool {
        self.members.iter().any(|member| member.set.has_atoms())
    }
    fn is_atom(&self, k: usize, x: TableRow<'_>) -> bool {
        self.members[k].set.is_atom(0, x)
    }
    /// Some component has to admit the cell.
    fn check_observation(&self, x: TableRow<'_>) -> Result<(), &'static str> {
        let mut verdict = Ok(());
        for member in &self.members {
            match member.set.check_observation(x) {
                Ok(()) => return Ok(()),
                Err(requirement) => verdict = verdict.and(Err(requirement)),
            }
        }
        verdict
    }
    fn prepared_width(&self) -> usize {
        (self.members.iter())
            .map(|member| member.set.prepared_width())
            .sum()
    }
    fn prepare(&self, xs: TableView<'_>, into: &mut [f64]) {
        for (member, range) in self.prepared(xs.len()) {
            member.prepare(xs, &mut into[range]);
        }
    }
    fn log_density_matrix(
        &self,
        xs: TableView<'_>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let rows = out.chunks_exact_mut(xs.len());
        for ((member, range), row) in self.prepared(xs.len()).zip(rows) {
            member.log_density_matrix(xs, &prepared[range], row, scratch);
        }
        if self.has_atoms() {
            let is_atom = |k: usize, i: usize| self.is_atom(k, xs.at(i));
            hide_beside_atoms(out, self.members.len(), f64::NEG_INFINITY, is_atom);
        }
    }
    fn empty_statistics(&self) -> BoxStatistics {
        let members = self.members.iter();
        BoxStatistics::new(MemberStatistics(
            members
                .map(|member| member.set.empty_statistics())
                .collect(),
        ))
    }
    fn accumulate(&self, into: &mut BoxStatistics, k: usize, x: TableRow<'_>, weight: f64) {
        let into: &mut MemberStatistics = into.get_mut();
        self.members[k].set.accumulate(&mut into.0[k], 0, x, weight);
    }
    fn accumulate_matrix(
        &self,
        into: &mut BoxStatistics,
        xs: TableView<'_>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let into: &mut MemberStatistics = into.get_mut();
        let rows = weights.chunks_exact(xs.len());
        let members = self.prepared(xs.len()).zip(&mut into.0).zip(rows);
        for (((member, range), statistics), row) in members {
            member.accumulate_matrix(statistics, xs, &prepared[range], row, scratch);
        }
    }
    fn maximize(&self, from: &BoxStatistics) -> Result<Box<dyn PartSet>, EstimateError> {
        let from: &MemberStatistics = from.get();
        self.each(|k, member| member.maximize(&from.0[k]))
    }
    fn estimate(
        &self,
        xs: TableView<'_>,
        shares: &Shares<'_>,
    ) -> Result<Box<dyn PartSet>, EstimateError> {
        let own = self.has_atoms().then(|| shares.to_matrix());
        let own = own.map(|own| self.beside_atoms(xs, &own));
        let own = own.as_deref().map(|own| Shares::from_matrix(own, xs.len()));
        let shares = own.as_ref().unwrap_or(shares);
        self.each(|k, member| {
            let row = shares.of_component(k);
            member.estimate(xs, &Shares::from_matrix(&row, xs.len()))
        })
    }
    fn parameter_count(&self) -> usize {
        (self.members.iter())
            .map(|member| member.set.parameter_count())
            .sum()
    }
    fn log_prior(&self) -> f64 {
        (self.members.iter())
            .map(|member| member.set.log_prior())
            .sum()
    }
    fn subset(&self, keep: &[usize]) -> Box<dyn PartSet> {
        let members = keep.iter().map(|&k| self.members[k].clone());
        Box::new(MixedSet::new(members.collect()))
    }
    fn one_step(&self) -> bool {
        self.members.iter().any(|member| member.set.one_step())
    }
    fn toward(&self, next: &dyn PartSet, fraction: f64) -> Box<dyn PartSet> {
        let Some(next) = next.as_any().downcast_ref::<Self>() else {
            panic!("the next iterate of another part");
        };
        let pairs = self.members.iter().zip(&next.members);
        Box::new(MixedSet::new(
            pairs
                .map(|(mine, theirs)| mine.with(mine.set.toward(&*theirs.set, fraction)))
                .collect(),
        ))
    }
    fn floored(
        &self,
        xs: TableView<'_>,
        weights: &[f64],
    ) -> Result<Box<dyn PartSet>, EstimateError> {
        // Beside a point mass, what lies at the point says nothing about the densities.
        let own = self.has_atoms().then(|| weights.repeat(self.members.len()));
        let own = own.map(|own| self.beside_atoms(xs, &own));
        let weights_of = |k: usize| {
            own.as_ref()
                .map_or(weights, |own| &own[k * xs.len()..][..xs.len()])
        };
        self.each(|k, member| member.floored(xs, weights_of(k)))
    }
    fn at_bound(&self) -> Vec<usize> {
        let held = |k: &usize| !self.members[*k].set.at_bound().is_empty();
        (0..self.members.len()).filter(held).collect()
    }
    fn impossible_levels(&self) -> Vec<usize> {
        let mut members = self
            .members
            .iter()
            .map(|member| member.set.impossible_levels());
        let mut all = members.next().unwrap_or_default();
        members.for_each(|own| all.retain(|level| own.contains(level)));
        all
    }
    /// None: families measure distance differently, so that a spread start uses deviances.
    fn squared_distance(&self, _a: TableRow<'_>, _b: TableRow<'_>) -> Option<f64> {
        None
    }
    fn pack(&self, into: &mut Vec<f64>) {
        self.members.iter().for_each(|member| member.set.pack(into));
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Box<dyn PartSet>, EstimateError> {
        self.each(|_, member| member.unpack(from))
    }
    fn log_density_of_whole(&self, k: usize, value: u64) -> Option<f64> {
        self.members[k].set.log_density_of_whole(0, value)
    }
    fn accumulate_whole(&self, into: &mut BoxStatistics, k: usize, value: u64, weight: f64) {
        let into: &mut MemberStatistics = into.get_mut();
        self.members[k]
            .set
            .accumulate_whole(&mut into.0[k], 0, value, weight);
    }
    fn empty_values(&self) -> Values {
        self.members[0].set.empty_values()
    }
    fn is_conditional(&self) -> bool {
        self.members
            .iter()
            .any(|member| member.set.is_conditional())
    }
    fn mean_given(&self, k: usize, x: &[f64]) -> Option<f64> {
        self.members[k].set.mean_given(0, x)
    }
    fn draw(&self, k: usize, given: Option<TableRow<'_>>, rng: &mut dyn Rng, into: &mut Values) {
        self.members[k].set.draw(0, given, rng, into);
    }
    fn save(&self, k: usize) -> Value {
        let member = &self.members[k];
        let mut saved = Map::new();
        if !member.family.is_empty() {
            saved.insert("family".into(), member.family.as_str().into());
        }
        if let Value::Object(parameters) = member.set.save(0) {
            saved.extend(parameters);
        }
        Value::Object(saved)
    }
    fn in_class(&self) -> bool {
        self.members.iter().all(|member| member.set.in_class())
    }
    fn families(&self) -> Vec<String> {
        let names = self.members.iter().map(|member| member.family.clone());
        names.filter(|name| !name.is_empty()).collect()
    }
    fn held(&self) -> Vec<Map<String, Value>> {
        let held = self.members.iter().map(|member| member.held.clone());
        held.collect()
    }
    fn boxed(&self) -> Box<dyn PartSet> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The statistic of each member.
#[derive(Clone)]
struct MemberStatistics(Vec<BoxStatistics>);

impl Statistics for MemberStatistics {
    fn weight(&self) -> f64 {
        self.0.iter().map(Statistics::weight).sum()
    }
    fn clear(&mut self) {
        self.0.iter_mut().for_each(Statistics::clear);
    }
    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            mine.merge(theirs);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.0.iter_mut().for_each(|member| member.scale(factor));
    }
}
