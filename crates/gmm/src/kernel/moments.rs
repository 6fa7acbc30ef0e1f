//! Weighted moments of a block about an origin: lanes are rows.

use super::number::Number;
use pulp::Simd;

/// The numbers of scratch that [`moments`] needs.
pub(super) fn room<N: Number>(rows: usize) -> usize {
    // The widest strip of weighted columns, and alignment.
    5 * rows + N::LANES
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
    let mut written = Triangle {
        d: origin.len(),
        sums,
        squares,
    };
    triangle(simd, origin, columns, weights, &mut written, scratch);
}

/// How many vectors [`add_moments`] adds to for a component.
pub(super) fn vectors_of_triangle(d: usize) -> usize {
    d + d * (d + 1) / 2
}

/// The same, added lane by lane to what blocks before left: no sum runs over lanes. In `lanes` stand the vectors of the sums,
/// and those of the squares, row after row of the triangle.
#[inline(always)]
pub(super) fn add_moments<S: Simd, N: Number>(
    simd: S,
    origin: &[N],
    columns: &[N],
    weights: &[N],
    lanes: &mut [N],
    scratch: &mut [N],
) {
    let mut lanes = TriangleOfLanes {
        d: origin.len(),
        lanes: N::vectors_mut::<S>(lanes).0,
    };
    triangle(simd, origin, columns, weights, &mut lanes, scratch);
}

/// The sums over the lanes of what [`add_moments`] added up for a component: d sums, and the lower triangle of d × d squares.
#[inline(always)]
pub(super) fn sum_triangle<S: Simd, N: Number>(
    simd: S,
    lanes: &[N],
    sums: &mut [f64],
    squares: &mut [f64],
) {
    let (d, lanes) = (sums.len(), N::vectors::<S>(lanes).0);
    for (j, sum) in sums.iter_mut().enumerate() {
        *sum = N::sum(simd, lanes[j]);
        for i in 0..j + 1 {
            squares[j * d + i] = N::sum(simd, lanes[d + j * (j + 1) / 2 + i]);
        }
    }
}

/// An entry of the moments of a component.
#[derive(Clone, Copy)]
enum Entry {
    /// Of this column.
    Sum(usize),
    /// Of these two, the second not after the first.
    Square(usize, usize),
}

/// Where the moments of a component begin and end up.
trait KeepTriangle<V> {
    /// What is there of the entry.
    fn begin(&self, at: Entry, zero: V) -> V;
    fn end<S: Simd, N: Number<Vector<S> = V>>(&mut self, simd: S, at: Entry, moment: V);
}

struct Triangle<'a> {
    d: usize,
    sums: &'a mut [f64],
    squares: &'a mut [f64],
}

impl<V: Copy> KeepTriangle<V> for Triangle<'_> {
    #[inline(always)]
    fn begin(&self, _: Entry, zero: V) -> V {
        zero
    }
    #[inline(always)]
    fn end<S: Simd, N: Number<Vector<S> = V>>(&mut self, simd: S, at: Entry, moment: V) {
        match at {
            Entry::Sum(j) => self.sums[j] = N::sum(simd, moment),
            Entry::Square(i, j) => self.squares[i * self.d + j] = N::sum(simd, moment),
        }
    }
}

struct TriangleOfLanes<'a, V> {
    d: usize,
    lanes: &'a mut [V],
}

impl<V> TriangleOfLanes<'_, V> {
    #[inline(always)]
    fn place(&self, at: Entry) -> usize {
        match at {
            Entry::Sum(j) => j,
            Entry::Square(i, j) => self.d + i * (i + 1) / 2 + j,
        }
    }
}

impl<V: Copy> KeepTriangle<V> for TriangleOfLanes<'_, V> {
    #[inline(always)]
    fn begin(&self, at: Entry, _: V) -> V {
        self.lanes[self.place(at)]
    }
    #[inline(always)]
    fn end<S: Simd, N: Number<Vector<S> = V>>(&mut self, _: S, at: Entry, moment: V) {
        let place = self.place(at);
        self.lanes[place] = moment;
    }
}

