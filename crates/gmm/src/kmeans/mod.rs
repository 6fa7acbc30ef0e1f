//! k-means: seeds far from each other, then Lloyd's steps.

mod blocks;
mod kernel;
mod lloyd;
mod seeds;

use crate::init::{check, standardization};
use blocks::Blocks;
use distributions::{RowsView, View};
use em::{FitError, Partition, stream};
use rand::Rng;

/// k-means: K centres c_k, and each row with its nearest, so that the inertia
/// Σ_i w_i min_k |x_i − c_k|² is at a local minimum.
///
/// Seeds are drawn as in greedy k-means++: the first with probability ∝ w_i, each further one with
/// probability ∝ w_i d_i², d_i the distance from the nearest seed so far; of 2 + ⌊ln K⌋ such draws the one
/// that lowers the inertia most is kept. Then Lloyd's steps: each row to its nearest centre (ties to the
/// first), each centre to the weighted mean of its rows; a centre without rows moves to the row that is
/// furthest from its own. They end when no label changes, or the centres move by less than
/// [`tolerance`](KMeansBuilder::tolerance).
///
/// Distances are computed about the mean of all rows, so that a common offset costs no digits; the same
/// seed gives the same result. A copy of the rows is made, block by block in columns.
///
/// Sources: Lloyd (1982), Least squares quantization in PCM, IEEE Transactions on Information Theory 28;
/// Arthur & Vassilvitskii (2007), k-means++: the advantages of careful seeding, SODA; the greedy form is
/// in section 7 there.
///
/// ```
/// use distributions::RowsView;
/// use gmm::KMeans;
///
/// let values = [1.0, 1.1, 0.9, 1.3, 1.2, 0.8, 6.0, 6.2, 5.7, 6.1, 6.4, 5.9];
/// let rows = RowsView::new(&values, 2);
/// let found = KMeans::builder(2).fit(rows)?;
/// assert_eq!(found.labels()[0], found.labels()[2]);
/// assert_ne!(found.labels()[0], found.labels()[3]);
/// assert!((found.inertia() - 7.0 / 15.0).abs() < 1e-12);
/// assert_eq!(found.predict(rows)?, found.labels());
/// # Ok::<(), em::FitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    centres: Vec<f64>,
    dimension: usize,
    labels: Vec<u32>,
    inertia: f64,
    iterations: usize,
    converged: bool,
    /// What distances are measured about and by.
    shift: Vec<f64>,
    scale: Vec<f64>,
}

/// How rows are clustered; made by [`KMeans::builder`].
#[derive(Clone, Copy, Debug)]
pub struct KMeansBuilder<'a> {
    settings: Settings,
    row_weights: Option<&'a [f64]>,
}

#[derive(Clone, Copy, Debug)]
struct Settings {
    clusters: usize,
    restarts: usize,
    seed: u64,
    max_iterations: usize,
    tolerance: f64,
    standardized: bool,
}

impl<'a> KMeansBuilder<'a> {
    /// How many times to start, the least inertia kept; default 1.
    pub fn restarts(mut self, restarts: usize) -> Self {
        self.settings.restarts = restarts;
        self
    }
    /// The seed of all randomness; default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }
    /// The most of Lloyd's steps; default 300.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.settings.max_iterations = max_iterations;
        self
    }
    /// Stop when the squared distances that the centres move sum to at most this share of the mean
    /// variance of the columns; default 1e-4. 0 goes on until no label changes.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.settings.tolerance = tolerance;
        self
    }
    /// Whether columns are divided by their standard deviations, so that units do not matter; default
    /// false. Distances and inertia are then in these units; centres are always in those of the data.
    pub fn standardized(mut self, standardized: bool) -> Self {
        self.settings.standardized = standardized;
        self
    }
    /// One weight w_i ≥ 0 for each row: frequencies, possibly fractional.
    pub fn row_weights(mut self, row_weights: &'a [f64]) -> Self {
        self.row_weights = Some(row_weights);
        self
    }
    /// Clusters the rows. Rows of weight 0 get the label of their nearest centre.
    ///
    /// # Errors
    /// When there are fewer distinct rows of positive weight than clusters, or a weight or a number is not
    /// finite.
    pub fn fit(&self, rows: RowsView<'_, f64>) -> Result<KMeans, FitError> {
        self.prepare(rows)?.fit()
    }
    fn prepare(&self, rows: RowsView<'_, f64>) -> Result<Prepared, FitError> {
        if self.settings.clusters == 0 {
            return Err(FitError::Shape("there is at least one cluster".into()));
        }
        check(rows, self.row_weights)?;
        let weight = |row: usize| self.row_weights.map_or(1.0, |weights| weights[row]);
        let used: Vec<usize> = (0..rows.len()).filter(|&row| weight(row) > 0.0).collect();
        if used.is_empty() {
            return Err(FitError::NoRows);
        }
        let (shift, mut scale) = standardization(rows, &used, weight);
        if !self.settings.standardized {
            scale.fill(1.0);
        }
        Ok(Prepared {
            settings: self.settings,
            row_weights: self.row_weights.map(<[f64]>::to_vec),
            blocks: Blocks::new(rows, &shift, &scale),
            shift,
            scale,
        })
    }
}

