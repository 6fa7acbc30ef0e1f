//! Rows of fewer than eight columns.

use distributions::simd::instruction_set::arch;
use pulp::{Simd, WithSimd};

/// Column after column: the block stays in the first-level cache.
pub(super) fn narrow<T: Copy, N>(
    values: &[T],
    d: usize,
    into: &mut [N],
    stride: usize,
    change: impl Fn(T, usize) -> N + Copy,
) {
    arch().dispatch(Narrow {
        values,
        d,
        into,
        stride,
        change,
    });
}

struct Narrow<'a, T, N, F> {
    values: &'a [T],
    d: usize,
    into: &'a mut [N],
    stride: usize,
    change: F,
}

impl<T: Copy, N, F: Fn(T, usize) -> N + Copy> WithSimd for Narrow<'_, T, N, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Narrow {
            values,
            d,
            into,
            stride,
            change,
        } = self;
        narrow_in(values, d, into, stride, change);
    }
}

#[inline(always)]
fn narrow_in<T: Copy, N>(
    values: &[T],
    d: usize,
    into: &mut [N],
    stride: usize,
    change: impl Fn(T, usize) -> N + Copy,
) {
    match d {
        1 => narrow_of::<1, T, N>(values, into, stride, change),
        2 => narrow_of::<2, T, N>(values, into, stride, change),
        3 => narrow_of::<3, T, N>(values, into, stride, change),
        4 => narrow_of::<4, T, N>(values, into, stride, change),
        5 => narrow_of::<5, T, N>(values, into, stride, change),
        6 => narrow_of::<6, T, N>(values, into, stride, change),
        _ => narrow_of::<7, T, N>(values, into, stride, change),
    }
}

#[inline(always)]
fn narrow_of<const D: usize, T: Copy, N>(
    values: &[T],
    into: &mut [N],
    stride: usize,
    change: impl Fn(T, usize) -> N,
) {
    let (rows, _) = values.as_chunks::<D>();
    if rows.is_empty() {
        return;
    }
    for (j, column) in into.chunks_exact_mut(stride).enumerate() {
        for (x, row) in column.iter_mut().zip(rows) {
            *x = change(row[j], j);
        }
    }
}

pub(super) fn narrow_picked<N: Copy>(
    values: &[N],
    d: usize,
    picked: &[u32],
    into: &mut [N],
    stride: usize,
) {
    match d {
        1 => narrow_picked_of::<1, N>(values, picked, into, stride),
        2 => narrow_picked_of::<2, N>(values, picked, into, stride),
        3 => narrow_picked_of::<3, N>(values, picked, into, stride),
        4 => narrow_picked_of::<4, N>(values, picked, into, stride),
        5 => narrow_picked_of::<5, N>(values, picked, into, stride),
        6 => narrow_picked_of::<6, N>(values, picked, into, stride),
        _ => narrow_picked_of::<7, N>(values, picked, into, stride),
    }
}

fn narrow_picked_of<const D: usize, N: Copy>(
    values: &[N],
    picked: &[u32],
    into: &mut [N],
    stride: usize,
) {
    let (rows, _) = values.as_chunks::<D>();
    let Some(mut columns) = into
        .get_mut(..D * stride)
        .map(|all| all.chunks_exact_mut(stride))
    else {
        return;
    };
    let mut columns: [&mut [N]; D] = std::array::from_fn(|_| {
        let column = columns.next().unwrap_or_default();
        let room = picked.len().min(column.len());
        &mut column[..room]
    });
    for (n, &i) in picked.iter().enumerate() {
        for (column, &x) in columns.iter_mut().zip(&rows[i as usize]) {
            column[n] = x;
        }
    }
}
