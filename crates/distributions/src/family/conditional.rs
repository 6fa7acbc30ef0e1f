//! Estimates of one parameter given the other, for the families of two.

use super::beta_statistics::BetaStatistics;
use super::gumbel::Gumbel;
use super::latent_scale::require_spread;
use super::von_mises::{CircularMoments, concentration_of};
use super::weibull::WeibullStatistics;
use super::{Beta, Cauchy, Gamma, InverseGamma, InverseGaussian, LogGap, LogNormal, Logistic};
use super::{LatentScaleStatistics, ReciprocalGap, VonMises, Weibull};
use crate::combine::{ConditionalEstimate, Narrowest};
use crate::solve::newton_in_bracket;
use crate::special::{inverse_digamma, ln_minus_digamma, trigamma};
use crate::{EstimateError, Moments, ParameterError, Reason, Statistics};

/// The names of the parameters, which of them are positive, and how a member is made and taken apart.
macro_rules! two_parameters {
    ($family:ident, $first:ident $first_positive:literal, $second:ident $second_positive:literal) => {
        const PARAMETERS: &'static [&'static str; 2] = &[stringify!($first), stringify!($second)];
        const POSITIVE: [bool; 2] = [$first_positive, $second_positive];

        fn parameters(&self) -> [f64; 2] {
            [self.$first(), self.$second()]
        }
        fn from_parameters([first, second]: [f64; 2]) -> Result<Self, ParameterError> {
            $family::new(first, second)
        }
    };
}

/// The rows of positive weight.
fn weighty<'a>(xs: &'a [f64], weights: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    let rows = xs.iter().zip(weights);
    rows.filter(|&(_, &weight)| weight > 0.0).map(|(&x, _)| x)
}

/// An estimate that grows without bound.
fn unbounded(parameter: &'static str, because: &'static str) -> EstimateError {
    EstimateError::boundary(parameter, f64::INFINITY, because)
}

impl ConditionalEstimate for Gamma {
    two_parameters!(Gamma, shape true, rate true);

    /// The shape solves ψ(a) = ln b + mean ln x; the rate is a/mean.
    fn conditional_estimate(&self, free: usize, from: &LogGap) -> Result<f64, EstimateError> {
        Ok(match free {
            0 => inverse_digamma((self.rate() * from.mean()).ln() - from.gap()),
            _ => self.shape() / from.mean(),
        })
    }
    /// The squared coefficient of variation is 1/a.
    fn narrowest(&self) -> Option<Narrowest> {
        Some(Narrowest::least_share_of(0, self.shape(), -1))
    }
}

impl ConditionalEstimate for InverseGamma {
    two_parameters!(InverseGamma, shape true, scale true);

    /// As the gamma distribution of 1/x.
    fn conditional_estimate(&self, free: usize, from: &LogGap) -> Result<f64, EstimateError> {
        Gamma::new(self.shape(), self.scale())?.conditional_estimate(free, from)
    }
    /// As that of 1/x.
    fn narrowest(&self) -> Option<Narrowest> {
        Some(Narrowest::least_share_of(0, self.shape(), -1))
    }
}

impl ConditionalEstimate for LogNormal {
    two_parameters!(LogNormal, log_mean false, log_variance true);

    /// The mean of ln x; or its mean square about the known mean.
    fn conditional_estimate(&self, free: usize, from: &Moments) -> Result<f64, EstimateError> {
        if free == 0 {
            return Ok(from.mean());
        }
        let shift = from.mean() - self.log_mean();
        let log_variance = from.variance() + shift * shift;
        if log_variance > 0.0 {
            return Ok(log_variance);
        }
        Err(EstimateError::boundary(
            "log_variance",
            log_variance,
            "all its observations lie at the known mean",
        ))
    }
    /// The variance of ln x.
    fn narrowest(&self) -> Option<Narrowest> {
        Some(Narrowest::least_share_of(1, self.log_variance(), 1))
    }
}

impl ConditionalEstimate for InverseGaussian {
    two_parameters!(InverseGaussian, mean true, shape true);

