//! The first M-step of Gaussians from shares of the rows.

use crate::kernel;
use crate::matrix::{MatrixView, OverMatrix, Real};
use crate::scatter::Scatter;
use crate::set::Gaussians;
use crate::statistics::GaussianStatistics;
use distributions::{BLOCK_ROWS, EstimateError, Scratch, View};
use em::{ComponentSet, Shares, estimate_in_blocks};

/// Rows whose owners are looked at together: so many of a component that they make vectors.
const ROWS: usize = 16 * BLOCK_ROWS;

/// Rows of a component that are added together.
const PIECE: usize = 2 * BLOCK_ROWS;

/// The M-step from shares. Where every row has one owner, it is read and added for that one alone.
pub(crate) fn estimate<T: Real>(
    set: &Gaussians,
    xs: MatrixView<'_, T>,
    shares: &Shares<'_>,
) -> Result<Gaussians, EstimateError> {
    match shares.owners() {
        Some(owners) => set.maximize(&of_owners(set, xs, owners, shares.row_weights())),
        None => {
            let over = OverMatrix::<Gaussians, T>::new(set.clone());
            estimate_in_blocks(&over, xs, shares).map(OverMatrix::into_set)
        }
    }
}

fn of_owners<T: Real>(
    set: &Gaussians,
    xs: MatrixView<'_, T>,
    owners: &[u32],
    row_weights: Option<&[f64]>,
) -> GaussianStatistics {
    let mut statistics = set.empty_statistics();
    let (d, scratch) = (xs.width(), &mut Scratch::default());
    let mut sorted = Sorted::new(set.components().len());
    statistics.add_to_each(|parts| {
        for first in (0..xs.len()).step_by(ROWS) {
            let rows = first..(first + ROWS).min(xs.len());
            let (block, mut copy) = (xs.block(rows.clone()), None);
            let values = match block.as_rows() {
                Some(rows) => rows.values(),
                None => {
                    let copy = copy.insert(scratch.take_dirty(d * rows.len()));
                    block.read(copy);
                    &*copy
                }
            };
            // Rows are picked from it.
            kernel::touch(values);
            sorted.sort(&owners[rows.clone()]);
            let weights = row_weights.map(|weights| &weights[rows]);
            for (k, part) in parts.iter_mut().enumerate() {
                for picked in sorted.of(k).chunks(PIECE) {
                    let rows = Picked {
                        values,
                        d,
                        picked,
                        weights,
                    };
                    rows.add_to(set, k, part, scratch);
                }
            }
            if let Some(copy) = copy {
                scratch.give(copy);
            }
        }
    });
    statistics
}

/// Places of rows by their owners, those of each in order.
struct Sorted {
    /// Where those of each owner begin, and where the last end.
    starts: Vec<usize>,
    places: Vec<u32>,
}

impl Sorted {
    fn new(owners: usize) -> Self {
        Sorted {
            starts: vec![0; owners + 1],
            places: Vec::new(),
        }
    }
    fn sort(&mut self, owners: &[u32]) {
        let count = self.starts.len() - 1;
        let mut ends = vec![0; count];
        for &owner in owners {
            if let Some(end) = ends.get_mut(owner as usize) {
                *end += 1;
            }
        }
        for (k, end) in ends.iter().enumerate() {
            self.starts[k + 1] = self.starts[k] + end;
        }
        self.places.clear();
        self.places.resize(self.starts[count], 0);
        ends.copy_from_slice(&self.starts[..count]);
        for (i, &owner) in owners.iter().enumerate() {
            if let Some(end) = ends.get_mut(owner as usize) {
                self.places[*end] = i as u32;
                *end += 1;
            }
        }
    }
    fn of(&self, k: usize) -> &[u32] {
        &self.places[self.starts[k]..self.starts[k + 1]]
    }
}

/// Some rows of a block.
struct Picked<'a> {
    /// Of all rows, one after the other.
    values: &'a [f64],
    d: usize,
    picked: &'a [u32],
    /// Of all rows.
    weights: Option<&'a [f64]>,
}

impl Picked<'_> {
    /// Adds them to the statistic of component k.
    fn add_to(&self, set: &Gaussians, k: usize, part: &mut Scatter, scratch: &mut Scratch) {
        let (d, rows) = (self.d, self.picked.len());
        let wide = rows.next_multiple_of(kernel::LANES);
        let mut columns = scratch.take_dirty(d * wide);
        let mut weights = scratch.take(wide);
        for (own, &i) in weights.iter_mut().zip(self.picked) {
            *own = self.weights.map_or(1.0, |weights| weights[i as usize]);
        }
        kernel::transpose_picked_doubles(self.values, d, self.picked, &mut columns, wide);
        let gaussian = std::slice::from_ref(&set.components()[k]);
        let part = std::slice::from_mut(part);
        kernel::accumulate(part, gaussian, &columns, &weights, wide, scratch);
        scratch.give(weights);
        scratch.give(columns);
    }
}
