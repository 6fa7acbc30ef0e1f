//! Tables over the codes of a [`Grouping`]: log-densities in the E-step, weights for the M-step.

use super::Grouping;
use distributions::Statistics;
use distributions::simd::lookup::{LANES, Lanes, add_at_codes, sum_looked_up};
use distributions::simd::sum;

/// ln p_k of every code, for K components: eight components after eight.
#[derive(Clone, Debug, PartialEq)]
pub struct LogTables {
    components: usize,
    lanes: Vec<Lanes>,
}

impl LogTables {
    /// The tables of `components` components, where `log_density(k, j, value)` is ln p_kj(value).
    /// A missing cell contributes 0.
    pub fn new(
        grouping: &Grouping,
        components: usize,
        log_density: impl Fn(usize, usize, usize) -> f64,
    ) -> Self {
        let entries = grouping.entries();
        let mut lanes = vec![Lanes::default(); components.div_ceil(LANES) * entries];
        for (b, block) in lanes.chunks_exact_mut(entries).enumerate() {
            let mut values = by_digit(grouping);
            for (j, values) in values.iter_mut().enumerate() {
                for (value, lanes) in values[..grouping.size(j)].iter_mut().enumerate() {
                    for (k, lane) in (b * LANES..components).zip(&mut lanes.0) {
                        *lane = log_density(k, j, value);
                    }
                }
            }
            grouping.each_digit(|j, digit, run| {
                for entry in &mut block[run] {
                    add(entry, &values[j][digit]);
                }
            });
        }
        LogTables { components, lanes }
    }
    /// Writes the K × n matrix of Σ_j ln p_kj(x_ij). Rows outside the tables get some number.
    pub fn score(&self, grouping: &Grouping, codes: &[f64], rows: usize, out: &mut [f64]) {
        let blocks = self.lanes.chunks_exact(grouping.entries());
        debug_assert_eq!(out.len(), self.components * rows);
        for (block, out) in blocks.zip(out.chunks_mut(LANES * rows)) {
            sum_looked_up(block, grouping.starts(), codes, rows, out);
        }
    }
}

/// The weight of every code under each of K components: what rows of discrete columns come to.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeWeights {
    weight: f64,
    lanes: Vec<Lanes>,
}

impl CodeWeights {
    /// No weight.
    pub fn new(grouping: &Grouping, components: usize) -> Self {
        CodeWeights {
            weight: 0.0,
            lanes: vec![Lanes::default(); components.div_ceil(LANES) * grouping.entries()],
        }
    }
    /// Adds a block of rows with the K × n matrix of weights.
    pub fn add(&mut self, grouping: &Grouping, codes: &[f64], rows: usize, weights: &[f64]) {
        self.weight += sum(weights);
        let blocks = self.lanes.chunks_exact_mut(grouping.entries());
        for (block, weights) in blocks.zip(weights.chunks(LANES * rows)) {
            add_at_codes(block, grouping.starts(), codes, rows, weights);
        }
    }
    /// The weight of every value of every column under each component: entry `[k][j][value]`. What
    /// is missing is left out.
    pub fn by_value(&self, grouping: &Grouping, components: usize) -> Vec<Vec<Vec<f64>>> {
        let mut weights = Vec::with_capacity(components);
        for block in self.lanes.chunks_exact(grouping.entries()) {
            let mut sums = by_digit(grouping);
            grouping.each_digit(|j, digit, run| {
                let sum = &mut sums[j][digit];
                block[run].iter().for_each(|entry| add(sum, entry));
            });
            for l in 0..LANES.min(components - weights.len()) {
                let values = sums.iter().enumerate().map(|(j, sums)| {
                    let sums = sums[..grouping.size(j)].iter();
                    sums.map(|lanes| lanes.0[l]).collect()
                });
                weights.push(values.collect());
            }
        }
        weights
    }
}

/// One entry for every digit of every column.
fn by_digit(grouping: &Grouping) -> Vec<Vec<Lanes>> {
    let columns = 0..grouping.columns();
    columns
        .map(|j| vec![Lanes::default(); grouping.digits(j)])
        .collect()
}

fn add(into: &mut Lanes, other: &Lanes) {
    for (a, b) in into.0.iter_mut().zip(&other.0) {
        *a += b;
    }
}

impl Statistics for CodeWeights {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        self.weight = 0.0;
        self.lanes.fill(Lanes::default());
    }
    fn merge(&mut self, other: &Self) {
        self.weight += other.weight;
        for (mine, theirs) in self.lanes.iter_mut().zip(&other.lanes) {
            add(mine, theirs);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        self.lanes
            .iter_mut()
            .flat_map(|lanes| &mut lanes.0)
            .for_each(|weight| *weight *= factor);
    }
}
