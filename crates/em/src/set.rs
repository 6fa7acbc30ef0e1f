//! K components that are scored, accumulated and re-estimated together.

use crate::atoms::{hide_beside_atoms, weights_beside_atoms};
use crate::init::Shares;
use crate::model::Tally;
use crate::row_cache::BlockCache;
use distributions::simd::add_to_rows;
use distributions::{
    BLOCK_ROWS, Batch, Component, EstimateError, Obs, Reason, Scratch, Space, Statistics, View,
};

/// The components of a mixture as one thing: what couples them (a tied covariance, a shared
/// variance, common slopes) and kernels over all K live here.
///
/// `Vec<C>` is a set of independent components for every [`Component`] `C`. Matrices are
/// component-major: entry (k, i) of a K × n matrix stands at `k * n + i`.
pub trait ComponentSet: Clone + Send + Sync {
    /// What one observation is.
    type Space: Space;
    /// What the M-step of all components needs to know about the data.
    type Statistics: Statistics;

    /// The number of components K.
    fn len(&self) -> usize;
    /// Whether there is no component.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Whether component k is given and not estimated, as noise is: a mixture that [grows](crate::Start::Grown) has
    /// it from the beginning, and does not split it.
    fn is_given(&self, _k: usize) -> bool {
        false
    }
    /// ln p_k(x).
    fn log_density(&self, k: usize, x: Obs<'_, Self::Space>) -> f64;
    /// Whether `x` may enter an estimate: some component admits it.
    ///
    /// # Errors
    /// What an observation must be.
    fn check_observation(&self, _x: Obs<'_, Self::Space>) -> Result<(), &'static str> {
        Ok(())
    }
    /// Whether [`is_atom`](ComponentSet::is_atom) is true of some component anywhere.
    fn has_atoms(&self) -> bool {
        false
    }
    /// Whether `x` is an atom of component k; see
    /// [`Density::is_atom`](distributions::Density::is_atom). There the components of which it is none
    /// have log-density −∞.
    fn is_atom(&self, _k: usize, _x: Obs<'_, Self::Space>) -> bool {
        false
    }
    /// How many numbers a row [`prepare`](ComponentSet::prepare) writes.
    fn prepared_width(&self) -> usize {
        0
    }
    /// Whether what this set prepares serves `other` too.
    fn shares_preparation(&self, _other: &Self) -> bool {
        false
    }
    /// Writes what depends on the observations alone, once for all components, as
    /// [`Density::prepare`](distributions::Density::prepare).
    fn prepare(&self, _xs: Batch<'_, Self::Space>, _into: &mut [f64]) {}
    /// Writes the K × n matrix of ln p_k(xᵢ).
    fn log_density_matrix(
        &self,
        xs: Batch<'_, Self::Space>,
        _prepared: &[f64],
        out: &mut [f64],
        _scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        for k in 0..self.len() {
            for i in 0..rows {
                out[k * rows + i] = self.log_density(k, xs.at(i));
            }
        }
    }
    /// Writes the K × n matrix of ln π_k + ln p_k(xᵢ), `log_weights` being ln π_k, for Bayes' theorem and nothing
    /// else: an entry may be −∞ where p_k(xᵢ) < e^−42 p(xᵢ), as its share, less than 6e-19 π_k, is lost in rounding
    /// even if all rows are such. Every component keeps an entry in every block.
    fn log_joint_matrix(
        &self,
        log_weights: &[f64],
        xs: Batch<'_, Self::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.log_density_matrix(xs, prepared, out, scratch);
        add_to_rows(out, xs.len(), log_weights);
    }
    /// The whole E-step of a block under Bayes' theorem, where the set has a quicker way than by the two matrices: adds
    /// its rows to `into`, and fills what the block asks for. The tally is Σ w_i ln p(x_i), and the scale of its rounding
    /// error: Σ w_i |ln p(x_i)|, times as many ulps of double precision as it is wrong by, if these are several. `None`
    /// where it has no such way for these rows, as for one that nothing explains, and `into` is as it was.
    fn expect_block(
        &self,
        _block: SoftBlock<'_, Batch<'_, Self::Space>>,
        _into: &mut Self::Statistics,
        _scratch: &mut Scratch,
    ) -> Option<Tally> {
        None
    }
    /// Whether [`expect_block`](ComponentSet::expect_block) may do anything.
    fn expects_blocks(&self) -> bool {
        false
    }
    /// How many of these rows, a chunk of all, an E-step hands over at a time. Under another rule than Bayes' theorem, where a
    /// set with a way of its own has none, they come in parts of [`BLOCK_ROWS`].
    fn block_rows(&self, _xs: Batch<'_, Self::Space>) -> usize {
        BLOCK_ROWS
    }
    /// The statistic of no observation.
    fn empty_statistics(&self) -> Self::Statistics;
    /// Adds one observation to component k with weight `weight` > 0.
    fn accumulate(
        &self,
        into: &mut Self::Statistics,
        k: usize,
        x: Obs<'_, Self::Space>,
        weight: f64,
    );
    /// Adds a block with the K × n matrix of weights w_i r_ik; an entry of 0 has no influence.
    fn accumulate_matrix(
        &self,
        into: &mut Self::Statistics,
        xs: Batch<'_, Self::Space>,
        _prepared: &[f64],
        weights: &[f64],
        _scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        for k in 0..self.len() {
            for (i, &weight) in weights[k * rows..(k + 1) * rows].iter().enumerate() {
                if weight > 0.0 {
                    self.accumulate(into, k, xs.at(i), weight);
                }
            }
        }
    }
    /// The M-step of all components.
    ///
    /// # Errors
    /// Naming the component for which no maximum exists.
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError>;
    /// The number of free parameters, shared ones counted once.
    fn parameter_count(&self) -> usize;
    /// The logarithm of a prior density at the parameters.
    fn log_prior(&self) -> f64 {
        0.0
    }
    /// The set made of the components `keep`, in that order: sorting, dropping, K = 1.
    fn subset(&self, keep: &[usize]) -> Self;
    /// Whether the M-step of some component takes one step only; see
    /// [`Component::one_step`](distributions::Component::one_step).
    fn one_step(&self) -> bool {
        false
    }
    /// The set a `fraction` of the way to `next`; see
    /// [`Component::toward`](distributions::Component::toward).
    fn toward(&self, next: &Self, _fraction: f64) -> Self {
        next.clone()
    }
    /// The estimate from a K × n matrix of weights when there is no iterate yet: the first M-step
    /// from labels or responsibilities.
    ///
    /// # Errors
    /// As [`maximize`](ComponentSet::maximize).
    fn estimate(&self, xs: Batch<'_, Self::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.estimate_from(xs, &Shares::from_matrix(weights, xs.len()))
    }
    /// The same from [shares](Shares), block after block, so that of most starts no K × n matrix is made. What cannot be estimated so
    /// takes their [matrix](Shares::to_matrix).
    ///
    /// # Errors
    /// As [`maximize`](ComponentSet::maximize).
    fn estimate_from(
        &self,
        xs: Batch<'_, Self::Space>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        estimate_in_blocks(self, xs, shares)
    }
    /// The same set with a floor under what may collapse, relative to the spread of all rows `xs` with weights
    /// `weights`; see [`Component::floored`](distributions::Component::floored).
    ///
    /// # Errors
    /// Where the components have none, or all rows together have no estimate.
    fn floored(
        &self,
        _xs: Batch<'_, Self::Space>,
        _weights: &[f64],
    ) -> Result<Self, EstimateError> {
        Err(no_floor())
    }
    /// The components that are held at a bound, such as the floor.
    fn at_bound(&self) -> Vec<usize> {
        Vec::new()
    }
    /// The levels that have probability 0 under every component; see
    /// [`Component::impossible_levels`](distributions::Component::impossible_levels).
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        Vec::new()
    }
    /// The squared distance of two observations in units of the first component's spread; see
    /// [`Component::squared_distance`](distributions::Component::squared_distance).
    fn squared_distance(&self, _a: Obs<'_, Self::Space>, _b: Obs<'_, Self::Space>) -> Option<f64> {
        None
    }
}

/// A block for [`ComponentSet::expect_block`].
#[derive(Debug)]
pub struct SoftBlock<'a, V> {
    /// ln π_k.
    pub log_weights: &'a [f64],
    /// The rows, n of them.
    pub xs: V,
    /// w_i; 1 where there are none.
    pub row_weights: Option<&'a [f64]>,
    /// For N_k = Σ_i w_i r_ik, K numbers.
    pub counts: &'a mut [f64],
    /// Where the set may keep what depends on these rows and weights alone, in a fit; for one set only.
    pub cache: Option<BlockCache<'a>>,
}

impl<'a, V> SoftBlock<'a, V> {
    /// The same block, its rows as another type.
    pub fn of<U>(self, xs: U) -> SoftBlock<'a, U> {
        SoftBlock {
            log_weights: self.log_weights,
            xs,
            row_weights: self.row_weights,
            counts: self.counts,
            cache: self.cache,
        }
    }
}

