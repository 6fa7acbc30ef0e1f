//! Sets of which some components are not estimated.

use crate::atoms::hide_beside_atoms;
use crate::init::Shares;
use crate::sample::SampleSet;
use crate::set::{ComponentSet, common};
use distributions::{Batch, Buffer, Coordinates, EstimateError, Obs, Scratch, View};
use rand::Rng;

/// Where a component of the whole stands: in the free or in the fixed set, and at which place there.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    fixed: bool,
    at: usize,
}

/// A set of which some components stay as they are: scored, but not estimated, and no parameters.
///
/// For any set whose components are independent; what couples the free components of a set (a common
/// variance) then couples them without the fixed ones. Of a `Vec` of components one may as well fix each
/// by [`Fixed`](distributions::combine::Fixed); this works for sets chosen at run time too.
///
/// ```
/// use distributions::{Component, Normal};
/// use em::{Data, FixedComponents, Mixture, Options, fit};
///
/// let known = Normal::new(0.0, 1.0)?;
/// let set = FixedComponents::new(&vec![known.clone(), Normal::new(3.0, 2.0)?], &[0]);
/// let xs = [0.1, -0.9, 0.6, 0.0, 5.1, 4.7, 5.0];
/// let fitted = fit(Mixture::uniform(set), Data::new(&xs[..]), &Options::default())?;
/// assert_eq!(fitted.model.components().component(0), &known);
/// assert_eq!(fitted.model.parameter_count(), 1 + 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FixedComponents<S> {
    free: Option<S>,
    fixed: Option<S>,
    places: Vec<Place>,
}

impl<S: ComponentSet> FixedComponents<S> {
    /// The components of `set`, of which those in `fixed` are not estimated.
    pub fn new(set: &S, fixed: &[usize]) -> Self {
        let mut counts = [0, 0];
        let places: Vec<Place> = (0..set.len())
            .map(|k| {
                let is_fixed = fixed.contains(&k);
                let count = &mut counts[usize::from(is_fixed)];
                *count += 1;
                Place {
                    fixed: is_fixed,
                    at: *count - 1,
                }
            })
            .collect();
        if counts[1] == 0 {
            return FixedComponents {
                free: Some(set.clone()),
                fixed: None,
                places,
            };
        }
        let side = |fixed: bool| -> Option<S> {
            let keep = (0..set.len()).filter(|&k| places[k].fixed == fixed);
            let keep: Vec<usize> = keep.collect();
            (!keep.is_empty()).then(|| set.subset(&keep))
        };
        FixedComponents {
            free: side(false),
            fixed: side(true),
            places: places.clone(),
        }
    }
    /// The set that holds component k, and its place there.
    pub fn holder(&self, k: usize) -> (&S, usize) {
        let place = self.places[k];
        (self.side(place.fixed), place.at)
    }
    /// The whole set, where no component is fixed.
    pub fn all_free(&self) -> Option<&S> {
        self.free.as_ref().filter(|_| self.fixed.is_none())
    }
    /// Whether component k is fixed.
    pub fn is_fixed(&self, k: usize) -> bool {
        self.places[k].fixed
    }
    fn side(&self, fixed: bool) -> &S {
        let side = if fixed { &self.fixed } else { &self.free };
        match side {
            Some(set) => set,
            None => unreachable!("a component has a place in a set that is there"),
        }
    }
    /// Any of the sets: what they have in common.
    fn some(&self) -> &S {
        self.side(self.free.is_none())
    }
    fn sides(&self) -> impl Iterator<Item = &S> {
        self.free.iter().chain(&self.fixed)
    }
    /// Whether one preparation serves both sets.
    fn is_shared(&self) -> bool {
        match (&self.free, &self.fixed) {
            (Some(free), Some(fixed)) => free.shares_preparation(fixed),
            _ => true,
        }
    }
    /// Of numbers prepared for the whole, those of the free or of the fixed set.
    fn prepared_of<'a>(&self, prepared: &'a [f64], rows: usize, fixed: bool) -> &'a [f64] {
        if self.is_shared() {
            return prepared;
        }
        let width = self.side(false).prepared_width() * rows;
        let (free, rest) = prepared.split_at(width);
        if fixed { rest } else { free }
    }
    /// The lines of a K × n matrix that belong to the free components.
    fn free_lines(&self, matrix: &[f64], rows: usize, into: &mut [f64]) {
        for (k, place) in self.places.iter().enumerate() {
            if !place.fixed {
                into[place.at * rows..(place.at + 1) * rows]
                    .copy_from_slice(&matrix[k * rows..(k + 1) * rows]);
            }
        }
    }
    fn with_free(&self, free: S) -> Self {
        FixedComponents {
            free: Some(free),
            fixed: self.fixed.clone(),
            places: self.places.clone(),
        }
    }
    /// The number in the whole of free component `at`.
    fn number(&self, at: usize) -> Option<usize> {
        let mut places = self.places.iter();
        places.position(|place| !place.fixed && place.at == at)
    }
    /// The error of a free component under its number in the whole.
    fn renumbered(&self, mut error: EstimateError) -> EstimateError {
        error.component = error.component.and_then(|at| self.number(at));
        error
    }
}

