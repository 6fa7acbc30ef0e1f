//! Damped Anderson acceleration with restarts, kept to the path of plain EM.

use super::path::{LinearModel, Move};
use super::{Accelerate, AccelerationState, Step, model_at, step};
use distributions::Coordinates;

/// Plain steps before the first proposal: where plain EM comes to rest by then, it is left alone, and
/// elsewhere the steep part of the climb, which decides between maxima, is its own.
const PATIENCE: usize = 20;
/// How many plain steps in a row must shrink at a settled rate before the first proposal, and by what part of
/// itself 1 − rate may change from one to the next.
const SETTLED: usize = 3;
const STEADY: f64 = 0.2;
/// The most differences that are kept; more gain little.
const ORDER: usize = 8;
/// The damping λ, relative to the columns: at first, its bounds, and its factors after a proposal
/// was accepted or dropped.
const DAMPING: f64 = 0.1;
const DAMPING_BOUNDS: (f64, f64) = (1e-12, 1.0);
const DAMPING_FACTORS: (f64, f64) = (0.3, 10.0);
/// The horizon in doublings of the plain step: at first, its bounds, and by how many it grows where the path goes
/// on, and shrinks.
const HORIZON: u32 = 2;
const HORIZONS: (u32, u32) = (1, 30);
const FARTHER: u32 = 2;
const NEARER: u32 = 1;
/// How far, in lengths of the step before, the step at a proposal may lie from the one that the model expects
/// there: for the horizon to grow, and not to shrink.
const FAITHFUL: f64 = 0.25;
const TRUSTED: f64 = 0.5;

/// Anderson acceleration after DAAREM (Henderson & Varadhan 2019, Journal of Computational and
/// Graphical Statistics 28, 834–846), with what slow mixtures ask for besides.
///
/// With f = F(x) − x, the plain EM step at x, and ΔX, ΔF the differences of x and f between the last steps,
/// f(x + ΔX a) ≈ f + ΔF a is a linear model of EM itself. The proposal is where 2ᵗ + 1 plain steps would lead in
/// it, x + ΔX a + (f + ΔF a): for t → ∞, where these come to rest, the scheme of the paper with
/// a = −(ΔXᵀΔF)⁻¹ΔXᵀf. It takes one pass. What is added:
///
/// - **Patience.** The first 20 steps are plain, and as many more as it takes until they shrink at a settled
///   rate, as steps do that converge linearly: before, EM is still choosing among maxima, and a long step may
///   choose another.
/// - **Lengths** weigh each coordinate by the largest f of the last steps. A probability on its way
///   to 0 moves its logit by the same amount for ever; unweighted, it would drown the others.
/// - **The path.** Where plain EM gains speed, leaving a saddle, f + ΔF a = 0 lies behind, at the saddle. The
///   steps in the model lead away from it as plain EM does, and shrink in the other directions.
/// - **A horizon**, t. It grows where the path goes on and the step at the proposal is the one that the model
///   expected there, to a quarter of the step before. It shrinks where the two differ by half of it, and where
///   the objective fell: what is not foreseen is not passed over.
/// - **λ** on the diagonal of ΔXᵀΔX, relative to the columns, falls with every accepted proposal and rises with
///   every dropped one, and a dropped one restarts the differences: they belong to another part of the likelihood.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Daarem {
    /// x and f of the step before.
    before: Option<Step>,
    /// Differences of x and f, newest last.
    history: Vec<(Vec<f64>, Vec<f64>)>,
    damping: f64,
    horizon: u32,
    /// Plain steps still to come.
    patience: usize,
    /// 1 less the rate at which the last plain step shrank, and how many in a row were settled.
    gap: f64,
    settled: usize,
    proposed: Option<Proposed>,
}

/// The proposal under way.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Proposed {
    /// The step that the model expects there.
    expected: Vec<f64>,
    /// Whether the path goes on from there.
    goes_on: bool,
}

impl Default for Daarem {
    fn default() -> Self {
        Daarem {
            before: None,
            history: Vec::new(),
            damping: DAMPING,
            horizon: HORIZON,
            patience: PATIENCE,
            gap: 0.0,
            settled: 0,
            proposed: None,
        }
    }
}

