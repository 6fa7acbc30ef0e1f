//! What the driver drives: a model with latent classes.

use crate::data::Data;
use crate::degenerate::OnDegenerate;
use crate::error::FitError;
use crate::responsibilities::{At, Soft};
use crate::set::no_floor;
use distributions::{BLOCK_ROWS, Batch, Component, Scratch, View};

/// What an E-step over some rows adds up, besides the statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Σ w_i times what row i adds to the objective.
    pub objective: f64,
    /// Σ w_i |the same|: the scale of the objective's rounding error.
    pub magnitude: f64,
    /// The first row of positive weight to which no component gives a finite density.
    pub unexplained: Option<usize>,
}

impl Tally {
    /// Adds what later rows gave.
    pub fn merge(&mut self, later: &Tally) {
        self.objective += later.objective;
        self.magnitude += later.magnitude;
        self.unexplained = self.unexplained.or(later.unexplained);
    }
}

/// A model with latent variables, as the driver sees it: one method beside those of a
/// [`Component`], from which `Space`, `Statistics` and `maximize` come.
pub trait LatentModel<R: ?Sized = Soft>: Component {
    /// The E-step over a block: computes the responsibilities of its rows under `rule`, adds the
    /// expected statistics to `into`, and returns the objective.
    fn expect(
        &self,
        data: Data<'_, Batch<'_, Self::Space>>,
        at: At,
        rule: &R,
        into: &mut Self::Statistics,
        scratch: &mut Scratch,
    ) -> Tally;

    /// What each row of a block adds to the objective per unit of row weight, whatever its weight: the
    /// log-density, under [`Soft`]. The default asks [`expect`](LatentModel::expect) row by row.
    fn score(
        &self,
        data: Data<'_, Batch<'_, Self::Space>>,
        at: At,
        rule: &R,
        values: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let mut unused = self.empty_statistics();
        for (i, value) in values.iter_mut().enumerate() {
            let mut row = data.block(i..i + 1);
            row.row_weights = None;
            let at = At {
                row: at.row + i,
                ..at
            };
            *value = self.expect(row, at, rule, &mut unused, scratch).objective;
        }
    }

    /// The model with which to go on after component `component` had no estimate.
    ///
    /// # Errors
    /// When the model cannot do without it, or the new start has no estimate either.
    fn repaired(
        &self,
        _component: usize,
        _action: OnDegenerate,
        _data: Data<'_, Batch<'_, Self::Space>>,
    ) -> Result<Self, FitError> {
        Err(FitError::Shape(
            "this model has no component to repair".into(),
        ))
    }

    /// The model with a floor under what may collapse, where its policy is
    /// [`OnDegenerate::Floor`](crate::OnDegenerate::Floor).
    ///
    /// # Errors
    /// When the model has none.
    fn above_floor(&self, _data: Data<'_, Batch<'_, Self::Space>>) -> Result<Self, FitError> {
        Err(FitError::NoFloor(no_floor()))
    }
    /// How many of these rows an E-step hands to [`expect`](LatentModel::expect) at a time.
    fn block_rows(&self, _xs: Batch<'_, Self::Space>) -> usize {
        BLOCK_ROWS
    }
    /// The same model in coordinates that suit the rows of a fit, where it has such; a fit begins with it.
    fn suited_to(&self, _xs: Batch<'_, Self::Space>) -> Self {
        self.clone()
    }

    /// The number of latent classes, for messages and checks; 1 where there is none.
    fn classes(&self) -> usize {
        1
    }
}

/// The most chunks into which rows are cut.
pub(crate) const MOST_CHUNKS: usize = 64;

/// How many rows a chunk of the data holds: a function of the number of rows alone, so that the
/// chunks, and with them every bit of a result, do not depend on the number of threads.
pub(crate) fn chunk_rows<V: View>(xs: V) -> usize {
    let blocks = xs.len().div_ceil(BLOCK_ROWS);
    blocks.div_ceil(MOST_CHUNKS).max(1) * BLOCK_ROWS
}
