//! Logarithms of one plus or minus something small, and sums of exponentials.

use super::polynomial::rational;

/// ln(1 + x) − x for x > −1, without the cancellation near 0.
///
/// Near 0 the value is −x²/2 + x³/3 − …; with s = x/(2 + x) it equals
/// −s·x + 2s³·(1/3 + s²/5 + …), whose last factor is a rational fit made by
/// `fit_coefficients.py`. At −1 the value is −∞, below it NaN, at ∞ −∞.
///
/// ```
/// use distributions::special::ln_1p_minus_x;
/// assert!((ln_1p_minus_x(1e-8) - (-4.99999996666666693e-17)).abs() < 1e-31);
/// ```
pub fn ln_1p_minus_x(x: f64) -> f64 {
    if x > -0.5 && x < 1.0 {
        ln_1p_minus_x_near(x)
    } else if x == f64::INFINITY {
        f64::NEG_INFINITY
    } else {
        x.ln_1p() - x
    }
}

/// [`ln_1p_minus_x`] for −½ < x < 1, without a branch.
#[inline(always)]
pub(crate) fn ln_1p_minus_x_near(x: f64) -> f64 {
    let s = x / (2.0 + x);
    let w = s * s;
    let remainder = rational(&ATANH_REMAINDER_NUMERATOR, &ATANH_REMAINDER_DENOMINATOR, w);
    s * (2.0 * w * remainder - x)
}

/// ln(1 + eˣ) (softplus) for every x: 0 at −∞, ∞ at ∞.
///
/// Mächler's switch points (Rmpfr vignette "Accurately computing log(1 − exp(−|a|))").
pub fn ln_1p_exp(x: f64) -> f64 {
    if x <= -37.0 {
        x.exp()
    } else if x <= 18.0 {
        x.exp().ln_1p()
    } else if x <= 33.3 {
        x + (-x).exp()
    } else {
        x
    }
}

/// ln(1 − eˣ) for x < 0: −∞ at 0, 0 at −∞, NaN for x > 0.
///
/// Switches at −ln 2, where both forms are accurate (Mächler).
pub fn ln_1m_exp(x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 {
        (-x.exp_m1()).ln()
    } else {
        (-x.exp()).ln_1p()
    }
}

/// ln Σ exp(xᵢ), without overflow.
///
/// Empty or all −∞ gives −∞; any +∞ gives +∞; any NaN gives NaN. The largest term is
/// taken out and the others enter through ln(1 + s), so a result near 0 keeps its digits.
///
/// ```
/// use distributions::special::log_sum_exp;
/// assert_eq!(log_sum_exp(&[1000.0, 1000.0]), 1000.0 + std::f64::consts::LN_2);
/// assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
/// ```
pub fn log_sum_exp(values: &[f64]) -> f64 {
    let mut maximum = f64::NEG_INFINITY;
    let mut at = 0;
    for (i, &value) in values.iter().enumerate() {
        if value.is_nan() {
            return f64::NAN;
        }
        if value > maximum {
            maximum = value;
            at = i;
        }
    }
    if maximum.is_infinite() {
        return maximum;
    }
    let mut rest = 0.0;
    for (i, &value) in values.iter().enumerate() {
        if i != at {
            rest += (value - maximum).exp();
        }
    }
    maximum + rest.ln_1p()
}

/// ln(p / (1 − p)) for 0 ≤ p ≤ 1: ∓∞ at the ends, NaN outside.
///
/// Between 1/4 and 3/4 it is ln(1 + (2p − 1)/(1 − p)), where 2p − 1 is exact.
pub fn logit(p: f64) -> f64 {
    if p > 0.25 && p < 0.75 {
        ((2.0 * p - 1.0) / (1.0 - p)).ln_1p()
    } else if p == 1.0 {
        f64::INFINITY
    } else if p <= 0.25 {
        p.ln() - (-p).ln_1p()
    } else {
        (p / (1.0 - p)).ln()
    }
}

/// 1 / (1 + e⁻ˣ), the inverse of [`logit`]; small values keep their relative accuracy.
pub fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// x·ln y with 0·ln y = 0 for every y ≥ 0 (0 and ∞ included); NaN passes through.
pub fn xlogy(x: f64, y: f64) -> f64 {
    if x == 0.0 && y >= 0.0 {
        0.0
    } else {
        x * y.ln()
    }
}

/// x·ln(1 + y) with 0·ln(1 + y) = 0 for every y ≥ −1; NaN passes through.
pub fn xlog1py(x: f64, y: f64) -> f64 {
    if x == 0.0 && y >= -1.0 {
        0.0
    } else {
        x * y.ln_1p()
    }
}

const ATANH_REMAINDER_NUMERATOR: [f64; 5] = [
    0.3333333333333333,
    -0.5823848021007434,
    0.3053813624798517,
    -0.046039150798386226,
    0.00026342581389201007,
];

const ATANH_REMAINDER_DENOMINATOR: [f64; 5] = [
    1.0,
    -2.34715440630223,
    1.8958653026494174,
    -0.6030466503272066,
    0.05976209568463346,
];
