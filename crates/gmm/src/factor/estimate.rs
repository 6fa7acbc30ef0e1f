//! The M-step of factor analysers: conditional maximisation on the scatters.

use super::common_loadings::common_loadings;
use super::noise::{isotropic_noise, noise};
use super::{FactorAnalyzer, conditional, rotation};
use crate::covariance::check_variances;
use crate::gaussian::Gaussian;
use crate::linalg;
use crate::scatter::Scatter;
use distributions::{EstimateError, ParameterError, Reason, Statistics};

/// The least noise variance of a column, as a share of the column's variance over all rows. The likelihood
/// often grows until a noise variance is 0 (a Heywood case): it stops here, see
/// [`FactorAnalyzers::at_bound`](super::FactorAnalyzers::at_bound).
pub const LEAST_NOISE: f64 = 1e-6;

/// Steps of each M-step: every one raises the likelihood, and a few cost less than one pass over the rows.
const STEPS: usize = 3;

/// What the covariances Λ_k Λ_kᵀ + Ψ_k share: the family of McNicholas & Murphy (2008), Parsimonious
/// Gaussian mixture models, Statistics and Computing 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorStructure {
    /// The number of factors q.
    pub factors: usize,
    /// Whether all components have the same loadings.
    pub common_loadings: bool,
    /// Whether all components have the same noise.
    pub common_noise: bool,
    /// Whether all columns of a component have the same noise: probabilistic principal components.
    pub isotropic_noise: bool,
}

impl FactorStructure {
    /// Loadings and noise of each component's own, with `factors` factors.
    pub fn own(factors: usize) -> Self {
        FactorStructure {
            factors,
            common_loadings: false,
            common_noise: false,
            isotropic_noise: false,
        }
    }
    /// Checks that so many factors can be told from noise in `dimension` columns: q < d, and where each
    /// column has its own noise (d − q)² ≥ d + q (Ledermann's bound), beyond which a covariance has more
    /// parameters than entries.
    ///
    /// # Errors
    /// Naming the number of factors.
    pub fn check(&self, dimension: usize) -> Result<(), ParameterError> {
        let (d, q) = (dimension, self.factors);
        let few = q == 0 || q < d;
        let told = self.isotropic_noise || (few && (q == 0 || (d - q) * (d - q) >= d + q));
        ParameterError::require(
            few && told,
            "number of factors",
            q as f64,
            "must be less than the number of columns d and, but for isotropic noise, \
             (d - factors)^2 at least d + factors",
        )
    }
    /// The least noise variances where these are the variances of the columns over all rows.
    pub(super) fn least_noise(&self, variances: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut least: Vec<f64> = variances.map(|variance| LEAST_NOISE * variance).collect();
        if self.isotropic_noise {
            let mean = least.iter().sum::<f64>() / least.len() as f64;
            least.fill(mean);
        }
        least
    }
    /// The number of free parameters in the covariances of K components of dimension d.
    pub fn parameter_count(&self, components: usize, dimension: usize) -> usize {
        let (d, q) = (dimension, self.factors);
        let loadings = d * q - q * q.saturating_sub(1) / 2;
        let noise = if self.isotropic_noise { 1 } else { d };
        let times = |common: bool| if common { 1 } else { components };
        loadings * times(self.common_loadings) + noise * times(self.common_noise)
    }
}

/// Loadings and noise variances of all components.
struct Iterate {
    structure: FactorStructure,
    dimension: usize,
    counts: Vec<f64>,
    /// S_k = W_k / N_k.
    covariances: Vec<Vec<f64>>,
    means: Vec<Vec<f64>>,
    /// The least noise variance of each column.
    least: Vec<f64>,
}

