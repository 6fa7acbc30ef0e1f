//! Hierarchical agglomeration: a start that has no chance in it.

use super::points::Points;
use super::{classification, ward};
use crate::matrix::{MatrixView, Real};
use em::FitError;

/// What the union of two clusters costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agglomeration {
    /// The rise of the sum of squares: Ward's method, which suits round clusters of one size. O(m²) time.
    Ward,
    /// The fall of the classification likelihood of Gaussians with full covariances, which suits
    /// elongated clusters too. O(m²) costs, the determinants of the pairs that come near the best.
    Likelihood,
}

/// Agglomerative clustering: each distinct row begins as a cluster, and the two clusters whose union costs
/// least are united, until one is left.
///
/// Columns are divided by their standard deviations. Row weights are frequencies; equal rows are one
/// cluster from the beginning. Of many rows a sample is drawn by [`seed`](Agglomerative::seed): rows outside
/// of it have no label, and wait until the first E-step of a fit. [`Hierarchy::rows_used`] says how many
/// took part.
///
/// ```
/// use distributions::RowsView;
/// use em::Start;
/// use gmm::{Agglomeration, Agglomerative, GaussianMixture};
///
/// let values = [1.0, 1.1, 0.9, 1.3, 1.2, 0.8, 6.0, 6.2, 5.7, 6.1, 6.4, 5.9];
/// let rows = RowsView::new(&values, 2);
/// let labels = Agglomerative::new(Agglomeration::Likelihood).fit(rows)?.labels(2)?;
/// assert_eq!(labels, [0, 0, 0, 1, 1, 1].map(Some));
/// let fitted = GaussianMixture::builder(2).start(Start::Labels(&labels)).fit(rows)?;
/// assert!((fitted.weights()[0] - 0.5).abs() < 1e-6);
/// # Ok::<(), em::FitError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Agglomerative<'a> {
    agglomeration: Agglomeration,
    row_weights: Option<&'a [f64]>,
    most_rows: Option<usize>,
    seed: u64,
}

impl<'a> Agglomerative<'a> {
    /// Clustering at this cost.
    pub fn new(agglomeration: Agglomeration) -> Self {
        Agglomerative {
            agglomeration,
            row_weights: None,
            most_rows: None,
            seed: 0,
        }
    }
    /// One weight w_i ≥ 0 for each row: frequencies, possibly fractional.
    pub fn row_weights(mut self, row_weights: &'a [f64]) -> Self {
        self.row_weights = Some(row_weights);
        self
    }
    /// The most rows that take part. Default 10 000 for [`Ward`](Agglomeration::Ward); for
    /// [`Likelihood`](Agglomeration::Likelihood) 2000, or fewer in more than 40 columns, that determinants
    /// take no longer.
    pub fn most_rows(mut self, most_rows: usize) -> Self {
        self.most_rows = Some(most_rows);
        self
    }
    /// The seed of the sample; default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// Clusters the rows, of `f64` or `f32`, in any layout.
    ///
    /// # Errors
    /// When no row has a positive weight, or a weight or a number is not finite.
    pub fn fit<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<Hierarchy, FitError> {
        let rows = rows.into();
        let columns = rows.width();
        let most = self.most_rows.unwrap_or(match self.agglomeration {
            Agglomeration::Ward => 10_000,
            Agglomeration::Likelihood => (2000 * 40 * 40 / (columns * columns)).clamp(100, 2000),
        });
        let points = Points::new(rows, self.row_weights, most, self.seed)?;
        let merges = match self.agglomeration {
            Agglomeration::Ward => ward::merges(&points),
            Agglomeration::Likelihood => classification::merges(&points),
        };
        Ok(Hierarchy {
            merges,
            distinct: points.len(),
            of_row: points.of_row,
            rows_used: points.rows_used,
        })
    }
}

/// The union of two clusters, each named by one of its points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merge {
    pub(super) a: usize,
    pub(super) b: usize,
    pub(super) cost: f64,
}

/// The clusterings of [`Agglomerative`], with any number of clusters.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    merges: Vec<Merge>,
    distinct: usize,
    of_row: Vec<Option<u32>>,
    rows_used: usize,
}

impl Hierarchy {
    /// How many rows took part.
    pub fn rows_used(&self) -> usize {
        self.rows_used
    }
    /// How many of them are distinct: the most clusters there can be.
    pub fn distinct(&self) -> usize {
        self.distinct
    }
    /// For each row its cluster of `clusters`, numbered by their first rows; none for a row that took no
    /// part.
    ///
    /// # Errors
    /// When there are fewer distinct rows than clusters, or no cluster is asked for.
    pub fn labels(&self, clusters: usize) -> Result<Vec<Option<u32>>, FitError> {
        if clusters == 0 {
            return Err(FitError::Shape("there is at least one cluster".into()));
        }
        if clusters > self.distinct {
            return Err(FitError::TooFewDistinctRows {
                distinct: self.distinct,
                components: clusters,
            });
        }
        let mut parents: Vec<usize> = (0..self.distinct).collect();
        for merge in &self.merges[..self.distinct - clusters] {
            let (a, b) = (root(&mut parents, merge.a), root(&mut parents, merge.b));
            parents[a.max(b)] = a.min(b);
        }
        let mut numbers: Vec<Option<u32>> = vec![None; self.distinct];
        let mut next = 0;
        let labels = self.of_row.iter().map(|point| {
            let number = &mut numbers[root(&mut parents, (*point)? as usize)];
            if number.is_none() {
                *number = Some(next);
                next += 1;
            }
            *number
        });
        Ok(labels.collect())
    }
    /// What each merge cost, from the first to the last: the rise of the criterion of
    /// [`Agglomeration`], in columns of variance 1.
    pub fn costs(&self) -> impl Iterator<Item = f64> + '_ {
        self.merges.iter().map(|merge| merge.cost)
    }
}

/// The cluster of a point, by its first point; paths are halved on the way.
fn root(parents: &mut [usize], mut point: usize) -> usize {
    while parents[point] != point {
        parents[point] = parents[parents[point]];
        point = parents[point];
    }
    point
}
