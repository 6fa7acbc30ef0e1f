//! Mixtures: p(x) = Σ_k π_k p_k(x).

use crate::data::Data;
use crate::degenerate::{OnDegenerate, repaired};
use crate::error::FitError;
use crate::model::{LatentModel, Tally};
use crate::responsibilities::{At, Responsibilities, Soft, weigh};
use crate::set::{ComponentSet, SoftBlock};
use crate::weights::{WeightModel, Weights};
use distributions::{
    BLOCK_ROWS, Batch, Component, Coordinates, Density, EstimateError, Obs, ParameterError,
    Scratch, View,
};

/// A mixture p(x) = Σ_k π_k p_k(x): weights π and components p_k.
///
/// z is categorical with p(z = k) = π_k, and p(x | z = k) = p_k(x). A mixture is itself a
/// [`Density`] and a [`Component`], so mixtures nest.
///
/// ```
/// use distributions::{Density, Normal};
/// use em::{Mixture, Weights};
///
/// let mixture = Mixture::new(
///     Weights::new(vec![0.6, 0.4])?,
///     vec![Normal::new(2.0, 1.0)?, Normal::new(5.0, 2.0)?],
/// )?;
/// assert!((mixture.log_density(3.5).exp() - 0.142003664319056).abs() < 1e-15);
/// # Ok::<(), distributions::ParameterError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "Unchecked<S, W>",
        bound(deserialize = "S: ComponentSet + serde::Deserialize<'de>, \
                             W: WeightModel + serde::Deserialize<'de>")
    )
)]
pub struct Mixture<S, W = Weights> {
    weights: W,
    components: S,
}

/// A mixture as read, before its parts are known to fit together.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(rename = "Mixture", deny_unknown_fields)]
struct Unchecked<S, W> {
    weights: W,
    components: S,
}

#[cfg(feature = "serde")]
impl<S: ComponentSet, W: WeightModel> TryFrom<Unchecked<S, W>> for Mixture<S, W> {
    type Error = ParameterError;
    fn try_from(read: Unchecked<S, W>) -> Result<Self, ParameterError> {
        Mixture::new(read.weights, read.components)
    }
}

/// The joint space of a mixture with components `S` and weights `W`.
type Joint<S, W> = <W as WeightModel>::Joint<<S as ComponentSet>::Space>;

