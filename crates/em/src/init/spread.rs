//! Seeds that lie far from each other: k-means++ for any family.

use super::{MixtureData, Shares};
use crate::error::FitError;
use crate::mixture::Mixture;
use crate::set::ComponentSet;
use crate::trim::cut;
use crate::weights::WeightModel;
use distributions::{Batch, EstimateError, Obs, Reason, Statistics, View};
use rand::{Rng, RngExt};

/// Rows among which seeds are drawn by deviance: each costs one M-step.
const CANDIDATES: usize = 2000;

/// Draws K seeds, the next with probability in proportion to w_i d_i², where d_i² is the squared
/// distance of row i from the nearest seed so far; then gives each row to its nearest seed.
///
/// Where the family has a [`squared_distance`](ComponentSet::squared_distance), d² is it, in units
/// of a fit to all rows (columns divided by their standard deviation: k-means++ proper). Elsewhere
/// d² is the deviance 2 (ln p(x | fit to x) − ln p(x | fit to the seed)), each fit smoothed by one
/// pseudo-observation of the whole, or by more where the family then has no estimate. Rows that the
/// family refuses (zeros, beside the point mass that they belong to) are at distance 0 from each other,
/// and far from the rest.
///
/// Of a fit that trims the fraction `trim` of the row weight, that weight of the rows farthest from the seeds
/// is left out at every step: no seed is drawn from it, and at the end it belongs to none. The first seed,
/// which chance alone chose, is drawn once more beside the others. (Thresholded seeding, as Bhaskara,
/// Vadgama & Xu 2019, Greedy sampling for approximate clustering in the presence of outliers.)
pub(crate) fn shares<S: ComponentSet, W: WeightModel, R: Rng + ?Sized>(
    template: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    trim: f64,
    rng: &mut R,
) -> Result<Shares<'static>, FitError> {
    let (rows, components) = (data.rows(), template.len());
    if components == 1 && trim == 0.0 {
        // Nothing to spread, and a seed alone may have no estimate.
        return Ok(Shares::of_owners(std::iter::repeat_n(Some(0), rows), 1));
    }
    let xs = W::component_batch::<S::Space>(data.xs);
    let weights: Vec<f64> = (0..rows).map(|i| data.row_weight(i)).collect();
    let candidates = candidates(&weights, rng);
    let every: Vec<usize> = (0..if trim > 0.0 { rows } else { 0 }).collect();
    let measured = if trim > 0.0 { &every } else { &candidates };
    let distance = Distance::new(template.components(), xs, &weights, measured)?;
    let mut seeding = Seeding {
        distance,
        xs,
        weights: &weights,
        candidates: &candidates,
        trim,
        seeds: Vec::new(),
        nearest: vec![f64::INFINITY; rows],
        owner: vec![0; rows],
    };
    for k in 0..components {
        if !seeding.add(rng) {
            return Err(FitError::TooFewDistinctRows {
                distinct: k,
                components,
            });
        }
    }
    if trim > 0.0 {
        let first = seeding.forget_first();
        if !seeding.add(rng) {
            seeding.admit(first);
        }
    }
    Ok(seeding.shares())
}

/// The seeds so far.
struct Seeding<'a, 'b, S: ComponentSet> {
    distance: Distance<S>,
    xs: Batch<'b, S::Space>,
    weights: &'a [f64],
    candidates: &'a [usize],
    trim: f64,
    /// Rows.
    seeds: Vec<usize>,
    /// How far each row is from the nearest seed, and which that is.
    nearest: Vec<f64>,
    owner: Vec<u32>,
}

impl<S: ComponentSet> Seeding<'_, '_, S> {
    /// Draws another seed; `false` where every candidate left equals a seed.
    fn add<R: Rng + ?Sized>(&mut self, rng: &mut R) -> bool {
        let farthest = self.farthest();
        let chance = self.candidates.iter().map(|&i| {
            if self.seeds.contains(&i) {
                0.0
            } else if self.seeds.is_empty() {
                self.weights[i]
            } else if self.deviance(i) > farthest {
                0.0
            } else {
                self.weights[i] * self.deviance(i).min(f64::MAX)
            }
        });
        let chance: Vec<f64> = chance.collect();
        let Some(drawn) = draw(&chance, rng) else {
            return false;
        };
        self.admit(self.candidates[drawn]);
        true
    }

    /// Another seed.
    fn admit(&mut self, row: usize) {
        let mut squared = vec![0.0; self.weights.len()];
        self.distance.squared_from(self.xs, row, &mut squared);
        let seed = self.seeds.len() as u32;
        for (i, squared) in squared.into_iter().enumerate() {
            if squared < self.nearest[i] {
                (self.nearest[i], self.owner[i]) = (squared, seed);
            }
        }
        self.seeds.push(row);
    }

    /// Leaves the first seed out, and returns it.
    fn forget_first(&mut self) -> usize {
        self.nearest.fill(f64::INFINITY);
        self.owner.fill(0);
        let mut seeds = std::mem::take(&mut self.seeds).into_iter();
        let first = seeds.next().unwrap_or(0);
        seeds.for_each(|seed| self.admit(seed));
        first
    }

    /// d² of row i: a deviance between smoothed fits may fall below 0; only equal rows have exactly 0.
    fn deviance(&self, i: usize) -> f64 {
        let own = self.distance.own.get(i).unwrap_or(&0.0);
        (self.nearest[i] - own).abs()
    }

    /// The d² beyond which rows are left out; infinite where none is.
    fn farthest(&self) -> f64 {
        if !(self.trim > 0.0) || self.seeds.is_empty() {
            return f64::INFINITY;
        }
        let weighty = (0..self.nearest.len()).filter(|&i| self.weights[i] > 0.0);
        let mut pairs: Vec<(f64, f64)> = weighty
            .map(|i| (-self.deviance(i), self.weights[i]))
            .collect();
        -cut(&mut pairs, self.trim, self.weights.iter().sum())
    }

    /// Each row in the component of its nearest seed; those beyond the farthest in none.
    fn shares(mut self) -> Shares<'static> {
        // A fit smoothed by the whole may suit another seed's row better than that seed's own: a seed keeps
        // its row all the same, else its component might start with none.
        for (k, &seed) in self.seeds.iter().enumerate() {
            self.owner[seed] = k as u32;
        }
        let farthest = self.farthest();
        let owners = (self.owner.iter().enumerate())
            .map(|(i, &k)| (!(self.deviance(i) > farthest)).then_some(k));
        Shares::of_owners(owners, self.seeds.len())
    }
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
        rows.shrink_to_fit();
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
    /// For each row that is measured −2 ln p(x | fit to x), what a row at distance 0 has; none for distances.
    own: Vec<f64>,
    /// The rows that the component refuses.
    refused: Vec<bool>,
}

impl<S: ComponentSet> Distance<S> {
    fn new(
        set: &S,
        xs: Batch<'_, S::Space>,
        weights: &[f64],
        measured: &[usize],
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
        let first = measured.first().map(|&i| xs.at(i));
        let mut distance = Distance {
            metric: first.is_some_and(|x| whole.squared_distance(x, x).is_some()),
            whole,
            smoothing,
            own: Vec::new(),
            refused,
        };
        if !distance.metric {
            distance.own = vec![0.0; xs.len()];
            for &i in measured {
                if distance.refused[i] {
                    continue;
                }
                distance.own[i] = -2.0 * distance.fitted_to(xs.at(i)).log_density(0, xs.at(i));
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
