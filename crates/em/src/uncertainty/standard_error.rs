//! From the covariance of coordinates to the standard errors of parameters.

use crate::uncertainty::information::quadratic;
use crate::uncertainty::point::{FIRST, Point};
use crate::uncertainty::refusal::InformationError;
use distributions::Coordinates;

/// The normal quantile 0.975: 95 % lie within as many standard deviations.
const NORMAL_975: f64 = 1.959_963_984_540_054;

/// What standard errors assume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Robustness {
    /// That the model is true: I⁻¹.
    Model,
    /// Only that rows are independent: the sandwich I⁻¹JI⁻¹ with J = Σ w_i s_i s_iᵀ, s_i the score of row i
    /// (Huber 1967; White 1982, Econometrica 50, 1–25). They are then of the model nearest to the truth.
    Sandwich,
}

/// The standard error of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StandardError {
    /// Of a parameter inside its range; those of others are conditional on parameters at a bound.
    Estimated(f64),
    /// None: the parameter is at a bound of its range, where estimates are not normal.
    AtBound,
    /// None: it is not estimated.
    Fixed,
}

impl StandardError {
    /// The error, where there is one.
    pub fn value(self) -> Option<f64> {
        match self {
            StandardError::Estimated(error) => Some(error),
            StandardError::AtBound | StandardError::Fixed => None,
        }
    }
    /// The interval estimate ± 1.96 errors, which holds the parameter in 95 % of large samples. It does not
    /// know the range of the parameter, and may leave it in small ones.
    pub fn interval(self, estimate: f64) -> Option<[f64; 2]> {
        let half = NORMAL_975 * self.value()?;
        Some([estimate - half, estimate + half])
    }
}

/// The step of the derivatives of parameters with respect to coordinates, whose scale is 1 (logarithms,
/// logits) or that of the parameter itself: truncation is near 1e-18 and rounding near 1e-13.
const STEP: f64 = 1e-3;

/// √(gᵀCg) for the gradient g of each parameter; `covariance` is in units of steps.
pub fn delta<M: Coordinates>(
    point: &Point<M>,
    covariance: &[f64],
    parameters: impl Fn(&M) -> Vec<f64>,
) -> Result<Vec<StandardError>, InformationError> {
    let here = parameters(&point.model);
    let free = point.steps.len();
    // An infinite parameter is at its bound; what its differences are (NaN) is not looked at.
    let mut gradient = vec![0.0; here.len() * free];
    for j in 0..free {
        let at = point.coordinates[point.free[j]];
        let step = (at + STEP * at.abs().max(1.0).min(point.steps[j] / STEP)) - at;
        for (m, weight) in (1..).zip(FIRST) {
            let by = f64::from(m) * step;
            let [up, down] =
                [by, -by].map(|by| point.neighbour(&[(j, by)]).map(|m| parameters(&m)));
            let (Some(up), Some(down)) = (up, down) else {
                return Err(point.irregular(j));
            };
            if up.len() != here.len() || down.len() != here.len() {
                return Err(point.irregular(j));
            }
            for (row, (up, down)) in gradient
                .chunks_exact_mut(free.max(1))
                .zip(up.iter().zip(&down))
            {
                row[j] += weight * ((up - down) / step) * point.steps[j];
            }
        }
    }
    let inside = point.inside().map(|model| parameters(&model));
    let errors = here.iter().enumerate().map(|(a, value)| {
        let row = &gradient[a * free..(a + 1) * free];
        if value.is_infinite() {
            return Ok(StandardError::AtBound);
        }
        let variance = quadratic(covariance, row, row);
        let moved = inside.as_ref().and_then(|inside| inside.get(a)) != Some(value);
        match (variance > 0.0, inside.is_some() && moved) {
            (true, _) => Ok(StandardError::Estimated(variance.sqrt())),
            (false, true) => Ok(StandardError::AtBound),
            _ if variance.is_nan() => Err(point.irregular(0)),
            (false, false) => Ok(StandardError::Fixed),
        }
    });
    errors.collect()
}
