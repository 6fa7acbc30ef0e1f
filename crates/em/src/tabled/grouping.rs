//! Columns of few values taken together in groups, whose cells make one code.

use distributions::simd::lookup::{LANES, Lanes};
use distributions::{RowsView, View};
use std::ops::Range;

/// What the tables over all codes may hold, in bytes: with the weights, of equal size, they stay in
/// a second-level cache of a megabyte.
const BUDGET: usize = 300 << 10;

/// The code of a row with a value that no table has: in the group of that value, and in the first.
const OUTSIDE: u64 = 1 << 40;

/// Columns of few values each, grouped so that one look-up scores several columns.
///
/// Column j takes the values 0, …, `sizes[j]` − 1 and may be missing. The cells of a row in the
/// columns of one group are the digits of a code: eight binary columns make a code below 256, and a
/// table over these codes replaces eight terms of Σ_j ln p_j(x_j).
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    columns: Vec<Digit>,
    groups: Vec<Range<usize>>,
    /// Where the table of each group starts, and the end of the last.
    starts: Vec<usize>,
}

/// What a column contributes to the code of its group.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Digit {
    /// The number of values.
    size: u64,
    /// The product of the bases before it in the group.
    stride: u64,
    /// The number of values, and one for a missing cell where there may be one.
    base: u64,
}

impl Grouping {
    /// Groups neighbouring columns of these sizes, for tables of `components` components; `missing`
    /// reserves a digit for missing cells.
    ///
    /// # Panics
    /// When there is no column, or one without values.
    pub fn new(sizes: &[usize], missing: bool, components: usize) -> Self {
        assert!(
            !sizes.is_empty() && sizes.iter().all(|&size| size > 0),
            "columns with values"
        );
        let bytes = components.div_ceil(LANES) * size_of::<Lanes>();
        let fits = |grouping: &Grouping| grouping.entries() * bytes <= BUDGET;
        let limits = [256, 128, 64, 32, 16, 8];
        let mut tried = limits
            .map(|limit| Self::limited(sizes, missing, limit))
            .into_iter();
        tried
            .find(fits)
            .unwrap_or_else(|| Self::limited(sizes, missing, 1))
    }
    /// Groups of at most `limit` codes, except where a column alone has more.
    fn limited(sizes: &[usize], missing: bool, limit: u64) -> Self {
        let mut grouping = Grouping {
            columns: Vec::with_capacity(sizes.len()),
            groups: Vec::new(),
            starts: vec![0],
        };
        let (mut first, mut codes) = (0, 1);
        for (j, &size) in sizes.iter().enumerate() {
            let size = size as u64;
            let base = size + u64::from(missing);
            if j > first && codes * base > limit {
                grouping.close(first..j, codes);
                (first, codes) = (j, 1);
            }
            grouping.columns.push(Digit {
                size,
                stride: codes,
                base,
            });
            codes *= base;
        }
        grouping.close(first..sizes.len(), codes);
        grouping
    }
    fn close(&mut self, columns: Range<usize>, codes: u64) {
        self.groups.push(columns);
        self.starts.push(self.entries() + codes as usize);
    }
    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }
    /// The number of groups: the codes of a row.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }
    /// Where the table of each group starts, and the end of the last.
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }
    /// The number of codes in all groups.
    pub fn entries(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }
    /// The number of values of column j, and one more where it may be missing.
    pub fn digits(&self, column: usize) -> usize {
        self.columns[column].base as usize
    }
    /// The number of values of column j.
    pub fn size(&self, column: usize) -> usize {
        self.columns[column].size as usize
    }
    /// Calls `f(column, digit, entries)` for every run of entries in which a column has that digit.
    pub fn each_digit(&self, mut f: impl FnMut(usize, usize, Range<usize>)) {
        for (group, starts) in self.groups.iter().zip(self.starts.windows(2)) {
            for j in group.clone() {
                let stride = self.columns[j].stride as usize;
                let runs = (starts[0]..starts[1]).step_by(stride);
                for (run, digit) in runs.zip((0..self.digits(j)).cycle()) {
                    f(j, digit, run..run + stride);
                }
            }
        }
    }
    /// Adds what column j contributes to the codes of `rows` rows: the code of row i in group g stands
    /// at `codes[g * rows + i]`, 0 before the first column, as the bits of a number. A value of
    /// `u64::MAX` is missing.
    pub fn encode_column(
        &self,
        column: usize,
        rows: usize,
        codes: &mut [f64],
        values: impl Iterator<Item = u64>,
    ) {
        let group = self.groups.partition_point(|group| group.end <= column);
        let Digit { size, stride, base } = self.columns[column];
        let mut digits = 0;
        for (number, value) in codes[group * rows..][..rows].iter_mut().zip(values) {
            let digit = if value < size {
                value * stride
            } else if value == u64::MAX && base > size {
                size * stride
            } else {
                OUTSIDE
            };
            digits |= digit;
            *number = f64::from_bits(number.to_bits() + digit);
        }
        mark_outside(codes, group, rows, digits);
    }
    /// Writes the codes of rows of bytes, all columns together; 255 is missing.
    pub fn encode_bytes(&self, xs: RowsView<'_, u8>, into: &mut [f64]) {
        let (values, width, rows) = (xs.values(), xs.width(), xs.len());
        for (g, group) in self.groups.iter().enumerate() {
            let digits = &self.columns[group.clone()];
            let binary = digits.iter().all(|digit| digit.base == 2);
            let mut codes = 0;
            for (number, row) in into[g * rows..(g + 1) * rows]
                .iter_mut()
                .zip(values.chunks_exact(width))
            {
                let cells = &row[group.clone()];
                let packed = match <[u8; 8]>::try_from(cells) {
                    Ok(cells) if binary => pack_binary(cells),
                    _ => pack(cells, digits),
                };
                let code = packed.unwrap_or_else(|| {
                    self.encode_strange(group.clone(), |j| match row[j] {
                        u8::MAX => u64::MAX,
                        value => u64::from(value),
                    })
                });
                codes |= code;
                *number = f64::from_bits(code);
            }
            mark_outside(into, g, rows, codes);
        }
    }
    /// The code of a row with a missing cell, or [`OUTSIDE`].
    #[cold]
    fn encode_strange(&self, group: Range<usize>, cell: impl Fn(usize) -> u64) -> u64 {
        let mut code = 0;
        for j in group {
            let Digit { size, stride, base } = self.columns[j];
            let digit = match cell(j) {
                u64::MAX if base > size => size,
                value if value < size => value,
                _ => return OUTSIDE,
            };
            code += digit * stride;
        }
        code
    }
}

