//! k-means as a start of EM.

use super::measure::Measure;
use super::{KMeansBuilder, Settings, lloyd, seeds};
use crate::matrix::{MatrixView, Real};
use distributions::{RowsBuffer, RowsView};
use em::{FitError, Partition};
use rand::Rng;
use std::borrow::Cow;
use std::fmt;

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
pub struct KMeansStart<'a, T = f64> {
    rows: Source<'a, T>,
    row_weights: Option<Cow<'a, [f64]>>,
    settings: Settings,
    measure: Measure,
}

enum Source<'a, T> {
    View(MatrixView<'a, T>),
    Owned(RowsBuffer<f64>),
}

impl<'a, T: Real> KMeansStart<'a, T> {
    /// A start from the clusters that `builder` makes of the rows of the fit: one start of k-means for each
    /// restart of EM, whose seed takes the place of the builder's.
    ///
    /// # Errors
    /// As [`KMeansBuilder::fit`].
    pub fn new(
        builder: KMeansBuilder<'a>,
        rows: impl Into<MatrixView<'a, T>>,
    ) -> Result<Self, FitError> {
        Self::keeping(builder, rows.into(), Cow::Borrowed)
    }
    /// The same, with a copy of the weights: they need not live as long as the rows.
    pub(crate) fn with_own_weights(
        builder: KMeansBuilder<'_>,
        rows: MatrixView<'a, T>,
    ) -> Result<Self, FitError> {
        Self::keeping(builder, rows, |weights| Cow::Owned(weights.to_vec()))
    }
    fn keeping<'w>(
        builder: KMeansBuilder<'w>,
        rows: MatrixView<'a, T>,
        keep: impl FnOnce(&'w [f64]) -> Cow<'a, [f64]>,
    ) -> Result<Self, FitError> {
        let settings = builder.settings;
        let measure = settings.measure(rows, builder.row_weights)?;
        Ok(KMeansStart {
            rows: Source::View(rows),
            row_weights: builder.row_weights.map(keep),
            settings,
            measure,
        })
    }
    fn run<U: Real>(
        &self,
        rows: MatrixView<'_, U>,
        rng: &mut dyn Rng,
    ) -> Result<lloyd::Run, FitError> {
        let settings = &self.settings;
        let rows = self.measure.rows(rows, self.row_weights.as_deref());
        let singles = rows.rounded(settings.threads);
        let rows = rows.keeping(&singles);
        let seeds = seeds::draw(&rows, settings.clusters, settings.threads, rng)?;
        let end = settings.end(&self.measure);
        Ok(lloyd::run(&rows, rows.those(&seeds), end, settings.threads))
    }
}

impl KMeansStart<'static> {
    /// The same, with a copy of the rows and of their weights: for a start that outlives them.
    ///
    /// # Errors
    /// As [`KMeansBuilder::fit`].
    pub fn of_copy(builder: KMeansBuilder<'_>, rows: RowsView<'_, f64>) -> Result<Self, FitError> {
        let borrowed = KMeansStart::new(builder, rows)?;
        Ok(KMeansStart {
            rows: Source::Owned(RowsBuffer {
                values: rows.values().to_vec(),
                width: rows.width(),
            }),
            row_weights: borrowed
                .row_weights
                .map(|weights| Cow::Owned(weights.into_owned())),
            settings: borrowed.settings,
            measure: borrowed.measure,
        })
    }
}

impl<T: Real> Partition for KMeansStart<'_, T> {
    fn labels(&self, rng: &mut dyn Rng) -> Result<Vec<Option<u32>>, FitError> {
        let run = match &self.rows {
            Source::View(rows) => self.run(*rows, rng),
            Source::Owned(rows) => self.run(rows.view().into(), rng),
        }?;
        Ok(run.labels.into_iter().map(Some).collect())
    }
}

impl<T> fmt::Debug for KMeansStart<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("KMeansStart");
        fields
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
