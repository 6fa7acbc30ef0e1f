//! The multinomial distribution.

use super::Trials;
use super::categorical::{check_probabilities, draw_code, log_ratios, shares_of_log_ratios};
use super::normal::HALF_LN_TWO_PI;
use super::saddle_point::deviance_with_logs;
use super::trials::row_total;
use crate::serde_parameters::serde_parameters;
use crate::special::{deviance, ln_factorial, stirling_error};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, MeanStatistics,
    ParameterError, Rows, RowsBuffer, RowsView, Sample, Scratch, Statistics, View,
    exponential_accumulate_batch,
};
use rand::Rng;
use rand_distr::Distribution;

/// The largest total at which ln n!, ln x_j! and x_j ln p_j are small enough to be added as they
/// are.
const PLAIN_TOTAL: f64 = 64.0;

/// Rows of d counts: how often each of d outcomes occurred in n trials, outcome j with probability
/// p_j.
///
/// The number of trials is that of each row, unless it is fixed
/// ([`Multinomial::with_trials`]).
///
/// # Density
/// P(x) = n!/(Π x_j!) Π p_j^{x_j} with n = Σ x_j, the coefficient included. Probabilities of 0 are
/// valid (0·ln 0 = 0). A row with another total than fixed trials has probability 0.
///
/// # Sufficient statistics
/// T(x) = x, η_j = ln p_j, A = 0, h(x) = n!/Π x_j!. This form has one coordinate too many
/// (Σ T = n); [`Coordinates`] are the d − 1 log-ratios to the last probability. E\[T\] = n p, for one
/// trial where rows bring their own totals.
///
/// # M-step
/// Closed: p_j = Σ w x_j / Σ w n. Where all rows are 0 they say nothing, and p is kept.
///
/// # Errors
/// [`Multinomial::new`] refuses an empty list, a probability outside \[0, 1\], and a sum further
/// than 1e-8 from 1.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Multinomial, RowsView};
/// let family = Multinomial::new(vec![0.5, 0.25, 0.25])?;
/// assert!((family.log_density(&[2, 1, 0]) - (3.0 * 0.0625f64).ln()).abs() < 1e-15);
/// let rows = [2, 1, 0, 1, 0, 1]; // two rows of three counts
/// let fitted = family.estimate(RowsView::new(&rows, 3), &[1.0, 1.0])?;
/// assert_eq!(fitted.probabilities(), [0.6, 0.2, 0.2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1997), Discrete Multivariate Distributions, chapter 35; Loader
/// (2000), the saddle-point form, here of d terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Multinomial {
    probabilities: Vec<f64>,
    trials: Trials,
    /// ln p_j, taken once.
    log_probabilities: Vec<f64>,
    /// Σ p_j − 1, which probabilities given as doubles leave.
    excess: f64,
}

serde_parameters!(Multinomial via from_parameters {
    probabilities: Vec<f64>,
    #[serde(default, skip_serializing_if = "Trials::are_rows")]
    trials: Trials,
});

impl Multinomial {
    /// The distribution of rows, given their totals, with these probabilities.
    ///
    /// # Errors
    /// When there is no probability, one is not in \[0, 1\], or their sum is not 1.
    pub fn new(probabilities: Vec<f64>) -> Result<Self, ParameterError> {
        let sum = check_probabilities(&probabilities)?;
        // What the rounding of each addition lost is added back: with it the excess is exact.
        let (mut so_far, mut lost) = (0.0, 0.0);
        for &p in &probabilities {
            let next: f64 = so_far + p;
            let added = next - so_far;
            lost += (so_far - (next - added)) + (p - added);
            so_far = next;
        }
        Ok(Multinomial {
            log_probabilities: probabilities.iter().map(|p| p.ln()).collect(),
            probabilities,
            trials: Trials::Rows,
            excess: (sum - 1.0) + lost,
        })
    }
    /// d equal probabilities.
    ///
    /// # Errors
    /// When `outcomes` is 0.
    pub fn uniform(outcomes: usize) -> Result<Self, ParameterError> {
        Self::new(vec![1.0 / outcomes as f64; outcomes])
    }
    /// The same probabilities with the number of trials of every row fixed, or left to the rows.
    pub fn with_trials(mut self, trials: Trials) -> Self {
        self.trials = trials;
        self
    }
    #[cfg(feature = "serde")]
    fn from_parameters(probabilities: Vec<f64>, trials: Trials) -> Result<Self, ParameterError> {
        Ok(Self::new(probabilities)?.with_trials(trials))
    }
    /// p_j, outcome after outcome.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }
    /// The number of trials, fixed.
    pub fn trials(&self) -> Trials {
        self.trials
    }
    /// The number of outcomes d, fixed.
    pub fn outcomes(&self) -> usize {
        self.probabilities.len()
    }
    /// ln P of a row of a large total n, from what is prepared of its total and of each count.
    #[inline]
    fn large_log_density(
        &self,
        (total, log_total): (f64, f64),
        log_saddle: f64,
        counts: impl Iterator<Item = (f64, f64)>,
    ) -> f64 {
        // Σ n p_j is n only up to what the probabilities miss of 1.
        let mut value = log_saddle + total * self.excess;
        let parameters = self.probabilities.iter().zip(&self.log_probabilities);
        for ((count, log_count), (&p, &log_p)) in counts.zip(parameters) {
            value -= if count == 0.0 {
                total * p
            } else if p == 0.0 {
                f64::INFINITY
            } else {
                deviance_with_logs(count, total * p, log_count, (log_total, log_p))
            };
        }
        value
    }
}

