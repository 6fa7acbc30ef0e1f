//! Observations of which only an interval is known.

use super::Number;
use super::passes::{accumulated, repeated};
use crate::{
    Component, Coordinates, Density, EstimateError, IntervalStatistics, Pair, Sample, Scalars,
    Scratch,
};
use rand::Rng;

/// What is observed: the ends of an interval, equal where the value is known.
type Ends = Pair<Scalars<f64>, Scalars<f64>>;

/// A family whose observations may be censored: an observation (low, high) says low < X ≤ high, and
/// low = high says X = low.
///
/// low = −∞ or high = ∞ is censored on one side, both say nothing. Counts are half-open in the same
/// way: (2, 5) says 3, 4 or 5, (2, ∞) at least 3, and (4, 4) and (3, 4) both say 4.
///
/// # Density
/// ln f(x) of a known value, ln P(low < X ≤ high) of an interval: densities of the one and masses of
/// the other stand side by side in the likelihood. The density is 0 where low > high, and off the
/// support of the family.
///
/// # Sufficient statistics
/// Those of the family; for an interval their expectation under the iterate, given the interval
/// ([`IntervalStatistics`]).
///
/// # M-step
/// That of the family, an EM step: it never lowers the likelihood, which converges as fast as what is
/// censored allows. [`estimate`](Component::estimate), which sees the rows, repeats it to its fixed
/// point, accelerated. Rows that are all known are those of the family, bit for bit.
///
/// # Errors
/// Those of the family.
///
/// # Example
/// ```
/// use distributions::combine::Censored;
/// use distributions::{Component, Density, Exponential};
/// let family = Censored(Exponential::new(2.0)?);
/// assert_eq!(family.log_density((1.5, f64::INFINITY)), -3.0);
/// // Two failed, at 1 and 2; two were still running at 3: events by total time.
/// let low = [1.0, 2.0, 3.0, 3.0];
/// let high = [1.0, 2.0, f64::INFINITY, f64::INFINITY];
/// let fitted = family.estimate((&low, &high), &[1.0; 4])?;
/// assert!((fitted.0.rate() - 2.0 / 9.0).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Dempster, Laird & Rubin (1977), section 4.2; Klein & Moeschberger (2003), Survival Analysis,
/// section 3.5.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Censored<F>(pub F);

/// Whether the value is known.
fn is_known(low: f64, high: f64) -> bool {
    low == high
}

/// The block's weights of the known rows, 0 elsewhere, and 0 where there is no such number.
fn known_weights<T: Number>(low: &[f64], high: &[f64], weights: &[f64], into: &mut [f64]) {
    for (i, known) in into.iter_mut().enumerate() {
        let number = is_known(low[i], high[i]) && T::from_real(low[i]).is_some();
        *known = if number { weights[i] } else { 0.0 };
    }
}

impl<T: Number, F: IntervalStatistics<Space = Scalars<T>>> Density for Censored<F> {
    type Space = Ends;

    fn log_density(&self, (low, high): (f64, f64)) -> f64 {
        if is_known(low, high) {
            T::from_real(low).map_or(f64::NEG_INFINITY, |x| self.0.log_density(x))
        } else if low < high {
            self.0.log_probability(low, high)
        } else {
            f64::NEG_INFINITY
        }
    }
    fn check_observation(&self, (low, high): (f64, f64)) -> Result<(), &'static str> {
        if is_known(low, high) {
            let Some(x) = T::from_real(low) else {
                return Err("must be a whole number, not negative");
            };
            self.0.check_observation(x)
        } else if !(low < high) {
            Err("must be an interval whose ends do not fall")
        } else if self.0.log_probability(low, high) > f64::NEG_INFINITY {
            Ok(())
        } else {
            self.check_support(low, high)
        }
    }
    fn prepared_width(&self) -> usize {
        self.0.prepared_width()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.0.shares_preparation(&other.0)
    }
    fn prepare(&self, (low, _): (&[f64], &[f64]), into: &mut [f64]) {
        T::with_batch(low, |xs| self.0.prepare(xs, into));
    }
    fn log_density_batch(
        &self,
        (low, high): (&[f64], &[f64]),
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        T::with_batch(low, |xs| {
            self.0.log_density_batch(xs, prepared, out, scratch);
        });
        for ((value, &low), &high) in out.iter_mut().zip(low).zip(high) {
            if !is_known(low, high) || T::from_real(low).is_none() {
                *value = self.log_density((low, high));
            }
        }
    }
}