/// Rows in the form in which the kernels read them.
#[derive(Debug)]
struct Prepared {
    settings: Settings,
    row_weights: Option<Vec<f64>>,
    blocks: Blocks,
    shift: Vec<f64>,
    scale: Vec<f64>,
}

impl Prepared {
    fn run(&self, rng: &mut dyn Rng) -> Result<lloyd::Run, FitError> {
        let (settings, weights) = (&self.settings, self.row_weights.as_deref());
        let seeds = seeds::draw(&self.blocks, weights, settings.clusters, rng)?;
        let tolerance = settings.tolerance * self.blocks.mean_variance(weights);
        let most = settings.max_iterations;
        Ok(lloyd::run(&self.blocks, weights, seeds, most, tolerance))
    }
    fn fit(&self) -> Result<KMeans, FitError> {
        let mut best: Option<lloyd::Run> = None;
        for restart in 0..self.settings.restarts.max(1) {
            let run = self.run(&mut stream(self.settings.seed, restart))?;
            if best.as_ref().is_none_or(|best| run.inertia < best.inertia) {
                best = Some(run);
            }
        }
        let Some(mut run) = best else {
            return Err(FitError::NoRows);
        };
        let d = self.shift.len();
        for centre in run.centres.chunks_exact_mut(d) {
            for ((c, shift), scale) in centre.iter_mut().zip(&self.shift).zip(&self.scale) {
                *c = *c / scale + shift;
            }
        }
        Ok(KMeans {
            centres: run.centres,
            dimension: d,
            labels: run.labels,
            inertia: run.inertia,
            iterations: run.iterations,
            converged: run.converged,
            shift: self.shift.clone(),
            scale: self.scale.clone(),
        })
    }
}

impl KMeans {
    /// A clustering into `clusters` clusters.
    pub fn builder<'a>(clusters: usize) -> KMeansBuilder<'a> {
        let settings = Settings {
            clusters,
            restarts: 1,
            seed: 0,
            max_iterations: 300,
            tolerance: 1e-4,
            standardized: false,
        };
        KMeansBuilder {
            settings,
            row_weights: None,
        }
    }
    /// The number of clusters K.
    pub fn clusters(&self) -> usize {
        self.centres.len() / self.dimension
    }
    /// c_k, K rows of d numbers.
    pub fn centres(&self) -> RowsView<'_, f64> {
        RowsView::new(&self.centres, self.dimension)
    }
    /// The cluster of each row of the fit.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }
    /// Σ_i w_i |x_i − c|² with c the centre of row i.
    pub fn inertia(&self) -> f64 {
        self.inertia
    }
    /// Lloyd's steps of the best start.
    pub fn iterations(&self) -> usize {
        self.iterations
    }
    /// Whether these ended before [`max_iterations`](KMeansBuilder::max_iterations).
    pub fn converged(&self) -> bool {
        self.converged
    }
    /// The nearest centre of each row, ties to the first.
    ///
    /// # Errors
    /// When the number of columns differs, or a number is not finite.
    pub fn predict(&self, rows: RowsView<'_, f64>) -> Result<Vec<u32>, FitError> {
        if rows.width() != self.dimension {
            return Err(FitError::Shape(format!(
                "{} columns, but the centres have {}",
                rows.width(),
                self.dimension
            )));
        }
        check(rows, None)?;
        let blocks = Blocks::new(rows, &self.shift, &self.scale);
        let mut centres = self.centres.clone();
        for centre in centres.chunks_exact_mut(self.dimension) {
            for ((c, shift), scale) in centre.iter_mut().zip(&self.shift).zip(&self.scale) {
                *c = (*c - shift) * scale;
            }
        }
        let mut labels = vec![0; rows.len()];
        lloyd::assign(&blocks, &centres, &mut labels);
        Ok(labels)
    }
}

/// k-means as a start of EM, new seeds at each restart ([`em::Start::Partition`]).
///
/// ```
/// use distributions::RowsView;
/// use em::Start;
/// use gmm::{GaussianMixture, KMeans, KMeansStart};
///
/// let values = [1.0, 1.1, 0.9, 1.3, 1.2, 0.8, 6.0, 6.2, 5.7, 6.1, 6.4, 5.9];
/// let rows = RowsView::new(&values, 2);
/// let start = KMeansStart::new(KMeans::builder(2).standardized(true), rows)?;
/// let fitted = GaussianMixture::builder(2).start(Start::Partition(&start)).fit(rows)?;
/// assert!((fitted.weights()[0] - 0.5).abs() < 1e-6);
/// # Ok::<(), em::FitError>(())
/// ```
#[derive(Debug)]
pub struct KMeansStart(Prepared);

impl KMeansStart {
    /// A start from the clusters that `builder` makes of the rows of the fit: one start of k-means for each
    /// restart of EM, whose seed takes the place of the builder's.
    ///
    /// # Errors
    /// As [`KMeansBuilder::fit`].
    pub fn new(builder: KMeansBuilder<'_>, rows: RowsView<'_, f64>) -> Result<Self, FitError> {
        builder.prepare(rows).map(KMeansStart)
    }
}

impl Partition for KMeansStart {
    fn labels(&self, rng: &mut dyn Rng) -> Result<Vec<Option<u32>>, FitError> {
        let run = self.0.run(rng)?;
        Ok(run.labels.into_iter().map(Some).collect())
    }
}
