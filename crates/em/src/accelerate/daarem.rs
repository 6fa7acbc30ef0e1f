//! DAAREM: damped Anderson acceleration with restarts.

use super::{Accelerate, AccelerationState, coordinates, model_at};
use distributions::Coordinates;
use distributions::dense::Ldl;

/// The most columns of history; more gain little and cost conditioning.
const ORDER: usize = 10;
/// Damping: δ = 1 / (1 + ALPHA^(KAPPA − s)) of the undamped step's squared length after s
/// accepted proposals (a and κ of the paper).
const ALPHA: f64 = 1.2;
const KAPPA: f64 = 25.0;

/// DAAREM (Henderson & Varadhan 2019, Journal of Computational and Graphical Statistics 28, 834–846):
/// Anderson acceleration, damped at first, restarted every few steps.
///
/// With f_j = F(x_j) − x_j over the last steps of plain EM, and ΔF, ΔX their differences, the proposal
/// is F(x) − (ΔX + ΔF) γ, where γ minimises |f − ΔF γ|² + λ|γ|² and λ is such that |γ|² is the share δ
/// of its undamped value. One pass a step.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Daarem {
    /// x and f of the step before.
    before: Option<(Vec<f64>, Vec<f64>)>,
    /// Differences of x and f, newest last.
    history: Vec<(Vec<f64>, Vec<f64>)>,
    accepted: f64,
    proposed: bool,
}

impl Daarem {
    fn forget(&mut self) {
        self.before = None;
        self.history.clear();
    }

    /// γ for the residual `f`.
    fn mix(&self, f: &[f64]) -> Option<Vec<f64>> {
        let order = self.history.len();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut gram = vec![0.0; order * order];
        for i in 0..order {
            for j in 0..order {
                gram[i * order + j] = dot(&self.history[i].1, &self.history[j].1);
            }
        }
        let right: Vec<f64> = self.history.iter().map(|(_, df)| dot(df, f)).collect();
        let scale = (0..order)
            .map(|i| gram[i * order + i])
            .fold(0.0f64, f64::max);
        // Below this, directions are rounding of the Gram matrix and carry no information.
        let least = scale * 1e-14;
        let length = |gamma: &[f64]| gamma.iter().map(|g| g * g).sum::<f64>();
        let undamped = ridge_solve(&gram, &right, least)?;
        let target = length(&undamped) / (1.0 + ALPHA.powf(KAPPA - self.accepted));
        // The length falls with λ; bisection in ln λ to a factor of 1.1, since damping need not be
        // exact.
        let (mut low, mut high) = (least, scale * 1e12);
        while high / low > 1.1 {
            let middle = low.sqrt() * high.sqrt();
            if length(&ridge_solve(&gram, &right, middle)?) > target {
                low = middle;
            } else {
                high = middle;
            }
        }
        ridge_solve(&gram, &right, high)
    }
}

/// The solution of (G + λI) γ = b for a positive semidefinite G; `None` when it is not.
fn ridge_solve(gram: &[f64], right: &[f64], lambda: f64) -> Option<Vec<f64>> {
    let order = right.len();
    let mut matrix = gram.to_vec();
    matrix
        .iter_mut()
        .step_by(order + 1)
        .for_each(|diagonal| *diagonal += lambda);
    Ldl::new(&matrix, order)
        .ok()
        .map(|factor| factor.solve(right))
}

impl<M: Coordinates> Accelerate<M> for Daarem {
    fn propose(&mut self, current: &M, stepped: &M) -> Option<M> {
        if std::mem::take(&mut self.proposed) {
            self.accepted += 1.0;
        }
        let (Some(x), Some(to)) = (coordinates(current), coordinates(stepped)) else {
            self.forget();
            return None;
        };
        let f: Vec<f64> = to.iter().zip(&x).map(|(b, a)| b - a).collect();
        let order = ORDER.min(x.len().div_ceil(2));
        if let Some((x0, f0)) = &self.before {
            let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
            self.history.push((difference(&x, x0), difference(&f, f0)));
        }
        self.before = Some((x, f.clone()));
        if self.history.is_empty() {
            return None;
        }
        let mixed = self.mix(&f);
        let proposal = mixed.map(|gamma| {
            let mut proposal = to;
            for ((dx, df), g) in self.history.iter().zip(gamma) {
                for (j, value) in proposal.iter_mut().enumerate() {
                    *value -= g * (dx[j] + df[j]);
                }
            }
            proposal
        });
        if self.history.len() >= order {
            self.history.clear();
        }
        let model = model_at(current, &proposal?)?;
        self.proposed = true;
        Some(model)
    }
    fn rejected(&mut self) {
        self.proposed = false;
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
