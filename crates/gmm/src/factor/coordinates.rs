//! Unconstrained coordinates: means, loadings, logarithms of noise variances; what is common once.

use super::{FactorAnalyzer, FactorAnalyzers};
use crate::gaussian::Gaussian;
use distributions::{Coordinates, EstimateError, next_coordinate};

fn next(count: usize, from: &mut &[f64]) -> Result<Vec<f64>, EstimateError> {
    (0..count).map(|_| next_coordinate(from)).collect()
}

impl FactorAnalyzers {
    /// How many noise variances a component has.
    fn noise_width(&self) -> usize {
        if self.structure.isotropic_noise {
            1
        } else {
            self.dimension()
        }
    }
    /// The components whose loadings, or noise, are their own.
    fn owners(&self, common: bool) -> &[FactorAnalyzer] {
        &self.components[..if common { 1 } else { self.components.len() }]
    }
}

impl Coordinates for FactorAnalyzers {
    fn pack(&self, into: &mut Vec<f64>) {
        for one in &self.components {
            into.extend_from_slice(one.mean());
        }
        for one in self.owners(self.structure.common_loadings) {
            into.extend_from_slice(&one.loadings);
        }
        for one in self.owners(self.structure.common_noise) {
            let noise = (0..self.noise_width()).map(|j| one.noise.variance(j).ln());
            into.extend(noise);
        }
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (d, q, structure) = (self.dimension(), self.structure.factors, self.structure);
        let means: Vec<Vec<f64>> = (self.components.iter())
            .map(|_| next(d, from))
            .collect::<Result<_, _>>()?;
        let loadings: Vec<Vec<f64>> = (self.owners(structure.common_loadings).iter())
            .map(|_| next(d * q, from))
            .collect::<Result<_, _>>()?;
        let noise: Vec<Vec<f64>> = (self.owners(structure.common_noise).iter())
            .map(|_| next(self.noise_width(), from))
            .collect::<Result<_, _>>()?;
        let least = |j: usize| self.least_noise.as_ref().map_or(0.0, |least| least[j]);
        let components = means.into_iter().enumerate().map(|(k, mean)| {
            let own = |values: &[Vec<f64>]| values[k.min(values.len() - 1)].clone();
            let noise = own(&noise);
            let variances = (0..d).map(|j| noise[j.min(noise.len() - 1)].exp().max(least(j)));
            let noise = Gaussian::diagonal(mean, variances.collect())?;
            let one = FactorAnalyzer::build(noise, own(&loadings), q);
            one.map_err(|error| EstimateError::from(error).in_component(k))
        });
        let components = components.collect::<Result<_, EstimateError>>()?;
        Ok(self.with_components(components, self.least_noise.clone()))
    }
}
