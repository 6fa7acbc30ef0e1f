//! Criteria made of the log-likelihood and the number of parameters.

use crate::posterior::Evaluation;
use std::fmt;

/// A criterion made of the log-likelihood L, the number p of free parameters and the number n = Σ w_i of
/// observations; smaller is better.
///
/// ```
/// use distributions::Normal;
/// use em::{Data, Mixture, select::InformationCriterion};
///
/// let model = Mixture::uniform(vec![Normal::new(0.0, 1.0)?, Normal::new(9.0, 1.0)?]);
/// let evaluation = model.evaluate(Data::new(&[-0.3, 0.4, 8.5, 9.1][..]))?;
/// let aic = InformationCriterion::Aic.value(&evaluation);
/// assert_eq!(aic, -2.0 * evaluation.log_likelihood + 2.0 * 5.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum InformationCriterion {
    /// −2L + 2p (Akaike 1974).
    Aic,
    /// −2L + p ln n (Schwarz 1978).
    Bic,
    /// bic − 2 Σ w_i ln max_k r_ik (Biernacki, Celeux & Govaert 2000, with hard labels).
    Icl,
    /// −2L + p ln((n + 2)/24) (Sclove 1987): BIC adjusted for the sample size.
    Sabic,
}

impl InformationCriterion {
    /// Its value.
    pub fn value(self, evaluation: &Evaluation) -> f64 {
        match self {
            InformationCriterion::Aic => evaluation.aic,
            InformationCriterion::Bic => evaluation.bic,
            InformationCriterion::Icl => evaluation.icl,
            InformationCriterion::Sabic => evaluation.sabic(),
        }
    }
}

impl fmt::Display for InformationCriterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InformationCriterion::Aic => "aic",
            InformationCriterion::Bic => "bic",
            InformationCriterion::Icl => "icl",
            InformationCriterion::Sabic => "sabic",
        })
    }
}

/// −2L + p ln((n + 2)/24): BIC adjusted for the sample size (Sclove 1987, Psychometrika 52, 333–343).
pub fn sabic(log_likelihood: f64, parameters: usize, observations: f64) -> f64 {
    -2.0 * log_likelihood + parameters as f64 * ((observations + 2.0) / 24.0).ln()
}

impl Evaluation {
    /// [`sabic`] of this model and data.
    pub fn sabic(&self) -> f64 {
        sabic(self.log_likelihood, self.parameters, self.observations)
    }
}
