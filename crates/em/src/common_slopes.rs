//! Regressions that share coefficients: a coupled set.

mod joint;
mod linear;
#[cfg(feature = "serde")]
mod serde_form;

use crate::init::Shares;
use crate::set::ComponentSet;
use distributions::regression::{
    GeneralizedRegression, NormalEquations, Response, ScoreStatistics, Scoring, iterate_scoring,
};
use distributions::{
    Batch, Component, Coordinates, Density, EstimateError, Obs, Pair, ParameterError, Rows,
    Scratch, Statistics, next_coordinate,
};
use joint::Joint;

pub use linear::LinearCommonSlopes;

/// K regressions with coefficients of their own (an intercept, say) and **common** ones.
///
/// The first columns of the design are those whose coefficients each component has for itself, the
/// others those whose coefficients are common to all: component k has the linear predictor
/// x·(β_k, γ). The response is a [`Response`]: with
/// [`BernoulliResponse`](distributions::regression::BernoulliResponse) these are logistic
/// regressions with common slopes.
///
/// # M-step
/// One scoring step for all coefficients together: the information matrix is block diagonal in the
/// β_k, bordered by γ. It is a [`one_step`](ComponentSet::one_step) M-step, which the driver shortens
/// where it overshoots. Without an iterate the steps are taken to convergence.
///
/// # Errors
/// [`Reason::Singular`](distributions::Reason::Singular), naming the column and, where it is one of
/// its own, the component; [`Reason::Empty`](distributions::Reason::Empty), naming the component that
/// no row belongs to.
///
/// # Example
/// ```
/// use distributions::RowsView;
/// use distributions::regression::PoissonResponse;
/// use em::{CommonSlopes, Data, Mixture, Options, fit};
///
/// // Intercepts −1 and 2, and one slope for both: columns 1, x.
/// let start = CommonSlopes::<PoissonResponse>::new(vec![vec![-1.0], vec![2.0]], vec![0.1])?;
/// let xs: Vec<f64> = (0..20).flat_map(|i| [1.0, f64::from(i % 10) / 5.0]).collect();
/// let ys = [0, 1, 0, 1, 1, 0, 2, 1, 1, 2, 5, 9, 8, 10, 11, 14, 20, 19, 26, 30];
/// let data = Data::new((RowsView::new(&xs, 2), &ys[..]));
/// let fitted = fit(Mixture::uniform(start), data, &Options::default())?;
/// assert_eq!(fitted.model.components().common_coefficients().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Follmann & Lambert (1989), Generalizing logistic regression by nonparametric mixing.
#[derive(Clone, Debug, PartialEq)]
pub struct CommonSlopes<R> {
    /// Each with all its coefficients: own, then common.
    components: Vec<GeneralizedRegression<R>>,
    /// The number of coefficients of each component's own.
    own: usize,
}

/// The number of coefficients of each component's own: the same in all, and at least one.
fn check_own(own: &[Vec<f64>]) -> Result<usize, ParameterError> {
    let count = own.first().map_or(0, Vec::len);
    for size in std::iter::once(count).chain(own.iter().map(Vec::len)) {
        ParameterError::require(
            size == count && size > 0,
            "coefficients",
            size as f64,
            "must be as many, at least 1, in every component",
        )?;
    }
    Ok(count)
}

impl<R: Response> CommonSlopes<R> {
    /// The components with these coefficients of their own, and these common ones.
    ///
    /// # Errors
    /// When there is no component, no coefficient of their own, or a different number of them; when a
    /// coefficient is not finite.
    pub fn new(own: Vec<Vec<f64>>, common: Vec<f64>) -> Result<Self, ParameterError> {
        let count = check_own(&own)?;
        let whole = |mut coefficients: Vec<f64>| {
            coefficients.extend(&common);
            GeneralizedRegression::new(coefficients)
        };
        Ok(CommonSlopes {
            components: own.into_iter().map(whole).collect::<Result<_, _>>()?,
            own: count,
        })
    }
    /// The same, with the last column of the design as an offset.
    pub fn with_offset(mut self) -> Self {
        let components = self.components.into_iter();
        self.components = components.map(GeneralizedRegression::with_offset).collect();
        self
    }
    /// The components, each with all its coefficients: its own, then the common ones.
    pub fn components(&self) -> &[GeneralizedRegression<R>] {
        &self.components
    }
    /// The coefficients of component k's own.
    ///
    /// # Panics
    /// When there is no such component.
    pub fn own_coefficients(&self, k: usize) -> &[f64] {
        &self.components[k].coefficients()[..self.own]
    }
    /// The coefficients common to all components.
    pub fn common_coefficients(&self) -> &[f64] {
        let first = self.components.first();
        first.map_or(&[], |component| &component.coefficients()[self.own..])
    }
    /// The set with the coefficients of each component moved by its step.
    fn moved(&self, steps: &[Vec<f64>]) -> Result<Self, EstimateError> {
        let moved = self.components.iter().zip(steps).enumerate();
        let components: Result<Vec<_>, EstimateError> = moved
            .map(|(k, (component, step))| {
                let sums = component.coefficients().iter().zip(step);
                component
                    .with_coefficients(sums.map(|(b, s)| b + s).collect())
                    .map_err(|error| EstimateError::from(error).in_component(k))
            })
            .collect();
        Ok(CommonSlopes {
            components: components?,
            own: self.own,
        })
    }
    /// The scoring step of each component's coefficients, the common ones equal in all.
    fn steps(&self, from: &[ScoreStatistics]) -> Result<Vec<Vec<f64>>, EstimateError> {
        let equations: Result<Vec<NormalEquations>, EstimateError> = (from.iter().enumerate())
            .map(|(k, part)| {
                part.equations(self.own)
                    .map_err(|error| error.in_component(k))
            })
            .collect();
        Joint::new(&equations?, self.own).steps()
    }
}

