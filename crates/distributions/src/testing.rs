//! The contract of a component, runnable: on the families of this crate, and on your own.
//!
//! ```
//! use distributions::testing::{Contract, Positive};
//! use distributions::Gamma;
//!
//! let gamma = Gamma::new(2.0, 3.0)?;
//! Contract::new(&gamma, &[0.2, 1.5, 0.7, 0.4][..])
//!     .coordinates()                       // the parameter count, and that the M-step is a maximum
//!     .outside(&[-1.0, f64::NAN][..])      // −∞ there, and no influence
//!     .total(&Positive { scale: 1.0 })     // the density integrates to one
//!     .verify()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod measure;
mod points;

pub use measure::{
    Above, Between, Circle, Codes, Counts, Measure, Positive, Reals, TwoSided, UnitInterval,
};
pub use points::Points;

use crate::{Batch, Component, Coordinates, Obs, Scratch, Statistics, View};
use std::fmt;

/// Sums of the same terms in another order, through an M-step: rounding, times a condition number.
const SAME_ESTIMATE: f64 = 1e-9;
/// The two ways to a log-density may round differently, not more.
const SAME_DENSITY: f64 = 1e-12;
/// How far the total of a density may be from one, by quadrature.
const TOTAL: f64 = 1e-8;
/// M-steps after which one that still rises is taken as it is.
const M_STEPS: usize = 10_000;

/// A rule of the contract that a component breaks, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// What was found.
    pub found: String,
}