    /// The mean of x; or 1/λ = mean of (x − m)²/(m² x) = gap + (x̄ − m)²/(x̄ m²).
    fn conditional_estimate(
        &self,
        free: usize,
        from: &ReciprocalGap,
    ) -> Result<f64, EstimateError> {
        if free == 0 {
            return Ok(from.mean());
        }
        let shift = (from.mean() - self.mean()) / self.mean();
        let reciprocal = from.gap() + shift * (shift / from.mean());
        if reciprocal * from.mean() > 16.0 * f64::EPSILON * f64::EPSILON {
            return Ok(1.0 / reciprocal);
        }
        Err(unbounded(
            "shape",
            "all its observations lie at the known mean",
        ))
    }
    /// The variance is m³/λ.
    fn narrowest(&self) -> Option<Narrowest> {
        Some(Narrowest::least_share_of(1, self.shape(), -1))
    }
}

impl ConditionalEstimate for Beta {
    two_parameters!(Beta, alpha true, beta true);

    /// ψ(β) − ψ(α + β) = mean ln(1 − x), the same of α with mean ln x.
    fn conditional_estimate(
        &self,
        free: usize,
        from: &BetaStatistics,
    ) -> Result<f64, EstimateError> {
        let [mean, complement, gap, complement_gap] = from.values();
        let (known, name, mean_log) = match free {
            0 => (self.beta(), "alpha", mean.ln() - gap),
            _ => (self.alpha(), "beta", complement.ln() - complement_gap),
        };
        if !(mean_log < 0.0) {
            return Err(unbounded(
                name,
                "its observations lie at an end of the support",
            ));
        }
        // In the reciprocal the left side is near a straight line, at both ends.
        let start = -known / mean_log;
        newton_in_bracket(start, (1e-300, 1e300), |free| {
            let total = free + known;
            let gaps = ln_minus_digamma(free) - ln_minus_digamma(total);
            let value = -(known / free).ln_1p() - gaps;
            let slope = trigamma(free) - trigamma(total);
            (1.0 / mean_log - 1.0 / value, slope / (value * value))
        })
        .ok_or_else(|| {
            EstimateError::new(Reason::NotConverged {
                parameter: name,
                iterations: 200,
            })
        })
    }
    /// With one of them bounded the density is highest at a finite value of the other.
    fn is_bounded_given(&self, _known: usize) -> bool {
        true
    }
}

impl ConditionalEstimate for VonMises {
    two_parameters!(VonMises, mean_direction false, concentration true);

    /// The direction of the mean vector, kept where that is 0; or I₁/I₀(κ) = the mean of cos(x − μ), κ = 0
    /// where that is negative.
    fn conditional_estimate(
        &self,
        free: usize,
        from: &CircularMoments,
    ) -> Result<f64, EstimateError> {
        let (cosine, sine) = (from.cosine.mean(), from.sine.mean());
        if free == 0 {
            let uniform = cosine == 0.0 && sine == 0.0;
            return Ok(if uniform {
                self.mean_direction()
            } else {
                sine.atan2(cosine)
            });
        }
        let (s, c) = self.mean_direction().sin_cos();
        let (along, across) = (cosine * c + sine * s, sine * c - cosine * s);
        if !(along > 0.0) {
            return Ok(0.0);
        }
        concentration_of(0.0, along, from.spread() + across * across)
    }
    /// The variance of concentrated angles is 1/κ; that of all is 1 at most.
    fn narrowest(&self) -> Option<Narrowest> {
        Some(Narrowest::least_share_of(
            1,
            self.concentration().max(1.0),
            -1,
        ))
    }
}

/// Location and scale under latent precisions: Σ w u x / Σ w u, and √(Σ w u (x − m)² / `divisor`) about the
/// known location m.
fn under_latent_precisions(
    free: usize,
    location: f64,
    from: &LatentScaleStatistics,
    divisor: f64,
) -> Result<f64, EstimateError> {
    let moments = from.moments();
    if free == 0 {
        return Ok(moments.mean());
    }
    let shift = moments.mean() - location;
    let squares = moments.squares() + moments.weight() * shift * shift;
    let scale = (squares / divisor).sqrt();
    require_spread(location, scale)?;
    Ok(scale)
}

