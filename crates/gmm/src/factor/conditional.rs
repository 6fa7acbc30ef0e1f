//! Loadings that maximise the likelihood of a factor analyser, in closed form.
//!
//! What is maximised is −ln det Σ − tr Σ⁻¹S with Σ = Λ Λᵀ + Ψ, of the rows alone and not of rows and factors: no step of
//! EM for the factors climbs as far.

use crate::linalg::{Eigen, eigen};

/// Λ given Ψ: with Ψ^(−½) S Ψ^(−½) = U Ω Uᵀ it is Ψ^½ U_q (Ω_q − I)^½, where what is below 0 counts 0 (Lawley 1940;
/// Jöreskog 1967, Psychometrika 32). `None` where S is not finite.
pub(super) fn loadings(covariance: &[f64], noise: &[f64], factors: usize) -> Option<Vec<f64>> {
    let d = noise.len();
    let units: Vec<f64> = noise.iter().map(|value| value.sqrt()).collect();
    let scaled: Vec<f64> = (0..d * d)
        .map(|e| covariance[e] / units[e / d] / units[e % d])
        .collect();
    Some(along(&eigen(&scaled, d)?, 1.0, &units, factors))
}

/// The first axes of U Ω Uᵀ with lengths (ω − `noise`)^½, in these units.
fn along(parts: &Eigen, noise: f64, units: &[f64], factors: usize) -> Vec<f64> {
    let d = units.len();
    let length = |f: usize| (parts.values[f] - noise).max(0.0).sqrt();
    (0..d * factors)
        .map(|e| (e / factors, e % factors))
        .map(|(j, f)| units[j] * parts.vectors[j * d + f] * length(f))
        .collect()
}

/// Loadings of each S_k, and one noise variance for all columns of all of them, at least `least`: σ² is the mean of
/// the eigenvalues that are no factor's, of all S_k by their counts, and Λ_k = U_k (Ω_k − σ²I)^½ (Tipping & Bishop 1999). An
/// eigenvalue below σ² is no factor's. `None` where one of them is not finite.
pub(super) fn principal_components(
    covariances: &[&[f64]],
    counts: &[f64],
    factors: usize,
    least: &[f64],
) -> Option<(Vec<Vec<f64>>, f64)> {
    let d = least.len();
    let parts: Option<Vec<Eigen>> = covariances.iter().map(|s| eigen(s, d)).collect();
    let parts = parts?;
    let (mut weight, mut sum) = (0.0, 0.0);
    let mut leading: Vec<(f64, f64)> = Vec::new();
    for (part, &count) in parts.iter().zip(counts) {
        weight += count * (d - factors) as f64;
        sum += count * part.values[factors..].iter().sum::<f64>();
        leading.extend(part.values[..factors].iter().map(|&value| (value, count)));
    }
    leading.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (value, count) in leading {
        if value * weight >= sum {
            break;
        }
        weight += count;
        sum += count * value;
    }
    let noise = (sum / weight).max(least[0]);
    let units = vec![1.0; d];
    let loadings = (parts.iter()).map(|part| along(part, noise, &units, factors));
    Some((loadings.collect(), noise))
}
