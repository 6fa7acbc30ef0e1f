//! The regularised incomplete gamma functions P and Q and their inverses.

use super::deviance::deviance;
use super::error::{erfcx, normal_quantile};
use super::gamma::{ln_gamma_1p, stirling_error};
use super::tail::{Side, Tail, invert};
use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

/// From this shape on, and with x within 40 % of it, Temme's expansion is exact to rounding.
const TEMME_FROM: f64 = 40.0;

/// P(a, x) = 1/Γ(a) ∫₀ˣ tᵃ⁻¹e⁻ᵗ dt for a ≥ 0, x ≥ 0: the gamma distribution function.
///
/// 0 at x = 0, 1 at x = ∞ and for a = 0 < x; NaN outside the domain and for a = ∞. Relative to its
/// own size down to underflow, for any a: power series for x < a, Legendre's continued fraction
/// above (DLMF 8.11.4 and 8.9.2), Temme's uniform expansion (8.12) for a ≥ 40 and x near a,
/// Gautschi's form of Q for a, x < 1. The common factor uses Loader's deviance form.
///
/// ```
/// use distributions::special::gamma_p;
/// assert!((gamma_p(1.0, 2.0) - (1.0 - (-2f64).exp())).abs() < 1e-15);
/// ```
pub fn gamma_p(a: f64, x: f64) -> f64 {
    tail(a, x).lower()
}

/// Q(a, x) = 1 − P(a, x), relative to its own size; see [`gamma_p`].
pub fn gamma_q(a: f64, x: f64) -> f64 {
    tail(a, x).upper()
}

/// ln P(a, x), also where P underflows.
pub fn ln_gamma_p(a: f64, x: f64) -> f64 {
    tail(a, x).ln_lower()
}

/// ln Q(a, x), also where Q underflows.
pub fn ln_gamma_q(a: f64, x: f64) -> f64 {
    tail(a, x).ln_upper()
}

/// The x with P(a, x) = p, for a > 0 and 0 ≤ p ≤ 1: 0 at 0, ∞ at 1, NaN outside.
///
/// Newton on the logarithm of the smaller tail as a function of ln x, which is concave, so it
/// converges from any start. The error is that of one ulp in p.
pub fn inverse_gamma_p(a: f64, p: f64) -> f64 {
    if p <= 0.5 {
        inverse(a, p, Side::Lower)
    } else {
        inverse(a, 1.0 - p, Side::Upper)
    }
}

/// The x with Q(a, x) = q: ∞ at 0, 0 at 1; see [`inverse_gamma_p`].
pub fn inverse_gamma_q(a: f64, q: f64) -> f64 {
    if q <= 0.5 {
        inverse(a, q, Side::Upper)
    } else {
        inverse(a, 1.0 - q, Side::Lower)
    }
}

fn inverse(a: f64, probability: f64, side: Side) -> f64 {
    if !(a > 0.0 && a < f64::INFINITY && (0.0..=0.5).contains(&probability)) {
        // A probability above ½ would have been turned over; only 1 − p of a p beyond 1 is here.
        return f64::NAN;
    }
    if probability == 0.0 {
        return if side == Side::Lower {
            0.0
        } else {
            f64::INFINITY
        };
    }
    if a >= 1e20 {
        // The cube is exact to rounding, and logarithms of x are too coarse for Newton's method.
        let root = cube_root(a, normal_of(probability, side));
        return a * (root * root * root);
    }
    let start = inverse_start(a, probability, side);
    let u = invert(start, probability.ln(), |u| {
        let x = u.exp();
        let at = tail(a, x);
        // d ln P / d ln x = a·D/P, D the common factor.
        let ln_density = a.ln() + ln_factor(a, x);
        if side == Side::Lower {
            let value = at.ln_lower();
            (value, (ln_density - value).exp())
        } else {
            let value = at.ln_upper();
            (value, -(ln_density - value).exp())
        }
    });
    u.exp()
}

/// ln x near the solution: Wilson and Hilferty's cube, or the power law of a small lower tail.
fn inverse_start(a: f64, probability: f64, side: Side) -> f64 {
    let power_law = (probability.ln() + ln_gamma_1p(a)) / a;
    if a < 1.0 {
        let upper = (-probability.ln()).ln();
        return if side == Side::Lower {
            power_law
        } else {
            upper
        };
    }
    let root = cube_root(a, normal_of(probability, side));
    let cube = if root > 0.1 {
        a.ln() + 3.0 * root.ln()
    } else {
        f64::NEG_INFINITY
    };
    if side == Side::Lower {
        cube.max(power_law)
    } else {
        cube.max(a.ln())
    }
}

