//! The chi-squared distribution.

use super::Gamma;
use super::bounded::Bounded;
use super::log_gamma::BoundedLogGamma;
use super::normal::HALF_LN_TWO_PI;
use crate::serde_parameters::serde_parameters;
use crate::special::{
    digamma, gamma_p, gamma_q, inverse_digamma, inverse_gamma_p, ln_gamma, ln_minus_digamma,
    stirling_error,
};
use crate::{
    Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    ParameterError, Sample, Scalars, Scratch, Univariate, component_from_means, next_coordinate,
};
use rand::Rng;
use std::f64::consts::LN_2;

/// The chi-squared distribution with ν degrees of freedom, which need not be whole: the gamma
/// distribution with shape ν/2 and rate ½.
///
/// # Density
/// p(x) = x^(ν/2−1) e^(−x/2) / (2^(ν/2) Γ(ν/2)) for x > 0. At x = 0 the log-density is its limit; such
/// a row cannot enter an estimate, as ln 0 is infinite.
///
/// # Sufficient statistics
/// T(x) = ln x, η = ν/2, A = ln Γ(ν/2) + (ν/2) ln 2, h(x) = e^(−x/2)/x.
///
/// # M-step
/// The inverse digamma function: ψ(ν/2) = mean(ln x) − ln 2. The maximum exists for all positive
/// observations.
///
/// # Errors
/// [`ChiSquared::new`] refuses degrees of freedom that are not positive and finite.
///
/// # Example
/// ```
/// use distributions::{ChiSquared, Component, Density};
/// let family = ChiSquared::new(2.0)?;
/// assert!((family.log_density(3.0) - (-(2f64.ln()) - 1.5)).abs() < 1e-15);
/// let fitted = family.estimate(&[1.0, 2.0, 4.0], &[1.0, 1.0, 1.0])?;
/// assert!((fitted.df() - 2.9232642899367247).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 18.
#[derive(Clone, Debug, PartialEq)]
pub struct ChiSquared {
    df: f64,
    /// The same as a gamma distribution.
    gamma: Gamma,
}

serde_parameters!(ChiSquared { df: f64 });

impl ChiSquared {
    /// The chi-squared distribution with `df` degrees of freedom.
    ///
    /// # Errors
    /// When `df` is not positive and finite.
    pub fn new(df: f64) -> Result<Self, ParameterError> {
        let refused = |_| ParameterError::new("df", df, "must be positive and finite");
        let gamma = Gamma::new(0.5 * df, 0.5).map_err(refused)?;
        Ok(ChiSquared { df, gamma })
    }
    /// ν.
    pub fn df(&self) -> f64 {
        self.df
    }
}

impl Density for ChiSquared {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        self.gamma.log_density(x)
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        self.gamma.check_observation(x)
    }
    fn prepared_width(&self) -> usize {
        self.gamma.prepared_width()
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    /// Column ln x.
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        self.gamma.prepare(xs, into);
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.gamma.log_density_batch(xs, prepared, out, scratch);
    }
}

component_from_means!(ChiSquared; bounded);

impl ExponentialFamily for ChiSquared {
    type Vector = [f64; 1];

    fn statistic(&self, x: f64) -> [f64; 1] {
        [x.ln()]
    }
    fn log_base(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            -0.5 * x - x.ln()
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 1] {
        [0.5 * self.df]
    }
    fn log_partition(&self) -> f64 {
        ln_gamma(0.5 * self.df) + 0.5 * self.df * LN_2
    }
    fn expected(&self) -> [f64; 1] {
        [digamma(0.5 * self.df) + LN_2]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        Ok(ChiSquared::new(2.0 * inverse_digamma(mean[0] - LN_2))?)
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
}

impl Coordinates for ChiSquared {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.df.ln());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(ChiSquared::new(next_coordinate(from)?.exp())?)
    }
}

impl Sample for ChiSquared {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        self.gamma.draw(rng, into);
    }
}

impl Univariate for ChiSquared {
    fn cdf(&self, x: f64) -> f64 {
        if x < 0.0 {
            0.0
        } else {
            gamma_p(0.5 * self.df, 0.5 * x)
        }
    }
    fn sf(&self, x: f64) -> f64 {
        if x < 0.0 {
            1.0
        } else {
            gamma_q(0.5 * self.df, 0.5 * x)
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        2.0 * inverse_gamma_p(0.5 * self.df, p)
    }
    fn mean(&self) -> f64 {
        self.df
    }
    fn variance(&self) -> f64 {
        2.0 * self.df
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        self.gamma.log_probability(low, high)
    }
}

impl Entropy for ChiSquared {
    /// n + ln 2 + ln Γ(n) + (1 − n) ψ(n) with n = ν/2, in differences that do not cancel.
    fn entropy(&self) -> f64 {
        let n = 0.5 * self.df;
        let gap = (n - 1.0) * ln_minus_digamma(n);
        LN_2 + 0.5 * n.ln() + HALF_LN_TWO_PI + stirling_error(n) + gap
    }
}

impl IntervalStatistics for ChiSquared {
    /// The mean of ln x, by quadrature in it.
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let bounded = BoundedLogGamma::new(0.5 * self.df, 0.5, low, high);
        let [beyond] = bounded.means(|s| [s]);
        into.add(&[bounded.origin().ln() + beyond], weight);
    }
}
