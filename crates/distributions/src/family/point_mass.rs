//! All mass at one known point.

use super::nothing_to_estimate::nothing_to_estimate;
use crate::{Density, Entropy, ParameterError, Sample, Scalars, Univariate};
use rand::Rng;
use std::any::TypeId;

/// All mass at one **fixed** value: P(value) = 1.
///
/// Over counts (`PointMass<u64>`), labels (`u32`) or real numbers (`f64`). Beside a
/// [`Poisson`](crate::Poisson) it makes the zero-inflated Poisson.
///
/// # Density
/// 1 at the value, 0 elsewhere. Among real numbers the measure is then Lebesgue plus an atom
/// ([`is_atom`](Density::is_atom)): in a mixture, continuous densities count nothing at the value.
///
/// # M-step
/// Nothing is estimated: no parameter.
///
/// # Errors
/// [`PointMass::new`] refuses a value that is not finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, PointMass};
/// let zero = PointMass::new(0_u64)?;
/// assert_eq!((zero.log_density(0), zero.log_density(3)), (0.0, f64::NEG_INFINITY));
/// assert_eq!(zero.parameter_count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, section 8.2 (the degenerate distribution, with
/// which zeros are added to another); Lambert (1992), Zero-inflated Poisson regression, Technometrics 34, 1–14.
#[derive(Clone, Debug, PartialEq)]
pub struct PointMass<T> {
    value: T,
}

#[cfg(feature = "serde")]
const _: () = {
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Parameters<T> {
        value: T,
    }
    impl<T: Clone + serde::Serialize> serde::Serialize for PointMass<T> {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            Parameters {
                value: self.value.clone(),
            }
            .serialize(to)
        }
    }
    impl<'de, T> serde::Deserialize<'de> for PointMass<T>
    where
        T: serde::Deserialize<'de> + num_traits::ToPrimitive + Copy,
    {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let read = Parameters::deserialize(from)?;
            PointMass::new(read.value).map_err(serde::de::Error::custom)
        }
    }
};

impl<T: num_traits::ToPrimitive + Copy> PointMass<T> {
    /// All mass at `value`.
    ///
    /// # Errors
    /// When `value` is not finite.
    pub fn new(value: T) -> Result<Self, ParameterError> {
        let number = value.to_f64().unwrap_or(f64::NAN);
        ParameterError::require(number.is_finite(), "value", number, "must be finite")?;
        Ok(PointMass { value })
    }
    /// The point, fixed.
    pub fn value(&self) -> T {
        self.value
    }
    /// The Kullback–Leibler divergence KL(self ‖ other): 0 at the same point, else infinite.
    pub fn kl_divergence(&self, other: &Self) -> f64
    where
        T: PartialEq,
    {
        if self.value == other.value {
            0.0
        } else {
            f64::INFINITY
        }
    }
}

impl<T: PartialEq + Copy + Send + Sync + 'static> Density for PointMass<T> {
    type Space = Scalars<T>;

    fn log_density(&self, x: T) -> f64 {
        if x == self.value {
            0.0
        } else {
            f64::NEG_INFINITY
        }
    }
    fn check_observation(&self, x: T) -> Result<(), &'static str> {
        if x == self.value {
            Ok(())
        } else {
            Err("must be the value of the point mass")
        }
    }
    fn has_atoms(&self) -> bool {
        // Counts and labels have a mass under every family over them.
        [TypeId::of::<f64>(), TypeId::of::<f32>()].contains(&TypeId::of::<T>())
    }
    fn is_atom(&self, x: T) -> bool {
        self.has_atoms() && x == self.value
    }
}

nothing_to_estimate!(PointMass<T>, T, T: PartialEq | Copy | Send | Sync);

impl<T: PartialEq + Copy + Send + Sync + 'static> Sample for PointMass<T> {
    fn empty_buffer(&self) -> Vec<T> {
        Vec::new()
    }
    fn draw<R: Rng + ?Sized>(&self, _rng: &mut R, into: &mut Vec<T>) {
        into.push(self.value);
    }
}

impl<T: num_traits::ToPrimitive + Copy> Univariate for PointMass<T> {
    fn cdf(&self, x: f64) -> f64 {
        1.0 - self.sf(x)
    }
    fn sf(&self, x: f64) -> f64 {
        if x.is_nan() {
            x
        } else if x < Univariate::mean(self) {
            1.0
        } else {
            0.0
        }
    }
    fn quantile(&self, p: f64) -> f64 {
        if (0.0..=1.0).contains(&p) {
            Univariate::mean(self)
        } else {
            f64::NAN
        }
    }
    fn mean(&self) -> f64 {
        self.value.to_f64().unwrap_or(f64::NAN)
    }
    fn variance(&self) -> f64 {
        0.0
    }
}

impl<T> Entropy for PointMass<T> {
    /// 0: the mass is 1, against the counting measure at the value.
    fn entropy(&self) -> f64 {
        0.0
    }
}
