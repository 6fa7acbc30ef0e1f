//! Blocks under multivariate t distributions: the quadratic forms of the Gaussian, and what the tails make
//! of them.

use super::quadratic;
use crate::gaussian::Gaussian;
use crate::student_t::{LatentScatters, Tail};
use distributions::Scratch;
use distributions::simd::{ln_slice, sum};
use pulp::{Arch, Simd, WithSimd};

/// Writes the K × n matrix of ln p_k(x_i).
pub(crate) fn t_log_densities(
    gaussians: &[Gaussian],
    tails: &[Tail],
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut Scratch,
) {
    if rows == 0 {
        return;
    }
    let d = columns.len() / rows;
    let mut z = scratch.take_dirty(quadratic::room(d));
    let mut logs = scratch.take_dirty(out.len());
    Arch::new().dispatch(Ratios {
        gaussians,
        tails,
        columns,
        rows,
        ratios: &mut logs,
        rests: out,
        z: &mut z,
    });
    ln_slice(&mut logs);
    let all_finite = Arch::new().dispatch(Densities {
        gaussians,
        tails,
        rows,
        logs: &logs,
        out,
    });
    scratch.give(logs);
    scratch.give(z);
    if !all_finite {
        score_far_rows(gaussians, tails, columns, rows, out, scratch);
    }
}

/// Scores once more, by a slower way that does not overflow, where the quadratic form did.
#[cold]
fn score_far_rows(
    gaussians: &[Gaussian],
    tails: &[Tail],
    columns: &[f64],
    rows: usize,
    out: &mut [f64],
    scratch: &mut Scratch,
) {
    let mut x = scratch.take_dirty(columns.len() / rows);
    let parts = gaussians.iter().zip(tails).zip(out.chunks_exact_mut(rows));
    for ((gaussian, tail), out) in parts {
        for (i, value) in out.iter_mut().enumerate().filter(|(_, v)| v.is_nan()) {
            let row = columns.iter().skip(i).step_by(rows);
            x.iter_mut().zip(row).for_each(|(x, v)| *x = *v);
            *value = tail.far_log_density(gaussian, &mut x);
        }
    }
    scratch.give(x);
}

/// 1 + δ²/ν for every entry, and what its rounding takes from its logarithm.
struct Ratios<'a> {
    gaussians: &'a [Gaussian],
    tails: &'a [Tail],
    columns: &'a [f64],
    rows: usize,
    ratios: &'a mut [f64],
    rests: &'a mut [f64],
    z: &'a mut [f64],
}

impl WithSimd for Ratios<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let rows = self.rows;
        let outputs = self
            .ratios
            .chunks_exact_mut(rows)
            .zip(self.rests.chunks_exact_mut(rows));
        let parts = self.gaussians.iter().zip(self.tails).zip(outputs);
        for ((gaussian, tail), (ratios, rests)) in parts {
            quadratic::quadratic_forms(simd, gaussian, self.columns, rows, rests, self.z);
            let df = tail.df();
            for (ratio, rest) in ratios.iter_mut().zip(rests) {
                let t = *rest / df;
                let w = 1.0 + t;
                // ln(1 + t) = ln w + (t − (w − 1))/w. The second term is below half an ulp of w: from
                // w = 1.5 on it is nothing, before that 2 − w is near enough to 1/w.
                *rest = (t - (w - 1.0)) * (2.0 - w).max(0.0);
                *ratio = w;
            }
        }
    }
}

/// ln p from the logarithms; whether every entry is a number.
struct Densities<'a> {
    gaussians: &'a [Gaussian],
    tails: &'a [Tail],
    rows: usize,
    logs: &'a [f64],
    out: &'a mut [f64],
}

impl WithSimd for Densities<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> bool {
        let rows = self.rows;
        let entries = self
            .logs
            .chunks_exact(rows)
            .zip(self.out.chunks_exact_mut(rows));
        let mut all = true;
        for ((gaussian, tail), (logs, out)) in self.gaussians.iter().zip(self.tails).zip(entries) {
            let (constant, exponent) = (tail.log_constant(gaussian), tail.exponent());
            for (value, log) in out.iter_mut().zip(logs) {
                *value = constant - exponent * (log + *value);
                all &= !value.is_nan();
            }
        }
        all
    }
}