impl<S: ComponentSet, W: WeightModel> Mixture<S, W> {
    /// The mixture of these components with these weights.
    ///
    /// # Errors
    /// When their numbers differ, or are 0.
    pub fn new(weights: W, components: S) -> Result<Self, ParameterError> {
        ParameterError::require(
            weights.len() == components.len() && !components.is_empty(),
            "number of weights",
            weights.len() as f64,
            "must equal the number of components, at least 1",
        )?;
        Ok(Mixture {
            weights,
            components,
        })
    }
    /// The mixing weights.
    pub fn weights(&self) -> &W {
        &self.weights
    }
    /// The components.
    pub fn components(&self) -> &S {
        &self.components
    }
    /// The mixture with the same weights and the components that `change` makes of these.
    ///
    /// # Panics
    /// When it makes more or fewer.
    pub fn with_components<T: ComponentSet>(self, change: impl FnOnce(S) -> T) -> Mixture<T, W> {
        let count = self.len();
        let components = change(self.components);
        assert_eq!(components.len(), count, "as many components as weights");
        Mixture {
            weights: self.weights,
            components,
        }
    }
    /// The number of components K.
    pub fn len(&self) -> usize {
        self.components.len()
    }
    /// Never: a mixture has at least one component.
    pub fn is_empty(&self) -> bool {
        false
    }
    /// The mixture of the components `keep`, in that order.
    ///
    /// # Panics
    /// When `keep` is empty.
    pub fn subset(&self, keep: &[usize]) -> Self {
        assert!(!keep.is_empty(), "a mixture needs at least one component");
        Mixture {
            weights: self.weights.subset(keep),
            components: self.components.subset(keep),
        }
    }
    /// The same mixture with its components sorted by falling weight.
    pub fn sorted_by_weight(&self) -> Self {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (self.weights.overall(a), self.weights.overall(b));
            b.total_cmp(&a)
        });
        self.subset(&order)
    }
    /// The same mixture with its components sorted by rising `key`, a parameter of theirs; equal keys
    /// keep their order. Labels mean nothing until the components are told apart by something: an
    /// ordered parameter is the usual choice (Frühwirth-Schnatter 2006, section 3.5).
    ///
    /// ```
    /// use distributions::Normal;
    /// use em::{Mixture, Weights};
    ///
    /// let normals = vec![Normal::new(4.0, 1.0)?, Normal::new(-1.0, 2.0)?];
    /// let mixture = Mixture::new(Weights::new(vec![0.7, 0.3])?, normals)?;
    /// let ordered = mixture.sorted_by(|mixture, k| mixture.components()[k].mean());
    /// assert_eq!(ordered.weights()[..], [0.3, 0.7]);
    /// # Ok::<(), distributions::ParameterError>(())
    /// ```
    pub fn sorted_by(&self, key: impl Fn(&Self, usize) -> f64) -> Self {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&a, &b| key(self, a).total_cmp(&key(self, b)));
        self.subset(&order)
    }
    /// ln p(x, z = k) = ln π_k + ln p_k(x).
    pub fn log_joint(&self, k: usize, x: Obs<'_, Joint<S, W>>) -> f64 {
        let part = W::component_observation::<S::Space>(x);
        self.weights.log_weight::<S::Space>(k, x) + self.components.log_density(k, part)
    }
    /// The posterior p(z = k | x) of each component: r_k = π_k p_k(x) / p(x). All 0 where p(x) = 0.
    pub fn responsibilities(&self, x: Obs<'_, Joint<S, W>>) -> Vec<f64> {
        let mut joint: Vec<f64> = (0..self.len()).map(|k| self.log_joint(k, x)).collect();
        Soft.assign(At::default(), &mut joint, &mut [0.0]);
        joint
    }
    /// Fills `joint` with the K × n matrix of ln π_k + ln p_k(x_i).
    pub(crate) fn log_joint_matrix(
        &self,
        xs: Batch<'_, Joint<S, W>>,
        prepared: &[f64],
        joint: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let parts = W::component_batch::<S::Space>(xs);
        self.components
            .log_density_matrix(parts, prepared, joint, scratch);
        self.weights
            .add_log_weights::<S::Space>(xs, parts.len(), joint);
    }
    /// The E-step over a block by the components' own way, where they have one for it.
    fn expect_at_once(
        &self,
        data: Data<'_, Batch<'_, Joint<S, W>>>,
        at: At,
        into: &mut (W::Statistics, S::Statistics),
        scratch: &mut Scratch,
    ) -> Option<Tally> {
        let log_weights = self.weights.log_weights()?;
        let mut counts = scratch.take_dirty(self.len());
        let block = SoftBlock {
            log_weights,
            xs: W::component_batch::<S::Space>(data.xs),
            row_weights: data.row_weights,
            counts: &mut counts,
            cache: data.cache(),
        };
        let mut tally = self.components.expect_block(block, &mut into.1, scratch);
        if let Some(tally) = &mut tally {
            self.weights
                .accumulate_row::<S::Space>(&mut into.0, data.xs.at(0), &counts);
            tally.unexplained = tally.unexplained.map(|i| at.row + i);
        }
        scratch.give(counts);
        tally
    }
    /// The E-step over a block whose preparation is done.
    fn expect_prepared<R: Responsibilities + ?Sized>(
        &self,
        data: Data<'_, Batch<'_, Joint<S, W>>>,
        prepared: &[f64],
        at: At,
        rule: &R,
        into: &mut (W::Statistics, S::Statistics),
        scratch: &mut Scratch,
    ) -> Tally {
        let rows = data.rows();
        if rows == 0 {
            return Tally::default();
        }
        let mut joint = scratch.take_dirty(self.len() * rows);
        let mut value = scratch.take_dirty(rows);
        // What is known about a row may rule out the component that explains it best.
        let bayes = rule.is_bayes() && data.allowed.is_none();
        match self.weights.log_weights().filter(|_| bayes) {
            Some(logs) => {
                let parts = W::component_batch::<S::Space>(data.xs);
                self.components
                    .log_joint_matrix(logs, parts, prepared, &mut joint, scratch);
            }
            None => self.log_joint_matrix(data.xs, prepared, &mut joint, scratch),
        }
        data.restrict(&mut joint);
        rule.assign(at, &mut joint, &mut value);
        let tally = weigh(data.row_weights, at, &mut joint, &mut value);
        self.weights
            .accumulate::<S::Space>(&mut into.0, data.xs, rows, &joint);
        let parts = W::component_batch::<S::Space>(data.xs);
        self.components
            .accumulate_matrix(&mut into.1, parts, prepared, &joint, scratch);
        scratch.give(value);
        scratch.give(joint);
        tally
    }
}

