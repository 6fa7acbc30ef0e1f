//! What a model says about rows that share components, or whose weights depend on columns.

use crate::{ModelFile, TableView};
use distributions::combine::{GroupedView, Repeated};
use distributions::{RowsView, View};
use em::{Mixture, Posterior};

/// Rows of a table with what the model knows of them besides.
#[derive(Clone, Copy, Debug)]
pub struct KnownRows<'a> {
    /// The rows, those of a group one after the other.
    pub table: TableView<'a>,
    /// Where each group begins, and where the last ends; `None` where each row stands for itself.
    pub offsets: Option<&'a [usize]>,
    /// The design of the weights, a row for each group (or row); `None` where they are constant.
    pub covariates: Option<RowsView<'a, f64>>,
}

impl ModelFile {
    /// ln p and the responsibilities of each row; those of a group are the group's, and stand at each of
    /// its rows.
    ///
    /// # Panics
    /// When the weights depend on covariates and none are given, or the offsets are not those of groups.
    pub fn posterior(&self, rows: KnownRows<'_>) -> Posterior {
        if rows.offsets.is_none() && self.concomitant.is_none() {
            return self.model.posterior(rows.table);
        }
        let own: Vec<usize>;
        let offsets = match rows.offsets {
            Some(offsets) => offsets,
            None => {
                own = (0..=rows.table.len()).collect();
                &own
            }
        };
        let groups = GroupedView::new(rows.table, offsets);
        let components = self.model.components().clone();
        let of_groups = match (&self.concomitant, rows.covariates) {
            (None, _) => self
                .model
                .clone()
                .with_components(Repeated)
                .posterior(groups),
            (Some(concomitant), Some(z)) => {
                let mixture = Mixture::new(concomitant.weights.clone(), Repeated(components));
                match mixture {
                    Ok(mixture) => mixture.posterior((z, groups)),
                    Err(error) => panic!("a model file is checked when it is made: {error}"),
                }
            }
            (Some(_), None) => panic!("the weights of this model depend on covariates"),
        };
        let mut of_rows = Posterior {
            log_density: Vec::with_capacity(rows.table.len()),
            responsibilities: Vec::with_capacity(rows.table.len() * self.model.len()),
            components: of_groups.components,
        };
        for (group, bounds) in offsets.windows(2).enumerate() {
            for _ in bounds[0]..bounds[1] {
                of_rows.log_density.push(of_groups.log_density[group]);
                let shares = of_groups.row(group);
                of_rows.responsibilities.extend_from_slice(shares);
            }
        }
        of_rows
    }
}