#[inline(always)]
fn triangle<S: Simd, N: Number>(
    simd: S,
    origin: &[N],
    columns: &[N],
    weights: &[N],
    keep: &mut impl KeepTriangle<N::Vector<S>>,
    scratch: &mut [N],
) {
    if S::F64_LANES >= 8 {
        strips::<S, N, _, 4>(simd, origin, columns, weights, keep, scratch);
    } else {
        strips::<S, N, _, 3>(simd, origin, columns, weights, keep, scratch);
    }
}

#[inline(always)]
fn strips<S: Simd, N: Number, K: KeepTriangle<N::Vector<S>>, const T: usize>(
    simd: S,
    origin: &[N],
    columns: &[N],
    weights: &[N],
    keep: &mut K,
    scratch: &mut [N],
) {
    let d = origin.len();
    let (weights, _) = N::vectors::<S>(weights);
    let block = Block {
        origin,
        columns,
        stride: columns.len() / d,
        weights,
    };
    let (scratch, _) = N::vectors_mut::<S>(super::align(scratch));
    if T == 4 && d == 5 {
        // Their moments just fit into registers; a strip of one column would wait for its own sums.
        return strip::<S, N, K, T, 5>(simd, block, 0, keep, scratch);
    }
    for first in (0..d).step_by(T) {
        match (d - first).min(T) {
            1 => strip::<S, N, K, T, 1>(simd, block, first, keep, scratch),
            2 => strip::<S, N, K, T, 2>(simd, block, first, keep, scratch),
            3 => strip::<S, N, K, T, 3>(simd, block, first, keep, scratch),
            _ => strip::<S, N, K, T, T>(simd, block, first, keep, scratch),
        }
    }
}

/// Rows, column after column, about an origin.
#[derive(Clone, Copy)]
pub(super) struct Block<'a, N, V> {
    pub origin: &'a [N],
    pub columns: &'a [N],
    /// From the beginning of a column to that of the next.
    pub stride: usize,
    pub weights: &'a [V],
}

impl<'a, N: Number, V> Block<'a, N, V> {
    #[inline(always)]
    pub(super) fn columns<S: Simd, const C: usize>(&self, first: usize) -> [&'a [N::Vector<S>]; C] {
        let length = self.weights.len();
        std::array::from_fn(|c| {
            let column = &self.columns[(first + c) * self.stride..];
            &N::vectors::<S>(column).0[..length]
        })
    }
    #[inline(always)]
    pub(super) fn origins<S: Simd, const C: usize>(
        &self,
        simd: S,
        first: usize,
    ) -> [N::Vector<S>; C] {
        std::array::from_fn(|c| N::splat(simd, self.origin[first + c]))
    }
}

#[inline(always)]
fn strip<S: Simd, N: Number, K: KeepTriangle<N::Vector<S>>, const T: usize, const I: usize>(
    simd: S,
    block: Block<'_, N, N::Vector<S>>,
    first: usize,
    keep: &mut K,
    scratch: &mut [N::Vector<S>],
) {
    let length = block.weights.len();
    let (weighted, _) = scratch.as_chunks_mut::<I>();
    let weighted = &mut weighted[..length];
    let columns = block.columns::<S, I>(first);
    let origins = block.origins::<S, I>(simd, first);
    let zero = N::splat(simd, N::ZERO);
    let (mut one, mut two) = ([zero; I], [[zero; I]; I]);
    for i in 0..I {
        one[i] = keep.begin(Entry::Sum(first + i), zero);
        for j in 0..i + 1 {
            two[i][j] = keep.begin(Entry::Square(first + i, first + j), zero);
        }
    }
    for n in 0..length {
        let weight = block.weights[n];
        let mut centred = [zero; I];
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
        keep.end::<S, N>(simd, Entry::Sum(first + i), one[i]);
        for j in 0..i + 1 {
            keep.end::<S, N>(simd, Entry::Square(first + i, first + j), two[i][j]);
        }
    }
    for before in (0..first).step_by(T) {
        let columns = block.columns::<S, T>(before);
        let origins = block.origins::<S, T>(simd, before);
        let mut two = [[zero; T]; I];
        for i in 0..I {
            for j in 0..T {
                two[i][j] = keep.begin(Entry::Square(first + i, before + j), zero);
            }
        }
        for n in 0..length {
            let mut centred = [zero; T];
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
                keep.end::<S, N>(simd, Entry::Square(first + i, before + j), two[i][j]);
            }
        }
    }
}
