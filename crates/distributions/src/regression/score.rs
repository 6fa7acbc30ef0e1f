//! The statistic of a scoring step: score and information at the iterate.

use super::NormalEquations;
use super::cross_products::{CentredBlock, CrossProducts, dot};
use crate::{EstimateError, RowsView, Scratch, Statistics};

/// Score and information of the coefficients at the iterate that accumulated them.
///
/// The information Σ w v x xᵀ is kept as centred products with weights w v, the score Σ w r x (r the
/// score in the linear predictor) about their mean: neither cancels where a column has an offset.
/// Statistics of the same iterate merge; those of different iterates have no common meaning.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ScoreStatistics {
    /// Σ w.
    count: f64,
    /// Of weight Σ w v.
    information: CrossProducts,
    /// Σ w r.
    total: f64,
    /// Σ w r (x − x̄), x̄ being the mean of `information`.
    gradient: Vec<f64>,
}

impl ScoreStatistics {
    /// Nothing seen of `columns` columns.
    pub fn new(columns: usize) -> Self {
        ScoreStatistics {
            count: 0.0,
            information: CrossProducts::new(columns),
            total: 0.0,
            gradient: vec![0.0; columns],
        }
    }
    /// The information, as centred products of the columns.
    pub fn information(&self) -> &CrossProducts {
        &self.information
    }
    /// The score of the coefficients, Σ w r x.
    pub fn score(&self) -> Vec<f64> {
        let mean = self.information.mean().iter();
        (self.gradient.iter().zip(mean))
            .map(|(g, m)| g + self.total * m)
            .collect()
    }
    /// The inner product of the score with `step`: what the objective gains to first order.
    pub fn gain(&self, step: &[f64]) -> f64 {
        let mean = self.information.mean();
        let level: f64 = mean.iter().zip(step).map(|(m, s)| m * s).sum();
        let spread: f64 = self.gradient.iter().zip(step).map(|(g, s)| g * s).sum();
        spread + self.total * level
    }
    /// The equations of the scoring step, information · step = score, with an intercept eliminated
    /// if it is among the first `candidates` columns.
    ///
    /// # Errors
    /// [`Reason::Empty`](crate::Reason::Empty) when nothing was seen.
    pub fn equations(&self, candidates: usize) -> Result<NormalEquations, EstimateError> {
        if !(self.count > 0.0) {
            return Err(EstimateError::empty());
        }
        let (gradient, total) = (&self.gradient, self.total);
        Ok(NormalEquations::new(
            &self.information,
            gradient,
            total,
            candidates,
        ))
    }

    /// Adds a row with score `residual` and curvature `curvature` in its linear predictor.
    pub(super) fn add(&mut self, x: &[f64], residual: f64, curvature: f64, weight: f64) {
        self.count += weight;
        let added = weight * curvature;
        if added > 0.0 {
            self.combine_score(added, x, weight * residual, None);
            self.information.add(x, 0.0, added);
        }
    }
    /// Adds a block of rows whose scores and curvatures already have their weights in them.
    pub(super) fn add_block(
        &mut self,
        xs: RowsView<'_, f64>,
        residuals: &[f64],
        curvatures: &[f64],
        count: f64,
        scratch: &mut Scratch,
    ) {
        self.count += count;
        let columns = self.gradient.len();
        let Some(block) = CentredBlock::new(xs, None, columns, curvatures, scratch) else {
            return;
        };
        let mut gradient = scratch.take_dirty(columns);
        for (j, value) in gradient.iter_mut().enumerate() {
            *value = dot(residuals, block.column(j));
        }
        let total = residuals.iter().sum();
        self.combine_score(block.weight, block.mean(), total, Some(&gradient));
        self.information.add_block(&block, curvatures, scratch);
        scratch.give(gradient);
        block.give(scratch);
    }
    /// Adds the score of rows with information of weight `added` and mean `mean`, before that is
    /// added itself: the common mean moves, and both scores with it.
    fn combine_score(&mut self, added: f64, mean: &[f64], total: f64, gradient: Option<&[f64]>) {
        let share = added / (self.information.weight() + added);
        let before = self.information.mean();
        for (j, value) in self.gradient.iter_mut().enumerate() {
            let difference = mean[j] - before[j];
            let shift = difference * share;
            *value += gradient.map_or(0.0, |g| g[j]) + (difference - shift) * total;
            *value -= shift * self.total;
        }
        self.total += total;
    }
}

impl Statistics for ScoreStatistics {
    fn weight(&self) -> f64 {
        self.count
    }
    fn clear(&mut self) {
        self.count = 0.0;
        self.information.clear();
        self.total = 0.0;
        self.gradient.fill(0.0);
    }
    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        let added = other.information.weight();
        if added > 0.0 {
            let (mean, gradient) = (other.information.mean(), Some(&other.gradient[..]));
            self.combine_score(added, mean, other.total, gradient);
            self.information.merge(&other.information);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.count *= factor;
        self.information.scale(factor);
        self.total *= factor;
        self.gradient.iter_mut().for_each(|value| *value *= factor);
    }
}
