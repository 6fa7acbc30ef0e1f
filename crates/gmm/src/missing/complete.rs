//! Fits to rows with missing cells, and what a fitted mixture says about the cells.

use super::{IncompleteGaussians, has_gap};
use crate::gaussian::Regression;
use crate::matrix::{MatrixView, Real, fit_matrix};
use crate::mixture::GaussianMixture;
use crate::set::Gaussians;
use distributions::{RowsBuffer, View};
use em::{Acceleration, Data, Fit, FitError, Mixture, Options, Start, stream};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Fits Gaussians to rows in which NaN is a missing cell; a row with no observed cell does not count.
pub(crate) fn fit_observed<T: Real>(
    template: Mixture<Gaussians>,
    data: Data<'_, MatrixView<'_, T>>,
    start: Start<'_>,
    options: &Options,
    acceleration: Acceleration,
) -> Result<Fit<Mixture<Gaussians>>, FitError> {
    let weights = observed_weights(data);
    let data = match &weights {
        Some(weights) => data.weighted(weights),
        None => data,
    };
    let template = template.with_components(IncompleteGaussians::new);
    let fit = fit_matrix(template, data, start, options, acceleration)?;
    Ok(Fit {
        model: (fit.model).with_components(IncompleteGaussians::into_gaussians),
        report: fit.report,
    })
}

/// Row weights in which rows with no observed cell have 0; `None` where there are none of these, or
/// the weights given are not one for each row, which is for the fit to refuse.
pub(crate) fn observed_weights<T: Real>(data: Data<'_, MatrixView<'_, T>>) -> Option<Vec<f64>> {
    let rows = data.rows();
    let unobserved = |i: usize| data.xs.with_row(i, |row| row.iter().all(|x| x.is_nan()));
    if data
        .row_weights
        .is_some_and(|weights| weights.len() != rows)
        || !(0..rows).any(unobserved)
    {
        return None;
    }
    let weight = |i| {
        if unobserved(i) {
            0.0
        } else {
            data.row_weight(i)
        }
    };
    Some((0..rows).map(weight).collect())
}

/// The missing cells of one row under all components.
struct Gap {
    missing: Vec<usize>,
    /// p(k | x_o).
    responsibilities: Vec<f64>,
    regressions: Vec<Regression>,
    /// x_o − μ_o for each component.
    centred: Vec<Vec<f64>>,
}

impl GaussianMixture {
    /// The rows with every missing cell (NaN) replaced by its mean given the observed cells of the row,
    /// E\[x_m | x_o\] = Σ_k p(k | x_o) (μ_m + Σ_mo Σ_oo⁻¹ (x_o − μ_o)); a row without any by the mean of the
    /// whole. Means vary less than cells do: for anything but prediction see
    /// [`draw_missing`](GaussianMixture::draw_missing).
    ///
    /// ```
    /// use distributions::RowsView;
    /// use gmm::GaussianMixture;
    ///
    /// let values = [1.0, 2.1, 2.0, 3.9, 3.0, 6.1, 4.0, 8.0, 5.0, 9.9];
    /// let fitted = GaussianMixture::builder(1).fit(RowsView::new(&values, 2))?;
    /// let filled = fitted.fill_missing(RowsView::new(&[2.5, f64::NAN], 2))?;
    /// assert!((filled.values[1] - 5.0).abs() < 0.05);
    /// # Ok::<(), em::FitError>(())
    /// ```
    ///
    /// # Errors
    /// When the number of columns differs, or naming the first row that has a gap and is off the support:
    /// one with an infinite cell.
    pub fn fill_missing<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
    ) -> Result<RowsBuffer<f64>, FitError> {
        self.filled(rows.into(), |gap, into| {
            for (k, &r) in gap.responsibilities.iter().enumerate() {
                let means = gap.regressions[k].mean_at(&gap.centred[k]);
                into.iter_mut()
                    .zip(means)
                    .for_each(|(x, mean)| *x += r * mean);
            }
        })
    }
    /// The rows with their missing cells (NaN) drawn given the observed cells of the row; several seeds
    /// give multiple imputations. The same seed gives the same rows.
    ///
    /// # Errors
    /// As [`fill_missing`](GaussianMixture::fill_missing).
    pub fn draw_missing<'v, T: Real>(
        &self,
        rows: impl Into<MatrixView<'v, T>>,
        seed: u64,
    ) -> Result<RowsBuffer<f64>, FitError> {
        let mut rng = stream(seed, 0);
        self.filled(rows.into(), |gap, into| {
            let k = drawn(&gap.responsibilities, &mut rng);
            let regression = &gap.regressions[k];
            into.copy_from_slice(&regression.mean_at(&gap.centred[k]));
            let m = into.len();
            for j in 0..m {
                let z: f64 = StandardNormal.sample(&mut rng);
                let column = regression.factor.iter().skip(j).step_by(m);
                into.iter_mut().zip(column).for_each(|(x, l)| *x += l * z);
            }
        })
    }

    /// The rows with what `fill` adds to zeros in the places of missing cells.
    fn filled<T: Real>(
        &self,
        rows: MatrixView<'_, T>,
        mut fill: impl FnMut(&Gap, &mut [f64]),
    ) -> Result<RowsBuffer<f64>, FitError> {
        self.check(rows)?;
        let set = self.incomplete();
        let mut filled = RowsBuffer {
            values: vec![0.0; rows.len() * rows.width()],
            width: rows.width(),
        };
        rows.read(&mut filled.values);
        let mut cells = Vec::new();
        for (i, row) in filled.values.chunks_exact_mut(rows.width()).enumerate() {
            if !has_gap(row) {
                continue;
            }
            let responsibilities = set.responsibilities(row);
            if !(responsibilities.iter().sum::<f64>() > 0.0) {
                return Err(FitError::OffSupport {
                    row: i,
                    iteration: 0,
                });
            }
            let gap = self.gap(row, responsibilities);
            cells.clear();
            cells.resize(gap.missing.len(), 0.0);
            fill(&gap, &mut cells);
            gap.missing
                .iter()
                .zip(&cells)
                .for_each(|(&j, &x)| row[j] = x);
        }
        Ok(filled)
    }
    fn gap(&self, row: &[f64], responsibilities: Vec<f64>) -> Gap {
        let columns = 0..row.len();
        let (missing, observed): (Vec<usize>, Vec<usize>) = columns.partition(|&j| row[j].is_nan());
        let centred = self.components().iter().map(|gaussian| {
            let centred = observed.iter().map(|&j| row[j] - gaussian.mean()[j]);
            centred.collect()
        });
        let regressions = self.components().iter();
        let regressions = regressions.map(|gaussian| gaussian.regression(&observed, &missing));
        Gap {
            centred: centred.collect(),
            regressions: regressions.collect(),
            responsibilities,
            missing,
        }
    }
    /// The mixture over rows in which NaN is a missing cell.
    pub(crate) fn incomplete(&self) -> Mixture<IncompleteGaussians> {
        let mixture = self.mixture().clone();
        mixture.with_components(IncompleteGaussians::new)
    }
}

/// An index drawn with these probabilities.
fn drawn<R: Rng + ?Sized>(probabilities: &[f64], rng: &mut R) -> usize {
    let mut rest = rng.random::<f64>();
    let found = probabilities.iter().position(|p| {
        rest -= p;
        rest < 0.0
    });
    // Rounding may use up all: then the last that is possible it is.
    found.unwrap_or_else(|| probabilities.iter().rposition(|&p| p > 0.0).unwrap_or(0))
}
