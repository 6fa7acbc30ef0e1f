//! Mixing weights: the distribution of the latent class z.

use distributions::simd::{add_to_rows, sum};
use distributions::{Batch, EstimateError, Obs, ParameterError, Space, Statistics};
use std::ops::Deref;

/// p(z = k | row): the weights of a mixture, which may depend on the row.
///
/// Constant weights ([`Weights`]) are one implementation; weights by stratum
/// ([`StratumWeights`](crate::StratumWeights)) another, whose mixture sees (stratum, x) pairs.
pub trait WeightModel: Clone + Send + Sync {
    /// What a mixture with these weights observes, when its components observe `S`.
    type Joint<S: Space>: Space;
    /// What the M-step of the weights needs to know.
    type Statistics: Statistics;

    /// The number of components K.
    fn len(&self) -> usize;
    /// Whether there is no component.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The same weights in coordinates that suit the rows of a fit.
    fn suited_to<S: Space>(&self, _xs: Batch<'_, Self::Joint<S>>) -> Self {
        self.clone()
    }
    /// The components' part of a batch.
    fn component_batch<'a, S: Space>(xs: Batch<'a, Self::Joint<S>>) -> Batch<'a, S>;
    /// The components' part of an observation.
    fn component_observation<'a, S: Space>(x: Obs<'a, Self::Joint<S>>) -> Obs<'a, S>;
    /// ln π_k for one row.
    fn log_weight<S: Space>(&self, k: usize, x: Obs<'_, Self::Joint<S>>) -> f64;
    /// Adds ln π_k to entry (k, i) of a K × n matrix.
    fn add_log_weights<S: Space>(
        &self,
        xs: Batch<'_, Self::Joint<S>>,
        rows: usize,
        joint: &mut [f64],
    );
    /// ln π_k, where it is the same for every row.
    fn log_weights(&self) -> Option<&[f64]> {
        None
    }
    /// Whether the row's own part is valid.
    ///
    /// # Errors
    /// What it must be.
    fn check_observation<S: Space>(&self, _x: Obs<'_, Self::Joint<S>>) -> Result<(), &'static str> {
        Ok(())
    }
    /// The statistic of no row.
    fn empty_statistics(&self) -> Self::Statistics;
    /// Adds the K × n matrix of w_i r_ik.
    fn accumulate<S: Space>(
        &self,
        into: &mut Self::Statistics,
        xs: Batch<'_, Self::Joint<S>>,
        rows: usize,
        responsibilities: &[f64],
    );
    /// Adds one row with its shares w r_k.
    fn accumulate_row<S: Space>(
        &self,
        into: &mut Self::Statistics,
        x: Obs<'_, Self::Joint<S>>,
        shares: &[f64],
    );
    /// The M-step: π_k = N_k / N where nothing couples them to covariates.
    ///
    /// # Errors
    /// When nothing was observed.
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError>;
    /// The number of free parameters.
    fn parameter_count(&self) -> usize;
    /// The weights of the components `keep`, in that order, renormalised if some are left out.
    fn subset(&self, keep: &[usize]) -> Self;
    /// Whether the M-step takes one step only; see
    /// [`Component::one_step`](distributions::Component::one_step).
    fn one_step(&self) -> bool {
        false
    }
    /// The weights a `fraction` of the way to `next`; see
    /// [`Component::toward`](distributions::Component::toward).
    fn toward(&self, next: &Self, _fraction: f64) -> Self {
        next.clone()
    }
    /// The logarithm of a prior density at the weights: part of the objective.
    fn log_prior(&self) -> f64 {
        0.0
    }
    /// The overall weight of component k, by which components are sorted.
    fn overall(&self, k: usize) -> f64;
}

/// Constant mixing weights π: 0 ≤ π_k ≤ 1 and Σ π_k = 1.
///
/// # Prior
/// With a Dirichlet prior ([`with_prior`](Weights::with_prior)), ln p(π) = Σ_k (α_k − 1) ln π_k up to a
/// constant, the M-step is its mode π_k ∝ N_k + α_k − 1: as if α_k − 1 more rows belonged to component k. With
/// all α_k > 1 no weight becomes 0.
///
/// ```
/// use em::Weights;
/// let weights = Weights::new(vec![0.6, 0.4])?;
/// assert_eq!(weights[1], 0.4);
/// assert!(Weights::new(vec![0.6, 0.6]).is_err());
/// # Ok::<(), distributions::ParameterError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    values: Vec<f64>,
    /// ln π_k, taken once.
    logs: Vec<f64>,
    /// α_k − 1 of a Dirichlet prior; empty where there is none.
    pseudo_counts: Vec<f64>,
}

