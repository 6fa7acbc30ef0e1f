//! The two uses of a fitted mixture: clustering (labels, responsibilities) and density estimation.

use crate::data::Data;
use crate::error::FitError;
use crate::init::MixtureData;
use crate::mixture::Mixture;
use crate::responsibilities::{At, Responsibilities, Soft};
use crate::set::ComponentSet;
use crate::weights::WeightModel;
use distributions::{BLOCK_ROWS, Batch, Component, Density, Scratch, View};

/// What a mixture says about each row of some data.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    /// ln p(x_i); −∞ for a row off the support of every component.
    pub log_density: Vec<f64>,
    /// The n × K row-major matrix of p(z_i = k | x_i); each row sums to one, or is all 0 where the
    /// row is off the support.
    pub responsibilities: Vec<f64>,
    /// The number of components K.
    pub components: usize,
}

impl Posterior {
    /// The responsibilities of row i.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.responsibilities[i * self.components..(i + 1) * self.components]
    }
    /// The most probable component of row i, ties to the lowest; `None` off the support.
    pub fn label(&self, i: usize) -> Option<usize> {
        let row = self.row(i);
        let mut best = 0;
        for (k, &r) in row.iter().enumerate() {
            if r > row[best] {
                best = k;
            }
        }
        (row[best] > 0.0).then_some(best)
    }
    /// The label of each row.
    ///
    /// # Errors
    /// Naming the first row off the support of every component.
    pub fn labels(&self) -> Result<Vec<usize>, FitError> {
        let labels = (0..self.log_density.len()).map(|row| {
            self.label(row)
                .ok_or(FitError::OffSupport { row, iteration: 0 })
        });
        labels.collect()
    }
}

/// How well a mixture fits data, as numbers that compare models. Smaller criteria are better.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Evaluation {
    /// L = Σ w_i ln p(x_i), natural logarithm, with every normalising constant.
    pub log_likelihood: f64,
    /// The number of rows.
    pub rows: usize,
    /// n = Σ w_i.
    pub observations: f64,
    /// The number p of free parameters.
    pub parameters: usize,
    /// −2L + 2p (Akaike 1974).
    pub aic: f64,
    /// −2L + p ln n (Schwarz 1978).
    pub bic: f64,
    /// bic − 2 Σ w_i ln max_k r_ik (Biernacki, Celeux & Govaert 2000, with hard labels).
    pub icl: f64,
    /// −Σ w_i Σ_k r_ik ln r_ik.
    pub entropy: f64,
    /// N_k = Σ w_i r_ik.
    pub effective_counts: Vec<f64>,
}

impl<S: ComponentSet, W: WeightModel> Mixture<S, W> {
    /// ln p(x_i) and p(z_i = k | x_i) for every row.
    pub fn posterior(&self, xs: Batch<'_, <Self as Density>::Space>) -> Posterior {
        let (rows, components) = (xs.len(), self.len());
        let mut posterior = Posterior {
            log_density: vec![0.0; rows],
            responsibilities: vec![0.0; rows * components],
            components,
        };
        self.for_each_block(Data::new(xs), |start, shares, values| {
            let size = values.len();
            posterior.log_density[start..start + size].copy_from_slice(values);
            for (k, row) in shares.chunks_exact(size).enumerate() {
                for (i, &share) in row.iter().enumerate() {
                    posterior.responsibilities[(start + i) * components + k] = share;
                }
            }
        });
        posterior
    }

    /// ln p(x_i) for every row: density estimation.
    pub fn score_rows(&self, xs: Batch<'_, <Self as Density>::Space>) -> Vec<f64> {
        let mut scores = vec![0.0; xs.len()];
        self.for_each_block(Data::new(xs), |start, _, values| {
            scores[start..start + values.len()].copy_from_slice(values);
        });
        scores
    }

    /// The log-likelihood of data and the criteria made of it.
    ///
    /// # Errors
    /// Naming the first row of positive weight that is off the support.
    pub fn evaluate(&self, data: MixtureData<'_, '_, S, W>) -> Result<Evaluation, FitError> {
        data.check(self.len())?;
        let mut counts = vec![0.0; self.len()];
        let (mut log_likelihood, mut entropy, mut sharpness) = (0.0, 0.0, 0.0);
        let mut unexplained = None;
        self.for_each_block(data, |start, shares, values| {
            let size = values.len();
            for (i, &value) in values.iter().enumerate() {
                let weight = data.row_weight(start + i);
                if !(weight > 0.0) {
                    continue;
                }
                if !value.is_finite() {
                    unexplained.get_or_insert(start + i);
                }
                let mut largest = 0.0f64;
                for (k, count) in counts.iter_mut().enumerate() {
                    let r = shares[k * size + i];
                    *count += weight * r;
                    entropy -= if r > 0.0 { weight * r * r.ln() } else { 0.0 };
                    largest = largest.max(r);
                }
                sharpness += weight * largest.ln();
                log_likelihood += weight * value;
            }
        });
        if let Some(row) = unexplained {
            return Err(FitError::OffSupport { row, iteration: 0 });
        }
        let (observations, parameters) = (data.observations(), self.parameter_count());
        let bic = -2.0 * log_likelihood + parameters as f64 * observations.ln();
        Ok(Evaluation {
            log_likelihood,
            rows: data.rows(),
            observations,
            parameters,
            aic: -2.0 * log_likelihood + 2.0 * parameters as f64,
            bic,
            icl: bic - 2.0 * sharpness,
            entropy,
            effective_counts: counts,
        })
    }

    /// Calls `use_block` with the first row, the K × n responsibilities and the log-densities of each
    /// block.
    fn for_each_block(
        &self,
        data: MixtureData<'_, '_, S, W>,
        mut use_block: impl FnMut(usize, &[f64], &[f64]),
    ) {
        let mut scratch = Scratch::default();
        for start in (0..data.rows()).step_by(BLOCK_ROWS) {
            let end = (start + BLOCK_ROWS).min(data.rows());
            let (block, size) = (data.block(start..end), end - start);
            let mut prepared = scratch.take(self.prepared_width() * size);
            self.prepare(block.xs, &mut prepared);
            let mut joint = scratch.take_dirty(self.len() * size);
            let mut values = scratch.take_dirty(size);
            self.log_joint_matrix(block.xs, &prepared, &mut joint, &mut scratch);
            block.restrict(&mut joint);
            Soft.assign(At::default(), &mut joint, &mut values);
            use_block(start, &joint, &values);
            scratch.give(values);
            scratch.give(joint);
            scratch.give(prepared);
        }
    }
}
