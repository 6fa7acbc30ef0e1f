//! Derivatives of ln Γ and the differences that Newton's method on a gamma shape needs.

use super::polynomial::{polynomial, rational};
use std::f64::consts::PI;

/// ψ(x) = d ln Γ(x)/dx.
///
/// On [1, 2] it is (x − x₀) times a rational fit, x₀ = 1.4616… held in two doubles, so the root
/// keeps its relative accuracy; elsewhere the recurrence ψ(x+1) = ψ(x) + 1/x, and from 10 up the
/// asymptotic series (DLMF 5.11.2). Negative x by reflection. ∓∞ at ±0, NaN at the negative
/// integers and −∞, ∞ at ∞.
///
/// ```
/// use distributions::special::digamma;
/// assert!((digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-15);
/// ```
pub fn digamma(x: f64) -> f64 {
    if x >= 10.0 {
        if x == f64::INFINITY {
            return x;
        }
        return x.ln() - large_gap(x);
    }
    if !(x > 0.0) {
        return digamma_not_positive(x);
    }
    if x < 1.0 {
        return digamma_one_to_two(x) - 1.0 / x;
    }
    let mut low = x;
    let mut sum = 0.0;
    while low >= 2.0 {
        low -= 1.0;
        sum += 1.0 / low;
    }
    sum + digamma_one_to_two(low - 1.0)
}

/// ψ(1 + s) for 0 ≤ s ≤ 1.
fn digamma_one_to_two(s: f64) -> f64 {
    let distance = (s - (ROOT_HIGH - 1.0)) - ROOT_LOW;
    distance * rational(&DIGAMMA_NUMERATOR, &DIGAMMA_DENOMINATOR, s)
}

fn digamma_not_positive(x: f64) -> f64 {
    if x == 0.0 {
        return -f64::INFINITY.copysign(x);
    }
    if x.is_nan() || x == x.floor() {
        return f64::NAN;
    }
    let fraction = x - x.round();
    digamma(1.0 - x) - PI / (PI * fraction).tan()
}

/// ln x − ψ(x) for x > 0: 1/(2x) + 1/(12x²) − … for large x, accurate relative to its own size.
///
/// Rational fits on [1, 3] and [3, 12], the asymptotic series above and, below 1, the value
/// through ψ(1 + x), which does not cancel there. ∞ at 0, 0 at ∞, NaN for x < 0.
///
/// ```
/// use distributions::special::ln_minus_digamma;
/// assert!((ln_minus_digamma(1e15) - 5e-16).abs() < 1e-30);
/// ```
pub fn ln_minus_digamma(x: f64) -> f64 {
    if x >= 12.0 {
        large_gap(x)
    } else if x >= 3.0 {
        rational(&GAP_MIDDLE_NUMERATOR, &GAP_MIDDLE_DENOMINATOR, x) / x
    } else if x >= 1.0 {
        rational(&GAP_SMALL_NUMERATOR, &GAP_SMALL_DENOMINATOR, x) / x
    } else if x > 0.0 {
        (x.ln() - digamma_one_to_two(x)) + 1.0 / x
    } else if x == 0.0 {
        f64::INFINITY
    } else {
        f64::NAN
    }
}

/// ln x − ψ(x) by its asymptotic series, for x ≥ 10.
fn large_gap(x: f64) -> f64 {
    let t = 1.0 / x;
    t * (0.5 + t * polynomial(&DIGAMMA_SERIES, t * t))
}

/// ψ′(x).
///
/// Recurrence up to 12, then the asymptotic series (DLMF 5.15.8); negative x by reflection.
/// ∞ at 0 and at the negative integers (poles), 0 at ∞, NaN at −∞.
pub fn trigamma(x: f64) -> f64 {
    if x > 0.0 {
        if x >= TRIGAMMA_SERIES_FROM {
            let t = 1.0 / x;
            return t + t * t * (0.5 + t * polynomial(&TRIGAMMA_SERIES, t * t));
        }
        // From the smallest term to the largest, so that the sum loses least.
        let (mut sum, steps) = {
            let steps = (TRIGAMMA_SERIES_FROM - x).ceil();
            (trigamma(x + steps), steps as usize)
        };
        for k in (0..steps).rev() {
            let y = x + k as f64;
            sum += 1.0 / (y * y);
        }
        return sum;
    }
    if x.is_nan() || x == f64::NEG_INFINITY {
        return f64::NAN;
    }
    if x == x.floor() {
        return f64::INFINITY;
    }
    let sine = (PI * (x - x.round())).sin();
    let quotient = PI / sine;
    quotient * quotient - trigamma(1.0 - x)
}

/// ψ′(x) − 1/x for x > 0: 1/(2x²) + 1/(6x³) − … for large x, accurate relative to its own size.
///
/// h(x) − h(x+1) = 1/(x²(x+1)), a sum of positive terms up to 12, and the asymptotic series
/// above. ∞ at 0, 0 at ∞, NaN for x < 0.
pub fn trigamma_minus_reciprocal(x: f64) -> f64 {
    if x >= TRIGAMMA_SERIES_FROM {
        let t = 1.0 / x;
        return t * t * (0.5 + t * polynomial(&TRIGAMMA_SERIES, t * t));
    }
    if x == 0.0 {
        return f64::INFINITY;
    }
    if !(x > 0.0) {
        return f64::NAN;
    }
    let steps = (TRIGAMMA_SERIES_FROM - x).ceil();
    let mut sum = trigamma_minus_reciprocal(x + steps);
    for k in (0..steps as usize).rev() {
        let y = x + k as f64;
        sum += 1.0 / (y * y * (y + 1.0));
    }
    sum
}

