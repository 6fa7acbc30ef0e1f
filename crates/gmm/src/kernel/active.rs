//! The rows of a block that weigh anything for a component.

use super::LANES;
use distributions::BLOCK_ROWS;

/// A row whose weight is less than this share of the block's changes no bit of a moment, unless it lies
/// 1e12 deviations away and is nevertheless explained no better by another component.
const NEGLIGIBLE: f64 = 1e-42;

/// From this number of columns on a look at the weights costs less than 2 % of the moments.
const COLUMNS: usize = 16;

/// Which rows to gather.
pub(super) struct Active {
    rows: [u16; BLOCK_ROWS],
    count: usize,
}

/// The numbers of scratch that [`Active::gather`] needs; 0 where it does not pay.
pub(super) fn room(d: usize, rows: usize) -> usize {
    if d >= COLUMNS && rows <= BLOCK_ROWS {
        (d + 1) * rows
    } else {
        0
    }
}

impl Active {
    /// The active rows, where they are so few that gathering them pays.
    #[inline(always)]
    pub(super) fn among(weights: &[f64], total: f64, room: &[f64]) -> Option<Self> {
        if room.is_empty() {
            return None;
        }
        let least = NEGLIGIBLE * total;
        let active = weights.iter().map(|&w| u64::from(w > least)).sum::<u64>();
        (active as usize <= weights.len() / 2)
            .then(|| Self::those(weights.len(), |i| weights[i] > least))
    }
    /// The rows that `keep` keeps, of at most [`BLOCK_ROWS`].
    #[inline(always)]
    pub(super) fn those(rows: usize, keep: impl Fn(usize) -> bool) -> Self {
        let mut active = Active {
            rows: [0; BLOCK_ROWS],
            count: 0,
        };
        for i in 0..rows {
            active.rows[active.count] = i as u16;
            active.count += usize::from(keep(i));
        }
        active
    }
    /// The numbers of the rows.
    pub(super) fn rows(&self) -> &[u16] {
        &self.rows[..self.count]
    }
    /// Writes the n-th of them, and returns its weight.
    #[inline(always)]
    pub(super) fn row(&self, n: usize, columns: &[f64], weights: &[f64], row: &mut [f64]) -> f64 {
        let at = usize::from(self.rows()[n]);
        for (j, x) in row.iter_mut().enumerate() {
            *x = columns[j * weights.len() + at];
        }
        weights[at]
    }
    /// How many vectors' worth of rows there are with those that fill the last.
    pub(super) fn padded(&self) -> usize {
        self.count.next_multiple_of(LANES)
    }
    /// The columns and weights of the active rows, in `room`, with rows of weight 0 to fill a vector.
    pub(super) fn gather<'a>(
        &self,
        columns: &[f64],
        weights: &[f64],
        room: &'a mut [f64],
    ) -> (&'a [f64], &'a [f64]) {
        let padded = self.padded();
        let (first, rest) = room.split_at_mut(padded);
        self.copy(weights, first);
        let rest = self.gather_columns(columns, weights.len(), rest);
        (rest, first)
    }
    /// The columns of the active rows, in `room`, with zeros to fill a vector.
    pub(super) fn gather_columns<'a>(
        &self,
        columns: &[f64],
        rows: usize,
        room: &'a mut [f64],
    ) -> &'a [f64] {
        let padded = self.padded();
        let room = &mut room[..columns.len() / rows * padded];
        // None where there is no row.
        let into = room.chunks_exact_mut(padded.max(1));
        for (to, from) in into.zip(columns.chunks_exact(rows)) {
            self.copy(from, to);
        }
        room
    }
    fn copy(&self, from: &[f64], to: &mut [f64]) {
        for (to, &row) in to.iter_mut().zip(self.rows()) {
            *to = from[usize::from(row)];
        }
        to[self.count..].fill(0.0);
    }
}
