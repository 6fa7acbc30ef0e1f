//! Blocks under multivariate t distributions: the quadratic forms of the Gaussian, and what the tails make
//! of them.

use super::{Padding, quadratic};
use crate::gaussian::Gaussian;
use crate::student_t::{LatentScatters, Tail, gap};
use distributions::Scratch;
use distributions::simd::instruction_set::arch;
use distributions::simd::{ln_slice, sum};
use pulp::{Simd, WithSimd};

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
    if let Some(padding) = Padding::of(rows) {
        let columns = padding.widen(columns, scratch);
        let mut wide = scratch.take_dirty(gaussians.len() * padding.to);
        t_log_densities(gaussians, tails, &columns, padding.to, &mut wide, scratch);
        padding.narrow(&wide, out);
        scratch.give(wide);
        scratch.give(columns);
        return;
    }
    let d = columns.len() / rows;
    let mut z = scratch.take_dirty(quadratic::room::<f64>(d));
    let mut logs = scratch.take_dirty(out.len());
    arch().dispatch(Ratios {
        gaussians,
        tails,
        columns,
        rows,
        ratios: &mut logs,
        rests: out,
        z: &mut z,
    });
    ln_slice(&mut logs);
    let all_finite = arch().dispatch(Densities {
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
        quadratic::quadratic_forms(
            simd,
            self.gaussians,
            self.columns,
            rows,
            self.rests,
            self.z,
            |_, form| form,
        );
        let outputs = self
            .ratios
            .chunks_exact_mut(rows)
            .zip(self.rests.chunks_exact_mut(rows));
        for (tail, (ratios, rests)) in self.tails.iter().zip(outputs) {
            let inverse_df = tail.inverse_df();
            for (ratio, rest) in ratios.iter_mut().zip(rests) {
                let t = *rest * inverse_df;
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
    if let Some(padding) = Padding::of(rows) {
        let columns = padding.widen(columns, scratch);
        let weights = padding.widen(weights, scratch);
        let (rows, models) = (padding.to, (gaussians, tails));
        t_accumulate(into, models, &columns, &weights, rows, with_gaps, scratch);
        scratch.give(weights);
        scratch.give(columns);
        return;
    }
    let mut z = scratch.take_dirty(quadratic::room::<f64>(columns.len() / rows));
    let mut forms = scratch.take_dirty(weights.len());
    let mut scaled = scratch.take_dirty(weights.len());
    let mut logs = scratch.take_dirty(if with_gaps { weights.len() } else { 0 });
    arch().dispatch(Scales {
        gaussians,
        tails,
        columns,
        weights,
        rows,
        forms: &mut forms,
        scaled: &mut scaled,
        ratios: with_gaps.then_some(&mut logs[..]),
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
        ln_slice(&mut logs);
        arch().dispatch(Gaps {
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
    }
    scratch.give(logs);
    scratch.give(scaled);
    scratch.give(forms);
    scratch.give(z);
}

/// w u for every entry; where there are ratios, they become 1 + δ²/ν, and the forms u − 1.
struct Scales<'a> {
    gaussians: &'a [Gaussian],
    tails: &'a [Tail],
    columns: &'a [f64],
    weights: &'a [f64],
    rows: usize,
    forms: &'a mut [f64],
    scaled: &'a mut [f64],
    ratios: Option<&'a mut [f64]>,
    z: &'a mut [f64],
}

impl WithSimd for Scales<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let rows = self.rows;
        quadratic::quadratic_forms(
            simd,
            self.gaussians,
            self.columns,
            rows,
            self.forms,
            self.z,
            |_, form| form,
        );
        let outputs = self
            .forms
            .chunks_exact_mut(rows)
            .zip(self.scaled.chunks_exact_mut(rows))
            .zip(self.weights.chunks_exact(rows));
        let parts = self.tails.iter().zip(outputs);
        for (k, (tail, ((forms, scaled), weights))) in parts.enumerate() {
            match &mut self.ratios {
                None => scale(tail, weights, forms, scaled),
                Some(ratios) => {
                    let ratios = &mut ratios[k * rows..(k + 1) * rows];
                    scale_with_excess(tail, weights, forms, scaled, ratios);
                }
            }
        }
    }
}

/// Of a row without weight nothing is known, not even that its form is a number: what it gets is 0.
#[inline(always)]
fn scale(tail: &Tail, weights: &[f64], forms: &[f64], scaled: &mut [f64]) {
    let (inverse_df, largest) = (tail.inverse_df(), tail.largest_scale());
    for ((scaled, &form), &weight) in scaled.iter_mut().zip(forms).zip(weights) {
        let scale = weight * (largest / (1.0 + form * inverse_df));
        *scaled = if weight > 0.0 { scale } else { 0.0 };
    }
}

#[inline(always)]
fn scale_with_excess(
    tail: &Tail,
    weights: &[f64],
    forms: &mut [f64],
    scaled: &mut [f64],
    ratios: &mut [f64],
) {
    let (inverse_df, largest, share) = (
        tail.inverse_df(),
        tail.largest_scale(),
        tail.dimension_share(),
    );
    let entries = forms.iter_mut().zip(scaled).zip(ratios).zip(weights);
    for (((form, scaled), ratio), &weight) in entries {
        let t = *form * inverse_df;
        let inverse = 1.0 / (1.0 + t);
        let scale = weight * (largest * inverse);
        *scaled = if weight > 0.0 { scale } else { 0.0 };
        // Bounded, so that a row that is infinitely far has the limit u = 0.
        let bounded = t.min(1e300);
        *form = (share - bounded) * inverse.max(1e-300);
        *ratio = 1.0 + bounded;
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
            if tail.needs_series() {
                gaps(tail, weights, excesses, logs, gap);
            } else {
                gaps(tail, weights, excesses, logs, |excess, log| excess - log);
            }
        }
    }
}

#[inline(always)]
fn gaps(
    tail: &Tail,
    weights: &[f64],
    excesses: &mut [f64],
    logs: &mut [f64],
    gap: impl Fn(f64, f64) -> f64,
) {
    let largest = tail.ln_largest_scale();
    for ((excess, log), &weight) in excesses.iter_mut().zip(logs).zip(weights) {
        let gap = gap(*excess, largest - *log);
        let square = *excess * *excess;
        *log = if weight > 0.0 { weight * gap } else { 0.0 };
        *excess = if weight > 0.0 { weight * square } else { 0.0 };
    }
}
