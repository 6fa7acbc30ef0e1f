//! When to stop.

use std::fmt;

/// Why a fit stopped. None of these is an error: the model is the best that was reached.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StopReason {
    /// The estimated remaining gain fell below the tolerance.
    Converged,
    /// The remaining gain is below the rounding error of the objective, which is above the
    /// tolerance: nothing more can be measured.
    PrecisionReached,
    /// The limit of iterations was reached.
    MaxIterations,
    /// The next model had a lower objective, by more than rounding: an M-step that is no
    /// maximiser. The model before it is returned.
    ObjectiveFell,
    /// The observer asked for it.
    Observer,
    /// The M-step changed no parameter by more than the
    /// [tolerance of parameters](crate::Driver::parameter_tolerance).
    ParametersAtRest,
    /// A short run that was left, because others had come further: [`SmallEm`](crate::SmallEm).
    Left,
    /// The [time limit](crate::Options::time_limit) was reached.
    TimeLimit,
    /// All that was planned was done: the iterations of [`StochasticEm`](crate::StochasticEm), the
    /// batches of [`OnlineEm`](crate::OnlineEm), which know no convergence.
    Completed,
}

impl StopReason {
    /// Whether the fit came to rest, rather than being cut short.
    pub fn is_converged(self) -> bool {
        use StopReason::{Converged, ParametersAtRest, PrecisionReached};
        matches!(self, Converged | PrecisionReached | ParametersAtRest)
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StopReason::Converged => "converged",
            StopReason::PrecisionReached => "precision_reached",
            StopReason::MaxIterations => "max_iterations",
            StopReason::ObjectiveFell => "objective_fell",
            StopReason::Observer => "observer",
            StopReason::ParametersAtRest => "parameters_at_rest",
            StopReason::Left => "left",
            StopReason::TimeLimit => "time_limit",
            StopReason::Completed => "completed",
        })
    }
}

/// The bound below which a fall of the objective is rounding: 64 ε (Σ w_i |ln p(x_i)| + |penalty|).
pub fn rounding_bound(magnitude: f64) -> f64 {
    64.0 * f64::EPSILON * magnitude
}

/// What remains to be gained after objectives `a`, `b`, `c` of three consecutive plain EM iterations.
///
/// EM converges linearly: gains shrink by a rate r in \[0, 1), so that after the gain δ = c − b there
/// remain δ r + δ r² + … = δ r / (1 − r) (Aitken; Böhning et al. 1994). `None` where the three values
/// show no such rate.
pub fn remaining_gain(a: f64, b: f64, c: f64) -> Option<f64> {
    let (before, last) = (b - a, c - b);
    if last == 0.0 {
        return Some(0.0);
    }
    let rate = last / before;
    (last > 0.0 && (0.0..1.0).contains(&rate)).then(|| last * rate / (1.0 - rate))
}

/// Watches the trace of a fit.
///
/// Remaining gains are estimated from three objectives in a row that plain steps connect. An
/// accelerated run has no such three: when a whole jump gains less than the tolerance, it is asked
/// for [`PROBE`] plain steps at the current point.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Stopping {
    tolerance: f64,
    max_iterations: usize,
    /// Estimates below the tolerance in a row.
    quiet: usize,
    /// Plain steps in a row.
    plain_steps: usize,
    /// Plain steps still wanted.
    probe: usize,
    /// The objective at the last point that no plain step reached: a start, or an accelerated one.
    jump: Option<f64>,
}

/// Plain steps that give two estimates of the remaining gain.
const PROBE: usize = 3;

impl Stopping {
    pub(crate) fn new(tolerance: f64, max_iterations: usize) -> Self {
        Stopping {
            tolerance,
            max_iterations,
            quiet: 0,
            plain_steps: 0,
            probe: 0,
            jump: None,
        }
    }
    /// Forgets the trace so far: the model was changed from outside.
    pub(crate) fn restart(&mut self) {
        *self = Stopping::new(self.tolerance, self.max_iterations);
    }
    /// Whether the next step should be plain.
    pub(crate) fn probing(&self) -> bool {
        self.probe > 0
    }
    /// Whether to stop after the last value of the trace, whose rounding scale is `magnitude`, and
    /// which a plain step reached or not.
    pub(crate) fn after(
        &mut self,
        trace: &[f64],
        magnitude: f64,
        plain: bool,
    ) -> Option<StopReason> {
        let bound = rounding_bound(magnitude);
        let enough = self.tolerance.max(bound);
        let last = trace[trace.len() - 1];
        self.plain_steps = if plain { self.plain_steps + 1 } else { 0 };
        self.probe = self.probe.saturating_sub(1);
        if !plain {
            let before = self.jump.replace(last);
            self.quiet = 0;
            if before.is_some_and(|before| last - before < enough) {
                self.probe = PROBE;
            }
        }
        if let [.., a, b, c] = *trace
            && self.plain_steps >= 2
        {
            let below = match remaining_gain(a, b, c) {
                Some(gain) => gain < enough,
                // Gains of the size of one rounding error have no rate: they are noise.
                None => (c - b).abs() <= bound / 32.0,
            };
            self.quiet = if below { self.quiet + 1 } else { 0 };
            if self.quiet >= 2 {
                return Some(if self.tolerance >= bound {
                    StopReason::Converged
                } else {
                    StopReason::PrecisionReached
                });
            }
        }
        (trace.len() > self.max_iterations).then_some(StopReason::MaxIterations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remaining_gain_of_a_geometric_sequence_is_exact() {
        // Objectives 1 − rⁿ: after n = 3 there remains r³.
        for rate in [0.1f64, 0.5, 0.99] {
            let value = |n: i32| 1.0 - rate.powi(n);
            let gain = remaining_gain(value(1), value(2), value(3)).unwrap();
            assert!((gain - rate.powi(3)).abs() < 1e-12, "{rate}: {gain}");
        }
        assert_eq!(remaining_gain(0.0, 1.0, 1.0), Some(0.0));
        assert_eq!(remaining_gain(0.0, 1.0, 3.0), None);
        assert_eq!(remaining_gain(0.0, 1.0, 0.5), None);
        assert_eq!(remaining_gain(0.0, f64::NAN, 0.5), None);
    }

    #[test]
    fn slow_convergence_is_not_mistaken_for_rest() {
        // Gains of 1e-8 at rate 0.999 leave 1e-5: a rule on the last gain would stop here.
        let rate = 0.999f64;
        let trace: Vec<f64> = (0..10).map(|n| -1e-5 * rate.powi(n)).collect();
        let mut stopping = Stopping::new(1e-7, 1000);
        for t in 1..trace.len() {
            assert_eq!(stopping.after(&trace[..t], 1.0, t > 1), None);
        }
    }

    #[test]
    fn zero_iterations_stop_at_the_start() {
        let mut stopping = Stopping::new(1e-7, 0);
        assert_eq!(
            stopping.after(&[-5.0], 5.0, false),
            Some(StopReason::MaxIterations)
        );
    }
}
