//! Damped Anderson acceleration with restarts, kept to directions of ascent and to a trust region.

use super::{Accelerate, AccelerationState, Step, model_at, step};
use distributions::Coordinates;
use distributions::dense::Ldl;

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
/// The trust radius in lengths of the plain step: at first, its least, and its factors when it was
/// reached and when a proposal was dropped.
const RADIUS: f64 = 4.0;
const LEAST_RADIUS: f64 = 2.0;
const RADIUS_FACTORS: (f64, f64) = (4.0, 0.5);

/// Anderson acceleration after DAAREM (Henderson & Varadhan 2019, Journal of Computational and
/// Graphical Statistics 28, 834–846), with what slow mixtures ask for besides.
///
/// With f = F(x) − x, the plain EM step at x, and ΔX, ΔF the differences of x and f between the last
/// steps, the proposal is x + m with m = f − (ΔX + ΔF) γ, where γ minimises |f − ΔF γ|² + λ|γ|². It
/// takes one pass. What is added to the scheme of the paper:
///
/// - **Patience.** The first 20 steps are plain, and as many more as it takes until they shrink at a settled
///   rate, as steps do that converge linearly: before, EM is still choosing among maxima, and a long step may
///   choose another.
/// - **Lengths** weigh each coordinate by the largest f of the last steps. A probability on its way
///   to 0 moves its logit by the same amount for ever; unweighted, it would drown the others.
/// - **Ascent.** Where plain EM gains speed, leaving a saddle, f − ΔF γ = 0 lies behind: m points
///   against f. The proposal is then the plain step made longer, m = τ f (Salakhutdinov & Roweis 2003).
/// - **A trust radius** bounds |m| by τ|f|: τ grows where it was reached, and shrinks where the
///   objective fell.
/// - **λ** falls with every accepted proposal and rises with every dropped one, and a dropped one
///   restarts the differences: they belong to another part of the likelihood.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Daarem {
    /// x and f of the step before.
    before: Option<Step>,
    /// Differences of x and f, newest last.
    history: Vec<(Vec<f64>, Vec<f64>)>,
    damping: f64,
    radius: f64,
    /// Plain steps still to come.
    patience: usize,
    /// 1 less the rate at which the last plain step shrank, and how many in a row were settled.
    gap: f64,
    settled: usize,
    /// The proposal under way, and whether it reached the radius.
    proposed: Option<bool>,
}

impl Default for Daarem {
    fn default() -> Self {
        Daarem {
            before: None,
            history: Vec::new(),
            damping: DAMPING,
            radius: RADIUS,
            patience: PATIENCE,
            gap: 0.0,
            settled: 0,
            proposed: None,
        }
    }
}

impl Daarem {
    /// The last proposal was accepted: no call to `rejected` came.
    fn accepted(&mut self, reached_radius: bool) {
        if reached_radius {
            self.radius *= RADIUS_FACTORS.0;
        }
        self.damping = (self.damping * DAMPING_FACTORS.0).max(DAMPING_BOUNDS.0);
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

    /// The move from x that the differences suggest; `None` when they tell nothing.
    fn suggested(&self, f: &[f64], dot: impl Fn(&[f64], &[f64]) -> f64) -> Option<Vec<f64>> {
        let order = self.history.len();
        let column = |i: usize| &self.history[i].1[..];
        let lengths: Vec<f64> = (0..order)
            .map(|i| dot(column(i), column(i)).sqrt())
            .collect();
        if order == 0 || lengths.iter().any(|&length| !(length > 0.0)) {
            return None;
        }
        let mut gram = vec![0.0; order * order];
        for i in 0..order {
            for j in 0..order {
                gram[i * order + j] = dot(column(i), column(j)) / (lengths[i] * lengths[j]);
            }
            gram[i * order + i] += self.damping;
        }
        let right: Vec<f64> = (0..order).map(|i| dot(column(i), f) / lengths[i]).collect();
        let gamma = Ldl::new(&gram, order).ok()?.solve(&right);
        let mut suggested = f.to_vec();
        for (((dx, df), g), length) in self.history.iter().zip(gamma).zip(&lengths) {
            for (j, value) in suggested.iter_mut().enumerate() {
                *value -= g / length * (dx[j] + df[j]);
            }
        }
        Some(suggested)
    }

    /// The move to try, and whether it is as long as the radius allows.
    fn bounded(&self, f: &[f64]) -> Option<(Vec<f64>, bool)> {
        let weights = self.weights(f);
        let dot = |a: &[f64], b: &[f64]| -> f64 {
            (a.iter().zip(b).zip(&weights))
                .map(|((a, b), w)| a * b * w)
                .sum()
        };
        let mut suggested = self.suggested(f, dot)?;
        if !(dot(&suggested, f) > 0.0) {
            return Some((f.iter().map(|f| self.radius * f).collect(), true));
        }
        let longest = self.radius * dot(f, f).sqrt();
        let length = dot(&suggested, &suggested).sqrt();
        if length <= longest {
            return Some((suggested, false));
        }
        suggested.iter_mut().for_each(|m| *m *= longest / length);
        Some((suggested, true))
    }
}

impl<M: Coordinates> Accelerate<M> for Daarem {
    fn propose(&mut self, current: &M, stepped: &M) -> Option<M> {
        if let Some(reached_radius) = self.proposed.take() {
            self.accepted(reached_radius);
        }
        let Some(now) = step(current, stepped) else {
            self.before = None;
            self.history.clear();
            return None;
        };
        self.remember(&now);
        if self.waits(&now.by) {
            return None;
        }
        let (to, reached_radius) = self.bounded(&now.by)?;
        let to: Vec<f64> = now.from.iter().zip(to).map(|(x, m)| x + m).collect();
        let model = model_at(current, &to, now.held);
        match model {
            Some(_) => self.proposed = Some(reached_radius),
            None => Accelerate::<M>::rejected(self),
        }
        model
    }
    fn rejected(&mut self) {
        self.proposed = None;
        self.history.clear();
        self.radius = (self.radius * RADIUS_FACTORS.1).max(LEAST_RADIUS);
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
