//! The inverse Gaussian distribution.

use super::ReciprocalGap;
use super::normal::HALF_LN_TWO_PI;
use crate::serde_parameters::serde_parameters;
use crate::special::{erfcx, normal_cdf, normal_sf, scaled_exponential_integral};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, ExponentialFamily, ParameterError,
    Sample, Scalars, Scratch, Statistics, Univariate, next_coordinate, quantile_between,
};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// The inverse Gaussian (Wald) distribution with mean m and shape λ (variance m³/λ).
///
/// # Density
/// p(x) = (λ/(2πx³))^½ exp(−λ(x − m)²/(2m²x)) for x > 0.
///
/// # Sufficient statistics
/// T(x) = (x, 1/x), η = (−λ/(2m²), −λ/2), A = −λ/m − ½ ln λ, h(x) = (2πx³)^(−½). The M-step keeps the
/// mean and mean(1/x) − 1/mean in a form that does not cancel ([`ReciprocalGap`]).
///
/// # M-step
/// Closed: m = Σ w x / N and 1/λ = mean(1/x) − 1/m with N = Σ w. No maximum exists when all
/// observations coincide (λ → ∞, an unbounded likelihood).
///
/// # Errors
/// [`InverseGaussian::new`] refuses a mean or a shape that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, InverseGaussian};
/// let family = InverseGaussian::new(1.0, 2.0)?;
/// assert!((family.log_density(1.0) + 0.5 * std::f64::consts::PI.ln()).abs() < 1e-15);
/// let fitted = family.estimate(&[1.0, 2.0, 4.0], &[1.0, 1.0, 1.0])?;
/// assert!((fitted.shape() - 1.0 / (1.75 / 3.0 - 3.0 / 7.0)).abs() < 1e-13);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 15; Michael,
/// Schucany & Haas (1976), the draws.
#[derive(Clone, Debug, PartialEq)]
pub struct InverseGaussian {
    mean: f64,
    shape: f64,
    /// ½ ln(λ/2π), taken once.
    log_constant: f64,
}

serde_parameters!(InverseGaussian {
    mean: f64,
    shape: f64
});

impl InverseGaussian {
    /// The inverse Gaussian distribution with this mean and shape.
    ///
    /// # Errors
    /// When one of them is not positive and finite.
    pub fn new(mean: f64, shape: f64) -> Result<Self, ParameterError> {
        let valid = |x: f64| x > 0.0 && x.is_finite();
        ParameterError::require(valid(mean), "mean", mean, "must be positive and finite")?;
        ParameterError::require(valid(shape), "shape", shape, "must be positive and finite")?;
        Ok(InverseGaussian {
            mean,
            shape,
            log_constant: 0.5 * shape.ln() - HALF_LN_TWO_PI,
        })
    }
    /// m.
    pub fn mean(&self) -> f64 {
        self.mean
    }
    /// λ.
    pub fn shape(&self) -> f64 {
        self.shape
    }
    /// ln p(x) for x inside the support.
    #[inline]
    fn log_density_of(&self, x: f64, log_x: f64) -> f64 {
        // Far above the mean (x − m)/m may overflow when squared, but not times λ/x first.
        let t = (x - self.mean) / self.mean;
        self.log_constant - 1.5 * log_x - 0.5 * (self.shape / x * t) * t
    }
    fn from_gap(mean: f64, gap: f64) -> Result<Self, EstimateError> {
        // The squared coefficient of variation over the mean, below the rounding of the mean itself.
        if !(gap * mean > 16.0 * f64::EPSILON * f64::EPSILON) {
            return Err(EstimateError::boundary(
                "shape",
                f64::INFINITY,
                "all its observations coincide",
            ));
        }
        Ok(InverseGaussian::new(mean, 1.0 / gap)?)
    }
    /// (x/m − 1)√(λ/x) and (x/m + 1)√(λ/x).
    fn ends(&self, x: f64) -> (f64, f64) {
        let root = (self.shape / x).sqrt();
        (
            (x - self.mean) / self.mean * root,
            (x / self.mean + 1.0) * root,
        )
    }
}

/// ½ e^(−a²/2) erfcx(b/√2): the second term of F, e^(2λ/m) Φ(−b), which would overflow as it stands.
fn reflected((a, b): (f64, f64)) -> f64 {
    0.5 * (-0.5 * a * a).exp() * erfcx(b * std::f64::consts::FRAC_1_SQRT_2)
}

impl Density for InverseGaussian {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            self.log_density_of(x, super::ln(x))
        } else {
            f64::NEG_INFINITY
        }
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        super::require_positive(x)?;
        if (1.0 / x).is_finite() {
            Ok(())
        } else {
            Err("must have a finite reciprocal")
        }
    }
    fn prepared_width(&self) -> usize {
        2
    }
    fn shares_preparation(&self, _other: &Self) -> bool {
        true
    }
    /// Columns 1/x and ln x.
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        let (reciprocals, logs) = into.split_at_mut(xs.len());
        for (reciprocal, &x) in reciprocals.iter_mut().zip(xs) {
            let value = 1.0 / x;
            *reciprocal = if value.is_finite() { value } else { 0.0 };
        }
        super::prepare_ln(xs, logs);
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let logs = &prepared[xs.len()..];
        for ((value, &x), &log_x) in out.iter_mut().zip(xs).zip(logs) {
            *value = if x > 0.0 && x < f64::INFINITY {
                self.log_density_of(x, log_x)
            } else {
                f64::NEG_INFINITY
            };
        }
    }
}

