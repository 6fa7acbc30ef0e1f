//! Parts of Kullback–Leibler divergences that keep their digits where two distributions are close.
//!
//! f(c) − f(a) − (c − a) f′(a) of a convex f is ∫ (c − t) f″(t) dt from a to c: a sum of positive
//! terms, where the plain form subtracts values of f to leave a square of c − a.

use crate::quadrature::integral;
use crate::special::{
    bessel_ratio_derivative, ln_gamma, ln_minus_digamma, stirling_error, trigamma,
    trigamma_minus_reciprocal,
};

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
