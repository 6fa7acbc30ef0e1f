//! Mixing weights that depend on covariates: multinomial logistic regression of the latent class.

mod predictors;
#[cfg(feature = "serde")]
mod serde_form;
mod statistics;

use crate::weights::{WeightModel, Weights};
use distributions::regression::{dependent_column, solve_scaled};
use distributions::{
    Batch, Coordinates, EstimateError, Obs, Pair, ParameterError, Reason, Rows, RowsView, Space,
    View, next_coordinate,
};
use predictors::{add_to_block, log_weights_of_row};
pub use statistics::ConcomitantStatistics;

/// Coefficients and covariates lie within ±this, so that no linear predictor overflows.
const LARGEST: f64 = 1e100;
/// Information added for each row and component, the least that makes the matrix regular. Where weights
/// are near 0 or 1 there is nearly none, and a step would be as long as its reciprocal. Any positive
/// information leaves the maximum where it is, because the score is not touched.
const DAMPINGS: [f64; 3] = [1e-10, 1e-8, 1e-6];

/// Weights by multinomial logistic regression on covariates z (**concomitant variables**; a mixture
/// with them is a mixture of experts):
///
/// π_k(z) = exp(zᵀγ_k) / Σ_j exp(zᵀγ_j), with γ_K = 0 for the last component.
///
/// The mixture observes pairs (z, x). An intercept is a column of ones among the covariates; with it
/// alone the weights are constant, and every maximum is one of plain [`Weights`].
///
/// # M-step
/// One Newton step for the concave Σ_i w_i Σ_k r_ik ln π_k(z_i): γ + I⁻¹ s with the score
/// s_k = Σ_i w_i (r_ik − π_k(z_i)) z_i and the information
/// I_kl = Σ_i w_i π_k(z_i) (δ_kl − π_l(z_i)) z_i z_iᵀ, both at the iterate. It is a
/// [`one_step`](WeightModel::one_step) M-step: the driver halves it where it overshoots.
///
/// Covariates are [centred](MultinomialLogisticWeights::centred) inside, where one of them is the intercept,
/// and the equations of the step are scaled: neither an offset of 1e8 nor a unit has a part in the fit.
///
/// Where covariates separate the classes the supremum is at infinity. To the information 1e-10 z_i z_iᵀ is
/// added for each row and component (more where the matrix is still singular), so that steps stay
/// bounded; the fit ends where the gain does, at finite coefficients and weights near 0 and 1.
///
/// # Errors
/// [`Reason::Singular`](distributions::Reason::Singular), naming the column, when the covariates are
/// linearly dependent on the rows of positive weight.
///
/// # Example
/// ```
/// use distributions::{Normal, RowsView};
/// use em::{Data, Mixture, MultinomialLogisticWeights, Options, fit};
///
/// // An intercept and one covariate: low values of x become rare as it grows.
/// let z: Vec<f64> = (0..12).flat_map(|i| [1.0, f64::from(i)]).collect();
/// let x = [0.1, -0.2, 0.0, 0.2, 5.1, -0.1, 0.1, 4.9, 5.0, 5.2, 0.3, 4.8];
/// let start = Mixture::new(
///     MultinomialLogisticWeights::uniform(2, 2),
///     vec![Normal::new(0.0, 1.0)?, Normal::new(5.0, 1.0)?],
/// )?;
/// let fitted = fit(start, Data::new((RowsView::new(&z, 2), &x[..])), &Options::default())?;
/// let weights = fitted.model.weights();
/// assert!(weights.at(&[1.0, 0.0])[0] > 0.8 && weights.at(&[1.0, 11.0])[0] < 0.3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Dayton & Macready (1988), Concomitant-variable latent-class models; Jacobs, Jordan, Nowlan & Hinton
/// (1991), Adaptive mixtures of local experts; Grün & Leisch (2008), section 2.
#[derive(Clone, Debug, PartialEq)]
pub struct MultinomialLogisticWeights {
    /// γ_1, …, γ_{K−1}, one after the other; the intercept is that at the centre.
    coefficients: Vec<f64>,
    /// What is taken from each covariate, 0 of the intercept.
    center: Vec<f64>,
    /// The column of ones, where covariates are centred.
    intercept: Option<usize>,
    /// The coefficients as they were before they were centred, until they change: a start is returned to
    /// the bit.
    given: Vec<f64>,
    /// The number of covariates, a column of ones included.
    width: usize,
    /// N_k / N of the last M-step: the mean of π_k(z) over the rows, where there is an intercept.
    proportions: Vec<f64>,
}

