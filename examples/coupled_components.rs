//! Components that share a parameter: read depths at copy numbers 1, 2, 3, … of a gene. A stretch with
//! c copies gives Poisson counts of rate c λ, one λ for all. What couples components is a set of them:
//! it scores, gathers and re-estimates all together.
//!
//! Prints:
//! depth per copy 12.02
//! copies 1: weight 0.098
//! copies 2: weight 0.705
//! copies 3: weight 0.152
//! copies 4: weight 0.045
//! free parameters: 4

use distributions::{
    Component, Density, EstimateError, MeanStatistics, Poisson, Sample, Scalars, Statistics,
};
use em::{ComponentSet, Data, Mixture, Options, Weights, fit, stream};

/// Component k is a Poisson of rate `copies[k]` · `depth`; the copies are fixed.
#[derive(Clone, Debug)]
struct CopyNumbers {
    depth: f64,
    copies: Vec<f64>,
    components: Vec<Poisson>,
}

impl CopyNumbers {
    fn new(depth: f64, copies: Vec<f64>) -> Result<Self, EstimateError> {
        let components = copies.iter().map(|c| Poisson::new(c * depth));
        let components = components.collect::<Result<_, _>>()?;
        Ok(CopyNumbers {
            depth,
            copies,
            components,
        })
    }
}

impl ComponentSet for CopyNumbers {
    type Space = Scalars<u64>;
    /// Σ w and Σ w (x, c): both of all components together.
    type Statistics = MeanStatistics<[f64; 2]>;

    fn len(&self) -> usize {
        self.copies.len()
    }
    fn log_density(&self, k: usize, x: u64) -> f64 {
        self.components[k].log_density(x)
    }
    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new([0.0; 2])
    }
    fn accumulate(&self, into: &mut Self::Statistics, k: usize, x: u64, weight: f64) {
        into.add(&[x as f64, self.copies[k]], weight);
    }
    /// λ = Σ w x / Σ w c.
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        let [x, copies] = from.mean();
        CopyNumbers::new(x / copies, self.copies.clone())
    }
    fn parameter_count(&self) -> usize {
        1
    }
    fn subset(&self, keep: &[usize]) -> Self {
        CopyNumbers {
            depth: self.depth,
            copies: keep.iter().map(|&k| self.copies[k]).collect(),
            components: keep.iter().map(|&k| self.components[k].clone()).collect(),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let truth = CopyNumbers::new(12.0, vec![1.0, 2.0, 3.0, 4.0])?;
    let weights = Weights::new(vec![0.1, 0.7, 0.15, 0.05])?;
    let counts = Mixture::new(weights, truth.components)?.sample(&mut stream(1, 0), 5000);

    let start = Mixture::uniform(CopyNumbers::new(8.0, truth.copies)?);
    let fitted = fit(start, Data::new(&counts[..]), &Options::default())?;
    println!("depth per copy {:.2}", fitted.model.components().depth);
    for (weight, copies) in fitted
        .model
        .weights()
        .iter()
        .zip(&fitted.model.components().copies)
    {
        println!("copies {copies}: weight {weight:.3}");
    }
    println!("free parameters: {}", fitted.model.parameter_count());
    Ok(())
}
