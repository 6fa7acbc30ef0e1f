//! What a beta distribution needs to know about the data, and its maximum-likelihood estimate.

use super::log_gap::{gap_between, log_excess};
use crate::special::{
    ln_1p_minus_x, ln_minus_digamma, trigamma, trigamma_minus_reciprocal as trigamma_excess,
};
use crate::{EstimateError, FromMean, Reason, Statistics};

/// Weight, mean x̄ and 1 − x̄ of values in (0, 1), and the gaps ln x̄ − mean(ln x) ≥ 0 and
/// ln(1 − x̄) − mean(ln(1 − x)) ≥ 0.
///
/// Like [`LogGap`](crate::LogGap), for x and 1 − x at once: the gaps of concentrated values would
/// have no correct digit as differences of sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BetaStatistics {
    pub(super) weight: f64,
    pub(super) mean: f64,
    pub(super) complement: f64,
    pub(super) gap: f64,
    pub(super) complement_gap: f64,
}

impl BetaStatistics {
    /// x̄, 1 − x̄, and the gaps of x and of 1 − x.
    pub fn values(&self) -> [f64; 4] {
        [self.mean, self.complement, self.gap, self.complement_gap]
    }
    /// Adds one value in (0, 1).
    pub fn add(&mut self, x: f64, weight: f64) {
        self.merge(&BetaStatistics {
            weight,
            mean: x,
            complement: 1.0 - x,
            ..BetaStatistics::default()
        });
    }
    /// Adds a block of values whose ln x and ln(1 − x) are known. Values of weight 0 are not
    /// looked at.
    pub fn add_slice(&mut self, xs: &[f64], logs: &[f64], co_logs: &[f64], weights: &[f64]) {
        let Some(first) = weights.iter().position(|&w| w > 0.0) else {
            return;
        };
        let (origin, log_origin, co_log_origin) = (xs[first], logs[first], co_logs[first]);
        let weight = crate::simd::sum(weights);
        let shift = super::centred_sum(xs, weights, origin);
        let log_shift = super::centred_sum(logs, weights, log_origin);
        let co_log_shift = super::centred_sum(co_logs, weights, co_log_origin);
        let mean = origin + shift / weight;
        let complement = (1.0 - origin) - shift / weight;
        let mut gap = (mean.ln() - log_origin) - log_shift / weight;
        let mut complement_gap = (complement.ln() - co_log_origin) - co_log_shift / weight;
        if !(gap > 1e-3 && complement_gap > 1e-3) {
            // Concentrated: the second pass of `LogGap`.
            let (mut sum, mut co_sum) = (0.0, 0.0);
            for (&x, &w) in xs.iter().zip(weights) {
                if w > 0.0 {
                    sum += w * log_excess((x - mean) / mean, x, mean);
                    co_sum += w * log_excess((mean - x) / complement, 1.0 - x, complement);
                }
            }
            (gap, complement_gap) = (sum / weight, co_sum / weight);
        }
        self.merge(&BetaStatistics {
            weight,
            mean,
            complement,
            gap,
            complement_gap,
        });
    }
    /// (α, β) of maximum likelihood.
    ///
    /// In n = α + β and p = α/n the log-likelihood is concave along p for each n, and its profile
    /// is concave in n: two nested one-dimensional searches, each bracketed. The equations are
    /// those for the gaps, with g(a) = ln a − ψ(a), so that nothing large cancels at large n.
    pub(super) fn estimate(&self) -> Result<(f64, f64), EstimateError> {
        let least = 8.0 * f64::EPSILON * f64::EPSILON;
        if !(self.gap > least || self.complement_gap > least) {
            return Err(EstimateError::boundary(
                "alpha",
                f64::INFINITY,
                "all its observations coincide",
            ));
        }
        // 1 − e^{mean ln x} − e^{mean ln(1−x)} is near 1/(2n).
        let shortfall =
            -self.mean * (-self.gap).exp_m1() - self.complement * (-self.complement_gap).exp_m1();
        let mut n = 0.5 / shortfall.min(0.999) + 0.5;
        let (mut low, mut high) = (0.0, f64::INFINITY);
        let (mut shift, mut last_step) = (0.0, f64::INFINITY);
        for _ in 0..200 {
            let profile = self.profile(n, shift)?;
            shift = profile.shift;
            let ratio = (profile.spread / profile.needed).ln();
            if ratio > 0.0 {
                low = n;
            } else {
                high = n;
            }
            let step = -ratio * profile.spread / (n * profile.slope);
            let mut next = n * step.clamp(-3.0, 3.0).exp();
            if !(next > low && next < high) {
                next = if high.is_finite() {
                    (low.max(1e-3 * high) * high).sqrt()
                } else {
                    2.0 * n
                };
            }
            let moved = (next / n - 1.0).abs();
            n = next;
            // Rounding may keep the last digits moving: stop when steps no longer shrink.
            if moved <= 8.0 * f64::EPSILON || (moved < 1e-12 && moved >= last_step) {
                return Ok((n * (self.mean + shift), n * (self.complement - shift)));
            }
            last_step = moved;
        }
        Err(EstimateError::new(Reason::NotConverged {
            parameter: "alpha",
            iterations: 200,
        }))
    }
    /// (α, β) of maximum likelihood among those of sum n, where it is not lower than for any smaller sum: the profile,
    /// which is concave, does not fall there.
    pub(super) fn rising_at(&self, n: f64) -> Result<Option<(f64, f64)>, EstimateError> {
        let profile = self.profile(n, 0.0)?;
        let shares = (self.mean + profile.shift, self.complement - profile.shift);
        Ok((profile.spread >= profile.needed).then_some((n * shares.0, n * shares.1)))
    }
    /// The best p = x̄ + shift for this n, from the condition ψ(np) − ψ(nq) = mean ln x − mean
    /// ln(1 − x), and the derivative of the profile there.
    fn profile(&self, n: f64, start: f64) -> Result<Profile, EstimateError> {
        let (mut low, mut high) = (-self.mean, self.complement);
        let mut shift = start;
        for _ in 0..200 {
            let (p, q) = (self.mean + shift, self.complement - shift);
            let value = (shift / self.mean).ln_1p()
                - (-shift / self.complement).ln_1p()
                - ln_minus_digamma(n * p)
                + ln_minus_digamma(n * q)
                + (self.gap - self.complement_gap);
            if value > 0.0 {
                high = shift;
            } else {
                low = shift;
            }
            let curvature = n * (trigamma(n * p) + trigamma(n * q));
            let mut next = shift - value / curvature;
            if !(next > low && next < high) {
                next = 0.5 * (low + high);
            }
            let moved = (next - shift).abs();
            shift = next;
            if moved <= f64::EPSILON * p.min(q) {
                let (p, q) = (self.mean + shift, self.complement - shift);
                let (a, b) = (n * p, n * q);
                let (excess_a, excess_b) = (trigamma_excess(a), trigamma_excess(b));
                let mixed = b * excess_b - a * excess_a;
                return Ok(Profile {
                    shift,
                    spread: p * ln_minus_digamma(a) + q * ln_minus_digamma(b) - ln_minus_digamma(n),
                    needed: p * self.gap + q * self.complement_gap
                        - p * ln_1p_minus_x(-shift / p)
                        - q * ln_1p_minus_x(shift / q),
                    slope: trigamma_excess(n) - p * p * excess_a - q * q * excess_b
                        + mixed * mixed / (n * n * (trigamma(a) + trigamma(b))),
                });
            }
        }
        Err(EstimateError::new(Reason::NotConverged {
            parameter: "alpha",
            iterations: 200,
        }))
    }
}