/// All that was found; printed one a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Violations(pub Vec<Violation>);

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in &self.0 {
            writeln!(f, "{}: {}", violation.rule, violation.found)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// Checks a component with the rules that need nothing but observations: those of
/// [`Contract::new`].
///
/// # Errors
/// Every rule that is broken.
pub fn check<C: Component>(component: &C, xs: Batch<'_, C::Space>) -> Result<(), Violations> {
    Contract::new(component, xs).verify()
}

/// A component under test, with observations that it can be estimated from.
pub struct Contract<'c, 'x, C: Component> {
    component: &'c C,
    xs: Batch<'x, C::Space>,
    weights: Vec<f64>,
    violations: Vec<Violation>,
}

impl<'c, 'x, C: Component> Contract<'c, 'x, C> {
    /// Checks: no NaN; a block is scored like its rows; statistics are the same row by row, in
    /// blocks, and merged over any split; weight 2 is a row twice, weight 0 no row; scaling scales;
    /// the M-step does not lower its objective (unless it is
    /// [`one_step`](Component::one_step)), and keeps the number of parameters.
    ///
    /// `xs` should hold at least three different observations.
    pub fn new(component: &'c C, xs: Batch<'x, C::Space>) -> Self {
        let pattern = [1.0, 0.5, 2.0, 0.25, 1.5];
        let weights = (0..xs.len()).map(|i| pattern[i % 5]).collect();
        let mut contract = Contract {
            component,
            xs,
            weights,
            violations: Vec::new(),
        };
        contract.scores();
        contract.statistics();
        contract.m_step();
        contract
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// Every rule that is broken.
    pub fn verify(self) -> Result<(), Violations> {
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(Violations(self.violations))
        }
    }

    /// Checks observations off the support: log-density −∞, never NaN, by both paths; refused by
    /// [`check_observation`](crate::Density::check_observation); at weight 0 no influence.
    pub fn outside(mut self, xs: Batch<'_, C::Space>) -> Self {
        const RULE: &str = "off the support the log-density is −∞";
        let batch = self.score(xs);
        for (i, &scored) in batch.iter().enumerate() {
            let x = xs.at(i);
            for value in [self.component.log_density(x), scored] {
                self.require(value == f64::NEG_INFINITY, RULE, || {
                    format!("row {i}: {value}")
                });
            }
            self.require(
                self.component.check_observation(x).is_err(),
                "check_observation refuses what is off the support",
                || format!("row {i} accepted"),
            );
        }
        let mut with = self.accumulated(self.xs, &self.weights);
        self.add_block(&mut with, xs, &vec![0.0; xs.len()]);
        let without = self.accumulated(self.xs, &self.weights);
        self.same_estimate("a row of weight 0 has no influence", &with, &without);
        self
    }

    /// Checks that the density integrates or sums to one.
    pub fn total(self, measure: &impl Measure<C::Space>) -> Self {
        self.total_within(measure, TOTAL)
    }

    /// [`total`](Contract::total) with a tolerance of your own, for a measure that is less exact.
    pub fn total_within(mut self, measure: &impl Measure<C::Space>, tolerance: f64) -> Self {
        let total = measure.integrate(&mut |x| self.component.log_density(x).exp());
        self.require(
            (total - 1.0).abs() <= tolerance,
            "the density integrates to one",
            || format!("total {total}"),
        );
        self
    }

    fn require(&mut self, holds: bool, rule: &'static str, found: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(Violation {
                rule,
                found: found(),
            });
        }
    }

    /// Log-densities by the path of batches, prepared.
    fn score(&self, xs: Batch<'_, C::Space>) -> Vec<f64> {
        let mut prepared = vec![0.0; self.component.prepared_width() * xs.len()];
        self.component.prepare(xs, &mut prepared);
        let mut out = vec![f64::NAN; xs.len()];
        self.component
            .log_density_batch(xs, &prepared, &mut out, &mut Scratch::default());
        out
    }

    fn add_block(&self, into: &mut C::Statistics, xs: Batch<'_, C::Space>, weights: &[f64]) {
        self.add_block_by(self.component, into, xs, weights);
    }

    /// Adds a block under the iterate `by`.
    fn add_block_by(
        &self,
        by: &C,
        into: &mut C::Statistics,
        xs: Batch<'_, C::Space>,
        weights: &[f64],
    ) {
        let mut prepared = vec![0.0; by.prepared_width() * xs.len()];
        by.prepare(xs, &mut prepared);
        by.accumulate_batch(into, xs, &prepared, weights, &mut Scratch::default());
    }

    fn accumulated(&self, xs: Batch<'_, C::Space>, weights: &[f64]) -> C::Statistics {
        let mut statistics = self.component.empty_statistics();
        self.add_block(&mut statistics, xs, weights);
        statistics
    }

    fn scores(&mut self) {
        let mut prepared = vec![0.0; self.component.prepared_width() * self.xs.len()];
        self.component.prepare(self.xs, &mut prepared);
        self.require(
            prepared.iter().all(|value| value.is_finite()),
            "prepared values are finite",
            || format!("{prepared:?}"),
        );
        let whole = self.score(self.xs);
        for (i, &blockwise) in whole.iter().enumerate() {
            let plain = self.component.log_density(self.xs.at(i));
            let single = self.score(self.xs.block(i..i + 1))[0];
            self.require(!plain.is_nan(), "the log-density is a number", || {
                format!("row {i}: NaN")
            });
            for batch in [blockwise, single] {
                self.require(
                    close(plain, batch, SAME_DENSITY),
                    "a block is scored like its rows",
                    || format!("row {i}: {batch} in a block, {plain} alone"),
                );
            }
            if let Err(requirement) = self.component.check_observation(self.xs.at(i)) {
                self.require(false, "the observations given are valid", || {
                    format!("row {i}: {requirement}")
                });
            }
        }
    }

    fn statistics(&mut self) {
        let (xs, rows) = (self.xs, self.xs.len());
        let weights = self.weights.clone();
        let reference = self.accumulated(xs, &weights);
        let sum: f64 = weights.iter().sum();
        self.require(
            close(reference.weight(), sum, 1e-12),
            "a statistic knows its weight",
            || format!("{} of {sum}", reference.weight()),
        );

        let mut one_by_one = self.component.empty_statistics();
        for (i, &weight) in weights.iter().enumerate() {
            self.component.accumulate(&mut one_by_one, xs.at(i), weight);
        }
        self.same_estimate(
            "a block is accumulated like its rows",
            &one_by_one,
            &reference,
        );

        for cut in [0, 1, rows / 2, rows] {
            let mut left = self.accumulated(xs.block(0..cut), &weights[..cut]);
            let right = self.accumulated(xs.block(cut..rows), &weights[cut..]);
            left.merge(&right);
            self.require(
                close(left.weight(), sum, 1e-12),
                "merged statistics add their weights",
                || format!("{} of {sum}", left.weight()),
            );
            self.same_estimate(
                "statistics merged over a split are those of the whole",
                &left,
                &reference,
            );
        }

        let doubled: Vec<f64> = weights.iter().map(|w| 2.0 * w).collect();
        let twice = self.accumulated(xs, &doubled);
        let mut repeated = reference.clone();
        self.add_block(&mut repeated, xs, &weights);
        self.same_estimate("weight 2 is a row twice", &repeated, &twice);
        let mut scaled = reference.clone();
        scaled.scale(2.0);
        self.same_estimate("scaling a statistic scales its weights", &scaled, &twice);

        // Without its last row, and with the last row at weight 0.
        if rows > 3 {
            let mut silent = weights.clone();
            silent[rows - 1] = 0.0;
            let with = self.accumulated(xs, &silent);
            let without = self.accumulated(xs.block(0..rows - 1), &weights[..rows - 1]);
            self.same_estimate("weight 0 is no row", &with, &without);
        }

        let mut cleared = reference.clone();
        cleared.clear();
        self.require(
            cleared.weight() == 0.0,
            "a cleared statistic has weight 0",
            || format!("{}", cleared.weight()),
        );
        self.add_block(&mut cleared, xs, &weights);
        self.same_estimate("a cleared statistic starts anew", &cleared, &reference);
    }

    /// Estimates are compared by their densities: a statistic itself is opaque.
    fn same_estimate(&mut self, rule: &'static str, one: &C::Statistics, other: &C::Statistics) {
        match (self.component.maximize(one), self.component.maximize(other)) {
            (Ok(one), Ok(other)) => {
                for i in 0..self.xs.len() {
                    let x = self.xs.at(i);
                    let (a, b) = (one.log_density(x), other.log_density(x));
                    if !close(a, b, SAME_ESTIMATE) {
                        self.require(false, rule, || {
                            format!("row {i}: log-density {a} against {b}")
                        });
                        return;
                    }
                }
            }
            (Err(one), Err(other)) if one.reason == other.reason => {}
            (one, other) => {
                let told = |result: Result<C, crate::EstimateError>| {
                    result.map_or_else(|error| error.to_string(), |_| "an estimate".to_owned())
                };
                self.require(false, rule, || {
                    format!("{} against {}", told(one), told(other))
                });
            }
        }
    }

    fn m_step(&mut self) {
        let statistics = self.accumulated(self.xs, &self.weights);
        let next = match self.component.maximize(&statistics) {
            Ok(next) => next,
            Err(error) => {
                return self.require(false, "the observations given have an estimate", || {
                    error.to_string()
                });
            }
        };
        self.require(
            next.parameter_count() == self.component.parameter_count(),
            "estimation keeps the number of parameters",
            || {
                format!(
                    "{} from {}",
                    next.parameter_count(),
                    self.component.parameter_count()
                )
            },
        );
        if !self.component.one_step() {
            let ((before, _), (after, rounding)) =
                (self.objective(self.component), self.objective(&next));
            self.require(
                after >= before - rounding,
                "an M-step does not lower the objective",
                || format!("from {before} to {after}"),
            );
        }
    }

    /// Q = Σ w ln p + ln prior, and how far rounding may move it.
    fn objective(&self, component: &C) -> (f64, f64) {
        let prior = component.log_prior();
        let (mut sum, mut size) = (prior, prior.abs());
        for (i, &weight) in self.weights.iter().enumerate() {
            let value = component.log_density(self.xs.at(i));
            sum += weight * value;
            size += weight * value.abs();
        }
        (sum, 64.0 * f64::EPSILON * size)
    }
}

