//! Modified Bessel functions of the first kind: ln I_ν(x), the ratio I_{ν+1}/I_ν, its derivative
//! and its inverse, for real ν ≥ 0 and x ≥ 0.
//!
//! Three expansions share the plane. The power series (DLMF 10.25.2) for x ≤ 20; Hankel's
//! (10.40.1) for x ≥ 20 + ν²/2; Debye's uniform one (10.41.3) for ν ≥ 20. The wedge left over,
//! ν < 20 < x < 20 + ν²/2, starts from Debye's at an order raised above 20 and comes down by the
//! stable recurrence 1/A_μ = 2(μ+1)/x + A_{μ+1}.

use super::debye::{Ratio, debye_ln_i, debye_ln_i_scaled, debye_ratio};
use super::gamma::{HALF_LN_TWO_PI, ln_gamma};
use super::polynomial::ln_half;

/// From this order on Debye's expansion with its fixed number of terms is exact to rounding.
const DEBYE_FROM: f64 = 20.0;

/// ln I_ν(x) for ν ≥ 0, x ≥ 0.
///
/// At x = 0: 0 for ν = 0, −∞ otherwise. ∞ at x = ∞. NaN for negative arguments, ν = ∞ or NaN.
/// The error is a few ulp of max(1, |ln I|, √(x² + ν²)); for ν = 0 it is relative to ln I itself.
///
/// ```
/// use distributions::special::ln_bessel_i;
/// // I_½(x) = √(2/(πx)) sinh x.
/// let exact = 0.5 * std::f64::consts::FRAC_1_PI.ln() + 2f64.sinh().ln();
/// assert!((ln_bessel_i(0.5, 2.0) - exact).abs() < 1e-15);
/// ```
pub fn ln_bessel_i(nu: f64, x: f64) -> f64 {
    if !(nu >= 0.0 && x >= 0.0) || nu == f64::INFINITY {
        return f64::NAN;
    }
    if x == 0.0 {
        return if nu == 0.0 { 0.0 } else { f64::NEG_INFINITY };
    }
    if x == f64::INFINITY {
        return x;
    }
    if nu >= DEBYE_FROM {
        return debye_ln_i(nu, x);
    }
    if x <= 20.0 {
        let series = power_series_minus_one(nu, x).ln_1p();
        return if nu == 0.0 {
            series
        } else {
            series + (nu * ln_half(x) - ln_gamma(nu + 1.0))
        };
    }
    if in_hankel_region(nu, x) {
        let sum = hankel(nu, x).sum_minus_one.ln_1p();
        return (x - (HALF_LN_TWO_PI + 0.5 * x.ln())) + sum;
    }
    let (raised, product) = raised_order(nu, x);
    debye_ln_i(raised, x) - product.ln()
}

/// An order from [`DEBYE_FROM`] on, a whole number above ν, and I of it over I_ν.
fn raised_order(nu: f64, x: f64) -> (f64, f64) {
    let steps = (DEBYE_FROM - nu).ceil();
    let mut ratio = debye_ratio(nu + steps, x).value;
    let mut product = 1.0;
    for j in (0..steps as usize).rev() {
        ratio = x / (2.0 * (nu + j as f64 + 1.0) + x * ratio);
        product *= ratio;
    }
    (nu + steps, product)
}

/// ln I_ν(x) − x for ν ≥ 0, x ≥ 0, which keeps its digits where both are large.
///
/// 0 at x = 0 for ν = 0, −∞ for other ν; −∞ at x = ∞. NaN for negative arguments, ν = ∞ or NaN.
///
/// ```
/// use distributions::special::ln_bessel_i_scaled;
/// // I_½(x) = √(2/(πx)) sinh x, of which e⁻ˣ leaves √(1/(2πx)) at large x.
/// let exact = -0.5 * (2.0 * std::f64::consts::PI * 1e10).ln();
/// assert!((ln_bessel_i_scaled(0.5, 1e10) - exact).abs() < 1e-14);
/// ```
pub fn ln_bessel_i_scaled(nu: f64, x: f64) -> f64 {
    if !(nu >= 0.0 && x > 20.0) || nu == f64::INFINITY {
        return ln_bessel_i(nu, x) - x;
    }
    if x == f64::INFINITY {
        return f64::NEG_INFINITY;
    }
    if nu >= DEBYE_FROM {
        return debye_ln_i_scaled(nu, x);
    }
    if in_hankel_region(nu, x) {
        return hankel(nu, x).sum_minus_one.ln_1p() - (HALF_LN_TWO_PI + 0.5 * x.ln());
    }
    let (raised, product) = raised_order(nu, x);
    debye_ln_i_scaled(raised, x) - product.ln()
}