impl<S: ComponentSet> Mixture<S> {
    /// The mixture with weights 1/K.
    ///
    /// # Panics
    /// When there is no component.
    pub fn uniform(components: S) -> Self {
        Mixture {
            weights: Weights::uniform(components.len()),
            components,
        }
    }
}

impl<S: ComponentSet, W: WeightModel> Density for Mixture<S, W> {
    type Space = Joint<S, W>;

    fn log_density(&self, x: Obs<'_, Self::Space>) -> f64 {
        let joint: Vec<f64> = (0..self.len()).map(|k| self.log_joint(k, x)).collect();
        distributions::special::log_sum_exp(&joint)
    }
    fn check_observation(&self, x: Obs<'_, Self::Space>) -> Result<(), &'static str> {
        self.weights.check_observation::<S::Space>(x)?;
        self.components
            .check_observation(W::component_observation::<S::Space>(x))
    }
    fn has_atoms(&self) -> bool {
        self.components.has_atoms()
    }
    fn is_atom(&self, x: Obs<'_, Self::Space>) -> bool {
        let part = W::component_observation::<S::Space>(x);
        (0..self.len()).any(|k| self.components.is_atom(k, part))
    }
    fn prepared_width(&self) -> usize {
        self.components.prepared_width()
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.components.shares_preparation(&other.components)
    }
    fn prepare(&self, xs: Batch<'_, Self::Space>, into: &mut [f64]) {
        self.components
            .prepare(W::component_batch::<S::Space>(xs), into);
    }
    fn log_density_batch(
        &self,
        xs: Batch<'_, Self::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let mut joint = scratch.take_dirty(self.len() * out.len());
        self.log_joint_matrix(xs, prepared, &mut joint, scratch);
        Soft.assign(At::default(), &mut joint, out);
        scratch.give(joint);
    }
}

impl<S: ComponentSet, W: WeightModel> Component for Mixture<S, W> {
    type Statistics = (W::Statistics, S::Statistics);

