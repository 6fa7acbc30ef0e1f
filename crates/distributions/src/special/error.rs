//! The error function and the normal distribution, tails included.

use super::polynomial::rational;
use std::f64::consts::{FRAC_1_SQRT_2, LN_2};

/// erf x = 2/√π ∫₀ˣ e^(−t²) dt (`libm::erf`, from FreeBSD's msun).
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

/// erfc x = 1 − erf x (`libm::erfc`, from FreeBSD's msun); 0 above about 27.2.
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// e^(x²) erfc x, which neither underflows nor cancels for x ≥ 0; 1/(x√π) for large x.
///
/// Rational fits on [0, 1½], [1½, 4½] and, in 1/x², above (`fit_coefficients.py`). Negative x
/// through 2e^(x²) − erfcx(−x): ∞ below −26.7. 0 at ∞.
pub fn erfcx(x: f64) -> f64 {
    if x < 0.0 {
        2.0 * exp_square(x, 1.0) - erfcx(-x)
    } else if x <= 1.5 {
        rational(&ERFCX_SMALL_NUMERATOR, &ERFCX_SMALL_DENOMINATOR, x)
    } else if x <= 4.5 {
        rational(&ERFCX_MIDDLE_NUMERATOR, &ERFCX_MIDDLE_DENOMINATOR, x)
    } else {
        let t = 1.0 / x;
        t * rational(&ERFCX_LARGE_NUMERATOR, &ERFCX_LARGE_DENOMINATOR, t * t)
    }
}

/// exp(scale·x²) for scale = 1 or ±½, from an x² in two parts: squaring first would lose x²·ε.
fn exp_square(x: f64, scale: f64) -> f64 {
    let high = f64::from_bits(x.to_bits() & 0xFFFF_FFFF_F800_0000);
    let low = (x - high) * (x + high);
    let leading = (scale * high * high).exp();
    // At 0 and ∞ the correction must not make NaN.
    if leading == 0.0 || leading == f64::INFINITY {
        leading
    } else {
        leading * (scale * low).exp()
    }
}

/// Φ(x), the standard normal distribution function, relative to its own size in the lower tail
/// (down to x ≈ −38.5, where it underflows).
///
/// ```
/// use distributions::special::normal_cdf;
/// assert_eq!(normal_cdf(0.0), 0.5);
/// assert!((normal_cdf(-10.0) / 7.619_853_024_160_526e-24 - 1.0).abs() < 1e-15);
/// ```
pub fn normal_cdf(x: f64) -> f64 {
    if x.abs() < 0.6 {
        0.5 + 0.5 * erf(x * FRAC_1_SQRT_2)
    } else if x < 0.0 {
        0.5 * exp_square(x, -0.5) * erfcx(-x * FRAC_1_SQRT_2)
    } else {
        1.0 - 0.5 * exp_square(x, -0.5) * erfcx(x * FRAC_1_SQRT_2)
    }
}

/// 1 − Φ(x) = Φ(−x), relative to its own size in the upper tail.
pub fn normal_sf(x: f64) -> f64 {
    normal_cdf(-x)
}

/// ln Φ(x), also where Φ underflows: −x²/2 − ln(−x√(2π)) for very negative x. −∞ at −∞, 0 at ∞.
pub fn normal_ln_cdf(x: f64) -> f64 {
    if x < -1.0 {
        let scaled = erfcx(-x * FRAC_1_SQRT_2);
        // For x below about −1e154 the square is −∞ and so is the answer.
        if scaled > 0.0 {
            (scaled.ln() - LN_2) - 0.5 * x * x
        } else {
            f64::NEG_INFINITY
        }
    } else if x < 0.0 {
        normal_cdf(x).ln()
    } else {
        (-normal_sf(x)).ln_1p()
    }
}

/// Φ⁻¹(p) for 0 ≤ p ≤ 1: ∓∞ at the ends, NaN outside.
///
/// Wichura's three regions (AS 241, 1988): q·R(0.180625 − q²) for |q| = |p − ½| ≤ 0.425, else a
/// rational function of √(−ln min(p, 1−p)); the fits are this crate's own (`fit_coefficients.py`).
/// For p near 1 use −Φ⁻¹(1 − p) with the upper probability itself.
///
/// ```
/// use distributions::special::normal_quantile;
/// assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-15);
/// assert!((normal_quantile(1e-300) + 37.047_096_299_361_2).abs() < 1e-12);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let s = 0.180_625 - q * q;
        return q * rational(&QUANTILE_CENTRE_NUMERATOR, &QUANTILE_CENTRE_DENOMINATOR, s);
    }
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail == 0.0 {
        return f64::INFINITY.copysign(q);
    }
    let r = (-tail.ln()).sqrt();
    let x = if r <= 5.0 {
        rational(
            &QUANTILE_MIDDLE_NUMERATOR,
            &QUANTILE_MIDDLE_DENOMINATOR,
            r - 1.6,
        )
    } else {
        rational(
            &QUANTILE_TAIL_NUMERATOR,
            &QUANTILE_TAIL_DENOMINATOR,
            r - 5.0,
        )
    };
    x.copysign(q)
}

