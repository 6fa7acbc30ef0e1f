//! The Dirichlet distribution.

use super::normal::HALF_LN_TWO_PI;
use super::saddle_point::deviance_with_logs;
use super::{DirichletStatistics, LogGap};
use crate::combine::Narrowest;
use crate::serde_parameters::serde_parameters;
use crate::special::{deviance, digamma, ln_gamma, ln_minus_digamma, stirling_error};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, FromMean,
    ParameterError, Rows, RowsBuffer, RowsView, Sample, Scratch, Statistics, View, next_coordinate,
};
use rand::{Rng, RngExt};
use rand_distr::Distribution;

/// The largest sum of concentrations at which the terms of the log-density are small enough to be
/// added as they are.
const PLAIN_SIZE: f64 = 16.0;
/// How far the sum of a row may be from 1: rows are read as their shares of it.
const SUM_TOLERANCE: f64 = 1e-6;

/// The Dirichlet distribution on rows of d positive shares that sum to 1, with concentrations a_j
/// (means a_j/n, n = Σ a_j).
///
/// A row counts as on the simplex when its sum is within 1e-6 of 1, and is then read as its shares
/// y_j = x_j/Σ x, so that rounding in a file does not matter.
///
/// # Density
/// p(x) = Γ(n)/Π Γ(a_j) Π y_j^(a_j − 1), with respect to d − 1 of the shares. Where a share is 0 the
/// log-density is its limit, −∞ where limits differ; such a row cannot enter an estimate, as ln 0 is
/// infinite.
///
/// # Sufficient statistics
/// T_j(x) = ln y_j, η = a, A = Σ ln Γ(a_j) − ln Γ(n), h(x) = 1/Π y_j. The M-step keeps the mean of
/// each share and its gap ln ȳ_j − mean(ln y_j) ([`DirichletStatistics`]), which do not cancel.
///
/// # M-step
/// ψ(a_j) − ψ(n) = mean ln y_j, solved to full precision as one equation in n by Newton in a bracket.
/// No maximum exists when all observations coincide (an unbounded likelihood).
///
/// # Errors
/// [`Dirichlet::new`] refuses fewer than two concentrations, and one that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Density, Dirichlet};
/// let family = Dirichlet::new(vec![1.0, 2.0, 3.0])?;
/// assert!((family.log_density(&[0.2, 0.3, 0.5]) - 4.5f64.ln()).abs() < 1e-15);
/// assert_eq!(family.log_density(&[0.2, 0.3, 0.6]), f64::NEG_INFINITY);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Minka (2000), Estimating a Dirichlet distribution; Loader (2000), the saddle-point form used for
/// large concentrations, here of d terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Dirichlet {
    concentrations: Vec<f64>,
    /// n, taken once, with its logarithm.
    size: f64,
    log_size: f64,
    /// ln a_j, taken once.
    logs: Vec<f64>,
    /// ln Γ(n) − Σ ln Γ(a_j), or what is left of it beside deviances, for large n; taken once.
    log_constant: f64,
    /// The largest n, where there is a floor.
    floor: Option<Narrowest>,
}

serde_parameters!(Dirichlet {
    concentrations: Vec<f64>
});

/// ln Γ(n) − Σ ln Γ(a_j) without the terms a ln a − a: those join the deviances.
fn saddle_constant(concentrations: &[f64], size: f64) -> f64 {
    let rest = |a: f64| HALF_LN_TWO_PI - 0.5 * a.ln() + stirling_error(a);
    concentrations
        .iter()
        .fold(rest(size), |sum, &a| sum - rest(a))
}

/// The sum of a row on the simplex, shares of 0 included.
fn simplex_sum(x: &[f64]) -> Option<f64> {
    let sum: f64 = x.iter().sum();
    ((sum - 1.0).abs() <= SUM_TOLERANCE && x.iter().all(|&share| share >= 0.0)).then_some(sum)
}

