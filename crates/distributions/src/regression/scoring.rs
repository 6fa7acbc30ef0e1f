//! Scoring steps from rows, iterated to convergence.

use crate::{EstimateError, Reason};

/// Iterations that concave likelihoods do not reach: they need about 10, separated classes 40.
const ITERATIONS: usize = 200;
/// Halvings of a step: 2⁻⁴⁰ of it moves nothing.
const HALVINGS: i32 = 40;
/// The gain of a step, per unit of weight, below which it is the last. Steps converge quadratically:
/// a last step that gains 10⁻¹³ leaves 10⁻²⁶.
const LAST_GAIN: f64 = 1e-13;
/// The same where steps do not converge quadratically: a gain above a hundredth of the one before is
/// that of a maximum at infinity, approached by a constant factor at best.
const LAST_SLOW_GAIN: f64 = 1e-10;

/// What one pass over the rows says of a model.
#[derive(Clone, Debug)]
pub struct Scoring<M> {
    /// Σ w ln p.
    pub objective: f64,
    /// By how much rounding may move it.
    pub rounding: f64,
    /// Where the whole scoring step leads, and what it gains to first order.
    pub next: Result<(M, f64), EstimateError>,
}

/// Scoring steps from `start` until they gain nothing more, each halved where it overshoots.
///
/// `evaluate` makes a pass over the rows, of total weight `weight`; `toward` goes a fraction of the
/// way from one model to another. Where the maximum is at infinity (separated classes, all counts 0)
/// the steps end at a finite model whose objective is within 10⁻⁹·`weight` of the supremum or so.
///
/// # Errors
/// Those of a step; [`Reason::NotConverged`] when the start has no finite objective, or after 200
/// steps.
pub fn iterate_scoring<M: Clone>(
    start: M,
    weight: f64,
    mut evaluate: impl FnMut(&M) -> Scoring<M>,
    toward: impl Fn(&M, &M, f64) -> M,
) -> Result<M, EstimateError> {
    let failed = |iterations| {
        let parameter = "coefficients";
        EstimateError::new(Reason::NotConverged {
            parameter,
            iterations,
        })
    };
    let mut current = start;
    let mut here = evaluate(&current);
    if !here.objective.is_finite() {
        return Err(failed(0));
    }
    let mut gain_before = f64::INFINITY;
    for _ in 0..ITERATIONS {
        let (whole, gain) = here.next?;
        let floor = here.objective - here.rounding;
        let mut reached = None;
        for halving in 0..=HALVINGS {
            let model = match halving {
                0 => whole.clone(),
                _ => toward(&current, &whole, 0.5_f64.powi(halving)),
            };
            let there = evaluate(&model);
            if there.objective >= floor && there.objective < f64::INFINITY {
                reached = Some((model, there));
                break;
            }
        }
        // A step uphill that gains nothing at any length: rounding is all that is left.
        let Some((model, there)) = reached else {
            return Ok(current);
        };
        (current, here) = (model, there);
        let slow = gain > 0.01 * gain_before && gain <= LAST_SLOW_GAIN * weight;
        if slow || gain <= LAST_GAIN * weight {
            return Ok(current);
        }
        gain_before = gain;
    }
    Err(failed(ITERATIONS))
}
