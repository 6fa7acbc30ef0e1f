//! The M-step.

use super::degrees::{DegreesOfFreedom, Evidence, newton_df, solve_df};
use super::statistics::LatentScatters;
use super::tail::{Tail, gap};
use crate::covariance::CovarianceStructure;
use crate::gaussian::Gaussian;
use crate::scatter::Scatter;
use crate::variance_bound::VarianceBound;
use distributions::special::ln_minus_digamma;
use distributions::{EstimateError, Reason, Statistics};
use std::ops::Range;

/// Locations, scale matrices and degrees of freedom from the statistics.
///
/// The latent model is x ~ N(μ_k, S_k/τ) with τ ~ Gamma(ν_k/2, ν_k/2). It is expanded by factors α_k,
/// u = α_k τ, S_k* = α_k S_k: the observed rows do not change, but the maximum over α_k as well
/// reaches further than over S_k alone (Liu, Rubin & Wu 1998). Given ν,
///
/// - α from Σ w u and Σ w ([`expansion`]),
/// - μ_k and S_k* as a Gaussian's from the rows of weight w u; W_k/α_k in place of W_k gives S_k itself.
///
/// Both raise the expected log-likelihood of the expanded model, which at α = 1 is the one that was
/// taken: with ν kept the observed likelihood cannot fall. Where ν is estimated, its step
/// ([`estimate_df`]) may overshoot; shortened towards no step of ν it cannot.
///
/// Under a `bound` that these S_k violate, or where there are none, the step is that of EM without expansion, α = 1, whose
/// exact maximiser within the bound is that of Gaussians.
pub(super) fn estimate(
    structure: CovarianceStructure,
    bound: Option<VarianceBound>,
    degrees: DegreesOfFreedom,
    gaussians: &[Gaussian],
    tails: &[Tail],
    from: &LatentScatters,
) -> Result<(Vec<Gaussian>, Vec<Tail>), EstimateError> {
    for (k, (&count, scatter)) in from.counts.iter().zip(&from.scatters).enumerate() {
        let error = if !(count > 0.0) {
            EstimateError::empty()
        } else if !(scatter.weight() > 0.0) {
            let because = "all its observations are too far away to have any weight";
            EstimateError::boundary("scale_matrix", 0.0, because)
        } else {
            continue;
        };
        return Err(error.in_component(k).with_count(count));
    }
    let within = |factors: &[f64], bound: Option<VarianceBound>| {
        let parts: Vec<Scatter> = (from.scatters.iter().zip(&from.counts).zip(factors))
            .map(|((scatter, &count), factor)| scatter.reweighted(count, 1.0 / factor))
            .collect();
        structure.estimate_within(&parts, gaussians, bound)
    };
    let factors = expansion(structure, tails, from);
    let estimates = within(&factors, None);
    let outside = |bound: &VarianceBound| match &estimates {
        Ok(found) => bound.is_violated_by(found),
        Err(_) => true,
    };
    let (estimates, factors, held) = match bound.filter(outside) {
        Some(bound) => {
            let plain = vec![1.0; tails.len()];
            (within(&plain, Some(bound)), plain, true)
        }
        None => (estimates, factors, false),
    };
    let estimates = estimates.map_err(in_our_words)?;
    let tails = estimate_df(degrees, tails, from, &factors, held)?;
    Ok((estimates, tails))
}

/// The factors α_k. S_k may be multiplied by a factor of its own where the volumes are variable: then
/// α_k = Σ w u / Σ w. Where volumes are equal, only one factor for all keeps the structure; its maximum is
/// Σ_k ν_k Σ w u / Σ_k ν_k Σ w.
fn expansion(structure: CovarianceStructure, tails: &[Tail], from: &LatentScatters) -> Vec<f64> {
    let scales: Vec<f64> = (from.scatters.iter()).map(Scatter::weight).collect();
    if structure.has_variable_volume() {
        return scales
            .iter()
            .zip(&from.counts)
            .map(|(s, n)| s / n)
            .collect();
    }
    // Relative to the largest, so that nothing overflows.
    let largest = tails.iter().fold(0.0f64, |a, tail| a.max(tail.df()));
    let weighted = |sums: &[f64]| -> f64 {
        let terms = sums.iter().zip(tails);
        terms.map(|(sum, tail)| sum * (tail.df() / largest)).sum()
    };
    vec![weighted(&scales) / weighted(&from.counts); tails.len()]
}

/// The degrees of freedom: Newton's step, or where there is none, that of EM given the factors. With
/// τ = u/α,
///
/// E\[ln τ\] = ln u − ln α + ψ((ν + d)/2) − ln((ν + d)/2),
///
/// so that E\[τ − 1 − ln τ\] is a sum of gaps, of which only the mean scale's is taken away: by the
/// convexity of the gap it is never more than the mean gap.
fn estimate_df(
    degrees: DegreesOfFreedom,
    tails: &[Tail],
    from: &LatentScatters,
    factors: &[f64],
    held: bool,
) -> Result<Vec<Tail>, EstimateError> {
    let evidence: Vec<Evidence> = (0..tails.len())
        .map(|k| Evidence {
            count: from.counts[k],
            gap: from.gaps[k] / from.counts[k],
            square: from.squares[k] / from.counts[k],
            exponent: tails[k].exponent(),
        })
        .collect();
    let gap_of = |scale: f64| gap(scale - 1.0, scale.ln());
    let mean_gap = |k: usize| {
        let scale = from.scatters[k].weight() / from.counts[k];
        let spread = (evidence[k].gap - gap_of(scale)).max(0.0);
        ln_minus_digamma(evidence[k].exponent) + spread + gap_of(scale / factors[k])
    };
    let solved = |range: Range<usize>| {
        let (first, parts) = (range.start, &evidence[range.clone()]);
        let current = tails[first].df();
        if tails[range.clone()].iter().all(|tail| tail.df() == current)
            && let Some(df) = newton_df(parts, current, held)
        {
            return Ok(df);
        }
        let total: f64 = parts.iter().map(|part| part.count).sum();
        let mean: f64 = range.map(|k| evidence[k].count / total * mean_gap(k)).sum();
        solve_df(mean, current).map_err(|error| error.in_component(first).with_count(total))
    };
    let components = 0..tails.len();
    match degrees {
        DegreesOfFreedom::Fixed => Ok(tails.to_vec()),
        DegreesOfFreedom::Free => components
            .map(|k| Ok(tails[k].with_df(solved(k..k + 1)?)))
            .collect(),
        DegreesOfFreedom::Common => {
            let df = solved(components)?;
            Ok(tails.iter().map(|tail| tail.with_df(df)).collect())
        }
    }
}

/// The names of a scale matrix in an error about a covariance.
pub(super) fn renamed(mut error: EstimateError) -> EstimateError {
    if let Reason::Boundary { parameter, .. } = &mut error.reason {
        *parameter = "scale_matrix";
    }
    error
}

/// The same, with the reason for which a scale matrix vanishes after the first step: a heavy-tailed density
/// that contracts about some rows loses little on the others.
fn in_our_words(error: EstimateError) -> EstimateError {
    let mut error = renamed(error);
    if let Reason::Boundary { because, .. } = &mut error.reason {
        *because = "the component has contracted about rows that coincide, or its rows differ by too \
                    little, or too much, to be squared";
    }
    error
}