impl Dirichlet {
    /// The Dirichlet distribution with these concentrations.
    ///
    /// # Errors
    /// When there are fewer than two, one is not positive and finite, or their sum is not finite.
    pub fn new(concentrations: Vec<f64>) -> Result<Self, ParameterError> {
        ParameterError::require(
            concentrations.len() > 1,
            "concentrations",
            concentrations.len() as f64,
            "must be at least two",
        )?;
        for &a in &concentrations {
            ParameterError::require(
                a > 0.0 && a.is_finite(),
                "concentrations",
                a,
                "must be positive and finite",
            )?;
        }
        let size: f64 = concentrations.iter().sum();
        ParameterError::require(
            size.is_finite(),
            "concentrations",
            size,
            "must have a finite sum",
        )?;
        Ok(Dirichlet {
            log_constant: if size <= PLAIN_SIZE {
                concentrations
                    .iter()
                    .fold(ln_gamma(size), |sum, &a| sum - ln_gamma(a))
            } else {
                saddle_constant(&concentrations, size)
            },
            size,
            log_size: size.ln(),
            logs: concentrations.iter().map(|a| a.ln()).collect(),
            concentrations,
            floor: None,
        })
    }
    /// The member with these concentrations under the same floor: past it, that of the same means at the floor.
    fn above_floor(&self, mut concentrations: Vec<f64>) -> Result<Self, ParameterError> {
        let size: f64 = concentrations.iter().sum();
        let part = Narrowest::bounded(self.floor, size) / size;
        if part < 1.0 {
            concentrations.iter_mut().for_each(|a| *a *= part);
        }
        Ok(Dirichlet {
            floor: self.floor,
            ..Dirichlet::new(concentrations)?
        })
    }
    /// a_j, column after column.
    pub fn concentrations(&self) -> &[f64] {
        &self.concentrations
    }
    /// The number of shares d, fixed.
    pub fn dimension(&self) -> usize {
        self.concentrations.len()
    }
    /// What share j adds to ln p, large n or small.
    #[inline]
    fn share(&self, j: usize, y: f64, log_y: f64) -> f64 {
        if self.size <= PLAIN_SIZE {
            return (self.concentrations[j] - 1.0) * log_y;
        }
        let expected = self.size * y;
        let logs = (self.log_size, log_y);
        -log_y - deviance_with_logs(self.concentrations[j], expected, self.logs[j], logs)
    }
    /// ln p of a row with a share of 0: the limit there.
    fn log_density_at_edge(&self, x: &[f64], sum: f64) -> f64 {
        let at_zero = |test: fn(f64) -> bool| {
            let mut pairs = x.iter().zip(&self.concentrations);
            pairs.any(|(&share, &a)| share == 0.0 && test(a))
        };
        if at_zero(|a| a > 1.0) {
            return f64::NEG_INFINITY;
        }
        if at_zero(|a| a < 1.0) {
            return f64::INFINITY;
        }
        // Shares of 0 with a = 1 have the factor 0⁰ = 1; for them the deviance form has no term.
        let mut value = self.log_constant;
        for (j, &share) in x.iter().enumerate() {
            if share > 0.0 {
                value += self.share(j, share / sum, super::ln(share / sum));
            } else if self.size > PLAIN_SIZE {
                value += self.log_size + 1.0;
            }
        }
        value
    }
}

impl Density for Dirichlet {
    type Space = Rows<f64>;

