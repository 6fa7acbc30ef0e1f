//! Student's t distribution.

use super::bounded::Bounded;
use super::bounded_sech::BoundedSech;
use super::divergence;
use super::floor_under;
use super::latent_scale::LatentScaleStatistics;
use super::normal::HALF_LN_TWO_PI;
use super::student_t_estimate::estimate;
use crate::combine::Narrowest;
use crate::simd::{self, ln_1p_slice, sum, weighted_sum};
use crate::solve::newton_in_bracket;
use crate::special::{
    beta_i, beta_i_complement, ln_1p_minus_x, ln_minus_digamma, stirling_error,
    trigamma_minus_reciprocal,
};
use crate::{
    Component, Coordinates, Density, Entropy, EstimateError, IntervalStatistics, Moments,
    ParameterError, Reason, Sample, Scalars, Scratch, Statistics, Univariate, next_coordinate,
    quantile_between,
};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// The largest df that an estimate gives: there the log-density is that of the normal distribution
/// with the same location and scale to within 1e-10 z⁴.
const LARGEST_DF: f64 = 1e10;

/// Degrees of freedom with which a pooled scale is sought where the own ones have none.
const POOLED_DF: f64 = 4.0;

/// Up to this df u − 1 − ln u is the plain difference: its relative error is ν roundings. Past it,
/// one function takes its place.
const PLAIN_EXCESS: f64 = 1e6;

/// Student's t distribution with location m, scale s and ν degrees of freedom (`df`).
///
/// Whether ν is estimated belongs to the instance: [`StudentT::new`] makes one with free ν (three
/// parameters), [`with_fixed_df`](StudentT::with_fixed_df) fixes it (two), and M-steps, coordinates
/// and files keep that. In files a fixed ν is marked by `fixed_df: true`.
///
/// # Density
/// p(x) = Γ((ν+1)/2) / (Γ(ν/2) √(νπ) s) · (1 + z²/ν)^(−(ν+1)/2) with z = (x − m)/s on the real line.
///
/// # Sufficient statistics
/// None of fixed size. Given the current iterate each observation has a latent precision
/// u = (ν+1)/(ν+z²), and the moments of x weighted by w u are kept, with Σ w and, for a free ν,
/// Σ w (u − 1 − ln u) ([`LatentScaleStatistics`]).
///
/// # M-step
/// That of parameter-expanded EM: m = Σ w u x / Σ w u and s² = Σ w u (x − m)² / Σ w u; dividing by
/// Σ w u where classical EM has N = Σ w maximises over a common factor of the latent precisions too,
/// which makes fewer iterations of it and is still monotone. A free ν solves
/// ln(ν/2) − ψ(ν/2) = ln ū − mean(ln u) + [ln a − ψ(a)] with a = (ν₀+1)/2 at the current ν₀, by
/// Newton; both terms on the right are positive, neither cancels. No M-step lowers the likelihood
/// ([`one_step`](Component::one_step) is false), but each goes only part of the way.
///
/// [`estimate`](Component::estimate), which has no iterate and sees the rows, goes all the way to the
/// maximum, by Newton steps safeguarded by M-steps: a fit of one component, and the first M-step from
/// labels, are maximum-likelihood estimates. (A start with all u = 1, that is normal estimates, would
/// lead EM to the same fixed points.)
///
/// Where the data are no longer-tailed than a normal sample, ν has no finite maximum: the answer is
/// ν = 1e10, at which the distribution is normal for every purpose. No maximum exists when all
/// observations coincide (s → 0). With ν < w/(N − w) the likelihood is unbounded at any single
/// observation of weight w: the estimate is the local maximum reached from a wide start, and a
/// component that collapses on a point is reported as such.
///
/// # Errors
/// [`StudentT::new`] refuses a location that is not finite, a scale that is not positive, finite and
/// normal, and a `df` that is not positive and finite.
///
/// # Example
/// ```
/// use distributions::{Component, Density, StudentT};
/// let family = StudentT::new(0.0, 1.0, 4.0)?;
/// assert!((family.log_density(2.0) + 2.713_697_204_411_59).abs() < 1e-14);
/// let fitted = family.with_fixed_df().estimate(&[-1.0, 0.0, 1.0], &[1.0, 1.0, 1.0])?;
/// assert_eq!((fitted.df(), fitted.parameter_count()), (4.0, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Liu, Rubin & Wu (1998), Parameter expansion to accelerate EM: the PX-EM algorithm; Fernández &
/// Steel (1999), Multivariate Student-t regression models: pitfalls and inference (the unbounded
/// likelihood).
#[derive(Clone, Debug, PartialEq)]
pub struct StudentT {
    location: f64,
    scale: f64,
    df: f64,
    fixed_df: bool,
    /// The least scale, where there is a floor.
    floor: Option<Narrowest>,
    /// The logarithm of p at m, taken once.
    log_constant: f64,
    /// 1/(s√ν), taken once.
    inverse_width: f64,
}

