//! SQUAREM: squared iterative extrapolation.

use super::{Accelerate, AccelerationState, Step, model_at, norm, step};
use distributions::Coordinates;

/// SQUAREM, scheme S3 (Varadhan & Roland 2008, Scandinavian Journal of Statistics 35, 335–353).
///
/// From two plain steps θ₀ → θ₁ → θ₂ with r = θ₁ − θ₀ and v = (θ₂ − θ₁) − r, the proposal is
/// θ₀ + 2 a r + a² v with step length a = |r|/|v| ≥ 1 (a = 1 is θ₂), kept below a bound that grows by 4
/// whenever it is reached and shrinks when a proposal is dropped. Two passes a cycle, one of them
/// at the proposal itself.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Squarem {
    /// The first point and the first step of the cycle.
    first: Option<Step>,
    longest: f64,
    reached: bool,
}

/// The factor by which the bound on the step length grows and shrinks (mstep in the paper's code).
const FACTOR: f64 = 4.0;

impl Default for Squarem {
    fn default() -> Self {
        Squarem {
            first: None,
            longest: 1.0,
            reached: false,
        }
    }
}

impl<M: Coordinates> Accelerate<M> for Squarem {
    fn propose(&mut self, current: &M, stepped: &M) -> Option<M> {
        let Some(step) = step(current, stepped) else {
            self.first = None;
            return None;
        };
        let Some(first) = (self.first.take()).filter(|first| first.held == step.held) else {
            self.first = Some(step);
            return None;
        };
        if self.reached {
            self.longest *= FACTOR;
            self.reached = false;
        }
        let bend: Vec<f64> = step.by.iter().zip(&first.by).map(|(b, a)| b - a).collect();
        let length = norm(&first.by) / norm(&bend);
        if !(length > 1.0) {
            return None;
        }
        let length = length.min(self.longest);
        self.reached = length == self.longest;
        if length == 1.0 {
            return None;
        }
        let proposal: Vec<f64> = (0..bend.len())
            .map(|j| first.from[j] + 2.0 * length * first.by[j] + length * length * bend[j])
            .collect();
        model_at(current, &proposal, step.held)
    }
    fn rejected(&mut self) {
        self.first = None;
        if self.reached {
            self.longest = (self.longest / FACTOR).max(1.0);
            self.reached = false;
        }
    }
    fn reset(&mut self) {
        *self = Self::default();
    }
    fn state(&self) -> Option<AccelerationState> {
        Some(AccelerationState::Squarem(self.clone()))
    }
    fn restore(&mut self, state: AccelerationState) {
        if let AccelerationState::Squarem(state) = state {
            *self = state;
        }
    }
}
