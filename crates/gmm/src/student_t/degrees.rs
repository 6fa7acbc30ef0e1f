//! Degrees of freedom: which are estimated, and how.

use distributions::EstimateError;
use distributions::solve::newton_in_bracket;
use distributions::special::{ln_minus_digamma, trigamma_minus_reciprocal};

/// The least degrees of freedom that are estimated: below, the densities have no tails to speak of, but a
/// spike at the location.
pub const LEAST_DF: f64 = 1e-3;
/// The most degrees of freedom that are estimated. The log-density is then within 1e-10 δ⁴ of the
/// Gaussian's: the tails are as light as they can be seen to be.
pub const MOST_DF: f64 = 1e10;
/// Where the degrees of freedom start that are to be estimated.
pub const STARTING_DF: f64 = 10.0;

/// Which degrees of freedom are estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DegreesOfFreedom {
    /// None: they are kept, and not counted as parameters.
    Fixed,
    /// Those of each component.
    #[default]
    Free,
    /// One number, common to all components.
    Common,
}

impl DegreesOfFreedom {
    /// The number of free parameters in the degrees of freedom of `components` components.
    pub fn parameter_count(self, components: usize) -> usize {
        match self {
            DegreesOfFreedom::Fixed => 0,
            DegreesOfFreedom::Free => components,
            DegreesOfFreedom::Common => 1,
        }
    }
}

/// The ν between the bounds that maximises n ((ν/2) ln(ν/2) − ln Γ(ν/2) − (ν/2)(1 + gap)), which is concave:
/// ln(ν/2) − ψ(ν/2) = gap, where `gap` is the mean of E\[τ − 1 − ln τ\].
///
/// # Errors
/// When the gap is no number.
pub(super) fn solve_df(gap: f64, current: f64) -> Result<f64, EstimateError> {
    let (least, most) = (0.5 * LEAST_DF, 0.5 * MOST_DF);
    if gap >= ln_minus_digamma(least) {
        return Ok(LEAST_DF);
    }
    if gap <= ln_minus_digamma(most) {
        return Ok(MOST_DF);
    }
    let excess = |half: f64| {
        (
            ln_minus_digamma(half) - gap,
            -trigamma_minus_reciprocal(half),
        )
    };
    newton_in_bracket(0.5 * current, (least, most), excess)
        .map(|half| 2.0 * half)
        .ok_or_else(|| EstimateError::boundary("df", f64::NAN, "its equation has no root"))
}

/// What the rows of one component say of its ν, at the current parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    /// Σ w.
    pub count: f64,
    /// The mean of u − 1 − ln u.
    pub gap: f64,
    /// The mean of (u − 1)².
    pub square: f64,
    /// (ν + d)/2.
    pub exponent: f64,
}

/// The degrees of freedom beyond which the second derivative is lost to rounding.
const FLAT: f64 = 1e5;
/// The factor by which one step may change the degrees of freedom.
const REACH: f64 = 10.0;

/// Newton's step for ν in Σ w ln p(x), the other parameters being kept: the latent scales are known to be
/// what EM is slow for (their information about ν is nearly all that is missing when tails are light).
///
/// By the identities of Fisher and Louis (1982), with τ | x ~ Gamma((ν+d)/2, (ν+δ²)/2),
///
/// - ∂/∂ν = ½ Σ w (ln(ν/2) − ψ(ν/2) − E\[τ − 1 − ln τ\]),
/// - ∂²/∂ν² = −¼ Σ w (h(ν/2) − h((ν+d)/2) − (u − 1)²/((ν+d)/2)), h(y) = ψ′(y) − 1/y.
///
/// The step is taken in 1/ν, of which the log-likelihood is a smooth function also where the tails become
/// those of a Gaussian. `None` where it is not concave there; but where scale matrices are `held` wider than the rows, which
/// makes tails ever lighter, and it is convex and falls with 1/ν, a step as long as may be.
pub(super) fn newton_df(evidence: &[Evidence], current: f64, held: bool) -> Option<f64> {
    let half = 0.5 * current;
    let (mut slope, mut curvature) = (0.0, 0.0);
    for part in evidence {
        let missing = ln_minus_digamma(part.exponent) + part.gap;
        slope += 0.5 * part.count * (ln_minus_digamma(half) - missing);
        let known = trigamma_minus_reciprocal(half) - trigamma_minus_reciprocal(part.exponent);
        curvature -= 0.25 * part.count * (known - part.square / part.exponent);
    }
    // Relative to 1/ν: s ∂/∂s = −ν ∂/∂ν, s² ∂²/∂s² = ν² ∂²/∂ν² + 2ν ∂/∂ν.
    let first = -current * slope;
    let second = current * (current * curvature + 2.0 * slope);
    let factor = if current > FLAT {
        if first > 0.0 { REACH } else { 1.0 / REACH }
    } else if second < 0.0 {
        (1.0 - first / second).clamp(1.0 / REACH, REACH)
    } else if held && first < 0.0 {
        1.0 / REACH
    } else {
        return None;
    };
    Some((current / factor).clamp(LEAST_DF, MOST_DF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_equation_is_solved_over_its_whole_range() {
        for exponent in -29..=99 {
            let df = 10f64.powf(f64::from(exponent) / 10.0);
            let gap = ln_minus_digamma(0.5 * df);
            for start in [LEAST_DF, 1.0, df, MOST_DF] {
                let found = solve_df(gap, start).unwrap();
                // The gap has 53 bits, and its relative slope is at least a half.
                assert!(
                    (found / df - 1.0).abs() < 1e-14,
                    "{df} from {start}: {found}"
                );
            }
        }
        assert_eq!(solve_df(1e9, 4.0).unwrap(), LEAST_DF);
        assert_eq!(solve_df(0.0, 4.0).unwrap(), MOST_DF);
        assert!(solve_df(f64::NAN, 4.0).is_err());
    }
}
