//! Greedy k-means++.

use super::blocks::{BLOCK, Blocks};
use super::kernel::SquaredDistances;
use distributions::simd::instruction_set::arch;
use em::FitError;
use rand::{Rng, RngExt};

/// Draws K centres among the rows of positive weight.
pub(super) fn draw(
    blocks: &Blocks,
    weights: Option<&[f64]>,
    clusters: usize,
    rng: &mut dyn Rng,
) -> Result<Vec<f64>, FitError> {
    let rows = blocks.rows();
    let mut chance: Vec<f64> = weights.map_or_else(|| vec![1.0; rows], <[f64]>::to_vec);
    let weight = chance.clone();
    let mut nearest = vec![f64::INFINITY; rows];
    let candidates = 2 + (clusters as f64).ln() as usize;
    let mut tried = vec![0.0; rows * candidates];
    let mut centres = Vec::with_capacity(clusters * blocks.dimension());
    for seed in 0..clusters {
        // Nothing tells the first rows apart.
        let draws = if seed == 0 { 1 } else { candidates };
        let drawn = drawn(&chance, draws, rng);
        let inertias = inertias_with(blocks, &drawn, &nearest, &weight, &mut tried);
        let mut least: Option<(f64, usize)> = None;
        for (place, &inertia) in inertias.iter().enumerate() {
            if least.is_none_or(|(least, _)| inertia < least) {
                least = Some((inertia, place));
            }
        }
        let Some((_, best)) = least else {
            return Err(FitError::TooFewDistinctRows {
                distinct: seed,
                components: clusters,
            });
        };
        nearest.copy_from_slice(&tried[best * rows..(best + 1) * rows]);
        for ((chance, &squared), &weight) in chance.iter_mut().zip(&nearest).zip(&weight) {
            *chance = weight * squared;
        }
        centres.extend(blocks.row(drawn[best]));
    }
    Ok(centres)
}

/// The inertias with each of some rows as one more seed; the squared distances from the nearest then go to
/// `into`, one row's after the other's.
fn inertias_with(
    blocks: &Blocks,
    seeds: &[usize],
    nearest: &[f64],
    weight: &[f64],
    into: &mut [f64],
) -> Vec<f64> {
    let rows = blocks.rows();
    let centres: Vec<f64> = seeds.iter().flat_map(|&row| blocks.row(row)).collect();
    let mut out = vec![0.0; seeds.len() * BLOCK];
    let (arch, mut inertias) = (arch(), vec![0.0; seeds.len()]);
    for (first, size, block) in blocks.iter() {
        arch.dispatch(SquaredDistances {
            block,
            centres: &centres,
            out: &mut out,
        });
        let range = first..first + size;
        let parts = into.chunks_exact_mut(rows).zip(out.chunks_exact(BLOCK));
        for ((into, out), inertia) in parts.zip(&mut inertias) {
            let before = nearest[range.clone()].iter().zip(&weight[range.clone()]);
            for ((into, squared), (&before, &weight)) in
                into[range.clone()].iter_mut().zip(out).zip(before)
            {
                *into = squared.min(before);
                *inertia += weight * *into;
            }
        }
    }
    inertias
}

/// `count` rows, each with probability in proportion to `chance`; none where all are 0.
fn drawn(chance: &[f64], count: usize, rng: &mut dyn Rng) -> Vec<usize> {
    let total: f64 = chance.iter().sum();
    let Some(last) = chance.iter().rposition(|&c| c > 0.0) else {
        return Vec::new();
    };
    let mut places: Vec<f64> = (0..count).map(|_| rng.random::<f64>() * total).collect();
    places.sort_by(f64::total_cmp);
    let (mut rows, mut sum) = (Vec::with_capacity(count), 0.0);
    for (row, &c) in chance.iter().enumerate() {
        sum += c;
        while rows.len() < count && c > 0.0 && (places[rows.len()] < sum || row == last) {
            rows.push(row);
        }
    }
    rows
}
