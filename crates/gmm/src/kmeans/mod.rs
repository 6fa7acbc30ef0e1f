//! k-means: seeds far from each other, then Lloyd's steps.

mod assign;
mod batch;
mod column_moments;
mod distances;
mod lloyd;
mod measure;
mod products;
mod row_distances;
mod rows;
mod screen;
mod seeds;
mod start;
mod sums;
mod tile;

pub use start::KMeansStart;

use crate::init::check;
use crate::matrix::{MatrixView, Real};
use distributions::{RowsView, View};
use em::{FitError, stream};
use lloyd::End;
use measure::Measure;
use rows::CentredRows;

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
/// seed gives the same result, on any number of threads. Rows may be of `f64` or `f32` and in any layout
/// ([`MatrixView`]); a copy of them is kept in single precision, of at most 29 MB: rows past that are read from the
/// data in each step.
///
/// Labels are those of distances in double precision. Most of them are found in single precision, where a bound of
/// its error lets it be told which centre is nearest; and a row is looked at again only when the centres have moved
/// by as much as it was nearer to its own.
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
    labels: Vec<u32>,
    inertia: f64,
    iterations: usize,
    converged: bool,
    measure: Measure,
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
    threads: usize,
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
    /// Threads; 0, the default, uses every core. Results have the same bits for any number.
    pub fn threads(mut self, threads: usize) -> Self {
        self.settings.threads = threads;
        self
    }
    /// Clusters the rows, of `f64` or `f32`, in any layout. Rows of weight 0 get the label of their nearest centre.
    ///
    /// # Errors
    /// When there are fewer distinct rows of positive weight than clusters, a weight or a number is not
    /// finite, or squares of the numbers are not.
    pub fn fit<'v, T: Real>(&self, rows: impl Into<MatrixView<'v, T>>) -> Result<KMeans, FitError> {
        self.fit_by(rows.into(), |rows, restart| {
            Ok(rows.those(&self.settings.draw(rows, restart)?))
        })
    }
    /// The seeds alone, those of the first start: the numbers of K rows, in the order in which they were drawn.
    ///
    /// ```
    /// use distributions::RowsView;
    /// use gmm::KMeans;
    ///
    /// let rows = [1.0, 1.1, 0.9, 6.0, 6.2, 5.7];
    /// let seeds = KMeans::builder(2).seeds(RowsView::new(&rows, 1))?;
    /// assert_eq!(seeds.iter().filter(|&&row| row < 3).count(), 1);
    /// # Ok::<(), em::FitError>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](KMeansBuilder::fit).
    pub fn seeds<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<Vec<usize>, FitError> {
        let (rows, settings) = (rows.into(), self.settings);
        let measure = settings.measure(rows, self.row_weights)?;
        let centred = measure.rows(rows, self.row_weights);
        let singles = centred.rounded(settings.threads);
        settings.draw(&centred.keeping(&singles), 0)
    }
    /// Clusters the rows from these centres, K rows of d numbers, in place of seeds.
    ///
    /// # Errors
    /// As [`fit`](KMeansBuilder::fit), and when there is another number of centres, or one is not finite.
    pub fn fit_from_centres<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
        centres: RowsView<'_, f64>,
    ) -> Result<KMeans, FitError> {
        let rows = rows.into();
        let fits = centres.len() == self.settings.clusters && centres.width() == rows.width();
        if !fits || !centres.values().iter().all(|c| c.is_finite()) {
            return Err(FitError::Shape(format!(
                "the start has to be {} centres of {} finite numbers",
                self.settings.clusters,
                rows.width()
            )));
        }
        let mut once = *self;
        once.settings.restarts = 1;
        once.fit_by(rows, |rows, _| {
            let mut start = vec![0.0; centres.values().len()];
            let pairs = start.chunks_exact_mut(rows.dimension());
            for (start, centre) in pairs.zip(centres.values().chunks_exact(rows.dimension())) {
                rows.centre(centre, start);
            }
            Ok(start)
        })
    }
    fn fit_by<T: Real>(
        &self,
        rows: MatrixView<'_, T>,
        seeds: impl Fn(&CentredRows<'_, '_, T>, usize) -> Result<Vec<f64>, FitError>,
    ) -> Result<KMeans, FitError> {
        let settings = self.settings;
        let measure = settings.measure(rows, self.row_weights)?;
        let centred = measure.rows(rows, self.row_weights);
        let singles = centred.rounded(settings.threads);
        let centred = centred.keeping(&singles);
        let mut best: Option<lloyd::Run> = None;
        for restart in 0..settings.restarts.max(1) {
            let seeds = seeds(&centred, restart)?;
            let run = lloyd::run(&centred, seeds, settings.end(&measure), settings.threads);
            if best.as_ref().is_none_or(|best| run.inertia < best.inertia) {
                best = Some(run);
            }
        }
        let Some(mut run) = best else {
            return Err(FitError::NoRows);
        };
        for centre in run.centres.chunks_exact_mut(rows.width()) {
            for ((c, shift), scale) in centre.iter_mut().zip(&measure.shift).zip(&measure.scale) {
                *c = *c / scale + shift;
            }
        }
        // Unless columns have units of their own, they have one in common.
        let unit = if settings.standardized {
            1.0
        } else {
            measure.scale[0]
        };
        Ok(KMeans {
            centres: run.centres,
            labels: run.labels,
            inertia: run.inertia / unit / unit,
            iterations: run.iterations,
            converged: run.converged,
            measure,
        })
    }
}

impl Settings {
    fn measure<T: Real>(
        &self,
        rows: MatrixView<'_, T>,
        row_weights: Option<&[f64]>,
    ) -> Result<Measure, FitError> {
        if self.clusters == 0 {
            return Err(FitError::Shape("there is at least one cluster".into()));
        }
        Measure::new(rows, row_weights, self.standardized, self.threads)
    }
    fn draw<T: Real>(
        &self,
        rows: &CentredRows<'_, '_, T>,
        restart: usize,
    ) -> Result<Vec<usize>, FitError> {
        let mut rng = stream(self.seed, restart);
        seeds::draw(rows, self.clusters, self.threads, &mut rng)
    }
    fn end(&self, measure: &Measure) -> End {
        End {
            most: self.max_iterations,
            tolerance: self.tolerance * measure.mean_variance,
        }
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
            threads: 0,
        };
        KMeansBuilder {
            settings,
            row_weights: None,
        }
    }
    /// The number of clusters K.
    pub fn clusters(&self) -> usize {
        self.centres.len() / self.dimension()
    }
    /// c_k, K rows of d numbers.
    pub fn centres(&self) -> RowsView<'_, f64> {
        RowsView::new(&self.centres, self.dimension())
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
    fn dimension(&self) -> usize {
        self.measure.shift.len()
    }
    /// The nearest centre of each row, ties to the first.
    ///
    /// # Errors
    /// When the number of columns differs, or a number is not finite.
    pub fn predict<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<Vec<u32>, FitError> {
        let rows = rows.into();
        if rows.width() != self.dimension() {
            return Err(FitError::Shape(format!(
                "{} columns, but the centres have {}",
                rows.width(),
                self.dimension()
            )));
        }
        check(rows, None)?;
        let rows = self.measure.rows(rows, None);
        let mut centres = vec![0.0; self.centres.len()];
        let pairs = centres.chunks_exact_mut(self.dimension());
        for (into, centre) in pairs.zip(self.centres.chunks_exact(self.dimension())) {
            rows.centre(centre, into);
        }
        Ok(lloyd::labels(&rows, &centres, 0))
    }
}