impl StudentT {
    /// Student's t distribution with these parameters, all of them free.
    ///
    /// # Errors
    /// When `location` is not finite, `scale` not positive, finite and normal, or `df` not positive
    /// and finite.
    pub fn new(location: f64, scale: f64, df: f64) -> Result<Self, ParameterError> {
        super::require_location_scale(location, scale)?;
        ParameterError::require(
            df > 0.0 && df.is_finite(),
            "df",
            df,
            "must be positive and finite",
        )?;
        let half = 0.5 * df;
        // ln Γ(n+½) − ln Γ(n) − ½ ln n by Stirling's formula with its exact error δ: what grows
        // with n has cancelled.
        let gammas =
            half * ln_1p_minus_x(0.5 / half) + stirling_error(half + 0.5) - stirling_error(half);
        Ok(StudentT {
            location,
            scale,
            df,
            fixed_df: false,
            floor: None,
            log_constant: gammas - HALF_LN_TWO_PI - scale.ln(),
            inverse_width: 1.0 / scale / df.sqrt(),
        })
    }
    /// The same with ν fixed: it is not estimated, and not counted.
    pub fn with_fixed_df(self) -> Self {
        StudentT {
            fixed_df: true,
            ..self
        }
    }
    /// The same with ν free.
    pub fn with_free_df(self) -> Self {
        StudentT {
            fixed_df: false,
            ..self
        }
    }
    /// m.
    pub fn location(&self) -> f64 {
        self.location
    }
    /// s.
    pub fn scale(&self) -> f64 {
        self.scale
    }
    /// ν.
    pub fn df(&self) -> f64 {
        self.df
    }
    /// Whether ν is fixed.
    pub fn has_fixed_df(&self) -> bool {
        self.fixed_df
    }
    /// The largest df that an estimate gives.
    pub(super) fn largest_df(&self) -> f64 {
        LARGEST_DF.max(self.df)
    }
    /// The same with other parameters, above the same floor.
    pub(super) fn moved(&self, location: f64, scale: f64, df: f64) -> Result<Self, ParameterError> {
        let moved = StudentT::new(location, Narrowest::bounded(self.floor, scale), df)?;
        Ok(StudentT {
            fixed_df: self.fixed_df,
            floor: self.floor,
            ..moved
        })
    }
    /// Whether there is a floor, so that no scale is too small.
    pub(super) fn has_floor(&self) -> bool {
        self.floor.is_some()
    }
    /// z²/ν; ∞ where it overflows.
    #[inline]
    fn ratio(&self, x: f64) -> f64 {
        let z = (x - self.location) * self.inverse_width;
        z * z
    }
    /// ln(1 + z²/ν) where z²/ν is no number: past the largest double, by logarithms.
    #[cold]
    fn log_ratio_far(&self, x: f64) -> f64 {
        if x == self.location {
            return 0.0;
        }
        // Halved, so that the difference cannot overflow.
        let distance = (0.5 * x - 0.5 * self.location).abs();
        2.0 * (distance.ln() + std::f64::consts::LN_2 - self.scale.ln()) - self.df.ln()
    }
    /// The next ν. What enters is the mean of τ − 1 − ln τ of the latent precisions τ = u/α, with α = ū where the step is
    /// that of the `expanded` model, else α = 1.
    fn next_df(&self, from: &LatentScaleStatistics, expanded: bool) -> Result<f64, EstimateError> {
        let factor = if expanded { from.mean_precision() } else { 1.0 };
        let spread = ln_1p_minus_x(factor - 1.0) + from.mean_excess();
        let gap = spread.max(0.0) + ln_minus_digamma(0.5 * (self.df + 1.0));
        // ln a − ψ(a) lies between 1/(2a) and 1/a.
        let half = newton_in_bracket(0.5 * self.df, (0.5 / gap, 1.0 / gap), |a| {
            (ln_minus_digamma(a) - gap, -trigamma_minus_reciprocal(a))
        });
        let half = half.ok_or_else(|| {
            EstimateError::new(Reason::NotConverged {
                parameter: "df",
                iterations: 200,
            })
        })?;
        Ok((2.0 * half).min(self.largest_df()))
    }
    /// The next m and s, and whether they are those of the expanded model. Where these pass the floor, they are those of EM
    /// without expansion, whose expected log-likelihood is concave in ln s: s² = Σ w u (x − m)² / Σ w, or the floor.
    fn location_scale(
        &self,
        from: &LatentScaleStatistics,
    ) -> Result<(f64, f64, bool), EstimateError> {
        let moments = from.moments();
        let Some(floor) = self.floor.filter(|_| moments.weight() > 0.0) else {
            let (location, scale) = from.location_scale(moments.weight())?;
            return Ok((location, scale, true));
        };
        let scale = (moments.squares() / moments.weight()).sqrt();
        if !floor.is_reached_by(scale) {
            return Ok((moments.mean(), scale, true));
        }
        let plain = (moments.squares() / from.weight()).sqrt();
        Ok((moments.mean(), Narrowest::bounded(self.floor, plain), false))
    }
    /// The same at this scale, as `floor_under` asks for it.
    fn above_floor(&self, scale: f64) -> Result<Self, ParameterError> {
        self.moved(self.location, scale, self.df)
    }
    /// Turns ln(1 + z²/ν) of rows into u − 1 − ln u.
    fn excesses(&self, ratios: &[f64], logs: &mut [f64]) {
        let inverse = 1.0 / self.df;
        // u − 1 = (1 − z²)/(ν + z²).
        let surplus = |ratio: f64| (inverse - ratio) / (1.0 + ratio);
        if self.df <= PLAIN_EXCESS {
            let rise = inverse.ln_1p();
            for (log, &ratio) in logs.iter_mut().zip(ratios) {
                *log = surplus(ratio) - (rise - *log);
            }
        } else {
            for (log, &ratio) in logs.iter_mut().zip(ratios) {
                *log = -ln_1p_minus_x(surplus(ratio));
            }
        }
    }
    /// ψ((ν+1)/2) − ψ(ν/2), as 1/ν and what is small against it.
    fn digamma_difference(&self) -> f64 {
        let half = 0.5 * self.df;
        let small =
            ln_1p_minus_x(0.5 / half) + ln_minus_digamma(half) - ln_minus_digamma(half + 0.5);
        1.0 / self.df + small
    }
    /// P(|X − m| > |x − m|).
    fn two_tails(&self, x: f64) -> f64 {
        if x.is_infinite() {
            return 0.0;
        }
        let ratio = self.ratio(x).min(f64::MAX);
        let half = 0.5 * self.df;
        // I_y(½, ν/2) with y = z²/(ν + z²), by whichever of y and 1 − y is small.
        if ratio < 1.0 {
            beta_i_complement(0.5, half, ratio / (1.0 + ratio))
        } else {
            beta_i(half, 0.5, 1.0 / (1.0 + ratio))
        }
    }
}

