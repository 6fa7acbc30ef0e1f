//! (x − μ)ᵀ Σ⁻¹ (x − μ) for the rows of a block.

use crate::gaussian::{Factor, Gaussian};
use distributions::Scratch;

/// Rows worked on at once: one column of them is eight cache lines.
const TILE: usize = 64;

/// Writes |z_i|² with L z_i = x_i − μ.
pub(super) fn quadratic_forms(
    gaussian: &Gaussian,
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut Scratch,
) {
    match gaussian.factor() {
        Factor::Diagonal(inverses) => {
            out.fill(0.0);
            for ((column, mean), inverse) in columns
                .chunks_exact(rows)
                .zip(gaussian.mean())
                .zip(inverses)
            {
                for (value, x) in out.iter_mut().zip(column) {
                    let z = (x - mean) * inverse;
                    *value += z * z;
                }
            }
        }
        Factor::Lower {
            lower,
            inverse_diagonal,
        } => {
            let mut z = scratch.take_dirty(gaussian.dimension() * TILE);
            for start in (0..rows).step_by(TILE) {
                let size = TILE.min(rows - start);
                let out = &mut out[start..start + size];
                solve_tile(
                    gaussian.mean(),
                    lower,
                    inverse_diagonal,
                    columns,
                    rows,
                    start,
                    &mut z,
                    out,
                );
            }
            scratch.give(z);
        }
    }
}

/// Forward substitution for the rows `start..start + out.len()`, and the sums of squares.
fn solve_tile(
    mean: &[f64],
    lower: &[f64],
    inverse_diagonal: &[f64],
    columns: &[f64],
    rows: usize,
    start: usize,
    z: &mut [f64],
    out: &mut [f64],
) {
    let (d, size) = (mean.len(), out.len());
    out.fill(0.0);
    for i in 0..d {
        let (solved, rest) = z.split_at_mut(i * TILE);
        let current = &mut rest[..size];
        let column = &columns[i * rows + start..i * rows + start + size];
        for (z, x) in current.iter_mut().zip(column) {
            *z = x - mean[i];
        }
        for (j, earlier) in solved.chunks_exact(TILE).enumerate() {
            let factor = lower[i * d + j];
            for (z, e) in current.iter_mut().zip(earlier) {
                *z -= factor * e;
            }
        }
        for (z, value) in current.iter_mut().zip(out.iter_mut()) {
            *z *= inverse_diagonal[i];
            *value += *z * *z;
        }
    }
}
