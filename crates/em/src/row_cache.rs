//! What depends on the rows of a fit alone, taken in its first E-step and kept for those after it.

use crate::data::Data;
use distributions::{BLOCK_ROWS, View};
use std::ops::Range;
use std::ptr;
use std::sync::OnceLock;

/// Numbers of a block of so many rows.
type Kept = (usize, Box<[f64]>);

/// Data with a place for what a model may keep of each block of rows: numbers that depend on these rows and their weights,
/// and on no parameter. It borrows the rows, so that they stay as they are.
///
/// A fit makes one for itself; a loop of one's own over [`e_step`](crate::e_step) may do the same.
///
/// ```
/// use distributions::{Component, Normal};
/// use em::{Data, Mixture, RowCache, Soft, Workspace, e_step};
///
/// let xs = [1.0, 1.2, 0.8, 1.1, 5.0, 5.3, 4.9, 5.2];
/// let mut model = Mixture::uniform(vec![Normal::new(1.0, 1.0)?, Normal::new(4.0, 1.0)?]);
/// let rows = RowCache::new(Data::new(&xs[..]));
/// let mut workspace = Workspace::new(&xs[..], &model.empty_statistics(), 1);
/// for iteration in 0..10 {
///     e_step(&model, rows.data(), iteration, &Soft, &mut workspace);
///     model = model.maximize(workspace.statistics())?;
/// }
/// assert!((model.components()[1].mean() - 5.1).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RowCache<'a, V> {
    data: Data<'a, V>,
    /// One for every [`BLOCK_ROWS`] rows, at which a block may begin.
    places: Vec<OnceLock<Kept>>,
}

impl<'a, V: View> RowCache<'a, V> {
    /// Nothing is kept yet.
    pub fn new(data: Data<'a, V>) -> Self {
        let places = data.rows().div_ceil(BLOCK_ROWS);
        RowCache {
            data,
            places: (0..places).map(|_| OnceLock::new()).collect(),
        }
    }
    /// The data, which knows of its cache.
    pub fn data(&self) -> Data<'_, V> {
        let weights = self.data.row_weights;
        self.data.caching(Places {
            places: &self.places,
            weights,
            first: 0,
        })
    }
}

/// The places for the rows of some data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'a> {
    places: &'a [OnceLock<Kept>],
    /// Those of the rows, with which the numbers were made.
    weights: Option<&'a [f64]>,
    /// The place of the first row of the data among all.
    first: usize,
}

impl<'a> Places<'a> {
    /// Those of the rows in the range.
    pub(crate) fn from(self, rows: Range<usize>) -> Self {
        Places {
            first: self.first + rows.start,
            weights: self.weights.map(|weights| &weights[rows]),
            ..self
        }
    }
    /// The place for a block of all `rows` rows, where these weights are the ones that it was made for.
    pub(crate) fn block(self, rows: usize, weights: Option<&[f64]>) -> Option<BlockCache<'a>> {
        let same = match (self.weights, weights) {
            (None, None) => true,
            (Some(own), Some(weights)) => ptr::eq(own, weights),
            _ => false,
        };
        let place = self.places.get(self.first / BLOCK_ROWS)?;
        (same && self.first.is_multiple_of(BLOCK_ROWS)).then_some(BlockCache { place, rows })
    }
}

/// The place of a block of rows, for one set of components.
#[derive(Clone, Copy, Debug)]
pub struct BlockCache<'a> {
    place: &'a OnceLock<Kept>,
    rows: usize,
}

impl<'a> BlockCache<'a> {
    /// What is kept of these rows.
    pub fn get(self) -> Option<&'a [f64]> {
        let (rows, numbers) = self.place.get()?;
        (*rows == self.rows).then_some(numbers)
    }
    /// Keeps `numbers`, which must depend on the rows and their weights alone; what is kept already stays.
    pub fn keep(self, numbers: Vec<f64>) {
        self.place
            .get_or_init(|| (self.rows, numbers.into_boxed_slice()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_belongs_to_rows_and_weights() {
        let xs = vec![1.0; 1000];
        let (weights, others) = (vec![2.0; 1000], vec![2.0; 1000]);
        let rows = RowCache::new(Data::new(&xs[..]).weighted(&weights));
        let (all, second) = (rows.data(), rows.data().block(256..1000));
        let cache = |data: Data<'_, &[f64]>| data.cache().is_some();
        assert!(cache(all) && cache(second) && cache(second.block(256..300)));
        // Amid a block, without weights, and with others.
        assert!(!cache(all.block(255..512)));
        let mut bare = all;
        bare.row_weights = None;
        assert!(!cache(bare) && !cache(all.weighted(&others)));
        assert!(!cache(Data::new(&xs[..])));
        second.cache().unwrap().keep(vec![3.0]);
        let kept = rows.data().block(256..1000).cache().unwrap();
        kept.keep(vec![4.0]);
        assert_eq!(kept.get(), Some(&[3.0][..]));
        // Of other rows from the same one on nothing is known, nor of those before.
        assert!(all.block(256..512).cache().unwrap().get().is_none());
        assert!(all.block(0..1000).cache().unwrap().get().is_none());
    }
}
