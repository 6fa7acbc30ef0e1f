//! Rows with missing cells: exact EM on what was observed.

mod carry;
mod complete;
mod estimate;
mod groups;
mod pattern;
mod student_t;

pub(crate) use complete::{fit_observed, observed_weights};
pub use student_t::IncompleteTs;

use crate::gaussian::{Gaussian, density::check_observed};
use crate::kernel;
use crate::matrix::{MatrixView, Real};
use crate::scatter::Scatter;
use crate::set::Gaussians;
use crate::statistics::GaussianStatistics;
use distributions::{
    BLOCK_ROWS, Coordinates, Density, EstimateError, Rows, RowsBuffer, RowsView, Sample, Scratch,
};
use em::{ComponentSet, SampleSet, Shares, SoftBlock, Tally};
use groups::{Group, groups, prepare};
use pattern::Patterns;
use rand::Rng;
use std::sync::Arc;

/// [`Gaussians`] over rows in which NaN is a missing cell: missing at random, so that a row counts by the
/// density of its observed cells (Little & Rubin 2002).
///
/// # Density
/// p_k(x_o) = N(x_o | μ_o, Σ_oo), where o are the columns observed in the row; 1 where there are none.
///
/// # M-step
/// That of [`Gaussians`], under every covariance structure, from the expected statistic: a row counts in
/// component k as x̂ = (x_o, E\[x_m | x_o\]), and its conditional covariance is added to the scatter,
///
/// - E\[x_m | x_o\] = μ_m + Σ_mo Σ_oo⁻¹ (x_o − μ_o)
/// - W_k += w_i r_ik (Σ_mm − Σ_mo Σ_oo⁻¹ Σ_om)
///
/// at the current parameters. The M-step is a maximiser, so the log-likelihood of the observed cells never
/// falls. A row with no observed cell must have row weight 0.
///
/// The first M-step, which has no iterate, has for each missing cell the mean and the variance of what was
/// observed of its column in the component.
///
/// # How it computes
/// The rows of a block are grouped by the pattern of their missing cells. A group is scored by the kernels of
/// complete rows, in its observed columns, and its moments in these are carried over to all columns by the
/// regression; factorisations are made once an iteration for each pattern and component, and kept for the
/// iteration where there is room. Complete rows take the way that they always take, to the same bits.
///
/// ```
/// use distributions::RowsView;
/// use em::{Data, Mixture, Options, Start, fit_from};
/// use gmm::{CovarianceStructure, Gaussians, IncompleteGaussians};
///
/// const NONE: f64 = f64::NAN;
/// let values = [0.0, 0.1, 0.2, NONE, 0.1, 0.3, 5.0, 5.2, NONE, 4.9, 5.3, 5.0, 5.1, 4.8];
/// let rows = RowsView::new(&values, 2);
/// let set = Gaussians::standard(CovarianceStructure::Tied, 2, 2);
/// let template = Mixture::uniform(IncompleteGaussians::new(set));
/// let start = Start::Labels(&[Some(0), Some(0), Some(0), Some(1), Some(1), Some(1), Some(1)]);
/// let fitted = fit_from(&template, Data::new(rows), start, &Options::default())?;
/// let components = fitted.model.components().gaussians();
/// assert!((components[0].mean()[1] - 0.2).abs() < 0.15);
/// # Ok::<(), em::FitError>(())
/// ```
///
/// # References
/// Little & Rubin (2002), Statistical Analysis with Missing Data, section 11.2; Ghahramani & Jordan (1994),
/// Supervised learning from incomplete data via an EM approach.
#[derive(Clone, Debug)]
pub struct IncompleteGaussians {
    gaussians: Gaussians,
    /// Regressions of missing on observed columns; a function of the Gaussians.
    patterns: Arc<Patterns>,
}

/// Equal Gaussians.
impl PartialEq for IncompleteGaussians {
    fn eq(&self, other: &Self) -> bool {
        self.gaussians == other.gaussians
    }
}