impl<C: Component + Coordinates> Contract<'_, '_, C> {
    /// Checks the coordinates: as many as [`parameter_count`](Component::parameter_count) says, each
    /// moves the density, and they lead back to the same component. Unless the M-step is
    /// [`one_step`](Component::one_step), its estimate is a maximum along each of them; where its
    /// statistic depends on the iterate (latent scales), that to which repeated M-steps lead.
    pub fn coordinates(mut self) -> Self {
        let mut packed = Vec::new();
        self.component.pack(&mut packed);
        let (found, claimed) = (packed.len(), self.component.parameter_count());
        self.require(
            found == claimed,
            "the parameter count is the number of coordinates",
            || format!("{claimed} parameters, {found} coordinates"),
        );
        let mut rest = &packed[..];
        match self.component.unpack(&mut rest) {
            Ok(again) => {
                self.require(rest.is_empty(), "unpack takes all that pack gives", || {
                    format!("{} left", rest.len())
                });
                for i in 0..self.xs.len() {
                    let x = self.xs.at(i);
                    let (a, b) = (self.component.log_density(x), again.log_density(x));
                    self.require(
                        close(a, b, SAME_ESTIMATE),
                        "coordinates lead back to the component",
                        || format!("row {i}: log-density {a}, then {b}"),
                    );
                }
            }
            Err(error) => self.require(false, "coordinates lead back to the component", || {
                error.to_string()
            }),
        }
        let Some(estimate) = self.settled() else {
            return self;
        };
        let exact = !self.component.one_step();
        let (best, rounding) = self.objective(&estimate);
        packed.clear();
        estimate.pack(&mut packed);
        for j in 0..packed.len() {
            let mut moved = false;
            for step in [-1e-3, 1e-3] {
                let mut near = packed.clone();
                near[j] += step * (1.0 + near[j].abs());
                let Ok(neighbour) = self.component.unpack(&mut &near[..]) else {
                    continue;
                };
                let (value, _) = self.objective(&neighbour);
                moved |= value != best;
                self.require(
                    !exact || value <= best + rounding,
                    "an exact M-step is a maximum",
                    || format!("coordinate {j}: {value} beside it, {best} at it"),
                );
            }
            self.require(moved, "each coordinate moves the density", || {
                format!("coordinate {j} does not")
            });
        }
        self
    }
}