/// The code of cells that all have one of their column's values.
#[inline]
fn pack(cells: &[u8], digits: &[Digit]) -> Option<u64> {
    let (mut code, mut strange) = (0, false);
    for (&cell, digit) in cells.iter().zip(digits) {
        strange |= u64::from(cell) >= digit.size;
        code += u64::from(cell) * digit.stride;
    }
    (!strange).then_some(code)
}

/// Eight cells of 0 or 1 as the bits of a byte, by one multiplication: the factor's ones lie so that
/// cell i of the word reaches bit 56 + i, and no two of the 64 products meet.
#[inline]
fn pack_binary(cells: [u8; 8]) -> Option<u64> {
    let word = u64::from_le_bytes(cells);
    (word & !0x0101_0101_0101_0101 == 0).then(|| word.wrapping_mul(0x0102_0408_1020_4080) >> 56)
}

fn is_outside(number: &f64) -> bool {
    number.to_bits() >= OUTSIDE
}

/// Hands on to the first group which rows are outside the tables of `group`, where one of `seen`, the codes put
/// together, is.
fn mark_outside(codes: &mut [f64], group: usize, rows: usize, seen: u64) {
    if seen < OUTSIDE || group == 0 {
        return;
    }
    let (first, rest) = codes.split_at_mut(rows);
    let here = &rest[(group - 1) * rows..][..rows];
    for (first, here) in first.iter_mut().zip(here) {
        if is_outside(here) {
            *first = f64::from_bits(OUTSIDE);
        }
    }
}

/// The rows of a block that have a value outside the tables, in order; the codes of the first group say it.
pub fn rows_outside(codes: &[f64], rows: usize) -> Option<Vec<bool>> {
    let first = &codes[..rows];
    let any = first.iter().any(is_outside);
    any.then(|| first.iter().map(is_outside).collect())
}
