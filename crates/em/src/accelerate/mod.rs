//! Acceleration of EM's linear convergence, safeguarded by the objective.

mod daarem;
mod squarem;

use distributions::Coordinates;

pub use daarem::Daarem;
pub use squarem::Squarem;

/// Proposes where to evaluate next, from the current model and the plain EM step at it.
///
/// The driver evaluates the proposal by an E-step, which is also the first half of the next
/// iteration: the check costs nothing. A proposal that lowers the objective by more than rounding,
/// or is no valid model, is dropped, and the plain step is taken instead: acceleration cannot hurt
/// more than the passes it wastes.
pub trait Accelerate<M> {
    /// A model to evaluate instead of `stepped`, the plain EM step from `current`; `None` for the
    /// plain step.
    fn propose(&mut self, current: &M, stepped: &M) -> Option<M>;
    /// The last proposal was dropped.
    fn rejected(&mut self);
    /// A new run begins, or the model was changed from outside: forget the past.
    fn reset(&mut self);
    /// The past, for a checkpoint; `None` where the scheme has none or cannot be restored.
    fn state(&self) -> Option<AccelerationState> {
        None
    }
    /// Takes a past over.
    fn restore(&mut self, _state: AccelerationState) {}
}

/// The past of an acceleration scheme, in a checkpoint.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum AccelerationState {
    /// Of [`Squarem`].
    Squarem(Squarem),
    /// Of [`Daarem`].
    Daarem(Daarem),
}

/// The acceleration schemes, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Acceleration {
    /// Plain EM.
    #[default]
    None,
    /// Squared extrapolation: [`Squarem`].
    Squarem,
    /// Damped Anderson acceleration with restarts: [`Daarem`].
    Daarem,
}

impl Acceleration {
    /// The scheme, ready for a run; `None` for plain EM.
    pub fn scheme<M: Coordinates + 'static>(self) -> Option<Box<dyn Accelerate<M>>> {
        match self {
            Acceleration::None => None,
            Acceleration::Squarem => Some(Box::new(Squarem::default())),
            Acceleration::Daarem => Some(Box::new(Daarem::default())),
        }
    }
}

/// The coordinates of a model; `None` where one is not finite (a weight of 0, a probability on the
/// boundary): there plain EM goes on alone.
fn coordinates<M: Coordinates>(model: &M) -> Option<Vec<f64>> {
    let mut packed = Vec::new();
    model.pack(&mut packed);
    packed
        .iter()
        .all(|value| value.is_finite())
        .then_some(packed)
}

/// The model at some coordinates, with what is fixed taken from `like`; `None` where there is none.
fn model_at<M: Coordinates>(like: &M, coordinates: &[f64]) -> Option<M> {
    let mut rest = coordinates;
    let model = like.unpack(&mut rest).ok()?;
    rest.is_empty().then_some(model)
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|v| v * v).sum::<f64>().sqrt()
}
