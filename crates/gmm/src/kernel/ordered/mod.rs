//! The E-step of a block whose rows are explained by few components each.
//!
//! A few coordinates tell which component is likeliest for a row, its home, and what the densities of the others are at most. Where
//! no other comes within [`GAP`](super::sparse::GAP) of the density under the home, the row belongs to its home alone: a density and a
//! row of moments, whatever the number of components. For the others, shared rows, the components that may come so near are scored too.
//! Rows are ordered by their homes, so that those of one are worked on together.
//!
//! Under full covariances the coordinates are projections on directions ([`directions`], [`bounds`], [`full`]), under diagonal
//! ones columns ([`columns`], [`column_bounds`], [`reaches`], [`diagonal`]).

#[allow(clippy::needless_range_loop)]
mod bounds;
#[allow(clippy::needless_range_loop)]
mod column_bounds;
mod columns;
mod diagonal;
mod directions;
mod full;
mod group;
// Loops over rows and registers run over several arrays at once, and must unroll.
#[allow(clippy::needless_range_loop)]
mod own_rows;
#[allow(clippy::needless_range_loop)]
mod reaches;
mod shared;

use super::LANES;
use super::prefetch::Memory;
use crate::gaussian::{Factor, Gaussian};
use crate::matrix::{MatrixView, Real};
use crate::scatter::Scatter;
use columns::Columns;
use directions::Directions;
use distributions::{Density, Scratch, View};
use em::{SoftBlock, Tally};
use std::sync::OnceLock;

/// From this number of columns on bounds are cheap beside densities.
const COLUMNS: usize = 16;

/// With fewer components most of the work is not beside the one that explains a row.
const COMPONENTS: usize = 4;

/// What the densities and moments of all components cost: 1, and in single precision about half of it.
pub(crate) const DOUBLE: f64 = 1.0;
pub(crate) const SINGLE: f64 = 0.5;

/// Blocks of fewer rows would be probed for more than they are worth.
const LEAST: usize = 64 * LANES;

/// Whether there are so many components and columns that it may pay to leave some out.
pub(super) fn are_many(gaussians: &[Gaussian]) -> bool {
    gaussians.len() >= COMPONENTS && gaussians[0].dimension() >= COLUMNS
}

/// The coordinates in which some components lie apart, found when they are first asked for.
#[derive(Debug, Default)]
pub(crate) struct Discriminants(OnceLock<Option<Coordinates>>);

/// A function of the components, which are compared themselves.
impl PartialEq for Discriminants {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[derive(Debug)]
enum Coordinates {
    Directions(Directions),
    Columns(Columns),
}

impl Discriminants {
    /// Those of these components, always the same; `None` where these have none.
    fn of(&self, gaussians: &[Gaussian]) -> Option<&Coordinates> {
        let find = || {
            if are_diagonal(gaussians) {
                Columns::of(gaussians).map(Coordinates::Columns)
            } else {
                Directions::of(gaussians).map(Coordinates::Directions)
            }
        };
        self.0.get_or_init(find).as_ref()
    }
}

/// Whether no component has correlations.
pub(super) fn are_diagonal(gaussians: &[Gaussian]) -> bool {
    let is_diagonal = |gaussian: &Gaussian| matches!(gaussian.factor(), Factor::Diagonal(_));
    gaussians.iter().all(is_diagonal)
}

/// The rows of a block, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub values: &'a [f64],
    pub d: usize,
    pub weights: Option<&'a [f64]>,
}

impl<'a> Block<'a> {
    pub(super) fn rows(&self) -> usize {
        self.values.len() / self.d
    }
    pub(super) fn row(&self, row: u32) -> &'a [f64] {
        &self.values[row as usize * self.d..][..self.d]
    }
    pub(super) fn weight(&self, row: u32) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row as usize])
    }
}

/// What a block is scored under and added to.
pub(super) struct Components<'a> {
    pub gaussians: &'a [Gaussian],
    /// ln π_k.
    pub log_weights: &'a [f64],
    pub scatters: &'a mut [Scatter],
    /// N_k, zeros at first.
    pub counts: &'a mut [f64],
}