/// The means are those of the scatters. Loadings and noise take steps from `current`, or from principal axes where
/// there is no iterate yet. Also gives the least noise variances.
///
/// Isotropic noise has its maximiser, loadings and all, but where loadings alone are common. Else a step is one of
/// conditional maximisation (ECM): the loadings given the noise, then the noise given the loadings, each the
/// maximiser: loadings in closed form ([`conditional`]) but for common ones beside noise of each component's own
/// ([`common_loadings`]), noise column by column ([`noise`]) or at once ([`isotropic_noise`]).
///
/// Where the least noise variances are given as a `floor`, a component whose rows coincide has an estimate too.
pub(super) fn estimate(
    structure: FactorStructure,
    parts: &[Scatter],
    current: Option<&[FactorAnalyzer]>,
    floor: Option<&[f64]>,
) -> Result<(Vec<FactorAnalyzer>, Vec<f64>), EstimateError> {
    let iterate = Iterate::new(structure, parts, floor)?;
    if structure.isotropic_noise && (structure.common_noise || !structure.common_loadings) {
        return Ok((iterate.turned(iterate.isotropic()?)?, iterate.least));
    }
    let mut analyzers = match current {
        Some(current) => iterate.with_means(current)?,
        None => iterate.principal()?,
    };
    for _ in 0..STEPS {
        analyzers = iterate.step(analyzers)?;
    }
    Ok((iterate.turned(analyzers)?, iterate.least))
}