/// The profile of the mean log-likelihood at n: its derivative is `spread` − `needed`, both
/// positive, and the derivative of that is `slope`.
struct Profile {
    shift: f64,
    spread: f64,
    needed: f64,
    slope: f64,
}

impl Statistics for BetaStatistics {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        *self = BetaStatistics::default();
    }
    fn merge(&mut self, other: &Self) {
        if !(other.weight > 0.0) {
            return;
        }
        if !(self.weight > 0.0) {
            *self = *other;
            return;
        }
        let weight = self.weight + other.weight;
        let share = other.weight / weight;
        // Of two differences the one between the smaller numbers has lost less.
        let difference = if self.mean + other.mean < 1.0 {
            other.mean - self.mean
        } else {
            self.complement - other.complement
        };
        let mean = self.mean + difference * share;
        let complement = self.complement - difference * share;
        let rest = 1.0 - share;
        self.gap = rest * self.gap
            + share * other.gap
            + gap_between([self.mean, other.mean], difference, mean, share);
        let complements = [self.complement, other.complement];
        self.complement_gap = rest * self.complement_gap
            + share * other.complement_gap
            + gap_between(complements, -difference, complement, share);
        (self.mean, self.complement) = (mean, complement);
        self.weight = weight;
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
    }
}

/// From the means of (ln x, ln(1 − x)): the mean of x is not known, and not needed. Any centre will
/// do; the one taken makes both gaps equal.
impl FromMean for BetaStatistics {
    fn from_mean(mean: &[f64], weight: f64) -> Self {
        let (log_a, log_b) = (mean[0], mean[1]);
        let top = log_a.max(log_b);
        let sum = (log_a - top).exp() + (log_b - top).exp();
        let gap = (-(top + sum.ln())).max(0.0);
        BetaStatistics {
            weight,
            mean: (log_a - top).exp() / sum,
            complement: (log_b - top).exp() / sum,
            gap,
            complement_gap: gap,
        }
    }
}
