//! The weighted moments of a block, added to a statistic.

use crate::scatter::Scatter;
use distributions::Scratch;

/// Where the mean of a block lies further than this many of its variances (squared) from the origin
/// its moments were taken about, they are taken again about the mean. Three digits of the block's own
/// scatter is what may be lost otherwise.
const FAR: f64 = 1e3;

/// Adds the rows of the block with these weights. `expected` is where their mean is expected.
pub(super) fn accumulate(
    into: &mut Scatter,
    expected: &[f64],
    columns: &[f64],
    weights: &[f64],
    scratch: &mut Scratch,
) {
    let weight: f64 = weights.iter().sum();
    if weight == 0.0 {
        return;
    }
    let (d, full) = (expected.len(), into.is_full());
    let mut moments = Moments {
        weight,
        full,
        origin: scratch.take_dirty(d),
        sums: scratch.take_dirty(d),
        squares: scratch.take_dirty(if full { d * d } else { d }),
    };
    moments.origin.copy_from_slice(expected);
    moments.about_origin(columns, weights, scratch);
    if moments.centre() {
        // About the mean but for rounding.
        moments.about_origin(columns, weights, scratch);
        moments.centre();
    }
    into.add_moments(weight, &moments.origin, &moments.squares);
    scratch.give(moments.squares);
    scratch.give(moments.sums);
    scratch.give(moments.origin);
}

/// Moments of a block about an origin.
struct Moments {
    weight: f64,
    full: bool,
    origin: Vec<f64>,
    /// Σ w (x − origin).
    sums: Vec<f64>,
    /// Σ w (x − origin)(x − origin)ᵀ, lower triangle or diagonal.
    squares: Vec<f64>,
}

impl Moments {
    /// Fills sums and squares.
    fn about_origin(&mut self, columns: &[f64], weights: &[f64], scratch: &mut Scratch) {
        let (d, rows) = (self.origin.len(), weights.len());
        let mut centred = scratch.take_dirty(d * rows);
        for (j, centre) in centred.chunks_exact_mut(rows).enumerate() {
            let column = &columns[j * rows..(j + 1) * rows];
            for (c, x) in centre.iter_mut().zip(column) {
                *c = x - self.origin[j];
            }
        }
        let mut weighted = scratch.take_dirty(rows);
        for (i, centre) in centred.chunks_exact(rows).enumerate() {
            for ((v, c), w) in weighted.iter_mut().zip(centre).zip(weights) {
                *v = c * w;
            }
            self.sums[i] = weighted.iter().sum();
            if self.full {
                for (j, other) in centred.chunks_exact(rows).enumerate().take(i + 1) {
                    self.squares[i * d + j] = dot(&weighted, other);
                }
            } else {
                self.squares[i] = dot(&weighted, centre);
            }
        }
        scratch.give(weighted);
        scratch.give(centred);
    }
    /// Moves the origin to the mean. Whether it was too far for the squares to be accurate.
    fn centre(&mut self) -> bool {
        let d = self.origin.len();
        let mut far = false;
        for i in 0..d {
            let shift = self.sums[i] / self.weight;
            if self.full {
                for j in 0..i {
                    self.squares[i * d + j] -= shift * self.sums[j];
                }
            }
            let square = &mut self.squares[if self.full { i * d + i } else { i }];
            let moved = shift * self.sums[i];
            *square = (*square - moved).max(0.0);
            far |= !(moved <= FAR * *square);
            self.origin[i] += shift;
        }
        far
    }
}

/// Σ a_i b_i in eight interleaved sums.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_eight, a_rest) = a.as_chunks::<8>();
    let (b_eight, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a_eight.iter().zip(b_eight) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}
