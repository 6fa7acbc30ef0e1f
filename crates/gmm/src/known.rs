//! What is known about the components of rows.

use em::{Allowed, FitError};

/// Known labels as restrictions.
pub(crate) struct Known {
    index: Vec<u32>,
    log_evidence: Vec<f64>,
    /// Whether every component has a labelled row.
    pub(crate) all_labelled: bool,
}

impl Known {
    /// The restrictions that labels make: a row with a label belongs to that component.
    ///
    /// # Errors
    /// When there is not one entry for each row, or a label is not below the number of components.
    pub(crate) fn new(
        labels: &[Option<u32>],
        rows: usize,
        components: usize,
    ) -> Result<Self, FitError> {
        if labels.len() != rows {
            return Err(FitError::Shape(format!(
                "{} known labels for {rows} rows",
                labels.len()
            )));
        }
        let mut labelled = vec![false; components];
        for (row, label) in labels.iter().enumerate() {
            let Some(label) = label else { continue };
            match labelled.get_mut(*label as usize) {
                Some(seen) => *seen = true,
                None => {
                    return Err(FitError::Shape(format!(
                        "row {row}: the known label {label} is not below the number of components, \
                         {components}"
                    )));
                }
            }
        }
        Ok(Known {
            index: labels.iter().map(|l| l.unwrap_or(Allowed::FREE)).collect(),
            log_evidence: Allowed::labels(components),
            all_labelled: labelled.iter().all(|&seen| seen),
        })
    }
    pub(crate) fn allowed(&self) -> Allowed<'_> {
        Allowed {
            index: &self.index,
            log_evidence: &self.log_evidence,
        }
    }
}
