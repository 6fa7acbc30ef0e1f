//! The E-step of a block in single precision: densities, responsibilities and the moments of the block; sums over blocks
//! and logarithms are of double precision.

use super::block::{far, move_to_mean, total};
use super::diagonal_moments::diagonals;
use super::expect::Block;
use super::moments::{self, moments};
use super::narrow::tile_rows;
use super::narrow_block::{self, Columns};
use super::number::Number;
use super::parts_block::{self, Parts};
use super::prefetch::Memory;
use super::quadratic::{self, Factors, Form};
use super::single::{SingleGaussian, SingleGaussians};
use super::transpose::transpose_centred;
use crate::matrix::{MatrixView, Real};
use crate::scatter::{Moments, Scatter};
use distributions::simd::instruction_set::arch;
use distributions::simd::{log_sum_exp_columns_f32, sum};
use distributions::{AlignedBuffer, BLOCK_ROWS, Scratch, View};
use em::{SoftBlock, Tally};
use pulp::bytemuck::cast_slice_mut;
use pulp::{Simd, WithSimd};

/// As `FAR` of blocks in double precision: what is lost to it is a digit of single precision.
const FAR: f64 = 8.0;

/// A row further than this from the centre could overflow.
const FARTHEST: f32 = 1e10;

/// A row whose ln p lies further than this below the largest constant, as one a hundred deviations from everything: the
/// difference of two such logarithms is wrong by some 1e-4.
const LEAST: f64 = -5e3;

/// Weights of rows that leave room for the smallest and largest products.
const WEIGHTS: std::ops::RangeInclusive<f64> = 1e-10..=1e10;

/// How much coarser the log-likelihood of a block is than one of double precision: of what [`em::rounding_bound`] makes of
/// it, it is half an ulp of single precision in every row, all the same way, as roundings of parameters are.
const COARSER: f64 = 4e6;

/// Numbers of single precision in a buffer of double ones.
fn take(scratch: &mut Scratch, length: usize) -> AlignedBuffer {
    scratch.take_dirty(length.div_ceil(2))
}

/// The E-step of the block under these components; see [`em::ComponentSet::expect_block`]. `None` for rows so far away,
/// or of such weights, that single precision will not do; nothing was added then.
pub(crate) fn expect<T: Real>(
    model: &SingleGaussians,
    block: SoftBlock<'_, MatrixView<'_, T>>,
    into: &mut [Scatter],
    scratch: &mut Scratch,
) -> Option<Tally> {
    let (rows, d, count) = (block.xs.len(), block.xs.width(), block.counts.len());
    let row_weights = block.row_weights;
    if row_weights.is_some_and(|all| !all.iter().all(|&w| w == 0.0 || WEIGHTS.contains(&w))) {
        return None;
    }
    let narrow = narrow_block::serves(d, count);
    let is_diagonal =
        |component: &SingleGaussian| matches!(component.factor(), Factors::Diagonal(_));
    let in_parts = match into[0].is_full() {
        true => parts_block::serves_full(d, count),
        false => model.components().iter().all(is_diagonal),
    };
    if !narrow && in_parts {
        return expect_in_parts(model, block, into, scratch).map(coarser);
    }
    let tile = if narrow {
        tile_rows::<f32>()
    } else {
        f32::LANES
    };
    let wide = rows.next_multiple_of(tile);
    let mut columns = take(scratch, d * wide);
    let columns_of = &mut cast_slice_mut(&mut columns)[..d * wide];
    let tally = if !read(model, block.xs, columns_of, wide, scratch) {
        None
    } else if narrow {
        expect_narrow(model, block, columns_of, into, scratch)
    } else {
        expect_wide(model, block, columns_of, into, scratch)
    };
    scratch.give(columns);
    tally.map(coarser)
}

/// The tally with the rounding error of single precision.
fn coarser(tally: Tally) -> Tally {
    Tally {
        magnitude: COARSER * tally.magnitude,
        ..tally
    }
}

