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

/// Columns from which on [`RowDistances`] is faster than turning the rows over for [`SquaredDistances`].
pub(super) const WIDE_ROWS: usize = 16;

/// Centres worked on together, whose sums do not wait for each other.
const AT_ONCE: usize = 6;

/// The same of rows as they stand, x − shift times scale: lanes are columns.
pub(super) struct RowDistances<'a> {
    pub(super) values: &'a [f64],
    pub(super) shift: &'a [f64],
    pub(super) scale: &'a [f64],
    pub(super) centres: &'a [f64],
    pub(super) out: &'a mut [f64],
}

impl WithSimd for RowDistances<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let d = self.shift.len();
        let rows = self.values.len() / d;
        let groups = self.out.chunks_mut(AT_ONCE * rows);
        for (centres, out) in self.centres.chunks(AT_ONCE * d).zip(groups) {
            let (values, shift, scale) = (self.values, self.shift, self.scale);
            match centres.len() / d {
                1 => of_rows::<S, 1>(simd, values, shift, scale, centres, out),
                2 => of_rows::<S, 2>(simd, values, shift, scale, centres, out),
                3 => of_rows::<S, 3>(simd, values, shift, scale, centres, out),
                4 => of_rows::<S, 4>(simd, values, shift, scale, centres, out),
                5 => of_rows::<S, 5>(simd, values, shift, scale, centres, out),
                _ => of_rows::<S, AT_ONCE>(simd, values, shift, scale, centres, out),
            }
        }
    }
}

/// Distances from `C` centres.
#[inline(always)]
fn of_rows<S: Simd, const C: usize>(
    simd: S,
    values: &[f64],
    shift: &[f64],
    scale: &[f64],
    centres: &[f64],
    out: &mut [f64],
) {
    let d = shift.len();
    let rows = values.len() / d;
    let (shift, shift_rest) = S::as_simd_f64s(shift);
    let (scale, scale_rest) = S::as_simd_f64s(scale);
    let centres: [&[f64]; C] = std::array::from_fn(|c| &centres[c * d..(c + 1) * d]);
    let heads: [&[S::f64s]; C] = centres.map(|centre| &S::as_simd_f64s(centre).0[..shift.len()]);
    let rests: [S::f64s; C] =
        centres.map(|centre| simd.partial_load_f64s(S::as_simd_f64s(centre).1));
    let shift_rest = simd.partial_load_f64s(shift_rest);
    let scale_rest = simd.partial_load_f64s(scale_rest);
    let scale = &scale[..shift.len()];
    for (i, row) in values.chunks_exact(d).enumerate() {
        let (row, rest) = S::as_simd_f64s(row);
        let mut sums = [simd.splat_f64s(0.0); C];
        for (n, &x) in row[..shift.len()].iter().enumerate() {
            let y = simd.mul_f64s(simd.sub_f64s(x, shift[n]), scale[n]);
            for (sum, head) in sums.iter_mut().zip(&heads) {
                let difference = simd.sub_f64s(y, head[n]);
                *sum = simd.mul_add_e_f64s(difference, difference, *sum);
            }
        }
        // What is past the last column is 0 in all.
        let x = simd.partial_load_f64s(rest);
        let y = simd.mul_f64s(simd.sub_f64s(x, shift_rest), scale_rest);
        for (c, (&sum, &rest)) in sums.iter().zip(&rests).enumerate() {
            let difference = simd.sub_f64s(y, rest);
            let sum = simd.mul_add_e_f64s(difference, difference, sum);
            out[c * rows + i] = simd.reduce_sum_f64s(sum);
        }
    }
}
