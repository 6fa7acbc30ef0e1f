//! The rows of a block in groups of one pattern.
//!
//! A prepared block of n rows and d columns holds, for each group in turn, its observed columns one after
//! the other, from number d · (first place of the group) on; from n d on the rows in the order of their
//! places; from n (d + 1) on, at the first place of each group, its length.

use super::has_gap;
use super::pattern::signature;
use crate::kernel;
use crate::matrix::{MatrixView, Real};
use distributions::{BLOCK_ROWS, RowsView, View};

/// How many numbers a row are prepared.
pub(super) fn width(d: usize) -> usize {
    d + 2
}

/// The numbers of a block at most: what is made of it stays in the second-level cache.
const NUMBERS: usize = 65_536;

/// The rows of a block where some have gaps, at most that many times those of complete rows.
const TIMES: usize = 16;

/// How many of these rows to take at a time: the more, the larger are the groups; `complete` where none has a gap.
pub(super) fn rows_at_a_time<T: Real>(
    xs: MatrixView<'_, T>,
    components: usize,
    complete: usize,
) -> usize {
    if !some_gap(xs) {
        return complete;
    }
    let blocks = NUMBERS / (xs.width() + components) / BLOCK_ROWS;
    BLOCK_ROWS * blocks.clamp(1, TIMES)
}

/// Whether a cell of these rows is missing.
pub(super) fn some_gap<T: Real>(xs: MatrixView<'_, T>) -> bool {
    match xs.as_rows() {
        Some(rows) => has_gap(rows.values()),
        None => (0..xs.len()).any(|i| xs.with_row(i, has_gap)),
    }
}

/// Prepares a block; `into` holds zeros.
pub(super) fn prepare(xs: RowsView<'_, f64>, into: &mut [f64]) {
    let (rows, d) = (xs.len(), xs.width());
    if rows == 0 {
        return;
    }
    let (columns, places) = into.split_at_mut(rows * d);
    let (order, lengths) = places.split_at_mut(rows);
    if !has_gap(xs.values()) {
        kernel::transpose(xs, columns);
        order
            .iter_mut()
            .enumerate()
            .for_each(|(i, row)| *row = i as f64);
        lengths[0] = rows as f64;
        return;
    }
    // Patterns in the order of their first rows, with their numbers of rows.
    let mut patterns: Vec<(u64, usize)> = Vec::new();
    for (i, x) in xs.values().chunks_exact(d).enumerate() {
        let signature = signature(x);
        let found = patterns.iter().position(|(met, _)| *met == signature);
        let group = found.unwrap_or(patterns.len());
        match found {
            Some(group) => patterns[group].1 += 1,
            None => patterns.push((signature, 1)),
        }
        // Until the places are known, the group of the row.
        lengths[i] = group as f64;
    }
    let mut next = 0;
    for (_, count) in &mut patterns {
        next += std::mem::replace(count, next);
    }
    for (i, group) in lengths.iter_mut().enumerate() {
        let place = &mut patterns[*group as usize].1;
        order[*place] = i as f64;
        *place += 1;
        *group = 0.0;
    }
    let mut start = 0;
    for end in ends(xs, order, &patterns) {
        lengths[start] = (end - start) as f64;
        let first = xs.at(order[start] as usize);
        let columns = &mut columns[d * start..];
        for (i, &row) in order[start..end].iter().enumerate() {
            let cells = xs.at(row as usize).iter().zip(first);
            let observed = cells.filter(|(_, first)| !first.is_nan());
            for (j, (&x, _)) in observed.enumerate() {
                columns[j * (end - start) + i] = x;
            }
        }
        start = end;
    }
}

/// Where the groups end, given where the rows of each signature do: where rows of one signature differ in
/// their patterns, a new group begins.
fn ends(xs: RowsView<'_, f64>, order: &[f64], signatures: &[(u64, usize)]) -> Vec<usize> {
    let row = |place: usize| xs.at(order[place] as usize);
    let exact = xs.width() <= 64;
    let mut ends = Vec::with_capacity(signatures.len());
    let mut start = 0;
    for &(_, end) in signatures {
        let differ = |place: &usize| {
            let pairs = row(*place).iter().zip(row(place - 1));
            !exact && pairs.fold(false, |differ, (a, b)| differ | (a.is_nan() != b.is_nan()))
        };
        ends.extend((start + 1..end).filter(differ));
        ends.push(end);
        start = end;
    }
    ends
}

/// The rows of a block that have one pattern.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    /// The first of the rows.
    pub(super) first: &'a [f64],
    /// The observed columns, one after the other.
    pub(super) columns: &'a [f64],
    /// The rows.
    order: &'a [f64],
    block: usize,
}

impl Group<'_> {
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }
    /// Whether all cells are observed.
    pub(super) fn is_complete(&self) -> bool {
        self.columns.len() == self.len() * self.first.len()
    }
    /// Whether any cell is observed.
    pub(super) fn is_observed(&self) -> bool {
        !self.columns.is_empty()
    }
    /// Whether it is the whole block, in its order.
    pub(super) fn is_whole_block(&self) -> bool {
        self.len() == self.block && self.is_complete()
    }
    /// Writes the group's part of a matrix that has the block's rows in its columns.
    pub(super) fn gather(&self, whole: &[f64], part: &mut [f64]) {
        let lines = whole.chunks_exact(self.block);
        for (whole, part) in lines.zip(part.chunks_exact_mut(self.len())) {
            for (value, &row) in part.iter_mut().zip(self.order) {
                *value = whole[row as usize];
            }
        }
    }
    /// Writes the group's part into the matrix of the block.
    pub(super) fn scatter(&self, part: &[f64], whole: &mut [f64]) {
        let lines = whole.chunks_exact_mut(self.block);
        for (whole, part) in lines.zip(part.chunks_exact(self.len())) {
            for (value, &row) in part.iter().zip(self.order) {
                whole[row as usize] = *value;
            }
        }
    }
}

/// The groups of a prepared block.
pub(super) fn groups<'a>(
    xs: RowsView<'a, f64>,
    prepared: &'a [f64],
) -> impl Iterator<Item = Group<'a>> {
    let (rows, d) = (xs.len(), xs.width());
    let (columns, places) = prepared.split_at(rows * d);
    let (order, lengths) = places.split_at(rows);
    let mut start = 0;
    std::iter::from_fn(move || {
        let length = *lengths.get(start)? as usize;
        let order = &order[start..start + length];
        let first = xs.at(order[0] as usize);
        let observed = first.iter().filter(|x| !x.is_nan()).count();
        let columns = &columns[d * start..d * start + observed * length];
        start += length;
        Some(Group {
            first,
            columns,
            order,
            block: rows,
        })
    })
}
