//! Linear predictors zᵀγ_k and what normalises them, for a row and for a block.

use super::MultinomialLogisticWeights;
use distributions::RowsView;
use distributions::simd::{exp_slice, ln_slice};
use distributions::special::log_sum_exp;

/// Rows treated at once, so that exponentials are vectorised and buffers stand on the stack.
pub(super) const CHUNK: usize = 32;

/// (z − centre)ᵀγ.
fn predictor(z: &[f64], center: &[f64], coefficients: &[f64]) -> f64 {
    let terms = z.iter().zip(center).zip(coefficients);
    terms.map(|((z, at), c)| (z - at) * c).sum()
}

/// ln π(z).
pub(super) fn log_weights_of_row(weights: &MultinomialLogisticWeights, z: &[f64]) -> Vec<f64> {
    assert_eq!(z.len(), weights.width, "as many covariates as coefficients");
    let lines = weights.coefficients.chunks_exact(weights.width);
    let mut logs: Vec<f64> = lines
        .map(|line| predictor(z, &weights.center, line))
        .collect();
    logs.push(0.0);
    let total = log_sum_exp(&logs);
    logs.iter_mut().for_each(|log| *log -= total);
    logs
}

/// What normalises each of up to [`CHUNK`] rows: ln Σ_k exp(zᵀγ_k).
pub(super) struct Normaliser([f64; CHUNK]);

impl Normaliser {
    /// Of the rows of `z` from `start` on.
    pub(super) fn of(
        weights: &MultinomialLogisticWeights,
        z: RowsView<'_, f64>,
        start: usize,
        size: usize,
    ) -> Self {
        // The last component has predictor 0.
        let (mut largest, mut sum) = ([0.0f64; CHUNK], [0.0; CHUNK]);
        let lines = || weights.coefficients.chunks_exact(weights.width);
        let center = &weights.center[..];
        for line in lines() {
            for (i, largest) in largest.iter_mut().enumerate().take(size) {
                *largest = largest.max(predictor(row(z, start + i), center, line));
            }
        }
        let mut term = [0.0; CHUNK];
        for (term, largest) in term.iter_mut().zip(&largest) {
            *term = -largest;
        }
        let mut add = |term: &mut [f64; CHUNK]| {
            exp_slice(term);
            sum.iter_mut()
                .zip(&*term)
                .for_each(|(sum, term)| *sum += term);
        };
        add(&mut term);
        for line in lines() {
            for i in 0..size {
                term[i] = predictor(row(z, start + i), center, line) - largest[i];
            }
            add(&mut term);
        }
        ln_slice(&mut sum);
        let pairs = largest.iter_mut().zip(&sum);
        pairs.for_each(|(largest, sum)| *largest += sum);
        Normaliser(largest)
    }
    /// ln π_k of row `i` of the chunk, whose predictor is `eta`.
    pub(super) fn log_weight(&self, i: usize, eta: f64) -> f64 {
        eta - self.0[i]
    }
}

/// Row `i` of the covariates.
pub(super) fn row(z: RowsView<'_, f64>, i: usize) -> &[f64] {
    let width = z.width();
    &z.values()[i * width..(i + 1) * width]
}

/// The coefficients of component k; none of the last, whose predictor is 0.
pub(super) fn line(weights: &MultinomialLogisticWeights, k: usize) -> &[f64] {
    let start = (k * weights.width).min(weights.coefficients.len());
    let end = (start + weights.width).min(weights.coefficients.len());
    &weights.coefficients[start..end]
}

/// Writes ln π_k of the rows of a chunk.
pub(super) fn log_weights_of_chunk(
    weights: &MultinomialLogisticWeights,
    z: RowsView<'_, f64>,
    start: usize,
    normaliser: &Normaliser,
    k: usize,
    into: &mut [f64],
) {
    let (line, center) = (line(weights, k), &weights.center[..]);
    for (i, value) in into.iter_mut().enumerate() {
        *value = normaliser.log_weight(i, predictor(row(z, start + i), center, line));
    }
}

/// Adds ln π_k(z_i) to entry (k, i) of a K × n matrix.
pub(super) fn add_to_block(
    weights: &MultinomialLogisticWeights,
    z: RowsView<'_, f64>,
    rows: usize,
    joint: &mut [f64],
) {
    for start in (0..rows).step_by(CHUNK) {
        let size = CHUNK.min(rows - start);
        let normaliser = Normaliser::of(weights, z, start, size);
        for k in 0..weights.proportions.len() {
            let mut logs = [0.0; CHUNK];
            log_weights_of_chunk(weights, z, start, &normaliser, k, &mut logs[..size]);
            let entries = &mut joint[k * rows + start..k * rows + start + size];
            for (entry, log) in entries.iter_mut().zip(&logs) {
                *entry += log;
            }
        }
    }
}
