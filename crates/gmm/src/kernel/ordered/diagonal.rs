//! The E-step under diagonal covariances: rows stay as they are, part after part, so that those of a part come from the
//! second-level cache.

use super::column_bounds::{ColumnBounds, STRIP};
use super::columns::{Columns, Measure, Picks};
use super::group::{List, add};
use super::own_rows::{self, AddAlone, Component, Sums};
use super::shared::{self, Candidates};
use super::{Block, Components, LANES, with_rows};
use crate::gaussian::Gaussian;
use crate::kernel::block::{FAR, far};
use crate::kernel::prefetch::{Ahead, Memory};
use crate::kernel::sparse::GAP;
use crate::matrix::{MatrixView, Real};
use crate::scatter::Moments;
use distributions::simd::instruction_set::arch;
use distributions::{AlignedBuffer, Scratch, View};
use em::Tally;
use pulp::bytemuck::{cast_slice, cast_slice_mut};

/// Rows that are looked at first, evenly spread.
pub(super) const PROBE: usize = 2 * LANES;

/// Numbers of the rows of a part.
const PART: usize = 1 << 15;

/// What the E-step of a block keeps from part to part.
struct State<'a> {
    of: Scorer<'a>,
    memory: Memory,
    bounds: ColumnBounds<'a>,
    /// The component to which each row belongs alone; their number where several may explain it, or it weighs nothing.
    owners: AlignedBuffer,
    /// ln p(x_i).
    densities: AlignedBuffer,
    /// Σ w, Σ w (x − μ_k) and Σ w (x − μ_k)² of the rows that belong to component k alone.
    weights: AlignedBuffer,
    ways: AlignedBuffer,
    squares: AlignedBuffer,
}

/// The components, as rows are scored under them.
#[derive(Clone, Copy)]
pub(super) struct Scorer<'a> {
    pub columns: &'a Columns,
    pub gaussians: &'a [Gaussian],
    pub log_weights: &'a [f64],
    /// See [`Component::reach`].
    pub reaches: &'a [f64],
}

impl<'a> Scorer<'a> {
    fn component(self, k: usize) -> Component<'a> {
        Component {
            constant: self.log_weights[k] + self.gaussians[k].log_constant(),
            mean: self.columns.mean(k),
            precision: self.columns.precision(k),
            reach: self.reaches[k],
        }
    }
}

