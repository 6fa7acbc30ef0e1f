//! Score and information of the coefficients at the iterate.

use super::MultinomialLogisticWeights;
use super::predictors::{CHUNK, Normaliser, log_weights_of_chunk, row};
use distributions::simd::exp_slice;
use distributions::{RowsView, Statistics};

/// Score, information and counts about one iterate; statistics about the same iterate merge.
#[derive(Clone, Debug, PartialEq)]
pub struct ConcomitantStatistics {
    /// N_k.
    counts: Vec<f64>,
    width: usize,
    /// s_k = Σ w_i (r_ik − π_ik) z_i, one after the other; every z is about the centre of the weights.
    score: Vec<f64>,
    /// Σ w_i π_ik (δ_kl − π_il) z_i z_iᵀ: for each k ≥ l a block of `width` × `width`, of which the
    /// lower triangle is filled.
    blocks: Vec<f64>,
    /// The lower triangle of Σ w_i z_i z_iᵀ.
    products: Vec<f64>,
    /// π of a chunk of rows, and a centred row; no part of the statistic.
    work: Vec<f64>,
    centred: Vec<f64>,
}

impl ConcomitantStatistics {
    pub(super) fn empty(components: usize, width: usize) -> Self {
        let free = components - 1;
        ConcomitantStatistics {
            counts: vec![0.0; components],
            width,
            score: vec![0.0; free * width],
            blocks: vec![0.0; free * (free + 1) / 2 * width * width],
            products: vec![0.0; width * width],
            work: vec![0.0; components * CHUNK],
            centred: vec![0.0; width],
        }
    }
    pub(super) fn counts(&self) -> &[f64] {
        &self.counts
    }
    pub(super) fn score(&self) -> &[f64] {
        &self.score
    }
    /// Adds a block with the K × n matrix of w_i r_ik.
    pub(super) fn add_block(
        &mut self,
        weights: &MultinomialLogisticWeights,
        z: RowsView<'_, f64>,
        rows: usize,
        shares: &[f64],
    ) {
        for (count, row) in self.counts.iter_mut().zip(shares.chunks_exact(rows)) {
            *count += distributions::simd::sum(row);
        }
        let free = self.counts.len() - 1;
        if free == 0 {
            return;
        }
        let mut work = std::mem::take(&mut self.work);
        let mut centred = std::mem::take(&mut self.centred);
        for start in (0..rows).step_by(CHUNK) {
            let size = CHUNK.min(rows - start);
            let normaliser = Normaliser::of(weights, z, start, size);
            for (k, pi) in work.chunks_exact_mut(CHUNK).enumerate() {
                log_weights_of_chunk(weights, z, start, &normaliser, k, &mut pi[..size]);
                exp_slice(&mut pi[..size]);
            }
            for i in 0..size {
                let share = |k: usize| shares[k * rows + start + i];
                let total: f64 = (0..=free).map(share).sum();
                if total > 0.0 {
                    let pi = |k: usize| work[k * CHUNK + i];
                    let raw = row(z, start + i).iter().zip(weights.center());
                    let pairs = centred.iter_mut().zip(raw);
                    pairs.for_each(|(into, (z, at))| *into = z - at);
                    self.add_row(&centred, total, share, pi);
                }
            }
        }
        (self.work, self.centred) = (work, centred);
    }
    /// Adds one row of total weight `total`.
    fn add_row(
        &mut self,
        z: &[f64],
        total: f64,
        share: impl Fn(usize) -> f64,
        pi: impl Fn(usize) -> f64,
    ) {
        let (width, free) = (self.width, self.counts.len() - 1);
        add_lower(&mut self.products, z, total);
        let mut blocks = self.blocks.chunks_exact_mut(width * width);
        for k in 0..free {
            let residual = share(k) - total * pi(k);
            let score = &mut self.score[k * width..(k + 1) * width];
            score
                .iter_mut()
                .zip(z)
                .for_each(|(s, z)| *s += residual * z);
            for l in 0..=k {
                let Some(block) = blocks.next() else { return };
                let information = if k == l {
                    pi(k) * (1.0 - pi(k))
                } else {
                    -pi(k) * pi(l)
                };
                add_lower(block, z, total * information);
            }
        }
    }
    /// Σ w_i z_i z_iᵀ, row-major.
    pub(super) fn products(&self) -> Vec<f64> {
        let width = self.width;
        (0..width * width)
            .map(|at| self.products[lower(at / width, at % width, width)])
            .collect()
    }
    /// The information matrix over all coefficients, row-major, with `damping` more for each row and
    /// component: damping times the block-diagonal matrix of Σ w_i z_i z_iᵀ.
    pub(super) fn information(&self, damping: f64) -> Vec<f64> {
        let (width, free) = (self.width, self.counts.len() - 1);
        let size = free * width;
        let mut matrix = vec![0.0; size * size];
        let mut blocks = self.blocks.chunks_exact(width * width);
        for k in 0..free {
            for l in 0..=k {
                let Some(block) = blocks.next() else { break };
                for a in 0..width {
                    for b in 0..width {
                        let at = lower(a, b, width);
                        let more = if k == l {
                            damping * self.products[at]
                        } else {
                            0.0
                        };
                        let value = block[at] + more;
                        matrix[(k * width + a) * size + l * width + b] = value;
                        matrix[(l * width + b) * size + k * width + a] = value;
                    }
                }
            }
        }
        matrix
    }
}

/// Where entry (a, b) of a symmetric matrix stands, of which the lower triangle is filled.
fn lower(a: usize, b: usize, width: usize) -> usize {
    a.max(b) * width + a.min(b)
}

/// Adds the lower triangle of factor · z zᵀ.
fn add_lower(block: &mut [f64], z: &[f64], factor: f64) {
    for (a, line) in block.chunks_exact_mut(z.len()).enumerate() {
        let scaled = factor * z[a];
        for (entry, z) in line[..=a].iter_mut().zip(z) {
            *entry += scaled * z;
        }
    }
}

impl Statistics for ConcomitantStatistics {
    fn weight(&self) -> f64 {
        self.counts.iter().sum()
    }
    fn clear(&mut self) {
        self.counts.fill(0.0);
        self.score.fill(0.0);
        self.blocks.fill(0.0);
        self.products.fill(0.0);
    }
    fn merge(&mut self, other: &Self) {
        let add = |mine: &mut [f64], theirs: &[f64]| {
            let pairs = mine.iter_mut().zip(theirs);
            pairs.for_each(|(mine, theirs)| *mine += theirs);
        };
        add(&mut self.counts, &other.counts);
        add(&mut self.score, &other.score);
        add(&mut self.blocks, &other.blocks);
        add(&mut self.products, &other.products);
    }
    fn scale(&mut self, factor: f64) {
        let scale = |values: &mut [f64]| values.iter_mut().for_each(|value| *value *= factor);
        scale(&mut self.counts);
        scale(&mut self.score);
        scale(&mut self.blocks);
        scale(&mut self.products);
    }
}