impl Component for InverseGaussian {
    type Statistics = ReciprocalGap;

    fn empty_statistics(&self) -> ReciprocalGap {
        ReciprocalGap::default()
    }
    fn accumulate(&self, into: &mut ReciprocalGap, x: f64, weight: f64) {
        into.add(x, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut ReciprocalGap,
        xs: &[f64],
        prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        into.add_slice(xs, &prepared[..xs.len()], weights);
    }
    fn maximize(&self, from: &ReciprocalGap) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        InverseGaussian::from_gap(from.mean(), from.gap())
            .map_err(|error| error.with_count(from.weight()))
    }
    fn parameter_count(&self) -> usize {
        2
    }
}

impl ExponentialFamily for InverseGaussian {
    type Vector = [f64; 2];

    fn statistic(&self, x: f64) -> [f64; 2] {
        [x, 1.0 / x]
    }
    fn log_base(&self, x: f64) -> f64 {
        if x > 0.0 && x < f64::INFINITY {
            -1.5 * x.ln() - HALF_LN_TWO_PI
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 2] {
        [-0.5 * self.shape / self.mean / self.mean, -0.5 * self.shape]
    }
    fn log_partition(&self) -> f64 {
        -self.shape / self.mean - 0.5 * self.shape.ln()
    }
    fn expected(&self) -> [f64; 2] {
        [self.mean, 1.0 / self.mean + 1.0 / self.shape]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        InverseGaussian::from_gap(mean[0], mean[1] - 1.0 / mean[0])
    }
    fn same_statistic(&self, _other: &Self) -> bool {
        true
    }
    /// The statistic from the parameters themselves: its gap is 1/λ.
    fn pseudo_statistics(&self, weight: f64) -> ReciprocalGap {
        ReciprocalGap::new(weight, self.mean, 1.0 / self.shape)
    }
    /// ½(λ′/λ − 1 − ln(λ′/λ)) + λ′(m − m′)²/(2m m′²): the generic form cancels.
    fn kl_divergence(&self, other: &Self) -> f64 {
        let t = (self.mean - other.mean) / other.mean;
        0.5 * (super::excess(other.shape, self.shape) + other.shape / self.mean * t * t)
    }
}

impl Coordinates for InverseGaussian {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend([self.mean.ln(), self.shape.ln()]);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (log_mean, log_shape) = (next_coordinate(from)?, next_coordinate(from)?);
        Ok(InverseGaussian::new(log_mean.exp(), log_shape.exp())?)
    }
}

impl Sample for InverseGaussian {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = StandardNormal.sample(rng);
        // The smaller root over the mean, as a quotient that does not cancel.
        let half = 0.5 * z * z * (self.mean / self.shape);
        let smaller = 1.0 / (1.0 + half + (half * (2.0 + half)).sqrt());
        let u: f64 = rng.random();
        let x = if u * (1.0 + smaller) <= 1.0 {
            self.mean * smaller
        } else {
            self.mean / smaller
        };
        into.push(super::inside_positive(x));
    }
}

impl Univariate for InverseGaussian {
    fn cdf(&self, x: f64) -> f64 {
        if !(x > 0.0) {
            return if x.is_nan() { x } else { 0.0 };
        }
        if x == f64::INFINITY {
            return 1.0;
        }
        let ends = self.ends(x);
        (normal_cdf(ends.0) + reflected(ends)).min(1.0)
    }
    fn sf(&self, x: f64) -> f64 {
        if !(x > 0.0) {
            return if x.is_nan() { x } else { 1.0 };
        }
        if x == f64::INFINITY {
            return 0.0;
        }
        let (a, b) = self.ends(x);
        if a > 0.0 {
            // Both terms carry e^(−a²/2): taken out, the far tail keeps its digits.
            let root = std::f64::consts::FRAC_1_SQRT_2;
            return 0.5 * (-0.5 * a * a).exp() * (erfcx(a * root) - erfcx(b * root)).max(0.0);
        }
        (normal_sf(a) - reflected((a, b))).max(0.0)
    }
    fn quantile(&self, p: f64) -> f64 {
        if !(0.0..=1.0).contains(&p) {
            return f64::NAN;
        }
        if p == 0.0 || p == 1.0 {
            return if p == 0.0 { 0.0 } else { f64::INFINITY };
        }
        quantile_between(p, 0.0, f64::INFINITY, |x| (self.cdf(x), self.sf(x)))
    }
    fn mean(&self) -> f64 {
        self.mean
    }
    /// m³/λ.
    fn variance(&self) -> f64 {
        self.mean * self.mean * (self.mean / self.shape)
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        if !(high > 0.0 && low < f64::MAX) {
            return f64::NEG_INFINITY;
        }
        super::log_probability_or(self, (low, high), || {
            self.log_probability_between(low, high)
        })
    }
}

impl Entropy for InverseGaussian {
    /// ½ ln(2πe m³/λ) − 3/2 e^(2λ/m) E₁(2λ/m).
    fn entropy(&self) -> f64 {
        let integral = scaled_exponential_integral(2.0 * self.shape / self.mean);
        0.5 + 1.5 * (self.mean.ln() - integral) - self.log_constant
    }
}