    fn log_density(&self, x: &[f64]) -> f64 {
        let Some(sum) = simplex_sum(x).filter(|_| x.len() == self.dimension()) else {
            return f64::NEG_INFINITY;
        };
        if x.contains(&0.0) {
            return self.log_density_at_edge(x, sum);
        }
        let mut value = self.log_constant;
        for (j, share) in x.iter().enumerate() {
            value += self.share(j, share / sum, super::ln(share / sum));
        }
        value
    }
    fn check_observation(&self, x: &[f64]) -> Result<(), &'static str> {
        if x.len() != self.dimension() {
            Err("must have one share for each concentration")
        } else if simplex_sum(x).is_none() || x.contains(&0.0) {
            Err("must be positive shares that sum to 1")
        } else {
            Ok(())
        }
    }
    fn prepared_width(&self) -> usize {
        2 * self.dimension() + 1
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.dimension() == other.dimension()
    }
    /// Columns ln y_j and y_j, then 1 for rows inside the simplex.
    fn prepare(&self, xs: RowsView<'_, f64>, into: &mut [f64]) {
        let (rows, d) = (xs.len(), self.dimension());
        if xs.width() != d {
            return;
        }
        let (logs, rest) = into.split_at_mut(d * rows);
        let (shares, inside) = rest.split_at_mut(d * rows);
        for (i, inside) in inside.iter_mut().enumerate() {
            let x = xs.at(i);
            if let Some(sum) = simplex_sum(x).filter(|_| !x.contains(&0.0)) {
                *inside = 1.0;
                for (j, share) in x.iter().enumerate() {
                    shares[j * rows + i] = share / sum;
                }
            }
        }
        super::prepare_ln(shares, logs);
    }
    fn log_density_batch(
        &self,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let (rows, d) = (xs.len(), self.dimension());
        if xs.width() != d {
            return out.fill(f64::NEG_INFINITY);
        }
        let column = |j: usize| &prepared[j * rows..(j + 1) * rows];
        out.fill(self.log_constant);
        for j in 0..d {
            for ((value, &log_y), &y) in out.iter_mut().zip(column(j)).zip(column(d + j)) {
                *value += self.share(j, y, log_y);
            }
        }
        for (i, (value, &inside)) in out.iter_mut().zip(column(2 * d)).enumerate() {
            if inside == 0.0 {
                *value = self.log_density(xs.at(i));
            }
        }
    }
}

impl Component for Dirichlet {
    type Statistics = DirichletStatistics;

    fn empty_statistics(&self) -> DirichletStatistics {
        DirichletStatistics::new(vec![LogGap::default(); self.dimension()])
    }
    fn accumulate(&self, into: &mut DirichletStatistics, x: &[f64], weight: f64) {
        let sum: f64 = x.iter().sum();
        for (column, share) in into.columns_mut().iter_mut().zip(x) {
            column.add(share / sum, weight);
        }
    }
    fn accumulate_batch(
        &self,
        into: &mut DirichletStatistics,
        _xs: RowsView<'_, f64>,
        prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        let (rows, d) = (weights.len(), self.dimension());
        let column = |j: usize| &prepared[j * rows..(j + 1) * rows];
        for (j, gap) in into.columns_mut().iter_mut().enumerate() {
            gap.add_slice(column(d + j), column(j), weights);
        }
    }
    fn maximize(&self, from: &DirichletStatistics) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        let held = self.floor.map(|floor| from.rising_at(floor.value));
        let found = match held.transpose() {
            Ok(held) => held.flatten().map_or_else(|| from.estimate(), Ok),
            Err(error) => Err(error),
        };
        Ok(self.above_floor(found.map_err(|error| error.with_count(from.weight()))?)?)
    }
    fn parameter_count(&self) -> usize {
        self.dimension()
    }
    /// The variances are m_j(1 − m_j)/(n + 1): a largest n. The log-likelihood is concave in the concentrations, so that
    /// where its maximum lies beyond, that under the floor is on it, at means of its own.
    fn floored(&self, whole: &Self) -> Option<Self> {
        let floored = Dirichlet {
            floor: Some(Narrowest::largest_size(whole.size)),
            ..self.clone()
        };
        floored.above_floor(self.concentrations.clone()).ok()
    }
    fn is_at_bound(&self) -> bool {
        self.floor
            .is_some_and(|floor| floor.is_reached_by_sum(self.size))
    }
}

impl ExponentialFamily for Dirichlet {
    type Vector = Vec<f64>;