/// arsinh(z/√ν) that is not exceeded, so that the square of its sinh stays a double.
const FARTHEST: f64 = 340.0;

/// z²/ν of z/√ν, as it enters an M-step.
fn bounded_ratio(z: f64) -> f64 {
    bounded(z * z)
}

/// Past the largest ratio that enters an M-step, precisions are 0 for every purpose.
fn bounded(ratio: f64) -> f64 {
    ratio.min(1e300)
}

impl Density for StudentT {
    type Space = Scalars<f64>;

    fn log_density(&self, x: f64) -> f64 {
        let mut value = [0.0];
        self.log_density_batch(&[x], &[], &mut value, &mut Scratch::default());
        value[0]
    }
    fn check_observation(&self, x: f64) -> Result<(), &'static str> {
        super::require_finite(x)
    }
    fn log_density_batch(
        &self,
        xs: &[f64],
        _prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        simd::map(xs, out, |x| self.ratio(x));
        ln_1p_slice(out);
        let exponent = 0.5 * (self.df + 1.0);
        let far = simd::update(out, |value| self.log_constant - exponent * value);
        if far {
            for (value, &x) in out.iter_mut().zip(xs) {
                if !value.is_finite() {
                    *value = self.log_constant - exponent * self.log_ratio_far(x);
                }
            }
        }
    }
}

