//! The M-step of factor analysers: conditional maximisation on the scatters.

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

/// Steps of each M-step where loadings or noise have no closed form given all else. Every one raises the
/// likelihood; a few cost less than one pass over the rows, and save several.
const STEPS: usize = 10;
/// Steps of each M-step where they have, and come further, for the price of an eigendecomposition.
const CLOSED_STEPS: usize = 3;

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
/// conditional maximisation (ECM): the loadings given the noise, then the noise given the loadings, in closed
/// form where there is one ([`conditional`]): loadings that are each component's own, or beside common noise;
/// noise that is each component's own, or beside common loadings. Where there is none, they take a step of EM for
/// the factors z: with β_k = Λ_kᵀ Σ_k⁻¹ and Θ_k = I − β_k Λ_k + β_k S_k β_kᵀ common loadings solve
/// Σ_k (N_k / ψ_kj) (S_k β_kᵀ − Λ Θ_k)_j = 0 for each row j, and ψ_kj is (S_k − 2 Λ β_k S_k + Λ Θ_k Λᵀ)_jj, averaged where
/// it is shared, and not below its bound.
pub(super) fn estimate(
    structure: FactorStructure,
    parts: &[Scatter],
    current: Option<&[FactorAnalyzer]>,
) -> Result<(Vec<FactorAnalyzer>, Vec<f64>), EstimateError> {
    let iterate = Iterate::new(structure, parts)?;
    if structure.isotropic_noise && (structure.common_noise || !structure.common_loadings) {
        return Ok((iterate.turned(iterate.isotropic()?)?, iterate.least));
    }
    let mut analyzers = match current {
        Some(current) => iterate.with_means(current)?,
        None => iterate.principal()?,
    };
    let steps = match structure.common_loadings == structure.common_noise {
        true => CLOSED_STEPS,
        false => STEPS,
    };
    for _ in 0..steps {
        analyzers = iterate.step(&analyzers)?;
    }
    Ok((iterate.turned(analyzers)?, iterate.least))
}

