//! Rows as they stand under one component of diagonal covariance: lanes are columns.

use super::Block;
use super::group::List;
use crate::kernel::prefetch::Trail;
use crate::kernel::sparse::GAP;
use distributions::simd::instruction_set::arch;
use em::Tally;
use pulp::{Simd, WithSimd};

/// Rows worked on together.
const MANY: usize = 8;
const FEW: usize = 4;

/// Vectors of a row that are worked on before the next row.
const WIDTH: usize = 4;

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
    pub trail: &'a mut Trail,
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
        let mut rest = self.rows;
        if self.block.weights.is_none() {
            let (many, few) = self.rows.as_chunks::<MANY>();
            for rows in many {
                self.add_all::<S>(simd, rows, &mut tally);
            }
            rest = few;
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
    /// Adds rows of weight one.
    #[inline(always)]
    fn add_all<S: Simd>(&mut self, simd: S, rows: &[u32; MANY], tally: &mut Tally) {
        let forms = self.pass::<S, MANY, false>(simd, rows, &[1.0; MANY]);
        if self.keep(rows, &forms) {
            return self.finish(&[1.0; MANY], &forms, tally);
        }
        let mut some = Together::of(rows, |_| 1.0);
        if !self.leave_shared(&mut some, &forms) {
            self.finish(&[1.0; MANY], &forms, tally);
        } else if some.count > 0 {
            self.add(simd, some, tally);
        }
    }
    #[inline(always)]
    fn add<S: Simd, const G: usize>(&mut self, simd: S, mut some: Together<G>, tally: &mut Tally) {
        while some.count > 0 {
            let forms = self.pass::<S, G, true>(simd, &some.rows, &some.weights);
            if self.keep(&some.rows, &forms) || !self.leave_shared(&mut some, &forms) {
                return self.finish(&some.weights, &forms, tally);
            }
        }
    }
    /// Keeps the densities of some rows; whether nothing else explains any.
    #[inline(always)]
    fn keep<const G: usize>(&mut self, rows: &[u32; G], forms: &[f64; G]) -> bool {
        let mut are_alone = true;
        for n in 0..G {
            self.densities[rows[n] as usize] = self.component.constant - 0.5 * forms[n];
            are_alone &= forms[n] <= self.component.reach;
        }
        are_alone
    }
    /// Leaves the rows that others may explain too to the list of the shared ones; whether there are such.
    #[inline(never)]
    fn leave_shared<const G: usize>(&mut self, some: &mut Together<G>, forms: &[f64; G]) -> bool {
        let mut kept = 0;
        for n in 0..some.count {
            let row = some.rows[n];
            let least = self.densities[row as usize] - GAP;
            if forms[n] <= self.component.reach || (self.second)(row) < least {
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
    /// Adds what the last pass made of some rows.
    #[inline(always)]
    fn finish<const G: usize>(&mut self, weights: &[f64; G], forms: &[f64; G], tally: &mut Tally) {
        let (mut weight, mut own) = (0.0, Tally::default());
        for n in 0..G {
            let term = weights[n] * (self.component.constant - 0.5 * forms[n]);
            weight += weights[n];
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
    /// The sums of squares (x − μ)²/σ² of some rows; their Σ w (x − μ) and Σ w (x − μ)² are written to `room`. Without `W`
    /// all weights are one.
    #[inline(always)]
    fn pass<S: Simd, const G: usize, const W: bool>(
        &mut self,
        simd: S,
        numbers: &[u32; G],
        weights: &[f64; G],
    ) -> [f64; G] {
        let d = self.block.d;
        let (whole, vectors) = (d / S::F64_LANES, d.div_ceil(S::F64_LANES));
        let mut rows: [&[f64]; G] = [&[]; G];
        let mut forms = [simd.splat_f64s(0.0); G];
        for n in 0..G {
            rows[n] = self.block.row(numbers[n]);
        }
        let (ways, squares) = self.room.split_at_mut(self.component.mean.len());
        let means = &S::as_simd_f64s(self.component.mean).0[..vectors];
        let precisions = &S::as_simd_f64s(self.component.precision).0[..vectors];
        let ways = &mut S::as_mut_simd_f64s(ways).0[..vectors];
        let squares = &mut S::as_mut_simd_f64s(squares).0[..vectors];
        let (strips, precision_strips) = (means.as_chunks::<WIDTH>().0, precisions.as_chunks().0);
        let way_strips = ways.as_chunks_mut::<WIDTH>().0;
        let square_strips = squares.as_chunks_mut::<WIDTH>().0;
        let count = whole / WIDTH;
        let mut trail = self.trail.of_rows(vectors - count);
        for strip in 0..count {
            let (mean, precision): (_, &[_; WIDTH]) = (&strips[strip], &precision_strips[strip]);
            let mut sums = [[simd.splat_f64s(0.0); WIDTH]; 2];
            for n in 0..G {
                let row = &S::as_simd_f64s(rows[n]).0.as_chunks::<WIDTH>().0[strip];
                let weight = simd.splat_f64s(weights[n]);
                for l in 0..WIDTH {
                    // Between loads, and never many at once: they would keep the loads waiting.
                    if l > 0 {
                        trail.ask();
                    }
                    let way = simd.sub_f64s(row[l], mean[l]);
                    let square = simd.mul_f64s(way, way);
                    forms[n] = simd.mul_add_e_f64s(square, precision[l], forms[n]);
                    if W {
                        sums[0][l] = simd.mul_add_e_f64s(weight, way, sums[0][l]);
                        sums[1][l] = simd.mul_add_e_f64s(weight, square, sums[1][l]);
                    } else {
                        sums[0][l] = simd.add_f64s(sums[0][l], way);
                        sums[1][l] = simd.add_f64s(sums[1][l], square);
                    }
                }
            }
            [way_strips[strip], square_strips[strip]] = sums;
        }
        for v in count * WIDTH..vectors {
            let mut sums = [simd.splat_f64s(0.0); 2];
            for n in 0..G {
                trail.ask();
                let (own, end) = S::as_simd_f64s(rows[n]);
                let x = if v < whole {
                    own[v]
                } else {
                    simd.partial_load_f64s(end)
                };
                let (weight, way) = (simd.splat_f64s(weights[n]), simd.sub_f64s(x, means[v]));
                let square = simd.mul_f64s(way, way);
                forms[n] = simd.mul_add_e_f64s(square, precisions[v], forms[n]);
                sums[0] = simd.mul_add_e_f64s(weight, way, sums[0]);
                sums[1] = simd.mul_add_e_f64s(weight, square, sums[1]);
            }
            [ways[v], squares[v]] = sums;
        }
        self.trail.go_on(trail);
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
