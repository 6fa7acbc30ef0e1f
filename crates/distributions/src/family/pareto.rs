//! The Pareto distribution above a known minimum.

use super::floor_under;
use crate::combine::Narrowest;
use crate::serde_parameters::serde_parameters;
use crate::{
    Coordinates, Density, Entropy, EstimateError, ExponentialFamily, IntervalStatistics,
    ParameterError, Sample, Scalars, Scratch, Univariate, component_from_means, next_coordinate,
};
use rand::Rng;
use rand_distr::{Distribution, Exp1};

/// The Pareto distribution above a **fixed** minimum m, with shape a.
///
/// # Density
/// p(x) = a mᵃ x^(−a−1) for x ≥ m.
///
/// # Sufficient statistics
/// T(x) = ln(x/m), η = −a, A = −ln a, h(x) = 1/x.
///
/// # M-step
/// Closed: a = N / Σ w ln(x/m) with N = Σ w. No maximum exists when all observations lie at m.
///
/// # Errors
/// [`Pareto::new`] refuses a minimum or a shape that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, Pareto};
/// let family = Pareto::new(1.0, 2.0)?;
/// assert_eq!(family.log_density(1.0), 2f64.ln());
/// assert_eq!(family.log_density(0.5), f64::NEG_INFINITY);
/// let e = std::f64::consts::E;
/// assert_eq!(family.estimate(&[1.0, e], &[1.0, 1.0])?.shape(), 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, chapter 20.
#[derive(Clone, Debug, PartialEq)]
pub struct Pareto {
    minimum: f64,
    shape: f64,
    /// ln a, taken once.
    log_shape: f64,
    /// The largest shape, where there is a floor: 1/a is the scale of ln x.
    floor: Option<Narrowest>,
}

serde_parameters!(Pareto {
    minimum: f64,
    shape: f64
});

impl Pareto {
    /// The distribution above `minimum`, which stays fixed, with this shape.
    ///
    /// # Errors
    /// When one of them is not positive and finite.
    pub fn new(minimum: f64, shape: f64) -> Result<Self, ParameterError> {
        let valid = |x: f64| x > 0.0 && x.is_finite();
        ParameterError::require(
            valid(minimum),
            "minimum",
            minimum,
            "must be positive and finite",
        )?;
        ParameterError::require(valid(shape), "shape", shape, "must be positive and finite")?;
        Ok(Pareto {
            minimum,
            shape,
            log_shape: shape.ln(),
            floor: None,
        })
    }
    /// m, fixed.
    pub fn minimum(&self) -> f64 {
        self.minimum
    }
    /// a.
    pub fn shape(&self) -> f64 {
        self.shape
    }
    /// The member above the same minimum of this shape, or the largest above the same floor.
    fn above_floor(&self, shape: f64) -> Result<Self, ParameterError> {
        Ok(Pareto {
            floor: self.floor,
            ..Pareto::new(self.minimum, Narrowest::bounded(self.floor, shape))?
        })
    }
    fn holds(&self, x: f64) -> bool {
        x >= self.minimum && x < f64::INFINITY
    }
    /// ln(x/m), accurate near x = m too.
    fn log_ratio(&self, x: f64) -> f64 {
        let above = (x - self.minimum) / self.minimum;
        if above < 1.0 {
            above.ln_1p()
        } else if above < 1e300 {
            (x / self.minimum).ln()
        } else {
            x.ln() - self.minimum.ln()
        }
    }
}

impl Density for Pareto {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        if self.holds(x) {
            (self.log_shape - super::ln(x)) - self.shape * self.log_ratio(x)
        } else {
            f64::NEG_INFINITY
        }
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        if self.holds(x) {
            Ok(())
        } else {
            Err("must be at least the minimum, and finite")
        }
    }
    fn prepared_width(&self) -> usize {
        2
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.minimum == other.minimum
    }
    /// Columns ln(x/m) and ln x.
    fn prepare(&self, xs: &[f64], into: &mut [f64]) {
        let (ratios, logs) = into.split_at_mut(xs.len());
        super::prepare_ln(xs, logs);
        for (ratio, &x) in ratios.iter_mut().zip(xs) {
            *ratio = if self.holds(x) {
                self.log_ratio(x)
            } else {
                0.0
            };
        }
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let (ratios, logs) = prepared.split_at(xs.len());
        for (((value, &x), &ratio), &log_x) in out.iter_mut().zip(xs).zip(ratios).zip(logs) {
            *value = if self.holds(x) {
                (self.log_shape - log_x) - self.shape * ratio
            } else {
                f64::NEG_INFINITY
            };
        }
    }
}