/// ln π_k plus the constants of the components, without the largest, which comes beside them.
fn constants(model: &SingleGaussians, log_weights: &[f64], into: &mut [f64]) -> f64 {
    let pairs = model.components().iter().zip(log_weights);
    for (into, (component, log)) in into.iter_mut().zip(pairs) {
        *into = component.log_constant() + log;
    }
    let largest = into.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    into.iter_mut().for_each(|constant| *constant -= largest);
    largest
}

/// What is known of a block besides its rows; `logs` is that of [`constants`].
fn about<'a, T: Real>(
    model: &'a SingleGaussians,
    block: &SoftBlock<'a, MatrixView<'_, T>>,
    logs: &'a mut [f64],
) -> Block<'a, SingleGaussian> {
    let base = constants(model, block.log_weights, logs);
    Block {
        components: model.components(),
        log_weights: block.log_weights,
        logs,
        base,
        least: LEAST,
        rows: block.xs.len(),
        row_weights: block.row_weights,
        centre: model.centre(),
        far: FAR,
    }
}

/// By tiles that go from densities to moments at once.
fn expect_narrow<T: Real>(
    model: &SingleGaussians,
    block: SoftBlock<'_, MatrixView<'_, T>>,
    columns: &[f32],
    into: &mut [Scatter],
    scratch: &mut Scratch,
) -> Option<Tally> {
    let mut logs = scratch.take_dirty(block.counts.len());
    let all = Columns {
        block: &about(model, &block, &mut logs),
        columns,
        memory: Memory::of(block.xs.as_slice(), block.xs.width()),
    };
    let tally = all.expect(into, block.counts, scratch);
    scratch.give(logs);
    tally
}

/// Part after part.
fn expect_in_parts<T: Real>(
    model: &SingleGaussians,
    block: SoftBlock<'_, MatrixView<'_, T>>,
    into: &mut [Scatter],
    scratch: &mut Scratch,
) -> Option<Tally> {
    let mut logs = scratch.take_dirty(block.counts.len());
    let xs = block.xs;
    let parts = Parts {
        block: &about(model, &block, &mut logs),
        full: into[0].is_full(),
        part_rows: 2 * BLOCK_ROWS,
        memory: Memory::of(xs.as_slice(), xs.width()),
        read: |rows, columns: &mut [f32], wide, scratch: &mut Scratch| {
            read(model, xs.block(rows), columns, wide, scratch);
        },
    };
    let tally = parts.expect(into, block.counts, scratch);
    scratch.give(logs);
    tally
}

/// By a matrix of densities.
fn expect_wide<T: Real>(
    model: &SingleGaussians,
    block: SoftBlock<'_, MatrixView<'_, T>>,
    columns: &[f32],
    into: &mut [Scatter],
    scratch: &mut Scratch,
) -> Option<Tally> {
    let (rows, counts) = (block.xs.len(), block.counts);
    let wide = columns.len() / block.xs.width();
    let mut joint = take(scratch, counts.len() * wide);
    let joint_of = &mut cast_slice_mut(&mut joint)[..counts.len() * wide];
    let mut values = scratch.take_dirty(rows);
    let near = score(
        model,
        block.log_weights,
        columns,
        joint_of,
        &mut values,
        wide,
        scratch,
    );
    let tally = near.then(|| {
        weigh(joint_of, rows, wide, block.row_weights);
        accumulate(model, columns, joint_of, wide, into, counts, scratch);
        add_up(&mut values, block.row_weights)
    });
    scratch.give(values);
    scratch.give(joint);
    tally
}

/// Σ w_i v_i, and the sum of their sizes; overwrites the values.
fn add_up(values: &mut [f64], weights: Option<&[f64]>) -> Tally {
    if let Some(weights) = weights {
        let pairs = values.iter_mut().zip(weights);
        pairs.for_each(|(value, weight)| *value *= weight);
    }
    let objective = sum(values);
    values.iter_mut().for_each(|value| *value = value.abs());
    Tally {
        objective,
        magnitude: sum(values),
        unexplained: None,
    }
}

