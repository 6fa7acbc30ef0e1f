//! Weighted moments of a block about an origin for each component, of each column alone.

use super::moments::Block;
use super::number::Number;
use pulp::Simd;

/// The sums and the diagonal of the squares, of all components: entry (k, j) at `k * d + j`.
#[inline(always)]
pub(super) fn diagonals<S: Simd, N: Number>(
    simd: S,
    origins: &[N],
    columns: &[N],
    weights: &[N],
    rows: usize,
    sums: &mut [f64],
    squares: &mut [f64],
) {
    let mut write = Sums { sums, squares };
    of_columns(simd, origins, columns, weights, rows, &mut write);
}

/// The same, added lane by lane to what blocks before left: no sum runs over lanes. In `lanes` the two vectors of each
/// (k, j) stand in the order in which they are read: eight columns of all components, then the next eight.
#[inline(always)]
pub(super) fn add_diagonals<S: Simd, N: Number>(
    simd: S,
    origins: &[N],
    columns: &[N],
    weights: &[N],
    rows: usize,
    lanes: &mut [N],
) {
    let (lanes, _) = N::vectors_mut::<S>(lanes);
    let mut lanes = Lanes(lanes.as_chunks_mut().0);
    of_columns(simd, origins, columns, weights, rows, &mut lanes);
}

/// The sums over the lanes of what [`add_diagonals`] added up.
#[inline(always)]
pub(super) fn sum_lanes<S: Simd, N: Number>(
    simd: S,
    d: usize,
    lanes: &[N],
    sums: &mut [f64],
    squares: &mut [f64],
) {
    let (lanes, _) = N::vectors::<S>(lanes).0.as_chunks();
    let (count, mut lanes) = (sums.len() / d, lanes.iter());
    for first in (0..d).step_by(EIGHT) {
        for k in 0..count {
            let columns = k * d + first..k * d + (first + EIGHT).min(d);
            for (at, &[one, two]) in columns.zip(&mut lanes) {
                (sums[at], squares[at]) = (N::sum(simd, one), N::sum(simd, two));
            }
        }
    }
}

/// Columns whose moments are taken together.
const EIGHT: usize = 8;

/// Of component k and column j: k d + j, and which of all is computed first, second and so on.
#[derive(Clone, Copy)]
struct Place {
    place: usize,
    order: usize,
}

/// Where the moments of a column begin and end up.
trait Keep<V> {
    /// What is there of the entry.
    fn begin(&self, at: Place, zero: V) -> [V; 2];
    fn end<S: Simd, N: Number<Vector<S> = V>>(&mut self, simd: S, at: Place, moments: [V; 2]);
}

struct Sums<'a> {
    sums: &'a mut [f64],
    squares: &'a mut [f64],
}

impl<V: Copy> Keep<V> for Sums<'_> {
    #[inline(always)]
    fn begin(&self, _: Place, zero: V) -> [V; 2] {
        [zero; 2]
    }
    #[inline(always)]
    fn end<S: Simd, N: Number<Vector<S> = V>>(&mut self, simd: S, at: Place, [one, two]: [V; 2]) {
        self.sums[at.place] = N::sum(simd, one);
        self.squares[at.place] = N::sum(simd, two);
    }
}

struct Lanes<'a, V>(&'a mut [[V; 2]]);

impl<V: Copy> Keep<V> for Lanes<'_, V> {
    #[inline(always)]
    fn begin(&self, at: Place, _: V) -> [V; 2] {
        self.0[at.order]
    }
    #[inline(always)]
    fn end<S: Simd, N: Number<Vector<S> = V>>(&mut self, _: S, at: Place, moments: [V; 2]) {
        self.0[at.order] = moments;
    }
}

/// Eight columns at a time.
#[inline(always)]
fn of_columns<S: Simd, N: Number>(
    simd: S,
    origins: &[N],
    columns: &[N],
    weights: &[N],
    rows: usize,
    keep: &mut impl Keep<N::Vector<S>>,
) {
    let d = origins.len() * rows / weights.len();
    for first in (0..d).step_by(EIGHT) {
        match (d - first).min(EIGHT) {
            1 => diagonal::<S, N, 1>(simd, origins, columns, weights, rows, first, keep),
            2 => diagonal::<S, N, 2>(simd, origins, columns, weights, rows, first, keep),
            3 => diagonal::<S, N, 3>(simd, origins, columns, weights, rows, first, keep),
            4 => diagonal::<S, N, 4>(simd, origins, columns, weights, rows, first, keep),
            5 => diagonal::<S, N, 5>(simd, origins, columns, weights, rows, first, keep),
            6 => diagonal::<S, N, 6>(simd, origins, columns, weights, rows, first, keep),
            7 => diagonal::<S, N, 7>(simd, origins, columns, weights, rows, first, keep),
            _ => diagonal::<S, N, 8>(simd, origins, columns, weights, rows, first, keep),
        }
    }
}

#[inline(always)]
fn diagonal<S: Simd, N: Number, const C: usize>(
    simd: S,
    origins: &[N],
    columns: &[N],
    weights: &[N],
    rows: usize,
    first: usize,
    keep: &mut impl Keep<N::Vector<S>>,
) {
    let count = weights.len() / rows;
    let d = origins.len() / count;
    for (k, weights) in weights.chunks_exact(rows).enumerate() {
        let (weights, _) = N::vectors::<S>(weights);
        let origin = &origins[k * d..(k + 1) * d];
        let block = Block {
            origin,
            columns,
            stride: columns.len() / d,
            weights,
        };
        let columns = block.columns::<S, C>(first);
        let origins = block.origins::<S, C>(simd, first);
        let zero = N::splat(simd, N::ZERO);
        let mut moments = [[zero; 2]; C];
        let place = |c: usize| Place {
            place: k * d + first + c,
            order: count * first + k * C + c,
        };
        for c in 0..C {
            moments[c] = keep.begin(place(c), zero);
        }
        for (n, &weight) in weights.iter().enumerate() {
            for c in 0..C {
                let centred = N::sub(simd, columns[c][n], origins[c]);
                let weighted = N::mul(simd, weight, centred);
                moments[c][0] = N::add(simd, moments[c][0], weighted);
                moments[c][1] = N::mul_add(simd, weighted, centred, moments[c][1]);
            }
        }
        for c in 0..C {
            keep.end::<S, N>(simd, place(c), moments[c]);
        }
    }
}
