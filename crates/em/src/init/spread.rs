//! Seeds that lie far from each other: k-means++ for any family.

use super::MixtureData;
use crate::error::FitError;
use crate::mixture::Mixture;
use crate::set::ComponentSet;
use crate::weights::WeightModel;
use distributions::{Batch, EstimateError, Obs, Reason, Statistics, View};
use rand::{Rng, RngExt};

/// Rows among which seeds are drawn by deviance: each costs one M-step.
const CANDIDATES: usize = 2000;

/// Draws K seeds, the next with probability in proportion to w_i d_i², where d_i² is the squared
/// distance of row i from the nearest seed so far; then gives each row to its nearest seed. Returns
/// the K × n matrix of 0 and 1.
///
/// Where the family has a [`squared_distance`](ComponentSet::squared_distance), d² is it, in units
/// of a fit to all rows (columns divided by their standard deviation: k-means++ proper). Elsewhere
/// d² is the deviance 2 (ln p(x | fit to x) − ln p(x | fit to the seed)), each fit smoothed by one
/// pseudo-observation of the whole, or by more where the family then has no estimate. Rows that the
/// family refuses (zeros, beside the point mass that they belong to) are at distance 0 from each other,
/// and far from the rest.
pub(crate) fn shares<S: ComponentSet, W: WeightModel, R: Rng + ?Sized>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    rng: &mut R,
) -> Result<Vec<f64>, FitError> {
    let (rows, components) = (data.rows(), template.len());
    if components == 1 {
        // Nothing to spread, and a seed alone may have no estimate.
        return Ok(vec![1.0; rows]);
    }
    let xs = W::component_batch::<S::Space>(data.xs);
    let weights: Vec<f64> = (0..rows).map(|i| data.row_weight(i)).collect();
    let candidates = candidates(&weights, rng);
    let distance = Distance::new(template.components(), xs, &weights, &candidates)?;

    let mut nearest = vec![f64::INFINITY; rows];
    let mut owner = vec![0; rows];
    let mut fresh = vec![0.0; rows];
    let mut seeds = Vec::new();
    let mut chance: Vec<f64> = candidates.iter().map(|&i| weights[i]).collect();
    for k in 0..components {
        let Some(seed) = draw(&chance, rng) else {
            return Err(FitError::TooFewDistinctRows {
                distinct: k,
                components,
            });
        };
        distance.squared_from(xs, candidates[seed], &mut fresh);
        for i in 0..rows {
            if fresh[i] < nearest[i] {
                (nearest[i], owner[i]) = (fresh[i], k);
            }
        }
        seeds.push(seed);
        for (c, &i) in candidates.iter().enumerate() {
            // A deviance between smoothed fits may fall below 0; only equal rows have exactly 0.
            let squared = (nearest[i] - distance.own[c]).abs();
            chance[c] = weights[i] * squared.min(f64::MAX);
        }
        for &seed in &seeds {
            chance[seed] = 0.0;
        }
    }
    // A fit smoothed by the whole may suit another seed's row better than that seed's own: a seed keeps
    // its row all the same, else its component might start with none.
    for (k, &seed) in seeds.iter().enumerate() {
        owner[candidates[seed]] = k;
    }
    let mut shares = vec![0.0; rows * components];
    for (i, &k) in owner.iter().enumerate() {
        shares[k * rows + i] = 1.0;
    }
    Ok(shares)
}

/// The rows of positive weight, or [`CANDIDATES`] of them drawn without replacement.
fn candidates<R: Rng + ?Sized>(weights: &[f64], rng: &mut R) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] > 0.0).collect();
    if rows.len() > CANDIDATES {
        for i in 0..CANDIDATES {
            let j = rng.random_range(i..rows.len());
            rows.swap(i, j);
        }
        rows.truncate(CANDIDATES);
        rows.sort_unstable();
    }
    rows
}

/// An index with probability in proportion to `chance`; `None` when all are 0.
fn draw<R: Rng + ?Sized>(chance: &[f64], rng: &mut R) -> Option<usize> {
    // Scaled first: deviances of far rows may sum to infinity.
    let largest = chance.iter().fold(0.0f64, |a, &b| a.max(b));
    if !(largest > 0.0) {
        return None;
    }
    let total: f64 = chance.iter().map(|c| c / largest).sum();
    let mut rest = rng.random::<f64>() * total;
    let last = chance.iter().rposition(|&c| c > 0.0)?;
    for (i, c) in chance.iter().enumerate().take(last) {
        rest -= c / largest;
        if rest < 0.0 && *c > 0.0 {
            return Some(i);
        }
    }
    Some(last)
}

