//! More zeros than a family explains.

use super::fixed_point::fixed_point;
use super::passes::{accumulated, repeated};
use super::{Number, log_product};
use crate::special::{log_sum_exp, logistic, logit};
use crate::{
    Component, Coordinates, Density, EstimateError, ParameterError, Sample, Scalars, Scratch,
    Statistics, Univariate, next_coordinate,
};
use rand::{Rng, RngExt};

/// A family with additional zeros: an observation is 0 with probability p₀, otherwise it comes from
/// the family F.
///
/// # Density
/// Counts: P(0) = p₀ + (1 − p₀) F(0), P(x) = (1 − p₀) F(x) for x > 0. Over the real numbers the
/// measure is Lebesgue plus an atom at 0: p₀ at 0, (1 − p₀) f(x) elsewhere. Both p₀ = 0 and p₀ = 1 are
/// valid.
///
/// # Sufficient statistics
/// The weight of the zeros, and the family's statistic of the other observations.
///
/// # M-step
/// Exact. Over the real numbers p₀ is the share of the zeros, and F is fitted to the rest. Counts: the
/// F of the maximum is fitted to the positive counts as zero-truncated, that is, to them and the zeros
/// N₊ F(0)/(1 − F(0)) that belong to them, and p₀ takes the other zeros; where there are fewer zeros
/// than belong to F, p₀ = 0 and F is fitted to everything. That condition on F is solved by
/// accelerated EM steps on its parameters. When all observations are 0, p₀ = 1, and F, about which
/// they say nothing, is kept. Where the family's own M-step takes
/// [`one_step`](Component::one_step), so does this one.
///
/// # Errors
/// [`ZeroInflated::new`] refuses a p₀ outside \[0, 1\]. The M-step has the errors of the family's.
///
/// # Example
/// ```
/// use distributions::combine::ZeroInflated;
/// use distributions::{Component, Density, Poisson};
/// let family = ZeroInflated::new(0.5, Poisson::new(2.0)?)?;
/// assert!((family.log_density(0) - (0.5 + 0.5 * (-2.0f64).exp()).ln()).abs() < 1e-15);
/// let fitted = family.estimate(&[0, 1, 2, 3], &[6.0, 1.0, 1.0, 1.0])?;
/// // The mean of the positive counts is that of a zero-truncated Poisson.
/// let rate = fitted.family().rate();
/// assert!((rate / (1.0 - (-rate).exp()) - 2.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Lambert (1992), Zero-Inflated Poisson Regression; Johnson, Kemp & Kotz (2005), Univariate Discrete
/// Distributions, section 8.2.
#[derive(Clone, Debug, PartialEq)]
pub struct ZeroInflated<F> {
    zero_probability: f64,
    family: F,
    /// ln P(0), taken once.
    log_zero: f64,
    /// ln(1 − p₀), taken once.
    log_rest: f64,
}

impl<T: Number, F: Density<Space = Scalars<T>>> ZeroInflated<F> {
    /// The family with additional zeros of probability `zero_probability`.
    ///
    /// # Errors
    /// When `zero_probability` does not lie between 0 and 1.
    pub fn new(zero_probability: f64, family: F) -> Result<Self, ParameterError> {
        ParameterError::require(
            (0.0..=1.0).contains(&zero_probability),
            "zero_probability",
            zero_probability,
            "must lie between 0 and 1",
        )?;
        let log_rest = (-zero_probability).ln_1p();
        let own = log_product(log_rest, log_own_zero(&family));
        Ok(ZeroInflated {
            zero_probability,
            log_zero: log_sum_exp(&[zero_probability.ln(), own]),
            log_rest,
            family,
        })
    }
}

/// ln F(0): the mass at 0 of a family of counts; among real numbers there is none.
fn log_own_zero<T: Number, F: Density<Space = Scalars<T>>>(family: &F) -> f64 {
    if T::DISCRETE {
        family.log_density(T::ZERO)
    } else {
        f64::NEG_INFINITY
    }
}

impl<F> ZeroInflated<F> {
    /// p₀.
    pub fn zero_probability(&self) -> f64 {
        self.zero_probability
    }
    /// F.
    pub fn family(&self) -> &F {
        &self.family
    }
}

/// The weight of the zeros, and the statistic of the other observations.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ZeroInflatedStatistics<T> {
    /// The total weight of the zeros.
    pub zeros: f64,
    /// The statistic of the rest.
    pub rest: T,
}

impl<T: Statistics> Statistics for ZeroInflatedStatistics<T> {
    fn weight(&self) -> f64 {
        self.zeros + self.rest.weight()
    }
    fn clear(&mut self) {
        self.zeros = 0.0;
        self.rest.clear();
    }
    fn merge(&mut self, other: &Self) {
        self.zeros += other.zeros;
        self.rest.merge(&other.rest);
    }
    fn scale(&mut self, factor: f64) {
        self.zeros *= factor;
        self.rest.scale(factor);
    }
}

