//! The categorical distribution.

use crate::serde_parameters::serde_parameters;
use crate::special::deviance;
use crate::{
    Component, Coordinates, Density, EstimateError, ExponentialFamily, MeanStatistics,
    ParameterError, Sample, Scalars, Scratch, Statistics, next_coordinate,
};
use rand::{Rng, RngExt};

/// How far the sum of given probabilities may be from 1. They are kept as given.
const SUM_TOLERANCE: f64 = 1e-8;

/// A label out of K: code k with probability p_k, codes 0, …, K − 1.
///
/// # Density
/// P(k) = p_k. Probabilities of 0 are valid; codes from K on have probability 0.
///
/// # Sufficient statistics
/// T(x) = the indicator of each code, η_k = ln p_k, A = 0, h(x) = 1. This form has one coordinate
/// too many (Σ T = 1); [`Coordinates`] are the K − 1 log-ratios to the last probability. At p_k = 0
/// the natural parameter is −∞; densities and divergences do not use it.
///
/// # M-step
/// Closed: p_k = N_k / N, the share of the weight at code k.
///
/// # Errors
/// [`Categorical::new`] refuses an empty list, a probability outside \[0, 1\], and a sum further
/// than 1e-8 from 1.
///
/// # Example
/// ```
/// use distributions::{Categorical, Component, Density};
/// let family = Categorical::new(vec![0.5, 0.25, 0.25])?;
/// assert_eq!(family.log_density(1), 0.25f64.ln());
/// assert_eq!(family.log_density(3), f64::NEG_INFINITY);
/// let fitted = family.estimate(&[0, 0, 1, 0], &[1.0, 1.0, 1.0, 1.0])?;
/// assert_eq!(fitted.probabilities(), [0.75, 0.25, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Bishop (2006), Pattern Recognition and Machine Learning, section 2.2.
#[derive(Clone, Debug, PartialEq)]
pub struct Categorical {
    probabilities: Vec<f64>,
    /// ln p_k, taken once.
    log_probabilities: Vec<f64>,
}

serde_parameters!(Categorical {
    probabilities: Vec<f64>
});

/// The sum of `probabilities`, each in \[0, 1\], which must be 1.
pub(super) fn check_probabilities(probabilities: &[f64]) -> Result<f64, ParameterError> {
    for &p in probabilities {
        ParameterError::require(
            (0.0..=1.0).contains(&p),
            "probabilities",
            p,
            "must lie between 0 and 1",
        )?;
    }
    let sum: f64 = probabilities.iter().sum();
    ParameterError::require(
        (sum - 1.0).abs() <= SUM_TOLERANCE,
        "probabilities",
        sum,
        "must sum to 1",
    )?;
    Ok(sum)
}

/// The category to whose probability the others are compared: the last that is possible.
fn reference(log_probabilities: &[f64]) -> usize {
    let possible = |&log_p: &f64| log_p > f64::NEG_INFINITY;
    let last = log_probabilities.iter().rposition(possible);
    last.unwrap_or(log_probabilities.len().saturating_sub(1))
}

/// Appends ln(p_k/p_r) for all but the last possible category r; −∞ where a probability is 0.
pub(super) fn log_ratios(log_probabilities: &[f64], into: &mut Vec<f64>) {
    let reference = reference(log_probabilities);
    for (k, log_p) in log_probabilities.iter().enumerate() {
        if k != reference {
            into.push(log_p - log_probabilities[reference]);
        }
    }
}

/// The probabilities whose log-ratios stand at the front of `from`; compared to the category to
/// which these `log_probabilities` are.
pub(super) fn shares_of_log_ratios(
    log_probabilities: &[f64],
    from: &mut &[f64],
) -> Result<Vec<f64>, EstimateError> {
    let reference = reference(log_probabilities);
    let mut ratios = vec![0.0; log_probabilities.len()];
    for (k, ratio) in ratios.iter_mut().enumerate() {
        if k != reference {
            *ratio = next_coordinate(from)?;
        }
    }
    let top = ratios.iter().copied().fold(0.0, f64::max);
    let mut sum = 0.0;
    for ratio in &mut ratios {
        *ratio = (*ratio - top).exp();
        sum += *ratio;
    }
    Ok(ratios.iter().map(|r| r / sum).collect())
}

