//! One part of a model over one field, for all K components at once.

use crate::{BoxStatistics, TableRow, TableView, Values};
use distributions::{EstimateError, Scratch};
use em::Shares;
use rand::Rng;
use serde_json::{Map, Value};
use std::any::Any;

/// All K components of one part of a model: the object-safe form of a
/// [`ComponentSet`](em::ComponentSet) over one field of a table.
///
/// One virtual call scores a block of rows under all components. A missing cell contributes
/// nothing: its log-density is 0, and it has weight 0 in the statistics of the part.
///
/// The methods are those of [`ComponentSet`](em::ComponentSet); matrices are component-major.
pub trait PartSet: Send + Sync {
    /// The number of components K.
    fn components(&self) -> usize;
    /// ln p_k(cell), or 0 where the cell is missing.
    fn log_density(&self, k: usize, x: TableRow<'_>) -> f64;
    /// Whether the cell may enter an estimate.
    ///
    /// # Errors
    /// What it must be.
    fn check_observation(&self, x: TableRow<'_>) -> Result<(), &'static str>;
    /// Whether some component has an atom anywhere; see [`em::atoms`].
    fn has_atoms(&self) -> bool {
        false
    }
    /// Whether the cell is an atom of component k.
    fn is_atom(&self, _k: usize, _x: TableRow<'_>) -> bool {
        false
    }
    /// Which component is noise, with no parameter and no form in files.
    fn noise_index(&self) -> Option<usize> {
        None
    }
    /// How many numbers a row `prepare` writes.
    fn prepared_width(&self) -> usize;
    /// Writes what depends on the observations alone.
    fn prepare(&self, xs: TableView<'_>, into: &mut [f64]);
    /// Writes the K × n matrix of ln p_k(cell), 0 where a cell is missing.
    fn log_density_matrix(
        &self,
        xs: TableView<'_>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    );
    /// How many of these rows an E-step hands over at a time; see [`ComponentSet::block_rows`](em::ComponentSet::block_rows).
    fn block_rows(&self, _xs: TableView<'_>) -> usize {
        distributions::BLOCK_ROWS
    }
    /// The statistic of no observation.
    fn empty_statistics(&self) -> BoxStatistics;
    /// Adds one row to component k.
    fn accumulate(&self, into: &mut BoxStatistics, k: usize, x: TableRow<'_>, weight: f64);
    /// Adds a block with a K × n matrix of weights.
    fn accumulate_matrix(
        &self,
        into: &mut BoxStatistics,
        xs: TableView<'_>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    );
    /// The M-step.
    ///
    /// # Errors
    /// Naming the component for which no maximum exists.
    fn maximize(&self, from: &BoxStatistics) -> Result<Box<dyn PartSet>, EstimateError>;
    /// The first M-step, without an iterate.
    ///
    /// # Errors
    /// As [`maximize`](PartSet::maximize).
    fn estimate(
        &self,
        xs: TableView<'_>,
        shares: &Shares<'_>,
    ) -> Result<Box<dyn PartSet>, EstimateError>;
    /// The levels that have probability 0 under every component.
    fn impossible_levels(&self) -> Vec<usize> {
        Vec::new()
    }
    /// The number of free parameters.
    fn parameter_count(&self) -> usize;
    /// The logarithm of a prior density at the parameters.
    fn log_prior(&self) -> f64;
    /// The components `keep`, in that order.
    fn subset(&self, keep: &[usize]) -> Box<dyn PartSet>;
    /// Whether the M-step takes one step only.
    fn one_step(&self) -> bool;
    /// The set a `fraction` of the way to `next`.
    fn toward(&self, next: &dyn PartSet, fraction: f64) -> Box<dyn PartSet>;
    /// The squared distance of two rows in units of the first component's spread, where the family
    /// has one; a missing cell is at distance 0.
    fn squared_distance(&self, a: TableRow<'_>, b: TableRow<'_>) -> Option<f64>;
    /// Appends the unconstrained coordinates of the free parameters; see
    /// [`Coordinates`](distributions::Coordinates).
    fn pack(&self, into: &mut Vec<f64>);
    /// The part whose coordinates stand at the front of `from`, which is advanced past them.
    ///
    /// # Errors
    /// When they lead to no valid parameter.
    fn unpack(&self, from: &mut &[f64]) -> Result<Box<dyn PartSet>, EstimateError>;
    /// ln p_k of a cell that is this whole number; `None` where cells are no whole numbers.
    fn log_density_of_whole(&self, _k: usize, _value: u64) -> Option<f64> {
        None
    }
    /// Adds cells that are this whole number to component k; nothing where cells are none.
    fn accumulate_whole(&self, _into: &mut BoxStatistics, _k: usize, _value: u64, _weight: f64) {}
    /// The part with a floor under what may collapse, relative to all rows with weights `weights`.
    ///
    /// # Errors
    /// Where its components have none.
    fn floored(
        &self,
        _xs: TableView<'_>,
        _weights: &[f64],
    ) -> Result<Box<dyn PartSet>, EstimateError> {
        Err(em::no_floor())
    }
    /// The components that are held at a bound, such as the floor.
    fn at_bound(&self) -> Vec<usize> {
        Vec::new()
    }
    /// A field of no row.
    fn empty_values(&self) -> Values;
    /// Whether a draw needs predictors: a regression says nothing about them.
    fn is_conditional(&self) -> bool {
        false
    }
    /// E\[y | x\] under component k of a regression, x a row of its design ([`Design`](crate::Design)); none of
    /// another part. Of binomial responses it is the probability of success.
    fn mean_given(&self, _k: usize, _x: &[f64]) -> Option<f64> {
        None
    }
    /// Draws one cell from component k and appends it; from a conditional part a response to the
    /// predictors in row `given`.
    ///
    /// # Panics
    /// When the part is conditional and no row is given.
    fn draw(&self, k: usize, given: Option<TableRow<'_>>, rng: &mut dyn Rng, into: &mut Values);
    /// The parameters of component k under the names of model files.
    fn save(&self, k: usize) -> Value;
    /// Whether the components obey what couples them.
    fn in_class(&self) -> bool;
    /// The names of the components' families, where they differ; empty where all are of one.
    fn families(&self) -> Vec<String> {
        Vec::new()
    }
    /// For each component the parameters that stay as they are in it alone; empty where there are none.
    fn held(&self) -> Vec<Map<String, Value>> {
        Vec::new()
    }
    /// A copy.
    fn boxed(&self) -> Box<dyn PartSet>;
    /// The set itself, for [`toward`](PartSet::toward).
    fn as_any(&self) -> &dyn Any;
}

impl Clone for Box<dyn PartSet> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}