impl IncompleteGaussians {
    /// How many of these rows an E-step takes at a time.
    pub(crate) fn rows_at_a_time<T: Real>(&self, xs: MatrixView<'_, T>) -> usize {
        let complete = match self.expects_blocks() {
            true => self.gaussians.rows_at_a_time(),
            false => BLOCK_ROWS,
        };
        groups::rows_at_a_time(xs, self.len(), complete)
    }
    /// The E-step of a block of complete rows at once, where there is a way.
    pub(crate) fn expect_complete<T: Real>(
        &self,
        block: SoftBlock<'_, MatrixView<'_, T>>,
        into: &mut GaussianStatistics,
        scratch: &mut Scratch,
    ) -> Option<Tally> {
        let complete = !groups::some_gap(block.xs);
        complete.then(|| self.gaussians.expect_rows(block, into, scratch))?
    }
    /// These components over rows that may have gaps.
    pub fn new(gaussians: Gaussians) -> Self {
        IncompleteGaussians {
            gaussians,
            patterns: Arc::default(),
        }
    }
    /// The components.
    pub fn gaussians(&self) -> &Gaussians {
        &self.gaussians
    }
    /// The components.
    pub fn into_gaussians(self) -> Gaussians {
        self.gaussians
    }
    /// The first M-step, from rows in any layout.
    pub(crate) fn estimate_observed<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        estimate::estimate(&self.gaussians, xs, shares).map(Self::new)
    }
    fn components(&self) -> &[Gaussian] {
        self.gaussians.components()
    }
    /// Adds the groups of a block to statistics with a scatter each.
    fn add_groups<'g>(
        &self,
        groups: impl Iterator<Item = Group<'g>>,
        into: &mut [Scatter],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let (components, mut room) = (self.components(), Vec::new());
        for group in groups.filter(Group::is_observed) {
            let mut part = scratch.take_dirty(components.len() * group.len());
            group.gather(weights, &mut part);
            if group.is_complete() {
                kernel::accumulate(into, components, group.columns, &part, group.len(), scratch);
            } else {
                let pattern = self.patterns.of(components, group.first);
                pattern.accumulate(group.columns, &part, into, &mut room, scratch);
            }
            scratch.give(part);
        }
    }
}

impl ComponentSet for IncompleteGaussians {
    type Space = Rows<f64>;
    type Statistics = GaussianStatistics;

