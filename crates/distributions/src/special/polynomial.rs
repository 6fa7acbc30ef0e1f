//! Evaluation of the polynomials behind the fitted functions.

/// Σ c_j x^j by Horner's rule.
///
/// Written with a product and a sum: outside a target-feature context a fused
/// multiply-add is a library call.
#[inline(always)]
pub(super) fn polynomial<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    let mut value = 0.0;
    for &c in coefficients.iter().rev() {
        value = value * x + c;
    }
    value
}

/// The quotient of two polynomials.
#[inline(always)]
pub(super) fn rational<const N: usize, const M: usize>(
    numerator: &[f64; N],
    denominator: &[f64; M],
    x: f64,
) -> f64 {
    polynomial(numerator, x) / polynomial(denominator, x)
}

/// ln(x/2), also where x/2 is not a normal number.
pub(super) fn ln_half(x: f64) -> f64 {
    if x > 1e-300 {
        (0.5 * x).ln()
    } else {
        x.ln() - std::f64::consts::LN_2
    }
}
