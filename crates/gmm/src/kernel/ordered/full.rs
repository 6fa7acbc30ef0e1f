//! The E-step under full covariances, home by home.

use super::bounds::Bounds;
use super::directions::Directions;
use super::group::{Group, List, add};
use super::shared::{self, Candidates};
use super::{Block, Components};
use crate::gaussian::Gaussian;
use crate::kernel::sparse::GAP;
use distributions::{AlignedBuffer, BLOCK_ROWS, Scratch};
use em::Tally;
use pulp::bytemuck::cast_slice_mut;

/// What the E-step knows of each row.
struct State<'a> {
    block: Block<'a>,
    bounds: Bounds,
    /// ln π_k + ln p_k(x_i) of the home.
    densities: AlignedBuffer,
    /// Rows that may belong to several components, home by home.
    shared: List,
    tally: Tally,
}

/// The E-step, with bounds from so many coordinates.
pub(super) fn expect(
    block: Block<'_>,
    (directions, width): (&Directions, usize),
    into: &mut Components<'_>,
    scratch: &mut Scratch,
) -> Tally {
    let rows = block.rows();
    let mut state = State {
        block,
        bounds: Bounds::new(block, directions, width, scratch),
        densities: scratch.take_dirty(rows),
        shared: List::new(rows, scratch),
        tally: Tally::default(),
    };
    state.by_home(into, scratch);
    let State {
        bounds,
        mut densities,
        shared,
        mut tally,
        ..
    } = state;
    let candidates = Scored {
        block,
        bounds: &bounds,
        gaussians: into.gaussians,
        log_weights: into.log_weights,
    };
    let rows = shared.rows();
    tally.merge(&shared::expect(
        block,
        rows,
        &candidates,
        &mut densities,
        into,
        scratch,
    ));
    for k in 0..into.counts.len() {
        if into.counts[k] == 0.0
            && let Some(row) = bounds.likeliest(k)
        {
            let (weight, density) = (block.weight(row), densities[row as usize]);
            into.keep_one(k, block.row(row), weight, density);
        }
    }
    shared.give(scratch);
    scratch.give(densities);
    bounds.give(scratch);
    tally
}

struct Scored<'a> {
    block: Block<'a>,
    bounds: &'a Bounds,
    gaussians: &'a [Gaussian],
    log_weights: &'a [f64],
}

impl Candidates for Scored<'_> {
    fn home(&self, row: u32) -> usize {
        self.bounds.homes()[row as usize] as usize
    }
    fn bound(&self, k: usize, row: u32) -> f64 {
        self.bounds.get(k, row)
    }
    fn score(&self, k: usize, rows: &[u32], values: &mut [f64], scratch: &mut Scratch) {
        let group = Group::read(self.block, rows, scratch);
        group.score(&self.gaussians[k], self.log_weights[k], values, scratch);
        group.give(scratch);
    }
}

impl State<'_> {
    /// Scores all rows under their homes, and adds those that belong there alone.
    fn by_home(&mut self, into: &mut Components<'_>, scratch: &mut Scratch) {
        let count = into.gaussians.len();
        self.bounds.leave_out(|row| self.block.weight(row) == 0.0);
        let mut starts = scratch.take(count.div_ceil(2) + 1);
        let starts_of: &mut [u32] = &mut cast_slice_mut(&mut starts)[..count + 2];
        let order = List::by_home(self.bounds.homes(), starts_of, scratch);
        for k in 0..count {
            let own = &order.rows()[starts_of[k] as usize..starts_of[k + 1] as usize];
            for rows in own.chunks(BLOCK_ROWS) {
                self.add_alone(k, rows, into, scratch);
            }
        }
        order.give(scratch);
        scratch.give(starts);
    }
    /// The same for at most [`BLOCK_ROWS`] rows of one home.
    fn add_alone(
        &mut self,
        k: usize,
        rows: &[u32],
        into: &mut Components<'_>,
        scratch: &mut Scratch,
    ) {
        let gaussian = &into.gaussians[k];
        let mut values = scratch.take_dirty(rows.len());
        let group = Group::read(self.block, rows, scratch);
        group.score(gaussian, into.log_weights[k], &mut values, scratch);
        group.give(scratch);
        for (&density, &row) in values.iter().zip(rows) {
            self.densities[row as usize] = density;
        }
        let (seconds, densities): (&[f64], &[f64]) = (&self.bounds.seconds, &values);
        let is_alone = |n: usize, row: u32| seconds[row as usize] < densities[n] - GAP;
        let mut alone = List::new(rows.len(), scratch);
        alone.extend(rows.iter().copied(), is_alone);
        self.shared
            .extend(rows.iter().copied(), |n, row| !is_alone(n, row));
        let mut weights = scratch.take_dirty(alone.rows().len());
        let (mut sum, mut tally) = (0.0, Tally::default());
        for (own, &row) in weights.iter_mut().zip(alone.rows()) {
            let weight = self.block.weight(row);
            *own = weight;
            sum += weight;
            let term = weight * self.densities[row as usize];
            tally.objective += term;
            tally.magnitude += term.abs();
        }
        self.tally.merge(&tally);
        if sum > 0.0 {
            into.counts[k] += sum;
            let (rows, scatter) = (alone.rows(), &mut into.scatters[k]);
            add(self.block, rows, &weights, sum, gaussian, scatter, scratch);
        }
        for buffer in [weights, values] {
            scratch.give(buffer);
        }
        alone.give(scratch);
    }
}
