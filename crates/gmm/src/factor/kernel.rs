//! Log-densities of a block: lanes are rows.

use super::FactorAnalyzer;
use distributions::Scratch;
use distributions::simd::instruction_set::arch;
use pulp::{Simd, WithSimd};

/// Writes the K × n matrix of ln p_k(x_i) of a block given column after column.
pub(super) fn log_densities(
    analyzers: &[FactorAnalyzer],
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut Scratch,
) {
    let factors = analyzers.first().map_or(0, FactorAnalyzer::factors);
    let mut scores = scratch.take_dirty(factors * rows);
    let mut rest = scratch.take_dirty(rows);
    arch().dispatch(LogDensities {
        analyzers,
        columns,
        rows,
        out,
        scores: &mut scores,
        rest: &mut rest,
    });
    scratch.give(rest);
    scratch.give(scores);
}

struct LogDensities<'a> {
    analyzers: &'a [FactorAnalyzer],
    columns: &'a [f64],
    rows: usize,
    out: &'a mut [f64],
    scores: &'a mut [f64],
    rest: &'a mut [f64],
}

impl WithSimd for LogDensities<'_> {
    type Output = ();

    // Plain loops over rows: dispatched, they are compiled for the vectors of the machine.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let (rows, scores, rest) = (self.rows, self.scores, self.rest);
        if rows == 0 {
            return;
        }
        for (one, out) in self.analyzers.iter().zip(self.out.chunks_exact_mut(rows)) {
            let (d, q) = (one.dimension(), one.factors);
            scores.fill(0.0);
            for (j, column) in self.columns.chunks_exact(rows).enumerate() {
                let mean = one.mean()[j];
                for (f, scores) in scores.chunks_exact_mut(rows).enumerate() {
                    let factor = one.projection[f * d + j];
                    for (score, x) in scores.iter_mut().zip(column) {
                        *score += factor * (x - mean);
                    }
                }
            }
            out.fill(0.0);
            for scores in scores.chunks_exact(rows) {
                for (form, score) in out.iter_mut().zip(scores) {
                    *form += score * score;
                }
            }
            for (j, column) in self.columns.chunks_exact(rows).enumerate() {
                let (mean, precision) = (one.mean()[j], 1.0 / one.noise.variance(j));
                for (rest, x) in rest.iter_mut().zip(column) {
                    *rest = x - mean;
                }
                for (f, scores) in scores.chunks_exact(rows).enumerate() {
                    let loading = one.loadings[j * q + f];
                    for (rest, score) in rest.iter_mut().zip(scores) {
                        *rest -= loading * score;
                    }
                }
                for (form, rest) in out.iter_mut().zip(&*rest) {
                    *form += rest * rest * precision;
                }
            }
            for value in out {
                let density = one.log_constant - 0.5 * *value;
                // Differences of infinities: the row is infinitely far away.
                *value = if density.is_nan() {
                    f64::NEG_INFINITY
                } else {
                    density
                };
            }
        }
    }
}
