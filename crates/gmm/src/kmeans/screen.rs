//! The nearest centre of most rows, in single precision with a bound of its error.

use super::products::{GROUP, Lanes, Products, Scores};
use super::rows::Standing;
use super::tile::{CENTRES, TILE, WIDE, load, store};
use crate::kernel;
use pulp::{Simd, WithSimd};

/// Centres, and how far their distances are off.
pub(super) struct Screen {
    pub(super) centres: Packed,
    /// The largest |c|², at least.
    largest: f32,
    dimension: usize,
}

/// −c and ½ |c|² of all centres, as rows are compared with them.
pub(super) enum Packed {
    /// For rows that are lanes.
    Tiles(Groups),
    /// For rows as they stand.
    Lanes(Vec<Lanes>),
}

/// Centres in groups of four (fewer in the last), column after column within a group.
pub(super) struct Groups {
    packed: Vec<f32>,
    halves: Vec<f32>,
}

impl Screen {
    /// `standing`: of rows as they stand, with their |y|².
    pub(super) fn new(centres: &[f64], dimension: usize, standing: bool) -> Screen {
        let squares: Vec<f64> = (centres.chunks_exact(dimension))
            .map(|centre| centre.iter().map(|c| c * c).sum())
            .collect();
        let halves: Vec<f32> = squares.iter().map(|square| (0.5 * square) as f32).collect();
        // f64::max forgets NaN, of which there is none among centres.
        let largest = squares.iter().copied().fold(0.0, f64::max);
        let minus: Vec<f32> = centres.iter().map(|&c| -c as f32).collect();
        Screen {
            centres: if standing {
                // A centre that is not there is further than every other.
                Packed::Lanes(Lanes::of(&minus, &halves, f32::INFINITY, dimension))
            } else {
                Packed::Tiles(Groups::new(&minus, halves, dimension))
            },
            largest: (largest as f32).next_up(),
            dimension,
        }
    }
    /// By how much nearer to `best.least` than to `best.second` rows are at least.
    #[inline(always)]
    fn margin<S: Simd>(&self, simd: S, best: &Best<S>) -> [S::f32s; WIDE] {
        let d = self.dimension;
        let roundoff = 0.5 * f32::EPSILON;
        let slack = simd.splat_f32s(2.0 * roundoff * (d + 8) as f32);
        // Products below the smallest normal number lose more than their share.
        let tiny = simd.splat_f32s((4 * d + 8) as f32 * f32::MIN_POSITIVE);
        let (largest, zero) = (simd.splat_f32s(self.largest), simd.splat_f32s(0.0));
        let two = simd.splat_f32s(2.0);
        let mut margin = [zero; WIDE];
        for (wide, (margin, square)) in margin.iter_mut().zip(best.square).enumerate() {
            let error = simd.add_f32s(square, largest);
            let error = simd.mul_add_e_f32s(error, slack, tiny);
            let near = simd.mul_add_e_f32s(two, best.least[wide], square);
            let near = simd.add_f32s(simd.max_f32s(near, zero), error);
            let far = simd.mul_add_e_f32s(two, best.second[wide], square);
            let far = simd.max_f32s(simd.sub_f32s(far, error), zero);
            let far = simd.sqrt_f32s(far);
            // The roots and this difference are rounded too.
            let far = simd.mul_f32s(far, simd.splat_f32s(1.0 - 4.0 * f32::EPSILON));
            *margin = simd.sub_f32s(far, simd.sqrt_f32s(near));
        }
        margin
    }
}

impl Groups {
    fn new(minus: &[f32], halves: Vec<f32>, dimension: usize) -> Groups {
        let mut packed = Vec::with_capacity(minus.len());
        for group in minus.chunks(CENTRES * dimension) {
            for j in 0..dimension {
                packed.extend(group[j..].iter().step_by(dimension));
            }
        }
        Groups { packed, halves }
    }
}