/// ln n! − Σ ln x_j! of a small total; of a large one its part that stays beside the deviances:
/// δ(n) + ½ ln 2πn − Σ (δ(x_j) + ½ ln 2πx_j) over the counts that are not 0.
fn log_coefficient(x: &[u64], total: f64) -> f64 {
    if total <= PLAIN_TOTAL {
        let mut value = ln_factorial(total as u64);
        for &count in x {
            value -= ln_factorial(count);
        }
        return value;
    }
    let saddle = |k: f64| HALF_LN_TWO_PI + 0.5 * k.ln() + stirling_error(k);
    let mut value = saddle(total);
    for &count in x {
        if count > 0 {
            value -= saddle(count as f64);
        }
    }
    value
}

impl Density for Multinomial {
    type Space = Rows<u64>;

    fn log_density(&self, x: &[u64]) -> f64 {
        let total = row_total(x);
        if x.len() != self.outcomes() || !self.trials.admit(total) {
            return f64::NEG_INFINITY;
        }
        let coefficient = log_coefficient(x, total);
        if total > PLAIN_TOTAL {
            let counts = x.iter().map(|&count| (count as f64, (count as f64).ln()));
            return self.large_log_density((total, total.ln()), coefficient, counts);
        }
        let mut value = coefficient;
        for (&count, &log_p) in x.iter().zip(&self.log_probabilities) {
            if count > 0 {
                value += count as f64 * log_p;
            }
        }
        value
    }
    fn check_observation(&self, x: &[u64]) -> Result<(), &'static str> {
        if x.len() != self.outcomes() {
            Err("must have one count for each probability")
        } else if !self.trials.admit(row_total(x)) {
            Err("must sum to the number of trials")
        } else {
            Ok(())
        }
    }
    fn prepared_width(&self) -> usize {
        2 * self.outcomes() + 3
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.outcomes() == other.outcomes()
    }
    /// Columns x_j; ln x_j of rows of a large total; then the logarithm of the coefficient, the total
    /// and its logarithm.
    fn prepare(&self, xs: RowsView<'_, u64>, into: &mut [f64]) {
        let (rows, d) = (xs.len(), self.outcomes());
        if xs.width() != d {
            return;
        }
        for i in 0..rows {
            let x = xs.at(i);
            let total = row_total(x);
            for (j, &count) in x.iter().enumerate() {
                into[j * rows + i] = count as f64;
            }
            if total > PLAIN_TOTAL {
                for (j, &count) in x.iter().enumerate() {
                    if count > 0 {
                        into[(d + j) * rows + i] = (count as f64).ln();
                    }
                }
                into[(2 * d + 2) * rows + i] = total.ln();
            }
            into[2 * d * rows + i] = log_coefficient(x, total);
            into[(2 * d + 1) * rows + i] = total;
        }
    }
    /// Column after column for rows of small totals: then the inner loop is one multiplication and one
    /// addition a cell.
    fn log_density_batch(
        &self,
        xs: RowsView<'_, u64>,
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let (rows, d) = (xs.len(), self.outcomes());
        if xs.width() != d {
            return out.fill(f64::NEG_INFINITY);
        }
        let column = |j: usize| &prepared[j * rows..(j + 1) * rows];
        out.copy_from_slice(column(2 * d));
        for (j, &log_p) in self.log_probabilities.iter().enumerate() {
            if log_p > f64::NEG_INFINITY {
                for (value, &count) in out.iter_mut().zip(column(j)) {
                    *value += count * log_p;
                }
            } else {
                for (value, &count) in out.iter_mut().zip(column(j)) {
                    *value = if count > 0.0 { log_p } else { *value };
                }
            }
        }
        for (i, (value, &total)) in out.iter_mut().zip(column(2 * d + 1)).enumerate() {
            if !self.trials.admit(total) {
                *value = f64::NEG_INFINITY;
            } else if total > PLAIN_TOTAL {
                let counts = (0..d).map(|j| (prepared[j * rows + i], prepared[(d + j) * rows + i]));
                let totals = (total, prepared[(2 * d + 2) * rows + i]);
                *value = self.large_log_density(totals, prepared[2 * d * rows + i], counts);
            }
        }
    }
}