/// Adds the block to the statistics, row i to component k with weight `weights[k * rows + i]` and the
/// latent scale that it has under the current iterate. What only the degrees of freedom need, a logarithm
/// an entry, is added up where `with_gaps`.
pub(crate) fn t_accumulate(
    into: &mut LatentScatters,
    (gaussians, tails): (&[Gaussian], &[Tail]),
    columns: &[f64],
    weights: &[f64],
    rows: usize,
    with_gaps: bool,
    scratch: &mut Scratch,
) {
    if rows == 0 {
        return;
    }
    let mut z = scratch.take_dirty(quadratic::room(columns.len() / rows));
    let mut forms = scratch.take_dirty(weights.len());
    let mut scaled = scratch.take_dirty(weights.len());
    Arch::new().dispatch(Scales {
        gaussians,
        tails,
        columns,
        weights,
        rows,
        forms: &mut forms,
        scaled: &mut scaled,
        z: &mut z,
    });
    super::accumulate(
        &mut into.scatters,
        gaussians,
        columns,
        &scaled,
        rows,
        scratch,
    );
    for (count, weights) in into.counts.iter_mut().zip(weights.chunks_exact(rows)) {
        *count += sum(weights);
    }
    if with_gaps {
        let mut logs = scaled;
        Arch::new().dispatch(Excesses {
            tails,
            rows,
            forms: &mut forms,
            ratios: &mut logs,
        });
        ln_slice(&mut logs);
        Arch::new().dispatch(Gaps {
            tails,
            rows,
            weights,
            excesses: &mut forms,
            logs: &mut logs,
        });
        for (gap, terms) in into.gaps.iter_mut().zip(logs.chunks_exact(rows)) {
            *gap += sum(terms);
        }
        for (square, terms) in into.squares.iter_mut().zip(forms.chunks_exact(rows)) {
            *square += sum(terms);
        }
        scaled = logs;
    }
    scratch.give(scaled);
    scratch.give(forms);
    scratch.give(z);
}

/// δ² and w u for every entry.
struct Scales<'a> {
    gaussians: &'a [Gaussian],
    tails: &'a [Tail],
    columns: &'a [f64],
    weights: &'a [f64],
    rows: usize,
    forms: &'a mut [f64],
    scaled: &'a mut [f64],
    z: &'a mut [f64],
}

impl WithSimd for Scales<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let rows = self.rows;
        let outputs = self
            .forms
            .chunks_exact_mut(rows)
            .zip(self.scaled.chunks_exact_mut(rows))
            .zip(self.weights.chunks_exact(rows));
        let parts = self.gaussians.iter().zip(self.tails).zip(outputs);
        for ((gaussian, tail), ((forms, scaled), weights)) in parts {
            quadratic::quadratic_forms(simd, gaussian, self.columns, rows, forms, self.z);
            let (df, largest) = (tail.df(), tail.largest_scale());
            for ((scaled, &form), &weight) in scaled.iter_mut().zip(&*forms).zip(weights) {
                // Of a row without weight nothing is known, not even that its form is a number.
                let scale = weight * (largest / (1.0 + form / df));
                *scaled = if weight > 0.0 { scale } else { 0.0 };
            }
        }
    }
}

/// Turns δ² into u − 1, and writes 1 + δ²/ν.
struct Excesses<'a> {
    tails: &'a [Tail],
    rows: usize,
    forms: &'a mut [f64],
    ratios: &'a mut [f64],
}

impl WithSimd for Excesses<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let outputs = self
            .forms
            .chunks_exact_mut(self.rows)
            .zip(self.ratios.chunks_exact_mut(self.rows));
        for (tail, (forms, ratios)) in self.tails.iter().zip(outputs) {
            let (df, share) = (tail.df(), tail.dimension_share());
            for (form, ratio) in forms.iter_mut().zip(ratios) {
                // Bounded, so that a row that is infinitely far has the limit u = 0.
                let t = (*form / df).min(1e300);
                let w = 1.0 + t;
                *form = (share - t) / w;
                *ratio = w;
            }
        }
    }
}

/// Turns u − 1 into w (u − 1)², and the logarithms into w (u − 1 − ln u).
struct Gaps<'a> {
    tails: &'a [Tail],
    rows: usize,
    weights: &'a [f64],
    excesses: &'a mut [f64],
    logs: &'a mut [f64],
}

impl WithSimd for Gaps<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let rows = self.rows;
        let entries = self
            .excesses
            .chunks_exact_mut(rows)
            .zip(self.logs.chunks_exact_mut(rows))
            .zip(self.weights.chunks_exact(rows));
        for (tail, ((excesses, logs), weights)) in self.tails.iter().zip(entries) {
            let largest = tail.ln_largest_scale();
            for ((excess, log), &weight) in excesses.iter_mut().zip(logs).zip(weights) {
                let gap = crate::student_t::gap(*excess, largest - *log);
                let square = *excess * *excess;
                *log = if weight > 0.0 { weight * gap } else { 0.0 };
                *excess = if weight > 0.0 { weight * square } else { 0.0 };
            }
        }
    }
}
