//! Rows of a design matrix: linear predictors and checks.

use crate::{ParameterError, RowsView};

/// x·β, plus the last entry of the row where that is an offset.
///
/// # Panics
/// When the row has not one entry per coefficient (and one for the offset).
pub(super) fn predictor(coefficients: &[f64], offset: bool, x: &[f64]) -> f64 {
    assert_eq!(
        x.len(),
        coefficients.len() + usize::from(offset),
        "a row needs one entry per coefficient, and one for the offset"
    );
    row_predictor(coefficients, x)
}

/// Writes the linear predictor of every row.
///
/// # Panics
/// As [`predictor`].
pub(super) fn predictors(
    coefficients: &[f64],
    offset: bool,
    xs: RowsView<'_, f64>,
    into: &mut [f64],
) {
    assert_eq!(
        xs.width(),
        coefficients.len() + usize::from(offset),
        "a row needs one entry per coefficient, and one for the offset"
    );
    for (value, x) in into.iter_mut().zip(xs.values().chunks_exact(xs.width())) {
        *value = row_predictor(coefficients, x);
    }
}

/// The offset, an entry past the last coefficient, enters as it is.
#[inline]
fn row_predictor(coefficients: &[f64], x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (value, coefficient) in x.iter().zip(coefficients) {
        sum += value * coefficient;
    }
    match x.get(coefficients.len()) {
        Some(offset) => sum + offset,
        None => sum,
    }
}

/// Whether a row of the design can enter an estimate.
pub(super) fn check_row(x: &[f64], coefficients: usize, offset: bool) -> Result<(), &'static str> {
    if x.len() != coefficients + usize::from(offset) {
        return Err("must have one predictor per coefficient, and one more for an offset");
    }
    // Also false for NaN: a sum of squares hides neither NaN nor infinity.
    if x.iter().map(|value| value * value).sum::<f64>() < f64::INFINITY {
        Ok(())
    } else {
        Err("must have finite predictors with finite squares")
    }
}

/// Refuses no coefficient at all, and coefficients that are not finite.
pub(super) fn check_coefficients(coefficients: &[f64]) -> Result<(), ParameterError> {
    ParameterError::require(
        !coefficients.is_empty(),
        "coefficients",
        0.0,
        "must be at least one",
    )?;
    match coefficients.iter().find(|value| !value.is_finite()) {
        Some(&value) => Err(ParameterError::new("coefficients", value, "must be finite")),
        None => Ok(()),
    }
}

/// `from` moved a `fraction` of the way towards `to`.
pub(super) fn between(from: &[f64], to: &[f64], fraction: f64) -> Vec<f64> {
    let pairs = from.iter().zip(to);
    pairs.map(|(a, b)| a + fraction * (b - a)).collect()
}
