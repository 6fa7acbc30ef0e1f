//! Squared distances as sums of squares of differences: to all digits.

use pulp::{Simd, WithSimd};

/// Sums that do not wait for each other.
const SUMS: usize = 8;

/// |a − b|², 0 where they are equal.
#[inline(always)]
pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let (a_parts, a_rest) = a.as_chunks::<SUMS>();
    let (b_parts, b_rest) = b.as_chunks::<SUMS>();
    let mut sums = [0.0; SUMS];
    for (a, b) in a_parts.iter().zip(b_parts) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b) * (a - b);
        }
    }
    let rest: f64 = (a_rest.iter().zip(b_rest))
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    sums.iter().sum::<f64>() + rest
}

/// |a|².
#[inline(always)]
pub(super) fn squared_norm(a: &[f64]) -> f64 {
    let (parts, rest) = a.as_chunks::<SUMS>();
    let mut sums = [0.0; SUMS];
    for part in parts {
        for (sum, a) in sums.iter_mut().zip(part) {
            *sum += a * a;
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|a| a * a).sum::<f64>()
}

/// Columns worked on together.
const COLUMNS: usize = 4;

/// Writes |y − c|² of every row of a block from each of some centres, 0 for a row that is the centre: d columns and
/// m × d numbers in, m × n out. `columns` are of x, and y = (x − shift) · scale is written in their place. Lanes are
/// rows; columns are read in the order in which they stand, once for all centres.
pub(super) struct SquaredDistances<'a> {
    pub(super) columns: &'a mut [f64],
    pub(super) shift: &'a [f64],
    pub(super) scale: &'a [f64],
    pub(super) rows: usize,
    pub(super) centres: &'a [f64],
    pub(super) out: &'a mut [f64],
}

impl WithSimd for SquaredDistances<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (d, rows) = (self.shift.len(), self.rows);
        let measure = self.shift.iter().zip(self.scale);
        for (column, (shift, scale)) in self.columns.chunks_exact_mut(rows).zip(measure) {
            column.iter_mut().for_each(|x| *x = (*x - shift) * scale);
        }
        self.out.fill(0.0);
        let mut groups = self.columns.chunks_exact(COLUMNS * rows);
        let whole = d / COLUMNS * COLUMNS;
        for (group, columns) in groups.by_ref().enumerate() {
            let parts = self.out.chunks_exact_mut(rows);
            for (out, centre) in parts.zip(self.centres.chunks_exact(d)) {
                add_squares::<S, COLUMNS>(simd, columns, &centre[group * COLUMNS..], out);
            }
        }
        for (j, column) in (whole..d).zip(groups.remainder().chunks_exact(rows)) {
            let parts = self.out.chunks_exact_mut(rows);
            for (out, centre) in parts.zip(self.centres.chunks_exact(d)) {
                add_squares::<S, 1>(simd, column, &centre[j..], out);
            }
        }
    }
}

/// Adds the squares of `C` columns' differences.
#[inline(always)]
fn add_squares<S: Simd, const C: usize>(simd: S, columns: &[f64], centre: &[f64], out: &mut [f64]) {
    let rows = out.len();
    let columns: [&[S::f64s]; C] =
        std::array::from_fn(|c| S::as_simd_f64s(&columns[c * rows..(c + 1) * rows]).0);
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