impl Component for Multinomial {
    type Statistics = MeanStatistics<Vec<f64>>;

    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new(vec![0.0; self.outcomes()])
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: &[u64], weight: f64) {
        into.add(&self.statistic(x), weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        _xs: RowsView<'_, u64>,
        prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        exponential_accumulate_batch(into, prepared, weights);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        self.with_expected(from.sum())
            .map_err(|error| error.with_count(from.weight()))
    }
    fn parameter_count(&self) -> usize {
        self.outcomes() - 1
    }
    /// A mass is at most 1.
    fn is_bounded(&self) -> bool {
        true
    }
}

impl ExponentialFamily for Multinomial {
    type Vector = Vec<f64>;

    fn statistic(&self, x: &[u64]) -> Vec<f64> {
        x.iter().map(|&count| count as f64).collect()
    }
    fn log_base(&self, x: &[u64]) -> f64 {
        let total = row_total(x);
        if x.len() != self.outcomes() || !self.trials.admit(total) {
            return f64::NEG_INFINITY;
        }
        let one = |k: f64| crate::special::ln_gamma_1p(k);
        x.iter()
            .fold(one(total), |sum, &count| sum - one(count as f64))
    }
    fn natural(&self) -> Vec<f64> {
        self.log_probabilities.clone()
    }
    fn log_partition(&self) -> f64 {
        0.0
    }
    fn expected(&self) -> Vec<f64> {
        let trials = self.trials.of_draw() as f64;
        self.probabilities.iter().map(|p| trials * p).collect()
    }
    /// From a mean, or a sum, of T: only shares matter.
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let sum: f64 = mean.iter().sum();
        if sum == 0.0 {
            return Ok(self.clone());
        }
        let shares = mean.iter().map(|m| m / sum).collect();
        Ok(Multinomial::new(shares)?.with_trials(self.trials))
    }
    fn same_statistic(&self, other: &Self) -> bool {
        self.outcomes() == other.outcomes() && self.trials == other.trials
    }
    /// n Σ p ln(p/p′), n = 1 where rows bring their own totals; infinite where `other` has a
    /// probability of 0 that `self` has not, or another number of trials or outcomes.
    fn kl_divergence(&self, other: &Self) -> f64 {
        if self.outcomes() != other.outcomes() || self.trials != other.trials {
            return f64::INFINITY;
        }
        let pairs = self.probabilities.iter().zip(&other.probabilities);
        let sum: f64 = pairs.map(|(&p, &q)| deviance(p, q)).sum();
        self.trials.of_draw() as f64 * sum
    }
}

/// ln(p_j/p_r) for all but the last possible outcome r.
impl Coordinates for Multinomial {
    fn pack(&self, into: &mut Vec<f64>) {
        log_ratios(&self.log_probabilities, into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let shares = shares_of_log_ratios(&self.log_probabilities, from)?;
        Ok(Multinomial::new(shares)?.with_trials(self.trials))
    }
}

impl Sample for Multinomial {
    fn empty_buffer(&self) -> RowsBuffer<u64> {
        RowsBuffer::new(self.outcomes())
    }
    /// The result of the fixed number of trials, or of one.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut RowsBuffer<u64>) {
        let start = into.values.len();
        into.values.resize(start + self.outcomes(), 0);
        let row = &mut into.values[start..];
        draw_row(&self.probabilities, self.trials.of_draw(), rng, row);
    }
}

/// Draws the counts of `trials` trials into `row`: one code where there is one trial, else one
/// binomial count after the other.
pub(super) fn draw_row<R: Rng + ?Sized>(
    probabilities: &[f64],
    trials: u64,
    rng: &mut R,
    row: &mut [u64],
) {
    if trials == 1 {
        row[draw_code(probabilities, rng)] = 1;
        return;
    }
    let mut left = trials;
    let mut rest: f64 = probabilities.iter().sum();
    let last = probabilities.iter().rposition(|&p| p > 0.0);
    for (j, (count, &p)) in row.iter_mut().zip(probabilities).enumerate() {
        // The last outcome that is possible takes what is left.
        *count = if Some(j) == last {
            left
        } else {
            let share = (p / rest).clamp(0.0, 1.0);
            rand_distr::Binomial::new(left, share).map_or(0, |counts| counts.sample(rng))
        };
        left -= *count;
        rest -= p;
        if left == 0 {
            break;
        }
    }
}

impl Entropy for Multinomial {
    /// For fixed trials n, from the binomial counts of each outcome:
    /// −ln n! − n Σ p ln p + Σ_j E\[ln X_j!\]; of one trial where rows bring their own totals.
    fn entropy(&self) -> f64 {
        let trials = self.trials.of_draw();
        let mut value = -ln_factorial(trials);
        for (&p, &log_p) in self.probabilities.iter().zip(&self.log_probabilities) {
            if p > 0.0 {
                value -= trials as f64 * p * log_p;
                if let Ok(counts) = super::Binomial::new(trials, p) {
                    for x in 2..=trials {
                        value += counts.log_density(x).exp() * ln_factorial(x);
                    }
                }
            }
        }
        value
    }
}
