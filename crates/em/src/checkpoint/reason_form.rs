//! Degeneracies in a form that can be read back: the names in their reasons are borrowed from the
//! program.

use crate::degenerate::{Degeneracy, OnDegenerate};
use distributions::Reason;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Form {
    iteration: usize,
    component: usize,
    effective_count: Option<u64>,
    reason: ReasonForm,
    action: OnDegenerate,
}

/// Numbers as their bits: they may be infinite, which JSON has no word for.
#[derive(Serialize, Deserialize)]
enum ReasonForm {
    Empty,
    Boundary(String, u64, String),
    Singular(String),
    NotConverged(String, usize),
    Other(String),
}

impl From<&Reason> for ReasonForm {
    fn from(reason: &Reason) -> Self {
        match reason {
            Reason::Empty => ReasonForm::Empty,
            Reason::Boundary {
                parameter,
                value,
                because,
            } => ReasonForm::Boundary(
                (*parameter).to_string(),
                value.to_bits(),
                (*because).to_string(),
            ),
            Reason::Singular { because } => ReasonForm::Singular((*because).to_string()),
            Reason::NotConverged {
                parameter,
                iterations,
            } => ReasonForm::NotConverged((*parameter).to_string(), *iterations),
            other => ReasonForm::Other(other.to_string()),
        }
    }
}

impl From<ReasonForm> for Reason {
    /// The few names of one checkpoint stay in memory as long as the program runs.
    fn from(form: ReasonForm) -> Self {
        match form {
            ReasonForm::Empty => Reason::Empty,
            ReasonForm::Boundary(parameter, bits, because) => Reason::Boundary {
                parameter: parameter.leak(),
                value: f64::from_bits(bits),
                because: because.leak(),
            },
            ReasonForm::Singular(because) => Reason::Singular {
                because: because.leak(),
            },
            ReasonForm::NotConverged(parameter, iterations) => Reason::NotConverged {
                parameter: parameter.leak(),
                iterations,
            },
            ReasonForm::Other(words) => Reason::Unsupported(words),
        }
    }
}

/// For `#[serde(with)]`.
pub(super) mod degeneracies {
    use super::{Degeneracy, Form};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        events: &[Degeneracy],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let form = |event: &Degeneracy| Form {
            iteration: event.iteration,
            component: event.component,
            effective_count: event.effective_count.map(f64::to_bits),
            reason: (&event.reason).into(),
            action: event.action,
        };
        let forms: Vec<Form> = events.iter().map(form).collect();
        forms.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Degeneracy>, D::Error> {
        let forms = Vec::<Form>::deserialize(deserializer)?;
        let event = |form: Form| Degeneracy {
            iteration: form.iteration,
            component: form.component,
            effective_count: form.effective_count.map(f64::from_bits),
            reason: form.reason.into(),
            action: form.action,
        };
        Ok(forms.into_iter().map(event).collect())
    }
}
