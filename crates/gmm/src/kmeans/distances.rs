//! Squared distances as sums of squares of differences: none cancel.

use super::tile::{CENTRES, TILE, WIDE, load, store};
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

/// |(x − shift) · scale − c|².
#[inline(always)]
pub(super) fn squared_distance_of(x: &[f64], shift: &[f64], scale: &[f64], centre: &[f64]) -> f64 {
    let square = |x: f64, shift: f64, scale: f64, c: f64| {
        let difference = (x - shift) * scale - c;
        difference * difference
    };
    let (xs, x_rest) = x.as_chunks::<SUMS>();
    let (shifts, shift_rest) = shift.as_chunks::<SUMS>();
    let (scales, scale_rest) = scale.as_chunks::<SUMS>();
    let (centres, centre_rest) = centre.as_chunks::<SUMS>();
    let mut sums = [0.0; SUMS];
    for (((x, shift), scale), c) in xs.iter().zip(shifts).zip(scales).zip(centres) {
        for n in 0..SUMS {
            sums[n] += square(x[n], shift[n], scale[n], c[n]);
        }
    }
    let rest: f64 = (x_rest.iter().zip(shift_rest))
        .zip(scale_rest.iter().zip(centre_rest))
        .map(|((&x, &shift), (&scale, &c))| square(x, shift, scale, c))
        .sum();
    sums.iter().sum::<f64>() + rest
}

/// Writes |y − c|² of every row of a tile from each of some centres, in single precision: d columns and m × d
/// numbers in, m tiles of one column out. Lanes are rows.
pub(super) struct TileDistances<'a> {
    pub(super) tile: &'a [f32],
    pub(super) centres: &'a [f32],
    pub(super) out: &'a mut [[f32; TILE]],
}

impl WithSimd for TileDistances<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (columns, _) = self.tile.as_chunks::<TILE>();
        let groups = self.centres.chunks(CENTRES * columns.len());
        for (centres, out) in groups.zip(self.out.chunks_mut(CENTRES)) {
            match out {
                [a] => from_centres(simd, columns, centres, [a]),
                [a, b] => from_centres(simd, columns, centres, [a, b]),
                [a, b, c] => from_centres(simd, columns, centres, [a, b, c]),
                [a, b, c, d] => from_centres(simd, columns, centres, [a, b, c, d]),
                _ => {}
            }
        }
    }
}

/// Distances from `C` centres.
#[inline(always)]
fn from_centres<S: Simd, const C: usize>(
    simd: S,
    columns: &[[f32; TILE]],
    centres: &[f32],
    mut out: [&mut [f32; TILE]; C],
) {
    let centres: [&[f32]; C] =
        std::array::from_fn(|c| &centres[c * columns.len()..][..columns.len()]);
    for start in (0..TILE).step_by(WIDE * S::F32_LANES) {
        let mut sums = [[simd.splat_f32s(0.0); WIDE]; C];
        for (j, column) in columns.iter().enumerate() {
            let y = load(simd, column, start);
            for (sum, centre) in sums.iter_mut().zip(&centres) {
                let centre = simd.splat_f32s(centre[j]);
                for (sum, y) in sum.iter_mut().zip(y) {
                    let difference = simd.sub_f32s(y, centre);
                    *sum = simd.mul_add_e_f32s(difference, difference, *sum);
                }
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            store(simd, out, start, sum);
        }
    }
}
