//! Weighted means and centred cross-products of several variables, in the form that does not cancel.

use crate::{AlignedBuffer, RowsView, Scratch, Statistics, View};

/// Weight, means and centred sums of products of the columns of weighted rows: Σ w, x̄ and
/// Σ w (x_j − x̄_j)(x_l − x̄_l).
///
/// What [`Moments`](crate::Moments) is to one variable. An offset common to a column costs no digit,
/// and a column that is constant has a sum of squares of exactly 0.
///
/// Source: Chan, Golub & LeVeque (1979), the pairwise update, for every pair of columns.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CrossProducts {
    weight: f64,
    mean: Vec<f64>,
    /// Row-major square; only the lower triangle is kept.
    products: Vec<f64>,
}

impl CrossProducts {
    /// Nothing seen of `columns` columns.
    pub fn new(columns: usize) -> Self {
        CrossProducts {
            weight: 0.0,
            mean: vec![0.0; columns],
            products: vec![0.0; columns * columns],
        }
    }
    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.mean.len()
    }
    /// The weighted mean of each column; 0 when nothing was seen.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }
    /// Σ w (x_j − x̄_j)(x_l − x̄_l).
    pub fn product(&self, j: usize, l: usize) -> f64 {
        self.products[j.max(l) * self.columns() + j.min(l)]
    }
    /// The weighted mean of the square of a column.
    pub(super) fn mean_square(&self, j: usize) -> f64 {
        self.mean[j] * self.mean[j] + self.product(j, j) / self.weight
    }

    /// Adds one row, whose entries are those of `x` and, where there is one more column, `last`.
    pub(super) fn add(&mut self, x: &[f64], last: f64, weight: f64) {
        let columns = self.columns();
        let entry = |j: usize| if j < x.len() { x[j] } else { last };
        let total = self.weight + weight;
        let share = weight / total;
        // While nothing was seen, the means are wherever the last row left them.
        let factor = self.weight * share;
        if factor > 0.0 {
            for j in 0..columns {
                let scaled = (entry(j) - self.mean[j]) * factor;
                for l in 0..=j {
                    self.products[j * columns + l] += scaled * (entry(l) - self.mean[l]);
                }
            }
        }
        for j in 0..columns {
            let step = (entry(j) - self.mean[j]) * share;
            self.mean[j] = if share == 1.0 {
                entry(j)
            } else {
                self.mean[j] + step
            };
        }
        self.weight = total;
    }

    /// Adds a block that was centred on its own mean.
    pub(super) fn add_block(
        &mut self,
        block: &CentredBlock,
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let columns = self.columns();
        let mut products = scratch.take(columns * columns);
        block.products(weights, &mut products, scratch);
        self.combine(block.weight, &block.mean, &products);
        scratch.give(products);
    }

    /// The pairwise update with rows of weight `weight`, means `mean` and products `products`.
    fn combine(&mut self, weight: f64, mean: &[f64], products: &[f64]) {
        if !(weight > 0.0) {
            return;
        }
        if !(self.weight > 0.0) {
            self.weight = weight;
            self.mean.copy_from_slice(mean);
            self.products.copy_from_slice(products);
            return;
        }
        let columns = self.columns();
        let total = self.weight + weight;
        let share = weight / total;
        let factor = self.weight * share;
        let mut row = 0;
        for j in 0..columns {
            let scaled = (mean[j] - self.mean[j]) * factor;
            let pairs = mean[..=j].iter().zip(&self.mean);
            for (l, (theirs, mine)) in pairs.enumerate() {
                self.products[row + l] += products[row + l] + scaled * (theirs - mine);
            }
            row += columns;
        }
        for (mine, theirs) in self.mean.iter_mut().zip(mean) {
            *mine += (theirs - *mine) * share;
        }
        self.weight = total;
    }

    /// Replaces the last column z by z + Σ_j shift_j x_j of the columns before it.
    pub(super) fn shear_last(&mut self, shift: &[f64]) {
        let last = self.columns() - 1;
        let row = last * self.columns();
        let mut square = self.products[row + last];
        for (j, a) in shift.iter().enumerate() {
            square += 2.0 * a * self.products[row + j];
        }
        for j in 0..last {
            let moved: f64 = (0..last).map(|l| self.product(j, l) * shift[l]).sum();
            square += shift[j] * moved;
            self.products[row + j] += moved;
            self.mean[last] += shift[j] * self.mean[j];
        }
        self.products[row + last] = square.max(0.0);
    }
}

