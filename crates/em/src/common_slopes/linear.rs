//! Linear regressions with common slopes.

use super::joint::Joint;
use crate::init::Shares;
use crate::set::ComponentSet;
use distributions::regression::{LinearRegression, LinearStatistics, NormalEquations};
use distributions::{
    BLOCK_ROWS, Batch, Component, Coordinates, Density, EstimateError, Obs, Pair, ParameterError,
    Rows, Scalars, Scratch, Statistics, View, next_coordinate,
};

/// K linear regressions with coefficients and a **variance of their own** and **common** coefficients.
///
/// The first columns of the design are those whose coefficients each component has for itself, the
/// others those whose coefficients are common to all: y = x·(β_k, γ) + ε with Var ε = σ_k². What
/// [`CommonSlopes`](super::CommonSlopes) is to responses with a canonical link.
///
/// # M-step
/// From one statistic, without another pass: given the variances, all coefficients together are a
/// weighted least-squares fit in which component k counts 1/σ_k² (one bordered system); given the
/// coefficients, σ_k² is the mean square of the residuals of component k. The two are repeated until
/// the variances rest, beginning at the iterate. Each raises the expected log-likelihood, so the
/// objective never falls.
///
/// # Errors
/// [`Reason::Singular`](distributions::Reason::Singular), naming the column and, where it is one of
/// its own, the component; [`Reason::Boundary`](distributions::Reason::Boundary) of `variance` and
/// [`Reason::Empty`](distributions::Reason::Empty), naming the component.
///
/// # Example
/// ```
/// use distributions::RowsView;
/// use em::{Data, LinearCommonSlopes, Mixture, Options, fit};
///
/// // Two parallel lines, y = x and y = 10 + x, and what is off them.
/// let xs: Vec<f64> = (0..20).flat_map(|i| [1.0, f64::from(i % 10)]).collect();
/// let level = |i: i32| if i < 10 { 0.0 } else { 10.0 };
/// let ys: Vec<f64> = (0..20).map(|i| level(i) + f64::from(i % 10) + 0.1 * f64::from(i % 3)).collect();
/// let start = LinearCommonSlopes::new(vec![vec![1.0], vec![9.0]], vec![0.5], vec![1.0, 1.0])?;
/// let data = Data::new((RowsView::new(&xs, 2), &ys[..]));
/// let fitted = fit(Mixture::uniform(start), data, &Options::default())?;
/// let slope = fitted.model.components().common_coefficients()[0];
/// assert!((slope - 1.0).abs() < 0.02);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Meng & Rubin (1993), Maximum likelihood estimation via the ECM algorithm.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearCommonSlopes {
    /// Each with all its coefficients: own, then common.
    components: Vec<LinearRegression>,
    /// The number of coefficients of each component's own.
    own: usize,
}

/// The most repetitions of an M-step. They converge by a factor that is small where the common columns
/// are well known; stopped earlier, the step still raises the objective.
const REPETITIONS: usize = 100;
/// Variances that change by less than this share of themselves are at rest: their rounding is a few
/// units of 1e-16 times the number of columns.
const AT_REST: f64 = 1e-13;

impl LinearCommonSlopes {
    /// The components with these coefficients of their own, these common ones, and these variances.
    ///
    /// # Errors
    /// When there is no component, no coefficient of their own, or a different number of them or of
    /// variances; when a coefficient is not finite, or a variance is not positive and finite.
    pub fn new(
        own: Vec<Vec<f64>>,
        common: Vec<f64>,
        variances: Vec<f64>,
    ) -> Result<Self, ParameterError> {
        let count = super::check_own(&own)?;
        ParameterError::require(
            own.len() == variances.len(),
            "variance",
            variances.len() as f64,
            "must be one for each component",
        )?;
        let pairs = own.into_iter().zip(variances);
        let whole = |(mut coefficients, variance): (Vec<f64>, f64)| {
            coefficients.extend(&common);
            LinearRegression::new(coefficients, variance)
        };
        Ok(LinearCommonSlopes {
            components: pairs.map(whole).collect::<Result<_, _>>()?,
            own: count,
        })
    }
    /// The same, with the last column of the design as an offset.
    pub fn with_offset(mut self) -> Self {
        let components = self.components.into_iter();
        self.components = components.map(LinearRegression::with_offset).collect();
        self
    }
    /// The components, each with all its coefficients: its own, then the common ones.
    pub fn components(&self) -> &[LinearRegression] {
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
    /// The set with the coefficients of each component moved by its step, and these variances.
    fn moved(&self, steps: &[Vec<f64>], variances: &[f64]) -> Result<Self, EstimateError> {
        let moved = self.components.iter().zip(steps).zip(variances).enumerate();
        let components: Result<Vec<_>, EstimateError> = moved
            .map(|(k, ((component, step), &variance))| {
                let sums = component.coefficients().iter().zip(step);
                component
                    .with_parameters(sums.map(|(b, s)| b + s).collect(), variance)
                    .map_err(|error| EstimateError::from(error).in_component(k))
            })
            .collect();
        Ok(LinearCommonSlopes {
            components: components?,
            own: self.own,
        })
    }
    /// The normal equations of each component.
    fn equations(&self, from: &[LinearStatistics]) -> Result<Vec<NormalEquations>, EstimateError> {
        let equations = from.iter().enumerate().map(|(k, part)| {
            let equations = part.equations(self.own);
            equations.map_err(|error| error.in_component(k).with_count(part.weight()))
        });
        equations.collect()
    }
    /// The statistics of rows about the coefficients of `self`.
    fn statistics(
        &self,
        xs: Batch<'_, <Self as ComponentSet>::Space>,
        weights: &[f64],
    ) -> Vec<LinearStatistics> {
        let (rows, mut scratch) = (xs.len(), Scratch::default());
        let of_component = |(component, shares): (&LinearRegression, &[f64])| {
            let mut seen = component.empty_statistics();
            for start in (0..rows).step_by(BLOCK_ROWS) {
                let end = (start + BLOCK_ROWS).min(rows);
                let (block, shares) = (xs.block(start..end), &shares[start..end]);
                component.accumulate_batch(&mut seen, block, &[], shares, &mut scratch);
            }
            seen
        };
        let shares = weights.chunks_exact(rows.max(1));
        self.components
            .iter()
            .zip(shares)
            .map(of_component)
            .collect()
    }
}

impl ComponentSet for LinearCommonSlopes {
    type Space = Pair<Rows<f64>, Scalars<f64>>;
    type Statistics = Vec<LinearStatistics>;