/// The E-step, with homes from these columns.
pub(super) fn expect<T: Real>(
    xs: MatrixView<'_, T>,
    weights: Option<&[f64]>,
    (of, picks): (Scorer<'_>, &Picks),
    into: &mut Components<'_>,
    scratch: &mut Scratch,
) -> Tally {
    let (count, rows) = (of.gaussians.len(), xs.len());
    let wide = of.columns.mean(0).len();
    let mut state = State {
        of,
        memory: Memory::of(xs.as_slice(), xs.width()),
        bounds: ColumnBounds::new(picks, of.gaussians, part_rows(rows, xs.width()), scratch),
        owners: scratch.take_dirty(rows.div_ceil(2)),
        densities: scratch.take_dirty(rows),
        weights: scratch.take(count),
        ways: scratch.take(count * wide),
        squares: scratch.take(count * wide),
    };
    let mut all = Tally::default();
    for_each_part(xs, weights, scratch, |first, part, scratch| {
        let mut tally = state.add_part(first, part, into, scratch);
        tally.unexplained = tally.unexplained.map(|row| first + row);
        all.merge(&tally);
    });
    for k in 0..count {
        state.add_sums(k, xs, weights, into, scratch);
    }
    if into.counts.contains(&0.0) {
        state.keep_some(xs, weights, into, scratch);
    }
    let kept = [state.owners, state.densities, state.weights];
    for buffer in kept.into_iter().chain([state.ways, state.squares]) {
        scratch.give(buffer);
    }
    state.bounds.give(scratch);
    all
}

/// Rows of a part of a block of so many: all parts are of about one size.
fn part_rows(rows: usize, d: usize) -> usize {
    let most = (PART / d / STRIP).max(1) * STRIP;
    rows.div_ceil(rows.div_ceil(most)).next_multiple_of(STRIP)
}

/// Calls `f` with the first row of each part, and the part.
fn for_each_part<T: Real>(
    xs: MatrixView<'_, T>,
    weights: Option<&[f64]>,
    scratch: &mut Scratch,
    mut f: impl FnMut(usize, Block<'_>, &mut Scratch),
) {
    let (rows, most) = (xs.len(), part_rows(xs.len(), xs.width()));
    for first in (0..rows).step_by(most) {
        let part = first..(first + most).min(rows);
        let weights = weights.map(|weights| &weights[part.clone()]);
        with_rows(xs.block(part), weights, scratch, |part, scratch| {
            f(first, part, scratch);
        });
    }
}

impl State<'_> {
    /// The E-step of a part; what belongs to one component alone is kept in sums.
    fn add_part(
        &mut self,
        first: usize,
        part: Block<'_>,
        into: &mut Components<'_>,
        scratch: &mut Scratch,
    ) -> Tally {
        let (rows, count) = (part.rows(), into.gaussians.len());
        // The next part, which is as large: a quarter of it now and the rest below, where more is done.
        let next = first + rows..first + rows + rows / 4;
        let turns = rows.div_ceil(STRIP) * count;
        self.bounds.write(part, &self.memory.ahead(next, turns));
        let next = first + rows + rows / 4..first + 2 * rows;
        let mut trail = self.memory.trail(next, rows);
        if let Some(weights) = part.weights {
            self.bounds.leave_out(|row| weights[row] == 0.0);
        }
        let owners: &mut [u32] = cast_slice_mut(&mut self.owners);
        let owners = &mut owners[first..first + rows];
        owners.copy_from_slice(&self.bounds.homes()[..rows]);
        let mut starts = scratch.take(count.div_ceil(2) + 1);
        let starts_of: &mut [u32] = &mut cast_slice_mut(&mut starts)[..count + 2];
        let order = List::by_home(owners, starts_of, scratch);
        let mut shared = List::new(rows, scratch);
        let wide = self.of.columns.mean(0).len();
        let mut room = scratch.take_dirty(2 * wide);
        let (bounds, densities) = (&self.bounds, &mut self.densities[first..first + rows]);
        let mut tally = Tally::default();
        for k in 0..count {
            let own = k * wide..(k + 1) * wide;
            tally.merge(&arch().dispatch(AddAlone {
                block: part,
                rows: &order.rows()[starts_of[k] as usize..starts_of[k + 1] as usize],
                component: self.of.component(k),
                second: |row| bounds.second(row),
                into: Sums {
                    weight: &mut self.weights[k],
                    ways: &mut self.ways[own.clone()],
                    squares: &mut self.squares[own],
                },
                densities,
                shared: &mut shared,
                room: &mut room,
                trail: &mut trail,
            }));
        }
        let candidates = Scored {
            of: self.of,
            part,
            bounds,
        };
        let rows = shared.rows();
        tally.merge(&shared::expect(
            part,
            rows,
            &candidates,
            densities,
            into,
            scratch,
        ));
        for &row in rows {
            owners[row as usize] = count as u32;
        }
        shared.give(scratch);
        order.give(scratch);
        for buffer in [room, starts] {
            scratch.give(buffer);
        }
        tally
    }
    /// Adds the rows that belong to component `k` alone.
    fn add_sums<T: Real>(
        &mut self,
        k: usize,
        xs: MatrixView<'_, T>,
        weights: Option<&[f64]>,
        into: &mut Components<'_>,
        scratch: &mut Scratch,
    ) {
        let (weight, d, wide) = (self.weights[k], xs.width(), self.of.columns.mean(0).len());
        if !(weight > 0.0) {
            return;
        }
        into.counts[k] += weight;
        let (sums, squares) = (&self.ways[k * wide..][..d], &self.squares[k * wide..][..d]);
        if !far(weight, sums, FAR, |j| squares[j]) {
            let mut origin = scratch.take_dirty(d);
            origin.copy_from_slice(self.of.gaussians[k].mean());
            into.scatters[k].add_rows(Moments {
                weight,
                origin: &mut origin,
                sums,
                squares,
            });
            scratch.give(origin);
            return;
        }
        // Too far from the mean of the component for digits to be left: again, each part about its own mean.
        let owners: &[u32] = cast_slice(&self.owners);
        for_each_part(xs, weights, scratch, |first, part, scratch| {
            let mut own = List::new(part.rows(), scratch);
            own.extend(0..part.rows() as u32, |row, _| {
                owners[first + row] == k as u32
            });
            let mut weights = scratch.take_dirty(own.rows().len());
            for (weight, &row) in weights.iter_mut().zip(own.rows()) {
                *weight = part.weight(row);
            }
            let weight = weights.iter().sum::<f64>();
            if weight > 0.0 {
                let (gaussian, scatter) = (&self.of.gaussians[k], &mut into.scatters[k]);
                add(
                    part,
                    own.rows(),
                    &weights,
                    weight,
                    gaussian,
                    scatter,
                    scratch,
                );
            }
            scratch.give(weights);
            own.give(scratch);
        });
    }
    /// Adds its likeliest row to each component that explains next to nothing.
    fn keep_some<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        weights: Option<&[f64]>,
        into: &mut Components<'_>,
        scratch: &mut Scratch,
    ) {
        let count = into.counts.len();
        let mut largest = scratch.take(count);
        let mut likeliest = scratch.take(count);
        largest.fill(f64::NEG_INFINITY);
        let ([.., picks], most) = (self.of.columns.picks(), part_rows(xs.len(), xs.width()));
        let mut bounds = ColumnBounds::new(picks, self.of.gaussians, most, scratch);
        for_each_part(xs, weights, scratch, |first, part, _| {
            bounds.write(part, &Ahead::nothing());
            for k in (0..count).filter(|&k| into.counts[k] == 0.0) {
                for row in 0..part.rows() as u32 {
                    let bound = bounds.get(k, row);
                    if bound > largest[k] && part.weight(row) > 0.0 {
                        (largest[k], likeliest[k]) = (bound, (first + row as usize) as f64);
                    }
                }
            }
        });
        bounds.give(scratch);
        for k in 0..count {
            if into.counts[k] == 0.0 && largest[k] > f64::NEG_INFINITY {
                let row = likeliest[k] as usize;
                let weight = weights.map_or(1.0, |weights| weights[row]);
                xs.with_row(row, |x| into.keep_one(k, x, weight, self.densities[row]));
            }
        }
        scratch.give(likeliest);
        scratch.give(largest);
    }
}

