//! The nearest centre of most rows, in single precision with a bound of its error: lanes are rows.

use super::tile::{CENTRES, TILE, WIDE, load, store};
use pulp::{Simd, WithSimd};

/// −c of all centres in groups of four (fewer in the last), column after column within a group.
pub(super) struct Screen {
    packed: Vec<f32>,
    /// ½ |c|².
    halves: Vec<f32>,
    /// The largest |c|², at least.
    largest: f32,
    dimension: usize,
}

impl Screen {
    pub(super) fn new(centres: &[f64], dimension: usize) -> Screen {
        let squares: Vec<f64> = (centres.chunks_exact(dimension))
            .map(|centre| centre.iter().map(|c| c * c).sum())
            .collect();
        let mut packed = Vec::with_capacity(centres.len());
        for group in centres.chunks(CENTRES * dimension) {
            for j in 0..dimension {
                packed.extend(group[j..].iter().step_by(dimension).map(|&c| -c as f32));
            }
        }
        // f64::max forgets NaN, of which there is none among centres.
        let largest = squares.iter().copied().fold(0.0, f64::max);
        Screen {
            packed,
            halves: squares.iter().map(|square| (0.5 * square) as f32).collect(),
            largest: (largest as f32).next_up(),
            dimension,
        }
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
    /// d columns of y.
    pub(super) tile: &'a [f32],
    pub(super) screen: &'a Screen,
    pub(super) nearest: &'a mut [u32; TILE],
    pub(super) margin: &'a mut [f32; TILE],
}

/// What is known of some rows after some centres.
struct Best<S: Simd> {
    least: [S::f32s; WIDE],
    second: [S::f32s; WIDE],
    nearest: [S::u32s; WIDE],
    /// |y|².
    square: [S::f32s; WIDE],
}

impl WithSimd for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (d, screen) = (self.screen.dimension, self.screen);
        let roundoff = 0.5 * f32::EPSILON;
        let slack = simd.splat_f32s(2.0 * roundoff * (d + 8) as f32);
        // Products below the smallest normal number lose more than their share.
        let tiny = simd.splat_f32s((4 * d + 8) as f32 * f32::MIN_POSITIVE);
        let (largest, zero) = (simd.splat_f32s(screen.largest), simd.splat_f32s(0.0));
        let (columns, _) = self.tile.as_chunks::<TILE>();
        for start in (0..TILE).step_by(WIDE * S::F32_LANES) {
            let mut best = Best::<S> {
                least: [simd.splat_f32s(f32::INFINITY); WIDE],
                second: [simd.splat_f32s(f32::INFINITY); WIDE],
                nearest: [simd.splat_u32s(0); WIDE],
                square: [zero; WIDE],
            };
            let whole = screen.halves.len() / CENTRES * CENTRES;
            let (groups, rest) = screen.packed.split_at(whole * d);
            let (halves, last) = screen.halves.as_chunks::<CENTRES>();
            for (group, (centres, halves)) in
                groups.chunks_exact(CENTRES * d).zip(halves).enumerate()
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
            let mut margin = [zero; WIDE];
            for (wide, margin) in margin.iter_mut().enumerate() {
                let two = simd.splat_f32s(2.0);
                let square = best.square[wide];
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
            let (numbers, _) =
                S::as_mut_simd_u32s(&mut self.nearest[start..start + WIDE * S::F32_LANES]);
            numbers
                .iter_mut()
                .zip(best.nearest)
                .for_each(|(to, from)| *to = from);
            store(simd, self.margin, start, margin);
        }
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
    for (place, sum) in sums.iter().enumerate() {
        let number = simd.splat_u32s((first + place) as u32);
        for wide in 0..WIDE {
            let (least, sum) = (best.least[wide], sum[wide]);
            let nearer = simd.less_than_f32s(sum, least);
            best.second[wide] = simd.min_f32s(best.second[wide], simd.max_f32s(sum, least));
            best.least[wide] = simd.min_f32s(sum, least);
            best.nearest[wide] = simd.select_u32s(nearer, number, best.nearest[wide]);
        }
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