impl Weights {
    /// Weights, kept bit for bit.
    ///
    /// # Errors
    /// When there is none, one lies outside \[0, 1\], or the sum differs from 1 by more than 1e-8.
    pub fn new(values: Vec<f64>) -> Result<Self, ParameterError> {
        for &value in &values {
            ParameterError::require(
                (0.0..=1.0).contains(&value),
                "weight",
                value,
                "must lie between 0 and 1",
            )?;
        }
        let sum: f64 = values.iter().sum();
        ParameterError::require(
            (sum - 1.0).abs() <= 1e-8,
            "sum of weights",
            sum,
            "must be 1 within 1e-8",
        )?;
        Ok(Self::trusted(values))
    }
    /// 1/K each.
    ///
    /// # Panics
    /// When `count` is 0.
    pub fn uniform(count: usize) -> Self {
        assert!(count > 0, "a mixture needs at least one component");
        Self::trusted(vec![1.0 / count as f64; count])
    }
    /// N_k / N.
    ///
    /// # Errors
    /// When the counts sum to nothing.
    pub fn from_counts(counts: &[f64]) -> Result<Self, EstimateError> {
        let total: f64 = counts.iter().sum();
        if !(total > 0.0 && total.is_finite()) {
            return Err(EstimateError::empty().with_count(total));
        }
        Ok(Self::trusted(counts.iter().map(|n| n / total).collect()))
    }
    fn trusted(values: Vec<f64>) -> Self {
        let logs = values.iter().map(|value| value.ln()).collect();
        Weights {
            values,
            logs,
            pseudo_counts: Vec::new(),
        }
    }
    /// The same weights, to be estimated under a Dirichlet prior with concentrations α_k.
    ///
    /// ```
    /// use em::{Counts, WeightModel, Weights};
    /// let weights = Weights::uniform(2).with_prior(vec![2.0, 2.0])?;
    /// // (6 + 1)/(6 + 0 + 1 + 1)
    /// assert_eq!(weights.maximize(&Counts(vec![6.0, 0.0]))?[..], [0.875, 0.125]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there are not as many as weights, or one is not finite and at least 1: below 1 the density
    /// has no mode inside.
    pub fn with_prior(mut self, concentrations: Vec<f64>) -> Result<Self, ParameterError> {
        ParameterError::require(
            concentrations.len() == self.values.len(),
            "number of concentrations",
            concentrations.len() as f64,
            "must be the number of weights",
        )?;
        for &value in &concentrations {
            ParameterError::require(
                value >= 1.0 && value.is_finite(),
                "concentration",
                value,
                "must be finite and at least 1",
            )?;
        }
        self.pseudo_counts = concentrations.iter().map(|alpha| alpha - 1.0).collect();
        Ok(self)
    }
    /// α of the prior, where there is one.
    pub fn concentrations(&self) -> Option<Vec<f64>> {
        let concentrations = self.pseudo_counts.iter().map(|pseudo| pseudo + 1.0);
        (!self.pseudo_counts.is_empty()).then(|| concentrations.collect())
    }
    /// Other values under the same prior.
    fn with_values(&self, values: Vec<f64>) -> Self {
        Weights {
            pseudo_counts: self.pseudo_counts.clone(),
            ..Self::trusted(values)
        }
    }
    /// The component to whose weight the others are compared: the last that is not 0.
    fn reference(&self) -> usize {
        let positive = self.values.iter().rposition(|&weight| weight > 0.0);
        positive.unwrap_or(self.values.len() - 1)
    }
    /// ln π.
    pub fn logs(&self) -> &[f64] {
        &self.logs
    }
}

impl Deref for Weights {
    type Target = [f64];
    fn deref(&self) -> &[f64] {
        &self.values
    }
}

/// The form in files: the weights alone where they have no prior.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum WeightsForm {
    Plain(Vec<f64>),
    WithPrior {
        values: Vec<f64>,
        concentrations: Vec<f64>,
    },
}

#[cfg(feature = "serde")]
impl serde::Serialize for Weights {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let values = self.values.clone();
        match self.concentrations() {
            None => WeightsForm::Plain(values).serialize(to),
            Some(concentrations) => WeightsForm::WithPrior {
                values,
                concentrations,
            }
            .serialize(to),
        }
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Weights {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let form: WeightsForm = serde::Deserialize::deserialize(from)?;
        let weights = match form {
            WeightsForm::Plain(values) => Weights::new(values),
            WeightsForm::WithPrior {
                values,
                concentrations,
            } => Weights::new(values).and_then(|weights| weights.with_prior(concentrations)),
        };
        weights.map_err(serde::de::Error::custom)
    }
}