component_from_means!(Pareto; { floor_under!(shape, -2); });

impl ExponentialFamily for Pareto {
    type Vector = [f64; 1];

    fn statistic(&self, x: f64) -> [f64; 1] {
        [self.log_ratio(x)]
    }
    fn log_base(&self, x: f64) -> f64 {
        if self.holds(x) {
            -super::ln(x)
        } else {
            f64::NEG_INFINITY
        }
    }
    fn natural(&self) -> [f64; 1] {
        [-self.shape]
    }
    fn log_partition(&self) -> f64 {
        -self.log_shape
    }
    fn expected(&self) -> [f64; 1] {
        [1.0 / self.shape]
    }
    fn with_expected(&self, mean: &[f64]) -> Result<Self, EstimateError> {
        let shape = 1.0 / mean[0];
        if !(shape < f64::INFINITY) && self.floor.is_none() {
            return Err(EstimateError::boundary(
                "shape",
                shape,
                "all its observations lie at the minimum",
            ));
        }
        Ok(self.above_floor(shape)?)
    }
    fn same_statistic(&self, other: &Self) -> bool {
        self.minimum == other.minimum
    }
    /// Infinite where `other` begins above the minimum of `self`.
    fn kl_divergence(&self, other: &Self) -> f64 {
        if other.minimum > self.minimum {
            return f64::INFINITY;
        }
        other.shape * other.log_ratio(self.minimum) + super::excess(other.shape, self.shape)
    }
}

impl Coordinates for Pareto {
    fn pack(&self, into: &mut Vec<f64>) {
        into.push(self.log_shape);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(self.above_floor(next_coordinate(from)?.exp())?)
    }
}

impl Sample for Pareto {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    /// A draw past the largest double (tiny shapes) is that double.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = Exp1.sample(rng);
        into.push((self.minimum * (z / self.shape).exp()).clamp(self.minimum, f64::MAX));
    }
}

impl Pareto {
    /// ln(high/low) of two values inside the support.
    fn log_width(&self, low: f64, high: f64) -> f64 {
        if high < 2.0 * low {
            ((high - low) / low).ln_1p()
        } else {
            self.log_ratio(high) - self.log_ratio(low)
        }
    }
}

impl Univariate for Pareto {
    fn cdf(&self, x: f64) -> f64 {
        if x <= self.minimum {
            0.0
        } else {
            super::exponential_cdf(self.shape * self.log_ratio(x))
        }
    }
    fn sf(&self, x: f64) -> f64 {
        if x <= self.minimum {
            1.0
        } else {
            super::exponential_sf(self.shape * self.log_ratio(x))
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        self.minimum * (super::exponential_quantile(p) / self.shape).exp()
    }
    /// am/(a − 1), infinite up to a = 1.
    fn mean(&self) -> f64 {
        if self.shape > 1.0 {
            self.minimum * (self.shape / (self.shape - 1.0))
        } else {
            f64::INFINITY
        }
    }
    /// am²/((a − 1)² (a − 2)), infinite up to a = 2.
    fn variance(&self) -> f64 {
        if self.shape > 2.0 {
            let scale = self.minimum / (self.shape - 1.0);
            scale * (scale * (self.shape / (self.shape - 2.0)))
        } else {
            f64::INFINITY
        }
    }
    fn probability(&self, low: f64, high: f64) -> f64 {
        self.log_probability(low, high).exp()
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        if !(low < high && high > self.minimum) {
            return f64::NEG_INFINITY;
        }
        let low = low.max(self.minimum);
        let width = self.shape * self.log_width(low, high);
        super::exponential_log_probability(self.shape * self.log_ratio(low), width)
    }
}

impl Entropy for Pareto {
    /// ln(m/a) + 1 + 1/a.
    fn entropy(&self) -> f64 {
        (self.minimum.ln() - self.log_shape) + (1.0 + 1.0 / self.shape)
    }
}

impl IntervalStatistics for Pareto {
    /// That of the exponential variable ln(x/m).
    fn accumulate_interval(&self, into: &mut Self::Statistics, low: f64, high: f64, weight: f64) {
        let (low, high) = (low.max(self.minimum), high.max(self.minimum));
        let beyond = super::truncated_exponential_mean(self.shape * self.log_width(low, high));
        into.add(&[self.log_ratio(low) + beyond / self.shape], weight);
    }
}