impl<C: Component> Contract<'_, '_, C> {
    /// The estimate, after as many M-steps as still raise the objective: one, where the statistic
    /// does not depend on the iterate.
    fn settled(&self) -> Option<C> {
        let statistics = self.accumulated(self.xs, &self.weights);
        let mut estimate = self.component.maximize(&statistics).ok()?;
        if self.component.one_step() {
            return Some(estimate);
        }
        let (mut reached, rounding) = self.objective(&estimate);
        for _ in 0..M_STEPS {
            let mut statistics = estimate.empty_statistics();
            self.add_block_by(&estimate, &mut statistics, self.xs, &self.weights);
            let next = estimate.maximize(&statistics).ok()?;
            let (value, _) = self.objective(&next);
            if !(value > reached + rounding) {
                break;
            }
            (estimate, reached) = (next, value);
        }
        Some(estimate)
    }
}

/// Equal, or within `tolerance` of each other relative to max(1, size).
fn close(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0)
}

/// E[f(x)] under a density, by a measure: for identities in tests.
pub fn expectation<D: crate::Density>(
    density: &D,
    measure: &impl Measure<D::Space>,
    mut f: impl FnMut(Obs<'_, D::Space>) -> f64,
) -> f64 {
    measure.integrate(&mut |x| {
        let mass = density.log_density(x).exp();
        if mass > 0.0 { mass * f(x) } else { 0.0 }
    })
}
