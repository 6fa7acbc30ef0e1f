//! Distances of the rows of a block from some centres: lanes are rows.

use super::blocks::BLOCK;
use pulp::{Simd, WithSimd};

/// Centres worked on together.
const CENTRES: usize = 4;
/// Vectors of rows worked on together: with [`CENTRES`], enough independent sums to hide the latency of a
/// multiplication, few enough for sixteen registers.
const WIDE: usize = 2;

/// Centres in groups of four, column after column, padded with centres that are nearest to no row.
pub(super) struct Centres {
    packed: Vec<f64>,
    /// ½ |c|², infinite for padding.
    halves: Vec<f64>,
    dimension: usize,
}

impl Centres {
    pub(super) fn new(centres: &[f64], dimension: usize) -> Centres {
        let count = centres.len() / dimension;
        let mut packed = Vec::with_capacity(count.next_multiple_of(CENTRES) * dimension);
        let mut halves = Vec::with_capacity(count.next_multiple_of(CENTRES));
        for first in (0..count).step_by(CENTRES) {
            let own = |k: usize| (k < count).then(|| &centres[k * dimension..(k + 1) * dimension]);
            for j in 0..dimension {
                packed.extend((first..first + CENTRES).map(|k| own(k).map_or(0.0, |c| c[j])));
            }
            halves.extend((first..first + CENTRES).map(|k| {
                own(k).map_or(f64::INFINITY, |c| {
                    0.5 * c.iter().map(|c| c * c).sum::<f64>()
                })
            }));
        }
        Centres {
            packed,
            halves,
            dimension,
        }
    }
}

/// Writes the nearest centre of every row of a block, as a number, ties to the first. Compared is
/// ½ |c|² − x·c, which is ½ |x − c|² but for what the row has in common.
pub(super) struct Nearest<'a> {
    pub(super) block: &'a [f64],
    pub(super) centres: &'a Centres,
    pub(super) out: &'a mut [f64],
}

impl WithSimd for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let d = self.centres.dimension;
        for start in (0..BLOCK).step_by(WIDE * S::F64_LANES) {
            let mut least = [simd.splat_f64s(f64::INFINITY); WIDE];
            let mut nearest = [simd.splat_f64s(0.0); WIDE];
            let groups = self.centres.packed.chunks_exact(CENTRES * d);
            let halves = self.centres.halves.as_chunks::<CENTRES>().0;
            for (group, (centres, halves)) in groups.zip(halves).enumerate() {
                let mut sums = halves.map(|half| [simd.splat_f64s(half); WIDE]);
                let (centres, _) = centres.as_chunks::<CENTRES>();
                for (column, centres) in self.block.chunks_exact(BLOCK).zip(centres) {
                    let x = load(simd, column, start);
                    for (sum, &centre) in sums.iter_mut().zip(centres) {
                        let minus = simd.splat_f64s(-centre);
                        for (sum, x) in sum.iter_mut().zip(x) {
                            *sum = simd.mul_add_e_f64s(minus, x, *sum);
                        }
                    }
                }
                for (place, sum) in sums.iter().enumerate() {
                    let number = simd.splat_f64s((group * CENTRES + place) as f64);
                    for wide in 0..WIDE {
                        let nearer = simd.less_than_f64s(sum[wide], least[wide]);
                        least[wide] = simd.select_f64s(nearer, sum[wide], least[wide]);
                        nearest[wide] = simd.select_f64s(nearer, number, nearest[wide]);
                    }
                }
            }
            store(simd, self.out, start, nearest);
        }
    }
}

/// Columns worked on together.
const COLUMNS: usize = 4;

/// Writes |x − c|² of every row of a block from each of some centres, 0 for a row that is the centre: m × d numbers
/// in, m × [`BLOCK`] out. Columns are read in the order in which they stand, once for all centres.
pub(super) struct SquaredDistances<'a> {
    pub(super) block: &'a [f64],
    pub(super) centres: &'a [f64],
    pub(super) out: &'a mut [f64],
}

impl WithSimd for SquaredDistances<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let d = self.block.len() / BLOCK;
        self.out.fill(0.0);
        let mut groups = self.block.chunks_exact(COLUMNS * BLOCK);
        let whole = d / COLUMNS * COLUMNS;
        for (group, columns) in groups.by_ref().enumerate() {
            let parts = self.out.chunks_exact_mut(BLOCK);
            for (out, centre) in parts.zip(self.centres.chunks_exact(d)) {
                add_squares::<S, COLUMNS>(simd, columns, &centre[group * COLUMNS..], out);
            }
        }
        for (j, column) in (whole..d).zip(groups.remainder().chunks_exact(BLOCK)) {
            let parts = self.out.chunks_exact_mut(BLOCK);
            for (out, centre) in parts.zip(self.centres.chunks_exact(d)) {
                add_squares::<S, 1>(simd, column, &centre[j..], out);
            }
        }
    }
}

/// Adds the squares of `C` columns' differences.
#[inline(always)]
fn add_squares<S: Simd, const C: usize>(simd: S, columns: &[f64], centre: &[f64], out: &mut [f64]) {
    let columns: [&[S::f64s]; C] =
        std::array::from_fn(|c| S::as_simd_f64s(&columns[c * BLOCK..(c + 1) * BLOCK]).0);
    let centre: [S::f64s; C] = std::array::from_fn(|c| simd.splat_f64s(centre[c]));
    let (out, _) = S::as_mut_simd_f64s(out);
    let columns = columns.map(|column| &column[..out.len()]);
    for (n, out) in out.iter_mut().enumerate() {
        for (column, &centre) in columns.iter().zip(&centre) {
            let difference = simd.sub_f64s(column[n], centre);
            *out = simd.mul_add_e_f64s(difference, difference, *out);
        }
    }
}

/// The vectors of a column from row `start`; [`BLOCK`] is a multiple of their rows.
#[inline(always)]
fn load<S: Simd>(simd: S, column: &[f64], start: usize) -> [S::f64s; WIDE] {
    let (vectors, _) = S::as_simd_f64s(&column[start..start + WIDE * S::F64_LANES]);
    std::array::from_fn(|wide| vectors.get(wide).copied().unwrap_or(simd.splat_f64s(0.0)))
}

#[inline(always)]
fn store<S: Simd>(_simd: S, out: &mut [f64], start: usize, values: [S::f64s; WIDE]) {
    let (vectors, _) = S::as_mut_simd_f64s(&mut out[start..start + WIDE * S::F64_LANES]);
    for (vector, value) in vectors.iter_mut().zip(values) {
        *vector = value;
    }
}