impl<T: Number, F: IntervalStatistics<Space = Scalars<T>>> Censored<F> {
    /// Whether an interval of probability 0 under the iterate can have another: it may have
    /// underflowed.
    fn check_support(&self, low: f64, high: f64) -> Result<(), &'static str> {
        let (least, most) = (self.0.quantile(0.0), self.0.quantile(1.0));
        let before = high < least || (high == least && !T::DISCRETE);
        if before || low >= most {
            Err("must be an interval that meets the support")
        } else {
            Ok(())
        }
    }
    /// A value inside of the interval to begin with; `None` where the family admits none such.
    fn representative(&self, low: f64, high: f64) -> Option<T> {
        let inside = if is_known(low, high) || high == f64::INFINITY && !T::DISCRETE {
            low
        } else if high == f64::INFINITY {
            low.floor() + 1.0
        } else if low == f64::NEG_INFINITY {
            high
        } else {
            0.5 * (low + high)
        };
        let inside = if T::DISCRETE {
            inside.ceil().max(0.0)
        } else {
            inside
        };
        let x = T::from_real(inside)?;
        self.0.check_observation(x).is_ok().then_some(x)
    }
    /// The family fitted as if every interval were a value inside of it; the iterate where that has
    /// no estimate.
    fn first_estimate(&self, (low, high): (&[f64], &[f64]), weights: &[f64]) -> F {
        let (mut xs, mut kept) = (Vec::new(), Vec::new());
        for ((&low, &high), &weight) in low.iter().zip(high).zip(weights) {
            if weight > 0.0
                && let Some(x) = self.representative(low, high)
            {
                xs.push(x);
                kept.push(weight);
            }
        }
        let first = self.0.estimate(&xs, &kept);
        first.unwrap_or_else(|_| self.0.clone())
    }
}

impl<T, F> Component for Censored<F>
where
    T: Number,
    F: IntervalStatistics<Space = Scalars<T>> + Coordinates,
{
    type Statistics = F::Statistics;

    fn empty_statistics(&self) -> F::Statistics {
        self.0.empty_statistics()
    }
    fn accumulate(&self, into: &mut F::Statistics, (low, high): (f64, f64), weight: f64) {
        if !is_known(low, high) {
            self.0.accumulate_interval(into, low, high, weight);
        } else if let Some(x) = T::from_real(low) {
            self.0.accumulate(into, x, weight);
        }
    }
    fn accumulate_batch(
        &self,
        into: &mut F::Statistics,
        (low, high): (&[f64], &[f64]),
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let mut known = scratch.take_dirty(weights.len());
        known_weights::<T>(low, high, weights, &mut known);
        T::with_batch(low, |xs| {
            self.0.accumulate_batch(into, xs, prepared, &known, scratch);
        });
        scratch.give(known);
        for ((&low, &high), &weight) in low.iter().zip(high).zip(weights) {
            if weight > 0.0 && !is_known(low, high) {
                self.0.accumulate_interval(into, low, high, weight);
            }
        }
    }
    fn maximize(&self, from: &F::Statistics) -> Result<Self, EstimateError> {
        self.0.maximize(from).map(Censored)
    }
    fn parameter_count(&self) -> usize {
        self.0.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.0.log_prior()
    }
    /// The probability of an interval is at most 1.
    fn is_bounded(&self) -> bool {
        self.0.is_bounded()
    }
    fn floored(&self, whole: &Self) -> Option<Self> {
        self.0.floored(&whole.0).map(Censored)
    }
    fn is_at_bound(&self) -> bool {
        self.0.is_at_bound()
    }
    fn one_step(&self) -> bool {
        self.0.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        Censored(self.0.toward(&next.0, fraction))
    }
    fn estimate(&self, xs: (&[f64], &[f64]), weights: &[f64]) -> Result<Self, EstimateError> {
        let known =
            |(&low, &high): (&f64, &f64)| is_known(low, high) && T::from_real(low).is_some();
        if xs.0.iter().zip(xs.1).all(known) {
            return T::with_batch(xs.0, |xs| self.0.estimate(xs, weights)).map(Censored);
        }
        if !(weights.iter().sum::<f64>() > 0.0) {
            return self.maximize(&accumulated(self, xs, weights));
        }
        repeated(Censored(self.first_estimate(xs, weights)), xs, weights)
    }
}

impl<F: Coordinates> Coordinates for Censored<F> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.0.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        self.0.unpack(from).map(Censored)
    }
}

/// Draws known values: what censors them is no part of the model.
impl<T, F> Sample for Censored<F>
where
    T: Number,
    F: Sample<Space = Scalars<T>> + IntervalStatistics<Space = Scalars<T>>,
{
    fn empty_buffer(&self) -> (Vec<f64>, Vec<f64>) {
        (Vec::new(), Vec::new())
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut (Vec<f64>, Vec<f64>)) {
        let mut drawn = self.0.empty_buffer();
        self.0.draw(rng, &mut drawn);
        for x in drawn {
            into.0.push(x.to_real());
            into.1.push(x.to_real());
        }
    }
}