    fn statistic(&self, x: &[f64]) -> Vec<f64> {
        let sum: f64 = x.iter().sum();
        x.iter().map(|share| (share / sum).ln()).collect()
    }
    fn log_base(&self, x: &[f64]) -> f64 {
        if self.check_observation(x).is_ok() {
            -self.statistic(x).iter().sum::<f64>()
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> Vec<f64> {
        self.concentrations.clone()
    }
    fn log_partition(&self) -> f64 {
        let gammas: f64 = self.concentrations.iter().map(|&a| ln_gamma(a)).sum();
        gammas - ln_gamma(self.size)
    }
    fn expected(&self) -> Vec<f64> {
        let total = digamma(self.size);
        let one = |&a: &f64| digamma(a) - total;
        self.concentrations.iter().map(one).collect()
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        Ok(Dirichlet::new(
            DirichletStatistics::from_mean(mean, 1.0).estimate()?,
        )?)
    }
    fn same_statistic(&self, other: &Self) -> bool {
        self.dimension() == other.dimension()
    }
    /// The statistic from the parameters themselves: with g(a) = ln a − ψ(a), the gaps are
    /// g(a_j) − g(n).
    fn pseudo_statistics(&self, weight: f64) -> DirichletStatistics {
        let total = ln_minus_digamma(self.size);
        let column = |&a: &f64| LogGap::new(weight, a / self.size, ln_minus_digamma(a) - total);
        DirichletStatistics::new(self.concentrations.iter().map(column).collect())
    }
    /// The normalisers without their terms a ln a, which join n′ times the divergence of the two mean
    /// rows, and Σ (a′ − a)(g(a) − g(n)): no term is of the size of n where the two are close.
    fn kl_divergence(&self, other: &Self) -> f64 {
        if self.dimension() != other.dimension() {
            return f64::INFINITY;
        }
        let total = ln_minus_digamma(self.size);
        let mut value = saddle_constant(&self.concentrations, self.size)
            - saddle_constant(&other.concentrations, other.size);
        for (&a, &b) in self.concentrations.iter().zip(&other.concentrations) {
            value += (b - a) * (ln_minus_digamma(a) - total)
                + other.size * deviance(b / other.size, a / self.size);
        }
        value
    }
}

impl Entropy for Dirichlet {
    fn entropy(&self) -> f64 {
        let (log_mean, gap) = (digamma(self.size), ln_minus_digamma(self.size));
        let mut value = -saddle_constant(&self.concentrations, self.size);
        for &a in &self.concentrations {
            value += (digamma(a) - log_mean) + a * (ln_minus_digamma(a) - gap);
        }
        value
    }
}

/// The logarithms of the concentrations.
impl Coordinates for Dirichlet {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend_from_slice(&self.logs);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let concentrations = (0..self.dimension()).map(|_| Ok(next_coordinate(from)?.exp()));
        let concentrations = concentrations.collect::<Result<_, EstimateError>>()?;
        Ok(self.above_floor(concentrations)?)
    }
}

impl Sample for Dirichlet {
    fn empty_buffer(&self) -> RowsBuffer<f64> {
        RowsBuffer::new(self.dimension())
    }
    /// A share that would underflow is moved to the least normal number.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut RowsBuffer<f64>) {
        let start = into.values.len();
        into.values.resize(start + self.dimension(), 0.0);
        draw_shares(&self.concentrations, rng, &mut into.values[start..]);
        for share in &mut into.values[start..] {
            *share = share.max(f64::MIN_POSITIVE);
        }
    }
}

/// Draws shares: gamma variables over their sum, by their logarithms, as those of small shape
/// underflow. A concentration of 0 gives 0.
pub(super) fn draw_shares<R: Rng + ?Sized>(concentrations: &[f64], rng: &mut R, into: &mut [f64]) {
    for (log, &a) in into.iter_mut().zip(concentrations) {
        // Of shape a + 1, times U^(1/a), where the shape is small.
        let (shape, factor) = if a >= 1.0 {
            (a, 0.0)
        } else {
            let u: f64 = 1.0 - rng.random::<f64>();
            (a + 1.0, u.ln() / a)
        };
        *log = if a > 0.0 {
            rand_distr::Gamma::new(shape, 1.0).map_or(0.0, |gamma| gamma.sample(rng).ln()) + factor
        } else {
            f64::NEG_INFINITY
        };
    }
    let top = into.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for log in into.iter_mut() {
        *log = (*log - top).exp();
        sum += *log;
    }
    into.iter_mut().for_each(|share| *share /= sum);
}
