//! The Dirichlet-multinomial distribution.

use super::dirichlet::draw_shares;
use super::multinomial::draw_row;
use super::normal::HALF_LN_TWO_PI;
use super::overdispersion;
use super::saddle_point::relative_deviance;
use super::trials::row_total;
use super::{CountHistogram, Trials};
use crate::serde_parameters::serde_parameters;
use crate::special::stirling_error;
use crate::{
    Component, Coordinates, Density, EstimateError, ParameterError, Rows, RowsBuffer, RowsView,
    Sample, Scratch, Statistics, View, next_coordinate,
};
use rand::Rng;

/// Rows of d counts: a multinomial whose probabilities are Dirichlet distributed anew in each row,
/// with concentrations a_j.
///
/// The number of trials is that of each row, unless it is fixed
/// ([`DirichletMultinomial::with_trials`]).
///
/// # Density
/// P(x) = n! Γ(s)/Γ(n + s) Π Γ(x_j + a_j)/(x_j! Γ(a_j)) with n = Σ x_j, s = Σ a_j. A concentration of 0
/// is valid: that count is then always 0. A row with another total than fixed trials has probability 0.
///
/// # Sufficient statistics
/// None of fixed size; the weight of each count is kept for every column and for the totals
/// ([`CountTables`]).
///
/// # M-step
/// All G_j(a_j) = Σ w (ψ(a_j + x_j) − ψ(a_j)) are equal, and equal to Σ w (ψ(s + n) − ψ(s)): a Newton
/// iteration for s in a bracket, and for each s one for the shares a_j/s, to full precision. Columns
/// that were never seen get 0. Rows that are no more dispersed than those of a multinomial get an s
/// so large that the two cannot be told apart, rows of one column each an s of nearly 0. Where no
/// total exceeds 1 the data say nothing about s, which is kept.
///
/// # Errors
/// [`DirichletMultinomial::new`] refuses fewer than two concentrations, one that is negative or not
/// finite, and a sum that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Density, DirichletMultinomial};
/// let family = DirichletMultinomial::new(vec![1.0, 1.0, 1.0])?; // all rows of a total are alike
/// assert!((family.log_density(&[2, 1, 1]) - (1.0f64 / 15.0).ln()).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1997), Discrete Multivariate Distributions, section 35.13; Minka
/// (2000), Estimating a Dirichlet distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct DirichletMultinomial {
    trials: Trials,
    concentrations: Vec<f64>,
    compound: Compound,
    /// What depends on each concentration, taken once.
    columns: Vec<Concentration>,
}

serde_parameters!(DirichletMultinomial via from_parameters {
    trials: Trials,
    concentrations: Vec<f64>,
});

impl DirichletMultinomial {
    /// The distribution of rows, given their totals, with these concentrations.
    ///
    /// # Errors
    /// When there are fewer than two, one is negative or not finite, or their sum is not positive and
    /// finite.
    pub fn new(concentrations: Vec<f64>) -> Result<Self, ParameterError> {
        ParameterError::require(
            concentrations.len() > 1,
            "concentrations",
            concentrations.len() as f64,
            "must be at least two",
        )?;
        for &a in &concentrations {
            check_concentration("concentrations", a)?;
        }
        let size: f64 = concentrations.iter().sum();
        ParameterError::require(
            size > 0.0 && size.is_finite(),
            "concentrations",
            size,
            "must have a positive and finite sum",
        )?;
        Ok(DirichletMultinomial {
            trials: Trials::Rows,
            compound: Compound::new(size),
            columns: concentrations
                .iter()
                .map(|&a| Concentration::new(a))
                .collect(),
            concentrations,
        })
    }
    /// The same concentrations with the number of trials of every row fixed, or left to the rows.
    pub fn with_trials(mut self, trials: Trials) -> Self {
        self.trials = trials;
        self
    }
    #[cfg(feature = "serde")]
    fn from_parameters(trials: Trials, concentrations: Vec<f64>) -> Result<Self, ParameterError> {
        Ok(Self::new(concentrations)?.with_trials(trials))
    }
    /// a_j, column after column.
    pub fn concentrations(&self) -> &[f64] {
        &self.concentrations
    }
    /// The number of trials, fixed.
    pub fn trials(&self) -> Trials {
        self.trials
    }
    /// The number of columns d, fixed.
    pub fn dimension(&self) -> usize {
        self.concentrations.len()
    }
}