impl<T: Number, F: Density<Space = Scalars<T>>> Density for ZeroInflated<F> {
    type Space = Scalars<T>;

    fn log_density(&self, x: T) -> f64 {
        if x == T::ZERO {
            self.log_zero
        } else {
            log_product(self.log_rest, self.family.log_density(x))
        }
    }
    fn check_observation(&self, x: T) -> Result<(), &'static str> {
        if x == T::ZERO {
            Ok(())
        } else {
            self.family.check_observation(x)
        }
    }
    fn has_atoms(&self) -> bool {
        !T::DISCRETE
    }
    fn is_atom(&self, x: T) -> bool {
        !T::DISCRETE && (x == T::ZERO || self.family.is_atom(x))
    }
    fn prepared_width(&self) -> usize {
        self.family.prepared_width()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.family.shares_preparation(&other.family)
    }
    fn prepare(&self, xs: &[T], into: &mut [f64]) {
        self.family.prepare(xs, into);
    }
    fn log_density_batch(
        &self,
        xs: &[T],
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.family.log_density_batch(xs, prepared, out, scratch);
        for (value, &x) in out.iter_mut().zip(xs) {
            *value = if x == T::ZERO {
                self.log_zero
            } else {
                log_product(self.log_rest, *value)
            };
        }
    }
}

impl<T, F> ZeroInflated<F>
where
    T: Number,
    F: Component<Space = Scalars<T>> + Coordinates,
{
    /// How many of the zeros belong to the family, when they are shared out in the best way.
    fn own_zeros(family: &F, from: &ZeroInflatedStatistics<F::Statistics>) -> f64 {
        let odds = 1.0 / (-log_own_zero(family)).exp_m1();
        (from.rest.weight() * odds).min(from.zeros)
    }
    /// The family fitted to the positive observations and `zeros` zeros.
    fn fitted(
        family: &F,
        from: &ZeroInflatedStatistics<F::Statistics>,
        zeros: f64,
    ) -> Result<F, EstimateError> {
        if !(zeros > 0.0) {
            return family.maximize(&from.rest);
        }
        let mut complete = from.rest.clone();
        family.accumulate(&mut complete, T::ZERO, zeros);
        family.maximize(&complete)
    }
    /// The family of the maximum.
    fn best_family(
        &self,
        from: &ZeroInflatedStatistics<F::Statistics>,
    ) -> Result<F, EstimateError> {
        let step = |family: &F| {
            let zeros = Self::own_zeros(family, from);
            let seen = from.rest.weight() / (from.rest.weight() + zeros);
            Ok((Self::fitted(family, from, zeros)?, seen))
        };
        if !(from.zeros > 0.0) || !T::DISCRETE || self.family.one_step() {
            return step(&self.family).map(|(family, _)| family);
        }
        fixed_point(self.family.clone(), step).or_else(|_| {
            // The iterate may claim too few zeros for an estimate to exist: all of them, then.
            fixed_point(Self::fitted(&self.family, from, from.zeros)?, step)
        })
    }
}