impl MultinomialLogisticWeights {
    /// Weights with these coefficients, a line of `width` for each component but the last.
    /// `proportions` are the [overall](WeightModel::overall) weights, by which components are sorted.
    ///
    /// # Errors
    /// When `width` is 0, a line has another length, there is not one proportion more than there are
    /// lines, or a coefficient does not lie within ±1e100.
    pub fn new(
        width: usize,
        coefficients: &[Vec<f64>],
        proportions: &Weights,
    ) -> Result<Self, ParameterError> {
        ParameterError::require(width > 0, "covariates", width as f64, "must be at least 1")?;
        ParameterError::require(
            coefficients.len() + 1 == proportions.len(),
            "number of coefficient vectors",
            coefficients.len() as f64,
            "must be one less than the number of components",
        )?;
        for line in coefficients {
            ParameterError::require(
                line.len() == width,
                "number of coefficients",
                line.len() as f64,
                "must be the number of covariates",
            )?;
            for &value in line {
                ParameterError::require(
                    value.abs() <= LARGEST,
                    "coefficient",
                    value,
                    "must lie within ±1e100",
                )?;
            }
        }
        Ok(MultinomialLogisticWeights {
            coefficients: coefficients.concat(),
            center: vec![0.0; width],
            intercept: None,
            given: Vec::new(),
            width,
            proportions: proportions.to_vec(),
        })
    }
    /// All coefficients 0: weights 1/K whatever the covariates.
    ///
    /// # Panics
    /// When `components` or `width` is 0.
    pub fn uniform(components: usize, width: usize) -> Self {
        Self::constant(&Weights::uniform(components), width)
    }
    /// These weights whatever the covariates, of which the first is the column of ones: its
    /// coefficients are ln π_k/π_K, a weight of 0 being taken as the least positive number.
    ///
    /// # Panics
    /// When `width` is 0.
    pub fn constant(weights: &Weights, width: usize) -> Self {
        assert!(width > 0, "at least one covariate is needed");
        let log = |weight: f64| weight.max(f64::MIN_POSITIVE).ln();
        let (last, rest) = match weights.split_last() {
            Some((last, rest)) => (log(*last), rest),
            None => (0.0, &[][..]),
        };
        let mut coefficients = vec![0.0; rest.len() * width];
        for (line, &weight) in coefficients.chunks_exact_mut(width).zip(rest) {
            line[0] = log(weight) - last;
        }
        MultinomialLogisticWeights {
            coefficients,
            center: vec![0.0; width],
            intercept: None,
            given: Vec::new(),
            width,
            proportions: weights.to_vec(),
        }
    }
    /// The number of covariates, a column of ones included.
    pub fn width(&self) -> usize {
        self.width
    }
    /// γ_k; of the last component, 0.
    ///
    /// # Panics
    /// When `k` is no component.
    pub fn coefficients(&self, k: usize) -> Vec<f64> {
        if let Some(given) = self.given.chunks_exact(self.width).nth(k) {
            return given.to_vec();
        }
        let mut line = self.line(k);
        if let Some(intercept) = self.intercept {
            let shift: f64 = line.iter().zip(&self.center).map(|(c, at)| c * at).sum();
            line[intercept] -= shift;
        }
        line
    }
    /// What is taken from each covariate.
    fn center(&self) -> &[f64] {
        &self.center
    }
    /// γ_k with the intercept at the centre.
    fn line(&self, k: usize) -> Vec<f64> {
        assert!(k < self.proportions.len(), "component {k}");
        let line = self.coefficients.chunks_exact(self.width).nth(k);
        line.map_or(vec![0.0; self.width], <[f64]>::to_vec)
    }
    /// The same weights, with the covariates centred at their means over `z` inside, where one of them is a
    /// column of ones. Fits do this by themselves: far from 0 a covariate can hardly be told from the
    /// intercept.
    #[must_use]
    pub fn centred(&self, z: RowsView<'_, f64>) -> Self {
        let columns = 0..self.width.min(z.width());
        let column = |j: usize| z.values().iter().copied().skip(j).step_by(z.width().max(1));
        let ones = columns
            .clone()
            .find(|&j| column(j).all(|value| value == 1.0));
        let Some(intercept) = ones.filter(|_| z.width() == self.width && !z.is_empty()) else {
            return self.clone();
        };
        let mean = |j: usize| {
            // About the first value, which may be large.
            let first = column(j).next().unwrap_or(0.0);
            first + column(j).map(|value| value - first).sum::<f64>() / z.len() as f64
        };
        let valid = |mean: f64| if mean.abs() <= LARGEST { mean } else { 0.0 };
        let center: Vec<f64> = columns
            .map(|j| if j == intercept { 0.0 } else { valid(mean(j)) })
            .collect();
        let mut centred = self.clone();
        let others = 0..self.proportions.len() - 1;
        centred.given = others.flat_map(|k| self.coefficients(k)).collect();
        for line in centred.coefficients.chunks_exact_mut(self.width) {
            let moves = center.iter().zip(&self.center).zip(&*line);
            let shift: f64 = moves.map(|((to, from), slope)| (to - from) * slope).sum();
            line[intercept] += shift;
        }
        centred.center = center;
        centred.intercept = Some(intercept);
        centred
    }
    /// N_k / N of the last M-step: the overall weights.
    pub fn proportions(&self) -> &[f64] {
        &self.proportions
    }
    /// π(z).
    ///
    /// # Panics
    /// When `z` has another length than there are covariates.
    pub fn at(&self, z: &[f64]) -> Vec<f64> {
        let mut weights = log_weights_of_row(self, z);
        weights.iter_mut().for_each(|weight| *weight = weight.exp());
        weights
    }
    /// I⁻¹ s, the information damped by as little as makes it regular.
    fn step(&self, from: &ConcomitantStatistics) -> Result<Vec<f64>, EstimateError> {
        // Only covariates that depend on each other have no step, whatever the weights are.
        solve_scaled(&from.products(), &from.score()[..self.width]).map_err(dependent_column)?;
        let mut dampings = DAMPINGS.iter();
        let solved = dampings
            .find_map(|&damping| solve_scaled(&from.information(damping), from.score()).ok());
        solved.ok_or_else(|| {
            EstimateError::new(Reason::Singular {
                because: "the information about the coefficients of the weights vanishes",
            })
        })
    }
    /// The same with other coefficients, as many.
    fn with_coefficients(&self, coefficients: Vec<f64>) -> Result<Self, EstimateError> {
        let valid = |value: &f64| value.abs() <= LARGEST;
        match coefficients.iter().find(|value| !valid(value)) {
            None => Ok(MultinomialLogisticWeights {
                coefficients,
                given: Vec::new(),
                ..self.clone()
            }),
            Some(&value) => Err(EstimateError::boundary(
                "concomitant coefficient",
                value,
                "the step leads out of range",
            )),
        }
    }
}

