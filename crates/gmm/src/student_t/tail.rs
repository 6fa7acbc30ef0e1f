//! What degrees of freedom make of a squared distance: densities, latent scales, and their gaps.

use crate::gaussian::Gaussian;
use crate::linalg::power_of_two;
use distributions::special::{ln_1p_minus_x, stirling_error};

/// The part of a multivariate t distribution that only sees δ² = (x − μ)ᵀ S⁻¹ (x − μ).
///
/// ln p = g − ½ (ν + d) ln(1 + δ²/ν), where g is the Gaussian's constant of S plus
/// ln Γ((ν+d)/2) − ln Γ(ν/2) − (d/2) ln(ν/2), which falls to 0 as ν grows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tail {
    df: f64,
    inverse_df: f64,
    dimension: f64,
    /// What the constant has more than the Gaussian's.
    excess: f64,
}

/// What a row adds to a statistic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latent {
    /// u = (ν + d)/(ν + δ²), the expected latent scale.
    pub(crate) scale: f64,
    /// u − 1.
    pub(crate) excess: f64,
    /// u − 1 − ln u.
    pub(crate) gap: f64,
}

/// u − 1 below which u − 1 − ln u is summed as a series: from here on the difference keeps all but
/// three digits.
const SERIES: f64 = 1.0 / 16.0;

/// u − 1 − ln u ≥ 0 from u − 1 and ln u. Without branches: block loops run it on vectors.
#[inline(always)]
pub(crate) fn gap(excess: f64, log: f64) -> f64 {
    // e²/2 − e³/3 + e⁴/4 − …: at 1/16 the first term left out is 2⁻⁵² of the first.
    let mut series = 1.0 / 14.0;
    let mut n = 13;
    while n >= 2 {
        series = 1.0 / n as f64 - excess * series;
        n -= 1;
    }
    if excess.abs() < SERIES {
        excess * excess * series
    } else {
        excess - log
    }
}

impl Tail {
    pub(crate) fn new(df: f64, dimension: usize) -> Self {
        Tail {
            df,
            inverse_df: 1.0 / df,
            dimension: dimension as f64,
            excess: constant_excess(0.5 * df, 0.5 * dimension as f64),
        }
    }
    /// ν.
    pub(crate) fn df(&self) -> f64 {
        self.df
    }
    /// 1/ν.
    pub(crate) fn inverse_df(&self) -> f64 {
        self.inverse_df
    }
    /// Whether u − 1 − ln u must not be taken as a difference: with ν degrees of freedom the score of ν is
    /// smaller than u by ν², so that below a thousand ten digits are left of it.
    pub(crate) fn needs_series(&self) -> bool {
        self.df > 1e3
    }
    /// The same with other degrees of freedom.
    pub(crate) fn with_df(&self, df: f64) -> Self {
        Tail::new(df, self.dimension as usize)
    }
    /// The degrees of freedom a `fraction` of the way, in their logarithm, to those of `next`.
    pub(crate) fn toward(&self, next: &Tail, fraction: f64) -> Self {
        self.with_df(self.df * (next.df / self.df).powf(fraction))
    }
    /// ln p where δ = 0.
    pub(crate) fn log_constant(&self, gaussian: &Gaussian) -> f64 {
        gaussian.log_constant() + self.excess
    }
    /// (ν + d)/2.
    pub(crate) fn exponent(&self) -> f64 {
        0.5 * (self.df + self.dimension)
    }
    /// d/ν.
    pub(crate) fn dimension_share(&self) -> f64 {
        self.dimension / self.df
    }
    /// 1 + d/ν, the latent scale of a row at the location.
    pub(crate) fn largest_scale(&self) -> f64 {
        1.0 + self.dimension_share()
    }
    /// ln(1 + d/ν).
    pub(crate) fn ln_largest_scale(&self) -> f64 {
        self.dimension_share().ln_1p()
    }
    /// The latent scale of a row at the squared distance `form`.
    pub(crate) fn latent(&self, form: f64) -> Latent {
        let t = form * self.inverse_df;
        let scale = self.largest_scale() / (1.0 + t);
        // Bounded, so that a row that is infinitely far has the limit u = 0.
        let t = t.min(1e300);
        let excess = (self.dimension_share() - t) / (1.0 + t);
        Latent {
            scale,
            excess,
            gap: gap(excess, self.ln_largest_scale() - t.ln_1p()),
        }
    }
    /// ln p(x).
    pub(crate) fn log_density(&self, gaussian: &Gaussian, x: &[f64]) -> f64 {
        let form = gaussian.squared_mahalanobis(x);
        let value =
            self.log_constant(gaussian) - self.exponent() * (form * self.inverse_df).ln_1p();
        if value.is_finite() {
            value
        } else {
            self.far_log_density(gaussian, &mut x.to_vec())
        }
    }
    /// ln p of a row so far away that δ² or δ²/ν overflows: 1 + δ²/ν is then δ²/ν to all digits. Tails
    /// are powers of δ, so that the value itself is quite finite. The row `x` is overwritten.
    pub(crate) fn far_log_density(&self, gaussian: &Gaussian, x: &mut [f64]) -> f64 {
        if !x.iter().all(|v| v.is_finite()) {
            return f64::NEG_INFINITY;
        }
        // δ is at most 1e308/1e-154: by 2⁻⁶⁰⁰ it becomes a number.
        const SHRINK: i32 = 600;
        let small = 0.5_f64.powi(SHRINK);
        for (x, mean) in x.iter_mut().zip(gaussian.mean()) {
            *x = *x * small - mean * small;
        }
        gaussian.factor().solve(x);
        let largest = power_of_two(x.iter().fold(0.0f64, |a, b| a.max(b.abs())));
        let sum: f64 = x.iter().map(|z| (z / largest) * (z / largest)).sum();
        let log_form = sum.ln() + 2.0 * (largest.ln() + f64::from(SHRINK) * std::f64::consts::LN_2);
        self.log_constant(gaussian) - self.exponent() * (log_form - self.df.ln())
    }
}

/// ln Γ(a + h) − ln Γ(a) − h ln a, by Stirling's series, whose large terms are taken apart so that they
/// do not cancel (as Loader 2000 does for the binomial).
fn constant_excess(a: f64, h: f64) -> f64 {
    let u = h / a;
    let power = a + h - 0.5;
    let main = if u < 1.0 {
        power * ln_1p_minus_x(u) + (h - 0.5) * u
    } else {
        power * u.ln_1p() - h
    };
    main + (stirling_error(a + h) - stirling_error(a))
}
