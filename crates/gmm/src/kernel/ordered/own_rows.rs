//! Rows as they stand under one component of diagonal covariance: lanes are columns.

use super::group::List;
use super::{Block, LANES};
use crate::kernel::prefetch::Ahead;
use crate::kernel::sparse::GAP;
use distributions::simd::instruction_set::arch;
use em::Tally;
use pulp::{Simd, WithSimd};

/// Rows worked on together.
const MANY: usize = 8;
const FEW: usize = 4;

/// Vectors after which memory is asked for again: what is asked for at once keeps the rows waiting.
const TURN: usize = 4;

/// How often rows of `d` columns ask for memory.
pub(super) fn turns(rows: usize, d: usize) -> usize {
    rows / MANY * d.div_ceil(TURN * LANES)
}

/// A component, in vectors with zeros after the last column.
#[derive(Clone, Copy)]
pub(super) struct Component<'a> {
    /// ln π_k and the constant of ln p_k.
    pub constant: f64,
    /// μ_k.
    pub mean: &'a [f64],
    /// 1/σ²_k.
    pub precision: &'a [f64],
    /// The sum of squares (x − μ_k)²/σ²_k up to which nothing else explains a row.
    pub reach: f64,
}

/// Σ w, Σ w (x − μ) and Σ w (x − μ)² of the rows that belong to a component alone, with zeros after the last column.
pub(super) struct Sums<'a> {
    pub weight: &'a mut f64,
    pub ways: &'a mut [f64],
    pub squares: &'a mut [f64],
}

/// Scores rows of a block under their home, and adds those that belong there alone.
pub(super) struct AddAlone<'a, F> {
    pub block: Block<'a>,
    pub rows: &'a [u32],
    pub component: Component<'a>,
    /// What a row's density under any other component is at most.
    pub second: F,
    pub into: Sums<'a>,
    /// ln π_k + ln p_k(x_i), row by row of the block.
    pub densities: &'a mut [f64],
    /// Gets the rows that others may explain too.
    pub shared: &'a mut List,
    /// Two numbers for each of the mean.
    pub room: &'a mut [f64],
    /// What is read later.
    pub ahead: &'a Ahead,
}

/// Some rows and their weights; the first again, without weight, where there are fewer.
struct Together<const G: usize> {
    rows: [u32; G],
    weights: [f64; G],
    count: usize,
}

impl<const G: usize> Together<G> {
    #[inline(always)]
    fn of(rows: &[u32], weight: impl Fn(u32) -> f64) -> Self {
        let mut some = Together {
            rows: [rows[0]; G],
            weights: [0.0; G],
            count: rows.len(),
        };
        some.rows[..rows.len()].copy_from_slice(rows);
        for (into, &row) in some.weights.iter_mut().zip(rows) {
            *into = weight(row);
        }
        some
    }
}

impl<F: Fn(u32) -> f64> WithSimd for AddAlone<'_, F> {
    type Output = Tally;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Tally {
        let mut tally = Tally::default();
        let (many, mut rest) = self.rows.as_chunks::<MANY>();
        if self.block.weights.is_none() {
            for &rows in many {
                let (weights, count) = ([1.0; MANY], MANY);
                let some = Together {
                    rows,
                    weights,
                    count,
                };
                self.add::<S, MANY>(simd, some, &mut tally);
            }
        } else {
            rest = self.rows;
        }
        for rows in rest.chunks(MANY) {
            if rows.len() > FEW {
                let some = Together::of(rows, |row| self.block.weight(row));
                self.add::<S, MANY>(simd, some, &mut tally);
            } else {
                let some = Together::of(rows, |row| self.block.weight(row));
                self.add::<S, FEW>(simd, some, &mut tally);
            }
        }
        tally
    }
}