/// Refuses what is no concentration of compound counts.
pub(super) fn check_concentration(name: &'static str, a: f64) -> Result<(), ParameterError> {
    ParameterError::require(
        a >= 0.0 && a.is_finite(),
        name,
        a,
        "must be non-negative and finite",
    )
}

/// δ(k) + ½ ln 2πk, 0 at 0: ln k! less k ln k − k.
pub(super) fn saddle(k: f64) -> f64 {
    if k == 0.0 {
        0.0
    } else {
        HALF_LN_TWO_PI + 0.5 * k.ln() + stirling_error(k)
    }
}

/// ln((a + x)/a), also where the quotient overflows.
fn log_growth(a: f64, x: f64) -> f64 {
    let ratio = x / a;
    if ratio < f64::INFINITY {
        ratio.ln_1p()
    } else {
        x.ln() - a.ln()
    }
}

/// The sum of the concentrations s, and what depends on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compound {
    size: f64,
    /// δ(s), taken once.
    error: f64,
}

impl Compound {
    pub(super) fn new(size: f64) -> Self {
        Compound {
            size,
            error: stirling_error(size),
        }
    }
    /// What a total n > 0 adds to ln P, from its [`saddle`], and ln(1 + n/s).
    pub(super) fn total(&self, n: f64, saddle: f64) -> (f64, f64) {
        let growth = log_growth(self.size, n);
        let errors = self.error - stirling_error(n + self.size);
        (saddle + errors + 0.5 * growth, growth)
    }
}

/// One concentration a, and what depends on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Concentration {
    a: f64,
    /// δ(a), taken once.
    error: f64,
}

impl Concentration {
    pub(super) fn new(a: f64) -> Self {
        Concentration {
            a,
            error: if a > 0.0 { stirling_error(a) } else { 0.0 },
        }
    }
    /// What a count x of a total n adds to ln P, from the [`saddle`] of x and ln(1 + n/s).
    ///
    /// With p = (x + a)/(n + s) the probability is a product of saddle points: x is expected to be np,
    /// and a to be sp; both miss by the same w = sp − a = x − np, so that the deviances see an exact
    /// difference.
    #[inline]
    pub(super) fn count(&self, x: f64, saddle: f64, n: f64, whole: &Compound, growth: f64) -> f64 {
        let (a, s) = (self.a, whole.size);
        if x == 0.0 {
            // Both deviances in one.
            return -a * growth;
        }
        if a == 0.0 {
            return f64::NEG_INFINITY;
        }
        let (sum, total) = (x + a, n + s);
        let miss = (s * x - a * n) / total;
        let of_count = relative_deviance(x, -miss / x, || (n / x) * (sum / total));
        let excess = miss / a;
        let of_concentration = if excess < f64::INFINITY {
            relative_deviance(a, excess, || (s / a) * (sum / total))
        } else {
            miss
        };
        stirling_error(sum)
            - self.error
            - 0.5 * log_growth(a, x)
            - saddle
            - of_count
            - of_concentration
    }
}

impl Density for DirichletMultinomial {
    type Space = Rows<u64>;

    fn log_density(&self, x: &[u64]) -> f64 {
        let total = row_total(x);
        if x.len() != self.dimension() || !self.trials.admit(total) {
            return f64::NEG_INFINITY;
        }
        if total == 0.0 {
            return 0.0;
        }
        let (mut value, growth) = self.compound.total(total, saddle(total));
        for (&count, column) in x.iter().zip(&self.columns) {
            let count = count as f64;
            value += column.count(count, saddle(count), total, &self.compound, growth);
        }
        value
    }
    fn check_observation(&self, x: &[u64]) -> Result<(), &'static str> {
        if x.len() != self.dimension() {
            Err("must have one count for each concentration")
        } else if !self.trials.admit(row_total(x)) {
            Err("must sum to the number of trials")
        } else {
            Ok(())
        }
    }
    fn prepared_width(&self) -> usize {
        2 * self.dimension() + 2
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.dimension() == other.dimension()
    }
    /// Columns x_j and their saddle points; then the total and its saddle.
    fn prepare(&self, xs: RowsView<'_, u64>, into: &mut [f64]) {
        let (rows, d) = (xs.len(), self.dimension());
        if xs.width() != d {
            return;
        }
        for i in 0..rows {
            let x = xs.at(i);
            for (j, &count) in x.iter().enumerate() {
                into[j * rows + i] = count as f64;
                into[(d + j) * rows + i] = saddle(count as f64);
            }
            let total = row_total(x);
            into[2 * d * rows + i] = total;
            into[(2 * d + 1) * rows + i] = saddle(total);
        }
    }
    fn log_density_batch(
        &self,
        xs: RowsView<'_, u64>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let (rows, d) = (xs.len(), self.dimension());
        if xs.width() != d {
            return out.fill(f64::NEG_INFINITY);
        }
        let column = |j: usize| &prepared[j * rows..(j + 1) * rows];
        let totals = column(2 * d);
        let mut growths = scratch.take(rows);
        for (i, (value, growth)) in out.iter_mut().zip(&mut growths).enumerate() {
            if totals[i] > 0.0 {
                (*value, *growth) = self.compound.total(totals[i], column(2 * d + 1)[i]);
            } else {
                *value = 0.0;
            }
            if !self.trials.admit(totals[i]) {
                *value = f64::NEG_INFINITY;
            }
        }
        for (j, concentration) in self.columns.iter().enumerate() {
            let (counts, saddles) = (column(j), column(d + j));
            for (i, value) in out.iter_mut().enumerate() {
                *value += concentration.count(
                    counts[i],
                    saddles[i],
                    totals[i],
                    &self.compound,
                    growths[i],
                );
            }
        }
        scratch.give(growths);
    }
}