impl Component for StudentT {
    type Statistics = LatentScaleStatistics;

    fn empty_statistics(&self) -> LatentScaleStatistics {
        LatentScaleStatistics::default()
    }
    fn accumulate(&self, into: &mut LatentScaleStatistics, x: f64, weight: f64) {
        let ratio = bounded(self.ratio(x));
        let excess = if self.fixed_df {
            0.0
        } else {
            let mut excess = [ratio.ln_1p()];
            self.excesses(&[ratio], &mut excess);
            excess[0]
        };
        into.add(x, (1.0 + 1.0 / self.df) / (1.0 + ratio), excess, weight);
    }
    fn accumulate_batch(
        &self,
        into: &mut LatentScaleStatistics,
        xs: &[f64],
        _prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let mut products = scratch.take_dirty(xs.len());
        for (value, &x) in products.iter_mut().zip(xs) {
            *value = bounded(self.ratio(x));
        }
        let mut excess = 0.0;
        if !self.fixed_df {
            let mut logs = scratch.take_dirty(xs.len());
            logs.copy_from_slice(&products);
            ln_1p_slice(&mut logs);
            self.excesses(&products, &mut logs);
            excess = weighted_sum(&logs, weights, |excess, weight| weight * excess);
            scratch.give(logs);
        }
        let rise = 1.0 + 1.0 / self.df;
        for (value, &weight) in products.iter_mut().zip(weights) {
            *value = weight * (rise / (1.0 + *value));
        }
        into.add_slice(xs, &products, self.location, sum(weights), excess);
        scratch.give(products);
    }
    fn maximize(&self, from: &LatentScaleStatistics) -> Result<Self, EstimateError> {
        let (location, scale, expanded) = self.location_scale(from)?;
        let df = if self.fixed_df {
            self.df
        } else {
            self.next_df(from, expanded)
                .map_err(|error| error.with_count(from.weight()))?
        };
        Ok(self.moved(location, scale, df)?)
    }
    fn parameter_count(&self) -> usize {
        if self.fixed_df { 2 } else { 3 }
    }
    /// The maximum, whatever the iterate.
    fn estimate(&self, xs: &[f64], weights: &[f64]) -> Result<Self, EstimateError> {
        estimate(self, xs, weights)
    }
    floor_under!(scale, 2);
    /// Where the likelihood grows without bound at a value that many rows share, the scale is that of ν = 4, which has a
    /// maximum as long as four fifths of the rows do not share it; else the standard deviation.
    fn pooled(&self, xs: &[f64], weights: &[f64]) -> Result<Self, EstimateError> {
        let lighter = || {
            let lighter = self.moved(self.location, self.scale, POOLED_DF)?;
            let found = lighter.with_fixed_df().estimate(xs, weights)?;
            Ok(self.moved(found.location, found.scale, self.df)?)
        };
        let normal = || {
            let mut moments = Moments::default();
            for (xs, weights) in super::blocks(xs, weights) {
                moments.add_slice(xs, weights);
            }
            let (mean, variance) = super::normal::normal_from_moments(&moments, "scale")?;
            Ok(self.moved(mean, variance.sqrt(), self.df)?)
        };
        let own = self.estimate(xs, weights);
        own.or_else(|_: EstimateError| lighter())
            .or_else(|_: EstimateError| normal())
    }
}

