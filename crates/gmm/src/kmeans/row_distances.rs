//! Squared distances of rows of many columns from a few centres, in single precision: lanes are columns, so that no row is turned
//! over. None cancels.

use super::tile::TILE;
use pulp::{Simd, WithSimd};

/// Numbers of a cache line: whole vectors of every instruction set. Each sums alone, so that all of them add in one order.
const LINE: usize = 16;

/// Centres worked on together: enough sums to hide the latency of a multiply-add, few enough for the registers.
const CENTRES: usize = 6;

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([f32; LINE]);

/// Some centres, each filled up with zeros to whole lines.
pub(super) struct Lined {
    lines: Vec<Line>,
    /// The lines of a centre.
    each: usize,
}

impl Lined {
    /// K × d numbers.
    pub(super) fn of(centres: &[f32], dimension: usize) -> Lined {
        let each = dimension.div_ceil(LINE);
        let mut lines = vec![Line([0.0; LINE]); centres.len() / dimension * each];
        let parts = (centres.chunks_exact(dimension)).flat_map(|centre| centre.chunks(LINE));
        for (line, part) in lines.iter_mut().zip(parts) {
            line.0[..part.len()].copy_from_slice(part);
        }
        Lined { lines, each }
    }
}

/// Writes |y − c|² of at most [`TILE`] rows from each centre: as many numbers of `out` for each as there are rows.
pub(super) struct RowDistances<'a> {
    /// Row after row.
    pub(super) rows: &'a [f32],
    pub(super) dimension: usize,
    pub(super) centres: &'a Lined,
    pub(super) out: &'a mut [[f32; TILE]],
}

impl WithSimd for RowDistances<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.with_lines_of::<S, 1>(simd),
            8 => self.with_lines_of::<S, 2>(simd),
            4 => self.with_lines_of::<S, 4>(simd),
            2 => self.with_lines_of::<S, 8>(simd),
            _ => self.with_lines_of::<S, 16>(simd),
        }
    }
}

impl RowDistances<'_> {
    /// `V` vectors are a line.
    #[inline(always)]
    fn with_lines_of<S: Simd, const V: usize>(self, simd: S) {
        let each = self.centres.each;
        let groups = self.centres.lines.chunks(CENTRES * each);
        for (centres, out) in groups.zip(self.out.chunks_mut(CENTRES)) {
            let (rows, d) = (self.rows, self.dimension);
            match out {
                [a] => from_centres::<S, V, 1>(simd, rows, d, centres, [a]),
                [a, b] => from_centres::<S, V, 2>(simd, rows, d, centres, [a, b]),
                [a, b, c] => from_centres::<S, V, 3>(simd, rows, d, centres, [a, b, c]),
                [a, b, c, e] => from_centres::<S, V, 4>(simd, rows, d, centres, [a, b, c, e]),
                [a, b, c, e, f] => from_centres::<S, V, 5>(simd, rows, d, centres, [a, b, c, e, f]),
                [a, b, c, e, f, g] => {
                    from_centres::<S, V, 6>(simd, rows, d, centres, [a, b, c, e, f, g]);
                }
                _ => {}
            }
        }
    }
}

/// Distances from `C` centres.
#[inline(always)]
fn from_centres<S: Simd, const V: usize, const C: usize>(
    simd: S,
    rows: &[f32],
    dimension: usize,
    centres: &[Line],
    out: [&mut [f32; TILE]; C],
) {
    let each = centres.len() / C;
    for (i, row) in rows.chunks_exact(dimension).enumerate().take(TILE) {
        let (whole, rest) = row.as_chunks::<LINE>();
        let mut own = [[simd.splat_f32s(0.0); V]; C];
        for (number, line) in whole.iter().enumerate() {
            let (vectors, _) = S::as_simd_f32s(line);
            let mut y = [simd.splat_f32s(0.0); V];
            y.copy_from_slice(vectors);
            add::<S, V, C>(simd, y, &centres[number..], each, &mut own);
        }
        if !rest.is_empty() {
            let mut y = [simd.splat_f32s(0.0); V];
            for (v, y) in y.iter_mut().enumerate() {
                let part = v * S::F32_LANES..(v + 1) * S::F32_LANES;
                *y = simd
                    .partial_load_f32s(&rest[part.start.min(rest.len())..part.end.min(rest.len())]);
            }
            add::<S, V, C>(simd, y, &centres[whole.len()..], each, &mut own);
        }
        for c in 0..C {
            out[c][i] = total(simd, own[c]);
        }
    }
}

/// Adds the squares of the differences of a line from that of each centre; these stand `each` lines apart.
#[inline(always)]
fn add<S: Simd, const V: usize, const C: usize>(
    simd: S,
    y: [S::f32s; V],
    centres: &[Line],
    each: usize,
    sums: &mut [[S::f32s; V]; C],
) {
    for c in 0..C {
        let (centre, _) = S::as_simd_f32s(&centres[c * each].0);
        for v in 0..V {
            let difference = simd.sub_f32s(y[v], centre[v]);
            sums[c][v] = simd.mul_add_e_f32s(difference, difference, sums[c][v]);
        }
    }
}

/// The sum of the numbers of a line, halves first.
#[inline(always)]
fn total<S: Simd, const V: usize>(simd: S, mut line: [S::f32s; V]) -> f32 {
    let mut half = V / 2;
    while half > 0 {
        for v in 0..half {
            line[v] = simd.add_f32s(line[v], line[v + half]);
        }
        half /= 2;
    }
    simd.reduce_sum_f32s(line[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use distributions::simd::instruction_set::{InstructionSet, arch, run_in};

    /// Sums of d terms in single precision, none negative: each of at most d roundings is a part in 2²⁴.
    #[test]
    fn distances_are_those_of_the_definition() {
        for &set in InstructionSet::ALL {
            if !run_in(set) {
                continue;
            }
            for d in [16, 17, 31, 32, 45, 128] {
                for (count, clusters) in [(1, 1), (7, 2), (TILE, 4), (TILE, 5), (30, 9)] {
                    check(count, clusters, d);
                }
            }
        }
        assert!(run_in(InstructionSet::Widest));
    }

    fn check(count: usize, clusters: usize, d: usize) {
        let number = |i: usize| ((i * 7919 + d) as f32 * 0.37).sin();
        let rows: Vec<f32> = (0..count * d).map(number).collect();
        let centres: Vec<f32> = (0..clusters * d).map(|i| 2.0 * number(i + 31)).collect();
        let mut out = vec![[f32::NAN; TILE]; clusters];
        arch().dispatch(RowDistances {
            rows: &rows,
            dimension: d,
            centres: &Lined::of(&centres, d),
            out: &mut out,
        });
        for (centre, out) in centres.chunks_exact(d).zip(&out) {
            for (row, &found) in rows.chunks_exact(d).zip(out) {
                let pairs = row.iter().zip(centre);
                let exact: f64 = pairs.map(|(y, c)| f64::from(y - c).powi(2)).sum();
                let error = (f64::from(found) - exact).abs();
                assert!(error <= exact * d as f64 * 2f64.powi(-24), "{d} {count}");
            }
        }
    }
}