/// Writes the nearest centre of every row of a tile, as a number, and by how much nearer it is than every other at least:
/// |y − c'| − |y − c|. Where that margin is not positive (or NaN), the number is a guess.
///
/// Compared is s = ½ |c|² − y·c, which is ½ |y − c|² but for what the row has in common. With u the unit
/// roundoff, each of d multiply-adds and three roundings of the input are off by u times what they add to at
/// most, ½ |c|² + |y| |c| ≤ ½ |y|² + |c|²; twice s, and |y|² itself, are then off by less than
/// 2 u (d + 8) (|y|² + max |c|²).
pub(super) struct Nearest<'a> {
    pub(super) screen: &'a Screen,
    pub(super) nearest: &'a mut [u32; TILE],
    pub(super) margin: &'a mut [f32; TILE],
}

impl Nearest<'_> {
    /// Of the rows of a tile: d columns of y.
    #[inline(always)]
    pub(super) fn of_tile<S: Simd>(self, simd: S, groups: &Groups, tile: &[f32]) {
        let d = self.screen.dimension;
        let (columns, _) = tile.as_chunks::<TILE>();
        let whole = groups.halves.len() / CENTRES * CENTRES;
        let (packed, rest) = groups.packed.split_at(whole * d);
        let (halves, last) = groups.halves.as_chunks::<CENTRES>();
        for start in (0..TILE).step_by(WIDE * S::F32_LANES) {
            let mut best = Best::<S>::none(simd);
            for (group, (centres, halves)) in
                packed.chunks_exact(CENTRES * d).zip(halves).enumerate()
            {
                let first = group * CENTRES;
                compare(simd, columns, start, centres, *halves, first, &mut best);
            }
            match *last {
                [a] => compare(simd, columns, start, rest, [a], whole, &mut best),
                [a, b] => compare(simd, columns, start, rest, [a, b], whole, &mut best),
                [a, b, c] => compare(simd, columns, start, rest, [a, b, c], whole, &mut best),
                _ => {}
            }
            store_numbers::<S>(self.nearest, start, best.nearest);
            let margin = self.screen.margin(simd, &best);
            store(simd, self.margin, start, margin);
        }
    }
    /// Of at most [`TILE`] rows as they stand, with |y|² of each of them.
    #[inline(always)]
    pub(super) fn of_rows<S: Simd>(
        self,
        simd: S,
        groups: &[Lanes],
        standing: Standing<'_>,
        mut ahead: &[u32],
        turning: &mut Turning,
        squares: &[f32; TILE],
    ) {
        let Turning { scores, turned } = turning;
        let (mut least, mut second) = ([f32::INFINITY; TILE], [f32::INFINITY; TILE]);
        *self.nearest = [0; TILE];
        for (first, centres) in (0..).step_by(GROUP).zip(groups) {
            let products = Products {
                rows: standing.rows,
                picked: standing.picked,
                ahead: std::mem::take(&mut ahead),
                centres,
                scores,
            };
            products.with_simd(simd);
            kernel::transpose_cached(scores.0.as_flattened(), GROUP, turned, TILE);
            let (columns, _) = turned.as_chunks::<TILE>();
            for start in (0..TILE).step_by(WIDE * S::F32_LANES) {
                let mut best = Best::<S> {
                    least: load(simd, &least, start),
                    second: load(simd, &second, start),
                    nearest: load_numbers(simd, self.nearest, start),
                    ..Best::none(simd)
                };
                for (number, column) in (first..).zip(columns) {
                    best.meet(simd, number, load(simd, column, start));
                }
                store(simd, &mut least, start, best.least);
                store(simd, &mut second, start, best.second);
                store_numbers::<S>(self.nearest, start, best.nearest);
            }
        }
        for start in (0..TILE).step_by(WIDE * S::F32_LANES) {
            let best = Best::<S> {
                least: load(simd, &least, start),
                second: load(simd, &second, start),
                square: load(simd, squares, start),
                ..Best::none(simd)
            };
            let margin = self.screen.margin(simd, &best);
            store(simd, self.margin, start, margin);
        }
    }
}