/// ln of Γ(ν+1) (2/x)^ν I_ν(x) for ν ≥ 0, x ≥ 0: how far I_ν lies above its leading term at 0.
///
/// 0 at x = 0, ∞ at ∞, NaN for negative arguments, ν = ∞ or NaN. For ν = d/2 − 1 it is the
/// log-partition of a von Mises–Fisher density in d dimensions.
pub fn ln_bessel_i_relative(nu: f64, x: f64) -> f64 {
    if !(nu >= 0.0 && x >= 0.0) || nu == f64::INFINITY {
        return f64::NAN;
    }
    if x <= 20.0 {
        return power_series_minus_one(nu, x).ln_1p();
    }
    ln_bessel_i(nu, x) + (ln_gamma(nu + 1.0) - nu * ln_half(x))
}

/// ln I₀(x), even in x; relative to its own size, x²/4 near 0.
pub fn ln_bessel_i0(x: f64) -> f64 {
    ln_bessel_i(0.0, x.abs())
}

/// I_{ν+1}(x)/I_ν(x) for ν ≥ 0, x ≥ 0: 0 at 0, 1 at ∞, NaN outside the domain.
///
/// For ν = 0 it is the mean resultant length of a von Mises density of concentration x; for
/// ν = d/2 − 1 that of a von Mises–Fisher density in d dimensions.
///
/// ```
/// use distributions::special::bessel_ratio;
/// assert!((bessel_ratio(0.0, 1.0) - 0.446_389_965_896_534_76).abs() < 1e-15);
/// ```
pub fn bessel_ratio(nu: f64, x: f64) -> f64 {
    ratio(nu, x).value
}

/// 1 − I_{ν+1}(x)/I_ν(x), which keeps its digits where the ratio is near 1: (2ν+1)/(2x) there.
pub fn bessel_ratio_complement(nu: f64, x: f64) -> f64 {
    ratio(nu, x).complement
}

/// d/dx of [`bessel_ratio`], equal to 1 − A² − (2ν+1)A/x, in forms that do not cancel.
/// 1/(2ν+2) at 0, 0 at ∞. For ν = 0 it is the Fisher information of a von Mises concentration.
pub fn bessel_ratio_derivative(nu: f64, x: f64) -> f64 {
    ratio(nu, x).derivative
}

/// The x ≥ 0 with I_{ν+1}(x)/I_ν(x) = r, for 0 ≤ r ≤ 1: 0 at 0, ∞ at 1, NaN outside.
///
/// For ν = 0: the concentration of a von Mises density from its mean resultant length. The start
/// r(2ν + 2 − r²)/(1 − r²) (Banerjee et al., JMLR 6, 2005), then Newton on A for small r and on
/// 1/(1 − A), nearly linear in x, for large. Its error is what one ulp of r or of 1 − r makes.
///
/// ```
/// use distributions::special::{bessel_ratio, inverse_bessel_ratio};
/// assert!((inverse_bessel_ratio(0.0, bessel_ratio(0.0, 4.5)) - 4.5).abs() < 1e-13);
/// ```
pub fn inverse_bessel_ratio(nu: f64, r: f64) -> f64 {
    if !(nu >= 0.0 && (0.0..=1.0).contains(&r)) || nu == f64::INFINITY {
        return f64::NAN;
    }
    if r == 0.0 {
        return 0.0;
    }
    if r == 1.0 {
        return f64::INFINITY;
    }
    let gap = 1.0 - r;
    let mut x = r * (2.0 * nu + 2.0 - r * r) / (gap * (1.0 + r));
    for _ in 0..25 {
        let at = ratio(nu, x);
        let step = if r > 0.5 {
            (gap - at.complement) * at.complement / (gap * at.derivative)
        } else {
            (at.value - r) / at.derivative
        };
        let next = x - step;
        x = if next > 0.0 { next } else { 0.5 * x };
        // Convergence is quadratic: after such a step the rest is below rounding.
        if !(step.abs() > 1e-9 * x) {
            break;
        }
    }
    x
}

