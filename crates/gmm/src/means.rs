//! Means that are not free: known, or one for all components.

use crate::gaussian::{Factor, Gaussian};
use crate::linalg::{cholesky, inverse_from_cholesky};
use crate::scatter::Scatter;
use crate::set::Gaussians;
use distributions::{EstimateError, Reason, Statistics};

/// Which means of Gaussian components are estimated.
///
/// # M-step
/// Fixed means μ_k: the structure's own M-step from the scatters about them, W_k + N_k (x̄_k − μ_k)(x̄_k − μ_k)ᵀ.
///
/// A shared mean: the maximum in μ given the covariances,
/// μ = (Σ_k N_k Σ_k⁻¹)⁻¹ Σ_k N_k Σ_k⁻¹ x̄_k, and in the covariances given μ, as above, in turn until μ rests. Each half
/// step raises Q (as in ECM; Meng & Rubin 1993, Biometrika 80, 267–278), from the current covariances on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Means {
    /// One for each component.
    #[default]
    Free,
    /// They stay as they are.
    Fixed,
    /// One for all components, which then differ in their covariances: a scale mixture.
    Shared,
}

/// Half steps, in pairs, before the iteration is left where it is: it has climbed all the way.
const STEPS: usize = 1000;
/// The change of the mean in standard deviations at which the iteration rests.
const REST: f64 = 1e-13;

impl Means {
    /// How many numbers the means of K components in d columns have.
    pub(crate) fn parameter_count(self, components: usize, dimension: usize) -> usize {
        match self {
            Means::Free => components * dimension,
            Means::Fixed => 0,
            Means::Shared => dimension,
        }
    }
}

/// The M-step with one mean for all.
pub(crate) fn shared_mean(
    set: &Gaussians,
    parts: &[Scatter],
) -> Result<Vec<Gaussian>, EstimateError> {
    let mut current = set.components().to_vec();
    let mut mean = common_mean(parts, &current)?;
    for _ in 0..STEPS {
        let about: Vec<Scatter> = parts.iter().map(|part| part.about(&mean)).collect();
        current = set.gaussians_from(&about, &current)?;
        let next = common_mean(parts, &current)?;
        let moved = (0..mean.len()).map(|j| {
            let least = current.iter().map(|c| c.variance(j));
            let deviation = least.fold(f64::INFINITY, f64::min).sqrt();
            (next[j] - mean[j]).abs() / deviation
        });
        let rests = moved.fold(0.0, f64::max) <= REST;
        mean = next;
        if rests {
            break;
        }
    }
    Ok(current)
}

/// The best mean given the covariances. Differences from the mean of all rows are averaged, so that an offset
/// costs no digits.
fn common_mean(parts: &[Scatter], components: &[Gaussian]) -> Result<Vec<f64>, EstimateError> {
    let mut whole = Scatter::new(parts[0].dimension(), false);
    for part in parts {
        whole.add(part.mean(), part.weight());
    }
    let d = whole.dimension();
    let (mut precision, mut pull) = (vec![0.0; d * d], vec![0.0; d]);
    for (part, component) in parts.iter().zip(components) {
        if !(part.weight() > 0.0) {
            continue;
        }
        let inverse = inverse(component);
        for i in 0..d {
            for j in 0..d {
                let entry = part.weight() * inverse[i * d + j];
                precision[i * d + j] += entry;
                pull[i] += entry * (part.mean()[j] - whole.mean()[j]);
            }
        }
    }
    let lower = cholesky(&precision, d).map_err(|column| {
        let because = "the covariances leave no mean in this column";
        EstimateError::new(Reason::Singular { because }).in_column(column)
    })?;
    let covariance = inverse_from_cholesky(&lower, d);
    Ok((0..d)
        .map(|i| {
            let shift = covariance[i * d..(i + 1) * d].iter().zip(&pull);
            whole.mean()[i] + shift.map(|(c, p)| c * p).sum::<f64>()
        })
        .collect())
}

/// Σ⁻¹.
fn inverse(component: &Gaussian) -> Vec<f64> {
    let d = component.dimension();
    match component.factor() {
        Factor::Lower { lower, .. } => inverse_from_cholesky(lower, d),
        Factor::Diagonal(inverses) => {
            let mut inverse = vec![0.0; d * d];
            (0..d).for_each(|j| inverse[j * d + j] = inverses[j] * inverses[j]);
            inverse
        }
    }
}
