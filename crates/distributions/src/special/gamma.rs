//! The gamma function's logarithm and its derivatives, in forms that do not cancel.

use super::polynomial::{polynomial, rational};

/// ½ ln(2π).
pub(super) const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_74;

/// ln |Γ(x)| (`libm::lgamma`, from FreeBSD's msun).
///
/// ∞ at 0, at the negative integers and at ±∞; NaN passes through. For negative x the absolute
/// error near the zeros of ln |Γ| is that of the reflection formula.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// ln Γ(1 + x), with full relative accuracy near x = 0; −γ·x + … there.
///
/// On [−½, 1½] it is x(x − 1) times a rational fit (`fit_coefficients.py`), elsewhere
/// [`ln_gamma`]. ∞ at −1; NaN passes through.
pub fn ln_gamma_1p(x: f64) -> f64 {
    if (-0.5..=1.5).contains(&x) {
        x * (x - 1.0) * rational(&LN_GAMMA_1P_NUMERATOR, &LN_GAMMA_1P_DENOMINATOR, x + 0.5)
    } else {
        ln_gamma(1.0 + x)
    }
}

/// ln n!, exact to rounding up to 20! and then by [`stirling_error`].
pub fn ln_factorial(n: u64) -> f64 {
    if n <= 20 {
        let product: u64 = (2..=n).product();
        (product as f64).ln()
    } else {
        let x = n as f64;
        (x + 0.5) * x.ln() - x + HALF_LN_TWO_PI + stirling_error(x)
    }
}

/// δ(x) = ln Γ(x+1) − (x+½) ln x + x − ½ ln 2π for x > 0, relative to its own size.
///
/// Rational fits on [¼, 1], [1, 3] and [3, 12] (`fit_coefficients.py`); above, the Stirling series
/// (NIST DLMF 5.11.1); below ¼ the definition, which does not cancel there. ∞ at 0, 0 at ∞,
/// NaN for x < 0.
///
/// ```
/// use distributions::special::stirling_error;
/// assert!((stirling_error(1.0) - (1.0 - 0.5 * (2.0 * std::f64::consts::PI).ln())).abs() < 1e-16);
/// ```
pub fn stirling_error(x: f64) -> f64 {
    if x >= 12.0 {
        let t = 1.0 / x;
        t * polynomial(&STIRLING_SERIES, t * t)
    } else if x >= 3.0 {
        rational(&STIRLING_MIDDLE_NUMERATOR, &STIRLING_MIDDLE_DENOMINATOR, x) / x
    } else if x >= 1.0 {
        rational(&STIRLING_SMALL_NUMERATOR, &STIRLING_SMALL_DENOMINATOR, x) / x
    } else if x >= 0.25 {
        rational(&STIRLING_TINY_NUMERATOR, &STIRLING_TINY_DENOMINATOR, x) / x
    } else if x > 0.0 {
        (ln_gamma_1p(x) + x - HALF_LN_TWO_PI) - (x + 0.5) * x.ln()
    } else if x == 0.0 {
        f64::INFINITY
    } else {
        f64::NAN
    }
}

/// B₂ₖ/(2k(2k−1)), k = 1…8: the Stirling series.
const STIRLING_SERIES: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
    -3617.0 / 122_400.0,
];

const LN_GAMMA_1P_NUMERATOR: [f64; 11] = [
    0.7631532572329335,
    5.4287287763229175,
    15.721486898170802,
    23.955807676310986,
    20.764934091118235,
    10.36496218561996,
    2.8886049441708828,
    0.41616378907897406,
    0.02663347959354615,
    0.0005403326683073451,
    7.203959290795954e-07,
];

const LN_GAMMA_1P_DENOMINATOR: [f64; 11] = [
    1.0,
    7.877404354569129,
    25.677275292344017,
    44.968305277525275,
    46.05275113125072,
    28.209793186329843,
    10.190750357456809,
    2.070421720955095,
    0.21587015236504556,
    0.009714411077082338,
    0.00012660710538094422,
];

const STIRLING_TINY_NUMERATOR: [f64; 10] = [
    0.0023411505696435005,
    1.795188471627491,
    86.75937368679006,
    1139.2519257925492,
    5382.7387312770525,
    10229.873996625976,
    9012.133280138401,
    3044.757471837843,
    -376.72198055700795,
    -414.8372051854445,
];

const STIRLING_TINY_DENOMINATOR: [f64; 10] = [
    1.0,
    86.86943349064178,
    1994.5927163984913,
    17558.22697757997,
    68181.74171841443,
    124035.11212716199,
    107990.88412316224,
    36371.85511430509,
    -4520.743059030186,
    -4978.042065785992,
];

const STIRLING_SMALL_NUMERATOR: [f64; 9] = [
    0.0074893558563250825,
    1.224375096874941,
    14.256446927437347,
    47.38784865296992,
    78.61307473193237,
    75.00001211402173,
    43.398425211590435,
    14.449291295744716,
    2.4324867608437257,
];

const STIRLING_SMALL_DENOMINATOR: [f64; 9] = [
    1.0,
    27.198137941872478,
    198.33717603180548,
    597.194351222467,
    960.470903130104,
    905.7798362942789,
    521.7540994905429,
    173.39149542614757,
    29.189841133280527,
];

const STIRLING_MIDDLE_NUMERATOR: [f64; 8] = [
    0.013786222109267821,
    0.8958096604181377,
    3.4174125427287123,
    6.439098442611088,
    6.434493186115517,
    4.248474369778135,
    1.4904893700264197,
    0.35787531346058366,
];

const STIRLING_MIDDLE_DENOMINATOR: [f64; 8] = [
    1.0,
    12.92455743630576,
    43.43228024697867,
    78.93244264066269,
    77.81011398370161,
    51.124842562653576,
    17.88587244031828,
    4.294503761526993,
];