const ERFCX_SMALL_NUMERATOR: [f64; 8] = [
    1.0,
    1.5498920108531267,
    1.2184439569277061,
    0.5888274644560348,
    0.18595900724901102,
    0.038021907311248423,
    0.004651566332410646,
    0.00026319542281246584,
];

const ERFCX_SMALL_DENOMINATOR: [f64; 9] = [
    1.0,
    2.6782711779486394,
    3.2405493579573106,
    2.319377450034801,
    1.0772837785623144,
    0.33370680927902174,
    0.06762715743082266,
    0.008244570991164074,
    0.0004665054047341542,
];

const ERFCX_MIDDLE_NUMERATOR: [f64; 8] = [
    0.9999999460881911,
    1.8761458876178878,
    1.7335839588607083,
    0.9929295606191209,
    0.37754047386387307,
    0.09546882982277409,
    0.015042004442785514,
    0.0011821953320330309,
];

const ERFCX_MIDDLE_DENOMINATOR: [f64; 9] = [
    1.0,
    3.0045245556898905,
    4.1238291300011,
    3.3938940098446135,
    1.8434870214958101,
    0.6825032613609989,
    0.1702618114464515,
    0.026661257923336852,
    0.0020953866812817887,
];

const ERFCX_LARGE_NUMERATOR: [f64; 7] = [
    0.5641895835477563,
    17.465947186787066,
    187.52116745288234,
    854.1850020118437,
    1610.2920992641664,
    1009.6639291705799,
    92.38064212138202,
];

const ERFCX_LARGE_DENOMINATOR: [f64; 7] = [
    1.0,
    31.457585350933098,
    347.3514080536261,
    1665.9610112151995,
    3479.055854534487,
    2754.0146228222734,
    542.1992400777801,
];

const QUANTILE_CENTRE_NUMERATOR: [f64; 10] = [
    3.387132872796367,
    168.7695859059428,
    3383.9305070235127,
    35097.59362354282,
    201853.53648477246,
    642549.1592490167,
    1070696.0909198807,
    823211.500234892,
    222542.29888923568,
    9337.31868254127,
];

const QUANTILE_CENTRE_DENOMINATOR: [f64; 10] = [
    1.0,
    52.831937249429,
    1135.7701222515911,
    12818.244715578627,
    81857.5377525994,
    297827.2025479828,
    592776.8233874465,
    586386.2572520972,
    237397.53921448093,
    24659.993400567433,
];

const QUANTILE_MIDDLE_NUMERATOR: [f64; 10] = [
    1.4234371107496837,
    5.13431465777945,
    7.446854725926448,
    5.818001018649921,
    2.724616670985399,
    0.7942013529199925,
    0.1428227956231962,
    0.014949826913661514,
    0.0007959744228069433,
    1.5507563237457876e-05,
];

const QUANTILE_MIDDLE_DENOMINATOR: [f64; 10] = [
    1.0,
    2.4072478809091313,
    2.4299962066102907,
    1.340829681806549,
    0.439848719842878,
    0.08662587705080535,
    0.009730956949888273,
    0.0005453696601765408,
    1.0964906875084231e-05,
    4.06877121677086e-12,
];

const QUANTILE_TAIL_NUMERATOR: [f64; 11] = [
    6.657904643501103,
    7.058385390641123,
    3.1779700138298312,
    0.7934011937904618,
    0.12026811303369737,
    0.011397359369391876,
    0.0006709286081668693,
    2.364208228719544e-05,
    4.6273953855680335e-07,
    4.36747739678396e-09,
    1.4331920601699187e-11,
];

const QUANTILE_TAIL_DENOMINATOR: [f64; 11] = [
    1.0,
    0.8393370605392682,
    0.29329036466195263,
    0.0552854816759873,
    0.0060954333975265255,
    0.0003994020309048693,
    1.5166662304295769e-05,
    3.120574240990489e-07,
    3.037612937600213e-09,
    1.0134184584266636e-11,
    1.4504035216973636e-20,
];
