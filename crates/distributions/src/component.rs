//! The contract: score a batch, add weighted observations to a statistic, re-estimate from it.

use crate::{Batch, EstimateError, Obs, Scratch, Space, Statistics, View};

/// The rows scored and accumulated together: a block and everything computed from it stay in cache.
pub const BLOCK_ROWS: usize = 256;

/// How far below the spread of all rows a floor lies ([`Component::floored`]), as a share of the variance:
/// components a thousand times as narrow as the whole are untouched.
pub const LEAST_SHARE: f64 = 1e-6;

/// A density (or mass) over a space of observations.
///
/// Only [`log_density`](Density::log_density) must be written. The other methods exist for speed:
/// what depends on an observation alone (a logarithm, ln x!) can be *prepared* once for each block
/// and is then shared by all components of a mixture, in the E-step and in the M-step.
pub trait Density: Send + Sync {
    /// What one observation is.
    type Space: Space;

    /// ln p(x), with every normalising constant; −∞ off the support, never NaN for a valid `x`.
    fn log_density(&self, x: Obs<'_, Self::Space>) -> f64;

    /// Whether `x` may enter an estimate: it lies in the support, and its statistic is finite.
    ///
    /// # Errors
    /// What an observation must be, as in "must be positive".
    fn check_observation(&self, _x: Obs<'_, Self::Space>) -> Result<(), &'static str> {
        Ok(())
    }

    /// Whether [`is_atom`](Density::is_atom) is true anywhere.
    fn has_atoms(&self) -> bool {
        false
    }

    /// Whether `x` is an atom: a point of a continuous space to which this density gives a mass. In a
    /// mixture the measure is then Lebesgue plus the atoms, and at `x` the densities of the components
    /// of which it is none count nothing. Counts and labels, which all have a mass, are no atoms.
    fn is_atom(&self, _x: Obs<'_, Self::Space>) -> bool {
        false
    }

    /// How many numbers a row [`prepare`](Density::prepare) writes.
    fn prepared_width(&self) -> usize {
        0
    }

    /// Whether what this density prepares serves `other` too: equal fixed parts, such as the
    /// number of trials.
    fn shares_preparation(&self, _other: &Self) -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Writes what depends on the observations alone: number j of row i goes to
    /// `into[j * xs.len() + i]`; `into` holds `prepared_width() * xs.len()` zeros. Values must be
    /// finite, also for rows off the support.
    fn prepare(&self, _xs: Batch<'_, Self::Space>, _into: &mut [f64]) {}

    /// Writes ln p(xᵢ) to `out[i]`. `prepared` is what [`prepare`](Density::prepare) wrote for `xs`.
    fn log_density_batch(
        &self,
        xs: Batch<'_, Self::Space>,
        _prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        for (i, value) in out.iter_mut().enumerate() {
            *value = self.log_density(xs.at(i));
        }
    }
}

/// A density that can be re-estimated from weighted observations: a component of a mixture.
///
/// `&self` is the current iterate: it also carries what is fixed (the number of trials, the
/// dimension), so estimation is a method of an instance, not of a type.
pub trait Component: Density + Clone {
    /// What an M-step needs to know about the data.
    type Statistics: Statistics;

    /// The statistic of no observation.
    fn empty_statistics(&self) -> Self::Statistics;

    /// Adds one observation with weight `weight` > 0.
    fn accumulate(&self, into: &mut Self::Statistics, x: Obs<'_, Self::Space>, weight: f64);

    /// Adds a block: row i with weight `weights[i]` ≥ 0; a row of weight 0 must have no influence,
    /// also where its statistic is infinite. `prepared` is as in
    /// [`log_density_batch`](Density::log_density_batch).
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        xs: Batch<'_, Self::Space>,
        _prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        for (i, &weight) in weights.iter().enumerate() {
            if weight > 0.0 {
                self.accumulate(into, xs.at(i), weight);
            }
        }
    }

    /// The M-step: the estimate from a statistic.
    ///
    /// Exact unless [`one_step`](Component::one_step) says otherwise: the maximiser of
    /// Q(θ) = Σ w ln p(x | θ) + ln prior(θ).
    ///
    /// # Errors
    /// When no maximum exists, or nothing was observed.
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError>;

    /// The number of free parameters; what is fixed does not count.
    fn parameter_count(&self) -> usize;

    /// The logarithm of a prior density at the parameters: part of the objective.
    fn log_prior(&self) -> f64 {
        0.0
    }

    /// Whether ln p(x | θ) + ln prior(θ) has an upper bound over all θ at every observation that may enter an
    /// estimate, as that of every mass has: the likelihood of any mixture is then bounded, and no component can
    /// collapse.
    fn is_bounded(&self) -> bool {
        false
    }
    /// The same component, which no M-step makes narrower than [`LEAST_SHARE`] of `whole`, the estimate from
    /// all rows: a floor under what would collapse on a point. The M-step is then the exact maximiser
    /// under that constraint. One that [is bounded](Component::is_bounded) needs none and stays as it is;
    /// `None` where another family has no such floor.
    fn floored(&self, _whole: &Self) -> Option<Self> {
        self.is_bounded().then(|| self.clone())
    }
    /// The estimate from all rows that a floor is relative to: where [`estimate`](Component::estimate) may have none,
    /// or one that says nothing about the spread of the rows, one that does.
    ///
    /// # Errors
    /// When the rows have no spread.
    fn pooled(&self, xs: Batch<'_, Self::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.estimate(xs, weights)
    }
    /// Whether the floor of [`floored`](Component::floored) holds the component.
    fn is_at_bound(&self) -> bool {
        false
    }

    /// Whether [`maximize`](Component::maximize) takes one step towards the maximum (IRLS, one
    /// Newton step) and may overshoot. The driver then checks the objective, and shortens the step
    /// by [`toward`](Component::toward) where it fell.
    fn one_step(&self) -> bool {
        false
    }

    /// The component a `fraction` of the way from `self` to `next`. An exact M-step needs nothing:
    /// its whole step never lowers Q, so the default returns `next`.
    fn toward(&self, next: &Self, _fraction: f64) -> Self {
        next.clone()
    }

    /// The estimate from weighted rows when there is no iterate yet: the first M-step from labels
    /// or responsibilities, and a weighted maximum-likelihood fit of one component.
    ///
    /// A component whose statistic depends on the iterate (latent scales) overrides this.
    ///
    /// # Errors
    /// As [`maximize`](Component::maximize).
    fn estimate(&self, xs: Batch<'_, Self::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.maximize(&crate::combine::accumulated(self, xs, weights))
    }

    /// The levels that have probability 0, where observations are levels of a category: pairs of the part
    /// of a product, from 0, and the code.
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        Vec::new()
    }

    /// The squared distance of two observations in units of this component's own spread, where the
    /// family has one (normal: (a − b)²/variance). Where it is `None`, a spread start uses the
    /// deviance.
    fn squared_distance(&self, _a: Obs<'_, Self::Space>, _b: Obs<'_, Self::Space>) -> Option<f64> {
        None
    }
}

/// Free parameters as unconstrained real numbers (logarithms, logits, log-Cholesky factors): for
/// acceleration and for numerical derivatives.
pub trait Coordinates: Sized {
    /// Appends the coordinates of the free parameters.
    fn pack(&self, into: &mut Vec<f64>);
    /// The instance whose coordinates stand at the front of `from`, which is advanced past them.
    /// What is fixed comes from `self`.
    ///
    /// # Errors
    /// When the coordinates are not finite or lead to no valid parameter.
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError>;
}

impl<C: Coordinates> Coordinates for Vec<C> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.iter().for_each(|part| part.pack(into));
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        self.iter().map(|part| part.unpack(from)).collect()
    }
}

/// Takes the next coordinate off the front of `from`.
///
/// # Errors
/// When there is none, or it is not finite.
pub fn next_coordinate(from: &mut &[f64]) -> Result<f64, EstimateError> {
    match from.split_first() {
        Some((&first, rest)) if first.is_finite() => {
            *from = rest;
            Ok(first)
        }
        Some((&first, _)) => Err(EstimateError::boundary(
            "coordinate",
            first,
            "must be finite",
        )),
        None => Err(EstimateError::boundary(
            "coordinate",
            f64::NAN,
            "is missing",
        )),
    }
}
