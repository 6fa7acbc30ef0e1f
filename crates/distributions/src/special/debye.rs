//! Debye's expansion of I_ν(x) for large order, uniform in x (DLMF 10.41.3 and 10.41.5).
//!
//! With t = √(ν² + x²) and p = ν/t the polynomials enter as u_k(p)/νᵏ = U_k(p²)/tᵏ, U_k of degree
//! k. Their coefficients follow from the recurrence 10.41.9, run by the compiler.

use super::gamma::HALF_LN_TWO_PI;

const TERMS: usize = 16;

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

/// The sums over k ≥ 1 of U_k(p²)/tᵏ and of g_{k−1}(p²)/tᵏ, with g_k = ½u_k + p u_k′ so that
/// v_k − u_k = −(1 − p²)·p·g_{k−1}; and both with every term p²ʲ/tᵏ times k + 2j, which
/// times −x/t² makes their derivatives in x.
struct DebyeSums {
    u: f64,
    g: f64,
    u_slope: f64,
    g_slope: f64,
}

fn debye_sums(p_squared: f64, t: f64) -> DebyeSums {
    let inverse = 1.0 / t;
    let mut sums = DebyeSums {
        u: 0.0,
        g: 0.0,
        u_slope: 0.0,
        g_slope: 0.0,
    };
    let mut power = inverse;
    for k in 1..=TERMS {
        let (mut u, mut u_slope, mut g, mut g_slope) = (0.0, 0.0, 0.0, 0.0);
        for j in (0..=k).rev() {
            let degree = (k + 2 * j) as f64;
            let weighted = (degree - 0.5) * U[k - 1][j];
            u = u * p_squared + U[k][j];
            u_slope = u_slope * p_squared + degree * U[k][j];
            g = g * p_squared + weighted;
            g_slope = g_slope * p_squared + degree * weighted;
        }
        sums.u += power * u;
        sums.u_slope += power * u_slope;
        sums.g += power * g;
        sums.g_slope += power * g_slope;
        power *= inverse;
        if power < 1e-24 {
            break;
        }
    }
    sums
}

/// ln I_ν(x) for large ν and any x > 0.
pub(super) fn debye_ln_i(nu: f64, x: f64) -> f64 {
    let t = nu.hypot(x);
    let p = nu / t;
    let sums = debye_sums(p * p, t);
    (t + nu * ln_share(nu, x, t)) - (HALF_LN_TWO_PI + 0.5 * t.ln()) + sums.u.ln_1p()
}

/// ln(x/(ν+t)); the quotient underflows only where its logarithm still is finite through the
/// difference.
fn ln_share(nu: f64, x: f64, t: f64) -> f64 {
    let share = x / (nu + t);
    if share > 1e-300 {
        share.ln()
    } else {
        x.ln() - (nu + t).ln()
    }
}

/// ln I_ν(x) − x for large ν and any x > 0, with no term of the size of x.
pub(super) fn debye_ln_i_scaled(nu: f64, x: f64) -> f64 {
    let t = nu.hypot(x);
    let p = nu / t;
    let sums = debye_sums(p * p, t);
    // t − x, and 1 − x/(ν+t).
    let beyond = nu * (nu / (t + x));
    let fall = (nu + beyond) / (nu + t);
    let ln_share = if fall < 0.5 {
        (-fall).ln_1p()
    } else {
        ln_share(nu, x, t)
    };
    (beyond + nu * ln_share) - (HALF_LN_TWO_PI + 0.5 * t.ln()) + sums.u.ln_1p()
}

/// A = I_{ν+1}/I_ν with its complement and derivative.
pub(super) struct Ratio {
    pub value: f64,
    /// 1 − A.
    pub complement: f64,
    /// dA/dx.
    pub derivative: f64,
}

/// A = x/(t+ν) − (x/t)·W, W = G/(1+ΣU) ≈ 1/(2t): no term cancels at any x > 0, nor in the
/// complement and the derivative.
pub(super) fn debye_ratio(nu: f64, x: f64) -> Ratio {
    let t = nu.hypot(x);
    let (p, q) = (nu / t, x / t);
    let sums = debye_sums(p * p, t);
    let below = 1.0 + sums.u;
    let w = sums.g / below;
    let w_slope = -(q / t) * (sums.g_slope - w * sums.u_slope) / below;
    Ratio {
        value: x / (t + nu) - q * w,
        complement: (nu + nu * (nu / (t + x))) / (t + nu) + q * w,
        derivative: p / (t + nu) - (p * p * w / t + q * w_slope),
    }
}
