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
