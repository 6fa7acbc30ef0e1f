//! Greedy k-means++.

use super::distances::{RowDistances, SquaredDistances, WIDE_ROWS};
use super::rows::{ALL, CentredRows, GRAIN};
use super::sums::ClusterSums;
use crate::kernel;
use crate::matrix::Real;
use distributions::simd::instruction_set::arch;
use distributions::{BLOCK_ROWS, Scratch};
use em::{FitError, Workspace};
use pulp::{Simd, WithSimd};
use rand::{Rng, RngExt};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Draws K centres among the rows of positive weight.
///
/// Rows are read once for each seed: squared distances from the last one lower those from the nearest, and beside
/// them stand those from the next candidates. Which rows these are is drawn from the sums of the chunks, so that
/// only the chunks drawn are searched.
pub(super) fn draw<T: Real>(
    rows: &CentredRows<'_, '_, T>,
    clusters: usize,
    threads: usize,
    rng: &mut dyn Rng,
) -> Result<Vec<f64>, FitError> {
    let d = rows.dimension();
    // Nothing is added up but in the chunks' own sums.
    let mut workspace = Workspace::new(rows.view, &ClusterSums::new(0, d), threads);
    let chunk_rows = workspace.chunk_rows();
    // Nothing tells the first rows apart but their weights.
    let mut nearest = vec![1.0; rows.len()];
    let mut chunks: Vec<Chunk<'_>> = (nearest.chunks_mut(chunk_rows).enumerate())
        .map(|(number, nearest)| Chunk {
            rows: number * chunk_rows..number * chunk_rows + nearest.len(),
            nearest,
            inertias: Vec::new(),
        })
        .collect();
    let mut chances: Vec<f64> = chunks.iter().map(|chunk| chunk.chance(rows)).collect();
    let candidates = 2 + (clusters as f64).ln() as usize;
    let mut centres: Vec<f64> = Vec::with_capacity(clusters * d);
    let mut scratch = Scratch::default();
    for seed in 0..clusters {
        let last = &centres[centres.len().saturating_sub(d)..];
        let draws = if seed == 0 { 1 } else { candidates };
        let drawn = drawn(rows, &mut chunks, &chances, last, draws, &mut scratch, rng);
        if drawn.is_empty() {
            return Err(FitError::TooFewDistinctRows {
                distinct: seed,
                components: clusters,
            });
        }
        let mut tried = vec![0.0; drawn.len() * d];
        for (&row, tried) in drawn.iter().zip(tried.chunks_exact_mut(d)) {
            rows.row(row, tried);
        }
        if seed == 0 {
            chunks
                .iter_mut()
                .for_each(|chunk| chunk.nearest.fill(f64::INFINITY));
        }
        let parts: Vec<Mutex<&mut Chunk<'_>>> = chunks.iter_mut().map(Mutex::new).collect();
        workspace.accumulate(|chunk, _, scratch| {
            let part = &parts[chunk.start / chunk_rows];
            let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
            part.inertias = part.try_seeds(rows, last, &tried, scratch);
        });
        drop(parts);
        let inertia =
            |place: usize| -> f64 { chunks.iter().map(|chunk| chunk.inertias[place]).sum() };
        let mut best = (f64::INFINITY, 0);
        for place in 0..drawn.len() {
            if inertia(place) < best.0 {
                best = (inertia(place), place);
            }
        }
        centres.extend(&tried[best.1 * d..(best.1 + 1) * d]);
        chances = chunks.iter().map(|chunk| chunk.inertias[best.1]).collect();
    }
    Ok(centres)
}

/// Some of the rows.
struct Chunk<'a> {
    rows: Range<usize>,
    /// Squared distances from the nearest seed but the last.
    nearest: &'a mut [f64],
    /// Σ w min(nearest, squared distance) of each candidate.
    inertias: Vec<f64>,
}

