//! A family of which only an interval is ever seen.

use super::Number;
use super::fixed_point::fixed_point;
use super::passes::{accumulated, repeated};
use crate::{
    Component, Coordinates, Density, EstimateError, IntervalStatistics, ParameterError, Sample,
    Scalars, Scratch, Statistics, Univariate, quantile_between,
};
use rand::{Rng, RngExt};

/// The least mass of the interval with which an M-step goes on: with less, the seen part of a statistic
/// loses its digits beside the unseen.
const LEAST_MASS: f64 = 1e-9;

/// A family **given** low < X ≤ high: observations outside of the interval are never seen, nor known
/// of. With `low` = 0 a family of counts is zero-truncated.
///
/// # Density
/// p(x) = f(x)/P(low < X ≤ high) for low < x ≤ high, 0 elsewhere. The bounds are fixed; either may be
/// infinite.
///
/// # Sufficient statistics
/// Those of the family.
///
/// # M-step
/// Exact: the maximum of Σ w ln f(x) − N ln P(low < X ≤ high) by EM steps on the parameters alone,
/// accelerated. For each observation seen, (1 − P)/P are expected to be unseen; their statistic is the
/// family's [`IntervalStatistics`]. No maximum exists where the family would have to leave the
/// interval without end, such as a truncated normal whose data look less normal than exponential. Where the family's own M-step takes
/// [`one_step`](Component::one_step), so does this one.
///
/// # Errors
/// [`Truncated::new`] refuses bounds that do not rise, and an interval of probability 0 (to which it
/// may have underflowed). The M-step: [`Reason::Boundary`](crate::Reason::Boundary) naming
/// `observed_information` where no maximum exists, or `interval_probability` where the interval holds
/// less than 1e-9 of the family, of which then no digit would be left; those of the family.
///
/// # Example
/// ```
/// use distributions::combine::Truncated;
/// use distributions::{Component, Density, Poisson};
/// // Zero-truncated: λ/(1 − e^−λ) is the mean.
/// let family = Truncated::new(Poisson::new(1.0)?, 0.0, f64::INFINITY)?;
/// assert_eq!(family.log_density(0), f64::NEG_INFINITY);
/// let rate = family.estimate(&[1, 2, 3], &[1.0, 1.0, 1.0])?.family().rate();
/// assert!((rate / (1.0 - (-rate).exp()) - 2.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Dempster, Laird & Rubin (1977), section 4.2 (truncation as missing data).
#[derive(Clone, Debug, PartialEq)]
pub struct Truncated<F> {
    low: f64,
    high: f64,
    family: F,
    /// ln P(low < X ≤ high), taken once.
    log_mass: f64,
}

impl<F: Univariate> Truncated<F> {
    /// The family given low < X ≤ high.
    ///
    /// # Errors
    /// When `low` is not below `high`, or the interval has probability 0.
    pub fn new(family: F, low: f64, high: f64) -> Result<Self, ParameterError> {
        ParameterError::require(low < high, "low", low, "must be below high")?;
        let log_mass = family.log_probability(low, high);
        ParameterError::require(
            log_mass > f64::NEG_INFINITY,
            "interval_probability",
            log_mass.exp(),
            "must be positive",
        )?;
        Ok(Truncated {
            low,
            high,
            family,
            log_mass,
        })
    }
}

impl<F> Truncated<F> {
    /// The lower bound, fixed and left out.
    pub fn low(&self) -> f64 {
        self.low
    }
    /// The upper bound, fixed and included.
    pub fn high(&self) -> f64 {
        self.high
    }
    /// The family before truncation.
    pub fn family(&self) -> &F {
        &self.family
    }
    fn admits<T: Number>(&self, x: T) -> bool {
        let x = x.to_real();
        x > self.low && x <= self.high
    }
}

impl<T: Number, F: Density<Space = Scalars<T>>> Density for Truncated<F> {
    type Space = Scalars<T>;

    fn log_density(&self, x: T) -> f64 {
        if self.admits(x) {
            self.family.log_density(x) - self.log_mass
        } else {
            f64::NEG_INFINITY
        }
    }
    fn check_observation(&self, x: T) -> Result<(), &'static str> {
        if self.admits(x) {
            self.family.check_observation(x)
        } else {
            Err("must lie above low, and not above high")
        }
    }
    fn has_atoms(&self) -> bool {
        self.family.has_atoms()
    }
    fn is_atom(&self, x: T) -> bool {
        self.admits(x) && self.family.is_atom(x)
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
            *value = if self.admits(x) {
                *value - self.log_mass
            } else {
                f64::NEG_INFINITY
            };
        }
    }
}

impl<T, F> Truncated<F>
where
    T: Number,
    F: IntervalStatistics<Space = Scalars<T>> + Coordinates,
{
    /// One EM step: the M-step from what was seen and what `family` expects to be unseen; and the share
    /// of the seen.
    fn step(&self, family: &F, seen: &F::Statistics) -> Result<(F, f64), EstimateError> {
        let mass = family.probability(self.low, self.high);
        if !(mass >= LEAST_MASS) {
            return Err(EstimateError::boundary(
                "interval_probability",
                mass,
                "the estimate leaves the interval that its observations are truncated to",
            ));
        }
        let mut complete = seen.clone();
        family.accumulate_outside(&mut complete, self.low, self.high, seen.weight() / mass);
        Ok((family.maximize(&complete)?, mass))
    }
    fn with_family(&self, family: F) -> Result<Self, EstimateError> {
        Ok(Truncated::new(family, self.low, self.high)?)
    }
}