    fn len(&self) -> usize {
        self.gaussians.len()
    }
    fn log_density(&self, k: usize, x: &[f64]) -> f64 {
        if !has_gap(x) {
            return self.gaussians.log_density(k, x);
        }
        let pattern = self.patterns.of(self.components(), x);
        match pattern.marginals.get(k) {
            Some(marginal) => marginal.log_density(&pattern.observed_part(x)),
            None => 0.0,
        }
    }
    /// Infinite numbers are refused, and rows with no observed cell.
    fn check_observation(&self, x: &[f64]) -> Result<(), &'static str> {
        check_observed(x, self.gaussians.dimension())
    }
    /// The block, group after group, and where its rows are.
    fn prepared_width(&self) -> usize {
        groups::width(self.gaussians.dimension())
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.gaussians.shares_preparation(&other.gaussians)
    }
    fn prepare(&self, xs: RowsView<'_, f64>, into: &mut [f64]) {
        prepare(xs, into);
    }
    fn log_density_matrix(
        &self,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let components = self.components();
        for group in groups(xs, prepared) {
            if group.is_whole_block() {
                return (self.gaussians).log_density_matrix(xs, group.columns, out, scratch);
            }
            let mut part = scratch.take(components.len() * group.len());
            if group.is_complete() {
                kernel::log_densities(components, group.columns, group.len(), &mut part, scratch);
            } else if group.is_observed() {
                let pattern = self.patterns.of(components, group.first);
                let marginals = &pattern.marginals;
                kernel::log_densities(marginals, group.columns, group.len(), &mut part, scratch);
            }
            group.scatter(&part, out);
            scratch.give(part);
        }
    }
    fn block_rows(&self, xs: RowsView<'_, f64>) -> usize {
        self.rows_at_a_time::<f64>(xs.into())
    }
    /// Of complete rows.
    fn expect_block(
        &self,
        block: SoftBlock<'_, RowsView<'_, f64>>,
        into: &mut GaussianStatistics,
        scratch: &mut Scratch,
    ) -> Option<Tally> {
        let xs = MatrixView::from(block.xs);
        self.expect_complete(block.of(xs), into, scratch)
    }
    fn expects_blocks(&self) -> bool {
        self.gaussians.expects_blocks() && !self.gaussians.is_in_single_precision()
    }
    fn empty_statistics(&self) -> GaussianStatistics {
        self.gaussians.empty_statistics()
    }
    fn accumulate(&self, into: &mut GaussianStatistics, k: usize, x: &[f64], weight: f64) {
        if !has_gap(x) {
            return self.gaussians.accumulate(into, k, x, weight);
        }
        let pattern = self.patterns.of(self.components(), x);
        if let Some(marginal) = pattern.marginals.get(k) {
            let mut observed = Scatter::new(marginal.dimension(), true);
            observed.add(&pattern.observed_part(x), weight);
            into.add_to_each(|parts| {
                let scratch = &mut Scratch::default();
                pattern.carry(k, &observed, weight, &mut parts[k], scratch);
            });
        }
    }
    fn accumulate_matrix(
        &self,
        into: &mut GaussianStatistics,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let all = groups(xs, prepared);
        match groups(xs, prepared).next().filter(Group::is_whole_block) {
            Some(group) => {
                let columns = group.columns;
                (self.gaussians).accumulate_matrix(into, xs, columns, weights, scratch);
            }
            None => into.add_to_each(|parts| self.add_groups(all, parts, weights, scratch)),
        }
    }
    fn maximize(&self, from: &GaussianStatistics) -> Result<Self, EstimateError> {
        self.gaussians.maximize(from).map(Self::new)
    }
    fn parameter_count(&self) -> usize {
        self.gaussians.parameter_count()
    }
    fn log_prior(&self) -> f64 {
        self.gaussians.log_prior()
    }
    fn subset(&self, keep: &[usize]) -> Self {
        Self::new(self.gaussians.subset(keep))
    }
    fn one_step(&self) -> bool {
        self.gaussians.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        Self::new(self.gaussians.toward(&next.gaussians, fraction))
    }
    fn estimate_from(
        &self,
        xs: RowsView<'_, f64>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        self.estimate_observed(xs.into(), shares)
    }
    fn floored(&self, xs: RowsView<'_, f64>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.gaussians.floored(xs, weights).map(Self::new)
    }
    fn at_bound(&self) -> Vec<usize> {
        self.gaussians.at_bound()
    }
    fn squared_distance(&self, a: &[f64], b: &[f64]) -> Option<f64> {
        Some(incomplete_distance(&self.components()[0], a, b))
    }
}

/// The mean over the columns that both rows have, times d, so that rows with gaps are no nearer than
/// others. Rows that share no column are as far apart as two rows mostly are: at 2d variances.
fn incomplete_distance(whole: &Gaussian, a: &[f64], b: &[f64]) -> f64 {
    let (mut sum, mut shared) = (0.0, 0);
    for (j, (a, b)) in a.iter().zip(b).enumerate() {
        let difference = a - b;
        if !difference.is_nan() {
            sum += difference * (difference / whole.variance(j));
            shared += 1;
        }
    }
    let d = whole.dimension();
    match shared {
        0 => 2.0 * d as f64,
        _ if shared == d => sum,
        _ => sum * (d as f64 / shared as f64),
    }
}

/// Whether a cell is missing.
pub(crate) fn has_gap(x: &[f64]) -> bool {
    // No early end: a short loop without branches.
    x.iter().fold(false, |gap, x| gap | x.is_nan())
}

impl Coordinates for IncompleteGaussians {
    fn pack(&self, into: &mut Vec<f64>) {
        self.gaussians.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        self.gaussians.unpack(from).map(Self::new)
    }
}

/// Whole rows.
impl SampleSet for IncompleteGaussians {
    fn empty_buffer(&self) -> RowsBuffer<f64> {
        self.gaussians.empty_buffer()
    }
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut RowsBuffer<f64>) {
        self.components()[k].draw(rng, into);
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for IncompleteGaussians {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.gaussians.serialize(to)
    }
}