impl Chunk<'_> {
    /// Σ w · nearest.
    fn chance<T: Real>(&self, rows: &CentredRows<'_, '_, T>) -> f64 {
        let parts = self.rows.clone().zip(&*self.nearest);
        parts
            .map(|(row, &nearest)| chance(rows.weight(row), nearest))
            .sum()
    }
    /// Takes a seed (or none) into account, and returns the inertias with each of some more.
    fn try_seeds<T: Real>(
        &mut self,
        rows: &CentredRows<'_, '_, T>,
        seed: &[f64],
        candidates: &[f64],
        scratch: &mut Scratch,
    ) -> Vec<f64> {
        let d = rows.dimension();
        let centres = [seed, candidates].concat();
        let mut inertias = vec![0.0; candidates.len() / d];
        let mut room = scratch.take_dirty(BLOCK_ROWS * d);
        let mut columns = scratch.take_dirty(BLOCK_ROWS * d);
        let mut out = scratch.take_dirty(BLOCK_ROWS * (centres.len() / d));
        let blocks = self.rows.clone().step_by(BLOCK_ROWS);
        for (first, nearest) in blocks.zip(self.nearest.chunks_mut(BLOCK_ROWS)) {
            let size = nearest.len();
            let count = size.next_multiple_of(GRAIN);
            let block = rows.picked(first, &ALL[..size], &mut room);
            let out = &mut out[..count * (centres.len() / d)];
            if d >= WIDE_ROWS {
                arch().dispatch(RowDistances {
                    values: block.values(),
                    shift: rows.shift,
                    scale: rows.scale,
                    centres: &centres,
                    out,
                });
            } else {
                let columns = &mut columns[..count * d];
                kernel::transpose(block, columns);
                arch().dispatch(SquaredDistances {
                    columns,
                    shift: rows.shift,
                    scale: rows.scale,
                    rows: count,
                    centres: &centres,
                    out,
                });
            }
            let (own, tried) = out.split_at(count * (seed.len() / d));
            let weights = rows.weights.map(|weights| &weights[first..first + size]);
            arch().dispatch(Inertias {
                own,
                tried,
                rows: count,
                nearest,
                weights,
                inertias: &mut inertias,
            });
        }
        for buffer in [room, columns, out] {
            scratch.give(buffer);
        }
        inertias
    }
}

/// As a single instruction.
#[inline(always)]
fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// Rows without weight need not be finite.
#[inline(always)]
fn chance(weight: f64, square: f64) -> f64 {
    if weight > 0.0 { weight * square } else { 0.0 }
}

/// Lowers the squared distances from the nearest seed by those from one more, where there is one; then adds up
/// w min(nearest, square) for each of the candidates.
struct Inertias<'a> {
    own: &'a [f64],
    tried: &'a [f64],
    rows: usize,
    nearest: &'a mut [f64],
    weights: Option<&'a [f64]>,
    inertias: &'a mut [f64],
}

impl WithSimd for Inertias<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (nearest, &own) in self.nearest.iter_mut().zip(self.own) {
            *nearest = lesser(own, *nearest);
        }
        let nearest = &*self.nearest;
        let (nearest_parts, nearest_rest) = nearest.as_chunks::<SUMS>();
        let ones = [1.0; BLOCK_ROWS];
        let weights = self.weights.unwrap_or(&ones[..nearest.len()]);
        let (weight_parts, weight_rest) = weights.as_chunks::<SUMS>();
        let tried = self.tried.chunks_exact(self.rows);
        for (inertia, squares) in self.inertias.iter_mut().zip(tried) {
            let (parts, rest) = squares[..nearest.len()].as_chunks::<SUMS>();
            let mut sums = [0.0; SUMS];
            for ((squares, nearest), weights) in parts.iter().zip(nearest_parts).zip(weight_parts) {
                for n in 0..SUMS {
                    sums[n] += chance(weights[n], lesser(squares[n], nearest[n]));
                }
            }
            for ((&square, &nearest), &weight) in rest.iter().zip(nearest_rest).zip(weight_rest) {
                sums[0] += chance(weight, lesser(square, nearest));
            }
            *inertia += sums.iter().sum::<f64>();
        }
    }
}

/// Sums that do not wait for each other.
const SUMS: usize = 8;

/// `count` rows in rising order, each with probability ∝ w · min(nearest, squared distance from `last`), of which
/// `chances` are the sums over chunks; none where all are 0.
fn drawn<T: Real>(
    rows: &CentredRows<'_, '_, T>,
    chunks: &mut [Chunk<'_>],
    chances: &[f64],
    last: &[f64],
    count: usize,
    scratch: &mut Scratch,
    rng: &mut dyn Rng,
) -> Vec<usize> {
    let total: f64 = chances.iter().sum();
    let Some(end) = chances.iter().rposition(|&chance| chance > 0.0) else {
        return Vec::new();
    };
    let mut places: Vec<f64> = (0..count).map(|_| rng.random::<f64>() * total).collect();
    places.sort_by(f64::total_cmp);
    let (mut drawn, mut before, mut number) = (Vec::with_capacity(count), 0.0, 0);
    for place in places {
        while number < end && !(place < before + chances[number]) {
            before += chances[number];
            number += 1;
        }
        let chunk = &mut chunks[number];
        chunk.try_seeds(rows, last, &[], scratch);
        let mut sum = before;
        // Rounding may leave the place behind the last.
        let mut found = None;
        for (row, &nearest) in chunk.rows.clone().zip(&*chunk.nearest) {
            let chance = chance(rows.weight(row), nearest);
            if chance > 0.0 {
                sum += chance;
                found = Some(row);
                if place < sum {
                    break;
                }
            }
        }
        drawn.extend(found);
    }
    drawn
}