/// Effective counts N_k = Σ w_i r_ik.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counts(pub Vec<f64>);

impl Counts {
    /// Adds the row sums of a K × n matrix.
    pub fn add_matrix(&mut self, rows: usize, responsibilities: &[f64]) {
        for (count, row) in self.0.iter_mut().zip(responsibilities.chunks_exact(rows)) {
            *count += sum(row);
        }
    }
}

impl Statistics for Counts {
    fn weight(&self) -> f64 {
        self.0.iter().sum()
    }
    fn clear(&mut self) {
        self.0.fill(0.0);
    }
    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }
    fn scale(&mut self, factor: f64) {
        self.0.iter_mut().for_each(|count| *count *= factor);
    }
}

impl WeightModel for Weights {
    type Joint<S: Space> = S;
    type Statistics = Counts;

    fn len(&self) -> usize {
        self.values.len()
    }
    fn component_batch<'a, S: Space>(xs: Batch<'a, S>) -> Batch<'a, S> {
        xs
    }
    fn component_observation<'a, S: Space>(x: Obs<'a, S>) -> Obs<'a, S> {
        x
    }
    fn log_weight<S: Space>(&self, k: usize, _x: Obs<'_, S>) -> f64 {
        self.logs[k]
    }
    fn add_log_weights<S: Space>(&self, _xs: Batch<'_, S>, rows: usize, joint: &mut [f64]) {
        add_to_rows(joint, rows, &self.logs);
    }
    fn log_weights(&self) -> Option<&[f64]> {
        Some(&self.logs)
    }
    fn empty_statistics(&self) -> Counts {
        Counts(vec![0.0; self.values.len()])
    }
    fn accumulate<S: Space>(
        &self,
        into: &mut Counts,
        _xs: Batch<'_, S>,
        rows: usize,
        responsibilities: &[f64],
    ) {
        into.add_matrix(rows, responsibilities);
    }
    fn accumulate_row<S: Space>(&self, into: &mut Counts, _x: Obs<'_, S>, shares: &[f64]) {
        into.add_matrix(1, shares);
    }
    fn maximize(&self, from: &Counts) -> Result<Self, EstimateError> {
        if self.pseudo_counts.is_empty() {
            return Weights::from_counts(&from.0);
        }
        let counts = from.0.iter().zip(&self.pseudo_counts);
        let counts: Vec<f64> = counts.map(|(count, pseudo)| count + pseudo).collect();
        let mode = Weights::from_counts(&counts)?;
        Ok(self.with_values(mode.values))
    }
    fn parameter_count(&self) -> usize {
        self.values.len() - 1
    }
    fn subset(&self, keep: &[usize]) -> Self {
        let kept: Vec<f64> = keep.iter().map(|&k| self.values[k]).collect();
        let total: f64 = kept.iter().sum();
        let mut subset = if keep.len() == self.values.len() {
            Self::trusted(kept)
        } else if total > 0.0 {
            Self::trusted(kept.iter().map(|weight| weight / total).collect())
        } else {
            Self::uniform(keep.len())
        };
        if !self.pseudo_counts.is_empty() {
            subset.pseudo_counts = keep.iter().map(|&k| self.pseudo_counts[k]).collect();
        }
        subset
    }
    /// Up to a constant; a weight of 0 with α = 1 counts 0.
    fn log_prior(&self) -> f64 {
        let pairs = self.pseudo_counts.iter().zip(&self.logs);
        pairs
            .filter(|(pseudo, _)| **pseudo > 0.0)
            .map(|(pseudo, log)| pseudo * log)
            .sum()
    }
    fn overall(&self, k: usize) -> f64 {
        self.values[k]
    }
}

/// K − 1 logarithms of ratios to the last positive weight; −∞ for a weight of 0.
impl distributions::Coordinates for Weights {
    fn pack(&self, into: &mut Vec<f64>) {
        let reference = self.reference();
        let others = (0..self.values.len()).filter(|&k| k != reference);
        into.extend(others.map(|k| self.logs[k] - self.logs[reference]));
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let reference = self.reference();
        let mut ratios = vec![0.0; self.values.len()];
        for (k, ratio) in ratios.iter_mut().enumerate() {
            if k != reference {
                *ratio = distributions::next_coordinate(from)?;
            }
        }
        let total = distributions::special::log_sum_exp(&ratios);
        let values = ratios.iter().map(|ratio| (ratio - total).exp());
        Ok(self.with_values(values.collect()))
    }
}
