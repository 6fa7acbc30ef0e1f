//! Multivariate t distributions over rows with missing cells.

use super::groups::{self, groups, prepare, rows_at_a_time};
use super::pattern::{Pattern, Patterns};
use super::{estimate, has_gap, incomplete_distance};
use crate::gaussian::{Gaussian, density::check_observed};
use crate::kernel;
use crate::student_t::{DegreesOfFreedom, LatentScatters, MultivariateTs, Tail};
use distributions::special::{ln_minus_digamma, trigamma_minus_reciprocal};
use distributions::{BLOCK_ROWS, Coordinates, EstimateError, Rows, RowsBuffer, RowsView, Scratch};
use em::{ComponentSet, SampleSet, Shares};
use rand::Rng;
use std::sync::Arc;

/// [`MultivariateTs`] over rows in which NaN is a missing cell: missing at random, so that a row counts by the
/// density of its observed cells, as with [`IncompleteGaussians`](super::IncompleteGaussians).
///
/// # Density
/// The marginal of a t distribution is one with the same ν: p_k(x_o) = t(x_o | μ_o, S_oo, ν); 1 where nothing is
/// observed.
///
/// # M-step
/// That of [`MultivariateTs`] from the expected statistic. With p observed columns and
/// δ² = (x_o − μ_o)ᵀ S_oo⁻¹ (x_o − μ_o) a row has the latent scale u = (ν + p)/(ν + δ²) and counts as
/// x̂ = (x_o, μ_m + S_mo S_oo⁻¹ (x_o − μ_o)) with weight w r u; given the scale τ what is missing has the covariance
/// C/τ, so that w r C, without u, is added to the scatter, C = S_mm − S_mo S_oo⁻¹ S_om. The degrees of freedom see
/// E\[ln τ\] = ln u + ψ((ν + p)/2) − ln((ν + p)/2). A row with no observed cell must have row weight 0.
///
/// # References
/// Liu (1999), Efficient ML estimation of the multivariate normal distribution from incomplete data, Journal of
/// Multivariate Analysis 69; Liu & Rubin (1995), ML estimation of the t distribution using EM and its extensions,
/// Statistica Sinica 5.
///
/// ```
/// use distributions::RowsView;
/// use em::{Data, Mixture, Options, Start, fit_from};
/// use gmm::{CovarianceStructure, IncompleteTs, MultivariateTs};
///
/// const NONE: f64 = f64::NAN;
/// let values = [
///     0.0, 0.1, 0.2, NONE, 0.1, 0.3, -0.2, 0.0, 5.0, 5.2, NONE, 4.9, 5.3, 5.0, 5.1, 4.8, 90.0, NONE,
/// ];
/// let rows = RowsView::new(&values, 2);
/// let set = MultivariateTs::standard(CovarianceStructure::Tied, 2, 2).with_fixed_df(3.0)?;
/// let template = Mixture::uniform(IncompleteTs::new(set));
/// let labels = [0, 0, 0, 0, 1, 1, 1, 1, 1].map(Some);
/// let start = Start::Labels(&labels);
/// let fitted = fit_from(&template, Data::new(rows), start, &Options::default())?;
/// assert!((fitted.model.components().complete().location(1)[0] - 5.1).abs() < 0.3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct IncompleteTs {
    complete: MultivariateTs,
    /// Regressions of missing on observed columns; a function of locations and scale matrices.
    patterns: Arc<Patterns>,
}

/// Equal distributions.
impl PartialEq for IncompleteTs {
    fn eq(&self, other: &Self) -> bool {
        self.complete == other.complete
    }
}

impl IncompleteTs {
    /// These components over rows that may have gaps.
    pub fn new(complete: MultivariateTs) -> Self {
        IncompleteTs {
            complete,
            patterns: Arc::default(),
        }
    }
    /// The components.
    pub fn complete(&self) -> &MultivariateTs {
        &self.complete
    }
    /// The components.
    pub fn into_complete(self) -> MultivariateTs {
        self.complete
    }
    fn gaussians(&self) -> &[Gaussian] {
        self.complete.gaussians().components()
    }
    fn pattern(&self, row: &[f64]) -> Arc<Pattern> {
        self.patterns.of(self.gaussians(), row)
    }
    /// The tails of the marginals in `observed` columns.
    fn tails(&self, observed: usize) -> Vec<Tail> {
        (0..self.len())
            .map(|k| Tail::new(self.complete.df(k), observed))
            .collect()
    }
    /// Adds the moments `part` of a group of rows in its observed columns.
    fn carry(
        &self,
        pattern: &Pattern,
        part: &LatentScatters,
        into: &mut LatentScatters,
        scratch: &mut Scratch,
    ) {
        let (d, p) = (
            self.complete.dimension() as f64,
            pattern.observed.len() as f64,
        );
        for (k, observed) in part.scatters.iter().enumerate() {
            let (count, df) = (part.counts[k], self.complete.df(k));
            pattern.carry(k, observed, count, &mut into.scatters[k], scratch);
            into.counts[k] += count;
            if self.complete.degrees() == DegreesOfFreedom::Fixed {
                continue;
            }
            // In the M-step all rows have the exponent (ν + d)/2: what theirs adds goes with them.
            let (whole, own) = (0.5 * (df + d), 0.5 * (df + p));
            let gap = ln_minus_digamma(own) - ln_minus_digamma(whole);
            let bend = trigamma_minus_reciprocal(own) - trigamma_minus_reciprocal(whole);
            into.gaps[k] += part.gaps[k] + count * gap;
            into.squares[k] += whole * (part.squares[k] / own + count * bend);
        }
    }
}

impl ComponentSet for IncompleteTs {
    type Space = Rows<f64>;
    type Statistics = LatentScatters;

