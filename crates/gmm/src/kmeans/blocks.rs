//! Rows in blocks of columns.

use crate::kernel;
use distributions::{RowsView, View};

/// The rows of a block: what a core keeps at hand, with room for the centres.
pub(super) const BLOCK: usize = 256;

/// The rows as (x − shift) · scale, block after block; within a block column after column, each of
/// [`BLOCK`] numbers, zeros after the last row.
#[derive(Debug)]
pub(super) struct Blocks {
    values: Vec<f64>,
    rows: usize,
    dimension: usize,
}

impl Blocks {
    pub(super) fn new(rows: RowsView<'_, f64>, shift: &[f64], scale: &[f64]) -> Blocks {
        let (count, d) = (rows.len(), rows.width());
        let mut values = vec![0.0; count.div_ceil(BLOCK) * BLOCK * d];
        let mut columns = vec![0.0; BLOCK * d];
        for (index, block) in values.chunks_exact_mut(BLOCK * d).enumerate() {
            let first = index * BLOCK;
            let size = BLOCK.min(count - first);
            let columns = &mut columns[..size * d];
            kernel::transpose(rows.block(first..first + size), columns);
            for (j, column) in columns.chunks_exact(size).enumerate() {
                let into = &mut block[j * BLOCK..j * BLOCK + size];
                for (value, x) in into.iter_mut().zip(column) {
                    *value = (x - shift[j]) * scale[j];
                }
            }
        }
        Blocks {
            values,
            rows: count,
            dimension: d,
        }
    }
    /// The number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }
    /// The number of columns d.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }
    /// The blocks, each with the number of its first row and how many it holds.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize, &[f64])> {
        let blocks = self.values.chunks_exact(BLOCK * self.dimension);
        blocks.enumerate().map(|(index, block)| {
            let first = index * BLOCK;
            (first, BLOCK.min(self.rows - first), block)
        })
    }
    /// One row.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = f64> + '_ {
        let start = row / BLOCK * BLOCK * self.dimension + row % BLOCK;
        (0..self.dimension).map(move |j| self.values[start + j * BLOCK])
    }
    /// The mean over columns of their variances; the mean of each is 0.
    pub(super) fn mean_variance(&self, weights: Option<&[f64]>) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for (first, size, block) in self.iter() {
            for i in 0..size {
                let weight = weights.map_or(1.0, |weights| weights[first + i]);
                if weight > 0.0 {
                    let squares = block[i..].iter().step_by(BLOCK).map(|x| x * x);
                    sum += weight * squares.sum::<f64>();
                    total += weight;
                }
            }
        }
        sum / (total * self.dimension as f64)
    }
}