impl ConditionalEstimate for Logistic {
    two_parameters!(Logistic, location false, scale true);
    const ITERATED: bool = true;

    /// The maximum of the same quadratic bound as that of both.
    fn conditional_estimate(
        &self,
        free: usize,
        from: &LatentScaleStatistics,
    ) -> Result<f64, EstimateError> {
        under_latent_precisions(free, self.location(), from, from.weight())
    }
    /// The variance is a multiple of s².
    fn narrowest(&self) -> Option<Narrowest> {
        Some(Narrowest::least_share_of(1, self.scale(), 2))
    }
}

impl ConditionalEstimate for Cauchy {
    two_parameters!(Cauchy, location false, scale true);
    const ITERATED: bool = true;

    /// The parameter-expanded EM step of Student's t distribution.
    fn conditional_estimate(
        &self,
        free: usize,
        from: &LatentScaleStatistics,
    ) -> Result<f64, EstimateError> {
        under_latent_precisions(free, self.location(), from, from.moments().weight())
    }
    /// There is no variance; the scale takes its place.
    fn narrowest(&self) -> Option<Narrowest> {
        Some(Narrowest::least_share_of(1, self.scale(), 2))
    }
}

impl ConditionalEstimate for Weibull {
    two_parameters!(Weibull, shape true, scale true);
    const ITERATED: bool = true;

    /// The scale is closed, λᵏ = mean xᵏ; the shape takes a Newton step.
    fn conditional_estimate(
        &self,
        free: usize,
        from: &WeibullStatistics,
    ) -> Result<f64, EstimateError> {
        if free == 1 {
            let mean_power = from.powers()[0] / from.weight();
            return Ok(self.scale() * (mean_power.ln() / self.shape()).exp());
        }
        let shape = from.shape_step(self.shape());
        if shape < 1e15 {
            return Ok(shape);
        }
        Err(unbounded(
            "shape",
            "all its observations lie at the known scale",
        ))
    }
    fn conditional_one_step(free: usize) -> bool {
        free == 0
    }
    /// The largest row, so that no power of a ratio to the scale is infinite.
    fn beginning(free: usize, xs: &[f64], weights: &[f64]) -> Option<f64> {
        let largest = weighty(xs, weights).fold(0.0, f64::max);
        (free == 1 && largest > 0.0).then_some(largest)
    }
    /// The variance of ln x is a multiple of 1/k².
    fn narrowest(&self) -> Option<Narrowest> {
        Some(Narrowest::least_share_of(0, self.shape(), -2))
    }
}

impl ConditionalEstimate for Gumbel {
    two_parameters!(Gumbel, location false, scale true);
    const ITERATED: bool = true;

    /// As the Weibull distribution of e^(−x): the location is closed, the scale takes a Newton step.
    fn conditional_estimate(
        &self,
        free: usize,
        from: &WeibullStatistics,
    ) -> Result<f64, EstimateError> {
        if free == 0 {
            let mean_power = from.powers()[0] / from.weight();
            return Ok(self.location() - self.scale() * mean_power.ln());
        }
        let scale = 1.0 / from.shape_step(1.0 / self.scale());
        require_spread(self.location(), scale)?;
        Ok(scale)
    }
    fn conditional_one_step(free: usize) -> bool {
        free == 1
    }
    /// The smallest row, so that no exponential of a distance from the location is infinite.
    fn beginning(free: usize, xs: &[f64], weights: &[f64]) -> Option<f64> {
        let least = weighty(xs, weights).fold(f64::INFINITY, f64::min);
        (free == 0 && least.is_finite()).then_some(least)
    }
    /// The variance is a multiple of s².
    fn narrowest(&self) -> Option<Narrowest> {
        Some(Narrowest::least_share_of(1, self.scale(), 2))
    }
}
