//! Sums of table entries chosen by codes, and the same backwards: the kernel of discrete products.

use super::dispatch;

/// How many components one entry of a table holds.
pub const LANES: usize = 8;

/// An entry for eight components, in one line of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(64))]
pub struct Lanes(pub [f64; LANES]);

/// The rows whose lanes are transposed together.
const STRIP: usize = 64;

/// A code as it stands among prepared numbers: its bits, so that nothing need be converted.
#[inline(always)]
pub fn code_as_number(code: usize) -> f64 {
    f64::from_bits(code as u64)
}

/// The code of which [`code_as_number`] made a number.
#[inline(always)]
pub fn number_as_code(number: f64) -> usize {
    number.to_bits() as usize
}

/// Writes Σ_g tables_g\[code of row i in table g\]: lane l of row i to `out[l * rows + i]`, for the
/// lanes that `out` has room for.
///
/// The tables stand one after the other in `entries`, table g from `starts[g]` to `starts[g + 1]`.
/// The code of row i in table g is `codes[g * rows + i]`; one that lies outside its table counts as 0.
///
/// # Panics
/// When the lengths do not fit each other, or a table is empty.
pub fn sum_looked_up(
    entries: &[Lanes],
    starts: &[usize],
    codes: &[f64],
    rows: usize,
    out: &mut [f64],
) {
    check(entries, starts, codes, rows, out.len());
    dispatch!(sum_rows(entries, starts, codes, rows, out));
}

/// Adds the lanes of row i, lane l being `weights[l * rows + i]`, to its entry in every table: the
/// transpose of [`sum_looked_up`].
///
/// # Panics
/// As [`sum_looked_up`].
pub fn add_at_codes(
    entries: &mut [Lanes],
    starts: &[usize],
    codes: &[f64],
    rows: usize,
    weights: &[f64],
) {
    check(entries, starts, codes, rows, weights.len());
    dispatch!(add_rows(entries, starts, codes, rows, weights));
}

fn check(entries: &[Lanes], starts: &[usize], codes: &[f64], rows: usize, lanes: usize) {
    assert!(
        starts.windows(2).all(|pair| pair[0] < pair[1]),
        "no empty table"
    );
    assert_eq!(
        starts.last(),
        Some(&entries.len()),
        "the tables fill the entries"
    );
    assert_eq!(
        codes.len(),
        (starts.len() - 1) * rows,
        "a code for each table and row"
    );
    assert!(lanes <= LANES * rows, "at most eight lanes");
}

/// The code, or 0 where it lies outside a table of `size` entries.
#[inline(always)]
fn inside(code: f64, size: usize) -> usize {
    let code = number_as_code(code);
    if code < size { code } else { 0 }
}

// Indices, not iterators: so the compiler keeps the eight lanes of a row in one register.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
fn sum_rows<const FUSED: bool>(
    entries: &[Lanes],
    starts: &[usize],
    codes: &[f64],
    rows: usize,
    out: &mut [f64],
) {
    for start in (0..rows).step_by(STRIP) {
        let width = STRIP.min(rows - start);
        let mut sums = [Lanes::default(); STRIP];
        for g in 0..starts.len() - 1 {
            let table = &entries[starts[g]..starts[g + 1]];
            let codes = &codes[g * rows + start..][..width];
            for i in 0..width {
                let entry = table[inside(codes[i], table.len())];
                for l in 0..LANES {
                    sums[i].0[l] += entry.0[l];
                }
            }
        }
        for l in 0..out.len() / rows {
            let lane = &mut out[l * rows + start..][..width];
            for i in 0..width {
                lane[i] = sums[i].0[l];
            }
        }
    }
}

// Indices, not iterators: so the compiler keeps the eight lanes of a row in one register.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
fn add_rows<const FUSED: bool>(
    entries: &mut [Lanes],
    starts: &[usize],
    codes: &[f64],
    rows: usize,
    weights: &[f64],
) {
    for start in (0..rows).step_by(STRIP) {
        let width = STRIP.min(rows - start);
        let mut shares = [Lanes::default(); STRIP];
        for l in 0..weights.len() / rows {
            let lane = &weights[l * rows + start..][..width];
            for i in 0..width {
                shares[i].0[l] = lane[i];
            }
        }
        for g in 0..starts.len() - 1 {
            let table = &mut entries[starts[g]..starts[g + 1]];
            let codes = &codes[g * rows + start..][..width];
            for i in 0..width {
                let entry = &mut table[inside(codes[i], table.len())];
                let mut sum = *entry;
                for l in 0..LANES {
                    sum.0[l] += shares[i].0[l];
                }
                *entry = sum;
            }
        }
    }
}