impl<T, F> Component for ZeroInflated<F>
where
    T: Number,
    F: Component<Space = Scalars<T>> + Coordinates,
{
    type Statistics = ZeroInflatedStatistics<F::Statistics>;

    fn empty_statistics(&self) -> Self::Statistics {
        ZeroInflatedStatistics {
            zeros: 0.0,
            rest: self.family.empty_statistics(),
        }
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: T, weight: f64) {
        if x == T::ZERO {
            into.zeros += weight;
        } else {
            self.family.accumulate(&mut into.rest, x, weight);
        }
    }
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        xs: &[T],
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let mut others = scratch.take_dirty(xs.len());
        let mut zeros = 0.0;
        for ((other, &x), &weight) in others.iter_mut().zip(xs).zip(weights) {
            let zero = x == T::ZERO;
            *other = if zero { 0.0 } else { weight };
            zeros += if zero { weight } else { 0.0 };
        }
        into.zeros += zeros;
        self.family
            .accumulate_batch(&mut into.rest, xs, prepared, &others, scratch);
        scratch.give(others);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        let total = from.weight();
        if !(total > 0.0) {
            return Err(EstimateError::empty());
        }
        if !(from.rest.weight() > 0.0) {
            return Ok(ZeroInflated::new(1.0, self.family.clone())?);
        }
        let family = self
            .best_family(from)
            .map_err(|error| error.with_count(total))?;
        // (z − F(0))/(1 − F(0)), z being the share of the zeros, without the cancellation: of the
        // zeros, those that are not the family's.
        let additional = from.zeros - Self::own_zeros(&family, from);
        Ok(ZeroInflated::new(
            (additional / total).clamp(0.0, 1.0),
            family,
        )?)
    }
    fn parameter_count(&self) -> usize {
        1 + self.family.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.family.log_prior()
    }
    fn is_bounded(&self) -> bool {
        self.family.is_bounded()
    }
    fn floored(&self, whole: &Self) -> Option<Self> {
        let family = self.family.floored(&whole.family)?;
        ZeroInflated::new(self.zero_probability, family).ok()
    }
    fn is_at_bound(&self) -> bool {
        self.family.is_at_bound()
    }
    fn one_step(&self) -> bool {
        self.family.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        if !self.one_step() {
            return next.clone();
        }
        let (mine, theirs) = (self.zero_probability, next.zero_probability);
        let between = (mine + fraction * (theirs - mine)).clamp(0.0, 1.0);
        let family = self.family.toward(&next.family, fraction);
        ZeroInflated::new(between, family).unwrap_or_else(|_| next.clone())
    }
    /// Whatever the iterate: over the real numbers the family's own estimate from the other rows.
    fn estimate(&self, xs: &[T], weights: &[f64]) -> Result<Self, EstimateError> {
        if T::DISCRETE {
            if !self.one_step() {
                return self.maximize(&accumulated(self, xs, weights));
            }
            let family = self.family.estimate(xs, weights)?;
            return repeated(ZeroInflated::new(0.5, family)?, xs, weights);
        }
        let others: Vec<f64> = (xs.iter().zip(weights))
            .map(|(&x, &weight)| if x == T::ZERO { 0.0 } else { weight })
            .collect();
        let (total, rest): (f64, f64) = (weights.iter().sum(), others.iter().sum());
        if !(rest > 0.0) {
            return self.maximize(&accumulated(self, xs, weights));
        }
        let family = self.family.estimate(xs, &others)?;
        let share = (total - rest) / total;
        Ok(ZeroInflated::new(share.clamp(0.0, 1.0), family)?)
    }
}

/// ln(p₀/(1 − p₀)), then those of the family. p₀ = 0 and 1 have no finite coordinate.
impl<T: Number, F: Coordinates + Density<Space = Scalars<T>>> Coordinates for ZeroInflated<F> {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(logit(self.zero_probability));
        self.family.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let zero_probability = logistic(next_coordinate(from)?);
        Ok(ZeroInflated::new(
            zero_probability,
            self.family.unpack(from)?,
        )?)
    }
}

impl<T: Number, F: Sample<Space = Scalars<T>>> Sample for ZeroInflated<F> {
    fn empty_buffer(&self) -> Vec<T> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<T>) {
        if rng.random::<f64>() < self.zero_probability {
            into.push(T::ZERO);
        } else {
            self.family.draw(rng, into);
        }
    }
}

impl<T: Number, F: Univariate + Density<Space = Scalars<T>>> ZeroInflated<F> {
    /// P(X < 0).
    fn below_zero(&self) -> f64 {
        let least = if T::DISCRETE {
            0.0
        } else {
            self.family.cdf(0.0)
        };
        self.log_rest.exp() * least
    }
}

impl<T: Number, F: Univariate + Density<Space = Scalars<T>>> Univariate for ZeroInflated<F> {
    fn cdf(&self, x: f64) -> f64 {
        let zeros = if x < 0.0 { 0.0 } else { self.zero_probability };
        zeros + self.log_rest.exp() * self.family.cdf(x)
    }
    fn sf(&self, x: f64) -> f64 {
        let zeros = if x < 0.0 { self.zero_probability } else { 0.0 };
        zeros + self.log_rest.exp() * self.family.sf(x)
    }
    fn quantile(&self, p: f64) -> f64 {
        let (zeros, rest) = (self.zero_probability, self.log_rest.exp());
        if zeros == 0.0 || !(0.0..=1.0).contains(&p) {
            return self.family.quantile(p);
        }
        if rest == 0.0 {
            return 0.0;
        }
        let below = self.below_zero();
        if p < below || (p == 0.0 && self.family.quantile(0.0) < 0.0) {
            self.family.quantile((p / rest).min(1.0)).min(0.0)
        } else if p <= self.cdf(0.0) {
            0.0
        } else {
            self.family.quantile(((p - zeros) / rest).min(1.0)).max(0.0)
        }
    }
    fn mean(&self) -> f64 {
        let rest = self.log_rest.exp();
        if rest == 0.0 {
            0.0
        } else {
            rest * self.family.mean()
        }
    }
    fn variance(&self) -> f64 {
        let rest = self.log_rest.exp();
        if rest == 0.0 {
            return 0.0;
        }
        let mean = self.family.mean();
        rest * (self.family.variance() + self.zero_probability * mean * mean)
    }
}