impl Iterate {
    fn new(structure: FactorStructure, parts: &[Scatter]) -> Result<Iterate, EstimateError> {
        let d = parts[0].dimension();
        for (k, part) in parts.iter().enumerate() {
            let count = part.weight();
            if !(count > 0.0) {
                return Err(EstimateError::empty().in_component(k).with_count(count));
            }
            let variances = part.diagonal().into_iter().map(|square| square / count);
            check_variances(variances, part.mean())
                .map_err(|error| error.in_component(k).with_count(count))?;
        }
        let mut whole = Scatter::new(d, true);
        parts.iter().for_each(|part| whole.merge(part));
        let mut least: Vec<f64> = (whole.diagonal().iter())
            .map(|square| LEAST_NOISE * (square / whole.weight()))
            .collect();
        if structure.isotropic_noise {
            let mean = least.iter().sum::<f64>() / d as f64;
            least.fill(mean);
        }
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
    fn with_means(&self, current: &[FactorAnalyzer]) -> Result<Vec<FactorAnalyzer>, EstimateError> {
        (current.iter().enumerate())
            .map(|(k, one)| self.analyzer(k, one.loadings.clone(), one.noise_variances()))
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
            let units: Vec<f64> = halves(matrix).iter().map(|value| value.sqrt()).collect();
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
    fn step(&self, current: &[FactorAnalyzer]) -> Result<Vec<FactorAnalyzer>, EstimateError> {
        let loadings = self.loadings(current)?;
        let turned: Vec<FactorAnalyzer> = (loadings.iter().zip(current).enumerate())
            .map(|(k, (loadings, one))| self.analyzer(k, loadings.clone(), one.noise_variances()))
            .collect::<Result<_, _>>()?;
        let noise = self.noise(&turned);
        (loadings.into_iter().zip(noise).enumerate())
            .map(|(k, (loadings, noise))| self.analyzer(k, loadings, noise))
            .collect()
    }
    /// The loadings given the noise.
    fn loadings(&self, current: &[FactorAnalyzer]) -> Result<Vec<Vec<f64>>, EstimateError> {
        let (q, count) = (self.structure.factors, current.len());
        let given = |covariance: &[f64], one: &FactorAnalyzer| {
            conditional::loadings(covariance, &one.noise_variances(), q).ok_or_else(not_finite)
        };
        if q == 0 {
            Ok(vec![Vec::new(); count])
        } else if !self.structure.common_loadings {
            (current.iter().zip(&self.covariances).enumerate())
                .map(|(k, (one, s))| given(s, one).map_err(|error| error.in_component(k)))
                .collect()
        } else if self.structure.common_noise {
            Ok(vec![
                given(&self.pooled(&self.covariances), &current[0])?;
                count
            ])
        } else {
            self.common_loadings(current)
        }
    }
    /// The noise given the loadings.
    fn noise(&self, current: &[FactorAnalyzer]) -> Vec<Vec<f64>> {
        let structure = self.structure;
        let pairs = current.iter().zip(&self.covariances);
        if !structure.isotropic_noise && !structure.common_noise {
            let own =
                |(one, s): (&FactorAnalyzer, &Vec<f64>)| conditional::noise(one, s, &self.least);
            return pairs.map(own).collect();
        }
        if !structure.isotropic_noise && structure.common_loadings {
            let pooled = self.pooled(&self.covariances);
            let noise = conditional::noise(&current[0], &pooled, &self.least);
            return vec![noise; current.len()];
        }
        let residuals = |(one, s): (&FactorAnalyzer, &Vec<f64>)| {
            Moments::new(one, s).residuals(s, &one.loadings)
        };
        self.shared(pairs.map(residuals).collect())
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
    /// The common loadings that solve the normal equations of each row.
    fn common_loadings(&self, current: &[FactorAnalyzer]) -> Result<Vec<Vec<f64>>, EstimateError> {
        let (d, q, count) = (self.dimension, self.structure.factors, current.len());
        let moments: Vec<Moments> = (current.iter().zip(&self.covariances))
            .map(|(one, covariance)| Moments::new(one, covariance))
            .collect();
        let mut loadings = vec![0.0; d * q];
        let mut second = vec![0.0; q * q];
        for (j, row) in loadings.chunks_exact_mut(q).enumerate() {
            second.fill(0.0);
            for (k, moments) in moments.iter().enumerate() {
                // In units of the first component's, so that nothing overflows.
                let weight =
                    self.counts[k] * (current[0].noise.variance(j) / current[k].noise.variance(j));
                let cross = &moments.cross[j * q..(j + 1) * q];
                row.iter_mut()
                    .zip(cross)
                    .for_each(|(sum, value)| *sum += weight * value);
                (second.iter_mut().zip(&moments.second))
                    .for_each(|(sum, value)| *sum += weight * value);
            }
            solve(&factor(&second, q, 0)?, row);
        }
        Ok(vec![loadings; count])
    }
}

/// E\[x zᵀ\] and E\[z zᵀ\] of a component, about its mean.
struct Moments {
    /// S βᵀ, d × q.
    cross: Vec<f64>,
    /// Θ, q × q.
    second: Vec<f64>,
}

impl Moments {
    fn new(one: &FactorAnalyzer, covariance: &[f64]) -> Moments {
        let (d, q) = (one.dimension(), one.factors);
        let mut cross = vec![0.0; d * q];
        for i in 0..d {
            for f in 0..q {
                let projection = &one.projection[f * d..(f + 1) * d];
                cross[i * q + f] = linalg::inner(&covariance[i * d..(i + 1) * d], projection);
            }
        }
        let mut second = one.remainder.clone();
        for f in 0..q {
            for g in 0..=f {
                let products = (0..d).map(|j| one.projection[f * d + j] * cross[j * q + g]);
                second[f * q + g] += products.sum::<f64>();
                second[g * q + f] = second[f * q + g];
            }
        }
        Moments { cross, second }
    }
    /// The diagonal of S − 2 Λ β S + Λ Θ Λᵀ.
    fn residuals(&self, covariance: &[f64], loadings: &[f64]) -> Vec<f64> {
        let q = (self.second.len() as f64).sqrt().round() as usize;
        let d = (covariance.len() as f64).sqrt().round() as usize;
        (0..d)
            .map(|j| {
                let (own, cross) = (
                    &loadings[j * q..(j + 1) * q],
                    &self.cross[j * q..(j + 1) * q],
                );
                let mut value = covariance[j * d + j] - 2.0 * linalg::inner(own, cross);
                for (f, loading) in own.iter().enumerate() {
                    value += loading * linalg::inner(&self.second[f * q..(f + 1) * q], own);
                }
                value
            })
            .collect()
    }
}

fn not_finite() -> EstimateError {
    EstimateError::new(Reason::Singular {
        because: "it is not finite, so that it has no eigenvalues",
    })
}

fn factor(matrix: &[f64], q: usize, k: usize) -> Result<Vec<f64>, EstimateError> {
    linalg::cholesky(matrix, q).map_err(|_| {
        EstimateError::new(Reason::Singular {
            because: "the factors are linear combinations of each other",
        })
        .in_component(k)
    })
}

/// Solves L Lᵀ x = `rhs` in place.
fn solve(lower: &[f64], rhs: &mut [f64]) {
    let q = rhs.len();
    linalg::solve_lower(lower, rhs);
    for f in (0..q).rev() {
        let later: f64 = (f + 1..q).map(|g| lower[g * q + f] * rhs[g]).sum();
        rhs[f] = (rhs[f] - later) / lower[f * q + f];
    }
}