fn ratio(nu: f64, x: f64) -> Ratio {
    if !(nu >= 0.0 && x >= 0.0) || nu == f64::INFINITY {
        return Ratio {
            value: f64::NAN,
            complement: f64::NAN,
            derivative: f64::NAN,
        };
    }
    if x == 0.0 {
        return Ratio {
            value: 0.0,
            complement: 1.0,
            derivative: 0.5 / (nu + 1.0),
        };
    }
    if x == f64::INFINITY {
        return Ratio {
            value: 1.0,
            complement: 0.0,
            derivative: 0.0,
        };
    }
    if nu >= DEBYE_FROM {
        debye_ratio(nu, x)
    } else if in_hankel_region(nu, x) {
        hankel_ratio(nu, x)
    } else {
        recurred_ratio(nu, x)
    }
}

fn hankel_ratio(nu: f64, x: f64) -> Ratio {
    let (lower, upper) = (hankel(nu, x), hankel(nu + 1.0, x));
    let below = 1.0 + lower.sum_minus_one;
    let complement = (lower.sum_minus_one - upper.sum_minus_one) / below;
    let value = 1.0 - complement;
    let derivative = (upper.derivative - value * lower.derivative) / below;
    Ratio {
        value,
        complement,
        derivative,
    }
}

/// From an order of at least 20 down: A_μ = x/(2(μ+1) + x·A_{μ+1}) and its derivative.
fn recurred_ratio(nu: f64, x: f64) -> Ratio {
    let steps = (DEBYE_FROM - nu).ceil();
    let Ratio {
        mut value,
        mut derivative,
        ..
    } = debye_ratio(nu + steps, x);
    for j in (0..steps as usize).rev() {
        let order = 2.0 * (nu + j as f64 + 1.0);
        let share = 1.0 / (order + x * value);
        let scaled = x * share;
        derivative = order * share * share - scaled * scaled * derivative;
        value = scaled;
    }
    Ratio {
        value,
        complement: 1.0 - value,
        derivative,
    }
}

fn in_hankel_region(nu: f64, x: f64) -> bool {
    x >= 20.0 + 0.5 * nu * nu
}

/// Σ_{k≥1} (x²/4)ᵏ / (k! (ν+1)ₖ).
fn power_series_minus_one(nu: f64, x: f64) -> f64 {
    let half = 0.5 * x;
    let w = half * half;
    let (mut term, mut sum, mut k) = (1.0, 0.0, 1.0);
    loop {
        term *= w / (k * (nu + k));
        sum += term;
        if term <= 1e-17 * sum {
            return sum;
        }
        k += 1.0;
    }
}

struct Hankel {
    sum_minus_one: f64,
    derivative: f64,
}

/// Hankel's S in I_ν = eˣ/√(2πx)·S, less its leading 1, and dS/dx.
fn hankel(nu: f64, x: f64) -> Hankel {
    let square = 4.0 * nu * nu;
    let (mut term, mut sum, mut slope) = (1.0f64, 0.0f64, 0.0f64);
    for k in 1..120 {
        let k = f64::from(k);
        let odd = 2.0 * k - 1.0;
        let next = -term * (square - odd * odd) / (8.0 * k * x);
        // The series is asymptotic: its terms fall, then grow.
        if next.abs() > term.abs() && odd > 2.0 * nu {
            break;
        }
        term = next;
        sum += term;
        slope -= k * term;
        if term.abs() <= 1e-18 * sum.abs() {
            break;
        }
    }
    Hankel {
        sum_minus_one: sum,
        derivative: slope / x,
    }
}
