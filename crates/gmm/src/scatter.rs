//! The statistic of a Gaussian: weight, mean and centred scatter.

use distributions::Statistics;

/// Moments of weighted rows about an origin o.
#[derive(Debug)]
pub(crate) struct Moments<'a> {
    /// Σ w, not 0.
    pub(crate) weight: f64,
    /// o; overwritten.
    pub(crate) origin: &'a mut [f64],
    /// Σ w (x − o).
    pub(crate) sums: &'a [f64],
    /// The lower triangle of Σ w (x − o)(x − o)ᵀ in d × d, or its diagonal.
    pub(crate) squares: &'a [f64],
}

/// N = Σ w, the mean m = Σ w x / N, and the centred scatter W = Σ w (x − m)(x − m)ᵀ of weighted
/// rows; only its diagonal where the covariance structure needs no more.
///
/// Centred, because raw second moments cancel: an offset of 1e8 costs nothing. Parts are merged by
/// the pairwise update
///
/// W = W₁ + W₂ + (N₁ N₂ / N) (m₂ − m₁)(m₂ − m₁)ᵀ.
///
/// Source: Chan, Golub & LeVeque (1979), Updating formulae and a pairwise algorithm.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scatter {
    weight: f64,
    mean: Vec<f64>,
    /// The lower triangle of W, row-major in d × d, the diagonal alone, or nothing.
    squares: Vec<f64>,
}

