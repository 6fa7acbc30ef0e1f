//! How a set stands in files, and how it is drawn from.

use crate::Saved;
use distributions::{Buffer, Obs};
use em::{ComponentSet, SampleSet};
use rand::Rng;
use serde_json::Value;

/// How a set stands in files, and how it is drawn from.
pub trait Form<S: ComponentSet>: Clone + Send + Sync + 'static {
    /// The parameters of component k under the names of model files.
    fn save(&self, set: &S, k: usize) -> Value;
    /// Whether the components obey what couples them.
    fn in_class(&self, _set: &S) -> bool {
        true
    }
    /// Whether a draw needs predictors that are given.
    fn is_conditional(&self) -> bool {
        false
    }
    /// The mean of a response under component k, `x` a row of the design; none without predictors.
    fn mean_given(&self, _set: &S, _k: usize, _x: &[f64]) -> Option<f64> {
        None
    }
    /// A buffer of no row.
    fn empty_buffer(&self, set: &S) -> Buffer<S::Space>;
    /// Draws one observation from component k and appends it; only a conditional form looks at
    /// `given`, which it needs.
    fn draw(
        &self,
        set: &S,
        k: usize,
        given: Option<Obs<'_, S::Space>>,
        rng: &mut dyn Rng,
        into: &mut Buffer<S::Space>,
    );
}

/// The form of a set that can be written and drawn from by itself.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl<S: SampleSet + Saved> Form<S> for Plain {
    fn save(&self, set: &S, k: usize) -> Value {
        set.save(k)
    }
    fn in_class(&self, set: &S) -> bool {
        set.in_class()
    }
    fn empty_buffer(&self, set: &S) -> Buffer<S::Space> {
        set.empty_buffer()
    }
    fn draw(
        &self,
        set: &S,
        k: usize,
        _given: Option<Obs<'_, S::Space>>,
        rng: &mut dyn Rng,
        into: &mut Buffer<S::Space>,
    ) {
        set.draw(k, rng, into);
    }
}
