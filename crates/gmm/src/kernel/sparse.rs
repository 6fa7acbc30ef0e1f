//! Joint densities of rows that most components do not explain.
//!
//! The quadratic form of the first columns is at most that of all: it bounds every density from above at a
//! small part of the cost. Each row is scored under the component whose bound is largest; another is scored
//! only where its bound is not [`GAP`] below that, its own ln π_k counted twice. What is left out is −∞.

use super::active::Active;
use super::quadratic::Part;
use super::{LANES, LogDensities};
use crate::gaussian::{Factor, Gaussian};
use distributions::BLOCK_ROWS;
use pulp::{Simd, WithSimd};

/// Where p_k(x) < e^−42 p(x), the share of component k is less than 6e-19 π_k: n such rows change no bit of N_k.
pub(super) const GAP: f64 = 42.0;

/// The rows of a block that are scored in full first, to see whether most components explain nothing.
const PROBE: usize = 2 * LANES;

/// From this number of columns on the bounds are cheap beside the densities.
const COLUMNS: usize = 16;

/// The first columns of which bounds are made: a quarter costs a sixteenth.
fn bounding(d: usize) -> usize {
    (d / 4).next_multiple_of(LANES).max(LANES)
}

/// The numbers of scratch that [`LogJoint`] needs; 0 where it scores all in full.
pub(super) fn room(gaussians: &[Gaussian], d: usize, rows: usize) -> usize {
    let full = |gaussian: &Gaussian| matches!(gaussian.factor(), Factor::Lower { .. });
    let pays = d >= COLUMNS && gaussians.len() >= 4 && (2 * PROBE..=BLOCK_ROWS).contains(&rows);
    if pays && gaussians.iter().all(full) {
        // Bounds, homes and what is least for each row, gathered columns and their densities.
        rows * (gaussians.len() + 2 + d + 1)
    } else {
        0
    }
}

/// Writes ln π_k + ln p_k(x_i). A component keeps at least one row of each block, so that none that explains
/// little is ever left without any weight.
pub(super) struct LogJoint<'a> {
    pub(super) gaussians: &'a [Gaussian],
    pub(super) log_weights: &'a [f64],
    pub(super) columns: &'a [f64],
    pub(super) rows: usize,
    pub(super) out: &'a mut [f64],
    pub(super) room: &'a mut [f64],
    pub(super) z: &'a mut [f64],
}

impl WithSimd for LogJoint<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (d, rows) = (self.columns.len() / self.rows, self.rows);
        if self.room.is_empty() {
            return self.score(simd, d, 0..rows);
        }
        self.score(simd, d, 0..PROBE);
        if !self.is_sparse() || !self.bounds_tell(simd) {
            return self.score(simd, d, PROBE..rows);
        }
        self.sparse(simd);
    }
}

