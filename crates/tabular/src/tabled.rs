//! Parts over columns of few whole numbers, scored by tables over several columns at once.

use crate::table::WholeNumbers;
use crate::{BoxStatistics, PartSet, Table, TableRow, TableView, Values};
use distributions::combine::log_product;
use distributions::{Scratch, View};
use em::{CodeWeights, Grouping, LogTables, rows_outside};
use std::sync::Arc;

/// The most values a column may have to be tabled.
const MOST_VALUES: u64 = 256;

/// Which parts are tabled, and how their columns are grouped: what depends on the data alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// Parts, by their position.
    parts: Vec<usize>,
    grouping: Grouping,
}

impl Plan {
    /// The parts over columns of few whole numbers; `None` where there are not several.
    pub(crate) fn new(parts: &[Box<dyn PartSet>], table: &Table) -> Option<Self> {
        let (mut chosen, mut sizes, mut missing) = (Vec::new(), Vec::new(), false);
        for (p, (part, field)) in parts.iter().zip(table.fields()).enumerate() {
            let largest = match &field.values {
                Values::Counts(counts) => counts.iter().copied().max(),
                Values::Codes(codes) => codes.iter().copied().max().map(u64::from),
                _ => None,
            };
            // A table that is larger than the data would cost more than it saves.
            let small = |largest: &u64| {
                *largest < MOST_VALUES && 4 * (*largest as usize + 1) <= table.rows()
            };
            let Some(largest) = largest.filter(small) else {
                continue;
            };
            if part.log_density_of_whole(0, 0).is_some() {
                chosen.push(p);
                sizes.push(largest as usize + 1);
                missing |= field.missing.is_some();
            }
        }
        let components = parts.first().map_or(0, |part| part.components());
        // One column alone is scored faster by its family.
        (chosen.len() > 1).then(|| Plan {
            parts: chosen,
            grouping: Grouping::new(&sizes, missing, components),
        })
    }
    /// Whether part p is tabled.
    pub(crate) fn holds(&self, p: usize) -> bool {
        self.parts.binary_search(&p).is_ok()
    }
    /// How many numbers a row [`encode`](Plan::encode) writes.
    pub(crate) fn width(&self) -> usize {
        self.grouping.groups()
    }
    /// Writes the codes of the rows over zeros.
    pub(crate) fn encode(&self, xs: TableView<'_>, into: &mut [f64]) {
        for (j, &p) in self.parts.iter().enumerate() {
            match xs.whole_numbers(p) {
                WholeNumbers::Counts(counts) => {
                    self.encode_part(j, xs, counts.iter().copied(), into);
                }
                WholeNumbers::Codes(codes) => {
                    self.encode_part(j, xs, codes.iter().copied().map(u64::from), into);
                }
            }
        }
    }
    fn encode_part(
        &self,
        j: usize,
        xs: TableView<'_>,
        values: impl Iterator<Item = u64>,
        into: &mut [f64],
    ) {
        let rows = xs.len();
        match xs.missing(self.parts[j]) {
            None => self.grouping.encode_column(j, rows, into, values),
            Some(missing) => {
                let cells = values.zip(missing);
                let cells = cells.map(|(value, &gone)| if gone { u64::MAX } else { value });
                self.grouping.encode_column(j, rows, into, cells);
            }
        }
    }
    /// The statistic of no row.
    pub(crate) fn empty_weights(&self, components: usize) -> CodeWeights {
        CodeWeights::new(&self.grouping, components)
    }
    /// Adds what the codes have gathered to the statistics of the parts.
    pub(crate) fn hand_over(
        &self,
        codes: &CodeWeights,
        parts: &[Box<dyn PartSet>],
        into: &mut [BoxStatistics],
    ) {
        let components = parts.first().map_or(0, |part| part.components());
        for (k, columns) in codes
            .by_value(&self.grouping, components)
            .iter()
            .enumerate()
        {
            for (&p, weights) in self.parts.iter().zip(columns) {
                for (value, &weight) in weights.iter().enumerate() {
                    if weight > 0.0 {
                        parts[p].accumulate_whole(&mut into[p], k, value as u64, weight);
                    }
                }
            }
        }
    }
}

/// A plan with the tables of one iterate.
#[derive(Clone)]
pub(crate) struct Tabled {
    pub(crate) plan: Arc<Plan>,
    tables: LogTables,
}

impl Tabled {
    pub(crate) fn new(plan: Arc<Plan>, parts: &[Box<dyn PartSet>]) -> Self {
        let components = parts.first().map_or(0, |part| part.components());
        let tables = LogTables::new(&plan.grouping, components, |k, j, value| {
            let part = &parts[plan.parts[j]];
            part.log_density_of_whole(k, value as u64)
                .unwrap_or(f64::NEG_INFINITY)
        });
        Tabled { plan, tables }
    }
    /// Writes the K × n matrix of the tabled parts' log-densities.
    pub(crate) fn score(
        &self,
        parts: &[Box<dyn PartSet>],
        xs: TableView<'_>,
        codes: &[f64],
        out: &mut [f64],
    ) {
        let rows = xs.len();
        self.tables.score(&self.plan.grouping, codes, rows, out);
        let Some(outside) = rows_outside(codes, rows) else {
            return;
        };
        for (k, out) in out.chunks_exact_mut(rows).enumerate() {
            for i in (0..rows).filter(|&i| outside[i]) {
                let chosen = self.plan.parts.iter();
                let terms = chosen.map(|&p| parts[p].log_density(k, xs.at(i)));
                out[i] = terms.reduce(log_product).unwrap_or(0.0);
            }
        }
    }
    /// Adds a block with the K × n matrix of weights: to the codes, and for rows with a value that no
    /// table has to the parts themselves.
    pub(crate) fn accumulate(
        &self,
        parts: &[Box<dyn PartSet>],
        (into, codes_into): (&mut [BoxStatistics], &mut CodeWeights),
        xs: TableView<'_>,
        codes: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        let Some(outside) = rows_outside(codes, rows) else {
            return codes_into.add(&self.plan.grouping, codes, rows, weights);
        };
        let mut inside = scratch.take_dirty(weights.len());
        inside.copy_from_slice(weights);
        for (k, shares) in inside.chunks_exact_mut(rows).enumerate() {
            for i in (0..rows).filter(|&i| outside[i]) {
                let weight = std::mem::take(&mut shares[i]);
                if weight > 0.0 {
                    self.add_row(parts, into, k, xs.at(i), weight);
                }
            }
        }
        codes_into.add(&self.plan.grouping, codes, rows, &inside);
        scratch.give(inside);
    }
    fn add_row(
        &self,
        parts: &[Box<dyn PartSet>],
        into: &mut [BoxStatistics],
        k: usize,
        x: TableRow<'_>,
        weight: f64,
    ) {
        for &p in &self.plan.parts {
            parts[p].accumulate(&mut into[p], k, x, weight);
        }
    }
}