impl Iterate {
    fn new(
        structure: FactorStructure,
        parts: &[Scatter],
        floor: Option<&[f64]>,
    ) -> Result<Iterate, EstimateError> {
        let d = parts[0].dimension();
        let is_held = |floor: &[f64]| floor.iter().all(|&least| least > 0.0);
        let held = floor.is_some_and(is_held);
        for (k, part) in parts.iter().enumerate() {
            let count = part.weight();
            if !(count > 0.0) {
                return Err(EstimateError::empty().in_component(k).with_count(count));
            }
            if held {
                continue;
            }
            let variances = part.diagonal().into_iter().map(|square| square / count);
            check_variances(variances, part.mean())
                .map_err(|error| error.in_component(k).with_count(count))?;
        }
        let least = floor.map_or_else(
            || {
                let mut whole = Scatter::new(d, true);
                parts.iter().for_each(|part| whole.merge(part));
                let squares = whole.diagonal();
                let variances = squares.iter().map(|square| square / whole.weight());
                structure.least_noise(variances)
            },
            <[f64]>::to_vec,
        );
        let covariance = |part: &Scatter| {
            let mut matrix = part.matrix();
            matrix.iter_mut().for_each(|value| *value /= part.weight());
            matrix
        };
        Ok(Iterate {
            structure,
            dimension: d,
            counts: parts.iter().map(Scatter::weight).collect(),
            covariances: parts.iter().map(covariance).collect(),
            means: parts.iter().map(|part| part.mean().to_vec()).collect(),
            least,
        })
    }
    fn analyzer(
        &self,
        k: usize,
        loadings: Vec<f64>,
        noise: Vec<f64>,
    ) -> Result<FactorAnalyzer, EstimateError> {
        let noise = Gaussian::diagonal(self.means[k].clone(), noise)?;
        let built = FactorAnalyzer::build(noise, loadings, self.structure.factors);
        built.map_err(|error| EstimateError::from(error).in_component(k))
    }
    /// The iterate about the new means; what is common but differs in it is brought in.
    fn with_means(&self, current: &[FactorAnalyzer]) -> Result<Vec<FactorAnalyzer>, EstimateError> {
        let mut noise: Vec<Vec<f64>> = current.iter().map(|one| one.noise_variances()).collect();
        if self.structure.isotropic_noise || noise.iter().any(|own| *own != noise[0]) {
            noise = self.shared(noise);
        }
        let differ = current
            .iter()
            .any(|one| one.loadings != current[0].loadings);
        let common = if self.structure.common_loadings && differ {
            let (pooled, q) = (self.pooled(&self.covariances), self.structure.factors);
            Some(conditional::loadings(&pooled, &noise[0], q).ok_or_else(not_finite)?)
        } else {
            None
        };
        (current.iter().zip(noise).enumerate())
            .map(|(k, (one, noise))| {
                let loadings = common.as_ref().unwrap_or(&one.loadings).clone();
                self.analyzer(k, loadings, noise)
            })
            .collect()
    }
    /// Σ_k N_k v_k / N.
    fn pooled(&self, values: &[Vec<f64>]) -> Vec<f64> {
        let total: f64 = self.counts.iter().sum();
        let mut mean = vec![0.0; values[0].len()];
        for (values, count) in values.iter().zip(&self.counts) {
            for (mean, value) in mean.iter_mut().zip(values) {
                *mean += count / total * value;
            }
        }
        mean
    }
    /// Noise variances brought into the structure, and above their bound.
    fn shared(&self, mut noise: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        if self.structure.isotropic_noise {
            for noise in &mut noise {
                let mean = noise.iter().sum::<f64>() / noise.len() as f64;
                noise.fill(mean);
            }
        }
        if self.structure.common_noise {
            noise = vec![self.pooled(&noise); noise.len()];
        }
        for noise in &mut noise {
            for (value, least) in noise.iter_mut().zip(&self.least) {
                *value = value.max(*least);
            }
        }
        noise
    }
    /// Half of each variance is noise; the loadings are the principal axes in its units.
    fn principal(&self) -> Result<Vec<FactorAnalyzer>, EstimateError> {
        let (d, q) = (self.dimension, self.structure.factors);
        let halves = |matrix: &Vec<f64>| -> Vec<f64> {
            let diagonal = linalg::diagonal(matrix, d);
            diagonal.iter().map(|value| 0.5 * value).collect()
        };
        let pooled = self.pooled(&self.covariances);
        let noise = self.shared(self.covariances.iter().map(halves).collect());
        let analyzer = |k: usize| {
            let matrix = if self.structure.common_loadings {
                &pooled
            } else {
                &self.covariances[k]
            };
            let units = halves(matrix).into_iter().zip(&self.least);
            let units: Vec<f64> = units.map(|(half, least)| half.max(*least).sqrt()).collect();
            let mut scaled = matrix.clone();
            for (entry, value) in scaled.iter_mut().enumerate() {
                *value /= units[entry / d] * units[entry % d];
            }
            let eigen = linalg::eigen(&scaled, d).ok_or_else(|| not_finite().in_component(k))?;
            let mut loadings = vec![0.0; d * q];
            for j in 0..d {
                for f in 0..q {
                    // Never 0: a factor without loadings stays so.
                    let length = (eigen.values[f] - 1.0).max(0.1).sqrt();
                    loadings[j * q + f] = units[j] * eigen.vectors[j * d + f] * length;
                }
            }
            self.analyzer(k, loadings, noise[k].clone())
        };
        (0..self.counts.len()).map(analyzer).collect()
    }
    /// The maximiser with isotropic noise, whose loadings or noise are no others' or which is one for all.
    fn isotropic(&self) -> Result<Vec<FactorAnalyzer>, EstimateError> {
        let (count, q) = (self.counts.len(), self.structure.factors);
        let pooled = self.pooled(&self.covariances);
        let of = |covariances: &[&[f64]], counts: &[f64]| {
            conditional::principal_components(covariances, counts, q, &self.least)
                .ok_or_else(not_finite)
        };
        let (loadings, noise) = if !self.structure.common_noise {
            let parts = (0..count).map(|k| {
                let (mut loadings, noise) = of(&[&self.covariances[k]], &self.counts[k..=k])
                    .map_err(|error| error.in_component(k))?;
                Ok((loadings.remove(0), noise))
            });
            let parts: Vec<(Vec<f64>, f64)> = parts.collect::<Result<_, EstimateError>>()?;
            parts.into_iter().unzip()
        } else if self.structure.common_loadings {
            let (loadings, noise) = of(&[&pooled], &[1.0])?;
            (vec![loadings[0].clone(); count], vec![noise; count])
        } else {
            let each: Vec<&[f64]> = self.covariances.iter().map(|s| &s[..]).collect();
            let (loadings, noise) = of(&each, &self.counts)?;
            (loadings, vec![noise; count])
        };
        (loadings.into_iter().zip(noise).enumerate())
            .map(|(k, (loadings, noise))| self.analyzer(k, loadings, vec![noise; self.dimension]))
            .collect()
    }
    fn step(&self, current: Vec<FactorAnalyzer>) -> Result<Vec<FactorAnalyzer>, EstimateError> {
        let turned = self.with_loadings(current)?;
        let noise = self.noise(&turned)?;
        (turned.into_iter().zip(noise).enumerate())
            .map(|(k, (one, noise))| self.analyzer(k, one.loadings, noise))
            .collect()
    }
    /// The loadings given the noise.
    fn with_loadings(
        &self,
        current: Vec<FactorAnalyzer>,
    ) -> Result<Vec<FactorAnalyzer>, EstimateError> {
        let structure = self.structure;
        let given = |covariance: &[f64], one: &FactorAnalyzer| {
            conditional::loadings(covariance, &one.noise_variances(), structure.factors)
                .ok_or_else(not_finite)
        };
        if structure.factors == 0 {
            return Ok(current);
        }
        if structure.common_loadings && !structure.common_noise {
            return common_loadings(current, &self.covariances, &self.counts);
        }
        let pooled = structure
            .common_loadings
            .then(|| self.pooled(&self.covariances));
        (current.iter().zip(&self.covariances).enumerate())
            .map(|(k, (one, own))| {
                let loadings = given(pooled.as_ref().unwrap_or(own), one);
                let loadings = loadings.map_err(|error| error.in_component(k))?;
                self.analyzer(k, loadings, one.noise_variances())
            })
            .collect()
    }
    /// The noise given the loadings.
    fn noise(&self, current: &[FactorAnalyzer]) -> Result<Vec<Vec<f64>>, EstimateError> {
        let one = |k: usize| {
            let part = k..k + 1;
            let (s, count) = (&self.covariances[part.clone()], &self.counts[part.clone()]);
            if self.structure.isotropic_noise {
                let noise = isotropic_noise(&current[k], &s[0], self.least[0]);
                let noise = noise.ok_or_else(|| not_finite().in_component(k))?;
                return Ok(vec![noise; self.dimension]);
            }
            Ok(noise(&current[part], s, count, &self.least))
        };
        if self.structure.common_noise {
            let noise = noise(current, &self.covariances, &self.counts, &self.least);
            return Ok(vec![noise; current.len()]);
        }
        (0..current.len()).map(one).collect()
    }
    /// The same covariances, in the rotation that is reported.
    fn turned(&self, analyzers: Vec<FactorAnalyzer>) -> Result<Vec<FactorAnalyzer>, EstimateError> {
        let q = self.structure.factors;
        let all: Vec<Vec<f64>> = analyzers
            .iter()
            .map(FactorAnalyzer::noise_variances)
            .collect();
        let mean = |j: usize| {
            let precisions = all.iter().map(|noise| 1.0 / noise[j]);
            all.len() as f64 / precisions.sum::<f64>()
        };
        let common: Vec<f64> = (0..self.dimension).map(mean).collect();
        (analyzers.iter().zip(&all).enumerate())
            .map(|(k, (one, own))| {
                let noise = if self.structure.common_loadings {
                    &common
                } else {
                    own
                };
                self.analyzer(k, rotation::canonical(&one.loadings, q, noise), own.clone())
            })
            .collect()
    }
}

