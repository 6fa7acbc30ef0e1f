//! The E-step's rule: from joint log-densities to responsibilities.

use crate::model::Tally;
use distributions::simd::{log_sum_exp_columns, sum};

/// Where in a fit a block stands: rules that draw random numbers hash it, errors name it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct At {
    /// The iteration, 0 for the start.
    pub iteration: usize,
    /// The first row of the block.
    pub row: usize,
}

/// How a row is shared among the components. EM, hard EM, annealing and stochastic EM differ in
/// this and in nothing else.
pub trait Responsibilities: Sync {
    /// In: entry (k, i) of the K × n matrix `joint` is ln π_k + ln p_k(x_i). Out: r_ik in its place,
    /// and in `value[i]` what row i adds to the objective (a column of −∞ gives −∞ and zeros).
    fn assign(&self, at: At, joint: &mut [f64], value: &mut [f64]);
    /// Whether the rule is Bayes' theorem: entries far below the largest of their row then change nothing.
    fn is_bayes(&self) -> bool {
        false
    }
}

/// Bayes' theorem: r_ik = π_k p_k(x_i) / Σ_j π_j p_j(x_i); the objective is the log-likelihood
/// Σ w_i ln Σ_k π_k p_k(x_i).
#[derive(Clone, Copy, Debug, Default)]
pub struct Soft;

impl Responsibilities for Soft {
    fn assign(&self, _at: At, joint: &mut [f64], value: &mut [f64]) {
        log_sum_exp_columns(joint, value.len(), value);
    }
    fn is_bayes(&self) -> bool {
        true
    }
}

/// Turns the responsibilities r_ik that a rule has [assigned](Responsibilities::assign) into w_i r_ik, in place, and adds up
/// the objective, which overwrites `value`; w_i = 1 where there are no weights. A row of weight 0 becomes a column of zeros,
/// whatever stood there.
pub fn weigh(
    row_weights: Option<&[f64]>,
    at: At,
    responsibilities: &mut [f64],
    value: &mut [f64],
) -> Tally {
    if let Some(weights) = row_weights {
        for row in responsibilities.chunks_exact_mut(value.len()) {
            for (entry, &weight) in row.iter_mut().zip(weights) {
                *entry = if weight > 0.0 { *entry * weight } else { 0.0 };
            }
        }
        for (value, &weight) in value.iter_mut().zip(weights) {
            *value = if weight > 0.0 { *value * weight } else { 0.0 };
        }
    }
    let objective = sum(value);
    // One row that is not finite makes the sum so too; only then it is looked for.
    let unexplained = (!objective.is_finite())
        .then(|| value.iter().position(|v| !v.is_finite()))
        .flatten()
        .map(|i| at.row + i);
    value.iter_mut().for_each(|v| *v = v.abs());
    Tally {
        objective,
        magnitude: sum(value),
        unexplained,
    }
}

/// Hard EM (classification EM, Celeux & Govaert 1992): all of a row goes to the component of
/// largest π_k p_k(x_i), ties to the lowest; the objective is the classification likelihood
/// Σ w_i max_k ln π_k p_k(x_i).
#[derive(Clone, Copy, Debug, Default)]
pub struct Hard;

impl Responsibilities for Hard {
    fn assign(&self, _at: At, joint: &mut [f64], value: &mut [f64]) {
        let rows = value.len();
        for (i, value) in value.iter_mut().enumerate() {
            let column = (0..joint.len() / rows).map(|k| joint[k * rows + i]);
            let (mut best, mut largest) = (0, f64::NEG_INFINITY);
            for (k, entry) in column.enumerate() {
                if entry > largest || entry.is_nan() {
                    (best, largest) = (k, entry);
                }
            }
            *value = largest;
            for (k, entry) in joint[i..].iter_mut().step_by(rows).enumerate() {
                *entry = f64::from(u8::from(k == best && largest > f64::NEG_INFINITY));
            }
        }
    }
}