impl<C: distributions::Component> FixedComponents<Vec<C>> {
    /// Component k.
    pub fn component(&self, k: usize) -> &C {
        let (set, at) = self.holder(k);
        &set[at]
    }
}

impl<S: ComponentSet> ComponentSet for FixedComponents<S> {
    type Space = S::Space;
    type Statistics = S::Statistics;

    fn len(&self) -> usize {
        self.places.len()
    }
    fn is_given(&self, k: usize) -> bool {
        let (set, at) = self.holder(k);
        self.places[k].fixed || set.is_given(at)
    }
    fn log_density(&self, k: usize, x: Obs<'_, S::Space>) -> f64 {
        if self.has_atoms() && !self.is_atom(k, x) && (0..self.len()).any(|j| self.is_atom(j, x)) {
            return f64::NEG_INFINITY;
        }
        let (set, at) = self.holder(k);
        set.log_density(at, x)
    }
    fn check_observation(&self, x: Obs<'_, S::Space>) -> Result<(), &'static str> {
        let mut verdicts = self.sides().map(|set| set.check_observation(x));
        let first = verdicts.next().unwrap_or(Ok(()));
        match first {
            Err(_) if verdicts.any(|verdict| verdict.is_ok()) => Ok(()),
            verdict => verdict,
        }
    }
    fn has_atoms(&self) -> bool {
        self.sides().any(S::has_atoms)
    }
    fn is_atom(&self, k: usize, x: Obs<'_, S::Space>) -> bool {
        let (set, at) = self.holder(k);
        set.is_atom(at, x)
    }
    fn prepared_width(&self) -> usize {
        if self.is_shared() {
            self.some().prepared_width()
        } else {
            self.sides().map(S::prepared_width).sum()
        }
    }
    fn prepare(&self, xs: Batch<'_, S::Space>, into: &mut [f64]) {
        if self.is_shared() {
            return self.some().prepare(xs, into);
        }
        let mut rest = into;
        for set in self.sides() {
            let (mine, others) = rest.split_at_mut(set.prepared_width() * xs.len());
            set.prepare(xs, mine);
            rest = others;
        }
    }
    fn log_density_matrix(
        &self,
        xs: Batch<'_, S::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        if let Some(free) = self.all_free() {
            return free.log_density_matrix(xs, prepared, out, scratch);
        }
        let rows = xs.len();
        for (fixed, set) in [(false, &self.free), (true, &self.fixed)] {
            let Some(set) = set else { continue };
            let mut part = scratch.take_dirty(set.len() * rows);
            let prepared = self.prepared_of(prepared, rows, fixed);
            set.log_density_matrix(xs, prepared, &mut part, scratch);
            for (k, place) in self.places.iter().enumerate() {
                if place.fixed == fixed {
                    out[k * rows..(k + 1) * rows]
                        .copy_from_slice(&part[place.at * rows..(place.at + 1) * rows]);
                }
            }
            scratch.give(part);
        }
        if self.has_atoms() {
            let is_atom = |k: usize, i: usize| self.is_atom(k, xs.at(i));
            hide_beside_atoms(out, self.len(), f64::NEG_INFINITY, is_atom);
        }
    }
    fn empty_statistics(&self) -> S::Statistics {
        self.some().empty_statistics()
    }
    fn accumulate(&self, into: &mut S::Statistics, k: usize, x: Obs<'_, S::Space>, weight: f64) {
        let place = self.places[k];
        if let Some(free) = self.free.as_ref().filter(|_| !place.fixed) {
            free.accumulate(into, place.at, x, weight);
        }
    }
    fn accumulate_matrix(
        &self,
        into: &mut S::Statistics,
        xs: Batch<'_, S::Space>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let Some(free) = &self.free else { return };
        if self.fixed.is_none() {
            return free.accumulate_matrix(into, xs, prepared, weights, scratch);
        }
        let rows = xs.len();
        let mut part = scratch.take_dirty(free.len() * rows);
        self.free_lines(weights, rows, &mut part);
        let prepared = self.prepared_of(prepared, rows, false);
        free.accumulate_matrix(into, xs, prepared, &part, scratch);
        scratch.give(part);
    }
    fn maximize(&self, from: &S::Statistics) -> Result<Self, EstimateError> {
        match &self.free {
            None => Ok(self.clone()),
            Some(free) => (free.maximize(from))
                .map(|next| self.with_free(next))
                .map_err(|error| self.renumbered(error)),
        }
    }
    fn estimate_from(
        &self,
        xs: Batch<'_, S::Space>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        let Some(free) = &self.free else {
            return Ok(self.clone());
        };
        let rows = xs.len();
        let mut part = vec![0.0; free.len() * rows];
        self.free_lines(&shares.to_matrix(), rows, &mut part);
        (free.estimate(xs, &part))
            .map(|next| self.with_free(next))
            .map_err(|error| self.renumbered(error))
    }
    /// Of the free components.
    fn floored(&self, xs: Batch<'_, S::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        let Some(free) = &self.free else {
            return Ok(self.clone());
        };
        (free.floored(xs, weights))
            .map(|floored| self.with_free(floored))
            .map_err(|error| self.renumbered(error))
    }
    fn at_bound(&self) -> Vec<usize> {
        let held = self.free.as_ref().map(S::at_bound).unwrap_or_default();
        held.into_iter().filter_map(|at| self.number(at)).collect()
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        common(self.sides().map(S::impossible_levels))
    }
    fn parameter_count(&self) -> usize {
        self.free.as_ref().map_or(0, S::parameter_count)
    }
    fn log_prior(&self) -> f64 {
        self.free.as_ref().map_or(0.0, S::log_prior)
    }
    fn subset(&self, keep: &[usize]) -> Self {
        let mut kept = [Vec::new(), Vec::new()];
        let places = keep.iter().map(|&k| {
            let place = self.places[k];
            let side = &mut kept[usize::from(place.fixed)];
            side.push(place.at);
            Place {
                fixed: place.fixed,
                at: side.len() - 1,
            }
        });
        let places = places.collect();
        let of = |side: &Option<S>, keep: &[usize]| {
            let side = side.as_ref().filter(|_| !keep.is_empty());
            side.map(|set| set.subset(keep))
        };
        FixedComponents {
            free: of(&self.free, &kept[0]),
            fixed: of(&self.fixed, &kept[1]),
            places,
        }
    }
    fn one_step(&self) -> bool {
        self.free.as_ref().is_some_and(S::one_step)
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        match (&self.free, &next.free) {
            (Some(mine), Some(theirs)) => self.with_free(mine.toward(theirs, fraction)),
            _ => self.clone(),
        }
    }
    fn squared_distance(&self, a: Obs<'_, S::Space>, b: Obs<'_, S::Space>) -> Option<f64> {
        self.some().squared_distance(a, b)
    }
}

impl<S: ComponentSet + Coordinates> Coordinates for FixedComponents<S> {
    fn pack(&self, into: &mut Vec<f64>) {
        if let Some(free) = &self.free {
            free.pack(into);
        }
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        match &self.free {
            Some(free) => free.unpack(from).map(|free| self.with_free(free)),
            None => Ok(self.clone()),
        }
    }
}

impl<S: SampleSet> SampleSet for FixedComponents<S> {
    fn empty_buffer(&self) -> Buffer<S::Space> {
        self.some().empty_buffer()
    }
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut Buffer<S::Space>) {
        let (set, at) = self.holder(k);
        set.draw(at, rng, into);
    }
}