impl Scatter {
    /// Nothing seen, in `dimension` columns; `full` keeps the whole of W, else its diagonal.
    pub fn new(dimension: usize, full: bool) -> Self {
        let squares = if full {
            dimension * dimension
        } else {
            dimension
        };
        Scatter {
            weight: 0.0,
            mean: vec![0.0; dimension],
            squares: vec![0.0; squares],
        }
    }
    /// Nothing seen, of which only weight and mean are kept: W is elsewhere, and 0 here.
    pub(crate) fn of_means(dimension: usize) -> Self {
        Scatter {
            weight: 0.0,
            mean: vec![0.0; dimension],
            squares: Vec::new(),
        }
    }
    /// Nothing seen, in buffers of zeros whose lengths are those of the mean and of what is kept of W.
    pub(crate) fn in_buffers(mean: Vec<f64>, squares: Vec<f64>) -> Self {
        Scatter {
            weight: 0.0,
            mean,
            squares,
        }
    }
    /// The buffers of the mean and of W.
    pub(crate) fn into_buffers(self) -> (Vec<f64>, Vec<f64>) {
        (self.mean, self.squares)
    }
    /// The number of columns d.
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }
    /// Whether the whole of W is kept, rather than its diagonal.
    pub fn is_full(&self) -> bool {
        self.squares.len() == self.mean.len() * self.mean.len()
    }
    /// The weighted mean; zeros when nothing was seen.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }
    /// What is kept of W.
    pub(crate) fn squares(&self) -> &[f64] {
        &self.squares
    }
    /// The same, to be added to.
    pub(crate) fn squares_mut(&mut self) -> &mut [f64] {
        &mut self.squares
    }
    /// Whether nothing of W is kept here.
    fn is_of_means(&self) -> bool {
        self.squares.is_empty()
    }
    /// W_jj, the centred sum of squares of column j.
    pub fn square(&self, j: usize) -> f64 {
        if self.is_of_means() {
            return 0.0;
        }
        let stride = self.squares.len() / self.mean.len();
        self.squares[if stride == 1 { j } else { j * stride + j }]
    }
    /// W_ij, j ≤ i, of a whole W.
    pub(crate) fn product(&self, i: usize, j: usize) -> f64 {
        self.squares[i * self.dimension() + j]
    }
    /// The diagonal of W.
    pub fn diagonal(&self) -> Vec<f64> {
        (0..self.dimension()).map(|j| self.square(j)).collect()
    }
    /// W, symmetric, row-major; diagonal where only that is kept.
    pub fn matrix(&self) -> Vec<f64> {
        let d = self.dimension();
        let mut matrix = vec![0.0; d * d];
        if self.is_of_means() {
            return matrix;
        }
        for i in 0..d {
            if self.is_full() {
                for j in 0..=i {
                    matrix[i * d + j] = self.squares[i * d + j];
                    matrix[j * d + i] = self.squares[i * d + j];
                }
            } else {
                matrix[i * d + i] = self.squares[i];
            }
        }
        matrix
    }
    /// The same mean, with the weight `weight` and `factor` times the scatter.
    pub(crate) fn reweighted(&self, weight: f64, factor: f64) -> Self {
        Scatter {
            weight,
            mean: self.mean.clone(),
            squares: self.squares.iter().map(|square| factor * square).collect(),
        }
    }
    /// One row's weight with this mean and covariance (row-major, d × d).
    pub(crate) fn of_one(mean: &[f64], covariance: &[f64], full: bool) -> Self {
        Scatter::new(mean.len(), full).with_pseudo_rows(mean, 1.0, covariance, 1.0)
    }
    /// The same rows about another mean: W + N (x̄ − μ)(x̄ − μ)ᵀ.
    pub(crate) fn about(&self, mean: &[f64]) -> Self {
        let (d, full) = (self.dimension(), self.is_full());
        let mut about = self.clone();
        let shift: Vec<f64> = self.mean.iter().zip(mean).map(|(a, b)| a - b).collect();
        for (n, square) in about.squares.iter_mut().enumerate() {
            let (i, j) = if full { (n / d, n % d) } else { (n, n) };
            if j <= i {
                *square += self.weight * shift[i] * shift[j];
            }
        }
        about.mean.copy_from_slice(mean);
        about
    }
    /// With `shrinkage` more rows at `mean`, `squares` (row-major, d × d) added to W, and the weight
    /// `weight`, whatever that of the rows is.
    pub(crate) fn with_pseudo_rows(
        &self,
        mean: &[f64],
        shrinkage: f64,
        squares: &[f64],
        weight: f64,
    ) -> Self {
        let mut all = self.clone();
        if shrinkage > 0.0 {
            all.merge_mean(mean, shrinkage);
        }
        let d = self.dimension();
        for (n, square) in all.squares.iter_mut().enumerate() {
            *square += if self.is_full() {
                squares[n]
            } else {
                squares[n * d + n]
            };
        }
        all.weight = weight;
        all
    }
    /// Adds one row.
    pub fn add(&mut self, x: &[f64], weight: f64) {
        self.merge_mean(x, weight);
    }
    /// Adds `square` to W_jj alone: the variance of cells of which only the mean was added.
    pub(crate) fn add_square(&mut self, j: usize, square: f64) {
        let stride = self.squares.len() / self.mean.len();
        self.squares[if stride == 1 { j } else { j * stride + j }] += square;
    }
    /// Adds rows by their moments about an origin. Inlined, to be compiled for the instruction set of the
    /// kernel that took them.
    #[inline(always)]
    pub(crate) fn add_rows(&mut self, rows: Moments<'_>) {
        let Moments {
            weight,
            origin,
            sums,
            squares,
        } = rows;
        let (d, full) = (self.dimension(), self.is_full());
        let inverse = 1.0 / weight;
        for (origin, sum) in origin.iter_mut().zip(sums) {
            *origin += sum * inverse;
        }
        let ways = origin;
        let factor = self.move_mean(weight, ways);
        let own = |square: f64, sum: f64| (square - sum * inverse * sum).max(0.0);
        if !full {
            let theirs = squares.iter().zip(sums.iter().zip(&*ways));
            for (mine, (&square, (&sum, way))) in self.squares.iter_mut().zip(theirs) {
                *mine += own(square, sum) + factor * way * way;
            }
            return;
        }
        for i in 0..d {
            let (shift, way) = (sums[i] * inverse, factor * ways[i]);
            let row = i * d;
            let mine = &mut self.squares[row..row + i];
            let theirs = mine.iter_mut().zip(&squares[row..row + i]);
            for ((mine, theirs), (sum, other)) in theirs.zip(sums.iter().zip(&*ways)) {
                *mine += (theirs - shift * sum) + way * other;
            }
            self.squares[row + i] += own(squares[row + i], sums[i]) + way * ways[i];
        }
    }
    /// Adds rows of total weight `weight` whose mean stands in `ways`, without their scatter: writes the way from the
    /// old mean there, and returns the factor f by which f way wayᵀ adds to the scatter.
    #[inline(always)]
    pub(crate) fn move_mean(&mut self, weight: f64, ways: &mut [f64]) -> f64 {
        let total = self.weight + weight;
        let share = weight / total;
        let factor = self.weight * share;
        let first = !(self.weight > 0.0);
        for (way, mine) in ways.iter_mut().zip(&mut self.mean) {
            let mean = *way;
            // Of nothing there is no mean, and no way from it.
            *way = if first { 0.0 } else { mean - *mine };
            *mine = if first { mean } else { *mine + *way * share };
        }
        self.weight = total;
        factor
    }
    /// Adds to W what stands in the lower triangle of `squares`, of a whole W.
    #[inline(always)]
    pub(crate) fn add_squares(&mut self, squares: &[f64]) {
        let d = self.dimension();
        let rows = self.squares.chunks_exact_mut(d);
        for (i, (mine, theirs)) in rows.zip(squares.chunks_exact(d)).enumerate() {
            for (mine, theirs) in mine[..i + 1].iter_mut().zip(&theirs[..i + 1]) {
                *mine += theirs;
            }
        }
    }
    /// Adds rows of total weight `weight`, mean `mean` and centred scatter `squares`, laid out as
    /// this statistic keeps it.
    pub(crate) fn add_moments(&mut self, weight: f64, mean: &[f64], squares: &[f64]) {
        // Not `weight > 0.0`, so that NaN is seen.
        if weight == 0.0 {
            return;
        }
        let d = self.dimension();
        let (stride, full) = (squares.len() / d, self.is_full());
        for i in 0..d {
            // Above the diagonal stands nothing.
            let range = if full {
                i * stride..i * stride + i + 1
            } else {
                i..i + 1
            };
            for (mine, theirs) in self.squares[range.clone()].iter_mut().zip(&squares[range]) {
                *mine += theirs;
            }
        }
        self.merge_mean(mean, weight);
    }
    /// The pairwise update without the other part's own scatter.
    fn merge_mean(&mut self, mean: &[f64], weight: f64) {
        let d = self.dimension();
        if !(self.weight > 0.0) {
            self.weight = weight;
            self.mean.copy_from_slice(mean);
            return;
        }
        let total = self.weight + weight;
        let share = weight / total;
        let factor = self.weight * share;
        let full = self.is_full();
        for i in 0..d {
            let difference = mean[i] - self.mean[i];
            if full {
                let row = &mut self.squares[i * d..i * d + i + 1];
                for (j, square) in row.iter_mut().enumerate() {
                    *square += factor * difference * (mean[j] - self.mean[j]);
                }
            } else {
                self.squares[i] += factor * difference * difference;
            }
        }
        for (mine, theirs) in self.mean.iter_mut().zip(mean) {
            *mine += (theirs - *mine) * share;
        }
        self.weight = total;
    }
}