fn not_finite() -> EstimateError {
    EstimateError::new(Reason::Singular {
        because: "it is not finite, so that it has no eigenvalues",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, RngExt};

    fn scatter(rng: &mut impl Rng, d: usize) -> Scatter {
        let mut scatter = Scatter::new(d, true);
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let axes: Vec<f64> = (0..2 * d).map(|_| 1.5 * normal()).collect();
        for _ in 0..60 {
            let z = [normal(), normal()];
            let row: Vec<f64> = (0..d)
                .map(|j| axes[j] * z[0] + axes[d + j] * z[1] + (0.3 + 0.2 * j as f64) * normal())
                .collect();
            scatter.add(&row, 0.5);
        }
        scatter
    }

    /// −½ Σ_k N_k (ln det Σ_k + tr Σ_k⁻¹ S_k), by dense matrices.
    fn objective(iterate: &Iterate, loadings: &[Vec<f64>], noise: &[Vec<f64>]) -> f64 {
        let (d, q) = (iterate.dimension, iterate.structure.factors);
        let part = |k: usize| {
            let mut sigma = vec![0.0; d * d];
            for (e, entry) in sigma.iter_mut().enumerate() {
                let (i, j) = (e / d * q, e % d * q);
                *entry = linalg::inner(&loadings[k][i..i + q], &loadings[k][j..j + q]);
                *entry += if i == j { noise[k][e / d] } else { 0.0 };
            }
            let lower = linalg::cholesky(&sigma, d).unwrap();
            let logs: f64 = (0..d).map(|j| lower[j * d + j].ln()).sum();
            let inverse = linalg::inverse_from_cholesky(&lower, d);
            let trace = linalg::inner(&inverse, &iterate.covariances[k]);
            iterate.counts[k] * (logs + 0.5 * trace)
        };
        -(0..loadings.len()).map(part).sum::<f64>()
    }

    #[test]
    fn each_half_of_a_step_is_a_maximiser() {
        let (d, q, count) = (6, 2, 3);
        let mut rng = em::stream(5, 0);
        let parts: Vec<Scatter> = (0..count).map(|_| scatter(&mut rng, d)).collect();
        for bits in 0..8 {
            let structure = FactorStructure {
                factors: q,
                common_loadings: bits & 1 > 0,
                common_noise: bits & 2 > 0,
                isotropic_noise: bits & 4 > 0,
            };
            if structure.isotropic_noise && structure.common_noise {
                continue;
            }
            let iterate = Iterate::new(structure, &parts, None).unwrap();
            let start = iterate.principal().unwrap();
            let loadings_of = |all: &[FactorAnalyzer]| -> Vec<Vec<f64>> {
                all.iter().map(|one| one.loadings.clone()).collect()
            };
            let noise_of = |all: &[FactorAnalyzer]| -> Vec<Vec<f64>> {
                all.iter().map(FactorAnalyzer::noise_variances).collect()
            };
            let before = objective(&iterate, &loadings_of(&start), &noise_of(&start));
            let turned = iterate.with_loadings(start).unwrap();
            let (loadings, noise) = (loadings_of(&turned), noise_of(&turned));
            let middle = objective(&iterate, &loadings, &noise);
            // The start may be one already.
            assert!(middle >= before - 1e-10, "{structure:?}");
            for trial in 0..400 {
                let by = [1e-3, 1e-2, 0.1, 1.0][trial % 4];
                let mut other = loadings.clone();
                for loading in &mut other {
                    loading
                        .iter_mut()
                        .for_each(|l| *l += by * (rng.random::<f64>() - 0.5));
                }
                if structure.common_loadings {
                    other = vec![other[0].clone(); count];
                }
                // Three sums of order 100.
                let reached = objective(&iterate, &other, &noise);
                assert!(
                    reached <= middle + 1e-10,
                    "{structure:?} {reached} {middle}"
                );
            }
            // The last of the variances was set when all others were as they are now.
            let after = iterate.noise(&turned).unwrap();
            let high = objective(&iterate, &loadings, &after);
            assert!(high > middle, "{structure:?}");
            for factor in [0.5, 0.9, 0.99, 0.999, 1.001, 1.01, 1.1, 2.0] {
                for k in 0..count {
                    let mut other = after.clone();
                    for (l, noise) in other.iter_mut().enumerate() {
                        let own = structure.common_noise || l == k;
                        let first = if structure.isotropic_noise { 0 } else { d - 1 };
                        if own {
                            noise[first..].iter_mut().for_each(|value| *value *= factor);
                        }
                    }
                    let reached = objective(&iterate, &loadings, &other);
                    assert!(reached <= high + 1e-10, "{structure:?} {factor}");
                }
            }
        }
    }
}