/// The M-step from shares, block after block: what [`ComponentSet::estimate_from`] does where a set has no way of
/// its own.
///
/// # Errors
/// As [`ComponentSet::maximize`].
pub fn estimate_in_blocks<S: ComponentSet>(
    set: &S,
    xs: Batch<'_, S::Space>,
    shares: &Shares<'_>,
) -> Result<S, EstimateError> {
    let mut statistics = set.empty_statistics();
    let mut scratch = Scratch::default();
    for rows in shares.blocks() {
        let (block, size) = (xs.block(rows.clone()), rows.len());
        let mut prepared = scratch.take(set.prepared_width() * size);
        set.prepare(block, &mut prepared);
        let mut part = scratch.take_dirty(set.len() * size);
        shares.write(rows, &mut part);
        set.accumulate_matrix(&mut statistics, block, &prepared, &part, &mut scratch);
        scratch.give(part);
        scratch.give(prepared);
    }
    set.maximize(&statistics)
}

/// The error of components that have no floor.
pub fn no_floor() -> EstimateError {
    EstimateError::new(Reason::Unsupported(
        "these components have no floor: the families of this library have, log_normal, gamma, inverse_gamma, \
         inverse_gaussian, weibull, gumbel, logistic and von_mises by combine::WithKnown; counts, labels and \
         others whose likelihood is bounded need none; in a product every part must be one of these"
            .into(),
    ))
}