impl LogJoint<'_> {
    /// The densities of some rows by their first `width` columns, under all components.
    #[inline(always)]
    fn score<S: Simd>(&mut self, simd: S, width: usize, rows: std::ops::Range<usize>) {
        simd.vectorize(LogDensities {
            gaussians: self.gaussians,
            log_weights: Some(self.log_weights),
            part: Part {
                width,
                rows,
                stride: self.rows,
            },
            columns: self.columns,
            rows: self.rows,
            out: self.out,
            z: self.z,
        });
    }
    /// Whether at most a quarter of the first rows' densities weigh anything.
    #[inline(always)]
    fn is_sparse(&self) -> bool {
        let mut largest = [f64::NEG_INFINITY; PROBE];
        for component in self.out.chunks_exact(self.rows) {
            for (largest, &value) in largest.iter_mut().zip(component) {
                *largest = value.max(*largest);
            }
        }
        let mut active = 0;
        for (component, log) in self.out.chunks_exact(self.rows).zip(self.log_weights) {
            for (largest, value) in largest.iter().zip(component) {
                active += usize::from(!(*value < largest - GAP + log));
            }
        }
        4 * active <= PROBE * self.gaussians.len()
    }
    /// Whether bounds leave at most a half of the first rows' entries.
    #[inline(always)]
    fn bounds_tell<S: Simd>(&mut self, simd: S) -> bool {
        let (count, rows) = (self.gaussians.len(), self.rows);
        let (columns, out) = self.room.split_at_mut(PROBE * bounding(self.dimension()));
        for (to, from) in columns
            .chunks_exact_mut(PROBE)
            .zip(self.columns.chunks_exact(rows))
        {
            to.copy_from_slice(&from[..PROBE]);
        }
        let bounds = &mut out[..count * PROBE];
        simd.vectorize(LogDensities {
            gaussians: self.gaussians,
            log_weights: Some(self.log_weights),
            part: Part {
                width: columns.len() / PROBE,
                rows: 0..PROBE,
                stride: PROBE,
            },
            columns,
            rows: PROBE,
            out: bounds,
            z: self.z,
        });
        let mut candidates = 0;
        for i in 0..PROBE {
            let values = self.out[i..].iter().step_by(rows);
            let least = values.fold(f64::NEG_INFINITY, |a, &b| b.max(a)) - GAP;
            let bounds = bounds[i..].iter().step_by(PROBE).zip(self.log_weights);
            candidates += bounds
                .filter(|(bound, log)| !(**bound < least + *log))
                .count();
        }
        2 * candidates <= PROBE * count
    }
    fn dimension(&self) -> usize {
        self.columns.len() / self.rows
    }
    #[inline(always)]
    fn sparse<S: Simd>(self, simd: S) {
        let LogJoint {
            gaussians,
            log_weights,
            columns,
            rows,
            out,
            room,
            z,
        } = self;
        let d = columns.len() / rows;
        let (bounds, room) = room.split_at_mut(rows * gaussians.len());
        let (home, room) = room.split_at_mut(rows);
        let (least, room) = room.split_at_mut(rows);
        let (gathered, values) = room.split_at_mut(rows * d);
        simd.vectorize(LogDensities {
            gaussians,
            log_weights: Some(log_weights),
            part: Part {
                width: bounding(d),
                rows: 0..rows,
                stride: rows,
            },
            columns,
            rows,
            out: bounds,
            z,
        });
        home.fill(0.0);
        least.fill(f64::NEG_INFINITY);
        for (k, bounds) in bounds.chunks_exact(rows).enumerate() {
            for ((home, least), &bound) in home.iter_mut().zip(&mut *least).zip(bounds) {
                let nearer = bound > *least;
                *home = if nearer { k as f64 } else { *home };
                *least = if nearer { bound } else { *least };
            }
        }
        out.fill(f64::NEG_INFINITY);
        // First the homes, which tell what is small, then the others.
        for others in [false, true] {
            for (k, gaussian) in gaussians.iter().enumerate() {
                let (own, log) = (&bounds[k * rows..(k + 1) * rows], log_weights[k]);
                let mut active = if others {
                    // Rows that are no numbers are nowhere, and have a home all the same.
                    let weighs = |i: usize| own[i] >= least[i] + log && own[i] > f64::NEG_INFINITY;
                    Active::those(rows, |i| home[i] != k as f64 && weighs(i))
                } else {
                    Active::those(rows, |i| home[i] == k as f64)
                };
                if others && active.rows().is_empty() && !home.contains(&(k as f64)) {
                    let best = likeliest(own);
                    active = Active::those(rows, |i| i == best);
                }
                let padded = active.padded();
                if padded == 0 {
                    continue;
                }
                simd.vectorize(LogDensities {
                    gaussians: std::slice::from_ref(gaussian),
                    log_weights: Some(&log_weights[k..]),
                    part: Part {
                        width: d,
                        rows: 0..padded,
                        stride: padded,
                    },
                    columns: active.gather_columns(columns, rows, gathered),
                    rows: padded,
                    out: &mut values[..padded],
                    z,
                });
                let out = &mut out[k * rows..(k + 1) * rows];
                for (&row, &value) in active.rows().iter().zip(&*values) {
                    out[usize::from(row)] = value;
                    if !others {
                        least[usize::from(row)] = value - GAP;
                    }
                }
            }
        }
    }
}

/// The place of the largest number.
fn likeliest(values: &[f64]) -> usize {
    let largest = values.iter().fold(f64::NEG_INFINITY, |a, &b| b.max(a));
    values.iter().position(|&v| v == largest).unwrap_or(0)
}
