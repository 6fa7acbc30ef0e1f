//! Products of rows as they stand with centres, in single precision: lanes are centres, so that no row is copied or turned over.

use super::tile::TILE;
use crate::kernel::prefetch;
use pulp::{Simd, WithSimd};

/// Centres of a group: whole vectors of every instruction set.
pub(super) const GROUP: usize = 16;

/// Numbers of a cache line.
const LINE: usize = 16;

/// A number for each of some rows and of the centres of a group.
#[repr(align(64))]
pub(super) struct Scores(pub(super) [[f32; GROUP]; TILE]);

/// The numbers of a column of a group.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Column([f32; GROUP]);

/// Some centres as lanes.
pub(super) struct Lanes {
    columns: Vec<Column>,
    start: Column,
}

impl Lanes {
    /// Centres, K × d, and a number for each to start with; those past the last are 0 and start with `none`.
    pub(super) fn of(centres: &[f32], starts: &[f32], none: f32, dimension: usize) -> Vec<Lanes> {
        let groups = centres.chunks(GROUP * dimension).zip(starts.chunks(GROUP));
        groups
            .map(|(centres, starts)| {
                let mut lanes = Lanes {
                    columns: vec![Column([0.0; GROUP]); dimension],
                    start: Column([none; GROUP]),
                };
                lanes.start.0[..starts.len()].copy_from_slice(starts);
                for (lane, centre) in centres.chunks_exact(dimension).enumerate() {
                    for (column, &c) in lanes.columns.iter_mut().zip(centre) {
                        column.0[lane] = c;
                    }
                }
                lanes
            })
            .collect()
    }
}

/// Writes start + Σ_j y_j c_j for each of at most [`TILE`] rows of d numbers and each centre of a group.
pub(super) struct Products<'a> {
    /// Row after row.
    pub(super) rows: &'a [f32],
    /// Which of these rows.
    pub(super) picked: &'a [u32],
    /// Rows to ask memory for meanwhile.
    pub(super) ahead: &'a [u32],
    pub(super) centres: &'a Lanes,
    pub(super) scores: &'a mut Scores,
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Enough sums to hide the latency of a multiply-add, few enough for the registers.
        match S::F32_LANES {
            16 => self.of::<S, 8, 1>(simd),
            8 => self.of::<S, 4, 2>(simd),
            4 => self.of::<S, 2, 4>(simd),
            2 => self.of::<S, 1, 8>(simd),
            _ => self.of::<S, 1, 16>(simd),
        }
    }
}

impl Products<'_> {
    /// `ROWS` rows at a time with a group of `VECTORS` vectors.
    #[inline(always)]
    fn of<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S) {
        let columns = &self.centres.columns[..];
        let d = columns.len();
        let (lines, rest) = columns.as_chunks::<LINE>();
        let start = vectors::<S, VECTORS>(simd, &self.centres.start);
        let mut ahead = self.ahead.chunks(ROWS);
        let picked = self.picked.chunks(ROWS);
        for (picked, out) in picked.zip(self.scores.0.chunks_mut(ROWS)) {
            let later = ahead.next().unwrap_or(picked);
            // The rows, and those to ask for; the last again where there are fewer.
            let (mut rows, mut next) = ([&self.rows[..0]; ROWS], [self.rows.as_ptr(); ROWS]);
            for place in 0..ROWS {
                let row = |numbers: &[u32]| numbers[place.min(numbers.len() - 1)] as usize * d;
                rows[place] = &self.rows[row(picked)..][..d];
                next[place] = self.rows.as_ptr().wrapping_add(row(later));
            }
            let mut sums = [start; ROWS];
            for (number, line) in lines.iter().enumerate() {
                let mut parts = [&[0.0; LINE]; ROWS];
                for place in 0..ROWS {
                    prefetch(next[place].wrapping_add(number * LINE));
                    parts[place] = &rows[place].as_chunks().0[number];
                }
                for (j, column) in line.iter().enumerate() {
                    let column = vectors::<S, VECTORS>(simd, column);
                    for (sums, part) in sums.iter_mut().zip(parts) {
                        add(simd, part[j], column, sums);
                    }
                }
            }
            for (column, j) in rest.iter().zip(d - rest.len()..) {
                let column = vectors::<S, VECTORS>(simd, column);
                for (sums, row) in sums.iter_mut().zip(rows) {
                    add(simd, row[j], column, sums);
                }
            }
            for (out, sums) in out.iter_mut().zip(sums) {
                let (vectors, _) = S::as_mut_simd_f32s(out);
                for (to, from) in vectors.iter_mut().zip(sums) {
                    *to = from;
                }
            }
        }
    }
}

/// The vectors of a column.
#[inline(always)]
fn vectors<S: Simd, const VECTORS: usize>(simd: S, column: &Column) -> [S::f32s; VECTORS] {
    let mut vectors = [simd.splat_f32s(0.0); VECTORS];
    (vectors.iter_mut().zip(S::as_simd_f32s(&column.0).0)).for_each(|(to, &from)| *to = from);
    vectors
}

/// Adds y · column.
#[inline(always)]
fn add<S: Simd, const VECTORS: usize>(
    simd: S,
    y: f32,
    column: [S::f32s; VECTORS],
    sums: &mut [S::f32s; VECTORS],
) {
    let y = simd.splat_f32s(y);
    for (sum, column) in sums.iter_mut().zip(column) {
        *sum = simd.mul_add_e_f32s(y, column, *sum);
    }
}