/// What is in all of the lists, in the order of the first.
pub(crate) fn common<T: PartialEq>(mut lists: impl Iterator<Item = Vec<T>>) -> Vec<T> {
    let mut all = lists.next().unwrap_or_default();
    for list in lists {
        all.retain(|entry| list.contains(entry));
    }
    all
}

/// For each component, the range of prepared columns that serve it: components that share a
/// preparation with the first of their run share its columns.
fn prepared_ranges<C: Component>(
    components: &[C],
    rows: usize,
) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let (mut start, mut leader) = (0, 0);
    (0..components.len()).map(move |k| {
        if k > leader && !components[leader].shares_preparation(&components[k]) {
            start += components[leader].prepared_width() * rows;
            leader = k;
        }
        start..start + components[leader].prepared_width() * rows
    })
}

/// A K × n matrix of weights with 0 where a row is an atom of other components only.
fn beside_atoms<C: Component>(
    components: &[C],
    xs: Batch<'_, C::Space>,
    weights: &[f64],
) -> Vec<f64> {
    let is_atom = |k: usize, i: usize| components[k].is_atom(xs.at(i));
    weights_beside_atoms(weights, components.len(), is_atom)
}

/// At an atom of some component the others have log-density −∞; see [`atoms`](crate::atoms).
impl<C: Component> ComponentSet for Vec<C> {
    type Space = C::Space;
    type Statistics = Vec<C::Statistics>;