    fn len(&self) -> usize {
        self.complete.len()
    }
    fn log_density(&self, k: usize, x: &[f64]) -> f64 {
        if !has_gap(x) {
            return self.complete.log_density(k, x);
        }
        let pattern = self.pattern(x);
        let tail = Tail::new(self.complete.df(k), pattern.observed.len());
        match pattern.marginals.get(k) {
            Some(marginal) => tail.log_density(marginal, &pattern.observed_part(x)),
            None => 0.0,
        }
    }
    /// Infinite numbers are refused, and rows with no observed cell.
    fn check_observation(&self, x: &[f64]) -> Result<(), &'static str> {
        check_observed(x, self.complete.dimension())
    }
    /// The block, group after group, and where its rows are.
    fn prepared_width(&self) -> usize {
        groups::width(self.complete.dimension())
    }
    fn shares_preparation(&self, other: &Self) -> bool {
        self.complete.shares_preparation(&other.complete)
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
        for group in groups(xs, prepared) {
            if group.is_whole_block() {
                return (self.complete).log_density_matrix(xs, group.columns, out, scratch);
            }
            let size = group.len();
            let mut part = scratch.take(self.len() * size);
            if group.is_observed() {
                let pattern = self.pattern(group.first);
                let (tails, marginals) = (self.tails(pattern.observed.len()), &pattern.marginals);
                kernel::t_log_densities(marginals, &tails, group.columns, size, &mut part, scratch);
            }
            group.scatter(&part, out);
            scratch.give(part);
        }
    }
    fn block_rows(&self, xs: RowsView<'_, f64>) -> usize {
        rows_at_a_time::<f64>(xs.into(), self.len(), BLOCK_ROWS)
    }
    fn empty_statistics(&self) -> LatentScatters {
        self.complete.empty_statistics()
    }
    fn accumulate(&self, into: &mut LatentScatters, k: usize, x: &[f64], weight: f64) {
        if !has_gap(x) {
            return self.complete.accumulate(into, k, x, weight);
        }
        let pattern = self.pattern(x);
        if let Some(marginal) = pattern.marginals.get(k) {
            let (o, observed) = (marginal.dimension(), pattern.observed_part(x));
            let mut part = LatentScatters::new(self.len(), o, true);
            let form = marginal.squared_mahalanobis(&observed);
            part.add(k, &observed, weight, self.tails(o)[k].latent(form));
            self.carry(&pattern, &part, into, &mut Scratch::default());
        }
    }
    fn accumulate_matrix(
        &self,
        into: &mut LatentScatters,
        xs: RowsView<'_, f64>,
        prepared: &[f64],
        weights: &[f64],
        scratch: &mut Scratch,
    ) {
        let with_gaps = self.complete.degrees() != DegreesOfFreedom::Fixed;
        for group in groups(xs, prepared) {
            if group.is_whole_block() {
                let columns = group.columns;
                return (self.complete).accumulate_matrix(into, xs, columns, weights, scratch);
            }
            if !group.is_observed() {
                continue;
            }
            let (size, pattern) = (group.len(), self.pattern(group.first));
            let (o, marginals) = (pattern.observed.len(), &pattern.marginals);
            let mut own = scratch.take_dirty(self.len() * size);
            group.gather(weights, &mut own);
            // Diagonal scale matrices and a diagonal statistic: then the products of columns are in neither.
            let full = self.complete.structure().needs_full_scatter()
                || (pattern.regressions.iter()).any(|regression| !regression.gain.is_empty());
            let mut part = LatentScatters::new(self.len(), o, full);
            let parts = (&marginals[..], &self.tails(o)[..]);
            kernel::t_accumulate(
                &mut part,
                parts,
                group.columns,
                &own,
                size,
                with_gaps,
                scratch,
            );
            self.carry(&pattern, &part, into, scratch);
            scratch.give(own);
        }
    }
    fn maximize(&self, from: &LatentScatters) -> Result<Self, EstimateError> {
        self.complete.maximize(from).map(Self::new)
    }
    fn parameter_count(&self) -> usize {
        self.complete.parameter_count()
    }
    fn subset(&self, keep: &[usize]) -> Self {
        Self::new(self.complete.subset(keep))
    }
    fn one_step(&self) -> bool {
        self.complete.one_step()
    }
    fn toward(&self, next: &Self, fraction: f64) -> Self {
        Self::new(self.complete.toward(&next.complete, fraction))
    }
    /// The first M-step, every latent scale 1: that of Gaussians over rows with gaps.
    fn estimate_from(
        &self,
        xs: RowsView<'_, f64>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        let first = |gaussians: &_| estimate::estimate(gaussians, xs.into(), shares);
        self.complete.with_first_gaussians(first).map(Self::new)
    }
    fn floored(&self, xs: RowsView<'_, f64>, weights: &[f64]) -> Result<Self, EstimateError> {
        self.complete.floored(xs, weights).map(Self::new)
    }
    fn at_bound(&self) -> Vec<usize> {
        self.complete.at_bound()
    }
    fn squared_distance(&self, a: &[f64], b: &[f64]) -> Option<f64> {
        Some(incomplete_distance(&self.gaussians()[0], a, b))
    }
}

impl Coordinates for IncompleteTs {
    fn pack(&self, into: &mut Vec<f64>) {
        self.complete.pack(into);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        self.complete.unpack(from).map(Self::new)
    }
}

/// Whole rows.
impl SampleSet for IncompleteTs {
    fn empty_buffer(&self) -> RowsBuffer<f64> {
        self.complete.empty_buffer()
    }
    fn draw<R: Rng + ?Sized>(&self, k: usize, rng: &mut R, into: &mut RowsBuffer<f64>) {
        self.complete.draw(k, rng, into);
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for IncompleteTs {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.complete.serialize(to)
    }
}