impl Coordinates for StudentT {
    fn pack(&self, into: &mut Vec<f64>) {
        into.extend([self.location, self.scale.ln()]);
        if !self.fixed_df {
            into.push(self.df.ln());
        }
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let (location, log_scale) = (next_coordinate(from)?, next_coordinate(from)?);
        let df = if self.fixed_df {
            self.df
        } else {
            next_coordinate(from)?.exp()
        };
        Ok(self.moved(location, log_scale.exp(), df)?)
    }
}

impl Sample for StudentT {
    fn empty_buffer(&self) -> Vec<f64> {
        Vec::new()
    }
    /// A draw that overflows (tiny `df`) is the largest double.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, into: &mut Vec<f64>) {
        let z: f64 = StandardNormal.sample(rng);
        let half = 0.5 * self.df;
        let precision = rand_distr::Gamma::new(half, 1.0)
            .map_or(1.0, |gamma| gamma.sample(rng) / half)
            .max(f64::MIN_POSITIVE);
        let x = self.location + self.scale * (z / precision.sqrt());
        into.push(super::inside_reals(x));
    }
}

impl StudentT {
    /// The Kullback–Leibler divergence KL(self ‖ other), in nats. No closed form is known: by quadrature, to about 1e-13 of it and
    /// rounding of its root.
    pub fn kl_divergence(&self, other: &Self) -> f64 {
        divergence::by_quadrature((self, self.extent()), (other, other.extent()))
    }
    /// Where the density changes.
    fn extent(&self) -> divergence::Scale {
        divergence::Scale {
            centre: self.location,
            unit: self.scale * self.df.sqrt().min(1.0),
        }
    }
}

impl Univariate for StudentT {
    fn cdf(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let half = 0.5 * self.two_tails(x);
        if x < self.location { half } else { 1.0 - half }
    }
    fn sf(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let half = 0.5 * self.two_tails(x);
        if x > self.location { half } else { 1.0 - half }
    }
    fn quantile(&self, p: f64) -> f64 {
        if !(0.0..=1.0).contains(&p) {
            return f64::NAN;
        }
        if p == 0.5 {
            return self.location;
        }
        // About 0, so that a large location costs no digits of the distance.
        let centred = StudentT {
            location: 0.0,
            ..self.clone()
        };
        let tail = p.min(1.0 - p);
        let far = if tail == 0.0 {
            f64::INFINITY
        } else {
            -quantile_between(tail, f64::NEG_INFINITY, 0.0, |x| {
                let below = 0.5 * centred.two_tails(x);
                (below, 1.0 - below)
            })
        };
        self.location + if p < 0.5 { -far } else { far }
    }
    /// m; NaN for ν ≤ 1.
    fn mean(&self) -> f64 {
        if self.df > 1.0 {
            self.location
        } else {
            f64::NAN
        }
    }
    /// s² ν/(ν − 2); ∞ for 1 < ν ≤ 2, NaN below.
    fn variance(&self) -> f64 {
        if self.df > 2.0 {
            self.scale * self.scale * (self.df / (self.df - 2.0))
        } else if self.df > 1.0 {
            f64::INFINITY
        } else {
            f64::NAN
        }
    }
    fn log_probability(&self, low: f64, high: f64) -> f64 {
        super::log_probability_or(self, (low, high), || {
            let bounded = self.bounded(low, high);
            // The density of v at the origin, by ln cosh.
            let size = bounded.origin().abs();
            let log_cosh = size + (0.5 + 0.5 * (-2.0 * size).exp()).ln();
            let peak = self.log_constant - self.inverse_width.ln() - self.df * log_cosh;
            bounded.log_total() + peak
        })
    }
}