/// ψ″(x) for x > 0: −∞ at 0, 0 at ∞, NaN for x < 0.
///
/// Recurrence up to 15, then the asymptotic series (DLMF 5.15.9).
pub fn tetragamma(x: f64) -> f64 {
    if x >= TETRAGAMMA_SERIES_FROM {
        let t = 1.0 / x;
        return -t * t * (1.0 + t * (1.0 + t * polynomial(&TETRAGAMMA_SERIES, t * t)));
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if !(x > 0.0) {
        return f64::NAN;
    }
    let steps = (TETRAGAMMA_SERIES_FROM - x).ceil();
    let mut sum = tetragamma(x + steps);
    for k in (0..steps as usize).rev() {
        let y = x + k as f64;
        sum -= 2.0 / (y * y * y);
    }
    sum
}

/// The x > 0 with ψ(x) = y; 0 at −∞, ∞ at ∞ and wherever eʸ overflows.
///
/// Minka's start ("Estimating a Dirichlet distribution", 2000, appendix C) and Newton steps until
/// they no longer move. Below the reach of doubles the answer is −1/y.
///
/// ```
/// use distributions::special::{digamma, inverse_digamma};
/// assert!((inverse_digamma(digamma(3.25)) - 3.25).abs() < 1e-14);
/// ```
pub fn inverse_digamma(y: f64) -> f64 {
    if y.is_nan() {
        return y;
    }
    if y > 36.0 {
        // ψ(x) = ln(x − ½) + O(x⁻²), and the rest is below rounding.
        return y.exp() + 0.5;
    }
    let mut x = if y >= -2.22 {
        y.exp() + 0.5
    } else {
        -1.0 / (y + EULER)
    };
    if y < -1e17 {
        return -1.0 / y;
    }
    for _ in 0..10 {
        let step = (digamma(x) - y) / trigamma(x);
        let next = x - step;
        if !(next > 0.0) {
            x *= 0.5;
            continue;
        }
        x = next;
        // Convergence is quadratic: after such a step the rest is below rounding.
        if step.abs() <= 1e-9 * x {
            break;
        }
    }
    x
}

const EULER: f64 = 0.577_215_664_901_532_86;
const TRIGAMMA_SERIES_FROM: f64 = 12.0;
const TETRAGAMMA_SERIES_FROM: f64 = 15.0;

/// B₂ₖ/(2k).
const DIGAMMA_SERIES: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 120.0,
    1.0 / 252.0,
    -1.0 / 240.0,
    1.0 / 132.0,
    -691.0 / 32_760.0,
    1.0 / 12.0,
    -3617.0 / 8160.0,
];

/// B₂ₖ.
const TRIGAMMA_SERIES: [f64; 8] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
];

/// (2k+1) B₂ₖ.
const TETRAGAMMA_SERIES: [f64; 8] = [
    3.0 / 6.0,
    -5.0 / 30.0,
    7.0 / 42.0,
    -9.0 / 30.0,
    55.0 / 66.0,
    -13.0 * 691.0 / 2730.0,
    15.0 * 7.0 / 6.0,
    -17.0 * 3617.0 / 510.0,
];

/// The positive root of ψ, in two parts.
const ROOT_HIGH: f64 = 1.4616321449683622;
const ROOT_LOW: f64 = 9.549995429965697e-17;

const DIGAMMA_NUMERATOR: [f64; 7] = [
    1.2503801375034054,
    1.8675925104074453,
    0.9711327526262392,
    0.21631407251432455,
    0.01996408274151926,
    0.0005811135063985677,
    1.0894678528383955e-06,
];

const DIGAMMA_DENOMINATOR: [f64; 7] = [
    1.0,
    2.1771665986671342,
    1.6630736963665909,
    0.5710455727133128,
    0.09111902253303285,
    0.006100975692434821,
    0.00012043151172286901,
];

const GAP_SMALL_NUMERATOR: [f64; 9] = [
    0.9832810729880643,
    22.075047742855183,
    139.29807582997353,
    398.0616047769154,
    633.1959466133763,
    601.3483523709034,
    346.0633408290831,
    114.11252542002258,
    18.012606254854905,
];

const GAP_SMALL_DENOMINATOR: [f64; 9] = [
    1.0,
    25.665573686946765,
    190.802379336224,
    625.4689520047414,
    1087.7424080751268,
    1094.1155443694254,
    655.0898683987974,
    222.22084901251685,
    36.02521250354735,
];

const GAP_MIDDLE_NUMERATOR: [f64; 8] = [
    0.9470529578305186,
    5.338485998782656,
    12.446721607911774,
    17.569214740278593,
    14.560600142605878,
    8.501146105249296,
    2.6880496600204133,
    0.6312174762038238,
];

const GAP_MIDDLE_DENOMINATOR: [f64; 8] = [
    1.0,
    7.740761844982201,
    20.016470565952897,
    30.8158548681648,
    26.452016985594376,
    16.141343294716023,
    5.16569349463973,
    1.2624349524076461,
];
