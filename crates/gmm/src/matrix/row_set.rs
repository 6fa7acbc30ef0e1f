//! What components over rows need to do with a whole matrix of them.

use super::{MatrixView, OverMatrix, Real};
use crate::factor::FactorAnalyzers;
use crate::first_step;
use crate::missing::IncompleteGaussians;
use crate::set::Gaussians;
use crate::statistics::GaussianStatistics;
use crate::student_t::MultivariateTs;
use distributions::{BLOCK_ROWS, EstimateError, Rows, Scratch};
use em::{ComponentSet, Shares, SoftBlock, Tally, estimate_in_blocks, no_floor};

/// Components over rows of `f64` that are estimated from a matrix in any layout too, as [`OverMatrix`].
///
/// Blocks are converted by [`OverMatrix`]; here is what looks at all rows at once.
pub trait RowSet: ComponentSet<Space = Rows<f64>> {
    /// The number of columns d.
    fn dimension(&self) -> usize;
    /// How many rows an E-step takes at a time, as [`ComponentSet::block_rows`].
    fn matrix_block_rows<T: Real>(&self, _xs: MatrixView<'_, T>) -> usize {
        BLOCK_ROWS
    }
    /// The E-step of a block, as [`ComponentSet::expect_block`].
    fn expect_matrix<T: Real>(
        &self,
        _block: SoftBlock<'_, MatrixView<'_, T>>,
        _into: &mut Self::Statistics,
        _scratch: &mut Scratch,
    ) -> Option<Tally> {
        None
    }
    /// The first M-step, as [`ComponentSet::estimate`].
    ///
    /// # Errors
    /// As there.
    fn estimate_matrix<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        let over = OverMatrix::<Self, T>::new(self.clone());
        estimate_in_blocks(&over, xs, shares).map(OverMatrix::into_set)
    }
    /// The same set with a floor, as [`ComponentSet::floored`].
    ///
    /// # Errors
    /// As there.
    fn floored_matrix<T: Real>(
        &self,
        _xs: MatrixView<'_, T>,
        _weights: &[f64],
    ) -> Result<Self, EstimateError> {
        Err(no_floor())
    }
}

impl RowSet for Gaussians {
    fn dimension(&self) -> usize {
        self.dimension()
    }
    fn matrix_block_rows<T: Real>(&self, _xs: MatrixView<'_, T>) -> usize {
        self.rows_at_a_time()
    }
    fn expect_matrix<T: Real>(
        &self,
        block: SoftBlock<'_, MatrixView<'_, T>>,
        into: &mut GaussianStatistics,
        scratch: &mut Scratch,
    ) -> Option<Tally> {
        self.expect_rows(block, into, scratch)
    }
    fn estimate_matrix<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        first_step::estimate(self, xs, shares)
    }
    fn floored_matrix<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        self.with_floor_under(xs, weights)
    }
}

impl RowSet for IncompleteGaussians {
    fn dimension(&self) -> usize {
        self.gaussians().dimension()
    }
    fn matrix_block_rows<T: Real>(&self, xs: MatrixView<'_, T>) -> usize {
        self.rows_at_a_time(xs)
    }
    fn expect_matrix<T: Real>(
        &self,
        block: SoftBlock<'_, MatrixView<'_, T>>,
        into: &mut GaussianStatistics,
        scratch: &mut Scratch,
    ) -> Option<Tally> {
        self.expect_complete(block, into, scratch)
    }
    fn estimate_matrix<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        self.estimate_observed(xs, shares)
    }
    fn floored_matrix<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        let floored = self.gaussians().with_floor_under(xs, weights);
        floored.map(Self::new)
    }
}

impl RowSet for MultivariateTs {
    fn dimension(&self) -> usize {
        self.dimension()
    }
    fn estimate_matrix<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        shares: &Shares<'_>,
    ) -> Result<Self, EstimateError> {
        self.with_first_gaussians(|gaussians| gaussians.estimate_matrix(xs, shares))
    }
    fn floored_matrix<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        self.with_floor_under(xs, weights)
    }
}

impl RowSet for FactorAnalyzers {
    fn dimension(&self) -> usize {
        self.dimension()
    }
    fn floored_matrix<T: Real>(
        &self,
        xs: MatrixView<'_, T>,
        weights: &[f64],
    ) -> Result<Self, EstimateError> {
        self.with_floor_under(xs, weights)
    }
}