impl<'a> Components<'a> {
    pub(super) fn new(
        gaussians: &'a [Gaussian],
        log_weights: &'a [f64],
        scatters: &'a mut [Scatter],
        counts: &'a mut [f64],
    ) -> Self {
        counts.fill(0.0);
        Components {
            gaussians,
            log_weights,
            scatters,
            counts,
        }
    }
    /// Adds a row to component `k`, with the share that it has: none is ever left without any weight because it explains
    /// little.
    fn keep_one(&mut self, k: usize, row: &[f64], weight: f64, log_density: f64) {
        let joint = self.log_weights[k] + self.gaussians[k].log_density(row);
        let share = weight * (joint - log_density).exp();
        if share > 0.0 && share.is_finite() {
            self.counts[k] += share;
            self.scatters[k].add(row, share);
        }
    }
}

/// The E-step of the block, where bounds and what they leave cost clearly less than the densities and moments of all components,
/// which cost [`DOUBLE`] or [`SINGLE`]; `None` where they do not, and nothing was added. See [`em::ComponentSet::expect_block`].
pub(crate) fn expect_few<T: Real>(
    cost_of_all: f64,
    gaussians: &[Gaussian],
    discriminants: &Discriminants,
    block: &mut SoftBlock<'_, MatrixView<'_, T>>,
    scatters: &mut [Scatter],
    scratch: &mut Scratch,
) -> Option<Tally> {
    if block.xs.len() < LEAST {
        return None;
    }
    let log_weights = block.log_weights;
    match discriminants.of(gaussians)? {
        Coordinates::Directions(own) => {
            let width = probe(block.xs, bounds::PROBE, scratch, |probed, scratch| {
                bounds::width_that_pays(probed, own, gaussians, log_weights, cost_of_all, scratch)
            })?;
            let counts = &mut *block.counts;
            let mut into = Components::new(gaussians, log_weights, scatters, counts);
            let expect = |rows: Block<'_>, scratch: &mut Scratch| {
                full::expect(rows, (own, width), &mut into, scratch)
            };
            Some(with_rows(block.xs, block.row_weights, scratch, expect))
        }
        Coordinates::Columns(own) => {
            let reaches = own.reaches(log_weights, scratch);
            let of = diagonal::Scorer {
                columns: own,
                gaussians,
                log_weights,
                reaches: &reaches,
            };
            let picks = probe(block.xs, diagonal::PROBE, scratch, |probed, scratch| {
                diagonal::picks_that_pay(probed, of, cost_of_all, scratch)
            });
            let tally = picks.map(|picks| {
                let (xs, weights, counts) = (block.xs, block.row_weights, &mut *block.counts);
                let into = &mut Components::new(gaussians, log_weights, scatters, counts);
                diagonal::expect(xs, weights, (of, picks), into, scratch)
            });
            scratch.give(reaches);
            tally
        }
    }
}

/// What `of` makes of so many rows, evenly spread.
fn probe<T: Real, R>(
    xs: MatrixView<'_, T>,
    rows: usize,
    scratch: &mut Scratch,
    of: impl FnOnce(Block<'_>, &mut Scratch) -> R,
) -> R {
    let d = xs.width();
    let mut values = scratch.take_dirty(d * rows);
    // They lie far apart: all are asked for before one is waited for.
    let memory = Memory::of(xs.as_slice(), d);
    for i in 0..rows {
        let row = i * xs.len() / rows;
        memory.ahead(row..row + 1, 1).ask();
    }
    for (i, row) in values.chunks_exact_mut(d).enumerate() {
        xs.with_row(i * xs.len() / rows, |x| row.copy_from_slice(x));
    }
    let probed = Block {
        values: &values,
        d,
        weights: None,
    };
    let result = of(probed, scratch);
    scratch.give(values);
    result
}

/// What `of` makes of the rows, in double precision and one after the other.
pub(super) fn with_rows<T: Real, R>(
    xs: MatrixView<'_, T>,
    weights: Option<&[f64]>,
    scratch: &mut Scratch,
    of: impl FnOnce(Block<'_>, &mut Scratch) -> R,
) -> R {
    let d = xs.width();
    if let Some(rows) = xs.as_rows() {
        let values = rows.values();
        return of(Block { values, d, weights }, scratch);
    }
    let mut copy = scratch.take_dirty(xs.len() * d);
    xs.read(&mut copy);
    let values = &*copy;
    let result = of(Block { values, d, weights }, scratch);
    scratch.give(copy);
    result
}

#[cfg(test)]
mod tests;