/// The weight of each count, for every column of rows of counts and for their totals.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CountTables {
    columns: Vec<CountHistogram>,
    totals: CountHistogram,
}

impl CountTables {
    /// No row of `width` counts seen.
    pub fn new(width: usize) -> Self {
        CountTables {
            columns: vec![CountHistogram::default(); width],
            totals: CountHistogram::default(),
        }
    }
    /// Adds a row.
    pub fn add(&mut self, x: &[u64], weight: f64) {
        for (column, &count) in self.columns.iter_mut().zip(x) {
            column.add(count, weight);
        }
        let total = x
            .iter()
            .fold(0_u64, |sum, &count| sum.saturating_add(count));
        self.totals.add(total, weight);
    }
    /// The counts of each column.
    pub fn columns(&self) -> &[CountHistogram] {
        &self.columns
    }
    /// The totals of the rows.
    pub fn totals(&self) -> &CountHistogram {
        &self.totals
    }
}

impl Statistics for CountTables {
    fn weight(&self) -> f64 {
        self.totals.weight()
    }
    fn clear(&mut self) {
        self.columns.iter_mut().for_each(Statistics::clear);
        self.totals.clear();
    }
    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            mine.merge(theirs);
        }
        self.totals.merge(&other.totals);
    }
    fn scale(&mut self, factor: f64) {
        self.columns
            .iter_mut()
            .for_each(|column| column.scale(factor));
        self.totals.scale(factor);
    }
}

impl Component for DirichletMultinomial {
    type Statistics = CountTables;

    fn empty_statistics(&self) -> CountTables {
        CountTables::new(self.dimension())
    }
    fn accumulate(&self, into: &mut CountTables, x: &[u64], weight: f64) {
        into.add(x, weight);
    }
    fn maximize(&self, from: &CountTables) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        let columns: Vec<&CountHistogram> = from.columns.iter().collect();
        let concentrations = overdispersion::estimate(&columns, &from.totals, &self.concentrations)
            .map_err(|error| error.with_count(from.weight()))?;
        Ok(DirichletMultinomial::new(concentrations)?.with_trials(self.trials))
    }
    fn parameter_count(&self) -> usize {
        self.dimension()
    }
    /// A mass is at most 1.
    fn is_bounded(&self) -> bool {
        true
    }
}

/// The logarithms of the concentrations.
impl Coordinates for DirichletMultinomial {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend(self.concentrations.iter().map(|a| a.ln()));
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let concentrations = (0..self.dimension()).map(|_| Ok(next_coordinate(from)?.exp()));
        let concentrations = concentrations.collect::<Result<_, EstimateError>>()?;
        Ok(DirichletMultinomial::new(concentrations)?.with_trials(self.trials))
    }
}

impl Sample for DirichletMultinomial {
    fn empty_buffer(&self) -> RowsBuffer<u64> {
        RowsBuffer::new(self.dimension())
    }
    /// Probabilities from the Dirichlet distribution, then the result of the fixed number of trials,
    /// or of one.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut RowsBuffer<u64>) {
        let mut shares = vec![0.0; self.dimension()];
        draw_shares(&self.concentrations, rng, &mut shares);
        let start = into.values.len();
        into.values.resize(start + self.dimension(), 0);
        draw_row(
            &shares,
            self.trials.of_draw(),
            rng,
            &mut into.values[start..],
        );
    }
}