impl<F: Fn(u32) -> f64> AddAlone<'_, F> {
    #[inline(always)]
    fn add<S: Simd, const G: usize>(&mut self, simd: S, mut some: Together<G>, tally: &mut Tally) {
        let mut squares = self.pass::<S, G>(simd, &some);
        let constant = self.component.constant;
        let mut are_alone = true;
        for n in 0..G {
            self.densities[some.rows[n] as usize] = constant - 0.5 * squares[n];
            are_alone &= squares[n] <= self.component.reach;
        }
        if !are_alone && self.leave_shared(&mut some, &squares) {
            if some.count == 0 {
                return;
            }
            squares = self.pass::<S, G>(simd, &some);
        }
        let (mut weight, mut own) = (0.0, Tally::default());
        for n in 0..G {
            let term = some.weights[n] * (constant - 0.5 * squares[n]);
            weight += some.weights[n];
            own.objective += term;
            own.magnitude += term.abs();
        }
        *self.into.weight += weight;
        tally.merge(&own);
        let (ways, squares) = self.room.split_at(self.into.ways.len());
        for (into, way) in self.into.ways.iter_mut().zip(ways) {
            *into += way;
        }
        for (into, square) in self.into.squares.iter_mut().zip(squares) {
            *into += square;
        }
    }
    /// Keeps the rows that belong to the component alone; whether there are others.
    #[inline(never)]
    fn leave_shared<const G: usize>(&mut self, some: &mut Together<G>, squares: &[f64; G]) -> bool {
        let mut kept = 0;
        for n in 0..some.count {
            let row = some.rows[n];
            let least = self.densities[row as usize] - GAP;
            if squares[n] <= self.component.reach || (self.second)(row) < least {
                (some.rows[kept], some.weights[kept]) = (row, some.weights[n]);
                kept += 1;
            } else {
                self.shared.extend([row], |_, _| true);
            }
        }
        if kept == some.count {
            return false;
        }
        some.count = kept;
        for n in kept..G {
            (some.rows[n], some.weights[n]) = (some.rows[0], 0.0);
        }
        true
    }
    /// The sums of squares of some rows; their Σ w (x − μ) and Σ w (x − μ)² are written to `room`.
    #[inline(always)]
    fn pass<S: Simd, const G: usize>(&mut self, simd: S, some: &Together<G>) -> [f64; G] {
        match some.weights == [1.0; G] {
            true => self.weighted::<S, G, false>(simd, some),
            false => self.weighted::<S, G, true>(simd, some),
        }
    }
    #[inline(always)]
    fn weighted<S: Simd, const G: usize, const W: bool>(
        &mut self,
        simd: S,
        some: &Together<G>,
    ) -> [f64; G] {
        let d = self.block.d;
        let whole = d / S::F64_LANES;
        let vectors = d.div_ceil(S::F64_LANES);
        let (ways, squares) = self.room.split_at_mut(self.component.mean.len());
        let means = &S::as_simd_f64s(self.component.mean).0[..vectors];
        let precisions = &S::as_simd_f64s(self.component.precision).0[..vectors];
        let ways = &mut S::as_mut_simd_f64s(ways).0[..vectors];
        let squares = &mut S::as_mut_simd_f64s(squares).0[..vectors];
        let mut rows: [&[S::f64s]; G] = [&[]; G];
        let mut ends: [&[f64]; G] = [&[]; G];
        let mut weights = [simd.splat_f64s(0.0); G];
        for n in 0..G {
            let (own, end) = S::as_simd_f64s(self.block.row(some.rows[n]));
            (rows[n], ends[n]) = (&own[..whole], end);
            weights[n] = simd.splat_f64s(some.weights[n]);
        }
        let mut forms = [simd.splat_f64s(0.0); G];
        for v in 0..vectors {
            if v % TURN == 0 {
                self.ahead.ask();
            }
            let mut sums = [simd.splat_f64s(0.0); 2];
            for n in 0..G {
                let x = if v < whole {
                    rows[n][v]
                } else {
                    simd.partial_load_f64s(ends[n])
                };
                let way = simd.sub_f64s(x, means[v]);
                let square = simd.mul_f64s(way, way);
                forms[n] = simd.mul_add_e_f64s(square, precisions[v], forms[n]);
                if W {
                    sums[0] = simd.mul_add_e_f64s(weights[n], way, sums[0]);
                    sums[1] = simd.mul_add_e_f64s(weights[n], square, sums[1]);
                } else {
                    sums[0] = simd.add_f64s(sums[0], way);
                    sums[1] = simd.add_f64s(sums[1], square);
                }
            }
            [ways[v], squares[v]] = sums;
        }
        let mut all = [0.0; G];
        for n in 0..G {
            all[n] = simd.reduce_sum_f64s(forms[n]);
        }
        all
    }
}

/// The sums of squares (x − μ)²/σ² of rows of a block.
pub(super) fn score(block: Block<'_>, rows: &[u32], component: Component<'_>, into: &mut [f64]) {
    arch().dispatch(Score {
        block,
        rows,
        component,
        into,
    });
}

struct Score<'a> {
    block: Block<'a>,
    rows: &'a [u32],
    component: Component<'a>,
    into: &'a mut [f64],
}

impl WithSimd for Score<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (means, _) = S::as_simd_f64s(self.component.mean);
        let (precisions, _) = S::as_simd_f64s(self.component.precision);
        for (&row, into) in self.rows.iter().zip(self.into) {
            let mut form = simd.splat_f64s(0.0);
            let row = self.block.row(row).chunks(S::F64_LANES);
            for ((x, &mean), &precision) in row.zip(means).zip(precisions) {
                let way = simd.sub_f64s(simd.partial_load_f64s(x), mean);
                form = simd.mul_add_e_f64s(simd.mul_f64s(way, way), precision, form);
            }
            *into = self.component.constant - 0.5 * simd.reduce_sum_f64s(form);
        }
    }
}