    fn empty_statistics(&self) -> Self::Statistics {
        (
            self.weights.empty_statistics(),
            self.components.empty_statistics(),
        )
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: Obs<'_, Self::Space>, weight: f64) {
        let shares: Vec<f64> = (self.responsibilities(x).iter())
            .map(|r| weight * r)
            .collect();
        let part = W::component_observation::<S::Space>(x);
        self.weights
            .accumulate_row::<S::Space>(&mut into.0, x, &shares);
        for (k, &share) in shares.iter().enumerate() {
            if share > 0.0 {
                self.components.accumulate(&mut into.1, k, part, share);
            }
        }
    }
    fn accumulate_batch(
        &self,
        into: &mut Self::Statistics,
        xs: Batch<'_, Self::Space>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let data = Data::new(xs).weighted(weights);
        self.expect_prepared(data, prepared, At::default(), &Soft, into, scratch);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        Ok(Mixture {
            weights: self.weights.maximize(&from.0)?,
            components: self.components.maximize(&from.1)?,
        })
    }
    fn parameter_count(&self) -> usize {
        self.weights.parameter_count() + self.components.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.weights.log_prior() + self.components.log_prior()
    }
    fn one_step(&self) -> bool {
        self.weights.one_step() || self.components.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        Mixture {
            weights: self.weights.toward(&next.weights, fraction),
            components: self.components.toward(&next.components, fraction),
        }
    }
    fn squared_distance(&self, a: Obs<'_, Self::Space>, b: Obs<'_, Self::Space>) -> Option<f64> {
        let a = W::component_observation::<S::Space>(a);
        let b = W::component_observation::<S::Space>(b);
        self.components.squared_distance(a, b)
    }
}

impl<S: ComponentSet, W: WeightModel, R: Responsibilities + ?Sized> LatentModel<R>
    for Mixture<S, W>
{
    fn expect(
        &self,
        data: Data<'_, Batch<'_, Self::Space>>,
        at: At,
        rule: &R,
        into: &mut Self::Statistics,
        scratch: &mut Scratch,
    ) -> Tally {
        let at_once = self.components.expects_blocks();
        let soft = rule.is_bayes() && data.allowed.is_none() && data.rows() > 0;
        let tally = (at_once && soft).then(|| self.expect_at_once(data, at, into, scratch));
        if let Some(tally) = tally.flatten() {
            return tally;
        }
        // Blocks may be longer only for what is done at once.
        let size = match at_once && !soft {
            true => BLOCK_ROWS,
            false => data.rows().max(1),
        };
        let mut all = Tally::default();
        for start in (0..data.rows()).step_by(size) {
            let part = data.block(start..(start + size).min(data.rows()));
            let at = At {
                row: at.row + start,
                ..at
            };
            let mut prepared = scratch.take(self.prepared_width() * part.rows());
            self.prepare(part.xs, &mut prepared);
            all.merge(&self.expect_prepared(part, &prepared, at, rule, into, scratch));
            scratch.give(prepared);
        }
        all
    }
    fn score(
        &self,
        data: Data<'_, Batch<'_, Self::Space>>,
        at: At,
        rule: &R,
        values: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let rows = data.rows();
        let mut prepared = scratch.take(self.prepared_width() * rows);
        let mut joint = scratch.take_dirty(self.len() * rows);
        self.prepare(data.xs, &mut prepared);
        self.log_joint_matrix(data.xs, &prepared, &mut joint, scratch);
        data.restrict(&mut joint);
        rule.assign(at, &mut joint, values);
        scratch.give(joint);
        scratch.give(prepared);
    }
    fn suited_to(&self, xs: Batch<'_, Self::Space>) -> Self {
        Mixture {
            weights: self.weights.suited_to::<S::Space>(xs),
            components: self.components.clone(),
        }
    }
    fn classes(&self) -> usize {
        self.len()
    }
    fn block_rows(&self, xs: Batch<'_, Self::Space>) -> usize {
        self.components
            .block_rows(W::component_batch::<S::Space>(xs))
    }
    fn repaired(
        &self,
        component: usize,
        action: OnDegenerate,
        data: Data<'_, Batch<'_, Self::Space>>,
    ) -> Result<Self, FitError> {
        repaired(self, component, action, data)
    }
    fn above_floor(&self, data: Data<'_, Batch<'_, Self::Space>>) -> Result<Self, FitError> {
        let weights: Vec<f64> = (0..data.rows()).map(|i| data.row_weight(i)).collect();
        let parts = W::component_batch::<S::Space>(data.xs);
        let components = self.components.floored(parts, &weights);
        Ok(Mixture {
            weights: self.weights.clone(),
            components: components.map_err(FitError::NoFloor)?,
        })
    }
}

impl<S: ComponentSet + Coordinates, W: WeightModel + Coordinates> Coordinates for Mixture<S, W> {
    fn pack(&self, into: &mut Vec<f64>) {
        self.weights.pack(into);
        self.components.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(Mixture {
            weights: self.weights.unpack(from)?,
            components: self.components.unpack(from)?,
        })
    }
}