/// The standard normal quantile on this side.
fn normal_of(probability: f64, side: Side) -> f64 {
    let z = normal_quantile(probability);
    if side == Side::Lower { z } else { -z }
}

/// (x/a)^⅓ by Wilson and Hilferty's approximation.
fn cube_root(a: f64, z: f64) -> f64 {
    1.0 - 1.0 / (9.0 * a) + z / (3.0 * a.sqrt())
}

/// ln D(a, x), D = xᵃe⁻ˣ/Γ(a+1).
fn ln_factor(a: f64, x: f64) -> f64 {
    if a < 1.0 {
        a * x.ln() - x - ln_gamma_1p(a)
    } else {
        -deviance(a, x) - stirling_error(a) - 0.5 * (2.0 * PI * a).ln()
    }
}

/// D(a, x) as (logarithm, factor): the large part of the logarithm apart from the rest.
fn split_factor(a: f64, x: f64) -> (f64, f64) {
    if a < 1.0 {
        (ln_factor(a, x), 1.0)
    } else {
        (
            -deviance(a, x),
            (-stirling_error(a)).exp() / (2.0 * PI * a).sqrt(),
        )
    }
}

fn tail(a: f64, x: f64) -> Tail {
    if !(a >= 0.0 && x >= 0.0) || a == f64::INFINITY {
        return Tail::new(Side::Lower, 0.0, f64::NAN);
    }
    if x == 0.0 && a > 0.0 {
        return Tail::new(Side::Lower, 0.0, 0.0);
    }
    if x == f64::INFINITY || a == 0.0 {
        return Tail::new(Side::Upper, 0.0, 0.0);
    }
    if a >= TEMME_FROM && (x - a).abs() <= 0.4 * a {
        return temme(a, x);
    }
    if a < 1.0 && x < 1.0 {
        return small(a, x);
    }
    let (ln_scale, factor) = split_factor(a, x);
    if x < a {
        Tail::new(Side::Lower, ln_scale, factor * power_series(a, x))
    } else {
        Tail::new(Side::Upper, ln_scale, factor * a * continued_fraction(a, x))
    }
}

/// Σ xⁿ/((a+1)…(a+n)).
fn power_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0, 1.0, 1.0);
    while term > 1e-17 * sum {
        term *= x / (a + n);
        sum += term;
        n += 1.0;
    }
    sum
}

/// 1/(x+1−a − 1(1−a)/(x+3−a − 2(2−a)/(x+5−a − …))) by Lentz's method, modified.
fn continued_fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = (x - a) + 1.0;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut value = d;
    for n in 1..100_000 {
        let n = f64::from(n);
        let numerator = n * (a - n);
        b += 2.0;
        d = numerator * d + b;
        d = if d.abs() < TINY { TINY } else { d };
        c = b + numerator / c;
        c = if c.abs() < TINY { TINY } else { c };
        d = 1.0 / d;
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() <= 2e-16 {
            break;
        }
    }
    value
}

/// For a, x < 1. With E = xᵃ/Γ(a+1): P = E(1 + aS) and Q = (1 − E) − aES, S = Σ (−x)ⁿ/(n!(a+n)).
fn small(a: f64, x: f64) -> Tail {
    let (mut power, mut sum, mut n) = (1.0f64, 0.0f64, 1.0);
    while power.abs() > 1e-18 {
        power *= -x / n;
        sum += power / (a + n);
        n += 1.0;
    }
    let ln_leading = a * x.ln() - ln_gamma_1p(a);
    let ln_lower = ln_leading + (a * sum).ln_1p();
    let upper = -ln_leading.exp_m1() - a * sum * ln_leading.exp();
    Tail::both(ln_lower, upper)
}

/// Temme's expansion: with ½aη² = deviance, the tail away from a is
/// e^(−aη²/2)·(½ erfcx(|η|√(a/2)) ± S/√(2πa)), S = Σ C_k(η)/aᵏ.
fn temme(a: f64, x: f64) -> Tail {
    let exponent = deviance(a, x);
    let above = x >= a;
    let root = (2.0 * exponent / a).sqrt();
    let eta = if above { root } else { -root };
    let inverse = 1.0 / a;
    let mut sum = 0.0;
    for row in TEMME.iter().rev() {
        let mut value = 0.0;
        for &c in row.iter().rev() {
            value = value * eta + c;
        }
        sum = sum * inverse + value;
    }
    let half = 0.5 * erfcx(root * a.sqrt() * FRAC_1_SQRT_2);
    let correction = sum / (SQRT_2 * (PI * a).sqrt());
    if above {
        Tail::new(Side::Upper, -exponent, half + correction)
    } else {
        Tail::new(Side::Lower, -exponent, half - correction)
    }
}

