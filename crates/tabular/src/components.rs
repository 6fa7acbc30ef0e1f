//! Products of parts: the components of a mixture over a table.

use crate::tabled::{Plan, Tabled};
use crate::{Field, PartSet, Table, TableRow, TableStatistics, TableView};
use distributions::combine::log_product;
use distributions::{Coordinates, EstimateError, Scratch, View};
use em::{ComponentSet, Mixture, SampleSet, Shares};
use rand::Rng;
use serde_json::Value;
use std::sync::Arc;

/// A mixture over a table, its parts chosen at run time.
pub type TableMixture = Mixture<TableComponents>;

/// K components, each a product of independent parts: p_k(row) = Π_p p_kp(cell p).
///
/// A part holds all K components over its field, so that what couples the components of a part
/// stays inside it.
#[derive(Clone)]
pub struct TableComponents {
    parts: Vec<Box<dyn PartSet>>,
    /// Tables for the parts over columns of few whole numbers.
    tabled: Option<Tabled>,
}

impl TableComponents {
    /// The product of these parts; part p observes field p.
    ///
    /// # Panics
    /// When there is no part, or the parts differ in their number of components.
    pub fn new(parts: Vec<Box<dyn PartSet>>) -> Self {
        let components = parts.first().map(|part| part.components());
        assert!(
            parts
                .iter()
                .all(|part| Some(part.components()) == components),
            "every part has all the components"
        );
        assert!(components.is_some(), "a model has at least one part");
        TableComponents {
            parts,
            tabled: None,
        }
    }
    /// The same components, with tables for the parts over columns in which `table` holds few
    /// different whole numbers: labels, answers, small counts. Several columns share a table, so that
    /// fitting and scoring are many times faster; see [`TabledColumns`](em::TabledColumns). Values are
    /// those without tables but for the order of sums.
    pub fn tabled(self, table: &Table) -> Self {
        let plan = Plan::new(&self.parts, table).map(Arc::new);
        Self::planned(self.parts, plan)
    }
    fn planned(parts: Vec<Box<dyn PartSet>>, plan: Option<Arc<Plan>>) -> Self {
        let tabled = plan.map(|plan| Tabled::new(plan, &parts));
        TableComponents { parts, tabled }
    }
    fn plan(&self) -> Option<Arc<Plan>> {
        self.tabled.as_ref().map(|tabled| tabled.plan.clone())
    }
    /// Whether tables hold the same parts, grouped alike: then sums have the same order.
    pub fn is_tabled_as(&self, other: &Self) -> bool {
        self.plan().as_deref() == other.plan().as_deref()
    }
    fn is_tabled(&self, p: usize) -> bool {
        self.tabled
            .as_ref()
            .is_some_and(|tabled| tabled.plan.holds(p))
    }
    /// The parts.
    pub fn parts(&self) -> &[Box<dyn PartSet>] {
        &self.parts
    }
    /// The first part that does not admit its cell of row `x`, and what that cell must be.
    pub fn refusal(&self, x: TableRow<'_>) -> Option<(usize, &'static str)> {
        (self.parts.iter().enumerate())
            .find_map(|(p, part)| part.check_observation(x).err().map(|must| (p, must)))
    }
    /// The first part under which a row has density 0 in every component.
    pub fn unexplained_part(&self, x: TableRow<'_>) -> Option<usize> {
        let dead = |part: &dyn PartSet| {
            (0..part.components()).all(|k| !(part.log_density(k, x) > f64::NEG_INFINITY))
        };
        self.parts.iter().position(|part| dead(&**part))
    }
    /// Which component is noise.
    pub fn noise_index(&self) -> Option<usize> {
        self.parts[0].noise_index()
    }
    /// How many components there are beside noise.
    pub fn without_noise(&self) -> usize {
        self.parts[0].components() - usize::from(self.noise_index().is_some())
    }
    /// Whether draws need predictors: some part is a regression.
    pub fn is_conditional(&self) -> bool {
        self.parts.iter().any(|part| part.is_conditional())
    }
    /// Draws a row from component k given the predictors in row `given`, and appends it.
    pub fn draw_given<R: Rng + ?Sized>(
        &self,
        k: usize,
        given: TableRow<'_>,
        rng: &mut R,
        into: &mut Table,
    ) {
        let mut rng = rng;
        into.push_row(|p, values| self.parts[p].draw(k, Some(given), &mut rng, values));
    }
    /// Component k in the form of model files: the parameters of its only part, or
    /// `{"parts": [...]}`.
    pub fn save(&self, k: usize) -> Value {
        match &self.parts[..] {
            [part] => part.save(k),
            parts => {
                let parts: Vec<Value> = parts.iter().map(|part| part.save(k)).collect();
                serde_json::json!({ "parts": parts })
            }
        }
    }
    /// Whether the components obey what couples them in every part: else a fit has to bring them
    /// into its class of models first, by an E- and an M-step.
    pub fn in_class(&self) -> bool {
        self.parts.iter().all(|part| part.in_class())
    }
    /// How many numbers a row the codes of tabled parts take: they come first.
    fn code_width(&self) -> usize {
        self.tabled.as_ref().map_or(0, |tabled| tabled.plan.width())
    }
    /// The parts that are not tabled, with their prepared columns for `rows` rows.
    fn other_parts(
        &self,
        rows: usize,
    ) -> impl Iterator<Item = (usize, &dyn PartSet, std::ops::Range<usize>)> + '_ {
        let mut start = self.code_width() * rows;
        let others = (0..self.parts.len()).filter(|&p| !self.is_tabled(p));
        others.map(move |p| {
            let part = &*self.parts[p];
            let range = start..start + part.prepared_width() * rows;
            start = range.end;
            (p, part, range)
        })
    }
    fn each_part(
        &self,
        mut step: impl FnMut(usize, &dyn PartSet) -> Result<Box<dyn PartSet>, EstimateError>,
    ) -> Result<Self, EstimateError> {
        let several = self.parts.len() > 1;
        let parts = (self.parts.iter().enumerate()).map(|(p, part)| {
            let done = step(p, &**part);
            done.map_err(|error| if several { error.in_part(p) } else { error })
        });
        Ok(Self::planned(parts.collect::<Result<_, _>>()?, self.plan()))
    }
}

