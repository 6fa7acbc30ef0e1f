//! Greedy k-means++.

use super::distances::{TileDistances, squared_distance};
use super::row_distances::{Lined, RowDistances};
use super::rows::{ALL, CentredRows, Room};
use super::sums::ClusterSums;
use super::tile::TILE;
use crate::matrix::Real;
use distributions::simd::instruction_set::arch;
use distributions::{BLOCK_ROWS, Scratch};
use em::{FitError, Workspace};
use pulp::{Simd, WithSimd};
use rand::{Rng, RngExt};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Draws K of the rows of positive weight: their numbers.
///
/// Rows are read once for each seed: squared distances from the last one lower those from the nearest, and beside
/// them stand those from the next candidates. Which rows these are is drawn from the sums of the chunks, so that
/// only the chunks drawn are searched. Distances are in single precision as long as that tells the rows apart.
pub(super) fn draw<T: Real>(
    rows: &CentredRows<'_, '_, T>,
    clusters: usize,
    threads: usize,
    rng: &mut dyn Rng,
) -> Result<Vec<usize>, FitError> {
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
    let mut distances = Distances::new(rows);
    let mut chances: Vec<f64> = chunks
        .iter()
        .map(|chunk| chunk.chance(&distances))
        .collect();
    let coarse = COARSE * d as f64 * chances.iter().sum::<f64>();
    let candidates = 2 + (clusters as f64).ln() as usize;
    let mut centres: Vec<f64> = Vec::with_capacity(clusters * d);
    let mut seeds = Vec::with_capacity(clusters);
    let mut scratch = Scratch::default();
    for seed in 0..clusters {
        let last = &centres[centres.len().saturating_sub(d)..];
        let draws = if seed == 0 { 1 } else { candidates };
        if seed > 0 && !distances.exact && chances.iter().sum::<f64>() <= coarse {
            distances.exact = true;
            measure_anew(
                &distances,
                &centres,
                &mut chunks,
                &mut chances,
                &mut scratch,
            );
        }
        let drawn = distances.drawn(&mut chunks, &chances, last, draws, &mut scratch, rng);
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
                .for_each(|chunk| chunk.nearest.fill(f32::INFINITY));
        }
        let parts: Vec<Mutex<&mut Chunk<'_>>> = chunks.iter_mut().map(Mutex::new).collect();
        workspace.accumulate(|chunk, _, scratch| {
            let part = &parts[chunk.start / chunk_rows];
            let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
            part.inertias = part.try_seeds(&distances, last, &tried, scratch);
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
        seeds.push(drawn[best.1]);
        centres.extend(&tried[best.1 * d..(best.1 + 1) * d]);
        chances = chunks.iter().map(|chunk| chunk.inertias[best.1]).collect();
    }
    Ok(seeds)
}

/// A mean square of the columns below which single precision, whose unit roundoff has a square of 4e-15, may take
/// rows for equal that are not: their own is about 1.
const COARSE: f64 = 1e-8;

/// Takes all seeds but the last into account once more.
fn measure_anew<T: Real>(
    distances: &Distances<'_, '_, '_, T>,
    centres: &[f64],
    chunks: &mut [Chunk<'_>],
    chances: &mut [f64],
    scratch: &mut Scratch,
) {
    for (chunk, chance) in chunks.iter_mut().zip(chances) {
        chunk.nearest.fill(f32::INFINITY);
        for centre in centres.chunks_exact(distances.rows.dimension()) {
            chunk.try_seeds(distances, centre, &[], scratch);
        }
        *chance = chunk.chance(distances);
    }
}

/// How far rows are from seeds.
struct Distances<'r, 'v, 'a, T> {
    rows: &'r CentredRows<'v, 'a, T>,
    /// The reciprocal of the largest weight.
    unit: f64,
    /// Whether all digits of the rows count.
    exact: bool,
}

impl<'r, 'v, 'a, T: Real> Distances<'r, 'v, 'a, T> {
    fn new(rows: &'r CentredRows<'v, 'a, T>) -> Self {
        let weights = rows.weights.unwrap_or(&[1.0]);
        let largest = weights.iter().copied().fold(0.0, f64::max);
        Distances {
            rows,
            unit: if largest > 0.0 { 1.0 / largest } else { 1.0 },
            exact: false,
        }
    }
    /// w_i, of the largest.
    fn weight(&self, row: usize) -> f32 {
        (self.rows.weight(row) * self.unit) as f32
    }
    /// Writes the squared distances of at most [`TILE`] rows, the first of which is `first`, from some centres.
    fn write(
        &self,
        first: usize,
        count: usize,
        centres: &Centres,
        room: &mut Room,
        out: &mut [[f32; TILE]],
    ) {
        let (rows, d) = (self.rows, self.rows.dimension());
        let picked = &ALL[..count];
        if self.exact {
            for (i, row) in room.doubles.chunks_exact_mut(d).enumerate().take(count) {
                rows.row(first + i, row);
                for (centre, out) in centres.doubles.chunks_exact(d).zip(&mut *out) {
                    out[i] = squared_distance(row, centre) as f32;
                }
            }
        } else if let Some(centres) = &centres.lined {
            arch().dispatch(RowDistances {
                rows: &rows.standing(first, picked, room).rows[..count * d],
                dimension: d,
                centres,
                out,
            });
        } else {
            let (tile, centres) = (rows.tile(first, picked, room), &centres.singles);
            arch().dispatch(TileDistances { tile, centres, out });
        }
    }
    /// `count` rows in rising order, each with probability ∝ w · min(nearest, squared distance from `last`), of
    /// which `chances` are the sums over chunks; none where all are 0.
    fn drawn(
        &self,
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
            chunk.try_seeds(self, last, &[], scratch);
            let mut sum = before;
            // Rounding may leave the place behind the last.
            let mut found = None;
            for (row, &nearest) in chunk.rows.clone().zip(&*chunk.nearest) {
                let chance = chance(self.weight(row), nearest);
                if chance > 0.0 {
                    sum += f64::from(chance);
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
}

/// From as many columns on, a sum over lanes for each row and centre takes less than to turn over the rows.
const MANY: usize = 64;

/// Some centres.
struct Centres {
    doubles: Vec<f64>,
    singles: Vec<f32>,
    /// For rows of many columns.
    lined: Option<Lined>,
}

impl Centres {
    fn of<T: Real>(doubles: Vec<f64>, rows: &CentredRows<'_, '_, T>) -> Self {
        let singles: Vec<f32> = doubles.iter().map(|&c| c as f32).collect();
        Centres {
            lined: (rows.dimension() >= MANY).then(|| Lined::of(&singles, rows.dimension())),
            singles,
            doubles,
        }
    }
}

/// Some of the rows.
struct Chunk<'a> {
    rows: Range<usize>,
    /// Squared distances from the nearest seed but the last.
    nearest: &'a mut [f32],
    /// Σ w min(nearest, squared distance) of each candidate.
    inertias: Vec<f64>,
}

impl Chunk<'_> {
    /// Σ w · nearest.
    fn chance<T: Real>(&self, distances: &Distances<'_, '_, '_, T>) -> f64 {
        let parts = self.rows.clone().zip(&*self.nearest);
        parts
            .map(|(row, &nearest)| f64::from(chance(distances.weight(row), nearest)))
            .sum()
    }
    /// Takes a seed (or none) into account, and returns the inertias with each of some more.
    fn try_seeds<T: Real>(
        &mut self,
        distances: &Distances<'_, '_, '_, T>,
        seed: &[f64],
        candidates: &[f64],
        scratch: &mut Scratch,
    ) -> Vec<f64> {
        let rows = distances.rows;
        let d = rows.dimension();
        let centres = Centres::of([seed, candidates].concat(), rows);
        let mut inertias = vec![0.0; candidates.len() / d];
        let mut room = Room::take(d, scratch);
        let mut out = vec![[0.0; TILE]; centres.doubles.len() / d];
        let blocks = self.rows.clone().step_by(BLOCK_ROWS);
        for (first, nearest) in blocks.zip(self.nearest.chunks_mut(BLOCK_ROWS)) {
            for (first, nearest) in (first..).step_by(TILE).zip(nearest.chunks_mut(TILE)) {
                // The tile after the next.
                let later = first + 2 * TILE..self.rows.end.min(first + 3 * TILE);
                rows.ask_for_singles(later.start, &ALL[..later.len()]);
                distances.write(first, nearest.len(), &centres, &mut room, &mut out);
                let mut weights = [1.0; TILE];
                if rows.weights.is_some() {
                    let places = weights.iter_mut().zip(first..first + nearest.len());
                    places.for_each(|(weight, row)| *weight = distances.weight(row));
                }
                let (own, tried) = out.split_at(seed.len() / d);
                arch().dispatch(Inertias {
                    own,
                    tried,
                    nearest,
                    weights: &weights,
                    inertias: &mut inertias,
                });
            }
        }
        room.give(scratch);
        inertias
    }
}

/// As a single instruction.
#[inline(always)]
fn lesser(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// Distances further than this count as this much, so that they can be added up.
const FAR: f32 = 1e30;

/// Rows without weight need not be finite.
#[inline(always)]
fn chance(weight: f32, square: f32) -> f32 {
    if weight > 0.0 {
        weight * lesser(square, FAR)
    } else {
        0.0
    }
}

/// Lowers the squared distances from the nearest seed by those from one more, where there is one; then adds up
/// w min(nearest, square) for each of the candidates.
struct Inertias<'a> {
    own: &'a [[f32; TILE]],
    tried: &'a [[f32; TILE]],
    nearest: &'a mut [f32],
    weights: &'a [f32; TILE],
    inertias: &'a mut [f64],
}

impl WithSimd for Inertias<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for own in self.own {
            for (nearest, &own) in self.nearest.iter_mut().zip(own) {
                *nearest = lesser(own, *nearest);
            }
        }
        let whole = <&[f32; TILE]>::try_from(&*self.nearest);
        for (inertia, squares) in self.inertias.iter_mut().zip(self.tried) {
            *inertia += f64::from(match whole {
                Ok(nearest) => {
                    let mut sums = [0.0; SUMS];
                    for part in 0..TILE / SUMS {
                        for (n, sum) in sums.iter_mut().enumerate() {
                            let i = part * SUMS + n;
                            *sum += chance(self.weights[i], lesser(squares[i], nearest[i]));
                        }
                    }
                    sums.iter().sum::<f32>()
                }
                Err(_) => (self.nearest.iter().zip(squares).zip(self.weights))
                    .map(|((&nearest, &square), &weight)| chance(weight, lesser(square, nearest)))
                    .sum(),
            });
        }
    }
}

/// Sums that do not wait for each other.
const SUMS: usize = 16;