struct Scored<'a> {
    of: Scorer<'a>,
    part: Block<'a>,
    bounds: &'a ColumnBounds<'a>,
}

impl Candidates for Scored<'_> {
    fn home(&self, row: u32) -> usize {
        self.bounds.homes()[row as usize] as usize
    }
    fn bound(&self, k: usize, row: u32) -> f64 {
        self.bounds.get(k, row)
    }
    fn score(&self, k: usize, rows: &[u32], values: &mut [f64], _: &mut Scratch) {
        own_rows::score(self.part, rows, self.of.component(k), values);
    }
}

/// What bounds, and what they leave, may cost beside all.
const WORTH: f64 = 0.8;

/// The columns with which bounds, and what they leave, cost least; `None` where that is not clearly below
/// `cost_of_all`, in units of all densities and moments. [`PROBE`] rows tell.
pub(super) fn picks_that_pay<'a>(
    probed: Block<'_>,
    of: Scorer<'a>,
    cost_of_all: f64,
    scratch: &mut Scratch,
) -> Option<&'a Picks> {
    let (count, d) = (of.gaussians.len() as f64, probed.d as f64);
    // In nanoseconds where vectors hold eight numbers; only their ratios matter.
    let (mut best, mut least) = (None, WORTH * cost_of_all * count * (0.16 * d + 1.7));
    for picks in of.columns.picks() {
        let mut bounds = ColumnBounds::new(picks, of.gaussians, PROBE, scratch);
        bounds.write(probed, &Ahead::nothing());
        let scored = Scored {
            of,
            part: probed,
            bounds: &bounds,
        };
        let (mut shared, mut candidates) = (0, 0);
        for row in 0..PROBE as u32 {
            let home = scored.home(row);
            let (component, mut density) = (of.component(home), [0.0]);
            own_rows::score(probed, &[row], component, &mut density);
            let least = density[0] - GAP;
            let square = 2.0 * (component.constant - density[0]);
            if !(square <= component.reach || bounds.second(row) < least) {
                let near = |&k: &usize| !(bounds.get(k, row) < least);
                shared += 1;
                candidates += (0..of.gaussians.len()).filter(near).count();
            }
        }
        bounds.give(scratch);
        let (width, rows) = (picks.columns().len() as f64, PROBE as f64);
        let (shared, candidates) = (shared as f64 / rows, candidates as f64 / rows);
        let each = match picks.measure {
            Measure::Means { .. } => 0.018,
            Measure::Bounds { .. } => 0.036,
        };
        // Homes; reading, scoring and adding a row once; looking for candidates; scoring and adding them.
        let cost = count * (each * width + 0.1)
            + 0.25 * width
            + 5.0
            + 0.45 * d
            + shared * (30.0 + 3.0 * count)
            + candidates * (0.5 * d + 10.0);
        if cost < least {
            (best, least) = (Some(picks), cost);
        }
        if candidates == 0.0 {
            break;
        }
    }
    best
}
