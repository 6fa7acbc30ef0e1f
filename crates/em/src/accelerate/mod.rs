//! Acceleration of EM's linear convergence, safeguarded by the objective.

mod daarem;
mod path;
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
    None,
    /// Squared extrapolation: [`Squarem`].
    Squarem,
    /// Damped Anderson acceleration with restarts, [`Daarem`]: the fewest passes on nearly every
    /// problem of docs/em.md, and not more than plain EM on those that are easy.
    #[default]
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

/// What stands for an infinite coordinate (a weight of 0, a probability on the boundary, an infinite
/// size): far beyond the exponents of numbers, so that e^±BEYOND is 0 or ∞ as at the infinity itself.
/// Two such coordinates do not differ, so that they are held where they are, and the others go on.
const BEYOND: f64 = 1000.0;

/// The coordinates of a model and how many of them are infinite; `None` where one is not a number.
fn coordinates<M: Coordinates>(model: &M) -> Option<(Vec<f64>, usize)> {
    let mut packed = Vec::new();
    model.pack(&mut packed);
    let mut held = 0;
    for value in &mut packed {
        if value.is_infinite() {
            *value = BEYOND.copysign(*value);
            held += 1;
        }
    }
    (!packed.iter().any(|value| value.is_nan())).then_some((packed, held))
}

/// A plain EM step in coordinates.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Step {
    /// Where it begins.
    from: Vec<f64>,
    /// What it adds.
    by: Vec<f64>,
    /// How many coordinates are infinite.
    held: usize,
}

/// The plain EM step from `current` to `stepped`; `None` where the step itself reached a boundary,
/// so that the steps before are not comparable.
fn step<M: Coordinates>(current: &M, stepped: &M) -> Option<Step> {
    let ((from, held), (to, held_after)) = (coordinates(current)?, coordinates(stepped)?);
    let by = to.iter().zip(&from).map(|(b, a)| b - a).collect();
    (held == held_after && from.len() == to.len()).then_some(Step { from, by, held })
}

/// The model at some coordinates, with what is fixed taken from `like`, `held` of whose coordinates
/// are infinite; `None` where there is none, or only one on a further boundary: no extrapolation may
/// reach one.
fn model_at<M: Coordinates>(like: &M, wanted: &[f64], held: usize) -> Option<M> {
    let mut rest = wanted;
    let model = like.unpack(&mut rest).ok()?;
    let (_, now) = coordinates(&model)?;
    (rest.is_empty() && now == held).then_some(model)
}

/// The largest change of a coordinate x from one model to the next, divided by 1 + |x|; infinite where
/// they cannot be compared.
pub(crate) fn relative_change<M: Coordinates>(current: &M, next: &M) -> f64 {
    let Some(step) = step(current, next) else {
        return f64::INFINITY;
    };
    let changes = step.by.iter().zip(&step.from);
    changes.fold(0.0, |most, (by, from)| {
        f64::max(most, by.abs() / (1.0 + from.abs()))
    })
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|v| v * v).sum::<f64>().sqrt()
}