/// Coefficients of C_k(η), rows k, powers of η (`fit_coefficients.py`): exact fractions rounded,
/// zero where a ≥ 40 and |η| ≤ 0.47 make the term smaller than 1e-19.
const TEMME: [[f64; 19]; 10] = [
    [
        -0.3333333333333333,
        0.08333333333333333,
        -0.014814814814814815,
        0.0011574074074074073,
        0.0003527336860670194,
        -0.0001787551440329218,
        3.919263178522438e-05,
        -2.185448510679992e-06,
        -1.85406221071516e-06,
        8.296711340953087e-07,
        -1.7665952736826078e-07,
        6.707853543401498e-09,
        1.0261809784240309e-08,
        -4.382036018453353e-09,
        9.14769958223679e-10,
        -2.5514193994946248e-11,
        -5.830772132550426e-11,
        2.4361948020667415e-11,
        -5.0276692801141755e-12,
    ],
    [
        -0.001851851851851852,
        -0.003472222222222222,
        0.0026455026455026454,
        -0.0009902263374485596,
        0.00020576131687242798,
        -4.018775720164609e-07,
        -1.8098550334489977e-05,
        7.64916091608111e-06,
        -1.6120900894563446e-06,
        4.647127802807434e-09,
        1.378633446915721e-07,
        -5.752545603517705e-08,
        1.1951628599778148e-08,
        -1.7543241719747647e-11,
        -1.0091543710600413e-09,
        4.162792991842583e-10,
        -8.56390702649298e-11,
        0.0,
        7.1624989648114856e-12,
    ],
    [
        0.004133597883597883,
        -0.0026813271604938273,
        0.0007716049382716049,
        2.0093878600823047e-06,
        -0.0001073665322636516,
        5.2923448829120125e-05,
        -1.2760635188618728e-05,
        3.423578734096138e-08,
        1.3721957309062934e-06,
        -6.298992138380055e-07,
        1.4280614206064242e-07,
        -2.0477098421990866e-10,
        -1.409252991086752e-08,
        6.228974084922022e-09,
        -1.3670488396617114e-09,
        0.0,
        1.2872252400089318e-10,
        0.0,
        0.0,
    ],
    [
        0.0006494341563786008,
        0.00022947209362139917,
        -0.0004691894943952557,
        0.00026772063206283885,
        -7.561801671883977e-05,
        -2.396505113867297e-07,
        1.1082654115347302e-05,
        -5.6749528269915965e-06,
        1.4230900732435883e-06,
        -2.7861080291528143e-11,
        -1.6958404091930278e-07,
        8.099464905388083e-08,
        -1.9111168485973655e-08,
        0.0,
        2.0620131815488797e-09,
        -9.460496661855133e-10,
        0.0,
        0.0,
        0.0,
    ],
    [
        -0.0008618882909167117,
        0.0007840392217200666,
        -0.0002990724803031902,
        -1.4638452578843418e-06,
        6.641498215465122e-05,
        -3.968365047179435e-05,
        1.1375726970678419e-05,
        2.507497226237533e-10,
        -1.6954149536558305e-06,
        8.907507532205309e-07,
        -2.292934834000805e-07,
        0.0,
        2.8865829742708783e-08,
        -1.4189739437803219e-08,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ],
    [
        -0.00033679855336635813,
        -6.972813758365857e-05,
        0.0002772753244959392,
        -0.00019932570516188847,
        6.797780477937208e-05,
        1.419062920643967e-07,
        -1.3594048189768693e-05,
        8.018470256334202e-06,
        -2.291481176508095e-06,
        0.0,
        3.4652846491085265e-07,
        -1.8447187191171344e-07,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ],
    [
        0.0005313079364639922,
        -0.0005921664373536939,
        0.0002708782096718045,
        7.902353232660328e-07,
        -8.153969367561969e-05,
        5.61168275310625e-05,
        -1.8329116582843375e-05,
        0.0,
        3.465155368803609e-06,
        -2.0291327396058603e-06,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ],
    [
        0.00034436760689237765,
        5.171790908260592e-05,
        -0.00033493161081142234,
        0.0002812695154763237,
        -0.00010976582244684731,
        0.0,
        2.7744451511563645e-05,
        -1.8263488805711332e-05,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ],
    [
        -0.0006526239185953094,
        0.0008394987206720873,
        -0.000438297098541721,
        0.0,
        0.00016644846642067547,
        -0.00012783517679769218,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ],
    [
        -0.0005967612901927463,
        -7.204895416020011e-05,
        0.0006782308837667328,
        -0.0006401475260262758,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ],
];
