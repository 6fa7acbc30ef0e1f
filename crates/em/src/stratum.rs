//! Mixing weights that differ between known strata.

use crate::weights::{Counts, WeightModel, Weights};
use distributions::{Batch, EstimateError, Obs, Pair, Scalars, Space, View};

/// One weight vector for each stratum: p(z = k | stratum s) = π_sk, with components shared by all
/// strata (multiple-group latent class analysis; Clogg & Goodman 1984).
///
/// The mixture observes pairs (stratum code, x).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StratumWeights {
    strata: Vec<Weights>,
}

impl StratumWeights {
    /// 1/K in each of `strata` strata.
    ///
    /// # Panics
    /// When `strata` or `count` is 0.
    pub fn uniform(strata: usize, count: usize) -> Self {
        assert!(strata > 0, "at least one stratum is needed");
        StratumWeights {
            strata: vec![Weights::uniform(count); strata],
        }
    }
    /// The weights in each stratum.
    pub fn strata(&self) -> &[Weights] {
        &self.strata
    }
}

impl WeightModel for StratumWeights {
    type Joint<S: Space> = Pair<Scalars<u32>, S>;
    type Statistics = Vec<Counts>;

    fn len(&self) -> usize {
        self.strata[0].len()
    }
    fn component_batch<'a, S: Space>(xs: Batch<'a, Self::Joint<S>>) -> Batch<'a, S> {
        xs.1
    }
    fn component_observation<'a, S: Space>(x: Obs<'a, Self::Joint<S>>) -> Obs<'a, S> {
        x.1
    }
    fn log_weight<S: Space>(&self, k: usize, x: (u32, Obs<'_, S>)) -> f64 {
        self.strata[x.0 as usize].logs()[k]
    }
    fn add_log_weights<S: Space>(
        &self,
        xs: (&[u32], Batch<'_, S>),
        rows: usize,
        joint: &mut [f64],
    ) {
        for (k, row) in joint.chunks_exact_mut(rows).enumerate() {
            for (entry, &stratum) in row.iter_mut().zip(xs.0) {
                *entry += self.strata[stratum as usize].logs()[k];
            }
        }
    }
    fn check_observation<S: Space>(&self, x: (u32, Obs<'_, S>)) -> Result<(), &'static str> {
        if (x.0 as usize) < self.strata.len() {
            Ok(())
        } else {
            Err("the stratum must be below the number of strata")
        }
    }
    fn empty_statistics(&self) -> Vec<Counts> {
        vec![Counts(vec![0.0; self.len()]); self.strata.len()]
    }
    fn accumulate<S: Space>(
        &self,
        into: &mut Vec<Counts>,
        xs: (&[u32], Batch<'_, S>),
        rows: usize,
        responsibilities: &[f64],
    ) {
        for (k, row) in responsibilities.chunks_exact(rows).enumerate() {
            for (&share, stratum) in row.iter().zip(View::block(xs.0, 0..rows)) {
                into[*stratum as usize].0[k] += share;
            }
        }
    }
    fn accumulate_row<S: Space>(
        &self,
        into: &mut Vec<Counts>,
        x: (u32, Obs<'_, S>),
        shares: &[f64],
    ) {
        into[x.0 as usize].add_matrix(1, shares);
    }
    /// π_sk = N_sk / N_s; a stratum without rows keeps its weights.
    fn maximize(&self, from: &Vec<Counts>) -> Result<Self, EstimateError> {
        let strata = self.strata.iter().zip(from).map(|(old, counts)| {
            if counts.0.iter().any(|&n| n > 0.0) {
                Weights::from_counts(&counts.0)
            } else {
                Ok(old.clone())
            }
        });
        Ok(StratumWeights {
            strata: strata.collect::<Result<_, _>>()?,
        })
    }
    fn parameter_count(&self) -> usize {
        self.strata.len() * (self.len() - 1)
    }
    fn subset(&self, keep: &[usize]) -> Self {
        StratumWeights {
            strata: self.strata.iter().map(|w| w.subset(keep)).collect(),
        }
    }
    fn overall(&self, k: usize) -> f64 {
        self.strata.iter().map(|w| w[k]).sum::<f64>() / self.strata.len() as f64
    }
}