/// How far rows are from a seed.
struct Distance<S: ComponentSet> {
    /// One component, fitted to all rows.
    whole: S,
    /// Its statistic, scaled to one observation.
    smoothing: S::Statistics,
    /// Whether distances are used; else deviances.
    metric: bool,
    /// For each candidate −2 ln p(x | fit to x), what a row at distance 0 has; 0 for distances.
    own: Vec<f64>,
    /// The rows that the component refuses.
    refused: Vec<bool>,
}

impl<S: ComponentSet> Distance<S> {
    fn new(
        set: &S,
        xs: Batch<'_, S::Space>,
        weights: &[f64],
        candidates: &[usize],
    ) -> Result<Self, FitError> {
        let first = set.subset(&[0]);
        let refused: Vec<bool> = (0..xs.len())
            .map(|i| first.check_observation(xs.at(i)).is_err())
            .collect();
        let admitted: Vec<f64> = (weights.iter().zip(&refused))
            .map(|(&weight, &refused)| if refused { 0.0 } else { weight })
            .collect();
        let whole = match first.estimate(xs, &admitted) {
            Ok(whole) => whole,
            // Of all rows together a truncated family may have no maximum where their groups have:
            // then the template measures, which it does up to a scale.
            Err(error) if matches!(error.reason, Reason::NotConverged { .. }) => first.clone(),
            Err(error) => return Err(failed(error)),
        };
        let mut smoothing = whole.empty_statistics();
        for (i, &weight) in admitted.iter().enumerate() {
            if weight > 0.0 {
                whole.accumulate(&mut smoothing, 0, xs.at(i), weight);
            }
        }
        smoothing.scale(1.0 / smoothing.weight());
        let first = candidates.first().map(|&i| xs.at(i));
        let mut distance = Distance {
            metric: first.is_some_and(|x| whole.squared_distance(x, x).is_some()),
            whole,
            smoothing,
            own: vec![0.0; candidates.len()],
            refused,
        };
        if !distance.metric {
            for (c, &i) in candidates.iter().enumerate() {
                if distance.refused[i] {
                    continue;
                }
                distance.own[c] = -2.0 * distance.fitted_to(xs.at(i)).log_density(0, xs.at(i));
            }
        }
        Ok(distance)
    }

    /// The component fitted to one row and one pseudo-observation of the whole; where that has no
    /// estimate (a negative binomial of too little variance), to more of the whole.
    fn fitted_to(&self, x: Obs<'_, S::Space>) -> S {
        for doubling in 0..10 {
            let mut statistics = self.smoothing.clone();
            statistics.scale(f64::from(1 << doubling));
            self.whole.accumulate(&mut statistics, 0, x, 1.0);
            if let Ok(fitted) = self.whole.maximize(&statistics) {
                return fitted;
            }
        }
        self.whole.clone()
    }

    /// Writes for every row its squared distance from row `seed`, or −2 ln p(x | fit to the seed).
    fn squared_from(&self, xs: Batch<'_, S::Space>, seed: usize, out: &mut [f64]) {
        let x = xs.at(seed);
        if self.refused[seed] {
            for (value, &refused) in out.iter_mut().zip(&self.refused) {
                *value = if refused { 0.0 } else { f64::INFINITY };
            }
            return;
        }
        if self.metric {
            for (i, value) in out.iter_mut().enumerate() {
                *value = self.whole.squared_distance(x, xs.at(i)).unwrap_or(0.0);
            }
        } else {
            let seeded = self.fitted_to(x);
            for (i, value) in out.iter_mut().enumerate() {
                *value = -2.0 * seeded.log_density(0, xs.at(i));
            }
        }
        for (value, &refused) in out.iter_mut().zip(&self.refused) {
            *value = if refused { f64::INFINITY } else { *value };
        }
    }
}

fn failed(source: EstimateError) -> FitError {
    FitError::Estimate {
        iteration: 0,
        source,
    }
}