impl WeightModel for MultinomialLogisticWeights {
    type Joint<S: Space> = Pair<Rows<f64>, S>;
    type Statistics = ConcomitantStatistics;

    fn len(&self) -> usize {
        self.proportions.len()
    }
    fn suited_to<S: Space>(&self, xs: (RowsView<'_, f64>, Batch<'_, S>)) -> Self {
        self.centred(xs.0)
    }
    fn component_batch<'a, S: Space>(xs: Batch<'a, Self::Joint<S>>) -> Batch<'a, S> {
        xs.1
    }
    fn component_observation<'a, S: Space>(x: Obs<'a, Self::Joint<S>>) -> Obs<'a, S> {
        x.1
    }
    fn log_weight<S: Space>(&self, k: usize, x: (&[f64], Obs<'_, S>)) -> f64 {
        log_weights_of_row(self, x.0)[k]
    }
    fn add_log_weights<S: Space>(
        &self,
        xs: (RowsView<'_, f64>, Batch<'_, S>),
        rows: usize,
        joint: &mut [f64],
    ) {
        add_to_block(self, xs.0, rows, joint);
    }
    fn check_observation<S: Space>(&self, x: (&[f64], Obs<'_, S>)) -> Result<(), &'static str> {
        if x.0.len() != self.width {
            return Err("must have as many covariates as the weights have coefficients");
        }
        // Written so that NaN fails.
        let valid = x.0.iter().all(|value| value.abs() <= LARGEST);
        valid
            .then_some(())
            .ok_or("must have finite covariates, within ±1e100")
    }
    fn empty_statistics(&self) -> ConcomitantStatistics {
        ConcomitantStatistics::empty(self.len(), self.width)
    }
    fn accumulate<S: Space>(
        &self,
        into: &mut ConcomitantStatistics,
        xs: (RowsView<'_, f64>, Batch<'_, S>),
        rows: usize,
        responsibilities: &[f64],
    ) {
        into.add_block(self, xs.0, rows, responsibilities);
    }
    fn accumulate_row<S: Space>(
        &self,
        into: &mut ConcomitantStatistics,
        x: (&[f64], Obs<'_, S>),
        shares: &[f64],
    ) {
        into.add_block(self, RowsView::new(x.0, self.width), 1, shares);
    }
    fn maximize(&self, from: &ConcomitantStatistics) -> Result<Self, EstimateError> {
        let proportions = Weights::from_counts(from.counts())?.to_vec();
        if self.coefficients.is_empty() {
            return Ok(MultinomialLogisticWeights {
                proportions,
                ..self.clone()
            });
        }
        let step = self.step(from)?;
        let moved = self.coefficients.iter().zip(&step).map(|(old, d)| old + d);
        let next = self.with_coefficients(moved.collect())?;
        Ok(MultinomialLogisticWeights {
            proportions,
            ..next
        })
    }
    fn parameter_count(&self) -> usize {
        self.coefficients.len()
    }
    /// The same coefficients with respect to the last component kept: weights in the proportions that
    /// the kept components had.
    fn subset(&self, keep: &[usize]) -> Self {
        let last = keep.last().map_or(Vec::new(), |&k| self.line(k));
        let others = keep.iter().rev().skip(1).rev();
        let coefficients = others.flat_map(|&k| {
            let mine = self.line(k);
            let differences = mine.iter().zip(&last).map(|(a, b)| a - b);
            differences.collect::<Vec<f64>>()
        });
        let kept: Vec<f64> = keep.iter().map(|&k| self.proportions[k]).collect();
        let proportions = match (keep.len() == self.len(), Weights::from_counts(&kept)) {
            (false, Ok(renormalised)) => renormalised.to_vec(),
            (false, Err(_)) => Weights::uniform(keep.len()).to_vec(),
            (true, _) => kept,
        };
        MultinomialLogisticWeights {
            coefficients: coefficients.collect(),
            given: Vec::new(),
            proportions,
            ..self.clone()
        }
    }
    fn one_step(&self) -> bool {
        !self.coefficients.is_empty()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let between = |a: &[f64], b: &[f64]| -> Vec<f64> {
            let pairs = a.iter().zip(b);
            pairs.map(|(a, b)| a + fraction * (b - a)).collect()
        };
        MultinomialLogisticWeights {
            coefficients: between(&self.coefficients, &next.coefficients),
            given: Vec::new(),
            proportions: between(&self.proportions, &next.proportions),
            ..self.clone()
        }
    }
    fn overall(&self, k: usize) -> f64 {
        self.proportions[k]
    }
}

/// The coefficients themselves, which know no bound.
impl Coordinates for MultinomialLogisticWeights {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend_from_slice(&self.coefficients);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let read = self.coefficients.iter().map(|_| next_coordinate(from));
        let read = read.collect::<Result<Vec<f64>, _>>()?;
        self.with_coefficients(read)
    }
}