impl<R: Response> ComponentSet for CommonSlopes<R> {
    type Space = Pair<Rows<f64>, R::Space>;
    type Statistics = Vec<ScoreStatistics>;

    fn len(&self) -> usize {
        self.components.len()
    }
    fn log_density(&self, k: usize, x: Obs<'_, Self::Space>) -> f64 {
        self.components[k].log_density(x)
    }
    fn check_observation(&self, x: Obs<'_, Self::Space>) -> Result<(), &'static str> {
        self.components.check_observation(x)
    }
    fn prepared_width(&self) -> usize {
        self.components.prepared_width()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.components.shares_preparation(&other.components)
    }
    fn prepare(&self, xs: Batch<'_, Self::Space>, into: &mut [f64]) {
        self.components.prepare(xs, into);
    }
    fn log_density_matrix(
        &self,
        xs: Batch<'_, Self::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.components
            .log_density_matrix(xs, prepared, out, scratch);
    }
    fn empty_statistics(&self) -> Self::Statistics {
        self.components.empty_statistics()
    }
    fn accumulate(
        &self,
        into: &mut Self::Statistics,
        k: usize,
        x: Obs<'_, Self::Space>,
        weight: f64,
    ) {
        self.components[k].accumulate(&mut into[k], x, weight);
    }
    fn accumulate_matrix(
        &self,
        into: &mut Self::Statistics,
        xs: Batch<'_, Self::Space>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        self.components
            .accumulate_matrix(into, xs, prepared, weights, scratch);
    }
    /// One scoring step.
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        self.moved(&self.steps(from)?)
    }
    fn parameter_count(&self) -> usize {
        self.len() * self.own + self.common_coefficients().len()
    }
    fn subset(&self, keep: &[usize]) -> Self {
        CommonSlopes {
            components: self.components.subset(keep),
            own: self.own,
        }
    }
    /// The likelihood is bounded: none is needed.
    fn floored(
        &self,
        _xs: Batch<'_, Self::Space>,
        _weights: &[f64],
    ) -> Result<Self, EstimateError> {
        Ok(self.clone())
    }
    fn one_step(&self) -> bool {
        true
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        CommonSlopes {
            components: self.components.toward(&next.components, fraction),
            own: self.own,
        }
    }
    /// Scoring steps to convergence, from a weighted least-squares fit to the smoothed responses.
    fn estimate_from(
        &self,
        xs: Batch<'_, Self::Space>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        let weights = &*shares.to_matrix();
        let rows = distributions::View::len(xs);
        let shares = |k: usize| &weights[k * rows..(k + 1) * rows];
        let zero = CommonSlopes {
            components: (self.components.iter())
                .map(|part| part.with_coefficients(vec![0.0; part.coefficients().len()]))
                .collect::<Result<_, _>>()?,
            own: self.own,
        };
        let smoothed: Vec<ScoreStatistics> = (zero.components.iter().enumerate())
            .map(|(k, part)| part.smoothed_statistics(xs, shares(k)))
            .collect();
        let start = zero.maximize(&smoothed)?;
        let mut scratch = Scratch::default();
        let mut evaluate = |set: &Self| {
            let (mut objective, mut magnitude) = (0.0, 0.0);
            let mut statistics = Vec::with_capacity(set.len());
            for (k, part) in set.components.iter().enumerate() {
                let (sum, size, seen) = part.evaluate(xs, shares(k), &mut scratch);
                objective += sum;
                magnitude += size;
                statistics.push(seen);
            }
            let next = set.steps(&statistics).and_then(|steps| {
                let pairs = statistics.iter().zip(&steps);
                let gain = pairs.map(|(seen, step)| seen.gain(step)).sum();
                Ok((set.moved(&steps)?, gain))
            });
            Scoring {
                objective,
                rounding: crate::stop::rounding_bound(magnitude),
                next,
            }
        };
        // Offsets may carry the fit to smoothed responses beyond what can be exponentiated.
        let start = if evaluate(&start).objective >= evaluate(&zero).objective {
            start
        } else {
            zero
        };
        iterate_scoring(start, smoothed.weight(), evaluate, Self::toward)
    }
}

impl<R: Response> Coordinates for CommonSlopes<R> {
    fn pack(&self, into: &mut Vec<f64>) {
        (0..self.len()).for_each(|k| into.extend(self.own_coefficients(k)));
        into.extend(self.common_coefficients());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let mut take = |count: usize| -> Result<Vec<f64>, EstimateError> {
            (0..count).map(|_| next_coordinate(from)).collect()
        };
        let own: Result<Vec<Vec<f64>>, EstimateError> =
            (0..self.len()).map(|_| take(self.own)).collect();
        let (own, common) = (own?, take(self.common_coefficients().len())?);
        let set = CommonSlopes::new(own, common)?;
        let offset = self
            .components
            .first()
            .is_some_and(GeneralizedRegression::has_offset);
        Ok(if offset { set.with_offset() } else { set })
    }
}
