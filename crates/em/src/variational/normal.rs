//! Normals under a normal–inverse-gamma prior.

use super::conjugate::ConjugateFamily;
use distributions::special::ln_minus_digamma;
use distributions::{
    Coordinates, EstimateError, ExponentialFamily, Gamma, Normal, ParameterError, Statistics,
    StudentT, next_coordinate,
};

/// A distribution of (μ, σ²): 1/σ² ~ Gamma(a, b) with rate b, and μ given σ² ~ N(m, σ²/κ).
///
/// # Posterior
/// From n observations of mean x̄ and centred squares S: κ + n, m + n (x̄ − m)/(κ + n), a + n/2, and
/// b + S/2 + κ n (x̄ − m)²/(2 (κ + n)).
///
/// # Example
/// ```
/// use distributions::{Component, Normal};
/// use em::{Conjugate, NormalInverseGamma};
/// let prior = Conjugate::new(Normal::standard(), NormalInverseGamma::new(0.0, 1.0, 2.0, 1.0)?)?;
/// let posterior = prior.estimate(&[2.0, 4.0], &[1.0, 1.0])?;
/// assert_eq!(posterior.belief().mean(), 2.0);
/// assert_eq!(posterior.belief().rate(), 1.0 + 1.0 + 3.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Murphy (2007), Conjugate Bayesian analysis of the Gaussian distribution, section 3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalInverseGamma {
    mean: f64,
    shrinkage: f64,
    shape: f64,
    rate: f64,
}

impl NormalInverseGamma {
    /// Mean m, shrinkage κ, shape a and rate b.
    ///
    /// # Errors
    /// When `mean` is not finite, or another is not positive and finite.
    pub fn new(mean: f64, shrinkage: f64, shape: f64, rate: f64) -> Result<Self, ParameterError> {
        ParameterError::require(mean.is_finite(), "mean", mean, "must be finite")?;
        for (name, value) in [("shrinkage", shrinkage), ("shape", shape), ("rate", rate)] {
            let valid = value > 0.0 && value.is_finite();
            ParameterError::require(valid, name, value, "must be positive and finite")?;
        }
        Ok(NormalInverseGamma {
            mean,
            shrinkage,
            shape,
            rate,
        })
    }
    /// m.
    pub fn mean(&self) -> f64 {
        self.mean
    }
    /// κ: how many observations the mean is worth.
    pub fn shrinkage(&self) -> f64 {
        self.shrinkage
    }
    /// a: half the degrees of freedom of the variance.
    pub fn shape(&self) -> f64 {
        self.shape
    }
    /// b: half the sum of squares that the prior is worth, in squared units of the data.
    pub fn rate(&self) -> f64 {
        self.rate
    }
}

impl Coordinates for NormalInverseGamma {
    fn pack(&self, into: &mut Vec<f64>) {
        let positive = [self.shrinkage, self.shape, self.rate];
        into.push(self.mean);
        into.extend(positive.map(f64::ln));
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let mut next = || next_coordinate(from);
        let (mean, shrinkage, shape, rate) = (next()?, next()?, next()?, next()?);
        Ok(Self::new(mean, shrinkage.exp(), shape.exp(), rate.exp())?)
    }
}

impl ConjugateFamily for Normal {
    type Prior = NormalInverseGamma;
    type Predictive = StudentT;

    /// η = (μ/σ², −1/(2σ²)): mean m and variance b/a.
    fn expectation(&self, belief: &NormalInverseGamma) -> Result<(Self, f64), EstimateError> {
        let centre = Normal::new(belief.mean, belief.rate / belief.shape)?;
        let offset = -0.5 * (ln_minus_digamma(belief.shape) + 1.0 / belief.shrinkage);
        Ok((centre, offset))
    }
    fn posterior(
        &self,
        prior: &NormalInverseGamma,
        from: &Self::Statistics,
    ) -> Result<NormalInverseGamma, EstimateError> {
        let count = from.weight();
        if count == 0.0 {
            return Ok(*prior);
        }
        let shrinkage = prior.shrinkage + count;
        let (share, way) = (count / shrinkage, from.mean() - prior.mean);
        let squares = from.squares() + prior.shrinkage * share * way * way;
        Ok(NormalInverseGamma::new(
            prior.mean + share * way,
            shrinkage,
            prior.shape + 0.5 * count,
            prior.rate + 0.5 * squares,
        )?)
    }
    /// That of the precisions, and what is to be expected of that of the means given them.
    fn divergence(&self, posterior: &NormalInverseGamma, prior: &NormalInverseGamma) -> f64 {
        let precision = |of: &NormalInverseGamma| Gamma::new(of.shape, of.rate);
        let (Ok(mine), Ok(theirs)) = (precision(posterior), precision(prior)) else {
            return f64::INFINITY;
        };
        let ratio = prior.shrinkage / posterior.shrinkage;
        let way = posterior.mean - prior.mean;
        let distance = prior.shrinkage * way * way * posterior.shape / posterior.rate;
        mine.kl_divergence(&theirs) + 0.5 * (ratio - 1.0 - ratio.ln() + distance)
    }
    /// Student t: location m, scale² b (κ + 1)/(a κ), degrees of freedom 2a.
    fn predictive(&self, belief: &NormalInverseGamma) -> Result<StudentT, EstimateError> {
        let variance = belief.rate / belief.shape * (1.0 + 1.0 / belief.shrinkage);
        let predictive = StudentT::new(belief.mean, variance.sqrt(), 2.0 * belief.shape)?;
        Ok(predictive.with_fixed_df())
    }
}

#[cfg(feature = "serde")]
const _: () = {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Parameters {
        mean: f64,
        shrinkage: f64,
        shape: f64,
        rate: f64,
    }

    impl Serialize for NormalInverseGamma {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let NormalInverseGamma {
                mean,
                shrinkage,
                shape,
                rate,
            } = *self;
            let parameters = Parameters {
                mean,
                shrinkage,
                shape,
                rate,
            };
            parameters.serialize(to)
        }
    }
    impl<'de> Deserialize<'de> for NormalInverseGamma {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let of = Parameters::deserialize(from)?;
            Self::new(of.mean, of.shrinkage, of.shape, of.rate).map_err(D::Error::custom)
        }
    }
};