    fn len(&self) -> usize {
        self.as_slice().len()
    }
    fn log_density(&self, k: usize, x: Obs<'_, C::Space>) -> f64 {
        if self.has_atoms() && !self[k].is_atom(x) && self.iter().any(|c| c.is_atom(x)) {
            return f64::NEG_INFINITY;
        }
        self[k].log_density(x)
    }
    fn has_atoms(&self) -> bool {
        self.iter().any(C::has_atoms)
    }
    fn is_atom(&self, k: usize, x: Obs<'_, C::Space>) -> bool {
        self[k].is_atom(x)
    }
    fn check_observation(&self, x: Obs<'_, C::Space>) -> Result<(), &'static str> {
        let mut verdict = Ok(());
        for component in self {
            match component.check_observation(x) {
                Ok(()) => return Ok(()),
                Err(requirement) => verdict = verdict.and(Err(requirement)),
            }
        }
        verdict
    }
    fn prepared_width(&self) -> usize {
        prepared_ranges(self, 1).last().map_or(0, |range| range.end)
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.len() == other.len()
            && (self.iter().zip(other)).all(|(mine, theirs)| mine.shares_preparation(theirs))
            && prepared_ranges(self, 1).eq(prepared_ranges(other, 1))
    }
    fn prepare(&self, xs: Batch<'_, C::Space>, into: &mut [f64]) {
        let mut done = 0;
        for (component, range) in self.iter().zip(prepared_ranges(self, xs.len())) {
            if range.end > done {
                done = range.end;
                component.prepare(xs, &mut into[range]);
            }
        }
    }
    fn log_density_matrix(
        &self,
        xs: Batch<'_, C::Space>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        for (k, range) in prepared_ranges(self, rows).enumerate() {
            let row = &mut out[k * rows..(k + 1) * rows];
            self[k].log_density_batch(xs, &prepared[range], row, scratch);
        }
        if self.has_atoms() {
            let is_atom = |k: usize, i: usize| self[k].is_atom(xs.at(i));
            hide_beside_atoms(out, self.len(), f64::NEG_INFINITY, is_atom);
        }
    }
    fn empty_statistics(&self) -> Self::Statistics {
        self.iter().map(C::empty_statistics).collect()
    }
    fn accumulate(&self, into: &mut Self::Statistics, k: usize, x: Obs<'_, C::Space>, weight: f64) {
        self[k].accumulate(&mut into[k], x, weight);
    }
    fn accumulate_matrix(
        &self,
        into: &mut Self::Statistics,
        xs: Batch<'_, C::Space>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let rows = xs.len();
        for (k, range) in prepared_ranges(self, rows).enumerate() {
            let row = &weights[k * rows..(k + 1) * rows];
            self[k].accumulate_batch(&mut into[k], xs, &prepared[range], row, scratch);
        }
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        let estimates = self.iter().zip(from).enumerate();
        estimates
            .map(|(k, (component, statistics))| {
                component
                    .maximize(statistics)
                    .map_err(|error| error.in_component(k).with_count(statistics.weight()))
            })
            .collect()
    }
    fn impossible_levels(&self) -> Vec<(usize, usize)> {
        common(self.iter().map(C::impossible_levels))
    }
    fn parameter_count(&self) -> usize {
        self.iter().map(C::parameter_count).sum()
    }
    fn log_prior(&self) -> f64 {
        self.iter().map(C::log_prior).sum()
    }
    fn subset(&self, keep: &[usize]) -> Self {
        keep.iter().map(|&k| self[k].clone()).collect()
    }
    fn one_step(&self) -> bool {
        self.iter().any(C::one_step)
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        let pairs = self.iter().zip(next);
        pairs
            .map(|(mine, theirs)| mine.toward(theirs, fraction))
            .collect()
    }
    fn estimate_from(
        &self,
        xs: Batch<'_, C::Space>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        let own = self.has_atoms().then(|| shares.to_matrix());
        let own = own.map(|own| beside_atoms(self, xs, &own));
        let own = own.map(|own| Shares::of_matrix(own, xs.len()));
        let shares = own.as_ref().unwrap_or(shares);
        (self.iter().enumerate())
            .map(|(k, component)| {
                let row = shares.of_component(k);
                component
                    .estimate(xs, &row)
                    .map_err(|error| error.in_component(k).with_count(row.iter().sum()))
            })
            .collect()
    }
    fn floored(&self, xs: Batch<'_, C::Space>, weights: &[f64]) -> Result<Self, EstimateError> {
        let (rows, mut whole) = (xs.len(), None::<C>);
        let own = self.has_atoms().then(|| weights.repeat(self.len()));
        let own = own.map(|own| beside_atoms(self, xs, &own));
        let weights_of = |k: usize| {
            own.as_ref()
                .map_or(weights, |own| &own[k * rows..(k + 1) * rows])
        };
        let floored = self.iter().enumerate().map(|(k, component)| {
            if component.is_bounded() {
                return Ok(component.clone());
            }
            component.floored(component).ok_or_else(no_floor)?;
            // Of components of one family the first speaks for all.
            if let Some(floored) = whole.as_ref().and_then(|whole| component.floored(whole)) {
                return Ok(floored);
            }
            let own = component.pooled(xs, weights_of(k))?;
            let floored = component.floored(&own).ok_or_else(no_floor)?;
            whole.get_or_insert(own);
            Ok(floored)
        });
        floored.collect()
    }
    fn at_bound(&self) -> Vec<usize> {
        let held = |k: &usize| self[*k].is_at_bound();
        (0..self.as_slice().len()).filter(held).collect()
    }
    fn squared_distance(&self, a: Obs<'_, C::Space>, b: Obs<'_, C::Space>) -> Option<f64> {
        self.first()?.squared_distance(a, b)
    }
}
