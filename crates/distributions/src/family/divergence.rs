//! Parts of Kullback–Leibler divergences that keep their digits where two distributions are close.
//!
//! f(c) − f(a) − (c − a) f′(a) of a convex f is ∫ (c − t) f″(t) dt from a to c: a sum of positive
//! terms, where the plain form subtracts values of f to leave a square of c − a.

use super::exponential_excess;
use crate::quadrature::{integral, nodes};
use crate::special::{
    bessel_ratio_derivative, ln_gamma, ln_minus_digamma, stirling_error, trigamma,
    trigamma_minus_reciprocal,
};
use crate::{Density, Scalars, Univariate};

/// ∫ (c − t) f″(t) dt from a to c = a + `step`, for c within a factor of 2 of a > 0.
fn bregman(a: f64, step: f64, second: impl Fn(f64) -> f64) -> f64 {
    step * (step * integral(0.0, 1.0, 1, |s| (1.0 - s) * second(a + s * step)))
}

/// Whether c lies so near a > 0 that the quadrature is exact to rounding.
fn is_near(a: f64, c: f64) -> bool {
    c >= 0.5 * a && c <= 2.0 * a
}

/// The divergence of f(a) = ln Γ(a) − a ln a + a: what a gamma distribution of shape a adds to the
/// deviance of the shapes.
pub(super) fn of_shapes(a: f64, c: f64) -> f64 {
    if is_near(a, c) {
        return bregman(a, c - a, trigamma_minus_reciprocal);
    }
    // ln Γ and ψ by Stirling's forms.
    (stirling_error(c) - stirling_error(a)) + (c - a) * ln_minus_digamma(a)
        - 0.5 * (c.ln() - a.ln())
}

/// ln Γ(r) + γ(r − 1) at r = 1 + `step`: the divergence of ln Γ from 1.
pub(super) fn of_ln_gamma_from_1(step: f64) -> f64 {
    if is_near(1.0, 1.0 + step) {
        bregman(1.0, step, trigamma)
    } else {
        ln_gamma(1.0 + step) + super::EULER_GAMMA * step
    }
}

/// The divergence of ln I₀ from a to c within a factor of 2 of each other; `None` where they are not.
pub(super) fn of_ln_bessel(a: f64, c: f64) -> Option<f64> {
    (a > 0.0 && is_near(a, c)).then(|| bregman(a, c - a, |t| bessel_ratio_derivative(0.0, t)))
}

/// What a point of log-densities ln p and ln q adds to ∫ p (r − 1 − ln r), r = q/p: never negative, and
/// accurate where the two are close. The integral is the divergence, as ∫ (q − p) is 0.
pub(super) fn term(log_p: f64, log_q: f64) -> f64 {
    let (p, step) = (log_p.exp(), log_q - log_p);
    if step.abs() < 0.5 {
        p * exponential_excess(step)
    } else if p == 0.0 {
        log_q.exp()
    } else {
        log_q.exp() - p - p * step
    }
}

/// Where a density changes: about `centre`, over distances of the size of `unit` near it, and farther
/// away over distances of the size of that from it.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub centre: f64,
    pub unit: f64,
}

impl Scale {
    /// Panels over which the logarithm of the density is smooth.
    fn ends(self, (low, high): (f64, f64)) -> impl Iterator<Item = f64> {
        let mut far = 0.0_f64;
        std::iter::from_fn(move || {
            far += (0.75 * far).max(1.5 * self.unit);
            let (left, right) = (self.centre - far, self.centre + far);
            (left > low || right < high).then_some([left, right])
        })
        .flatten()
        .chain([self.centre])
        .filter(move |&x| x > low && x < high)
    }
}

/// The divergence of two densities on the real line with tails of one kind, by quadrature over panels
/// that follow both, out to where p has less than 1e-20 of its mass.
pub(super) fn by_quadrature<F: Density<Space = Scalars<f64>> + Univariate>(
    (p, of_p): (&F, Scale),
    (q, of_q): (&F, Scale),
) -> f64 {
    /// Farther out squares are no doubles.
    const FARTHEST: f64 = 1e150;
    let bound = |x: f64| x.clamp(-FARTHEST, FARTHEST);
    let ends = (
        bound(p.quantile(1e-20)),
        bound(2.0 * p.quantile(0.5) - p.quantile(1e-20)),
    );
    let mut panels: Vec<f64> = of_p.ends(ends).chain(of_q.ends(ends)).collect();
    panels.extend([ends.0, ends.1]);
    panels.sort_by(f64::total_cmp);
    let inside: f64 = (panels.windows(2))
        .flat_map(|pair| nodes(pair[0], pair[1], 1))
        .map(|(x, weight)| weight * term(p.log_density(x), q.log_density(x)))
        .sum();
    // Beyond the ends ln p − ln q is nearly what it is there.
    let tail =
        |x: f64, of_p: f64, of_q: f64| of_q - of_p + of_p * (p.log_density(x) - q.log_density(x));
    inside + tail(ends.0, p.cdf(ends.0), q.cdf(ends.0)) + tail(ends.1, p.sf(ends.1), q.sf(ends.1))
}