impl Statistics for CrossProducts {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        self.weight = 0.0;
        self.mean.fill(0.0);
        self.products.fill(0.0);
    }
    fn merge(&mut self, other: &Self) {
        self.combine(other.weight, &other.mean, &other.products);
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        self.products.iter_mut().for_each(|value| *value *= factor);
    }
}

/// A block of rows, column after column, each about its own weighted mean; 0 in rows of weight 0,
/// whatever they hold. Made of buffers of a scratch, to which [`give`](CentredBlock::give) returns
/// them.
pub(super) struct CentredBlock {
    pub(super) weight: f64,
    mean: AlignedBuffer,
    /// Column j is `centred[j * rows .. (j + 1) * rows]`.
    centred: AlignedBuffer,
    rows: usize,
}

impl CentredBlock {
    /// The first `columns` columns of `xs`, the last of them taken from `last` where that is given.
    /// `None` where no row has weight.
    pub(super) fn new(
        xs: RowsView<'_, f64>,
        last: Option<&[f64]>,
        columns: usize,
        weights: &[f64],
        scratch: &mut Scratch,
    ) -> Option<Self> {
        let first = weights.iter().position(|&w| w > 0.0)?;
        let rows = xs.len();
        let weight: f64 = weights.iter().sum();
        let mut mean = scratch.take_dirty(columns);
        let mut centred = scratch.take_dirty(columns * rows);
        for (j, column) in centred.chunks_exact_mut(rows).enumerate() {
            match last {
                Some(values) if j + 1 == columns => column.copy_from_slice(values),
                _ => {
                    let rows = xs.values().chunks_exact(xs.width());
                    for (value, row) in column.iter_mut().zip(rows) {
                        *value = row[j];
                    }
                }
            }
            // About the first weighty value: a common offset costs no digit.
            let origin = column[first];
            for (value, &w) in column.iter_mut().zip(weights) {
                *value = if w > 0.0 { *value - origin } else { 0.0 };
            }
            let shift = dot(column, weights) / weight;
            column.iter_mut().zip(weights).for_each(|(value, &w)| {
                *value = if w > 0.0 { *value - shift } else { 0.0 };
            });
            mean[j] = origin + shift;
        }
        Some(CentredBlock {
            weight,
            mean,
            centred,
            rows,
        })
    }
    /// The weighted mean of each column.
    pub(super) fn mean(&self) -> &[f64] {
        &self.mean
    }
    /// The centred column j.
    pub(super) fn column(&self, j: usize) -> &[f64] {
        &self.centred[j * self.rows..(j + 1) * self.rows]
    }
    /// Returns the buffers.
    pub(super) fn give(self, scratch: &mut Scratch) {
        scratch.give(self.mean);
        scratch.give(self.centred);
    }
    /// The lower triangle of Σ w d dᵀ.
    fn products(&self, weights: &[f64], into: &mut [f64], scratch: &mut Scratch) {
        let columns = self.mean.len();
        let mut weighted = scratch.take_dirty(self.rows);
        for j in 0..columns {
            for ((value, d), w) in weighted.iter_mut().zip(self.column(j)).zip(weights) {
                *value = d * w;
            }
            for l in 0..=j {
                into[j * columns + l] = dot(&weighted, self.column(l));
            }
        }
        scratch.give(weighted);
    }
}

/// Σ a b, in eight partial sums that do not wait for each other.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_chunks, a_rest) = a.as_chunks::<8>();
    let (b_chunks, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (xs, ys) in a_chunks.iter().zip(b_chunks) {
        for ((lane, x), y) in lanes.iter_mut().zip(xs).zip(ys) {
            *lane += x * y;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f64>() + rest
}
