//! Lloyd's steps.

use super::blocks::{BLOCK, Blocks};
use super::kernel::{Centres, Nearest};
use distributions::simd::instruction_set::arch;

/// Where Lloyd's steps ended.
pub(super) struct Run {
    /// K × d.
    pub(super) centres: Vec<f64>,
    pub(super) labels: Vec<u32>,
    pub(super) inertia: f64,
    pub(super) iterations: usize,
    pub(super) converged: bool,
}

/// Steps from these centres, until no label changes or the squares of their moves sum to at most
/// `tolerance`.
pub(super) fn run(
    blocks: &Blocks,
    weights: Option<&[f64]>,
    mut centres: Vec<f64>,
    most: usize,
    tolerance: f64,
) -> Run {
    let mut labels = vec![u32::MAX; blocks.rows()];
    let (mut iterations, mut converged) = (0, false);
    // Labels belong to the centres before the last step but for one more pass.
    let mut changed = assign(blocks, &centres, &mut labels);
    while !converged && iterations < most {
        let next = means(blocks, weights, &labels, &centres);
        let moved: f64 = (next.iter().zip(&centres))
            .map(|(new, old)| (new - old) * (new - old))
            .sum();
        centres = next;
        iterations += 1;
        converged = !changed || moved <= tolerance;
        changed = assign(blocks, &centres, &mut labels);
        converged |= !changed;
    }
    Run {
        inertia: inertia(blocks, weights, &labels, &centres),
        centres,
        labels,
        iterations,
        converged,
    }
}

/// Gives each row the number of its nearest centre; whether any changed.
pub(super) fn assign(blocks: &Blocks, centres: &[f64], labels: &mut [u32]) -> bool {
    let (arch, centres) = (arch(), Centres::new(centres, blocks.dimension()));
    let (mut out, mut changed) = ([0.0; BLOCK], false);
    for (first, size, block) in blocks.iter() {
        arch.dispatch(Nearest {
            block,
            centres: &centres,
            out: &mut out,
        });
        for (label, &nearest) in labels[first..first + size].iter_mut().zip(&out) {
            changed |= f64::from(*label) != nearest;
            *label = nearest as u32;
        }
    }
    changed
}

/// The weighted mean of the rows of each label. A centre without rows goes to the row that is furthest
/// from its own centre, the next such centre to the next row.
fn means(blocks: &Blocks, weights: Option<&[f64]>, labels: &[u32], centres: &[f64]) -> Vec<f64> {
    let d = blocks.dimension();
    let mut sums = vec![0.0; centres.len()];
    let mut totals = vec![0.0; centres.len() / d];
    for (first, size, block) in blocks.iter() {
        for i in 0..size {
            let weight = weights.map_or(1.0, |weights| weights[first + i]);
            if weight > 0.0 {
                let k = labels[first + i] as usize;
                totals[k] += weight;
                let sums = &mut sums[k * d..(k + 1) * d];
                for (sum, x) in sums.iter_mut().zip(block[i..].iter().step_by(BLOCK)) {
                    *sum += weight * x;
                }
            }
        }
    }
    for (sums, &total) in sums.chunks_exact_mut(d).zip(&totals) {
        sums.iter_mut().for_each(|sum| *sum /= total);
    }
    let empty: Vec<usize> = (0..totals.len()).filter(|&k| !(totals[k] > 0.0)).collect();
    if !empty.is_empty() {
        let mut far: Vec<(f64, usize)> = Vec::new();
        each_square(blocks, weights, labels, centres, |row, weight, square| {
            if weight > 0.0 {
                far.push((square, row));
            }
        });
        far.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (&k, &(_, row)) in empty.iter().zip(&far) {
            for (sum, x) in sums[k * d..(k + 1) * d].iter_mut().zip(blocks.row(row)) {
                *sum = x;
            }
        }
    }
    sums
}

fn inertia(blocks: &Blocks, weights: Option<&[f64]>, labels: &[u32], centres: &[f64]) -> f64 {
    let mut sum = 0.0;
    each_square(blocks, weights, labels, centres, |_, weight, square| {
        sum += weight * square;
    });
    sum
}

/// Calls `use_square` with the number of each row, its weight and its squared distance from its centre.
fn each_square(
    blocks: &Blocks,
    weights: Option<&[f64]>,
    labels: &[u32],
    centres: &[f64],
    mut use_square: impl FnMut(usize, f64, f64),
) {
    let d = blocks.dimension();
    for (first, size, block) in blocks.iter() {
        for i in 0..size {
            let centre = &centres[labels[first + i] as usize * d..][..d];
            let pairs = block[i..].iter().step_by(BLOCK).zip(centre);
            let square = pairs.map(|(x, c)| (x - c) * (x - c)).sum();
            let weight = weights.map_or(1.0, |weights| weights[first + i]);
            use_square(first + i, weight, square);
        }
    }
}