/// Writes the columns of the block without the centre, with zeros after them; whether all are numbers of some size.
fn read<T: Real>(
    model: &SingleGaussians,
    xs: MatrixView<'_, T>,
    columns: &mut [f32],
    wide: usize,
    scratch: &mut Scratch,
) -> bool {
    let (rows, d) = (xs.len(), xs.width());
    match xs.as_slice() {
        Some(values) => transpose_centred(values, model.centre(), columns, wide),
        None => {
            let mut values = scratch.take_dirty(rows * d);
            xs.read(&mut values);
            transpose_centred(&values, model.centre(), columns, wide);
            scratch.give(values);
        }
    }
    if rows < wide {
        for column in columns.chunks_exact_mut(wide) {
            column[rows..].fill(0.0);
        }
    }
    arch().dispatch(AllNear(columns))
}

/// Whether all are near, and so no NaN.
struct AllNear<'a>(&'a [f32]);

impl WithSimd for AllNear<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> bool {
        let near = |x: &f32| u32::from(x.abs() <= FARTHEST);
        self.0.iter().fold(1, |all, x| all & near(x)) == 1
    }
}

/// Writes the responsibilities and ln p(x_i); whether every row is near enough to some component.
fn score(
    model: &SingleGaussians,
    log_weights: &[f64],
    columns: &[f32],
    joint: &mut [f32],
    values: &mut [f64],
    wide: usize,
    scratch: &mut Scratch,
) -> bool {
    let rows = values.len();
    let mut logs = scratch.take_dirty(log_weights.len());
    let largest = constants(model, log_weights, &mut logs);
    let d = model.centre().len();
    let mut z = take(scratch, quadratic::room::<f32>(d));
    arch().dispatch(LogJoint {
        model,
        logs: &logs,
        columns,
        rows: wide,
        out: joint,
        z: cast_slice_mut(&mut z),
    });
    scratch.give(z);
    scratch.give(logs);
    let mut all = scratch.take_dirty(wide);
    log_sum_exp_columns_f32(joint, wide, &mut all);
    let mut near = true;
    for (value, &log) in values.iter_mut().zip(&all[..rows]) {
        near &= log >= LEAST;
        *value = log + largest;
    }
    scratch.give(all);
    near
}

/// ln π_k + ln p_k(x_i), without the largest constant.
struct LogJoint<'a> {
    model: &'a SingleGaussians,
    /// What [`constants`] writes.
    logs: &'a [f64],
    columns: &'a [f32],
    rows: usize,
    out: &'a mut [f32],
    z: &'a mut [f32],
}

impl WithSimd for LogJoint<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (components, logs) = (self.model.components(), self.logs);
        let half = simd.splat_f32s(-0.5);
        quadratic::quadratic_forms(
            simd,
            components,
            self.columns,
            self.rows,
            self.out,
            self.z,
            // Outside, it would be compiled without the instruction set.
            #[inline(always)]
            |k, form| simd.mul_add_e_f32s(half, form, simd.splat_f32s(logs[k] as f32)),
        );
    }
}

/// Multiplies responsibilities by the weights of the rows; what stands after the rows weighs nothing.
fn weigh(joint: &mut [f32], rows: usize, wide: usize, row_weights: Option<&[f64]>) {
    for component in joint.chunks_exact_mut(wide) {
        component[rows..].fill(0.0);
        if let Some(weights) = row_weights {
            for (entry, &weight) in component.iter_mut().zip(weights) {
                *entry *= weight as f32;
            }
        }
    }
}

