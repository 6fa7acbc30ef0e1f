//! The log-likelihood of rows that a fit has not seen.

use crate::error::FitError;
use crate::init::MixtureData;
use crate::mixture::Mixture;
use crate::select::folds::Folds;
use crate::set::ComponentSet;
use crate::weights::WeightModel;

/// What fits say about the rows that were set aside from them.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// For each split Σ w_i ln p(x_i) over the rows set aside, p fitted to the others.
    pub log_likelihoods: Vec<f64>,
}

impl HeldOut {
    /// Their sum: with K folds each row counts once.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihoods.iter().sum()
    }
    /// −2 times their sum: on the scale of AIC and BIC, smaller is better.
    pub fn deviance(&self) -> f64 {
        -2.0 * self.log_likelihood()
    }
    /// The standard error of their sum, from how much folds differ: √(K/(K − 1) Σ (l_f − l̄)²). `None` for
    /// one split. The folds share rows, so that it is too small rather than too large.
    pub fn standard_error(&self) -> Option<f64> {
        let count = self.log_likelihoods.len() as f64;
        let mean = self.log_likelihood() / count;
        let squares = self.log_likelihoods.iter().map(|l| (l - mean).powi(2));
        (count > 1.0).then(|| (count / (count - 1.0) * squares.sum::<f64>()).sqrt())
    }
}

/// Fits without the rows of each fold in turn, and scores these. `fit` sees the same rows with other row
/// weights: those of rows set aside are 0, and such rows have no influence. Known labels stay with their
/// rows.
///
/// ```
/// use distributions::Normal;
/// use em::select::{Folds, cross_validate};
/// use em::{Data, Mixture, Options, Start, fit_from};
///
/// let xs = [1.0, 1.2, 0.8, 1.1, 0.9, 5.0, 5.3, 4.9, 5.2, 5.1];
/// let data = Data::new(&xs[..]);
/// let folds = Folds::new(xs.len(), None, 5, 0)?;
/// let of = |components| {
///     let template = Mixture::uniform(vec![Normal::standard(); components]);
///     cross_validate(data, &folds, |train| {
///         Ok(fit_from(&template, train, Start::Spread, &Options::default())?.model)
///     })
/// };
/// assert!(of(2)?.deviance() < of(1)?.deviance());
/// # Ok::<(), em::FitError>(())
/// ```
///
/// # Errors
/// Those of the fits, and of a row set aside that is off the support: its log-likelihood is −∞.
pub fn cross_validate<'b, S: ComponentSet, W: WeightModel>(
    data: MixtureData<'_, 'b, S, W>,
    folds: &Folds,
    fit: impl for<'w> Fn(MixtureData<'w, 'b, S, W>) -> Result<Mixture<S, W>, FitError>,
) -> Result<HeldOut, FitError> {
    if folds.rows() != data.rows() {
        return Err(FitError::Shape(format!(
            "folds of {} rows, and data of {}",
            folds.rows(),
            data.rows()
        )));
    }
    let log_likelihoods = (0..folds.count()).map(|fold| {
        let split = folds.split(fold, data.row_weights);
        let model = fit(data.weighted(&split.train))?;
        Ok(model.evaluate(data.weighted(&split.test))?.log_likelihood)
    });
    Ok(HeldOut {
        log_likelihoods: log_likelihoods.collect::<Result<_, FitError>>()?,
    })
}