/// Room for the scores of a tile, of any value.
pub(super) struct Turning {
    scores: Scores,
    turned: [f32; GROUP * TILE],
}

impl Turning {
    pub(super) fn new() -> Self {
        Turning {
            scores: Scores([[0.0; GROUP]; TILE]),
            turned: [0.0; GROUP * TILE],
        }
    }
}

/// What is known of some rows after some centres.
struct Best<S: Simd> {
    least: [S::f32s; WIDE],
    second: [S::f32s; WIDE],
    nearest: [S::u32s; WIDE],
    /// |y|².
    square: [S::f32s; WIDE],
}

impl<S: Simd> Best<S> {
    #[inline(always)]
    fn none(simd: S) -> Self {
        Best {
            least: [simd.splat_f32s(f32::INFINITY); WIDE],
            second: [simd.splat_f32s(f32::INFINITY); WIDE],
            nearest: [simd.splat_u32s(0); WIDE],
            square: [simd.splat_f32s(0.0); WIDE],
        }
    }
    /// One more centre.
    #[inline(always)]
    fn meet(&mut self, simd: S, number: u32, sum: [S::f32s; WIDE]) {
        let number = simd.splat_u32s(number);
        for (wide, sum) in sum.into_iter().enumerate() {
            let least = self.least[wide];
            let nearer = simd.less_than_f32s(sum, least);
            self.second[wide] = simd.min_f32s(self.second[wide], simd.max_f32s(sum, least));
            self.least[wide] = simd.min_f32s(sum, least);
            self.nearest[wide] = simd.select_u32s(nearer, number, self.nearest[wide]);
        }
    }
}

#[inline(always)]
fn load_numbers<S: Simd>(simd: S, from: &[u32; TILE], start: usize) -> [S::u32s; WIDE] {
    let (vectors, _) = S::as_simd_u32s(&from[start..start + WIDE * S::F32_LANES]);
    std::array::from_fn(|wide| vectors.get(wide).copied().unwrap_or(simd.splat_u32s(0)))
}

#[inline(always)]
fn store_numbers<S: Simd>(to: &mut [u32; TILE], start: usize, numbers: [S::u32s; WIDE]) {
    let (vectors, _) = S::as_mut_simd_u32s(&mut to[start..start + WIDE * S::F32_LANES]);
    for (to, from) in vectors.iter_mut().zip(numbers) {
        *to = from;
    }
}

/// Compares the rows from `start` on with `C` centres, whose numbers begin with `first`; beside the first of all
/// stands |y|², whose sums wait for none.
#[inline(always)]
fn compare<S: Simd, const C: usize>(
    simd: S,
    columns: &[[f32; TILE]],
    start: usize,
    centres: &[f32],
    halves: [f32; C],
    first: usize,
    best: &mut Best<S>,
) {
    let mut sums = halves.map(|half| [simd.splat_f32s(half); WIDE]);
    let (centres, _) = centres.as_chunks::<C>();
    if first == 0 {
        let mut square = best.square;
        for (column, minus) in columns.iter().zip(centres) {
            let x = load(simd, column, start);
            for (square, x) in square.iter_mut().zip(x) {
                *square = simd.mul_add_e_f32s(x, x, *square);
            }
            add_products(simd, minus, x, &mut sums);
        }
        best.square = square;
    } else {
        for (column, minus) in columns.iter().zip(centres) {
            add_products(simd, minus, load(simd, column, start), &mut sums);
        }
    }
    for (number, sum) in (first as u32..).zip(sums) {
        best.meet(simd, number, sum);
    }
}

#[inline(always)]
fn add_products<S: Simd, const C: usize>(
    simd: S,
    minus: &[f32; C],
    x: [S::f32s; WIDE],
    sums: &mut [[S::f32s; WIDE]; C],
) {
    for (sum, &minus) in sums.iter_mut().zip(minus) {
        let minus = simd.splat_f32s(minus);
        for (sum, x) in sum.iter_mut().zip(x) {
            *sum = simd.mul_add_e_f32s(minus, x, *sum);
        }
    }
}
