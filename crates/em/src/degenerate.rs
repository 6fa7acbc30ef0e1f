//! What to do with a component that has no estimate: it is empty, collapsed on a point, singular.

use crate::error::FitError;
use crate::init::{MixtureData, Shares, first_m_step};
use crate::mixture::Mixture;
use crate::set::ComponentSet;
use crate::weights::WeightModel;
use distributions::{EstimateError, Reason};
use std::fmt;

/// What to do with a component that has no estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OnDegenerate {
    /// The run fails, naming the component.
    #[default]
    Fail,
    /// The component starts anew from the rows that the others explain worst.
    Reset,
    /// The component is left out, and the fit goes on with one less.
    Drop,
    /// No component gets narrower than a floor, [`LEAST_SHARE`](distributions::LEAST_SHARE) of the
    /// variance of all rows: a constraint on the parameters throughout the fit, with its own exact M-step, so
    /// that the log-likelihood never falls and is bounded. Components that have no floor are refused
    /// ([`FitError::NoFloor`](crate::FitError::NoFloor)); a component of no row still fails.
    Floor,
}

/// A component that had no estimate, and what was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Degeneracy {
    /// The iteration whose M-step failed, 0 for the start.
    pub iteration: usize,
    /// The component, as numbered at that time.
    pub component: usize,
    /// Its effective count N_k.
    pub effective_count: Option<f64>,
    /// Why it had no estimate.
    pub reason: Reason,
    /// What was done.
    pub action: OnDegenerate,
}

impl fmt::Display for Degeneracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            OnDegenerate::Fail => "the run failed",
            OnDegenerate::Reset => "started anew from the worst-explained rows",
            OnDegenerate::Drop => "dropped",
            OnDegenerate::Floor => "held by the floor",
        };
        let mut error = EstimateError::new(self.reason.clone()).in_component(self.component);
        error.effective_count = self.effective_count;
        write!(f, "iteration {}: {error}; {action}", self.iteration)
    }
}

impl Degeneracy {
    /// The event of `error`, where it names a component and `action` can help.
    pub(crate) fn of(
        error: &EstimateError,
        iteration: usize,
        action: OnDegenerate,
    ) -> Option<Degeneracy> {
        let component = error.component?;
        let acts = matches!(action, OnDegenerate::Reset | OnDegenerate::Drop);
        acts.then(|| Degeneracy {
            iteration,
            component,
            effective_count: error.effective_count,
            reason: error.reason.clone(),
            action,
        })
    }
}

/// How many events a run survives: a policy that does not help must end.
pub(crate) fn most_events(classes: usize) -> usize {
    10 * classes
}

/// How many of `rows` rows a component starts anew from: a tenth of its fair share, but at least ten,
/// and at most half of them.
pub(crate) fn reset_rows(rows: usize, components: usize) -> usize {
    (rows / (10 * components)).max(10).min(rows.div_ceil(2))
}

/// The model with which to go on after component `k` of `model` had no estimate.
///
/// # Errors
/// When nothing is left, or the new start has no estimate either.
pub(crate) fn repaired<S: ComponentSet, W: WeightModel>(
    model: &Mixture<S, W>,
    k: usize,
    action: OnDegenerate,
    data: MixtureData<'_, '_, S, W>,
) -> Result<Mixture<S, W>, FitError> {
    let others: Vec<usize> = (0..model.len()).filter(|&j| j != k).collect();
    if others.is_empty() {
        return Err(FitError::Shape("the only component is degenerate".into()));
    }
    if action == OnDegenerate::Drop && data.allowed.is_some() {
        return Err(FitError::Shape(
            "a component cannot be dropped where labels are known: they are its number".into(),
        ));
    }
    let rest = model.subset(&others);
    match action {
        OnDegenerate::Reset => reset(model, &rest, k, data),
        OnDegenerate::Fail | OnDegenerate::Drop | OnDegenerate::Floor => Ok(rest),
    }
}

/// Component `k` takes the rows of lowest density under the `rest`; the other rows are shared by the
/// rest; then an M-step.
fn reset<S: ComponentSet, W: WeightModel>(
    model: &Mixture<S, W>,
    rest: &Mixture<S, W>,
    k: usize,
    data: MixtureData<'_, '_, S, W>,
) -> Result<Mixture<S, W>, FitError> {
    let (rows, components) = (data.rows(), model.len());
    let posterior = rest.posterior(data.xs);
    let mut worst: Vec<usize> = (0..rows).filter(|&i| data.row_weight(i) > 0.0).collect();
    let count = reset_rows(worst.len(), components);
    worst.sort_by(|&a, &b| posterior.log_density[a].total_cmp(&posterior.log_density[b]));
    let mut shares = vec![0.0; rows * components];
    for i in 0..rows {
        let weight = data.row_weight(i);
        for (j, &share) in posterior.row(i).iter().enumerate() {
            let j = if j < k { j } else { j + 1 };
            shares[j * rows + i] = weight * share;
        }
    }
    for &i in &worst[..count] {
        for j in 0..components {
            shares[j * rows + i] = if j == k { data.row_weight(i) } else { 0.0 };
        }
    }
    first_m_step(model, data, &Shares::of_matrix(shares, rows))
}