impl ComponentSet for TableComponents {
    type Space = Table;
    type Statistics = TableStatistics;

    fn len(&self) -> usize {
        self.parts[0].components()
    }
    fn is_given(&self, k: usize) -> bool {
        self.noise_index() == Some(k)
    }
    fn log_density(&self, k: usize, x: TableRow<'_>) -> f64 {
        let parts = self.parts.iter().map(|part| part.log_density(k, x));
        parts.reduce(log_product).unwrap_or(0.0)
    }
    fn check_observation(&self, x: TableRow<'_>) -> Result<(), &'static str> {
        match self.refusal(x) {
            Some((_, requirement)) => Err(requirement),
            None => Ok(()),
        }
    }
    fn prepared_width(&self) -> usize {
        let others = self.other_parts(1);
        others
            .last()
            .map_or(self.code_width(), |(.., range)| range.end)
    }
    fn prepare(&self, xs: TableView<'_>, into: &mut [f64]) {
        if let Some(tabled) = &self.tabled {
            tabled
                .plan
                .encode(xs, &mut into[..self.code_width() * xs.len()]);
        }
        for (_, part, range) in self.other_parts(xs.len()) {
            part.prepare(xs, &mut into[range]);
        }
    }
    fn log_density_matrix(
        &self,
        xs: TableView<'_>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let mut others = self.other_parts(xs.len());
        if let Some(tabled) = &self.tabled {
            let codes = &prepared[..self.code_width() * xs.len()];
            tabled.score(&self.parts, xs, codes, out);
        } else if let Some((_, first, range)) = others.next() {
            first.log_density_matrix(xs, &prepared[range], out, scratch);
        }
        let mut factor = scratch.take_dirty(out.len());
        for (_, part, range) in others {
            part.log_density_matrix(xs, &prepared[range], &mut factor, scratch);
            for (sum, value) in out.iter_mut().zip(&factor) {
                *sum = log_product(*sum, *value);
            }
        }
        scratch.give(factor);
    }
    fn block_rows(&self, xs: TableView<'_>) -> usize {
        let parts = self.parts.iter().map(|part| part.block_rows(xs));
        parts.max().unwrap_or(distributions::BLOCK_ROWS)
    }
    fn empty_statistics(&self) -> TableStatistics {
        TableStatistics {
            weight: 0.0,
            parts: (self.parts.iter())
                .map(|part| part.empty_statistics())
                .collect(),
            codes: (self.plan()).map(|plan| plan.empty_weights(self.len())),
        }
    }
    fn accumulate(&self, into: &mut TableStatistics, k: usize, x: TableRow<'_>, weight: f64) {
        into.weight += weight;
        for (part, statistics) in self.parts.iter().zip(&mut into.parts) {
            part.accumulate(statistics, k, x, weight);
        }
    }
    fn accumulate_matrix(
        &self,
        into: &mut TableStatistics,
        xs: TableView<'_>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        into.weight += distributions::simd::sum(weights);
        if let (Some(tabled), Some(codes_into)) = (&self.tabled, &mut into.codes) {
            let codes = &prepared[..self.code_width() * xs.len()];
            let into = (&mut into.parts[..], codes_into);
            tabled.accumulate(&self.parts, into, xs, codes, weights, scratch);
        }
        for (p, part, range) in self.other_parts(xs.len()) {
            let statistics = &mut into.parts[p];
            part.accumulate_matrix(statistics, xs, &prepared[range], weights, scratch);
        }
    }
    fn maximize(&self, from: &TableStatistics) -> Result<Self, EstimateError> {
        let (Some(tabled), Some(codes)) = (&self.tabled, &from.codes) else {
            return self.each_part(|p, part| part.maximize(&from.parts[p]));
        };
        let mut parts = from.parts.clone();
        tabled.plan.hand_over(codes, &self.parts, &mut parts);
        self.each_part(|p, part| part.maximize(&parts[p]))
    }
    fn estimate_from(&self, xs: TableView<'_>, shares: &Shares<'_>) -> Result<Self, EstimateError> {
        self.each_part(|_, part| part.estimate(xs, shares))
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        let mut levels = Vec::new();
        for (p, part) in self.parts.iter().enumerate() {
            levels.extend(part.impossible_levels().into_iter().map(|level| (p, level)));
        }
        levels
    }
    fn parameter_count(&self) -> usize {
        self.parts.iter().map(|part| part.parameter_count()).sum()
    }
    fn log_prior(&self) -> f64 {
        self.parts.iter().map(|part| part.log_prior()).sum()
    }
    fn subset(&self, keep: &[usize]) -> Self {
        let parts = self.parts.iter().map(|part| part.subset(keep));
        Self::planned(parts.collect(), self.plan())
    }
    fn one_step(&self) -> bool {
        self.parts.iter().any(|part| part.one_step())
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let pairs = self.parts.iter().zip(&next.parts);
        let parts = pairs.map(|(mine, theirs)| mine.toward(&**theirs, fraction));
        Self::planned(parts.collect(), self.plan())
    }
    fn floored(&self, xs: TableView<'_>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.each_part(|_, part| part.floored(xs, weights))
    }
    fn at_bound(&self) -> Vec<usize> {
        let held = |k: &usize| self.parts.iter().any(|part| part.at_bound().contains(k));
        (0..self.parts[0].components()).filter(held).collect()
    }
    fn squared_distance(&self, a: TableRow<'_>, b: TableRow<'_>) -> Option<f64> {
        (self.parts.iter())
            .map(|part| part.squared_distance(a, b))
            .sum()
    }
}

impl Coordinates for TableComponents {
    fn pack(&self, into: &mut Vec<f64>) {
        self.parts.iter().for_each(|part| part.pack(into));
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        self.each_part(|_, part| part.unpack(from))
    }
}

impl SampleSet for TableComponents {
    fn empty_buffer(&self) -> Table {
        Table::new(
            (self.parts.iter())
                .map(|part| Field {
                    values: part.empty_values(),
                    missing: None,
                })
                .collect(),
        )
    }
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut Table) {
        // A reference to a generator is a generator of known size, as a trait object needs.
        let mut rng = rng;
        into.push_row(|p, values| self.parts[p].draw(k, None, &mut rng, values));
    }
}
