//! Known labels: rows that belong to a component whatever their cells say.

use crate::args::{Fit, OnDegenerate};
use crate::explain::Context;
use crate::failure::Failure;
use crate::start::{Chosen, labels};
use em::Allowed;

/// For each row (or group) its component, where that is known.
pub struct Labels {
    /// The components.
    pub labels: Vec<Option<u32>>,
    /// Their names; none where labels were plain numbers of components.
    pub names: Vec<String>,
}

/// Labels in the form in which the library takes them.
pub struct Evidence {
    index: Vec<u32>,
    table: Vec<f64>,
}

impl Labels {
    /// The labels that `--known-labels` names.
    pub fn read(
        arguments: &Fit,
        count: usize,
        context: Context<'_>,
    ) -> Result<Option<Labels>, Failure> {
        let Some(name) = &arguments.known.known_labels else {
            return Ok(None);
        };
        if arguments.on_degenerate == OnDegenerate::Drop {
            return Err(Failure::input(
                "--on-degenerate drop: a component with known labels cannot be left out",
            ));
        }
        let column = context.sheet.column(name)?;
        match labels(context.sheet, column, &context.typed.rows, count)? {
            Chosen::Labels { labels, names } => Ok(Some(Labels { labels, names })),
            _ => Ok(None),
        }
    }
    /// The labels as a start, where no start is named and every component has a row.
    pub fn as_start(&self, arguments: &Fit, count: usize) -> Option<Chosen> {
        let start = &arguments.start;
        let named = start.is_given() || start.init.is_some() || arguments.restarts.is_some();
        let has_row = |k: usize| {
            self.labels
                .iter()
                .flatten()
                .any(|&label| label as usize == k)
        };
        (!named && (0..count).all(has_row)).then(|| Chosen::Labels {
            labels: self.labels.clone(),
            names: self.names.clone(),
        })
    }
    /// The labels as evidence about `count` components.
    pub fn evidence(&self, count: usize) -> Evidence {
        let labels = self.labels.iter();
        Evidence {
            index: labels.map(|label| label.unwrap_or(Allowed::FREE)).collect(),
            table: Allowed::labels(count),
        }
    }
}

impl Evidence {
    /// What the library is told.
    pub fn allowed(&self) -> Allowed<'_> {
        Allowed {
            index: &self.index,
            log_evidence: &self.table,
        }
    }
}