/// Adds the block to the statistics, and writes the weight of each component.
fn accumulate(
    model: &SingleGaussians,
    columns: &[f32],
    weights: &[f32],
    rows: usize,
    into: &mut [Scatter],
    counts: &mut [f64],
    scratch: &mut Scratch,
) {
    let (d, count) = (model.centre().len(), counts.len());
    let full = into.first().is_some_and(Scatter::is_full);
    let mut origins = take(scratch, count * d);
    let origins_of: &mut [f32] = &mut cast_slice_mut(&mut origins)[..count * d];
    for (origin, component) in origins_of.chunks_exact_mut(d).zip(model.components()) {
        origin.copy_from_slice(quadratic::Form::mean(component));
    }
    let mut centred = scratch.take_dirty(d);
    let mut sums = scratch.take_dirty(count * d);
    let mut squares = scratch.take_dirty(d * if full { d } else { count });
    let mut strip = take(scratch, moments::room::<f32>(rows));
    arch().dispatch(Accumulate {
        model,
        columns,
        weights,
        rows,
        into,
        counts,
        origins: origins_of,
        centred: &mut centred,
        sums: &mut sums,
        squares: &mut squares,
        strip: cast_slice_mut(&mut strip),
    });
    for buffer in [strip, squares, sums, centred, origins] {
        scratch.give(buffer);
    }
}

struct Accumulate<'a> {
    model: &'a SingleGaussians,
    columns: &'a [f32],
    weights: &'a [f32],
    rows: usize,
    into: &'a mut [Scatter],
    counts: &'a mut [f64],
    /// K × d numbers, about the centre.
    origins: &'a mut [f32],
    /// d numbers: an origin in the coordinates of the rows.
    centred: &'a mut [f64],
    /// K × d numbers.
    sums: &'a mut [f64],
    /// d × d numbers, or K × d where only diagonals are kept.
    squares: &'a mut [f64],
    strip: &'a mut [f32],
}

impl WithSimd for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if self.into.first().is_some_and(Scatter::is_full) {
            self.full(simd);
        } else {
            self.diagonal(simd);
        }
    }
}

impl Accumulate<'_> {
    #[inline(always)]
    fn full<S: Simd>(&mut self, simd: S) {
        let d = self.centred.len();
        for k in 0..self.into.len() {
            let weights = &self.weights[k * self.rows..(k + 1) * self.rows];
            let weight = total(simd, weights);
            self.counts[k] = weight;
            if weight == 0.0 {
                continue;
            }
            let origin = &mut self.origins[k * d..(k + 1) * d];
            let (sums, squares) = (&mut self.sums[..d], &mut *self.squares);
            // A loop, so that the kernels stand here once.
            for again in [false, true] {
                moments(
                    simd,
                    origin,
                    self.columns,
                    weights,
                    sums,
                    squares,
                    self.strip,
                );
                if again || !far(weight, sums, FAR, |j| squares[j * d + j]) {
                    break;
                }
                move_to_mean(weight, origin, sums);
            }
            let origin = in_rows(origin, self.model.centre(), self.centred);
            self.into[k].add_rows(Moments {
                weight,
                origin,
                sums,
                squares,
            });
        }
    }
    #[inline(always)]
    fn diagonal<S: Simd>(&mut self, simd: S) {
        let (d, rows, columns) = (self.centred.len(), self.rows, self.columns);
        diagonals(
            simd,
            self.origins,
            columns,
            self.weights,
            rows,
            self.sums,
            self.squares,
        );
        for k in 0..self.into.len() {
            let weights = &self.weights[k * rows..(k + 1) * rows];
            let weight = total(simd, weights);
            self.counts[k] = weight;
            if weight == 0.0 {
                continue;
            }
            let own = k * d..(k + 1) * d;
            let origin = &mut self.origins[own.clone()];
            let (sums, squares) = (&mut self.sums[own.clone()], &mut self.squares[own]);
            if far(weight, sums, FAR, |j| squares[j]) {
                move_to_mean(weight, origin, sums);
                diagonals(simd, origin, columns, weights, rows, sums, squares);
            }
            let origin = in_rows(origin, self.model.centre(), self.centred);
            self.into[k].add_rows(Moments {
                weight,
                origin,
                sums,
                squares,
            });
        }
    }
}

/// The origin in the coordinates of the rows.
#[inline(always)]
fn in_rows<'a>(origin: &[f32], centre: &[f32], into: &'a mut [f64]) -> &'a mut [f64] {
    for ((into, &origin), &centre) in into.iter_mut().zip(origin).zip(centre) {
        *into = f64::from(origin) + f64::from(centre);
    }
    into
}