impl Statistics for Scatter {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        self.weight = 0.0;
        self.mean.fill(0.0);
        self.squares.fill(0.0);
    }
    fn merge(&mut self, other: &Self) {
        self.add_moments(other.weight, &other.mean, &other.squares);
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        for square in &mut self.squares {
            *square *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<[f64; 2]> {
        vec![[1.0, 2.0], [3.0, -1.0], [0.5, 0.0], [7.0, 4.0], [2.0, 2.5]]
    }

    #[test]
    fn any_split_merges_to_the_whole() {
        for full in [true, false] {
            let mut whole = Scatter::new(2, full);
            for (i, x) in rows().iter().enumerate() {
                whole.add(x, 1.0 + i as f64);
            }
            for split in 0..=5 {
                let mut parts = [Scatter::new(2, full), Scatter::new(2, full)];
                for (i, x) in rows().iter().enumerate() {
                    parts[usize::from(i >= split)].add(x, 1.0 + i as f64);
                }
                let [mut left, right] = parts;
                left.merge(&right);
                assert_eq!(left.weight(), whole.weight());
                for (a, b) in left.matrix().iter().zip(whole.matrix()) {
                    assert!((a - b).abs() < 1e-13 * b.abs().max(1.0));
                }
            }
        }
    }

    #[test]
    fn a_common_offset_costs_no_digits() {
        let (mut near, mut far) = (Scatter::new(2, true), Scatter::new(2, true));
        for x in rows() {
            near.add(&x, 0.7);
            far.add(&[x[0] + 1e8, x[1] - 1e8], 0.7);
        }
        for (a, b) in far.matrix().iter().zip(near.matrix()) {
            assert!((a - b).abs() < 1e-7);
        }
    }
}
