//! Univariate normals with one variance: a coupled set.

use crate::sample::SampleSet;
use crate::set::ComponentSet;
use distributions::{
    Component, Coordinates, Density, EstimateError, LEAST_SHARE, Moments, Normal, ParameterError,
    Sample, Scalars, Scratch, Statistics, next_coordinate,
};
use rand::Rng;

/// K normal distributions with means of their own and **one variance**, that of all.
///
/// # M-step
/// Closed: μ_k = Σ w r_k x / N_k and σ² = Σ_k Σ w r_k (x − μ_k)² / Σ_k N_k. No maximum exists when all
/// observations of every component coincide: unlike with variances of their own, one component alone
/// cannot collapse.
///
/// # Errors
/// [`Reason::Empty`](distributions::Reason::Empty), naming the component that no row belongs to;
/// [`Reason::Boundary`](distributions::Reason::Boundary), naming variance.
///
/// # Example
/// ```
/// use em::{Data, Mixture, Options, SharedVariance, fit};
///
/// let start = SharedVariance::new(vec![0.0, 5.0], 1.0)?;
/// let xs = [0.1, -0.3, 0.2, 4.8, 5.5, 5.1];
/// let fitted = fit(Mixture::uniform(start), Data::new(&xs[..]), &Options::default())?;
/// let set = fitted.model.components();
/// assert!((set.variance() - 0.064_444_444).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// McLachlan & Peel (2000), Finite Mixture Models, section 3.2 (homoscedastic components).
#[derive(Clone, Debug, PartialEq)]
pub struct SharedVariance {
    components: Vec<Normal>,
    /// The floor under the variance; 0 where there is none.
    least_variance: f64,
}

impl SharedVariance {
    /// Normal distributions with these means and this one variance.
    ///
    /// # Errors
    /// When there is no mean, a mean is not finite, or `variance` is not positive and finite.
    pub fn new(means: Vec<f64>, variance: f64) -> Result<Self, ParameterError> {
        ParameterError::require(!means.is_empty(), "mean", f64::NAN, "must be at least one")?;
        let components = means.into_iter().map(|mean| Normal::new(mean, variance));
        Ok(SharedVariance {
            components: components.collect::<Result<_, _>>()?,
            least_variance: 0.0,
        })
    }
    /// Those of these means and this one variance, or the least above the same floor.
    fn above_floor(&self, means: Vec<f64>, variance: f64) -> Result<Self, ParameterError> {
        // Not `max`, which would hide NaN.
        let variance = if variance < self.least_variance {
            self.least_variance
        } else {
            variance
        };
        Ok(SharedVariance {
            least_variance: self.least_variance,
            ..SharedVariance::new(means, variance)?
        })
    }
    /// The components.
    pub fn components(&self) -> &[Normal] {
        &self.components
    }
    /// The means, component by component.
    pub fn means(&self) -> Vec<f64> {
        self.components.iter().map(Normal::mean).collect()
    }
    /// The one variance.
    pub fn variance(&self) -> f64 {
        self.components.first().map_or(f64::NAN, Normal::variance)
    }
}

impl ComponentSet for SharedVariance {
    type Space = Scalars<f64>;
    type Statistics = Vec<Moments>;

    fn len(&self) -> usize {
        self.components.len()
    }
    fn log_density(&self, k: usize, x: f64) -> f64 {
        self.components[k].log_density(x)
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        self.components.check_observation(x)
    }
    fn log_density_matrix(
        &self,
        xs: &[f64],
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.components
            .log_density_matrix(xs, prepared, out, scratch);
    }
    fn empty_statistics(&self) -> Vec<Moments> {
        self.components.empty_statistics()
    }
    fn accumulate(&self, into: &mut Vec<Moments>, k: usize, x: f64, weight: f64) {
        self.components[k].accumulate(&mut into[k], x, weight);
    }
    fn accumulate_matrix(
        &self,
        into: &mut Vec<Moments>,
        xs: &[f64],
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        self.components
            .accumulate_matrix(into, xs, prepared, weights, scratch);
    }
    fn maximize(&self, from: &Vec<Moments>) -> Result<Self, EstimateError> {
        let empty = from.iter().position(|part| !(part.weight() > 0.0));
        if let Some(k) = empty {
            return Err(EstimateError::empty().in_component(k).with_count(0.0));
        }
        let total = from.weight();
        let variance = from.iter().map(Moments::squares).sum::<f64>() / total;
        // Below the rounding of the means themselves, a variance has no correct digit.
        let largest = (from.iter()).fold(0.0_f64, |size, part| size.max(part.mean().abs()));
        let rounding = 4.0 * f64::EPSILON * largest;
        if !(variance > rounding * rounding) && self.least_variance == 0.0 {
            let because = "the observations of every component coincide";
            return Err(EstimateError::boundary("variance", variance, because).with_count(total));
        }
        let means = from.iter().map(Moments::mean).collect();
        Ok(self.above_floor(means, variance)?)
    }
    fn parameter_count(&self) -> usize {
        self.len() + 1
    }
    fn subset(&self, keep: &[usize]) -> Self {
        SharedVariance {
            components: self.components.subset(keep),
            least_variance: self.least_variance,
        }
    }
    /// With σ² not below [`LEAST_SHARE`] of the variance of all rows.
    fn floored(&self, xs: &[f64], weights: &[f64]) -> Result<Self, EstimateError> {
        let whole = Normal::standard().estimate(xs, weights)?;
        let floored = SharedVariance {
            least_variance: LEAST_SHARE * whole.variance(),
            ..self.clone()
        };
        Ok(floored.above_floor(self.means(), self.variance())?)
    }
    fn at_bound(&self) -> Vec<usize> {
        if self.variance() <= self.least_variance {
            (0..self.len()).collect()
        } else {
            Vec::new()
        }
    }
    fn squared_distance(&self, a: f64, b: f64) -> Option<f64> {
        self.components.squared_distance(a, b)
    }
}

impl SampleSet for SharedVariance {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut Vec<f64>) {
        self.components[k].draw(rng, into);
    }
}

impl Coordinates for SharedVariance {
    /// The means, then the logarithm of the variance.
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend(self.means());
        into.push(self.variance().ln());
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let means: Result<Vec<f64>, EstimateError> =
            (0..self.len()).map(|_| next_coordinate(from)).collect();
        Ok(self.above_floor(means?, next_coordinate(from)?.exp())?)
    }
}

#[cfg(feature = "serde")]
mod serde_form {
    use super::SharedVariance;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// {means, variance}.
    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Parameters {
        means: Vec<f64>,
        variance: f64,
    }

    impl Serialize for SharedVariance {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            Parameters {
                means: self.means(),
                variance: self.variance(),
            }
            .serialize(to)
        }
    }

    impl<'de> Deserialize<'de> for SharedVariance {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let read = Parameters::deserialize(from)?;
            Self::new(read.means, read.variance).map_err(D::Error::custom)
        }
    }
}