/// Draws a code with these probabilities; never one of probability 0.
pub(super) fn draw_code<R: Rng + ?Sized>(probabilities: &[f64], rng: &mut R) -> usize {
    let mut rest: f64 = rng.random::<f64>() * probabilities.iter().sum::<f64>();
    let mut drawn = 0;
    for (k, &p) in probabilities.iter().enumerate() {
        if p > 0.0 {
            drawn = k;
            if rest < p {
                break;
            }
            rest -= p;
        }
    }
    drawn
}

impl Categorical {
    /// The distribution with P(k) = `probabilities[k]`.
    ///
    /// # Errors
    /// When there is no probability, one is not in \[0, 1\], or their sum is not 1.
    pub fn new(probabilities: Vec<f64>) -> Result<Self, ParameterError> {
        check_probabilities(&probabilities)?;
        Ok(Categorical {
            log_probabilities: probabilities.iter().map(|p| p.ln()).collect(),
            probabilities,
        })
    }
    /// K equal probabilities.
    ///
    /// # Errors
    /// When `categories` is 0.
    pub fn uniform(categories: usize) -> Result<Self, ParameterError> {
        Self::new(vec![1.0 / categories as f64; categories])
    }
    /// p_k, code after code.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }
    /// The number of codes K, fixed.
    pub fn categories(&self) -> usize {
        self.probabilities.len()
    }
}

impl Density for Categorical {
    type Space = Scalars<u32>;

    fn log_density(&self, x: u32) -> f64 {
        self.log_probabilities
            .get(x as usize)
            .copied()
            .unwrap_or(f64::NEG_INFINITY)
    }
    fn check_observation(&self, x: u32) -> Result<(), &'static str> {
        if (x as usize) < self.categories() {
            Ok(())
        } else {
            Err("must be below the number of categories")
        }
    }
    fn log_density_batch(
        &self,
        xs: &[u32],
        _prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        for (value, &x) in out.iter_mut().zip(xs) {
            *value = self.log_density(x);
        }
    }
}

impl Component for Categorical {
    type Statistics = MeanStatistics<Vec<f64>>;

    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new(vec![0.0; self.categories()])
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: u32, weight: f64) {
        into.add_unit(x as usize, weight);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        self.with_expected(&from.mean())
            .map_err(|error| error.with_count(from.weight()))
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        let codes = (0..self.categories()).filter(|&code| self.probabilities[code] == 0.0);
        codes.map(|code| (0, code)).collect()
    }
    fn parameter_count(&self) -> usize {
        self.categories() - 1
    }
    /// A mass is at most 1.
    fn is_bounded(&self) -> bool {
        true
    }
}

impl ExponentialFamily for Categorical {
    type Vector = Vec<f64>;

    fn statistic(&self, x: u32) -> Vec<f64> {
        let mut indicator = vec![0.0; self.categories()];
        if let Some(entry) = indicator.get_mut(x as usize) {
            *entry = 1.0;
        }
        indicator
    }
    fn log_base(&self, x: u32) -> f64 {
        if (x as usize) < self.categories() {
            0.0
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> Vec<f64> {
        self.log_probabilities.clone()
    }
    fn log_partition(&self) -> f64 {
        0.0
    }
    fn expected(&self) -> Vec<f64> {
        self.probabilities.clone()
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        // The total weight was added in another order than the parts: share it out exactly.
        let sum: f64 = mean.iter().sum();
        ParameterError::require(
            (sum - 1.0).abs() < 1e-6,
            "probabilities",
            sum,
            "must sum to 1",
        )?;
        Ok(Categorical::new(mean.iter().map(|m| m / sum).collect())?)
    }
    fn same_statistic(&self, other: &Self) -> bool {
        self.categories() == other.categories()
    }
    /// Σ p ln(p/p′) as a sum of deviances, whose linear parts cancel; infinite where `other` has
    /// probability 0 and `self` has not.
    fn kl_divergence(&self, other: &Self) -> f64 {
        let mut sum = 0.0;
        for (k, &p) in self.probabilities.iter().enumerate() {
            sum += deviance(p, other.probabilities.get(k).copied().unwrap_or(0.0));
        }
        let missing = other.probabilities.get(self.categories()..).unwrap_or(&[]);
        sum + missing.iter().sum::<f64>()
    }
}

impl Coordinates for Categorical {
    fn pack(&self, into: &mut Vec<f64>) {
        log_ratios(&self.log_probabilities, into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(Categorical::new(shares_of_log_ratios(
            &self.log_probabilities,
            from,
        )?)?)
    }
}

impl Sample for Categorical {
    fn empty_buffer(&self) -> Vec<u32> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<u32>) {
        into.push(draw_code(&self.probabilities, rng) as u32);
    }
}