impl Entropy for StudentT {
    /// −ln p(m) + (ν+1)/2 · (ψ((ν+1)/2) − ψ(ν/2)).
    fn entropy(&self) -> f64 {
        0.5 * (self.df + 1.0) * self.digamma_difference() - self.log_constant
    }
}

impl StudentT {
    /// arsinh(z/√ν) between the bounds.
    fn bounded(&self, low: f64, high: f64) -> BoundedSech {
        let ratio = |x: f64| (x - self.location) * self.inverse_width;
        let (from, to) = (ratio(low), ratio(high));
        let (near, far) = if from >= 0.0 {
            (from, to)
        } else {
            (-to, -from)
        };
        let width = if near >= 0.0 && far < f64::INFINITY {
            // e^(arsinh far − arsinh near) − 1.
            let (a, b) = (near.hypot(1.0), far.hypot(1.0));
            let rise = (high - low) * self.inverse_width * (1.0 + (near + far) / (a + b));
            (rise / (near + a)).ln_1p()
        } else {
            to.asinh() - from.asinh()
        };
        BoundedSech::new(self.df, (from.asinh(), to.asinh()), width)
    }
    /// The x that belongs to the origin.
    fn origin(&self, bounded: &BoundedSech) -> f64 {
        self.location + bounded.origin().clamp(-FARTHEST, FARTHEST).sinh() / self.inverse_width
    }
}

impl IntervalStatistics for StudentT {
    /// By quadrature of the latent precisions under the iterate.
    fn accumulate_interval(
        &self,
        into: &mut LatentScaleStatistics,
        low: f64,
        high: f64,
        weight: f64,
    ) {
        let bounded = self.bounded(low, high);
        bounded.add(into, self.origin(&bounded), weight, |s| {
            // Farther out precisions are 0 for every purpose.
            let origin = bounded.origin().clamp(-FARTHEST, FARTHEST);
            let s = s.clamp(-FARTHEST - origin, FARTHEST - origin);
            let ratio = bounded_ratio((origin + s).sinh());
            let distance = 2.0 * (origin + 0.5 * s).cosh() * (0.5 * s).sinh();
            let mut excess = [ratio.ln_1p()];
            if self.fixed_df {
                excess[0] = 0.0;
            } else {
                self.excesses(&[ratio], &mut excess);
            }
            let precision = (1.0 + 1.0 / self.df) / (1.0 + ratio);
            (distance / self.inverse_width, precision, excess[0])
        });
    }
}

#[cfg(feature = "serde")]
mod serde_form {
    use super::StudentT;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Parameters {
        location: f64,
        scale: f64,
        df: f64,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        fixed_df: bool,
    }

    impl Serialize for StudentT {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            Parameters {
                location: self.location,
                scale: self.scale,
                df: self.df,
                fixed_df: self.fixed_df,
            }
            .serialize(to)
        }
    }

    impl<'de> Deserialize<'de> for StudentT {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let read = Parameters::deserialize(from)?;
            let family = StudentT::new(read.location, read.scale, read.df);
            let family = family.map_err(D::Error::custom)?;
            Ok(if read.fixed_df {
                family.with_fixed_df()
            } else {
                family
            })
        }
    }
}
