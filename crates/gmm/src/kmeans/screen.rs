//! The nearest centre of most rows, in single precision with a bound of its error: lanes are rows.

use super::rows::GRAIN;
use pulp::{Simd, WithSimd};

/// Centres worked on together.
const CENTRES: usize = 4;
/// Vectors of rows worked on together: with [`CENTRES`], enough independent sums to hide the latency of a
/// multiplication, few enough for sixteen registers.
const WIDE: usize = 2;

/// Centres c in groups of four (fewer in the last), column after column within a group.
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
                packed.extend(group[j..].iter().step_by(dimension).map(|&c| c as f32));
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

/// Writes the nearest centre of every row, as a number, and by how much nearer it is than every other at least:
/// |y − c'| − |y − c|. Where that margin is not positive (or NaN), the number is a guess.
///
/// Compared is s = ½ |c|² − y·c, which is ½ |y − c|² but for what the row has in common. With u the unit
/// roundoff, each of d multiply-adds and three roundings of the input are off by u times what they add to at
/// most, ½ |c|² + |y| |c| ≤ ½ |y|² + |c|²; twice s, and |y|² itself, are then off by less than
/// 2 u (d + 8) (|y|² + max |c|²).
pub(super) struct Nearest<'a> {
    /// d columns of y.
    pub(super) columns: &'a [f32],
    pub(super) rows: usize,
    pub(super) screen: &'a Screen,
    pub(super) nearest: &'a mut [f32],
    pub(super) margin: &'a mut [f32],
}

/// What is known of some rows after some centres.
struct Best<V> {
    least: [V; WIDE],
    second: [V; WIDE],
    nearest: [V; WIDE],
}

impl WithSimd for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        debug_assert!(self.rows.is_multiple_of(GRAIN));
        let (d, screen) = (self.screen.dimension, self.screen);
        let roundoff = 0.5 * f32::EPSILON;
        let slack = simd.splat_f32s(2.0 * roundoff * (d + 8) as f32);
        // Products below the smallest normal number lose more than their share.
        let tiny = simd.splat_f32s((4 * d + 8) as f32 * f32::MIN_POSITIVE);
        let (largest, zero) = (simd.splat_f32s(screen.largest), simd.splat_f32s(0.0));
        for start in (0..self.rows).step_by(WIDE * S::F32_LANES) {
            let mut best = Best {
                least: [simd.splat_f32s(f32::INFINITY); WIDE],
                second: [simd.splat_f32s(f32::INFINITY); WIDE],
                nearest: [zero; WIDE],
            };
            let whole = screen.halves.len() / CENTRES * CENTRES;
            let (groups, rest) = screen.packed.split_at(whole * d);
            let (halves, last) = screen.halves.as_chunks::<CENTRES>();
            for (group, (centres, halves)) in
                groups.chunks_exact(CENTRES * d).zip(halves).enumerate()
            {
                let first = group * CENTRES;
                compare(simd, &self, start, centres, *halves, first, &mut best);
            }
            match *last {
                [a] => compare(simd, &self, start, rest, [a], whole, &mut best),
                [a, b] => compare(simd, &self, start, rest, [a, b], whole, &mut best),
                [a, b, c] => compare(simd, &self, start, rest, [a, b, c], whole, &mut best),
                _ => {}
            }
            let mut square = [zero; WIDE];
            for column in self.columns.chunks_exact(self.rows) {
                let x = load(simd, column, start);
                for (square, x) in square.iter_mut().zip(x) {
                    *square = simd.mul_add_e_f32s(x, x, *square);
                }
            }
            let mut margin = [zero; WIDE];
            for wide in 0..WIDE {
                let two = simd.splat_f32s(2.0);
                let error = simd.add_f32s(square[wide], largest);
                let error = simd.mul_add_e_f32s(error, slack, tiny);
                let near = simd.mul_add_e_f32s(two, best.least[wide], square[wide]);
                let near = simd.add_f32s(simd.max_f32s(near, zero), error);
                let far = simd.mul_add_e_f32s(two, best.second[wide], square[wide]);
                let far = simd.max_f32s(simd.sub_f32s(far, error), zero);
                let far = simd.sqrt_f32s(far);
                // The roots and this difference are rounded too.
                let far = simd.mul_f32s(far, simd.splat_f32s(1.0 - 4.0 * f32::EPSILON));
                margin[wide] = simd.sub_f32s(far, simd.sqrt_f32s(near));
            }
            store(simd, self.nearest, start, best.nearest);
            store(simd, self.margin, start, margin);
        }
    }
}

/// Compares the rows from `start` on with `C` centres, whose numbers begin with `first`.
#[inline(always)]
fn compare<S: Simd, const C: usize>(
    simd: S,
    block: &Nearest<'_>,
    start: usize,
    centres: &[f32],
    halves: [f32; C],
    first: usize,
    best: &mut Best<S::f32s>,
) {
    let mut sums = halves.map(|half| [simd.splat_f32s(half); WIDE]);
    let (centres, _) = centres.as_chunks::<C>();
    for (column, centres) in block.columns.chunks_exact(block.rows).zip(centres) {
        let x = load(simd, column, start);
        for (sum, &centre) in sums.iter_mut().zip(centres) {
            let minus = simd.splat_f32s(-centre);
            for (sum, x) in sum.iter_mut().zip(x) {
                *sum = simd.mul_add_e_f32s(minus, x, *sum);
            }
        }
    }
    for (place, sum) in sums.iter().enumerate() {
        let number = simd.splat_f32s((first + place) as f32);
        for wide in 0..WIDE {
            let (least, sum) = (best.least[wide], sum[wide]);
            let nearer = simd.less_than_f32s(sum, least);
            best.second[wide] = simd.min_f32s(best.second[wide], simd.max_f32s(sum, least));
            best.least[wide] = simd.min_f32s(sum, least);
            best.nearest[wide] = simd.select_f32s(nearer, number, best.nearest[wide]);
        }
    }
}

/// The vectors of a column from row `start`; [`GRAIN`] is a multiple of their rows.
#[inline(always)]
fn load<S: Simd>(simd: S, column: &[f32], start: usize) -> [S::f32s; WIDE] {
    let (vectors, _) = S::as_simd_f32s(&column[start..start + WIDE * S::F32_LANES]);
    std::array::from_fn(|wide| vectors.get(wide).copied().unwrap_or(simd.splat_f32s(0.0)))
}

#[inline(always)]
fn store<S: Simd>(_simd: S, out: &mut [f32], start: usize, values: [S::f32s; WIDE]) {
    let (vectors, _) = S::as_mut_simd_f32s(&mut out[start..start + WIDE * S::F32_LANES]);
    for (vector, value) in vectors.iter_mut().zip(values) {
        *vector = value;
    }
}