    fn len(&self) -> usize {
        self.components.len()
    }
    fn log_density(&self, k: usize, x: Obs<'_, Self::Space>) -> f64 {
        self.components[k].log_density(x)
    }
    fn check_observation(&self, x: Obs<'_, Self::Space>) -> Result<(), &'static str> {
        self.components.check_observation(x)
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
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        // The same common coefficients are the reference in all components.
        let pairs = self.components.iter().zip(from);
        let seen: Vec<LinearStatistics> = pairs
            .map(|(component, seen)| seen.about(component.coefficients()))
            .collect();
        let equations = self.equations(&seen)?;
        let mut variances: Vec<f64> = self.components.iter().map(|c| c.variance()).collect();
        let least = self.components[0].least_variance();
        let mut steps = Vec::new();
        for _ in 0..REPETITIONS {
            // In units of the smallest: a variance near 0 must not carry the sums to infinity.
            let unit = variances.iter().fold(f64::INFINITY, |a, &b| a.min(b));
            let weighted: Vec<NormalEquations> = (equations.iter().zip(&variances))
                .map(|(part, variance)| part.clone().scaled(unit / variance))
                .collect();
            steps = Joint::new(&weighted, self.own).steps()?;
            let mut change = 0.0f64;
            for (k, variance) in variances.iter_mut().enumerate() {
                let next = match seen[k].residual_variance(&steps[k]) {
                    Err(error) if error.is_boundary() && least > 0.0 => least,
                    next => next.map_err(|error| error.in_component(k))?.max(least),
                };
                change = change.max((next / *variance - 1.0).abs());
                *variance = next;
            }
            if change <= AT_REST {
                break;
            }
        }
        self.moved(&steps, &variances)
    }
    fn parameter_count(&self) -> usize {
        self.len() * (self.own + 1) + self.common_coefficients().len()
    }
    fn subset(&self, keep: &[usize]) -> Self {
        LinearCommonSlopes {
            components: self.components.subset(keep),
            own: self.own,
        }
    }
    /// σ_k² not below [`LEAST_SHARE`](distributions::LEAST_SHARE) of the residual variance of one regression on all rows:
    /// given the coefficients, the maximiser is the larger of the two.
    fn floored(&self, xs: Batch<'_, Self::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        let whole = self.components[0].pooled(xs, weights)?;
        let floored = self.components.iter().map(|one| one.floored(&whole));
        Ok(LinearCommonSlopes {
            components: (floored.collect::<Option<_>>()).ok_or_else(crate::set::no_floor)?,
            own: self.own,
        })
    }
    fn at_bound(&self) -> Vec<usize> {
        self.components.at_bound()
    }
    /// Twice from the rows: about 0, then about the first fit, where variances keep their digits.
    fn estimate_from(
        &self,
        xs: Batch<'_, Self::Space>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        let weights = &*shares.to_matrix();
        let minus: Vec<Vec<f64>> = (self.components.iter())
            .map(|component| component.coefficients().iter().map(|b| -b).collect())
            .collect();
        let equal = vec![1.0; self.len()];
        let zero = self.moved(&minus, &equal)?;
        let equations = zero.equations(&zero.statistics(xs, weights))?;
        let steps = Joint::new(&equations, self.own).steps()?;
        let first = zero.moved(&steps, &equal)?;
        first.maximize(&first.statistics(xs, weights))
    }
}

impl Coordinates for LinearCommonSlopes {
    fn pack(&self, into: &mut Vec<f64>) {
        for (k, component) in self.components.iter().enumerate() {
            into.extend(self.own_coefficients(k));
            into.push(component.variance().ln());
        }
        into.extend(self.common_coefficients());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (mut own, mut variances) = (Vec::new(), Vec::new());
        for _ in 0..self.len() {
            let mine: Result<Vec<f64>, EstimateError> =
                (0..self.own).map(|_| next_coordinate(from)).collect();
            own.push(mine?);
            variances.push(next_coordinate(from)?.exp());
        }
        let common: Result<Vec<f64>, EstimateError> = (self.common_coefficients().iter())
            .map(|_| next_coordinate(from))
            .collect();
        let common = common?;
        let parts = (self.components.iter()).zip(own.into_iter().zip(variances));
        let components = parts.map(|(component, (mut coefficients, variance))| {
            coefficients.extend(&common);
            component.with_parameters(coefficients, variance)
        });
        Ok(LinearCommonSlopes {
            components: components.collect::<Result<_, _>>()?,
            own: self.own,
        })
    }
}
