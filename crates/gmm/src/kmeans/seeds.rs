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
    let (mut tried, mut best) = (vec![0.0; rows], vec![0.0; rows]);
    let candidates = 2 + (clusters as f64).ln() as usize;
    let mut centres = Vec::with_capacity(clusters * blocks.dimension());
    for seed in 0..clusters {
        let mut least = None;
        let mut chosen = 0;
        // Nothing tells the first rows apart.
        let draws = if seed == 0 { 1 } else { candidates };
        for row in drawn(&chance, draws, rng) {
            let inertia = inertia_with(blocks, row, &nearest, &weight, &mut tried);
            if least.is_none_or(|least| inertia < least) {
                (least, chosen) = (Some(inertia), row);
                std::mem::swap(&mut tried, &mut best);
            }
        }
        if least.is_none() {
            return Err(FitError::TooFewDistinctRows {
                distinct: seed,
                components: clusters,
            });
        }
        std::mem::swap(&mut nearest, &mut best);
        for ((chance, &squared), &weight) in chance.iter_mut().zip(&nearest).zip(&weight) {
            *chance = weight * squared;
        }
        centres.extend(blocks.row(chosen));
    }
    Ok(centres)
}

/// The inertia with the row `row` as one more seed; the squared distances from the nearest go to `into`.
fn inertia_with(
    blocks: &Blocks,
    row: usize,
    nearest: &[f64],
    weight: &[f64],
    into: &mut [f64],
) -> f64 {
    let centre: Vec<f64> = blocks.row(row).collect();
    let mut out = [0.0; BLOCK];
    let (arch, mut inertia) = (arch(), 0.0);
    for (first, size, block) in blocks.iter() {
        arch.dispatch(SquaredDistances {
            block,
            centre: &centre,
            out: &mut out,
        });
        let range = first..first + size;
        let before = nearest[range.clone()].iter().zip(&weight[range.clone()]);
        for ((into, squared), (&before, &weight)) in
            into[range].iter_mut().zip(&out[..size]).zip(before)
        {
            *into = squared.min(before);
            inertia += weight * *into;
        }
    }
    inertia
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