impl<T, F> Component for Truncated<F>
where
    T: Number,
    F: IntervalStatistics<Space = Scalars<T>> + Coordinates,
{
    type Statistics = F::Statistics;

    fn empty_statistics(&self) -> F::Statistics {
        self.family.empty_statistics()
    }
    fn accumulate(&self, into: &mut F::Statistics, x: T, weight: f64) {
        self.family.accumulate(into, x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut F::Statistics,
        xs: &[T],
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        self.family
            .accumulate_batch(into, xs, prepared, weights, scratch);
    }
    fn maximize(&self, from: &F::Statistics) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        if self.family.one_step() {
            return self.with_family(self.step(&self.family, from)?.0);
        }
        // As if nothing were unseen: that lies where the data are, and so in the interval, while the
        // iterate may lie so far off that its steps move nothing.
        let start = self.family.maximize(from);
        let family = fixed_point(start.unwrap_or_else(|_| self.family.clone()), |family| {
            self.step(family, from)
        });
        self.with_family(family.map_err(|error| error.with_count(from.weight()))?)
    }
    fn parameter_count(&self) -> usize {
        self.family.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.family.log_prior()
    }
    /// Counts have masses; a density may pile up at an end of the interval.
    fn is_bounded(&self) -> bool {
        T::DISCRETE && self.family.is_bounded()
    }
    /// That of the family before truncation, relative to its estimate as if nothing were unseen.
    fn floored(&self, whole: &Self) -> Option<Self> {
        if self.is_bounded() {
            return Some(self.clone());
        }
        self.with_family(self.family.floored(&whole.family)?).ok()
    }
    /// As if nothing were unseen: what the rows say of a family that reaches far beyond them is no spread of theirs.
    fn pooled(&self, xs: &[T], weights: &[f64]) -> Result<Self, EstimateError> {
        self.with_family(self.family.pooled(xs, weights)?)
    }
    fn is_at_bound(&self) -> bool {
        self.family.is_at_bound()
    }
    fn one_step(&self) -> bool {
        self.family.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let between = self.family.toward(&next.family, fraction);
        self.with_family(between).unwrap_or_else(|_| next.clone())
    }
    fn estimate(&self, xs: &[T], weights: &[f64]) -> Result<Self, EstimateError> {
        if !self.one_step() {
            return self.maximize(&accumulated(self, xs, weights));
        }
        let start = self.with_family(self.family.estimate(xs, weights)?)?;
        repeated(start, xs, weights)
    }
    fn squared_distance(&self, a: T, b: T) -> Option<f64> {
        self.family.squared_distance(a, b)
    }
}

impl<F: Coordinates + Univariate> Coordinates for Truncated<F> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.family.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let family = self.family.unpack(from)?;
        Ok(Truncated::new(family, self.low, self.high)?)
    }
}

impl<T: Number, F: Sample<Space = Scalars<T>> + Univariate> Sample for Truncated<F> {
    fn empty_buffer(&self) -> Vec<T> {
        Vec::new()
    }
    /// Draws of the family until one lies in the interval, where most do; else by inversion.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<T>) {
        if self.log_mass > -1.5 {
            loop {
                self.family.draw(rng, into);
                match into.pop() {
                    Some(x) if self.admits(x) => return into.push(x),
                    _ => {}
                }
            }
        }
        let x = self.quantile(rng.random());
        into.push(T::from_real(x).unwrap_or(T::ZERO));
    }
}

impl<T: Number, F: Density<Space = Scalars<T>> + Univariate> Truncated<F> {
    /// The ends of the support.
    fn ends(&self) -> (f64, f64) {
        let (low, high) = if T::DISCRETE {
            (self.low.floor() + 1.0, self.high.floor())
        } else {
            (self.low, self.high)
        };
        (
            self.family.quantile(0.0).max(low),
            self.family.quantile(1.0).min(high),
        )
    }
    /// E[g(X)] by quadrature between the ends, dense about the median.
    fn expectation(&self, mut g: impl FnMut(f64) -> f64) -> f64 {
        let mass = |x: f64| T::from_real(x).map_or(0.0, |x| self.log_density(x).exp());
        super::expectation::expectation(
            |x| mass(x) * g(x),
            T::DISCRETE,
            self.ends(),
            |p| self.quantile(p),
        )
    }
}

impl<T: Number, F: Density<Space = Scalars<T>> + Univariate> Univariate for Truncated<F> {
    fn cdf(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let inside = self.family.log_probability(self.low, x.min(self.high));
        (inside - self.log_mass).exp().min(1.0)
    }
    fn sf(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let inside = self.family.log_probability(x.max(self.low), self.high);
        (inside - self.log_mass).exp().min(1.0)
    }
    /// By halving: exact for counts, and to the last bit that the distribution function resolves.
    fn quantile(&self, p: f64) -> f64 {
        let (low, high) = self.ends();
        if !(0.0..=1.0).contains(&p) {
            f64::NAN
        } else if p == 0.0 {
            low
        } else if p == 1.0 {
            high
        } else {
            quantile_between(p, low, high, |x| (self.cdf(x), self.sf(x)))
        }
    }
    /// By quadrature, or a sum over counts, to about 1e-10.
    fn mean(&self) -> f64 {
        self.expectation(|x| x)
    }
    /// As the mean.
    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.expectation(|x| (x - mean) * (x - mean))
    }
}