impl Daarem {
    /// The last proposal was accepted, no call to `rejected` came; `now` is the step there.
    fn accepted(&mut self, proposed: &Proposed, now: Option<&Step>) {
        self.damping = (self.damping * DAMPING_FACTORS.0).max(DAMPING_BOUNDS.0);
        let (Some(now), Some(before)) = (now, &self.before) else {
            return;
        };
        let (mut error, mut length) = (0.0, 0.0);
        let steps = now.by.iter().zip(&before.by).zip(&proposed.expected);
        for (((now, before), expected), weight) in steps.zip(self.weights(&now.by)) {
            error += weight * (now - expected) * (now - expected);
            length += weight * before * before;
        }
        let error = (error / length).sqrt();
        if proposed.goes_on && error < FAITHFUL {
            self.horizon = (self.horizon + FARTHER).min(HORIZONS.1);
        } else if !(error < TRUSTED) {
            self.horizon = self.horizon.saturating_sub(NEARER).max(HORIZONS.0);
        }
    }

    /// Keeps the differences to the step before.
    fn remember(&mut self, now: &Step) {
        let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        match &self.before {
            // A boundary that the proposal or the last step reached: the past is of another model.
            Some(before) if before.held != now.held => self.history.clear(),
            Some(before) => {
                let dx = difference(&now.from, &before.from);
                let df = difference(&now.by, &before.by);
                self.history.push((dx, df));
            }
            None => {}
        }
        if self.history.len() > ORDER.min(now.from.len()) {
            self.history.remove(0);
        }
        self.before = Some(now.clone());
    }

    /// Whether the first proposal must still wait, after one more plain step f.
    fn waits(&mut self, f: &[f64]) -> bool {
        let begun = self.patience == 0 && self.settled >= SETTLED;
        if begun {
            return false;
        }
        self.patience = self.patience.saturating_sub(1);
        if let Some((_, df)) = self.history.last() {
            let (mut now, mut before) = (0.0, 0.0);
            for ((f, df), weight) in f.iter().zip(df).zip(self.weights(f)) {
                now += weight * f * f;
                before += weight * (f - df) * (f - df);
            }
            let gap = 1.0 - (now / before).sqrt();
            let steady = gap > 0.0 && (gap / self.gap - 1.0).abs() < STEADY;
            self.settled = if steady { self.settled + 1 } else { 0 };
            // A step of no length has no rate; what is kept must be a number in a file.
            self.gap = if gap.is_finite() { gap } else { 0.0 };
        }
        true
    }

    /// What each squared coordinate counts in lengths.
    fn weights(&self, f: &[f64]) -> Vec<f64> {
        let largest = |j: usize| {
            (self.history.iter()).fold(f[j].abs(), |largest, (_, df)| largest.max(df[j].abs()))
        };
        (0..f.len())
            .map(|j| match largest(j) {
                size if size > 0.0 => (size * size).recip().min(f64::MAX),
                _ => 0.0,
            })
            .collect()
    }

    /// Along the path of plain EM as far as the horizon; `None` when the differences tell nothing.
    fn ahead(&self, f: &[f64]) -> Option<Move> {
        let weights = self.weights(f);
        let dot = |a: &[f64], b: &[f64]| -> f64 {
            (a.iter().zip(b).zip(&weights))
                .map(|((a, b), w)| a * b * w)
                .sum()
        };
        LinearModel::new(&self.history, self.damping, dot)?.path(f, self.horizon, dot)
    }
}

impl<M: Coordinates> Accelerate<M> for Daarem {
    fn propose(&mut self, current: &M, stepped: &M) -> Option<M> {
        let now = step(current, stepped);
        if let Some(proposed) = self.proposed.take() {
            self.accepted(&proposed, now.as_ref());
        }
        let Some(now) = now else {
            self.before = None;
            self.history.clear();
            return None;
        };
        self.remember(&now);
        if self.waits(&now.by) {
            return None;
        }
        let ahead = self.ahead(&now.by)?;
        let to: Vec<f64> = now.from.iter().zip(&ahead.by).map(|(x, m)| x + m).collect();
        let model = model_at(current, &to, now.held);
        match model {
            Some(_) => {
                self.proposed = Some(Proposed {
                    expected: ahead.left,
                    goes_on: ahead.goes_on,
                });
            }
            None => Accelerate::<M>::rejected(self),
        }
        model
    }
    fn rejected(&mut self) {
        self.proposed = None;
        self.history.clear();
        self.horizon = self.horizon.saturating_sub(NEARER).max(HORIZONS.0);
        self.damping = (self.damping * DAMPING_FACTORS.1).min(DAMPING_BOUNDS.1);
    }
    fn reset(&mut self) {
        *self = Self::default();
    }
    fn state(&self) -> Option<AccelerationState> {
        Some(AccelerationState::Daarem(self.clone()))
    }
    fn restore(&mut self, state: AccelerationState) {
        if let AccelerationState::Daarem(state) = state {
            *self = state;
        }
    }
}
