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
        (active as usize <= weights.len() / 2).then(|| Self::collect(weights, least))
    }
    fn collect(weights: &[f64], least: f64) -> Self {
        let mut active = Active {
            rows: [0; BLOCK_ROWS],
            count: 0,
        };
        for (i, &weight) in weights.iter().enumerate() {
            active.rows[active.count] = i as u16;
            active.count += usize::from(weight > least);
        }
        active
    }
    /// The columns and weights of the active rows, in `room`, with rows of weight 0 to fill a vector.
    pub(super) fn gather<'a>(
        &self,
        columns: &[f64],
        weights: &[f64],
        room: &'a mut [f64],
    ) -> (&'a [f64], &'a [f64]) {
        let (rows, active) = (weights.len(), &self.rows[..self.count]);
        let padded = self.count.next_multiple_of(LANES);
        let room = &mut room[..columns.len() / rows * padded + padded];
        let (first, rest) = room.split_at_mut(padded);
        let copy = |to: &mut [f64], from: &[f64]| {
            for (to, &row) in to.iter_mut().zip(active) {
                *to = from[usize::from(row)];
            }
            to[active.len()..].fill(0.0);
        };
        copy(first, weights);
        for (to, from) in rest
            .chunks_exact_mut(padded)
            .zip(columns.chunks_exact(rows))
        {
            copy(to, from);
        }
        (rest, first)
    }
}
