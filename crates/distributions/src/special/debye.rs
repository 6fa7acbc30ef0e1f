//! Debye's expansion of I_ν(x) for large order, uniform in x (DLMF 10.41.3 and 10.41.5).
//!
//! With t = √(ν² + x²) and p = ν/t the polynomials enter as u_k(p)/νᵏ = U_k(p²)/tᵏ, U_k of degree
//! k. Their coefficients follow from the recurrence 10.41.9, run by the compiler.

use super::gamma::HALF_LN_TWO_PI;

const TERMS: usize = 12;

/// Coefficients of U_0 … U_TERMS in p².
const U: [[f64; TERMS + 1]; TERMS + 1] = debye_polynomials();

const fn debye_polynomials() -> [[f64; TERMS + 1]; TERMS + 1] {
    let mut u = [[0.0; TERMS + 1]; TERMS + 1];
    u[0][0] = 1.0;
    let mut k = 0;
    while k < TERMS {
        let mut j = 0;
        while j <= k {
            let m = (k + 2 * j) as f64;
            let c = u[k][j];
            u[k + 1][j] += c * (0.5 * m + 0.125 / (m + 1.0));
            u[k + 1][j + 1] -= c * (0.5 * m + 0.625 / (m + 3.0));
            j += 1;
        }
        k += 1;
    }
    u
}

/// Σ_{k≥1} U_k(p²)/tᵏ, and Σ_{k≥1} g_{k−1}(p²)/tᵏ with g_k = ½u_k + p u_k′, so that
/// v_k − u_k = −(1 − p²)·p·g_{k−1}.
fn debye_sums(p_squared: f64, t: f64) -> (f64, f64) {
    let inverse = 1.0 / t;
    let (mut sum, mut slope, mut power) = (0.0, 0.0, inverse);
    for k in 1..=TERMS {
        let (mut value, mut weighted) = (0.0, 0.0);
        for j in (0..=k).rev() {
            value = value * p_squared + U[k][j];
        }
        for j in (0..k).rev() {
            weighted = weighted * p_squared + (0.5 + (k - 1 + 2 * j) as f64) * U[k - 1][j];
        }
        sum += power * value;
        slope += power * weighted;
        power *= inverse;
        if power < 1e-24 {
            break;
        }
    }
    (sum, slope)
}

/// ln I_ν(x) for large ν and any x > 0.
pub(super) fn debye_ln_i(nu: f64, x: f64) -> f64 {
    let t = nu.hypot(x);
    let p = nu / t;
    let (sum, _) = debye_sums(p * p, t);
    // x/(ν+t) underflows only where its logarithm still is finite through the difference.
    let share = x / (nu + t);
    let ln_share = if share > 1e-300 {
        share.ln()
    } else {
        x.ln() - (nu + t).ln()
    };
    (t + nu * ln_share) - (HALF_LN_TWO_PI + 0.5 * t.ln()) + sum.ln_1p()
}

/// (A, 1 − A) with A = I_{ν+1}/I_ν = x/(t+ν) − (x/t)·G/(1+ΣU): no term cancels at any x > 0.
pub(super) fn debye_ratio(nu: f64, x: f64) -> (f64, f64) {
    let t = nu.hypot(x);
    let p = nu / t;
    let (sum, slope) = debye_sums(p * p, t);
    let correction = (x / t) * (slope / (1.0 + sum));
    let ratio = x / (t + nu) - correction;
    let complement = (nu + nu * (nu / (t + x))) / (t + nu) + correction;
    (ratio, complement)
}
