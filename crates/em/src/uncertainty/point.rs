//! The parameters of a fit as coordinates, and models near them.

use crate::mixture::Mixture;
use crate::set::ComponentSet;
use crate::uncertainty::refusal::InformationError;
use crate::weights::WeightModel;
use distributions::{Component, Coordinates};

/// First derivatives of order six: Σ_m FIRST[m − 1]·(f(m) − f(−m)).
pub const FIRST: [f64; 3] = [0.75, -0.15, 1.0 / 60.0];
/// Second derivatives of order six: Σ_m SECOND[m − 1]·(f(m) − 2f(0) + f(−m)).
pub const SECOND: [f64; 3] = [1.5, -0.15, 1.0 / 90.0];
/// The same of order four, which tells how far order six can be trusted.
pub const SECOND_OF_ORDER_FOUR: [f64; 3] = [4.0 / 3.0, -1.0 / 12.0, 0.0];

/// What stands for an infinite coordinate: e^±BEYOND is 0 or ∞ as at the infinity itself.
const BEYOND: f64 = 1000.0;
/// A coordinate that is clearly inside the bound where e^±30 is not lost beside 1.
const INSIDE: f64 = 30.0;

/// A fit in coordinates, of which those that are infinite (a parameter at its bound) are held.
#[derive(Clone, Debug)]
pub struct Point<M> {
    /// The fit, with the held coordinates far out instead of infinite.
    pub model: M,
    /// All coordinates.
    pub coordinates: Vec<f64>,
    /// The numbers of those that are not held.
    pub free: Vec<usize>,
    /// How many coordinates are of the weights, which stand first.
    pub of_weights: usize,
    /// The unit of each free coordinate in differences.
    pub steps: Vec<f64>,
}

impl<S: ComponentSet + Coordinates, W: WeightModel + Coordinates> Point<Mixture<S, W>> {
    /// The coordinates of a fit; steps are not set yet.
    pub fn new(fit: &Mixture<S, W>) -> Result<Self, InformationError> {
        let mut coordinates = Vec::new();
        fit.weights().pack(&mut coordinates);
        let of_weights = coordinates.len();
        fit.components().pack(&mut coordinates);
        if coordinates.len() != fit.parameter_count() {
            return Err(InformationError::Coordinates {
                coordinates: coordinates.len(),
                parameters: fit.parameter_count(),
            });
        }
        if let Some(coordinate) = coordinates.iter().position(|value| value.is_nan()) {
            return Err(InformationError::Irregular { coordinate });
        }
        let free: Vec<usize> = (0..coordinates.len())
            .filter(|&j| coordinates[j].is_finite())
            .collect();
        for value in coordinates.iter_mut().filter(|value| !value.is_finite()) {
            *value = BEYOND.copysign(*value);
        }
        // At the bound itself the fit stays what it is; only its neighbours need numbers.
        let model = if free.len() == coordinates.len() {
            fit.clone()
        } else {
            let held = (coordinates.iter()).position(|value| value.abs() == BEYOND);
            let coordinate = held.unwrap_or(0);
            unpacked(fit, &coordinates).ok_or(InformationError::Irregular { coordinate })?
        };
        Ok(Point {
            model,
            coordinates,
            steps: vec![0.0; free.len()],
            free,
            of_weights,
        })
    }
}

impl<M: Coordinates> Point<M> {
    /// The model whose free coordinate number j is moved by `by`, for each (j, by) in `moves`.
    pub fn neighbour(&self, moves: &[(usize, f64)]) -> Option<M> {
        let mut coordinates = self.coordinates.clone();
        for &(j, by) in moves {
            coordinates[self.free[j]] += by;
        }
        unpacked(&self.model, &coordinates)
    }
    /// The models `multiple` = 1, −1, 2, −2, 3, −3 steps along all coordinates of `along`.
    pub fn six(&self, along: &[usize]) -> Option<Vec<M>> {
        let moved = |multiple: f64| {
            let moves = along.iter().map(|&j| (j, multiple * self.steps[j]));
            self.neighbour(&moves.collect::<Vec<_>>())
        };
        [1.0, -1.0, 2.0, -2.0, 3.0, -3.0]
            .map(moved)
            .into_iter()
            .collect()
    }
    /// The model whose held coordinates are no longer at their bounds; `None` where none is held.
    pub fn inside(&self) -> Option<M> {
        let mut coordinates = self.coordinates.clone();
        for (j, value) in coordinates.iter_mut().enumerate() {
            if !self.free.contains(&j) {
                *value = INSIDE.copysign(*value);
            }
        }
        let any = self.free.len() < coordinates.len();
        any.then(|| unpacked(&self.model, &coordinates)).flatten()
    }
    /// The failure of free coordinate j.
    pub fn irregular(&self, j: usize) -> InformationError {
        let coordinate = self.free[j];
        InformationError::Irregular { coordinate }
    }
}

fn unpacked<M: Coordinates>(like: &M, coordinates: &[f64]) -> Option<M> {
    let mut rest = coordinates;
    let model = like.unpack(&mut rest).ok()?;
    rest.is_empty().then_some(model)
}
