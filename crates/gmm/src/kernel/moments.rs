//! Weighted moments of a block about an origin: lanes are rows.

use super::number::Number;
use pulp::Simd;

/// The numbers of scratch that [`moments`] needs.
pub(super) fn room<N: Number>(rows: usize) -> usize {
    // A strip of weighted columns, and alignment.
    4 * rows + N::LANES
}

/// Writes Σ w (x − o) to `sums` and the lower triangle of Σ w (x − o)(x − o)ᵀ to `squares`. `rows` is a multiple of
/// [`Number::LANES`].
#[inline(always)]
pub(super) fn moments<S: Simd, N: Number>(
    simd: S,
    origin: &[N],
    columns: &[N],
    weights: &[N],
    sums: &mut [f64],
    squares: &mut [f64],
    scratch: &mut [N],
) {
    if S::F64_LANES >= 8 {
        strips::<S, N, 4>(simd, origin, columns, weights, sums, squares, scratch);
    } else {
        strips::<S, N, 3>(simd, origin, columns, weights, sums, squares, scratch);
    }
}

#[inline(always)]
fn strips<S: Simd, N: Number, const T: usize>(
    simd: S,
    origin: &[N],
    columns: &[N],
    weights: &[N],
    sums: &mut [f64],
    squares: &mut [f64],
    scratch: &mut [N],
) {
    let (d, rows) = (origin.len(), weights.len());
    let (weights, _) = N::vectors::<S>(weights);
    let block = Block {
        origin,
        columns,
        rows,
        weights,
    };
    let (scratch, _) = N::vectors_mut::<S>(super::align(scratch));
    for first in (0..d).step_by(T) {
        match (d - first).min(T) {
            1 => strip::<S, N, T, 1>(simd, block, first, sums, squares, scratch),
            2 => strip::<S, N, T, 2>(simd, block, first, sums, squares, scratch),
            3 => strip::<S, N, T, 3>(simd, block, first, sums, squares, scratch),
            _ => strip::<S, N, T, T>(simd, block, first, sums, squares, scratch),
        }
    }
}

#[derive(Clone, Copy)]
struct Block<'a, N, V> {
    origin: &'a [N],
    columns: &'a [N],
    rows: usize,
    weights: &'a [V],
}

impl<'a, N: Number, V> Block<'a, N, V> {
    #[inline(always)]
    fn columns<S: Simd, const C: usize>(&self, first: usize) -> [&'a [N::Vector<S>]; C] {
        let length = self.weights.len();
        std::array::from_fn(|c| {
            let column = &self.columns[(first + c) * self.rows..(first + c + 1) * self.rows];
            &N::vectors::<S>(column).0[..length]
        })
    }
    #[inline(always)]
    fn origins<S: Simd, const C: usize>(&self, simd: S, first: usize) -> [N::Vector<S>; C] {
        std::array::from_fn(|c| N::splat(simd, self.origin[first + c]))
    }
}

#[inline(always)]
fn strip<S: Simd, N: Number, const T: usize, const I: usize>(
    simd: S,
    block: Block<'_, N, N::Vector<S>>,
    first: usize,
    sums: &mut [f64],
    squares: &mut [f64],
    scratch: &mut [N::Vector<S>],
) {
    let d = block.origin.len();
    let length = block.weights.len();
    let (weighted, _) = scratch.as_chunks_mut::<I>();
    let weighted = &mut weighted[..length];
    let columns = block.columns::<S, I>(first);
    let origins = block.origins::<S, I>(simd, first);
    let mut one = [N::splat(simd, N::ZERO); I];
    let mut two = [[N::splat(simd, N::ZERO); I]; I];
    for n in 0..length {
        let weight = block.weights[n];
        let mut centred = [N::splat(simd, N::ZERO); I];
        for i in 0..I {
            centred[i] = N::sub(simd, columns[i][n], origins[i]);
            let value = N::mul(simd, weight, centred[i]);
            if first > 0 {
                weighted[n][i] = value;
            }
            one[i] = N::add(simd, one[i], value);
            for j in 0..i + 1 {
                two[i][j] = N::mul_add(simd, value, centred[j], two[i][j]);
            }
        }
    }
    for i in 0..I {
        sums[first + i] = N::sum(simd, one[i]);
        for j in 0..i + 1 {
            squares[(first + i) * d + first + j] = N::sum(simd, two[i][j]);
        }
    }
    for before in (0..first).step_by(T) {
        let columns = block.columns::<S, T>(before);
        let origins = block.origins::<S, T>(simd, before);
        let mut two = [[N::splat(simd, N::ZERO); T]; I];
        for n in 0..length {
            let mut centred = [N::splat(simd, N::ZERO); T];
            for j in 0..T {
                centred[j] = N::sub(simd, columns[j][n], origins[j]);
            }
            for i in 0..I {
                for j in 0..T {
                    two[i][j] = N::mul_add(simd, weighted[n][i], centred[j], two[i][j]);
                }
            }
        }
        for i in 0..I {
            for j in 0..T {
                squares[(first + i) * d + before + j] = N::sum(simd, two[i][j]);
            }
        }
    }
}

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
struct Entry {
    place: usize,
    order: usize,
}

/// Where the moments of a column begin and end up.
trait Keep<V> {
    /// What is there of the entry.
    fn begin(&self, at: Entry, zero: V) -> [V; 2];
    fn end<S: Simd, N: Number<Vector<S> = V>>(&mut self, simd: S, at: Entry, moments: [V; 2]);
}

struct Sums<'a> {
    sums: &'a mut [f64],
    squares: &'a mut [f64],
}

impl<V: Copy> Keep<V> for Sums<'_> {
    #[inline(always)]
    fn begin(&self, _: Entry, zero: V) -> [V; 2] {
        [zero; 2]
    }
    #[inline(always)]
    fn end<S: Simd, N: Number<Vector<S> = V>>(&mut self, simd: S, at: Entry, [one, two]: [V; 2]) {
        self.sums[at.place] = N::sum(simd, one);
        self.squares[at.place] = N::sum(simd, two);
    }
}

struct Lanes<'a, V>(&'a mut [[V; 2]]);

impl<V: Copy> Keep<V> for Lanes<'_, V> {
    #[inline(always)]
    fn begin(&self, at: Entry, _: V) -> [V; 2] {
        self.0[at.order]
    }
    #[inline(always)]
    fn end<S: Simd, N: Number<Vector<S> = V>>(&mut self, _: S, at: Entry, moments: [V; 2]) {
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
    let d = columns.len() / rows;
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
    let (d, count) = (columns.len() / rows, weights.len() / rows);
    for (k, weights) in weights.chunks_exact(rows).enumerate() {
        let (weights, _) = N::vectors::<S>(weights);
        let origin = &origins[k * d..(k + 1) * d];
        let block = Block {
            origin,
            columns,
            rows,
            weights,
        };
        let columns = block.columns::<S, C>(first);
        let origins = block.origins::<S, C>(simd, first);
        let zero = N::splat(simd, N::ZERO);
        let mut moments = [[zero; 2]; C];
        let entry = |c: usize| Entry {
            place: k * d + first + c,
            order: count * first + k * C + c,
        };
        for c in 0..C {
            moments[c] = keep.begin(entry(c), zero);
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
            keep.end::<S, N>(simd, entry(c), moments[c]);
        }
    }
}
