//! Known labels: rows that belong to a component, or to one of some, whatever their cells say.

use crate::args::{Fit, OnDegenerate};
use crate::explain::Context;
use crate::failure::Failure;
use crate::start::{Chosen, Named, named};
use em::Allowed;

/// For each row (or group) where it may belong, as far as that is known.
pub struct Labels {
    /// Its component, or `count` and more for a place among `several`.
    pub labels: Vec<Option<u32>>,
    /// The names of the components; none where labels were plain numbers of components.
    pub names: Vec<String>,
    /// The number of components, noise included.
    count: usize,
    /// The different sets of several components, in order of appearance.
    several: Vec<Vec<u32>>,
}

/// Labels in the form in which the library takes them.
pub struct Evidence {
    index: Vec<u32>,
    table: Vec<f64>,
}

impl Labels {
    /// The labels that `--known-labels` names, of `count` components, the last of which may be noise.
    pub fn read(
        arguments: &Fit,
        (count, noise): (usize, bool),
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
        let rows = &context.typed.rows;
        let Named { components, names } =
            named(context.sheet, column, rows, (count, noise), Some('|'))?;
        let mut several: Vec<Vec<u32>> = Vec::new();
        let line = |own: Vec<u32>| -> Option<u32> {
            if let [] | [_] = own[..] {
                return own.first().copied();
            }
            let place = several.iter().position(|seen| *seen == own);
            let place = place.unwrap_or_else(|| {
                several.push(own);
                several.len() - 1
            });
            u32::try_from(count + place).ok()
        };
        let labels = components.into_iter().map(line).collect();
        Ok(Some(Labels {
            labels,
            names,
            count,
            several,
        }))
    }
    /// The labels as a start, where no start is named and every component has a row.
    pub fn as_start(&self, arguments: &Fit) -> Option<Chosen> {
        let start = &arguments.start;
        let named = start.is_given() || start.init.is_some() || arguments.restarts.is_some();
        let has_row = |k: usize| {
            self.labels
                .iter()
                .flatten()
                .any(|&label| label as usize == k)
        };
        // Of several components a start says nothing.
        let one = |label: &Option<u32>| label.filter(|&label| (label as usize) < self.count);
        (!named && (0..self.count).all(has_row)).then(|| Chosen::Labels {
            labels: self.labels.iter().map(one).collect(),
            names: self.names.clone(),
        })
    }
    /// The labels as evidence about the components.
    pub fn evidence(&self) -> Evidence {
        let labels = self.labels.iter();
        let mut table = Allowed::labels(self.count);
        for own in &self.several {
            let log = |k: usize| {
                let among = own.iter().any(|&one| one as usize == k);
                if among { 0.0 } else { f64::NEG_INFINITY }
            };
            table.extend((0..self.count).map(log));
        }
        Evidence {
            index: labels.map(|label| label.unwrap_or(Allowed::FREE)).collect(),
            table,
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
