//! The posterior of the mixing weights in a file.

use crate::ModelError;
use em::{WeightsPosterior, WeightsPrior};
use serde::{Deserialize, Serialize};

/// Its form: the prior, and the effective counts of the components.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWeightsPosterior {
    prior: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    concentration: Option<f64>,
    counts: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Dirichlet,
    DirichletProcess,
    /// No prior: weights that are known.
    Known,
}

impl RawWeightsPosterior {
    pub(crate) fn new(of: &WeightsPosterior) -> Self {
        let (prior, concentration) = match of.prior() {
            WeightsPrior::Dirichlet { concentration } => (Name::Dirichlet, Some(*concentration)),
            WeightsPrior::DirichletProcess { concentration } => {
                (Name::DirichletProcess, Some(*concentration))
            }
            WeightsPrior::Known(_) => (Name::Known, None),
        };
        RawWeightsPosterior {
            prior,
            concentration,
            counts: of.counts().to_vec(),
        }
    }
    /// The posterior, of which `means` are the expected weights.
    ///
    /// # Errors
    /// When it is none, or has other expected weights.
    pub(crate) fn check(self, means: &[f64]) -> Result<WeightsPosterior, ModelError> {
        let prior = match (self.prior, self.concentration) {
            (Name::Dirichlet, Some(concentration)) => WeightsPrior::Dirichlet { concentration },
            (Name::DirichletProcess, Some(concentration)) => {
                WeightsPrior::DirichletProcess { concentration }
            }
            (Name::Known, None) => WeightsPrior::Known(means.to_vec()),
            (Name::Known, Some(_)) => {
                return Err(ModelError::new("known weights have no concentration"));
            }
            (_, None) => return Err(ModelError::new("weights_posterior needs a concentration")),
        };
        let wrong = |error: distributions::ParameterError| {
            ModelError(format!("the posterior of the weights: {error}"))
        };
        let posterior = WeightsPosterior::after(prior, self.counts).map_err(wrong)?;
        // Those of the same counts to rounding, but for another order of sums.
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9;
        let same = posterior.means().len() == means.len();
        if !(same && posterior.means().iter().zip(means).all(near)) {
            return Err(ModelError::new(
                "weights are not those that weights_posterior expects",
            ));
        }
        Ok(posterior)
    }
}
